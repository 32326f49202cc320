"""Every kind of figure: published cells and a caption in, a `Figure` out.

Each draws the wide and the narrow form, writes the text alternative and the table from the same
cells, and says what its signs mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from analysis.cells import FRAGILE_LEGEND, REASONS, by_value, display
from analysis.charts import KEY, Order, dot_interval, dumbbell, share_bars
from analysis.distribution import distribution
from analysis.maps import departement_map
from analysis.marks import Reference
from analysis.wording import BROKEN, NOT_COMPARED, alt_text, change_words, interval_words
from reports.figure import Caption, Figure, text_html

BEFORE_ROUNDING = "Les évolutions sont calculées avant arrondi."


def dot_figure(
    frame: pl.DataFrame,
    caption: Caption,
    *,
    reference: Reference | None = None,
    order: Order = "value",
) -> Figure:
    """Shares (or means, totals) by row as dots with their intervals."""
    return _row_figure("dots", frame, caption, reference, order)


def bar_figure(
    frame: pl.DataFrame,
    caption: Caption,
    *,
    reference: Reference | None = None,
    order: Order = "value",
) -> Figure:
    """Several indicators of one population as bars with their intervals."""
    return _row_figure("bars", frame, caption, reference, order)


def _row_figure(
    kind: str, frame: pl.DataFrame, caption: Caption, reference: Reference | None, order: Order
) -> Figure:
    chart = {"dots": dot_interval, "bars": share_bars}[kind]
    forms = [chart(frame, reference=reference, order=order, form=f) for f in ("wide", "narrow")]
    table = by_value(frame) if order == "value" else frame
    said = alt_text(frame, kind, caption.subtitle, reference)
    return Figure(caption, *forms, said, frame, table, note=_fragile_note(frame, kind))


def change_figure(
    before: pl.DataFrame,
    after: pl.DataFrame,
    changes: pl.DataFrame,
    caption: Caption,
    *,
    order: Order = "given",
) -> Figure:
    """Two editions as dumbbells; `changes` from `comparison.compare_editions`."""
    forms = [
        dumbbell(before, after, changes, order=order, form=form) for form in ("wide", "narrow")
    ]
    earlier = display(before).select(*KEY, was="value")
    table = (
        (by_value(after) if order == "value" else after)
        .drop("series_break", strict=False)
        .join(earlier, on=KEY, how="left", maintain_order="left")
        .join(
            changes.select(*KEY, "difference", "verdict", "series_break"),
            on=KEY,
            how="left",
            maintain_order="left",
        )
    )
    words = [
        change_words(row["difference"], row["verdict"], row["series_break"])
        if row["was"] and row["estimate"] is not None
        else NOT_COMPARED
        for row in table.to_dicts()
    ]
    table = table.with_columns(pl.col("was").fill_null("nd"), pl.Series("change", words))
    extra = (("was", str(before["edition"][0])), ("change", "Évolution"))
    details = [
        f"{row['label']} : {row['was']} puis {row['value']}, {row['change']}"
        for row in display(table).to_dicts()
        if row["change"] not in (NOT_COMPARED, BROKEN)
    ]
    said = alt_text(after, "dumbbell", caption.subtitle, details=details)
    frame = pl.concat([before.select(after.columns), after], how="vertical_relaxed")
    broken = dict.fromkeys(changes["series_break"].drop_nulls())
    notes = [BEFORE_ROUNDING, *broken, _fragile_note(after, "dumbbell")]
    note = " ".join(filter(None, notes))
    return Figure(caption, *forms, said, frame, table, extra=extra, note=note)


def distribution_figure(frame: pl.DataFrame, answers: Sequence[str], caption: Caption) -> Figure:
    """Ordered answers as stacked bars; `frame` has a column `answer`."""
    forms = [distribution(frame, answers, form=form) for form in ("wide", "narrow")]
    said = alt_text(frame, "distribution", caption.subtitle)
    return Figure(caption, *forms, said, frame, frame, second=("answer", "Réponse"))


def _fragile_note(frame: pl.DataFrame, kind: str) -> str:
    """What the grey of a chart means, when there is some."""
    if not (frame["status"] == "fragile").any():
        return ""
    sign = {"dots": "Cercle gris", "bars": "Barre grise", "dumbbell": "Point gris"}[kind]
    return f"{sign} : {FRAGILE_LEGEND}."


def map_figure(frame: pl.DataFrame, geojson: Mapping[str, Any], caption: Caption) -> Figure:
    """Territories in tints, their list beside; every number is written, so nothing to hover."""
    forms = [departement_map(frame, geojson, form=form) for form in ("wide", "narrow")]
    said = alt_text(frame, "map", caption.subtitle)
    return Figure(caption, *forms, said, frame, by_value(frame), interactive=False)


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One published cell (a row of the result vocabulary) and the sentence that says it."""

    cell: Mapping[str, Any]
    sentence: str


def key_figures(figures: Sequence[KeyFigure]) -> str:
    """The list of key figures: number, interval as a mark and as words, sentence."""
    items = "\n".join(_key(figure) for figure in figures)
    return "```{=html}\n" + f'<ul class="key">\n{items}\n</ul>' + "\n```\n"


def _key(figure: KeyFigure) -> str:
    frame = pl.DataFrame([{"label": "", **figure.cell}])
    row = display(frame).row(0, named=True)
    sentence = f"<p>{text_html(figure.sentence)}</p>"
    if row["reason"]:
        status, why = row["status"], text_html(REASONS[row["status"]])
        return f'<li><b>{status}</b><span class="ic">{why}</span>{sentence}</li>'
    low, high, bar, words = row["conf_low"], row["conf_high"], "", ""
    if low is not None and high is not None:
        words = interval_words(low, high, row["statistic"])
        words += ", fragile" if row["status"] == "fragile" else ""
        bar = _bar(row) if row["statistic"] == "share" else ""
    value, said = escape(row["value"]), f'<span class="ic">{text_html(words)}</span>'
    return f"<li><b>{value}</b>{bar}{said}{sentence}</li>"


def _bar(row: Mapping[str, Any]) -> str:
    left, right = 100 * row["conf_low"], 100 * row["conf_high"]
    span = f'<i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
    mark = f'<u style="left:{100 * row["estimate"]:.1f}%"></u>'
    return f'<span class="bar" aria-hidden="true">{span}{mark}</span>'
