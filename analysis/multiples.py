"""Small multiples: the same rows, or the same question, in titled panels on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from analysis.cells import by_value, count_text, display
from analysis.layout import SIZES, Form, Layout, Row, plane, tick_text, value_steps
from analysis.lettering import text_width, wrap
from analysis.marks import (
    TOOLTIP,
    Chart,
    Layer,
    Reference,
    assemble,
    dots,
    merged,
    segments,
    texts,
    uprights,
)

LABEL = {"wide": 196, "narrow": 150}  # widest column of labels, in pixels
GAP = {"wide": 28, "narrow": 0}  # between two panels
ABREAST = 4  # panels side by side that share their labels, at most
LINE = 18
DOT = 55
References = Mapping[str, Reference]


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel in pixels: its rows (displayed cells) from `top`, its plot between two edges.

    `labels` is where label lines begin; None where a neighbour at the left has them.
    """

    title: str
    rows: tuple[Row, ...]
    left: float
    right: float
    plot: tuple[float, float]
    top: float
    head: float
    labels: float | None


def multiples(
    frame: pl.DataFrame,
    *,
    references: References | None = None,
    order: str = "value",
    form: Form = "wide",
) -> Chart:
    """Dots with their intervals in panels, all on the same scale.

    `frame` holds published cells of one statistic with a column `panel`, the title of its panel.
    Panels that share all their labels stand side by side, up to four, in the order of the first;
    others are blocks, sorted each by itself unless `order` is `given`. A withheld row reads « nd »
    or « secret ». `references` gives a panel its orange line.
    """
    references = references or {}
    cells = display(frame)
    groups = {str(name[0]): part for name, part in cells.group_by("panel", maintain_order=True)}
    top = cells.select(pl.max_horizontal("estimate", "conf_high").max()).item() or 0
    steps = value_steps(
        max([top, *(each.value for each in references.values())]), cells["statistic"][0], most=4
    )
    labels = [set(part["label"]) for part in groups.values()]
    shared = form == "wide" and 1 < len(groups) <= ABREAST and all(x == labels[0] for x in labels)
    place = _abreast if shared else _blocks
    panels, height = place(groups, order, form, bool(references))
    layout = plane(form, height)
    layers = [
        layer
        for panel in panels
        for layer in _drawn(panel, steps, references.get(panel.title), layout)
    ]
    return assemble(merged(layers), layout)


def _sorted(part: pl.DataFrame, order: str) -> pl.DataFrame:
    return by_value(part) if order == "value" else part


def _heights(rows: Sequence[Row], width: float) -> list[Row]:
    """The rows with the lines of their label and their height."""
    placed = []
    for row in rows:
        lines = wrap(row["label"], 15, width)
        placed.append(row | {"lines": lines, "height": max(27, LINE * len(lines) + 8)})
    return placed


def _head(titles: Sequence[str], width: float, referred: bool) -> float:
    """Height of titles, of the name of a reference and of the scale."""
    lines = max(len(wrap(title, 15, width, bold=True)) for title in titles)
    return LINE * lines + (20 if referred else 0) + 30


def _abreast(
    groups: Mapping[str, pl.DataFrame], order: str, form: Form, referred: bool
) -> tuple[list[Panel], float]:
    first = _sorted(next(iter(groups.values())), order)
    labels = first["label"].to_list()
    column = min(max(text_width(text, 15) for text in labels), LABEL[form])
    rows = _heights(first.to_dicts(), column)
    column = max(text_width(line, 15) for row in rows for line in row["lines"]) + 16
    width = (SIZES[form].width - column - GAP[form] * (len(groups) - 1)) / len(groups)
    head = _head(list(groups), width, referred)
    panels = []
    for i, (title, part) in enumerate(groups.items()):
        own = {row["label"]: row for row in part.to_dicts()}
        left = column + i * (width + GAP[form])
        placed = tuple({**row, **own[row["label"]]} for row in rows)
        plot = (left + 5, left + width - _values(groups))
        panels.append(Panel(title, placed, left, left + width, plot, 0, head, None if i else 0))
    return panels, head + sum(row["height"] for row in rows) + 6


def _blocks(
    groups: Mapping[str, pl.DataFrame], order: str, form: Form, referred: bool
) -> tuple[list[Panel], float]:
    count = 1 if form == "narrow" or len(groups) == 1 else 2
    gap = 40 if count > 1 else 0
    width = (SIZES[form].width - gap) / count
    widest = max(text_width(text, 15) for part in groups.values() for text in part["label"])
    column = min(widest, LABEL["wide" if count == 1 and form == "wide" else "narrow"])
    head = _head(list(groups), width, referred)
    panels, top = [], 0.0
    for first in range(0, len(groups), count):
        heights = []
        for i, (title, part) in enumerate(list(groups.items())[first : first + count]):
            left = i * (width + gap)
            rows = tuple(_heights(_sorted(part, order).to_dicts(), column))
            plot = (left + column + 15, left + width - _values(groups))
            panels.append(Panel(title, rows, left, left + width, plot, top, head, left))
            heights.append(head + sum(row["height"] for row in rows))
        top += max(heights) + 26
    return panels, top - 20


