"""Replicates adjusted and calibrated one by one, read back, and contrasted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.calibration import calibrate
from analysis.calibration_spec import CalibrationSpec
from analysis.design import SurveyDesign
from analysis.estimation import Domain, Target, estimate
from analysis.nonresponse import adjust_nonresponse
from analysis.replicate_adjustment import readjust, recalibrate
from analysis.replicate_weights import ReplicateSet, ReplicationSpec, make_replicates
from analysis.replication import (
    as_columns,
    estimate_replicates,
    replicate_covariance,
    replicate_estimates,
    replicate_set,
)
from survey.errors import ConvergenceError, MarginError, SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
NAMES = {"population": "écoles", "edition": 1}
STRAT = SurveyDesign("pw", "stype", "fpc")
SPEC = CalibrationSpec("raking", weight="pw", tolerance=1e-12)
SHARE = Target("sch_wide", pl.col("sch_wide") == "Yes")
MEAN = Target("api00", pl.col("api00"), "mean")


@pytest.fixture(scope="module")
def schools() -> pl.DataFrame:
    return pl.read_csv(REFERENCE / "apistrat.csv").with_columns(
        responded=pl.int_range(pl.len()) % 4 > 0, q=1 + pl.col("enroll") / 1000
    )


@pytest.fixture(scope="module")
def margins() -> pl.DataFrame:
    return pl.read_csv(REFERENCE / "api_margins.csv").with_columns(pl.col("total").cast(float))


@pytest.fixture(scope="module")
def bootstrapped(schools) -> ReplicateSet:
    return make_replicates(schools, STRAT, ReplicationSpec("rao_wu", 30, seed=4))


def plain(error: pytest.ExceptionInfo) -> str:
    return str(error.value).replace("\u202f", " ").replace("\u00a0", " ")


def test_each_replicate_is_adjusted_as_the_sample_is(schools, bootstrapped):
    whole = adjust_nonresponse(schools, ("stype",), weight="pw")
    found = readjust(bootstrapped, whole)
    np.testing.assert_allclose(found.weight, whole["nonresponse_weight"], rtol=1e-12)
    for number in range(30):
        # a unit not drawn weighs nothing; `adjust_nonresponse` asks for positive weights
        drawn = bootstrapped.weights[:, number] > 0
        frame = schools.with_columns(pw=pl.Series(bootstrapped.weights[:, number]))
        one = adjust_nonresponse(frame.filter(pl.Series(drawn)), ("stype",), weight="pw")
        np.testing.assert_allclose(
            found.weights[drawn, number], one["nonresponse_weight"], rtol=1e-12
        )
        assert (found.weights[~drawn, number] == 0).all()


def test_a_group_silent_in_a_replicate_is_told(schools):
    one_heard = pl.when(pl.col("stype") == "H").then(pl.col("api00") == 717).otherwise(True)
    sample = schools.with_columns(responded=one_heard, response_group="stype")
    assert sample.filter(pl.col("stype") == "H")["responded"].sum() == 1
    jackknife = make_replicates(sample, STRAT, ReplicationSpec("jkn"))
    with pytest.raises(MarginError) as error:
        readjust(jackknife, sample)
    assert "plus aucun répondant dans H, pour 1 poids répliqué" in plain(error)


HOW = {
    "raking": SPEC,
    "linear": CalibrationSpec("linear", weight="pw", tolerance=1e-12),
    "logit": CalibrationSpec("logit", (0.4, 2.5), weight="pw", tolerance=1e-12),
    "truncated": CalibrationSpec("truncated", (0.5, 1.6), weight="pw", tolerance=1e-12),
    "clipped": CalibrationSpec("raking", (0.5, 1.7), weight="pw", tolerance=1e-12),
    "q": CalibrationSpec("raking", weight="pw", scale="q", tolerance=1e-12),
}


@pytest.mark.parametrize("name", HOW)
def test_each_replicate_is_calibrated_as_the_sample_is(name, schools, margins, bootstrapped):
    spec = HOW[name]
    found = recalibrate(bootstrapped, schools, margins, spec)
    whole = calibrate(schools, margins, spec).weighted["calibrated_weight"]
    np.testing.assert_allclose(found.weight, whole, rtol=1e-9)
    for number in range(30):
        drawn = bootstrapped.weights[:, number] > 0
        frame = schools.with_columns(pw=pl.Series(bootstrapped.weights[:, number]))
        one = calibrate(frame.filter(pl.Series(drawn)), margins, spec).weighted
        # both meet the margins to 1e-12; weights follow to a few hundred times that
        np.testing.assert_allclose(
            found.weights[drawn, number], one["calibrated_weight"], rtol=1e-9
        )
        assert (found.weights[~drawn, number] == 0).all()


def test_costs_and_numbers_are_replicated_too(schools, margins, bootstrapped):
    total = pl.DataFrame({"variable": ["api00"], "category": [None], "total": [4.1e6]})
    cost = pl.when(pl.col("variable") == "awards").then(5.0)
    mixed = pl.concat([margins, total.cast(dict(margins.schema))]).with_columns(cost=cost)
    found = recalibrate(bootstrapped, schools, mixed, SPEC)
    sums = schools["api00"].to_numpy() @ found.weights
    np.testing.assert_allclose(sums, 4.1e6, rtol=1e-10)
    frame = schools.with_columns(pw=pl.Series(bootstrapped.weights[:, 3]))
    drawn = bootstrapped.weights[:, 3] > 0
    one = calibrate(frame.filter(pl.Series(drawn)), mixed, SPEC).weighted["calibrated_weight"]
    np.testing.assert_allclose(found.weights[drawn, 3], one, rtol=1e-8)


def test_silent_rows_stay_at_zero_and_margins_are_met(schools, margins, bootstrapped):
    sample = adjust_nonresponse(schools, ("stype",), weight="pw")
    found = recalibrate(readjust(bootstrapped, sample), sample, margins, SPEC)
    assert (found.weights[~sample["responded"].to_numpy()] == 0).all()
    for variable, category, total in margins.rows():
        inside = (sample[variable] == category).to_numpy()
        np.testing.assert_allclose(found.weights[inside].sum(axis=0), total, rtol=1e-10)
        assert found.weight[inside].sum() == pytest.approx(total, rel=1e-10)
    shares = [Target(f"stype_{code}", pl.col("stype") == code) for code in "EHM"]
    cells = estimate_replicates(sample, found, shares, **NAMES)
    # the margins are known: what they tell has no error left but that of meeting them
    assert cells["std_error"].max() < 1e-10
    assert cells["n_respondents"].to_list() == [150, 150, 150]


def test_calibrated_replicates_are_near_the_residual_variance(schools, margins):
    replicates = make_replicates(schools, STRAT, ReplicationSpec("rao_wu", 2000, seed=1))
    found = recalibrate(replicates, schools, margins, SPEC)
    design = SurveyDesign(
        "calibrated_weight",
        "stype",
        "fpc",
        calibration=("stype", "sch_wide", "awards"),
        design_weight="pw",
    )
    weighted = calibrate(schools, margins, SPEC).weighted
    linear = estimate(weighted, design, [MEAN], **NAMES)["std_error"][0]
    error = estimate_replicates(schools, found, [MEAN], **NAMES)["std_error"][0]
    # noise of 2 000 replicates: 1 / sqrt(4 000) = 1.6 % of the error, four times over; and what
    # linearisation neglects, of the order of margins / respondents = 3 %
    assert error == pytest.approx(linear, rel=4 * 0.016 + 0.03)


def test_a_replicate_without_a_category_is_told(schools, margins):
    rare = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("X")).otherwise("stype")
    frame = schools.with_columns(kind=rare)
    totals = pl.DataFrame(
        {"variable": ["kind"] * 4, "category": list("EHMX"), "total": [4400.0, 755, 1018, 21]}
    )
    jackknife = make_replicates(frame, STRAT, ReplicationSpec("jkn"))
    with pytest.raises(ConvergenceError) as error:
        recalibrate(jackknife, frame, totals, SPEC)
    assert "1 sur 200 n’atteignent pas les marges" in plain(error)
    assert "plus aucun répondant pour « kind » = X" in plain(error)


def test_a_replicate_without_any_weight_is_told(schools, margins, bootstrapped):
    weights = bootstrapped.weights.copy()
    weights[:, 6] = 0
    emptied = replace(bootstrapped, weights=weights)
    for spec in (SPEC, HOW["linear"], HOW["logit"]):
        with pytest.raises(ConvergenceError) as error:
            recalibrate(emptied, schools, margins, spec)
        assert "1 sur 30" in plain(error) and "n° 7" in plain(error)
    cells = replicate_estimates(schools, emptied, [MEAN], **NAMES)
    assert cells.absent.tolist() == [1]
    assert cells.cells["std_error"][0] > 0


def test_margins_far_from_the_sample_are_met_by_the_careful_solver(schools, margins, bootstrapped):
    far = margins.with_columns(
        total=pl.when(pl.col("category") == "E")
        .then(1.0)
        .when(pl.col("variable") == "stype")
        .then("total")
        .when(pl.col("category") == "No")
        .then(pl.lit(60.0))
    )
    far = far.filter(pl.col("variable").is_in(["stype", "awards"]))
    size = far.filter(pl.col("variable") == "stype")["total"].sum()
    far = far.with_columns(total=pl.col("total").fill_null(size - 60))
    found = recalibrate(bootstrapped, schools, far, SPEC)
    none = schools["awards"].to_numpy() == "No"
    np.testing.assert_allclose(found.weights[none].sum(axis=0), 60, rtol=1e-9)


def test_bounds_too_tight_for_some_replicates_are_told(schools, margins, bootstrapped):
    tight = CalibrationSpec("logit", (0.79, 1.1), weight="pw")
    calibrate(schools, margins, tight)  # the sample itself can
    with pytest.raises(ConvergenceError) as error:
        recalibrate(bootstrapped, schools, margins, tight)
    assert "sur 30 n’atteignent pas les marges. La première (n° " in plain(error)
    assert "bornes" in plain(error)


def test_margins_out_of_reach_of_the_sample_are_told_as_by_calibrate(
    schools, margins, bootstrapped
):
    tight = CalibrationSpec("logit", (0.99, 1.01), weight="pw")
    with pytest.raises(ConvergenceError) as ours:
        recalibrate(bootstrapped, schools, margins, tight)
    with pytest.raises(ConvergenceError) as theirs:
        calibrate(schools, margins, tight)
    assert str(ours.value) == str(theirs.value)


def test_replicates_are_exported_and_read_back(schools, bootstrapped):
    frame, described = as_columns(bootstrapped, schools, weight="pw")
    assert described.columns[0] == "rep_01"
    design = SurveyDesign("pw", replicates=described)
    domains = [Domain("stype", ("stype",))]
    before = estimate_replicates(schools, bootstrapped, [SHARE, MEAN], domains, **NAMES)
    assert estimate_replicates(frame, design, [SHARE, MEAN], domains, **NAMES).equals(before)
    with pytest.raises(SurveyError, match="rep_01"):
        as_columns(bootstrapped, frame)
    with pytest.raises(SurveyError, match=r"vide.*rep_03"):
        replicate_set(frame.with_columns(rep_03=pl.lit(None, float)), design)
    with pytest.raises(SurveyError, match="rep_07"):
        replicate_set(frame.drop("rep_07"), design)
    with pytest.raises(SurveyError, match="199"):
        estimate_replicates(schools[1:], bootstrapped, [SHARE], **NAMES)
    with pytest.raises(SurveyError, match="make_replicates"):
        estimate_replicates(schools, STRAT, [SHARE], **NAMES)


def test_a_contrast_has_its_error(schools, bootstrapped):
    found = replicate_estimates(
        schools, bootstrapped, [MEAN, SHARE], [Domain("stype", ("stype",))], **NAMES
    )
    assert found.values.shape == (30, 6)
    covariance = replicate_covariance(found)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), found.cells["std_error"], rtol=1e-12)
    contrast = found.values[:, 0] - found.values[:, 2]
    spread = ((contrast - contrast.mean()) ** 2).sum() * bootstrapped.scale
    ends = covariance[0, 0] + covariance[2, 2] - 2 * covariance[0, 2]
    assert ends == pytest.approx(spread, rel=1e-10)


def test_a_replicate_that_empties_a_domain_is_counted_apart(schools):
    jackknife = make_replicates(schools, STRAT, ReplicationSpec("jkn"))
    one = Domain("un", pl.int_range(pl.len()) == 0)
    found = replicate_estimates(schools, jackknife, [MEAN, SHARE], [one], **NAMES)
    assert found.absent.tolist() == [1, 1]
    cells = found.cells
    assert cells["df"].to_list() == [0, 0]
    assert cells["conf_low"].null_count() == 2
    none = Domain("aucun", pl.col("stype") == "Z")
    empty = replicate_estimates(schools, jackknife, [MEAN], [one, none], **NAMES)
    assert empty.cells.select("estimate", "std_error", "conf_low").row(1) == (None,) * 3
    assert np.isnan(replicate_covariance(empty)).tolist() == [[False, True], [True, True]]


def test_a_share_of_one_is_exact_and_nobody_is_left_with_a_nan(schools, bootstrapped):
    frame = schools.with_columns(always=True, never=False)
    targets = [Target("always", pl.col("always")), Target("never", pl.col("never")), MEAN]
    cells = estimate_replicates(
        frame, bootstrapped, targets, [Domain("stype", ("stype",))], **NAMES
    )
    assert cells["std_error"][:6].to_list() == [0.0] * 6
    assert cells["estimate"][:6].to_list() == [1.0] * 3 + [0.0] * 3
    assert (cells["conf_low"][:3] < 1).all() and (cells["conf_high"][:3] == 1).all()
    numbers = cells.select(pl.col(pl.Float64).is_nan().any())
    assert not any(numbers.row(0))


def test_degrees_of_freedom_given_are_kept(schools, bootstrapped):
    frame, described = as_columns(bootstrapped, schools, weight="pw")
    design = SurveyDesign("pw", replicates=replace(described, df=7))
    cells = estimate_replicates(frame, design, [MEAN], [Domain("stype", ("stype",))], **NAMES)
    assert cells["df"].to_list() == [7, 7, 7]
