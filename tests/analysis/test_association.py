"""Tests of association and of fit: equal to R survey; see tests/reference/comparison.R."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from analysis.association import association_tests, fit_tests
from analysis.combinations import saddlepoint_tail, weighted_tail
from analysis.design import SurveyDesign
from analysis.inference import NO_ERROR, NO_FREEDOM, OK, ONE_GROUP, TEST
from analysis.targets import WHOLE, Domain
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
EXPECTED = pl.read_csv(REFERENCE / "comparison.csv")
NAMES = {"F": "F", "chisq": "Chisq", "wald": "Wald", "adj_wald": "adjWald"}
TABLES = [("sch_wide", "comp_imp"), ("awards", "sch_wide")]
TABLES_OF_R = [*TABLES, ("stype", "comp_imp")]
STYPE = Domain("stype", ("stype",))
DESIGNS = {
    "strat": ("apistrat", SurveyDesign("pw", "stype", "fpc")),
    "clus1": ("apiclus1", SurveyDesign("pw", None, "fpc", "dnum")),
    "clus2": ("apiclus2", SurveyDesign("pw", None, ("fpc1", "fpc2"), ("dnum", "snum"))),
}
RAKED = {"calibration": ("stype", "sch_wide", "awards"), "design_weight": "pw"}


def schools(name: str) -> tuple[pl.DataFrame, SurveyDesign]:
    """The sample of a reference design, and its design."""
    if name != "raked":
        file, design = DESIGNS[name]
        return pl.read_csv(REFERENCE / f"{file}.csv"), design
    weights = pl.read_csv(REFERENCE / "raked_weights.csv").filter(pl.col("design") == "raked")
    frame = pl.read_csv(REFERENCE / "apistrat.csv").with_columns(calibrated=weights["weight"])
    return frame, SurveyDesign("calibrated", "stype", "fpc", **RAKED)


def same(got: pl.DataFrame, expected: pl.DataFrame, columns: tuple[str, ...], rtol: float) -> None:
    """Numbers equal where R has them."""
    for column in columns:
        known = expected[column].is_not_null()
        np.testing.assert_allclose(
            got[column].filter(known).to_numpy(),
            expected[column].filter(known).to_numpy(),
            rtol=rtol,
            err_msg=column,
        )


def matched(got: pl.DataFrame, expected: pl.DataFrame) -> pl.DataFrame:
    """The tests made here, in R's order."""
    keys = ["variable", "group", "domain"]
    found = expected.select(keys).join(
        got, on=keys, how="left", maintain_order="left", nulls_equal=True
    )
    assert found["status"].null_count() == 0
    return found


@pytest.mark.parametrize("statistic", NAMES)
@pytest.mark.parametrize("name", [*DESIGNS, "raked"])
def test_association_equals_r(name, statistic):
    expected = EXPECTED.filter(design=name, test=NAMES[statistic])
    frame, design = schools(name)
    whole = association_tests(
        frame,
        design,
        TABLES_OF_R if name != "raked" else [TABLES_OF_R[0], TABLES_OF_R[2]],
        statistic=statistic,
    )
    by_type = association_tests(frame, design, TABLES, [STYPE], statistic=statistic)
    got = matched(pl.concat([whole, by_type]), expected)
    assert expected.height == (2 if name == "raked" else 5)
    same(got, expected, ("statistic", "ndf", "ddf"), 1e-8)
    same(got, expected, ("p_value",), 1e-7)


def test_saddlepoint_equals_r():
    expected = EXPECTED.filter(design="pFsum")
    weights = [np.array(text.split(), dtype=float) for text in expected["variable"]]
    cases = zip(weights, expected["statistic"], expected["ddf"], strict=True)
    got = [saddlepoint_tail(value, weight, ddf) for weight, value, ddf in cases]
    # R looks for the saddlepoint to 1e-8 only, some of which shows in a tail of 1e-6.
    assert len(got) == 18
    assert got == pytest.approx(expected["p_value"].to_list(), rel=1e-5)


