"""What a frame must be before it is computed on, and how a fault is told in French."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import polars as pl
from numpy.typing import NDArray

from survey.errors import SurveyError
from survey.french import integer, typography
from survey.marked import row_list

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST = 1e60  # of a number: the square of one times another does not overflow
SHOWN = 5  # rows or codes named in a message


def fault(message: str, kind: type[SurveyError] = SurveyError) -> SurveyError:
    """An error whose French message has its typography done."""
    return kind(typography(message))


def named(values: Sequence[object]) -> str:
    """« 3, 8, 12 et 40 autres »: the first few of a list, and how many more there are."""
    return and_more(", ".join(str(value) for value in values[:SHOWN]), len(values) - SHOWN)


def and_more(first: str, more: int) -> str:
    """« 3, 8 et 40 autres »."""
    return first if more <= 0 else f"{first} et {integer(more)} autre{'s' if more > 1 else ''}"


def row_numbers(wrong: pl.Series) -> str:
    """« lignes 3, 8 » (counted from 1) where a Boolean series is true."""
    numbers = (wrong.fill_null(False).arg_true() + 1).to_list()
    first = row_list(", ".join(map(str, numbers[:SHOWN])))
    return f"ligne{'s' if len(numbers) > 1 else ''} {and_more(first, len(numbers) - SHOWN)}"


def require_columns(frame: pl.DataFrame, columns: Sequence[str], use: str) -> None:
    """Raise when `frame` lacks one of `columns`; `use` says in French what they are for."""
    for column in columns:
        if column in frame.columns:
            continue
        close = get_close_matches(column, frame.columns, n=3)
        hint = f"colonnes proches : {', '.join(close)}" if close else "aucune colonne proche"
        if column.strip() in [name.strip() for name in frame.columns]:
            hint = "son titre y porte un espace en trop"
        raise fault(
            f"{use} : colonne « {column} » absente du tableau ({hint}) ; corriger son nom, ou "
            "ajouter la colonne."
        )


def numeric_column(
    frame: pl.DataFrame, column: str, use: str, among: pl.Series | None = None
) -> Floats:
    """A column as numbers; raises on text, null, NaN, infinite or beyond `LARGEST`, with its rows.

    With `among` (Boolean), other rows may be empty: what is not a number there counts 0.
    """
    series = frame[column]
    if not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        refuse_kind(series, f"{use} : la colonne « {column} »")
        number = series.cast(pl.String).cast(pl.Float64, strict=False)
        wrong = number.is_null() if number.null_count() else pl.Series([True] * len(series))
        raise fault(
            f"{use} : la colonne « {column} » contient du texte ({row_numbers(wrong)}) ; la "
            "convertir en nombres avant le calcul."
        )
    numbers = series.cast(pl.Float64)
    faults = {
        f"cellule vide dans la colonne « {column} »": numbers.is_null(),
        f"la colonne « {column} » porte une valeur non numérique (NaN)": numbers.is_nan(),
        f"la colonne « {column} » porte une valeur infinie ou démesurée": numbers.abs() > LARGEST,
    }
    for what, wrong in faults.items():
        wrong = wrong if among is None else wrong & among
        if wrong.any():
            raise fault(f"{use} : {what} ({row_numbers(wrong)}) ; corriger ou écarter ces lignes.")
    if among is not None:
        numbers = numbers.set(~numbers.is_finite().fill_null(False), 0.0)
    return numbers.to_numpy()


def refuse_kind(series: pl.Series, what: str) -> None:
    """Raise on a column of dates, lists, bytes… that no number is read from; `what` names it."""
    kind = series.dtype
    if kind.is_temporal():
        held = "durées" if kind == pl.Duration else "dates"
        raise fault(f"{what} contient des {held} ; en tirer des nombres avant le calcul.")
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise fault(f"{what} ne contient ni nombres ni vrai ou faux ; en choisir une autre.")


def encode(frame: pl.DataFrame) -> tuple[Integers, pl.DataFrame]:
    """Code of each row's combination of values, and the combinations in order (code = row).

    Order is that of each column: an Enum's own order, else alphabetical. A row with a null has
    code -1; NaN is null.
    """
    frame = frame.with_columns(pl.selectors.float().fill_nan(None))
    keys = frame.drop_nulls().unique().sort(frame.columns)
    place = "_code"
    while place in frame.columns:
        place += "_"
    numbered = keys.with_row_index(place)
    coded = frame.join(numbered, on=frame.columns, how="left", maintain_order="left")
    return coded[place].cast(pl.Int64).fill_null(-1).to_numpy(), keys


def refuse_missing(
    frame: pl.DataFrame,
    column: str,
    use: str,
    among: pl.Series | None = None,
    kind: type[SurveyError] = SurveyError,
) -> None:
    """Raise when `column` has a null, or one in the rows of `among` (Boolean)."""
    series = frame[column]
    missing = series.is_null()
    if series.dtype.is_float():
        missing |= series.is_nan().fill_null(False)
    missing = missing if among is None else missing & among
    if missing.any():
        raise fault(
            f"{use} : cellule vide dans la colonne « {column} » ({row_numbers(missing)}) ; "
            "compléter ou recoder ces lignes.",
            kind,
        )


def refuse_name(column: str, result: str, use: str) -> None:
    """Raise when the weight read bears the name of the one written, which would replace it."""
    if column == result:
        raise fault(
            f"{use} : le poids de départ ne peut s'appeler « {result} », nom du poids rendu ; "
            "renommer la colonne pour garder les deux."
        )
