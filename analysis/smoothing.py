"""Smoothing: weights drawn towards those of their class, then calibrated again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import polars as pl

from analysis.calibration import Calibration, CalibrationSpec, calibrate
from analysis.checks import fault, named, refuse_name, require_columns
from analysis.trimming import groups_of, positive_weights
from analysis.weighting import weight_report

Centre = Literal["mean", "geometric_mean"]
USE = "Lissage"
RAKED = CalibrationSpec()


@dataclass(frozen=True, slots=True)
class SmoothSpec:
    """Which weights are drawn together, towards what, and how far.

    Classes are the columns of `by`, crossed (none = all rows). `share`, in [0, 1], is how far each
    weight w goes towards the centre of its class: `mean`, (1 - share) w + share x mean; or
    `geometric_mean`, w^(1 - share), scaled so that the class keeps its sum.
    """

    weight: str = "calibrated_weight"
    by: tuple[str, ...] = ()
    towards: Centre = "mean"
    share: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.by, str):
            raise fault(f"{USE} : « by » est une liste de colonnes, par exemple ({self.by!r},).")
        if self.towards not in get_args(Centre):
            raise fault(
                f"{USE} : towards={self.towards!r} inconnu ; choisir parmi "
                f"{named(get_args(Centre))}."
            )
        if not (isinstance(self.share, int | float) and 0 <= self.share <= 1):
            raise fault(
                f"{USE} : share={self.share} ; il faut une part entre 0 (poids inchangés) et 1 "
                "(un seul poids par classe)."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Smoothing:
    """Smoothed weights and what smoothing did.

    weighted : the rows given, in order, plus `smoothed_weight` (replaced when already there).
    classes : one row a class: `class`, `n_rows`, `mean_before`, `cv_before`, `mean_after`,
        `cv_after` (standard deviation over mean), after calibration if any.
    weights : `weight_report` of the weight before and after.
    calibration : that of the smoothed weights on the margins, None without margins; its weight
        before is the smoothed one.
    """

    weighted: pl.DataFrame
    classes: pl.DataFrame
    weights: pl.DataFrame
    calibration: Calibration | None


def smooth(
    weighted: pl.DataFrame,
    spec: SmoothSpec,
    margins: pl.DataFrame | None = None,
    calibration: CalibrationSpec = RAKED,
) -> Smoothing:
    """Draw weights towards the centre of their class; each class keeps its sum.

    With classes made of what is studied (or of what explains it), variation of weights within a
    class is noise as far as these variables go: Beaumont (2008) replaces a weight by its
    expectation given them, here the mean of the class. A `share` under 1 is a compromise between
    the weight and that expectation.

    Parameters
    ----------
    weighted : one row per respondent; `spec.weight` (> 0), `spec.by`, the margin variables.
    margins : None, or as `calibrate` takes them: smoothed weights are then calibrated on them as
        `calibration` says (its `weight` is not read), and classes keep their sum only as far as
        margins say so.

    Raises
    ------
    SurveyError : a weight is null, not finite or not positive; a class is null.
    MarginError, ConvergenceError : as `calibrate`.

    Fits no model of the weights but the mean of classes, does not choose them nor the share, and
    does not estimate the bias where the class does not tell all; see `compare_weights`.

    References
    ----------
    Beaumont (2008), Biometrika 95(3), 539-553; Chen et al. (2017), Statistical Science 32(2),
    227-248, for composite weights.
    """
    refuse_name(spec.weight, "smoothed_weight", USE)
    require_columns(weighted, (spec.weight, *spec.by), USE)
    rows = pl.DataFrame(
        {
            "class": groups_of(weighted, spec.by, USE),
            "w": positive_weights(weighted, spec.weight, USE),
        }
    )
    drawn = rows.select(smoothed(spec).over("class")).to_series()
    result = weighted.with_columns(smoothed_weight=drawn)
    calibrated = None
    if margins is not None:
        calibrated = calibrate(result, margins, replace(calibration, weight="smoothed_weight"))
        final = calibrated.weighted["calibrated_weight"]
        result = weighted.with_columns(smoothed_weight=final)
    return Smoothing(
        result,
        class_report(rows.with_columns(after=result["smoothed_weight"])),
        weight_report(result, (spec.weight, "smoothed_weight")),
        calibrated,
    )


def smoothed(spec: SmoothSpec) -> pl.Expr:
    """The smoothed weight of the rows of one class, from `w`."""
    weight = pl.col("w")
    if spec.towards == "mean":
        return (1 - spec.share) * weight + spec.share * weight.mean()
    drawn = (weight / weight.max()) ** (1 - spec.share)
    return drawn * weight.sum() / drawn.sum()


def class_report(rows: pl.DataFrame) -> pl.DataFrame:
    """Mean and dispersion of the weights of each class before and after."""

    def variation(column: str) -> pl.Expr:
        return pl.col(column).std(ddof=0) / pl.col(column).mean()

    return (
        rows.group_by("class")
        .agg(
            n_rows=pl.len(),
            mean_before=pl.col("w").mean(),
            cv_before=variation("w"),
            mean_after=pl.col("after").mean(),
            cv_after=variation("after"),
        )
        .sort("class")
    )
