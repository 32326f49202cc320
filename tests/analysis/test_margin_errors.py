"""Totals that are estimates: how their errors go together, and what they add to a variance."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calibration import CalibrationSpec, calibrate, calibrated_design
from analysis.design import SurveyDesign
from analysis.estimation import Target, estimate
from analysis.margin_errors import composition
from survey.errors import SurveyError
from tests.margins import margins, text

N = 200
ROWS = pl.DataFrame(
    {"a": ["x"] * 80 + ["y"] * 120, "b": ["u", "v"] * 100, "w": [5.0] * N}
).with_columns(y=pl.when(pl.col("a") == "x").then(0.2).otherwise(0.7))


def error(totals: pl.DataFrame, statistic: str = "mean") -> float:
    done = calibrate(ROWS, totals, CalibrationSpec("linear", weight="w"))
    design = calibrated_design(SurveyDesign("w"), done)
    target = Target("y", pl.col("y"), statistic)
    return estimate(done.weighted, design, [target], population="p", edition=1)["std_error"][0]


def with_errors(totals: pl.DataFrame, **errors: float) -> pl.DataFrame:
    return totals.with_columns(
        std_error=pl.col("category").replace_strict(errors, default=None, return_dtype=pl.Float64)
    )


KNOWN = margins(a={"x": 400, "y": 600}, b={"u": 500, "v": 500})


@pytest.mark.parametrize("statistic", ["mean", "total"])
def test_of_a_known_population_what_a_category_gains_the_other_loses(statistic):
    # y is 0.2 in x and 0.7 in y: 50 more units in x are 50 fewer in y, 25 less in the total
    got = error(with_errors(KNOWN, x=50.0, y=50.0), statistic)
    assert got == pytest.approx(25.0 / (1000 if statistic == "mean" else 1), rel=1e-9)


def test_of_an_unknown_population_errors_are_independent():
    alone = with_errors(margins(a={"x": 400, "y": 600}), x=50.0, y=30.0)
    assert error(alone, "total") == pytest.approx(np.hypot(0.2 * 50, 0.7 * 30), rel=1e-9)


def test_the_composition_of_a_simple_sample_is_the_multinomial():
    share = np.array([0.5, 0.3, 0.15, 0.05])
    errors = np.sqrt(share * (1 - share) / 40)
    expected = (np.diag(share) - np.outer(share, share)) / 40
    np.testing.assert_allclose(composition(errors, "a"), expected, rtol=1e-9, atol=1e-15)


@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=8))
def test_a_composition_has_the_errors_told_and_a_sum_without_any(errors):
    errors = np.array(errors)
    rest = np.sqrt((errors**2).sum() - errors.max() ** 2)
    errors = np.minimum(errors, 0.999 * rest)
    found = composition(errors, "a")
    np.testing.assert_allclose(np.sqrt(np.diag(found)), errors, rtol=1e-6)
    assert np.abs(found.sum(axis=0)).max() <= 1e-9 * (errors**2).max()
    assert np.linalg.eigvalsh(found).min() >= -1e-9 * (errors**2).max()


@pytest.mark.parametrize("errors", [{"x": 50.0}, {"x": 50.0, "y": 20.0}])
def test_errors_that_cannot_make_up_for_one_another_are_refused(errors):
    with pytest.raises(SurveyError) as refused:
        error(with_errors(KNOWN, **errors))
    assert "la somme des modalités de « a » est connue par d’autres marges" in text(refused)


def test_two_variables_of_one_population_cannot_both_be_of_unknown_sum():
    with pytest.raises(SurveyError) as refused:
        error(with_errors(KNOWN, x=50.0, y=50.0, u=30.0, v=30.0))
    assert "les erreurs de « a », « b » se contredisent" in text(refused)
