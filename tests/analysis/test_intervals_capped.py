"""The interval of published shares: it covers, and no answer once seen makes it absurd.

Coverage is computed, not simulated: every count of two strata of unequal weights is weighed by its
chance. `benchmarks/coverage_of_intervals.py` simulates whole surveys.
"""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.design import SurveyDesign
from analysis.disclosure import apply_gate
from analysis.estimation import Target, estimate
from analysis.intervals import clopper_pearson, share_interval

ABOUT = {"population": "p", "edition": 2026}


def bounds(cells: dict, method: str = "capped", level: float = 0.95):
    """`share_interval` of numbers or arrays; equal weights, a large population unless said."""
    given = {"sampled": 1.0, "population": np.inf} | cells
    given.setdefault("effective", given["n_respondents"])
    given = {name: np.atleast_1d(np.asarray(value, float)) for name, value in given.items()}
    return share_interval(
        **dict(zip(given, np.broadcast_arrays(*given.values()), strict=True)),
        level=level,
        method=method,
    )


def two_strata(n: int, ratio: float) -> dict[str, np.ndarray]:
    """The cells of all the counts of yes in two strata of n / 2 rows, weights 1 and `ratio`."""
    half = n // 2
    light, heavy = (count.ravel() for count in np.mgrid[: half + 1, : half + 1])
    whole = half * (1 + ratio)
    spread = sum(
        weight**2 * half * (count / half) * (1 - count / half) * half / (half - 1)
        for weight, count in ((1, light), (ratio, heavy))
    )
    cells = {"light": light, "heavy": heavy, "estimate": (light + ratio * heavy) / whole}
    cells |= {"variance": spread / whole**2, "df": n - 2, "n_respondents": n}
    return cells | {"effective": whole**2 / (half * (1 + ratio**2))}


