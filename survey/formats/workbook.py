"""Excel workbooks of plain text, the same bytes for the same content."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from survey.files import replace_file

UNDATED = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip
CREATED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
WIDEST = 60  # characters

Sheet = Sequence[Mapping[str, str]]


def write_sheets(sheets: Mapping[str, tuple[Sequence[str], Sheet]], path: Path) -> None:
    """Write sheets of text: name -> (headings, rows by heading); a cell left out is empty.

    Cells are text even where they look like a number, a date or a formula (`10-49`, `=A1`).
    """
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, (headings, rows) in sheets.items():
        sheet = workbook.create_sheet(name)
        sheet.freeze_panes = "A2"
        for column, heading in enumerate(headings, 1):
            write_text_cell(sheet.cell(1, column), heading).font = Font(bold=True)
            texts = [row.get(heading, "") for row in rows]
            for line, text in enumerate(texts, 2):
                if text:
                    write_text_cell(sheet.cell(line, column), text)
            width = min(WIDEST, max(map(len, [heading, *texts])) + 2)
            sheet.column_dimensions[get_column_letter(column)].width = width
    file = io.BytesIO()
    workbook.save(file)
    replace_file(path, lambda unfinished: unfinished.write_bytes(undated(file.getvalue())))


def undated(workbook: bytes) -> bytes:
    """The same workbook without the time at which it was written."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as dated,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in dated.namelist():
            content = dated.read(name)
            if name == "docProps/core.xml":
                content = CREATED.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name, UNDATED), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def write_text_cell(cell: Cell, text: str) -> Cell:
    """A cell of text, even where it looks like a number, a date or a formula."""
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
