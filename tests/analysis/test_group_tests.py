"""Tests between groups: equal to R survey; see tests/reference/comparison.R."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import Replicates, SurveyDesign
from analysis.group_tests import anova_tests, rank_tests, t_tests, trend_tests
from analysis.inference import CONSTANT, NO_ERROR, NO_FREEDOM, NO_ROW, OK, ONE_GROUP, SINGULAR, TEST
from analysis.targets import WHOLE, Domain, Target
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
EXPECTED = pl.read_csv(REFERENCE / "comparison.csv")
STYPE, COMP_IMP = Domain("stype", ("stype",)), Domain("comp_imp", ("comp_imp",))
SCH_WIDE = Domain("sch_wide", ("sch_wide",))
API = Target("api00", pl.col("api00"), "mean")
AWARDS = Target("awards", pl.col("awards") == "Yes")
ALL = ("strat", "clus1", "clus2", "raked")
DESIGNS = {
    "strat": ("apistrat", SurveyDesign("pw", "stype", "fpc")),
    "clus1": ("apiclus1", SurveyDesign("pw", None, "fpc", "dnum")),
    "clus2": ("apiclus2", SurveyDesign("pw", None, ("fpc1", "fpc2"), ("dnum", "snum"))),
}
RAKED = {"calibration": ("stype", "sch_wide", "awards"), "design_weight": "pw"}


def schools(name: str) -> tuple[pl.DataFrame, SurveyDesign]:
    if name != "raked":
        file, design = DESIGNS[name]
        return pl.read_csv(REFERENCE / f"{file}.csv"), design
    weights = pl.read_csv(REFERENCE / "raked_weights.csv").filter(pl.col("design") == "raked")
    frame = pl.read_csv(REFERENCE / "apistrat.csv").with_columns(calibrated=weights["weight"])
    return frame, SurveyDesign("calibrated", "stype", "fpc", **RAKED)


def same(got: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Every number that R has, in R's order of variables, groups and domains."""
    keys = ["variable", "group", "domain"]
    found = expected.select(keys).join(
        got, on=keys, how="left", maintain_order="left", nulls_equal=True
    )
    assert expected.height and found["status"].to_list() == [OK] * expected.height
    for column in ("statistic", "ndf", "ddf", "p_value", "estimate", "std_error", "conf_low"):
        known = expected[column].is_not_null()
        np.testing.assert_allclose(
            found[column].filter(known).to_numpy(),
            expected[column].filter(known).to_numpy(),
            rtol=1e-7 if column == "p_value" else 1e-8,
            err_msg=column,
        )


@pytest.mark.parametrize("name", ALL)
def test_t_equals_r(name):
    frame, design = schools(name)
    domains = [WHOLE, STYPE]
    classes = Target("acs_46", pl.col("acs_46"), "mean")
    single = [
        Target("api00_650", pl.col("api00") - 650, "mean"),
        Target("paired", 20 * pl.col("acs_46") - pl.col("api00"), "mean"),
    ]
    got = pl.concat(
        [
            t_tests(frame, design, [API], COMP_IMP, domains),
            t_tests(frame, design, [classes], SCH_WIDE, domains),
            t_tests(frame, design, single, None, domains),
        ]
    )
    expected = EXPECTED.filter(design=name, test="t")
    assert expected.height == (4 if name == "raked" else 8)
    same(got, expected)


def test_mean_against_a_number():
    frame, design = schools("clus1")
    shifted = t_tests(frame, design, [Target("y", pl.col("api00") - 650, "mean")])
    against = t_tests(frame, design, [Target("y", pl.col("api00"), "mean")], against=650)
    for column in ("statistic", "p_value", "std_error"):
        assert against[column][0] == pytest.approx(shifted[column][0])
    assert against["conf_low"][0] == pytest.approx(shifted["conf_low"][0] + 650)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("score", "in_r"),
    [
        ("wilcoxon", "wilcoxon"),
        ("median", "median"),
        ("van_der_waerden", "vanderWaerden"),
        ("kruskal_wallis", "KruskalWallis"),
        (lambda rank, size: (rank / size) ** 2, "square"),
    ],
)
def test_ranks_equal_r(name, score, in_r):
    frame, design = schools(name)
    two = rank_tests(frame, design, [API], COMP_IMP, [WHOLE, STYPE], score=score)
    enroll = Target("enroll", pl.col("enroll"), "mean")
    three = rank_tests(frame, design, [enroll], STYPE, score=score)
    same(pl.concat([two, three]), EXPECTED.filter(design=name, test=in_r))


@pytest.mark.parametrize("name", ALL)
def test_anova_and_trends_equal_r(name):
    frame, design = schools(name)
    targets = [API, AWARDS]
    same(anova_tests(frame, design, targets, STYPE), EXPECTED.filter(design=name, test="anova"))
    for method in ("slope", "score"):
        got = trend_tests(frame, design, targets, STYPE, scores=(1, 4, 9), method=method)
        same(got, EXPECTED.filter(design=name, test=method))


def test_anova_of_two_groups_is_the_square_of_t():
    frame, design = schools("clus2")
    t = t_tests(frame, design, [API], COMP_IMP).row(0, named=True)
    f = anova_tests(frame, design, [API], COMP_IMP).row(0, named=True)
    assert f["statistic"] == pytest.approx(t["statistic"] ** 2)
    assert f["p_value"] == pytest.approx(t["p_value"])


