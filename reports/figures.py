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

from analysis.alternatives import alt_text
from analysis.cartogram import cartogram
from analysis.cells import FRAGILE_LEGEND, REASONS, by_value, display
from analysis.charts import KEY, Order, dot_interval, dumbbell, share_bars
from analysis.distribution import distribution
from analysis.diverging import Poles, diverging
from analysis.evolution import evolution
from analysis.layout import Form
from analysis.map_list import TERRITORY
from analysis.maps import contour_map
from analysis.marks import Reference
from analysis.matrix import NO_TOTALS, Totals, matrix
from analysis.multiples import multiples
from analysis.wording import (
    BROKEN,
    NOT_COMPARED,
    Noun,
    change_interval,
    change_words,
    interval_words,
)
from reports.figure import Caption, Figure, text_html
from survey.french import NNBSP

FORMS: tuple[Form, ...] = ("wide", "narrow")
REASON_START = f"non diffusé{NNBSP}: "
SMALL_AREAS = "une estimation par petits domaines est à venir"
BEFORE_ROUNDING = "Les évolutions sont calculées avant arrondi."
OF_CHANGE = "Intervalle de l’évolution"
# What the data of a figure say of a change, by the column of `comparison.compare_editions`.
MOVE = (
    pl.col("difference", "verdict"),
    pl.col("conf_low").alias("difference_low"),
    pl.col("conf_high").alias("difference_high"),
)


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
    forms = [chart(frame, reference=reference, order=order, form=f) for f in FORMS]
    table = by_value(frame) if order == "value" else frame
    trend = _trend(frame) if order == "given" else []
    said = alt_text(frame, kind, caption.subtitle, reference, trend)
    return Figure(caption, *forms, said, frame, table, note=_fragile_note(frame, kind))


def _trend(frame: pl.DataFrame) -> list[str]:
    """The first and the last of rows in an order of their own: « De sans salarié 8 % à … ».

    Nothing where a figure published elsewhere, without interval, stands among them.
    """
    shown = display(frame).filter(pl.col("value").is_not_null()).to_dicts()
    if len(shown) < 2 or any(row["conf_low"] is None for row in shown):
        return []
    first, last = shown[0], shown[-1]
    return [f"De « {first['label']} », {first['value']}, à « {last['label']} », {last['value']}"]


def change_figure(
    before: pl.DataFrame,
    after: pl.DataFrame,
    changes: pl.DataFrame,
    caption: Caption,
    *,
    order: Order = "given",
) -> Figure:
    """Two editions as dumbbells; `changes` from `comparison.compare_editions`."""
    forms = [dumbbell(before, after, changes, order=order, form=form) for form in FORMS]
    earlier = display(before).select(*KEY, was="value")
    moves = changes.select(*KEY, *MOVE)
    later = after.join(moves, on=KEY, how="left", maintain_order="left")
    table = (
        (by_value(later) if order == "value" else later)
        .drop("series_break", strict=False)
        .join(earlier, on=KEY, how="left", maintain_order="left")
        .join(changes.select(*KEY, "series_break"), on=KEY, how="left", maintain_order="left")
    )
    words = [
        change_words(row["difference"], row["verdict"], row["series_break"])
        if row["was"] and row["estimate"] is not None
        else NOT_COMPARED
        for row in table.to_dicts()
    ]
    spans = [
        change_interval(row["difference_low"], row["difference_high"], row["statistic"])
        for row in table.to_dicts()
    ]
    table = table.with_columns(
        pl.col("was").fill_null("nd"), pl.Series("change", words), pl.Series("span", spans)
    )
    extra = (("was", str(before["edition"][0])), ("change", "Évolution"), ("span", OF_CHANGE))
    details = [
        f"{row['label']} : {row['was']} puis {row['value']}, {row['change']}"
        for row in display(table).to_dicts()
        if row["change"] not in (NOT_COMPARED, BROKEN)
    ]
    said = alt_text(after, "dumbbell", caption.subtitle, details=details)
    frame = pl.concat([before.select(after.columns), later], how="diagonal_relaxed")
    broken = dict.fromkeys(changes["series_break"].drop_nulls())
    notes = [BEFORE_ROUNDING, *broken, _fragile_note(after, "dumbbell")]
    note = " ".join(filter(None, notes))
    return Figure(caption, *forms, said, frame, table, extra=extra, note=note)


