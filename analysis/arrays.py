"""A survey design turned into numbers, once checked against its frame."""

from __future__ import annotations

import polars as pl

from analysis.checks import LARGEST, Floats, fault, numeric_column, require_columns, row_numbers
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays
from analysis.projection import with_projection
from analysis.second_phase import with_second_phase
from analysis.stages import draw_stages


def design_arrays(frame: pl.DataFrame, design: SurveyDesign) -> DesignArrays:
    """Check the design against `frame` and turn it into arrays for the variance.

    Rows of weight zero belong to the design (they count in their stratum) but to no domain.

    Raises
    ------
    SurveyError : unknown column; no row; weight null, negative, not finite, all zero; a fault of
        the stages, of the response groups or of the margins.
    """
    require_columns(frame, design.columns, "Plan de sondage")
    weight = checked_weight(frame, design.weight)
    arrays = DesignArrays(weight, draw_stages(frame, design))
    if design.responded is not None:
        arrays = with_second_phase(arrays, frame, design)
    return with_projection(arrays, frame, design) if design.margins else arrays


def checked_weight(frame: pl.DataFrame, column: str) -> Floats:
    """The weights, none negative, of positive sum."""
    if frame.is_empty():
        raise fault(
            "Plan de sondage : le tableau n’a aucune ligne ; vérifier le fichier et les filtres."
        )
    weight = numeric_column(frame, column, "Poids")
    if (weight < 0).any():
        raise fault(
            f"Poids : la colonne « {column} » porte une valeur négative "
            f"({row_numbers(pl.Series(weight < 0))}) ; revoir le redressement."
        )
    if not weight.sum() > 1 / LARGEST:
        raise fault(
            f"Poids : la somme de la colonne « {column} » est nulle ; vérifier que c’est bien "
            "celle des poids."
        )
    return weight


def replicate_weight(frame: pl.DataFrame, column: str, use: str) -> Floats:
    """Weights of a replicate: some may be negative (Preston makes a few), not their sum."""
    weight = numeric_column(frame, column, use)
    if not weight.sum() > 0:
        raise fault(
            f"{use} : la somme des poids répliqués « {column} » n’est pas positive ; vérifier que "
            "c’est bien une réplique."
        )
    return weight
