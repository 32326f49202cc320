"""When an estimate has no interval, or needs none: the status of a cell says it."""

import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate, calibrated_design
from analysis.design import Replicates, SurveyDesign
from analysis.estimation import estimate
from analysis.replication import estimate_replicates
from analysis.targets import WHOLE, Domain, Target
from survey.errors import SurveyError

NAMES = {"population": "p", "edition": 1}
ROWS = pl.DataFrame(
    {
        "h": ["a", "b", "c", "c", "d"],
        "w": [1.0, 2.0, 3.0, 3.0, 1.0],
        "n": [1, 9, 6, 6, 1],
        "y": [4.0, 2.0, 7.0, 5.0, None],
    }
)
PLAN = SurveyDesign("w", "h", "n")
MEAN, TOTAL = (Target("y", pl.col("y"), name) for name in ("mean", "total"))
COLUMNS = ("estimate", "std_error", "conf_low", "conf_high", "df", "status")


def cell(domain: str, target: Target = MEAN, plan: SurveyDesign = PLAN) -> tuple:
    found = estimate(ROWS, plan, [target], [Domain("h", ("h",))], **NAMES)
    return found.filter(domain=domain).select(COLUMNS).row(0)


def test_a_domain_wholly_taken_is_known_without_error():
    assert cell("a") == (4, 0, None, None, 0, "ok")


def test_an_estimate_without_degrees_of_freedom_has_no_interval_and_says_so():
    assert cell("b")[2:] == (None, None, 0, "nd")


@pytest.mark.parametrize(("target", "estimated"), [(MEAN, None), (TOTAL, 0.0)])
def test_nothing_is_known_of_a_domain_without_answer(target, estimated):
    assert cell("d", target)[0] == estimated
    assert cell("d", target)[-1] == "nd"


def test_strata_that_are_all_lonely_leave_no_average_calibrated_or_not():
    rows = pl.DataFrame({"h": list("abc"), "w": [1.0] * 3, "y": [1.0, 2, 4], "c": ["x", "x", "y"]})
    plan = SurveyDesign("w", "h", lonely="average")
    margins = pl.DataFrame({"variable": ["c"] * 2, "category": ["x", "y"], "total": [3.0, 2.0]})
    done = calibrate(rows, margins, CalibrationSpec(weight="w"))
    for frame, design in ((rows, plan), (done.weighted, calibrated_design(plan, done))):
        found = estimate(frame, design, [MEAN], [WHOLE], **NAMES)
        assert found.select("std_error", "status").row(0) == (None, "nd")


def test_a_single_replicate_tells_no_variance():
    rows = pl.DataFrame(
        {"w": [1.0] * 4, "d": list("aabb"), "y": [1.0, 3, 2, 8], "r1": [0, 0, 3, 4]}
    ).with_columns(r2=pl.Series([1, 2, 0, 0]))
    design = SurveyDesign("w", replicates=Replicates(("r1", "r2"), 1.0))
    found = estimate_replicates(rows, design, [MEAN], [Domain("d", ("d",))], **NAMES)
    assert found["std_error"].null_count() == 2
    assert found["status"].to_list() == ["nd", "nd"]


@pytest.mark.parametrize("lonely", ["certainty", "remove"])
def test_a_lonely_unit_left_out_of_the_variance_is_not_known_for_all_that(lonely):
    assert cell("b", plan=SurveyDesign("w", "h", "n", lonely=lonely))[-1] == "nd"


@pytest.mark.parametrize("column", ["w", "y"])
@pytest.mark.parametrize("size", [1e154, 1e306])
def test_numbers_whose_squares_overflow_are_refused(column, size):
    rows = ROWS.with_columns(pl.col(column) * size)
    for targets in ([MEAN], [MEAN, Target("m", pl.col("y"), "quantile", order=0.5)]):
        with pytest.raises(SurveyError, match="démesurée"):
            estimate(rows, PLAN, targets, [WHOLE], **NAMES)


def test_a_cut_without_any_domain_is_refused():
    rows = ROWS.with_columns(h=pl.lit(None, pl.String))
    with pytest.raises(SurveyError, match="aucune ligne n’y a de valeur"):
        estimate(rows, SurveyDesign("w"), [MEAN], [Domain("h", ("h",))], **NAMES)