def distribution_figure(frame: pl.DataFrame, answers: Sequence[str], caption: Caption) -> Figure:
    """Ordered answers as stacked bars; `frame` has a column `answer`."""
    forms = [distribution(frame, answers, form=form) for form in FORMS]
    said = alt_text(frame, "distribution", caption.subtitle)
    note = _fragile_note(frame, "distribution")
    return Figure(caption, *forms, said, frame, frame, second=("answer", "Réponse"), note=note)


def diverging_figure(
    frame: pl.DataFrame,
    totals: pl.DataFrame,
    poles: Poles,
    caption: Caption,
    *,
    order: Order = "value",
) -> Figure:
    """Answers of agreement around their middle, and the total of one side with its interval.

    The table begins each row with that total; `totals` needs no column `answer`.
    """
    forms = [diverging(frame, totals, poles, order=order, form=form) for form in FORMS]
    total = f"Total « {poles.names[1]} »"
    sums = (by_value(totals) if order == "value" else totals).with_columns(answer=pl.lit(total))
    places = {label: i for i, label in enumerate(sums["label"])}
    both = pl.concat([sums, frame], how="diagonal_relaxed")
    rank = pl.col("label").replace_strict(places, default=len(places), return_dtype=pl.Int64)
    table = both.sort(rank, maintain_order=True)
    said = alt_text(totals, "diverging", f"{caption.subtitle}. {total}")
    second = ("answer", "Réponse")
    note = _fragile_note(table, "diverging")
    return Figure(caption, *forms, said, table, table, second=second, note=note, interactive=False)


def multiples_figure(
    frame: pl.DataFrame,
    caption: Caption,
    *,
    panels: str,
    references: Mapping[str, Reference] | None = None,
    order: Order = "value",
) -> Figure:
    """Titled panels on one scale; `frame` has a column `panel`, `panels` heads it in the table."""
    forms = [multiples(frame, references=references, order=order, form=form) for form in FORMS]
    said = alt_text(frame, "multiples", caption.subtitle)
    note = " ".join(filter(None, [_fragile_note(frame, "multiples"), _signs(frame)]))
    answers = frame.with_columns(answer="panel")
    return Figure(caption, *forms, said, answers, answers, second=("answer", panels), note=note)


def matrix_figure(
    frame: pl.DataFrame,
    caption: Caption,
    *,
    columns: str,
    totals: Totals = NO_TOTALS,
    order: Order = "value",
) -> Figure:
    """Domains by uses in tints; `columns` heads the column `answer` in the table."""
    forms = [matrix(frame, totals=totals, order=order, form=form) for form in FORMS]
    inside = frame.filter(
        pl.col("label") != (totals.row or ""), pl.col("answer") != (totals.column or "")
    )
    said = alt_text(inside, "matrix", caption.subtitle)
    note = " ".join(filter(None, [_fragile_note(frame, "matrix"), _signs(frame)]))
    second = ("answer", columns)
    return Figure(caption, *forms, said, frame, frame, second=second, note=note, interactive=False)


def evolution_figure(frame: pl.DataFrame, caption: Caption) -> Figure:
    """A series of editions for each label; no line through a break, which the note tells."""
    forms = [evolution(frame, form=form) for form in FORMS]
    table = frame.with_columns(year=pl.col("edition").cast(pl.String))
    said = alt_text(frame, "series", caption.subtitle, details=_spans(frame))
    broken = frame["series_break"].drop_nulls() if "series_break" in frame.columns else []
    notes = [*dict.fromkeys(broken), _fragile_note(frame, "series"), _signs(frame)]
    note = " ".join(filter(None, notes))
    return Figure(caption, *forms, said, frame, table, second=("year", "Édition"), note=note)