def coverage(method: str, share: float, n: int, ratio: float) -> float:
    """Chance that the interval holds a share alike in both strata."""
    cells = two_strata(n, ratio)
    chance = np.multiply(
        *(stats.binom.pmf(cells.pop(name), n // 2, share) for name in ("light", "heavy"))
    )
    low, high = bounds(cells, method)
    return chance[(low <= share) & (share <= high)].sum()


@pytest.mark.parametrize("ratio", [1, 5, 25])
@pytest.mark.parametrize("n", [30, 100, 300])
def test_published_intervals_cover(n, ratio):
    covered = {share: coverage("capped", share, n, ratio) for share in (0.005, 0.02, 0.1, 0.4)}
    assert min(covered.values()) >= 0.94
    # more than 99 % only where few yes are expected: their number is whole
    effective = n / 2 * (1 + ratio) ** 2 / (1 + ratio**2)
    assert all(share * effective < 5 for share, each in covered.items() if each > 0.99)


def test_the_other_methods_do_not():
    found = {method: coverage(method, 0.02, 300, 25) for method in ("logit", "wilson", "beta")}
    assert max(found.values()) < 0.95
    found = {method: coverage(method, 0.02, 100, 25) for method in found}
    assert max(found.values()) < 0.76


@pytest.mark.parametrize("weight", [1e-6, 0.001, 0.01, 0.05, 0.2, 1])
def test_one_positive_of_small_weight_does_not_move_the_upper_bound(weight):
    """100 rows: without any positive the bound is 3.6 %; R's logit falls to 0.19 % or less."""
    frame = pl.DataFrame({"y": [True] + [False] * 99, "w": [50.0 * weight] + [50.0] * 99})
    asked = [
        Target("none", pl.lit(False), interval="capped"),
        Target("one", pl.col("y"), interval="capped"),
        Target("r", pl.col("y")),
    ]
    none, one, r = estimate(frame, SurveyDesign("w"), asked, **ABOUT)["conf_high"]
    assert none == pytest.approx(0.0362, abs=5e-4)
    assert one >= none * (1 - 1e-6)
    if weight <= 0.01:
        assert r < 0.002


def test_bounds_grow_with_the_number_of_positives():
    counts = np.arange(61)
    share = counts / 60
    low, high = bounds(
        {"estimate": share, "variance": share * (1 - share) / 59, "df": 59, "n_respondents": 60}
    )
    assert (np.diff(low) > 0).all() and (np.diff(high) > 0).all()


@pytest.mark.parametrize("ratio", [1, 5, 25])
def test_no_count_has_a_lower_bound_than_none(ratio):
    cells = two_strata(60, ratio)
    none = (cells.pop("heavy") == 0) & (cells.pop("light") == 0)
    _, high = bounds(cells)
    assert (high >= high[none] * (1 - 1e-9)).all()


@settings(max_examples=200)
@given(
    share=st.floats(1e-6, 1 - 1e-6),
    factor=st.floats(1e-9, 2),
    n=st.integers(2, 5000),
    unequal=st.floats(0.05, 1),
)
def test_never_narrower_than_the_exact_interval_of_the_effective_size(share, factor, n, unequal):
    effective = 1 + (n - 1) * unequal
    cells = {"variance": factor * share * (1 - share) / n, "df": n - 1, "n_respondents": n}
    cells |= {"effective": effective}
    (low, low_mirror), (high, high_mirror) = bounds(cells | {"estimate": [share, 1 - share]})
    exact = clopper_pearson(share, effective, 0.95)
    assert 0 <= low <= exact[0] * (1 + 1e-9) <= share * (1 + 1e-9)
    assert share * (1 - 1e-9) <= exact[1] * (1 - 1e-9) <= high <= 1
    assert low_mirror == pytest.approx(1 - high, abs=1e-8)
    assert high_mirror == pytest.approx(1 - low, abs=1e-8)


def test_it_is_korn_and_graubard_where_the_effective_size_is_small():
    cells = {"estimate": [0.02, 0.3], "variance": [0.02 / 20, 0.21 / 40], "df": 25}
    cells |= {"n_respondents": 100}
    np.testing.assert_allclose(bounds(cells), bounds(cells, "beta"), rtol=1e-12)


def test_a_finite_population_leaves_less_to_chance():
    # 90 drawn of 100: 18 yes. The cap is 90 x 100 / 10 = 900, the size of the variance pq / 900.
    cells = {"estimate": 0.2, "variance": 0.16 / 1e4, "df": 89, "n_respondents": 90}
    low, high = (end[0] for end in bounds(cells | {"population": 100}))
    np.testing.assert_allclose((low, high), clopper_pearson(0.2, 900.0, 0.95), rtol=1e-12)
    # weights that do not count units: the population is taken as infinite
    wide = bounds(cells | {"population": 90})
    np.testing.assert_allclose(np.ravel(wide), clopper_pearson(0.2, 90.0, 0.95), rtol=1e-12)
    # none of 60 drawn among 100: there may be 3 yes, hardly 4
    none = bounds({"estimate": 0, "variance": 0, "df": 59, "n_respondents": 60, "population": 100})
    assert stats.hypergeom.pmf(0, 100, 4, 60) < 0.025 < stats.hypergeom.pmf(0, 100, 3, 60)
    assert 0.03 < none[1][0] < 0.043


def test_only_a_census_knows_a_share_without_error():
    cells = {"estimate": [0.3, 0, 1], "variance": 0, "df": 9, "n_respondents": 10}
    low, high = bounds(cells | {"sampled": 0})
    np.testing.assert_array_equal((low, high), ([0.3, 0, 1], [0.3, 0, 1]))
    low, high = bounds(cells)
    assert (high - low > 0.2).all()  # all the yes in a census stratum, none in the drawn one
    assert np.isnan(bounds(cells | {"df": 0})).all()


def test_an_interval_that_says_nothing_is_not_published():
    frame = pl.DataFrame({"unit": [0] * 50 + [1] * 50, "w": 1.0, "y": [True] * 2 + [False] * 98})
    frame = frame.with_columns(
        half=pl.col("y") | (pl.int_range(100) % 2 == 0) & (pl.col("unit") > 0)
    )
    design = SurveyDesign("w", cluster="unit")
    found = estimate(frame, design, [Target("half", pl.col("half"))], **ABOUT)
    row = found.row(0, named=True)
    assert row["df"] == 1 and row["conf_low"] < 1e-5 and row["conf_high"] > 0.99999
    assert row["status"] == "nd"
    assert apply_gate(found)["status"].to_list() == ["nd"]
    rows = frame.drop("unit")
    plain = estimate(rows, SurveyDesign("w"), [Target("half", pl.col("half"))], **ABOUT)
    assert plain["status"].to_list() == ["ok"]
