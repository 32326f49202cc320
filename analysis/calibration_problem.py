"""A calibration as numbers: rows that share a g-weight as one, margins as columns of a matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.calibration_cells import Column, Matrix, by_unit, collapsed
from analysis.calibration_margins import MARGINS, check_margins, check_presence
from analysis.calibration_spec import CalibrationSpec
from analysis.checks import (
    Floats,
    Integers,
    fault,
    named,
    numeric_column,
    refuse_missing,
    require_columns,
    row_numbers,
)
from survey.errors import MarginError

NULL = 1e-9  # of the sum of absolute terms: a total under it is one of 0, but for rounding


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Find g with `matrix.T @ (weight * g) = totals`, g close to 1; one entry of g a cell.

    A cell is the rows (or the unit) that share one g-weight. `weight` is the sum of their weights,
    `matrix` (cells x margins) the mean of their variables, `scale` their q, `size` of a margin
    what its gap is relative to: its total, or `sum(weight * |x|)` when that is 0. `slack` is 0
    for a margin held exactly; else the gap let stand is `-slack x multiplier`. `margins` has one
    row a column of `matrix`, with its `n_respondents`. A row of weight 0 is in no cell (-1).
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
    weight, counted = counted_weights(responses, spec.weight)
    scale = None if spec.scale is None else positive_column(responses, spec.scale, counted)
    columns = [
        margin_column(responses, margins.filter(pl.col("variable") == variable), counted, spec)
        for variable in variables
    ]
    # the columns of the matrix follow the order of variables: so must the rows of the margins
    margins = pl.concat([margins.filter(pl.col("variable") == name) for name in variables])
    if spec.unit is None:
        problem = collapsed(columns, weight, scale)
    else:
        refuse_missing(responses, spec.unit, "Calage", counted)
        problem = by_unit(of(counted, responses), columns, weight, scale, spec)
    counts = np.concatenate([respondents(column, problem[-1], spec) for column in columns])
    found = finished(*problem, margins.with_columns(n_respondents=pl.Series(counts)))
    if counted is None:
        return found
    cell_of_row = np.full(responses.height, -1)
    cell_of_row[counted.to_numpy()] = found.cell_of_row
    return replace(found, cell_of_row=cell_of_row)


def counted_weights(responses: pl.DataFrame, column: str) -> tuple[Floats, pl.Series | None]:
    """The positive weights, and the rows that have them; None = all of them."""
    weight = numeric_column(responses, column, "Calage")
    if (weight < 0).any():
        raise fault(
            f"Calage : poids « {column} » négatif ({row_numbers(pl.Series(weight < 0))}) ; "
            "le corriger, ou le mettre à 0 pour que la ligne reste hors du calage."
        )
    if not (weight > 0).any():
        raise fault(
            f"Calage : aucun poids « {column} » positif, donc rien à caler ; vérifier la colonne "
            "des poids et le filtre des réponses."
        )
    counted = pl.Series(weight > 0)
    return (weight, None) if counted.all() else (weight[weight > 0], counted)


def of(counted: pl.Series | None, values: pl.DataFrame | pl.Series) -> pl.DataFrame | pl.Series:
    """The rows `counted`."""
    return values if counted is None else values.filter(counted)


def positive_column(responses: pl.DataFrame, column: str, counted: pl.Series | None) -> Floats:
    """A column of finite numbers > 0 on the rows `counted`, these only."""
    numbers = pl.Series(numeric_column(responses, column, "Calage", counted))
    wrong = (numbers <= 0) if counted is None else (numbers <= 0) & counted
    if wrong.any():
        raise fault(
            f"Calage : échelle q « {column} » nulle ou négative ({row_numbers(wrong)}) ; la mettre "
            "à une valeur positive, 1 si rien ne distingue la ligne."
        )
    return of(counted, numbers).to_numpy()


def margin_column(
    responses: pl.DataFrame,
    margin: pl.DataFrame,
    counted: pl.Series | None,
    spec: CalibrationSpec,
) -> Column:
    """The variable of one margin on the rows `counted`, its categories checked."""
    variable = margin["variable"][0]
    if margin["category"][0] is None:
        numbers = pl.Series(numeric_column(responses, variable, "Calage", counted))
        return Column(variable, numbers=of(counted, numbers).to_numpy())
    refuse_missing(responses, variable, "Calage", counted, MarginError)
    series = of(counted, responses[variable])
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
    check_presence(margin, np.bincount(column.codes, minlength=margin.height), spec)
    return column


def respondents(column: Column, cell_of_row: Integers, spec: CalibrationSpec) -> Integers:
    """Respondents behind each total of a variable; units when it describes them."""
    rows = slice(None)
    if column.variable in spec.unit_variables:
        rows = np.unique(cell_of_row, return_index=True)[1]
    if column.codes is None:
        return np.array([np.count_nonzero(column.numbers[rows])])
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
    size = np.where(np.abs(totals) <= NULL * before, before, np.abs(totals))
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


def before_and_after(problem: Problem, factor: Floats) -> pl.DataFrame:
    """`MARGINS`, `n_respondents`, then the totals `before` and `after`, one row a margin.

    Last `gap`, relative to the total; null when that is 0.
    """
    after = problem.matrix.T @ (problem.weight * factor)
    gap = pl.Series((after - problem.totals) / problem.size)
    return problem.margins.select(
        *MARGINS,
        "n_respondents",
        before=pl.Series(problem.matrix.T @ problem.weight),
        after=pl.Series(after),
        gap=gap.set(pl.Series(np.abs(problem.totals) < problem.size), None),
    )
