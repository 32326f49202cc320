"""The g-weights of a calibration by category of margin, as boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from analysis.calibration import Calibration
from analysis.layout import SIZES, Form, Layout, Row, check_form, row_layout
from analysis.lettering import text_width, wrap
from analysis.marks import Chart, Layer, assemble, segments, texts, told, uprights
from analysis.weight_charts import (
    WHOLE,
    Span,
    factor_table,
    factor_words,
    one_and_bounds,
    plot,
    span_of,
)
from survey.french import NNBSP, decimal, integer, typography

BOX_TOOLTIP = (
    told("label", "Ligne"),
    told("value", "Médiane"),
    told("interval", "Étendue"),
    told("n", "Répondants"),
)
LEGEND = (
    f"Trait{NNBSP}: du minimum au maximum{NNBSP}; bande claire{NNBSP}: neuf répondants sur dix"
    f"{NNBSP}; bande foncée{NNBSP}: moitié centrale{NNBSP}; repère{NNBSP}: médiane"
)
BOUNDS = f"{NNBSP}; tirets noirs{NNBSP}: bornes"
HEADS = ("médiane", "étendue")


def factor_boxes(
    calibration: Calibration, labels: Sequence[str] | None = None, *, form: Form = "wide"
) -> Chart:
    """g-weights by category of margin: range, middle 90 %, middle half, median; 1 in orange.

    `labels` names the rows of `factor_table`, in its order; « taille : 10-49 » by default.
    """
    check_form(form)
    table, span = factor_table(calibration), span_of(calibration)
    if labels is None:
        names = table.select("variable", "category").rows()[1:]
        labels = [WHOLE.capitalize(), *(typography(f"{v} : {c}") for v, c in names)]
    rows = box_rows(table, labels, span)
    sizes = SIZES[form]
    value, interval = (
        max(text_width(text, sizes.text, bold=True) for text in (head, *(r[name] for r in rows)))
        for head, name in zip(HEADS, ("value", "interval"), strict=True)
    )
    layout = row_layout(labels, form, maximum=span.width, top=44, columns=value + interval + 48)
    for row, y, first in zip(rows, layout.marks, layout.firsts, strict=True):
        row |= {"y": y, "first": first}
    words = LEGEND + (BOUNDS if calibration.summary.bounds else "") + "."
    lines = wrap(words, sizes.small, sizes.width - 8)
    start = layout.bottom + 18
    legend = [layout.at(0, start + i * sizes.line, line) for i, line in enumerate(lines)]
    layout = replace(layout, height=start + sizes.line * len(lines))
    tracks = [(row["y"] - 11, row["y"] + 11) for row in rows]
    heights = [plot(layout)] if form == "wide" else tracks
    layers = [*axis(span, layout, rows), *box_marks(rows)]
    layers += one_and_bounds(calibration, layout, span, 12, heights)
    layers += [texts(layout.lines), *columns(rows, layout, interval)]
    layers.append(texts(legend, colour="soft", size=layout.sizes.small))
    return assemble(layers, layout, description=factor_words(calibration))


def box_rows(table: pl.DataFrame, labels: Sequence[str], span: Span) -> list[Row]:
    """One dictionary a row: its quantiles on the scale and its words."""
    rows = []
    for found, label in zip(table.to_dicts(), labels, strict=True):
        places = ("min", "p05", "q1", "median", "q3", "p95", "max")
        row = {name: round(found[name] - span.start, 4) for name in places}
        low, high = decimal(found["min"], 2), decimal(found["max"], 2)
        row |= {"label": label, "value": decimal(found["median"], 2)}
        rows.append(
            row | {"interval": f"[{low}{NNBSP}; {high}]", "n": integer(found["n_respondents"])}
        )
    return rows


def axis(span: Span, layout: Layout, rows: Sequence[Row]) -> list[Layer]:
    """Names of the scale above the plot; its lines when wide, a track a row when narrow."""
    every = span.every(layout.form)
    places = [place * span.step for place in range(0, span.count + 1, every)]
    names = [
        layout.over(place * span.step, layout.top - 10, span.name(place))
        for place in range(0, span.count + 1, every)
    ]
    if layout.form == "wide":
        lines = [{"x": x, "y": layout.top, "y2": layout.bottom} for x in places]
        drawn = uprights(lines, colour="rule")
    else:
        drawn = segments(
            [{"x": 0, "x2": span.width, "y": row["y"]} for row in rows], width=1, colour="rule"
        )
    return [drawn, texts(names, colour="soft", size=layout.sizes.small, align="center")]


def box_marks(rows: Sequence[Row]) -> list[Layer]:
    """Range, middle 90 %, middle half and median of each row."""
    spoken = ("y", "label", "value", "interval", "n")

    def spans(start: str, end: str) -> list[Row]:
        return [
            {"x": row[start], "x2": row[end]} | {name: row[name] for name in spoken} for row in rows
        ]

    medians = [{"x": row["median"], "y": row["y"] - 10, "y2": row["y"] + 10} for row in rows]
    return [
        segments(spans("min", "max"), width=2, colour="data-2", tooltip=BOX_TOOLTIP),
        segments(spans("p05", "p95"), width=8, colour="data-2", tooltip=BOX_TOOLTIP),
        segments(spans("q1", "q3"), width=14, colour="data-3", tooltip=BOX_TOOLTIP),
        uprights(medians, colour="ink", width=3),
    ]


def columns(rows: Sequence[Row], layout: Layout, interval: float) -> list[Layer]:
    """Median in bold and range at the right, headed when wide."""
    right, sizes = layout.sizes.width, layout.sizes
    edge = right - interval - 16
    values = [layout.at(edge, row["first"], row["value"]) for row in rows]
    ranges = [layout.at(right, row["first"], row["interval"]) for row in rows]
    heads = [
        layout.at(edge, layout.top - 10, HEADS[0]),
        layout.at(right, layout.top - 10, HEADS[1]),
    ]
    return [
        texts(values, bold=True, align="right"),
        texts(ranges, colour="soft", align="right"),
        texts(
            heads if layout.form == "wide" else [], colour="soft", size=sizes.small, align="right"
        ),
    ]
