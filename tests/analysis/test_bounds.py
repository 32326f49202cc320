"""The last pass of the gate and the audit of an outsider, over the same small survey."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audit import audit, ground
from analysis.bounds import withhold_told
from analysis.disclosure import RANK, STATED
from analysis.relations import blocks_of
from analysis.targets import Domain, Target

CUTS = [
    Domain("ensemble"),
    Domain("organisme", ("organisme",)),
    Domain("departement", ("departement",)),
    Domain("epci", ("epci",)),
]
BLOCKS = [["ensemble", "organisme"], ["ensemble", "departement", "epci"]]


def ranked(rows: pl.DataFrame, shares: list[Target], withheld: dict) -> pl.DataFrame:
    """Every cell, `ok` but for those named: (indicator or None, domain type, domain) -> status."""
    names = [("ensemble", "ensemble")]
    names += [
        (kind, name)
        for kind in ("organisme", "departement", "epci")
        for name in rows[kind].unique().sort().to_list()
    ]
    return pl.DataFrame(
        [
            {
                "indicator": share.indicator,
                "domain_type": kind,
                "domain": name,
                "rank": RANK[
                    withheld.get(
                        (share.indicator, kind, name), withheld.get((None, kind, name), "ok")
                    )
                ],
            }
            for share in shares
            for kind, name in names
        ]
    )


def after(rows, shares, withheld, families, counters=None):
    cells = ranked(rows, shares, withheld)
    return withhold_told(
        cells,
        rows,
        "w",
        shares,
        CUTS,
        blocks=BLOCKS,
        families=families,
        counters=counters or {},
        protection=STATED,
    )


def published(cells: pl.DataFrame, rows: pl.DataFrame, shares: list[Target]) -> pl.DataFrame:
    """The cells with the numbers that a CSV would carry."""
    values = {share.indicator: rows.select(y=share.value)["y"].to_numpy() for share in shares}
    weight = rows["w"].to_numpy()
    found = []
    for row in cells.to_dicts():
        kind = row["domain_type"]
        inside = np.ones(rows.height, bool)
        if kind != "ensemble":
            inside = (rows[kind] == row["domain"]).to_numpy()
        size = float(weight[inside].sum())
        shown = row["rank"] < RANK["nd"]
        share = float((weight * values[row["indicator"]])[inside].sum() / size)
        numbers = {
            "estimate": share if shown else None,
            "n_respondents": int(inside.sum()) if shown else None,
            "population_size": size if shown else None,
        }
        found.append(row | numbers | {"base": "ensemble"})
    return pl.DataFrame(found)


def grounds(rows: pl.DataFrame):
    return [
        ground(rows.select("organisme"), CUTS[:2]),
        ground(rows.select("departement", "epci").unique(), [CUTS[0], *CUTS[2:]]),
    ]


def bodies() -> pl.DataFrame:
    """441 communes, 51 intercommunalités, 4 départements, the région; three communautés a place."""
    kinds = ["com"] * 441 + ["epci"] * 51 + ["dep"] * 4 + ["reg"]
    number = np.arange(len(kinds))
    departement = (number % 3).astype(str)
    return pl.DataFrame(
        {
            "w": [2.78] * 441 + [1.38] * 51 + [1.25] * 4 + [1.0],
            "organisme": kinds,
            "departement": departement,
            "epci": [f"{d}{n % 2}" for d, n in zip(departement, number // 3, strict=True)],
        }
    )


def test_what_the_council_answered_is_told_no_more():
    """The known fault: communes and intercommunalités hold every yes, the council none."""
    rows = bodies().with_columns(yes=pl.int_range(pl.len()) % 40 == 0)
    rows = rows.with_columns(yes=pl.col("yes") & pl.col("organisme").is_in(["com", "epci"]))
    shares = [Target("recrute", pl.col("yes"))]
    withheld = {(None, "organisme", "dep"): "nd", (None, "organisme", "reg"): "secret"}
    family = [{"recrute": ("recrute",)}]
    before = ranked(rows, shares, withheld)
    told = [
        cell
        for cell in audit(published(before, rows, shares), grounds(rows), family, STATED)
        if cell.width < cell.need
    ]
    assert {(cell.domain, cell.secret) for cell in told} == {("reg", True), ("dep", False)}
    cells = after(rows, shares, withheld, family)
    new = cells.filter(cells["rank"] > before["rank"])
    assert new.rows() == [("recrute", "organisme", "epci", RANK["nd"])], "la moindre perte"
    found = audit(published(cells, rows, shares), grounds(rows), family, STATED)
    assert found and all(cell.width >= cell.need for cell in found)


def test_an_indicator_that_joins_answers_does_not_give_them_back():
    rows = bodies().with_columns(answer=pl.Series(np.array(["a", "b", "c"])[np.arange(497) % 3]))
    shares = [Target(name, pl.col("answer") == name) for name in "abc"]
    shares.append(Target("joined", pl.col("answer").is_in(["a", "b"])))
    families = [{"a": ("a",), "b": ("b",), "c": ("c",), "joined": ("a", "b")}]
    withheld = {("a", "departement", "0"): "nd", ("b", "departement", "0"): "nd"}
    withheld |= {("joined", "departement", "1"): "nd", ("joined", "departement", "2"): "nd"}
    cells = after(rows, shares, withheld, families)
    shown = {row[:3] for row in cells.rows() if row[3] < RANK["nd"]}
    for place in "12":
        assert ("c", "departement", place) not in shown, "a + b = 1 - c"
        assert not {("a", "departement", place), ("b", "departement", place)} <= shown


def test_nothing_is_shown_of_those_whom_a_withheld_share_counts():
    rows = bodies().with_columns(yes=pl.int_range(pl.len()) % 2 == 0)
    rows = rows.with_columns(again=pl.when("yes").then(pl.int_range(pl.len()) % 4 == 0))
    shares = [
        Target("usage", pl.col("yes")),
        Target("souvent", pl.col("again"), base=pl.col("yes")),
    ]
    withheld = {("usage", "departement", "0"): "nd", ("usage", "departement", "1"): "nd"}
    families = [{"usage": ("usage",)}, {"souvent": ("souvent",)}]
    cells = after(rows, shares, withheld, families, {"usage": ["souvent"]})
    hidden = cells.filter(pl.col("rank") >= RANK["nd"]).select("indicator", "domain").rows()
    assert {("souvent", "0"), ("souvent", "1")} <= set(hidden)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_the_gate_lets_by_the_audit_cannot_tell(seed):
    rng = np.random.default_rng(seed)
    n = 160
    departement = rng.integers(0, 3, n)
    rows = pl.DataFrame(
        {
            "w": rng.uniform(1, 9, n),
            "organisme": rng.choice(["com", "epci", "dep", "reg"], n, p=[0.8, 0.15, 0.03, 0.02]),
            "departement": departement.astype(str),
            "epci": (departement * 2 + rng.integers(0, 3, n)).astype(str),
            "yes": rng.random(n) < rng.choice([0.01, 0.3]),
            "answer": rng.choice(["a", "b", "c"], n, p=[0.9, 0.08, 0.02]),
        }
    )
    shares = [Target("y", pl.col("yes"))]
    shares += [Target(name, pl.col("answer") == name) for name in "abc"]
    families = [{"y": ("y",)}, {name: (name,) for name in "abc"}]
    hidden = {
        (None, kind, name): "secret" if count < 4 else "nd"
        for kind in ("organisme", "departement", "epci")
        for name, count in rows[kind].value_counts().rows()
        if count < 4 or rng.random() < 0.3
    }
    cells = after(rows, shares, hidden, families)
    found = audit(published(cells, rows, shares), grounds(rows), families, STATED)
    assert [cell for cell in found if cell.width < cell.need - 1e-5] == []


def test_types_of_domain_are_tied_by_what_they_cut_by():
    columns = {
        "ensemble": set(),
        "taille": {"taille"},
        "age": {"age"},
        "dix": {"taille", "secteur"},
    }
    columns["secteur"] = {"secteur"}
    assert blocks_of(columns) == [
        ["ensemble", "age"],
        ["ensemble", "taille", "dix", "secteur"],
    ]
    assert blocks_of({"ensemble": set()}) == [["ensemble"]]


@pytest.mark.parametrize(("respondents", "need"), [(1, 1.0), (2, 0.5), (5, 0.2), (0, 0.0)])
def test_a_secret_share_of_few_needs_more(respondents, need):
    ranks = np.array([RANK["secret"]])
    assert STATED.need(ranks, np.array([float(respondents)])).tolist() == [need]
    assert STATED.need(np.array([RANK["ok"]]), np.array([9.0])).tolist() == [0.0]
