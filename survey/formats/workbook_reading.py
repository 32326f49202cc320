"""Tables in an Excel workbook (.xlsx), every cell as the text a person would read in it.

Formulas are never evaluated, nor is the result that the workbook kept of them believed: their cells
are listed, as are merged areas, for whoever reads the table to set their rows aside.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from survey.errors import ResponseError
from survey.formats.delimited import Table

LARGEST = 30_000_000  # bytes of the workbook once unpacked; more is no file keyed by hand
MOST_COLUMNS, MOST_ROWS = 3000, 50_000
LAST_ROW = 1_048_576  # of a sheet of Excel
MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="[A-Z]+(\d+)(?::[A-Z]+(\d+))?"')
REMEDY = "Rouvrez-le dans un tableur et enregistrez-le à nouveau, ou exportez-le en CSV UTF-8."


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with headings on its first row that holds something.

    `formulas`: row and position (from 0) of cells that hold one; `merged`: rows that a merged area
    touches.
    """

    name: str
    hidden: bool
    table: Table
    formulas: tuple[tuple[int, int], ...]
    merged: frozenset[int]


def read_workbook(content: bytes, name: str) -> list[Sheet]:
    """Sheets of a workbook that hold something.

    Raises
    ------
    ResponseError : no workbook, damaged, or too large once unpacked
    """
    refuse_bomb(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl does not keep: styles, validations
            workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
            sheets = [read_sheet(sheet, content) for sheet in workbook.worksheets]
            workbook.close()
    except ResponseError:
        raise
    except Exception as error:  # a damaged workbook breaks its reader in countless ways
        raise ResponseError(f"{name} : ce classeur est abîmé. {REMEDY}") from error
    return [sheet for sheet in sheets if sheet is not None]


def refuse_bomb(content: bytes, name: str, largest: int = LARGEST) -> zipfile.ZipFile:
    """The archive, once it is known to be one and not to unpack into more than `largest` bytes."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise ResponseError(f"{name} : ce fichier est coupé ou abîmé. {REMEDY}") from error
    size = sum(member.file_size for member in archive.infolist())
    if size > largest:
        raise ResponseError(
            f"{name} : ce fichier contient {size // 1_000_000} Mo une fois décompressé, plus que "
            f"les {largest // 1_000_000} Mo admis. Exportez la feuille des réponses en CSV UTF-8."
        )
    return archive


def read_sheet(sheet: object, content: bytes) -> Sheet | None:
    """A worksheet opened by openpyxl; None where it is empty."""
    rows = numbered_rows(sheet)
    first = next((row for row in rows if any(text for text, _ in row[1])), None)
    if first is None:
        return None
    header, titles = first
    width = max(at for at, (text, _) in enumerate(titles, 1) if text)
    lines, body, formulas = [], [], []
    for line, row in rows:
        width = max([width, *(at for at, (text, _) in enumerate(row, 1) if text)])
        lines.append(line)
        body.append([text for text, _ in row])
        formulas += [(line, at) for at, (_, formula) in enumerate(row) if formula]
    while body and not any(body[-1]):
        lines.pop()
        body.pop()
    headings = [text for text, _ in titles][:width]
    headings += [""] * (width - len(headings))
    headings = [
        text or f"(colonne {get_column_letter(at)} sans titre)"
        for at, text in enumerate(headings, 1)
    ]
    cells = pl.DataFrame(
        {f"c{at}": [row[at] if at < len(row) else "" for row in body] for at in range(width)},
        schema=dict.fromkeys((f"c{at}" for at in range(width)), pl.String),
    ).with_columns(pl.Series("ligne", lines, pl.Int64))
    misfits = pl.DataFrame(schema={"ligne": pl.Int64, "cellules": pl.Int64})
    return Sheet(
        name=sheet.title,
        hidden=sheet.sheet_state != "visible",
        table=Table(cells, misfits, tuple(headings), "", "", vv=False),
        formulas=tuple(formulas),
        merged=merged_rows(sheet, content) - {header},
    )


def numbered_rows(sheet: object) -> Iterator[tuple[int, list[tuple[str, bool]]]]:
    """Number of each row, and its cells as text, with whether they hold a formula."""
    sheet.reset_dimensions()  # what a file says of its size may be false
    for line, row in enumerate(sheet.iter_rows(), 1):
        cells = [(cell_text(cell.value), cell.data_type == "f") for cell in row]
        while cells and not cells[-1][0]:
            cells.pop()
        if len(cells) > MOST_COLUMNS or (line > MOST_ROWS and cells) or line > LAST_ROW:
            raise ResponseError(
                f"feuille « {sheet.title} » : plus de {MOST_COLUMNS} colonnes ou de {MOST_ROWS} "
                "lignes, ce n’est pas un fichier de réponses. Vérifiez le fichier."
            )
        yield line, cells


def cell_text(value: object) -> str:
    """What a cell shows: `3`, `12.5`, `1` for TRUE, `2026-03-02`; the text of a formula."""
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            whole = value.time() == time()
            return value.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S")
        case date() | time() | timedelta() | int():
            return str(value)
        case str():
            return value.replace("\r\n", "\n")
        case _:
            return "=(formule)"


def merged_rows(sheet: object, content: bytes) -> frozenset[int]:
    """Rows that a merged area touches: openpyxl does not say when it reads row by row."""
    path = sheet._worksheet_path.lstrip("/")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        areas = MERGED.findall(archive.read(path))
    starts = np.array([int(first) for first, _ in areas], np.int64)
    ends = np.array([int(last or first) for first, last in areas], np.int64)
    change = np.zeros(MOST_ROWS + 2, np.int64)
    np.add.at(change, np.minimum(starts, MOST_ROWS + 1), 1)
    np.add.at(change, np.minimum(ends + 1, MOST_ROWS + 1), -1)
    return frozenset(np.flatnonzero(change.cumsum() > 0).tolist())
