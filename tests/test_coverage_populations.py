"""The surveys of 2026 find the truth again: their own plan, response groups and calibration.

150 samples of each population, from the draw to the interval of the use of AI. The truth of the
residents is that of 400 000 witnesses, ten times better known than an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate
from analysis.design import SurveyDesign
from analysis.estimation import Domain, Target, estimate
from analysis.nonresponse import adjust_nonresponse, with_represented_sizes
from reports.computed import METHODS
from survey.campaign import Campaign, load_campaign
from survey.questionnaire import Questionnaire, load_questionnaire
from survey.reference import calibration_margins, load_reference, margin_columns
from survey.routing import parse, to_polars
from survey.sampling import draw_by_plan
from survey.simulation.answers import draw_answers
from survey.simulation.edition import with_territories
from survey.simulation.fieldwork import draw_outcomes
from survey.simulation.frames import COUNT, build_cells, draw_witnesses, list_units
from survey.simulation.model import SimulationModel, load_model, maturity
from survey.territories import load_territories

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data" / "reference"
TERRITORIES = load_territories(DATA)
REPLICATIONS = 150
WITNESSES = 400_000
USES = {"secteur_public": "utilisatrices", "associations": "utilisatrices"}
USES |= {"habitants": "utilisateurs"}
DOMAINS = (Domain("ensemble"), Domain("departement", ("departement",)))


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey and its frame, which lists its units with their use, or counts them."""

    campaign: Campaign
    model: SimulationModel
    questionnaire: Questionnaire
    margins: pl.DataFrame
    frame: pl.DataFrame
    truth: pl.DataFrame


def used(units: pl.DataFrame, model: SimulationModel, questionnaire: Questionnaire, seed: int):
    """Units with the places of their commune, and whether they use AI."""
    placed = with_territories(units, TERRITORIES)
    score = maturity(placed, model, 2026, seed)
    _, truth = draw_answers(placed, questionnaire, model, score, seed)
    uses = to_polars(parse(USES[model.population]), questionnaire)
    return placed.with_columns(truth.select(use=uses).to_series())


def survey_of(population: str) -> Survey:
    campaign = load_campaign(ROOT / "campaigns" / "2026" / population, ROOT)
    path = ROOT / "survey" / "instruments" / f"{population}.yml"
    whole = load_questionnaire(path, 2026)
    # use depends on the first questions only: the others would be drawn for nothing
    last = next(
        rank for rank, each in enumerate(whole.questions) if each.code in ("technologies", "iagen")
    )
    questionnaire = whole.model_copy(update={"questions": whole.questions[: last + 1]})
    model, reference = load_model(population), load_reference(DATA, population)
    cells = build_cells(population, reference, TERRITORIES)
    if model.temoins:
        frame, told = cells, draw_witnesses(cells, WITNESSES, seed=1)
    else:
        frame = told = list_units(cells, TERRITORIES, seed=1)
    truth = used(told, model, questionnaire, seed=1)
    if not model.temoins:
        frame = truth
    calibrated = campaign.decisions.redressement.calage
    margins = calibration_margins(reference.margins, tuple(calibrated))
    return Survey(campaign, model, questionnaire, margins, frame, truth)


def one_estimate(survey: Survey, seed: int) -> pl.DataFrame:
    decisions, model = survey.campaign.decisions, survey.model
    counts = COUNT if model.temoins else None
    sample = draw_by_plan(survey.frame, decisions.plan.sampling, seed, counts=counts)
    if model.temoins:
        sample = used(sample, model, survey.questionnaire, seed=1000 + seed)
    outcomes = margin_columns(
        draw_outcomes(sample, model, seed), decisions.redressement.calage
    ).with_columns(responded=pl.col("outcome") == "complet")
    groups = decisions.redressement.non_reponse
    adjusted = adjust_nonresponse(
        outcomes, groups.groupes, collapse=groups.regrouper, minimum=groups.minimum
    )
    spec = CalibrationSpec(METHODS[decisions.redressement.methode], decisions.redressement.bornes)
    respondents = with_represented_sizes(adjusted.filter("responded"))
    weighted = calibrate(respondents, survey.margins, spec).weighted
    design = SurveyDesign(
        weight="calibrated_weight",
        stratum="stratum",
        stratum_size="represented_size",
        calibration=tuple(decisions.redressement.calage),
        design_weight="nonresponse_weight",
    )
    asked = [Target("use", pl.col("use"))]
    return estimate(weighted, design, asked, DOMAINS, population=model.population, edition=2026)


@pytest.fixture(scope="module", params=sorted(USES))
def found(request) -> pl.DataFrame:
    """What the samples said of the use of AI, by domain, beside the truth."""
    survey = survey_of(request.param)
    estimates = pl.concat(one_estimate(survey, seed) for seed in range(REPLICATIONS))
    by_place = survey.truth.group_by(domain=pl.col("departement").cast(pl.String))
    truth = pl.concat(
        [
            survey.truth.select(domain=pl.lit("ensemble"), truth=pl.col("use").mean()),
            by_place.agg(truth=pl.col("use").mean()),
        ]
    )
    return (
        estimates.join(truth, on="domain")
        .group_by("domain", "truth")
        .agg(
            n_respondents=pl.col("n_respondents").mean(),
            covered=pl.col("truth").is_between("conf_low", "conf_high").mean(),
            mean_estimate=pl.col("estimate").mean(),
            spread=pl.col("estimate").std(),
        )
    )


def test_intervals_cover_the_truth_as_often_as_they_say(found):
    # Three and a half standard deviations of a share of 95 % over 150 replications: 0.062.
    assert found.height == 6
    off = found.filter(pl.col("covered") < 0.888)
    assert off.is_empty(), off
    assert 0.92 <= found["covered"].mean() <= 0.99


def test_estimates_are_unbiased(found):
    gap = (found["mean_estimate"] - found["truth"]).abs()
    allowed = 4 * found["spread"] / REPLICATIONS**0.5
    assert (gap <= allowed + 0.002).all(), found.with_columns(gap=gap, allowed=allowed)
