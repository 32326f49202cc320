"""Confidence intervals of many cells at once: Student's, and those made for shares.

Every argument is an array with one item a cell, every result a pair of such arrays. With p the
share, v its variance, t Student's quantile and n = p (1 - p) / v the effective size, the methods
for a share are those of R `survey::svyciprop`:

logit : p ± t error on the scale log(p / (1 - p)), R's "xlogit" (SUDAAN, Stata).
wilson : the roots q of n (p - q)² = t² q (1 - q); Wilson (1927), as `survey` 4.5.
beta : Clopper and Pearson (1934) on n (t of the respondents / t)²; Korn and Graubard (1998).
arcsine : p ± t error on the scale arcsin(√p), its ends kept within [0, π/2]; R lets them fold back.
likelihood : the q whose log-likelihood ratio to p, scaled as Rao and Scott (1984), is t². As R, a
    share of N respondents takes its variance over N - 1. R interpolates the ratio by a spline, and
    gives the bounds with 3 to 5 digits; here they solve the equation.
normal : p ± t error, which may leave [0, 1].

Of our own, that of published shares:

capped : `beta` on a size no larger than `most` allows. Where few say yes, v is itself badly known:
    one positive of small weight makes it tiny and n larger than the number of respondents, and
    every method above then misses (85 % instead of 95, `benchmarks/coverage_of_intervals.py`). A
    size capped at the respondents is that of Korn and Graubard (1998), Dean and Pagano (2015,
    J. Surv. Stat. Methodol. 3), Parker et al. (NCHS, 2017, Vital and Health Statistics 2(175)) and
    Franco et al. (2019, J. Surv. Stat. Methodol. 7); here at Kish's size, for unequal weights, less
    what a finite population leaves to chance. As theirs, the cap is not corrected for t.

All but `normal` stay in [0, 1], and do something R does not at 0 and 1, where v tells nothing:
Clopper and Pearson on Kish's effective size, bounded by the respondents, corrected as in `beta`
(`capped`: not corrected, but for the finite population).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.checks import Floats

Bounds = tuple[Floats, Floats]

STEPS = 60  # of Newton; six are enough but for shares within 1e-9 of 0 or 1
ROUNDING = 1e-9  # of sums of weights
SETTLED = 1e-11  # relative step of Newton after which the next, its square, changes nothing


def normal_interval(estimate: Floats, variance: Floats, df: Floats, level: float) -> Bounds:
    """Student's interval; NaN without degrees of freedom (`df` 0 or less)."""
    reach = student_quantile(df, level) * np.sqrt(variance)
    return estimate - reach, estimate + reach


