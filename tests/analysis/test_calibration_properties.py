"""What holds of every calibration, whatever the weights, the margins and the method."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.calibration import CalibrationSpec, calibrate

METHODS = {
    "linear": {"method": "linear"},
    "raking": {},
    "clipped": {"bounds": (0.4, 2.5)},
    "logit": {"method": "logit", "bounds": (0.4, 2.5)},
    "truncated": {"method": "truncated", "bounds": (0.4, 2.5)},
}
methods = st.sampled_from(sorted(METHODS))
seeds = st.integers(0, 10_000)


def sample(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sixty respondents and the totals that g-weights within (0.5, 2) gave: they can be met."""
    rng = np.random.default_rng(seed)
    n = 60
    frame = pl.DataFrame(
        {
            "a": rng.choice(list("xyz"), n),
            "b": rng.choice(["1", "2"], n),
            "x": rng.lognormal(3, 1, n),
            "q": rng.uniform(0.5, 2, n),
            "nonresponse_weight": rng.uniform(1, 40, n),
        }
    )
    aimed = frame.with_columns(w=pl.col("nonresponse_weight") * pl.Series(rng.uniform(0.5, 2, n)))
    rows = [
        (name, category, total)
        for name in ("a", "b")
        for category, total in aimed.group_by(name).agg(pl.col("w").sum()).sort(name).rows()
    ]
    rows.append(("x", None, aimed.select((pl.col("x") * pl.col("w")).sum()).item()))
    return frame, pl.DataFrame(rows, schema=["variable", "category", "total"], orient="row")


def g_weights(frame, margins, method, **options):
    spec = CalibrationSpec(**METHODS[method], tolerance=1e-12, **options)
    return calibrate(frame, margins, spec).weighted["g_weight"].to_numpy()


@given(seed=seeds, method=methods, scale=st.sampled_from([None, "q"]))
def test_margins_are_met_and_bounds_respected(seed, method, scale):
    frame, margins = sample(seed)
    got = calibrate(frame, margins, CalibrationSpec(**METHODS[method], scale=scale))
    weighted = got.weighted.with_columns(w="calibrated_weight")
    for variable, category, total in margins.rows():
        rows = weighted if category is None else weighted.filter(pl.col(variable) == category)
        value = rows["w"] * rows[variable] if category is None else rows["w"]
        assert value.sum() == pytest.approx(total, rel=2e-9)
    g = weighted["g_weight"]
    if "bounds" in METHODS[method]:
        assert g.min() >= 0.4 and g.max() <= 2.5
    if method != "linear":
        assert g.min() > 0
    assert weighted.select(frame.columns).equals(frame)
    assert got.summary.n_redundant == 1  # the categories of a and of b have one sum


@given(seed=seeds, method=methods)
def test_order_splitting_and_units_change_nothing(seed, method):
    frame, margins = sample(seed)
    g = g_weights(frame, margins, method, scale="q")
    # weights agree to what a tolerance of 1e-12 and other orders of summation leave
    same = {"rtol": 1e-7, "atol": 1e-9}

    order = np.random.default_rng(seed).permutation(frame.height)
    np.testing.assert_allclose(
        g_weights(frame[order], margins.reverse(), method, scale="q"), g[order], **same
    )

    halved = frame.with_columns(
        nonresponse_weight=pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.col("nonresponse_weight") / 2)
        .otherwise("nonresponse_weight")
    )
    split = pl.concat([halved, halved.head(1)])
    after = g_weights(split, margins, method, scale="q")
    np.testing.assert_allclose(after, np.append(g, g[0]), **same)

    is_x = pl.col("category").is_null()
    kilo = margins.with_columns(pl.when(is_x).then(pl.col("total") / 1000).otherwise("total"))
    np.testing.assert_allclose(
        g_weights(frame.with_columns(pl.col("x") / 1000), kilo, method, scale="q"), g, **same
    )

    larger = frame.with_columns(pl.col("nonresponse_weight") * 50)
    np.testing.assert_allclose(
        g_weights(larger, margins.with_columns(pl.col("total") * 50), method, scale="q"), g, **same
    )


@given(seed=seeds)
def test_raking_is_iterative_proportional_fitting(seed):
    frame, margins = sample(seed)
    margins = margins.filter(pl.col("category").is_not_null())
    weight = frame["nonresponse_weight"].to_numpy().copy()
    for _ in range(200):
        for variable, category, total in margins.rows():
            inside = (frame[variable] == category).to_numpy()
            weight[inside] *= total / weight[inside].sum()
    g = weight / frame["nonresponse_weight"].to_numpy()
    np.testing.assert_allclose(g_weights(frame, margins, "raking"), g, rtol=1e-9)


@given(seed=seeds, method=methods)
def test_nothing_to_do_leaves_weights_alone(seed, method):
    frame, margins = sample(seed)
    met = calibrate(frame, margins, CalibrationSpec(**METHODS[method])).margins
    now = met.select("variable", "category", total="before")
    np.testing.assert_allclose(g_weights(frame, now, method), 1, rtol=1e-12)


