"""Charts of published cells: a frame in, a chart out, in a wide and in a narrow form.

Every frame follows the result vocabulary plus `label`, the French name of the row. A cell the
disclosure gate withheld keeps its row and says why. No chart computes an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import polars as pl

from analysis.cells import by_value, count_text, display
from analysis.layout import SIZES, Form, Layout, Row, check_form, row_layout, value_steps
from analysis.lettering import text_width
from analysis.marks import (
    PAIR_TOOLTIP,
    TOOLTIP,
    Chart,
    Layer,
    Reference,
    assemble,
    axis,
    dots,
    reasons,
    segments,
    texts,
)
from analysis.wording import NOT_COMPARED, UNMOVED, change_words

Order = Literal["value", "given"]
KEY = ("indicator", "domain_type", "domain")


def dot_interval(
    frame: pl.DataFrame,
    *,
    reference: Reference | None = None,
    order: Order = "value",
    form: Form = "wide",
) -> Chart:
    """Each row as a dot and its interval; value and interval in columns at the right.

    A row without interval is a figure published elsewhere: its dot takes the reference's orange.

    `reference` is drawn in orange and named once. Fragile estimates are hollow and grey. Rows are
    sorted by value, withheld ones last, unless `order` is `given` (size classes).
    """
    return _interval_rows(frame, _dot_marks, reference, order, form)


def share_bars(
    frame: pl.DataFrame,
    *,
    reference: Reference | None = None,
    order: Order = "value",
    form: Form = "wide",
) -> Chart:
    """Each row as a bar from zero with its interval; for several indicators of one population."""
    return _interval_rows(frame, _bar_marks, reference, order, form)


def _interval_rows(
    frame: pl.DataFrame,
    draw: Callable[[Sequence[Row]], list[Layer]],
    reference: Reference | None,
    order: Order,
    form: Form,
) -> Chart:
    check_form(form)
    cells = _ordered(display(frame), order)
    widths = _column_widths(cells, SIZES[form].text)
    steps = _steps(cells, reference.value if reference else 0)
    labels = cells["label"].to_list()
    layout = row_layout(labels, form, maximum=steps[-1], columns=sum(widths) + 40)
    rows = _rows(cells, layout)
    shown = [row for row in rows if row["reason"] is None]
    heights = [row["y"] for row in shown]
    layers = axis(layout, steps, cells["statistic"][0], heights, reference) + draw(shown)
    layers += [texts(layout.lines), *_value_columns(shown, layout, widths)]
    return assemble([*layers, *reasons([r for r in rows if r["reason"]], layout)], layout)


def _ordered(cells: pl.DataFrame, order: Order) -> pl.DataFrame:
    return by_value(cells) if order == "value" else cells


def _steps(cells: pl.DataFrame, at_least: float) -> list[float]:
    top = cells.select(pl.max_horizontal("estimate", "conf_high").max()).item() or 0
    return value_steps(max(top, at_least), cells["statistic"][0])


def _column_widths(cells: pl.DataFrame, size: int) -> tuple[float, float]:
    values = [text_width(text, size, bold=True) for text in cells["value"] if text]
    intervals = [text_width(text, size) for text in cells["interval"] if text]
    return max(values, default=0), max(intervals, default=0)


def _rows(cells: pl.DataFrame, layout: Layout) -> list[Row]:
    """One dictionary a row, with its place; numbers rounded to what a chart can show."""
    numbers = ("estimate", "conf_low", "conf_high")
    texts_ = ("label", "value", "interval", "reason", "status")
    rows = []
    for cell, y, first in zip(cells.to_dicts(), layout.marks, layout.firsts, strict=True):
        row = {name: cell[name] for name in texts_} | {"y": y, "first": first}
        row |= {name: _rounded(cell[name]) for name in numbers}
        rows.append(row | {"n": count_text(cell["n_respondents"])})
    return rows


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _spans(rows: Sequence[Row], start: str | None, end: str) -> list[Row]:
    """What a segment reads: from `start` (zero when None) to `end`, and the tooltip."""
    kept = ("y", "label", "value", "interval", "n")
    return [
        {"x": row[start] if start else 0, "x2": row[end]} | {name: row[name] for name in kept}
        for row in rows
        if row[end] is not None
    ]


def _points(rows: Sequence[Row]) -> list[Row]:
    kept = ("y", "label", "value", "interval", "n")
    return [{"x": row["estimate"]} | {name: row[name] for name in kept} for row in rows]


def _bare(rows: Sequence[Row]) -> list[Row]:
    return [{name: row[name] for name in ("x", "x2", "y")} for row in rows]


def _by_status(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    fragile = [row for row in rows if row["status"] == "fragile"]
    return fragile, [row for row in rows if row["status"] != "fragile"]


def _dot_marks(shown: Sequence[Row]) -> list[Layer]:
    fragile, firm = _by_status([row for row in shown if row["conf_low"] is not None])
    published = [row for row in shown if row["conf_low"] is None]
    layers = []
    for rows, band, fill, stroke in (
        (fragile, "rule", "paper", "fragile"),
        (firm, "data-2", "data", "data"),
        (published, "rule", "reference", "reference"),
    ):
        spans = _bare(_spans(rows, "conf_low", "conf_high"))
        layers += [
            segments(spans, width=6, colour=band),
            dots(_points(rows), fill=fill, stroke=stroke, tooltip=TOOLTIP),
        ]
    return layers


def _bar_marks(shown: Sequence[Row]) -> list[Layer]:
    fragile, firm = _by_status(shown)
    bars, whiskers = [], []
    for rows, bar, whisker in ((fragile, "rule", "fragile"), (firm, "data-2", "data")):
        bars.append(segments(_spans(rows, None, "estimate"), width=14, colour=bar, tooltip=TOOLTIP))
        spans = _bare(_spans(rows, "conf_low", "conf_high"))
        whiskers.append(segments(spans, width=2.5, colour=whisker))
    return bars + whiskers


def _value_columns(
    shown: Sequence[Row], layout: Layout, widths: tuple[float, float]
) -> list[Layer]:
    """Values in bold and intervals, each right-aligned in its column, headed when wide."""
    right = layout.sizes.width
    wide = layout.form == "wide"
    edge = right - widths[1] - (16 if wide else 9)
    layers = []
    for rows, colour in zip(_by_status(shown), ("fragile", "ink"), strict=True):
        values = [layout.at(edge, row["first"], row["value"]) for row in rows]
        layers.append(texts(values, colour=colour, bold=True, align="right"))
    intervals = [layout.at(right, r["first"], r["interval"]) for r in shown if r["interval"]]
    layers.append(texts(intervals, colour="soft", align="right"))
    heads = [layout.at(right, layout.top - 14, "intervalle")] if wide and intervals else []
    return [*layers, texts(heads, colour="soft", size=layout.sizes.small, align="right")]


def dumbbell(
    before: pl.DataFrame,
    after: pl.DataFrame,
    changes: pl.DataFrame,
    *,
    names: tuple[str, str] | None = None,
    order: Order = "given",
    form: Form = "wide",
) -> Chart:
    """Change between two editions: the earlier dot hollow, the later full, the change in words.

    Parameters
    ----------
    before, after : published cells of the two editions; rows follow `after`
    changes : one row per `indicator`, `domain_type` and `domain`
        `difference` and `verdict` as `comparison.compare_editions` gives them, written as
        `wording.change_words` says; nothing is claimed without.
        Two cells that a break parts (`series_break`) are not joined by a line.
    names : how the two editions are called; their `edition` by default
    """
    check_form(form)
    cells = _ordered(display(after), order)
    paired = _pair(display(before), cells, changes)
    words = [
        change_words(row["difference"], row["verdict"], row["series_break"])
        if row["was"] is not None and row["estimate"] is not None
        else NOT_COMPARED
        for row in paired.to_dicts()
    ]
    steps = _steps(paired.select("statistic", "estimate", conf_high="was"), 0)
    layout = _pair_layout(paired["label"].to_list(), words, steps[-1], form)
    rows = [
        row | {"y": y, "first": first, "words": text}
        for row, y, first, text in zip(
            paired.to_dicts(), layout.marks, layout.firsts, words, strict=True
        )
    ]
    drawn = [row for row in rows if row["estimate"] is not None or row["was"] is not None]
    silent = [row for row in rows if row["estimate"] is None and row["was"] is None]
    names = names or (str(before["edition"][0]), str(after["edition"][0]))
    layers = axis(layout, steps, cells["statistic"][0], [row["y"] for row in drawn])
    layers += _pair_values(drawn, layout) + _pair_marks(drawn) + _pair_legend(names, layout)
    layers += [texts(layout.lines), *_change_column(drawn, layout)]
    return assemble([*layers, *reasons(silent, layout)], layout)


def _pair(before: pl.DataFrame, after: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    earlier = before.select(*KEY, was="estimate", was_text="value")
    verdicts = changes.select(*KEY, "difference", "verdict", "series_break")
    paired = after.drop("series_break", strict=False).join(
        earlier, on=KEY, how="left", maintain_order="left"
    )
    return paired.join(verdicts, on=KEY, how="left", maintain_order="left")


def _pair_layout(labels: Sequence[str], words: Sequence[str], maximum: float, form: Form) -> Layout:
    column = max((text_width(text, SIZES[form].text, bold=True) for text in words), default=0)
    columns = column + (8 if form == "wide" else 12)
    return row_layout(labels, form, maximum=maximum, top=62, columns=columns, inset=42)


def _pair_marks(drawn: Sequence[Row]) -> list[Layer]:
    both = [
        row
        for row in drawn
        if row["was"] is not None and row["estimate"] is not None and row["series_break"] is None
    ]
    lines = [{"x": _rounded(r["was"]), "x2": _rounded(r["estimate"]), "y": r["y"]} for r in both]
    earlier = [_dot(row, "was", "was_text") for row in drawn if row["was"] is not None]
    later = [row for row in drawn if row["estimate"] is not None]
    layers = [
        segments(lines, width=3, colour="data-2"),
        dots(earlier, fill="paper", stroke="data", tooltip=PAIR_TOOLTIP),
    ]
    for rows, colour in zip(_by_status(later), ("fragile", "data"), strict=True):
        points = [_dot(row, "estimate", "value") for row in rows]
        layers.append(dots(points, fill=colour, stroke=colour, tooltip=PAIR_TOOLTIP))
    return layers


def _dot(row: Row, at: str, text: str) -> Row:
    return {"x": _rounded(row[at]), "y": row["y"], "label": row["label"], "value": row[text]}


def _pair_values(drawn: Sequence[Row], layout: Layout) -> list[Layer]:
    """Each value on the outer side of its dot, so that two close dots never share a place."""
    sides = {("was", "right"): [], ("was", "left"): [], ("now", "right"): [], ("now", "left"): []}
    for row in drawn:
        rising = row["was"] is None or row["estimate"] is None or row["was"] <= row["estimate"]
        for name, value, text, leftmost in (
            ("was", row["was"], row["was_text"], rising),
            ("now", row["estimate"], row["value"], not rising),
        ):
            if value is not None:
                pixel = layout.pixel(value) + (-11 if leftmost else 11)
                align = "right" if leftmost else "left"
                sides[name, align].append(layout.at(pixel, row["y"], text))
    strips, written = [], []
    for (name, align), rows in sides.items():
        bold = name == "now"
        strips += [_behind(row, align, bold, layout) for row in rows]
        written.append(texts(rows, colour="ink" if bold else "soft", bold=bold, align=align))
    return [segments(strips, width=16, colour="paper"), *written]


def _behind(text: Row, align: str, bold: bool, layout: Layout) -> Row:
    """A strip of paper as wide as a text, so that no line crosses it."""
    width = text_width(text["text"], layout.sizes.text, bold=bold) + 4
    end = layout.pixel(text["x"]) + (-width if align == "right" else width)
    return {"x": text["x"], "x2": layout.value(end), "y": text["y"]}


def _pair_legend(names: tuple[str, str], layout: Layout) -> list[Layer]:
    """« ○ 2025  ● 2026 » above the plot, once."""
    first = layout.left if layout.form == "wide" else 6
    second = first + text_width(names[0], layout.sizes.text) + 36
    ends = [{"x": layout.value(pixel), "y": 12} for pixel in (first, second)]
    words = [layout.at(p + 11, 12, name) for p, name in zip((first, second), names, strict=True)]
    return [
        dots(ends[:1], fill="paper", stroke="data"),
        dots(ends[1:], fill="data", stroke="data"),
        texts(words, colour="soft"),
    ]


def _change_column(drawn: Sequence[Row], layout: Layout) -> list[Layer]:
    right = layout.sizes.width
    moved = [layout.at(right, r["first"], r["words"]) for r in drawn if r["words"] not in UNMOVED]
    still = [layout.at(right, r["first"], r["words"]) for r in drawn if r["words"] in UNMOVED]
    return [texts(moved, bold=True, align="right"), texts(still, colour="soft", align="right")]