def _values(groups: Mapping[str, pl.DataFrame]) -> float:
    """Room kept at the right of a plot for its values."""
    values = [text for part in groups.values() for text in part["value"] if text]
    return max((text_width(text, 15, bold=True) for text in values), default=20) + 12


def _drawn(
    panel: Panel, steps: Sequence[float], reference: Reference | None, layout: Layout
) -> list[Layer]:
    start, end = panel.plot
    scale = replace(layout, left=start, right=end, maximum=steps[-1])
    first = panel.top + panel.head
    rows, y = [], first
    for row in panel.rows:
        rows.append(row | {"y": y + row["height"] / 2})
        y += row["height"]
    titles = wrap(panel.title, 15, panel.right - panel.left, bold=True)
    lines = [
        {"x": panel.left, "y": panel.top + 10 + LINE * i, "text": text}
        for i, text in enumerate(titles)
    ]
    drawn = [texts(lines, bold=True), *_scale(scale, steps, panel, first, y, rows)]
    if reference:
        drawn += _reference(scale, reference, panel, first, y)
    return drawn + _marks(scale, rows, panel)


def _scale(
    scale: Layout,
    steps: Sequence[float],
    panel: Panel,
    first: float,
    bottom: float,
    rows: Sequence[Row],
) -> list[Layer]:
    """Lines of the scale; its ends named, and its steps where there is room."""
    statistic, size = rows[0]["statistic"], scale.sizes.small
    places = [(scale.pixel(step), tick_text(step, statistic)) for step in steps]
    room = max(text_width(text, size) for _, text in places) + 12
    step = places[1][0] - places[0][0]
    named = places if step >= room else [places[0], places[-1]]
    rules = [{"x": _tenth(x), "y": first - 4, "y2": bottom} for x, _ in places]
    names = [{"x": _tenth(x), "y": first - 14, "text": text} for x, text in named]
    return [
        uprights(rules, colour="rule"),
        texts(names, colour="soft", size=size, align="center"),
    ]


def _reference(
    scale: Layout, reference: Reference, panel: Panel, first: float, bottom: float
) -> list[Layer]:
    line = {"x": _tenth(scale.pixel(reference.value)), "y": first - 4, "y2": bottom}
    name = {"x": panel.left, "y": first - 34, "text": reference.name}
    size = scale.sizes.small
    return [
        uprights([line], colour="reference", width=1.5, strokeDash=[4, 3]),
        texts([name], colour="reference", size=size, bold=True),
    ]


def _marks(scale: Layout, rows: Sequence[Row], panel: Panel) -> list[Layer]:
    layers = []
    if panel.labels is not None:
        lines = [
            {
                "x": panel.labels,
                "y": row["y"] + LINE * (i - (len(row["lines"]) - 1) / 2),
                "text": line,
            }
            for row in rows
            for i, line in enumerate(row["lines"])
        ]
        layers.append(texts(lines))
    for fragile in (True, False):
        some = [r for r in rows if not r["reason"] and (r["status"] == "fragile") == fragile]
        spans = [
            {"x": _tenth(scale.pixel(r["conf_low"])), "x2": _tenth(scale.pixel(r["conf_high"]))}
            | {"y": r["y"]}
            for r in some
            if r["conf_low"] is not None
        ]
        points = [
            {"x": _tenth(scale.pixel(r["estimate"])), "y": r["y"], "label": r["label"]}
            | {"value": r["value"], "interval": r["interval"], "n": count_text(r["n_respondents"])}
            for r in some
        ]
        values = [{"x": panel.right, "y": r["y"], "text": r["value"]} for r in some]
        tone = "fragile" if fragile else "data"
        layers += [
            segments(spans, width=6, colour="rule" if fragile else "data-2"),
            dots(
                points,
                fill="paper" if fragile else "data",
                stroke=tone,
                size=DOT,
                tooltip=TOOLTIP,
            ),
            texts(values, colour="fragile" if fragile else "ink", bold=True, align="right"),
        ]
    silent = [{"x": panel.right, "y": r["y"], "text": r["status"]} for r in rows if r["reason"]]
    return [*layers, texts(silent, colour="fragile", align="right")]


def _tenth(pixel: float) -> float:
    return round(pixel, 1)
