"""The variance of calibrated weights when margins are estimates, or are held by penalty only."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate, calibrated_design
from analysis.design import SurveyDesign
from analysis.estimation import Target, estimate, influences
from analysis.variance import weighted_residuals
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


@pytest.mark.parametrize("mean", [1e3, 1e6, 1e9])
def test_a_large_constant_explained_by_the_margins_costs_no_digit(mean):
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"y": rng.normal(size=120), "c": rng.choice(["a", "b"], 120), "w": 10.0})
    margins = pl.DataFrame(
        {"variable": ["c", "c"], "category": ["a", "b"], "total": [550.0, 650.0]}
    )
    done = calibrate(frame, margins, CalibrationSpec(weight="w"))
    design = calibrated_design(SurveyDesign("w"), done)
    plain, lifted = (
        std_error(done.weighted, design, Target("y", pl.col("y") + more, "total"))
        for more in (0.0, mean)
    )
    # adding 1e9 leaves the values themselves 7 digits
    assert lifted == pytest.approx(plain, rel=1e-9 if mean < 1e9 else 1e-7)
    assert std_error(done.weighted, design, Target("a", pl.col("c") == "a", "total")) == 0


UNITS = pl.DataFrame(
    {
        "u": [0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 5, 5],
        "g": list("xxxyyxxyyyxyy"),
        "z": list("NSNSSNNSNSNNS"),
        "y": [3.0, 5, 4, 8, 7, 2, 9, 6, 5, 8, 1, 4, 7],
        "w": [2.0, 3, 1, 4, 2, 2, 2, 1, 5, 3, 4, 2, 1],
    }
)


def test_rows_of_a_unit_that_stay_out_of_the_calibration_count_for_nothing():
    silent = UNITS.filter(pl.col("u") != 4).with_columns(w=0.0, y=99.0)
    together = pl.concat([UNITS.with_columns(w=2.0), silent])
    totals = {"g": {"x": 4.4, "y": 8.8}, "z": {"N": 15.0, "S": 14.0}}
    margins = pl.DataFrame(
        [(name, category, total) for name in totals for category, total in totals[name].items()],
        schema=["variable", "category", "total"],
        orient="row",
    )
    spec = CalibrationSpec("linear", weight="w", unit="u", unit_variables=("g",))
    errors = []
    for frame in (together, together.filter(pl.col("w") > 0)):
        done = calibrate(frame, margins, spec)
        design = calibrated_design(SurveyDesign("w", cluster="u"), done)
        errors.append(std_error(done.weighted, design, Target("y", pl.col("y"), "total")))
    assert errors[0] == pytest.approx(errors[1], rel=1e-12)


def test_residuals_are_the_derivatives_of_the_calibrated_total_with_unequal_weights_in_a_unit():
    spec = CalibrationSpec("linear", weight="w", unit="u")
    held = UNITS.group_by(category="z").agg(total=pl.col("w").sum()).sort("category")
    margins = held.select(pl.lit("z").alias("variable"), "category", "total")  # g = 1

    def total(weight: pl.Series) -> float:
        done = calibrate(UNITS.with_columns(w=weight), margins, spec).weighted
        return done.select((pl.col("calibrated_weight") * pl.col("y")).sum()).item()

    done = calibrate(UNITS, margins, spec)
    target = Target("y", pl.col("y"), "total")
    found = influences(
        done.weighted,
        calibrated_design(SurveyDesign("w"), done),
        [target],
        population="p",
        edition=1,
    )
    residual = weighted_residuals(found.scores, found.arrays)[0][:, 0] / UNITS["w"].to_numpy()
    step = 1e-5
    for row in range(UNITS.height):
        moved = [
            total(UNITS["w"] + pl.Series(np.eye(UNITS.height)[row] * way)) for way in (step, -step)
        ]
        assert (moved[0] - moved[1]) / (2 * step) == pytest.approx(residual[row], abs=1e-6)
