"""How what is published holds together: domains of one thing, answers of one question, bases.

An outsider reads it from the questionnaire and from the labels; the gate protects against it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from analysis.indicators import Indicator, Registry
from survey.conditions import EVERYONE
from survey.questionnaire import Questionnaire
from survey.reach import Reach
from survey.routing import parse

Family = dict[str, tuple[str, ...]]


def blocks_of(columns: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Types of domain tied by the columns they cut by, each block with those that cut by none.

    `columns` gives those of each type, in order; the whole has none.
    """
    wholes = [name for name, used in columns.items() if not used]
    tied: list[tuple[list[str], set[str]]] = []
    for name, used in columns.items():
        if not used:
            continue
        met = [block for block in tied if block[1] & set(used)]
        names = [*(each for block in met for each in block[0]), name]
        tied = [block for block in tied if block not in met]
        tied.append((names, set(used).union(*(block[1] for block in met))))
    return [[*wholes, *names] for names, _ in tied] or [wholes]


def domain_blocks(registry: Registry, questionnaire: Questionnaire) -> list[list[str]]:
    """Types of domain whose overlaps an outsider knows, block by block.

    Places are one block; sizes, sectors and profiles are tied by the questions they cut by; the
    crossings that the registry says public are blocks more.
    """
    columns: dict[str, set[str]] = {}
    for cut in registry.domains:
        behind = questionnaire.questions_behind(parse(cut.condition))
        own = {cut.by or cut.frame} - {None}
        columns[cut.type] = {"whole": set(), "territory": {"territory"}}.get(cut.role, behind | own)
    wholes = [name for name, used in columns.items() if not used]
    crossed = [[name for name in names if name in columns] for names in registry.public_crossings]
    return [*blocks_of(columns), *([*wholes, *names] for names in crossed)]


def families(indicators: Sequence[Indicator], questionnaire: Questionnaire) -> list[Family]:
    """Shares that add up: each indicator with the answers whose shares make up its own.

    The answers of a choice or of a row of a grid, « Ne sait pas » among them, add up to 1, and so
    do an indicator and its complement; an indicator may join several answers of one question
    (« régulièrement ou à l’occasion »). One that does none of this is a family alone.
    """
    shares = [each for each in indicators if each.statistic == "share"]
    codes = {each.code for each in shares}
    by_stem: dict[str, Family] = {}
    for each in shares:
        if each.answer_label is not None:
            by_stem.setdefault(each.code.rpartition("__")[0], {})[each.code] = (each.code,)
    choices, reach = list(by_stem.values()), Reach(questionnaire)
    found = list(choices)
    placed = {code for family in found for code in family}
    for each in shares:
        if each.code in placed:
            continue
        family, joined = joined_answers(each, choices, shares, reach)
        if family is not None:
            family[each.code] = joined
        elif each.complement in codes - placed:
            found.append({code: (code,) for code in (each.code, each.complement)})
            placed.add(each.complement)
        else:
            found.append({each.code: (each.code,)})
        placed.add(each.code)
    return found


def joined_answers(
    indicator: Indicator, choices: Sequence[Family], shares: Sequence[Indicator], reach: Reach
) -> tuple[Family | None, tuple[str, ...]]:
    """The choice of which an indicator joins answers, and those it joins; None where it joins none.

    The bases may differ: what counts is who is counted.
    """
    by_code = {each.code: each for each in shares}
    behind = reach.questionnaire.questions_behind
    asked = behind(parse(counted(indicator)))
    for family in choices:
        answers = [by_code[code] for code in family if family[code] == (code,)]
        if indicator.complement in family:
            return family, tuple(each.code for each in answers if each.code != indicator.complement)
        first = answers[0]
        if not behind(parse(first.condition)) <= asked <= behind(parse(counted(first))):
            continue
        if reach.is_reachable(parse(f"({counted(indicator)}) and not ({first.base})")):
            continue
        inside = [holds(counted(each), counted(indicator), reach) for each in answers]
        apart = [excludes(counted(each), counted(indicator), reach) for each in answers]
        if any(inside) and all(a or b for a, b in zip(inside, apart, strict=True)):
            return family, tuple(x.code for x, held in zip(answers, inside, strict=True) if held)
    return None, ()


def counted(indicator: Indicator) -> str:
    """The condition of those an indicator counts."""
    return f"({indicator.base}) and ({indicator.condition})"


def holds(one: str, other: str, reach: Reach) -> bool:
    """Whether all who fulfil one condition fulfil the other."""
    return not reach.is_reachable(parse(f"({one}) and not ({other})"))


def excludes(one: str, other: str, reach: Reach) -> bool:
    """Whether nobody fulfils both conditions."""
    return not reach.is_reachable(parse(f"({one}) and ({other})"))


def asked_to_counted(registry: Registry, questionnaire: Questionnaire) -> dict[str, list[str]]:
    """By indicator, those whose base is exactly whom it counts: their size gives its share.

    « Utilise l’IA » is the base of the questions asked to users: where the share is withheld,
    nothing may be shown on that base.
    """
    reach = Reach(questionnaire)
    bases = {each.base for each in registry.indicators} - {EVERYONE}
    found: dict[str, list[str]] = {}
    for each in registry.indicators:
        counts = each.statistic == "share" and {
            base for base in bases - {each.base} if same(each, base, reach)
        }
        if counts:
            found[each.code] = [other.code for other in registry.indicators if other.base in counts]
    return found


def same(indicator: Indicator, base: str, reach: Reach) -> bool:
    """Whether those an indicator counts are those of a base."""
    behind = reach.questionnaire.questions_behind
    if not behind(parse(indicator.condition)) & behind(parse(base)):
        return False
    return holds(counted(indicator), base, reach) and holds(base, counted(indicator), reach)
