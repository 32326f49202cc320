"""What a published cell shows: its number in French, its interval, or why there is none.

Every chart, map, table and sentence reads a cell through here, so that a number withheld by the
disclosure gate cannot come back, and is explained in the same words everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

from analysis.disclosure import NUMBERS
from survey.errors import SurveyError
from survey.french import NNBSP, decimal, integer, percent, typography

SECRET = "secret statistique"
FEW = "trop peu de réponses ou secret"  # of the cell, or of another that it would tell
REASONS = {"nd": f"non diffusé{NNBSP}: {FEW}", "secret": SECRET}
SHOWN = ("ok", "fragile")
FRAGILE_LEGEND = typography("estimation fragile (intervalle large), à lire avec prudence")
REQUIRED = ("label", "statistic", "estimate", "conf_low", "conf_high", "n_respondents", "status")


def value_text(value: float, statistic: str) -> str:
    """« 24 % » for a share in [0, 1], « 113 483 » for a total, « 3,2 » for the rest.

    A share that rounds to 0 or 100 % without being it reads « < 1 % » or « > 99 % ».
    """
    if statistic != "share":
        return integer(value) if statistic == "total" else decimal(value)
    if 0 < value < 0.005:
        return f"<{NNBSP}1{NNBSP}%"
    if 0.995 <= value < 1:
        return f">{NNBSP}99{NNBSP}%"
    return percent(value)


def interval_ends(low: float, high: float, statistic: str) -> tuple[str, str]:
    """Both ends in the unit of the value: whole for shares and totals, else with one decimal.

    One decimal comes too when whole ends would read the same. When they still would, they are
    rounded outwards: « 0,0 » and « 0,1 » rather than twice « 0,0 ».
    """
    if statistic == "share":
        low, high = 100 * low, 100 * high
    for write in (integer, decimal) if statistic in ("share", "total") else (decimal,):
        ends = (write(low), write(high))
        if low == high or ends[0] != ends[1]:
            return ends
    return decimal(math.floor(10 * low) / 10), decimal(math.ceil(10 * high) / 10)


def interval_text(low: float, high: float, statistic: str) -> str:
    """« [22 ; 26] », in the unit of the value."""
    first, last = interval_ends(low, high, statistic)
    return f"[{first}{NNBSP}; {last}]"


def count_text(count: int | None) -> str:
    """« 1 240 » respondents; empty when the count is withheld."""
    return "" if count is None else integer(count)


def check_cells(cells: pl.DataFrame) -> None:
    """Refuse a frame that lacks a column, has an unknown status, or leaks a withheld number."""
    missing = [name for name in REQUIRED if name not in cells.columns]
    if missing:
        raise SurveyError(
            f"cellules publiées{NNBSP}: colonnes absentes {missing}{NNBSP}; "
            f"présentes {cells.columns}. Ajouter les libellés, puis le contrôle de diffusion."
        )
    unknown = sorted(set(cells["status"].to_list()) - {*SHOWN, *REASONS}, key=str)
    if unknown:
        raise SurveyError(f"cellules publiées{NNBSP}: statut inconnu {unknown}.")
    numbers = [name for name in NUMBERS if name in cells.columns]
    withheld = ~pl.col("status").is_in(SHOWN)
    leaks = cells.filter(withheld & pl.any_horizontal(pl.col(numbers).is_not_null()))
    if leaks.height:
        raise SurveyError(
            f"cellules publiées{NNBSP}: un chiffre accompagne une cellule non diffusée "
            f"({', '.join(leaks['label'].to_list())}). Passer par le contrôle de diffusion."
        )


def display(cells: pl.DataFrame) -> pl.DataFrame:
    """`cells` plus `value`, `interval` and `reason`, ready to print; null where there is nothing.

    Rows and order are kept. Numbers are rounded here and nowhere earlier.
    """
    check_cells(cells)
    rows = list(
        zip(
            *(cells[name] for name in ("estimate", "conf_low", "conf_high", "statistic")),
            strict=True,
        )
    )
    values = [None if v is None else value_text(v, kind) for v, _, _, kind in rows]
    intervals = [
        None if low is None or high is None else interval_text(low, high, kind)
        for _, low, high, kind in rows
    ]
    labels = [typography(label) for label in cells["label"]]
    return cells.with_columns(
        pl.Series("label", labels, dtype=pl.String),
        pl.Series("value", values, dtype=pl.String),
        pl.Series("interval", intervals, dtype=pl.String),
        pl.col("status").cast(pl.String).replace_strict(REASONS, default=None).alias("reason"),
    )


def cell_words(row: Mapping, fragile: str) -> str:
    """« 24 % [22 ; 26] » of a displayed row, with `fragile` where it is so, or why no figure."""
    if row["reason"]:
        return row["reason"]
    words = " ".join(filter(None, [row["value"], row["interval"]]))
    return f"{words}, {fragile}" if row["status"] == "fragile" else words


def by_value(cells: pl.DataFrame) -> pl.DataFrame:
    """Largest estimate first, equal ones by label; cells without a number last, in their order."""
    shown = cells.filter(pl.col("estimate").is_not_null())
    hidden = cells.filter(pl.col("estimate").is_null())
    return pl.concat([shown.sort("estimate", "label", descending=[True, False]), hidden])
