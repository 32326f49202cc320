"""Calibration: weights scaled until official totals are met (*calage sur marges*)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.calibration_bounds import held_exactly, tightest
from analysis.calibration_diagnosis import impossible, not_converged
from analysis.calibration_distances import Distance, distance_of
from analysis.calibration_margins import MARGINS
from analysis.calibration_problem import Problem, before_and_after, calibration_problem
from analysis.calibration_solver import Solution, rank, solve
from analysis.calibration_spec import CalibrationSpec, factor_limits, unbounded
from analysis.checks import Floats, fault, named, refuse_name, require_columns
from analysis.design import SurveyDesign
from survey.errors import ConvergenceError, MarginError

__all__ = [
    "MARGINS",
    "Calibration",
    "CalibrationSpec",
    "calibrate",
    "calibrated_design",
    "poststratify",
    "rake",
    "tightest_bounds",
]

RAKED = CalibrationSpec()
NONE_LEFT = 1e-9  # of the sum of the weights: under it none is left
AT_BOUND = 1e-9  # a g-weight this near a bound has reached it


@dataclass(frozen=True, slots=True)
class CalibrationSummary:
    """What a calibration did to the weights.

    `n_cells` g-weights were sought for `n_rows` rows; `n_margins` totals, `n_redundant` of which
    follow from the others; `largest_gap` is relative, over margins held exactly. g-weights are
    counted in rows: `at_lower` and `at_upper` (null without bounds), `n_negative`. `cv_*` are the
    coefficients of variation of the weights, `kish_*` Kish's design effect 1 + cv². `distance` is
    the minimum reached, `sum(weight * G(g) / q)`.
    """

    method: str
    bounds: tuple[float, float] | None
    n_rows: int
    n_cells: int
    n_margins: int
    n_redundant: int
    steps: int
    largest_gap: float
    sum_before: float
    sum_after: float
    g_min: float
    g_mean: float
    g_max: float
    at_lower: int | None
    at_upper: int | None
    n_negative: int
    cv_before: float
    cv_after: float
    kish_before: float
    kish_after: float
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Calibrated weights and what is to be known of them.

    weighted : the responses, same rows and order, plus `g_weight` and `calibrated_weight` (replaced
        when already there); null and 0 for a row of weight 0.
    margins : variable, category, total, n_respondents (units, for a variable of the unit), before,
        after, gap (relative to the total; null when it is 0), std_error, cost; one row a margin,
        but for categories of total 0 that nobody has.
    margin_errors, margin_slack : for `SurveyDesign`: (variable, category, standard error) of
        estimated totals; (variable, category, room left) of margins with a cost.
    spec : how it was done.
    """

    weighted: pl.DataFrame
    margins: pl.DataFrame
    summary: CalibrationSummary
    margin_errors: tuple[tuple[str, str | None, float], ...]
    margin_slack: tuple[tuple[str, str | None, float], ...]
    spec: CalibrationSpec


def calibrate(
    responses: pl.DataFrame, margins: pl.DataFrame, spec: CalibrationSpec = RAKED
) -> Calibration:
    """Scale weights, as little as can be, until every margin is met.

    Calibrated weights w = g x `spec.weight` minimise `sum(weight * G(g) / q)`, G the distance of
    `spec.method`, under `sum(w * x) = total` for each margin. Rows alike in all margin variables
    get one g-weight. Rows of weight 0 (units that did not respond) stay out, at 0.

    Parameters
    ----------
    responses : one row per respondent; `spec.weight` (>= 0) and each variable of the margins.
    margins : `MARGINS`. One row per category of a categorical variable, its total >= 0, each
        variable with the same sum; or one row of null category for the total of a number. Ratios:
        to hold sum(y) / sum(x) = r, give the number y - r x and the total 0.
        Optional `std_error`: of a total that another survey estimated; it changes no weight, and
        is handed on for the variance. Optional `cost`: a margin that has one (not null, not
        infinite) is met as nearly as it is worth: the mean distance
        `sum(weight * G(g) / q) / sum(weight)` plus half the sum of cost x (relative gap)² is
        minimised (ridge calibration; Chambers 1996; Bocci and Beaumont 2008). A gap is relative to
        the total, or to `sum(weight * |x|)` when that is 0.

    Raises
    ------
    MarginError : a category is in the responses or in the margins only; totals disagree or are
        negative; a variable is null.
    ConvergenceError : no such weights exist, or none within the bounds; the message says why and
        what would work.
    SurveyError : a weight is null, not finite or negative, or all are 0; a q is not positive.

    Does not rescale weights first, and does not trim. Linear weights may be negative: `summary`
    counts them.

    References
    ----------
    Deville and Särndal (1992), JASA 87(418), 376-382; Deville, Särndal and Sautory (1993), JASA
    88(423), 1013-1020.
    """
    refuse_name(spec.weight, "calibrated_weight", "Calage")
    problem = calibration_problem(responses, margins, spec)
    distance = distance_of(spec)
    solution = solve(problem, distance, spec)
    if not solution.converged:
        raise not_converged(problem, solution, spec)
    none = (np.abs(problem.totals) < problem.size).all()
    if none and problem.weight @ solution.factor < NONE_LEFT * problem.weight.sum():
        raise fault(
            "Calage : seuls des poids tous nuls tiennent ces marges ; vérifier celles dont le "
            "total est nul.",
            ConvergenceError,
        )
    return described(responses, problem, solution, distance, spec)


