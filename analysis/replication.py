"""Estimation by replicate weights, each replicate adjusted for non-response and re-calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import linalg, sparse

from analysis.arrays import checked_weight
from analysis.calibration import RAKED, not_converged
from analysis.calibration_distances import Distance, distance_of
from analysis.calibration_problem import Problem, calibration_problem
from analysis.calibration_solver import ROUNDING, gram, solve
from analysis.calibration_spec import CalibrationSpec
from analysis.checks import (
    Floats,
    Integers,
    encode,
    fault,
    named,
    numeric_column,
    refuse_missing,
    require_columns,
)
from analysis.design import Replicates, SurveyDesign
from analysis.estimation import check_request, finished, simple_variance
from analysis.forms import summing
from analysis.inequality import gini_scores, quantile_share_scores, refuse_negative
from analysis.intervals import normal_interval
from analysis.linearisation import CHUNK, LINEAR, Scored, linear_scores
from analysis.quantiles import quantile_values, ranking
from analysis.replicate_weights import USE, ReplicateSet, check_height
from analysis.results import refuse_repeats
from analysis.targets import (
    WHOLE,
    Domain,
    Partition,
    Target,
    TargetValues,
    partition,
    target_values,
)
from analysis.variance import RowGroups
from survey.errors import ConvergenceError, MarginError
from survey.french import integer

HELD = 1 << 22  # numbers of a working array: 32 MB


@dataclass(frozen=True, slots=True, eq=False)
class ReplicateEstimates:
    """Estimates and their replicates, from which any contrast has its error.

    cells : `RESULT`, one row a cell. values : replicates x cells, NaN where a replicate has no such
    cell (no weight left in the domain). absent : number of these by cell; the variance is that of
    the others, as R's. replicates : the weights used.
    """

    cells: pl.DataFrame
    values: Floats
    absent: Integers
    replicates: ReplicateSet


def replicate_set(frame: pl.DataFrame, design: SurveyDesign) -> ReplicateSet:
    """The replicate weights that `design.replicates` names in `frame`, checked."""
    given = design.replicates
    if given is None:
        raise fault(f"{USE} : le plan ne nomme aucun poids répliqué ; voir « make_replicates ».")
    require_columns(frame, design.columns, USE)
    weight = checked_weight(frame, design.weight)
    weights = np.empty((frame.height, len(given.columns)))
    for place, column in enumerate(given.columns):
        weights[:, place] = numeric_column(frame, column, USE)
    rscales = np.ones(len(given.columns)) if given.rscales is None else np.array(given.rscales)
    return ReplicateSet(weight, weights, given.scale, rscales, given.mse, given.df)


def as_columns(
    replicates: ReplicateSet,
    frame: pl.DataFrame,
    prefix: str = "rep_",
    weight: str = "calibrated_weight",
) -> tuple[pl.DataFrame, Replicates]:
    """`frame` with its replicate weights (`rep_001`…) and, as `weight`, that of the sample.

    The `Replicates` returned is what `SurveyDesign(weight, replicates=…)` needs to read them back.
    """
    check_height(replicates, frame)
    count = replicates.weights.shape[1]
    names = tuple(f"{prefix}{number:0{len(str(count))}d}" for number in range(1, count + 1))
    taken = sorted(set(names) & set(frame.columns))
    if taken:
        raise fault(f"{USE} : colonnes déjà présentes, {named(taken)} ; changer de préfixe.")
    columns = [pl.Series(name, replicates.weights[:, at]) for at, name in enumerate(names)]
    described = Replicates(
        names, replicates.scale, tuple(replicates.rscales.tolist()), replicates.mse, replicates.df
    )
    return frame.with_columns(pl.Series(weight, replicates.weight), *columns), described


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
    use = "Non-réponse des réplications"
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
                f"{integer(silent.any(axis=0).sum())} poids répliqués ; regrouper ces groupes de "
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
    rows = np.flatnonzero(replicates.weight > 0)
    counted = responses[rows].with_columns(pl.Series(spec.weight, replicates.weight[rows]))
    problem, distance = calibration_problem(counted, margins, spec), distance_of(spec)
    whole = solve(problem, distance, spec)
    if not whole.converged:
        raise not_converged(problem, whole, spec)
    cell = problem.cell_of_row
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
        f"Calage des réplications : {integer(len(failed))} sur {integer(n_replicates)} "
        f"n’atteignent pas les marges. La première (n° {first + 1}) : {why.rstrip('.')}. Regrouper "
        "de petites modalités, élargir les bornes, ou choisir une méthode qui garde toutes les "
        "unités (« fay », « successive_difference »).",
        ConvergenceError,
    )


def estimate_replicates(
    responses: pl.DataFrame,
    replicates: ReplicateSet | SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    **names: str | float,
) -> pl.DataFrame:
    """`RESULT` of `replicate_estimates`, which takes the same."""
    return replicate_estimates(responses, replicates, targets, domains, **names).cells


def replicate_estimates(
    responses: pl.DataFrame,
    replicates: ReplicateSet | SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    population: str,
    edition: int,
    level: float = 0.95,
) -> ReplicateEstimates:
    """Every target in every domain, with the variance of its replicates.

    `replicates` is a set made here, or a design that names replicate weights; all else is as in
    `analysis.estimation.estimate`. As R's `svyrep.design`: every statistic is computed anew in each
    replicate; `df` is that of the set, else the rank of the replicate weights of the rows counted
    minus 1; quantiles get a t interval, and no `deff`.
    """
    check_request(targets, domains, level)
    if isinstance(replicates, SurveyDesign):
        replicates = replicate_set(responses, replicates)
    check_height(replicates, responses)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_repeats(targets, partitions)
    parts = [partition_cells(values, targets, replicates, part, level) for part in partitions]
    found = np.concatenate([found for _, found in parts], axis=1).transpose(0, 2, 1)
    found = found.reshape(len(found), -1)
    cells = [part for part, _ in parts]
    table = finished(cells, targets, partitions, population, edition, level)
    return ReplicateEstimates(table, found, np.isnan(found).sum(axis=0), replicates)


def replicate_covariance(found: ReplicateEstimates) -> Floats:
    """Covariance of the cells, cells x cells; NaN where an estimate does not exist."""
    estimate = found.cells["estimate"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    moved = np.nan_to_num(found.values - centre(found.values, estimate, found.replicates))
    factor = found.replicates.scale * found.replicates.rscales
    matrix = moved.T @ (factor[:, None] * moved)
    matrix[np.isnan(estimate)] = matrix[:, np.isnan(estimate)] = np.nan
    return matrix


def centre(found: Floats, estimate: Floats, replicates: ReplicateSet) -> Floats:
    """What replicates are compared with: the estimate, or the mean of those that count."""
    if replicates.mse:
        return estimate
    counted = found[replicates.rscales > 0]
    known = ~np.isnan(counted)
    return np.where(known, counted, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def partition_cells(
    values: TargetValues,
    targets: Sequence[Target],
    replicates: ReplicateSet,
    part: Partition,
    level: float,
) -> tuple[dict[str, Floats], Floats]:
    """Everything about each domain x target, and replicates x domains x targets."""
    rows = np.argsort(part.codes, kind="stable")
    rows = rows[part.codes[rows] >= 0]
    domain = part.codes[rows]
    sums = summing(domain, len(part.labels))
    groups = RowGroups(rows, domain, len(part.labels), sums, None, ())
    found = replicated(values, targets, replicates.weights, groups)
    positive = (replicates.weight[rows] > 0)[:, None]
    shape = np.ones((len(part.labels), len(targets)))
    cells = {name: np.full_like(shape, np.nan) for name in ("estimate", "deff")}
    cells["estimate"] = replicated(values, targets, replicates.weight[:, None], groups)[0]
    for places in linear_blocks(targets, len(rows)):
        block = linear_scores(places, targets, values, replicates.weight, groups)
        cells["estimate"][:, places] = block.estimate
        cells["deff"][:, places] = simple(block, values, replicates.weight, groups)
    moved = found - centre(found, cells["estimate"], replicates)
    factor = replicates.scale * replicates.rscales
    cells["variance"] = np.einsum("rdt,r->dt", np.nan_to_num(moved) ** 2, factor)
    cells["variance"][np.isnan(found).all(axis=0)] = np.nan
    # below this the replicates differ by rounding: the weights determine the estimate
    cells["variance"][cells["variance"] < (1e-13 * cells["estimate"]) ** 2] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        cells["deff"] = cells["variance"] / cells["deff"]
    answered = values.answered[rows] & positive
    weighted = replicates.weight[rows, None] * answered
    with np.errstate(divide="ignore", invalid="ignore"):
        cells["effective"] = (sums @ weighted) ** 2 / (sums @ weighted**2)
    varies = (replicates.weights != replicates.weights[:, :1]).any(axis=1)[rows]
    cells["df"] = degrees_of_freedom(replicates, answered, groups)
    cells["n_respondents"] = sums @ answered.astype(float)
    cells["n_domain"] = (sums @ positive.astype(float)) * shape
    cells["population_size"] = sums @ (replicates.weight[rows, None] * values.in_base[rows])
    cells["sampled"] = ((sums @ varies.astype(float)) > 0)[:, None] * shape
    own = (cells[name] for name in ("estimate", "variance", "df"))
    cells["low"], cells["high"] = normal_interval(*own, level)
    return cells, found


def linear_blocks(targets: Sequence[Target], n_rows: int) -> list[list[int]]:
    """Places of the targets that are totals or ratios of totals, by blocks for the cache."""
    places = [place for place, target in enumerate(targets) if target.statistic in LINEAR]
    width = max(1, CHUNK // max(1, n_rows))
    return [places[at : at + width] for at in range(0, len(places), width)]


def simple(block: Scored, values: TargetValues, weight: Floats, groups: RowGroups) -> Floats:
    """Variance under simple random sampling, NaN where it is 0."""
    weight = weight[groups.rows, None]
    answered = (values.answered[groups.rows][:, block.places] & (weight > 0)).astype(float)
    size, count = groups.by_domain @ (weight * answered), groups.by_domain @ answered
    variance = simple_variance(block.scores, answered, weight, size, count, groups)
    return np.where(variance > 0, variance, np.nan)


def replicated(
    values: TargetValues, targets: Sequence[Target], weights: Floats, groups: RowGroups
) -> Floats:
    """Every statistic, replicates x domains x targets; NaN where a replicate has none."""
    linear = [place for place, target in enumerate(targets) if target.statistic in LINEAR]
    totals = np.array([targets[place].statistic == "total" for place in linear], dtype=bool)
    found = np.full((weights.shape[1], groups.n_domains, len(targets)), np.nan)
    table, below = with_divisors(values, linear)
    for code, inside in enumerate(spans(groups)):
        sums = weighted_sums(weights, table, groups.rows[inside])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = sums[:, : len(linear)] / sums[:, below]
        ratio[~np.isfinite(ratio)] = np.nan
        found[:, code, linear] = np.where(totals, sums[:, : len(linear)], ratio)
    for place in sorted(set(range(len(targets))) - set(linear)):
        found[:, :, place] = curved(values, targets[place], place, weights, groups)
    return found


def curved(
    values: TargetValues, target: Target, place: int, weights: Floats, groups: RowGroups
) -> Floats:
    """A quantile or an inequality in every replicate, replicates x domains; weights <= 0 out."""
    value, answered = values.value[:, place], values.answered[:, place]
    if target.statistic != "quantile":
        refuse_negative(target.indicator, value, answered)
    order = np.lexsort((value[groups.rows], groups.domain))
    order = order[answered[groups.rows[order]]]
    rows, domain = groups.rows[order], groups.domain[order]
    found = np.empty((weights.shape[1], groups.n_domains))
    for number in range(len(found)):
        weight = weights[rows, number]
        ranked = ranking(value[rows], weight, answered[rows], domain, groups.n_domains)
        if target.statistic == "quantile":
            found[number] = quantile_values(ranked, np.full(groups.n_domains, target.order))
        elif target.statistic == "gini":
            found[number] = gini_scores(ranked, len(rows))[0]
        else:
            found[number] = quantile_share_scores(ranked, target.order, len(rows))[0]
    return found


def with_divisors(values: TargetValues, places: list[int]) -> tuple[Floats, Integers]:
    """Values of `places` and, once each, what divides their sums; the column of the latter."""
    columns, where, below = [], {}, []
    for place in places:
        divisor = values.denominator.get(place, values.answered[:, place])
        key = divisor.tobytes()
        if key not in where:
            where[key] = len(places) + len(columns)
            columns.append(divisor.astype(float))
        below.append(where[key])
    return np.column_stack([values.value[:, places], *columns]), np.array(below, dtype=np.int64)


def spans(groups: RowGroups) -> list[slice]:
    """Where the rows of each domain stand."""
    ends = np.searchsorted(groups.domain, np.arange(groups.n_domains + 1)).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]


def weighted_sums(weights: Floats, table: Floats, rows: Integers) -> Floats:
    """`weights.T @ table` over some rows, replicates x columns, in bounded memory."""
    total = np.zeros((weights.shape[1], table.shape[1]))
    width = max(1, HELD // weights.shape[1])
    for at in range(0, len(rows), width):
        some = rows[at : at + width]
        if some[-1] - some[0] == len(some) - 1:
            some = slice(some[0], some[-1] + 1)
        total += weights[some].T @ table[some]
    return total


def degrees_of_freedom(
    replicates: ReplicateSet, answered: NDArray[np.bool_], groups: RowGroups
) -> Floats:
    """Rank of the replicate weights of the rows answered, minus 1: domains x targets."""
    df = np.empty((groups.n_domains, answered.shape[1]))
    if replicates.df is not None:
        df[:] = replicates.df
        return df
    for code, inside in enumerate(spans(groups)):
        known: dict[bytes, int] = {}
        for place in range(answered.shape[1]):
            counted = answered[inside, place]
            key = counted.tobytes()
            if key not in known:
                rows = groups.rows[inside][counted]
                known[key] = max(rank(replicates.weights, rows) - 1, 0)
            df[code, place] = known[key]
    return df


def rank(weights: Floats, rows: Integers) -> int:
    """How many replicates are independent of one another on `rows`, as R's `qr(tol = 1e-5)`."""
    n_replicates = weights.shape[1]
    if len(rows) > n_replicates + 20:
        some = rows[np.linspace(0, len(rows) - 1, n_replicates + 20).astype(np.int64)]
        if rank(weights, some) == n_replicates:
            return n_replicates
    size = np.sqrt((weights[rows] ** 2).sum(axis=1))
    scaled = weights[rows[size > 0]] / size[size > 0, None]
    if not len(scaled):
        return 0
    products = scaled @ scaled.T if len(scaled) < n_replicates else scaled.T @ scaled
    return int(linalg.lapack.dpstrf(products, tol=1e-10 * products.max())[2])
