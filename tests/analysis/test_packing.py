"""Circles never overlap, stay in the frame and near their place, and are always put the same."""

from __future__ import annotations

from itertools import combinations
from math import hypot

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.packing import pack

PLACES = st.lists(
    st.tuples(st.floats(20, 280), st.floats(20, 180), st.floats(1, 1000)), min_size=1, max_size=30
)


def packed(rows, fill=0.4):
    homes = np.array([(x, y) for x, y, _ in rows])
    return pack(homes, np.array([weight for *_, weight in rows]), 300, 200, fill=fill)


def overlaps(packing):
    circles = list(zip(packing.x, packing.y, packing.radius, strict=True))
    return [
        (one, other)
        for one, other in combinations(circles, 2)
        if hypot(one[0] - other[0], one[1] - other[1]) < one[2] + other[2]
    ]


@settings(deadline=None, max_examples=60)
@given(PLACES, st.floats(0.05, 0.8))
def test_no_circle_overlaps_another_or_leaves_the_frame(rows, fill):
    packing = packed(rows, fill)
    assert overlaps(packing) == []
    for x, y, r in zip(packing.x, packing.y, packing.radius, strict=True):
        assert r - 0.11 <= x <= 300.11 - r and r - 0.11 <= y <= 200.11 - r


@settings(deadline=None, max_examples=40)
@given(PLACES)
def test_areas_follow_weights_and_the_same_input_gives_the_same_output(rows):
    packing, again = packed(rows), packed(rows)
    assert np.array_equal(packing.x, again.x) and np.array_equal(packing.radius, again.radius)
    weights = np.array([weight for *_, weight in rows])
    assert packing.radius == pytest.approx(packing.pixels_a_unit * np.sqrt(weights), abs=0.02)


def test_circles_with_room_stay_at_home():
    packing = packed([(60, 60, 1), (150, 120, 4), (250, 60, 1)], fill=0.1)
    assert packing.x == pytest.approx([60, 150, 250], abs=0.1)
    assert packing.y == pytest.approx([60, 120, 60], abs=0.1)


def test_the_lighter_of_two_gives_way():
    packing = packed([(150, 100, 100), (160, 100, 1)], fill=0.2)
    moved = np.hypot(packing.x - [150, 160], packing.y - 100)
    assert moved[0] < 1 < moved[1]


def test_the_very_same_place_is_parted():
    packing = packed([(150, 100, 5)] * 12, fill=0.6)
    assert overlaps(packing) == []
    assert packing.radius.min() > 10
