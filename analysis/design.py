"""What a weight, a stratum and a cluster are: the sampling design behind every variance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from analysis.checks import (
    Floats,
    Integers,
    encode,
    fault,
    named,
    numeric_column,
    refuse_missing,
    require_columns,
    row_numbers,
)
from survey.french import decimal, integer

LONELY = ("fail", "adjust", "certainty")


@dataclass(frozen=True, slots=True)
class SurveyDesign:
    """Columns that say how the rows were drawn and weighted, and what to do with a lonely unit.

    weight : final weight, units of the population represented by the row (>= 0).
    stratum : stratum the row was drawn in; None = a single stratum.
    stratum_size : population size of the stratum, the finite population correction; counts units,
        or clusters when there is a `cluster`. None = drawn with replacement, no correction.
    cluster : one-stage primary sampling unit, numbered within its stratum; None = the row itself.
    calibration : categorical columns `weight` was calibrated on; the variance is then that of the
        residuals on them.
    design_weight : weight before calibration, needed with `calibration`.
    lonely : a stratum with one primary unit is refused (`fail`), counted around zero of the
        linearised variable, hence around the overall mean for shares and means, as R's `adjust`
        (`adjust`), or counted as drawn with certainty (`certainty`). A stratum wholly taken
        (as many rows as `stratum_size`) adds nothing in any case.
    """

    weight: str = "calibrated_weight"
    stratum: str | None = None
    stratum_size: str | None = None
    cluster: str | None = None
    calibration: tuple[str, ...] = ()
    design_weight: str | None = None
    lonely: Literal["fail", "adjust", "certainty"] = "adjust"

    def __post_init__(self) -> None:
        if self.lonely not in LONELY:
            raise fault(
                f"Plan de sondage : option « lonely » {self.lonely!r} inconnue ; choisir parmi "
                f"{', '.join(LONELY)}."
            )
        if isinstance(self.calibration, str):
            raise fault(
                "Plan de sondage : « calibration » est une liste de colonnes, par exemple "
                f"({self.calibration!r},)."
            )
        if bool(self.calibration) != (self.design_weight is not None):
            raise fault(
                "Plan de sondage : « calibration » et « design_weight » (poids avant calage) vont "
                "ensemble ; donner les deux ou aucun."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the design reads."""
        named = (self.weight, self.stratum, self.stratum_size, self.cluster, self.design_weight)
        return (*(name for name in named if name is not None), *self.calibration)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Regression of a linearised variable on the calibration margins, ready for many cells.

    X has one column per category, d is the weight before calibration and w the weight. The
    residual of z is z - X `inverse` (dX)'z. With A = wX and Q the quadratic form of the variance,
    `factors` holds dX and wQA side by side, row by row, and `inner` is A'QA.
    """

    factors: sparse.csr_array
    inverse: Floats
    inner: Floats


@dataclass(frozen=True, slots=True, eq=False)
class DesignArrays:
    """The design row by row, as numbers.

    `psu` and `stratum` are codes of each row; `psu_count`, `scale` and `centred` have one value per
    stratum: primary units, factor (1 - n/N) n/(n - 1), and whether sums of squares are taken around
    the stratum mean (all but lonely strata) or around zero.
    """

    weight: Floats
    stratum: Integers
    psu: Integers
    clustered: bool
    psu_count: Floats
    scale: Floats
    centred: NDArray[np.bool_]
    projection: Projection | None


def design_arrays(frame: pl.DataFrame, design: SurveyDesign) -> DesignArrays:
    """Check the design against `frame` and turn it into arrays for the variance.

    Rows of weight zero belong to the design (they count in their stratum) but to no domain.

    Raises
    ------
    SurveyError : unknown column; weight null, negative, not finite, all zero; stratum or cluster
        null; `stratum_size` varying within a stratum or below its number of primary units;
        lonely stratum under `lonely="fail"`.
    """
    require_columns(frame, design.columns, "Plan de sondage")
    weight = numeric_column(frame, design.weight, "Poids")
    if (weight < 0).any():
        raise fault(
            f"Poids : la colonne « {design.weight} » porte une valeur négative "
            f"({row_numbers(pl.Series(weight < 0))}) ; revoir le redressement."
        )
    if not weight.sum() > 0:
        raise fault(f"Poids : la somme de la colonne « {design.weight} » est nulle.")
    stratum, strata = stratum_codes(frame, design)
    psu = primary_units(frame, design, stratum)
    psu_stratum = np.zeros(psu.max() + 1, dtype=np.int64)
    psu_stratum[psu] = stratum
    psu_count = np.bincount(psu_stratum, minlength=len(strata)).astype(float)
    remaining = remaining_fraction(frame, design, stratum, strata, psu_count)
    scale, centred = stratum_scale(design, strata, psu_count, remaining)
    arrays = DesignArrays(
        weight, stratum, psu, design.cluster is not None, psu_count, scale, centred, None
    )
    if not design.calibration:
        return arrays
    return with_projection(arrays, frame, design, psu_stratum)


def stratum_codes(frame: pl.DataFrame, design: SurveyDesign) -> tuple[Integers, list[str]]:
    """Stratum of each row as a code, and the names of the strata."""
    if design.stratum is None:
        return np.zeros(frame.height, dtype=np.int64), ["ensemble"]
    codes, keys = encode(frame.select(design.stratum))
    refuse_missing(frame, design.stratum, "Strates")
    return codes, keys[design.stratum].cast(pl.String).to_list()


def primary_units(frame: pl.DataFrame, design: SurveyDesign, stratum: Integers) -> Integers:
    """Primary sampling unit of each row as a code; a cluster is numbered within its stratum."""
    if design.cluster is None:
        return np.arange(frame.height)
    refuse_missing(frame, design.cluster, "Grappes")
    return encode(pl.DataFrame({"stratum": stratum, "cluster": frame[design.cluster]}))[0]


def remaining_fraction(
    frame: pl.DataFrame,
    design: SurveyDesign,
    stratum: Integers,
    strata: list[str],
    psu_count: Floats,
) -> Floats:
    """1 - n/N of each stratum; 1 without `stratum_size`."""
    if design.stratum_size is None:
        return np.ones(len(strata))
    by_row = numeric_column(frame, design.stratum_size, "Taille de strate")
    size = np.zeros(len(strata))
    size[stratum] = by_row
    uneven = size[stratum] != by_row
    if uneven.any():
        wrong = sorted({strata[code] for code in stratum[uneven]})
        raise fault(
            f"Taille de strate : la colonne « {design.stratum_size} » varie dans la strate "
            f"{named(wrong)} ; elle doit y donner un seul effectif de la base de sondage."
        )
    short = np.flatnonzero(size < psu_count)
    if short.size:
        first = short[0]
        raise fault(
            f"Taille de strate : la strate {strata[first]} compte {integer(psu_count[first])} "
            f"unités enquêtées pour {decimal(size[first], 0)} dans la population ; corriger "
            f"« {design.stratum_size} »."
        )
    return 1 - psu_count / size


def stratum_scale(
    design: SurveyDesign, strata: list[str], psu_count: Floats, remaining: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Factor of each stratum's sum of squares, and whether it is centred; R survey `onestrat`."""
    taken = remaining < 1e-7
    lonely = (psu_count == 1) & ~taken
    if lonely.any() and design.lonely == "fail":
        wrong = [strata[code] for code in np.flatnonzero(lonely)]
        raise fault(
            f"Plan de sondage : une seule unité dans la strate {named(wrong)} ; la regrouper avec "
            'une strate voisine ou choisir lonely="adjust".'
        )
    factor = psu_count / np.maximum(psu_count - 1, 1)
    scale = np.where(taken, 0.0, remaining * factor)
    if design.lonely == "certainty":
        scale[lonely] = 0.0
    return scale, ~lonely


