"""Gini and quantile shares equal their definitions, and their errors the truth by four roads.

Against R (tests/reference/inequality.R), numerical derivatives, a delete-one jackknife, and samples
drawn again and again.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inequality import gini_scores, quantile_share_scores, refuse_negative
from analysis.quantiles import ranking
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
FILES = {"srs": "apisrs", "strat": "apistrat", "clus1": "apiclus1"}


def statistic(name: str, value, weight, domain=None, n_domains: int = 1, answered=None):
    """Estimate by domain and scores by row of gini, or of top20, the share of the highest 20 %."""
    n_rows = len(value)
    domain = np.zeros(n_rows, int) if domain is None else domain
    answered = np.ones(n_rows, bool) if answered is None else answered
    ranked = ranking(np.asarray(value, float), weight, answered, domain, n_domains)
    if name == "gini":
        return gini_scores(ranked, n_rows)
    return quantile_share_scores(ranked, 1 - float(name.removeprefix("top")) / 100, n_rows)


def direct_gini(value, weight) -> float:
    pairs = np.abs(value[:, None] - value) * weight[:, None] * weight
    return pairs.sum() / (2 * weight.sum() * (weight * value).sum())


def direct_top(value, weight, order: float) -> float:
    """1 less Lorenz's curve, straight between its points."""
    by_value = np.argsort(value)
    people = np.concatenate(([0], weight[by_value].cumsum())) / weight.sum()
    held = np.concatenate(([0], (weight * value)[by_value].cumsum())) / (weight * value).sum()
    return 1 - np.interp(order, people, held)


def std_error(design: str, frame: pl.DataFrame, weighted: np.ndarray) -> float:
    """Of a sum of weighted scores under a design of one stage, stratum by stratum."""
    strata = frame["stype"].to_numpy() if design == "strat" else np.zeros(len(frame))
    units = frame["dnum"].to_numpy() if design == "clus1" else np.arange(len(frame))
    variance = 0.0
    for stratum in np.unique(strata):
        inside = strata == stratum
        sums = np.bincount(np.unique(units[inside], return_inverse=True)[1], weighted[inside])
        fraction = len(sums) / float(frame["fpc"].to_numpy()[inside][0])
        variance += (1 - fraction) * len(sums) * sums.var(ddof=1)
    return variance**0.5


@pytest.mark.parametrize("design", FILES)
@pytest.mark.parametrize("name", ["gini", "top22.3", "top9.7"])
def test_estimates_and_errors_are_those_of_r(design, name):
    frame = pl.read_csv(REFERENCE / f"{FILES[design]}.csv", infer_schema_length=None)
    weight, value = frame["pw"].to_numpy().astype(float), frame["enroll"].to_numpy()
    reference = pl.read_csv(REFERENCE / "inequality.csv").filter(
        pl.col("design") == design, pl.col("statistic") == name
    )
    assert len(reference) == 4
    for row in reference.iter_rows(named=True):
        inside = (frame["stype"].to_numpy() == row["domain"]) | (row["domain"] == "all")
        estimate, scores = statistic(name, value, weight, answered=inside)
        assert estimate[0] == pytest.approx(row["estimate"], rel=1e-12)
        error = std_error(design, frame, weight * scores)
        assert error == pytest.approx(row["std_error"], rel=1e-6)  # numerical derivatives
        if design != "clus1":
            # The jackknife is larger by terms in 1/n: n is 200 in the whole, 25 to 100 in a type,
            # where as few as 5 rows are above the quantile; 15 districts are too few to compare.
            close = 0.03 if row["domain"] == "all" else 0.1
            assert error == pytest.approx(row["jackknife"], rel=close)


@settings(max_examples=80)
@given(
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from(["gini", "top20", "top50"]),
    ties=st.booleans(),
)
def test_domains_at_once_equal_the_definition_of_each(seed, name, ties):
    draw = np.random.default_rng(seed)
    n, n_domains = 60, 3
    value = draw.lognormal(2, 1, n)
    value = np.round(value) + 1 if ties else value
    weight, domain = draw.uniform(0.5, 9, n), draw.integers(0, n_domains, n)
    answered = draw.random(n) < 0.8
    estimate, scores = statistic(name, value, weight, domain, n_domains, answered)
    assert not scores[~answered].any()
    for code in range(n_domains):
        inside = answered & (domain == code)
        y, w = value[inside], weight[inside]
        direct = direct_gini(y, w) if name == "gini" else direct_top(y, w, 1 - int(name[3:]) / 100)
        assert estimate[code] == pytest.approx(direct, rel=1e-11)
        # No unit matters: the estimate does not move when all weights grow alike.
        assert (w * scores[inside]).sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", ["gini", "top20"])
