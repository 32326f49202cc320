"""Intervals, p-values and their correction."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.inference import ADJUSTMENTS, OK, TEST, adjusted, as_tests, student
from survey.errors import SurveyError

TESTED = pl.DataFrame(
    {
        "family": ["a", "b", "a", "a", "b", "a", "c"],
        "p_value": [0.04, 0.2, 0.01, None, 0.001, 0.04, None],
    }
)


@pytest.mark.parametrize("method", ADJUSTMENTS)
def test_p_values_are_corrected_within_families_as_statsmodels(method):
    got = adjusted(TESTED, ("family",), method)["p_adjusted"].to_list()
    first = multipletests([0.04, 0.01, 0.04], method=method)[1]
    second = multipletests([0.2, 0.001], method=method)[1]
    expected = [first[0], second[0], first[1], None, second[1], first[2], None]
    assert [value is None for value in got] == [value is None for value in expected]
    known = [(a, b) for a, b in zip(got, expected, strict=True) if a is not None]
    assert [a for a, _ in known] == pytest.approx([b for _, b in known])


@pytest.mark.parametrize("method", ["holm", "hommel", None])
def test_one_family_or_nothing_to_correct(method):
    whole = adjusted(TESTED, (), method)
    assert whole["p_adjusted"].null_count() == 2
    nothing = adjusted(TESTED.with_columns(p_value=pl.lit(None, pl.Float64)), ("family",), method)
    assert nothing["p_adjusted"].to_list() == [None] * 7
    assert adjusted(TESTED.clear(), ("family",), method).height == 0


def test_unknown_correction():
    with pytest.raises(SurveyError, match="inconnue ; choisir parmi holm".replace(" ;", ".;")):
        adjusted(TESTED, (), "holms")


def test_student_without_error_or_freedom():
    estimate, error, df = np.array([2.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), np.array([9, 9, 9])
    got = student(estimate, error, df, 0.9)
    assert got["p_value"].tolist() == [pytest.approx(2 * stats.t.sf(2, 9)), 1, 0]
    assert got["conf_high"][0] == pytest.approx(2 + stats.t.ppf(0.95, 9))
    assert np.isnan(student(estimate[:1], error[:1], df[:1] * 0, 0.9)["conf_low"][0])


def test_rows_become_tests_without_nan():
    got = as_tests([{"test": "t", "statistic": float("nan"), "status": OK}], ("test",), "holm")
    assert got.schema == TEST
    assert got["statistic"][0] is None and got["p_adjusted"][0] is None
    assert as_tests([], ("test",), "holm").schema == TEST
