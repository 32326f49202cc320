"""What all maps share: classes and tints, discs, outlines and texts in pixels, legend, list.

Values are never told by colour alone: they are written on the map where there is room, and listed
beside it with their intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from analysis.cells import by_value, display
from analysis.layout import SIZES, Form, Row
from analysis.marks import DARK_TINTS, PALETTE, TINTS, Chart, Layer, texts
from analysis.outlines import Ring
from survey.errors import SurveyError
from survey.french import NNBSP

STEPS = (5, 10, 20, 50)  # under 5 points, tints would tell apart what intervals do not
NO_FIGURE = "non diffusé"
MAP_WIDTH = {"wide": 400, "narrow": 340}
LEGEND_LINE = 24
Classes = Sequence[tuple[int, int]]
Swatch = Literal["disc", "ring", "dotted", "square", "hatched", "empty"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Layers, and the height they take."""

    layers: list[Layer]
    height: float


class MapChart(Chart):
    """Layers in pixels, outlines among them: their coordinates are not projected again."""

    def to_dict(self) -> dict[str, Any]:
        """The Vega-Lite specification."""
        spec = Chart.to_dict(self)
        plane = spec.pop("encoding")
        for layer in spec["layer"]:
            encoding = layer["encoding"]
            if layer["mark"]["type"] != "geoshape":
                encoding |= plane
            if "size" in encoding:
                encoding["size"] |= {"type": "quantitative", "scale": None, "legend": None}
            if "description" in encoding:
                encoding["description"]["type"] = "nominal"
        identity = {"type": "identity", "scale": 1, "translate": [0, 0]}
        return spec | {"projection": identity}


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


def class_tint(share: float, classes: Classes) -> str:
    """The tint of a share: the darkest for the highest class."""
    percent = round(100 * share)
    place = next(i for i, (low, high) in enumerate(reversed(classes)) if low <= percent <= high)
    return TINTS[place]


def class_words(low: int, high: int) -> str:
    """« 20 à 24 % », « 7 % »."""
    span = f"{low}" if low == high else f"{low} à {high}"
    return f"{span}{NNBSP}%"


def map_cells(frame: pl.DataFrame, known: set[str]) -> list[Row]:
    """The cells of a map ready to draw, largest first: displayed, with their tint and letters.

    Raises
    ------
    SurveyError : another statistic than a share, or a territory that is not in `known`
    """
    cells = by_value(display(frame))
    if (cells["statistic"] != "share").any():
        raise SurveyError(
            f"carte{NNBSP}: parts attendues{NNBSP}; garder une statistique « share »."
        )
    unknown = sorted({str(code) for code in cells["domain"]} - known)
    if unknown:
        raise SurveyError(
            f"carte{NNBSP}: territoires sans contour ni position {unknown}{NNBSP}; connus "
            f"{sorted(known)}. Ne garder que les lignes de la carte."
        )
    classes = share_classes(cells["estimate"].to_list())
    return [row | _look(row, classes) for row in cells.to_dicts()]


def missing_row(label: str) -> Row:
    """A territory that the cells do not name: drawn as one without a figure."""
    return {
        "label": label,
        "estimate": None,
        "value": None,
        "interval": None,
        "shown": False,
        "fragile": False,
        "tint": "paper",
        "letters": "ink",
    }


def _look(row: Mapping[str, Any], classes: Classes) -> Row:
    shown = row["reason"] is None
    fragile = shown and row["status"] == "fragile"
    tint = class_tint(row["estimate"], classes) if shown else "paper"
    letters = "paper" if tint in DARK_TINTS else "ink"
    return {"shown": shown, "fragile": fragile, "tint": tint, "letters": letters}


def hint(row: Mapping[str, Any]) -> str:
    """What a mark says when pointed at: « Cap Atlantique, 24 % [20 ; 28] »."""
    if not row["shown"]:
        return f"{row['label']}, {NO_FIGURE}"
    fragile = ", fragile" if row["fragile"] else ""
    return f"{row['label']}, {row['value']} {row['interval'] or ''}".rstrip() + fragile


def shapes(rows: Sequence[Row], *, fill: str, stroke: str, width: float, **mark: Any) -> Layer:
    """Areas of `rings` in pixels; pointed at, each says its `hint` when the rows have one."""
    features = [_feature("MultiPolygon", [[ring] for ring in row["rings"]], row) for row in rows]
    style = {"fill": PALETTE[fill], "stroke": PALETTE[stroke], "strokeWidth": width}
    return Layer(features, {"type": "geoshape", **style, **mark}, _described(rows))


