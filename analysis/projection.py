"""Residuals on the calibration margins, from which a calibrated weight draws its variance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from scipy import sparse

from analysis.checks import (
    Floats,
    encode,
    fault,
    numeric_column,
    refuse_missing,
    row_numbers,
)
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays, Projection, pulled, summing
from analysis.margin_errors import USE, error_covariance


def with_projection(
    arrays: DesignArrays, frame: pl.DataFrame, design: SurveyDesign
) -> DesignArrays:
    """Add the regression on the calibration margins.

    The residual technique of Deville and Särndal (1992), as R's `calibrate`: residuals use the
    weight before calibration, their variance the calibrated one.
    """
    regression = regression_weight(frame, design, arrays.weight)
    margins, names = calibration_margins(frame, design, arrays.weight)
    spread = margins
    if design.calibration_unit is not None:
        # Integrated weighting (Lemaître and Dufour, 1987): every row bears the mean of its unit,
        # weighted as in the calibration.
        before = weight_before(frame, design)
        sums = unit_sums(frame, design.calibration_unit)
        total = sums @ before
        mean = sums @ sparse.diags_array(before) @ margins
        mean = sparse.diags_array(1 / np.where(total > 0, total, 1)) @ mean
        spread = sparse.csr_array(sums.T @ mean)
    slack = margin_numbers(design.margin_slack, names)
    errors = margin_numbers(design.margin_errors, names)
    uncertainty = error_covariance(design, names, errors, slack == 0, spread, regression)
    # Margins of any unit count alike in the inverse: each is divided by its root mean square.
    norm = np.sqrt(np.maximum((spread.multiply(spread)).mean(axis=0), 1e-300))
    margins = sparse.csr_array(margins @ sparse.diags_array(1 / norm))
    spread = sparse.csr_array(spread @ sparse.diags_array(1 / norm))
    weighted = sparse.csr_array(sparse.diags_array(regression) @ spread)
    slack = slack / norm**2
    uncertainty /= np.outer(norm, norm)
    moments = (margins.T @ weighted).toarray() + np.diag(slack)
    score = (sparse.diags_array(arrays.weight) @ margins).toarray()
    pull = pulled(score, arrays)
    projection = Projection(
        margins=margins,
        factors=sparse.hstack(
            [weighted, sparse.csr_array(arrays.weight[:, None] * pull)], format="csr"
        ),
        inverse=np.linalg.pinv(moments, rcond=1e-12, hermitian=True),
        inner=score.T @ pull + uncertainty,
        uncertainty=uncertainty,
    )
    return replace(arrays, projection=projection)


def regression_weight(frame: pl.DataFrame, design: SurveyDesign, weight: Floats) -> Floats:
    """Weight of each row in the regression on the margins; 0 out of the calibration."""
    column = design.residual_weight or design.design_weight
    before = numeric_column(frame, column, "Poids avant calage")
    wrong = (before <= 0) & (weight > 0)
    if wrong.any():
        raise fault(
            f"Poids avant calage : la colonne « {column} » doit être positive "
            f"({row_numbers(pl.Series(wrong))})."
        )
    if design.calibration_scale is None or design.residual_weight is not None:
        return np.maximum(before, 0)
    return np.maximum(before, 0) * numeric_column(
        frame, design.calibration_scale, "Échelle q", pl.Series(weight > 0)
    )


def calibration_margins(
    frame: pl.DataFrame, design: SurveyDesign, weight: Floats
) -> tuple[sparse.csr_array, list[tuple[str, str | None]]]:
    """One column of 0/1 per category, one of values per number; and (column, category) of each.

    A row of weight 0 may be empty: it counts for nothing.
    """
    parts, names = [], []
    once, counted = counted_once(frame, design), pl.Series(weight > 0)
    for column in design.calibration:
        refuse_missing(frame, column, USE, counted)
        codes, keys = encode(frame.select(column))
        rows = np.flatnonzero(codes >= 0)
        places, shape = (rows, codes[rows]), (frame.height, keys.height)
        parts.append(sparse.csr_array((once[column][rows], places), shape=shape))
        names += [(column, category) for category in keys[column].cast(pl.String)]
    for column in design.calibration_numbers:
        values = numeric_column(frame, column, USE, counted) * once[column]
        parts.append(sparse.csr_array(values[:, None]))
        names.append((column, None))
    return sparse.hstack(parts, format="csr"), names


def counted_once(frame: pl.DataFrame, design: SurveyDesign) -> dict[str, Floats]:
    """What each row counts for in each margin: 1, or its part of its unit for a unit variable."""
    ones = np.ones(frame.height)
    if design.calibration_unit is None:
        return dict.fromkeys(design.margins, ones)
    sums = unit_sums(frame, design.calibration_unit)
    rows = sums @ (weight_before(frame, design) > 0).astype(float)
    part = 1 / np.maximum(sums.T @ rows, 1)
    return {name: part if name in design.unit_variables else ones for name in design.margins}


def weight_before(frame: pl.DataFrame, design: SurveyDesign) -> Floats:
    """Weight of each row before calibration; 0 for those that stayed out of it."""
    return np.maximum(numeric_column(frame, design.design_weight, "Poids avant calage"), 0)


def unit_sums(frame: pl.DataFrame, column: str) -> sparse.csr_array:
    """Matrix that sums rows by unit of calibration."""
    refuse_missing(frame, column, "Unité de calage")
    unit = encode(frame.select(column))[0]
    return summing(unit, int(unit.max()) + 1)


def margin_numbers(
    given: tuple[tuple[str, str | None, float], ...], names: list[tuple[str, str | None]]
) -> Floats:
    """One number a margin, 0 where none is given; raises on a margin that is not one."""
    numbers = np.zeros(len(names))
    for column, category, number in given:
        if (column, category) not in names:
            raise fault(
                f"Plan de sondage : « {column} » = {category or 'total'} n’est pas une marge de "
                "calage de ce tableau."
            )
        numbers[names.index((column, category))] = number
    return numbers
