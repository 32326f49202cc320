"""A calibration told in French, for the console."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analysis.calibration import Calibration
from analysis.calibration_margins import label, quantity
from analysis.calibration_spec import METHODS
from analysis.checks import SHOWN
from survey.french import counted, decimal, percent, typography
from survey.marked import option, shown

NAMES = dict(zip(METHODS, ("linéaire", "raking ratio", "logit", "linéaire tronquée"), strict=True))


def describe_calibration(
    calibration: Calibration, words: Mapping[str, str | None] | None = None
) -> str:
    """What the calibration did, a line a topic: weights, g-weights, bounds, margins.

    `words` names options as `survey.marked.shown` does.
    """
    summary = calibration.summary
    redundant = (
        f" (dont {counted(summary.n_redundant, 'déductible')})" if summary.n_redundant else ""
    )
    lines = [
        f"Calage : méthode {NAMES[summary.method]}{bounds_told(summary.bounds)}, "
        f"{counted(summary.n_rows, 'ligne')}, {counted(summary.n_margins, 'marge')}"
        f"{redundant}, {counted(summary.steps, 'étape')}.",
        f"Somme des poids : {quantity(summary.sum_before)} avant, {quantity(summary.sum_after)} "
        "après.",
        f"Rapports de poids : de {decimal(summary.g_min, 3)} à {decimal(summary.g_max, 3)}, "
        f"{decimal(summary.g_mean, 3)} en moyenne pondérée.",
        f"Dispersion des poids (coefficient de variation) : {percent(summary.cv_before, 1)} avant, "
        f"{percent(summary.cv_after, 1)} après ; effet de plan de Kish : "
        f"{decimal(summary.kish_before, 2)} puis {decimal(summary.kish_after, 2)}.",
        f"Distance aux poids de départ : {decimal(summary.distance, 3)}.",
    ]
    if out := calibration.weighted.height - summary.n_rows:
        lines.append(f"De poids nul, hors du calage : {counted(out, 'ligne')}.")
    if summary.bounds is not None:
        lines.append(
            f"Bornes atteintes : la basse par {counted(summary.at_lower, 'ligne')}, la haute par "
            f"{counted(summary.at_upper, 'ligne')}."
        )
    if summary.n_negative:
        lines.append(
            f"Attention : poids négatif pour {counted(summary.n_negative, 'ligne')} ; les méthodes "
            f"« raking », « logit » et « {option('truncated')} » (borne basse 0 ou plus) l'évitent."
        )
    told = "\n".join([*lines, *margins_told(calibration.margins)])
    return typography(shown(told, words))


def bounds_told(bounds: tuple[float, float] | None) -> str:
    """« , bornes (0,50 ; 2,00) », or nothing."""
    return "" if bounds is None else f", bornes ({decimal(bounds[0], 2)} ; {decimal(bounds[1], 2)})"


def margins_told(margins: pl.DataFrame) -> list[str]:
    """The margins held, those that moved most, and the gaps left by those with a cost."""
    known = margins.filter(pl.col("gap").is_not_null())
    moved = known.with_columns(change=pl.col("total") / pl.col("before") - 1).filter(
        pl.col("change").is_finite()
    )
    lines = ["Marges les plus éloignées avant calage :"] if moved.height else []
    for row in moved.sort(pl.col("change").abs(), descending=True).head(SHOWN).to_dicts():
        lines.append(
            f"  {label(row['variable'], row['category'])} : {quantity(row['before'])} pour "
            f"{quantity(row['total'])} ({percent(row['before'] / row['total'] - 1, 1)})"
        )
    soft = margins.filter(pl.col("cost").is_not_null())
    if soft.height:
        lines.append("Marges à coût, approchées :")
    for row in soft.to_dicts():
        gap = "" if row["gap"] is None else f" ({percent(row['gap'], 2)})"
        lines.append(
            f"  {label(row['variable'], row['category'])} : {quantity(row['after'])} pour "
            f"{quantity(row['total'])}{gap}"
        )
    uncertain = margins.filter(pl.col("std_error") > 0).height
    if uncertain:
        lines.append(
            f"Marges elles-mêmes estimées : {uncertain} ; leur erreur compte dans la "
            "précision, non dans les poids."
        )
    return lines