def share_interval(
    estimate: Floats,
    variance: Floats,
    df: Floats,
    n_respondents: Floats,
    effective: Floats,
    sampled: Floats,
    level: float,
    method: str,
    population: Floats | float = np.inf,
) -> Bounds:
    """Interval of shares by one of the methods of this module.

    NaN without degrees of freedom. A share out of [0, 1], which only negative weights give, gets
    Student's interval.

    Parameters
    ----------
    estimate, variance : of each share, in [0, 1].
    df : degrees of freedom of the design in the domain.
    n_respondents : rows that answer.
    effective : Kish's effective size, (Σw)² / Σw²; read at 0 and 1, and by `capped`.
    sampled : positive where something is left to chance; else a share of 0 or 1 is known exactly.
    method : logit | wilson | beta | arcsine | likelihood | normal | capped; KeyError on any other.
    population : units that the rows stand for, read by `capped`; where not above `n_respondents`,
        the weights do not count units and the population is taken as infinite.
    """
    low, high = normal_interval(estimate, variance, df, level)
    if method == "normal":
        return low, high
    width = student_quantile(df, level)
    inside = (estimate > 0) & (estimate < 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if method == "capped":
            units = np.where(population > n_respondents * (1 + ROUNDING), population, np.inf)
            inner = capped(
                estimate, variance, width, n_respondents, effective, units, sampled, level
            )
            reach = capped_reach(width, n_respondents, effective, units, sampled, level)
            # a yes once seen never lowers the upper bound
            inner = np.minimum(inner[0], 1 - reach), np.maximum(inner[1], reach)
        else:
            inner = METHODS[method](estimate, variance, width, n_respondents, level)
            reach = exact_reach(width, n_respondents, effective, sampled, level)
    none, every = estimate == 0, estimate == 1
    cases = [inside, none, every]
    low = np.select(cases, [inner[0], 0 * width, 1 - reach], low)
    high = np.select(cases, [inner[1], reach, 1 + 0 * width], high)
    return low, high


def student_quantile(df: Floats, level: float) -> Floats:
    """Student's two-sided quantile; NaN where `df` is 0 or less, the normal one where infinite."""
    tail = (1 + level) / 2
    student = special.stdtrit(np.where(df > 0, df, np.nan), tail)
    return np.where(np.isposinf(df), special.ndtri(tail), student)


def exact_reach(
    width: Floats, count: Floats, effective: Floats, sampled: Floats, level: float
) -> Floats:
    """Upper bound of a share of 0: it solves (1 - q)^n = (1 - level) / 2, n the effective size."""
    size = np.minimum(effective * (student_quantile(count - 1, level) / width) ** 2, count)
    reach = -np.expm1(np.log1p(-(1 + level) / 2) / size)
    return np.where(sampled > 0, reach, 0 * width)


def logit(share: Floats, variance: Floats, width: Floats, count: Floats, level: float) -> Bounds:
    """Student's interval on the logistic scale."""
    centre, slope = special.logit(share), share * (1 - share)
    reach = width * np.sqrt(variance) / slope
    return special.expit(centre - reach), special.expit(centre + reach)


def wilson(share: Floats, variance: Floats, width: Floats, count: Floats, level: float) -> Bounds:
    """Wilson's score interval on the effective size."""
    spread = share * (1 - share)
    pull = width**2 * variance / spread  # t² / n
    centre = (share + pull / 2) / (1 + pull)
    reach = np.sqrt(pull * (spread + pull / 4)) / (1 + pull)
    return np.maximum(centre - reach, 0 * width), np.minimum(centre + reach, 1 + 0 * width)


def beta(share: Floats, variance: Floats, width: Floats, count: Floats, level: float) -> Bounds:
    """Korn and Graubard's interval; a share known exactly is its own."""
    size = share * (1 - share) / variance * (student_quantile(count - 1, level) / width) ** 2
    low, high = clopper_pearson(share, size, level)
    return known(low, share, variance, width), known(high, share, variance, width)


def clopper_pearson(share: Floats, size: Floats, level: float) -> Bounds:
    """Exact interval of a share of `size` rows, which need not be a whole number."""
    tail = (1 - level) / 2
    with_it, without = size * share, size * (1 - share)
    low = special.betaincinv(with_it, without + 1, tail)
    high = special.betaincinv(with_it + 1, without, 1 - tail)
    return low, high


def capped(
    share: Floats,
    variance: Floats,
    width: Floats,
    count: Floats,
    effective: Floats,
    population: Floats,
    sampled: Floats,
    level: float,
) -> Bounds:
    """Korn and Graubard's interval, its size capped; a share left to no chance is its own.

    The cap, 1 / (1 / k - 1 / N) for Kish's size k and N units, is the size whose variance is that
    of a share alike in all strata: Σ w (w - 1) / (Σw)² rather than Σ w² / (Σw)².
    """
    corrected = (student_quantile(count - 1, level) / width) ** 2
    size = share * (1 - share) / variance * np.where(np.isnan(width), np.nan, corrected)
    most = np.minimum(effective, count)
    low, high = clopper_pearson(share, np.minimum(size, 1 / (1 / most - 1 / population)), level)
    exact = (sampled <= 0) & (variance == 0)
    return np.where(exact, share + 0 * width, low), np.where(exact, share + 0 * width, high)


def capped_reach(
    width: Floats,
    count: Floats,
    effective: Floats,
    population: Floats,
    sampled: Floats,
    level: float,
) -> Floats:
    """`exact_reach` of `capped`, close to the hypergeometric bound for k drawn among N units.

    With α = (1 - level) / 2, the least of (1 - α^(1/k)) (1 - (k - 1) / 2N), exact for large N, and
    of log α / N log(1 - k / N), which (1 - k / N)^K, above the chance of missing K units, gives.
    """
    most = np.minimum(effective, count)
    tail = np.log1p(-(1 + level) / 2)
    reach = -np.expm1(tail / most) * (1 - (most - 1) / (2 * population))
    unseen = tail / (population * np.log1p(-most / population))
    reach = np.where(np.isfinite(population), np.minimum(reach, unseen), reach)
    return np.where(sampled > 0, reach, 0) + 0 * width


def arcsine(share: Floats, variance: Floats, width: Floats, count: Floats, level: float) -> Bounds:
    """Student's interval of the arcsine of the square root, its ends kept where it is defined."""
    centre = np.arcsin(np.sqrt(share))
    reach = width * np.sqrt(variance / (share * (1 - share))) / 2
    low, high = (np.clip(end, 0, np.pi / 2) for end in (centre - reach, centre + reach))
    return np.sin(low) ** 2, np.sin(high) ** 2


def likelihood(
    share: Floats, variance: Floats, width: Floats, count: Floats, level: float
) -> Bounds:
    """Both q where p log(p / q) + (1 - p) log((1 - p) / (1 - q)) = t² v / 2p(1 - p) N / (N - 1)."""
    size = np.where(count > 1, count, np.nan)
    ratio = width**2 * variance / (2 * share * (1 - share)) * size / (size - 1)
    low, high = (likelihood_end(share, ratio, side) for side in (-1, 1))
    return known(low, share, variance, width), known(high, share, variance, width)


def likelihood_end(share: Floats, ratio: Floats, side: int) -> Floats:
    """The bound below (`side` -1) or above (+1), by Newton on the logistic scale.

    The ratio is convex there: from beyond the root, or after one step from within, each step comes
    nearer and never crosses it.
    """
    position = special.logit(share) + side * np.sqrt(2 * ratio / (share * (1 - share)))
    for _ in range(STEPS):
        gap = share * (np.log(share) - special.log_expit(position)) - ratio
        gap += (1 - share) * (np.log1p(-share) - special.log_expit(-position))
        step = gap / (special.expit(position) - share)
        position = position - step
        if not (np.abs(step) > SETTLED * (1 + np.abs(position))).any():
            break
    return special.expit(position)


def known(bound: Floats, share: Floats, variance: Floats, width: Floats) -> Floats:
    """`bound`, or the share itself where its variance is zero."""
    return np.where(variance == 0, share + 0 * width, bound)


METHODS = {
    "logit": logit,
    "wilson": wilson,
    "beta": beta,
    "arcsine": arcsine,
    "likelihood": likelihood,
}
