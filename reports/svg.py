"""Static SVG of a chart: small, themable inside a page, or complete as a file.

Vega writes one element with its own style per mark; here marks of a layer share one group, lines
become one path, circles are circles, and numbers keep one decimal. What is seen does not change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from xml.etree import ElementTree

import altair as alt
import vl_convert

from analysis.lettering import wrap
from analysis.marks import FONT, PALETTE
from reports.images import shrink_png
from survey.files import FONTS

TOKENS = {colour: f"var(--{name}, {colour})" for name, colour in PALETTE.items()}
DEFAULTS = {"text-anchor": "start", "stroke-width": "1", "opacity": "1", "font-weight": "normal"}
STYLE = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "text-anchor",
    "font-size",
    "font-weight",
)
MARGIN = 20


@dataclass(frozen=True, slots=True)
class Drawing:
    """The body of an SVG, without its root element, in concrete colours."""

    width: int
    height: int
    body: str


@cache
def register_fonts() -> None:
    """Let vl-convert set texts in the house typeface."""
    vl_convert.register_font_directory(str(FONTS))


def draw(chart: alt.LayerChart) -> Drawing:
    """The chart as a small SVG body."""
    register_fonts()
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(chart.to_dict()))
    layers = [
        _layer([mark for mark in group if _tag(mark) != "defs"])
        for group in root.iter()
        if "role-mark" in group.get("class", "")
    ]
    size = (int(float(root.get("width"))), int(float(root.get("height"))))
    return Drawing(*size, "".join(layers))


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


def png(svg: str, *, scale: float = 2) -> bytes:
    """The SVG file as an image."""
    register_fonts()
    return shrink_png(vl_convert.svg_to_png(svg, scale=scale))


def _line(text: str, y: float, size: float, colour: str, bold: bool) -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{MARGIN}" y="{_number(y)}" font-size="{size}" fill="{PALETTE[colour]}"'
        f"{weight}>{escape(text, quote=False)}</text>"
    )


def _layer(marks: Sequence[ElementTree.Element]) -> str:
    """One layer: equal styles said once, on a group or on the only element."""
    runs: list[tuple[dict[str, str], list[ElementTree.Element]]] = []
    for mark in marks:
        style = _style(mark)
        if runs and runs[-1][0] == style:
            runs[-1][1].append(mark)
        else:
            runs.append((style, [mark]))
    return "".join(_run(style, group) for style, group in runs)


def _run(style: dict[str, str], marks: Sequence[ElementTree.Element]) -> str:
    written = "".join(f' {name}="{value}"' for name, value in style.items())
    if _tag(marks[0]) == "line":
        return f'<path{written} d="{"".join(_segment(mark) for mark in marks)}"/>'
    shapes = [_shape(mark) for mark in marks]
    if len(shapes) == 1:
        name, rest = re.fullmatch(r"<(\w+)(.*)", shapes[0], re.DOTALL).groups()
        return f"<{name}{written}{rest}"
    return f"<g{written}>{''.join(shapes)}</g>"


def _style(mark: ElementTree.Element) -> dict[str, str]:
    style = {name: mark.get(name) for name in STYLE if mark.get(name) is not None}
    style = {name: value for name, value in style.items() if DEFAULTS.get(name) != value}
    if "font-size" in style:
        style["font-size"] = style["font-size"].removesuffix("px")
    return style


def _segment(line: ElementTree.Element) -> str:
    x, y = _origin(line)
    dx, dy = float(line.get("x2", 0)), float(line.get("y2", 0))
    step = f"h{_number(dx)}" if not dy else f"v{_number(dy)}" if not dx else None
    return f"M{_pair(x, y)}{step or 'l' + _pair(dx, dy)}"


def _shape(mark: ElementTree.Element) -> str:
    x, y = _origin(mark)
    if _tag(mark) == "text":
        text = escape(mark.text or "", quote=False)
        return f'<text x="{_number(x)}" y="{_number(y)}">{text}</text>'
    outline = mark.get("d")
    circle = re.match(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A", outline)
    if circle:
        radius = _number(float(circle[1]))
        return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{radius}"/>'
    moved = f' transform="translate({_pair(x, y)})"' if x or y else ""
    return f'<path{moved} d="{_short_path(outline)}"/>'


def _short_path(outline: str) -> str:
    """Polygons as relative steps, which are shorter; other outlines as they are."""
    if not re.fullmatch(r"[MLZ\d.,\-]+", outline):
        return outline
    parts = []
    for ring in re.findall(r"M[^MZ]*", outline):
        points = [tuple(map(float, pair.split(","))) for pair in re.split("[ML]", ring) if pair]
        tenths = [(round(10 * x), round(10 * y)) for x, y in points]
        steps = pairwise(tenths)
        moves = [_pair((x1 - x0) / 10, (y1 - y0) / 10) for (x0, y0), (x1, y1) in steps]
        start = _pair(tenths[0][0] / 10, tenths[0][1] / 10)
        parts.append(f"M{start}l{' '.join(moves).replace(' -', '-')}z")
    return "".join(parts)


def _origin(mark: ElementTree.Element) -> tuple[float, float]:
    found = re.match(r"translate\(([^,]+),([^)]+)\)", mark.get("transform", ""))
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _pair(x: float, y: float) -> str:
    return f"{_number(x)} {_number(y)}".replace(" -", "-")


def _number(value: float) -> str:
    """One decimal at most, without a useless zero."""
    text = f"{round(value, 1):g}"
    return "0" if text == "-0" else re.sub(r"^(-?)0\.", r"\1.", text)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
