"""The geometry of outlines: projection on pixels, simplification, and where a label stands inside.

Outlines come as GeoJSON features with `code`, in degrees. They are projected on a plane
(equirectangular at the latitude of their middle: exact enough for a region). Holes are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GeoJson = Mapping[str, Any]
Ring = Sequence[Sequence[float]]
LINE = 19  # height of a line of a label
FINE = 0.4  # pixels: what simplification may move, under what a screen shows
SMALLEST = 1.5  # square pixels: a smaller island is not drawn


@dataclass(frozen=True, slots=True)
class Plane:
    """Degrees to pixels, `width` by `height`: north is up, and both axes have one scale."""

    west: float
    north: float
    squeeze: float
    scale: float
    width: float
    height: float

    def pixel(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a point stands, from the top left corner."""
        x = 1 + (longitude - self.west) * self.squeeze * self.scale
        return x, 1 + (self.north - latitude) * self.scale

    def ring(self, points: Ring) -> list[list[float]]:
        """A ring in pixels, to one decimal."""
        return [[round(value, 1) for value in self.pixel(*point[:2])] for point in points]


def fit_plane(points: Iterable[Sequence[float]], width: float) -> Plane:
    """The plane on which these points (longitude, latitude) just fill `width` pixels."""
    places = [(point[0], point[1]) for point in points]
    west, east = min(x for x, _ in places), max(x for x, _ in places)
    south, north = min(y for _, y in places), max(y for _, y in places)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (width - 2) / max((east - west) * squeeze, 1e-6)
    return Plane(west, north, squeeze, scale, width, round(2 + (north - south) * scale))


def outer_rings(feature: GeoJson) -> list[Ring]:
    """The outer ring of each part of a territory."""
    geometry = feature["geometry"]
    if geometry["type"] == "Polygon":
        return [geometry["coordinates"][0]]
    return [polygon[0] for polygon in geometry["coordinates"]]


def outline_points(geojson: GeoJson) -> list[Sequence[float]]:
    """Every point of the outlines."""
    features = geojson["features"]
    return [point for feature in features for ring in outer_rings(feature) for point in ring]


def project(geojson: GeoJson, plane: Plane, *, tolerance: float = FINE) -> dict[str, list[Ring]]:
    """By code of territory, its rings in pixels, simplified; specks are left out.

    The largest ring of a territory is always kept. `tolerance` is in pixels.
    """
    drawn = {}
    for feature in geojson["features"]:
        rings = [simplify(plane.ring(ring), tolerance) for ring in outer_rings(feature)]
        rings.sort(key=lambda ring: -abs(area(ring)))
        kept = [ring for ring in rings[1:] if abs(area(ring)) >= SMALLEST]
        drawn[str(feature["properties"]["code"])] = [rings[0], *kept]
    return drawn


def simplify(ring: Ring, tolerance: float) -> list[Sequence[float]]:
    """A closed ring with fewer points, none further than `tolerance` from the lines (Douglas and
    Peucker); at least a triangle is left."""
    if len(ring) < 5:
        return list(ring)
    far = max(range(len(ring)), key=lambda i: math.dist(ring[0], ring[i]))
    kept = {0, far, len(ring) - 1}
    spans = [(0, far), (far, len(ring) - 1)]
    while spans:
        first, last = spans.pop()
        inner = range(first + 1, last)
        if not inner:
            continue
        distances = [_distance(ring[i], ring[first], ring[last]) for i in inner]
        worst = max(distances)
        if worst > tolerance or len(kept) < 4:
            middle = first + 1 + distances.index(worst)
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return [ring[i] for i in sorted(kept)]


