"""Contrasts: equal to R svycontrast; see tests/reference/comparison.R, replicate_contrasts.R."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.contrasts import compare_domains, compare_indicators, contrast
from analysis.design import Replicates, SurveyDesign
from analysis.estimation import Influences, influences
from analysis.inference import NO_ERROR, NO_ESTIMATE, NO_FREEDOM, OK
from analysis.replication import ReplicateEstimates, replicate_estimates
from analysis.targets import WHOLE, Domain, Target
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
EXPECTED = pl.read_csv(REFERENCE / "comparison.csv").filter(test="contrast")
STYPE = Domain("stype", ("stype",))
API = Target("api00", pl.col("api00"), "mean")
SHARES = [
    Target("awards", pl.col("awards") == "Yes"),
    Target("sch_wide", pl.col("sch_wide") == "Yes"),
]
DESIGNS = {
    "strat": ("apistrat", SurveyDesign("pw", "stype", "fpc")),
    "clus1": ("apiclus1", SurveyDesign("pw", None, "fpc", "dnum")),
    "clus2": ("apiclus2", SurveyDesign("pw", None, ("fpc1", "fpc2"), ("dnum", "snum"))),
}
TENTHS = tuple(at / 10 for at in range(1, 25))
REPLICATES = {
    "boot": ("apiclus1", "boot", {"scale": 1 / 23}),
    "boot_mse": ("apiclus1", "boot", {"scale": 0.03, "rscales": TENTHS, "mse": True}),
    "fay": ("apisrs", "fay", {"scale": 1 / (24 * 0.7**2)}),
}
RAKED = {"calibration": ("stype", "sch_wide", "awards"), "design_weight": "pw"}


def schools(name: str) -> tuple[pl.DataFrame, SurveyDesign]:
    if name != "raked":
        file, design = DESIGNS[name]
        return pl.read_csv(REFERENCE / f"{file}.csv"), design
    weights = pl.read_csv(REFERENCE / "raked_weights.csv").filter(pl.col("design") == "raked")
    frame = pl.read_csv(REFERENCE / "apistrat.csv").with_columns(calibrated=weights["weight"])
    return frame, SurveyDesign("calibrated", "stype", "fpc", **RAKED)


def found(frame, design, targets=(API,), domains=(WHOLE, STYPE)) -> Influences:
    return influences(frame, design, targets, domains, population="ecoles", edition=2000)


def same(got: dict, expected: dict, columns=("estimate", "std_error", "conf_low", "conf_high")):
    for column in columns:
        assert got[column] == pytest.approx(expected[column], rel=1e-8), column
    assert got["df"] == expected["ddf"]
    assert got["p_value"] == pytest.approx(expected["p_value"], rel=1e-7)


def check_means(cells: Influences | ReplicateEstimates, expected: dict[str, dict]) -> dict:
    """Contrasts of means of `cells` equal R's; the ratio E / H."""
    pairs = compare_domains(cells, "stype")
    assert pairs["domain"].to_list() == ["E", "E", "H"]
    for row in pairs.rows(named=True):
        same(row, expected[f"{row['domain']} - {row['other_domain']}"])
    whole = compare_domains(cells, "stype", ("ensemble", "ensemble"))
    same(whole.row(1, named=True), expected["H - ensemble"])
    terms = pl.DataFrame(
        {"contrast": "c", "domain": ["E", "H", "M"], "coefficient": [1.0, -0.5, -0.5]}
    )
    same(contrast(cells, terms).row(0, named=True), expected["E - (H + M) / 2"])
    ratio = compare_domains(cells, "stype", "H", measure="ratio").row(0, named=True)
    for column in ("estimate", "std_error"):
        assert ratio[column] == pytest.approx(expected["E / H"][column], rel=1e-8)
    return ratio


