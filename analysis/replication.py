"""Estimation by replicate weights, made here or given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import linalg

from analysis.arrays import checked_weight, replicate_weight
from analysis.checks import (
    Floats,
    Integers,
    fault,
    named,
    require_columns,
)
from analysis.design import Replicates, SurveyDesign
from analysis.forms import summing
from analysis.inequality import gini_scores, quantile_share_scores, refuse_negative
from analysis.linearisation import CHUNK, LINEAR, Scored, linear_scores
from analysis.quantiles import quantile_values, ranking, woodruff
from analysis.replicate_weights import USE, ReplicateSet, check_height
from analysis.results import check_request, finished, refuse_domains
from analysis.targets import (
    WHOLE,
    Domain,
    Partition,
    Target,
    TargetValues,
    partition,
    target_values,
)
from analysis.taylor import simple_variance
from analysis.variance import RowGroups

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
        weights[:, place] = replicate_weight(frame, column, USE)
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
    minus 1. A quantile has the interval of Woodruff, from the replicates of the share at or below
    it: the jackknife of a quantile itself is inconsistent. Its replicates are those of that share,
    at the scale of the quantile. Only totals and ratios of totals have a `deff`.
    """
    check_request(targets, domains, level)
    if isinstance(replicates, SurveyDesign):
        replicates = replicate_set(responses, replicates)
    check_height(replicates, responses)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_domains(targets, partitions)
    parts = [replicated_cells(values, targets, replicates, part, level) for part in partitions]
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


def replicated_cells(
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
    positive = (replicates.weight[rows] > 0)[:, None]
    answered = values.answered[rows] & positive
    df = degrees_of_freedom(replicates, answered, groups)
    found = replicated(values, targets, replicates.weights, groups)
    shape = np.ones((len(part.labels), len(targets)))
    cells = {name: np.full_like(shape, np.nan) for name in ("simple", "low", "high")}
    cells["estimate"] = replicated(values, targets, replicates.weight[:, None], groups)[0]
    for place, target in enumerate(targets):
        if target.statistic == "quantile":
            numbers = replicated_quantile(
                values.value[:, place], answered[:, place], target.order, df[:, place],
                replicates, groups, level,
            )  # fmt: skip
            cells["estimate"][:, place], found[:, :, place], *bounds = numbers
            cells["low"][:, place], cells["high"][:, place] = bounds
    for places in linear_blocks(targets, len(rows)):
        block = linear_scores(places, targets, values, replicates.weight, groups)
        cells["estimate"][:, places] = block.estimate
        cells["simple"][:, places] = simple(block, values, replicates.weight, groups)
    moved = found - centre(found, cells["estimate"], replicates)
    factor = replicates.scale * replicates.rscales
    cells["variance"] = np.einsum("rdt,r->dt", np.nan_to_num(moved) ** 2, factor)
    cells["variance"][(~np.isnan(found)).sum(axis=0) < 2] = np.nan
    weighted = replicates.weight[rows, None] * answered
    with np.errstate(divide="ignore", invalid="ignore"):
        cells["effective"] = (sums @ weighted) ** 2 / (sums @ weighted**2)
    varies = (replicates.weights != replicates.weights[:, :1]).any(axis=1)[rows]
    cells["df"] = df
    cells["n_respondents"] = sums @ answered.astype(float)
    cells["n_domain"] = (sums @ positive.astype(float)) * shape
    cells["population_size"] = sums @ (replicates.weight[rows, None] * values.in_base[rows])
    cells["taken"] = np.zeros_like(shape)
    cells["sampled"] = ((sums @ varies.astype(float)) > 0)[:, None] * shape
    return cells, found


def replicated_quantile(
    value: Floats,
    answered: NDArray[np.bool_],
    order: float,
    df: Floats,
    replicates: ReplicateSet,
    groups: RowGroups,
    level: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Quantile by domain, its replicates (replicates x domains), and the bounds of Woodruff.

    `answered` follows `groups.rows`. NaN where a replicate has no such domain.
    """
    rows, weight = groups.rows, replicates.weight[groups.rows]
    ranked = ranking(value[rows], weight, answered, groups.domain, groups.n_domains)
    estimate = quantile_values(ranked, np.full(groups.n_domains, order))
    under = answered & (value[rows] <= np.nan_to_num(estimate)[groups.domain])
    table = np.zeros((len(value), 2))
    table[rows] = np.column_stack([under, answered])

    def shares(weights: Floats) -> Floats:
        sums = [weighted_sums(weights, table, rows[inside]) for inside in spans(groups)]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.column_stack([own[:, 0] / own[:, 1] for own in sums])
        return np.where(np.isfinite(found), found, np.nan)

    share, moved = shares(replicates.weight[:, None])[0], shares(replicates.weights)
    factor = replicates.scale * replicates.rscales
    gaps = np.nan_to_num(moved - centre(moved, share, replicates))
    low, high, _, slope = woodruff(ranked, share, np.sqrt(factor @ gaps**2), df, level)
    return estimate, estimate - slope * (moved - share), low, high


def linear_blocks(targets: Sequence[Target], n_rows: int) -> list[list[int]]:
    """Places of the targets that are totals or ratios of totals, by blocks for the cache."""
    places = [place for place, target in enumerate(targets) if target.statistic in LINEAR]
    width = max(1, CHUNK // max(1, n_rows))
    return [places[at : at + width] for at in range(0, len(places), width)]


def simple(block: Scored, values: TargetValues, weight: Floats, groups: RowGroups) -> Floats:
    """Variance under simple random sampling."""
    weight = weight[groups.rows, None]
    answered = (values.answered[groups.rows][:, block.places] & (weight > 0)).astype(float)
    size, count = groups.by_domain @ (weight * answered), groups.by_domain @ answered
    return simple_variance(block.scores, answered, weight, size, count, groups)


def replicated(
    values: TargetValues, targets: Sequence[Target], weights: Floats, groups: RowGroups
) -> Floats:
    """Every statistic but quantiles, replicates x domains x targets; NaN where there is none."""
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
    for place, target in enumerate(targets):
        if target.statistic in ("gini", "quantile_share"):
            found[:, :, place] = unequal(values, target, place, weights, groups)
    return found


def unequal(
    values: TargetValues, target: Target, place: int, weights: Floats, groups: RowGroups
) -> Floats:
    """An inequality in every replicate, replicates x domains; weights <= 0 out."""
    value, answered = values.value[:, place], values.answered[:, place]
    refuse_negative(target.indicator, value, answered)
    order = np.lexsort((value[groups.rows], groups.domain))
    order = order[answered[groups.rows[order]]]
    rows, domain = groups.rows[order], groups.domain[order]
    found = np.empty((weights.shape[1], groups.n_domains))
    for number in range(len(found)):
        weight = weights[rows, number]
        ranked = ranking(value[rows], weight, answered[rows], domain, groups.n_domains)
        if target.statistic == "gini":
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


def freedom_of_set(replicates: ReplicateSet) -> int:
    """Degrees of freedom told, else the rank of all the weights minus 1, as R's `degf`."""
    if replicates.df is not None:
        return replicates.df
    return max(rank(replicates.weights, np.arange(len(replicates.weight))) - 1, 0)


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
