"""Official totals crossed by assumption: tables of units whose sums are the totals, to the unit."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.optimize import linprog
from scipy.sparse import eye_array, kron, vstack

from survey.errors import ConvergenceError, MarginError
from survey.reference import Reference


def margin_totals(reference: Reference, variable: str, codes: tuple[str, ...]) -> np.ndarray:
    """Official totals of a margin variable, in the order of `codes`."""
    known = dict(
        reference.margins.filter(pl.col("variable") == variable)
        .select("modalite", "total")
        .iter_rows()
    )
    missing = [code for code in codes if code not in known]
    if missing:
        raise MarginError(f"marges {variable} : {missing} manque.")
    return np.array([known[code] for code in codes])


def shares(reference: Reference, name: str, domain: str, codes: tuple[str, ...]) -> np.ndarray:
    """Assumed shares of `codes` in a domain, in their order."""
    known = dict(
        reference.assumptions.filter(pl.col("hypothese") == name, pl.col("domaine") == domain)
        .select("modalite", "part")
        .iter_rows()
    )
    missing = [code for code in codes if code not in known]
    if missing:
        raise MarginError(f"hypothèse {name} : {missing} manque pour {domain}.")
    return np.array([known[code] for code in codes])


def fit_margins(profile: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Scale `profile` (> 0) until its sums are `rows` and `columns` (iterative fitting, IPF).

    Raises
    ------
    MarginError : the two margins do not have the same total
    ConvergenceError : margins are not met after 1000 passes

    References
    ----------
    Deming and Stephan (1940), Annals of Mathematical Statistics 11(4), 427-444.
    """
    if rows.sum() != columns.sum():
        raise MarginError(f"marges incompatibles : {rows.sum()} et {columns.sum()} unités.")
    table = profile.astype(float)
    for _ in range(1000):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
        if np.abs(table.sum(axis=1) - rows).max() < 1e-8:
            return table
    raise ConvergenceError("le croisement des marges officielles ne converge pas.")


def controlled_rounding(table: np.ndarray) -> np.ndarray:
    """Round every cell up or down so that row and column sums, integers already, are kept.

    Among all such roundings, the one that rounds up the largest remainders. It always exists: the
    constraints are those of a transport problem, whose vertices are integers.

    References
    ----------
    Cox (1987), JASA 82(398), 520-524.
    """
    floor = np.floor(table + 1e-6)
    remainder = np.clip(table - floor, 0, None)
    if remainder.max(initial=0) < 1e-5:
        return floor.astype(np.int64)
    height, width = table.shape
    row_sums = kron(eye_array(height), np.ones((1, width)))
    column_sums = kron(np.ones((1, height)), eye_array(width))
    needed = np.concatenate([remainder.sum(axis=1), remainder.sum(axis=0)]).round()
    solution = linprog(
        -remainder.ravel(),
        A_eq=vstack([row_sums, column_sums]),
        b_eq=needed,
        bounds=(0, 1),
        method="highs-ds",
    )
    return (floor + solution.x.reshape(table.shape).round()).astype(np.int64)


def round_along(expected: np.ndarray) -> np.ndarray:
    """Integers whose running sums stay within one half of those of `expected`, in its order.

    Small numbers are kept on the whole, where rounding each would lose them; the order decides
    which ones are rounded up, so what must be exact comes in contiguous runs.
    """
    reached = np.floor(np.cumsum(expected) + 0.5 + 1e-9).astype(np.int64)
    return np.diff(reached, prepend=0)
