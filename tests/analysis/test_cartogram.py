"""Cartograms: a circle a territory, its class, its figure when it fits, and none when withheld."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
import vl_convert

from analysis.cartogram import cartogram
from analysis.circle_labels import circle_labels
from analysis.lettering import text_width
from analysis.marks import PALETTE, Reference
from analysis.wording import Noun
from survey.errors import SurveyError
from survey.territories import load_territories
from tests.published import cells

TERRITORIES = load_territories(Path(__file__).parents[2] / "data" / "reference")
PLACES = pl.DataFrame(
    {
        "code": ["a", "b", "c", "d"],
        "nom_court": ["Grande Ville", "Moyenne", "Petite", "Bourg"],
        "population": [400_000, 100_000, 60_000, 20_000],
        "longitude": [0.0, 1.0, 0.5, 1.5],
        "latitude": [47.0, 47.5, 48.0, 47.0],
    }
)
FRAME = cells(
    ("a", "Grande Ville", 0.33, 0.3, 0.36, "ok"),
    ("b", "Moyenne", 0.22, 0.12, 0.33, "fragile"),
    ("c", "Petite", None, None, None, "nd"),
)
FORMS = pytest.mark.parametrize("form", ["wide", "narrow"])


def layers(chart):
    return [(layer["mark"], layer["data"]["values"]) for layer in chart.to_dict()["layer"]]


def texts(chart):
    return [
        (row["x"], row["y"], row["text"], mark)
        for mark, rows in layers(chart)
        if mark["type"] == "text"
        for row in rows
    ]


def said(chart):
    return [text for _, _, text, _ in texts(chart)]


def circles(chart):
    """Hint, fill and whether it is dotted, of the circles of a wide cartogram."""
    return [
        (row["description"], mark["fill"], "strokeDash" in mark)
        for mark, rows in layers(chart)
        if mark["type"] == "point"
        for row in rows
        if "description" in row
    ]


def test_each_place_has_a_circle_that_says_who_it_is():
    drawn = circles(cartogram(FRAME, PLACES))
    assert sorted(hint for hint, _, _ in drawn) == [
        "Bourg, non diffusé",
        "Grande Ville, 33\u202f% [30\u202f; 36]",
        "Moyenne, 22\u202f% [12\u202f; 33], fragile",
        "Petite, non diffusé",
    ]
    dotted = {hint.split(",")[0] for hint, _, dotted in drawn if dotted}
    assert dotted == {"Petite", "Bourg"}


def test_a_fragile_circle_is_hollow():
    chart = cartogram(FRAME, PLACES)
    paper = [
        rows
        for mark, rows in layers(chart)
        if mark["type"] == "point" and mark["fill"] == PALETTE["paper"] and mark["strokeWidth"] == 0
    ]
    assert len(paper) == 2  # the circle, and the legend that explains it
    assert "estimation fragile" in said(chart)
    firm = cartogram(FRAME.filter(pl.col("status") != "fragile"), PLACES)
    assert "estimation fragile" not in said(firm)


@FORMS
def test_values_are_written_and_listed(form):
    chart = cartogram(FRAME, PLACES, reference=Reference("Région", 0.24), form=form)
    words = said(chart)
    assert words.count("33\u202f%") == 2 and "[30\u202f; 36]" in words
    assert {"Région", "24\u202f%", "30 à 34\u202f%", "20 à 24\u202f%", "non diffusé"} <= set(words)
    assert "100\u202f000 habitants" in words and "10\u202f000" in words


def test_no_number_goes_with_a_withheld_place():
    hidden = cells(*((code, name, None, None, None, "nd") for code, name in named(PLACES)))
    noun = Noun("intercommunalité", "intercommunalités", feminine=True)
    chart = cartogram(hidden, PLACES, noun=noun)
    assert "4 intercommunalités sans chiffre diffusé" in " ".join(said(chart))
    assert not [word for word in said(chart) if "%" in word]
    assert all(dotted for _, _, dotted in circles(chart))


def named(places):
    return places.select("code", "nom_court").iter_rows()


@pytest.mark.parametrize("level", ["epci", "zone_emploi"])
@FORMS
@pytest.mark.parametrize("statuses", [("ok",), ("ok", "fragile", "nd", "nd"), ("nd",)])
def test_real_territories_are_legible(level, form, statuses):
    places = TERRITORIES.of(level)
    chart = cartogram(published(places, statuses), places, form=form)
    size = chart.to_dict()
    boxes = []
    for x, y, text, mark in texts(chart):
        bold, half = "fontWeight" in mark, mark["fontSize"] / 2 - 1
        wide = text_width(text, mark["fontSize"], bold=bold)
        left = {"left": x, "center": x - wide / 2, "right": x - wide}[mark["align"]]
        boxes.append((left, y - half, left + wide, y + half, text))
        assert left >= -1 and left + wide <= size["width"] + 1, text
        assert y - half >= 0 and y + half <= size["height"] + 1, text
        assert mark["fontSize"] >= 14.5
    for one, other in combinations(boxes, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert across <= 2 or down <= 2, (one[4], other[4])


def published(places, statuses):
    rows = []
    for i, (code, name) in enumerate(named(places)):
        status, share = statuses[i % len(statuses)], 0.1 + 0.004 * i
        numbers = (None,) * 3 if status == "nd" else (share, share - 0.05, share + 0.05)
        rows.append((code, name, *numbers, status))
    return cells(*rows)


def test_circles_stay_near_their_place_and_do_not_overlap():
    places = TERRITORIES.of("epci")
    chart = cartogram(published(places, ("ok",)), places)
    drawn = [
        (row["x"], row["y"], math.sqrt(row["size"]) / 2)
        for mark, rows in layers(chart)
        if mark["type"] == "point"
        for row in rows
        if "description" in row
    ]
    assert len(drawn) == places.height
    for (x0, y0, r0), (x1, y1, r1) in combinations(drawn, 2):
        assert math.dist((x0, y0), (x1, y1)) >= r0 + r1 - 0.02
    covered = sum(math.pi * r**2 for *_, r in drawn)
    assert covered > 0.3 * 400 * max(y + r for _, y, r in drawn)


def test_the_largest_are_named_and_a_name_covers_no_figure():
    words = said(cartogram(published(TERRITORIES.of("zone_emploi"), ("ok",)), big()))
    assert {"Nantes", "Angers", "Le Mans"} <= set(words)
    crowd = [
        {"x": 100.0, "y": 100.0, "r": 15.0, "label": "Nom très long", "value": "24\u202f%"},
        *(
            {"x": 100.0 + 26 * math.cos(k), "y": 100.0 + 26 * math.sin(k), "r": 10.0}
            for k in range(6)
        ),
    ]
    common = {"shown": True, "fragile": False, "letters": "ink", "value": "9\u202f%", "label": "x"}
    labels = circle_labels([common | circle for circle in crowd], 1, (200, 200))
    assert "Nom très long" not in [row["text"] for row, *_ in labels]


def test_an_empty_circle_under_the_name_of_another_is_left_unnamed():
    common = {"fragile": False, "letters": "ink"}
    large = {"x": 60, "y": 60, "r": 40, "label": "Un nom bien trop long", "value": "24\u202f%"}
    under = {"x": 150, "y": 60, "r": 30, "label": "Ici", "value": None, "shown": False}
    circles = [{**common, **large, "shown": True}, {**common, **under}]
    said = [row["text"] for row, *_ in circle_labels(circles, 2, (300, 70))]
    assert said == ["24\u202f%", "Un nom bien trop long"]
    apart = [circles[0], circles[1] | {"x": 270}]
    assert "Ici" in [row["text"] for row, *_ in circle_labels(apart, 2, (300, 70))]


def big():
    return TERRITORIES.of("zone_emploi")


def test_outlines_stand_behind():
    ring = [[-1, 46], [-1, 49], [2, 49], [2, 46], [-1, 46]]
    around = {
        "features": [
            {"properties": {"code": "x"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        ]
    }
    first = layers(cartogram(FRAME, PLACES, outlines=around))[0][0]
    assert (first["type"], first["fill"]) == ("geoshape", PALETTE["wash"])


@pytest.mark.parametrize("column", ["longitude", "population"])
def test_a_place_without_position_or_people_is_refused(column):
    lost = PLACES.with_columns(pl.when(pl.col("code") != "b").then(pl.col(column)).alias(column))
    with pytest.raises(SurveyError, match="Moyenne"):
        cartogram(FRAME, lost)


def test_a_cell_without_place_is_refused():
    with pytest.raises(SurveyError, match="sans contour ni position"):
        cartogram(cells(("z", "Ailleurs", 0.2, 0.1, 0.3, "ok")), PLACES)


@FORMS
def test_vega_reads_the_specification(form):
    chart = cartogram(FRAME, PLACES, form=form)
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    drawn = [len(rows) for mark, rows in layers(chart) if mark["type"] == "point"]
    assert len(re.findall(r"A[\d.]+,[\d.]+,0,1,1,-", svg)) == sum(drawn)
