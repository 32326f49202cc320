"""Confidence intervals of many cells at once."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.checks import Floats


def normal_interval(
    estimate: Floats, variance: Floats, df: Floats, level: float
) -> tuple[Floats, Floats]:
    """Student's interval; NaN without degrees of freedom."""
    width = special.stdtrit(np.where(df > 0, df, np.nan), (1 + level) / 2) * np.sqrt(variance)
    return estimate - width, estimate + width


def share_interval(
    estimate: Floats,
    variance: Floats,
    df: Floats,
    n_respondents: Floats,
    effective: Floats,
    sampled: Floats,
    level: float,
    method: str,
) -> tuple[Floats, Floats]:
    """Interval of a share."""
    centre, error = estimate, np.sqrt(variance)
    upper_tail = (1 + level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        width = special.stdtrit(np.where(df > 0, df, np.nan), upper_tail)
        logit, slope = special.logit(centre), centre * (1 - centre)
        logit_low = special.expit(logit - width * error / slope)
        logit_high = special.expit(logit + width * error / slope)
        count = n_respondents
        simple_width = special.stdtrit(np.where(count > 1, count - 1, np.nan), upper_tail)
        effective = np.minimum(effective * (simple_width / width) ** 2, count)
        reach = -np.expm1(np.log1p(-upper_tail) / effective)
    reach = np.where(sampled > 0, reach, 0 * width)
    none, every = centre == 0, centre == 1
    low = np.where(none, 0 * width, np.where(every, 1 - reach, logit_low))
    high = np.where(none, reach, np.where(every, 1 + 0 * width, logit_high))
    return low, high
