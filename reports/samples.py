"""The files of a campaign's `private/` folder, and what its sample must carry to be weighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from analysis.checks import require_columns
from survey.campaign import Campaign, Weighting
from survey.errors import SurveyError
from survey.french import counted
from survey.reference import margin_columns
from survey.territories import LEVELS, load_territories, territory_columns

REFERENCE = Path("data/reference")
SAMPLE_CODES = ("token", "stratum")
SAMPLE_NUMBERS = ("stratum_size", "design_weight")


def read_private(path: Path) -> pl.DataFrame:
    """A file of the campaign's `private/` folder, or what to do to obtain it."""
    if not path.is_file():
        raise SurveyError(
            f"{path} : fichier introuvable. Dans l’ordre : observatoire importer, redresser, "
            "estimer. L’échantillon tiré (echantillon.parquet) doit se trouver dans private/."
        )
    try:
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema=False)
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise SurveyError(
            f"{path} : ce fichier est abîmé ou n’est pas du bon format. Refaites-le."
        ) from error


def find_sample(campaign: Campaign) -> Path:
    """The sample drawn: `echantillon.parquet`, or `echantillon.csv` where there is no other."""
    parquet, table = (campaign.private / f"echantillon.{kind}" for kind in ("parquet", "csv"))
    return table if table.is_file() and not parquet.is_file() else parquet


def read_sample(path: Path) -> pl.DataFrame:
    """The sample, with the columns the weighting needs and their types."""
    sample = read_private(path)
    require_columns(sample, (*SAMPLE_CODES, *SAMPLE_NUMBERS), path.name)
    try:
        return sample.with_columns(
            pl.col(SAMPLE_CODES).cast(pl.String), pl.col(SAMPLE_NUMBERS).cast(pl.Float64)
        )
    except pl.exceptions.PolarsError as error:
        raise SurveyError(
            f"{path} : {' ou '.join(SAMPLE_NUMBERS)} contient autre chose que des nombres écrits "
            "avec un point. Corrigez ces colonnes."
        ) from error


def with_margins(sample: pl.DataFrame, decisions: Weighting, root: Path) -> pl.DataFrame:
    """The sample with what it is weighted on: groups, places of its communes, margin variables."""
    places = [name for name in decisions.columns if name in LEVELS]
    placed = with_places(sample, places, root)
    require_columns(placed, decisions.columns, "L’échantillon")
    codes = placed.with_columns(pl.col(decisions.columns).cast(pl.String))
    return margin_columns(codes, decisions.calage)


def with_cuts(
    units: pl.DataFrame, cuts: Mapping[str, Sequence[tuple[str, str]]], root: Path
) -> pl.DataFrame:
    """Sampled units plus the columns that cut them: places of their commune, codes of the frame.

    `cuts` : code and label of each category, by column.

    Raises
    ------
    SurveyError : the sample lacks `commune`, or a column that has a code list, or a code of a
        column is not in its list (no code is allowed: the unit is in no category)
    """
    listed = [name for name in cuts if name not in LEVELS]
    require_columns(units, listed, "L’échantillon")
    for name in listed:
        known = [code for code, _ in cuts[name]]
        others = units.filter(~pl.col(name).cast(pl.String).is_in(known))
        if not others.is_empty():
            raise SurveyError(
                f"échantillon : la colonne « {name} » porte {others[name][0]} "
                f"({counted(others.height, 'ligne')}) ; codes connus : {', '.join(known)}. "
                f"Corrigez ce code, ou complétez data/reference/nomenclature_{name}.csv."
            )
    return with_places(units, [name for name in cuts if name in LEVELS], root)


def with_places(units: pl.DataFrame, levels: Sequence[str], root: Path) -> pl.DataFrame:
    """Sampled units plus the places of these levels that their commune belongs to."""
    lacking = [level for level in levels if level not in units.columns]
    if not lacking:
        return units
    require_columns(units, ("commune",), "L’échantillon")
    return territory_columns(units, load_territories(root / REFERENCE).communes, levels=lacking)