def _spans(frame: pl.DataFrame) -> list[str]:
    """« Ensemble : 19 % en 2025, 24 % en 2026 »: both ends of each series."""
    told = []
    for _, part in display(frame).sort("edition").group_by("label", maintain_order=True):
        ends = part.filter(pl.col("value").is_not_null())[["label", "value", "edition"]].rows()
        if len(ends) > 1:
            (label, was, before), (_, now, after) = ends[0], ends[-1]
            told.append(f"{label} : {was} en {before}, {now} en {after}")
    return told


def population_figure(frame: pl.DataFrame, caption: Caption) -> Figure:
    """One indicator for several populations, each a row in the order given."""
    return _row_figure("dots", frame, caption, None, "given")


FRAGILE_SIGNS = {
    "dots": "Cercle gris",
    "bars": "Barre grise",
    "dumbbell": "Point gris",
    "series": "Cercle gris",
    "multiples": "Cercle gris",
    "diverging": "Barre évidée ou total gris",
    "distribution": "Barre évidée",
    "matrix": "Cadre gris",
}


def _fragile_note(frame: pl.DataFrame, kind: str) -> str:
    """What the grey of a chart means, when there is some."""
    if not (frame["status"] == "fragile").any():
        return ""
    return f"{FRAGILE_SIGNS[kind]} : {FRAGILE_LEGEND}."


def _signs(frame: pl.DataFrame) -> str:
    """What « nd » and « secret » mean, when a chart has room for the sign alone."""
    statuses = set(frame["status"].cast(pl.String))
    reasons = {sign: reason.replace(f"{NNBSP}: ", ", ") for sign, reason in REASONS.items()}
    return " ".join(f"« {sign} » : {why}." for sign, why in reasons.items() if sign in statuses)


def map_figure(
    frame: pl.DataFrame,
    geojson: Mapping[str, Any],
    caption: Caption,
    *,
    reference: Reference | None = None,
    noun: Noun = TERRITORY,
) -> Figure:
    """Territories in tints, their list beside; every number is written, so nothing to explore."""
    names = dict(frame.select(pl.col("domain", "label").cast(pl.String)).iter_rows())
    forms = [
        contour_map(frame, geojson, names, reference=reference, noun=noun, form=form)
        for form in FORMS
    ]
    said = alt_text(frame, "map", caption.subtitle, reference)
    note = _sign_notes(frame, "Hachures", "Contour pointillé")
    return Figure(caption, *forms, said, frame, by_value(frame), note=note, interactive=False)


def cartogram_figure(
    frame: pl.DataFrame,
    places: pl.DataFrame,
    caption: Caption,
    *,
    outlines: Mapping[str, Any] | None = None,
    reference: Reference | None = None,
    noun: Noun = TERRITORY,
) -> Figure:
    """Territories as circles by population, their list beside (see `cartogram`)."""
    forms = [
        cartogram(frame, places, outlines=outlines, reference=reference, noun=noun, form=form)
        for form in FORMS
    ]
    said = alt_text(frame, "cartogram", caption.subtitle, reference)
    note = "Chaque cercle a la taille de la population et se tient au plus près de sa place. "
    note += _sign_notes(frame, "Cercle creux", "Cercle pointillé")
    note = note.strip()
    return Figure(caption, *forms, said, frame, by_value(frame), note=note, interactive=False)


def _sign_notes(frame: pl.DataFrame, fragile: str, empty: str) -> str:
    """What the signs of a map mean, those that it has."""
    notes = []
    if (frame["status"] == "fragile").any():
        notes.append(f"{fragile} : {FRAGILE_LEGEND}.")
    statuses = set(frame["status"].cast(pl.String))
    if withheld := [key for key in REASONS if key in statuses]:
        coming = f" ; {SMALL_AREAS}" if "nd" in statuses else ""
        reason = REASONS[withheld[0]].removeprefix(REASON_START)  # that of « nd » names both
        notes.append(f"{empty} : chiffre non diffusé ({reason}){coming}.")
    return " ".join(notes)


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
