"""A survey file as people send it: its rows, and its columns as numbers, whoever describes it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from survey.errors import SurveyError
from survey.formats.delimited import read_delimited

WORDS = {"true": 1.0, "vrai": 1.0, "false": 0.0, "faux": 0.0}


def read_survey_file(
    path: Path, described_in: str = "campaign.yml", key: str = "donnees"
) -> pl.DataFrame:
    """A Parquet file, or a CSV with all its columns as text; an empty cell is null.

    `described_in` and `key` say where the file is named, for whoever must correct it.

    Raises
    ------
    SurveyError : no such file, a column named twice, a row without as many cells as columns
    """
    if not path.is_file():
        raise SurveyError(
            f"{path} : fichier introuvable. Placez-le là, ou corrigez « {key} » ({described_in})."
        )
    if is_parquet(path):
        try:
            return pl.read_parquet(path)
        except pl.exceptions.PolarsError as error:
            raise SurveyError(f"{path} : ce fichier Parquet est abîmé. Refaites-le.") from error
    table = read_delimited(path)
    twice = [name for name, count in Counter(table.headings).items() if count > 1]
    if twice:
        what = f"colonne en double « {twice[0]} »" if twice[0] else "plusieurs colonnes sans nom"
        raise SurveyError(f"{path} : {what}. N’en gardez qu’une.")
    if table.misfits.height:
        line, cells = table.misfits.row(0)
        if not cells:
            raise SurveyError(f"{path}, ligne {line} : ligne vide. Supprimez-la.")
        raise SurveyError(
            f"{path}, ligne {line} : {cells} cellules pour {len(table.headings)} colonnes. "
            "Corrigez la ligne : un guillemet ou un séparateur y manque sans doute."
        )
    return table.cells.select(
        pl.col(f"c{i}").replace("", None).alias(name) for i, name in enumerate(table.headings)
    )


def is_parquet(path: Path) -> bool:
    """Whether a file is read as Parquet, with its own types and missing values."""
    return path.suffix.lower() == ".parquet"


def as_number(
    rows: pl.DataFrame,
    name: str,
    source: Path,
    *,
    required: bool = False,
    described_in: str = "campaign.yml",
) -> pl.Expr:
    """A column as numbers, decimal comma accepted; names the first cell that is not one.

    « true », « vrai », « false », « faux » are 1 and 0 where a number is not `required`. An empty
    cell is missing, or a fault where one is.
    """
    kind = rows[name].dtype
    if kind.is_numeric() or kind == pl.Boolean:
        return pl.col(name).cast(pl.Float64)
    text = pl.col(name).cast(pl.String).str.strip_chars()
    number = text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    read = rows.select(number.alias("number"), empty=pl.col(name).is_null())
    known = read["number"].is_finite().fill_null(False) | (read["empty"] & (not required))
    if known.all():
        return number
    if not required:
        number = pl.coalesce(
            number,
            text.str.to_lowercase().replace_strict(WORDS, default=None, return_dtype=pl.Float64),
        )
        known |= rows.select(number.is_finite().fill_null(False)).to_series()
    wrong = (~known).arg_true()
    if len(wrong):
        found = rows[name][wrong[0]]
        what = (
            "cellule vide, il y faut un nombre"
            if found is None
            else f"« {found} » n’est pas un nombre"
        )
        cells = f"{len(wrong)} cellule{'s' if len(wrong) > 1 else ''}"
        raise SurveyError(
            f"{where(source, wrong[0])}, colonne « {name} » : {what} ({cells}). "
            f"Corrigez le fichier ou choisissez une autre colonne dans {described_in}."
        )
    return number


def where(source: Path, row: int) -> str:
    """« enquete.csv, ligne 12 »: the line of the file where a row (from 0) starts."""
    return f"{source}, ligne {line_of_row(source, row)}"


def line_of_row(source: Path, row: int) -> int:
    """The line of the file where a row (from 0) starts; in a Parquet file, its number from 1."""
    return row + 1 if is_parquet(source) else read_delimited(source).cells["ligne"][row]
