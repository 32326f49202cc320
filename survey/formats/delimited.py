"""Delimited text files as people send them: encoding, separator, broken rows, line numbers."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from survey.errors import ResponseError
from survey.formats.salvage import salvaged_quotes, salvaged_text

SEPARATORS = (";", "\t", ",")
# One of these beside `id` on the second line makes the file a VV export: no answer reads so.
VV_COMPANIONS = {"submitdate", "lastpage", "startlanguage", "token"}
ANNOUNCED = re.compile("sep=([;,\t])[;,\t]*\n")  # a first line that only Excel understands
NOT_TEXT = (
    (b"PK\x03\x04", "un classeur (Excel .xlsx ou LibreOffice .ods)"),
    (b"\xd0\xcf\x11\xe0", "un ancien classeur Excel (.xls)"),
    (b"%PDF", "un document PDF"),
    (b"\x1f\x8b", "une archive compressée"),
)
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
QUOTE, NEWLINE = ord('"'), ord("\n")
LARGEST, MOST_LINES = 300_000_000, 10_000_000  # bytes, lines
MOST_COLUMNS = 20_000


class UnreadableFileError(ResponseError):
    """No delimited text: `what` is wrong, apart from the remedy, which is for an export."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what


@dataclass(frozen=True, slots=True)
class Table:
    """A delimited file, every cell as text.

    `cells`: one row per well-formed row, columns `c0`, `c1`… in the order of `headings`, and
    `ligne`, the physical line (from 1) where the row starts. `misfits`: the other rows, with
    `ligne`, `cellules` (cells found; 0 = nothing written on the row, null = it cannot be read).
    `vv`: two header rows, as LimeSurvey's VV export.
    """

    cells: pl.DataFrame
    misfits: pl.DataFrame
    headings: tuple[str, ...]
    encoding: str
    separator: str
    vv: bool


@dataclass(frozen=True, slots=True)
class Records:
    """Where each record starts and ends (bytes), on which line, with how many separators."""

    start: np.ndarray
    end: np.ndarray
    line: np.ndarray
    separators: np.ndarray


def read_delimited(path: Path, *, salvage: bool = False) -> Table:
    """Read a delimited file: UTF-8 (BOM or not) or cp1252; `;`, `,` or tab; one or two header rows.

    A first line `sep=;` is Excel's.

    Line ends inside a quoted cell become `\\n`. Blank lines at the end of the file are not rows.
    `salvage`: a damaged file gives its good rows, the others are misfits.

    Raises
    ------
    ResponseError : no such file, empty, a workbook, UTF-16, no separator, damaged header; without
        `salvage`, NUL bytes or an open quote anywhere
    """
    return parse_delimited(read_bytes(path), path.name, salvage=salvage)


def parse_delimited(content: bytes, name: str, *, salvage: bool = False) -> Table:
    """The same from the bytes of a file called `name`."""
    text, encoding = decode(content, name, salvage=salvage)
    if is_vv(text, "\t"):
        return split(text, "\t", encoding, name, vv=True, quoted=False)
    separator = sniff_separator(text, name)
    if not quotes_are_paired(text, separator):
        text = salvaged_quotes(text, separator) if salvage else repair_quotes(text, separator, name)
    vv = is_vv(text, separator)
    return split(text, separator, encoding, name, vv=vv, quoted=True)


def read_bytes(path: Path) -> bytes:
    """Bytes of the file, once it is known to exist and to be text."""
    content = file_bytes(path)
    refuse_other_kinds(content, path.name)
    return content


def file_bytes(path: Path) -> bytes:
    """Bytes of a file that exists, can be read and is not too long."""
    if not path.is_file():
        raise ResponseError(f"{path} : fichier introuvable. Vérifiez le nom et le dossier.")
    try:
        if path.stat().st_size > LARGEST:
            raise ResponseError(
                f"{path.name} : le fichier dépasse {LARGEST // 1_000_000} Mo, ce n’est pas un "
                "export de réponses. Vérifiez le fichier, ou découpez-le."
            )
        return path.read_bytes()
    except OSError:
        raise ResponseError(
            f"{path.name} : lecture impossible. Fermez le fichier dans les autres "
            "logiciels et vérifiez vos droits."
        ) from None


def refuse_other_kinds(content: bytes, name: str) -> None:
    """Refuse what is no text table."""
    first = re.search(rb"[^\xef\xbb\xbf\s]", content)
    if first is None:
        raise UnreadableFileError(
            f"{name} : le fichier est vide.", "Refaites l’export des réponses."
        )
    for mark, kind in NOT_TEXT:
        if content.startswith(mark):
            raise UnreadableFileError(
                f"{name} : c’est {kind}, pas un fichier CSV.",
                "Dans LimeSurvey, exportez les réponses au format CSV ; dans un tableur, "
                "« Enregistrer sous », CSV UTF-8.",
            )
    if first[0] == b"<":
        raise UnreadableFileError(
            f"{name} : c’est une page web ou un fichier XML, pas un fichier CSV.",
            "Reconnectez-vous à LimeSurvey et refaites l’export des réponses au format CSV.",
        )


