"""Any survey file that carries its weights, read through a few lines of `campaign.yml`.

The same estimator and the same gate as the observatory's own surveys; no questionnaire is needed.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from analysis.checks import require_columns
from analysis.design import SurveyDesign
from analysis.disclosure import GateSpec, apply_gate, assert_gated, domain_membership
from analysis.estimation import Domain, Target, estimate
from analysis.indicators import PUBLISHED
from analysis.outsider import Protection
from reports.manifest import write_manifest
from reports.survey_file import as_number, read_survey_file
from survey.campaign import Campaign, TargetSpec, Thresholds
from survey.files import write_parquet

WHOLE = "ensemble"


def estimate_file(campaign: Campaign) -> pl.DataFrame:
    """Estimate the targets of a described file; write and return what passed the gate.

    `estimations.parquet` goes to the campaign's private folder, `published.parquet` and its
    manifest to the build folder. A share has one indicator per value of its variable,
    `<variable>__<value>`.

    Raises
    ------
    SurveyError : file or column missing, text where a number is needed, weight missing
    """
    decisions = campaign.decisions
    source = campaign.resolve(decisions.donnees)
    rows = read_survey_file(source)
    plan = decisions.plan
    named = [name for name in (plan.poids, plan.strates, plan.fpc) if name]
    require_columns(rows, named, "campaign.yml, plan")
    require_columns(rows, [each.variable for each in decisions.cibles], "campaign.yml, cibles")
    rows = rows.with_columns(
        as_number(rows, name, source, required=True) for name in (plan.poids, plan.fpc) if name
    )
    design = SurveyDesign(weight=plan.poids, stratum=plan.strates, stratum_size=plan.fpc)
    cuts = [domain_of(name, rows) for name in decisions.domaines]
    wanted, groups = [], []
    for target in decisions.cibles:
        made = targets_of(target, rows, source)
        wanted += made
        if target.statistique == "proportion":
            groups.append([each.indicator for each in made])
    estimates = estimate(
        rows, design, wanted, cuts, population=campaign.population, edition=campaign.edition
    )
    published = apply_gate(
        estimates,
        gate_spec(decisions.seuils),
        membership=domain_membership(rows, cuts),
        exclusive=groups,
    )
    assert_gated(published)
    published = published.with_columns(label=pl.format("{} : {}", "indicator", "domain"))
    write_parquet(estimates, campaign.private / "estimations.parquet", simulated=decisions.simulee)
    write_parquet(published, campaign.build / "published.parquet", simulated=decisions.simulee)
    write_manifest(campaign, [source], [campaign.build / "published.parquet"])
    return published


def targets_of(target: TargetSpec, rows: pl.DataFrame, source: Path) -> list[Target]:
    """The targets of one line of `cibles`."""
    column = pl.col(target.variable)
    if target.statistique != "proportion":
        statistic = {"moyenne": "mean", "total": "total"}[target.statistique]
        return [Target(target.variable, as_number(rows, target.variable, source), statistic)]
    values = rows[target.variable].drop_nulls().unique().sort().to_list()
    return [
        Target(f"{target.variable}__{value}", column == value, interval=PUBLISHED)
        for value in values
    ]


def domain_of(name: str | tuple[str, ...], rows: pl.DataFrame) -> Domain:
    """`ensemble`, a column, or several columns crossed."""
    if name == WHOLE:
        return Domain(WHOLE)
    columns = (name,) if isinstance(name, str) else name
    require_columns(rows, columns, "campaign.yml, domaines")
    return Domain(" x ".join(columns), columns)


def gate_spec(thresholds: Thresholds) -> GateSpec:
    """The campaign's decisions as the rule of the gate."""
    return GateSpec(
        secret_below=thresholds.secret,
        min_respondents=thresholds.repondants,
        max_half_width=thresholds.demi_intervalle,
        fragile_respondents=thresholds.repondants_fragile,
        fragile_half_width=thresholds.demi_intervalle_fragile,
        max_cv=thresholds.cv,
        fragile_cv=thresholds.cv_fragile,
        fragile_relative_width=thresholds.largeur_relative_fragile,
        precise_width=thresholds.largeur_sure,
        protection=Protection(secret=thresholds.protection),
        dominance=thresholds.dominance,
    )
