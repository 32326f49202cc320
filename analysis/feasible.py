"""What an outsider can work out: the interval in which each withheld share must lie.

A share lies in [0, 1], and groups add up. From the cells that are shown, linear programming gives
the least and the most that a withheld one can be: where the shown départements hold the whole
numerator of the region, every other one is known to be 0. This is the attacker's problem of cell
suppression (Fischetti and Salazar, Management Science 47(7), 2001, 1008-1027).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.checks import Floats

Cells = NDArray[np.bool_]

AT_ONCE = 4
ROUNDS = 3  # of objectives common to all cells in doubt, before each has its own
SLACK = 1e-6  # by which a width may fall short of what is asked: rounding
DUAL, PRIMAL = 1, 4  # strategies of HiGHS; the second is quick where only the objective changes
FINE = 1e-9  # of what a solution may miss, or a sum differ from nothing or from all


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Cells that add up, as an outsider knows them, whichever of them are shown.

    An unknown is what one atom (the units of the same domains) holds of one answer, in weight.

    sums : cells x unknowns, 1 where the cell holds the unknown.
    least, most : what a shown cell says of its sum; equal, but for rounding and blank answers.
    sizes : denominator of each cell, positive; its share is its sum over it.
    upper : the most each unknown can be.
    wholes : sums of unknowns that are public in any case (the answers of a choice add up to those
        who answer), rows x unknowns; no row where there is none.
    whole_least, whole_most : what is known of those sums.
    """

    sums: Floats
    least: Floats
    most: Floats
    sizes: Floats
    upper: Floats
    wholes: Floats
    whole_least: Floats
    whole_most: Floats

    @property
    def shares(self) -> Floats:
        """The share of each cell as weights on the unknowns."""
        return self.sums / self.sizes[:, None]


def exact_table(sums: Floats, sizes: Floats, upper: Floats, truth: Floats, wholes: Floats) -> Table:
    """The table of one who knows what each unknown is: sums are known exactly."""
    value, total = sums @ truth, wholes @ truth
    return Table(sums, value, value, sizes, upper, wholes, total, total)


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """A withheld cell whose share is known too well.

    width : the most less the least it can be.
    gains : by cell of the table, the most that withholding it too can add to the width; by weak
        duality no set of cells widens the interval by more than the sum of their gains.
    """

    cell: int
    width: float
    gains: Floats


def quiet_solver() -> highspy.Highs:
    """A solver of one thread, the same everywhere, that prints nothing."""
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("log_to_console", False), ("threads", 1)):
        solver.setOptionValue(option, value)
    return solver


class ContradictionError(ArithmeticError):
    """What is public cannot all be true."""


