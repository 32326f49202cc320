"""Dots beside the region: several indicators of one domain, or one indicator of several places.

As the other charts of the house, but the frames come from `analysis.cells.display`, once for the
wide and the narrow form: hundreds of pages carry these two.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.cells import value_text
from analysis.layout import SIZES, Form, Layout, Row, check_form, row_layout, ticks
from analysis.lettering import text_width
from analysis.marks import (
    Chart,
    Layer,
    Reference,
    assemble,
    axis,
    dots,
    reasons,
    segments,
    texts,
    uprights,
)

REGION = "région"
LEGEND = 24  # pixels above the axis


def beside_region(shown: pl.DataFrame, *, name: str, form: Form = "wide") -> Chart:
    """Each row as a dot, its interval, and an upright: what the whole region answers.

    `shown` are displayed cells with `whole_estimate`, all shares, in the order to be drawn; `name`
    is the domain's, in the legend. The region's figures have a column when wide.
    """
    check_form(form)
    regions = [_value(row) for row in shown.to_dicts()]
    columns = _columns(shown, form, regions if form == "wide" else [])
    steps = _steps(shown, shown["whole_estimate"].max() or 0)
    layout = row_layout(
        shown["label"].to_list(),
        form,
        maximum=steps[-1],
        top=30 + LEGEND,
        columns=sum(columns) + 24 * len(columns),
    )
    rows = _rows(shown, layout)
    marks = [
        {"x": row["whole"], "y": row["y"] - 9, "y2": row["y"] + 9}
        for row in rows
        if row["whole"] is not None
    ]
    heights = [row["y"] for row in rows if row["reason"] is None]
    layers = [
        *axis(layout, steps, "share", heights),
        *_dots(rows),
        uprights(marks, colour="reference", width=3),
        texts(layout.lines),
        *_figures(rows, regions if form == "wide" else [], columns, layout),
        *_legend(name, layout),
        *reasons([row for row in rows if row["reason"]], layout),
    ]
    return assemble(layers, layout)


def beside_others(
    shown: pl.DataFrame, *, own: str, reference: Reference | None, form: Form = "wide"
) -> Chart:
    """One indicator of several places, that of `own` in bold; the region as a line, named once."""
    check_form(form)
    columns = _columns(shown, form, [])
    steps = _steps(shown, reference.value if reference else 0)
    labels = shown["label"].to_list()
    layout = row_layout(labels, form, maximum=steps[-1], columns=sum(columns) + 24 * len(columns))
    rows = _rows(shown, layout)
    bold = [label for label, code in zip(labels, shown["domain"], strict=True) if code == own]
    names = _split_labels(layout, labels, bold)
    heights = [row["y"] for row in rows if row["reason"] is None]
    layers = [
        *axis(layout, steps, shown["statistic"][0], heights, reference),
        *_dots(rows),
        texts(names[False]),
        texts(names[True], bold=True),
        *_figures(rows, [], columns, layout),
        *reasons([row for row in rows if row["reason"]], layout),
    ]
    return assemble(layers, layout)


def _value(row: Row) -> str:
    known = row["whole_estimate"] is not None
    return value_text(row["whole_estimate"], row["statistic"]) if known else ""


def _steps(shown: pl.DataFrame, at_least: float) -> list[float]:
    top = shown.select(pl.max_horizontal("estimate", "conf_high").max()).item() or 0
    steps = ticks(max(top, at_least))
    shares = shown["statistic"][0] == "share"
    return [*(s for s in steps if s < 1), 1.0] if shares and steps[-1] > 1 else steps


def _columns(shown: pl.DataFrame, form: Form, regions: Sequence[str]) -> list[float]:
    """Width of each column of figures: value, interval, and the region's when given."""
    size = SIZES[form].text
    values = [text_width(text, size, bold=True) for text in shown["value"] if text]
    intervals = [text_width(text, size) for text in shown["interval"] if text]
    widths = [max(values, default=0), max(intervals, default=0)]
    if regions:
        head = text_width(REGION, SIZES[form].small)
        widths.append(max([head, *(text_width(text, size) for text in regions)]))
    return widths


