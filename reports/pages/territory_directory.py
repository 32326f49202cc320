"""The territories of a level as a table: a link each, and what each population shows there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from analysis.cells import FRAGILE_LEGEND, REASONS, display
from reports.communes import place_link, plain
from reports.edition import Edition
from reports.figures import SMALL_AREAS
from reports.territory_figures import NOUNS, main_indicator, territories, territory_cells
from survey.french import NNBSP, capitalised, typography

HIDDEN = {"nd": "non diffusé", "secret": "secret statistique"}
Measured = Sequence[tuple[Edition, pl.DataFrame]]


def directory(editions: Mapping[str, Edition], level: str) -> str:
    """Every place of a level with a link to its page, as a raw HTML block.

    One column a population that is cut by this level: the share of its main indicator with its
    interval, or why there is none. A plain list when no population is.
    """
    root = next(iter(editions.values())).campaign.root
    places = list(territories(root).of(level).select("code", "nom_court").iter_rows())
    if level != "type_commune":  # which has an order of its own
        places.sort(key=lambda place: plain(place[1]))
    found = [
        (edition, territory_cells(edition, main_indicator(edition), level))
        for edition in editions.values()
    ]
    measured = [(edition, cells) for edition, cells in found if cells is not None]
    html = _table(places, measured, level) if measured else _list(places, level)
    return f"```{{=html}}\n{html}\n```\n"


def _list(places: Sequence[tuple[str, str]], level: str) -> str:
    items = "\n".join(f"<li>{_link(level, *place)}</li>" for place in places)
    return f'<ul class="lieux">\n{items}\n</ul>'


def _table(places: Sequence[tuple[str, str]], measured: Measured, level: str) -> str:
    noun = NOUNS[level].singular
    caption = typography(
        f"Part qui utilise l’IA dans chaque population, par {noun}, avec l’intervalle à 95{NNBSP}%"
    )
    heads = (capitalised(noun), *(edition.file.name for edition, _ in measured))
    columns = [_said(cells) for _, cells in measured]
    rows = [_row("Région", [_whole(edition) for edition, _ in measured])]
    rows += [
        _row(_link(level, code, name), [column[code] for column in columns])
        for code, name in places
    ]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="annuaire"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + f"\n</tbody></table></div>\n{_notes(measured)}"
    )


def _row(head: str, cells: Sequence[str]) -> str:
    said = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{head}</th>{said}</tr>'


def _link(level: str, code: str, name: str) -> str:
    return f'<a href="{place_link(level, code)}">{escape(typography(name))}</a>'


def _said(cells: pl.DataFrame) -> dict[str, str]:
    """What the table says of each place, by code."""
    return {str(row["domain"]): _value(row) for row in display(cells).to_dicts()}


def _whole(edition: Edition) -> str:
    cell = edition.by(main_indicator(edition), "ensemble")
    return _value(display(cell).row(0, named=True))


def _value(row: Mapping[str, Any]) -> str:
    if row["reason"]:
        return HIDDEN[row["status"]]
    fragile = ", fragile" if row["status"] == "fragile" else ""
    interval = f" <small>{row['interval']}</small>" if row["interval"] else ""
    return f"<b>{escape(row['value'])}</b>{interval}{fragile}"


def _notes(measured: Measured) -> str:
    """The meaning of the words that the table uses, and of no other."""
    statuses = {str(status) for _, cells in measured for status in cells["status"]}
    notes = [f"Fragile : {FRAGILE_LEGEND}"] if "fragile" in statuses else []
    if "nd" in statuses:
        notes.append(f"{REASONS['nd'].capitalize()} ; {SMALL_AREAS}")
    return f'<p class="lire notes">{typography(". ".join(notes))}.</p>' if notes else ""
