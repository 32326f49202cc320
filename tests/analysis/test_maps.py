"""Maps: classes that cover what is printed, labels inside, no figure where none is published."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.maps import best_place, class_tint, departement_map, project, share_classes
from analysis.marks import PALETTE, TINTS
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
    spec = chart.to_dict()
    for layer in spec["layer"]:
        data = layer["data"]
        yield layer["mark"], data.get("values") or spec["datasets"][data["name"]]


@FORMS
def test_each_territory_has_its_tint_name_and_value(form):
    chart = departement_map(TERRITORIES, GEOJSON, form=form)
    said = [row["text"] for mark, rows in layers(chart) if mark["type"] == "text" for row in rows]
    assert {"27\u202f%", "Mayenne", "fragile", "non diffusé", "25 à 29\u202f%"} <= set(said)
    shapes = [
        (row["label"], mark["fill"], "strokeDash" in mark)
        for mark, rows in layers(chart)
        if mark["type"] == "geoshape"
        for row in rows
        if "label" in row
    ]
    tints = {label: fill for label, fill, _ in shapes}
    assert tints["Vendée"] == tints["Mayenne"] != tints["Loire-Atlantique"]
    assert tints["Sarthe"] == PALETTE["paper"]
    assert [label for label, _, dashed in shapes if dashed] == ["Sarthe"]


def test_a_territory_missing_from_the_frame_has_no_figure():
    chart = departement_map(TERRITORIES.filter(pl.col("domain") != "85"), GEOJSON)
    dotted = [row["label"] for mark, rows in layers(chart) if "strokeDash" in mark for row in rows]
    assert dotted == ["Sarthe", "Vendée"]


def test_unknown_territories_and_other_statistics_are_refused():
    with pytest.raises(SurveyError, match="sans contour"):
        departement_map(cells(("35", "Ille-et-Vilaine", 0.2, 0.1, 0.3, "ok")), GEOJSON)
    with pytest.raises(SurveyError, match="parts attendues"):
        departement_map(TERRITORIES.with_columns(statistic=pl.lit("total")), GEOJSON)


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


def test_a_label_stands_inside_and_says_when_it_cannot():
    square = [[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]]
    room, x, y = best_place(square, [60, 40])
    assert room == pytest.approx(20, abs=4)
    assert (x, y) == (pytest.approx(50, abs=4), pytest.approx(50, abs=3))
    assert best_place(square, [160])[0] < 0


@pytest.mark.parametrize("width", [430, 340])
def test_outlines_are_five_and_fit(width):
    territories, height = project(GEOJSON, width)
    assert [row["code"] for row in territories] == ["44", "49", "53", "72", "85"]
    points = [point for row in territories for ring in row["rings"] for point in ring]
    assert min(x for x, _ in points) >= 0 and max(x for x, _ in points) <= width
    assert min(y for _, y in points) >= 0 and max(y for _, y in points) <= height
    assert "Natural Earth" in GEOJSON["source"] and GEOJSON["licence"] == "domaine public"


def test_outer_rings_turn_clockwise_as_vega_reads_them():
    for feature in GEOJSON["features"]:
        geometry = feature["geometry"]
        single = geometry["type"] == "Polygon"
        for polygon in [geometry["coordinates"]] if single else geometry["coordinates"]:
            ring = polygon[0]
            pairs = pairwise(ring)
            assert sum((x1 - x0) * (y1 + y0) for (x0, y0), (x1, y1) in pairs) > 0
