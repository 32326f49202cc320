"""Calibration: weights scaled until official totals are met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.checks import Floats, fault, named, numeric_column, require_columns, row_numbers
from survey.errors import ConvergenceError, MarginError
from survey.french import decimal, integer

MARGINS = pl.Schema({"variable": pl.String, "category": pl.String, "total": pl.Float64})


@dataclass(frozen=True, slots=True)
class RakingSpec:
    """How weights are raked; `tolerance` is a relative gap to the margins, without unit."""

    weight: str = "nonresponse_weight"
    tolerance: float = 1e-9
    max_steps: int = 100

    def __post_init__(self) -> None:
        if not (0 < self.tolerance < 1 and self.max_steps >= 1):
            raise fault(
                "Calage : il faut une tolérance entre 0 et 1 et au moins une étape ; reçu "
                f"tolerance={self.tolerance}, max_steps={self.max_steps}."
            )


def rake(
    responses: pl.DataFrame, margins: pl.DataFrame, spec: RakingSpec = RakingSpec()
) -> pl.DataFrame:
    """Scale weights until every categorical margin is met (*calage par raking ratio*).

    The weights are the closest to `spec.weight` under the raking distance: each is multiplied by
    a product of one positive factor per category. Newton's method on the concave dual, step halved
    while it does not help.

    Parameters
    ----------
    responses : one row per respondent; `spec.weight` (> 0) and each variable of the margins.
    margins : `MARGINS`, one row per category of each variable; totals of the population, the same
        sum for every variable.

    Returns
    -------
    `responses`, same rows and order, plus `calibrated_weight`. Weights are neither bounded nor
    trimmed.

    Raises
    ------
    MarginError : a category is in the responses or in the margins only; totals disagree or are not
        positive; a category is null.
    ConvergenceError : margins contradict one another for these respondents.
    SurveyError : a weight is null, not finite or not positive.

    References
    ----------
    Deville, Särndal and Sautory (1993), JASA 88(423), 1013-1020.
    """
    margins = check_margins(margins, spec.tolerance)
    variables = tuple(margins["variable"].unique(maintain_order=True))
    check_respondents(responses, margins, variables, spec)
    margins = margins.filter(pl.col("total") > 0)
    categories = responses.select(pl.col(variables).cast(pl.String))
    cells = (
        categories.with_columns(_weight=responses[spec.weight].cast(pl.Float64))
        .group_by(variables, maintain_order=True)
        .agg(pl.col("_weight").sum())
    )
    indicators = np.column_stack(
        [
            (cells[variable] == category).to_numpy().astype(float)
            for variable, category in margins.select("variable", "category").rows()
        ]
    )
    factor = raking_factors(cells["_weight"].to_numpy(), indicators, margins, spec)
    cells = cells.select(variables).with_columns(_factor=pl.Series(factor))
    by_row = categories.join(cells, on=variables, how="left", maintain_order="left")["_factor"]
    return responses.with_columns(calibrated_weight=pl.col(spec.weight) * by_row)


def raking_factors(
    weight: Floats, indicators: Floats, margins: pl.DataFrame, spec: RakingSpec
) -> Floats:
    """Factor of each cell of respondents with which `indicators.T @ (weight * factor)` = totals.

    The factor is `exp(indicators @ multiplier)` where the multiplier minimises the convex
    `sum(weight * factor) - totals @ multiplier`.
    """
    totals = margins["total"].to_numpy()
    n_variables = margins["variable"].n_unique()
    everyone = totals.sum() / n_variables
    multiplier = np.full(len(totals), np.log(everyone / weight.sum()) / n_variables)
    factor = np.exp(indicators @ multiplier)
    for _ in range(spec.max_steps):
        gap = indicators.T @ (weight * factor) - totals
        if np.abs(gap / totals).max() <= spec.tolerance:
            return factor
        slope = indicators.T @ ((weight * factor)[:, None] * indicators)
        step = np.linalg.lstsq(slope, -gap, rcond=1e-12)[0]
        moved = damped_step(multiplier, step, gap, weight, indicators, totals)
        if moved is None:
            break
        multiplier = moved
        factor = np.exp(indicators @ multiplier)
    raise not_converged(gap, margins)


def damped_step(
    multiplier: Floats,
    step: Floats,
    gap: Floats,
    weight: Floats,
    indicators: Floats,
    totals: Floats,
) -> Floats | None:
    """The multiplier after the longest of 1, 1/2, 1/4… steps that lowers the objective enough."""

    def objective(at: Floats) -> float:
        # Beyond exp(700) a float overflows: such a step is refused like any that does not help.
        power = indicators @ at
        return np.inf if power.max() > 700 else weight @ np.exp(power) - totals @ at

    now, promised = objective(multiplier), gap @ step
    slack = 1e-12 * abs(now)
    for halvings in range(40):
        length = 0.5**halvings
        moved = multiplier + length * step
        if objective(moved) <= now + 1e-4 * length * promised + slack:
            return moved
    return None


def check_margins(margins: pl.DataFrame, tolerance: float) -> pl.DataFrame:
    """Margins of type `MARGINS`, categories of total zero kept; raises on totals that disagree."""
    require_columns(margins, tuple(MARGINS), "Marges de calage")
    totals = pl.Series("total", numeric_column(margins, "total", "Marges de calage"))
    margins = margins.select(pl.col("variable", "category").cast(pl.String), totals)
    if margins.is_empty():
        raise fault("Marges de calage : le tableau est vide.", MarginError)
    for column in ("variable", "category"):
        if margins[column].has_nulls():
            raise fault(
                f"Marges de calage : colonne « {column} » vide "
                f"({row_numbers(margins[column].is_null())}).",
                MarginError,
            )
    faults = {
        "citée deux fois": margins.select("variable", "category").is_duplicated(),
        "de total négatif": margins["total"] < 0,
    }
    for what, wrong in faults.items():
        if wrong.any():
            raise fault(
                f"Marges de calage : modalité {what} : {listed(margins.filter(wrong))}.",
                MarginError,
            )
    sums = margins.group_by("variable", maintain_order=True).agg(pl.col("total").sum())
    gap = sums["total"].max() - sums["total"].min()
    if gap > tolerance * sums["total"].max():
        detail = " ; ".join(f"« {name} » {quantity(total)}" for name, total in sums.rows())
        raise fault(
            f"Marges de calage : les totaux ne concordent pas : {detail} (écart de "
            f"{quantity(gap)}). Toutes les marges doivent compter la même population, au même "
            "millésime.",
            MarginError,
        )
    return margins


def check_respondents(
    responses: pl.DataFrame, margins: pl.DataFrame, variables: tuple[str, ...], spec: RakingSpec
) -> None:
    """Raise when respondents and margins do not have the same categories, or on a bad weight."""
    require_columns(responses, (spec.weight, *variables), "Calage")
    wrong = pl.Series(numeric_column(responses, spec.weight, "Calage") <= 0)
    if wrong.any():
        raise fault(
            f"Calage : poids « {spec.weight} » nul ou négatif ({row_numbers(wrong)}) ; ne caler "
            "que des unités répondantes de poids positif."
        )
    for variable in variables:
        categories = responses[variable].cast(pl.String)
        if categories.has_nulls():
            raise fault(
                f"Calage : la colonne « {variable} » est vide ({row_numbers(categories.is_null())})"
                " ; compléter ou recoder avant de caler.",
                MarginError,
            )
        margin = margins.filter(pl.col("variable") == variable)
        unknown = sorted(set(categories) - set(margin["category"]))
        if unknown:
            raise fault(
                f"Calage : la marge « {variable} » n’a pas de total pour {named(unknown)}, présent "
                f"chez les répondants (elle connaît {named(margin['category'].to_list())}) ; "
                "compléter la marge ou recoder les réponses.",
                MarginError,
            )
        absent = margin.filter(~pl.col("category").is_in(categories.unique().implode()))
        check_presence(margin, absent)


def check_presence(margin: pl.DataFrame, absent: pl.DataFrame) -> None:
    """Raise when a category has a total without respondents, or respondents without a total."""
    alone = absent.filter(pl.col("total") > 0)
    if alone.height:
        raise fault(
            f"Calage : aucun répondant pour {listed(alone)} ; regrouper cette modalité avec une "
            "voisine, dans la marge et dans les réponses.",
            MarginError,
        )
    empty = margin.filter(pl.col("total") == 0).join(
        absent, on=["variable", "category"], how="anti"
    )
    if empty.height:
        raise fault(
            f"Calage : total nul pour {listed(empty)}, qui a pourtant des répondants ; corriger la "
            "marge ou recoder ces répondants.",
            MarginError,
        )


def not_converged(gap: Floats, margins: pl.DataFrame) -> ConvergenceError:
    """The error that says how far the margins are, and which one is the furthest."""
    relative = np.abs(gap / margins["total"].to_numpy())
    worst = int(relative.argmax())
    variable, category, total = margins.row(worst)
    return fault(
        f"Calage : marges non atteintes. Plus grand écart : {decimal(100 * relative[worst], 4)} % "
        f"pour « {variable} » = {category} (visé {quantity(total)}, obtenu "
        f"{quantity(total + gap[worst])}). Les marges se contredisent pour ces répondants : "
        "regrouper les petites modalités, ou retirer une marge.",
        ConvergenceError,
    )


def quantity(total: float) -> str:
    """A total as French writes it: whole when it is, else with three decimals."""
    return integer(total) if abs(total - round(total)) < 5e-4 else decimal(total, 3)


def listed(margins: pl.DataFrame) -> str:
    """« taille = 10-49 (total 1 200), … »."""
    return named(
        [
            f"« {variable} » = {category} (total {quantity(total)})"
            for variable, category, total in margins.rows()
        ]
    )
