"""The audit of an outsider over the files of a built site: can withheld figures be told from them?

Every CSV of results on the site is read, whatever page it belongs to; definitions, official places
and code lists, all public, say how the figures hold together. No answer, weight or sample is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.audit import Ground, Told, audit, ground
from analysis.definitions import DomainDefinition
from analysis.disclosure import RANK, WITHHELD
from analysis.feasible import ContradictionError
from analysis.indicators import Registry, domains
from analysis.relations import domain_blocks, families
from reports.described import gate_spec
from reports.pipeline import REFERENCE, questionnaire_of, registry_of
from survey.campaign import Campaign
from survey.columns import SPECIAL_LABELS
from survey.errors import SurveyError
from survey.french import counted, decimal, integer
from survey.questionnaire import Questionnaire
from survey.routing import parse
from survey.territories import LEVELS, load_territories

CELL = ("indicator", "population", "edition", "domain_type", "domain")
NUMBERS = ("estimate", "n_respondents", "population_size")
READ = (*CELL, "statistic", *NUMBERS, "status")
NEEDED = {*CELL, "statistic", "estimate", "n_respondents", "status"}
NARROWEST = 5  # cells named, though none is told
NAMED = 20  # cells told that are named; the others are counted


@dataclass(frozen=True, slots=True)
class SiteAudit:
    """What the audit of a site found: faults that forbid to publish it, and a summary in lines."""

    faults: list[str]
    summary: list[str]


def audit_site(site: Path, campaigns: Sequence[Campaign]) -> SiteAudit:
    """Try to tell the withheld shares of every campaign from the CSV files of a site."""
    try:
        shares = published_shares(site)
    except SurveyError as error:
        return SiteAudit([str(error)], [])
    audit = SiteAudit([], [])
    if shares.is_empty():
        return audit
    published = set(shares.select("population", "edition").unique().rows())
    for campaign in campaigns:
        if (campaign.population, str(campaign.edition)) not in published:
            continue
        try:
            found = audit_campaign(campaign, shares)
        except ContradictionError:
            audit.faults.append(
                f"{campaign.edition} · {campaign.population} : les chiffres publiés se "
                "contredisent ; relancez observatoire estimer, puis publier."
            )
            continue
        audit.faults.extend(told_faults(campaign, found))
        audit.summary.append(audit_summary(campaign, found))
    return audit


def published_shares(site: Path) -> pl.DataFrame:
    """Every share that some CSV of the site gives or withholds, one row a cell.

    Columns: `CELL`, `NUMBERS` and `status`, in the order of `CELL`.

    Raises
    ------
    SurveyError : a file shows what another withholds, or two give different numbers
    """
    frames = [frame for path in sorted(site.rglob("*.csv")) if (frame := results(path)) is not None]
    if not frames:
        return pl.DataFrame(schema=dict.fromkeys((*CELL, *NUMBERS, "status"), pl.String))
    cells = pl.concat(frames).unique()
    spread = cells.group_by(CELL).agg(
        gap=pl.col("estimate").max() - pl.col("estimate").min(),
        shown=(~pl.col("status").is_in(WITHHELD)).any(),
        withheld=pl.col("status").is_in(WITHHELD).any(),
    )
    wrong = spread.filter((pl.col("shown") & pl.col("withheld")) | (pl.col("gap") > 0))
    if not wrong.is_empty():
        name = " / ".join(map(str, wrong.sort(CELL).select(CELL).row(0)))
        raise SurveyError(
            f"{counted(wrong.height, 'cellule')} : un fichier donne un chiffre qu’un autre ne "
            f"donne pas, ou donne autrement ({name}). Lancez observatoire publier, qui refait tout."
        )
    most = [pl.col(name).max() for name in NUMBERS]
    return cells.group_by(CELL, maintain_order=True).agg(*most, pl.col("status").first()).sort(CELL)


def results(path: Path) -> pl.DataFrame | None:
    """The shares of a CSV of results; None for any other CSV."""
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline().strip().split(",")
    if not set(header) >= NEEDED:
        return None
    ours = (pl.col("statistic") == "share") & pl.col("population").is_not_null()  # no comparator
    table = pl.read_csv(path, infer_schema=False).filter(ours)
    absent = {name: pl.lit(None, pl.String) for name in set(READ) - set(header)}
    return table.with_columns(**absent).select(
        pl.col(CELL),
        pl.col(NUMBERS).replace("", None).cast(pl.Float64),
        "status",
    )


def audit_campaign(campaign: Campaign, shares: pl.DataFrame) -> list[Told]:
    """What an outsider can tell of the withheld shares of a campaign, the most exposed first."""
    questionnaire = questionnaire_of(campaign)
    registry = registry_of(campaign, questionnaire)
    base = {each.code: each.base for each in registry.indicators}
    cells = shares.filter(
        pl.col("population") == campaign.population,
        pl.col("edition") == str(campaign.edition),
        pl.col("indicator").is_in(list(base)),
    ).with_columns(
        base=pl.col("indicator").replace_strict(base, return_dtype=pl.String),
        rank=pl.col("status").replace_strict(RANK, return_dtype=pl.Int64),
    )
    return audit(
        cells,
        list(grounds(registry, questionnaire, campaign.root / REFERENCE)),
        families(registry.indicators, questionnaire),
        gate_spec(campaign.decisions.seuils).protection,
    )


def grounds(registry: Registry, questionnaire: Questionnaire, reference: Path) -> Iterator[Ground]:
    """What is public of the domains of each block: communes and their places, answers that cut."""
    cuts = domains(registry, questionnaire)
    roles = {cut.type: cut for cut in registry.domains}
    for block in domain_blocks(registry, questionnaire):
        if any(roles[name].frame in LEVELS for name in block):
            units = load_territories(reference).communes.select(LEVELS).unique(maintain_order=True)
        else:
            units = possible_units([roles[name] for name in block], registry, questionnaire)
        yield ground(units, [cut for cut in cuts if cut.domain_type in block])


def possible_units(
    cuts: Sequence[DomainDefinition], registry: Registry, questionnaire: Questionnaire
) -> pl.DataFrame:
    """Every combination of the answers, and of the columns of the frame, by which domains cut."""
    units = pl.DataFrame({"": [True]})
    for name in dict.fromkeys(name for cut in cuts for name in columns_of(cut, questionnaire)):
        if name in registry.places:
            codes = [*(code for code, _ in registry.places[name]), None]
        else:
            question = questionnaire.question(name)
            codes = [*(option.code for option in question.options), *SPECIAL_LABELS]
        units = units.join(pl.DataFrame({name: codes}, schema={name: pl.String}), how="cross")
    return units


def columns_of(cut: DomainDefinition, questionnaire: Questionnaire) -> list[str]:
    """The columns that a cut rests on, those behind its condition too, in a fixed order."""
    behind = sorted(questionnaire.questions_behind(parse(cut.condition)))
    return [name for name in (cut.by, cut.frame) if name] + behind


def told_faults(campaign: Campaign, found: Sequence[Told]) -> list[str]:
    """Why the site cannot be published: the withheld shares that an outsider can tell."""
    told = [cell for cell in found if cell.width < cell.need]
    lines = [
        f"{campaign.edition} · {campaign.population} : une part non diffusée se déduit des autres "
        f"({described(cell)}). Relancez observatoire estimer, puis publier."
        for cell in told[:NAMED]
    ]
    if len(told) > NAMED:
        lines.append(
            f"{campaign.edition} · {campaign.population} : … et "
            f"{counted(len(told) - NAMED, 'autre part')} qu’on peut déduire."
        )
    return lines


def audit_summary(campaign: Campaign, found: Sequence[Told]) -> str:
    """How many withheld shares were tried, and the secret ones that keep the least room."""
    secret = [cell for cell in found if cell.secret]
    text = (
        f"{campaign.edition} · {campaign.population} : {integer(len(found))} parts non diffusées, "
        f"dont {integer(len(secret))} secrètes, éprouvées comme le ferait un lecteur ; aucune "
        "ne se déduit."
    )
    narrow = [f"\n    {described(cell)}" for cell in secret[:NARROWEST]]
    return text + ("\n  Les moins larges :" + "".join(narrow) if narrow else "")


def described(cell: Told) -> str:
    """« emploi__recrute, organisme reg : connue à 20 points près »."""
    known = f"connue à {points_of(cell.width)} près"
    return f"{cell.indicator}, {cell.domain_type} {cell.domain} : {known}"


def points_of(width: float) -> str:
    """« 20 points »."""
    number = decimal(100 * width)
    return f"{number} point{'s' if 100 * width >= 2 else ''}"
