"""Which g-weights can meet the margins at all: linear programmes over the cells (HiGHS)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from scipy import sparse
from scipy.optimize import linprog

from analysis.calibration_problem import Problem
from analysis.checks import fault
from survey.errors import ConvergenceError

# Sum of relative gaps under which margins count as met: HiGHS itself works to 1e-7 or 1e-9.
MET = 1e-7


def shortfalls(problem: Problem, limits: tuple[float, float]) -> np.ndarray:
    """Relative gaps, of the smallest sum, that g-weights between `limits` must leave; 0 when met.

    An elastic linear programme; a sum up to `MET` counts as 0, and so does a gap.
    """
    relative = relative_totals(problem)
    n_margins, n_cells = relative.shape
    missing = sparse.identity(n_margins, format="csc")
    lower = np.concatenate([np.full(n_cells, limits[0]), np.zeros(2 * n_margins)])
    upper = np.concatenate([np.full(n_cells, limits[1]), np.full(2 * n_margins, np.inf)])
    found = linprog(
        (np.arange(len(lower)) >= n_cells).astype(float),
        A_eq=sparse.hstack([relative, missing, -missing], format="csc"),
        b_eq=problem.totals / problem.size,
        bounds=np.column_stack([lower, upper]),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-9},
    )
    if found.x is None:
        raise programme_failed(found.message)
    gaps = found.x[n_cells:].reshape(2, -1).sum(axis=0)
    return np.where((gaps > MET) & (found.fun > MET), gaps, 0.0)


def tightest(problem: Problem, lowest: float) -> tuple[float, float] | None:
    """The shortest interval around 1 of g-weights >= `lowest` that meet the margins, if any do."""
    relative = relative_totals(problem)
    n_cells = relative.shape[1]
    # g = L + s with 0 <= s <= W: the unknowns are each s, then L, then the width W.
    column = sparse.csc_array(relative.sum(axis=1)[:, None])
    nothing = sparse.csc_array((relative.shape[0], 1))
    within = sparse.hstack(
        [sparse.identity(n_cells), sparse.csc_array((n_cells, 1)), -np.ones((n_cells, 1))]
    )
    around = sparse.csc_array(np.concatenate([np.zeros(n_cells), [-1.0, -1.0]])[None, :])
    bounds = np.column_stack([np.zeros(n_cells + 2), np.full(n_cells + 2, np.inf)])
    bounds[n_cells] = (lowest, 1.0)
    found = linprog(
        np.concatenate([np.zeros(n_cells + 1), [1.0]]),
        A_ub=sparse.vstack([within, around], format="csc"),
        b_ub=np.concatenate([np.zeros(n_cells), [-1.0]]),
        A_eq=sparse.hstack([relative, column, nothing], format="csc"),
        b_eq=problem.totals / problem.size,
        bounds=bounds,
        method="highs-ipm",
    )
    if found.status == 2:
        return None
    if found.x is None:
        raise programme_failed(found.message)
    lower, width = found.x[-2:]
    return float(lower), max(1.0, float(lower + width))


def attainable(problem: Problem, index: int, limits: tuple[float, float]) -> tuple[float, float]:
    """Least and greatest total of one margin when all the others are met; infinite if free."""
    relative = relative_totals(problem).tocsr()
    others = np.arange(len(problem.totals)) != index
    goal = relative[[index]].toarray().ravel()
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(
            sign * goal,
            A_eq=relative[np.flatnonzero(others)] if others.any() else None,
            b_eq=(problem.totals / problem.size)[others] if others.any() else None,
            bounds=limits,
            method="highs",
        )
        ends.append(sign * found.fun if found.status == 0 else -sign * np.inf)
    return ends[0] * problem.size[index], ends[1] * problem.size[index]


def relative_totals(problem: Problem) -> sparse.csc_array:
    """Margins x cells: what g = 1 in a cell brings to each margin, relative to its size."""
    matrix = sparse.csr_array(problem.matrix).multiply(problem.weight[:, None])
    return sparse.csc_array(matrix.T.multiply(1 / problem.size[:, None]))


def held_exactly(problem: Problem) -> Problem:
    """The problem without the margins that have a cost."""
    return restricted(problem, problem.slack == 0)


def restricted(problem: Problem, kept: np.ndarray) -> Problem:
    """The problem with some of its margins; `kept` is Boolean."""
    return replace(
        problem,
        matrix=problem.matrix[:, np.flatnonzero(kept)],
        totals=problem.totals[kept],
        size=problem.size[kept],
        slack=problem.slack[kept],
        margins=problem.margins.filter(pl.Series(kept)),
    )


def merged(problem: Problem, one: int, other: int) -> Problem:
    """The problem with two categories made one: `other` joins `one`."""
    joint = sparse.csr_array(problem.matrix) if sparse.issparse(problem.matrix) else problem.matrix
    joining = np.eye(len(problem.totals))
    joining[other, one] = 1.0
    kept = np.arange(len(problem.totals)) != other
    together = replace(
        problem,
        matrix=joint @ joining,
        totals=problem.totals @ joining,
        size=problem.size @ joining,
    )
    return restricted(together, kept)


def programme_failed(message: str) -> ConvergenceError:
    """The error of a linear programme that stops without an answer."""
    return fault(
        f"Calage : la recherche de poids possibles s'est arrêtée sans réponse ({message}) ; "
        "vérifier l'ordre de grandeur des variables numériques des marges.",
        ConvergenceError,
    )