@given(seed=seeds, method=st.sampled_from(["linear", "raking", "truncated"]))
def test_no_nearby_weights_that_meet_the_margins_are_closer(seed, method):
    frame, margins = sample(seed)
    got = calibrate(frame, margins, CalibrationSpec(**METHODS[method], tolerance=1e-12))
    g, d = (got.weighted[name].to_numpy() for name in ("g_weight", "nonresponse_weight"))
    columns = [
        frame[v].to_numpy() if c is None else (frame[v] == c).to_numpy().astype(float)
        for v, c, _ in margins.rows()
    ]
    constraints = np.array(columns) * d
    move = np.random.default_rng(seed).normal(size=len(g))
    move -= np.linalg.pinv(constraints) @ (constraints @ move)
    lower, upper = METHODS[method].get("bounds", (-np.inf, np.inf))

    def distance(g):
        each = (g - 1) ** 2 / 2 if method != "raking" else g * np.log(g) - g + 1
        return (d * each).sum()

    assert got.summary.distance == pytest.approx(distance(g), rel=1e-9)
    for length in (1e-3, -1e-3):
        moved = g + length * move / np.abs(move).max() * np.abs(g).min()
        if moved.min() >= lower and moved.max() <= upper:
            assert distance(moved) >= distance(g) - 1e-9


@given(seed=seeds, cost=st.floats(0.01, 1000))
def test_ridge_equals_its_closed_form(seed, cost):
    """Linear distance: the penalised weights solve one linear system in g, written out here."""
    frame, margins = sample(seed)
    margins = margins.with_columns(
        total=pl.col("total") * pl.Series([1.3, 0.8, 1.0, 0.7, 1.4, 0.6]), cost=cost
    )
    d = frame["nonresponse_weight"].to_numpy()
    columns = [
        frame[v].to_numpy() if c is None else (frame[v] == c).to_numpy().astype(float)
        for v, c in margins.select("variable", "category").rows()
    ]
    relative = np.array(columns) * d / margins["total"].to_numpy()[:, None]
    g = np.linalg.solve(
        np.diag(d) / d.sum() + cost * relative.T @ relative,
        d / d.sum() + cost * relative.sum(axis=0),
    )
    got = calibrate(frame, margins, CalibrationSpec("linear", tolerance=1e-12))
    np.testing.assert_allclose(got.weighted["g_weight"], g, rtol=1e-6, atol=1e-8)


@settings(max_examples=20)
@given(seed=seeds, method=methods)
def test_ridge_holds_exact_margins_and_nears_the_others_with_cost(seed, method):
    frame, margins = sample(seed)
    of_b = pl.col("variable") == "b"
    shifted = margins.with_columns(
        pl.when(of_b).then(pl.col("total") * pl.Series([1.0, 1, 1, 1.1, 0.9, 1])).otherwise("total")
    )
    largest = []
    for cost in (0.01, 1.0, 100.0):
        costly = shifted.with_columns(cost=pl.when(of_b).then(cost))
        got = calibrate(frame, costly, CalibrationSpec(**METHODS[method])).margins
        assert got.filter(pl.col("cost").is_null())["gap"].abs().max() < 2e-9
        largest.append(got.filter(of_b).select((pl.col("gap") ** 2).sum()).item())
    assert largest[0] > largest[1] > largest[2]
    free = calibrate(frame, shifted.with_columns(cost=pl.when(of_b).then(np.inf)).filter(~of_b))
    assert free.margins["cost"].null_count() == 4


def test_sparse_and_dense_matrices_give_the_same_weights(monkeypatch):
    frame, margins = sample(3)
    for method in METHODS:
        dense = g_weights(frame, margins, method)
        with monkeypatch.context() as patch:
            patch.setattr("analysis.calibration_cells.DENSE", 0)
            sparse = g_weights(frame, margins, method)
        np.testing.assert_allclose(sparse, dense, rtol=1e-9)


def test_codes_are_numbered_the_same_by_sorting(monkeypatch):
    frame, margins = sample(4)
    margins = margins.filter(pl.col("category").is_not_null())
    before = g_weights(frame, margins, "raking")
    monkeypatch.setattr("analysis.calibration_cells.DIRECT", 1)
    assert g_weights(frame, margins, "raking").tolist() == before.tolist()


@pytest.mark.parametrize("dtype", [pl.Enum(["3", "1", "2"]), pl.Categorical, pl.Int8, pl.Float64])
def test_categories_may_be_of_any_type(dtype):
    frame = pl.DataFrame({"b": ["1", "2", "2", "3"], "nonresponse_weight": [1.0, 2, 3, 4]})
    names = ["1.0", "2.0", "3.0"] if dtype == pl.Float64 else ["1", "2", "3"]
    margins = pl.DataFrame({"variable": "b", "category": names, "total": [5.0, 10, 2]})
    typed = (
        frame.with_columns(pl.col("b").cast(pl.Float64).cast(pl.Int8).cast(dtype))
        if dtype in (pl.Int8, pl.Float64)
        else frame.with_columns(pl.col("b").cast(dtype))
    )
    assert g_weights(typed, margins, "raking").tolist() == pytest.approx([5, 2, 2, 0.5])
