"""What must hold of any estimate, under every kind of design."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.design import SurveyDesign
from analysis.estimation import covariance, estimate, influences
from analysis.targets import WHOLE, Domain, Target, levels

DESIGNS = {
    "replacement": SurveyDesign("w", "h"),
    "rows": SurveyDesign("w", "h", "rows"),
    "clusters": SurveyDesign("w", "h", "clusters", "c"),
    "two_stages": SurveyDesign("w", "h", ("clusters", "inside"), "c"),
    "brewer": SurveyDesign("w", "h", inclusion="p", pps="brewer"),
    "deville": SurveyDesign("w", "h", inclusion="p", pps="deville"),
    "calibrated": SurveyDesign("w", "h", "rows", calibration=("h",), design_weight="before"),
    "response": SurveyDesign("w", "h", "rows", responded="responded", response_group="h"),
}
EVERY = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
LINEAR = [
    Target("y", pl.col("y")),
    Target("x", pl.col("x"), "mean"),
    Target("sum", pl.col("x"), "total"),
    Target("ratio", pl.col("x"), "ratio", denominator=pl.col("z")),
]
CURVED = [
    Target("median", pl.col("x"), "quantile", order=0.5),
    Target("gini", pl.col("z"), "gini"),
    Target("top", pl.col("z"), "quantile_share", order=0.8),
]
INTERVALS = [
    Target(f"y_{name}", pl.col("y"), interval=name)
    for name in ("wilson", "beta", "arcsine", "likelihood", "normal")
]
CUT = Domain("d", ("d",))
FEW = settings(max_examples=10)
# Sums of at most 30 terms in double precision; a variance of zero has a root of 1e-8 of the terms.
CLOSE = {"rel_tol": 1e-8, "abs_tol": 1e-6}


@st.composite
def samples(draw) -> pl.DataFrame:
    """Rows in two strata of two clusters or more; a row of each stratum may be silent.

    Values have two decimals and reach 100, so that differences are either nil or far from rounding.
    """
    cents = st.integers(-10_000, 10_000).map(lambda value: value / 100)
    rows = st.tuples(
        st.sampled_from("ab"),
        st.integers(1, 4),
        st.sampled_from("uvw"),
        st.integers(2, 100).map(lambda weight: weight / 2),
        st.none() | st.booleans(),
        cents,
        st.integers(1, 10_000).map(lambda value: value / 100),
        st.integers(5, 95).map(lambda chance: chance / 100),
    )
    drawn = draw(st.lists(rows, min_size=2, max_size=20))
    fixed = [(h, c, "u", 2.0, c == 1, v, v, 0.4) for h in "ab" for c, v in ((1, 1.0), (2, 4.0))]
    names = ["h", "c", "d", "before", "y", "x", "z", "p"]
    frame = pl.DataFrame(fixed + drawn, schema=names, orient="row")
    return with_sizes(frame, draw(st.booleans()))


def with_sizes(frame: pl.DataFrame, calibrated: bool) -> pl.DataFrame:
    """Sizes of the population, final weights, and everyone responding."""
    factor = pl.when(pl.col("h") == "a").then(1.25).otherwise(0.75) if calibrated else 1.0
    return frame.with_columns(
        rows=pl.lit(100),
        clusters=pl.lit(12),
        inside=pl.lit(60),
        w=pl.col("before") * factor,
        responded=pl.lit(True),
    )


def run(frame, design, targets, domains=(WHOLE, CUT)) -> pl.DataFrame:
    """Estimates of every target in every domain."""
    return estimate(frame, design, targets, domains, population="ecoles", edition=2000)


def spread(frame, design, targets, domains=(WHOLE, CUT)) -> tuple[pl.DataFrame, np.ndarray]:
    """Cells, and their covariance."""
    found = influences(frame, design, targets, domains, population="ecoles", edition=2000)
    return found.cells, covariance(found)


@EVERY
@FEW
@given(frame=samples(), seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(design, frame, seed):
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    wanted = LINEAR + CURVED
    assert_frame_equal(run(shuffled, design, wanted), run(frame, design, wanted), **CLOSE)


@EVERY
@FEW
@given(frame=samples(), factor=st.sampled_from([1e-6, 0.3, 7.0, 1e6]))
def test_the_unit_of_a_value_is_that_of_its_mean_and_of_its_error(design, frame, factor):
    wanted = [*LINEAR[1:], *CURVED]
    scaled = run(frame.with_columns(pl.col("x", "z") * factor), design, wanted)
    expected = run(frame, design, wanted)
    free = pl.col("indicator").is_in(["ratio", "gini", "top"])
    size = pl.when(free).then(1.0).otherwise(factor)
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    assert_frame_equal(
        scaled.select(pl.col(numbers) / size, "df"),
        expected.select(*numbers, "df"),
        **CLOSE,
    )


@EVERY
@FEW
@given(frame=samples(), factor=st.sampled_from([0.01, 0.3, 40.0]))
def test_the_unit_of_weights_shows_in_totals_alone(design, frame, factor):
    wanted = LINEAR + CURVED
    scaled = run(frame.with_columns(pl.col("w", "before") * factor), design, wanted)
    size = pl.when(pl.col("statistic") == "total").then(factor).otherwise(1.0)
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    assert_frame_equal(
        scaled.select(pl.col(numbers) / size, "df"),
        run(frame, design, wanted).select(*numbers, "df"),
        **CLOSE,
    )


@pytest.mark.parametrize("design", [DESIGNS["clusters"], SurveyDesign("w", cluster="c")])
@FEW
@given(frame=samples(), data=st.data())
def test_two_halves_of_a_row_are_that_row(design, frame, data):
    at = data.draw(st.integers(0, frame.height - 1))
    half = frame[at].with_columns(pl.col("w") / 2)
    halved = pl.concat([frame[:at], half, half, frame[at + 1 :]])
    columns = ["estimate", "std_error", "df", "population_size"]
    wanted = LINEAR + CURVED[1:]  # a median may stand between the two halves
    got, expected = run(halved, design, wanted), run(frame, design, wanted)
    assert_frame_equal(got.select(columns), expected.select(columns), **CLOSE)


@EVERY
@FEW
@given(frame=samples())
def test_totals_of_domains_and_their_covariances_add_up(design, frame):
    cells, matrix = spread(frame, design, LINEAR[2:3])
    assert cells["estimate"][1:].sum() == pytest.approx(cells["estimate"][0], abs=1e-6)
    variance = cells["std_error"][0] ** 2
    assert matrix[1:, 1:].sum() == pytest.approx(variance, rel=1e-8, abs=1e-6)
    assert matrix[0, 1:].sum() == pytest.approx(variance, rel=1e-8, abs=1e-6)


# Rows of weight 0 have no place in a calibration, nor among respondents.
@pytest.mark.parametrize(
    "design", [DESIGNS[name] for name in ("rows", "clusters", "two_stages", "brewer", "deville")]
)
@FEW
@given(frame=samples())
def test_a_domain_is_the_whole_with_other_rows_weighed_to_zero(design, frame):
    zero = frame.with_columns(w=pl.when(pl.col("d") == "u").then("w").otherwise(0.0))
    wanted, columns = LINEAR + CURVED, pl.exclude("domain_type", "domain")
    got = run(frame, design, wanted).filter(pl.col("domain") == "u")
    expected = run(zero, design, wanted, [WHOLE])
    assert_frame_equal(got.select(columns), expected.select(columns), **CLOSE)
    emptied = run(zero, design, LINEAR[2:3]).filter(~pl.col("domain").is_in(["ensemble", "u"]))
    assert emptied.filter((pl.col("estimate") != 0) | (pl.col("std_error") != 0)).is_empty()


@EVERY
@FEW
@given(frame=samples())
def test_a_mean_is_a_ratio_to_one(design, frame):
    mean, ratio = (
        run(frame, design, [target]).drop("statistic")
        for target in (
            Target("x", pl.col("x"), "mean"),
            Target("x", pl.col("x"), "ratio", denominator=pl.lit(1)),
        )
    )
    assert_frame_equal(mean, ratio, **CLOSE)
    totals = run(frame, design, LINEAR[2:3])
    assert mean["estimate"].to_list() == pytest.approx(
        (totals["estimate"] / totals["population_size"]).to_list(), abs=1e-9
    )


@EVERY
@FEW
@given(frame=samples())
def test_shares_of_all_levels_sum_to_one_without_error(design, frame):
    cells, matrix = spread(frame, design, levels(frame, "d"), [WHOLE])
    assert cells["estimate"].sum() == pytest.approx(1, abs=1e-12)
    assert np.abs(matrix.sum(axis=0)).max() <= 1e-12


@EVERY
@FEW
@given(frame=samples())
def test_covariances_are_symmetric_positive_and_hold_the_errors(design, frame):
    cells, matrix = spread(frame, design, LINEAR)
    known = cells["std_error"].is_not_null().to_numpy()
    errors = cells["std_error"].drop_nulls().to_numpy()
    matrix = matrix[np.ix_(known, known)]
    size = np.abs(np.diag(matrix)).max() + 1e-12
    assert np.isfinite(matrix).all()
    assert np.abs(matrix - matrix.T).max() <= 1e-12 * size
    assert np.linalg.eigvalsh((matrix + matrix.T) / 2).min() >= -1e-10 * size
    assert np.sqrt(np.maximum(np.diag(matrix), 0)) == pytest.approx(errors, rel=1e-8, abs=1e-6)


@EVERY
@FEW
@given(frame=samples())
def test_no_number_is_nan_and_bounds_stand_on_both_sides(design, frame):
    got = run(frame, design, LINEAR + CURVED + INTERVALS)
    numbers = got.select(pl.col(pl.Float64))
    assert numbers.select(pl.any_horizontal(pl.all().is_nan().any())).item() is False
    assert numbers.select(pl.any_horizontal(pl.all().is_infinite().any())).item() is False
    assert (got["std_error"].drop_nulls() >= 0).all()
    assert (
        got.filter(pl.col("n_respondents") == 0, pl.col("statistic") != "total")["std_error"]
        .is_null()
        .all()
    )
    slack = 1e-9 * (1 + pl.col("estimate").abs())
    known = got.drop_nulls(["conf_low", "conf_high"])
    outside = (pl.col("conf_low") > pl.col("estimate") + slack) | (
        pl.col("conf_high") < pl.col("estimate") - slack
    )
    assert known.filter(outside).is_empty(), known.filter(outside)
    shares = known.filter(pl.col("statistic") == "share", pl.col("indicator") != "y_normal")
    assert shares.filter((pl.col("conf_low") < 0) | (pl.col("conf_high") > 1)).is_empty()


@FEW
@given(frame=samples())
def test_stages_that_take_all_are_no_stage(frame):
    """Rows all taken in their cluster; clusters of a single row."""
    taken = frame.with_columns(inside=pl.len().over("h", "c"))
    got = run(taken, DESIGNS["two_stages"], LINEAR)
    assert_frame_equal(got, run(frame, DESIGNS["clusters"], LINEAR), **CLOSE)
    single = frame.with_columns(c=pl.int_range(pl.len()), one=pl.lit(1))
    expected = run(single, DESIGNS["rows"], LINEAR)
    for sizes in ("rows", ("rows", "one")):
        got = run(single, SurveyDesign("w", "h", sizes, "c"), LINEAR)
        assert_frame_equal(got, expected, **CLOSE)


@FEW
@given(frame=samples())
def test_a_population_without_end_is_a_draw_with_replacement(frame):
    endless = frame.with_columns(rows=pl.lit(1e15))
    got, expected = (run(endless, DESIGNS[name], LINEAR) for name in ("rows", "replacement"))
    assert_frame_equal(got, expected, **CLOSE)


@FEW
@given(frame=samples())
def test_a_stratum_wholly_taken_adds_nothing(frame):
    known = frame.with_columns(sure=pl.col("h") == "a", rows=pl.len().over("h"))
    design = SurveyDesign("w", "h", certainty="sure")
    got = run(known, design, LINEAR[2:3], [WHOLE, Domain("h", ("h",))])
    whole, first, second = got["std_error"]
    assert (first, whole) == (0, pytest.approx(second, abs=1e-6))
    plain = run(frame, DESIGNS["replacement"], LINEAR[2:3], [Domain("h", ("h",))])
    assert second == pytest.approx(plain["std_error"][1], abs=1e-6)
    census = run(known, DESIGNS["rows"], LINEAR)
    assert census["std_error"].drop_nulls().max() == 0


@FEW
@given(frame=samples())
def test_everyone_responding_is_no_second_phase(frame):
    got, expected = (run(frame, DESIGNS[name], LINEAR + CURVED) for name in ("response", "rows"))
    numbers = ["estimate", "std_error", "df"]
    assert_frame_equal(got.select(numbers[:2]), expected.select(numbers[:2]), **CLOSE)
