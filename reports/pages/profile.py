"""What the pages by sector and territory are made of: the cells of a domain, judged, as facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from analysis.cells import SHOWN, value_text
from analysis.definitions import IndicatorDefinition
from analysis.indicators import EACH_ANSWER
from analysis.profiles import beside_whole, judged
from analysis.prose import Fact, Setting
from analysis.wording import Noun
from reports.edition import WHOLE, Edition, row_label
from survey.columns import DONT_KNOW
from survey.conditions import EVERYONE
from survey.french import filled

MAIN, KEY, PART = "principal", "indicateur", "réponse"  # tiers of the risk of a page
LAST = 10_000  # rank of an indicator that is no headline
KEPT = (
    *("population", "domain_type", "domain", "indicator", "family", "statistic", "status"),
    *("estimate", "std_error", "conf_low", "conf_high", "n_respondents", "label", "theme"),
    *("indicator_label", "answer_label", "base_label", "whole_estimate", "whole_low", "whole_high"),
    *("difference", "effect", "p_adjusted", "verdict", "tier", "edition"),
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Profile:
    """One domain of one edition: its cells beside the region's, and how prose names it."""

    edition: Edition
    place: Setting
    rows: tuple[Row, ...]

    @property
    def domain(self) -> str:
        """Code of the domain."""
        return self.rows[0]["domain"]

    @property
    def domain_type(self) -> str:
        """Type of the domain."""
        return self.rows[0]["domain_type"]

    @cached_property
    def facts(self) -> list[Fact]:
        """The indicators told one by one: the headlines by rank, then as the registry goes."""
        ranks = {code: each.headline or LAST for code, each in self.edition.definitions.items()}
        rows = [row for row in self.rows if row["tier"] in (MAIN, KEY)]
        rows.sort(key=lambda row: (row["tier"] != MAIN, ranks[row["family"]]))
        return [fact_of(self.edition, row) for row in rows]

    @property
    def main(self) -> Fact:
        """The first of them."""
        return self.facts[0]

    def answers(self, family: str) -> list[Row]:
        """The answers of a question that are told, in the questionnaire's order."""
        return [row for row in self.rows if row["family"] == family and row["tier"] == PART]

    @property
    def families(self) -> list[str]:
        """The questions with several answers, in the order of the registry."""
        found = dict.fromkeys(row["family"] for row in self.rows if row["tier"] == PART)
        return [code for code in self.edition.definitions if code in found]

    @property
    def withheld(self) -> list[Row]:
        """The cells that may not be shown."""
        return [row for row in self.rows if row["status"] not in SHOWN]

    @property
    def fragile(self) -> list[Row]:
        """Those shown with a warning."""
        return [row for row in self.rows if row["status"] == "fragile"]

    def shown(self, facts: Iterable[Fact]) -> list[Fact]:
        """The facts that have a figure."""
        return [fact for fact in facts if fact.row["status"] in SHOWN]


def judged_cells(
    editions: Iterable[Edition], domain_types: Sequence[str], page: Sequence[str]
) -> pl.DataFrame:
    """Cells of these types of domain beside the region's, the tests of a page corrected together.

    `page` : columns that tell the pages (see `analysis.profiles.judged`).
    """
    parts = []
    for edition in editions:
        cells = edition.cells.filter(pl.col("domain_type").is_in(list(domain_types)))
        if cells.is_empty():
            continue
        whole = edition.cells.filter(pl.col("domain_type") == WHOLE)
        pairs = beside_whole(cells, whole).join(
            tiers(edition, whole),
            on=["indicator", "statistic"],
            how="left",
            maintain_order="left",
        )
        parts.append(pairs)
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(KEPT, pl.String))
    return judged(pl.concat(parts, how="diagonal_relaxed"), page, "tier").select(KEPT)


def tiers(edition: Edition, whole: pl.DataFrame) -> pl.DataFrame:
    """What is made of each indicator: the main one, told by itself, an answer, not told (null).

    The main indicator is the first headline of the population, or its first share. Not told:
    totals, « ne sait pas », the complement of another, the answers of a grid that no sentence
    reads.
    """
    definitions = edition.definitions
    complements = {each.complement for each in definitions.values()}
    singles = [each for each in definitions.values() if each.each is None and not each.mean]
    main = min(singles, key=lambda each: each.headline or LAST, default=None)
    rows = [
        (
            indicator,
            statistic,
            MAIN
            if main and family == main.code and statistic == "share"
            else _tier(definitions[family], indicator, statistic, complements),
        )
        for indicator, statistic, family in whole.select(
            "indicator", "statistic", "family"
        ).iter_rows()
        if family in definitions
    ]
    schema = dict.fromkeys(("indicator", "statistic", "tier"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _tier(
    definition: IndicatorDefinition, indicator: str, statistic: str, complements: set[str | None]
) -> str | None:
    answer = indicator.rpartition("__")[2]
    if statistic == "total" or answer == DONT_KNOW or indicator in complements:
        return None
    if definition.each is None:
        return KEY
    if definition.answer == EACH_ANSWER and answer != definition.read_answer:
        return None
    return PART


def fact_of(edition: Edition, row: Row) -> Fact:
    """A row as prose tells it."""
    definition = edition.definitions[row["family"]]
    nouns = edition.file.nouns
    known = definition.base in nouns
    noun = edition.noun(definition.base) if known else edition.noun(EVERYONE)
    reads = None
    if known and definition.reads and row["estimate"] is not None:
        value = value_text(row["estimate"], row["statistic"])
        reads = filled(definition.reads, value=value, nouns=noun.plural, label=row_label(row))
    single = definition.each is None and row["statistic"] == "share"
    return Fact(
        row=row,
        label=row_label(row),
        noun=noun if known else Noun("réponse", "réponses", feminine=True),
        verb=definition.verb if known and single else None,
        reads=reads,
        whole=definition.base == EVERYONE,
    )


def grouped(cells: pl.DataFrame, by: Sequence[str]) -> dict[tuple[str, ...], tuple[Row, ...]]:
    """The rows of each domain, by the columns that tell it."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in cells.iter_rows(named=True):
        found.setdefault(tuple(row[name] for name in by), []).append(row)
    return {key: tuple(rows) for key, rows in found.items()}
