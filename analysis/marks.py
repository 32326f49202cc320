"""The house grammar of charts: palette, sizes, scales, and the few marks every chart is made of.

A chart is laid out in pixels by the caller (`y` of each row, left and right of the plot), so that
columns align, labels wrap, and the same chart exists in a wide and in a narrow form. Values keep
their own unit on the horizontal scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from analysis.lettering import text_width, wrap
from survey.errors import SurveyError
from survey.french import decimal, integer

Form = Literal["wide", "narrow"]
Rows = Sequence[dict[str, Any]]

PALETTE = {
    "ink": "#1c2b33",
    "soft": "#4e5d65",
    "rule": "#d9e0e3",
    "data": "#0b5a7a",
    "data-2": "#36799a",
    "data-3": "#74aabf",
    "data-4": "#a9cdda",
    "data-5": "#d7e8ee",
    "reference": "#b8480f",
    "paper": "#ffffff",
    "fragile": "#66757e",
}
TINTS = tuple(PALETTE[name] for name in ("data", "data-2", "data-3", "data-4", "data-5"))
FONT = "Source Sans 3"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lengths of one form, in pixels; `text` is the body, `small` the axis and the headers."""

    width: int
    text: int
    small: int
    line: int
    row: int
    label: int


SIZES = {
    "wide": Sizes(width=720, text=15, small=14, line=18, row=30, label=232),
    "narrow": Sizes(width=340, text=15, small=15, line=19, row=0, label=0),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """The figure all others are read against, drawn in orange and named once: « Région 24 % »."""

    label: str
    value: float
    statistic: str = "share"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where rows stand, in pixels: label lines, `marks` (y of each mark), `firsts` (y of its text).

    `top` and `bottom` bound the plot vertically, `left` and `right` horizontally.
    """

    form: Form
    height: float
    top: float
    bottom: float
    left: float
    right: float
    lines: tuple[dict[str, Any], ...]
    marks: tuple[float, ...]
    firsts: tuple[float, ...]

    @property
    def sizes(self) -> Sizes:
        return SIZES[self.form]


def check_form(form: str) -> None:
    """Refuse a form other than `wide` and `narrow`."""
    if form not in SIZES:
        raise SurveyError(f"forme de graphique inconnue : {form!r} ; attendu : {sorted(SIZES)}.")


def wide_layout(labels: Sequence[str], *, top: float, bottom: float, columns: float) -> Layout:
    """Labels in a column at the left, `columns` pixels kept free at the right of the plot."""
    sizes = SIZES["wide"]
    wrapped = [wrap(label, sizes.text, sizes.label) for label in labels]
    left = 20 + max(
        (text_width(line, sizes.text) for lines in wrapped for line in lines), default=0
    )
    y, texts, marks = top, [], []
    for lines in wrapped:
        height = max(sizes.row, sizes.line * len(lines) + 12)
        first = y + height / 2 - sizes.line * (len(lines) - 1) / 2
        texts += [{"y": first + i * sizes.line, "text": line} for i, line in enumerate(lines)]
        marks.append(y + height / 2)
        y += height
    right = sizes.width - columns
    return Layout(
        "wide", y + bottom, top, y, round(left), right, tuple(texts), tuple(marks), tuple(marks)
    )


def narrow_layout(labels: Sequence[str], *, top: float, bottom: float, columns: float) -> Layout:
    """Each label above its mark, over the full width but `columns` pixels kept for the figures."""
    sizes = SIZES["narrow"]
    y, texts, marks, firsts = top, [], [], []
    for label in labels:
        lines = wrap(label, sizes.text, sizes.width - columns)
        first = y + sizes.line / 2
        texts += [{"y": first + i * sizes.line, "text": line} for i, line in enumerate(lines)]
        firsts.append(first)
        marks.append(y + sizes.line * len(lines) + 10)
        y = marks[-1] + 22
    return Layout(
        "narrow", y + bottom, top, y, 6, sizes.width - 8, tuple(texts), tuple(marks), tuple(firsts)
    )


def row_layout(
    labels: Sequence[str], form: Form, *, top: float, bottom: float, columns: float
) -> Layout:
    """The layout of `form` for these row labels."""
    check_form(form)
    build = wide_layout if form == "wide" else narrow_layout
    return build(labels, top=top, bottom=bottom, columns=columns)


def ticks(maximum: float, *, most: int = 5) -> list[float]:
    """Round values from 0 to the first one at or above `maximum`, by steps of 1, 2 or 5."""
    if not maximum > 0:
        return [0.0, 1.0]
    step = 10.0 ** math.floor(math.log10(maximum))
    for factor in (0.1, 0.2, 0.5, 1, 2, 5, 10):
        if math.ceil(maximum / (step * factor) - 1e-9) <= most:
            step *= factor
            break
    count = math.ceil(maximum / step - 1e-9)
    return [round(i * step, 10) for i in range(count + 1)]


def tick_text(value: float, statistic: str) -> str:
    """« 20 % », « 1 500 » or « 0,5 »."""
    if statistic == "share":
        value = round(100 * value, 6)
    digits = 0 if float(value).is_integer() else 1
    text = decimal(value, digits) if digits else integer(value)
    return f"{text}\u202f%" if statistic == "share" else text


def x_of(layout: Layout, maximum: float) -> alt.X:
    """The horizontal scale: 0 at `layout.left`, `maximum` at `layout.right`, no axis drawn."""
    scale = alt.Scale(domain=[0, maximum], range=[layout.left, layout.right], nice=False)
    return alt.X("x:Q", scale=scale, axis=None)


def pixel_to_value(layout: Layout, pixel: float, maximum: float) -> float:
    """The value standing at this pixel; for texts placed among marks."""
    return (pixel - layout.left) / (layout.right - layout.left) * maximum


def value_to_pixel(layout: Layout, value: float, maximum: float) -> float:
    """The pixel at which this value stands."""
    return layout.left + value / maximum * (layout.right - layout.left)


def y_of(layout: Layout) -> alt.Y:
    """The vertical scale: pixels from the top."""
    return alt.Y("y:Q", scale=alt.Scale(domain=[layout.height, 0], nice=False), axis=None)


def texts(
    rows: Rows,
    layout: Layout,
    x: float | alt.X,
    *,
    colour: str = "ink",
    size: int | None = None,
    bold: bool = False,
    align: str = "left",
) -> alt.Chart:
    """Prepared strings (`text`) at `y`; `x` is a pixel, or a scale reading the column `x`."""
    mark = {
        "align": align,
        "baseline": "middle",
        "fontSize": size or layout.sizes.text,
        "color": PALETTE[colour],
    }
    if bold:
        mark["fontWeight"] = 700
    where = alt.value(x) if isinstance(x, int | float) else x
    base = alt.Chart(alt.InlineData(values=list(rows))).mark_text(**mark)
    return base.encode(x=where, y=y_of(layout), text=alt.Text("text:N"))


def segments(
    rows: Rows,
    layout: Layout,
    x: alt.X,
    *,
    width: float,
    colour: str | alt.Color,
    tooltip: Sequence[alt.Tooltip] = (),
    **mark: Any,
) -> alt.Chart:
    """Horizontal segments from `x` to `x2` at `y`."""
    if isinstance(colour, str):
        mark["color"] = PALETTE[colour]
    base = alt.Chart(alt.InlineData(values=list(rows))).mark_rule(strokeWidth=width, **mark)
    chart = base.encode(x=x, x2="x2:Q", y=y_of(layout))
    if not isinstance(colour, str):
        chart = chart.encode(color=colour)
    return chart.encode(tooltip=list(tooltip)) if tooltip else chart


def uprights(
    rows: Rows, layout: Layout, x: alt.X, *, colour: str, width: float = 1, **mark: Any
) -> alt.Chart:
    """Vertical segments from `y` to `y2` at `x`."""
    base = alt.Chart(alt.InlineData(values=list(rows)))
    drawn = base.mark_rule(strokeWidth=width, color=PALETTE[colour], **mark)
    return drawn.encode(x=x, y=y_of(layout), y2="y2:Q")


def dots(
    rows: Rows,
    layout: Layout,
    x: alt.X,
    *,
    fill: str,
    stroke: str,
    tooltip: Sequence[alt.Tooltip] = (),
) -> alt.Chart:
    """Dots at (`x`, `y`); hollow when `fill` is the paper."""
    base = alt.Chart(alt.InlineData(values=list(rows)))
    drawn = base.mark_point(
        size=90, filled=True, fill=PALETTE[fill], stroke=PALETTE[stroke], strokeWidth=2, opacity=1
    ).encode(x=x, y=y_of(layout))
    return drawn.encode(tooltip=list(tooltip)) if tooltip else drawn


def grid(layout: Layout, x: alt.X, steps: Sequence[float], statistic: str) -> list[alt.Chart]:
    """Ticks named above the plot; full-height lines when wide, one track per row when narrow."""
    size = layout.sizes.small
    names = [{"x": v, "y": layout.top - 14, "text": tick_text(v, statistic)} for v in steps]
    if layout.form == "wide":
        lines = [{"x": v, "y": layout.top - 2, "y2": layout.bottom} for v in steps]
        return [
            uprights(lines, layout, x, colour="rule"),
            texts(names, layout, x, colour="soft", size=size, align="center"),
        ]
    tracks = [{"x": 0, "x2": steps[-1], "y": y} for y in layout.marks]
    small = [{"x": v, "y": y - 4, "y2": y + 4} for y in layout.marks for v in steps]
    ends = [
        texts(names[:1], layout, 0, colour="soft", size=size),
        texts(names[1:-1], layout, x, colour="soft", size=size, align="center"),
        texts(names[-1:], layout, layout.sizes.width, colour="soft", size=size, align="right"),
    ]
    return [
        segments(tracks, layout, x, width=1, colour="rule"),
        uprights(small, layout, x, colour="rule"),
        *ends,
    ]


def reference_marks(layout: Layout, x: alt.X, maximum: float, reference: Reference, name: str):
    """The reference as a dashed line (wide) or a tick on each row (narrow), named once below."""
    value, size = reference.value, layout.sizes.small
    if layout.form == "wide":
        line = [{"x": value, "y": layout.top - 2, "y2": layout.bottom + 4}]
        drawn = uprights(line, layout, x, colour="reference", width=1.5, strokeDash=[4, 3])
    else:
        line = [{"x": value, "y": y - 9, "y2": y + 9} for y in layout.marks]
        drawn = uprights(line, layout, x, colour="reference", width=2)
    half = text_width(name, size, bold=True) / 2
    centre = value_to_pixel(layout, value, maximum)
    centre = min(max(centre, half), layout.sizes.width - half)
    named = [{"x": pixel_to_value(layout, centre, maximum), "y": layout.bottom + 15, "text": name}]
    return drawn, texts(
        named, layout, x, colour="reference", size=size, bold=True, align="center"
    )


def assemble(layers: Sequence[alt.Chart], layout: Layout) -> alt.LayerChart:
    """The layers as one chart of exactly the size of its form, without frame or padding."""
    chart = alt.layer(
        *layers,
        width=layout.sizes.width,
        height=round(layout.height),
        autosize=alt.AutoSizeParams(type="none"),
        padding=0,
    )
    return chart.configure(font=FONT).configure_view(strokeWidth=0)
