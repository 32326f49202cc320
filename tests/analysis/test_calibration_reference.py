"""Calibration equal to R survey and R sampling; see tests/reference/calibration.R."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate

REFERENCE = Path(__file__).parents[1] / "reference"
SAMPLES = pl.read_csv(REFERENCE / "calibration_samples.csv")
MARGINS = pl.read_csv(REFERENCE / "calibration_margins.csv")
WEIGHTS = pl.read_csv(REFERENCE / "calibration_weights.csv")

VARIABLES = {
    "two": ("stype", "sch_wide"),
    "three": ("stype", "sch_wide", "awards"),
    "numbers": ("stype", "sch_wide", "enroll", "api00"),
}
BOUNDS = {
    "apistrat|numbers": (0.85, 1.2),
    "apiclus1|two": (0.8, 1.7),
    "apiclus1|three": (0.8, 1.7),
    "apiclus1|numbers": (0.5, 1.8),
    "apistrat|three": (0.79, 1.07),
}
OPTIONS = {
    "linear": {"method": "linear"},
    "raking": {},
    "logit": {"method": "logit", "bounds": (0.6, 1.8)},
    "truncated": {"method": "truncated"},
    "clipped": {"method": "raking"},
    "linear_q": {"method": "linear", "scale": "q"},
    "linear_unit": {"method": "linear", "unit": "dnum"},
    "raking_unit": {"unit": "dnum"},
    "sampling_linear": {"method": "linear", "scale": "q"},
    "sampling_raking": {"scale": "q"},
    "sampling_logit": {"method": "logit", "scale": "q", "bounds": (0.5, 2.0)},
    "sampling_truncated": {"method": "truncated"},
}
CASES = WEIGHTS["case"].unique(maintain_order=True).to_list()
OTHER_OPTIMUM = "apistrat|three|sampling_truncated"


def calibrated(case: str):
    data, margins, method = case.split("|")
    options = dict(OPTIONS[method])
    if method.endswith(("truncated", "clipped")):
        options["bounds"] = BOUNDS[f"{data}|{margins}"]
    return calibrate(
        SAMPLES.filter(pl.col("data") == data),
        MARGINS.filter(pl.col("variable").is_in(VARIABLES[margins])),
        CalibrationSpec(weight="pw", tolerance=1e-12, **options),
    )


def expected(case: str) -> np.ndarray:
    return WEIGHTS.filter(pl.col("case") == case)["weight"].to_numpy()


def test_every_case_of_r_is_here():
    assert len(CASES) == 34
    assert {case.split("|")[2] for case in CASES} == set(OPTIONS)


@pytest.mark.parametrize("case", [case for case in CASES if case != OTHER_OPTIMUM])
def test_weights_equal_r(case):
    got = calibrated(case)
    # both stop at relative gaps of 1e-12; weights then differ by up to 5e-12 here
    np.testing.assert_allclose(got.weighted["calibrated_weight"], expected(case), rtol=1e-10)


@pytest.mark.parametrize("case", [c for c in CASES if c.endswith(("|truncated", "clipped"))])
def test_the_cases_with_bounds_reach_them(case):
    summary = calibrated(case).summary
    assert summary.at_lower + summary.at_upper >= 3


def test_truncated_weights_are_closer_than_those_of_sampling():
    """`sampling::calib` keeps at its bound any row that once passed it: not the closest weights."""
    got = calibrated(OTHER_OPTIMUM)
    frame = got.weighted
    theirs = (expected(OTHER_OPTIMUM) / frame["pw"]).to_numpy()
    their_distance = (frame["pw"].to_numpy() * (theirs - 1) ** 2 / 2).sum()
    assert got.summary.distance < 0.9999 * their_distance
    assert got.margins["gap"].abs().max() < 1e-11
