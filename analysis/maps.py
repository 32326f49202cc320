"""Maps of published cells: one tint per class, name and value written on each territory.

Outlines come as GeoJSON features with `code` and `nom`, in degrees; they are projected here on a
plane (equirectangular at the latitude of their middle: exact enough for a region) so that labels
and legend can be placed in pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from analysis.cells import by_value, count_text, display
from analysis.layout import SIZES, Form, Row, check_form
from analysis.lettering import text_width
from analysis.marks import DARK_TINTS, FONT, PALETTE, TINTS, TOOLTIP
from survey.errors import SurveyError
from survey.french import NNBSP

GeoJson = Mapping[str, Any]
Ring = Sequence[Sequence[float]]
STEPS = (5, 10, 20, 50)  # under 5 points, tints would tell apart what intervals do not
MAP_WIDTH = {"wide": 430, "narrow": 340}
LINE = 19  # height of a line of a label
LIST = 470  # left edge of the list beside the map
NO_FIGURE = "non diffusé"


def departement_map(
    frame: pl.DataFrame, geojson: GeoJson, *, form: Form = "wide"
) -> alt.LayerChart:
    """Each territory of `geojson` in the tint of its share; the list beside it when wide.

    `frame` holds published shares, `domain` being the `code` of a territory. At most five classes
    of whole per cents, as printed. Fragile figures are grey; a territory without a figure keeps a
    dotted outline. A territory of `geojson` absent from `frame` is drawn as one without a figure.
    """
    check_form(form)
    cells = by_value(display(frame))
    _check_codes(cells, geojson)
    found = {str(row["domain"]): row for row in cells.to_dicts()}
    classes = share_classes([row["estimate"] for row in found.values()])
    shapes, height = project(geojson, MAP_WIDTH[form])
    territories = [_territory(shape, found.get(shape["code"]), classes) for shape in shapes]
    layers = _outlines(territories) + _names(territories)
    if form == "wide":
        layers += _list(cells.to_dicts()) + _legend(classes, LIST, 28 * cells.height + 24)
    else:
        layers += _legend(classes, 0, height + 16)
        height += 16 + _legend_height(classes)
    return _assemble(layers, form, height)


def share_classes(shares: Sequence[float | None]) -> list[tuple[int, int]]:
    """At most five classes of whole per cents, of equal width, from the lowest to the highest.

    Bounds are both included: `(20, 24)` is « 20 à 24 % ». A class may be empty; a share belongs to
    the class of the per cent printed for it.
    """
    rounded = [round(100 * share) for share in shares if share is not None]
    if not rounded:
        return []
    low, high = min(rounded), max(rounded)
    step = next(s for s in STEPS if high // s - low // s < len(TINTS))
    first, last = low // step, high // step
    return [(k * step, min((k + 1) * step - 1, 100)) for k in range(first, last + 1)]


def class_tint(share: float, classes: Sequence[tuple[int, int]]) -> str:
    """The tint of a share: the darkest for the highest class."""
    percent = round(100 * share)
    place = next(i for i, (low, high) in enumerate(reversed(classes)) if low <= percent <= high)
    return TINTS[place]


def _check_codes(cells: pl.DataFrame, geojson: GeoJson) -> None:
    if (cells["statistic"] != "share").any():
        raise SurveyError(
            f"carte{NNBSP}: parts attendues{NNBSP}; garder une statistique « share »."
        )
    codes = {feature["properties"]["code"] for feature in geojson["features"]}
    unknown = sorted({str(code) for code in cells["domain"]} - codes)
    if unknown:
        raise SurveyError(
            f"carte{NNBSP}: territoires sans contour {unknown}{NNBSP}; contours connus "
            f"{sorted(codes)}. Ne garder que les lignes de la carte."
        )


def project(geojson: GeoJson, width: float) -> tuple[list[Row], float]:
    """Territories in pixels, and the height of the map.

    Each has `code`, `nom` and `rings` (lists of [x, y], one decimal). Holes are ignored.
    """
    features = geojson["features"]
    rings = [(feature["properties"], ring) for feature in features for ring in _rings(feature)]
    xs = [x for _, ring in rings for x, _ in ring]
    ys = [y for _, ring in rings for _, y in ring]
    squeeze = math.cos(math.radians((min(ys) + max(ys)) / 2))
    scale = (width - 2) / ((max(xs) - min(xs)) * squeeze)

    def pixel(point: Sequence[float]) -> list[float]:
        x = 1 + (point[0] - min(xs)) * squeeze * scale
        return [round(x, 1), round(1 + (max(ys) - point[1]) * scale, 1)]

    territories = []
    for feature in features:
        drawn = [[pixel(point) for point in ring] for ring in _rings(feature)]
        territories.append({**feature["properties"], "rings": drawn})
    return territories, round(2 + (max(ys) - min(ys)) * scale)


def _rings(feature: GeoJson) -> list[Ring]:
    geometry = feature["geometry"]
    if geometry["type"] == "Polygon":
        return [geometry["coordinates"][0]]
    return [polygon[0] for polygon in geometry["coordinates"]]


def _area(ring: Ring) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


def _middle(ring: Ring) -> tuple[float, float]:
    """Centre of mass of a ring."""
    x = y = 0.0
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x0 * y1 - x1 * y0
        x, y = x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return round(x / (6 * _area(ring)), 1), round(y / (6 * _area(ring)), 1)


def _territory(shape: Row, cell: Row | None, classes: Sequence[tuple[int, int]]) -> Row:
    shown = cell is not None and cell["reason"] is None
    tint = class_tint(cell["estimate"], classes) if shown else "paper"
    return shape | {
        "tint": tint,
        "letters": "paper" if tint in DARK_TINTS else "ink",
        "shown": shown,
        "fragile": shown and cell["status"] == "fragile",
        "value": cell["value"] if shown else NO_FIGURE,
        "interval": cell["interval"] if shown else "",
        "n": count_text(cell["n_respondents"]) if shown else "",
    }


def _outlines(territories: Sequence[Row]) -> list[alt.Chart]:
    """One layer per tint, then dotted outlines, above the others so that they stay whole."""
    layers = []
    for tint in (*TINTS, "paper"):
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "MultiPolygon", "coordinates": [[r] for r in row["rings"]]},
                "label": row["nom"],
                "value": row["value"],
                "interval": row["interval"],
                "n": row["n"],
            }
            for row in territories
            if row["tint"] == tint
        ]
        style = {"fill": PALETTE[tint], "stroke": PALETTE["paper"], "strokeWidth": 1.5}
        if tint == "paper":
            style = {"fill": PALETTE[tint], "stroke": PALETTE["fragile"], "strokeDash": [2, 3]}
        base = alt.Chart(alt.InlineData(values=features))
        layers.append(base.mark_geoshape(**style).encode(tooltip=list(TOOLTIP)))
    return layers


def _names(territories: Sequence[Row]) -> list[alt.Chart]:
    """Name, value, and « fragile » or « non diffusé », in the colour read on the tint."""
    groups: dict[tuple[str, bool, float], list[Row]] = {}
    for row in territories:
        ring = max(row["rings"], key=lambda r: abs(_area(r)))
        lines = _label(row, [row["nom"]])
        room, x, y = best_place(ring, _widths(lines))
        if room < 0 and "-" in row["nom"]:
            lines = _label(row, re.split(r"(?<=-)(?=[A-ZÉ])", row["nom"]))
            _, x, y = best_place(ring, _widths(lines))
        for i, (text, bold, size) in enumerate(lines):
            place = {"x": x, "y": round(y + LINE * (i - (len(lines) - 1) / 2), 1), "text": text}
            groups.setdefault((row["letters"], bold, size), []).append(place)
    return [
        _written(rows, colour, bold=bold, size=size, align="center")
        for (colour, bold, size), rows in groups.items()
    ]


def _label(row: Row, name: Sequence[str]) -> list[tuple[str, bool, float]]:
    """Lines of the label of a territory: text, bold, size."""
    value = (row["value"], True, 17) if row["shown"] else (row["value"], False, 15)
    note = [("fragile", False, 14.5)] if row["fragile"] else []
    return [*((part, False, 15) for part in name), value, *note]


def _widths(lines: Sequence[tuple[str, bool, float]]) -> list[float]:
    return [text_width(text, size, bold=bold) for text, bold, size in lines]


def best_place(ring: Ring, widths: Sequence[float]) -> tuple[float, float, float]:
    """Where centred lines of these widths stand freest inside a ring: room left, then their middle.

    All in pixels. The room is the least distance from the end of a line to the outline beside it,
    negative when a line crosses the outline wherever it is put. Among places with as much room (to
    two pixels, and eight are plenty) the nearest to the centre of mass is taken.
    """
    centre, half = _middle(ring), LINE * len(widths) / 2
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    spans = {y: _spans(ring, y + 0.5) for y in range(math.floor(min(ys)), math.ceil(max(ys)))}
    places = []
    for y in range(math.ceil(min(ys) + half), math.floor(max(ys) - half) + 1, 3):
        tops = [y - half + LINE * i for i in range(len(widths))]
        rows = [
            (spans.get(math.floor(top + part), []), width)
            for top, width in zip(tops, widths, strict=True)
            for part in (3, LINE / 2, LINE - 3)
        ]
        for x in range(math.ceil(min(xs)), math.floor(max(xs)), 4):
            room = min(_room(row, x) - width / 2 for row, width in rows)
            places.append((-round(min(room, 8) / 2), math.dist((x, y), centre), room, x, y))
    return min(places)[2:] if places else (-max(widths), *centre)


def _room(spans: Sequence[tuple[float, float]], x: float) -> float:
    """Distance from `x` to the nearer end of the stretch holding it; 0 outside."""
    return next((min(x - left, right - x) for left, right in spans if left <= x <= right), 0.0)


def _spans(ring: Ring, y: float) -> list[tuple[float, float]]:
    """Stretches of the horizontal line at `y` that are inside the ring."""
    crossings = sorted(
        x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True)
        if (y0 <= y) != (y1 <= y)
    )
    return list(zip(crossings[::2], crossings[1::2], strict=True))


def _written(
    rows: Sequence[Row], colour: str, *, bold: bool = False, size: float = 15, align: str = "left"
) -> alt.Chart:
    weight = {"fontWeight": 700} if bold else {}
    base = alt.Chart(alt.InlineData(values=list(rows)))
    drawn = base.mark_text(
        align=align, baseline="middle", fontSize=size, color=PALETTE[colour], **weight
    )
    plane = {"scale": None, "axis": None}
    return drawn.encode(x=alt.X("x:Q", **plane), y=alt.Y("y:Q", **plane), text="text:N")


def _list(rows: Sequence[Row]) -> list[alt.Chart]:
    """The territories sorted by value at the right of the map, with their intervals."""
    left, right, size = LIST, SIZES["wide"].width, SIZES["wide"].text
    shown = [row for row in rows if row["reason"] is None]
    edge = right - max((text_width(row["interval"] or "", size) for row in shown), default=0) - 14
    names, firm, fragile, intervals = [], [], [], []
    for i, row in enumerate(rows):
        y = 14 + 28 * i
        names.append({"x": left, "y": y, "text": row["label"]})
        if row["reason"]:
            intervals.append({"x": right, "y": y, "text": NO_FIGURE})
            continue
        values = fragile if row["status"] == "fragile" else firm
        values.append({"x": edge, "y": y, "text": row["value"]})
        intervals.append({"x": right, "y": y, "text": row["interval"]})
    return [
        _written(names, "ink"),
        _written(firm, "ink", bold=True, align="right"),
        _written(fragile, "fragile", bold=True, align="right"),
        _written(intervals, "soft", align="right"),
    ]


def _legend_height(classes: Sequence[tuple[int, int]]) -> int:
    return 24 * max(len(classes), 1)


def _legend(classes: Sequence[tuple[int, int]], left: float, top: float) -> list[alt.Chart]:
    """One swatch a class, the highest first."""
    squares, words = [], []
    for i, (low, high) in enumerate(reversed(classes)):
        y = top + 24 * i + 10
        ring = [[left, y - 7], [left + 14, y - 7], [left + 14, y + 7], [left, y + 7]]
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        base = alt.Chart(alt.InlineData(values=[{"type": "Feature", "geometry": geometry}]))
        squares.append(base.mark_geoshape(fill=PALETTE[TINTS[i]]))
        span = f"{low}" if low == high else f"{low} à {high}"
        words.append({"x": left + 22, "y": y, "text": f"{span}{NNBSP}%"})
    return [*squares, _written(words, "soft")]


def _assemble(layers: Sequence[alt.Chart], form: Form, height: float) -> alt.LayerChart:
    drawn = [layer for layer in layers if layer.data.values]
    chart = alt.layer(
        *drawn,
        projection=alt.Projection(type="identity", scale=1, translate=[0, 0]),
        width=SIZES[form].width,
        height=round(height),
        autosize=alt.AutoSizeParams(type="none"),
        padding=0,
    )
    return chart.configure(font=FONT).configure_view(strokeWidth=0)
