"""Statistics of a domain and their linearised variables, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.checks import Floats, Integers
from analysis.inequality import gini_scores, quantile_share_scores, refuse_negative
from analysis.quantiles import quantiles, ranking
from analysis.targets import Target, TargetValues
from analysis.variance import RowGroups, degrees_of_freedom

LINEAR = ("share", "mean", "total", "ratio")
CHUNK = 1 << 17  # numbers held at once by each working array: what stays in the cache


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Some targets (`places`) in every domain of a partition.

    estimate : domains x targets; NaN where no row answers.
    scores : rows x targets, the linearised variable of each row in its own domain, in the order of
        the rows of the groups; the variance of the estimate is that of the sum of weight x score.
    low, high : bounds that come with the estimate (quantiles); None = from the standard error.
    """

    places: Sequence[int]
    estimate: Floats
    scores: Floats
    low: Floats | None = None
    high: Floats | None = None


def scored(
    targets: Sequence[Target],
    values: TargetValues,
    weight: Floats,
    groups: RowGroups,
    variance_of: Callable[[Floats, Floats], Floats],
    level: float,
) -> Iterator[Scored]:
    """Every target in the domains of `groups`, linear ones by blocks that stay in the cache.

    `variance_of` gives the variances, domains x k, of sums of weight x score of rows answered.
    """
    linear = [place for place, target in enumerate(targets) if target.statistic in LINEAR]
    width = max(1, CHUNK // max(1, len(groups.rows)))
    for at in range(0, len(linear), width):
        yield linear_scores(linear[at : at + width], targets, values, weight, groups)
    for place, target in enumerate(targets):
        if target.statistic not in LINEAR:
            yield curved_scores(place, target, values, weight, groups, variance_of, level)


def linear_scores(
    places: Sequence[int],
    targets: Sequence[Target],
    values: TargetValues,
    weight: Floats,
    groups: RowGroups,
) -> Scored:
    """Totals, and ratios of totals: a mean is divided by the weight of those who answer."""
    value = gathered(values.value, groups.rows, places)
    divisor = gathered(values.answered, groups.rows, places).astype(float)
    for column, place in enumerate(places):
        if place in values.denominator:
            divisor[:, column] = values.denominator[place][groups.rows]
    totals = np.array([targets[place].statistic == "total" for place in places])
    weighted = weight[groups.rows, None]
    amount, below = groups.by_domain @ (weighted * value), groups.by_domain @ (weighted * divisor)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(below != 0, amount / below, np.nan)
        slope = np.nan_to_num(1 / below, posinf=0.0, neginf=0.0)
    deviation = value - np.nan_to_num(ratio)[groups.domain] * divisor
    scores = np.where(totals, value, deviation * slope[groups.domain])
    return Scored(places, np.where(totals, amount, ratio), scores)


def curved_scores(
    place: int,
    target: Target,
    values: TargetValues,
    weight: Floats,
    groups: RowGroups,
    variance_of: Callable[[Floats, Floats], Floats],
    level: float,
) -> Scored:
    """A statistic of the distribution of one target: quantile, Gini's index or quantile share."""
    rows = groups.rows
    value, answered = values.value[rows, place], values.answered[rows, place]
    ranked = ranking(value, weight[rows], answered, groups.domain, groups.n_domains)
    if target.statistic == "quantile":
        counted = answered.astype(float)[:, None]
        found = quantiles(
            ranked,
            target.order,
            degrees_of_freedom(counted, groups)[:, 0],
            level,
            lambda scores: variance_of(scores, counted),
            len(rows),
        )
        columns = (found.estimate, found.scores, found.low, found.high)
        return Scored([place], *(column[:, None] for column in columns))
    refuse_negative(target.indicator, values.value[:, place], values.answered[:, place])
    if target.statistic == "gini":
        estimate, scores = gini_scores(ranked, len(rows))
    else:
        estimate, scores = quantile_share_scores(ranked, target.order, len(rows))
    return Scored([place], estimate[:, None], scores[:, None])


def gathered(table: np.ndarray, rows: Integers, places: Sequence[int]) -> np.ndarray:
    """Some rows of some columns; a slice of neighbouring columns is much the quickest."""
    first, last = places[0], places[-1]
    if last - first == len(places) - 1:
        return table[rows, first : last + 1]
    return table[rows[:, None], places]