def _distance(point: Sequence[float], start: Sequence[float], end: Sequence[float]) -> float:
    """From a point to a segment."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length if length else 0
    along = min(max(along, 0), 1)
    return math.dist(point, (start[0] + along * dx, start[1] + along * dy))


def area(ring: Ring) -> float:
    """Signed area of a ring."""
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


def middle(ring: Ring) -> tuple[float, float]:
    """Centre of mass of a ring."""
    x = y = 0.0
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x0 * y1 - x1 * y0
        x, y = x + (x0 + x1) * cross, y + (y0 + y1) * cross
    whole = 6 * area(ring)
    return round(x / whole, 1), round(y / whole, 1)


def best_place(ring: Ring, widths: Sequence[float]) -> tuple[float, float, float]:
    """Where centred lines of these widths stand freest inside a ring: room left, then their middle.

    All in pixels. The room is the least distance from the end of a line to the outline beside it,
    negative when a line crosses the outline wherever it is put. Among places with as much room (to
    two pixels, and eight are plenty) the nearest to the centre of mass is taken.
    """
    centre, half = middle(ring), LINE * len(widths) / 2
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    stretches = {y: spans(ring, y + 0.5) for y in range(math.floor(min(ys)), math.ceil(max(ys)))}
    places = []
    for y in range(math.ceil(min(ys) + half), math.floor(max(ys) - half) + 1, 3):
        tops = [y - half + LINE * i for i in range(len(widths))]
        rows = [
            (stretches.get(math.floor(top + part), []), width)
            for top, width in zip(tops, widths, strict=True)
            for part in (3, LINE / 2, LINE - 3)
        ]
        for x in range(math.ceil(min(xs)), math.floor(max(xs)), 4):
            room = min(_room(row, x) - width / 2 for row, width in rows)
            places.append((-round(min(room, 8) / 2), math.dist((x, y), centre), room, x, y))
    return min(places)[2:] if places else (-max(widths), *centre)


def _room(stretches: Sequence[tuple[float, float]], x: float) -> float:
    """Distance from `x` to the nearer end of the stretch holding it; 0 outside."""
    return next((min(x - left, right - x) for left, right in stretches if left <= x <= right), 0.0)


def spans(ring: Ring, y: float) -> list[tuple[float, float]]:
    """Stretches of the horizontal line at `y` that are inside the ring."""
    crossings = sorted(
        x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True)
        if (y0 <= y) != (y1 <= y)
    )
    return list(zip(crossings[::2], crossings[1::2], strict=True))


def hatching(ring: Ring, boxes: Sequence[tuple[float, float, float, float]], step: float = 7):
    """Diagonals across a ring, as pairs of points, that leave `boxes` (x0, y0, x1, y1) free."""
    half = math.sqrt(0.5)
    turned = [[(x - y) * half, (x + y) * half] for x, y in ring]
    free = [_turned_box(box, half) for box in boxes]
    lows = [v for _, v in turned]
    lines = []
    for k in range(math.ceil(min(lows) / step), math.floor(max(lows) / step) + 1):
        v = k * step
        pieces = spans(turned, v)
        for box in free:
            pieces = [piece for span in pieces for piece in _outside(span, box(v))]
        lines += [
            [[round((u + v) * half, 1), round((v - u) * half, 1)] for u in piece]
            for piece in pieces
            if piece[1] - piece[0] > 2
        ]
    return lines


def _turned_box(box: tuple[float, float, float, float], half: float):
    """For a diagonal, the stretch of it that crosses a box; none is an empty stretch."""
    x0, y0, x1, y1 = box

    def crossed(v: float) -> tuple[float, float]:
        # on the diagonal x + y = v / half, so x = (u + v) half and y = (v - u) half
        low = max(x0 / half - v, v - y1 / half)
        high = min(x1 / half - v, v - y0 / half)
        return (low, high) if low < high else (math.inf, math.inf)

    return crossed


def _outside(span: tuple[float, float], hole: tuple[float, float]) -> list[tuple[float, float]]:
    left, right = span
    if hole[0] >= right or hole[1] <= left or math.isinf(hole[0]):
        return [span]
    pieces = [(left, hole[0]), (hole[1], right)]
    return [(a, b) for a, b in pieces if b > a]
