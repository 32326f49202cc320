"""Any number of statistics by any number of domains in one pass, with linearised variance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.arrays import design_arrays
from analysis.checks import Floats, fault
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays
from analysis.intervals import normal_interval, share_interval
from analysis.linearisation import Scored, gathered, scored
from analysis.results import RESULT, refuse_repeats, result_frame
from analysis.targets import (
    WHOLE,
    Domain,
    Partition,
    Target,
    TargetValues,
    partition,
    target_values,
)
from analysis.variance import (
    RowGroups,
    covariance_of_totals,
    degrees_of_freedom,
    domain_variances,
    row_groups,
)
from survey.french import integer

__all__ = ["RESULT", "WHOLE", "Domain", "Target", "covariance", "estimate", "influences"]

HELD = 1 << 28  # numbers an array of influences may hold


def estimate(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    population: str,
    edition: int,
    level: float = 0.95,
) -> pl.DataFrame:
    """Every target in every domain, with its linearised variance: one row per target x domain.

    Conventions are those of R `survey`. Rows outside a domain, out of the base of a target, or
    with a missing target weigh nothing but stay in the design. Variance is that of all the stages
    of the draw, of calibration residuals when the design says so, and of responding when the design
    has a second phase. Degrees of freedom are primary units minus strata among the rows counted, as
    `degf` of the R subset. Shares get a logit interval unless the target says another; a share of 0
    or 1 the exact interval of Clopper and Pearson on Kish's effective size, as Korn and Graubard
    (1998); quantiles the interval of Woodruff; other statistics a t interval. `deff` compares with
    simple random sampling without replacement of as many rows.

    Not done: without a second phase in the design, non-response is taken as one more phase without
    error; calibrated weights, as if their margins were known exactly, but for `margin_errors`.

    Parameters
    ----------
    responses : one row per respondent, with the columns of the design, targets and domains.
    domains : in the order wanted; categories in the order of their Enum, else alphabetical; only
        those present in `responses`.
    level : confidence of the intervals.

    Returns
    -------
    `RESULT`, targets in order, and domains in order within each; `status` is "ok" for all: the gate
    has not been passed. `n_respondents` counts rows answered, `n_domain` rows of the domain
    whatever the target, both unweighted and of positive weight; `population_size` is the sum of
    weights of the rows of the base. A number that does not exist (no respondent, a single primary
    unit, CV of 0) is null. The total of a domain without respondent is 0.

    Raises
    ------
    SurveyError : unknown column; text, NaN or infinite value in a target; share not 0/1; repeated
        target or domain; a fault of the design.
    """
    check_request(targets, domains, level)
    arrays = design_arrays(responses, design)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_repeats(targets, partitions)
    cells = [partition_cells(values, targets, arrays, part, level) for part in partitions]
    return finished(cells, targets, partitions, population, edition, level)


def check_request(targets: Sequence[Target], domains: Sequence[Domain], level: float) -> None:
    """Raise on a confidence level out of (0, 1), or when nothing is asked."""
    if not 0 < level < 1:
        raise fault(f"Niveau de confiance {level} : attendu entre 0 et 1, par exemple 0.95.")
    if not targets or not domains:
        raise fault("Estimation : il faut au moins un indicateur et un domaine.")


def finished(
    cells: Sequence[dict[str, Floats]],
    targets: Sequence[Target],
    partitions: Sequence[Partition],
    population: str,
    edition: int,
    level: float,
) -> pl.DataFrame:
    """`RESULT` from the cells of each partition, domains x targets."""
    stacked = {name: np.vstack([part[name] for part in cells]).T.ravel() for name in cells[0]}
    n_domains = sum(len(part.labels) for part in partitions)
    low, high = target_intervals(stacked, targets, n_domains, level)
    return result_frame(stacked, low, high, targets, partitions, population, edition)


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
    simple = simple_variance(block.scores, answered, weight, size, count, groups)
    shape = np.ones_like(size)
    missing = np.full_like(size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = size**2 / (sums @ (weight * weighted))
        deff = variance / np.where(simple > 0, simple, np.nan)
    return {
        "places": block.places,
        "estimate": block.estimate,
        "variance": variance,
        "deff": deff,
        "df": degrees_of_freedom(answered, groups),
        "n_respondents": count,
        "n_domain": (sums @ np.ones(len(rows)))[:, None] * shape,
        "population_size": sums @ (weight * gathered(values.in_base, rows, block.places)),
        "effective": effective,
        "sampled": (drawn > 0)[:, None] * shape,
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


def target_intervals(
    cells: dict[str, Floats], targets: Sequence[Target], n_domains: int, level: float
) -> tuple[Floats, Floats]:
    """Lower and upper bounds of every cell; NaN without degrees of freedom."""
    low, high = normal_interval(cells["estimate"], cells["variance"], cells["df"], level)
    methods = np.repeat([interval_method(target) for target in targets], n_domains)
    for method in set(methods) - {"", "own"}:
        chosen = methods == method
        asked = ("estimate", "variance", "df", "n_respondents", "effective", "sampled")
        part = {name: cells[name][chosen] for name in asked}
        low[chosen], high[chosen] = share_interval(**part, level=level, method=method)
    own = methods == "own"
    low[own], high[own] = cells["low"][own], cells["high"][own]
    return low, high


def interval_method(target: Target) -> str:
    """How a target gets its interval: that of a share, its own, or "" for a t interval."""
    if target.statistic == "quantile":
        return "own"
    return (target.interval or "logit") if target.statistic == "share" else ""


@dataclass(frozen=True, slots=True, eq=False)
class Influences:
    """Estimates with the linearised variable of each, from which any contrast has its error.

    cells : `RESULT`, one row a cell.
    scores : rows of the survey x cells; 0 outside the domain and base of the cell.
    arrays : the design; `covariance_of_totals(scores, arrays)` is the covariance of the cells.
    """

    cells: pl.DataFrame
    scores: Floats
    arrays: DesignArrays


def influences(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    population: str,
    edition: int,
    level: float = 0.95,
) -> Influences:
    """`estimate`, with the linearised variable of every cell; same parameters and errors.

    The table of linearised variables has rows x cells numbers: ask for the cells to be compared,
    not for all. A quantile's is scaled to the error of Woodruff.
    """
    check_request(targets, domains, level)
    arrays = design_arrays(responses, design)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_repeats(targets, partitions)
    widths = [len(part.labels) for part in partitions]
    refuse_too_many(responses.height, len(targets) * sum(widths))
    scores = np.zeros((responses.height, len(targets), sum(widths)))
    cells = []
    for part, start in zip(partitions, np.cumsum([0, *widths[:-1]]), strict=True):
        cells.append(partition_cells(values, targets, arrays, part, level))
        groups = row_groups(part.codes, len(part.labels), arrays)
        for block in scored_partition(targets, values, arrays, groups, level):
            column = start + groups.domain
            scores[groups.rows[:, None], block.places, column[:, None]] = block.scores
    table = finished(cells, targets, partitions, population, edition, level)
    return Influences(table, scores.reshape(responses.height, -1), arrays)


def covariance(found: Influences) -> Floats:
    """Covariance of the cells, cells x cells; NaN where an estimate does not exist."""
    matrix = covariance_of_totals(found.scores, found.arrays)
    # A cell known without error, a margin for one, covaries with nothing: the rest is rounding.
    for wrong, number in (
        ((found.cells["std_error"] == 0).fill_null(False), 0.0),
        (found.cells["estimate"].is_null(), np.nan),
    ):
        matrix[wrong.to_numpy()] = matrix[:, wrong.to_numpy()] = number
    return matrix


def refuse_too_many(rows: int, cells: int) -> None:
    """Raise when the linearised variables would not fit in memory."""
    if rows * cells > HELD:
        raise fault(
            f"Covariances : {integer(cells)} cellules sur {integer(rows)} lignes ne tiennent pas "
            "en mémoire ; demander seulement les indicateurs et les domaines à comparer."
        )