class Outsider:
    """A reader who sees some cells of a table, and the values of the others they cannot exclude.

    `low` and `high` are, for each cell, the least and the most of the shares found to agree with
    what is shown. More cells may be withheld; what was possible before stays so. `at_once` cells at
    most are found told by a search, one often freeing many; None = all.
    """

    def __init__(self, table: Table, shown: Cells, at_once: int | None = AT_ONCE) -> None:
        self.table, self.shown, self.at_once = table, shown.copy(), at_once
        self.shares = sparse.csr_array(table.shares)
        self.low = np.full(len(table.sizes), np.inf)
        self.high = -self.low
        self.room = table.sums @ table.upper
        self.scale = float(table.upper.mean())
        self.rows = np.flatnonzero(shown)
        self.columns = np.arange(len(table.upper), dtype=np.int32)
        self.solver: highspy.Highs | None = None

    def withhold(self, cells: Cells) -> None:
        """Let the outsider see these cells no more."""
        self.shown &= ~cells
        if self.solver is not None:
            for row in np.flatnonzero(cells[self.rows]):
                self.solver.changeRowBounds(int(row), -highspy.kHighsInf, highspy.kHighsInf)

    def started(self) -> highspy.Highs:
        """The solver, with what is shown."""
        if self.solver is None:
            self.rows = np.flatnonzero(self.shown)
            self.solver = quiet_solver()
            self.solver.setOptionValue("simplex_strategy", PRIMAL)
            self.solver.setOptionValue("primal_feasibility_tolerance", FINE)
            self.solver.setOptionValue("dual_feasibility_tolerance", FINE)
            self.solver.passModel(self.program())
        return self.solver

    def program(self) -> highspy.HighsLp:
        """Unknowns between 0 and their most, what is public as it is; all over `scale`."""
        known = sparse.csr_array(np.vstack([self.table.sums[self.rows], self.table.wholes]))
        least = self.table.least[self.rows], self.table.whole_least
        most = self.table.most[self.rows], self.table.whole_most
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = known.shape
        program.sense_ = highspy.ObjSense.kMaximize
        program.col_cost_ = program.col_lower_ = np.zeros(known.shape[1])
        program.col_upper_ = self.table.upper / self.scale
        program.row_lower_ = np.concatenate(least) / self.scale
        program.row_upper_ = np.concatenate(most) / self.scale
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_, program.a_matrix_.index_ = known.indptr, known.indices
        program.a_matrix_.value_ = known.data
        return program

    def most(self, objective: Floats) -> tuple[float, Floats]:
        """The largest value of an objective over the unknowns, and the gains of each cell shown."""
        solver = self.started()
        solver.changeColsCost(len(objective), self.columns, objective)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            solver.clearSolver()  # where rounding has led astray: from the start, the other way
            solver.setOptionValue("simplex_strategy", DUAL)
            solver.run()
            solver.setOptionValue("simplex_strategy", PRIMAL)
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ContradictionError(f"program of the outsider: {solver.getModelStatus()}")
        solution = solver.getSolution()
        unknowns = self.scale * np.array(solution.col_value)
        found = self.shares @ unknowns
        self.low, self.high = np.minimum(self.low, found), np.maximum(self.high, found)
        price = np.zeros(len(self.shown))
        price[self.rows] = np.array(solution.row_dual)[: len(self.rows)]
        room, least = self.room - self.table.most, self.table.least
        gains = np.where(price > 0, price * room, -price * least)
        return float(objective @ unknowns), np.where(self.shown & (gains > FINE), gains, 0.0)

    def exposures(self, need: Floats) -> Iterator[Exposure]:
        """The withheld cells whose interval is narrower than `need`, one item a cell.

        Those that sums of nothing or of all tell need no program, and come alone. Else a few points
        found for all cells at once clear most of them; each other has its own least and most.
        """
        need = np.where(self.shown, 0.0, np.minimum(need, 1) - SLACK)
        if told := self.told_outright(need):
            yield from told
            if self.at_once:
                return
            need[[each.cell for each in told]] = 0.0
        random = np.random.default_rng(len(need))
        for _ in range(ROUNDS):
            doubt = self.high - self.low < need
            if not doubt.any():
                return
            signs = random.choice([-1.0, 1.0], len(need))  # what some gain, others must lose
            common = (random.uniform(0.5, 1, len(need)) * signs * doubt) @ self.shares
            for side in (1, -1):
                self.most(side * common)
        found = 0
        for cell in np.flatnonzero(self.high - self.low < need):
            if found == self.at_once:
                return
            if self.high[cell] - self.low[cell] >= need[cell]:
                continue  # cleared by the points of another
            own = self.table.sums[cell] / self.table.sizes[cell]
            most, above = self.most(own)
            less, below = self.most(-own)
            if most + less < need[cell]:
                found += 1
                yield Exposure(int(cell), max(most + less, 0.0), above + below)

    def told_outright(self, need: Floats) -> list[Exposure]:
        """Cells all of whose unknowns are in a shown cell that holds nothing, or all it can."""
        closed = self.shown & (
            (self.table.most <= FINE * self.room) | (self.table.least >= (1 - FINE) * self.room)
        )
        fixing = self.table.sums[np.flatnonzero(closed)]
        free = self.table.upper * (fixing.sum(axis=0) == 0)
        told = np.flatnonzero((need > 0) & (self.shares @ free < need))
        gains = np.zeros((len(told), len(need)))
        gains[:, closed] = (self.table.shares[told] * self.table.upper) @ fixing.T
        widths = self.shares[told] @ free
        return [
            Exposure(int(cell), float(width), row)
            for cell, width, row in zip(told, widths, gains, strict=True)
        ]
