"""The geometry of outlines: projection, simplification, labels inside, hatches."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.outlines import (
    area,
    best_place,
    fit_plane,
    hatching,
    project,
    simplify,
)

SQUARE = [[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]]


def feature(code, *polygons):
    rings = [[polygon] for polygon in polygons]
    geometry = {"type": "MultiPolygon", "coordinates": rings}
    return {"properties": {"code": code}, "geometry": geometry}


def test_north_is_up_and_one_degree_is_as_long_both_ways():
    plane = fit_plane([(0, 47), (2, 49)], 302)
    assert plane.pixel(0, 49) == (1, 1)
    east, south = plane.pixel(1, 49)[0] - 1, plane.pixel(0, 48)[1] - 1
    assert east == pytest.approx(south * math.cos(math.radians(48)))
    assert plane.height == pytest.approx(2 + 2 * south, abs=1)


def test_a_territory_keeps_its_largest_ring_and_loses_specks():
    island = [[3, 47], [3, 47.5], [3.5, 47.5], [3.5, 47], [3, 47]]
    speck = [[2.5, 47], [2.5, 47.001], [2.501, 47.001], [2.5, 47]]
    main = [[0, 47], [0, 49], [2, 49], [2, 47], [0, 47]]
    geojson = {"features": [feature("a", speck, island, main), feature("b", speck)]}
    drawn = project(geojson, fit_plane([(0, 47), (3.5, 49)], 350))
    assert [len(rings) for rings in drawn.values()] == [2, 1]
    first, second = (abs(area(ring)) for ring in drawn["a"])
    assert first > second > 100


def test_simplification_drops_what_is_not_seen():
    wavy = [[x, 0.2 * (x % 2)] for x in range(101)] + [[100, 50], [0, 50], [0, 0]]
    assert len(simplify(wavy, 0.4)) == 5
    assert len(simplify(wavy, 0.05)) == len(wavy)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=3, max_size=30))
def test_simplification_moves_nothing_by_more_than_its_tolerance(points):
    ring = [list(point) for point in (*points, points[0])]
    kept = simplify(ring, 2)
    assert kept[0] == ring[0] and kept[-1] == ring[-1]
    assert all(point in ring for point in kept)
    ends = list(pairwise(kept)) or [(kept[0], kept[0])]
    for point in ring:
        assert min(distance(point, *segment) for segment in ends) <= 2 + 1e-6


def distance(point, start, end):
    length = math.dist(start, end)
    if length == 0:
        return math.dist(point, start)
    along = sum((p - a) * (b - a) for p, a, b in zip(point, start, end, strict=True)) / length**2
    along = min(max(along, 0), 1)
    return math.dist(point, [a + along * (b - a) for a, b in zip(start, end, strict=True)])


def test_a_label_stands_inside_and_says_when_it_cannot():
    room, x, y = best_place(SQUARE, [60, 40])
    assert room == pytest.approx(20, abs=4)
    assert (x, y) == (pytest.approx(50, abs=4), pytest.approx(50, abs=3))
    assert best_place(SQUARE, [160])[0] < 0


def test_hatches_stay_inside_and_leave_labels_free():
    box = (30, 40, 70, 60)
    free, cut = hatching(SQUARE, []), hatching(SQUARE, [box])
    assert len(free) > 15
    points = [point for piece in cut for point in piece]
    assert all(-0.1 <= value <= 100.1 for point in points for value in point)
    assert total(cut) < total(free)
    for (x0, y0), (x1, y1) in cut:
        assert not (30.2 < (x0 + x1) / 2 < 69.8 and 40.2 < (y0 + y1) / 2 < 59.8)


def total(pieces):
    return sum(math.dist(*piece) for piece in pieces)
