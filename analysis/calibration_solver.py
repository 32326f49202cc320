"""Newton's method, with step control, on the dual of a calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.calibration_cells import Matrix
from analysis.calibration_distances import Distance
from analysis.calibration_problem import Problem
from analysis.calibration_spec import CalibrationSpec, factor_limits
from analysis.checks import Floats

# Curvatures below this share of the largest are raised to it. The first is Newton's own step;
# the others serve where bounds are reached and the curvature vanishes.
FLOORS = (1e-12, 1e-6, 1e-3, 1e-1)
HALVINGS, LONGEST = 40, 2.0**40
NOISE = 1e-12  # rounding errors of the dual, relative to its value
LARGEST_FACTOR = 1e9  # a g-weight beyond is held to be out of the question
QUICK = 10  # steps after which Newton's full step is no longer taken without a search
ROUNDING = 64 * np.finfo(float).eps  # of a sum, relative to the sum of its absolute terms


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """`factor`: g-weight of each cell; `multiplier` of each margin; `gap`: obtained - wanted.

    `impossible`: the search has proved that no g-weights within the limits meet the margins.
    """

    factor: Floats
    multiplier: Floats
    gap: Floats
    steps: int
    converged: bool
    impossible: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A multiplier, the scores q x'λ of the cells at it, and the value of the dual."""

    multiplier: Floats
    score: Floats
    value: float


def solve(
    problem: Problem, distance: Distance, spec: CalibrationSpec, start: Floats | None = None
) -> Solution:
    """The g-weights closest to 1 that meet the margins, or the last tried: see `converged`.

    The multiplier λ minimises the convex `sum(weight / q * H(q x'λ)) - totals'λ + λ'slack λ / 2`,
    where H' = F; its gradient is the gap to the margins. A step that does not lower it is refused,
    and after `max_steps`, or when none lowers it, the search stops. A gap within the rounding
    errors of the sums themselves counts as none.
    """
    matrix, weight = problem.matrix, problem.weight
    point = point_at(problem, distance, starting(problem, spec) if start is None else start)
    absolute = abs(matrix)
    before = absolute.T @ weight
    ratio = np.divide(problem.size, before, where=before > 0, out=np.ones_like(before))
    largest = LARGEST_FACTOR * ratio.max(initial=1.0)
    limits = np.clip(factor_limits(spec), -largest, largest)
    curvature = square(matrix).T @ (weight * problem.scale) + problem.slack
    for steps in range(spec.max_steps + 1):
        factor = distance.factor(point.score)
        gap = gap_at(problem, distance, point)
        noise = ROUNDING * (absolute.T @ (weight * np.abs(factor)))
        converged = bool((np.abs(gap) <= spec.tolerance * problem.size + noise).all())
        impossible = not converged and proved_impossible(problem, point, limits)
        if converged or impossible or steps == spec.max_steps:
            break
        slope = gram(matrix, weight * problem.scale * distance.slope(point.score))
        slope[np.diag_indices_from(slope)] += problem.slack
        better = improved(problem, distance, point, gap, slope, curvature, steps >= QUICK)
        if better is None:
            break
        point = better
    return Solution(factor, point.multiplier, gap, steps, converged, impossible)


def proved_impossible(problem: Problem, point: Point, limits: tuple[float, float]) -> bool:
    """Whether the multiplier proves that no g-weights within the limits meet the margins.

    Were there any, `totals'λ = sum(weight * g * x'λ)` could not exceed what the limits allow.
    Without bounds, they are limited by `LARGEST_FACTOR`, on the scale of the totals.
    """
    if problem.slack.any():
        return False
    lower, upper = limits
    across = point.score / problem.scale
    reach = problem.weight @ np.maximum(lower * across, upper * across)
    terms = problem.totals * point.multiplier
    return bool(terms.sum() - reach > 1e-9 * np.abs(terms).sum())


def starting(problem: Problem, spec: CalibrationSpec) -> Floats:
    """λ = 0; for plain raking, the one that already meets the first categorical variable."""
    start = np.zeros(len(problem.totals))
    first = problem.margins.filter(pl.col("category").is_not_null()).head(1)["variable"]
    if spec.method != "raking" or spec.bounds or spec.scale or spec.unit or first.is_empty():
        return start
    of_first = (problem.margins["variable"] == first[0]).to_numpy() & (problem.slack == 0)
    before = problem.matrix.T @ problem.weight
    of_first &= before > 0
    start[of_first] = np.log(problem.totals[of_first] / before[of_first])
    return start


