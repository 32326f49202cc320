"""Variances of many cells in one pass, and the covariance of all of them on demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.checks import Floats, Integers
from analysis.forms import (
    DesignArrays,
    Projection,
    averaging,
    centre_share,
    factors,
    pulled,
    summing,
)
from analysis.stages import Stage

HELD = 1 << 22  # numbers of a working array: 32 MB
EXPLAINED = 1e-6  # of the sum of squares: under it a residual variance is taken row by row
ROUNDING = 1e-24  # of the same: under it the residuals are rounding


@dataclass(frozen=True, slots=True, eq=False)
class StageSums:
    """Nested sums of the rows of a partition at one stage: rows, units, strata, domains.

    `by_unit` sums rows into units of a domain (None: each row is one), `by_stratum` units into
    strata of a domain, `by_domain` those into domains. `stratum_of_unit` is the local code of each
    unit's stratum, `stratum` the code in `stage` of each local stratum; `share`, `factor` are of
    the units present, `absent` sums the factors of the units of each stratum that are not.
    """

    stage: Stage
    by_unit: sparse.csr_array | None
    by_stratum: sparse.csr_array
    by_domain: sparse.csr_array
    stratum_of_unit: Integers
    stratum: Integers
    share: Floats
    factor: Floats | None
    absent: Floats


@dataclass(frozen=True, slots=True, eq=False)
class RowGroups:
    """Rows of a partition, sorted by domain, and their sums.

    `rows` are places in the frame and `domain` their codes; `by_domain` sums rows, `by_margin` rows
    times the factors of the calibration.
    """

    rows: Integers
    domain: Integers
    n_domains: int
    by_domain: sparse.csr_array
    by_margin: sparse.csr_array | None
    stages: tuple[StageSums, ...]


def row_groups(codes: Integers, n_domains: int, arrays: DesignArrays) -> RowGroups:
    """The counted rows of a partition: those of positive weight in one of its domains."""
    counted = np.flatnonzero((codes >= 0) & (arrays.weight > 0))
    first = arrays.stages[0]
    keys = [first.stratum[counted], codes[counted]]
    rows = counted[np.lexsort(keys if first.by_row else [first.unit[counted], *keys])]
    domain = codes[rows]
    return RowGroups(
        rows=rows,
        domain=domain,
        n_domains=n_domains,
        by_domain=summing(domain, n_domains),
        by_margin=margin_sums(arrays.projection, domain, n_domains, rows),
        stages=tuple(stage_sums(stage, rows, domain, n_domains) for stage in arrays.stages),
    )


def stage_sums(stage: Stage, rows: Integers, domain: Integers, n_domains: int) -> StageSums:
    """Nested sums over `rows` at one stage."""
    unit, by_unit = stage.unit[rows], None
    if not stage.by_row:
        local, key = compact(domain * len(stage.stratum_of_unit) + unit)
        by_unit = summing(local, len(key))
        domain, unit = np.divmod(key, len(stage.stratum_of_unit))
    stratum_of_unit, key = compact(domain * len(stage.unit_count) + stage.stratum_of_unit[unit])
    domain, stratum = np.divmod(key, len(stage.unit_count))
    by_stratum = summing(stratum_of_unit, len(key))
    factor, total = factors(stage)
    return StageSums(
        stage=stage,
        by_unit=by_unit,
        by_stratum=by_stratum,
        by_domain=summing(domain, n_domains),
        stratum_of_unit=stratum_of_unit,
        stratum=stratum,
        share=centre_share(stage)[unit] * stage.centred[stratum][stratum_of_unit],
        factor=None if stage.factor is None else factor[unit],
        absent=total[stratum] - by_stratum @ factor[unit],
    )


def compact(key: Integers) -> tuple[Integers, Integers]:
    """Codes 0, 1, 2… of the values of `key`, and these values; quick when it is sorted."""
    if (key[1:] >= key[:-1]).all():
        new = np.concatenate(([True], key[1:] != key[:-1]))[: len(key)]
        return np.cumsum(new) - 1, key[new]
    values, codes = np.unique(key, return_inverse=True)
    return codes, values


def margin_sums(
    projection: Projection | None, domain: Integers, n_domains: int, rows: Integers
) -> sparse.csr_array | None:
    """Matrix that sums rows by domain, times each column of the factors of `projection`."""
    if projection is None:
        return None
    factor = projection.factors[rows].tocoo()
    width = factor.shape[1]
    place = domain[factor.row] * width + factor.col
    return sparse.csr_array(
        (factor.data, (place, factor.row)), shape=(n_domains * width, len(rows))
    )


def domain_variances(
    scores: Floats, answered: Floats, groups: RowGroups, arrays: DesignArrays
) -> Floats:
    """Variance of the sum of weight x score in each domain, domains x k.

    `scores` follows `groups.rows`; rows outside a domain score 0 there, and stay in the design.
    `answered`, of the same shape, is 1 for the rows counted; it tells a lonely average its strata.
    With x the weighted scores, b their coefficients on the margins and A, F as in `Projection`, the
    form of the residual x - Ab is x'Fx - 2 b'A'Fx + b'A'FA b: only sums over the domain.
    """
    weighted = arrays.weight[groups.rows, None] * scores
    strata = None if arrays.projection is not None else answered
    variance = sum(stage_variance(weighted, sums, strata) for sums in groups.stages)
    if arrays.diagonal is not None:
        own = groups.by_domain @ (arrays.diagonal[groups.rows, None] * weighted**2)
        variance = np.maximum(variance + own, 0.0)
    if arrays.projection is None:
        return variance
    n_margins = len(arrays.projection.inner)
    sums = (groups.by_margin @ scores).reshape(groups.n_domains, 2 * n_margins, -1)
    coefficient = arrays.projection.inverse @ sums[:, :n_margins]
    pull = arrays.projection.inner @ coefficient - 2 * sums[:, n_margins:]
    residual = variance + (pull * coefficient).sum(axis=1)
    near = np.argwhere(residual <= EXPLAINED * (groups.by_domain @ weighted**2))
    if len(near):
        residual[tuple(near.T)] = exact_variances(scores, near, groups, arrays)
    return residual


def exact_variances(
    scores: Floats, cells: Integers, groups: RowGroups, arrays: DesignArrays
) -> Floats:
    """Variances of some cells (domain, column of `scores`) from the residuals of their rows.

    For cells that the margins explain but for little: the difference of sums would be rounding.
    """
    found = np.empty(len(cells))
    width = max(1, HELD // len(arrays.weight))
    for at in range(0, len(cells), width):
        block = cells[at : at + width]
        inside = groups.domain[:, None] == block[:, 0]
        own = np.zeros((len(arrays.weight), len(block)))
        own[groups.rows] = np.where(inside, scores[:, block[:, 1]], 0.0)
        residual, coefficient = weighted_residuals(own, arrays)
        form = (residual * pulled(residual, arrays)).sum(axis=0)
        form += (coefficient * (arrays.projection.uncertainty @ coefficient)).sum(axis=0)
        # What is left of a variable that the margins determine is rounding.
        size = ((arrays.weight[:, None] * own) ** 2).sum(axis=0)
        found[at : at + width] = np.where(form <= ROUNDING * size, 0.0, form)
    return found


def stage_variance(weighted: Floats, sums: StageSums, answered: Floats | None) -> Floats:
    """The form of one stage by domain: squares around the centre, plus those of absent units.

    All terms are positive: no difference of large numbers is taken. A lonely average is that of the
    strata with rows `answered`, as R's subset, or of the whole design (None), as R's calibrated.
    """
    amount = weighted if sums.by_unit is None else sums.by_unit @ weighted
    centre = sums.by_stratum @ (amount * sums.share[:, None])
    squares = (amount - centre[sums.stratum_of_unit]) ** 2
    if sums.factor is not None:
        squares *= sums.factor[:, None]
    form = sums.by_stratum @ squares + sums.absent[:, None] * centre**2
    total = sums.by_domain @ (sums.stage.scale[sums.stratum, None] * form)
    if answered is None or not sums.stage.lonely.any():
        return total * averaging(sums.stage)
    heard = answered if sums.by_unit is None else sums.by_unit @ answered
    present = ((sums.by_stratum @ heard) > 0).astype(float)
    known = present * ~sums.stage.lonely[sums.stratum, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return total * (sums.by_domain @ present) / (sums.by_domain @ known)


def degrees_of_freedom(answered: Floats, groups: RowGroups) -> Floats:
    """Primary units less strata among the rows answered, domains x k; as `degf` of R's subset."""
    first = groups.stages[0]
    heard = answered if first.by_unit is None else (first.by_unit @ answered > 0).astype(float)
    units = first.by_stratum @ heard
    return first.by_domain @ (units - (units > 0))


def covariance_of_totals(scores: Floats, arrays: DesignArrays) -> Floats:
    """Covariance of the k sums of weight x score over all rows, k x k.

    `scores` is rows x k, 0 outside the domain of each. A lonely average is that of the whole
    design.
    """
    residual, coefficient = weighted_residuals(scores, arrays)
    matrix = residual.T @ pulled(residual, arrays)
    if arrays.projection is None:
        return matrix
    return matrix + coefficient.T @ arrays.projection.uncertainty @ coefficient


def weighted_residuals(scores: Floats, arrays: DesignArrays) -> tuple[Floats, Floats]:
    """Weight x score, less what the calibration margins explain; and the coefficients on these."""
    projection = arrays.projection
    if projection is None:
        return arrays.weight[:, None] * scores, np.zeros((0, scores.shape[1]))
    n_margins = len(projection.inner)
    coefficient = projection.inverse @ (projection.factors[:, :n_margins].T @ scores)
    left = scores - projection.margins @ coefficient
    # Once more: what the normal equations lost to rounding.
    more = projection.inverse @ (projection.factors[:, :n_margins].T @ left)
    left -= projection.margins @ more
    return arrays.weight[:, None] * left, coefficient + more
