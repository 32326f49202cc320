"""The house grammar of charts: the palette and the few marks every chart is made of.

A layer draws prepared rows: `x` (and `x2`) in the unit of the values, `y` (and `y2`) in pixels,
`text` already in French. The two scales are shared by all layers and set once by `assemble`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from analysis.cells import value_text
from analysis.layout import Layout, Row, tick_text
from analysis.lettering import text_width
from survey.french import NNBSP

PALETTE = {
    "ink": "#1c2b33",
    "soft": "#4e5d65",
    "rule": "#d9e0e3",
    "data": "#0b5a7a",
    "data-2": "#9cc3d1",
    "data-3": "#36799a",
    "data-4": "#cde1e8",
    "data-5": "#e6f0f3",
    "reference": "#b8480f",
    "paper": "#ffffff",
    "fragile": "#66757d",
}
TINTS = ("data", "data-3", "data-2", "data-4", "data-5")  # from the darkest
DARK_TINTS = ("data", "data-3")  # the paper is read on these, the ink on the others
FONT = "'Source Sans 3 Variable', 'Source Sans 3', sans-serif"
TOOLTIP = (
    alt.Tooltip("label:N", title="Ligne"),
    alt.Tooltip("value:N", title="Estimation"),
    alt.Tooltip("interval:N", title=f"Intervalle à 95{NNBSP}%"),
    alt.Tooltip("n:N", title="Répondants"),
)
PAIR_TOOLTIP = TOOLTIP[:2]


@dataclass(frozen=True, slots=True)
class Reference:
    """The figure all others are read against, drawn in orange and named once: « Région 24 % »."""

    label: str
    value: float
    statistic: str = "share"

    @property
    def name(self) -> str:
        """« Région 24 % »."""
        return f"{self.label} {value_text(self.value, self.statistic)}"


def _layer(rows: Sequence[Row], kind: str, tooltip: Sequence[alt.Tooltip] = (), **mark: Any):
    base = alt.Chart(alt.InlineData(values=list(rows)))
    drawn = getattr(base, f"mark_{kind}")(**mark)
    return drawn.encode(tooltip=list(tooltip)) if tooltip else drawn


def texts(
    rows: Sequence[Row],
    *,
    colour: str = "ink",
    size: float = 15,
    bold: bool = False,
    align: str = "left",
) -> alt.Chart:
    """Prepared strings (`text`), set on the middle of their line."""
    weight = {"fontWeight": 700} if bold else {}
    drawn = _layer(
        rows,
        "text",
        align=align,
        baseline="middle",
        fontSize=size,
        color=PALETTE[colour],
        **weight,
    )
    return drawn.encode(text="text:N")


def segments(
    rows: Sequence[Row],
    *,
    width: float,
    colour: str,
    tooltip: Sequence[alt.Tooltip] = (),
) -> alt.Chart:
    """Horizontal segments from `x` to `x2`, ending exactly there; a thick one is a bar."""
    drawn = _layer(rows, "rule", tooltip, strokeWidth=width, color=PALETTE[colour])
    return drawn.encode(x2="x2:Q")


def uprights(rows: Sequence[Row], *, colour: str, width: float = 1, **mark: Any) -> alt.Chart:
    """Vertical segments from `y` to `y2`."""
    drawn = _layer(rows, "rule", strokeWidth=width, color=PALETTE[colour], **mark)
    return drawn.encode(y2="y2:Q")


def dots(
    rows: Sequence[Row], *, fill: str, stroke: str, tooltip: Sequence[alt.Tooltip] = ()
) -> alt.Chart:
    """Dots; hollow when `fill` is the paper."""
    style = {"fill": PALETTE[fill], "stroke": PALETTE[stroke], "strokeWidth": 2, "opacity": 1}
    return _layer(rows, "point", tooltip, size=90, filled=True, **style)


def axis(
    layout: Layout,
    steps: Sequence[float],
    statistic: str,
    rows: Sequence[float],
    reference: Reference | None = None,
) -> list[alt.Chart]:
    """Ticks named above the plot, their lines, and the reference named among them.

    Lines run through the plot when wide; when narrow each of `rows` (heights of the marks drawn)
    has its own track. A tick whose name would touch that of the reference is left unnamed.
    """
    y, wide = layout.top - 14, layout.form == "wide"
    end = max(rows, default=layout.top) + layout.sizes.row / 2
    if wide:
        lines = [{"x": v, "y": layout.top - 3, "y2": end} for v in steps]
        drawn = [uprights(lines, colour="rule")]
    else:
        tracks = [{"x": 0, "x2": steps[-1], "y": height} for height in rows]
        small = [{"x": v, "y": h - 4, "y2": h + 4} for h in rows for v in steps]
        drawn = [segments(tracks, width=1, colour="rule"), uprights(small, colour="rule")]
    names = [layout.over(v, y, tick_text(v, statistic)) for v in steps]
    if reference:
        name = layout.over(reference.value, y, reference.name, bold=True)
        names = [tick for tick in names if not _touch(tick, name, layout)]
        span = [(layout.top - 3, end)] if wide else [(h - 9, h + 9) for h in rows]
        line = [{"x": reference.value, "y": a, "y2": b} for a, b in span]
        style = {"width": 1.5, "strokeDash": [4, 3]} if wide else {"width": 2}
        drawn.append(uprights(line, colour="reference", **style))
        size = layout.sizes.small
        drawn.append(texts([name], colour="reference", size=size, bold=True, align="center"))
    return [*drawn, texts(names, colour="soft", size=layout.sizes.small, align="center")]


def _touch(tick: Row, name: Row, layout: Layout) -> bool:
    size = layout.sizes.small
    room = (text_width(tick["text"], size) + text_width(name["text"], size, bold=True)) / 2 + 8
    return abs(layout.pixel(tick["x"]) - layout.pixel(name["x"])) < room


def reasons(rows: Sequence[Row], layout: Layout) -> list[alt.Chart]:
    """Why a row has no figure, on a strip of paper that hides the grid behind the words."""
    left = layout.left if layout.form == "wide" else 0
    words = [layout.at(left, row["y"], row["reason"]) for row in rows]
    strips = [
        {"x": layout.value(layout.left - 3), "x2": layout.value(layout.right + 3), "y": row["y"]}
        for row in rows
    ]
    return [segments(strips, width=24, colour="paper"), texts(words, colour="fragile")]


def assemble(layers: Sequence[alt.Chart], layout: Layout) -> alt.LayerChart:
    """The layers that draw something as one chart, of exactly the size of its form."""
    drawn = [layer for layer in layers if layer.data.values]
    across = alt.Scale(domain=[0, layout.maximum], range=[layout.left, layout.right], nice=False)
    down = alt.Scale(domain=[round(layout.height), 0], nice=False)
    chart = alt.layer(
        *drawn,
        encoding=alt.SharedEncoding(
            x={"field": "x", "type": "quantitative", "scale": across, "axis": None},
            y={"field": "y", "type": "quantitative", "scale": down, "axis": None},
        ),
        width=layout.sizes.width,
        height=round(layout.height),
        autosize=alt.AutoSizeParams(type="none"),
        padding=0,
    )
    return chart.configure(font=FONT).configure_view(strokeWidth=0)