def test_statuses_say_why_there_is_no_test():
    frame = pl.DataFrame(
        {
            "w": [1.0] * 6,
            "g": list("aabbaa"),
            "d": list("xxxxyy"),
            "flat": [3.0] * 6,
            "two": [1.0, 1.0, 2.0, 2.0, 1.0, 1.0],
            "none": pl.Series([None] * 6, dtype=pl.Float64),
            "y": [1.0, 2.0, 5.0, 4.0, 2.0, 8.0],
        }
    )
    targets = [Target(name, pl.col(name), "mean") for name in ("flat", "two", "none", "y")]
    group = Domain("g", ("g",))
    plan = SurveyDesign("w")
    got = t_tests(frame, plan, targets, group)
    assert got.schema == TEST
    assert got["status"].to_list() == [CONSTANT, NO_ERROR, ONE_GROUP, OK]
    assert got.filter(pl.col("status") != OK)["p_value"].null_count() == 3
    wald = anova_tests(frame, plan, targets, group)
    assert wald["status"].to_list() == [CONSTANT, SINGULAR, ONE_GROUP, OK]
    assert t_tests(frame, plan, [targets[3]], group, [Domain("d", ("d",))])["status"].to_list() == [
        OK,
        ONE_GROUP,
    ]
    ranks = rank_tests(frame, plan, targets, group)
    assert ranks["status"].to_list() == [CONSTANT, NO_ERROR, ONE_GROUP, OK]
    trends = trend_tests(frame, plan, targets, group)
    assert trends["status"].to_list() == [CONSTANT, NO_ERROR, ONE_GROUP, OK]
    empty = t_tests(frame, plan, [targets[2]])
    assert (empty["status"][0], empty["n"][0]) == (NO_ROW, 0)
    lone = frame.with_columns(k=1)
    one = t_tests(lone, SurveyDesign("w", cluster="k"), [targets[3]])
    assert one["status"][0] in (NO_FREEDOM, NO_ERROR) and one["p_value"][0] is None
    every = pl.concat([got, wald, ranks, trends, one])
    assert not every.select(pl.any_horizontal(pl.col(pl.Float64).is_nan().any())).item()


def test_ranks_of_large_numbers_are_tested_as_those_of_small_ones():
    frame, design = schools("strat")
    large = Target("api00", pl.col("api00") * 1e13, "mean")
    tests = [(rank_tests, COMP_IMP), (t_tests, COMP_IMP), (trend_tests, STYPE)]
    for test, group in tests:
        small, big = (test(frame, design, [target], group) for target in (API, large))
        assert big["status"].to_list() == [OK]
        assert big["p_value"][0] == pytest.approx(small["p_value"][0])


def test_p_values_are_corrected_over_domains():
    frame, design = schools("strat")
    got = t_tests(frame, design, [API], COMP_IMP, [STYPE], adjust="bonferroni")
    assert got["p_adjusted"].to_list() == pytest.approx([min(1, 3 * p) for p in got["p_value"]])


def test_faults():
    frame, design = schools("strat")
    with pytest.raises(SurveyError, match="3 groupes"):
        t_tests(frame, design, [API], STYPE)
    with pytest.raises(SurveyError, match="score"):
        rank_tests(frame, design, [API], COMP_IMP, score="rang")
    with pytest.raises(SurveyError, match="méthode"):
        trend_tests(frame, design, [API], STYPE, method="cochran")
    with pytest.raises(SurveyError, match="un nombre par modalité"):
        trend_tests(frame, design, [API], STYPE, scores=(1, 2))
    with pytest.raises(SurveyError, match="au moins une variable"):
        anova_tests(frame, design, [], STYPE)
    replicates = SurveyDesign("pw", replicates=Replicates(("enroll", "api00"), 1.0))
    with pytest.raises(SurveyError, match="poids répliqués"):
        t_tests(frame, replicates, [API], COMP_IMP)
    with pytest.raises(SurveyError, match="Niveau de confiance"):
        t_tests(frame, design, [API], COMP_IMP, level=95)


@st.composite
def samples(draw) -> pl.DataFrame:
    row = st.tuples(
        st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0.5, 50), st.floats(-100, 100)
    )
    fixed = [(h, g, 2.0, v) for h in "ab" for g in "xy" for v in (1.0, 4.0, -3.0)]
    drawn = draw(st.lists(row, max_size=20))
    return pl.DataFrame(fixed + drawn, schema=["h", "g", "w", "y"], orient="row")


@settings(max_examples=25)
@given(frame=samples(), scale=st.floats(0.1, 1000))
def test_relabelling_unit_and_order_change_nothing_but_the_sign(frame, scale):
    plan, group = SurveyDesign("w", "h"), Domain("g", ("g",))
    target = [Target("y", pl.col("y"), "mean")]
    turned = frame.with_columns(
        pl.col("g").replace({"x": "z"}), pl.col("y") * scale, pl.col("w") * scale
    ).reverse()
    # Equal weights for ranks: that of ties of unequal weights depends on the order of rows, as R.
    alike = (data.with_columns(w=3.0) for data in (frame, turned))
    for test, (here, there) in ((t_tests, (frame, turned)), (rank_tests, alike)):
        first = test(here, plan, target, group).row(0, named=True)
        second = test(there, plan, target, group).row(0, named=True)
        assert first["status"] == second["status"] == OK
        # Gaps of groups of ±100 are known to 1e-14 of that: near 0 the statistic is rounding.
        assert first["statistic"] == pytest.approx(-second["statistic"], rel=1e-6, abs=1e-7)
        assert first["p_value"] == pytest.approx(second["p_value"], rel=1e-5)
