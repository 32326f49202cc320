"""Maps of published shares with true contours: one tint per class, name and value on each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from analysis.layout import Form, Row, check_form
from analysis.lettering import text_width
from analysis.map_list import TERRITORY, listing
from analysis.map_marks import (
    MAP_WIDTH,
    NO_FIGURE,
    MapChart,
    Swatch,
    assemble,
    class_words,
    grouped,
    hint,
    legend,
    lines,
    map_cells,
    missing_row,
    shapes,
    share_classes,
)
from analysis.marks import TINTS, Layer, Reference
from analysis.outlines import (
    FINE,
    LINE,
    GeoJson,
    area,
    best_place,
    fit_plane,
    hatching,
    outline_points,
    project,
)
from analysis.wording import Noun

MANY, COARSE = 20, 1.6  # territories beyond which outlines are coarser (pixels), for a light page
Line = tuple[str, bool, float]  # text, bold, size


def contour_map(
    frame: pl.DataFrame,
    geojson: GeoJson,
    names: Mapping[str, str] | None = None,
    *,
    reference: Reference | None = None,
    noun: Noun = TERRITORY,
    form: Form = "wide",
) -> MapChart:
    """Each territory of `geojson` in the tint of its share; the sorted list beside or below it.

    `frame` holds published shares, `domain` being the `code` of a territory; `names` names those
    that it lacks (their `nom` in `geojson` otherwise). At most five classes of whole per cents, as
    printed. Fragile figures are hatched; a territory without a figure keeps a dotted outline, and
    so does one absent from `frame`. A name or value is written where the outline leaves it room.
    """
    check_form(form)
    plane = fit_plane(outline_points(geojson), MAP_WIDTH[form])
    many = len(geojson["features"]) > MANY
    outlines = project(geojson, plane, tolerance=COARSE if many else FINE)
    cells = map_cells(frame, set(outlines))
    found = {str(row["domain"]): row for row in cells}
    names = names or {}
    territories = []
    for feature in geojson["features"]:
        code = str(feature["properties"]["code"])
        name = names.get(code) or str(feature["properties"].get("nom", code))
        row = found.get(code, missing_row(name))
        said = {"hint": hint(row)} if form == "wide" else {}
        territories.append(row | said | {"rings": outlines[code]})
    labels = [_label(row) for row in territories]
    layers = _outlines(territories, [box for _, boxes in labels for box in boxes])
    layers += grouped([text for texts, _ in labels for text in texts])
    key = legend(_entries(territories), 0, plane.height + 12)
    below = plane.height + 12 + key.height
    missing = [row for row in territories if not row["shown"]]
    rows = [*(row for row in cells if row["shown"]), *missing]
    beside = listing(rows, form, 2 if form == "wide" else below + 12, noun, reference)
    height = max(below, beside.height + 6) if form == "wide" else below + 12 + beside.height
    return assemble([*layers, *key.layers, *beside.layers], form, height)


def _entries(rows: Sequence[Row]) -> list[tuple[Swatch, str, str]]:
    """The legend: classes from the highest, then what hatches and dots mean when there are some."""
    classes = share_classes([row["estimate"] for row in rows])
    entries: list[tuple[Swatch, str, str]] = [
        ("square", TINTS[i], class_words(*bounds)) for i, bounds in enumerate(reversed(classes))
    ]
    if any(row["fragile"] for row in rows):
        entries.append(("hatched", "data-3", "estimation fragile"))
    if not all(row["shown"] for row in rows):
        entries.append(("empty", "paper", NO_FIGURE))
    return entries


def _outlines(rows: Sequence[Row], boxes: Sequence[tuple]) -> list[Layer]:
    """One layer per tint, hatches, then dotted outlines, above the others to stay whole."""
    layers = []
    for tint in TINTS:
        tinted = [row for row in rows if row["tint"] == tint]
        layers.append(shapes(tinted, fill=tint, stroke="paper", width=1.5))
    fragile = [ring for row in rows if row["fragile"] for ring in row["rings"]]
    hatches = [piece for ring in fragile for piece in hatching(ring, boxes)]
    empty = [row for row in rows if not row["shown"]]
    dotted = shapes(empty, fill="paper", stroke="fragile", width=1, strokeDash=[2, 3])
    return [*layers, lines(hatches, colour="paper", width=1.5), dotted]


def _label(row: Row) -> tuple[list[tuple[Row, str, bool, float]], list[tuple]]:
    """Name, value and « fragile » or « non diffusé » where they fit, and the boxes they fill.

    Without room for all of it, the value alone; without room for that, nothing.
    """
    ring = max(row["rings"], key=lambda r: abs(area(r)))
    for content in _contents(row):
        room, x, y = best_place(ring, _widths(content))
        if room >= 0:
            return _set(content, x, y, row["letters"])
    return [], []


def _contents(row: Row) -> list[list[Line]]:
    """What a label may say, from the fullest to the shortest."""
    value = (row["value"], True, 17) if row["shown"] else (NO_FIGURE, False, 15)
    rest = [value, *([("fragile", False, 14.5)] if row["fragile"] else [])]
    broken = re.split(r"(?<=-)(?=[A-ZÉ])|(?<=-sur-)| ", row["label"])
    contents = [[(row["label"], False, 15), *rest]]
    if len(broken) > 1:
        contents.append([*((part, False, 15) for part in broken), *rest])
    return [*contents, [value]] if row["shown"] else contents


def _widths(content: Sequence[Line]) -> list[float]:
    return [text_width(text, size, bold=bold) for text, bold, size in content]


def _set(content: Sequence[Line], x: float, y: float, letters: str):
    texts, boxes = [], []
    for i, ((text, bold, size), width) in enumerate(zip(content, _widths(content), strict=True)):
        line = round(y + LINE * (i - (len(content) - 1) / 2), 1)
        texts.append(({"x": x, "y": line, "text": text}, letters, bold, size))
        half = width / 2 + 4
        boxes.append((x - half, line - LINE / 2, x + half, line + LINE / 2))
    return texts, boxes