@pytest.mark.parametrize("name", [*DESIGNS, "raked"])
def test_equals_r(name):
    expected = {row["group"]: row for row in EXPECTED.filter(design=name).rows(named=True)}
    frame, design = schools(name)
    cells = found(frame, design)
    ratio = check_means(cells, expected)
    # On the scale of logarithms, where R has a symmetric interval: its width is that of the log.
    width = stats.t.ppf(0.975, ratio["df"]) * ratio["std_error"] / ratio["estimate"]
    assert np.log(ratio["conf_high"] / ratio["estimate"]) == pytest.approx(width)
    if name != "raked":
        shares = compare_indicators(found(frame, design, SHARES), "awards", "sch_wide")
        same(shares.row(0, named=True), expected["awards - sch_wide"])


def replicated(frame, weights, targets=(API,), domains=(WHOLE, STYPE), **how) -> ReplicateEstimates:
    """Estimates of `frame` with its replicate `weights`, rows x replicates."""
    names = tuple(f"r{at}" for at in range(weights.shape[1]))
    frame = frame.with_columns(pl.Series(name, weights[:, at]) for at, name in enumerate(names))
    design = SurveyDesign("pw", replicates=Replicates(names, **how))
    return replicate_estimates(frame, design, targets, domains, population="ecoles", edition=2000)


@pytest.mark.parametrize("name", REPLICATES)
def test_equals_r_by_replicates(name):
    reference = pl.read_csv(REFERENCE / "replicate_contrasts.csv").filter(design=name)
    expected = {row["contrast"]: row for row in reference.rows(named=True)}
    file, drawn, how = REPLICATES[name]
    frame = pl.read_csv(REFERENCE / f"{file}.csv", null_values="")
    rows = pl.read_csv(REFERENCE / "replication_weights.csv").filter(design=drawn)
    weights = rows.sort("row", "replicate")["weight"].to_numpy().reshape(frame.height, -1)
    cells = replicated(frame, weights, **how)
    check_means(cells, expected)
    shares = compare_indicators(
        replicated(frame, weights, SHARES, **how), "awards", "sch_wide"
    ).row(0, named=True)
    same(shares, expected["awards - sch_wide"])


def small(weights, **how) -> ReplicateEstimates:
    """Means of 1, 3 in domain a and 2, 8 in b, each row of weight 1."""
    frame = pl.DataFrame({"pw": [1.0] * 4, "d": list("aabb"), "y": [1, 3, 2, 8]})
    mean = Target("y", pl.col("y"), "mean")
    return replicated(frame, np.array(weights).T, [mean], [WHOLE, Domain("d", ("d",))], **how)


def test_a_replicate_without_one_of_the_cells_is_left_out():
    # a in each: 1.5, 2, absent, 2.5; b: 5, 4, 2, 6.5: b - a is 3.5, 2, absent, 4, of mean 19 / 6
    weights = [[3, 1, 1, 1], [1, 1, 2, 1], [0, 0, 1, 0], [1, 3, 1, 3]]
    cells = small(weights, scale=0.5, df=7)
    got = compare_domains(cells, "d", "a").row(0, named=True)
    gaps = np.array([3.5, 2, 4])
    assert got["estimate"] == 3
    assert got["std_error"] == pytest.approx((0.5 * ((gaps - gaps.mean()) ** 2).sum()) ** 0.5)
    assert (got["df"], got["status"]) == (7, OK)
    ratio = compare_domains(cells, "d", "a", measure="ratio").row(0, named=True)
    times = np.array([5 / 1.5, 4 / 2, 6.5 / 2.5])
    assert ratio["std_error"] == pytest.approx((0.5 * ((times - times.mean()) ** 2).sum()) ** 0.5)
    one = compare_domains(small(weights[1:3], scale=0.5), "d", "a").row(0, named=True)
    assert (one["status"], one["std_error"], one["df"]) == (NO_FREEDOM, 0, None)


def test_replicates_that_agree_leave_no_error():
    cells = small([[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 1, 1]], scale=1, df=2)
    got = compare_domains(cells, "d", "a")
    assert got.select("estimate", "std_error", "status").row(0) == (3, 0, NO_ERROR)


