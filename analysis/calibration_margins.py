"""The margins of a calibration: what their table must be, that they agree, that they are there."""

from __future__ import annotations

import polars as pl

from analysis.calibration_spec import CalibrationSpec, factor_limits
from analysis.checks import Floats, fault, named, numeric_column, require_columns, row_numbers
from survey.errors import MarginError
from survey.french import decimal, integer
from survey.marked import option

MARGINS = pl.Schema({"variable": pl.String, "category": pl.String, "total": pl.Float64})
USE = "Marges de calage"
ZEROED = ("linear", "truncated")  # methods that can give a weight of 0
LEAST_COST = 1e-100  # a smaller one is none


def check_margins(margins: pl.DataFrame, spec: CalibrationSpec) -> pl.DataFrame:
    """Margins of type `MARGINS` plus `std_error` (0 = known) and `cost` (null = held exactly).

    Raises `MarginError` when a row is doubled or has no variable, when the total of a category is
    negative, or when totals that must count the same population do not.
    """
    require_columns(margins, tuple(MARGINS), USE)
    if margins.is_empty():
        raise fault(f"{USE} : le tableau est vide ; donner une ligne par total.", MarginError)
    margins = margins.select(
        pl.col("variable", "category").cast(pl.String),
        pl.Series("total", numeric_column(margins, "total", USE)),
        positive_or_null(margins, "std_error", zero=True, infinite=False).fill_null(0.0),
        positive_or_null(margins, "cost", zero=False, infinite=True),
    )
    if margins["variable"].has_nulls():
        raise fault(
            f"{USE} : cellule vide dans la colonne « variable » "
            f"({row_numbers(margins['variable'].is_null())}) ; la compléter.",
            MarginError,
        )
    check_rows(margins)
    check_sums(margins, spec)
    return margins


def positive_or_null(
    margins: pl.DataFrame, column: str, *, zero: bool, infinite: bool
) -> pl.Series:
    """An optional column of positive numbers (or `zero` too; or `infinite`, which is null)."""
    if column not in margins.columns:
        return pl.Series(column, [None] * margins.height, dtype=pl.Float64)
    numbers = margins[column].cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() & margins[column].is_not_null()) | numbers.is_nan() | (numbers < 0)
    if not zero:
        wrong |= numbers < LEAST_COST
    if not infinite:
        wrong |= numbers.is_infinite()
    if wrong.fill_null(False).any():
        allowed = "positif ou nul" if zero else "positif"
        raise fault(
            f"{USE} : colonne « {option(column)} » ({row_numbers(wrong)}) : il faut un nombre "
            f"{allowed}, ou rien."
        )
    return numbers.set(numbers.is_infinite().fill_null(False), None)


def check_rows(margins: pl.DataFrame) -> None:
    """Raise on a margin given twice, a negative count, a variable both categorical and numeric."""
    numeric = margins["category"].is_null()
    mixed = numeric.any() & margins["variable"].is_in(margins["variable"].filter(numeric).implode())
    faults = {
        "citée deux fois": margins.select("variable", "category").is_duplicated(),
        "de total négatif": (margins["total"] < 0) & ~numeric,
        "qui mêle modalités et total": numeric
        & (margins["variable"].is_in(margins["variable"].filter(mixed & ~numeric).implode())),
    }
    for what, wrong in faults.items():
        if wrong.any():
            raise fault(
                f"{USE} : marge {what} : {listed(margins.filter(wrong))} ; corriger ces lignes.",
                MarginError,
            )


def check_sums(margins: pl.DataFrame, spec: CalibrationSpec) -> None:
    """Raise when categorical variables do not count the same population (rows, or units).

    A variable with a cost is not held exactly and may count another.
    """
    level = pl.col("variable").is_in(spec.unit_variables)
    sums = (
        margins.filter(pl.col("category").is_not_null())
        .group_by("variable", maintain_order=True)
        .agg(pl.col("total").sum(), pl.col("cost").is_null().all())
        .filter("cost")
    )
    for one in (sums.filter(level), sums.filter(~level)):
        if one.is_empty():
            continue
        gap = one["total"].max() - one["total"].min()
        if gap > spec.tolerance * one["total"].max():
            told = zip(one["variable"], told_apart(*one["total"]), strict=True)
            detail = " ; ".join(f"« {name} » {total}" for name, total in told)
            raise fault(
                f"{USE} : les totaux ne concordent pas : {detail}. Toutes les marges doivent "
                "compter la même population, au même millésime ; un arrondi se corrige en "
                "multipliant les totaux d'une variable par le rapport des deux sommes.",
                MarginError,
            )


def check_presence(margin: pl.DataFrame, counts: Floats, spec: CalibrationSpec) -> None:
    """Raise when a category has a total but no respondent, or respondents but a total of zero.

    `margin` holds the categories of one variable, `counts` their respondents. A category with a
    cost may lack respondents; one of total 0 may have some where the method can give them nothing.
    """
    margin = margin.with_columns(n=pl.Series(counts))
    alone = margin.filter((pl.col("total") > 0) & (pl.col("n") == 0) & pl.col("cost").is_null())
    if alone.height:
        which = "cette modalité" if alone.height == 1 else "chacune de ces modalités"
        raise fault(
            f"Calage : aucun répondant pour {listed(alone)} ; regrouper {which} avec une voisine, "
            "dans la marge et dans les réponses.",
            MarginError,
        )
    empty = margin.filter((pl.col("total") == 0) & (pl.col("n") > 0) & pl.col("cost").is_null())
    if empty.height and not (factor_limits(spec)[0] <= 0 and spec.method in ZEROED):
        have = "qui a" if empty.height == 1 else "qui ont"
        raise fault(
            f"Calage : total nul pour {listed(empty)}, {have} pourtant des répondants ; corriger "
            "la marge, recoder ces répondants, ou choisir la méthode "
            f"« {option('truncated')} » avec une borne basse de 0, qui leur donne un poids nul.",
            MarginError,
        )


def quantity(total: float) -> str:
    """A total as French writes it: whole when it is, else with three decimals."""
    return integer(total) if abs(total - round(total)) < 5e-4 else decimal(total, 3)


def told_apart(*totals: float) -> tuple[str, ...]:
    """Totals with the decimals that it takes to tell the least from the greatest."""
    told = tuple(quantity(total) for total in totals)
    low, high = min(totals), max(totals)
    if low == high or quantity(low) != quantity(high):
        return told
    digits = next(d for d in range(3, 30) if decimal(low, d) != decimal(high, d))
    return tuple(decimal(total, digits) for total in totals)


def label(variable: str, category: str | None) -> str:
    """« taille » = 10-49, or « effectif » for the total of a number."""
    return f"« {variable} »" if category is None else f"« {variable} » = {category}"


def listed(margins: pl.DataFrame) -> str:
    """« taille » = 10-49 (total 1 200), …"""
    return named(
        [
            f"{label(variable, category)} (total {quantity(total)})"
            for variable, category, total in margins.select(*MARGINS).rows()
        ]
    )