def with_projection(
    arrays: DesignArrays, frame: pl.DataFrame, design: SurveyDesign, psu_stratum: Integers
) -> DesignArrays:
    """Add the regression on the calibration margins, weighted by the weight before calibration.

    The residual technique of Deville and Särndal (1992), as R's `calibrate`: residuals use the
    weight before calibration, their variance the calibrated one.
    """
    before = numeric_column(frame, design.design_weight, "Poids avant calage")
    wrong = (before <= 0) & (arrays.weight > 0)
    if wrong.any():
        raise fault(
            f"Poids avant calage : la colonne « {design.design_weight} » doit être positive "
            f"({row_numbers(pl.Series(wrong))})."
        )
    margins = margin_indicators(frame, design.calibration)
    unweighted = sparse.diags_array(np.maximum(before, 0)) @ margins
    ones, rows = np.ones(len(arrays.psu)), np.arange(len(arrays.psu))
    psu_sums = sparse.csr_array((ones, (arrays.psu, rows)))
    stratum_sums = sparse.csr_array(
        (np.ones(len(psu_stratum)), (psu_stratum, np.arange(len(psu_stratum))))
    )
    psu_total = (psu_sums @ sparse.diags_array(arrays.weight) @ margins).toarray()
    stratum_mean = (stratum_sums @ psu_total) * (arrays.centred / arrays.psu_count)[:, None]
    pulled = arrays.scale[psu_stratum, None] * (psu_total - stratum_mean[psu_stratum])
    weighted = sparse.csr_array(arrays.weight[:, None] * pulled[arrays.psu])
    projection = Projection(
        factors=sparse.hstack([unweighted, weighted], format="csr"),
        inverse=np.linalg.pinv((margins.T @ unweighted).toarray(), rcond=1e-12, hermitian=True),
        inner=psu_total.T @ pulled,
    )
    return replace(arrays, projection=projection)


def margin_indicators(frame: pl.DataFrame, columns: tuple[str, ...]) -> sparse.csr_array:
    """One row per row of `frame`, one column of 0/1 per category of each of `columns`."""
    parts = []
    for column in columns:
        refuse_missing(frame, column, "Marges de calage")
        codes, keys = encode(frame.select(column))
        ones, rows = np.ones(frame.height), np.arange(frame.height)
        parts.append(sparse.csr_array((ones, (rows, codes)), shape=(frame.height, keys.height)))
    return sparse.hstack(parts, format="csr")
