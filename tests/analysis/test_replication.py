"""Replicate variances: equal to R survey; see tests/reference/replication.R."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.calibration_spec import CalibrationSpec
from analysis.design import Replicates, SurveyDesign
from analysis.estimation import RESULT, Domain, Target
from analysis.replicate_adjustment import recalibrate
from analysis.replicate_weights import ReplicateSet, ReplicationSpec, make_replicates
from analysis.replication import (
    estimate_replicates,
    replicate_estimates,
    replicate_set,
)

REFERENCE = Path(__file__).parents[1] / "reference"
CLUS1 = SurveyDesign("pw", None, "fpc", "dnum")
STRAT = SurveyDesign("pw", "stype", "fpc")
LINEAR = [
    Target("api00", pl.col("api00"), "mean"),
    Target("enroll", pl.col("enroll"), "total"),
    Target("sch_wide", pl.col("sch_wide") == "Yes"),
    Target("api00_enroll", pl.col("api00"), "ratio", denominator=pl.col("enroll")),
]
MEDIAN = Target("api00", pl.col("api00"), "quantile", order=0.5)
DOMAINS = [Domain("ensemble"), Domain("stype", ("stype",))]
# In these the lower bound of the median of H has an order below the share of its first row: it is
# the value of that row, as in survey 4.2 and here; survey 4.1 gives that of the second row.
FIRST_ROW = ("boot", "boot_raking", "given", "given_mse")
NAMES = {"population": "écoles", "edition": 1}
# a replicate of R's that has no row in a domain is left out of its variance: so it is here
RELATIVE = 1e-8


def schools(name: str) -> pl.DataFrame:
    return pl.read_csv(REFERENCE / f"{name}.csv", null_values="")


def paired() -> pl.DataFrame:
    row = pl.int_range(pl.len())
    return schools("apisrs").with_columns(pair=row // 10, half=row // 5)


def exported(name: str) -> np.ndarray:
    """Replicate weights that R drew, rows x replicates."""
    weights = schools("replication_weights").filter(pl.col("design") == name)
    found = np.zeros((weights["row"].max(), weights["replicate"].max()))
    found[weights["row"].to_numpy() - 1, weights["replicate"].to_numpy() - 1] = weights["weight"]
    return found


def read_back(
    frame: pl.DataFrame, weights: np.ndarray, weight: str, **how
) -> tuple[pl.DataFrame, ReplicateSet]:
    names = tuple(f"r{at}" for at in range(weights.shape[1]))
    frame = frame.with_columns(pl.Series(name, weights[:, at]) for at, name in enumerate(names))
    return frame, replicate_set(frame, SurveyDesign(weight, replicates=Replicates(names, **how)))


def bootstrapped(**how) -> tuple[pl.DataFrame, ReplicateSet]:
    return read_back(schools("apiclus1"), exported("boot"), "pw", **({"scale": 1 / 23} | how))


def made(name: str, design: SurveyDesign, method: str) -> tuple[pl.DataFrame, ReplicateSet]:
    frame = schools(name)
    return frame, make_replicates(frame, design, ReplicationSpec(method))


def lonely(option: str) -> tuple[pl.DataFrame, ReplicateSet]:
    first = pl.int_range(pl.len()).over("stype") == 0
    frame = schools("apistrat").filter((pl.col("stype") != "H") | first)
    design = replace(STRAT, lonely=option)
    return frame, make_replicates(frame, design, ReplicationSpec("jkn"))


def two_stages() -> tuple[pl.DataFrame, ReplicateSet]:
    frame = schools("apiclus2").with_columns(pl.col("enroll").fill_null(0))
    return read_back(frame, exported("mrb"), "pw", scale=1, rscales=(1 / 19,) * 20)


def calibrated(
    found: tuple[pl.DataFrame, ReplicateSet], method: str, bounds: tuple[float, float] | None = None
) -> tuple[pl.DataFrame, ReplicateSet]:
    frame, replicates = found
    # R stops at 1e-13 of 1 + total; a gap moves a weight as much, and a standard error a thousandth
    spec = CalibrationSpec(method, bounds, weight="pw", tolerance=1e-12)
    return frame, recalibrate(replicates, frame, schools("api_margins"), spec)


MADE = {
    "jk1": lambda: made("apiclus1", CLUS1, "jk1"),
    "jkn": lambda: made("apistrat", STRAT, "jkn"),
    "jkn_nofpc": lambda: made("apistrat", SurveyDesign("pw", "stype"), "jkn"),
    "jkn_adjust": lambda: lonely("adjust"),
    "jkn_average": lambda: lonely("average"),
    "jkn_certainty": lambda: lonely("certainty"),
    "brr": lambda: read_back(paired(), exported("brr"), "pw", scale=1 / 24),
    "fay": lambda: read_back(paired(), exported("fay"), "pw", scale=1 / (24 * 0.7**2)),
    "boot": bootstrapped,
    "mrb": two_stages,
    "given": lambda: bootstrapped(scale=0.03, rscales=tuple(at / 10 for at in range(1, 25))),
    "given_mse": lambda: bootstrapped(
        scale=0.03, rscales=tuple(at / 10 for at in range(1, 25)), mse=True
    ),
    "raking": lambda: calibrated(MADE["jk1"](), "raking"),
    "linear": lambda: calibrated(MADE["jk1"](), "linear"),
    "logit": lambda: calibrated(MADE["jk1"](), "logit", (0.2, 4)),
    "truncated": lambda: calibrated(MADE["jk1"](), "truncated", (0.4, 2.6)),
    "boot_raking": lambda: calibrated(bootstrapped(), "raking"),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("targets", [LINEAR, [MEDIAN]], ids=["linear", "median"])
def test_estimates_equal_those_of_r(name, targets):
    frame, replicates = MADE[name]()
    found = estimate_replicates(frame, replicates, targets, DOMAINS, **NAMES)
    assert found.schema == RESULT
    expected = schools("replication").filter(
        pl.col("design") == name, pl.col("statistic").is_in([each.statistic for each in targets])
    )
    both = found.join(expected, on=["statistic", "domain"], suffix="_r")
    assert both.height == expected.height >= 3 * len(targets)
    if targets == [MEDIAN] and name in FIRST_ROW:
        both = with_first_row(both, frame)
    same(both, "estimate")
    same(both, "df")
    same(both, "std_error")
    same(both.filter(pl.col("statistic").is_in(["share", "mean", "total"])), "deff")
    intervals = both.filter(pl.col("statistic").is_in(["mean", "total", "quantile"]))
    same(intervals, "conf_low")
    same(intervals, "conf_high")


def with_first_row(both: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """R's median of H with the lower bound of `FIRST_ROW`, and the error that follows."""
    first, second = frame.filter(pl.col("stype") == "H")["api00"].sort()[:2]
    passed = pl.col("domain") == "H"
    assert both.filter(passed)["conf_low_r"].to_list() == [second]
    width = pl.col("conf_high_r") - pl.col("conf_low_r")
    error = pl.col("std_error_r") * (width + second - first) / width
    return both.with_columns(
        conf_low_r=pl.when(passed).then(pl.lit(float(first))).otherwise("conf_low_r"),
        std_error_r=pl.when(passed).then(error).otherwise("std_error_r"),
    )


