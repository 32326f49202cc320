"""Whether a formula over variables with few values each can be true: an exact search.

The search narrows the values of each variable, branches on the part with the fewest ways out, and
stops at the first possibility.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Variable = tuple[str, str]  # question, then row, option, or what is said of the whole


@dataclass(frozen=True, slots=True)
class Among:
    """The variable takes one of `allowed`, a subset of `domain`."""

    variable: Variable
    allowed: frozenset
    domain: frozenset


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `count` of the parts hold."""

    parts: tuple[Formula, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Contrary:
    """The part does not hold."""

    part: Formula


Formula = Among | AtLeast | Contrary


class LongSearchError(Exception):
    """The search took all its steps without an answer."""


def every(*parts: Formula) -> Formula:
    """Every part holds."""
    return AtLeast(parts, len(parts))


def some(*parts: Formula) -> Formula:
    """At least one part holds."""
    return AtLeast(parts, 1)


def negated(formula: Formula) -> Formula:
    """The contrary, with the negation carried down one level."""
    match formula:
        case Among(variable, allowed, domain):
            return Among(variable, domain - allowed, domain)
        case AtLeast(parts, count):
            return AtLeast(tuple(map(Contrary, parts)), len(parts) - count + 1)
        case Contrary(part):
            return part


@dataclass
class Search:
    """A search that stops after `steps`, what it takes to judge one variable once."""

    steps: int

    def is_possible(self, formula: Formula, known: dict[Variable, frozenset] | None = None) -> bool:
        """Whether some value of each variable, within `known`, makes the formula true.

        Raises
        ------
        LongSearchError : that cannot be told within the steps that are left
        """
        known = dict(known or {})
        waiting: list[Formula] = [formula]
        open_parts: list[AtLeast] = []
        while True:
            for least in _narrowed(waiting, known):
                if least is None:
                    return False
                open_parts.append(least)
            left = [self._left(least, known) for least in open_parts]
            open_parts = [least for least in left if least.count > 0]
            if any(least.count > len(least.parts) for least in open_parts):
                return False
            if not open_parts:
                return True
            forced = [least for least in open_parts if least.count == len(least.parts)]
            if not forced:
                return self._branches(open_parts, known)
            waiting = [part for least in forced for part in least.parts]
            open_parts = [least for least in open_parts if least.count < len(least.parts)]

    def _branches(self, open_parts: list[AtLeast], known: dict[Variable, frozenset]) -> bool:
        """Each way out of the tightest alternative, until one leads somewhere."""
        tight = min(open_parts, key=lambda least: len(least.parts) - least.count)
        rest = [least for least in open_parts if least is not tight]
        if tight.count == 1:
            return any(self.is_possible(every(way, *rest), known) for way in tight.parts)
        first, *others = tight.parts
        ways = (
            every(first, AtLeast(tuple(others), tight.count - 1)),
            AtLeast(tuple(others), tight.count),
        )
        return any(self.is_possible(every(way, *rest), known) for way in ways)

    def _left(self, least: AtLeast, known: dict[Variable, frozenset]) -> AtLeast:
        """Parts that what is known leaves open, and how many of them are still needed."""
        states = [self._state(part, known) for part in least.parts]
        parts = zip(least.parts, states, strict=True)
        return AtLeast(
            tuple(part for part, state in parts if state is None), least.count - states.count(True)
        )

    def _state(self, formula: Formula, known: dict[Variable, frozenset]) -> bool | None:
        """True or False where what is known settles the formula, else None."""
        self.steps -= 1
        if self.steps < 0:
            raise LongSearchError
        match formula:
            case Among(variable, allowed, domain):
                values = known.get(variable, domain)
                return True if values <= allowed else (None if values & allowed else False)
            case Contrary(part):
                state = self._state(part, known)
                return None if state is None else not state
            case AtLeast():
                left = self._left(formula, known)
                return (
                    True if left.count <= 0 else (None if left.count <= len(left.parts) else False)
                )


def _narrowed(waiting: list[Formula], known: dict[Variable, frozenset]) -> Iterator[AtLeast | None]:
    """Alternatives among what must hold, its variables narrowed; None for one without value."""
    waiting = list(waiting)
    while waiting:
        match waiting.pop():
            case Among(variable, allowed, domain):
                known[variable] = known.get(variable, domain) & allowed
                if not known[variable]:
                    yield None
            case Contrary(part):
                waiting.append(negated(part))
            case least:
                yield least
