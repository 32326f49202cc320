"""The gate: what is withheld, and that it cannot be computed back."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import SurveyDesign
from analysis.disclosure import NUMBERS, GateSpec, apply_gate, assert_gated, domain_membership
from analysis.estimation import RESULT, Domain, Target, estimate
from survey.errors import SurveyError


def cell(domain_type: str, domain: str, n: int, **more) -> dict:
    row = {
        "indicator": "ia",
        "population": "entreprises",
        "edition": 2026,
        "domain_type": domain_type,
        "domain": domain,
        "statistic": "share",
        "estimate": 0.3,
        "std_error": 0.02,
        "conf_low": 0.26,
        "conf_high": 0.34,
        "cv": 0.07,
        "deff": 1.1,
        "df": 90,
        "n_respondents": n,
        "n_domain": n,
        "population_size": 10.0 * n,
        "status": "ok",
    }
    return row | more


def gated(*cells: dict, **options) -> pl.DataFrame:
    return apply_gate(pl.DataFrame(cells, schema=RESULT), GateSpec(), **options)


def statuses(*cells: dict, **options) -> list[str]:
    return gated(*cells, **options)["status"].to_list()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "ok"),
        ({"n_respondents": 2}, "secret"),
        ({"n_respondents": 0}, "secret"),
        ({"n_respondents": 3}, "nd"),
        ({"n_respondents": 29}, "nd"),
        ({"n_respondents": 30}, "fragile"),
        ({"n_respondents": 50}, "ok"),
        ({"conf_low": 0.15, "conf_high": 0.46}, "nd"),
        ({"conf_low": 0.20, "conf_high": 0.42}, "fragile"),
        ({"estimate": 0.08, "conf_low": 0.04, "conf_high": 0.17}, "fragile"),  # 1.6 times the share
        ({"estimate": 0.92, "conf_low": 0.83, "conf_high": 0.96}, "fragile"),  # of its complement
        ({"estimate": 0.11, "conf_low": 0.04, "conf_high": 0.18}, "ok"),
        ({"estimate": 0.02, "conf_low": 0.01, "conf_high": 0.06}, "ok"),  # five points at most
        ({"estimate": 0.0, "conf_low": 0.0, "conf_high": 0.06}, "fragile"),
        ({"conf_low": None}, "nd"),
        ({"statistic": "mean", "conf_high": 90.0}, "ok"),
        ({"statistic": "total", "cv": 0.36}, "nd"),
        ({"statistic": "total", "cv": 0.21}, "fragile"),
        ({"statistic": "mean", "cv": None}, "nd"),
    ],
)
def test_status_of_a_cell_by_itself(changes, status):
    got = gated(cell("ensemble", "ensemble", 100, **changes))
    assert got["status"].to_list() == [status]
    assert got.schema == RESULT
    hidden = status in ("nd", "secret")
    assert all(
        (got[name][0] is None) == hidden for name in NUMBERS if changes.get(name, 0) is not None
    )
    assert_gated(got)


def test_statistics_of_an_indicator_share_the_most_severe_status():
    wide = cell("ensemble", "ensemble", 100, conf_high=0.9)
    total = cell("ensemble", "ensemble", 100, statistic="total")
    assert statuses(wide, total) == ["nd", "nd"]


WHOLE = cell("ensemble", "ensemble", 362)


def test_secret_cell_takes_the_smallest_of_its_sisters_with_it():
    cells = [cell("taille", "0", 200), cell("taille", "1-9", 160), cell("taille", "10+", 2)]
    assert statuses(WHOLE, *cells) == ["ok", "ok", "nd", "secret"]


def test_nothing_more_is_withheld_when_two_cells_are():
    cells = [cell("taille", "0", 350), cell("taille", "1-9", 10), cell("taille", "10+", 2)]
    assert statuses(WHOLE, *cells) == ["ok", "ok", "nd", "secret"]


def test_order_of_rows_is_kept_and_indicators_do_not_mix():
    cells = [cell("taille", "10+", 2), cell("taille", "0", 360), WHOLE]
    other = [row | {"indicator": "gen", "n_respondents": 60} for row in cells]
    mixed = [row for pair in zip(cells, other, strict=True) for row in pair]
    got = gated(*mixed)
    assert got["indicator"].to_list() == ["ia", "gen"] * 3
    # n_domain is 2 for both: one pattern for all, or the count of a domain would follow.
    for name in ("ia", "gen"):
        mine = got.filter(pl.col("indicator") == name)
        assert mine["status"].to_list()[1:] in (["secret", "ok"], ["nd", "ok"])


def test_domains_that_overlap_are_seen_through_their_respondents():
    responses = pl.DataFrame(
        {"taille": ["0"] * 60 + ["1"] * 40 + ["2"] * 2, "dix": [False] * 60 + [True] * 42}
    )
    domains = [
        Domain("ensemble"),
        Domain("taille", ("taille",)),
        Domain("dix", pl.col("dix")),
    ]
    membership = domain_membership(responses, domains)
    assert membership.rows() == [
        ("ensemble", "ensemble", 0, 60),
        ("ensemble", "ensemble", 1, 40),
        ("ensemble", "ensemble", 2, 2),
        ("taille", "0", 0, 60),
        ("taille", "1", 1, 40),
        ("taille", "2", 2, 2),
        ("dix", "dix", 1, 40),
        ("dix", "dix", 2, 2),
    ]
    cells = [
        cell("ensemble", "ensemble", 102),
        cell("taille", "0", 60),
        cell("taille", "1", 40),
        cell("taille", "2", 2),
        cell("dix", "dix", 42),
    ]
    # Size 2 is both ensemble - 0 - 1 and dix - 1: withholding size 1 alone settles both.
    assert statuses(*cells, membership=membership) == ["ok", "ok", "nd", "secret", "fragile"]


def test_a_domain_of_nobody_is_withheld_alone():
    responses = pl.DataFrame({"taille": ["0"] * 60 + ["1"] * 50})
    domains = [Domain("ensemble"), Domain("taille", ("taille",)), Domain("nul", pl.lit(False))]
    membership = domain_membership(responses, domains)
    assert membership.rows()[-1] == ("nul", "nul", None, 0)
    cells = [cell("ensemble", "ensemble", 110), cell("taille", "0", 60), cell("taille", "1", 50)]
    empty = cell("nul", "nul", 0, estimate=None, conf_low=None)
    assert statuses(*cells, empty, membership=membership) == ["ok", "ok", "ok", "secret"]


def test_shares_that_add_up_to_one_protect_one_another():
    kinds = ("reguliere", "occasion", "jamais")
    cells = [cell("ensemble", "ensemble", 100, indicator=kind) for kind in kinds]
    cells[1] |= {"conf_low": 0.1, "conf_high": 0.5}
    assert statuses(*cells) == ["ok", "nd", "ok"]
    assert statuses(*cells, exclusive=[kinds]) == ["nd", "nd", "ok"]
    # One of the three is not published: nothing adds up.
    assert statuses(*cells[:2], exclusive=[kinds]) == ["ok", "nd"]


def test_unknown_domain_and_wrong_limits_are_refused():
    membership = domain_membership(pl.DataFrame({"y": [1]}), [Domain("ensemble")])
    with pytest.raises(SurveyError, match="taille / 0"):
        statuses(WHOLE, cell("taille", "0", 50), membership=membership)
    with pytest.raises(SurveyError, match="seuils"):
        GateSpec(min_respondents=2)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "nd"}, "porte un nombre"),
        ({"status": "secret", **dict.fromkeys(NUMBERS), "n_domain": 4}, "porte un nombre"),
        ({"status": "publiable"}, "statut inconnu"),
        ({"status": None}, "statut inconnu"),
        ({"estimate": None}, "sans estimation"),
    ],
)
def test_a_leak_stops_publication(changes, says):
    published = pl.DataFrame([cell("ensemble", "ensemble", 100) | changes], schema=RESULT)
    with pytest.raises(SurveyError) as error:
        assert_gated(published)
    assert says in str(error.value)
    assert "ia / entreprises / 2026 / ensemble / ensemble" in str(error.value)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(40, 400))
def test_no_withheld_number_can_be_computed_back(seed, n):
    """Attack by linear algebra: a withheld total must change with answers that keep the others."""
    rng = np.random.default_rng(seed)
    responses = pl.DataFrame(
        {
            "w": np.ones(n),
            "taille": rng.choice(["0", "1", "2", "3"], n, p=[0.6, 0.3, 0.08, 0.02]),
            "dep": rng.choice(["44", "49", "53"], n, p=[0.7, 0.25, 0.05]),
            "y": rng.random(n) < 0.4,
            "z": rng.random(n) < 0.4,
            "asked": rng.random(n) < 0.5,
            "choice": rng.choice(["a", "b", "c"], n, p=[0.7, 0.2, 0.1]),
        }
    ).with_columns(z=pl.when("asked").then("z"))
    domains = [
        Domain("ensemble"),
        Domain("taille", ("taille",)),
        Domain("dep", ("dep",)),
        Domain("taille x dep", ("taille", "dep")),
        Domain("grandes", pl.col("taille") >= "2"),
    ]
    targets = [Target("y", pl.col("y")), Target("z", pl.col("z"))]
    targets += [Target(name, pl.col("choice") == name) for name in "abc"]
    cells = estimate(
        responses, SurveyDesign("w"), targets, domains, population="essai", edition=2026
    )
    membership = domain_membership(responses, domains)
    got = apply_gate(cells, GateSpec(), membership=membership, exclusive=["abc"])
    assert_gated(got)
    n_atoms = membership["atom"].max() + 1
    vector = {
        (kind, label): np.isin(np.arange(n_atoms), atoms).astype(float)
        for kind, label, atoms in membership.group_by("domain_type", "domain")
        .agg(pl.col("atom").drop_nulls())
        .rows()
    }
    # One unknown per atom and level; for the choice, the sum of levels by domain is public.
    for names in (["y"], ["z"], ["a", "b", "c"]):
        mine = got.filter(pl.col("indicator").is_in(names))
        level = np.eye(len(names))
        rows = [
            np.kron(level[names.index(name)], vector[kind, label])
            for name, kind, label in mine.select("indicator", "domain_type", "domain").rows()
        ]
        hidden = mine["status"].is_in(["nd", "secret"]).to_list()
        public = [row for row, secret in zip(rows, hidden, strict=True) if not secret]
        if len(names) > 1:
            public += [np.kron(np.ones(len(names)), atoms) for atoms in vector.values()]
        rank = np.linalg.matrix_rank(np.array(public)) if public else 0
        for row, secret in zip(rows, hidden, strict=True):
            if secret and row.any():
                assert np.linalg.matrix_rank(np.array([*public, row])) == rank + 1


def test_a_total_is_judged_by_the_share_it_counts():
    count = {"statistic": "total", "estimate": 500.0, "conf_low": 200.0, "conf_high": 800.0}
    whole, other = cell("ensemble", "ensemble", 400), cell("taille", "0", 200)
    small = cell("taille", "1-9", 200, estimate=0.05, conf_low=0.03, conf_high=0.08)
    beside = cell("taille", "1-9", 200, cv=0.5, **count)
    assert statuses(whole, other, small, beside) == ["ok"] * 4
    alone = cell("taille", "1-9", 200, cv=0.5, **count) | {"indicator": "seul"}
    assert statuses(alone) == ["nd"]
    wide = cell("taille", "1-9", 200, conf_low=0.05, conf_high=0.6)
    assert statuses(wide, beside) == ["nd", "nd"]
