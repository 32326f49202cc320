"""The facts of a quality report: what `data/quality` declares, and what the campaign's files tell.

Reads what may be published only (`_build/`), never an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from reports.edition import WHOLE, Edition
from survey.campaign import read_source
from survey.errors import SurveyError
from survey.form_faults import form_error
from survey.french import integer, typography
from survey.reference import read_margins

DECLARED = Path("data/quality")
COUNTS = ("n_sampled", "n_complete", "n_partial", "n_refusal", "n_no_answer", "n_out_of_scope")
Facts = TypeVar("Facts", bound=BaseModel)


class CommonQuality(BaseModel):
    """What is declared once for every population; keys as in `data/quality/commun.yml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mandat: str
    partage: str
    calendrier: str
    acces: str
    microdonnees: str
    gestion: str
    evaluation: str
    besoins: str
    satisfaction: str
    cout: str
    revision: str
    revisions_faites: str


class PopulationQuality(BaseModel):
    """What is declared of one population.

    `variables` names those of the weighting; `categories` names their codes, by variable, where
    neither a breakdown nor the official totals do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    concepts: str
    nomenclatures: str
    base_de_sondage: str
    tirage: str
    couverture: str
    mesure: str
    non_reponse: str
    comparabilite: str
    limites: tuple[str, ...]
    variables: dict[str, str]
    categories: dict[str, dict[str, str]] = {}


def common_quality(root: Path) -> CommonQuality:
    """What `data/quality/commun.yml` declares; SurveyError names a missing or unknown key."""
    return _declared(root / DECLARED / "commun.yml", CommonQuality)


def population_quality(root: Path, population: str) -> PopulationQuality:
    """What is declared of a population; SurveyError names a missing or unknown key."""
    return _declared(root / DECLARED / f"{population}.yml", PopulationQuality)


def _declared(path: Path, model: type[Facts]) -> Facts:
    if not path.is_file():
        raise SurveyError(
            f"{path} : fichier introuvable. Le rapport de qualité en a besoin : copiez celui d’une "
            "autre population et adaptez-en les textes (data/quality/README.md)."
        )
    source = read_source(path)
    try:
        return model.model_validate(source.raw)
    except ValidationError as error:
        raise form_error(error, source, model) from error


@dataclass(frozen=True, slots=True)
class Response:
    """What became of the units drawn; rates are shares in [0, 1] of the units in scope."""

    drawn: int
    complete: int
    partial: int
    refusal: int
    no_answer: int
    out_of_scope: int
    rate: float


@dataclass(frozen=True, slots=True)
class Precision:
    """The spread of what is published: half-widths of intervals are shares, `deff` has no unit.

    Over the shares of the whole population: median and largest half-width, median and 90th
    percentile of the design effect. `shown`, `fragile`, `withheld` count the cells of
    every domain.
    """

    indicators: int
    half_width: float
    largest: float
    deff: float
    deff_high: float
    shown: int
    fragile: int
    withheld: int

    @property
    def cells(self) -> int:
        """Cells published, withheld ones included."""
        return self.shown + self.fragile + self.withheld


@dataclass(frozen=True, slots=True)
class Burden:
    """What answering took: median `minutes` of `timed` answers, and `hours` of all together."""

    timed: int
    minutes: float | None
    hours: float | None


def response_of(edition: Edition) -> Response:
    """The outcomes of the whole sample."""
    counts = edition.table("collecte").select(pl.col(COUNTS).sum()).row(0)
    in_scope = counts[0] - counts[-1]
    return Response(*counts, rate=counts[1] / in_scope)


def population_count(edition: Edition) -> str:
    """How many units the official totals count in the population, in a sentence."""
    table = edition.table("marges")
    total = table.filter(pl.col("variable") == table["variable"][0])["total"].sum()
    campaign = edition.campaign
    known = read_margins(campaign.resolve(campaign.decisions.redressement.marges))
    year = known.filter(pl.col("variable") == table["variable"][0])["millesime"].max()
    return typography(f"Les totaux officiels en comptent {integer(total)} ({year}).")


def precision_of(edition: Edition) -> Precision:
    """The precision of the shares of the whole population, and how many cells are shown."""
    half_width = (pl.col("conf_high") - pl.col("conf_low")) / 2
    status = pl.col("status")
    whole = edition.cells.filter(
        pl.col("domain_type") == WHOLE, pl.col("statistic") == "share", pl.col("estimate") > 0
    ).select(
        half_width.median().alias("median"),
        half_width.max().alias("max"),
        pl.col("deff").median(),
        pl.col("deff").quantile(0.9).alias("deff_high"),
    )
    counts = edition.cells.select(
        pl.col("family").n_unique(),
        (status == "ok").sum().alias("shown"),
        (status == "fragile").sum().alias("fragile"),
        status.is_in(["nd", "secret"]).sum().alias("withheld"),
    ).row(0, named=True)
    return Precision(
        counts["family"], *whole.row(0), counts["shown"], counts["fragile"], counts["withheld"]
    )


def burden_of(edition: Edition) -> Burden:
    """How long answering took, as measured by the form; None where no duration was recorded."""
    timed, seconds = edition.table("temps").select("n_timed", "median_seconds").row(0)
    if seconds is None:
        return Burden(0, None, None)
    return Burden(timed, seconds / 60, response_of(edition).complete * seconds / 3600)


def precision_by_domain(edition: Edition) -> pl.DataFrame:
    """One row per breakdown: how many domains, cells and which part of them can be shown.

    `domain_type`, `label`, `domains`, `cells`, `ok`, `fragile`, `withheld` (shares of the cells),
    `half_width` (median over the shares shown; null when none is).
    """
    labels = {each.type: each.label for each in edition.file.domains if each.role != "field"}
    status = pl.col("status")
    return (
        edition.cells.filter(pl.col("domain_type").is_in(list(labels)))
        .group_by("domain_type", maintain_order=True)
        .agg(
            pl.col("domain").n_unique().alias("domains"),
            pl.len().alias("cells"),
            (status == "ok").mean().alias("ok"),
            (status == "fragile").mean().alias("fragile"),
            status.is_in(["nd", "secret"]).mean().alias("withheld"),
            ((pl.col("conf_high") - pl.col("conf_low")) / 2)
            .filter(pl.col("statistic") == "share")
            .median()
            .alias("half_width"),
        )
        .with_columns(label=pl.col("domain_type").replace(labels))
    )


def named_variable(declared: PopulationQuality, variable: str) -> str:
    """How the tables name a variable of the weighting.

    Raises
    ------
    SurveyError : `variables` of the population's file does not name it
    """
    if variable not in declared.variables:
        raise SurveyError(
            f"data/quality : « variables » ne nomme pas « {variable} », dont une table a besoin. "
            f"Nommées : {', '.join(declared.variables)}. Ajoutez-la."
        )
    return typography(declared.variables[variable])
