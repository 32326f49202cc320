"""When margins cannot be met: why, and what would work, checked by doing it."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.calibration import CalibrationSpec, calibrate, tightest_bounds
from analysis.calibration_bounds import shortfalls
from analysis.calibration_conflict import conflict, possible
from analysis.calibration_diagnosis import approached
from analysis.calibration_problem import calibration_problem
from survey.errors import ConvergenceError, MarginError, SurveyError
from tests.margins import margins, text

FEW = settings(max_examples=25)
SIZES = ["0", "1-9", "10-49", "50-249", "250+"]


def firms() -> pl.DataFrame:
    """Four hundred firms; those of 250 or more are all of sector F."""
    rng = np.random.default_rng(3)
    n = 400
    frame = pl.DataFrame(
        {
            "taille": rng.choice(SIZES, n, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
            "secteur": rng.choice(list("ABCDEF"), n),
            "zone": rng.choice(["N", "S", "E"], n),
            "nonresponse_weight": rng.uniform(5, 20, n),
        }
    )
    large = pl.col("taille") == "250+"
    return frame.with_columns(secteur=pl.when(large).then(pl.lit("F")).otherwise("secteur"))


FIRMS = firms()
CONTRADICTING = margins(
    taille=dict(zip(SIZES, [2000, 1500, 500, 200, 800], strict=True)),
    secteur=dict(zip("ABCDEF", [1000, 1000, 900, 900, 700, 500], strict=True)),
    zone={"N": 3000, "S": 1000, "E": 1000},
)


def failure(spec, wanted=CONTRADICTING, rows=FIRMS) -> str:
    with pytest.raises(ConvergenceError) as error:
        calibrate(rows, wanted, spec)
    return text(error)


@pytest.mark.parametrize(
    "spec",
    [CalibrationSpec(), CalibrationSpec("logit", (0.2, 5.0)), CalibrationSpec("raking", (0, 9))],
)
def test_contradicting_margins_are_named_with_their_limits(spec):
    message = failure(spec)
    assert "Ces marges se contredisent" in message
    assert "« taille » = 250+ (total 800), « secteur » = F (total 500)." in message
    assert "« taille » = 250+ vaut au plus 500 (visé 800)" in message
    assert "Seuls des poids négatifs ou nuls les tiendraient" in message
    assert "regrouper « taille » = 250+ et 50-249 ; ou retirer la marge « taille »" in message


def test_the_remedies_do_work():
    joined = pl.col("taille").replace({"250+": "50+", "50-249": "50+"})
    merged = margins(taille={"0": 2000, "1-9": 1500, "10-49": 500, "50+": 1000})
    others = CONTRADICTING.filter(pl.col("variable") != "taille")
    calibrate(FIRMS.with_columns(joined), pl.concat([merged, others]))
    calibrate(FIRMS, others)
    costly = CONTRADICTING.with_columns(cost=pl.when(pl.col("variable") == "taille").then(5.0))
    got = calibrate(FIRMS, costly).margins
    assert got.filter(pl.col("category") == "250+")["gap"].item() < -0.37  # 500 of 800 at most
    calibrate(FIRMS, CONTRADICTING, CalibrationSpec("linear"))


def test_margins_that_contradict_even_linear_weights():
    apart = pl.DataFrame({"a": ["0", "1"], "b": ["A", "B"], "nonresponse_weight": [1.0, 1.0]})
    wanted = margins(a={"0": 8, "1": 12}, b={"A": 5, "B": 15})
    message = failure(CalibrationSpec("linear"), wanted, apart)
    assert "« a » = 1 (total 12), « b » = B (total 15)" in message
    assert "négatifs" not in message
    assert message.startswith("Calage : marges non atteintes en 1 étape.")  # the proof stops it


def test_a_total_out_of_reach_of_the_variable_alone():
    rows = FIRMS.with_columns(age=pl.int_range(pl.len()) % 40)
    few = margins(zone={"N": 3000, "S": 1000, "E": 1000}, age=5000 * 50)
    message = failure(CalibrationSpec(), few, rows)
    assert "« age » (total 250 000)" in message
    assert "« zone » = N (total 3 000)" in message
    assert "retirer la marge « zone »" in message


NARROW = margins(
    taille=dict(zip(SIZES, [2000, 1500, 500, 200, 300], strict=True)),
    zone={"N": 3000, "S": 750, "E": 750},
)


@pytest.mark.parametrize("method", ["logit", "truncated", "raking"])
def test_bounds_too_tight_come_with_those_that_would_do(method):
    message = failure(CalibrationSpec(method, (0.9, 1.1)), NARROW)
    found = re.search(
        r"les plus étroites qui tiennent ces marges sont \((\S+) ; ([^)]+)\)", message
    )
    lower, upper = (float(number.replace(",", ".")) for number in found.groups())
    assert "Les bornes (0,90 ; 1,10) sont trop serrées" in message
    assert ("« logit » en demande un peu plus" in message) == (method == "logit")
    least = tightest_bounds(FIRMS, NARROW)
    assert (lower, upper) == (np.floor(100 * least[0]) / 100, np.ceil(100 * least[1]) / 100)
    room = 0.02 if method == "logit" else 0.0
    spec = CalibrationSpec(method, (lower - room, upper + room))
    assert calibrate(FIRMS, NARROW, spec).margins["gap"].abs().max() < 2e-9


@FEW
@given(seed=st.integers(0, 10_000))
def test_tightest_bounds_are_enough_and_no_tighter_ones_are(seed):
    rng = np.random.default_rng(seed)
    totals = rng.uniform(300, 900, 6)
    wanted = margins(
        secteur=dict(zip("ABCDEF", totals, strict=True)),
        zone=dict(zip("NSE", totals.sum() * rng.dirichlet([8, 8, 8]), strict=True)),
    )
    lower, upper = tightest_bounds(FIRMS, wanted)
    assert lower <= 1 <= upper
    wide = CalibrationSpec("truncated", (lower - 1e-4, upper + 1e-4))
    assert calibrate(FIRMS, wanted, wide).margins["gap"].abs().max() < 2e-9
    inside = (lower + 0.02 * (upper - lower), upper - 0.02 * (upper - lower))
    if inside[0] < 1 < inside[1]:
        failure(CalibrationSpec("truncated", inside), wanted)


def test_tightest_bounds_of_impossible_margins_say_why():
    with pytest.raises(ConvergenceError) as error:
        tightest_bounds(FIRMS, CONTRADICTING)
    assert text(error).startswith("Calage impossible. Ces marges se contredisent.")
    assert "« taille » = 250+" in text(error)
    lower, _ = tightest_bounds(FIRMS, CONTRADICTING, CalibrationSpec("linear"))
    assert lower < 0


def test_a_search_cut_short_says_that_weights_exist():
    message = failure(CalibrationSpec(max_steps=1), NARROW)
    assert "en 1 étape." in message and "près existent pourtant" in message


def test_margins_with_a_cost_contradict_nothing():
    costly = CONTRADICTING.with_columns(cost=10.0)
    for spec in (CalibrationSpec(), CalibrationSpec("truncated", (0.9, 1.1))):
        got = calibrate(FIRMS, costly, spec)
        assert got.margins["gap"].abs().max() > 0.01  # said, not hidden
    apart = pl.concat(
        [CONTRADICTING.with_columns(cost=10.0), margins(autre={"x": 1.0}).with_columns(cost=None)],
        how="vertical_relaxed",
    )
    assert calibrate(
        FIRMS.with_columns(autre=pl.lit("x")), apart
    ).summary.sum_after == pytest.approx(1)


@FEW
@given(seed=st.integers(0, 10_000))
def test_newton_and_the_linear_programme_agree_on_what_is_possible(seed):
    rng = np.random.default_rng(seed)
    totals = rng.uniform(300, 900, 6)
    wanted = margins(
        secteur=dict(zip("ABCDEF", totals, strict=True)),
        zone=dict(zip("NSE", totals.sum() * rng.dirichlet([8, 8, 8]), strict=True)),
    )
    problem = calibration_problem(FIRMS, wanted, CalibrationSpec())
    limits = (rng.uniform(0, 0.9), rng.uniform(1.1, 3))
    assert possible(problem, limits) == (not shortfalls(problem, limits).any())


def test_large_problems_get_wider_bounds_in_the_same_ratio(monkeypatch):
    monkeypatch.setattr("analysis.calibration_diagnosis.LARGE", 0)
    message = failure(CalibrationSpec("truncated", (0.9, 1.1)), NARROW)
    found = re.search(
        r"élargies dans le même rapport, celles-ci suffisent : \((\S+) ; ([^)]+)\)", message
    )
    lower, upper = (float(number.replace(",", ".")) for number in found.groups())
    assert 1 - lower == pytest.approx(upper - 1, abs=0.011)
    assert calibrate(FIRMS, NARROW, CalibrationSpec("truncated", (lower, upper))).summary.steps
    failure(CalibrationSpec("truncated", (lower + 0.02, upper - 0.02)), NARROW)


def test_a_diagnosis_cut_short_does_not_claim_more_than_it_tried(monkeypatch):
    monkeypatch.setattr("analysis.calibration_conflict.EFFORT", 0)
    message = failure(CalibrationSpec())
    assert "Ne peuvent être tenues ensemble" in message and "et 6 autres" in message
    assert "Le reste tenu" not in message  # not known: some of the eleven may not be needed


@FEW
@given(seed=st.integers(0, 10_000))
def test_remedies_hold_within_the_bounds_asked_for(seed):
    rng = np.random.default_rng(seed)
    rows = pl.DataFrame(
        {name: rng.choice(list("xyz"), 12) for name in "abc"} | {"w": rng.uniform(1, 3, 12)}
    )
    wanted = margins(
        **{
            name: dict(zip(present, 24 * rng.dirichlet(np.full(len(present), 2)), strict=True))
            for name in "abc"
            for present in [rows[name].unique().sort().to_list()]
        }
    )
    bounds = (0.4, 2.2)
    spec = CalibrationSpec("truncated", bounds, weight="w", max_steps=200)
    try:
        calibrate(rows, wanted, spec)
    except ConvergenceError as error:
        message = str(error)
    else:
        return
    removed = re.search("retirer la marge « (.) »", message.replace("\u202f", " "))
    if removed:
        calibrate(rows, wanted.filter(pl.col("variable") != removed[1]), spec)
    problem = calibration_problem(rows, wanted, spec)
    suspects, _ = conflict(problem, bounds)
    priced = approached(problem, suspects, bounds)
    assert priced  # an elastic programme always finds some
    cost = pl.Series([1.0 if row in priced else None for row in range(wanted.height)])
    calibrate(rows, wanted.with_columns(cost=cost), spec)


def test_a_remedy_that_needs_other_bounds_is_not_told():
    rows = pl.DataFrame(
        {"a": list("xxyy"), "b": list("uuvv"), "c": list("ppqq"), "nonresponse_weight": [1.0] * 4}
    )
    wanted = margins(a={"x": 10, "y": 10}, b={"u": 9, "v": 11}, c={"p": 10, "q": 10})
    message = failure(CalibrationSpec("truncated", (0.5, 2.0)), wanted, rows)
    assert "Ces marges se contredisent" in message and "retirer" not in message


def test_numbers_that_round_alike_are_told_apart():
    rows = pl.DataFrame({"a": ["x"] * 2 + ["y"] * 2, "nonresponse_weight": [1.0] * 4})
    message = failure(
        CalibrationSpec("truncated", (0.5, 1.4999)), margins(a={"x": 3, "y": 2}), rows
    )
    assert "Les bornes (0,5000 ; 1,4999) sont trop serrées" in message
    assert "(1,0000 ; 1,5000)" in message
    assert "vaut au plus 2,9998 (visé 3,0000)" in message
    near = margins(a={"x": 3, "y": 2}, b={"x": 3.0001, "y": 2})
    with pytest.raises(MarginError) as error:
        calibrate(rows.with_columns(b="a"), near)
    assert "« a » 5,0000 ; « b » 5,0001" in text(error)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_weights_on_another_scale_than_totals_are_no_contradiction(scale):
    rows = FIRMS.with_columns(pl.col("nonresponse_weight") * scale)
    done = calibrate(rows, NARROW).weighted["calibrated_weight"]
    expected = calibrate(FIRMS, NARROW).weighted["calibrated_weight"]
    np.testing.assert_allclose(done, expected, rtol=1e-6)


def test_what_an_unreachable_margin_obtains_is_told_without_its_cost():
    wanted = pl.concat(
        [
            margins(zone={"N": 3000, "S": 1000, "E": 1000}).with_columns(cost=1e7),
            margins(taille=dict.fromkeys(SIZES, 1000)).with_columns(cost=None),
        ],
        how="vertical_relaxed",
    )
    message = failure(CalibrationSpec("truncated", (0.999, 1.001)), wanted)
    found = re.search(r"obtenu ([\d\s,]+)\)", message)[1]
    assert float(re.sub(r"\s", "", found).replace(",", ".")) < 5000


def test_a_total_of_zero_is_met_where_weights_may_be_zero():
    rows = pl.DataFrame({"a": list("xxyyz"), "b": list("uvuvu"), "w": [1.0, 2, 3, 4, 5]})
    wanted = margins(a={"x": 4, "y": 6, "z": 0}, b={"u": 4, "v": 6})
    done = calibrate(rows, wanted, CalibrationSpec("truncated", (0, 3), weight="w"))
    assert done.weighted["calibrated_weight"][4] == pytest.approx(0, abs=1e-12)
    assert done.margins["gap"].abs().max() < 1e-9
    with pytest.raises(MarginError, match="borne basse de 0"):
        calibrate(rows, wanted, CalibrationSpec(weight="w"))


def test_only_null_weights_are_no_calibration():
    rows = pl.DataFrame({"z": [1.0, 2.0], "w": [1.0, 1.0]})
    with pytest.raises(ConvergenceError, match="poids tous nuls"):
        calibrate(rows, margins(z=0), CalibrationSpec("truncated", (0, 3), weight="w"))


def test_a_total_that_is_zero_but_for_rounding_is_zero():
    rows = FIRMS.with_columns(y=pl.int_range(pl.len()) % 7 - 3.0)
    spec = CalibrationSpec("linear")
    exact, rounded = (calibrate(rows, margins(y=total), spec) for total in (0.0, 0.1 + 0.2 - 0.3))
    assert rounded.summary.largest_gap < 1e-9 and rounded.margins["gap"].null_count() == 1
    np.testing.assert_allclose(rounded.weighted["g_weight"], exact.weighted["g_weight"], rtol=1e-9)


def test_a_category_that_nobody_has_is_approached_at_a_cost():
    wanted = margins(zone={"N": 3000, "S": 1000, "E": 1000, "O": 500}).with_columns(cost=1.0)
    got = calibrate(FIRMS, wanted).margins.filter(pl.col("category") == "O")
    assert (got["after"].item(), got["gap"].item()) == (0, -1)


def test_an_infinite_error_of_a_total_is_refused():
    wanted = margins(zone={"N": 3000, "S": 1000, "E": 1000}).with_columns(std_error=np.inf)
    with pytest.raises(SurveyError, match="std_error"):
        calibrate(FIRMS, wanted)


def test_the_weight_before_is_never_replaced():
    rows = FIRMS.rename({"nonresponse_weight": "calibrated_weight"})
    with pytest.raises(SurveyError, match="renommer la colonne"):
        calibrate(rows, NARROW, CalibrationSpec(weight="calibrated_weight"))


def test_margins_that_ask_for_nothing_leave_weights_as_they_are():
    rows = pl.DataFrame({"z": [0.0, 0.0], "w": [1.0, 2.0]})
    for method in ("raking", "linear"):
        done = calibrate(rows, margins(z=0), CalibrationSpec(method, weight="w"))
        assert done.weighted["calibrated_weight"].to_list() == [1, 2]
