"""Published cells as an accessible HTML table and as a frame ready for CSV."""

from __future__ import annotations

import html
from collections.abc import Sequence

import polars as pl

from analysis.cells import FRAGILE_LEGEND, NUMBERS, REASONS, count_text, display
from analysis.estimation import RESULT
from analysis.series import SERIES
from survey.french import NBSP, typography

FRAGILE_SIGN = "f"
CHANGE = ("difference", "difference_low", "difference_high", "verdict")  # since another edition
LEFT = ' style="text-align:left"'  # a column of words among columns of figures


def html_table(
    frame: pl.DataFrame,
    *,
    caption: str,
    scope: str,
    row_header: str,
    second: tuple[str, str] | None = None,
    extra: Sequence[tuple[str, str]] = (),
) -> str:
    """An HTML table: label, value, interval, respondents, and the meaning of every sign used.

    Parameters
    ----------
    frame : published cells with `label`, in the order wanted
    caption, scope : what is measured, and on whom (« Champ »)
    row_header : what the rows are (« Secteur »)
    second : a second heading of each row, as (column, heading) (« Réponse »)
    extra : further columns before the estimate, as (column, heading); already in French

    A withheld cell shows « nd » or « secret » with its reason in the notes, and no number.
    """
    cells = display(frame)
    heads = [head for _, head in extra]
    heads += ["Estimation", f"Intervalle à{NBSP}95 %", "Répondants"]
    head = f'<th scope="col">{_text(row_header)}</th>'
    head += f'<th scope="col"{LEFT}>{_text(second[1])}</th>' if second else ""
    head += "".join(f'<th scope="col">{_text(text)}</th>' for text in heads)
    columns = [column for column, _ in extra]
    rows = "".join(_row(row, second and second[0], columns) for row in cells.to_dicts())
    title = f"<caption>{_text(caption)}. {_text('Champ : ' + scope)}</caption>"
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{_text(caption)}">'
        f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"{_notes(cells)}"
    )


def _row(row: dict, second: str | None, extra: Sequence[str]) -> str:
    start = f'<tr><th scope="row">{_text(row["label"])}</th>'
    start += f'<th scope="row"{LEFT}>{_text(row[second])}</th>' if second else ""
    start += "".join(f"<td>{_text(str(row[name] or ''))}</td>" for name in extra)
    if row["reason"]:
        return f"{start}<td>{row['status']}</td><td>–</td><td>–</td></tr>"
    sign = f" <sup>{FRAGILE_SIGN}</sup>" if row["status"] == "fragile" else ""
    count = count_text(row["n_respondents"]) or "–"
    figures = (f"{html.escape(row['value'])}{sign}", row["interval"] or "–", count)
    return start + "".join(f"<td>{figure}</td>" for figure in figures) + "</tr>"


def _notes(cells: pl.DataFrame) -> str:
    """The meaning of the signs this table uses, and of no other."""
    statuses = set(cells["status"].cast(pl.String))
    notes = [f"{FRAGILE_SIGN} : {FRAGILE_LEGEND}"] if "fragile" in statuses else []
    notes += [f"{sign} : {reason}" for sign, reason in REASONS.items() if sign in statuses]
    return f'<p class="lire notes">{_text(". ".join(notes))}.</p>' if notes else ""


def _text(text: str) -> str:
    return html.escape(typography(text))


def csv_frame(frame: pl.DataFrame, *, simulated: bool) -> pl.DataFrame:
    """The result vocabulary with full values, `label` first, for a CSV file.

    No number accompanies a cell that is `nd` or `secret`. The last column, `nature`, says « données
    simulées » or « enquête » on every row, so that a copied row still tells what it is; a frame
    that mixes sources brings its own `nature`.
    """
    display(frame)
    others = [name for name in ("answer",) if name in frame.columns]
    kept = [name for name in (*RESULT, *SERIES, *CHANGE) if name in frame.columns]
    withheld = pl.col("status").cast(pl.String).is_in(list(REASONS))
    numbers = [name for name in NUMBERS if name in kept]
    nature = pl.lit("données simulées" if simulated else "enquête").alias("nature")
    if "nature" in frame.columns:
        nature = pl.col("nature").fill_null(nature)
    return frame.select("label", *others, pl.col(kept), nature).with_columns(
        pl.when(~withheld).then(pl.col(numbers)).name.keep()
    )
