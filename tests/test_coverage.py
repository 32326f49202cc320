"""A 95 % interval covers the truth about 95 times in 100, through the whole statistical way.

Sample, non-response that depends on size and sector, response groups, raking, estimation: repeated
on a simulated population of two départements whose true shares, means, ratios and medians are
known. The same samples are estimated in three ways: as published (respondents taken for the draw),
in two phases (the silent counted), and in two phases as if the weights were not calibrated.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.calibration import rake
from analysis.design import SurveyDesign
from analysis.disclosure import GateSpec
from analysis.estimation import Domain, Target, estimate
from analysis.nonresponse import adjust_nonresponse, with_represented_sizes
from survey.questionnaire import load_questionnaire
from survey.reference import Reference, calibration_margins, load_reference, margin_columns
from survey.routing import parse, to_polars
from survey.sampling import allocate, draw_sample, stratify, stratum_totals
from survey.simulation.answers import draw_answers
from survey.simulation.edition import true_share, with_territories
from survey.simulation.fieldwork import draw_outcomes
from survey.simulation.frames import build_cells, list_units
from survey.simulation.model import load_model, maturity
from survey.territories import load_territories

ROOT = Path(__file__).parents[1]
REPLICATIONS = 200
GATE = GateSpec()  # no interval is promised for a cell that would be withheld
SAMPLE_SIZE = 1800
CROSSED = {
    "departement_secteur": ("departement", "secteur_marge"),
    "departement_taille": ("departement", "taille_marge"),
}
MARGINS = tuple(CROSSED)
STRATA = (("departement", "secteur", "taille"), ("secteur", "taille"), ("taille",))
DESIGN = SurveyDesign(
    weight="calibrated_weight",
    stratum="stratum",
    stratum_size="represented_size",
    calibration=MARGINS,
    design_weight="nonresponse_weight",
)
TWO_PHASE = replace(
    DESIGN,
    stratum_size="stratum_size",
    responded="responded",
    response_group="response_group",
)
UNCALIBRATED = replace(TWO_PHASE, calibration=(), design_weight=None)
SMALLEST_STAFF = {"0": 1, "1-9": 1, "10-49": 10, "50-249": 50, "250+": 250}
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


def with_staff(population: pl.DataFrame) -> pl.DataFrame:
    """A number of each unit, skewed within its size, and that number where it uses AI."""
    smallest = population["taille"].cast(pl.String).replace_strict(SMALLEST_STAFF).to_numpy()
    spread = np.random.default_rng(1).gamma(1.5, 1, population.height)
    return population.with_columns(staff=pl.Series(smallest * (1 + spread)))


def amounts(usage: pl.Expr) -> list[Target]:
    staff = pl.col("staff")
    return [
        Target("moyenne", staff, "mean"),
        Target("effectif", staff, "total"),
        Target("effectif des utilisatrices", usage * staff, "ratio", denominator=staff),
        Target("mediane", staff, "quantile", order=0.5),
    ]


def one_estimate(population, allocation, margins, wanted, model, seed: int) -> pl.DataFrame:
    sample = draw_outcomes(draw_sample(population, allocation, seed), model, seed)
    adjusted = adjust_nonresponse(
        sample.with_columns(responded=pl.col("outcome") == "complet"),
        ("taille", "secteur_marge"),
        collapse=("secteur_marge",),
        minimum=10,
    )
    weighted = rake(with_represented_sizes(adjusted.filter("responded")), margins)
    silent = adjusted.filter(~pl.col("responded")).with_columns(calibrated_weight=pl.lit(0.0))
    whole = pl.concat([weighted, silent], how="diagonal")
    means = [target for target in wanted if target.statistic == "mean"]
    ways = (
        ("published", weighted, DESIGN, wanted),
        ("two phases", whole, TWO_PHASE, wanted),
        ("uncalibrated", whole, UNCALIBRATED, means),
    )
    return pl.concat(
        estimate(
            frame, design, asked, DOMAINS, population="entreprises", edition=2025
        ).with_columns(way=pl.lit(way))
        for way, frame, design, asked in ways
    )


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
                "truth": true_value(population.filter(belongs), target),
            }
            for target in wanted
            for domain, belongs in cells
        ]
    )


def true_value(population: pl.DataFrame, target: Target) -> float:
    if target.statistic == "share":
        return true_share(population, target.value, target.base)
    value = target.value.cast(pl.Float64)
    form = {
        "mean": value.mean(),
        "total": value.sum(),
        "quantile": value.median(),
        "ratio": value.sum() / target.denominator.sum() if target.statistic == "ratio" else None,
    }[target.statistic]
    return population.select(form).item()


@pytest.fixture(scope="module")
def replications() -> pl.DataFrame:
    """One row by way, indicator and domain: what 200 samples said, and the truth."""
    reference, model = two_departements(), load_model("entreprises")
    territories = load_territories(ROOT / "data" / "reference")
    questionnaire = load_questionnaire(ROOT / "survey" / "instruments" / "entreprises.yml", 2025)
    listed = list_units(build_cells("entreprises", reference, territories), territories, seed=1)
    frame = with_territories(listed, territories)
    score = maturity(frame, model, 2025, seed=1)
    _, truth = draw_answers(frame, questionnaire, model, score, seed=1)
    own = [name for name in frame.columns if name not in truth.columns]
    stratified = stratify(frame.select(own).hstack(truth), STRATA, smallest=60)
    population = with_staff(margin_columns(stratified, CROSSED))
    largest = population.filter(pl.col("taille") == "250+")["stratum"]
    allocation = allocate(
        stratum_totals(population), SAMPLE_SIZE, minimum=25, certainty=set(largest), power=0.6
    )
    margins, shares = calibration_margins(reference.margins, MARGINS), targets(questionnaire)
    wanted = shares + amounts(shares[0].value.cast(pl.Float64))
    estimates = pl.concat(
        one_estimate(population, allocation, margins, wanted, model, seed)
        for seed in range(REPLICATIONS)
    )
    return (
        estimates.join(true_values(population, wanted), on=["indicator", "domain"])
        .group_by("way", "statistic", "indicator", "domain", "truth")
        .agg(
            replications=pl.len(),
            n_respondents=pl.col("n_respondents").mean(),
            half_width=((pl.col("conf_high") - pl.col("conf_low")) / 2).mean(),
            covered=pl.col("truth").is_between("conf_low", "conf_high").mean(),
            mean_estimate=pl.col("estimate").mean(),
            spread=pl.col("estimate").std(),
            error=pl.col("std_error").mean(),
        )
        .sort("way", "indicator", "domain")
    )


@pytest.fixture(scope="module", params=["published", "two phases"])
def coverage(request, replications) -> pl.DataFrame:
    """The shares that would be published, in one of the ways."""
    return replications.filter(
        pl.col("way") == request.param,
        pl.col("statistic") == "share",
        pl.col("n_respondents") >= GATE.min_respondents,
        pl.col("half_width") <= GATE.max_half_width,
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


def staff(replications: pl.DataFrame, way: str) -> pl.DataFrame:
    """Amounts of the domains of 200 respondents or more: their intervals are symmetric."""
    return replications.filter(
        pl.col("way") == way, pl.col("statistic") != "share", pl.col("n_respondents") >= 200
    )


def test_intervals_of_amounts_cover_the_truth(replications):
    # Each cell as for shares. Cells of a statistic share their samples, which leaves the mean of
    # its five domains a standard deviation near that of one, 0.015: three of them.
    found = staff(replications, "two phases")
    assert found.height == 20
    off = found.filter(pl.col("covered") < 0.895)
    assert off.is_empty(), off
    means = found.group_by("statistic").agg(pl.col("covered").mean())
    assert means["covered"].is_between(0.905, 0.99).all(), means


def gap(replications: pl.DataFrame, way: str) -> float:
    """Mean standard error of the mean over the spread of its estimates, over the domains, less 1.

    The spread of 200 estimates is known within 1 / sqrt(400) = 5 %; the three ways share it.
    """
    means = staff(replications, way).filter(pl.col("statistic") == "mean")
    return (means["error"] / means["spread"]).mean() - 1


def test_two_phases_see_the_error_that_silence_adds(replications):
    # Response differs within strata: taking respondents for the draw misses a tenth of the error.
    naive, right = gap(replications, "published"), gap(replications, "two phases")
    assert naive < -0.05
    assert abs(right) < 0.10 and abs(right) < abs(naive)


def test_calibration_takes_from_the_error_what_it_takes_from_the_estimate(replications):
    ignored, right = gap(replications, "uncalibrated"), gap(replications, "two phases")
    assert ignored > right + 0.03 and abs(right) < abs(ignored)