def test_two_margins_of_the_calibration_have_no_error():
    frame, design = schools("raked")
    got = compare_indicators(found(frame, design, SHARES), "awards", "sch_wide").row(0, named=True)
    assert (got["std_error"], got["p_value"], got["status"]) == (0, None, NO_ERROR)


def test_domain_against_the_whole_is_the_difference_by_hand():
    # (1 - share of the domain) x (domain - rest): both sides by their linearised variables.
    frame, design = schools("strat")
    inside = pl.col("stype") == "H"
    rest = [WHOLE, Domain("h", inside), Domain("rest", ~inside)]
    cells = found(frame, design, [API], rest)
    got = compare_domains(cells, "h", ("ensemble", "ensemble")).row(0, named=True)
    # Share of the domain: known, as types are strata whose weights add up to their size.
    share = frame.filter(inside)["pw"].sum() / frame["pw"].sum()
    gap = compare_domains(cells, "h", ("rest", "rest")).row(0, named=True)
    assert got["estimate"] == pytest.approx((1 - share) * gap["estimate"])
    assert got["std_error"] == pytest.approx((1 - share) * gap["std_error"])


def test_domain_equal_to_the_whole_differs_by_nothing():
    frame, design = schools("clus1")
    cells = found(frame, design, domains=[WHOLE, Domain("tous", pl.lit(True))])
    got = compare_domains(cells, "tous", ("ensemble", "ensemble")).row(0, named=True)
    assert (got["estimate"], got["std_error"], got["status"]) == (0, 0, NO_ERROR)


def test_statuses_explain_every_null():
    frame = pl.DataFrame(
        {"w": [1.0] * 6, "d": list("aabbcc"), "h": list("ppqqrs"), "y": [1, 4, 2, 7, None, None]}
    )
    cells = found(
        frame, SurveyDesign("w"), [Target("y", pl.col("y"), "mean")], [Domain("d", ("d",))]
    )
    got = compare_domains(cells, "d")
    assert got["status"].to_list() == [OK, NO_ESTIMATE, NO_ESTIMATE]
    assert got.select("estimate", "std_error", "p_adjusted").row(1) == (None, None, None)
    one = pl.DataFrame({"contrast": ["y"], "indicator": ["y"], "coefficient": [1.0]})
    alone = frame.with_columns(k=pl.lit(1))
    lone = found(alone, SurveyDesign("w", cluster="k"), [Target("y", pl.col("y"), "mean")], [WHOLE])
    got = contrast(lone, one).row(0, named=True)
    assert (got["status"], got["df"], got["conf_low"]) == (NO_FREEDOM, None, None)
    negative = frame.with_columns(y=pl.col("y") - 3)
    cells = found(
        negative, SurveyDesign("w"), [Target("y", pl.col("y"), "mean")], [Domain("d", ("d",))]
    )
    ratio = compare_domains(cells, "d", measure="ratio")
    assert ratio["status"].to_list() == [NO_ESTIMATE] * 3


def test_p_values_are_corrected_by_indicator():
    frame, design = schools("strat")
    cells = found(frame, design, [API, Target("enroll", pl.col("enroll"), "mean")])
    got = compare_domains(cells, "stype", adjust="bonferroni")
    assert got["p_adjusted"].to_list() == pytest.approx([min(1, 3 * p) for p in got["p_value"]])
    assert got.columns == [
        "indicator", "other_indicator", "population", "edition", "statistic", "domain_type",
        "domain", "other_domain_type", "other_domain", "measure", "estimate", "std_error",
        "conf_low", "conf_high", "df", "p_value", "p_adjusted", "status",
    ]  # fmt: skip


