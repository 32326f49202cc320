"""A calibration as numbers: rows that share a g-weight as one, margins as columns of a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.calibration_cells import Column, Matrix, by_unit, collapsed
from analysis.calibration_margins import check_margins, check_presence
from analysis.calibration_spec import CalibrationSpec
from analysis.checks import (
    Floats,
    Integers,
    fault,
    named,
    numeric_column,
    require_columns,
    row_numbers,
)
from survey.errors import MarginError


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Find g with `matrix.T @ (weight * g) = totals`, g close to 1; one entry of g a cell.

    A cell is the rows (or the unit) that share one g-weight. `weight` is the sum of their weights,
    `matrix` (cells x margins) the mean of their variables, `scale` their q, `size` of a margin
    what its gap is relative to: its total, or `sum(weight * |x|)` when that is 0. `slack` is 0
    for a margin held exactly; else the gap let stand is `-slack x multiplier`. `margins` has one
    row a column of `matrix`, with its `n_respondents`.
    """

    matrix: Matrix
    weight: Floats
    scale: Floats
    totals: Floats
    size: Floats
    slack: Floats
    cell_of_row: Integers
    margins: pl.DataFrame


def calibration_problem(
    responses: pl.DataFrame, margins: pl.DataFrame, spec: CalibrationSpec
) -> Problem:
    """The checked problem; raises as `analysis.calibration.calibrate` says."""
    margins = check_margins(margins, spec)
    variables = margins["variable"].unique(maintain_order=True).to_list()
    extra = [column for column in (spec.scale, spec.unit) if column is not None]
    require_columns(responses, (spec.weight, *variables, *extra), "Calage")
    unknown = [name for name in spec.unit_variables if name not in variables]
    if unknown:
        raise fault(f"Calage : {named(unknown)} décrit l'unité mais n'est dans aucune marge.")
    weight = positive_column(responses, spec.weight, "poids")
    scale = None if spec.scale is None else positive_column(responses, spec.scale, "échelle q")
    columns = [
        margin_column(responses, margins.filter(pl.col("variable") == variable))
        for variable in variables
    ]
    # the columns of the matrix follow the order of variables: so must the rows of the margins
    margins = pl.concat([margins.filter(pl.col("variable") == name) for name in variables])
    if spec.unit is None:
        problem = collapsed(columns, weight, scale)
    else:
        problem = by_unit(responses, columns, weight, scale, spec)
    counts = np.concatenate([respondents(column, problem[-1], spec) for column in columns])
    return finished(*problem, margins.with_columns(n_respondents=pl.Series(counts)))


def positive_column(responses: pl.DataFrame, column: str, what: str) -> Floats:
    """A column of finite numbers > 0."""
    numbers = numeric_column(responses, column, "Calage")
    if len(numbers) and numbers.min() <= 0:
        raise fault(
            f"Calage : {what} « {column} » nul ou négatif ({row_numbers(pl.Series(numbers <= 0))})"
            " ; ne caler que des unités répondantes, de valeurs positives."
        )
    if not len(numbers):
        raise fault("Calage : aucun répondant à caler ; vérifier le filtre des réponses complètes.")
    return numbers


def margin_column(responses: pl.DataFrame, margin: pl.DataFrame) -> Column:
    """The variable of one margin on the rows, its categories checked against the margin."""
    variable = margin["variable"][0]
    if margin["category"][0] is None:
        return Column(variable, numbers=numeric_column(responses, variable, "Calage"))
    series = responses[variable]
    if series.has_nulls():
        raise fault(
            f"Calage : la colonne « {variable} » est vide ({row_numbers(series.is_null())})"
            " ; compléter ou recoder avant de caler.",
            MarginError,
        )
    codes = category_codes(series, margin["category"])
    if codes.has_nulls():
        unknown = series.filter(codes.is_null()).cast(pl.String).unique().sort().to_list()
        raise fault(
            f"Calage : la marge « {variable} » n'a pas de total pour {named(unknown)}, présent "
            f"chez les répondants (elle connaît {named(margin['category'].to_list())}) ; "
            "compléter la marge ou recoder les réponses.",
            MarginError,
        )
    column = Column(variable, codes.to_numpy(), margin.height)
    check_presence(margin, np.bincount(column.codes, minlength=margin.height))
    return column


def respondents(column: Column, cell_of_row: Integers, spec: CalibrationSpec) -> Integers:
    """Respondents behind each total of a variable; units when it describes them."""
    if column.codes is None:
        return np.array([np.count_nonzero(column.numbers)])
    rows = slice(None)
    if column.variable in spec.unit_variables:
        rows = np.unique(cell_of_row, return_index=True)[1]
    return np.bincount(column.codes[rows], minlength=column.n_codes)


def category_codes(series: pl.Series, categories: pl.Series) -> pl.Series:
    """Position of each value among `categories`, null for one that is not there."""
    known = pl.Enum(categories)
    if series.dtype == pl.String:
        return series.cast(known, strict=False).to_physical()
    values = series.unique()
    codes = values.cast(pl.String).cast(known, strict=False).to_physical()
    if isinstance(series.dtype, pl.Enum | pl.Categorical):
        table = np.full(values.to_physical().max() + 1, -1)
        table[values.to_physical().to_numpy()] = codes.cast(pl.Int64).fill_null(-1)
        found = pl.Series(table[series.to_physical().to_numpy()])
        return found.set(found < 0, None) if codes.has_nulls() else found
    return series.replace_strict(values, codes, return_dtype=pl.UInt32)


def finished(
    matrix: Matrix,
    weight: Floats,
    scale: Floats,
    cell_of_row: Integers,
    margins: pl.DataFrame,
) -> Problem:
    """The problem without the categories of total zero that nobody has."""
    before = abs(matrix).T @ weight
    kept = ~((before == 0) & (margins["total"].to_numpy() == 0))
    margins = margins.filter(pl.Series(kept))
    totals, before = margins["total"].to_numpy(), before[kept]
    size = np.where(totals == 0, before, np.abs(totals))
    cost = margins["cost"].to_numpy()
    slack = np.where(np.isnan(cost), 0.0, size**2 / np.where(np.isnan(cost), 1, cost))
    return Problem(
        matrix=matrix if kept.all() else matrix[:, np.flatnonzero(kept)],
        weight=weight,
        scale=scale,
        totals=totals,
        size=size,
        slack=slack / weight.sum(),
        cell_of_row=cell_of_row,
        margins=margins,
    )
