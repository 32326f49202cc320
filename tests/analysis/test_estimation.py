"""Estimation: equal to R survey, and right in coverage; see tests/reference/estimation.R."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.calibration import CalibrationSpec, rake
from analysis.design import SurveyDesign
from analysis.estimation import RESULT, Domain, Target, estimate
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
STRAT = SurveyDesign("pw", "stype", "fpc")
WHOLE = Domain("ensemble")
CALIBRATION = ("stype", "sch_wide", "awards")
TARGETS = [
    Target("awards", pl.col("awards") == "Yes"),
    Target(
        "comp_imp_among_sch_wide",
        pl.col("comp_imp") == "Yes",
        base=pl.col("sch_wide") == "Yes",
    ),
    Target("small_classes", pl.col("acs_46") < 28),
    Target("api00", pl.col("api00"), "mean"),
    Target("acs_46", pl.col("acs_46"), "mean"),
    Target("enroll", pl.col("enroll"), "total"),
    Target("both", pl.col("both") == "Yes", "total"),
]
DOMAINS = [
    Domain("ensemble"),
    Domain("stype", ("stype",)),
    Domain("sch_wide", ("sch_wide",)),
    Domain("stype_awards", ("stype", "awards")),
]


def schools(name: str) -> pl.DataFrame:
    return pl.read_csv(REFERENCE / f"{name}.csv")


def raked(name: str) -> pl.DataFrame:
    return rake(
        schools(name), schools("api_margins"), CalibrationSpec(weight="pw", tolerance=1e-12)
    )


def design_of(name: str) -> tuple[pl.DataFrame, SurveyDesign]:
    calibrated = {"calibration": CALIBRATION, "design_weight": "pw"}
    first_high = pl.int_range(pl.len()).over("stype") == 0
    return {
        "srs": lambda: (schools("apisrs"), SurveyDesign("pw", None, "fpc")),
        "strat": lambda: (schools("apistrat"), STRAT),
        "strat_nofpc": lambda: (schools("apistrat"), SurveyDesign("pw", "stype")),
        "clus1": lambda: (schools("apiclus1"), SurveyDesign("pw", None, "fpc", "dnum")),
        "clus1_nofpc": lambda: (schools("apiclus1"), SurveyDesign("pw", cluster="dnum")),
        "raked": lambda: (
            raked("apistrat"),
            SurveyDesign("calibrated_weight", "stype", "fpc", **calibrated),
        ),
        "raked_clus1": lambda: (
            raked("apiclus1"),
            SurveyDesign("calibrated_weight", None, "fpc", "dnum", **calibrated),
        ),
        "lonely": lambda: (
            schools("apistrat").filter((pl.col("stype") != "H") | first_high),
            STRAT,
        ),
    }[name]()


def run(frame, design, targets, domains=(WHOLE,), **options) -> pl.DataFrame:
    return estimate(frame, design, targets, domains, population="ecoles", edition=2000, **options)


def close(got: pl.Series, expected: pl.Series, tolerance: float, floor: float) -> None:
    """Equal up to rounding where R has a number; `floor` forgives variances that are truly 0."""
    known = expected.is_not_null()
    np.testing.assert_allclose(
        got.filter(known).to_numpy(), expected.filter(known).to_numpy(), rtol=tolerance, atol=floor
    )


@pytest.mark.parametrize(
    "name",
    ["srs", "strat", "strat_nofpc", "clus1", "clus1_nofpc", "raked", "raked_clus1", "lonely"],
)
def test_equals_r_survey(name):
    expected = pl.read_csv(REFERENCE / "estimation.csv").filter(pl.col("design") == name)
    frame, design = design_of(name)
    got = expected.select("indicator", "domain_type", "domain").join(
        run(frame, design, TARGETS, DOMAINS),
        on=["indicator", "domain_type", "domain"],
        maintain_order="left",
    )
    assert got.height == expected.height > 60
    size = pl.when(expected["statistic"] == "total").then(expected["estimate"]).otherwise(1.0)
    scale = float(expected.select(size.max()).item())
    close(got["estimate"], expected["estimate"], 1e-10, 1e-9)
    close(got["std_error"], expected["std_error"], 1e-8, 1e-12 * scale)
    close(got["deff"], expected["deff"], 1e-7, 1e-12)
    assert got["n_respondents"].to_list() == expected["n_respondents"].to_list()
    assert got["df"].to_list() == expected["df"].to_list()
    # R gives svyciprop's bounds through an iterative fit, stopped at 1e-8 of deviance.
    close(got["conf_low"], expected["conf_low"], 1e-6, 1e-9 * scale)
    close(got["conf_high"], expected["conf_high"], 1e-6, 1e-9 * scale)


def test_result_vocabulary_and_order():
    frame = pl.DataFrame(
        {
            "w": [2.0, 2.0, 3.0, 3.0, 1.0],
            "h": ["a", "a", "b", "b", "b"],
            "taille": pl.Series(["9", "10", "9", None, "10"], dtype=pl.Enum(["9", "10"])),
            "y": [True, False, True, None, True],
        }
    )
    targets = [Target("y", pl.col("y")), Target("y", pl.col("y"), "total")]
    domains = [
        Domain("ensemble"),
        Domain("taille", ("taille",)),
        Domain("taille x strate", ("taille", "h")),
        Domain("petites", pl.col("taille") == "9"),
        Domain("strate", pl.col("h")),
    ]
    got = run(frame, SurveyDesign("w", "h"), targets, domains)
    assert got.schema == RESULT
    assert got["domain"].to_list()[:10] == [
        "ensemble", "9", "10", "9 x a", "9 x b", "10 x a", "10 x b", "petites", "a", "b",
    ]  # fmt: skip
    whole = got.row(0, named=True)
    assert (whole["estimate"], whole["n_respondents"], whole["n_domain"]) == (6 / 8, 4, 5)
    assert (whole["population_size"], whole["df"]) == (11.0, 2)
    # four answers, two degrees of freedom: [0.01 ; 0.999] says nothing
    assert (whole["status"], whole["conf_high"] - whole["conf_low"] > 0.95) == ("nd", True)
    total = got.row(11, named=True)
    assert (total["statistic"], total["domain"], total["estimate"]) == ("total", "9", 5.0)


def test_row_without_weight_is_outside_every_domain():
    frame = pl.DataFrame({"w": [1.0, 1.0, 1.0, 0.0], "y": [1, 0, 1, 1], "d": ["a", "a", "a", "b"]})
    target = [Target("y", pl.col("y")), Target("y", pl.col("y"), "total")]
    got = run(frame, SurveyDesign("w"), target, [Domain("d", ("d",))])
    share, total = got.filter(pl.col("domain") == "b").rows(named=True)
    assert share["estimate"] is None and share["std_error"] is None and share["cv"] is None
    assert (total["estimate"], total["std_error"], total["n_respondents"]) == (0, 0, 0)


def test_subgroup_of_nobody_has_no_share():
    frame = pl.DataFrame({"w": [1.0, 2.0], "y": [1, 0]})
    got = run(frame, SurveyDesign("w"), [Target("y", pl.col("y"))], [Domain("nul", pl.lit(False))])
    assert got.select("estimate", "conf_low", "n_domain").row(0) == (None, None, 0)


def test_share_of_zero_or_one_keeps_an_interval():
    # Equal weights, no strata: Clopper-Pearson on n = 10, 1 - 0.025 ** (1/10).
    frame = pl.DataFrame({"w": [3.0] * 10, "none": [False] * 10, "every": [True] * 10})
    targets = [Target("none", pl.col("none")), Target("every", pl.col("every"))]
    none, every = run(frame, SurveyDesign("w"), targets).rows(named=True)
    assert (none["estimate"], none["std_error"], none["conf_low"]) == (0, 0, 0)
    assert none["conf_high"] == pytest.approx(1 - 0.025**0.1, rel=1e-12)
    assert every["conf_low"] == pytest.approx(0.025**0.1, rel=1e-12)
    assert every["conf_high"] == 1


def test_share_of_a_census_is_known():
    frame = pl.DataFrame({"w": [1.0] * 10, "N": [10] * 10, "none": [False] * 10})
    design = SurveyDesign("w", None, "N")
    got = run(frame, design, [Target("none", pl.col("none"))]).row(0, named=True)
    assert (got["std_error"], got["conf_low"], got["conf_high"]) == (0, 0, 0)


def test_lone_unit_has_no_interval():
    frame = pl.DataFrame({"w": [3.0], "y": [4.0]})
    got = run(frame, SurveyDesign("w"), [Target("y", pl.col("y"), "mean")]).row(0, named=True)
    assert (got["estimate"], got["df"], got["conf_low"], got["deff"]) == (4.0, 0, None, None)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (Target("t", pl.col("absente")), "colonne « absente » absente"),
        (Target("t", pl.col("texte"), "mean"), "« texte » contient du texte (ligne 2)"),
        (Target("t", pl.col("infini"), "mean"), "« infini » porte une valeur infinie"),
        (Target("t", pl.col("x")), "autre que 0 et 1 pour une part (lignes 2, 3)"),
    ],
)
def test_faults_of_targets(target, says):
    frame = pl.DataFrame(
        {
            "w": [1.0, 1.0, 1.0],
            "texte": ["1", "deux", None],
            "infini": [1.0, 2.0, float("inf")],
            "x": [1, 2, 3],
        }
    )
    with pytest.raises(SurveyError) as error:
        run(frame, SurveyDesign("w"), [target])
    assert says in str(error.value).replace("\u202f", " ")


def test_faults_of_calls():
    frame = pl.DataFrame({"w": [1.0, 1.0], "y": [0, 1]})
    y = Target("y", pl.col("y"))
    with pytest.raises(SurveyError, match="demandé deux fois"):
        run(frame, SurveyDesign("w"), [y, y])
    with pytest.raises(SurveyError, match="au moins un indicateur"):
        run(frame, SurveyDesign("w"), [])
    with pytest.raises(SurveyError, match="Niveau de confiance"):
        run(frame, SurveyDesign("w"), [y], level=95)
    with pytest.raises(SurveyError, match="statistique"):
        Target("y", pl.col("y"), "mediane")
    with pytest.raises(SurveyError, match="liste de colonnes"):
        Domain("y", "y")


@st.composite
def samples(draw) -> pl.DataFrame:
    rows = st.tuples(
        st.sampled_from("ab"),  # stratum
        st.sampled_from("xyz"),  # domain
        st.floats(0.5, 50),  # weight
        st.none() | st.booleans(),
        st.floats(-100, 100),
    )
    drawn = draw(st.lists(rows, min_size=2, max_size=25))
    # Two rows by stratum, so that the variance does not rest on lonely strata.
    fixed = [(h, "x", 2.0, True, v) for h in "ab" for v in (1.0, 4.0)]
    return pl.DataFrame(fixed + drawn, schema=["h", "d", "w", "y", "x"], orient="row")


PLAN = SurveyDesign("w", "h")
SHARE_MEAN_TOTAL = [
    Target("y", pl.col("y")),
    Target("x", pl.col("x"), "mean"),
    Target("x", pl.col("x"), "total"),
]
CUT = Domain("d", ("d",))
CLOSE = {"rel_tol": 1e-7, "abs_tol": 1e-7}


@settings(max_examples=40)
@given(frame=samples(), seed=st.integers(0, 1000))
def test_order_of_rows_does_not_matter(frame, seed):
    got = run(frame.sample(fraction=1.0, shuffle=True, seed=seed), PLAN, SHARE_MEAN_TOTAL, [CUT])
    assert_frame_equal(got, run(frame, PLAN, SHARE_MEAN_TOTAL, [CUT]), **CLOSE)


@settings(max_examples=40)
@given(frame=samples(), factor=st.floats(0.1, 10))
def test_shares_and_means_ignore_the_scale_of_weights(frame, factor):
    columns = ["estimate", "std_error", "conf_low", "conf_high", "df"]
    scaled = run(frame.with_columns(pl.col("w") * factor), PLAN, SHARE_MEAN_TOTAL[:2], [CUT])
    expected = run(frame, PLAN, SHARE_MEAN_TOTAL[:2], [CUT])
    assert_frame_equal(scaled.select(columns), expected.select(columns), **CLOSE)


@settings(max_examples=40)
@given(frame=samples())
def test_totals_of_domains_add_up(frame):
    got = run(frame, PLAN, SHARE_MEAN_TOTAL[2:], [Domain("ensemble"), CUT])
    assert got["estimate"][1:].sum() == pytest.approx(got["estimate"][0], abs=1e-6)
    assert got["n_respondents"][1:].sum() == got["n_respondents"][0] == frame.height
    assert got["population_size"][1:].sum() == pytest.approx(got["population_size"][0])


@settings(max_examples=40)
@given(frame=samples())
def test_a_domain_is_the_whole_with_other_rows_weighed_to_zero(frame):
    columns = pl.exclude("domain_type", "domain")
    got = run(frame, PLAN, SHARE_MEAN_TOTAL, [CUT]).filter(pl.col("domain") == "x")
    zero = frame.with_columns(w=pl.when(pl.col("d") == "x").then("w").otherwise(0.0))
    expected = run(zero, PLAN, SHARE_MEAN_TOTAL)
    assert_frame_equal(got.select(columns), expected.select(columns), **CLOSE)


@settings(max_examples=40)
@given(frame=samples())
def test_shares_stay_within_zero_and_one(frame):
    got = run(frame, PLAN, SHARE_MEAN_TOTAL[:1], [CUT]).drop_nulls("conf_low")
    inside = pl.all_horizontal(
        pl.col("conf_low") >= 0,
        pl.col("conf_low") <= pl.col("estimate") + 1e-12,
        pl.col("estimate") <= pl.col("conf_high") + 1e-12,
        pl.col("conf_high") <= 1,
    )
    assert got.select(inside.all()).item()


def test_intervals_cover_the_truth_95_times_in_100():
    """Each target is one of 1 500 stratified samples: rows are places in the sample."""
    rng = np.random.default_rng(20260101)
    sizes, drawn = [300, 900, 400, 60], [40, 60, 50, 60]  # the last stratum is wholly taken
    columns, draws = [], 1500
    for size, n in zip(sizes, drawn, strict=True):
        uses = rng.random(size) < rng.uniform(0.15, 0.6)
        staff = rng.gamma(3, 4, size) + 10 * uses
        inside = rng.random(size) < 0.5
        columns.append((size, n, uses, staff, inside))
    places = [np.argsort(rng.random((draws, size)), axis=1)[:, :n].T for size, n, *_ in columns]

    def stacked(index: int) -> np.ndarray:
        return np.vstack([col[index][at] for col, at in zip(columns, places, strict=True)])

    uses, staff, inside = stacked(2), stacked(3), stacked(4)
    frame = pl.DataFrame(
        {
            "h": np.repeat(range(4), drawn),
            "N": np.repeat(sizes, drawn),
            "w": np.repeat(np.array(sizes) / drawn, drawn),
        }
    )
    population = [np.concatenate([col[index] for col in columns]) for index in (2, 3, 4)]
    truths = {
        "share": population[0].mean(),
        "mean": population[1].mean(),
        "total": population[1].sum(),
        "domain": population[0][population[2]].mean(),
    }
    shares_in_domain = np.where(inside, uses, np.nan)
    values = {"share": uses, "mean": staff, "total": staff, "domain": shares_in_domain}
    for name, value in values.items():
        data = pl.DataFrame(value.astype(float), [f"s{index}" for index in range(draws)])
        statistic = "share" if name == "domain" else name
        targets = [Target(column, pl.col(column), statistic) for column in data.columns]
        sampled = pl.concat([frame, data.fill_nan(None)], how="horizontal")
        got = run(sampled, SurveyDesign("w", "h", "N"), targets)
        covered = pl.lit(truths[name]).is_between("conf_low", "conf_high")
        assert 0.93 < got.select(covered.mean()).item() < 0.97, name
        spread, error = got["estimate"].std(), got["std_error"].mean()
        assert error == pytest.approx(spread, rel=0.05), name
