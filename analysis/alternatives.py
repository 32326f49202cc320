"""The text alternative of a figure, which says no more than a title may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from analysis.cells import SHOWN, by_value, display, value_text
from analysis.marks import Reference
from analysis.ranking import has_last, leaders, widest_gap
from survey.french import typography

LONGEST_ALT = 400  # characters: a listener cannot skim


_KINDS = {
    "dots": "Points avec intervalle à 95 %",
    "bars": "Barres avec intervalle à 95 %",
    "dumbbell": "Évolution entre deux éditions",
    "series": "Évolution sur plusieurs éditions, avec intervalle à 95 %",
    "distribution": "Barres empilées",
    "diverging": "Barres de part et d’autre d’un milieu",
    "multiples": "Panneaux de points avec intervalle à 95 %",
    "matrix": "Tableau en teintes, chaque part écrite avec son intervalle",
    "map": "Carte",
    "cartogram": "Carte en cercles à la mesure de la population",
}
# What names a cell beside its label, where one label has several cells.
_SECOND = {"distribution": "answer", "matrix": "answer", "multiples": "panel", "series": "edition"}


def alt_text(
    frame: pl.DataFrame,
    kind: str,
    measure: str,
    reference: Reference | None = None,
    details: Sequence[str] = (),
) -> str:
    """Text alternative of a figure: what it shows, its extremes, the reference, what is missing.

    An extreme is named only when `analysis.ranking` allows; else the values go « de 12 % à 31 % ».
    `kind` is one of dots, bars, dumbbell, series, distribution, diverging, multiples, matrix, map,
    cartogram; `measure` says what is drawn; `details` are further sentences (a trend first),
    without their full stop: those that would pass 400 characters are left to the table.
    """
    cells = by_value(display(frame))
    shown = cells.filter(pl.col("status").is_in(SHOWN))
    hidden = cells.height - shown.height
    parts = [f"{_KINDS[kind]} : {measure.rstrip('.')}"]
    parts += extremes(shown.to_dicts(), _SECOND.get(kind), hidden)
    if reference:
        parts.append(f"{reference.label} : {value_text(reference.value, reference.statistic)}")
    missing = _missing(shown, hidden)
    return typography(". ".join([*parts, *_fitting(details, parts + missing), *missing]) + ".")


def extremes(shown: Sequence[dict], second: str | None, hidden: int) -> list[str]:
    """The first and the last where they are sure, and the range of the other values."""
    if len(shown) < 2:
        return [_named(row, second) for row in shown]
    has_first, ends = bool(leaders(shown)), (shown[0], shown[-1])
    among = " des chiffres diffusés" if hidden else ""
    told, rest = [], list(shown)
    if has_first:
        told.append(f"Le plus élevé{among} : {_named(rest.pop(0), second)}")
    if has_last(shown):
        told.append(f"Le plus bas{among} : {_named(rest.pop(), second)}")
    if not told:
        tested = all(row["conf_low"] is not None for row in shown)
        doubt = ", écarts non établis" if tested and not widest_gap(shown) else ""
        return [f"Valeurs : {_span(*ends)}{doubt}"]
    if len(told) == 1:
        told.append(f"Les autres : {_span(rest[0], rest[-1])}")
    return told


def _span(high: Mapping, low: Mapping) -> str:
    """« de 12 % à 31 % », or the only value there is."""
    same = high["value"] == low["value"]
    return low["value"] if same else f"de {low['value']} à {high['value']}"


def _missing(shown: pl.DataFrame, hidden: int) -> list[str]:
    fragile = shown.filter(pl.col("status") == "fragile").height
    counts = ((fragile, "fragile"), (hidden, "non diffusée"))
    return [
        f"{count} estimation{'s' * (count > 1)} {what}{'s' * (count > 1)}"
        for count, what in counts
        if count
    ]


def _fitting(details: Sequence[str], others: Sequence[str]) -> list[str]:
    """The first details that fit in an alternative beside the others; the table has the rest."""
    rest = "La suite est dans le tableau"
    room = LONGEST_ALT - len(". ".join(others)) - 1
    if sum(len(detail) + 2 for detail in details) <= room:
        return list(details)
    kept, room = [], room - len(rest) - 2
    for detail in details:
        room -= len(detail) + 2
        if room < 0:
            break
        kept.append(detail)
    return [*kept, rest]


def _named(row: dict, second: str | None) -> str:
    where = f"{row['label']}, {row[second]}" if second else row["label"]
    return f"{where}, {row['value']}{' (fragile)' * (row['status'] == 'fragile')}"
