"""What all maps share: classes and tints, discs, outlines and texts in pixels, legend, list.

Values are never told by colour alone: they are written on the map where there is room, and listed
beside it with their intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import polars as pl

from analysis.cells import by_value, display
from analysis.layout import SIZES, Form, Row
from analysis.lettering import text_width, wrap
from analysis.marks import DARK_TINTS, FONT, PALETTE, TINTS, Reference
from analysis.outlines import Ring
from analysis.wording import Noun
from survey.errors import SurveyError
from survey.french import NNBSP, integer, typography

STEPS = (5, 10, 20, 50)  # under 5 points, tints would tell apart what intervals do not
NO_FIGURE = "non diffusé"
HINT = "indice"  # name of a layer whose marks say who they are when pointed at
LEFT = {"wide": 420, "narrow": 0}  # left edge of the list
MAP_WIDTH = {"wide": 400, "narrow": 340}
MOST_LISTED = 22
LEGEND_LINE = 24
TERRITORY = Noun("territoire", "territoires")
Classes = Sequence[tuple[int, int]]
Swatch = Literal["disc", "ring", "dotted", "square", "hatched", "empty"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Layers, and the height they take."""

    layers: list[alt.Chart]
    height: float


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


def shapes(rows: Sequence[Row], *, fill: str, stroke: str, width: float, **mark: Any) -> alt.Chart:
    """Areas of `rings` in pixels; pointed at, each says its `hint` when the rows have one."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "MultiPolygon", "coordinates": [[r] for r in row["rings"]]},
        }
        | {key: row[key] for key in ("hint",) if key in row}
        for row in rows
    ]
    style = {"fill": PALETTE[fill], "stroke": PALETTE[stroke], "strokeWidth": width}
    drawn = alt.Chart(alt.InlineData(values=features)).mark_geoshape(**style | mark)
    return _hinted(drawn, rows, f"{fill}_{stroke}")


def lines(pieces: Sequence[Ring], *, colour: str, width: float) -> alt.Chart:
    """Straight lines in pixels."""
    geometry = {"type": "MultiLineString", "coordinates": list(pieces)}
    values = [{"type": "Feature", "geometry": geometry}] if pieces else []
    base = alt.Chart(alt.InlineData(values=values))
    return base.mark_geoshape(fill=None, stroke=PALETTE[colour], strokeWidth=width)


def discs(rows: Sequence[Row], *, fill: str, stroke: str, width: float, **mark: Any) -> alt.Chart:
    """Circles of radius `r` at `x`, `y`; pointed at, each says its `hint` when it has one."""
    values = [
        {"x": row["x"], "y": row["y"], "area": round(math.pi * row["r"] ** 2, 1)}
        | {key: row[key] for key in ("hint",) if key in row}
        for row in rows
    ]
    style = {"fill": PALETTE[fill], "stroke": PALETTE[stroke], "strokeWidth": width}
    base = alt.Chart(alt.InlineData(values=values))
    drawn = base.mark_point(filled=True, opacity=1, **style | mark).encode(
        **_plane(), size=alt.Size("area:Q", scale=None, legend=None)
    )
    return _hinted(drawn, rows, f"{fill}_{stroke}")


def _hinted(drawn: alt.Chart, rows: Sequence[Row], name: str) -> alt.Chart:
    """The layer under a name that has its marks titled in the SVG (see `reports.svg`)."""
    if not (rows and "hint" in rows[0]):
        return drawn
    described = drawn.encode(description=alt.Description("hint:N"))
    return described.properties(name=f"{HINT}_{name}".replace("-", "_"))


def written(
    rows: Sequence[Row], colour: str, *, bold: bool = False, size: float = 15, align: str = "left"
) -> alt.Chart:
    """Texts on the middle of their line, in pixels."""
    weight = {"fontWeight": 700} if bold else {}
    base = alt.Chart(
        alt.InlineData(values=[{k: row[k] for k in ("x", "y", "text")} for row in rows])
    )
    drawn = base.mark_text(
        align=align, baseline="middle", fontSize=size, color=PALETTE[colour], **weight
    )
    return drawn.encode(**_plane(), text="text:N")


def grouped(labels: Sequence[tuple[Row, str, bool, float]]) -> list[alt.Chart]:
    """Centred texts of several looks (colour, bold, size), one layer a look."""
    groups: dict[tuple[str, bool, float], list[Row]] = {}
    for row, colour, bold, size in labels:
        groups.setdefault((colour, bold, size), []).append(row)
    return [
        written(rows, colour, bold=bold, size=size, align="center")
        for (colour, bold, size), rows in groups.items()
    ]


def _plane() -> dict[str, Any]:
    plain = {"scale": None, "axis": None}
    return {"x": alt.X("x:Q", **plain), "y": alt.Y("y:Q", **plain)}


def legend(entries: Sequence[tuple[Swatch, str, str]], left: float, top: float) -> Drawn:
    """One line an entry: swatch, tint, words."""
    layers, words = [], []
    for i, (kind, tint, text) in enumerate(entries):
        y = top + LEGEND_LINE * i + 12
        layers += _swatch(kind, tint, left + 8, y)
        words.append({"x": left + 26, "y": y, "text": text})
    return Drawn([*layers, written(words, "soft")], LEGEND_LINE * len(entries))


def _swatch(kind: Swatch, tint: str, x: float, y: float) -> list[alt.Chart]:
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


def ring_discs(rows: Sequence[Row], tint: str) -> list[alt.Chart]:
    """Hollow circles: the tint of the class around an empty middle."""
    inner = [{"x": row["x"], "y": row["y"], "r": hole(row["r"])} for row in rows]
    return [
        discs(rows, fill=tint, stroke="fragile", width=1),
        discs(inner, fill="paper", stroke="fragile", width=0),
    ]


def hole(radius: float) -> float:
    """Radius of the empty middle of a hollow circle."""
    return round(max(radius - 5, 0.5 * radius), 1)


def dotted_discs(rows: Sequence[Row]) -> alt.Chart:
    """Empty circles with a dotted outline."""
    return discs(rows, fill="paper", stroke="fragile", width=1, strokeDash=[2, 3])


def listing(
    rows: Sequence[Row], form: Form, top: float, noun: Noun, reference: Reference | None = None
) -> Drawn:
    """Territories with a figure, sorted, with their intervals; how many have none, and why not.

    At most `MOST_LISTED` are listed; the others are counted.
    """
    shown = [row for row in rows if row["shown"]]
    listed = shown[:MOST_LISTED]
    left, right, size = LEFT[form], SIZES[form].width, 15
    edge = right - max((text_width(row["interval"] or "", size) for row in listed), default=0) - 12
    room = edge - max((text_width(row["value"], size, bold=True) for row in listed), default=0) - 12
    texts: dict[str, list[Row]] = {"name": [], "firm": [], "fragile": [], "interval": []}
    layers, y = [], top + 12
    if reference:
        said = [{"x": left, "y": y, "text": reference.label}]
        value = [{"x": edge, "y": y, "text": reference.name.removeprefix(reference.label).strip()}]
        layers.append(written(said, "reference", bold=True))
        layers.append(written(value, "reference", bold=True, align="right"))
        y += 26
    for row in listed:
        parts = wrap(row["label"], size, room - left)
        texts["fragile" if row["fragile"] else "firm"].append(
            {"x": edge, "y": y, "text": row["value"]}
        )
        texts["interval"].append({"x": right, "y": y, "text": row["interval"] or ""})
        texts["name"] += [
            {"x": left, "y": y + 18 * i, "text": part} for i, part in enumerate(parts)
        ]
        y += 24 + 18 * (len(parts) - 1)
    words = []
    for note in _uncounted(len(shown) - len(listed), len(rows) - len(shown), len(rows), noun):
        y += 4
        for part in wrap(note, size, right - left):
            words.append({"x": left, "y": y, "text": part})
            y += 20
    layers += [
        written(texts["name"], "ink"),
        written(texts["firm"], "ink", bold=True, align="right"),
        written(texts["fragile"], "fragile", bold=True, align="right"),
        written(texts["interval"], "soft", align="right"),
        written(words, "soft"),
    ]
    return Drawn(layers, y - top)


def _uncounted(cut: int, hidden: int, whole: int, noun: Noun) -> list[str]:
    """What the list does not show."""
    notes = []
    if cut:
        notes.append(f"et {integer(cut)} autre{'s' * (cut > 1)}, dans le tableau")
    if hidden == whole:
        notes.append(f"Auc{noun.one} {noun.singular} n’a assez de réponses pour un chiffre.")
    elif hidden:
        counted = noun.plural if hidden > 1 else noun.singular
        notes.append(f"{integer(hidden)} {counted} sans chiffre diffusé : trop peu de réponses.")
    return [typography(note) for note in notes]


def assemble(layers: Sequence[alt.Chart], form: Form, height: float) -> alt.LayerChart:
    """The layers that draw something as one chart, of exactly the size of its form."""
    chart = alt.layer(
        *[layer for layer in layers if layer.data.values],
        projection=alt.Projection(type="identity", scale=1, translate=[0, 0]),
        width=SIZES[form].width,
        height=round(height),
        autosize=alt.AutoSizeParams(type="none"),
        padding=0,
    )
    return chart.configure(font=FONT).configure_view(strokeWidth=0)
