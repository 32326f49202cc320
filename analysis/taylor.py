"""The cells of a partition, with their linearised (Taylor) variance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.checks import Floats
from analysis.forms import DesignArrays
from analysis.linearisation import Scored, gathered, scored
from analysis.targets import Partition, Target, TargetValues
from analysis.variance import RowGroups, degrees_of_freedom, domain_variances, row_groups


def partition_cells(
    values: TargetValues,
    targets: Sequence[Target],
    arrays: DesignArrays,
    part: Partition,
    level: float,
) -> dict[str, Floats]:
    """Everything about each domain of a partition x each target, as arrays of that shape."""
    groups = row_groups(part.codes, len(part.labels), arrays)
    blocks = [
        block_cells(block, values, arrays, groups)
        for block in scored_partition(targets, values, arrays, groups, level)
    ]
    order = np.argsort([place for block in blocks for place in block["places"]])
    names = [name for name in blocks[0] if name != "places"]
    return {name: np.hstack([block[name] for block in blocks])[:, order] for name in names}


def scored_partition(
    targets: Sequence[Target],
    values: TargetValues,
    arrays: DesignArrays,
    groups: RowGroups,
    level: float,
) -> Iterator[Scored]:
    """`scored`, with the variance of the design."""

    def variance_of(scores: Floats, answered: Floats) -> Floats:
        return domain_variances(scores, answered, groups, arrays)

    return scored(targets, values, arrays.weight, groups, variance_of, level)


def block_cells(
    block: Scored, values: TargetValues, arrays: DesignArrays, groups: RowGroups
) -> dict[str, Floats]:
    """`partition_cells` for some of the targets, with their places."""
    rows, sums = groups.rows, groups.by_domain
    weight = arrays.weight[rows, None]
    answered = gathered(values.answered, rows, block.places).astype(float)
    weighted = weight * answered
    size, count = sums @ weighted, sums @ answered
    variance = domain_variances(block.scores, answered, groups, arrays)
    first = groups.stages[0]
    drawn = first.by_domain @ (first.stage.scale[first.stratum] > 0).astype(float)
    alone = first.by_domain @ (~first.stage.centred[first.stratum]).astype(float)
    shape = np.ones_like(size)
    missing = np.full_like(size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = size**2 / (sums @ (weight * weighted))
    return {
        "places": block.places,
        "estimate": block.estimate,
        "variance": variance,
        "simple": simple_variance(block.scores, answered, weight, size, count, groups),
        "df": degrees_of_freedom(answered, groups),
        "n_respondents": count,
        "n_domain": (sums @ np.ones(len(rows)))[:, None] * shape,
        "population_size": sums @ (weight * gathered(values.in_base, rows, block.places)),
        "effective": effective,
        "sampled": (drawn > 0)[:, None] * shape,
        "taken": ((drawn == 0) & (alone == 0))[:, None] * (count > 0),
        "low": missing if block.low is None else block.low,
        "high": missing if block.high is None else block.high,
    }


def simple_variance(
    scores: Floats, answered: Floats, weight: Floats, size: Floats, count: Floats, groups: RowGroups
) -> Floats:
    """Variance of the same sum under simple random sampling without replacement of `count` rows."""
    weighted = weight * answered
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nan_to_num((groups.by_domain @ (weighted * scores)) / size)
        spread = groups.by_domain @ (weighted * (scores - mean[groups.domain]) ** 2)
        left = (size - count) / (size * count)
        return spread / size * count / (count - 1) * size**2 * np.where(left > 0, left, np.nan)
