"""Any number of statistics by any number of domains in one pass, with linearised variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.arrays import design_arrays
from analysis.checks import Floats, fault
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays
from analysis.linearisation import gathered
from analysis.replication import estimate_replicates
from analysis.results import RESULT, check_request, finished, refuse_domains
from analysis.streaming import estimate_sums
from analysis.sums import can_sum, partial_sums
from analysis.targets import (
    WHOLE,
    Domain,
    Target,
    partition,
    target_values,
)
from analysis.taylor import partition_cells, scored_partition
from analysis.variance import covariance_of_totals, row_groups
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
    `RESULT`, targets in order, and domains in order within each; `status` is "ok", or "nd" where
    too few rows answer for an error, or for an interval of a share that excludes anything (it is
    0.95 wide or more): the gate has not been passed. `n_respondents` counts rows
    answered, `n_domain` rows of the domain whatever the target, both unweighted and of positive
    weight; `population_size` is the sum of weights of the rows of the base. A number that does not
    exist (no respondent, a single primary unit, CV of 0) is null. The total of a domain without
    respondent is 0.

    Raises
    ------
    SurveyError : unknown column; text, NaN or infinite value in a target; share not 0/1; repeated
        target or domain; a fault of the design.
    """
    check_request(targets, domains, level)
    about = {"population": population, "edition": edition, "level": level}
    if design.replicates is not None:
        return estimate_replicates(responses, design, targets, domains, **about)
    if can_sum(design, targets) and not responses.is_empty():
        return estimate_sums(partial_sums(responses, design, targets, domains), **about)
    arrays = design_arrays(responses, design)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_domains(targets, partitions)
    cells = [partition_cells(values, targets, arrays, part, level) for part in partitions]
    return finished(cells, targets, partitions, population, edition, level)


@dataclass(frozen=True, slots=True, eq=False)
class Influences:
    """Estimates with the linearised variable of each, from which any contrast has its error.

    cells : `RESULT`, one row a cell.
    scores : rows of the survey x cells; 0 outside the domain and base of the cell.
    counted : of the same shape, whether the row answers in the domain of the cell.
    arrays : the design; `covariance_of_totals(scores, arrays)` is the covariance of the cells.
    """

    cells: pl.DataFrame
    scores: Floats
    counted: NDArray[np.bool_]
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

    A design with replicates has none: `replication.replicate_covariance` stands for it.

    The table of linearised variables has rows x cells numbers: ask for the cells to be compared,
    not for all. A quantile's is scaled to the error of Woodruff.
    """
    check_request(targets, domains, level)
    if design.replicates is not None:
        raise fault(
            "Covariances : un plan à poids répliqués n’a pas de variables linéarisées ; utiliser "
            "replicate_estimates et replicate_covariance."
        )
    arrays = design_arrays(responses, design)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_domains(targets, partitions)
    widths = [len(part.labels) for part in partitions]
    refuse_too_many(responses.height, len(targets) * sum(widths))
    scores = np.zeros((responses.height, len(targets), sum(widths)))
    counted = np.zeros(scores.shape, dtype=bool)
    cells = []
    for part, start in zip(partitions, np.cumsum([0, *widths[:-1]]), strict=True):
        cells.append(partition_cells(values, targets, arrays, part, level))
        groups = row_groups(part.codes, len(part.labels), arrays)
        for block in scored_partition(targets, values, arrays, groups, level):
            column = start + groups.domain
            place = (groups.rows[:, None], block.places, column[:, None])
            scores[place] = block.scores
            counted[place] = gathered(values.answered, groups.rows, block.places)
    table = finished(cells, targets, partitions, population, edition, level)
    flat = (responses.height, -1)
    return Influences(table, scores.reshape(flat), counted.reshape(flat), arrays)


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