@pytest.mark.parametrize("name", DESIGNS)
def test_both_tails_are_near_the_saddlepoint_of_r(name):
    expected = EXPECTED.filter(design=name, test="saddlepoint", domain="ensemble")
    frame, design = schools(name)
    for statistic in ("saddlepoint", "lincom"):
        whole = association_tests(frame, design, TABLES_OF_R, statistic=statistic)
        got = matched(whole, expected)
        # svychisq cuts the df of the denominator to a whole number: a hundredth of the tail, or
        # more when it is a millionth; the approximation itself is within 8 % of the integral.
        np.testing.assert_allclose(got["p_value"], expected["p_value"], rtol=0.1, atol=1e-7)


@pytest.mark.parametrize("name", DESIGNS)
def test_fit_equals_r(name):
    expected = EXPECTED.filter(design=name, test="gof")
    frame, design = schools(name)
    shares = {"awards": {"No": 0.4, "Yes": 0.6}, "stype": {"E": 0.7, "H": 0.15, "M": 0.15}}
    whole = fit_tests(frame, design, shares)
    got = pl.concat([whole, fit_tests(frame, design, {"awards": shares["awards"]}, [STYPE])])
    got = matched(got, expected)
    same(got, expected, ("statistic", "ndf"), 1e-8)
    same(got, expected, ("p_value",), 1e-7)
    # The types are the strata of `strat`: their shares are known, R's test is empty.
    assert whole["status"].to_list() == [OK, NO_ERROR if name == "strat" else OK]


def test_fit_of_a_margin_has_nothing_to_test():
    frame, design = schools("raked")
    got = fit_tests(frame, design, {"awards": {"No": 0.4, "Yes": 0.6}})
    assert (got["status"][0], got["p_value"][0]) == (NO_ERROR, None)


def test_equal_weights_without_design_are_those_of_pearson():
    # Rows drawn with replacement: n/(n - 1) is all that the design effect holds, in a 2 x 2 table
    # under exact independence of rows and columns in the sample; Cramer's V is then 0.
    frame = pl.DataFrame({"a": ["x", "y"] * 20, "b": ["u", "u", "v", "v"] * 10, "w": [2.0] * 40})
    got = association_tests(frame, SurveyDesign("w"), [("a", "b")]).row(0, named=True)
    assert got["estimate"] == pytest.approx(0, abs=1e-12)
    assert got["p_value"] == pytest.approx(1, abs=1e-6)
    assert (got["n"], got["ndf"], got["ddf"]) == (40, pytest.approx(1), pytest.approx(39))


def test_perfect_association_has_a_v_of_one():
    frame = pl.DataFrame({"a": ["x", "y", "z"] * 9, "b": ["u", "v", "w"] * 9, "w": [1.0] * 27})
    got = association_tests(frame, SurveyDesign("w"), [("a", "b")])
    assert got["estimate"][0] == pytest.approx(1)


def test_what_cannot_be_tested_says_why():
    frame = pl.DataFrame(
        {
            "w": [1.0] * 8,
            "c": [1, 1, 1, 1, 1, 1, 1, 1],
            "a": list("xyxyxyxy"),
            "b": list("uuvvuuvv"),
            "one": ["k"] * 8,
            "none": pl.Series([None] * 8, dtype=pl.String),
        }
    )
    got = association_tests(frame, SurveyDesign("w"), [("a", "one"), ("a", "none")])
    assert got.schema == TEST
    assert got["status"].to_list() == [ONE_GROUP, ONE_GROUP]
    assert got["n"].to_list() == [8, 0]
    lone = association_tests(frame, SurveyDesign("w", cluster="c"), [("a", "b")])
    assert lone["status"].to_list() == [NO_FREEDOM]
    numbers = pl.concat([got, lone]).select(pl.col(pl.Float64))
    assert not numbers.select(pl.any_horizontal(pl.all().is_nan().any())).item()


def test_p_values_are_corrected_over_tables():
    frame, design = schools("strat")
    got = association_tests(frame, design, TABLES_OF_R, adjust="bonferroni")
    expected = [min(1, 3 * p) for p in got["p_value"]]
    assert got["p_adjusted"].to_list() == pytest.approx(expected)
    plain = association_tests(frame, design, TABLES, adjust=None)
    assert plain["p_adjusted"].to_list() == plain["p_value"].to_list()


