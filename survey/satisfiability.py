"""Whether a formula over variables with few values each can be true: an exact search.

The search narrows the values of each variable, branches on the alternative with the fewest ways
out, and stops at the first possibility.
"""

from __future__ import annotations

from dataclasses import dataclass

Variable = tuple[str, str]  # question, then row, option, or what is said of the whole


@dataclass(frozen=True, slots=True)
class Among:
    """The variable takes one of `allowed`, a subset of `domain`."""

    variable: Variable
    allowed: frozenset
    domain: frozenset


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Formula, ...]


Formula = Among | All | Some


def negated(formula: Formula) -> Formula:
    """The contrary, with negations carried down to the variables."""
    match formula:
        case Among(variable, allowed, domain):
            return Among(variable, domain - allowed, domain)
        case All(parts):
            return Some(tuple(map(negated, parts)))
        case Some(parts):
            return All(tuple(map(negated, parts)))


def is_possible(formula: Formula, known: dict[Variable, frozenset] | None = None) -> bool:
    """Whether some value of each variable, within `known`, makes the formula true."""
    known = dict(known or {})
    waiting, choices = [formula], []
    while waiting or choices:
        while waiting:
            match waiting.pop():
                case All(parts):
                    waiting.extend(parts)
                case Some(parts):
                    choices.append(parts)
                case Among(variable, allowed, _):
                    known[variable] = known.get(variable, allowed) & allowed
                    if not known[variable]:
                        return False
        open_choices = [_ways_out(parts, known) for parts in choices]
        open_choices = [ways for ways in open_choices if ways is not None]
        if not open_choices:
            return True
        fewest = min(open_choices, key=len)
        choices = [ways for ways in open_choices if ways is not fewest]
        if len(fewest) > 1:
            rest = tuple(Some(ways) for ways in choices)
            return any(is_possible(All((way, *rest)), known) for way in fewest)
        if not fewest:
            return False
        waiting = list(fewest)
    return True


def _ways_out(parts: tuple[Formula, ...], known: dict) -> tuple[Formula, ...] | None:
    """Parts of an alternative still open; None when one of them already holds."""
    states = [_state(part, known) for part in parts]
    if True in states:
        return None
    return tuple(part for part, state in zip(parts, states, strict=True) if state is None)


def _state(formula: Formula, known: dict) -> bool | None:
    """True or False where what is known settles the formula, else None."""
    match formula:
        case Among(variable, allowed, domain):
            values = known.get(variable, domain)
            return True if values <= allowed else (None if values & allowed else False)
        case All(parts):
            states = [_state(part, known) for part in parts]
            return False if False in states else (None if None in states else True)
        case Some(parts):
            states = [_state(part, known) for part in parts]
            return True if True in states else (None if None in states else False)


def at_least(rows: list[Formula], threshold: int) -> Formula:
    """At least `threshold` rows: with the first and one fewer of the rest, or among the rest."""
    if threshold <= 0:
        return All(())
    if threshold > len(rows):
        return Some(())
    first, rest = rows[0], rows[1:]
    return Some((All((first, at_least(rest, threshold - 1))), at_least(rest, threshold)))
