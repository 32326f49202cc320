"""A 95 % interval covers the truth about 95 times in 100, through the whole statistical way.

Sample, non-response that depends on size and sector, response groups, raking, estimation: repeated
on a simulated population of two départements whose true shares are known.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from analysis.calibration import rake
from analysis.design import SurveyDesign
from analysis.disclosure import GateSpec
from analysis.estimation import Domain, Target, estimate
from analysis.nonresponse import adjust_nonresponse
from survey.questionnaire import load_questionnaire
from survey.reference import Reference, calibration_margins, load_reference, margin_columns
from survey.routing import parse, to_polars
from survey.sampling import allocate, draw_sample, stratify, stratum_totals
from survey.simulation import STRATA, true_share
from survey.simulation_answers import draw_answers
from survey.simulation_fieldwork import draw_outcomes
from survey.simulation_frame import build_frame
from survey.simulation_model import load_model, maturity

ROOT = Path(__file__).parents[1]
REPLICATIONS = 200
GATE = GateSpec()  # no interval is promised for a cell that would be withheld
SAMPLE_SIZE = 1800
MARGINS = ("departement_secteur", "departement_taille")
DESIGN = SurveyDesign(
    weight="calibrated_weight",
    stratum="stratum",
    stratum_size="stratum_size",
    calibration=MARGINS,
    design_weight="nonresponse_weight",
)
DOMAINS = (
    Domain("ensemble"),
    Domain("taille", ("taille_marge",)),
    Domain("departement", ("departement",)),
)


def two_departements() -> Reference:
    reference = load_reference(ROOT / "data" / "reference")
    kept = reference.region.departements[2:4]
    codes = [departement.code for departement in kept]
    return replace(
        reference,
        region=replace(reference.region, departements=kept),
        margins=reference.margins.filter(pl.col("modalite").str.slice(0, 2).is_in(codes)),
    )


def targets(questionnaire) -> list[Target]:
    def condition(text: str) -> pl.Expr:
        return to_polars(parse(text), questionnaire)

    return [
        Target("usage", condition("utilisatrices")),
        Target("filtre", condition("embarquee has spam")),
        Target("cadre", condition("cadre has aucune"), base=condition("connectees")),
        Target("gain", condition("gains.temps = observe"), base=condition("utilisatrices")),
    ]


def one_estimate(population, allocation, margins, wanted, model, seed: int) -> pl.DataFrame:
    sample = draw_outcomes(draw_sample(population, allocation, seed), model, seed)
    adjusted = adjust_nonresponse(
        sample.with_columns(responded=pl.col("outcome") == "complet"),
        ("taille", "secteur_marge"),
        collapse=("secteur_marge",),
        minimum=10,
    )
    weighted = rake(adjusted.filter("responded"), margins)
    return estimate(weighted, DESIGN, wanted, DOMAINS, population="entreprises", edition=2025)


def true_values(population: pl.DataFrame, wanted: list[Target]) -> pl.DataFrame:
    cells = [("ensemble", pl.lit(True))]
    for name in ("taille_marge", "departement"):
        codes = population[name].cast(pl.String).unique()
        cells += [(code, pl.col(name).cast(pl.String) == code) for code in codes]
    return pl.DataFrame(
        [
            {
                "indicator": target.indicator,
                "domain": domain,
                "truth": true_share(population.filter(belongs), target.value, target.base),
            }
            for target in wanted
            for domain, belongs in cells
        ]
    )


@pytest.fixture(scope="module")
def coverage() -> pl.DataFrame:
    reference, model = two_departements(), load_model()
    questionnaire = load_questionnaire(ROOT / "survey" / "instruments" / "entreprises.yml", 2025)
    frame = build_frame(reference, seed=1)
    score = maturity(frame, model, 2025, seed=1)
    _, truth = draw_answers(frame, questionnaire, model, score, seed=1)
    own = [name for name in frame.columns if name not in truth.columns]
    population = margin_columns(stratify(frame.select(own).hstack(truth), STRATA, smallest=60))
    largest = population.filter(pl.col("taille") == "250+")["stratum"]
    allocation = allocate(
        stratum_totals(population), SAMPLE_SIZE, minimum=25, certainty=set(largest), power=0.6
    )
    wanted, margins = targets(questionnaire), calibration_margins(reference.margins, MARGINS)
    estimates = pl.concat(
        one_estimate(population, allocation, margins, wanted, model, seed)
        for seed in range(REPLICATIONS)
    )
    return (
        estimates.join(true_values(population, wanted), on=["indicator", "domain"])
        .group_by("indicator", "domain", "truth")
        .agg(
            replications=pl.len(),
            n_respondents=pl.col("n_respondents").mean(),
            half_width=((pl.col("conf_high") - pl.col("conf_low")) / 2).mean(),
            covered=pl.col("truth").is_between("conf_low", "conf_high").mean(),
            mean_estimate=pl.col("estimate").mean(),
            spread=pl.col("estimate").std(),
        )
        .filter(
            pl.col("n_respondents") >= GATE.min_respondents,
            pl.col("half_width") <= GATE.max_half_width,
        )
        .sort("indicator", "domain")
    )


def test_intervals_cover_the_truth_as_often_as_they_say(coverage):
    # Three and a half standard deviations of a share of 95 % over 200 replications: 0.055.
    assert coverage.height >= 15
    assert coverage["replications"].to_list() == [REPLICATIONS] * coverage.height
    off = coverage.filter(pl.col("covered") < 0.895)
    assert off.is_empty(), off
    assert 0.93 <= coverage["covered"].mean() <= 0.975


def test_estimates_are_unbiased(coverage):
    # The mean of the replications stands within four standard errors of the truth.
    gap = (coverage["mean_estimate"] - coverage["truth"]).abs()
    allowed = 4 * coverage["spread"] / REPLICATIONS**0.5
    assert (gap <= allowed + 0.002).all(), coverage.with_columns(gap=gap, allowed=allowed)
