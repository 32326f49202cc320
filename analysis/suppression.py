"""Which more cells to withhold, at the least loss, so that no interval is too narrow.

Cutting planes of Fischetti and Salazar (2001): each cell told too well asks that enough be gained
by withholding others; the cheapest set that meets all such conditions is withheld, and the outsider
tries again. The conditions hold for every choice of cells, so that none need be taken back.
"""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.checks import Floats
from analysis.feasible import Cells, Exposure, Outsider, Table, quiet_solver

MOST_EXACT = 60_000  # conditions x cells beyond which the cheapest set is sought step by step


def withheld_too(table: Table, shown: Cells, need: Floats, least: float, loss: Floats) -> Cells:
    """The cells shown, of `shown`, once no withheld one has an interval narrower than it needs.

    Parameters
    ----------
    need : width of the interval that each withheld cell must keep, as a share; 0 = nothing to hide.
    least : what a cell withheld here, shown till now, needs in turn.
    loss : positive; what withholding each cell costs.
    """
    outsider, need = Outsider(table, shown), need.copy()
    conditions: list[Floats] = []
    while found := list(outsider.exposures(need)):
        conditions += [condition(each, need[each.cell]) for each in found]
        chosen = cheapest(np.array(conditions), np.where(outsider.shown, loss, 0.0))
        chosen &= outsider.shown
        if not chosen.any():  # nothing shown takes part any more, but for rounding
            break
        outsider.withhold(chosen)
        need = np.where(chosen, least, need)
    return outsider.shown


def condition(exposed: Exposure, need: float) -> Floats:
    """Part of what is wanting that withholding each cell brings; they must add up to 1."""
    wanting = need - exposed.width
    return np.minimum(exposed.gains / wanting, 1.0)


def cheapest(conditions: Floats, loss: Floats) -> NDArray[np.bool_]:
    """The cells whose parts add up to 1 in each condition, at the least loss.

    Exact by integer programming where it is small, else the cell that brings most for its loss, one
    at a time. A condition that nothing meets is met as far as can be.
    """
    used = np.flatnonzero(conditions.any(axis=0))
    parts, price = conditions[:, used], loss[used]
    goal = np.minimum(1.0, parts.sum(axis=1))
    choose = exact if parts.size <= MOST_EXACT else step_by_step
    chosen = np.zeros(len(loss), bool)
    chosen[used] = choose(parts, goal, price)
    return chosen


def exact(parts: Floats, goal: Floats, price: Floats) -> NDArray[np.bool_]:
    """The cheapest cover, by HiGHS."""
    program, matrix = highspy.HighsLp(), sparse.csr_array(parts)
    program.num_row_, program.num_col_ = parts.shape
    program.col_cost_, program.col_lower_ = price, np.zeros(len(price))
    program.col_upper_ = np.ones(len(price))
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(price)
    program.row_lower_, program.row_upper_ = goal - 1e-9, np.full(len(goal), highspy.kHighsInf)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    solver = quiet_solver()
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return step_by_step(parts, goal, price)
    return np.array(solver.getSolution().col_value) > 0.5


def step_by_step(parts: Floats, goal: Floats, price: Floats) -> NDArray[np.bool_]:
    """A cover found by taking, each time, the cell that brings most for its price."""
    chosen = np.zeros(parts.shape[1], bool)
    wanting = goal.copy()
    while (wanting > 1e-9).any():
        brings = np.minimum(parts, wanting[:, None]).sum(axis=0)
        rank = np.where(chosen, -1.0, brings / np.maximum(price, 1e-9))
        best = int(rank.argmax())
        chosen[best] = True
        wanting = np.maximum(wanting - parts[:, best], 0.0)
    return chosen
