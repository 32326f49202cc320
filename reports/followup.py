"""The recommendations of the CESER with the indicators that follow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analysis.cells import by_value, cell_words, display, value_text
from analysis.comparison import DOWN, STABLE, UNSETTLED, UP, compare_editions
from analysis.definitions import IndicatorDefinition
from analysis.wording import change_interval, change_words
from reports.edition import Edition, read_rows, row_label

ROLES = {"moyens": "Moyens", "resultat": "Résultat", "impact": "Impact"}
NO_TOTAL = pl.col("statistic") != "total"  # the share of the same indicator is told
FIRST = "première mesure"
PROGRESS = {(UP, "higher"), (DOWN, "lower")}


@dataclass(frozen=True, slots=True)
class Followed:
    """An indicator that follows a recommendation: `role` is `moyens`, `resultat` or `impact`."""

    role: str
    edition: Edition
    definition: IndicatorDefinition


def followers(editions: Mapping[str, Edition]) -> Iterator[tuple[str, Followed]]:
    """Every code of a recommendation that an indicator follows, with that indicator."""
    for edition in editions.values():
        for definition in edition.definitions.values():
            for follows in definition.follows:
                yield follows.recommendation, Followed(follows.as_, edition, definition)


def followed_by(editions: Mapping[str, Edition], code: str) -> list[Followed]:
    """The indicators of a recommendation: of means, then of result, then of impact."""
    found = [follower for followed, follower in followers(editions) if followed == code]
    return sorted(found, key=lambda each: list(ROLES).index(each.role))


def level(followed: Followed) -> str:
    """Its value this year: « 24 % [22 ; 26] », or the row of a family that comes first."""
    edition, definition = followed.edition, followed.definition
    cells = read_rows(edition.family(definition.code).filter(NO_TOTAL), definition)
    row = by_value(display(cells)).row(0, named=True)
    words = cell_words(row, "fragile")
    return f"« {row_label(row)} », {words}" if definition.each and not row["reason"] else words


def baseline(followed: Followed) -> str:
    """Its value in the former edition, where it can be compared with this one."""
    change = _change(followed)
    if change is None or change["estimate_before"] is None:
        return "–"
    value = value_text(change["estimate_before"], change["statistic"])
    return f"{value} ({change['edition_before']})"


def trend(followed: Followed) -> str:
    """« en progrès (+5 points) », « stable », no change established and its interval, or first."""
    change = _change(followed)
    if followed.edition.previous() is None:
        return FIRST
    if change is None:
        return "voir la page de l’indicateur" if followed.definition.each else FIRST
    words = change_words(change["difference"], change["verdict"], change["series_break"])
    if change["verdict"] in (STABLE, UNSETTLED):
        return f"{words} {change_interval(change['conf_low'], change['conf_high'])}"
    if change["verdict"] is None or followed.definition.better == "neither":
        return words
    better = (change["verdict"], followed.definition.better) in PROGRESS
    return f"{'en progrès' if better else 'en recul'} ({words})"


def _change(followed: Followed) -> dict[str, Any] | None:
    before, code = followed.edition.previous(), followed.definition.code
    if before is None or followed.definition.each or code not in before.definitions:
        return None
    earlier, later = (each.family(code).filter(NO_TOTAL) for each in (before, followed.edition))
    changes = compare_editions(earlier, later)
    return changes.row(0, named=True) if changes.height else None