def test_faults():
    frame, design = schools("strat")
    with pytest.raises(SurveyError, match="inconnue"):
        association_tests(frame, design, TABLES, statistic="khi2")
    with pytest.raises(SurveyError, match="au moins un tableau"):
        association_tests(frame, design, [])
    with pytest.raises(SurveyError, match="absente"):
        association_tests(frame, design, [("stype", "absent")])
    with pytest.raises(SurveyError, match="Correction"):
        association_tests(frame, design, TABLES, adjust="holms")
    with pytest.raises(SurveyError, match="une part par modalité"):
        fit_tests(frame, design, {"awards": {"Yes": 1.0}})
    with pytest.raises(SurveyError, match="positives"):
        fit_tests(frame, design, {"awards": {"Yes": 1.0, "No": 0.0}})


@pytest.mark.parametrize("weights", [[1.0], [1.0, 1.0, 1.0], [0.4, 2.5, 1.0]])
def test_tails_of_combinations(weights):
    # Equal weights: the ratio of both chi-squares is an F, known in closed form.
    weights, ddf = np.array(weights), 23.5
    for value in (1.0, 6.0, 15.0):
        got = weighted_tail(value, weights, ddf)
        assert saddlepoint_tail(value, weights, ddf) == pytest.approx(got, rel=0.08)
        if len(set(weights)) == 1:
            k = len(weights)
            assert got == pytest.approx(special.fdtrc(k, ddf, value / k), abs=1e-9)


def test_integrated_tail_agrees_with_a_simulation():
    weights, ddf, draws = np.array([0.4, 2.5, 1.0]), 12, 400_000
    random = np.random.default_rng(5)
    top = random.chisquare(1, (draws, 3)) @ weights
    bottom = random.chisquare(ddf, draws) / ddf
    simulated = (top > 9.0 * bottom).mean()
    # Four standard errors of a share of 400 000 draws.
    assert weighted_tail(9.0, weights, ddf) == pytest.approx(simulated, abs=0.0023)


@settings(max_examples=25)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("uv"), st.floats(0.5, 9)),
        min_size=6,
        max_size=40,
    ),
    statistic=st.sampled_from(["F", "chisq", "wald", "adj_wald"]),
)
def test_relabelling_and_scale_change_nothing(rows, statistic):
    every = [(a, b, w) for a, b in ("xu", "xv", "yu", "yv", "zu", "zv") for w in (1.0, 2.0)]
    frame = pl.DataFrame([*rows, *every], schema=["a", "b", "w"], orient="row")
    other = frame.select(
        pl.col("a").replace({"x": "r", "y": "q", "z": "p"}),
        pl.col("b").replace({"u": "n", "v": "m"}),
        pl.col("w") * 1000,
    ).reverse()
    first, second = (
        association_tests(data, SurveyDesign("w"), [table], statistic=statistic)
        for data, table in ((frame, ("a", "b")), (other, ("b", "a")))
    )
    columns = ("statistic", "ndf", "ddf", "p_value", "estimate")
    assert first["status"].to_list() == second["status"].to_list() == [OK]
    for column in columns:
        if column == "ddf" and statistic == "chisq":
            assert first[column][0] is None and second[column][0] is None
            continue
        # A statistic near 0 is the difference of close numbers, known to 1e-12 of their size.
        assert first[column][0] == pytest.approx(second[column][0], rel=1e-6, abs=1e-7)


def test_domain_equals_the_filter_of_rows_when_drawn_with_replacement_by_stratum():
    # In strata wholly inside the domain the other strata add nothing.
    frame, design = schools("strat")
    by_type = association_tests(frame, design, TABLES, [WHOLE, STYPE]).filter(domain="E")
    alone = association_tests(frame.filter(pl.col("stype") == "E"), design, TABLES)
    same(by_type, alone, ("statistic", "ndf", "ddf", "p_value", "estimate"), 1e-10)


@pytest.mark.parametrize("value", [3.0, 1e4, 1e6])
@pytest.mark.parametrize("weights", [[1.0, 0.5, 0.2], [1e-4, 1e-5], [1.0], [1.0] * 30])
def test_tails_of_weighted_sums_stand_far_out_and_near(value, weights):
    # Far out both are 0 to the precision of the integral; near, the saddlepoint is good to 5 %.
    weights = np.array(weights)
    exact, near = (
        tail(value * weights.max(), weights, 25.0) for tail in (weighted_tail, saddlepoint_tail)
    )
    assert exact == pytest.approx(near, rel=0.05, abs=1e-9)
