"""A domain beside the whole: what the test claims, what it must not, and against the engine."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contrasts import compare_domains
from analysis.design import SurveyDesign
from analysis.disclosure import apply_gate
from analysis.estimation import Domain, Target, estimate, influences
from analysis.profiles import (
    ABOVE,
    BELOW,
    LEVEL_WITH,
    MARGIN,
    beside_whole,
    distinctive,
    judged,
    nearest,
    parted,
    standing,
)
from survey.errors import SurveyError

CELL = {
    "population": "entreprises",
    "edition": 2026,
    "indicator": "usage",
    "statistic": "share",
    "domain_type": "secteur",
    "domain": "A",
    "status": "ok",
    "estimate": 0.3,
    "std_error": 0.03,
    "conf_low": 0.25,
    "conf_high": 0.36,
    "df": 200,
    "n_respondents": 220,
    "population_size": 1000.0,
}
WHOLE = CELL | {"domain_type": "ensemble", "domain": "ensemble", "estimate": 0.2, "df": 2000}
WHOLE |= {"std_error": 0.01, "n_respondents": 2000, "population_size": 10_000.0}


def frame(*rows):
    return pl.DataFrame([CELL | row for row in rows], infer_schema_length=None)


def compared(*rows, whole=WHOLE):
    return beside_whole(frame(*rows), pl.DataFrame([whole]))


def test_the_difference_counts_the_part_of_the_domain_in_the_whole():
    row = compared({}).row(0, named=True)
    own, part = max(0.03**2, 0.2 * 0.8 / min(0.3 * 0.7 / 0.03**2, 220)), 0.1
    apart = 0.03**2 + 0.01**2 - 2 * part * 0.03**2  # less than the variance of the whole
    expected = MARGIN * math.sqrt(apart + (1 - part) ** 2 * (own - 0.03**2))
    assert row["difference"] == pytest.approx(0.1)
    assert row["difference_error"] == pytest.approx(expected)
    assert 0 < row["p_value"] < 0.01


def test_the_whole_as_its_own_domain_differs_by_nothing():
    row = compared(
        {"estimate": 0.2, "std_error": 0.01, "n_respondents": 2000, "population_size": 10_000.0}
    ).row(0, named=True)
    assert row["difference"] == 0
    assert row["difference_error"] == pytest.approx(0)


@pytest.mark.parametrize("status", ["fragile", "nd", "secret"])
def test_shown_cells_are_tested_fragile_or_not(status):
    none = {} if status == "fragile" else dict.fromkeys(("estimate", "std_error", "df"))
    row = compared({"status": status} | none).row(0, named=True)
    assert (row["p_value"] is None) == (row["difference"] is None) == (status != "fragile")


def test_a_withheld_cell_carries_no_number():
    empty = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high", "df"))
    empty |= dict.fromkeys(("n_respondents", "population_size"))
    pairs = beside_whole(
        pl.concat([frame({}), frame({"status": "nd"} | empty)], how="vertical_relaxed"),
        pl.DataFrame([WHOLE]),
    )
    row = judged(pairs.with_columns(tier=pl.lit("x")), ["domain"], "tier").row(1, named=True)
    own = ("difference", "difference_error", "p_value", "effect", "p_adjusted", "verdict")
    assert all(row[name] is None for name in own)
    assert row["whole_estimate"] == 0.2


def test_a_total_is_not_compared_and_a_cell_without_its_like_is_kept():
    pairs = compared({"statistic": "total", "estimate": 12.0}, {"indicator": "autre"})
    assert pairs.height == 2
    assert pairs["difference"].to_list() == [None, None]


def test_a_share_of_nil_has_the_error_of_its_interval():
    few = {"estimate": 0.0, "std_error": 0.0, "conf_low": 0.0, "conf_high": 0.06}
    row = compared(few | {"n_respondents": 60, "df": 59}, whole=WHOLE | {"estimate": 0.02})
    assert row["p_value"][0] > 0.2  # one answer in fifty expected among sixty: nil proves nothing


def test_a_column_that_lacks_is_named():
    with pytest.raises(SurveyError, match="population_size"):
        beside_whole(frame({}).drop("population_size"), pl.DataFrame([WHOLE]))


@given(
    share=st.floats(0.01, 0.99),
    whole=st.floats(0.01, 0.99),
    size=st.integers(30, 2000),
    part=st.floats(0.001, 0.9),
)
def test_the_error_is_at_least_that_of_a_simple_sample_if_nothing_differed(
    share, whole, size, part
):
    own = {
        "estimate": share,
        "std_error": math.sqrt(share * (1 - share) / size),
        "n_respondents": size,
        "population_size": 10_000 * part,
    }
    error = math.sqrt(whole * (1 - whole) * part / size)
    row = compared(own, whole=WHOLE | {"estimate": whole, "std_error": error}).row(0, named=True)
    least = (1 - part) ** 2 * max(share * (1 - share), whole * (1 - whole)) / size
    assert row["difference_error"] ** 2 >= least * (1 - 1e-9)
    assert row["difference"] == pytest.approx(share - whole)


def p_values_judged(p_values, tiers):
    rows = [
        CELL | {"indicator": f"i{i}", "p_value": p, "difference": 0.1, "tier": tier}
        for i, (p, tier) in enumerate(zip(p_values, tiers, strict=True))
    ]
    return judged(pl.DataFrame(rows, infer_schema_length=None), ["domain"], "tier")


def test_the_risk_of_a_page_is_shared_between_tiers_then_by_holm():
    found = p_values_judged([0.01, 0.012, 0.03, None, 0.004], ["a", "b", "b", "b", None])
    # two tiers: 0.01 x 2; then Holm on two tests, x 2; what is in no tier is not tested
    assert found["p_adjusted"].to_list() == pytest.approx([0.02, 0.048, 0.06, None, None])
    assert found["verdict"].to_list() == [ABOVE, ABOVE, LEVEL_WITH, None, None]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_more_tests_never_claim_more(p_values):
    alone = p_values_judged(p_values[:1], ["a"])["verdict"][0]
    among = p_values_judged(p_values, ["a"] * len(p_values))["verdict"][0]
    assert among == LEVEL_WITH or alone == among


def test_distinctive_keeps_what_the_test_keeps_largest_first():
    rows = [
        {"indicator": "a", "verdict": ABOVE, "effect": 0.2},
        {"indicator": "b", "verdict": LEVEL_WITH, "effect": 0.9},
        {"indicator": "c", "verdict": BELOW, "effect": -0.5},
        {"indicator": "d", "verdict": None, "effect": None},
    ]
    assert [row["indicator"] for row in distinctive(rows)] == ["c", "a"]


def sector(domain, low, high, status="ok"):
    shown = status in ("ok", "fragile")
    return {
        "domain": domain,
        "status": status,
        "estimate": (low + high) / 2 if shown else None,
        "conf_low": low if shown else None,
        "conf_high": high if shown else None,
    }


def test_a_rank_needs_every_other_clearly_apart():
    rows = [sector("a", 0.5, 0.6), sector("b", 0.2, 0.3), sector("c", 0.05, 0.1)]
    assert standing(rows, "a") == "premier"
    assert standing(rows, "b") is None
    assert standing(rows, "c") == "dernier"
    assert standing([*rows, sector("d", 0.55, 0.9, "fragile")], "a") is None
    assert standing([*rows, sector("d", 0, 0, "nd")], "a") is None
    assert standing(rows[:1], "a") is None
    assert standing([sector("a", 0.4, 0.6, "fragile"), *rows[1:]], "a") == "premier"


def test_intervals_side_by_side_are_no_rank_among_many():
    rows = [sector("a", 0.301, 0.40), *(sector(f"x{i}", 0.2, 0.30) for i in range(12))]
    assert standing(rows, "a") is None  # chance alone parts the extremes of thirteen by as much


def test_parted_names_those_that_surely_differ():
    own = sector("a", 0.5, 0.6)
    others = [sector("b", 0.1, 0.2), sector("c", 0.55, 0.7), sector("d", 0.1, 0.2, "fragile")]
    assert parted(own, [*others, sector("e", 0.9, 0.95)]) == {ABOVE: ["b", "d"], BELOW: ["e"]}
    assert parted(sector("a", 0, 0, "nd"), others) == {ABOVE: [], BELOW: []}


def test_the_nearest_are_so_in_ratio():
    sizes = {"a": 100, "b": 200, "c": 55, "d": 10_000, "e": 0}
    assert nearest(sizes, "a", 2) == ["c", "b"]
    assert nearest(sizes, "a", 9) == ["c", "b", "d"]


# --- against the engine

STRATIFIED = SurveyDesign(weight="weight", stratum="stratum", stratum_size="size")


def population(seed, *, n_strata=8, each=60, indicators=6):
    """A stratified sample whose strata answer differently, domains cutting across them."""
    rng = np.random.default_rng(seed)
    rows = []
    for stratum in range(n_strata):
        size = int(rng.integers(300, 4000))
        level = rng.uniform(0.1, 0.7, indicators)
        for _ in range(each):
            rows.append(
                {"stratum": str(stratum), "size": size, "weight": size / each}
                | {"domain": str(rng.integers(0, 5)), "strata": str(stratum // 2)}
                | {f"i{k}": bool(rng.random() < level[k]) for k in range(indicators)}
            )
    targets = [Target(f"i{k}", pl.col(f"i{k}"), "share") for k in range(indicators)]
    return pl.DataFrame(rows), targets


@pytest.mark.parametrize("by", ["domain", "strata"])
def test_the_error_covers_the_exact_one_of_the_engine(by):
    ratios = []
    for seed in range(5):
        rows, targets = population(seed)
        domains = [Domain("ensemble", None), Domain(by, (by,))]
        names = {"population": "p", "edition": 2026}
        found = influences(rows, STRATIFIED, targets, domains, **names)
        exact = compare_domains(found, by, ("ensemble", "ensemble"), adjust=None)
        cells = found.cells
        pairs = beside_whole(
            cells.filter(domain_type=by), cells.filter(domain_type="ensemble")
        ).join(exact.select("indicator", "domain", exact="std_error"), on=["indicator", "domain"])
        ratios += (pairs["difference_error"] / pairs["exact"]).to_list()
    assert len(ratios) >= 100
    assert min(ratios) > 0.97
    assert np.median(ratios) > 1.0


def test_under_equality_a_page_rarely_claims_a_difference():
    """Domains of all sizes, unequal weights, shares from 2 to 90 %, indicators bound together."""
    pages = claims = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        strata = rng.integers(0, 6, 900)
        weight = rng.choice([2.0, 5.0, 12.0, 20.0], 6)[strata]
        domain = rng.choice(list("abcdef"), 900, p=[0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
        leaning = rng.normal(size=900)
        rows = {"stratum": [str(s) for s in strata], "weight": weight, "domain": domain}
        names = [f"i{k}" for k in range(24)]
        for k, name in enumerate(names):
            level = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9][k % 8]
            noise = 0.6 * leaning + 0.8 * rng.normal(size=900)
            rows[name] = noise < np.quantile(noise, level)
        cells = estimate(
            pl.DataFrame(rows),
            SurveyDesign(weight="weight", stratum="stratum"),
            [Target(name, pl.col(name), "share") for name in names],
            [Domain("ensemble", None), Domain("secteur", ("domain",))],
            population="p",
            edition=2026,
        )
        cells = apply_gate(cells)
        pairs = beside_whole(
            cells.filter(domain_type="secteur"), cells.filter(domain_type="ensemble")
        ).with_columns(tier=pl.lit("x"))
        found = judged(pairs, ["domain"], "tier").filter(pl.col("p_adjusted").is_not_null())
        claimed = found.group_by("domain").agg(pl.col("verdict").is_in([ABOVE, BELOW]).any())
        pages += claimed.height
        claims += claimed["verdict"].sum()
    assert pages > 200
    assert claims / pages < 0.05


def test_a_real_difference_is_seen():
    rng = np.random.default_rng(3)
    domain = rng.choice(["a", "b"], 1200, p=[0.2, 0.8])
    usage = rng.random(1200) < np.where(domain == "a", 0.5, 0.2)
    rows = pl.DataFrame({"domain": domain, "usage": usage, "weight": [1.0] * 1200})
    cells = estimate(
        rows,
        SurveyDesign(weight="weight"),
        [Target("usage", pl.col("usage"), "share")],
        [Domain("ensemble", None), Domain("secteur", ("domain",))],
        population="p",
        edition=2026,
    )
    gated = apply_gate(cells)
    pairs = beside_whole(
        gated.filter(domain_type="secteur"), gated.filter(domain_type="ensemble")
    ).with_columns(tier=pl.lit("x"))
    verdicts = dict(judged(pairs, ["domain"], "tier").select("domain", "verdict").iter_rows())
    assert verdicts == {"a": ABOVE, "b": BELOW}