def decode(content: bytes, name: str, *, salvage: bool = False) -> tuple[bytes, str]:
    """UTF-8 bytes with `\\n` line ends and no BOM, and the encoding found.

    cp1252 is what Excel writes in France; a file that is valid UTF-8 is never taken for it.
    """
    if content.startswith(UTF16_MARKS) or content[:2000].count(0) > len(content[:2000]) // 3:
        raise UnreadableFileError(
            f"{name} : le fichier est en UTF-16 (« Unicode » de Windows).",
            "Enregistrez-le en CSV UTF-8, ou refaites l’export depuis LimeSurvey.",
        )
    if not salvage and (position := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise UnreadableFileError(
            f"{name}, ligne {line} : octet nul, le fichier est abîmé.", "Refaites l’export."
        )
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    content = re.sub(b"^(\xef\xbb\xbf)+", b"", content)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if salvage:
            announced = encoding == "utf-8-sig"
            content, found = salvaged_text(content, announced=announced)
            encoding = encoding if announced else found
        elif encoding == "utf-8-sig":
            line = content.count(b"\n", 0, error.start) + 1
            raise UnreadableFileError(
                f"{name}, ligne {line} : le fichier s’annonce en UTF-8 mais ne l’est pas partout.",
                "Refaites l’export sans l’ouvrir dans un tableur.",
            ) from None
        else:
            content, encoding = from_cp1252(content, name), "cp1252"
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n") + b"\n"
    if content.count(b"\n") > MOST_LINES:
        raise UnreadableFileError(
            f"{name} : plus de {MOST_LINES // 1_000_000} millions de lignes.",
            "Vérifiez le fichier, ou découpez-le.",
        )
    return content, encoding


def from_cp1252(content: bytes, name: str) -> bytes:
    """UTF-8 bytes of a cp1252 text."""
    try:
        return content.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(
            f"{name}, ligne {line} : caractère illisible, ni UTF-8 ni Windows-1252.",
            "Refaites l’export depuis LimeSurvey, en UTF-8.",
        ) from None


def is_vv(text: bytes, separator: str) -> bool:
    """Whether the second line holds codes: the mark of LimeSurvey's VV export.

    It has tabs, and quotes that mean nothing; a spreadsheet writes it as any other table.
    """
    lines = io.BytesIO(text)
    titles, codes = (
        [cell.strip('" \n') for cell in lines.readline().decode().split(separator)]
        for _ in range(2)
    )
    is_titled = sum(map(bool, titles)) > len(codes) // 2
    return is_titled and "id" in codes and bool(VV_COMPANIONS.intersection(codes))


def sniff_separator(text: bytes, name: str) -> str:
    """The separator that most often cuts the first hundred rows into cells as the header."""
    sample = text[:400_000].decode(errors="ignore")
    if said := ANNOUNCED.match(sample):
        return said[1]
    scores = {}
    for separator in SEPARATORS:
        widths = first_widths(sample, separator)
        if widths and widths[0] > 1:
            agreeing = sum(width == widths[0] for width in widths) / len(widths)
            scores[separator] = (round(agreeing, 1), widths[0])
    if not scores:
        raise UnreadableFileError(
            f"{name} : aucun séparateur reconnu (point-virgule, virgule ou tabulation).",
            "Refaites l’export des réponses au format CSV.",
        )
    return max(scores, key=scores.__getitem__)


def first_widths(sample: str, separator: str) -> list[int]:
    """Number of cells of the first rows that hold something, as many as can be read."""
    widths = []
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    with contextlib.suppress(csv.Error):
        for row in itertools.islice(rows, 101):
            if row:
                widths.append(len(row))
    return widths


def repair_quotes(text: bytes, separator: str, name: str) -> bytes:
    """The same text with every quote paired, cell by cell.

    Text with quotes inside a bare cell (`5" d'écran`) is read by Python's csv, which takes them
    literally, and written again; lines keep their numbers. A quote opened and never closed swallows
    what follows: refused.
    """
    end_mark = "fin-du-fichier"
    body = text.decode().removesuffix("\n")
    lines = io.StringIO(f"{body}\n{end_mark}", newline="")
    rows = csv.reader(lines, delimiter=separator)
    repaired = io.StringIO(newline="")
    writer = csv.writer(repaired, delimiter=separator, lineterminator="\n")
    row, starts = [], [1]
    try:
        for row in rows:
            writer.writerow(row)
            starts.append(rows.line_num + 1)
    except csv.Error:  # a cell longer than csv's limit: the quote runs on
        starts.append(0)
        row = []
    if row != [end_mark]:
        raise UnreadableFileError(
            f"{name}, ligne {starts[-2]} : un guillemet ouvert n’est jamais refermé, le fichier "
            "est sans doute coupé.",
            "Refaites l’export depuis LimeSurvey.",
        )
    return repaired.getvalue().removesuffix(f"{end_mark}\n").encode()


def quotes_are_paired(text: bytes, separator: str) -> bool:
    """Whether each quote opens at the start of a cell, closes at its end, or is doubled inside."""
    data = np.frombuffer(text, np.uint8)
    quotes = data == QUOTE
    inside = np.bitwise_xor.accumulate(quotes.view(np.uint8)).view(bool)
    if not data.size or inside[-1]:
        return not data.size
    at_edge = quotes | (data == ord(separator)) | (data == NEWLINE)
    opens_late = (quotes & inside)[1:] & ~at_edge[:-1]
    closes_early = (quotes & ~inside)[:-1] & ~at_edge[1:]
    return not (opens_late.any() or closes_early.any())


def find_records(text: bytes, separator: str, *, quoted: bool) -> Records:
    """Records of a text whose quotes are paired; blank records at the end are left out."""
    data = np.frombuffer(text if text.endswith(b"\n") else text + b"\n", np.uint8)
    newlines = np.flatnonzero(data == NEWLINE)
    separators = data == ord(separator)
    ends_record = np.ones(newlines.size, bool)
    if quoted:
        inside = np.bitwise_xor.accumulate((data == QUOTE).view(np.uint8)).view(bool)
        ends_record = ~inside[newlines]
        separators &= ~inside
    end = newlines[ends_record] + 1
    start = np.concatenate([[0], end[:-1]])
    line = np.concatenate([[1], np.flatnonzero(ends_record)[:-1] + 2])
    counts = np.add.reduceat(separators, start, dtype=np.int32)
    last = np.flatnonzero(end - start > 1)[-1] + 1
    return Records(start[:last], end[:last], line[:last], counts[:last])


def split(
    text: bytes, separator: str, encoding: str, name: str, *, vv: bool, quoted: bool
) -> Table:
    """Cut a text into cells; rows whose width is not that of the header go to `misfits`."""
    records = find_records(text, separator, quoted=quoted)
    header = 1 if vv or ANNOUNCED.match(text[:8].decode(errors="ignore")) else 0
    if records.separators[header] >= MOST_COLUMNS:
        raise UnreadableFileError(
            f"{name} : plus de {MOST_COLUMNS} colonnes, ce n’est pas un export de réponses.",
            "Vérifiez le fichier.",
        )
    heading_row = text[records.start[header] : records.end[header]].decode()
    if "\0" in heading_row:
        raise UnreadableFileError(
            f"{name}, ligne {records.line[header]} : la ligne des titres est abîmée.",
            "Refaites l’export.",
        )
    headings = tuple(next(csv.reader(io.StringIO(heading_row, newline=""), delimiter=separator)))
    body = slice(header + 1, None)
    start, end, line = records.start[body], records.end[body], records.line[body]
    width = records.separators[body] + 1
    blank = end - start == width  # nothing but separators and the line end
    damaged = holds_nul(text, start, end)
    fits = (width == len(headings)) & ~blank & ~damaged
    misfits = pl.DataFrame(
        {"ligne": line[~fits], "cellules": np.where(blank, 0, width)[~fits]},
        schema={"ligne": pl.Int64, "cellules": pl.Int64},
    ).with_columns(
        cellules=pl.when(~pl.Series(damaged[~fits])).then("cellules"),
    )
    kept = keep_records(text, start, end, fits)
    cells = parse_cells(kept, separator, len(headings), quoted=quoted)
    cells = cells.with_columns(pl.Series("ligne", line[fits], pl.Int64))
    return Table(cells, misfits, headings, encoding, separator, vv)


def holds_nul(text: bytes, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Whether each record holds a NUL byte, hence something that could not be read."""
    damaged = np.zeros(start.size, bool)
    if b"\0" in text and start.size:
        places = np.flatnonzero(np.frombuffer(text, np.uint8) == 0)
        places = places[places >= start[0]]
        damaged[np.searchsorted(end, places, side="right")] = True
    return damaged


def keep_records(text: bytes, start: np.ndarray, end: np.ndarray, keep: np.ndarray) -> bytes:
    """The text of the records to keep, one after the other; the last one ends with a line end."""
    text = text if text.endswith(b"\n") else text + b"\n"
    if keep.all():
        return text[start[0] : end[-1]] if keep.size else b""
    return b"".join(text[a:b] for a, b in zip(start[keep], end[keep], strict=True))


def parse_cells(text: bytes, separator: str, width: int, *, quoted: bool) -> pl.DataFrame:
    """Cells of rows that all have `width` cells; an empty cell is the empty text."""
    schema = {f"c{position}": pl.String for position in range(width)}
    if not text:
        return pl.DataFrame(schema=schema)
    cells = pl.read_csv(
        text,
        has_header=False,
        separator=separator,
        quote_char='"' if quoted else None,
        schema=schema,
        empty_string_is_null=False,
    )
    return cells if quoted else cells.select(unwrapped(pl.col(name)) for name in schema)


def unwrapped(cell: pl.Expr) -> pl.Expr:
    """The cell without the quotes PHP or Excel put around it; VV codes a true first quote."""
    inner = cell.str.extract(r'(?s)^"(.*)"$').str.replace_all('""', '"', literal=True)
    return inner.fill_null(cell)
