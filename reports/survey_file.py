"""A survey file as people send it: its rows, and its columns as numbers, whoever describes it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from survey.errors import SurveyError
from survey.formats.delimited import UnreadableFileError, read_delimited
from survey.french import counted

SPACES = "cellule faite d’espaces, il y faut un nombre"
SHOWN = 40  # characters of a cell shown in a message
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
    try:
        table = read_delimited(path)
    except UnreadableFileError as error:
        raise SurveyError(f"{error.what} Enregistrez-le en CSV UTF-8.") from None
    if not any(table.headings):
        raise SurveyError(f"{path} : ligne 1 vide, il y faut les titres. Supprimez-la.")
    twice = [name for name, count in Counter(table.headings).items() if count > 1]
    if twice:
        what = f"colonne en double « {twice[0]} »" if twice[0] else "plusieurs colonnes sans nom"
        raise SurveyError(f"{path} : {what}. N’en gardez qu’une.")
    if table.misfits.height:
        line, cells = table.misfits.row(0)
        if not cells:
            raise SurveyError(f"{path}, ligne {line} : ligne vide. Supprimez-la.")
        raise SurveyError(
            f"{path}, ligne {line} : {counted(cells, 'cellule')} pour "
            f"{counted(len(table.headings), 'colonne')}. "
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
    among: pl.Series | None = None,
    remedy: str = "Corrigez le fichier, ou choisissez une autre colonne dans campaign.yml.",
) -> pl.Expr:
    """A column as numbers, decimal comma accepted; names the first cell that is not one.

    « true », « vrai », « false », « faux » are 1 and 0 where a number is not `required`. An empty
    cell is missing, or a fault where one is: in the rows `among`, when given.
    """
    kind = rows[name].dtype
    if kind.is_numeric() or kind == pl.Boolean:
        number = pl.col(name).cast(pl.Float64)
        if required:
            refuse_cells(rows, name, source, rows[name].is_null(), among, remedy)
        return number
    if kind.is_temporal():
        raise SurveyError(
            f"{source}, colonne « {name} » : elle contient des dates, il y faut des nombres. "
            f"{remedy}"
        )
    text = pl.col(name).cast(pl.String).str.strip_chars()
    number = parsed_number(text)
    empty, finite = rows[name].is_null(), rows.select(number.is_finite()).to_series()
    if not required and not (finite.fill_null(False) | empty).all():
        words = text.str.to_lowercase().replace_strict(WORDS, default=None, return_dtype=pl.Float64)
        number = pl.coalesce(number, words)
        finite = rows.select(number.is_finite()).to_series()
    refuse_cells(rows, name, source, ~finite.fill_null(False) & ~empty, None, remedy)
    if required:
        refuse_cells(rows, name, source, empty, among, remedy)
    return number


def parsed_number(text: pl.Expr) -> pl.Expr:
    """Texts as numbers, with a point or a comma; null where they are not."""
    return text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def refuse_cells(
    rows: pl.DataFrame,
    name: str,
    source: Path,
    wrong: pl.Series,
    among: pl.Series | None,
    remedy: str,
) -> None:
    """Raise on the first of the cells `wrong`, in the rows `among` when given."""
    wrong = wrong if among is None else wrong & among
    if not wrong.any():
        return
    first = wrong.arg_max()
    found = rows[name][first]
    what = "cellule vide, il y faut un nombre"
    if found is not None:
        what = f"{cell_text(found)} n’est pas un nombre" if str(found).strip() else SPACES
    raise SurveyError(
        f"{where(source, first)}, colonne « {name} » : {what} "
        f"({counted(wrong.sum(), 'cellule')}). {remedy}"
    )


def cell_text(value: object) -> str:
    """« value », the first characters of a long one."""
    text = str(value)
    return f"« {text if len(text) <= SHOWN else f'{text[:SHOWN]}…'} »"


def where(source: Path, row: int) -> str:
    """« enquete.csv, ligne 12 »: the line of the file where a row (from 0) starts."""
    return f"{source}, ligne {line_of_row(source, row)}"


def line_of_row(source: Path, row: int) -> int:
    """The line of the file where a row (from 0) starts; in a Parquet file, its number from 1."""
    return row + 1 if is_parquet(source) else read_delimited(source).cells["ligne"][row]