def point_at(problem: Problem, distance: Distance, multiplier: Floats) -> Point:
    """The point of a multiplier; its value is infinite where a factor overflows."""
    score = problem.scale * (problem.matrix @ multiplier)
    with np.errstate(over="ignore", invalid="ignore"):
        value = (
            (problem.weight / problem.scale) @ distance.integral(score)
            - problem.totals @ multiplier
            + problem.slack @ multiplier**2 / 2
        )
    return Point(multiplier, score, value if np.isfinite(value) else np.inf)


def improved(
    problem: Problem,
    distance: Distance,
    point: Point,
    gap: Floats,
    slope: Floats,
    curvature: Floats,
    thorough: bool,
) -> Point | None:
    """A point where the dual is lower by enough, if any: Newton's, else the lowest found.

    Margins are put on a common scale, so that curvatures compare: by the curvature here, or by
    that at the start where bounds have made it vanish.
    """
    size = np.sqrt(np.maximum(np.diag(slope), 1e-2 * curvature))
    size[size == 0] = 1.0
    values, vectors = np.linalg.eigh(slope / np.outer(size, size))
    along = vectors.T @ (gap / size)
    steps = [-(vectors @ (along / np.maximum(values, floor))) / size for floor in FLOORS]
    if -gap @ steps[0] < NOISE * abs(point.value):
        near = nearer(problem, distance, point, gap, steps)
        if near is not None:
            return near
    found: list[Point] = []
    for step in steps:
        moved, length = searched(problem, distance, point, step, gap @ step, thorough)
        if moved is not None:
            found.append(moved)
            if step is steps[0] and length == 1 and not thorough:
                break
    return min(found, key=lambda moved: moved.value, default=None)


def nearer(
    problem: Problem, distance: Distance, point: Point, gap: Floats, steps: list[Floats]
) -> Point | None:
    """Of the points along steps, the one of smallest gap to the margins, if smaller than now's.

    The end of the search, where the dual changes by less than its own rounding errors.
    """

    def largest(gap: Floats) -> float:
        return float(np.max(np.abs(gap) / problem.size))

    found = [
        point_at(problem, distance, point.multiplier + length * step)
        for step in steps
        for length in (1.0, 0.5, 0.25, 0.1)
    ]
    with np.errstate(over="ignore", invalid="ignore"):
        gaps = [largest(gap_at(problem, distance, moved)) for moved in found]
    best = int(np.nanargmin(gaps))
    return found[best] if gaps[best] < largest(gap) else None


def gap_at(problem: Problem, distance: Distance, point: Point) -> Floats:
    """Obtained - wanted, a margin; plus what a margin with a cost may lack."""
    weighted = problem.weight * distance.factor(point.score)
    return problem.matrix.T @ weighted - problem.totals + problem.slack * point.multiplier


def searched(
    problem: Problem,
    distance: Distance,
    point: Point,
    step: Floats,
    promised: float,
    further: bool,
) -> tuple[Point | None, float]:
    """The point after the longest of 1, 1/2, 1/4… steps that lowers the dual enough, its length.

    `further` doubles a full step for as long as that lowers the dual more.
    """

    def at(length: float) -> Point:
        return point_at(problem, distance, point.multiplier + length * step)

    noise = NOISE * abs(point.value)
    for length in 0.5 ** np.arange(HALVINGS):
        moved = at(length)
        if moved.value <= point.value + 1e-4 * length * promised + noise:
            break
    else:
        return None, 0.0
    while further and 1 <= length < LONGEST and (longer := at(2 * length)).value < moved.value:
        moved, length = longer, 2 * length
    return moved, length


def square(matrix: Matrix) -> Matrix:
    """Each entry squared."""
    return matrix**2 if isinstance(matrix, np.ndarray) else matrix.power(2)


def gram(matrix: Matrix, weight: Floats) -> Floats:
    """`matrix.T @ diag(weight) @ matrix`, dense."""
    if isinstance(matrix, np.ndarray):
        return matrix.T @ (weight[:, None] * matrix)
    return (matrix.T @ matrix.multiply(weight[:, None])).toarray()


def rank(problem: Problem) -> int:
    """How many margins are independent of one another on these respondents."""
    slope = gram(problem.matrix, problem.weight)
    size = np.sqrt(np.maximum(np.diag(slope), 1e-300))
    return int((np.linalg.eigvalsh(slope / np.outer(size, size)) > 1e-12).sum())