def _rows(shown: pl.DataFrame, layout: Layout) -> list[Row]:
    """One dictionary a row, with its place; numbers rounded to what a chart can show."""
    numbers = ("estimate", "conf_low", "conf_high")
    return [
        {name: cell[name] for name in ("label", "value", "interval", "reason", "status")}
        | {name: None if cell[name] is None else round(cell[name], 4) for name in numbers}
        | {"whole": cell.get("whole_estimate"), "y": y, "first": first}
        for cell, y, first in zip(shown.to_dicts(), layout.marks, layout.firsts, strict=True)
    ]


def _dots(rows: Sequence[Row]) -> list[Layer]:
    layers = []
    for fragile, band, fill, stroke in (
        (True, "rule", "paper", "fragile"),
        (False, "data-2", "data", "data"),
    ):
        drawn = [r for r in rows if r["reason"] is None and (r["status"] == "fragile") is fragile]
        spans = [
            {"x": row["conf_low"], "x2": row["conf_high"], "y": row["y"]}
            for row in drawn
            if row["conf_low"] is not None
        ]
        layers += [
            segments(spans, width=6, colour=band),
            dots([{"x": r["estimate"], "y": r["y"]} for r in drawn], fill=fill, stroke=stroke),
        ]
    return layers


def _figures(
    rows: Sequence[Row], regions: Sequence[str], columns: Sequence[float], layout: Layout
) -> list[Layer]:
    """Values in bold, intervals, and the region's figure, each right-aligned in its column."""
    right, wide = layout.sizes.width, layout.form == "wide"
    last = columns[2] + 18 if regions else 0
    edge = right - last - columns[1] - (16 if wide else 9)
    shown = [row for row in rows if row["reason"] is None]
    layers = []
    for fragile, colour in ((True, "fragile"), (False, "ink")):
        some = [row for row in shown if (row["status"] == "fragile") is fragile]
        values = [layout.at(edge, row["first"], row["value"]) for row in some]
        layers.append(texts(values, colour=colour, bold=True, align="right"))
    spans = [layout.at(right - last, r["first"], r["interval"]) for r in shown if r["interval"]]
    layers.append(texts(spans, colour="soft", align="right"))
    told = [layout.at(right, r["first"], t) for r, t in zip(rows, regions, strict=False) if t]
    layers.append(texts(told, colour="reference", align="right"))
    y, small = layout.top - 14, layout.sizes.small
    heads = [layout.at(right - last, y, "intervalle")] if wide and spans else []
    layers.append(texts(heads, colour="soft", size=small, align="right"))
    heads = [layout.at(right, y, REGION)] if told else []
    return [*layers, texts(heads, colour="reference", size=small, align="right")]


def _legend(name: str, layout: Layout) -> list[Layer]:
    """« ● le commerce   | région » above the axis, once."""
    start = 7 if layout.form == "narrow" else layout.left
    size = layout.sizes.text
    second = start + 14 + text_width(name, size) + 26
    x, y = layout.value(start), 12
    mark = {"x": layout.value(second), "y": y - 9, "y2": y + 9}
    return [
        dots([{"x": x, "y": y}], fill="data", stroke="data"),
        texts([layout.at(start + 12, y, name)], colour="soft"),
        uprights([mark], colour="reference", width=3),
        texts([layout.at(second + 9, y, REGION)], colour="soft"),
    ]


def _split_labels(
    layout: Layout, labels: Sequence[str], bold: Sequence[str]
) -> dict[bool, list[Row]]:
    """Lines of the labels, those of `bold` apart; a label may take several lines."""
    lines = iter(layout.lines)
    found: dict[bool, list[Row]] = {True: [], False: []}
    for label in labels:
        words = label.replace("  ", " ")
        while words:
            line = next(lines)
            found[label in bold].append(line)
            words = words.removeprefix(line["text"]).lstrip(" ")
    return found
