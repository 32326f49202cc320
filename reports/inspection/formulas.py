"""Cells that a spreadsheet would run: a text that opens with the sign of a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

OPENING = "=+-@\t\r"
# Where such a cell may be; each suspect is then read as a spreadsheet reads it.
SUSPECT = r'(?m)(?:^|[,;])"?(?:[=@\t\r]|[+-][^\d.]|[+-][\d.,eE+-]+[^\d.,;\r\n"eE])'
NUMBER = re.compile(r"[+-]?\d[\d\s\u00a0\u202f]*(?:[.,]\d+)?(?:[eE][+-]?\d+)?\s?%?")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute this cell; a signed number is none."""
    return cell[:1] in OPENING and cell not in ("", "-") and not NUMBER.fullmatch(cell)


def formula_faults(batch: pl.DataFrame, site: Path) -> Iterator[str]:
    """Formulas of the CSV files of a batch (`where`, `text`)."""
    suspects = batch.filter(
        pl.col("where").str.ends_with(".csv") & pl.col("text").str.contains(SUSPECT)
    )
    for where in suspects["where"]:
        with (site / where).open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            for line, row in enumerate(csv.reader(file, delimiter=_mark(head)), start=1):
                if cell := next(filter(is_formula, row), None):
                    yield f"{where}, ligne {line} : une case est une formule ({cell[:12]})."
                    break


def workbook_faults(where: Path, cells: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The first formula of a workbook."""
    address = next((address for address, text in cells if is_formula(text)), None)
    if address:
        yield f"{where}, {address} : une case est une formule."


def _mark(head: str) -> str:
    return ";" if head.count(";") > head.count(",") else ","