def test_inequality_is_computed_anew_in_each_replicate():
    frame, replicates = bootstrapped()
    targets = [
        Target("enroll", pl.col("enroll"), "gini"),
        Target("enroll", pl.col("enroll"), "quantile_share", order=0.8),
    ]
    found = replicate_estimates(frame, replicates, targets, DOMAINS[:1], **NAMES)
    value = frame["enroll"].cast(float).to_numpy()
    order = np.argsort(value, kind="stable")
    for number in range(24):
        weight = replicates.weights[:, number]
        distance = weight @ np.abs(value[:, None] - value) @ weight
        gini = distance / (2 * weight.sum() * (weight @ value))
        share = np.concatenate([[0], np.cumsum(weight[order])]) / weight.sum()
        held = np.concatenate([[0], np.cumsum((weight * value)[order])]) / (weight @ value)
        above = 1 - np.interp(0.8, share, held)  # Lorenz's curve, straight between rows
        np.testing.assert_allclose(found.values[number], [gini, above], rtol=1e-10)
    assert found.cells["deff"].null_count() == 2
    spread = ((found.values - found.values.mean(axis=0)) ** 2).sum(axis=0) / 23
    np.testing.assert_allclose(found.cells["std_error"], np.sqrt(spread), rtol=1e-12)


def same(both: pl.DataFrame, column: str) -> None:
    ours, theirs = both[column].cast(pl.Float64), both[f"{column}_r"].cast(pl.Float64)
    missing = theirs.is_null() | (both["df"] == 0)
    assert not ours.filter(~missing).has_nulls()
    ours, theirs = ours.filter(~missing).to_numpy(), theirs.filter(~missing).to_numpy()
    # an error of 0 in R is 0 here up to the rounding of sums
    np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=1e-10, err_msg=column)


def test_the_jackknife_covers_a_median():
    # The jackknife of the median itself covers it about 70 times in 100.
    rng, covered = np.random.default_rng(8), 0
    names = {"population": "p", "edition": 1}
    for _ in range(100):
        frame = pl.DataFrame({"y": rng.exponential(size=60), "w": 1.0})
        replicates = make_replicates(frame, SurveyDesign("w"), ReplicationSpec("jk1"))
        target = Target("y", pl.col("y"), "quantile", order=0.5)
        row = estimate_replicates(frame, replicates, [target], **names).row(0, named=True)
        covered += row["conf_low"] <= np.log(2) <= row["conf_high"]
    assert 90 <= covered <= 99  # 95 expected, of standard error 2.2
