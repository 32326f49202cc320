"""Whatever the cells, what a title claims is what they hold."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.findings import (
    finding_agreement,
    finding_beside,
    finding_gap,
    finding_matrix,
    finding_series,
    finding_top,
)
from analysis.wording import Noun
from tests.published import cells

PEOPLE = Noun("habitant", "habitants")
USE = Noun("usage", "usages")
MANY = settings(max_examples=300, deadline=None)


@st.composite
def one_cell(draw, withheld=True):
    """Estimate, interval and status of a published cell."""
    status = draw(st.sampled_from(["ok", "ok", "ok", "fragile", *(["nd"] if withheld else [])]))
    if status == "nd":
        return None, None, None, status
    low, value, high = sorted(draw(st.lists(st.floats(0, 1), min_size=3, max_size=3)))
    return value, low, high, status


@MANY
@given(one_cell())
def test_a_majority_is_one(cell):
    estimate, low, high, status = cell
    row = {"estimate": estimate, "conf_low": low, "conf_high": high, "status": status}
    said = finding_agreement(row, PEOPLE, "sont préoccupés", "neutre")
    if said == "Neutre":
        astride = low is not None and low <= 0.5 <= high
        assert status != "ok" or astride or estimate == 0
        return
    size, _ = said.split(" d’habitants sont préoccupés")
    holds = {
        "Une large majorité": low is not None and low > 2 / 3,
        "Une majorité": low is not None and 1 / 2 < low <= 2 / 3,
        "Une minorité": high is not None and estimate > 0 and high < 1 / 2,
    }
    assert status == "ok" and holds[size]


def test_a_majority_in_words():
    cell = {"estimate": 0.6, "conf_low": 0.55, "conf_high": 0.65, "status": "ok"}
    said = finding_agreement(cell, PEOPLE, "se disent préoccupés", "-")
    assert said == "Une majorité d’habitants se disent préoccupés"
    firms = Noun("commune", "communes", feminine=True)
    assert finding_agreement(cell, firms, "forment", "-") == "Une majorité de communes forment"


@MANY
@given(st.lists(one_cell(), min_size=1, max_size=5))
def test_the_first_is_first_for_whoever_looks_at_the_chart(each):
    rows = [(str(i), f"Ligne {i}", *cell) for i, cell in enumerate(each)]
    said = finding_top(cells(*rows), "premier frein", "freins cités")
    shown = sorted((row for row in rows if row[2] is not None), key=lambda row: -row[2])
    if said.endswith(", premier frein"):
        assert shown[0][1] == said.removesuffix(", premier frein")
        assert all(shown[0][3] > other[4] for other in shown[1:])
    elif "«" in said:
        named = re.findall("«\u202f(.+?)\u202f»", said)
        assert named == [row[1].lower() for row in shown[: len(named)]]
        lowest = min(row[3] for row in shown[: len(named)])
        assert all(lowest > row[4] for row in shown[len(named) :])
    else:
        assert said == "Freins cités"
    if len(shown) < len(rows):  # one withheld could stand before
        assert said == "Freins cités"


@MANY
@given(st.lists(one_cell(), min_size=2, max_size=4))
def test_a_gap_parts_two_shown_cells_that_the_intervals_part(each):
    codes = list(SUBJECTS)[: len(each)]
    rows = [(code, code, *cell) for code, cell in zip(codes, each, strict=False)]
    said = finding_gap(cells(*rows), SUBJECTS, ("utilise l’IA", "utilisent l’IA"), "neutre")
    if said == "Neutre":
        return
    found = {SUBJECTS[row[0]]: row for row in rows}
    named = [name for name in found if name.lower() in said.lower()]
    top = next(name for name in named if said.lower().startswith(name))
    low = next(name for name in named if name != top)
    assert found[top][3] > found[low][4]
    shown = [row[2] for row in rows if row[2] is not None]
    assert (found[top][2], found[low][2]) == (max(shown), min(shown))


SUBJECTS = {"J": "le numérique", "H": "les transports", "F": "la construction"}
USES = ["Textes", "Images", "Sons", "Données"]


@st.composite
def tables(draw):
    """A matrix of three domains and the region by one to four uses."""
    uses = USES[: draw(st.integers(1, 4))]
    rows, answers = [], []
    for domain in (*SUBJECTS, "R"):
        for use in uses:
            # Narrow intervals, so that many stand apart.
            low = draw(st.integers(0, 8)) / 10
            status = draw(st.sampled_from(["ok", "ok", "ok", "ok", "fragile", "nd"]))
            numbers = (None,) * 3 if status == "nd" else (low + 0.02, low, low + 0.05)
            rows.append((domain, "Région" if domain == "R" else domain, *numbers, status))
            answers.append(use)
    return cells(*rows).with_columns(answer=pl.Series(answers)), uses


@MANY
@given(tables())
def test_the_leader_of_a_matrix_leads(table):
    frame, uses = table
    said = finding_matrix(frame, "Région", SUBJECTS, USE, "neutre")
    shown = {(r["domain"], r["answer"]): r for r in frame.to_dicts() if r["status"] != "nd"}
    above = {
        domain: sum(
            shown[domain, use]["conf_low"] > shown["R", use]["conf_high"]
            for use in uses
            if (domain, use) in shown and ("R", use) in shown
        )
        for domain in SUBJECTS
    }
    best = max(above.values())
    leaders = [domain for domain, count in above.items() if count == best]
    if len(leaders) > 1 or 2 * best <= len(uses) or len(uses) < 2:
        assert said == "Neutre"
        return
    subject = SUBJECTS[leaders[0]]
    verb = "dépassent" if leaders == ["H"] else "dépasse"
    numbers = {2: "deux", 3: "trois", 4: "quatre"}
    scope = (
        "tous les usages"
        if best == len(uses)
        else f"{numbers[best]} usages sur {numbers[len(uses)]}"
    )
    assert said.lower() == f"{subject} {verb} la région pour {scope}"


VERDICTS = st.sampled_from(["hausse", "baisse", "stable", "non établie", None])


def changes(*rows):
    schema = {
        "edition_before": pl.Int64,
        "edition_after": pl.Int64,
        "verdict": pl.String,
        "series_break": pl.String,
    }
    return pl.DataFrame([(*row, None) for row in rows], schema=schema, orient="row")


@MANY
@given(st.lists(VERDICTS, min_size=1, max_size=4), VERDICTS, st.booleans())
def test_a_series_progresses_only_when_tested(steps, whole, broken):
    rows = [(2025 + i, 2026 + i, verdict) for i, verdict in enumerate(steps)]
    if len(steps) > 1:
        rows.append((2025, 2025 + len(steps), whole))
    else:
        whole = steps[0]
    frame = changes(*rows)
    if broken:
        frame = frame.with_columns(series_break=pl.lit("Rupture de série en 2026."))
    said = finding_series(frame, "l’usage", "neutre")
    told = re.search("progresse|recule|stable|évolution établie", said)
    assert bool(told) == (whole is not None and not broken)
    assert ("stable" in said) == (whole == "stable" and not broken)
    assert ("progresse" in said) == (whole == "hausse" and not broken)
    assert ("recule" in said) == (whole == "baisse" and not broken)
    each = len(steps) > 1 and set(steps) == {whole} and whole in ("hausse", "baisse")
    assert ("à chaque édition" in said) == (each and not broken)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(2025, 2027, "hausse")], "L’usage progresse depuis 2025"),
        ([(2025, 2026, "stable")], "L’usage est stable depuis 2025"),
        ([(2025, 2026, "non établie")], "L’usage n’a pas d’évolution établie depuis 2025"),
        ([(2025, 2026, "hausse"), (2026, 2027, "hausse")], "Neutre"),  # the whole is untested
        ([], "Neutre"),
    ],
)
def test_a_series_in_words(rows, said):
    assert finding_series(changes(*rows), "l’usage", "neutre") == said


def beside(*pairs):
    """Rows for `finding_beside`: our interval, its status, and the values published elsewhere."""
    return [
        (
            {
                "conf_low": low,
                "conf_high": high,
                "value": f"{(low + high) / 2:.0%}",
                "statistic": "share",
                "status": status,
            },
            "Bretagne, 2026",
            [(value, "France, 2024") for value in values],
        )
        for (low, high), status, values in pairs
    ]


def test_one_figure_is_set_beside_the_published_one():
    said = finding_beside(beside(((0.3, 0.4), "ok", [0.1])), "usage", USE)
    assert said == "Usage\u202f: 35% (Bretagne, 2026), contre 10\u202f% (France, 2024)"
    said = finding_beside(beside(((0.3, 0.4), "ok", [0.36, 0.1])), "usage", USE)
    assert said.endswith(", 36\u202f% (France, 2024), écart non établi")
    said = finding_beside(beside(((0.3, 0.4), "fragile", [0.1])), "usage", USE)
    assert said == "Usage\u202f: la région et d’autres sources"


@MANY
@given(
    st.lists(
        st.tuples(
            st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
            st.sampled_from(["ok", "ok", "fragile"]),
            st.lists(st.floats(0, 1), min_size=1, max_size=3),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_rows_counted_beside_other_sources_are_beyond_all_of_them(pairs):
    said = finding_beside(beside(*pairs), "usage", USE)
    firm = [(ends, values) for ends, status, values in pairs if status == "ok"]
    above = sum(low > max(values) for (low, _), values in firm)
    below = sum(high < min(values) for (_, high), values in firm)
    for way, count in (("au-dessus", above), ("au-dessous", below)):
        found = re.search(rf"{way} des autres sources pour (les )?(\w+)", said)
        assert bool(found) == (count > 0)
        if found:
            words = {"un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5}
            assert words[found[2]] == count
            assert bool(found[1]) == (count == len(pairs))
    assert ("aucun écart net" in said) == (above == below == 0)