def test_scores_are_the_derivatives_in_the_weights(name):
    draw = np.random.default_rng(5)
    value, weight = np.round(draw.lognormal(3, 0.8, 80)), draw.uniform(1, 4, 80)
    _, scores = statistic(name, value, weight)
    for row in range(80):
        step = np.zeros(80)
        step[row] = 1e-5
        up, down = (statistic(name, value, weight + each)[0][0] for each in (step, -step))
        # central differences: rounding 1e-16 / 1e-5
        assert scores[row] == pytest.approx((up - down) / 2e-5, abs=1e-10)


@pytest.mark.parametrize("name", ["gini", "top20"])
def test_the_error_is_that_of_a_jackknife_in_a_large_sample(name):
    draw = np.random.default_rng(8)
    n = 1500
    value, weight = draw.gamma(2, 10, n), draw.uniform(1, 3, n)
    weighted = weight * statistic(name, value, weight)[1]
    kept = ~np.eye(n, dtype=bool)
    without = np.array([statistic(name, value[rows], weight[rows])[0][0] for rows in kept])
    jackknife = (n - 1) / n * ((without - without.mean()) ** 2).sum()
    # They differ by the second order, 1/n, and for a quantile by its jumps.
    assert n * weighted.var(ddof=1) == pytest.approx(jackknife, rel=0.01)


@pytest.mark.parametrize("name", ["gini", "top20"])
def test_the_error_is_that_of_repeated_samples(name):
    """1 500 samples of 300 with unequal chances: each variance has a noise of √(2/1500) = 3.7 %."""
    draw = np.random.default_rng(13)
    population = draw.gamma(2, 10, 20_000)
    chance = population + 10
    chance /= chance.sum()
    n, samples = 300, 1500
    found, variances = np.empty(samples), np.empty(samples)
    for sample in range(samples):
        rows = draw.choice(len(population), n, p=chance)
        weight = 1 / (n * chance[rows])
        estimate, scores = statistic(name, population[rows], weight)
        found[sample], variances[sample] = estimate[0], n * (weight * scores).var(ddof=1)
    # 12 % is three times the noise, and leaves 1 % for the second order.
    assert variances.mean() == pytest.approx(found.var(ddof=1), rel=0.12)
    truth = statistic(name, population, np.ones(len(population)))[0][0]
    assert found.mean() == pytest.approx(truth, abs=0.1 * found.std() + 1 / n)


def test_equal_values_have_no_inequality_and_no_error():
    weight = np.array([0.1, 0.7, 0.3, 1.1, 0.9])
    for name, expected in (("gini", 0.0), ("top20", 0.2)):
        estimate, scores = statistic(name, np.full(5, 0.3), weight)
        assert estimate[0] == pytest.approx(expected, abs=1e-15)
        assert not scores.any()


def test_one_row_holding_all_is_the_most_unequal():
    value, weight = np.array([0.0, 0, 0, 0, 7, 0, 0, 0, 0, 0]), np.ones(10)
    assert statistic("gini", value, weight)[0][0] == pytest.approx(0.9)
    assert statistic("top20", value, weight)[0][0] == pytest.approx(1)


@pytest.mark.parametrize("name", ["gini", "top20"])
def test_negative_null_and_absent_values_have_no_index(name):
    value, domain = np.array([-1.0, 5, 0, 0, 1, 3]), np.array([0, 0, 1, 1, 3, 3])
    estimate, scores = statistic(name, value, np.ones(6), domain, 4)
    assert np.isnan(estimate).tolist() == [True, True, True, False]
    assert not scores[:4].any()


def test_a_negative_value_is_refused_in_french():
    with pytest.raises(SurveyError, match=r"valeur négative \(lignes 1, 3\)") as caught:
        refuse_negative(
            "effectif", np.array([-1.0, 2, -3, -4]), np.array([True, True, True, False])
        )
    assert "« effectif »" in str(caught.value).replace("\u202f", " ")
    refuse_negative("effectif", np.array([-1.0, 0, 2]), np.array([False, True, True]))
