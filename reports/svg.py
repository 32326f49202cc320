"""Static SVG of a chart, drawn from its Vega-Lite specification: small, and in a millisecond.

Only what the house draws with is understood: rules, dots, texts and outlines in pixels, on linear
scales. Marks of a layer share one style, lines are one path, numbers keep one decimal. The tests
check that Vega draws the same picture from the same specification.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from typing import Any

import typst

from analysis.lettering import wrap
from analysis.marks import FONT, PALETTE
from survey.errors import SurveyError
from survey.files import FONTS
from survey.french import NNBSP

TOKENS = {colour: f"var(--{name}, {colour})" for name, colour in PALETTE.items()}
ANCHORS = {"left": "", "center": "middle", "right": "end"}
MARGIN = 20
PIXELS_AN_INCH = 96
# The page takes the size of the image; the text of the SVG is set in the house typeface.
SHEET = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1pt)"""

Row = dict[str, Any]
Place = Callable[[Row], float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The body of an SVG, without its root element, in concrete colours."""

    width: int
    height: int
    body: str


def draw(chart: Any) -> Drawing:
    """The chart (of the house, or of Altair made of the same marks) as a small SVG body."""
    spec = chart.to_dict()
    datasets = spec.get("datasets", {})
    layers = []
    for layer in spec["layer"]:
        data = layer["data"]
        rows = data["values"] if "values" in data else datasets[data["name"]]
        encoding = {**spec.get("encoding", {}), **layer.get("encoding", {})}
        if rows:
            layers.append(_layer(layer["mark"], rows, encoding))
    return Drawing(round(spec["width"]), round(spec["height"]), "".join(layers))


def _layer(mark: Row, rows: Sequence[Row], encoding: Row) -> str:
    kinds = {"rule": _rules, "point": _dots, "text": _texts, "geoshape": _outlines}
    kind = kinds.get(mark["type"])
    if kind is None:
        raise SurveyError(
            f"graphique{NNBSP}: tracé {mark['type']!r} inconnu{NNBSP}; connus{NNBSP}: "
            f"{sorted(kinds)}. L’écrire dans reports/svg.py."
        )
    return kind(mark, rows, encoding)


def _rules(mark: Row, rows: Sequence[Row], encoding: Row) -> str:
    x, y = _scale(encoding["x"]), _scale(encoding["y"])
    style = _style(
        stroke=mark["color"],
        stroke_width=_unless(mark["strokeWidth"], 1),
        stroke_dasharray=",".join(map(str, mark.get("strokeDash", ()))),
    )
    path = []
    for row in rows:
        left, top = x(row["x"]), y(row["y"])
        right = x(row["x2"]) if "x2" in encoding else left
        bottom = y(row["y2"]) if "y2" in encoding else top
        step = f"h{_number(right - left)}" if bottom == top else None
        step = f"v{_number(bottom - top)}" if right == left and step is None else step
        path.append(f"M{_pair(left, top)}{step or 'l' + _pair(right - left, bottom - top)}")
    return f'<path{style} d="{"".join(path)}"/>'


def _dots(mark: Row, rows: Sequence[Row], encoding: Row) -> str:
    x, y = _scale(encoding["x"]), _scale(encoding["y"])
    area = encoding.get("size", {}).get("field")
    shapes = []
    for row in rows:
        radius = _number((row[area] if area else mark["size"]) ** 0.5 / 2)
        shape = f'<circle cx="{_number(x(row["x"]))}" cy="{_number(y(row["y"]))}" r="{radius}"/>'
        shapes.append(_titled(shape, row, encoding))
    return _grouped(_surface(mark), shapes)


def _texts(mark: Row, rows: Sequence[Row], encoding: Row) -> str:
    x, y = _scale(encoding["x"]), _scale(encoding["y"])
    size = mark["fontSize"]
    drop = int(0.3 * size + 0.5)  # from the middle of a line to its foot, as Vega rounds it
    style = _style(
        fill=mark["color"],
        text_anchor=ANCHORS[mark["align"]],
        font_size=size,
        font_weight=mark.get("fontWeight", ""),
    )
    shapes = [
        f'<text x="{_number(x(row["x"]))}" y="{_number(y(row["y"]) + drop)}">'
        f"{escape(row['text'], quote=False)}</text>"
        for row in rows
    ]
    return _grouped(style, shapes)


def _outlines(mark: Row, rows: Sequence[Row], encoding: Row) -> str:
    shapes = []
    for feature in rows:
        kind, places = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        polygons = [places] if kind in ("Polygon", "MultiLineString") else places
        close = "" if kind == "MultiLineString" else "z"
        lines = "".join(_line_of(line, close) for polygon in polygons for line in polygon)
        shapes.append(_titled(f'<path d="{lines}"/>', feature, encoding))
    return _grouped(_surface(mark), shapes)


def _surface(mark: Row) -> str:
    return _style(
        fill=mark.get("fill") or "none",
        stroke=mark.get("stroke") or "",
        stroke_width=_unless(mark.get("strokeWidth", 1), 1) if mark.get("stroke") else "",
        stroke_dasharray=",".join(map(str, mark.get("strokeDash", ()))),
    )


def _titled(shape: str, row: Row, encoding: Row) -> str:
    """The shape with what it says when pointed at, where the layer describes its marks."""
    if "description" not in encoding:
        return shape
    title = escape(row[encoding["description"]["field"]], quote=False)
    return f"{shape.removesuffix('/>')}><title>{title}</title></{shape[1:].split()[0]}>"


def _scale(channel: Row) -> Place:
    """From a value to its pixel; a channel without a scale is in pixels."""
    scale = channel.get("scale")
    if scale is None:
        return float
    low, high = scale["domain"]
    start, end = scale.get("range", scale["domain"])
    step = (end - start) / (high - low)
    return lambda value: start + (value - low) * step


def _style(**style: Any) -> str:
    named = ((name.replace("_", "-"), value) for name, value in style.items())
    return "".join(f' {name}="{value}"' for name, value in named if value != "")


def _unless(value: float, default: float) -> float | str:
    return "" if value == default else value


def _grouped(style: str, shapes: Sequence[str]) -> str:
    """Equal styles said once: on the only shape, or on a group."""
    if len(shapes) > 1:
        return f"<g{style}>{''.join(shapes)}</g>"
    return re.sub(r"^<(\w+)", lambda found: f"<{found[1]}{style}", shapes[0])


def _line_of(points: Sequence[Sequence[float]], close: str) -> str:
    """A line as relative steps, which are shorter; the point that closes a ring goes unsaid."""
    tenths = [(round(10 * x), round(10 * y)) for x, y in points]
    if close and tenths[0] == tenths[-1]:
        tenths.pop()
    moves = [_pair((x1 - x0) / 10, (y1 - y0) / 10) for (x0, y0), (x1, y1) in pairwise(tenths)]
    start = _pair(tenths[0][0] / 10, tenths[0][1] / 10)
    return f"M{start}l{' '.join(moves).replace(' -', '-')}{close}"


def inline(drawing: Drawing, alt_text: str, style: str = "") -> str:
    """The SVG for a page: colours are the page's tokens, the text alternative is its name."""
    styled = f' style="{style}"' if style else ""
    return (
        f'<svg viewBox="0 0 {drawing.width} {drawing.height}" width="{drawing.width}" '
        f'height="{drawing.height}"{styled} role="img" aria-label="{escape(alt_text)}">'
        f"{with_tokens(drawing.body)}</svg>"
    )


def with_tokens(text: str) -> str:
    """Colours of the palette replaced by the page's tokens, each with itself as fallback."""
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: TOKENS.get(found[0], found[0]), text)


