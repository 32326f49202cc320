"""Trimming as a calibration whose bounds are each row's own, and why it cannot be done."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import polars as pl
from scipy import sparse

from analysis.calibration_cells import DENSE
from analysis.calibration_diagnosis import LARGE, not_converged
from analysis.calibration_distances import LINEAR, RAKING, Distance, clipped, floored
from analysis.calibration_margins import MARGINS, label, quantity
from analysis.calibration_problem import Problem
from analysis.calibration_solver import Solution, solve
from analysis.checks import Floats, fault, named, row_numbers
from analysis.trimming_spec import USE, Sharing, TrimSpec
from survey.errors import ConvergenceError, SurveyError
from survey.french import counted, decimal
from survey.marked import option

WIDEST = 1e8  # limits are widened up to this many hundredths in search of some that do
HUGE = 1e100  # in place of no limit: 0 times it is 0
PATIENCE = 200  # steps allowed to the trials of an error message
REMEDIES = (f"donner un coût (colonne « {option('cost')} ») aux marges en cause, alors approchées",)
NEAR = 1e-9  # a total this near what is possible, relative to it, is possible


def own_cells(cells: Problem, weight: Floats, spec: TrimSpec) -> Problem:
    """The problem with a cell a row, as limits are the row's own; units stay as they are."""
    problem = cells
    if spec.unit is None:
        matrix = cells.matrix
        if len(weight) * matrix.shape[1] > DENSE:
            matrix = sparse.csr_array(matrix)
        problem = replace(
            cells,
            matrix=matrix[cells.cell_of_row],
            weight=weight,
            scale=np.ones(len(weight)),
            cell_of_row=np.arange(len(weight)),
        )
    if spec.sharing == "equal":  # q = 1 / weight: weights move by quantities, not by ratios
        return replace(problem, scale=np.bincount(problem.cell_of_row) / problem.weight)
    return problem


def cell_limits(
    problem: Problem, weight: Floats, limits: tuple[Floats, Floats], spec: TrimSpec
) -> tuple[Floats, Floats]:
    """Limits of each cell's factor, such that all its rows keep their weight within theirs."""
    lower, upper = np.zeros(len(problem.weight)), np.full(len(problem.weight), inf)
    np.maximum.at(lower, problem.cell_of_row, limits[0] / weight)
    np.minimum.at(upper, problem.cell_of_row, limits[1] / weight)
    crossed = pl.Series((lower > upper)[problem.cell_of_row])
    if crossed.any():
        raise fault(
            f"{USE} : les limites se croisent pour une même unité « {spec.unit} » "
            f"({row_numbers(crossed)}) : aucun facteur commun n'y amène tous ses poids entre "
            "elles ; écarter davantage les limites, ou donner un seul poids à l'unité."
        )
    return lower, upper


def nearest(problem: Problem, factors: tuple[Floats, Floats], spec: TrimSpec) -> Solution:
    """The factors within their limits that meet the margins, nearest to 1, or the last tried."""
    start = np.zeros(len(problem.totals))
    return solve(problem, bounded(spec.sharing, factors), spec.calibration(), start)


def bounded(sharing: Sharing, factors: tuple[Floats, Floats]) -> Distance:
    """The distance of a calibration whose bounds are each cell's own."""
    if sharing == "raking":
        return clipped(RAKING, *(np.log(floored(limit)) for limit in factors))
    return clipped(LINEAR, *(limit - 1 for limit in factors))


def out_of_reach(
    cells: Problem,
    limits: tuple[Floats, Floats],
    weight: Floats,
    solution: Solution,
    spec: TrimSpec,
    remedies: tuple[str, ...],
) -> SurveyError:
    """The error of margins that no weights within the limits meet, and what would work.

    `remedies` are those besides wider limits.
    `cells` may join rows of equal margin variables: only the sums of their limits count here.
    """
    patient = replace(spec, max_steps=max(PATIENCE, spec.max_steps))
    if spec.unit is None:
        lower, upper = (np.bincount(cells.cell_of_row, limit) / cells.weight for limit in limits)
    else:
        lower, upper = cell_limits(cells, weight, limits, spec)
    free = nearest(cells, (np.zeros_like(lower), np.full_like(upper, inf)), patient)
    if not free.converged:
        return not_converged(cells, free, patient.calibration())
    if nearest(cells, (lower, upper), patient).converged:
        return fault(
            f"{USE} : marges non atteintes en {counted(solution.steps, 'étape')} ; des poids qui "
            "les tiennent existent pourtant : augmenter max_steps.",
            ConvergenceError,
        )
    beyond = margins_beyond(cells, lower, upper)
    why = "Chaque total peut l'être seul, mais pas tous ensemble."
    if beyond:
        why = f"Hors d'atteinte : {named(beyond)}."
    return fault(
        f"{USE} : aucun jeu de poids entre les limites demandées ne tient les totaux. {why} "
        f"{' ; ou '.join((wider_told(cells, (lower, upper), patient), *remedies))}.",
        ConvergenceError,
    )


def wider_told(cells: Problem, factors: tuple[Floats, Floats], spec: TrimSpec) -> str:
    """Says by how much limits must be widened, to the hundredth above, by trying."""

    def holds(hundredths: int) -> bool:
        lower, upper = factors[0] * 100 / hundredths, factors[1] * hundredths / 100
        if margins_beyond(cells, lower, upper):
            return False
        return nearest(cells, (lower, upper), spec).converged

    if len(cells.weight) > LARGE:
        return "Élargir les limites"
    near, far = 100, 101
    while not holds(far):
        near, far = far, 2 * far - 100
        if far > WIDEST:
            return "Élargir beaucoup les limites"
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if holds(middle) else (middle, far)
    found = decimal(far / 100, 2)
    return f"Essayé : multiplier les limites hautes et diviser les basses par {found} suffit"


def margins_beyond(cells: Problem, lower: Floats, upper: Floats) -> list[str]:
    """Margins held exactly that are out of reach even alone, each with what it can be."""
    positive = (cells.matrix + abs(cells.matrix)) / 2
    negative = positive - cells.matrix
    low, high = cells.weight * lower, np.minimum(cells.weight * upper, HUGE)
    least = positive.T @ low - negative.T @ high
    most = positive.T @ high - negative.T @ low
    told = []
    rows = cells.margins.select(*MARGINS).rows()
    for place, (variable, category, total) in enumerate(rows):
        room = NEAR * cells.size[place]
        if cells.slack[place] or least[place] - room <= total <= most[place] + room:
            continue
        short = total > most[place]
        bound = (
            f"au plus {quantity(most[place])}" if short else f"au moins {quantity(least[place])}"
        )
        told.append(f"{label(variable, category)} ({bound}, visé {quantity(total)})")
    return told
