"""Charts: every row stays, nothing withheld leaks, nothing overlaps or leaves the frame."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.charts import dot_interval, dumbbell, share_bars
from analysis.distribution import distribution
from analysis.layout import tick_text, ticks
from analysis.lettering import text_width, wrap
from analysis.marks import PALETTE, TINTS, Reference
from survey.errors import SurveyError
from tests.drawn import assert_readable, layers, written
from tests.published import SECTORS, cells

LONG = "Activités spécialisées, scientifiques et techniques ; services administratifs et de soutien"
SLOW = settings(max_examples=10)
FORMS = pytest.mark.parametrize("form", ["wide", "narrow"])
ROWS = pytest.mark.parametrize("draw", [dot_interval, share_bars])


@FORMS
@ROWS
def test_every_row_stays_with_its_figure_or_its_reason(draw, form):
    said = [row["text"] for row in written(draw(SECTORS, form=form))]
    assert {"57\u202f%", "27\u202f%", "[14\u202f; 45]"} <= set(said)
    assert {"non diffusé\u202f: trop peu de réponses ou secret", "secret statistique"} <= set(said)
    assert "Construction" in said


@FORMS
@ROWS
def test_rows_are_readable_with_long_labels(draw, form):
    rows = [("MN", LONG, 0.38, 0.32, 0.44, "ok"), ("Z", LONG, None, None, None, "nd")]
    frame = pl.concat([SECTORS, cells(*rows)])
    assert_readable(draw(frame, reference=Reference("Région", 0.24), form=form), form)


@FORMS
@SLOW
@given(value=st.floats(0, 1))
def test_the_reference_is_named_once_and_never_over_a_tick(form, value):
    chart = dot_interval(SECTORS, reference=Reference("Pays de la Loire", value), form=form)
    names = [row for row in written(chart) if row["text"].startswith("Pays de la Loire")]
    assert len(names) == 1
    assert_readable(chart, form)


def test_rows_are_sorted_by_value_and_withheld_ones_come_last():
    heights = {row["text"]: row["y"] for row in written(dot_interval(SECTORS))}
    labels = ["Information et communication", "Arts, spectacles et loisirs", "Construction"]
    labels += ["Activités immobilières", "Cokéfaction et raffinage"]
    assert [heights[label] for label in labels] == sorted(heights[label] for label in labels)


def test_given_order_is_kept():
    heights = {row["text"]: row["y"] for row in written(dot_interval(SECTORS, order="given"))}
    assert heights["Construction"] < heights["Arts, spectacles et loisirs"]


def test_a_fragile_dot_is_hollow_and_grey():
    drawn = {
        (mark["fill"], mark["stroke"]): [row["label"] for row in rows]
        for mark, rows in layers(dot_interval(SECTORS))
        if mark["type"] == "point"
    }
    hollow = drawn[PALETTE["paper"], PALETTE["fragile"]]
    assert hollow == ["Arts, spectacles et loisirs"]
    assert len(drawn[PALETTE["data"], PALETTE["data"]]) == 3


@FORMS
def test_a_frame_with_no_figure_at_all_is_still_a_chart(form):
    empty = SECTORS.filter(pl.col("estimate").is_null())
    assert_readable(dot_interval(empty, form=form), form)


def test_a_leaking_or_incomplete_frame_is_refused():
    leak = cells(("A", "Agriculture", 0.2, 0.1, 0.3, "nd"))
    with pytest.raises(SurveyError, match="non diffusée"):
        dot_interval(leak)
    with pytest.raises(SurveyError, match="colonnes absentes"):
        dot_interval(SECTORS.drop("label"))
    with pytest.raises(SurveyError, match="statut inconnu"):
        dot_interval(SECTORS.with_columns(status=pl.lit("draft")))
    with pytest.raises(SurveyError, match="forme"):
        dot_interval(SECTORS, form="square")


BEFORE = cells(
    ("10", "10 à 49 salariés", 0.17, 0.14, 0.2, "ok"),
    ("50", "50 salariés ou plus", 0.46, 0.39, 0.53, "ok"),
    ("1", "1 à 9 salariés", 0.11, 0.08, 0.14, "ok"),
    ("0", "Sans salarié", None, None, None, "nd"),
    ("x", "Taille inconnue", None, None, None, "nd"),
    edition=2025,
)
AFTER = cells(
    ("10", "10 à 49 salariés", 0.26, 0.23, 0.29, "ok"),
    ("50", "50 salariés ou plus", 0.44, 0.37, 0.51, "ok"),
    ("1", "1 à 9 salariés", 0.07, 0.05, 0.1, "fragile"),
    ("0", "Sans salarié", 0.12, 0.09, 0.16, "ok"),
    ("x", "Taille inconnue", None, None, None, "nd"),
)
CHANGES = AFTER.select("indicator", "domain_type", "domain").with_columns(
    difference=pl.Series([0.09, -0.02, -0.04, None, None]),
    verdict=pl.Series(["hausse", "stable", "baisse", None, None]),
    series_break=pl.Series([None] * 5, dtype=pl.String),
)


@FORMS
def test_change_is_said_as_the_test_allows(form):
    chart = dumbbell(BEFORE, AFTER, CHANGES, form=form)
    said = [row["text"] for row in written(chart)]
    assert [text for text in said if "point" in text] == ["+9\u00a0points", "\u22124\u00a0points"]
    assert said.count("stable") == 1
    assert said.count("non comparé") == 1  # one edition has no figure
    assert said.count("non diffusé\u202f: trop peu de réponses ou secret") == 1  # neither has
    assert {"2025", "2026"} <= set(said)
    assert_readable(chart, form)


FREQUENCY = ["Tous les jours", "Chaque semaine", "Chaque mois", "Plus rarement", "Jamais"]


def frequency(*shares):
    rows = [("E", "Ensemble", s, s, s, "ok") for s in shares]
    rows += [
        ("A", LONG, *[None if i == 2 else 0.2] * 3, "nd" if i == 2 else "ok") for i in range(5)
    ]
    return cells(*rows).with_columns(answer=pl.Series(FREQUENCY * 2))


@FORMS
@SLOW
@given(cuts=st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_stacked_answers_fill_the_bar_and_stay_readable(form, cuts):
    cuts = [0, *sorted(cuts), 100]
    shares = [(b - a) / 100 for a, b in pairwise(cuts)]
    chart = distribution(frequency(*shares), FREQUENCY, form=form)
    bars = [row for mark, rows in layers(chart) for row in rows if row.get("answer")]
    assert max(row["x2"] for row in bars) == pytest.approx(1)
    assert {row["label"] for row in bars} == {
        "Ensemble"
    }  # a row with an answer withheld is not drawn
    assert_readable(chart, form)


def test_more_answers_than_tints_are_refused():
    with pytest.raises(SurveyError, match="cinq au plus"):
        distribution(frequency(0.2, 0.2, 0.2, 0.2, 0.2), [*FREQUENCY, "NSP"])
    assert len(TINTS) == 5


@given(st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_reach_the_maximum(maximum):
    steps = ticks(maximum)
    assert steps[0] == 0 and 3 <= len(steps) <= 6
    assert steps[-1] >= maximum * (1 - 1e-9)
    assert steps[-2] < maximum


def test_ticks_are_written_in_french():
    assert tick_text(0.2, "share") == "20\u202f%"
    assert tick_text(0.025, "share") == "2,5\u202f%"
    assert tick_text(1500.0, "total") == "1\u202f500"


@given(st.text(alphabet="abcé ’-", max_size=80), st.floats(40, 300))
def test_wrapping_loses_no_word_and_keeps_the_width(text, width):
    lines = wrap(text, 15, width)
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert text_width(line, 15) <= width or " " not in line


def test_bold_and_accents_are_measured():
    assert text_width("Région", 10) == text_width("Region", 10)
    assert text_width("Région", 10, bold=True) > text_width("Région", 10)
