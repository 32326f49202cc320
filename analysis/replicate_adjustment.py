"""Replicates adjusted as the sample was: non-response, then calibration, each one anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from scipy import linalg, sparse

from analysis.calibration import RAKED, not_converged
from analysis.calibration_distances import Distance, distance_of
from analysis.calibration_problem import Problem, calibration_problem
from analysis.calibration_solver import ROUNDING, gram, solve
from analysis.calibration_spec import CalibrationSpec
from analysis.checks import Floats, Integers, encode, fault, named, refuse_missing, require_columns
from analysis.replicate_weights import ReplicateSet, check_height
from survey.errors import ConvergenceError, MarginError
from survey.french import counted, integer

HELD = 1 << 22  # numbers of a working array: 32 MB


def readjust(
    replicates: ReplicateSet,
    sample: pl.DataFrame,
    group: str = "response_group",
    responded: str = "responded",
) -> ReplicateSet:
    """Every replicate with the weight of its silent units shared among those who responded.

    As `analysis.nonresponse.adjust_nonresponse`, whose groups are kept as they are (`sample` is
    what it returns): none is merged anew in a replicate. Silent units end with weight 0.
    """
    check_height(replicates, sample)
    use = "Non-réponse des répliques"
    require_columns(sample, (group, responded), use)
    for column in (group, responded):
        refuse_missing(sample, column, use)
    if sample.schema[responded] != pl.Boolean:
        raise fault(f"{use} : la colonne « {responded} » doit être booléenne (vrai ou faux).")
    codes, keys = encode(sample.select(group))
    heard = np.flatnonzero(sample[responded].to_numpy())
    rows = np.arange(len(codes))
    sums = sparse.csr_array((np.ones(len(codes)), (codes, rows)), (keys.height, len(codes)))

    def shared(weights: Floats) -> Floats:
        everyone, answering = sums @ weights, sums[:, heard] @ weights[heard]
        silent = (answering <= 0) & (everyone > 0)
        if silent.any():
            groups = keys[group].cast(pl.String).filter(pl.Series(silent.any(axis=1))).to_list()
            raise fault(
                f"{use} : plus aucun répondant dans {named(groups)}, pour "
                f"{counted(silent.any(axis=0).sum(), 'poids répliqué')} ; regrouper ces groupes de "
                "réponse, ou choisir « fay » ou « successive_difference », qui gardent chacun.",
                MarginError,
            )
        inflation = np.divide(everyone, answering, where=answering > 0, out=np.ones_like(everyone))
        adjusted = np.zeros_like(weights)
        adjusted[heard] = weights[heard] * inflation[codes[heard]]
        return adjusted

    whole = shared(replicates.weight[:, None])[:, 0]
    return replace(replicates, weight=whole, weights=shared(replicates.weights))


def recalibrate(
    replicates: ReplicateSet,
    responses: pl.DataFrame,
    margins: pl.DataFrame,
    spec: CalibrationSpec = RAKED,
) -> ReplicateSet:
    """The sample and each of its replicates calibrated to the same margins, as `calibrate` does.

    Rows of weight 0 (silent units) stay at 0. Replicates are solved together, from the multipliers
    of the whole sample; those that resist, one by one with step control. Totals with a `std_error`
    are taken as exact: their own error is not in the replicates.

    Raises
    ------
    MarginError, SurveyError : as `analysis.calibration.calibrate`.
    ConvergenceError : the sample cannot meet the margins, or some replicates cannot; it says how
        many, and why the first one does not.
    """
    check_height(replicates, responses)
    weighed = responses.with_columns(pl.Series(spec.weight, replicates.weight))
    problem, distance = calibration_problem(weighed, margins, spec), distance_of(spec)
    whole = solve(problem, distance, spec)
    if not whole.converged:
        raise not_converged(problem, whole, spec)
    rows = np.flatnonzero(problem.cell_of_row >= 0)
    cell = problem.cell_of_row[rows]
    sums = sparse.csr_array(
        (np.ones(len(rows)), (cell, rows)), (len(problem.weight), len(replicates.weight))
    )
    newton = newton_parts(problem, distance, whole.multiplier)
    weights = np.zeros_like(replicates.weights)
    width = max(1, HELD // len(rows))
    failed: dict[int, Problem] = {}
    for at in range(0, weights.shape[1], width):
        block = slice(at, at + width)
        cells = sums @ replicates.weights[:, block]
        factor, left = calibrated(problem, distance, spec, cells, whole.multiplier, newton)
        weights[rows, block] = replicates.weights[rows, block] * factor[cell]
        failed |= {at + place: replaced for place, replaced in left.items()}
    if failed:
        raise resisting(failed, weights.shape[1], distance, spec, whole.multiplier)
    sample = np.zeros_like(replicates.weight)
    sample[rows] = replicates.weight[rows] * whole.factor[cell]
    return replace(replicates, weight=sample, weights=weights)


Newton = tuple[Integers, sparse.csr_array]


def newton_parts(problem: Problem, distance: Distance, multiplier: Floats) -> Newton | None:
    """Margins independent of one another, and the products of each two of them, pairs x cells.

    None when these products are too many (numbers on many rows): replicates go one by one.
    """
    score = problem.scale * (problem.matrix @ multiplier)
    slope = gram(problem.matrix, problem.weight * problem.scale * distance.slope(score))
    slope[np.diag_indices_from(slope)] += problem.slack
    size = np.sqrt(np.maximum(np.diag(slope), np.finfo(float).tiny))
    _, triangle, pivots = linalg.qr(slope / np.outer(size, size), pivoting=True)
    pivot = np.abs(np.diag(triangle))
    basis = np.sort(pivots[pivot > 1e-10 * pivot[0]])
    columns = sparse.csc_array(problem.matrix)[:, basis]
    if columns.nnz * len(basis) > 8 * HELD:
        return None
    first, second = np.triu_indices(len(basis))
    return basis, columns[:, first].multiply(columns[:, second]).T.tocsr()


def calibrated(
    problem: Problem,
    distance: Distance,
    spec: CalibrationSpec,
    weight: Floats,
    start: Floats,
    newton: Newton | None,
) -> tuple[Floats, dict[int, Problem]]:
    """g-weights, cells x replicates, of `weight` of that shape, and the replicates without any."""
    matrix, scale = problem.matrix, problem.scale[:, None]
    found = np.ones_like(weight)
    sums = weight.sum(axis=0)
    slack = np.outer(problem.slack, problem.weight.sum() / np.where(sums > 0, sums, 1.0))
    multiplier = np.repeat(start[:, None], weight.shape[1], axis=1)
    left, careful = np.arange(weight.shape[1]), []
    for _ in range(min(spec.max_steps, 20)):
        w, soft = weight[:, left], slack[:, left]
        score = scale * (matrix @ multiplier[:, left])
        with np.errstate(over="ignore", invalid="ignore"):
            factor = distance.factor(score)
            gap = matrix.T @ (w * factor) - problem.totals[:, None] + soft * multiplier[:, left]
            noise = ROUNDING * (abs(matrix).T @ (w * np.abs(factor)))
        overflows = ~np.isfinite(gap).all(axis=0)
        met = (np.abs(gap) <= spec.tolerance * problem.size[:, None] + noise).all(axis=0)
        met &= ~overflows
        found[:, left[met]] = factor[:, met]
        careful += left[overflows].tolist()
        going = ~met & ~overflows
        left = left[going]
        if newton is None or not len(left):
            break
        curve = w[:, going] * scale * distance.slope(score[:, going])
        multiplier[:, left] -= newton_step(newton, curve, gap[:, going], soft[:, going])
    failed = {}
    for place in sorted([*careful, *left.tolist()]):
        one = replace(problem, weight=weight[:, place], slack=slack[:, place])
        solution = solve(one, distance, spec, start)
        found[:, place] = solution.factor
        if not solution.converged:
            failed[place] = one
    return found, failed


def newton_step(newton: Newton, curve: Floats, gap: Floats, slack: Floats) -> Floats:
    """Newton's step of each replicate, margins x replicates."""
    basis, pairs = newton
    width = len(basis)
    slope = np.empty((curve.shape[1], width, width))
    first, second = np.triu_indices(width)
    slope[:, first, second] = slope[:, second, first] = (pairs @ curve).T
    slope[:, np.arange(width), np.arange(width)] += slack[basis].T
    wanted = gap[basis].T[:, :, None]
    try:
        solved = np.linalg.solve(slope, wanted)
    except np.linalg.LinAlgError:
        solved = np.linalg.pinv(slope, hermitian=True) @ wanted
    step = np.zeros_like(gap)
    # a longer step overflows every distance; the careful solver takes over if this one is wrong
    step[basis] = np.clip(solved[:, :, 0].T, -50, 50)
    return step


def resisting(
    failed: dict[int, Problem],
    n_replicates: int,
    distance: Distance,
    spec: CalibrationSpec,
    start: Floats,
) -> ConvergenceError:
    """The error of replicates that cannot meet the margins."""
    first, problem = next(iter(failed.items()))
    empty = (abs(problem.matrix).T @ problem.weight == 0) & (problem.totals != 0)
    if empty.any():
        rows = problem.margins.filter(pl.Series(empty)).select("variable", "category").rows()
        which = named([f"« {variable} » = {category}" for variable, category in rows])
        why = f"plus aucun répondant pour {which}"
    else:
        why = str(not_converged(problem, solve(problem, distance, spec, start), spec))
    return fault(
        f"Calage des répliques : {integer(len(failed))} sur {integer(n_replicates)} "
        f"n’atteignent pas les marges. La première (n° {first + 1}) : {why.rstrip('.')}. Regrouper "
        "de petites modalités, élargir les bornes, ou choisir une méthode qui garde toutes les "
        "unités (« fay », « successive_difference »).",
        ConvergenceError,
    )
