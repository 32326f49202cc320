"""Quantiles and their intervals equal R survey's: see tests/reference/quantiles.R."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.quantiles import Ranking, quantile_values, quantiles, ranking

REFERENCE = Path(__file__).parents[1] / "reference"
# file, stratum and primary unit of the designs; None = one stratum, the row
DESIGNS = {
    "srs": ("apisrs", None, None),
    "strat": ("apistrat", "stype", None),
    "clus1": ("apiclus1", None, "dnum"),
}
TYPES = ("E", "H", "M")


def codes(frame: pl.DataFrame, column: str | None, otherwise: np.ndarray) -> np.ndarray:
    return otherwise if column is None else np.unique(frame[column], return_inverse=True)[1]


def direct_variance(name: str, frame: pl.DataFrame, weighted: np.ndarray) -> float:
    """Of a sum of weighted scores in one stage: the textbook formula, stratum by stratum."""
    _, stratum, cluster = DESIGNS[name]
    units = codes(frame, cluster, np.arange(len(frame)))
    strata = codes(frame, stratum, np.zeros(len(frame), int))
    variance = 0.0
    for code in np.unique(strata):
        inside = strata == code
        totals = np.bincount(np.unique(units[inside], return_inverse=True)[1], weighted[inside])
        fraction = len(totals) / frame["fpc"].cast(float).to_numpy()[inside][0]
        variance += (1 - fraction) * len(totals) * totals.var(ddof=1)
    return variance


def computed(name: str, variable: str, by_type: bool, df: np.ndarray, order: float, level: float):
    """Quantiles of a design by stype or in the whole, and the variance of their scores."""
    frame = pl.read_csv(REFERENCE / f"{DESIGNS[name][0]}.csv", infer_schema_length=None)
    value = frame[variable].cast(pl.Float64)
    domain = codes(frame, "stype" if by_type else None, np.zeros(len(frame), int))
    weight, n_domains = frame["pw"].cast(pl.Float64).to_numpy(), len(df)

    def variance_of(scores):
        sums = [np.where(domain == code, weight * scores[:, 0], 0) for code in range(n_domains)]
        return np.array([[direct_variance(name, frame, weighted)] for weighted in sums])

    ranked = ranking(
        value.fill_null(0).to_numpy(), weight, value.is_not_null().to_numpy(), domain, n_domains
    )
    found = quantiles(ranked, order, df, level, variance_of, len(frame))
    return found, variance_of(found.scores[:, None])[:, 0]


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("variable", ["api00", "enroll", "acs_46"])
@pytest.mark.parametrize("by_type", [False, True])
def test_quantiles_are_those_of_r(name, variable, by_type):
    reference = pl.read_csv(REFERENCE / "quantiles.csv", infer_schema_length=None)
    where = (pl.col("design") == name) & (pl.col("variable") == variable)
    cells = reference.filter(where, (pl.col("domain") != "all") == by_type).sort("domain")
    assert len(cells) == (30 if by_type else 10)
    for (order, level), expected in cells.group_by("order", "level"):
        expected = expected.sort("domain")
        df = expected["df"].cast(pl.Float64).to_numpy()
        found, variance = computed(name, variable, by_type, df, order, level)
        for column in ("estimate", "low", "high", "std_error"):
            theirs = expected[column].cast(pl.Float64).to_numpy()
            # Values of the file are exact; a difference of two over Student's quantile is to 1e-12.
            np.testing.assert_allclose(getattr(found, column), theirs, rtol=1e-12, err_msg=column)
        known = ~np.isnan(found.std_error)
        np.testing.assert_allclose(np.sqrt(variance[known]), found.std_error[known], rtol=1e-10)


def ranked_one(value, weight) -> Ranking:
    value, weight = np.array(value, float), np.array(weight, float)
    return ranking(value, weight, np.ones(len(value), bool), np.zeros(len(value), int), 1)


@pytest.mark.parametrize(
    ("order", "expected"),
    [(0.05, 1.0), (0.1, 1.0), (0.11, 2.0), (0.3, 3.0), (0.5, 5.0), (0.95, 10.0), (1.0, 10.0)],
)
def test_the_quantile_is_the_smallest_value_that_holds_its_share(order, expected):
    # 0.3 of weights of 0.1 each: their sum is 0.30000000000000004, rounding must not count
    for weight in (1.0, 0.1, 1e9 / 3):
        ranked = ranked_one(range(10, 0, -1), [weight] * 10)
        assert quantile_values(ranked, np.array([order])).tolist() == [expected]


def test_rows_without_answer_or_weight_do_not_count_and_an_empty_domain_has_none():
    value, weight = np.array([1.0, 50, 2, 99, 3]), np.array([1.0, 1, 1, 0, 1])
    answered = np.array([True, False, True, True, True])
    ranked = ranking(value, weight, answered, np.array([0, 0, 0, 0, 2]), 4)
    found = quantiles(ranked, 0.5, np.zeros(4), 0.95, lambda scores: np.ones((4, 1)), 5)
    np.testing.assert_array_equal(found.estimate, [1, np.nan, 3, np.nan])
    for missing in (found.low, found.high, found.std_error):
        assert np.isnan(missing).all()
    assert found.scores[[1, 3]].tolist() == [0, 0]


def test_a_constant_has_an_interval_of_one_value():
    ranked = ranked_one([4] * 7, [0.1, 0.7, 0.3, 1.1, 0.9, 0.2, 0.3])
    found = quantiles(
        ranked, 0.5, np.array([6.0]), 0.95, lambda scores: (scores**2).sum(0)[None], 7
    )
    assert (found.estimate, found.low, found.high, found.std_error) == (4, 4, 4, 0)
    assert not found.scores.any()


@settings(max_examples=60)
@given(st.data())
def test_domains_at_once_equal_each_alone(data):
    n, n_domains = 40, 4
    seed = data.draw(st.integers(0, 2**32 - 1))
    draw = np.random.default_rng(seed)
    value, weight = draw.integers(0, 9, n).astype(float), draw.integers(1, 5, n) / 3
    domain, answered = draw.integers(0, n_domains, n), draw.random(n) < 0.8
    order = draw.choice([0.1, 0.25, 0.5, 2 / 3, 0.9])
    together = quantile_values(
        ranking(value, weight, answered, domain, n_domains), np.full(n_domains, order)
    )
    for code in range(n_domains):
        inside = answered & (domain == code)
        candidates = [
            each
            for each in np.unique(value[inside])
            if weight[inside & (value <= each)].sum() >= (order - 1e-9) * weight[inside].sum()
        ]
        expected = candidates[0] if candidates else np.nan
        np.testing.assert_equal(together[code], expected)
