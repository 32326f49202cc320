"""One published edition as its pages read it: cells that passed the gate, with their labels.

Opens only what may be published (`_build/`) and the reference tables; never microdata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl

from analysis import wording
from analysis.cells import by_value, display
from analysis.comparison import compare_editions
from analysis.definitions import IndicatorDefinition, RegistryFile, read_definitions
from analysis.disclosure import assert_gated
from analysis.wording import Noun
from reports.figures import Caption
from survey.campaign import Campaign, load_campaign, read_source
from survey.conditions import EVERYONE
from survey.errors import SurveyError
from survey.files import SIMULATED
from survey.french import filled, lowered, within
from survey.questionnaire import Questionnaire, load_questionnaire
from survey.reference import Reference, load_reference
from survey.territories import load_territories

WHOLE = "ensemble"
POPULATIONS = ("entreprises", "secteur_public", "associations", "habitants")


@dataclass(frozen=True)
class Edition:
    """One edition of one population.

    `cells` : one row per published cell, the result vocabulary plus the labels of
    `analysis.indicators.labelled`; `file` : the registry of its indicators, as written.
    """

    campaign: Campaign
    cells: pl.DataFrame
    file: RegistryFile
    reference: Reference

    @property
    def year(self) -> int:
        """Year of the edition."""
        return self.campaign.edition

    @property
    def words(self) -> Mapping[str, Mapping[str, str]]:
        """How prose names a domain, by type and code."""
        return self.file.words

    @cached_property
    def definitions(self) -> dict[str, IndicatorDefinition]:
        """The indicators that this edition publishes, by code: the first definition of each."""
        published = set(self.cells["family"].unique())
        found: dict[str, IndicatorDefinition] = {}
        for each in self.file.indicators:
            if each.code in published:
                found.setdefault(each.code, each)
        return found

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questionnaire as this edition asked it."""
        path = self.campaign.resolve(self.campaign.decisions.questionnaire)
        return load_questionnaire(path, self.year)

    @cached_property
    def families(self) -> dict[str, pl.DataFrame]:
        """The published cells of each indicator, by its code."""
        parts = self.cells.partition_by("family", as_dict=True, maintain_order=True)
        return {str(code): cells for (code,), cells in parts.items()}

    @cached_property
    def places(self) -> dict[tuple[str, str], str]:
        """How prose says « in » a territory, by level and code: « dans la Sarthe »."""
        territories = load_territories(self.campaign.root / "data" / "reference")
        return {row[:2]: row[2] for row in territories.places["niveau", "code", "locatif"].rows()}

    def noun(self, base: str = EVERYONE) -> Noun:
        """How the units of a base are counted."""
        if base not in self.file.nouns:
            raise SurveyError(
                f"{self.campaign.decisions.indicateurs} : « nouns » ne dit pas comment compter "
                f"la base « {base} ». Ajoutez-la."
            )
        said = self.file.nouns[base]
        return Noun(said.one, said.many, said.feminine)

    @property
    def source(self) -> str:
        """The *Source* of every figure."""
        return f"Observatoire de l’IA, édition {self.year}"

    @property
    def full_source(self) -> str:
        """The source, with « données simulées » when they are."""
        return f"{self.source}, {SIMULATED}" if self.campaign.decisions.simulee else self.source

    @property
    def region(self) -> str:
        """Name of the region."""
        return self.reference.region.territory.name

    def by(self, indicator: str, domain_type: str, *, statistic: str = "share") -> pl.DataFrame:
        """One indicator by domain, in the questionnaire's order; `label` names the domain."""
        found = self._cells(
            pl.col("indicator") == indicator,
            pl.col("domain_type") == domain_type,
            pl.col("statistic") == statistic,
        )
        return found.sort("domain_order")

    def family(self, family: str, *, domain_type: str = WHOLE) -> pl.DataFrame:
        """The indicators of a family in one domain; `label` names the indicator."""
        found = self._cells(pl.col("family") == family, pl.col("domain_type") == domain_type)
        return found.with_columns(label="indicator_label")

    def answers(self, family: str) -> pl.DataFrame:
        """A grid by answer over the whole population: `label` the row, `answer` the answer."""
        return self.family(family).with_columns(answer="answer_label")

    def answers_by(self, family: str, domain_type: str) -> pl.DataFrame:
        """A single choice by domain: `label` the domain, `answer` the answer."""
        found = self._cells(pl.col("family") == family, pl.col("domain_type") == domain_type)
        return found.with_columns(answer="answer_label").sort("domain_order", maintain_order=True)

    def cell(self, indicator: str, domain_type: str = WHOLE) -> dict[str, Any]:
        """The single cell of an indicator in a domain type that has one domain."""
        return self.by(indicator, domain_type).row(0, named=True)

    def changes(self, before: Edition, indicator: str, domain_type: str) -> pl.DataFrame:
        """What changed since another edition, tested (see `compare_editions`)."""
        return compare_editions(before.by(indicator, domain_type), self.by(indicator, domain_type))

    def previous(self) -> Edition | None:
        """The edition of the year before, when it was estimated and is as real as this one."""
        root, year = self.campaign.root, self.year - 1
        folder = root / "campaigns" / str(year) / self.campaign.population
        if not (folder / "campaign.yml").is_file():
            return None
        campaign = load_campaign(folder, root)
        same = campaign.decisions.simulee == self.campaign.decisions.simulee
        if not (same and (campaign.build / "published.parquet").is_file()):
            return None
        return open_edition(year, self.campaign.population)

    def caption(
        self,
        identifier: str,
        title: str,
        subtitle: str,
        frame: pl.DataFrame,
        statement: str,
        rows: str,
        *,
        field: str | None = None,
        period: str | None = None,
        source: str | None = None,
        named: Mapping[str, str] | None = None,
        reading: str | None = None,
    ) -> Caption:
        """The words of a figure; its *Lecture* reads the largest firm cell of `frame`.

        `statement` holds `{value}` and the row: `{label}`, `{name}` (the label with its capital) or
        `{named}`, what `named` says of its domain (« de 10 à 49 salariés »). The *Champ* is the
        base of the cells, in the region.
        """
        base = field or f"{frame['base_label'][0]}, {self.region}"
        return Caption(
            id=identifier,
            title=title,
            subtitle=f"{subtitle}, {period or self.year}",
            reading=reading or _reading(frame, statement, named or {}),
            field=lowered(base),
            source=source or self.source,
            rows=rows,
            simulated=self.campaign.decisions.simulee,
        )

    def table(self, name: str) -> pl.DataFrame:
        """A table of the weighting: `poids`, `marges`, `groupes` or `collecte`."""
        return pl.read_csv(
            self.campaign.build / f"{name}.csv", schema_overrides={"taille": pl.String}
        )

    def _cells(self, *conditions: pl.Expr) -> pl.DataFrame:
        found = self.cells.filter(*conditions)
        if found.is_empty():
            raise SurveyError(
                f"édition {self.year} : aucune cellule publiée pour ces critères : "
                f"{' ; '.join(map(str, conditions))}. Vérifiez le code de l’indicateur, puis "
                "relancez observatoire estimer."
            )
        return found