def rake(
    responses: pl.DataFrame, margins: pl.DataFrame, spec: CalibrationSpec = RAKED
) -> pl.DataFrame:
    """The responses plus `g_weight` and `calibrated_weight`: `calibrate` by raking ratio."""
    if spec.method != "raking":
        raise fault(f"Calage : rake() ne connaît que « raking », pas « {spec.method} ».")
    return calibrate(responses, margins, spec).weighted


def poststratify(
    responses: pl.DataFrame, margins: pl.DataFrame, weight: str = "nonresponse_weight"
) -> Calibration:
    """Calibration on the categories of one variable: each g-weight is total / estimated total.

    Every distance gives these weights. A crossing of variables is a column the caller builds.
    """
    require_columns(margins, tuple(MARGINS), "Post-stratification")
    variables = margins["variable"].unique().sort().to_list()
    if len(variables) != 1 or margins["category"].has_nulls():
        raise fault(
            "Post-stratification : une seule variable, avec ses modalités ; reçu "
            f"{named(variables)}. Croiser les variables en une colonne, ou caler.",
            MarginError,
        )
    return calibrate(responses, margins, CalibrationSpec("raking", weight=weight))


def tightest_bounds(
    responses: pl.DataFrame, margins: pl.DataFrame, spec: CalibrationSpec = RAKED
) -> tuple[float, float]:
    """The shortest interval (L, U) around 1 of g-weights that can meet the margins.

    L >= 0 but for the linear and truncated methods. Bounds this tight leave no choice: give
    `truncated` a little more room, `logit` clearly more. Margins with a cost do not count.
    Takes 0.2 s for 3 000 cells (distinct rows), a minute for 100 000.

    Raises as `calibrate` does; `ConvergenceError` when no weights at all meet the margins.
    """
    problem = held_exactly(calibration_problem(responses, margins, spec))
    free = unbounded(spec)
    found = tightest(problem, factor_limits(free)[0])
    if found is None:
        raise impossible(problem, free)
    return found


def described(
    responses: pl.DataFrame,
    problem: Problem,
    solution: Solution,
    distance: Distance,
    spec: CalibrationSpec,
) -> Calibration:
    """The result, from the g-weights of the cells."""
    counted = problem.cell_of_row >= 0
    g = np.where(counted, solution.factor[problem.cell_of_row], np.nan)
    weight = responses[spec.weight].cast(pl.Float64).to_numpy()
    weighted = responses.with_columns(
        g_weight=pl.Series(g).fill_nan(None),
        calibrated_weight=pl.Series(np.where(counted, weight * g, 0.0)),
    )
    table = before_and_after(problem, solution.factor).hstack(
        problem.margins.select("std_error", "cost")
    )
    errors = table.filter(pl.col("std_error") > 0).select("variable", "category", "std_error")
    slack = table.select("variable", "category", slack=pl.Series(problem.slack))
    return Calibration(
        weighted,
        table,
        summarised(weight[counted], g[counted], problem, solution, distance, spec),
        tuple(errors.rows()),
        tuple(slack.filter(pl.col("slack") > 0).rows()),
        spec,
    )


def calibrated_design(design: SurveyDesign, calibration: Calibration) -> SurveyDesign:
    """The design of the calibrated weights: `design`, its variance taken on the residuals."""
    spec, variables = calibration.spec, calibration.margins["variable"]
    numbers = calibration.margins["category"].is_null()
    return replace(
        design,
        weight="calibrated_weight",
        design_weight=spec.weight,
        calibration=tuple(variables.filter(~numbers).unique(maintain_order=True)),
        calibration_numbers=tuple(variables.filter(numbers)),
        calibration_scale=spec.scale,
        calibration_unit=spec.unit,
        unit_variables=spec.unit_variables,
        margin_errors=calibration.margin_errors,
        margin_slack=calibration.margin_slack,
    )


def summarised(
    weight: Floats,
    g: Floats,
    problem: Problem,
    solution: Solution,
    distance: Distance,
    spec: CalibrationSpec,
) -> CalibrationSummary:
    """The figures of the result."""
    after = weight * g
    cv_before, cv_after = variation(weight), variation(after)
    exact = problem.slack == 0
    lower, upper = spec.bounds or (None, None)
    return CalibrationSummary(
        method=spec.method,
        bounds=spec.bounds,
        n_rows=len(weight),
        n_cells=len(problem.weight),
        n_margins=len(problem.totals),
        n_redundant=len(problem.totals) - rank(problem),
        steps=solution.steps,
        largest_gap=float((np.abs(solution.gap) / problem.size)[exact].max(initial=0.0)),
        sum_before=float(weight.sum()),
        sum_after=float(after.sum()),
        g_min=float(g.min()),
        g_mean=float(after.sum() / weight.sum()),
        g_max=float(g.max()),
        at_lower=None if lower is None else int((g <= lower + AT_BOUND).sum()),
        at_upper=None if upper is None else int((g >= upper - AT_BOUND).sum()),
        n_negative=int((g < 0).sum()),
        cv_before=cv_before,
        cv_after=cv_after,
        kish_before=1 + cv_before**2,
        kish_after=1 + cv_after**2,
        distance=float((problem.weight / problem.scale) @ distance.distance(solution.factor)),
    )


def variation(weight: Floats) -> float:
    """Coefficient of variation of weights."""
    return float(weight.std() / weight.mean())
