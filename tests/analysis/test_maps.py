"""Maps: classes that cover what is printed, labels inside, no figure where none is published."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from analysis.map_list import MOST_LISTED
from analysis.map_marks import class_tint, share_classes
from analysis.maps import contour_map
from analysis.marks import PALETTE, TINTS, Reference
from analysis.outlines import fit_plane, outline_points, project
from analysis.wording import Noun
from survey.errors import SurveyError
from tests.published import cells

OUTLINES = Path(__file__).parents[2] / "data" / "reference" / "departements.geojson"
GEOJSON = json.loads(OUTLINES.read_text(encoding="utf-8"))
TERRITORIES = cells(
    ("44", "Loire-Atlantique", 0.27, 0.24, 0.3, "ok"),
    ("49", "Maine-et-Loire", 0.23, 0.2, 0.27, "ok"),
    ("53", "Mayenne", 0.17, 0.1, 0.28, "fragile"),
    ("72", "Sarthe", None, None, None, "nd"),
    ("85", "Vendée", 0.18, 0.15, 0.22, "ok"),
    domain_type="departement",
)
FORMS = pytest.mark.parametrize("form", ["wide", "narrow"])


def layers(chart):
    return [(layer["mark"], layer["data"]["values"]) for layer in chart.to_dict()["layer"]]


def said(chart):
    return [row["text"] for mark, rows in layers(chart) if mark["type"] == "text" for row in rows]


def shapes(chart):
    """Name, tint and whether it is dotted, of each territory of a wide map."""
    return [
        (row["description"].split(",")[0], mark["fill"], "strokeDash" in mark)
        for mark, rows in layers(chart)
        if mark["type"] == "geoshape"
        for row in rows
        if "description" in row
    ]


@FORMS
def test_each_territory_has_its_name_and_value(form):
    texts = said(contour_map(TERRITORIES, GEOJSON, form=form, reference=Reference("Région", 0.24)))
    assert {"27\u202f%", "Mayenne", "fragile", "non diffusé", "25 à 29\u202f%"} <= set(texts)
    assert {"Région", "24\u202f%", "[24\u202f; 30]", "estimation fragile"} <= set(texts)
    assert texts.count("27\u202f%") == 2  # on the map and in the list


def test_tints_dots_and_what_a_territory_says():
    chart = contour_map(TERRITORIES, GEOJSON)
    tints = {label: fill for label, fill, _ in shapes(chart)}
    assert tints["Vendée"] == tints["Mayenne"] != tints["Loire-Atlantique"]
    assert tints["Sarthe"] == PALETTE["paper"]
    assert [label for label, _, dotted in shapes(chart) if dotted] == ["Sarthe"]
    hints = [row.get("description") for _, rows in layers(chart) for row in rows]
    assert "Mayenne, 17\u202f% [10\u202f; 28], fragile" in hints
    assert "Sarthe, non diffusé" in hints


def test_only_fragile_territories_are_hatched():
    hatched = [rows for mark, rows in layers(contour_map(TERRITORIES, GEOJSON)) if hatches(mark)]
    firm = TERRITORIES.with_columns(status=pl.col("status").replace("fragile", "ok"))
    assert len(hatched) == 2  # the territory, the legend
    assert [m for m, _ in layers(contour_map(firm, GEOJSON)) if hatches(m)] == []


def hatches(mark):
    return mark["type"] == "geoshape" and mark["fill"] is None


def test_a_territory_missing_from_the_frame_has_no_figure():
    chart = contour_map(TERRITORIES.filter(pl.col("domain") != "85"), GEOJSON)
    assert [label for label, _, dotted in shapes(chart) if dotted] == ["Sarthe", "Vendée"]
    named = contour_map(TERRITORIES.filter(pl.col("domain") != "85"), GEOJSON, {"85": "La Vendée"})
    assert "La Vendée" in [label for label, _, _ in shapes(named)]


def test_the_list_counts_what_it_does_not_show():
    noun = Noun("commune", "communes", feminine=True)
    many = MOST_LISTED + 3
    squares = {"features": [square(f"c{i}", i) for i in range(many + 2)]}
    rows = [(f"c{i}", f"C{i}", 0.2, 0.1, 0.3, "ok") for i in range(many)]
    hidden = [(f"c{many + i}", f"C{many + i}", None, None, None, "nd") for i in range(2)]
    words = " ".join(said(contour_map(cells(*rows, *hidden), squares, noun=noun)))
    assert "et 3 autres, dans le tableau" in words
    assert "2 communes sans chiffre diffusé\u202f: trop peu de réponses ou secret." in words
    secret = (f"c{many}", f"C{many}", None, None, None, "secret")
    words = " ".join(said(contour_map(cells(*rows, secret), squares, noun=noun)))
    assert "1 commune sans chiffre diffusé\u202f: trop peu de réponses ou secret." in words
    assert "1 commune sans chiffre diffusé\u202f: secret statistique." in words


def square(code, x):
    ring = [[x, 47], [x, 48], [x + 1, 48], [x + 1, 47], [x, 47]]
    return {
        "properties": {"code": code, "nom": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_unknown_territories_and_other_statistics_are_refused():
    with pytest.raises(SurveyError, match="sans contour"):
        contour_map(cells(("35", "Ille-et-Vilaine", 0.2, 0.1, 0.3, "ok")), GEOJSON)
    with pytest.raises(SurveyError, match="parts attendues"):
        contour_map(TERRITORIES.with_columns(statistic=pl.lit("total")), GEOJSON)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_every_share_has_one_class_and_tints_follow_values(shares):
    classes = share_classes(shares)
    assert 1 <= len(classes) <= 5
    for share in shares:
        assert sum(low <= round(100 * share) <= high for low, high in classes) == 1
    ranks = [TINTS.index(class_tint(share, classes)) for share in sorted(shares)]
    assert ranks == sorted(ranks, reverse=True)


def test_close_shares_share_a_class():
    assert share_classes([0.14, 0.16, 0.19, 0.22]) == [(10, 14), (15, 19), (20, 24)]
    assert share_classes([0.21, 0.24]) == [(20, 24)]


def test_no_share_no_class():
    assert share_classes([None, None]) == []


@FORMS
def test_vega_reads_the_specification(form):
    svg = vl_convert.vegalite_to_svg(contour_map(TERRITORIES, GEOJSON, form=form).to_dict())
    assert svg.count("<text") == len(said(contour_map(TERRITORIES, GEOJSON, form=form)))


@pytest.mark.parametrize("width", [400, 340])
def test_outlines_are_five_and_fit(width):
    plane = fit_plane(outline_points(GEOJSON), width)
    territories = project(GEOJSON, plane)
    assert list(territories) == ["44", "49", "53", "72", "85"]
    points = [point for rings in territories.values() for ring in rings for point in ring]
    assert min(x for x, _ in points) >= 0 and max(x for x, _ in points) <= width
    assert min(y for _, y in points) >= 0 and max(y for _, y in points) <= plane.height
    assert "Natural Earth" in GEOJSON["source"] and GEOJSON["licence"] == "domaine public"


def test_outer_rings_turn_clockwise_as_vega_reads_them():
    for feature in GEOJSON["features"]:
        geometry = feature["geometry"]
        single = geometry["type"] == "Polygon"
        for polygon in [geometry["coordinates"]] if single else geometry["coordinates"]:
            ring = polygon[0]
            pairs = pairwise(ring)
            assert sum((x1 - x0) * (y1 + y0) for (x0, y0), (x1, y1) in pairs) > 0
