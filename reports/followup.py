"""The recommendations of the CESER with the indicators that follow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from analysis.cells import by_value, cell_words, display, value_text
from analysis.comparison import DOWN, STABLE, UNSETTLED, UP, compare_editions
from analysis.definitions import IndicatorDefinition
from analysis.wording import change_interval, change_words
from reports.edition import WHOLE, Edition, read_rows, row_label
from survey.french import lowered

ROLES = {"moyens": "Moyens", "resultat": "Résultat", "impact": "Impact"}
NO_TOTAL = pl.col("statistic") != "total"  # the share of the same indicator is told
FIRST = "première mesure"
PROGRESS = {(UP, "higher"), (DOWN, "lower")}


@dataclass(frozen=True, slots=True)
class Followed:
    """An indicator that follows a recommendation: `role` is `moyens`, `resultat` or `impact`.

    `cut`, `domain` : the part of the population whose figure follows it, the whole by default.
    """

    role: str
    edition: Edition
    definition: IndicatorDefinition
    cut: str = WHOLE
    domain: str = WHOLE

    @property
    def who(self) -> str:
        """The population, and the part of it that is followed: « …, 1 à 9 salariés »."""
        name = self.edition.file.name
        if self.cut == WHOLE:
            return name
        label = self.cells(self.edition).select(pl.first("label")).item()
        return f"{name}, {lowered(label)}"

    def cells(self, edition: Edition) -> pl.DataFrame:
        """Its cells in an edition; `label` names the domain. None where it was not published."""
        return edition.cells.filter(
            pl.col("family") == self.definition.code,
            pl.col("domain_type") == self.cut,
            pl.col("domain") == self.domain,
            NO_TOTAL,
        )


def followers(editions: Mapping[str, Edition]) -> Iterator[tuple[str, Followed]]:
    """Every code of a recommendation that an indicator follows, with that indicator."""
    for edition in editions.values():
        for definition in edition.definitions.values():
            for follows in definition.follows:
                one = Followed(follows.as_, edition, definition)
                parts = [(cut, code) for cut, codes in follows.among.items() for code in codes]
                for cut, code in parts or [(WHOLE, WHOLE)]:
                    yield follows.recommendation, replace(one, cut=cut, domain=code)


def followed_by(editions: Mapping[str, Edition], code: str) -> list[Followed]:
    """The indicators of a recommendation: of means, then of result, then of impact."""
    found = [follower for followed, follower in followers(editions) if followed == code]
    return sorted(found, key=lambda each: list(ROLES).index(each.role))


def level(followed: Followed) -> str:
    """Its value this year: « 24 % [22 ; 26] », or the row of a family that comes first."""
    definition = followed.definition
    cells = read_rows(followed.cells(followed.edition), definition)
    cells = cells.with_columns(label="indicator_label")
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
    before = followed.edition.previous()
    if before is None or followed.definition.each:
        return None
    earlier, later = (followed.cells(each) for each in (before, followed.edition))
    if earlier.is_empty():
        return None
    changes = compare_editions(earlier, later)
    return changes.row(0, named=True) if changes.height else None
