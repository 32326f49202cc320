"""The cells of a described file: numbers, codes, yes and no, what stands for an empty one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from pathlib import Path

import polars as pl

from analysis.checks import fault
from reports.survey_file import cell_text, is_parquet, parsed_number, where
from survey.french import counted, short_number

FLAGS = dict.fromkeys(("true", "vrai", "oui", "yes", "1", "1.0"), True)
FLAGS |= dict.fromkeys(("false", "faux", "non", "no", "0", "0.0"), False)
KINDS = {  # what a column of a Parquet file may hold, that is neither number nor text
    pl.List: "listes",
    pl.Array: "listes",
    pl.Struct: "enregistrements",
    pl.Binary: "octets",
    pl.Duration: "durées",
}
LARGEST_WHOLE = 2**53


def refuse_odd(table: pl.DataFrame, source: Path) -> None:
    """Raise on a column of a Parquet file that holds neither numbers, texts nor dates."""
    for name, kind in table.schema.items():
        plain = kind.is_numeric() or kind.is_temporal() or kind in (pl.Boolean, pl.Null)
        text = kind in (pl.String, pl.Categorical, pl.Enum)
        if kind == pl.Duration or not (plain or text):
            held = KINDS.get(kind.base_type(), "objets")
            raise fault(
                f"{source} : la colonne « {name} » contient des {held}, ni nombres ni textes. "
                "Convertissez-la, ou retirez-la du fichier."
            )


def without_missing(
    table: pl.DataFrame, source: Path, marks: Sequence[str] | None, numbers: Container[str]
) -> tuple[pl.DataFrame, int]:
    """The rows with null for what stands for a missing value, and how many such cells there were.

    What does is `marks`, else « NA » in a CSV, as R writes it; and NaN in a Parquet file. A mark
    that is a number is compared as one with what is read as `numbers`.
    """
    if marks is None:
        marks = () if is_parquet(source) else ("NA",)
    table = table.with_columns(pl.selectors.float().fill_nan(None))
    if not marks:
        return table, 0
    texts = [mark.strip() for mark in marks]
    values = pl.select(parsed_number(pl.lit(pl.Series(texts)))).to_series()
    values = values.filter(values.is_finite()).to_list()
    marked = table.select(
        is_mark(pl.col(name), kind, texts, values, name in numbers).fill_null(False)
        for name, kind in table.schema.items()
        if kind not in (pl.Boolean, pl.Null)
    )
    cleaned = [pl.when(~marked[name]).then(name).alias(name) for name in marked.columns]
    return table.with_columns(cleaned), sum(column.sum() for column in marked)


def is_mark(
    column: pl.Expr, kind: pl.DataType, texts: Sequence[str], values: Sequence[float], number: bool
) -> pl.Expr:
    """Where a column holds a mark of missing value."""
    if kind.is_numeric():
        return column.cast(pl.Float64).is_in(values)
    text = column.cast(pl.String).str.strip_chars()
    same = text.is_in(texts)
    return same | parsed_number(text).is_in(values).fill_null(False) if number and values else same


def as_codes(table: pl.DataFrame, name: str) -> pl.Expr:
    """A column as codes: texts without the spaces around them, whole numbers without decimals.

    Other numbers keep theirs, and their order.
    """
    kind, column = table.schema[name], pl.col(name)
    if kind == pl.String:
        stripped = column.str.strip_chars()
        return pl.when(stripped != "").then(stripped)
    if not (kind.is_float() or kind.is_decimal()):
        return column
    values = table[name].cast(pl.Float64).drop_nulls().unique().sort()
    whole = (values == values.round()) & (values.abs() < LARGEST_WHOLE)
    if whole.all():
        return column.cast(pl.Float64).cast(pl.Int64)
    texts = [str(int(x)) if flat else repr(x) for x, flat in zip(values, whole, strict=True)]
    enum = pl.Enum(texts)
    return column.cast(pl.Float64).replace_strict(values, texts, return_dtype=enum)


def as_flag(table: pl.DataFrame, name: str, source: Path) -> pl.Expr:
    """A column of yes and no as a Boolean: true, vrai, oui, yes, 1 and their opposites."""
    word = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
    flag = word.replace_strict(FLAGS, default=None, return_dtype=pl.Boolean)
    wrong = table.select(flag.is_null()).to_series()
    if wrong.any():
        row = wrong.arg_max()
        found = table[name][row]
        what = f"{cell_text(found)} n’est ni vrai ni faux"
        raise fault(
            f"{where(source, row)}, colonne « {name} » : "
            f"{'cellule vide, il y faut vrai ou faux' if found is None else what}. Écrivez true "
            "ou false, oui ou non, ou 1 ou 0, sur chaque ligne."
        )
    return flag


def refuse_infinite(table: pl.DataFrame, source: Path) -> None:
    """Raise on the first infinite number (a Parquet file may hold some)."""
    infinite = table.select(pl.selectors.float().is_infinite().fill_null(False))
    for column in infinite:
        if column.any():
            raise fault(
                f"{where(source, column.arg_max())}, colonne « {column.name} » : valeur infinie "
                f"({column.sum()} en tout). Corrigez-la, ou laissez-la vide."
            )


def refuse_weight(weight: pl.Series, source: Path) -> None:
    """Raise on an empty or negative weight, and when all are zero."""
    for what, wrong in (("vide", weight.is_null()), ("négatif", (weight < 0).fill_null(False))):
        if wrong.any():
            place, more = where(source, wrong.arg_max()), wrong.sum()
            count = f" ({counted(more, 'ligne')})" if more > 1 else ""
            raise fault(
                f"{place}, colonne « {weight.name} » : poids {what}{count}. Corrigez ces poids, ou "
                "écartez ces lignes du fichier."
            )
    if not 0 < weight.sum() < float("inf"):
        raise fault(
            f"{source}, colonne « {weight.name} » : la somme des poids est "
            f"{'infinie' if weight.sum() else 'nulle'}. Vérifiez que c’est bien la colonne des "
            "poids."
        )


def refuse_rate(table: pl.DataFrame, sizes: Iterable[str], source: Path) -> None:
    """Raise on a population size under 1: a sampling rate, or a size of another sign."""
    for name in sizes:
        wrong = table[name] < 1
        if wrong.any():
            row = wrong.arg_max()
            found = short_number(table[name][row])
            raise fault(
                f"{where(source, row)}, colonne « {name} » : {found}. « fpc » attend un effectif, "
                "pas un taux : le nombre d’unités dans la population. Corrigez la colonne, ou "
                "choisissez-en une autre."
            )
