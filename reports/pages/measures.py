"""What pages say of one indicator: whom it counts, how it is read, what its figures allow to state.

Sentences come from the registry where it gives the words (`verb`, `reads`, `superlative`…), and
from the titles and labels where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from analysis.cells import SHOWN, display
from analysis.definitions import DomainDefinition, IndicatorDefinition
from analysis.findings import finding_share, finding_top
from analysis.indicators import EACH_ANSWER
from analysis.prose import of
from analysis.wording import Noun
from reports.edition import WHOLE, Edition, read_rows
from survey.columns import BLANK
from survey.conditions import EVERYONE
from survey.french import lowered, typography

Kind = Literal["share", "mean", "total", "rows", "answers", "grid"]
LISTED = ("size", "sector", "profile", "territory")


@dataclass(frozen=True)
class Measure:
    """One indicator of one edition.

    `kind` : a single `share`, `mean` or `total`; a family of `rows` (options or lines that do not
    exclude each other), of `answers` that share a whole, or a `grid` of rows by answers.
    """

    edition: Edition
    definition: IndicatorDefinition

    @property
    def code(self) -> str:
        """Its code, the same every year."""
        return self.definition.code

    @property
    def title(self) -> str:
        """Its title, that stands alone."""
        return typography(self.definition.title)

    @cached_property
    def cells(self) -> pl.DataFrame:
        """Every published cell of it."""
        return self.edition.families[self.code]

    @cached_property
    def kind(self) -> Kind:
        """What it is made of."""
        asked = self.definition
        if asked.mean:
            return "mean"
        if asked.total:
            return "total"
        if not asked.each:
            return "share"
        if self.edition.questionnaire.question(asked.each).type == "single":
            return "answers"
        return "grid" if asked.answer == EACH_ANSWER else "rows"

    @property
    def is_family(self) -> bool:
        """Whether it has several rows."""
        return self.kind in ("rows", "answers", "grid")

    @property
    def statistic(self) -> str:
        """The statistic of its figures."""
        return self.kind if self.kind in ("mean", "total") else "share"

    @cached_property
    def whole(self) -> pl.DataFrame:
        """Its cells over the whole population; `label` names the row, `answer` the answer."""
        return self.rows_of(WHOLE)

    def rows_of(self, cut: str) -> pl.DataFrame:
        """Its rows in a domain type of one domain."""
        return self._of(cut).with_columns(label="indicator_label", answer="answer_label")

    def by(self, cut: str) -> pl.DataFrame:
        """Its cells by domain, in their own order, but for those who did not say theirs."""
        found = self._of(cut).filter(pl.col("domain") != BLANK).with_columns(answer="answer_label")
        return found.sort("domain_order", maintain_order=True)

    def _of(self, cut: str) -> pl.DataFrame:
        return self.cells.filter(
            pl.col("domain_type") == cut, pl.col("statistic") == self.statistic
        )

    def read(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The cells that title and *Lecture* rest on: those of the answer to read, or all."""
        return read_rows(frame, self.definition)

    @cached_property
    def total(self) -> dict | None:
        """The published number of units that its share counts, when the registry asks for one."""
        found = self.cells.filter(domain_type=WHOLE, statistic="total")
        shown = self.kind == "share" and found.height and found["estimate"][0] is not None
        return found.row(0, named=True) if shown else None

    @cached_property
    def breakdowns(self) -> list[DomainDefinition]:
        """The cuts shown on its page: those its definition names, else all that are listed."""
        cuts = {cut.type: cut for cut in self.edition.file.domains if cut.role in LISTED}
        wanted = self.definition.breakdowns or tuple(cuts)
        published = set(self.cells["domain_type"].unique())
        return [cuts[name] for name in wanted if name in cuts and name in published]

    # Words -----------------------------------------------------------------------------------

    @cached_property
    def noun(self) -> Noun | None:
        """How its base is counted; None where the registry does not say."""
        nouns = self.edition.file.nouns
        return self.edition.noun(self.definition.base) if self.definition.base in nouns else None

    @cached_property
    def units(self) -> str:
        """Its base in the plural: « entreprises utilisatrices »."""
        if self.noun:
            return self.noun.plural
        return lowered(self.cells["base_label"][0])

    @property
    def among(self) -> str:
        """What ends a line of a list where its base is a part of the population; else nothing."""
        part = self.definition.base != EVERYONE and self.kind != "total"
        return f", parmi les {self.units}" if part else ""

    @property
    def subject(self) -> str:
        """What is measured, as the subject of a verb."""
        if self.kind == "mean":
            return f"« {self.title} » : la moyenne"
        if self.kind == "total":
            return f"« {self.title} » : le nombre"
        if self.definition.verb:
            return f"la part des {self.units} qui {self.definition.verb[1]}"
        return f"« {self.title} » : la part"

    @property
    def subtitle(self) -> str:
        """What is measured, as the subtitle of a figure."""
        if self.kind == "mean":
            return f"{self.title}, moyenne"
        if self.kind == "total":
            return self.title
        if self.kind == "share" and self.definition.verb:
            return f"Part des {self.units} qui {self.definition.verb[1]}"
        among = "répartition des" if self.kind in ("answers", "grid") else "part des"
        return f"{self.title}, {among} {self.units}"

    @property
    def read_subtitle(self) -> str:
        """The subtitle where only the answer to read of a grid is shown."""
        if self.kind != "grid" or not self.definition.read_answer:
            return self.subtitle
        answer = self.read(self.whole)["answer"][0]
        return f"{self.title}, part des {self.units} qui répondent « {answer} »"

    @property
    def statement(self) -> str:
        """The *Lecture* of its row over the whole population: holds `{value}`, `{label}`."""
        asked = self.definition
        if asked.reads:
            return asked.reads.replace("{nouns}", self.units)
        match self.kind:
            case "share" if asked.verb:
                return f"{{value}} des {self.units} {asked.verb[1]}"
            case "share":
                return f"« {self.title} » : {{value}} des {self.units}"
            case "mean":
                return f"« {self.title} » : {{value}} en moyenne"
            case "total":
                return f"« {self.title} » : {{value}}"
            case "grid":
                answer = self.read(self.whole)["answer"][0]
                return f"« {{name}} » : {{value}} des {self.units} répondent « {answer} »"
            case "answers":
                return f"{{value}} des {self.units} répondent « {{name}} »"
        return f"« {{name}} » : {{value}} des {self.units}"

    def reading_by(
        self, cut: DomainDefinition, label: str | None = None
    ) -> tuple[str, dict[str, str]]:
        """The *Lecture* of one of its rows in a domain: holds `{value}` and `{named}`.

        `label` names the row of a family. The second is what `{named}` says by domain: the group
        itself where its name is that of units (« 65 % des intercommunalités »), else where the
        units are (see `leads`).
        """
        said, units = self._statement_by(cut, label), f"des {self.units}"
        words = self.edition.words.get(cut.type, {})
        codes = self.by(cut.type)["domain"].unique(maintain_order=True)
        of_units = any(word.startswith("les ") for word in words.values()) and cut.role != "size"
        named = of_units and set(codes) <= set(words)
        if not named or self.definition.base != EVERYONE or units not in said:
            return said, self.leads(cut)
        counted = said.removeprefix("{named}, ").replace(units, "{named}", 1)
        return counted, {code: of(words[code]) for code in codes}

    def _statement_by(self, cut: DomainDefinition, label: str | None) -> str:
        asked = self.definition
        follows = cut.role == "size"  # « des entreprises de 10 à 49 salariés utilisent… »
        units = f"{self.units} {{named}}" if follows else self.units
        start = "" if follows else "{named}, "
        if asked.reads:
            said = asked.reads.replace("{nouns}", units)
            return start + (said.replace("{label}", lowered(label)) if label else said)
        if self.kind in ("mean", "total"):
            return f"« {self.title} » : " + (
                f"{units}, {{value}}" if follows else "{named}, {value}"
            )
        if label:
            return f"{start}{{value}} des {units} répondent « {label} »"
        if asked.verb:
            return f"{start}{{value}} des {units} {asked.verb[1]}"
        return f"« {self.title} » : {start}{{value}} des {units}"

    def leads(self, cut: DomainDefinition) -> dict[str, str]:
        """How a sentence opens on each domain of a cut: « dans la construction », « en Vendée ».

        A size follows its noun: « de 10 à 49 salariés ».
        """
        domains = self.by(cut.type).select("domain", "label").unique(maintain_order=True)
        said = self.edition.words.get(cut.type, {})
        places = self.edition.places
        return {
            code: _lead(cut, said.get(code), places.get((cut.type, code)), typography(label))
            for code, label in domains.rows()
        }

    # Findings --------------------------------------------------------------------------------

    @property
    def neutral(self) -> str:
        """Its title where the figures state nothing."""
        heading = self.definition.heading
        return typography(heading) if heading else self.title

    @cached_property
    def finding(self) -> str:
        """What its figures over the whole population allow to state, else its title."""
        frame = self.read(self.whole)
        if self.kind == "share":
            return self._share_finding(display(frame).row(0, named=True))
        if not self.is_family or (self.kind == "grid" and not self.definition.read_answer):
            return self.neutral
        default = "réponse la plus fréquente" if self.kind == "answers" else "en tête"
        superlative = self.definition.superlative or default
        quoted = self.kind == "answers" or superlative.startswith("réponse")
        return finding_top(frame, superlative, self.neutral, quoted=quoted)

    def _share_finding(self, cell: Mapping) -> str:
        verb = self.definition.verb
        if not verb or cell["status"] != "ok" or not cell["estimate"]:
            return self.neutral
        if self.noun:
            return finding_share(cell, self.noun, verb, self.neutral)
        return typography(f"{cell['value']} des {self.units} {verb[1]}")

    @cached_property
    def headline(self) -> dict | None:
        """The cell that stands for it in a list: its own, or the highest shown row of a family."""
        cells = self.highest if self.is_family else display(self.read(self.whole))
        return cells.row(0, named=True) if cells.height else None

    @cached_property
    def highest(self) -> pl.DataFrame:
        """The rows of a family that are shown, the highest first."""
        shown = display(self.read(self.whole)).filter(pl.col("status").is_in(SHOWN))
        return shown.sort("estimate", descending=True, maintain_order=True)


def _lead(cut: DomainDefinition, word: str | None, place: str | None, label: str) -> str:
    if cut.role == "size":
        return word or f"du groupe « {label} »"
    if place:
        return place
    if word:
        return f"parmi {word}" if word.startswith("les ") else f"dans {word}"
    return f"dans le groupe « {label} »"


def measures(edition: Edition) -> list[Measure]:
    """Every indicator that an edition publishes, in the order of its registry."""
    return [Measure(edition, definition) for definition in edition.definitions.values()]


def by_theme(listed: Sequence[Measure]) -> list[Measure]:
    """The indicators of a population, themes in the order of the questionnaire."""
    if not listed:
        return []
    themes = list(listed[0].edition.questionnaire.themes)
    order = {theme: place for place, theme in enumerate(themes)}
    return sorted(listed, key=lambda each: order.get(each.definition.theme, len(order)))
