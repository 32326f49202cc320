"""The engine equals R survey under every kind of design: see tests/reference/engine.R.

Estimates and standard errors agree to 1e-8, relative: both sides work in double precision (1e-16)
on sums of a few hundred terms, R's calibrated weights meet their margins to 1e-13 and the numbers
kept have 13 digits. An error that is zero in R is below 1e-8 of the estimate in both: a variance is
exact to 1e-16 of the squares it sums, its root to 1e-8.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.design import SurveyDesign
from analysis.estimation import covariance, estimate, influences
from analysis.targets import WHOLE, Domain, Target, levels
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
CLOSE = 1e-8

MARGINS = {
    "calibration": ("stype", "sch_wide"),
    "calibration_numbers": ("api99",),
    "design_weight": "pw",
}
SMALL_MARGINS = MARGINS | {"calibration": ("sch_wide",)}
GROUPS = {"stratum": "stype", "cluster": "group"}
TWO_STAGES = GROUPS | {"stratum_size": ("group_count", "group_size")}
DISTRICTS = {"cluster": ("dnum", "snum"), "stratum_size": ("fpc1", "fpc2")}
LONELY_DISTRICTS = DISTRICTS | {"stratum_size": ("fpc1", "larger")}
STRAT = {"stratum": "stype", "stratum_size": "fpc"}
CLUS1 = {"cluster": "dnum", "stratum_size": "fpc"}
RESPONSE = {"responded": "responded", "response_group": "awards"}
ONE_HIGH = (pl.col("stype") != "H") | (pl.int_range(pl.len()).over("stype") == 0)
ONE_GROUP = (pl.col("stype") != "H") | (pl.col("group") == 1)

# name in engine.csv: file, design; "weight" is the one of engine_weights.csv.
DESIGNS = {
    "strat": ("engine_strat", SurveyDesign("pw", **STRAT)),
    "crossed": (
        "engine_strat",
        SurveyDesign("crossed_weight", ("stype", "sch_wide"), "crossed_size"),
    ),
    "with_replacement": ("engine_strat", SurveyDesign("pw", "stype")),
    "certainty": ("engine_strat", SurveyDesign("pw", **STRAT, certainty="certain")),
    "clus1": ("engine_clus1", SurveyDesign("pw", **CLUS1)),
    "clus2": ("apiclus2", SurveyDesign("pw", **DISTRICTS)),
    "clus2_nofpc": ("apiclus2", SurveyDesign("pw", cluster=("dnum", "snum"))),
    "nested": ("engine_strat", SurveyDesign("group_weight", **GROUPS)),
    "nested_fpc": (
        "engine_strat",
        SurveyDesign("group_weight", **GROUPS, stratum_size="group_count"),
    ),
    "two_stages": ("engine_strat", SurveyDesign("group_weight", **TWO_STAGES)),
    **{
        f"lonely_{rule}": ("engine_strat", SurveyDesign("pw", **STRAT, lonely=rule))
        for rule in ("adjust", "average", "certainty", "remove")
    },
    **{
        f"two_{rule}": ("engine_strat", SurveyDesign("group_weight", **TWO_STAGES, lonely=rule))
        for rule in ("adjust", "average", "certainty", "remove")
    },
    **{
        f"clus2_{rule}": ("apiclus2", SurveyDesign("pw", **LONELY_DISTRICTS, lonely=rule))
        for rule in ("adjust", "certainty", "remove")
    },
    "pps": ("engine_pps", SurveyDesign("pw", inclusion="p", pps="brewer")),
    "pps_strata": ("engine_pps", SurveyDesign("pw", "half", inclusion="p", pps="brewer")),
    "pps_replacement": ("engine_pps", SurveyDesign("pw")),
    "pps_deville": ("engine_pps", SurveyDesign("pw", inclusion="p", pps="deville")),
    "mu284": ("engine_mu284", SurveyDesign("pw", None, ("n1", "n2"), ("id1", "id2"))),
    "scd": ("engine_scd", SurveyDesign("pw", "ESA", cluster="ambulance")),
    "linear": ("engine_strat", SurveyDesign("weight", **STRAT, **MARGINS)),
    "linear_scale": (
        "engine_strat",
        SurveyDesign("weight", **STRAT, **MARGINS, calibration_scale="scale"),
    ),
    "raking": ("engine_strat", SurveyDesign("weight", **STRAT, **MARGINS)),
    "logit": ("engine_strat", SurveyDesign("weight", **STRAT, **MARGINS)),
    "poststratified": (
        "engine_strat",
        SurveyDesign("weight", calibration=("sch_wide",), design_weight="pw"),
    ),
    "raking_clus1": ("engine_clus1", SurveyDesign("weight", **CLUS1, **MARGINS)),
    "unit_clus1": (
        "engine_clus1",
        SurveyDesign("weight", **CLUS1, **SMALL_MARGINS, calibration_unit="dnum"),
    ),
    "linear_clus2": ("apiclus2", SurveyDesign("weight", **DISTRICTS, **SMALL_MARGINS)),
    "raking_two_stages": (
        "engine_strat",
        SurveyDesign("weight", **TWO_STAGES, **MARGINS | {"design_weight": "group_weight"}),
    ),
    "response": ("engine_strat", SurveyDesign("weight", **STRAT, **RESPONSE)),
    "response_clus1": (
        "engine_clus1",
        SurveyDesign("weight", **CLUS1, **RESPONSE | {"response_group": "sch_wide"}),
    ),
    "response_clus2": (
        "apiclus2",
        SurveyDesign("weight", **DISTRICTS, **RESPONSE | {"response_group": "sch_wide"}),
    ),
}
AWARDS = pl.col("awards") == "Yes"
SCH_WIDE = pl.col("sch_wide") == "Yes"
SCHOOL_TARGETS = [
    Target("awards", AWARDS),
    *(
        Target(f"awards_{interval}", AWARDS, interval=interval)
        for interval in ("likelihood", "arcsine", "beta", "normal")
    ),
    Target("comp_imp_among_sch_wide", pl.col("comp_imp") == "Yes", base=SCH_WIDE),
    Target("small_classes", pl.col("acs_46") < 28),
    Target("api00", pl.col("api00"), "mean"),
    Target("acs_46", pl.col("acs_46"), "mean"),
    Target("enroll", pl.col("enroll"), "total"),
    Target("both", pl.col("both") == "Yes", "total"),
    Target("tested", pl.col("api_stu"), "ratio", denominator=pl.col("enroll")),
    Target("gain", pl.col("api00"), "ratio", SCH_WIDE, pl.col("api99")),
    *(
        Target(f"api00_p{order:.0%}".rstrip("%"), pl.col("api00"), "quantile", order=order)
        for order in (0.1, 0.5, 0.9)
    ),
    Target("acs_46_p50", pl.col("acs_46"), "quantile", order=0.5),
]
SCHOOL_DOMAINS = [
    WHOLE,
    Domain("stype", ("stype",)),
    Domain("stype x sch_wide", ("stype", "sch_wide")),
]
COUNTY_TARGETS = [
    Target("kerry", pl.col("kerry"), "total"),
    Target("bush_mean", pl.col("bush"), "mean"),
    Target("bush_share", pl.col("bush"), "ratio", denominator=pl.col("votes")),
    Target("won", pl.col("won") == "kerry"),
    Target("kerry_p50", pl.col("kerry"), "quantile", order=0.5),
]


def plain(value: str, denominator: str) -> list[Target]:
    return [
        Target("total", pl.col(value), "total"),
        Target("mean", pl.col(value), "mean"),
        Target("ratio", pl.col(value), "ratio", denominator=pl.col(denominator)),
    ]


def sample_of(name: str) -> tuple[pl.DataFrame, SurveyDesign]:
    """The rows R worked on under a name of `engine.csv`, weights of R included."""
    file, design = DESIGNS[name]
    frame = pl.read_csv(REFERENCE / f"{file}.csv")
    if name.startswith("lonely_"):
        frame = frame.filter(ONE_HIGH)
    if name in ("two_adjust", "two_average", "two_certainty", "two_remove"):
        frame = frame.filter(ONE_GROUP)
    if name == "linear_scale":
        frame = frame.with_columns(scale=1 / pl.col("api99"))
    if design.weight == "weight":
        weights = reference("engine_weights").filter(pl.col("design") == name)
        frame = frame.hstack([weights["weight"]])
    return frame, design


def reference(name: str) -> pl.DataFrame:
    return pl.read_csv(REFERENCE / f"{name}.csv", infer_schema_length=None)


def asked(name: str, frame: pl.DataFrame) -> tuple[list[Target], list[Domain]]:
    """Targets and domains of a design of `engine.csv`."""
    if name.startswith("pps"):
        return COUNTY_TARGETS, [WHOLE, Domain("won", ("won",))]
    if name in ("mu284", "scd"):
        return plain(*(("y1", "n2") if name == "mu284" else ("alive", "arrests"))), [WHOLE]
    return [*SCHOOL_TARGETS, *levels(frame, "stype")], SCHOOL_DOMAINS


def agree(got: pl.Series, expected: pl.Series, size: pl.Series) -> None:
    """Equal, row by row, wherever R has a number; `size` is what zero is small against."""
    rows = pl.DataFrame({"got": got, "expected": expected, "size": size, "row": range(len(got))})
    known = rows.drop_nulls("expected")
    gap, number = (pl.col("got") - pl.col("expected")).abs(), pl.col("expected").abs()
    zero = number <= CLOSE * pl.col("size")
    allowed = pl.when(zero).then(2 * CLOSE * pl.col("size")).otherwise(CLOSE * number)
    wrong = known.filter((gap > allowed).fill_null(True))
    assert wrong.is_empty(), f"{got.name}: {wrong}"


@pytest.mark.parametrize("name", DESIGNS)
def test_estimates_equal_r(name):
    expected = reference("engine").filter(pl.col("design") == name)
    compare(*sample_of(name), name, expected)


def test_population_sizes_may_go_one_stage_further_than_clusters():
    frame, design = sample_of("clus2")
    rows_drawn = SurveyDesign("pw", None, design.stratum_size, "dnum")
    compare(frame, rows_drawn, "clus2", reference("engine").filter(pl.col("design") == "clus2"))


def compare(frame: pl.DataFrame, design: SurveyDesign, name: str, expected: pl.DataFrame) -> None:
    """Estimate all that R estimated under `name`, and set them side by side."""
    targets, domains = asked(name, frame)
    got = estimate(frame, design, targets, domains, population="ecoles", edition=2000)
    keys = ["indicator", "domain_type", "domain"]
    got = expected.select(*keys, R="estimate").join(
        got, on=keys, how="inner", maintain_order="left"
    )
    assert got.height == expected.height > 0
    one = got["R"].abs().clip(1.0)
    assert got["statistic"].to_list() == expected["statistic"].to_list()
    assert got["n_respondents"].to_list() == expected["n_respondents"].to_list()
    assert got["df"].to_list() == expected["df"].to_list()
    agree(got["estimate"], expected["estimate"], one)
    agree(got["std_error"], expected["std_error"], one)
    agree(got["deff"], expected["deff"], one / one)
    agree(got["conf_low"], expected["conf_low"], one)
    agree(got["conf_high"], expected["conf_high"], one)


@pytest.mark.parametrize("name", ["lonely_adjust", "two_adjust", "clus2_adjust"])
def test_a_lonely_unit_is_refused_when_asked(name):
    frame, design = sample_of(name)
    sizes = {"weight": design.weight, "stratum": design.stratum, "cluster": design.cluster}
    strict = SurveyDesign(**sizes, stratum_size=design.stratum_size, lonely="fail")
    with pytest.raises(SurveyError, match="une seule unité"):
        estimate(frame, strict, SCHOOL_TARGETS, population="ecoles", edition=2000)


COVARIANCES = reference("engine_covariance")
LABELS = COVARIANCES["first"].unique(maintain_order=True).to_list()
SEVERAL = [
    Target("api00", pl.col("api00"), "mean"),
    Target("api99", pl.col("api99"), "total"),
    Target("awards_among_sch_wide", AWARDS, base=SCH_WIDE),
]


def several(name: str):
    """Means by type of school, and over all a total and a share of a subgroup."""
    frame, design = sample_of(name)
    cells = influences(
        frame, design, SEVERAL, SCHOOL_DOMAINS[:2], population="ecoles", edition=2000
    )
    labels = (cells.cells["indicator"] + " " + cells.cells["domain"]).to_list()
    at = [labels.index(label) for label in LABELS]
    return cells.cells[at], covariance(cells)[np.ix_(at, at)]


@pytest.mark.parametrize("name", COVARIANCES["design"].unique(maintain_order=True).to_list())
def test_covariances_equal_r(name):
    expected = COVARIANCES.filter(pl.col("design") == name)["covariance"].to_numpy()
    cells, got = several(name)
    errors = cells["std_error"].to_numpy()
    np.testing.assert_allclose(np.sqrt(np.diag(got)), errors, rtol=CLOSE, atol=CLOSE)
    # The total of a margin has no error left: its covariances are small against its size.
    size = np.maximum(errors, CLOSE * cells["estimate"].to_numpy())
    gap = np.abs(got - expected.reshape(5, 5)) / np.outer(size, size)
    assert (gap <= CLOSE).all(), gap


CONTRASTS = reference("engine_contrasts")
WEIGHTS = {"E_H": (1, -1, 0), "E_mean": (1, -0.5, -0.5)}


@pytest.mark.parametrize("name", CONTRASTS["design"].unique(maintain_order=True).to_list())
def test_contrasts_equal_r(name):
    cells, got = several(name)
    for row in CONTRASTS.filter(pl.col("design") == name).iter_rows(named=True):
        factors = np.array(WEIGHTS[row["contrast"]])
        estimated = factors @ cells["estimate"].to_numpy()[:3]
        error = np.sqrt(factors @ got[:3, :3] @ factors)
        assert (estimated, error) == pytest.approx((row["estimate"], row["std_error"]), rel=CLOSE)
