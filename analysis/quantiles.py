"""Quantiles of many domains at once, and rows in the order of their values within a domain.

Conventions are those of R `survey::svyquantile` with its defaults (`qrule = "math"`,
`interval.type = "mean"`): the quantile of order p is the smallest value at or below which lies a
share p of the weight, and its interval that of Woodruff (1952, JASA 47, 635-646).

Two edges follow the definition rather than `survey` 4.1. A share within `SAME` of p is p, for sums
of weights are rounded: R gives the 21st of 200 equal rows as their first decile. Below the share of
the first row the quantile is that row's value, as since `survey` 4.2; 4.1 gives the second row's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.checks import Floats, Integers
from analysis.intervals import student_quantile

SAME = 1e-12  # of the weight of a domain: far above rounding, far below any row


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The counted rows of a partition (answered, of positive weight) by domain, then by value.

    `rows` are their places in the arrays ranked, `domain`, `value`, `weight` theirs; `share` is the
    share of the weight of its domain up to each row and with it; `total` the weight by domain.
    """

    rows: Integers
    domain: Integers
    value: Floats
    weight: Floats
    share: Floats
    total: Floats

    def sums(self, amount: Floats) -> Floats:
        """Sum by domain of one number a row."""
        return np.bincount(self.domain, amount, minlength=len(self.total))

    def placed(self, amount: Floats, length: int) -> Floats:
        """One number a row, back in the order of the arrays ranked; 0 for rows not counted."""
        result = np.zeros(length)
        result[self.rows] = amount
        return result


def ranking(
    value: Floats,
    weight: Floats,
    answered: NDArray[np.bool_],
    domain: Integers,
    n_domains: int,
) -> Ranking:
    """Sort the counted rows once, for any statistic of `value`."""
    rows = np.flatnonzero(answered & (weight > 0))
    rows = rows[np.lexsort((value[rows], domain[rows]))]
    code, amount = domain[rows], weight[rows]
    running = cumulated(amount, code, n_domains)
    total = np.bincount(code, amount, minlength=n_domains)
    return Ranking(rows, code, value[rows], amount, running / total[code], total)


def cumulated(amount: Floats, domain: Integers, n_domains: int) -> Floats:
    """Running sum of rows sorted by domain, from 0 in each; in long double, as R's."""
    running = np.concatenate(([0], np.cumsum(amount, dtype=np.longdouble)))
    first = np.searchsorted(domain, np.arange(n_domains))
    return (running[1:] - running[first][domain]).astype(float)


def quantile_values(ranked: Ranking, order: Floats) -> Floats:
    """Quantile of each domain, of its own `order`; NaN where that is NaN or no row counts."""
    n_domains = len(ranked.total)
    below = ranked.share < (order - SAME)[ranked.domain]
    passed = np.bincount(ranked.domain[below], minlength=n_domains)
    count = np.bincount(ranked.domain, minlength=n_domains)
    exists = (count > 0) & ~np.isnan(order)
    place = np.cumsum(count) - count + np.minimum(passed, count - 1)
    result = np.full(n_domains, np.nan)
    result[exists] = ranked.value[place[exists]]
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Quantiles:
    """One quantile in each domain; NaN where a number does not exist.

    `scores` has one number a row: the linearised variable of Woodruff's error, such that the
    variance of the sum of weight x score in a domain is `std_error` squared. NaN where the error
    does not exist though the quantile does.
    """

    estimate: Floats
    low: Floats
    high: Floats
    std_error: Floats
    scores: Floats


def quantiles(
    ranked: Ranking,
    order: float,
    df: Floats,
    level: float,
    variance_of: Callable[[Floats], Floats],
    n_rows: int,
) -> Quantiles:
    """Quantile of one order in every domain, with Woodruff's interval and error.

    The bounds are the quantiles whose orders bound the share F of the weight at or below the
    quantile, F ± t error: a bound whose order falls out of [0, 1] does not exist, as in R, nor does
    then the error, (high - low) / 2t. An error of zero where the interval is a single value is
    R's, too.

    Parameters
    ----------
    df : degrees of freedom by domain; no interval where 0 or less.
    variance_of : variances, domains x k, of the sums of weight x score of n_rows x k scores.
    n_rows : length of the arrays ranked.
    """
    estimate = quantile_values(ranked, np.full(len(ranked.total), order))
    under = (ranked.value <= estimate[ranked.domain]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = ranked.sums(ranked.weight * under) / ranked.total
    scores = ranked.placed((under - share[ranked.domain]) / ranked.total[ranked.domain], n_rows)
    deviation = np.sqrt(variance_of(scores[:, None])[:, 0])
    low, high, error, slope = woodruff(ranked, share, deviation, df, level)
    scores[ranked.rows] *= -slope[ranked.domain]
    return Quantiles(estimate, low, high, error, scores)


def woodruff(
    ranked: Ranking, share: Floats, deviation: Floats, df: Floats, level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Bounds and error of the quantile of each domain, and error over that of its share.

    `share` is that of the weight at or below the quantile, `deviation` its standard error.
    """
    width = student_quantile(df, level)
    low = quantile_values(ranked, possible(share - width * deviation))
    high = quantile_values(ranked, possible(share + width * deviation))
    error = (high - low) / (2 * width)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(deviation > 0, error / deviation, error)
    return low, high, error, slope


def possible(order: Floats) -> Floats:
    """Orders in [0, 1], give or take rounding; NaN for any other."""
    return np.where((order >= -SAME) & (order <= 1 + SAME), order, np.nan)