def lines(pieces: Sequence[Ring], *, colour: str, width: float) -> Layer:
    """Straight lines in pixels."""
    features = [_feature("MultiLineString", list(pieces), {})] if pieces else []
    style = {"fill": None, "stroke": PALETTE[colour], "strokeWidth": width}
    return Layer(features, {"type": "geoshape", **style})


def _feature(kind: str, coordinates: list[Any], row: Row) -> Row:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, **_said(row)}


def discs(rows: Sequence[Row], *, fill: str, stroke: str, width: float, **mark: Any) -> Layer:
    """Circles of radius `r` at `x`, `y`; pointed at, each says its `hint` when it has one."""
    # Vega sizes a point by the square around it.
    values = [
        {"x": row["x"], "y": row["y"], "size": round(4 * row["r"] ** 2, 2), **_said(row)}
        for row in rows
    ]
    style = {"fill": PALETTE[fill], "stroke": PALETTE[stroke], "strokeWidth": width}
    mark = {"type": "point", "filled": True, "opacity": 1, **style, **mark}
    return Layer(values, mark, ("size", *_described(rows)))


def _said(row: Row) -> Row:
    return {"description": row["hint"]} if "hint" in row else {}


def _described(rows: Sequence[Row]) -> tuple[str, ...]:
    return ("description",) if rows and "hint" in rows[0] else ()


def grouped(labels: Sequence[tuple[Row, str, bool, float]]) -> list[Layer]:
    """Centred texts of several looks (colour, bold, size), one layer a look."""
    groups: dict[tuple[str, bool, float], list[Row]] = {}
    for row, colour, bold, size in labels:
        groups.setdefault((colour, bold, size), []).append(row)
    return [
        texts(rows, colour=colour, bold=bold, size=size, align="center")
        for (colour, bold, size), rows in groups.items()
    ]


def legend(entries: Sequence[tuple[Swatch, str, str]], left: float, top: float) -> Drawn:
    """One line an entry: swatch, tint, words."""
    layers, words = [], []
    for i, (kind, tint, text) in enumerate(entries):
        y = top + LEGEND_LINE * i + 12
        layers += _swatch(kind, tint, left + 8, y)
        words.append({"x": left + 26, "y": y, "text": text})
    return Drawn([*layers, texts(words, colour="soft")], LEGEND_LINE * len(entries))


def _swatch(kind: Swatch, tint: str, x: float, y: float) -> list[Layer]:
    disc = {"x": x, "y": y, "r": 8}
    square = {"rings": [[[x - 8, y - 7], [x + 8, y - 7], [x + 8, y + 7], [x - 8, y + 7]]]}
    square["rings"][0].append(square["rings"][0][0])
    if kind == "disc":
        return [discs([disc], fill=tint, stroke=tint, width=0)]
    if kind == "ring":
        return ring_discs([disc], tint)
    if kind == "dotted":
        return [dotted_discs([disc])]
    dash = {"strokeDash": [2, 3]} if kind == "empty" else {}
    stroke = "fragile" if kind == "empty" else tint
    layers = [shapes([square], fill=tint, stroke=stroke, width=1 if dash else 0, **dash)]
    if kind == "hatched":
        strokes = [[[x - 8, y + 3], [x + 2, y - 7]], [[x - 4, y + 7], [x + 8, y - 5]]]
        layers.append(lines(strokes, colour="paper", width=1.5))
    return layers


def ring_discs(rows: Sequence[Row], tint: str) -> list[Layer]:
    """Hollow circles: the tint of the class around an empty middle."""
    inner = [{"x": row["x"], "y": row["y"], "r": hole(row["r"])} for row in rows]
    return [
        discs(rows, fill=tint, stroke="fragile", width=1),
        discs(inner, fill="paper", stroke="fragile", width=0),
    ]


def hole(radius: float) -> float:
    """Radius of the empty middle of a hollow circle."""
    return round(max(radius - 5, 0.5 * radius), 1)


def dotted_discs(rows: Sequence[Row]) -> Layer:
    """Empty circles with a dotted outline."""
    return discs(rows, fill="paper", stroke="fragile", width=1, strokeDash=[2, 3])


def assemble(layers: Sequence[Layer], form: Form, height: float) -> MapChart:
    """The layers that draw something as one chart, of exactly the size of its form."""
    width = SIZES[form].width
    drawn = tuple(layer for layer in layers if layer.rows)
    return MapChart(drawn, width, round(height), (0, width), (0, width))
