"""Agreement, small multiples, matrices, series: readable for any cells, honest for each."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.distribution import distribution
from analysis.diverging import Poles, diverging
from analysis.evolution import evolution
from analysis.marks import DARK_TINTS, PALETTE, TINTS, Reference
from analysis.matrix import Totals, matrix
from analysis.multiples import multiples
from survey.errors import SurveyError
from tests.drawn import assert_readable, layers, written
from tests.published import cells

FORMS = pytest.mark.parametrize("form", ["wide", "narrow"])
SOME = settings(max_examples=25, deadline=None)
LONG = "Activités spécialisées, scientifiques et techniques ; services administratifs et de soutien"
LABELS = ["Commerce", "Enseignement, santé, action sociale", LONG, "Construction", "Industrie"]
STATUSES = st.sampled_from(["ok", "ok", "ok", "fragile", "nd", "secret"])
SHARES = st.floats(0, 1)


def row(domain, label, share, status, spread=0.04):
    """A published cell around a share; without numbers when withheld."""
    if status in ("nd", "secret"):
        return (domain, label, None, None, None, status)
    return (domain, label, share, max(0, share - spread), min(1, share + spread), status)


# --- agreement

ANSWERS = ["Pas du tout d’accord", "Plutôt pas", "Ni l’un ni l’autre", "Plutôt", "Tout à fait"]
SCALE = Poles(tuple(ANSWERS[:2]), tuple(ANSWERS[3:]), ("Pas d’accord", "D’accord"), ANSWERS[2])
DONT_KNOW = "Ne sait pas"
EVEN = Poles(
    ("Peu", "Pas du tout"), ("Assez", "Fort"), ("Peu préoccupés", "Préoccupés"), None, DONT_KNOW
)


def opinions(poles, table):
    """Cells and totals of a scale from {label: (shares of its answers, status)}."""
    rows, answers, sums = [], [], []
    for label, (parts, status) in table.items():
        shares = [part / sum(parts) for part in parts]
        for answer, share in zip(poles.answers, shares, strict=True):
            rows.append(row(label, label, share, status))
            answers.append(answer)
        favour = [s for a, s in zip(poles.answers, shares, strict=True) if a in poles.favour]
        sums.append(row(label, label, sum(favour), status))
    return cells(*rows).with_columns(answer=pl.Series(answers)), cells(*sums)


@FORMS
@SOME
@given(
    poles=st.sampled_from([SCALE, EVEN]),
    parts=st.lists(st.lists(st.integers(1, 99), min_size=5, max_size=5), min_size=1, max_size=5),
    statuses=st.lists(STATUSES, min_size=5, max_size=5),
)
def test_agreement_is_readable_and_centred(form, poles, parts, statuses):
    table = dict(zip(LABELS, zip(parts, statuses, strict=False), strict=False))
    frame, totals = opinions(poles, table)
    chart = diverging(frame, totals, poles, form=form)
    assert_readable(chart, form)
    pieces = [r for _, rows in layers(chart) for r in rows if r.get("answer")]
    drawn = {label for label, (_, status) in table.items() if status in ("ok", "fragile")}
    assert {piece["label"].replace("\u202f;", " ;") for piece in pieces} == drawn
    middles = set()
    for label in {piece["label"] for piece in pieces}:
        own = {p["answer"]: p for p in pieces if p["label"] == label}
        if poles.neutral:
            middle = (own[poles.neutral]["x"] + own[poles.neutral]["x2"]) / 2
        else:
            middle = own[poles.favour[0]]["x"]
            assert own[poles.against[-1]]["x2"] == pytest.approx(middle, abs=2e-4)
        middles.add(round(middle, 3))
    assert len(middles) <= 1 or max(middles) - min(middles) <= 0.0011


def test_the_interval_of_the_total_is_drawn_from_the_middle():
    frame, totals = opinions(EVEN, {"Emploi": ([10, 20, 30, 30, 10], "ok")})
    chart = diverging(frame, totals, EVEN)
    spans = [r for m, rows in layers(chart) for r in rows if m.get("color") == PALETTE["ink"]]
    span = next(r for r in spans if "x2" in r)
    zero = next(r["x"] for _, rows in layers(chart) for r in rows if r.get("answer") == "Assez")
    assert span["x"] - zero == pytest.approx(0.56) and span["x2"] - zero == pytest.approx(0.64)
    said = [text["text"] for text in written(chart)]
    assert {"60\u202f%", "[56\u202f; 64]", "Préoccupés", DONT_KNOW} <= set(said)


def test_rows_of_agreement_are_sorted_by_their_total():
    table = {"Moins": ([30, 30, 10, 20, 10], "ok"), "Plus": ([5, 5, 40, 40, 10], "ok")}
    frame, totals = opinions(EVEN, table)
    heights = {text["text"]: text["y"] for text in written(diverging(frame, totals, EVEN))}
    assert heights["Plus"] < heights["Moins"]
    given_ = {t["text"]: t["y"] for t in written(diverging(frame, totals, EVEN, order="given"))}
    assert given_["Moins"] < given_["Plus"]


def test_a_total_that_is_not_the_sum_or_a_lopsided_scale_is_refused():
    frame, totals = opinions(EVEN, {"Emploi": ([10, 20, 30, 30, 10], "ok")})
    with pytest.raises(SurveyError, match="n’est pas"):
        diverging(frame, totals.with_columns(estimate=pl.lit(0.5)), EVEN)
    with pytest.raises(SurveyError, match="une ou deux réponses de chaque côté"):
        Poles(("Non",), ("Plutôt", "Oui"), ("Non", "Oui"))


def test_a_fragile_piece_is_hollow():
    frame = cells(row("E", "Ensemble", 0.6, "ok"), row("E", "Ensemble", 0.4, "fragile"))
    chart = distribution(frame.with_columns(answer=pl.Series(["Oui", "Non"])), ["Oui", "Non"])
    frames = [r for m, rows in layers(chart) for r in rows if m.get("color") == PALETTE["fragile"]]
    assert [r["answer"] for r in frames if "answer" in r] == ["Non"]
    assert [r["text"] for r in frames if "text" in r] == ["40\u202f%"]
    inside = next(
        r
        for m, rows in layers(chart)
        for r in rows
        if m.get("color") == PALETTE["paper"] and "x2" in r
    )
    assert 0.6 < inside["x"] < inside["x2"] < 1


# --- small multiples


def panels(table):
    """Cells from {panel: [(label, share, status)]}."""
    rows = [
        (row(label, label, share, status), panel)
        for panel, each in table.items()
        for label, share, status in each
    ]
    return cells(*(cell for cell, _ in rows)).with_columns(panel=pl.Series([p for _, p in rows]))


TITLES = [
    "Textes et résumés",
    "Analyse de données",
    "Reconnaissance d’images",
    "Traduction",
    "Voix",
]


@FORMS
@SOME
@given(
    shared=st.booleans(),
    values=st.lists(
        st.lists(st.tuples(SHARES, STATUSES), min_size=2, max_size=5), min_size=1, max_size=5
    ),
    reference=st.none() | SHARES,
)
def test_multiples_are_readable(form, shared, values, reference):
    table = {
        title: [
            (label, *cell)
            for label, cell in zip(LABELS, values[0] if shared else each, strict=False)
        ]
        for title, each in zip(TITLES, values, strict=False)
    }
    references = {} if reference is None else {TITLES[0]: Reference("Région", reference)}
    chart = multiples(panels(table), references=references, form=form)
    assert_readable(chart, form)
    said = [text["text"] for text in written(chart)]
    hidden = sum(s in ("nd", "secret") for rows in table.values() for _, _, s in rows)
    assert sum(text in ("nd", "secret") for text in said) == hidden


def test_panels_with_the_same_rows_share_their_labels_and_their_scale():
    rows = [("Commerce", 0.2, "ok"), ("Industrie", 0.5, "ok")]
    table = {"Textes": rows, "Images": [(label, x / 2, s) for label, x, s in rows]}
    chart = multiples(panels(table))
    said = [text["text"] for text in written(chart)]
    assert said.count("Commerce") == 1 and said.count("0\u202f%") == 2
    dots = {r["value"]: r for m, rows in layers(chart) if m["type"] == "point" for r in rows}
    first = dots["50\u202f%"]["x"] - dots["20\u202f%"]["x"]
    second = dots["25\u202f%"]["x"] - dots["10\u202f%"]["x"]
    assert first == pytest.approx(2 * second, abs=0.3)
    assert dots["50\u202f%"]["y"] == dots["25\u202f%"]["y"]
    narrow = [text["text"] for text in written(multiples(panels(table), form="narrow"))]
    assert narrow.count("Commerce") == 2


# --- matrices

USES = ["Produire des textes", "Reconnaître des images", "Traduire", "Piloter des machines", "Tout"]
TOTALS = Totals("Région", "Tout")


def grid(values):
    """Cells from {label: [(share, status) of each use]}."""
    rows, answers = [], []
    for label, each in values.items():
        for use, (share, status) in zip(USES, each, strict=False):
            rows.append(row(label, label, share, status))
            answers.append(use)
    return cells(*rows).with_columns(answer=pl.Series(answers))


def percent(value):
    """The per cent a printed share rounds to: « < 1 % » is next to 0, « > 99 % » to 100."""
    digits = int("".join(sign for sign in value if sign.isdigit()))
    return digits - value.startswith("<") + value.startswith(">")


@FORMS
@SOME
@given(
    values=st.lists(
        st.lists(st.tuples(SHARES, STATUSES), min_size=5, max_size=5), min_size=2, max_size=6
    )
)
def test_a_matrix_is_readable_and_writes_every_number(form, values):
    table = dict(zip([*LABELS, "Région"], values, strict=False))
    chart = matrix(grid(table), totals=TOTALS, form=form)
    assert_readable(chart, form)
    statuses = [status for each in table.values() for _, status in each]
    tinted = {tint: [] for tint in TINTS}
    for mark, rows in layers(chart):
        tint = next((t for t in TINTS if mark.get("color") == PALETTE[t]), None)
        if tint and mark["type"] == "rule":
            tinted[tint] += [r for r in rows if "answer" in r]
    assert sum(map(len, tinted.values())) == statuses.count("ok")
    spans = [t["text"] for t in written(chart) if t["text"].startswith("[")]
    assert len(spans) == statuses.count("ok") + statuses.count("fragile")
    classes = [{percent(r["value"]) for r in tinted[tint]} for tint in TINTS if tinted[tint]]
    assert all(min(dark) > max(light) for dark, light in pairwise(classes))


def test_totals_stand_apart_and_columns_that_do_not_fit_go_under():
    table = {"Région": [(0.2, "ok")] * 5, "Commerce": [(0.1, "ok")] * 4 + [(0.3, "fragile")]}
    wide = matrix(grid(table), totals=TOTALS)
    heights = {t["text"]: t["y"] for t in written(wide)}
    assert heights["Commerce"] < heights["Région"]
    narrow = [t["text"] for t in written(matrix(grid(table), totals=TOTALS, form="narrow"))]
    assert narrow.count("Région") > 1 == [t["text"] for t in written(wide)].count("Région")
    numbers = {
        mark["color"]
        for mark, rows in layers(wide)
        if mark["type"] == "text" and any(r["text"] == "30\u202f%" for r in rows)
    }
    assert numbers == {PALETTE["fragile"]}


def test_letters_are_those_read_on_their_tint():
    chart = matrix(grid({"Commerce": [(0.1, "ok"), (0.3, "ok"), (0.5, "ok")]}))
    tints = {
        r["value"]: next(t for t in TINTS if PALETTE[t] == mark["color"])
        for mark, rows in layers(chart)
        for r in rows
        if "answer" in r
    }
    letters = {
        r["text"]: mark["color"]
        for mark, rows in layers(chart)
        if mark["type"] == "text"
        for r in rows
    }
    for value, tint in tints.items():
        assert letters[value] == PALETTE["paper" if tint in DARK_TINTS else "ink"]


def test_a_matrix_of_means_is_refused():
    with pytest.raises(SurveyError, match="parts attendues"):
        matrix(grid({"Commerce": [(0.1, "ok")]}).with_columns(statistic=pl.lit("mean")))


# --- series


def series(table, breaks=None):
    """Cells from {label: {edition: (share, status)}}; `breaks` = the edition of a break."""
    parts = []
    for label, editions in table.items():
        for edition, (share, status) in editions.items():
            broken = breaks is not None and edition >= breaks
            parts.append(
                cells(row(label, label, share, status), edition=edition).with_columns(
                    comparable_since=pl.lit(breaks if broken else 2025, dtype=pl.Int64),
                    series_break=pl.lit("Rupture de série." if broken else None, dtype=pl.String),
                )
            )
    return pl.concat(parts)


def joined(chart):
    """Pairs of heights joined by a line."""
    return [
        (r["y"], r["y2"])
        for mark, rows in layers(chart)
        if mark.get("color") == PALETTE["data"] and mark["type"] == "rule"
        for r in rows
    ]


@FORMS
@SOME
@given(
    values=st.lists(
        st.lists(st.tuples(SHARES, STATUSES), min_size=4, max_size=4), min_size=1, max_size=4
    ),
    breaks=st.none() | st.integers(2026, 2028),
)
def test_series_are_readable_and_no_line_crosses_a_break(form, values, breaks):
    table = {
        label: {2025 + i: cell for i, cell in enumerate(each)}
        for label, each in zip(LABELS, values, strict=False)
    }
    chart = evolution(series(table, breaks), form=form)
    assert_readable(chart, form)
    shown = ("ok", "fragile")
    expected = sum(
        each[year][1] in shown and each[year + 1][1] in shown and year + 1 != breaks
        for each in table.values()
        for year in (2025, 2026, 2027)
    )
    assert len(joined(chart)) == expected
    said = [text["text"] for text in written(chart)]
    assert said.count("rupture") == (len(table) if breaks else 0)


def test_two_editions_are_enough_and_one_is_not():
    both = {"Ensemble": {2025: (0.2, "ok"), 2026: (0.3, "fragile")}}
    chart = evolution(series(both))
    assert len(joined(chart)) == 1
    assert {"2025", "2026", "20\u202f%", "30\u202f%"} <= {t["text"] for t in written(chart)}
    hollow = [m for m, _ in layers(chart) if m.get("fill") == PALETTE["paper"]]
    assert [m["stroke"] for m in hollow] == [PALETTE["fragile"]]
    with pytest.raises(SurveyError, match="deux éditions au moins"):
        evolution(series({"Ensemble": {2025: (0.2, "ok")}}))
