"""Trimming: no weight beyond set limits, its excess shared among the others, margins held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Literal, get_args

import numpy as np
import polars as pl
from scipy import sparse

from analysis.calibration import MARGINS, CalibrationSpec
from analysis.calibration_cells import DENSE
from analysis.calibration_diagnosis import COST, not_converged
from analysis.calibration_distances import LINEAR, RAKING, Distance, clipped, floored
from analysis.calibration_margins import counted, label, quantity
from analysis.calibration_problem import Problem, calibration_problem
from analysis.calibration_solver import Solution, solve
from analysis.checks import (
    Floats,
    fault,
    named,
    numeric_column,
    refuse_missing,
    require_columns,
    row_numbers,
)
from analysis.weighting import weight_report
from survey.errors import ConvergenceError, SurveyError
from survey.french import decimal, percent, typography

Rule = Literal["weight", "quantile", "median", "iqr"]
Sharing = Literal["raking", "linear", "equal"]
USE = "Écrêtage"
WHOLE = "ensemble"
WIDEST = 1e6  # limits are widened up to this many times in search of some that do
NEAR = 1e-9  # a weight this near a limit, relative to it, stands at it


@dataclass(frozen=True, slots=True)
class TrimSpec:
    """Where weights are trimmed and how the excess is shared.

    `lower` and `upper` (None = no limit) are, as `rule` says: weights; orders in (0, 1) of
    `quantile`s of the weights (R's type 7, unweighted); multiples of their `median`; or, for `iqr`,
    multiples k of their interquartile range: Q1 - k IQR and Q3 + k IQR (Potter 1990). They are
    computed in each group of `by`, columns crossed.

    Among weights within the limits that hold the margins, those taken are the nearest to the
    weights before: by the distance of the raking ratio (`raking`: rows of equal margin variables
    are multiplied by one factor) or chi-square (`linear`), or by least squares of the weights
    themselves (`equal`: such rows are given one quantity, as R's `trimWeights`).

    `unit` names the rows whose weights move by one factor (establishments of an enterprise), and
    `unit_variables` the margins that describe it, as in `CalibrationSpec`; `tolerance` is the
    relative gap to the margins that is let stand.
    """

    weight: str = "calibrated_weight"
    lower: float | None = None
    upper: float | None = None
    rule: Rule = "weight"
    by: tuple[str, ...] = ()
    sharing: Sharing = "raking"
    unit: str | None = None
    unit_variables: tuple[str, ...] = ()
    tolerance: float = 1e-9
    max_steps: int = 100

    def __post_init__(self) -> None:
        for name, kinds in (("rule", get_args(Rule)), ("sharing", get_args(Sharing))):
            if getattr(self, name) not in kinds:
                raise fault(
                    f"{USE} : {name}={getattr(self, name)!r} inconnu ; choisir parmi "
                    f"{named(kinds)}."
                )
        if isinstance(self.by, str):
            raise fault(f"{USE} : « by » est une liste de colonnes, par exemple ({self.by!r},).")
        self.calibration()  # checks what it shares with a calibration
        check_limits(self)

    def calibration(self) -> CalibrationSpec:
        """The calibration of the same rows and margins, without limits."""
        return CalibrationSpec(
            "raking" if self.sharing == "raking" else "linear",
            weight=self.weight,
            unit=self.unit,
            unit_variables=self.unit_variables,
            tolerance=self.tolerance,
            max_steps=self.max_steps,
        )


def check_limits(spec: TrimSpec) -> None:
    """Raise when the limits are missing, out of what their rule allows, or cross."""
    given = [limit for limit in (spec.lower, spec.upper) if limit is not None]
    if not given:
        raise fault(f"{USE} : aucune limite ; donner « upper », « lower » ou les deux.")
    top = 1 if spec.rule == "quantile" else inf
    if not all(0 <= limit < top for limit in given):
        allowed = "un ordre entre 0 et 1" if spec.rule == "quantile" else "un nombre positif"
        raise fault(
            f"{USE} : limites {named(given)} refusées ; pour la règle « {spec.rule} », chacune est "
            f"{allowed}."
        )
    if len(given) == 2 and spec.rule != "iqr" and spec.lower >= spec.upper:
        raise fault(
            f"{USE} : les limites se croisent : « lower » {spec.lower} n'est pas inférieur à "
            f"« upper » {spec.upper}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Trimming:
    """Trimmed weights and what trimming did.

    weighted : the rows given, in order, plus `trimmed_weight` (replaced when already there).
    groups : one row a group of `by` (or « ensemble »): `group`, `lower`, `upper` (weights; null =
        no limit), `n_rows`, `n_below` and `n_above` (weights out of the limits before), `added` and
        `cut` (sums by which they were), `n_at_lower` and `n_at_upper` (after), `n_moved` (rows
        whose weight changed), `moved` (half the sum of |changes|), `sum_before`, `sum_after`.
    margins : `variable`, `category`, `total`, `n_respondents`, `before`, `after`, `gap` (relative
        to the total; null when it is 0).
    weights : `weight_report` of the weight before and after: sum, min, max, cv, Kish's effect.
    steps : of the search for the weights.
    """

    weighted: pl.DataFrame
    groups: pl.DataFrame
    margins: pl.DataFrame
    weights: pl.DataFrame
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limits of each row's weight (0 and infinite when none), and the same by group."""

    lower: Floats
    upper: Floats
    groups: pl.DataFrame


def trim(
    weighted: pl.DataFrame, spec: TrimSpec, margins: pl.DataFrame | None = None
) -> Trimming:
    """Bring weights within limits, as near to what they were as the margins allow.

    One calibration on `margins`, whose bounds are those of each row's weight: weights move once,
    to the nearest that satisfy everything, instead of by turns of trimming and calibration.

    Parameters
    ----------
    weighted : one row per respondent; `spec.weight` (> 0), `spec.by`, the margin variables.
    margins : as `calibrate` takes them (those of a `Calibration` will do), `cost` included. The
        total of the weights is held when one of them has categories. None = what is held is the
        sum of the weights in each group of `spec.by`.

    Nothing moves when no weight exceeds its limits and the margins are met. Limits in weights are
    then met for good; those of another rule, computed again on trimmed weights, are other limits.

    Raises
    ------
    MarginError : as `calibrate`.
    ConvergenceError : no weights within the limits meet the margins; the message names margins out
        of reach and limits that would do, which have been tried.
    SurveyError : a weight is null, not finite or not positive; a group is null; the limits of a
        unit cross.

    Trimming trades bias for variance, and neither is estimated here: compare weight sets with
    `compare_weights`. For the variance, give `SurveyDesign` the weight before as `design_weight`.

    References
    ----------
    Potter (1990), Proc. ASA Survey Research Methods, 225-230; Deville and Särndal (1992), JASA
    87(418), 376-382, for calibration with bounds; R `survey::calibrate(bounds.const = TRUE)`.
    """
    rows = checked(weighted, spec)
    limits = limits_of_rows(rows, spec)
    if margins is None:
        margins = present_sums(rows)
    problem = trimming_problem(rows, margins, spec)
    weight = rows[spec.weight].to_numpy()
    factors = factor_limits_of_cells(rows, problem, limits, spec)
    solution = nearest(problem, factors, spec)
    if not solution.converged:
        raise out_of_reach(problem, factors, solution, spec)
    after = np.clip(weight * solution.factor[problem.cell_of_row], limits.lower, limits.upper)
    result = weighted.with_columns(trimmed_weight=pl.Series(after))
    return Trimming(
        result,
        groups_report(rows, limits, weight, after),
        margins_after(problem, solution),
        weight_report(result, (spec.weight, "trimmed_weight")),
        solution.steps,
    )


def checked(weighted: pl.DataFrame, spec: TrimSpec) -> pl.DataFrame:
    """The rows with `spec.weight` as numbers and their group as « taille x secteur » (or one)."""
    unit = () if spec.unit is None else (spec.unit,)
    require_columns(weighted, (spec.weight, *spec.by, *unit), USE)
    for column in (*spec.by, *unit):
        refuse_missing(weighted, column, USE)
    check_weights(weighted, spec.weight, USE)
    group = pl.concat_str(pl.col(spec.by).cast(pl.String), separator=" x ") if spec.by else None
    name = group_name(spec.by)
    whole = pl.lit(WHOLE) if group is None else group
    return weighted.with_columns(pl.col(spec.weight).cast(pl.Float64), whole.alias(name))
