"""The words of a published file, whatever its kind, and how they are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

import polars as pl

MARKED_UP = (".html", ".svg", ".xml")
TAGS = re.compile(r"\s*(?:<[^>]*>\s*)+")
BATCH = 32_000_000  # characters searched at once
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def plain_text(path: Path, text: str) -> str:
    """The text of a file as a reader sees it: entities and JSON escapes decoded.

    Of what is marked up, the text is given twice, with its tags and without: a word may stand in
    an attribute, and a tag may cut a sentence.
    """
    if path.suffix in MARKED_UP:
        return unescape(f"{text}\n{TAGS.sub(' ', text)}")
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "\\u" in text else text


def read_pdf(path: Path) -> tuple[str, bool]:
    """The text of a PDF and what it says of itself; whether it runs anything.

    It would when it is opened, or when a part of it is clicked; a link that only leads is nothing.
    """
    from pypdf import PdfReader  # half a second to import

    reader = PdfReader(path)
    said = [str(value) for value in (reader.metadata or {}).values()]
    root = reader.root_object
    names = _resolved(root.get("/Names")) or {}
    runs = "/AA" in root or "/JavaScript" in names or _acts(root.get("/OpenAction"))
    for page in reader.pages:
        said.append(page.extract_text())
        links = (link.get_object() for link in page.get("/Annots", ()))
        runs = runs or any("/AA" in link or _acts(link.get("/A")) for link in links)
    return "\n".join(said), runs


def _resolved(found: object) -> object:
    """What a reference of a PDF leads to; another object is itself."""
    return found.get_object() if hasattr(found, "get_object") else found


def _acts(action: object) -> bool:
    """Whether an action does more than lead somewhere."""
    kind = _resolved(action)
    return isinstance(kind, dict) and kind.get("/S") not in ("/GoTo", "/URI", None)


def parquet_text(path: Path) -> str:
    """The texts of a Parquet file, each once."""
    texts = pl.read_parquet(path).select(pl.selectors.string() | pl.selectors.categorical())
    return "\n".join(
        text for column in texts for text in column.cast(pl.String).drop_nulls().unique()
    )


def workbook_cells(path: Path) -> Iterator[tuple[str, str]]:
    """Address and text of every filled cell of a workbook; a formula as it is written."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    yield f"{sheet.title}!{cell.coordinate}", str(cell.value)
    book.close()


def batches(texts: Iterable[tuple[Path, str]]) -> Iterator[pl.DataFrame]:
    """Files and their texts (`where`, `text`), a few at a time."""
    held: list[tuple[str, str]] = []
    size = 0
    for where, text in texts:
        held.append((str(where), text))
        size += len(text)
        if size > BATCH:
            yield _frame(held)
            held, size = [], 0
    if held:
        yield _frame(held)


def _frame(held: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(held, schema={"where": pl.String, "text": pl.String}, orient="row")


def words_alone(text: pl.Expr) -> pl.Expr:
    """Lower-case words, each between spaces: what two texts are compared by."""
    return pl.format(" {} ", text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " "))
