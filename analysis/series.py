"""Series across editions: since when each published cell can be compared with those before it."""

from __future__ import annotations

import polars as pl

from analysis.indicators import Indicator, Registry
from survey.breaks import Break, Turn, edition_turns, series_breaks
from survey.french import typography
from survey.questionnaire import Questionnaire
from survey.routing import parse

SERIES = ("comparable_since", "series_break")


def with_breaks(
    cells: pl.DataFrame, registry: Registry, known: Questionnaire, edition: int
) -> pl.DataFrame:
    """Cells of one edition with what parts them from earlier ones; same rows and order.

    Adds `comparable_since` (the first edition whose cell can be compared with this one) and
    `series_break` (why not before, in French; null where the series never broke).

    `known` is the questionnaire with every edition. A cell rests on its indicator and on the cut of
    its domain: a new size class breaks the series by size and no other.
    """
    turns = edition_turns(known)
    of_indicators = [
        (each, _of_indicator(each, turns), _first(each, known)) for each in registry.indicators
    ]
    of_cuts = [
        (cut, series_breaks(turns, [parse(cut.condition)], filter(None, [cut.by])))
        for cut in registry.domains
    ]
    rows = [
        (indicator.code, indicator.statistic, cut.type, *_last(own + cuts, edition, first))
        for indicator, own, first in of_indicators
        for cut, cuts in of_cuts
    ]
    keys = ["indicator", "statistic", "domain_type"]
    schema = dict.fromkeys(keys, pl.String) | {SERIES[0]: pl.Int64, SERIES[1]: pl.String}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return cells.join(table, on=keys, how="left", maintain_order="left")


def _first(indicator: Indicator, known: Questionnaire) -> int:
    """The first edition that asks all that an indicator rests on."""
    conditions = map(parse, (indicator.base, indicator.condition))
    if indicator.statistic == "mean":
        conditions = (parse(indicator.base), parse(f"answered({indicator.condition})"))
    behind = set().union(*map(known.questions_behind, conditions))
    return max((known.question(code).since for code in behind), default=known.since)


def _of_indicator(indicator: Indicator, turns: list[Turn]) -> list[Break]:
    base = parse(indicator.base)
    if indicator.statistic == "mean":
        return series_breaks(turns, [base], [indicator.condition])
    return series_breaks(turns, [base, parse(indicator.condition)])


def _last(breaks: list[Break], edition: int, first: int) -> tuple[int, str | None]:
    """Edition of the last break so far, and what broke then; the first edition when nothing did."""
    past = [each for each in breaks if first < each.edition <= edition]
    if not past:
        return first, None
    last = max(each.edition for each in past)
    told = dict.fromkeys(each.what.rstrip(".") for each in past if each.edition == last)
    return last, typography(f"Rupture de série en {last} : {' ; '.join(told)}.")
