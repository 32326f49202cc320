"""Charts of published cells: a frame in, an Altair chart out, in a wide and in a narrow form.

Every frame follows the result vocabulary plus `label`, the French name of the row. A cell the
disclosure gate withheld keeps its row and says why. No chart computes an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import polars as pl

from analysis.cells import by_value, display, value_text
from analysis.lettering import text_width, wrap
from analysis.marks import (
    PALETTE,
    SIZES,
    TINTS,
    Form,
    Layout,
    Reference,
    assemble,
    check_form,
    dots,
    grid,
    pixel_to_value,
    reference_marks,
    row_layout,
    segments,
    texts,
    ticks,
    uprights,
    value_to_pixel,
    x_of,
)
from survey.errors import SurveyError
from survey.french import NNBSP, points

KEY = ("indicator", "domain_type", "domain")
TOOLTIP = (
    alt.Tooltip("label:N", title="Ligne"),
    alt.Tooltip("value:N", title="Estimation"),
    alt.Tooltip("interval:N", title="Intervalle à 95\u202f%"),
    alt.Tooltip("n:N", title="Répondants"),
)


def dot_interval(
    frame: pl.DataFrame,
    *,
    reference: Reference | None = None,
    order: Literal["value", "given"] = "value",
    form: Form = "wide",
) -> alt.LayerChart:
    """Each row as a dot and its interval; value and interval in columns at the right.

    `reference` is drawn as a dashed orange line, named once. Fragile estimates are hollow and grey.
    """
    return _interval_rows(frame, "dot", reference, order, form)


def share_bars(
    frame: pl.DataFrame,
    *,
    reference: Reference | None = None,
    order: Literal["value", "given"] = "value",
    form: Form = "wide",
) -> alt.LayerChart:
    """Each row as a bar from zero with its interval; for several indicators of one population."""
    return _interval_rows(frame, "bar", reference, order, form)


def _interval_rows(
    frame: pl.DataFrame, kind: str, reference: Reference | None, order: str, form: Form
) -> alt.LayerChart:
    check_form(form)
    cells = display(by_value(frame) if order == "value" else frame)
    statistic = cells["statistic"][0]
    steps = _steps(cells, reference)
    sizes = SIZES[form]
    widths = _column_widths(cells, sizes.text)
    layout = row_layout(
        cells["label"].to_list(),
        form,
        top=30,
        bottom=28 if reference else 6,
        columns=sum(widths) + (36 if form == "wide" else 26),
    )
    x = x_of(layout, steps[-1])
    rows = _rows(cells, layout)
    shown = [row for row in rows if row["value"]]
    layers = grid(layout, x, steps, statistic)
    if reference:
        name = f"{reference.label} {value_text(reference.value, reference.statistic)}"
        line, label = reference_marks(layout, x, steps[-1], reference, name)
        layers += [line, label]
    layers += _dot_marks(shown, layout, x) if kind == "dot" else _bar_marks(shown, layout, x)
    layers += [texts(layout.lines, layout, 0), *_value_columns(shown, layout, widths)]
    return assemble([*layers, *_reasons(rows, layout)], layout)


def _steps(cells: pl.DataFrame, reference: Reference | None) -> list[float]:
    tops = cells.select(pl.max_horizontal("estimate", "conf_high").max()).item()
    maximum = max(tops or 0, reference.value if reference else 0)
    steps = ticks(maximum)
    return [step for step in steps if step <= 1] if cells["statistic"][0] == "share" else steps


def _column_widths(cells: pl.DataFrame, size: int) -> tuple[float, float]:
    values = [text_width(v, size, bold=True) for v in cells["value"] if v]
    intervals = [text_width(v, size) for v in cells["interval"] if v]
    return max(values, default=0), max(intervals, default=0)


def _rows(cells: pl.DataFrame, layout: Layout) -> list[dict[str, Any]]:
    rows = []
    for cell, y, first in zip(cells.iter_rows(named=True), layout.marks, layout.firsts, strict=True):
        row = {"label": cell["label"], "y": y, "first": first, "status": cell["status"]}
        row |= {"value": cell["value"], "reason": cell["reason"]}
        if cell["value"]:
            low, high = cell["conf_low"], cell["conf_high"]
            row |= {"estimate": round(cell["estimate"], 4), "n": str(cell["n_respondents"])}
            row |= {"interval": cell["interval"] or ""}
            if low is not None and high is not None:
                row |= {"low": round(low, 4), "high": round(high, 4)}
        rows.append(row)
    return rows


def _marks(shown: list[dict], fragile: bool, start: str = "estimate", end: str | None = None) -> list:
    """Rows of one status with their numbers named as the marks read them."""
    kept = ("label", "value", "interval", "n", "y")
    return [
        {"x": row[start] if start else 0} | ({"x2": row[end]} if end else {}) | {k: row[k] for k in kept}
        for row in shown
        if (row["status"] == "fragile") == fragile and (not end or end in row)
    ]


def _dot_marks(shown: list[dict], layout: Layout, x: alt.X) -> list[alt.Chart]:
    layers = []
    for fragile, band, stroke in ((True, "rule", "fragile"), (False, "data-4", "data")):
        spans = _marks(shown, fragile, "low", "high") if shown else []
        points_ = _marks(shown, fragile)
        if points_:
            layers += [
                segments(spans, layout, x, width=6, colour=band, strokeCap="round", tooltip=TOOLTIP),
                dots(
                    points_,
                    layout,
                    x,
                    fill="paper" if fragile else "data",
                    stroke=stroke,
                    tooltip=TOOLTIP,
                ),
            ]
    return layers
