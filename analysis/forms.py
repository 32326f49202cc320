"""The variance as a quadratic form of weighted scores, row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.checks import Floats, Integers
from analysis.stages import Stage


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Regression of a linearised variable on the calibration margins, ready for many cells.

    M (`margins`) has one column per margin, r is the weight of the regression and w the weight. The
    residual of z is z - M `inverse` (rM)'z. With A = wM and F the quadratic form of the variance,
    `factors` holds rM and wFA side by side, row by row, and `inner` is A'FA plus `uncertainty`, the
    covariance of the totals that are estimates themselves.
    """

    margins: sparse.csr_array
    factors: sparse.csr_array
    inverse: Floats
    inner: Floats
    uncertainty: Floats


@dataclass(frozen=True, slots=True, eq=False)
class DesignArrays:
    """The design row by row: the variance of sums of weight x score is a quadratic form F.

    F is the sum of `stages`, the first of which gives the degrees of freedom, and of `diagonal`, a
    factor of the square of each row (None = 0). `projection` comes before F when calibrated.
    """

    weight: Floats
    stages: tuple[Stage, ...]
    diagonal: Floats | None = None
    projection: Projection | None = None

    @property
    def psu(self) -> Integers:
        """Primary unit of each row."""
        return self.stages[0].unit

    @property
    def stratum(self) -> Integers:
        """Stratum of each row."""
        return self.stages[0].stratum


def pulled(scores: Floats, arrays: DesignArrays) -> Floats:
    """F applied to weighted scores, rows x k; the variance of their sum is `scores' F scores`."""
    result = np.zeros_like(scores)
    for stage in arrays.stages:
        result += pulled_stage(scores, stage)
    if arrays.diagonal is not None:
        result += arrays.diagonal[:, None] * scores
    return result


def pulled_stage(scores: Floats, stage: Stage) -> Floats:
    """The form of one stage applied to weighted scores; a lonely average counts the whole design.

    Unit by unit: scale x factor x (x - m), less what x adds to the others through the centre m.
    """
    strata = stage.stratum_of_unit
    amount = scores if stage.by_row else summing(stage.unit, len(strata)) @ scores
    share = centre_share(stage) * stage.centred[strata]
    sums = summing(strata, len(stage.unit_count))
    centre = sums @ (amount * share[:, None])
    factor, total = factors(stage)
    moved = sums @ (amount * factor[:, None]) - centre * total[:, None]
    pull = factor[:, None] * (amount - centre[strata]) - share[:, None] * moved[strata]
    pull *= (stage.scale * averaging(stage))[strata][:, None]
    return pull if stage.by_row else pull[stage.unit]


def factors(stage: Stage) -> tuple[Floats, Floats]:
    """Factor of each unit, and their sum by stratum, units that score 0 included."""
    if stage.factor is None:
        return np.ones(len(stage.stratum_of_unit)), stage.unit_count
    return stage.factor, stage.factor_sum


def centre_share(stage: Stage) -> Floats:
    """Weight of each unit in the centre of its stratum."""
    factor, total = factors(stage)
    if not stage.weighted_centre:
        factor, total = np.ones(len(factor)), stage.unit_count
    return factor / np.where(total > 0, total, 1)[stage.stratum_of_unit]


def averaging(stage: Stage) -> float:
    """Factor that gives lonely strata the mean variance of the others; NaN where all are lonely."""
    strata, lonely = len(stage.lonely), int(stage.lonely.sum())
    return strata / (strata - lonely) if lonely < strata else np.nan


def summing(group: Integers, n_groups: int) -> sparse.csr_array:
    """Matrix that sums rows by group; quicker when `group` is sorted."""
    ones, columns = np.ones(len(group)), np.arange(len(group))
    if (group[1:] >= group[:-1]).all():
        starts = np.searchsorted(group, np.arange(n_groups + 1))
        return sparse.csr_array((ones, columns, starts), shape=(n_groups, len(group)))
    return sparse.csr_array((ones, (group, columns)), shape=(n_groups, len(group)))