def test_many_pairs_run_by_blocks():
    random = np.random.default_rng(1)
    frame = pl.DataFrame(
        {"w": random.uniform(1, 5, 900), "d": random.integers(0, 30, 900).astype(str),
         "y": random.normal(size=900)}
    )  # fmt: skip
    cells = found(
        frame, SurveyDesign("w"), [Target("y", pl.col("y"), "mean")], [Domain("d", ("d",))]
    )
    got = compare_domains(cells, "d")
    assert got.height == 30 * 29 // 2
    # Means of disjoint groups of rows drawn alone: their covariance is that of ratios, small.
    errors = cells.cells["std_error"].to_numpy()
    first, second = np.triu_indices(30, 1)
    np.testing.assert_allclose(got["std_error"], np.hypot(errors[first], errors[second]), rtol=1e-9)
    sizes = np.bincount(frame["d"].cast(pl.Int64))[cells.cells["domain"].cast(pl.Int64).to_numpy()]
    np.testing.assert_array_equal(got["df"], sizes[first] + sizes[second] - 1)


def test_faults():
    frame, design = schools("strat")
    cells = found(frame, design)
    with pytest.raises(SurveyError, match="aucun domaine"):
        compare_domains(cells, "taille")
    with pytest.raises(SurveyError, match="n’a pas de domaine"):
        compare_domains(cells, "stype", "X")
    with pytest.raises(SurveyError, match="absent"):
        compare_indicators(cells, "api00", "rien")
    with pytest.raises(SurveyError, match="mesure"):
        compare_domains(cells, "stype", measure="quotient")
    with pytest.raises(SurveyError, match="Niveau de confiance"):
        compare_domains(cells, "stype", level=95)
    terms = pl.DataFrame({"contrast": ["c"], "domain": ["X"], "coefficient": [1.0]})
    with pytest.raises(SurveyError, match="ne désigne aucune cellule"):
        contrast(cells, terms)
    with pytest.raises(SurveyError, match="plusieurs cellules"):
        contrast(cells, terms.with_columns(domain=None, indicator=pl.lit("api00")).drop("domain"))
    with pytest.raises(SurveyError, match="aucune colonne ne désigne"):
        contrast(cells, terms.drop("domain"))
    with pytest.raises(SurveyError, match="vide"):
        contrast(cells, terms.with_columns(coefficient=pl.lit(None, dtype=pl.Float64)))


@st.composite
def samples(draw) -> pl.DataFrame:
    row = st.tuples(
        st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0.5, 50), st.floats(-100, 100)
    )
    fixed = [(h, d, 2.0, v) for h in "ab" for d in "xyz" for v in (1.0, 4.0)]
    drawn = draw(st.lists(row, max_size=20))
    return pl.DataFrame(fixed + drawn, schema=["h", "d", "w", "y"], orient="row")


@settings(max_examples=25)
@given(frame=samples())
def test_a_contrast_turned_round_changes_sign(frame):
    cells = found(
        frame, SurveyDesign("w", "h"), [Target("y", pl.col("y"), "mean")], [Domain("d", ("d",))]
    )
    there, back = (compare_domains(cells, "d", other) for other in ("x", "y"))
    first = there.filter(domain="y").row(0, named=True)
    second = back.filter(domain="x").row(0, named=True)
    assert first["estimate"] == pytest.approx(-second["estimate"], abs=1e-9)
    assert first["conf_low"] == pytest.approx(-second["conf_high"], rel=1e-6, abs=1e-9)
    for column in ("std_error", "p_value", "df"):
        assert first[column] == pytest.approx(second[column], rel=1e-6)


def test_two_domains_of_one_cluster_each_are_not_told_apart_by_rounding():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"cl": np.repeat(np.arange(8), 50), "y": rng.normal(10, 2, 400), "w": 3.7})
    frame = frame.with_columns(d=pl.col("cl").cast(pl.String))
    by_cluster = (Domain("d", ("d",)),)
    cells = influences(
        frame, SurveyDesign("w", cluster="cl"), [Target("y", pl.col("y"), "mean")], by_cluster,
        population="p", edition=1,
    )  # fmt: skip
    assert cells.cells["status"].unique().to_list() == ["nd"]
    assert cells.cells["std_error"].to_list() == [0.0] * 8
    got = compare_domains(cells, "d")
    assert got["p_value"].null_count() == got.height
    assert OK not in got["status"].to_list()
