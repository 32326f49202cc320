"""The variance of calibrated weights when margins are estimates, or are held by penalty only."""

from pathlib import Path

import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate, calibrated_design
from analysis.design import SurveyDesign
from analysis.estimation import Target, estimate
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
PLAIN = SurveyDesign("pw", "stype", "fpc")
API00 = Target("api00", pl.col("api00"), "mean")
ON_TARGET = Target("yes", pl.col("sch_wide") == "Yes", "total")


def schools() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows, and totals of the population by school-wide target: no margin follows from others."""
    margins = pl.read_csv(REFERENCE / "api_margins.csv").with_columns(pl.col("total").cast(float))
    return pl.read_csv(REFERENCE / "apistrat.csv"), margins.filter(pl.col("variable") == "sch_wide")


def std_error(frame: pl.DataFrame, design: SurveyDesign, target: Target) -> float:
    return estimate(frame, design, [target], population="ecoles", edition=2000)["std_error"][0]


def calibrated_error(target: Target, **columns: pl.Expr) -> float:
    frame, margins = schools()
    spec = CalibrationSpec("linear", weight="pw")
    done = calibrate(frame, margins.with_columns(**columns), spec)
    return std_error(done.weighted, calibrated_design(PLAIN, done), target)


def test_a_margin_with_a_price_takes_a_part_of_the_variance():
    # No price: the error of the weights before. A high one: of the margin held exactly. Between
    # them the error need not be between: only the gap to the margin is.
    free, held = std_error(schools()[0], PLAIN, API00), calibrated_error(API00)
    cheap, fair, dear = (calibrated_error(API00, cost=pl.lit(cost)) for cost in (1e-9, 10.0, 1e9))
    assert cheap == pytest.approx(free, rel=1e-6)
    assert dear == pytest.approx(held, rel=1e-6)
    assert fair < 0.999 * cheap


def test_a_total_estimated_elsewhere_brings_its_own_error():
    assert calibrated_error(ON_TARGET) == 0
    own = pl.when(pl.col("category") == "Yes").then(37.5)
    assert calibrated_error(ON_TARGET, std_error=own) == pytest.approx(37.5, rel=1e-9)
    assert calibrated_error(API00, std_error=own) > calibrated_error(API00)


def test_an_error_given_to_what_is_no_margin_is_refused():
    design = SurveyDesign(
        "pw", calibration=("stype",), design_weight="pw", margin_errors=(("stype", "Z", 1.0),)
    )
    with pytest.raises(SurveyError, match="pas une marge"):
        std_error(schools()[0], design, API00)
