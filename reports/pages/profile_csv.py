"""The data of a page by sector or by territory: every published cell, beside the region's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from analysis.disclosure import WITHHELD, assert_gated
from reports.pages.profile import MAIN
from survey.files import SIMULATED

DOMAIN = ("population", "domain_type", "domain")
Key = tuple[str, ...]
COLUMNS = (
    *("population", "edition", "domain_type", "domain", "indicator", "statistic", "estimate"),
    *("std_error", "conf_low", "conf_high", "n_respondents", "status"),
)


@dataclass(frozen=True)
class Tables:
    """The rows of each domain, ready to be written, and those of its main indicator."""

    every: Mapping[Key, pl.DataFrame]
    main: Mapping[Key, pl.DataFrame]

    def csv(self, own: Iterable[Key], others: Iterable[Key] = ()) -> bytes:
        """All the rows of the domains `own`, then the main indicator of the `others`, once each."""
        keys = dict.fromkeys(own)
        parts = [self.every[key] for key in keys]
        parts += [self.main[key] for key in dict.fromkeys(others) if key not in keys]
        table = pl.concat(part for part in parts if not part.is_empty())
        return f"\ufeff{table.write_csv()}".encode()  # the mark lets Excel read accents


def tables_of(cells: pl.DataFrame, *, simulated: bool) -> Tables:
    """The tables of every domain of `judged_cells`.

    A withheld cell keeps its row and its status, and has no number, that of the region excepted;
    the last column says « données simulées » or « enquête » on each row.

    Raises
    ------
    SurveyError : a withheld cell carries a number
    """
    assert_gated(cells)
    shown = ~pl.col("status").is_in(WITHHELD)
    named = cells.select(
        domaine="label",
        libelle="indicator_label",
        reponse="answer_label",
        base="base_label",
        **{name: pl.col(name) for name in COLUMNS},
        region_estimate="whole_estimate",
        difference=pl.when(shown).then("difference"),
        verdict=pl.when(shown).then("verdict"),
        nature=pl.lit(SIMULATED if simulated else "enquête"),
    )
    main = named.filter(cells["tier"].eq_missing(MAIN))
    return Tables(*(part.partition_by(DOMAIN, as_dict=True) for part in (named, main)))
