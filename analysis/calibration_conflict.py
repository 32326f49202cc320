"""Which margins no weights meet together, and which changes of them would help, by trying."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.calibration_bounds import merged, restricted, shortfalls
from analysis.calibration_distances import distance_of
from analysis.calibration_problem import Problem
from analysis.calibration_solver import solve
from analysis.calibration_spec import CalibrationSpec, factor_limits

Limits = tuple[float, float]

# Trials of a diagnosis: cells x margins x trials stays about this, some ten seconds.
EFFORT = 40_000_000
# Room asked inside limits that a method comes near but never reaches (raking: g > 0; logit:
# L < g < U), as a share of their distance to 1; less where totals are far below the weights.
ROOM = 1e-6
STEPS = 50


def trials(problem: Problem) -> int:
    """How many trials a diagnosis may make on a problem of this size."""
    return max(3, EFFORT // (len(problem.weight) * max(1, len(problem.totals))))


def open_limits(spec: CalibrationSpec, problem: Problem) -> Limits:
    """The limits of g-weights, a little drawn in where the method never reaches them."""
    lower, upper = factor_limits(spec)
    if spec.method == "logit":
        return lower + ROOM * (1 - lower), upper - ROOM * (upper - 1)
    if spec.method == "raking" and spec.bounds is None:
        before = abs(problem.matrix).T @ problem.weight
        held = (before > 0) & (problem.totals != 0)
        ratio = np.abs(problem.totals[held]) / before[held]
        return ROOM * ratio.min(initial=1.0), upper
    return lower, upper


def possible(problem: Problem, limits: Limits) -> bool:
    """Whether some g-weights between limits meet all margins.

    Truncated calibration finds them, or proves that there are none; when it does neither, a linear
    programme decides.
    """
    free = limits == (-np.inf, np.inf)
    spec = CalibrationSpec(
        "linear" if free else "truncated", None if free else limits, max_steps=STEPS
    )
    solution = solve(problem, distance_of(spec), spec)
    if solution.converged or solution.impossible:
        return solution.converged
    return not shortfalls(problem, limits).any()


def conflict(problem: Problem, limits: Limits) -> tuple[list[int], bool]:
    """Rows of margins that cannot be met together, and whether none of them could be left out.

    Leaves out, in turn, each variable then each margin without which the others still cannot be
    met (deletion filter). Those left are not known to be all needed when trials run out.
    """

    def unmet(rows: list[int]) -> bool:
        return bool(rows) and not possible(restricted(problem, mask(problem, rows)), limits)

    rows = list(range(len(problem.totals)))
    variables = problem.margins["variable"].to_list()
    for variable in dict.fromkeys(variables):
        without = [row for row in rows if variables[row] != variable]
        if unmet(without):
            rows = without
    if len(rows) > trials(problem):
        return rows, False
    for row in tuple(rows):
        without = [other for other in rows if other != row]
        if unmet(without):
            rows = without
    return rows, True


def mask(problem: Problem, rows: list[int]) -> np.ndarray:
    """True for some of the margins."""
    kept = np.zeros(len(problem.totals), bool)
    kept[rows] = True
    return kept


def merges(problem: Problem, suspects: list[int]) -> Iterator[tuple[str, Problem]]:
    """Each suspect category made one with another of its variable, neighbours first."""
    rows = problem.margins.select("variable", "category").rows()
    for row in suspects:
        variable, category = rows[row]
        others = [i for i, (name, _) in enumerate(rows) if name == variable and i != row]
        if category is None or len(others) < 2:
            continue
        for other in sorted(others, key=lambda i: (abs(i - row), i)):
            told = f"regrouper « {variable} » = {category} et {rows[other][1]}"
            yield told, merged(problem, row, other)


def removals(problem: Problem, suspects: list[int]) -> Iterator[tuple[str, Problem]]:
    """The problem without one of the suspect variables."""
    variables = problem.margins["variable"].to_numpy()
    for variable in dict.fromkeys(variables[suspects]):
        kept = variables != variable
        if kept.any():
            yield f"retirer la marge « {variable} »", restricted(problem, kept)


def widened(problem: Problem, bounds: Limits, lowest: float) -> Limits:
    """Bounds moved away from 1 in one ratio until margins can be met, to the hundredth, outwards.

    Margins must be such that some bounds do.
    """

    def at(ratio: float) -> Limits:
        lower, upper = outwards((1 - ratio * (1 - bounds[0]), 1 + ratio * (bounds[1] - 1)), 2)
        return max(lowest, lower), upper

    near, far = 1.0, 2.0
    while not possible(problem, at(far)):
        near, far = far, 2 * far
    for _ in range(8):
        middle = (near + far) / 2
        near, far = (near, middle) if possible(problem, at(middle)) else (middle, far)
    return at(far)


def outwards(bounds: Limits, digits: int) -> Limits:
    """Bounds rounded away from 1; an infinite one stays so."""
    unit = 10**digits
    lower, upper = (round(unit * bound, 6) if np.isfinite(bound) else bound for bound in bounds)
    return float(np.floor(lower) / unit), float(np.ceil(upper) / unit)
