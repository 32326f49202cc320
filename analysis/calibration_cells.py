"""Rows that share a g-weight, as one: cells of equal margin variables, or units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from analysis.calibration_spec import CalibrationSpec
from analysis.checks import Floats, Integers, fault, named
from survey.errors import MarginError

DENSE = 2e7  # numbers of a matrix held dense (160 MB); larger ones are sparse
FEW_VALUES = 50  # numbers so few that they are worth collapsing rows on
DIRECT = 20_000_000  # combinations of codes that are numbered through a table, not by sorting

Matrix = np.ndarray | sparse.csr_array


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One margin variable on the rows: codes of its categories, or numbers."""

    variable: str
    codes: Integers | None = None
    n_codes: int = 0
    numbers: Floats | None = None


def collapsed(
    columns: list[Column], weight: Floats, scale: Floats | None
) -> tuple[Matrix, Floats, Floats, Integers]:
    """Matrix, weight and q of the cells (rows of equal margin variables and q), cell of each row.

    With a number of many values each row is a cell.
    """
    keys: list[tuple[Integers, int]] = []
    for column in [*columns, Column("q", numbers=scale)]:
        if column.codes is not None:
            keys.append((column.codes, column.n_codes))
        elif column.numbers is not None:
            values = few_values(column.numbers)
            if values is None:
                rows = np.arange(len(weight))
                q = np.ones(len(weight)) if scale is None else scale
                return matrix_of(columns, rows), weight, q, rows
            keys.append((np.searchsorted(values, column.numbers), len(values)))
    cell_of_row, n_cells = combined(keys)
    first = np.empty(n_cells, np.int64)
    first[cell_of_row[::-1]] = np.arange(len(weight))[::-1]
    total = np.bincount(cell_of_row, weight, n_cells)
    q = np.ones(n_cells) if scale is None else scale[first]
    return matrix_of(columns, first), total, q, cell_of_row


def few_values(numbers: Floats) -> Floats | None:
    """The distinct values when they are few."""
    if len(np.unique(numbers[:1000])) > FEW_VALUES:
        return None
    values = pl.Series(numbers).unique().sort().to_numpy()
    return values if len(values) <= FEW_VALUES else None


def combined(keys: list[tuple[Integers, int]]) -> tuple[Integers, int]:
    """Number of each row's combination of codes, and how many combinations there are."""
    code, n_codes = np.zeros(len(keys[0][0]), np.int64), 1
    for more, n_more in keys:
        code = code * n_more + more
        n_codes *= n_more
        if n_codes > DIRECT:
            values, code = np.unique(code, return_inverse=True)
            n_codes = len(values)
    seen = np.zeros(n_codes, bool)
    seen[code] = True
    return (np.cumsum(seen) - 1)[code], int(seen.sum())


def matrix_of(columns: list[Column], rows: Integers) -> Matrix:
    """The margin variables of `rows`: an indicator a category, a column a number."""
    widths = [1 if column.codes is None else column.n_codes for column in columns]
    starts = np.cumsum([0, *widths[:-1]])
    cells = np.arange(len(rows))
    if len(rows) * sum(widths) <= DENSE:
        matrix = np.zeros((len(rows), sum(widths)))
        for column, start in zip(columns, starts, strict=True):
            if column.codes is None:
                matrix[:, start] = column.numbers[rows]
            else:
                matrix[cells, start + column.codes[rows]] = 1.0
        return matrix
    where = np.empty((len(rows), len(columns)), np.int64)
    values = np.ones((len(rows), len(columns)))
    for index, (column, start) in enumerate(zip(columns, starts, strict=True)):
        where[:, index] = start if column.codes is None else start + column.codes[rows]
        if column.codes is None:
            values[:, index] = column.numbers[rows]
    ends = np.arange(len(rows) + 1) * len(columns)
    return sparse.csr_array((values.ravel(), where.ravel(), ends), (len(rows), sum(widths)))


def by_unit(
    responses: pl.DataFrame,
    columns: list[Column],
    weight: Floats,
    scale: Floats | None,
    spec: CalibrationSpec,
) -> tuple[Matrix, Floats, Floats, Integers]:
    """Matrix, weight and q of the units, and unit of each row.

    A unit's variables are the mean of its rows' (weighted, as weights may differ); a variable of
    the unit itself counts once, hence 1 / rows of the unit on each row.
    """
    unit = responses[spec.unit].rank("dense").cast(pl.Int64).to_numpy() - 1
    n_rows = np.bincount(unit)
    check_constant(responses, spec)
    everyone = np.arange(len(unit))
    rows = sparse.csr_array(matrix_of(columns, everyone))
    once = np.concatenate(
        [
            np.full(
                1 if column.codes is None else column.n_codes,
                column.variable in spec.unit_variables,
            )
            for column in columns
        ]
    )
    total = np.bincount(unit, weight)
    mean = sparse.csr_array((weight / total[unit], (unit, everyone)), (len(total), len(unit)))
    matrix = sparse.csr_array(mean @ rows)
    unit_of_entry = np.repeat(np.arange(len(total)), np.diff(matrix.indptr))
    matrix.data /= np.where(once[matrix.indices], n_rows[unit_of_entry], 1)
    if matrix.shape[0] * matrix.shape[1] <= DENSE:
        matrix = matrix.toarray()
    q = np.ones(len(total)) if scale is None else np.bincount(unit, scale) / n_rows
    return matrix, total, q, unit


def check_constant(responses: pl.DataFrame, spec: CalibrationSpec) -> None:
    """Raise when what describes a unit differs between its rows."""
    described = list(spec.unit_variables)
    if spec.scale is not None:
        described.append(spec.scale)
    if spec.unit_variables:
        described.append(spec.weight)
    for column in described:
        counts = responses.group_by(spec.unit).agg(pl.col(column).n_unique())
        wrong = counts.filter(pl.col(column) > 1)[spec.unit].sort()
        if len(wrong):
            raise fault(
                f"Calage : la colonne « {column} » change d'une ligne à l'autre d'une même unité "
                f"(« {spec.unit} » = {named(wrong.to_list())}) ; une variable d'unité, son échelle "
                "q et, avec des marges d'unité, son poids y sont constants.",
                MarginError,
            )
