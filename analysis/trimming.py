"""Trimming: no weight beyond set limits, its excess shared among the others, margins held."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import polars as pl

from analysis.calibration_margins import MARGINS, quantity
from analysis.calibration_problem import before_and_after, calibration_problem
from analysis.checks import (
    Floats,
    fault,
    numeric_column,
    refuse_missing,
    refuse_name,
    require_columns,
    row_numbers,
)
from analysis.trimming_problem import REMEDIES, cell_limits, nearest, out_of_reach, own_cells
from analysis.trimming_spec import USE, TrimSpec
from analysis.weighting import weight_report
from survey.french import counted, decimal, integer, percent, typography

__all__ = ["TrimSpec", "Trimming", "describe_trimming", "trim"]

WHOLE = "ensemble"
NEAR = 1e-9  # a weight this near a limit, relative to it, stands at it


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


def trim(weighted: pl.DataFrame, spec: TrimSpec, margins: pl.DataFrame | None = None) -> Trimming:
    """Bring weights within limits, as near to what they were as the margins allow.

    One calibration on `margins`, whose bounds are those of each row's weight: weights move once,
    to the nearest that satisfy everything, instead of by turns of trimming and calibration.

    Parameters
    ----------
    weighted : one row per respondent; `spec.weight` (> 0), `spec.by`, the margin variables.
    margins : as `calibrate` takes them (those of a `Calibration` will do), `cost` included. The
        total of the weights is held when one of them has categories. None = what is held is the
        sum of the weights in each group of `spec.by`.

    Nothing moves when no weight is out of its limits and the margins are met. Limits in weights are
    then kept for good; those of another rule, computed anew on trimmed weights, are other limits.

    Raises
    ------
    MarginError : as `calibrate`.
    ConvergenceError : no weights within the limits meet the margins; the message names margins out
        of reach and limits that would do, which have been tried.
    SurveyError : a weight is null, not finite or not positive; a group is null; the limits of a
        unit cross.

    Trimming trades bias for variance, and neither is estimated here: see `compare_weights`. For the
    variance, give `SurveyDesign` the weight before as `design_weight`, and the margins.

    References
    ----------
    Potter (1990), Proc. ASA Survey Research Methods, 225-230; Deville and Särndal (1992), JASA
    87(418), 376-382, for calibration with bounds; R `survey::calibrate(bounds.const = TRUE)`.
    """
    refuse_name(spec.weight, "trimmed_weight", USE)
    require_columns(weighted, (spec.weight, *spec.by), USE)
    weight = positive_weights(weighted, spec.weight, USE)
    group = groups_of(weighted, spec.by, USE)
    limits = group_limits(group, weight, spec)
    lower, upper = row_limits(group, limits)
    if margins is None:
        rows, held = weighted.with_columns(group), present_sums(group, weight)
    else:
        rows, held = weighted, margins
    cells = calibration_problem(rows, held, spec.calibration())
    problem = own_cells(cells, weight, spec)
    solution = nearest(problem, cell_limits(problem, weight, (lower, upper), spec), spec)
    if not solution.converged:
        remedies = () if margins is None else REMEDIES
        raise out_of_reach(cells, (lower, upper), weight, solution, spec, remedies)
    after = np.clip(weight * solution.factor[problem.cell_of_row], lower, upper)
    result = weighted.with_columns(trimmed_weight=pl.Series(after))
    return Trimming(
        result,
        groups_report(group, limits, weight, after),
        before_and_after(problem, solution.factor),
        weight_report(result, (spec.weight, "trimmed_weight")),
        solution.steps,
    )


def positive_weights(weighted: pl.DataFrame, column: str, use: str) -> Floats:
    """The weights as numbers; raises unless all are finite and positive."""
    weight = numeric_column(weighted, column, use)
    if not len(weight):
        raise fault(f"{use} : le tableau est vide.")
    if weight.min() <= 0:
        raise fault(
            f"{use} : poids « {column} » nul ou négatif ({row_numbers(pl.Series(weight <= 0))}) ; "
            "ne garder que les répondants, et des poids positifs (un calage « linear » peut en "
            "donner d'autres : préférer « raking », ou des bornes)."
        )
    return weight


def groups_of(weighted: pl.DataFrame, by: tuple[str, ...], use: str) -> pl.Series:
    """The group of each row, « 10-49 x AZ », named by its columns; one group without columns."""
    require_columns(weighted, by, use)
    for column in by:
        refuse_missing(weighted, column, use)
    if not by:
        return pl.repeat(WHOLE, weighted.height, eager=True).alias("population")
    label = pl.concat_str(pl.col(by).cast(pl.String), separator=" x ")
    return weighted.select(label.alias(" x ".join(by))).to_series()


def group_limits(group: pl.Series, weight: Floats, spec: TrimSpec) -> pl.DataFrame:
    """`group`, `lower` and `upper` in weights, null when none; groups in alphabetical order."""
    each = pl.col("weight")
    first, third = each.quantile(0.25, "linear"), each.quantile(0.75, "linear")

    def limit(number: float | None, sign: int) -> pl.Expr:
        if number is None:
            return pl.lit(None, pl.Float64)
        quartile = first if sign < 0 else third
        return {
            "weight": pl.lit(float(number)),
            "quantile": each.quantile(min(number, 1.0), "linear"),
            "median": number * each.median(),
            "iqr": quartile + sign * number * (third - first),
        }[spec.rule]

    return (
        pl.DataFrame({"group": group, "weight": weight})
        .group_by("group")
        .agg(lower=limit(spec.lower, -1).clip(0), upper=limit(spec.upper, 1))
        .sort("group")
    )


def present_sums(group: pl.Series, weight: Floats) -> pl.DataFrame:
    """The sums of the weights by group, as margins to hold."""
    sums = (
        pl.DataFrame({"category": group, "weight": weight})
        .group_by("category")
        .agg(total=pl.col("weight").sum())
    )
    return sums.sort("category").with_columns(variable=pl.lit(group.name)).select(*MARGINS)


def row_limits(group: pl.Series, limits: pl.DataFrame) -> tuple[Floats, Floats]:
    """Limits of the weight of each row: 0 and infinite when none."""
    found = group.to_frame("group").join(limits, on="group", how="left", maintain_order="left")
    return found["lower"].fill_null(0.0).to_numpy(), found["upper"].fill_null(inf).to_numpy()


def groups_report(
    group: pl.Series, limits: pl.DataFrame, before: Floats, after: Floats
) -> pl.DataFrame:
    """What trimming did in each group; columns as `Trimming.groups` says."""
    rows = pl.DataFrame({"group": group, "before": before, "after": after})
    over, under = pl.col("before") - pl.col("upper"), pl.col("lower") - pl.col("before")
    at_lower = pl.col("after") <= pl.col("lower") * (1 + NEAR)
    at_upper = pl.col("after") >= pl.col("upper") * (1 - NEAR)
    change = (pl.col("after") - pl.col("before")).abs()
    return (
        rows.join(limits, on="group", maintain_order="left")
        .group_by("group")
        .agg(
            pl.col("lower", "upper").first(),
            n_rows=pl.len(),
            n_below=(under > 0).sum(),
            n_above=(over > 0).sum(),
            added=under.clip(0).sum(),
            cut=over.clip(0).sum(),
            n_at_lower=at_lower.sum(),
            n_at_upper=at_upper.sum(),
            n_moved=(change > NEAR * pl.col("before")).sum(),
            moved=change.sum() / 2,
            sum_before=pl.col("before").sum(),
            sum_after=pl.col("after").sum(),
        )
        .sort("group")
    )


def describe_trimming(trimming: Trimming) -> str:
    """What trimming did, in French, for the console: rows, sums, dispersion, margins."""
    before, after = trimming.weights.to_dicts()
    total = trimming.groups.sum().row(0, named=True)
    share = percent(total["moved"] / total["sum_before"], 2)
    gap = percent(trimming.margins["gap"].abs().max() or 0.0, 4)
    lines = [
        f"{USE} de « {before['step']} » : sur {counted(total['n_rows'], 'ligne')}, "
        f"{integer(total['n_above'])} au-dessus des limites et {integer(total['n_below'])} "
        f"au-dessous ; {counted(total['n_moved'], 'poids changé')}.",
        f"Retiré aux plus grands : {quantity(total['cut'])} ; ajouté aux plus petits : "
        f"{quantity(total['added'])} ; déplacé en tout, partage compris : "
        f"{quantity(total['moved'])} ({share} de la somme des poids).",
        f"Somme des poids : {quantity(before['sum'])} avant, {quantity(after['sum'])} après.",
        f"Étendue : de {quantity(before['min'])} à {quantity(before['max'])} avant, de "
        f"{quantity(after['min'])} à {quantity(after['max'])} après.",
        f"Effet de plan de Kish : {decimal(before['kish_deff'], 3)} avant, "
        f"{decimal(after['kish_deff'], 3)} après.",
        f"Marges tenues : {integer(trimming.margins.height)} ; plus grand écart {gap}.",
    ]
    return typography("\n".join(lines))