@cache
def open_edition(year: int, population: str = "entreprises") -> Edition:
    """The published edition of a year, from the root of the project.

    Raises
    ------
    SurveyError : the edition was not estimated yet, or a withheld cell carries a number
    """
    root = Path.cwd()
    campaign = load_campaign(root / "campaigns" / str(year) / population, root)
    path = campaign.build / "published.parquet"
    if not path.is_file():
        raise SurveyError(
            f"{path} : édition non estimée. Lancez d’abord : observatoire estimer "
            f"campaigns/{year}/{population}."
        )
    cells = pl.read_parquet(path)
    assert_gated(cells)
    file = read_definitions(read_source(campaign.resolve(campaign.decisions.indicateurs)))
    return Edition(campaign, cells, file, load_reference(root / "data" / "reference"))


def open_editions(year: int) -> dict[str, Edition]:
    """The editions of a year by population, in the order of `POPULATIONS`: those estimated.

    Raises
    ------
    SurveyError : two populations give the same rank to a key figure
    """
    folder = Path.cwd() / "_build" / str(year)
    editions = {
        population: open_edition(year, population)
        for population in POPULATIONS
        if (folder / population / "published.parquet").is_file()
    }
    refuse_shared_ranks(editions.values())
    return editions


def refuse_shared_ranks(editions: Iterable[Edition]) -> None:
    """Raise where two populations give the same rank to a key figure."""
    ranks: dict[int, str] = {}
    for edition in editions:
        for each in edition.file.indicators:
            place = f"{edition.campaign.decisions.indicateurs}, indicateur « {each.code} »"
            if each.headline is not None and ranks.setdefault(each.headline, place) != place:
                raise SurveyError(
                    f"{place} : le rang {each.headline} (« headline ») est déjà celui de "
                    f"{ranks[each.headline]}. Un rang ne sert qu’une fois, toutes populations "
                    "réunies."
                )


def row_label(cell: Mapping) -> str:
    """The name of an indicator, with its answer for a row of a grid: « temps : en baisse »."""
    label, answer = cell["indicator_label"], cell["answer_label"]
    return label if answer in (None, label) else f"{label} : {lowered(answer)}"


def read_rows(cells: pl.DataFrame, definition: IndicatorDefinition) -> pl.DataFrame:
    """The cells that a sentence on the indicator rests on: those of the answer to read, or all."""
    if definition.read_answer is None:
        return cells
    return cells.filter(pl.col("indicator").str.ends_with(f"__{definition.read_answer}"))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
    """A Markdown table whose last `numbers` columns are aligned right."""
    left = len(header) - numbers
    lines = [header, ["---"] * left + ["---:"] * numbers, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _reading(frame: pl.DataFrame, statement: str, named: Mapping[str, str]) -> str:
    firm = by_value(display(frame.filter(pl.col("status") == "ok")))
    if firm.is_empty():
        return "aucune estimation de cette figure n’est assez précise pour être lue seule"
    cell = firm.row(0, named=True)
    name = cell["label"]
    words = filled(
        statement,
        value=cell["value"],
        label=within(name),
        name=name,
        named=named.get(cell["domain"], ""),
    )
    return wording.reading(words, cell["conf_low"], cell["conf_high"], cell["statistic"])
