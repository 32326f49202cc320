"""The house grammar of charts: the palette and the few marks every chart is made of.

A layer draws prepared rows: `x` (and `x2`) in the unit of the values, `y` (and `y2`) in pixels,
`text` already in French. The two scales are shared by all layers and set once by `assemble`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.cells import value_text
from analysis.layout import Layout, Row, tick_text
from analysis.lettering import text_width
from survey.french import NNBSP

if TYPE_CHECKING:
    import altair as alt

PALETTE = {
    "ink": "#1c2b33",
    "soft": "#4e5d65",
    "rule": "#d9e0e3",
    "data": "#0b5a7a",
    "data-2": "#83b3c6",
    "data-3": "#31738f",
    "data-4": "#b8d5e0",
    "data-5": "#dcebf0",
    "against": "#6b5744",
    "against-2": "#cbbba8",
    "reference": "#b8480f",
    "paper": "#ffffff",
    "wash": "#f4f7f8",
    "fragile": "#66757d",
}
TINTS = ("data", "data-3", "data-2", "data-4", "data-5")  # from the darkest
DARK_TINTS = ("data", "data-3", "against")  # the paper is read on these, the ink on the others
FONT = "'Source Sans 3 Variable', 'Source Sans 3', sans-serif"


def told(field: str, title: str) -> dict[str, str]:
    """A field of the rows, as hovering tells it."""
    return {"field": field, "type": "nominal", "title": title}


Tooltip = Sequence[dict[str, str]]
TOOLTIP = (
    told("label", "Ligne"),
    told("value", "Estimation"),
    told("interval", f"Intervalle à 95{NNBSP}%"),
    told("n", "Répondants"),
)
PAIR_TOOLTIP = TOOLTIP[:2]
ANSWER_TOOLTIP = (TOOLTIP[0], told("answer", "Réponse"), *TOOLTIP[1:])


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


@dataclass(frozen=True, slots=True)
class Layer:
    """Rows drawn with one mark of Vega-Lite: `rule`, `point` or `text`; `kind` and its style."""

    rows: list[Row]
    mark: dict[str, Any]
    fields: tuple[str, ...] = ()
    tooltip: tuple[dict[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The layer of a Vega-Lite specification."""
        encoding: dict[str, Any] = {name: {"field": name} for name in self.fields}
        if "text" in encoding:
            encoding["text"]["type"] = "nominal"
        if self.tooltip:
            encoding["tooltip"] = list(self.tooltip)
        return {"data": {"values": self.rows}, "mark": self.mark, "encoding": encoding}


@dataclass(frozen=True, slots=True)
class Chart:
    """Layers over one pair of scales: `across` runs over `plot` pixels, heights are pixels.

    Altair is not asked to build it, for it checks every mark as it goes and costs more than all
    else together; `to_altair` hands the whole to it.
    """

    layers: tuple[Layer, ...]
    width: int
    height: int
    across: tuple[float, float]
    plot: tuple[float, float]
    description: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The Vega-Lite specification."""
        hidden = {"type": "quantitative", "axis": None}
        across = {"domain": list(self.across), "range": list(self.plot), "nice": False}
        down = {"domain": [self.height, 0], "nice": False}
        described = {"description": self.description} if self.description else {}
        return described | {
            "config": {"font": FONT, "view": {"strokeWidth": 0}},
            "width": self.width,
            "height": self.height,
            "autosize": {"type": "none"},
            "padding": 0,
            "encoding": {
                "x": {"field": "x", "scale": across, **hidden},
                "y": {"field": "y", "scale": down, **hidden},
            },
            "layer": [layer.to_dict() for layer in self.layers],
        }

    def to_altair(self) -> alt.LayerChart:
        """The chart as Altair holds it, for a notebook."""
        import altair as alt

        return alt.LayerChart.from_dict(self.to_dict())

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        return self.to_altair()._repr_mimebundle_(*args, **kwargs)


def texts(
    rows: Sequence[Row],
    *,
    colour: str = "ink",
    size: float = 15,
    bold: bool = False,
    align: str = "left",
) -> Layer:
    """Prepared strings (`text`), set on the middle of their line."""
    mark = {"type": "text", "align": align, "baseline": "middle", "fontSize": size}
    mark |= {"color": PALETTE[colour]} | ({"fontWeight": 700} if bold else {})
    return Layer(list(rows), mark, ("text",))


def segments(
    rows: Sequence[Row], *, width: float, colour: str, tooltip: Tooltip = (), **mark: Any
) -> Layer:
    """Horizontal segments from `x` to `x2`, ending exactly there; a thick one is a bar."""
    return _rule(rows, ("x2",), width, colour, tooltip, mark)


def uprights(
    rows: Sequence[Row], *, colour: str, width: float = 1, tooltip: Tooltip = (), **mark: Any
) -> Layer:
    """Vertical segments from `y` to `y2`."""
    return _rule(rows, ("y2",), width, colour, tooltip, mark)


def slopes(rows: Sequence[Row], *, colour: str, width: float) -> Layer:
    """Segments from (`x`, `y`) to (`x2`, `y2`)."""
    return _rule(rows, ("x2", "y2"), width, colour, (), {})


def _rule(
    rows: Sequence[Row],
    fields: tuple[str, ...],
    width: float,
    colour: str,
    tooltip: Tooltip,
    style: dict[str, Any],
) -> Layer:
    mark = {"type": "rule", "strokeWidth": width, "color": PALETTE[colour], **style}
    return Layer(list(rows), mark, fields, tuple(tooltip))


def dots(
    rows: Sequence[Row], *, fill: str, stroke: str, size: float = 90, tooltip: Tooltip = ()
) -> Layer:
    """Dots; hollow when `fill` is the paper."""
    mark = {"type": "point", "size": size, "filled": True, "opacity": 1, "strokeWidth": 2}
    mark |= {"fill": PALETTE[fill], "stroke": PALETTE[stroke]}
    return Layer(list(rows), mark, (), tuple(tooltip))


def axis(
    layout: Layout,
    steps: Sequence[float],
    statistic: str,
    rows: Sequence[float],
    reference: Reference | None = None,
) -> list[Layer]:
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


def reasons(rows: Sequence[Row], layout: Layout) -> list[Layer]:
    """Why a row has no figure, on a strip of paper that hides the grid behind the words."""
    left = layout.left if layout.form == "wide" else 0
    words = [layout.at(left, row["y"], row["reason"]) for row in rows]
    strips = [
        {"x": layout.value(layout.left - 3), "x2": layout.value(layout.right + 3), "y": row["y"]}
        for row in rows
    ]
    return [segments(strips, width=24, colour="paper"), texts(words, colour="fragile")]


def merged(layers: Sequence[Layer]) -> list[Layer]:
    """Layers of one look as one, lines under dots under texts: panels drawn alike weigh less."""
    found: dict[str, Layer] = {}
    for layer in layers:
        look = repr((layer.mark, layer.fields))
        known = found.get(look)
        found[look] = replace(layer, rows=[*known.rows, *layer.rows]) if known else layer
    depth = {"rule": 0, "point": 1, "text": 2}
    return sorted(found.values(), key=lambda layer: depth[layer.mark["type"]])


def assemble(layers: Sequence[Layer], layout: Layout, *, description: str = "") -> Chart:
    """The layers that draw something as one chart, of exactly the size of its form."""
    return Chart(
        layers=tuple(layer for layer in layers if layer.rows),
        width=layout.sizes.width,
        height=round(layout.height),
        across=(0, layout.maximum),
        plot=(layout.left, layout.right),
        description=description,
    )