def standalone(drawing: Drawing, title: str, subtitle: str, notes: Sequence[str]) -> str:
    """A complete SVG file: title, subtitle, chart, then each of `notes` (field, source)."""
    y, lines = 36.0, []
    for text, size, step, colour, bold in (
        (title, 22, 27, "ink", True),
        (subtitle, 15, 20, "soft", False),
    ):
        for line in wrap(text, size, drawing.width, bold=bold):
            lines.append(_line(line, y, size, colour, bold))
            y += step
    top = y
    y += drawing.height + 26
    for note in notes:
        for line in wrap(note, 14, drawing.width):
            lines.append(_line(line, y, 14, "soft", False))
            y += 19
    width, height = drawing.width + 2 * MARGIN, round(y + 4)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}"><title>{escape(title)}</title>'
        f'<rect width="{width}" height="{height}" fill="{PALETTE["paper"]}"/>'
        f'{"".join(lines)}<g transform="translate({MARGIN} {_number(top)})">'
        f"{drawing.body}</g></svg>\n"
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def png(svg: str, *, scale: float = 1.5) -> bytes:
    """The SVG file as an image, `scale` pixels for one of the SVG.

    Typst draws it four times faster than vl-convert, which opens the font file for each letter.
    """
    width = int(re.search(r'width="(\d+)"', svg)[1])
    points = width * 72 / PIXELS_AN_INCH
    return typst.compile(
        SHEET,
        format="png",
        ppi=PIXELS_AN_INCH * scale,
        font_paths=_fonts(),
        sys_inputs={"svg": svg, "width": str(points)},
    )


def _line(text: str, y: float, size: float, colour: str, bold: bool) -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{MARGIN}" y="{_number(y)}" font-size="{size}" fill="{PALETTE[colour]}"'
        f"{weight}>{escape(text, quote=False)}</text>"
    )


def _pair(x: float, y: float) -> str:
    return f"{_number(x)} {_number(y)}".replace(" -", "-")


def _number(value: float) -> str:
    """One decimal at most, without a useless zero."""
    text = f"{round(value, 1):g}"
    return "0" if text == "-0" else re.sub(r"^(-?)0\.", r"\1.", text)
