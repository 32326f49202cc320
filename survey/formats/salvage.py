"""A damaged text file, cut or with broken bytes: its good rows kept, the others marked.

A mark is a NUL byte, which no text holds: `survey.formats.delimited` sets rows that hold one aside.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

MARK = "\0"
UNREADABLE = "\ufffd"  # what decoding puts in place of bytes it cannot read


def salvaged_text(content: bytes, *, announced: bool) -> tuple[bytes, str]:
    """UTF-8 bytes of a text that is not valid UTF-8 everywhere, and its encoding.

    It is UTF-8 when `announced` by its first bytes or when most lines with accents are; else
    cp1252. Bytes that are neither become marks.
    """
    lines = content.split(b"\n")
    accented = [line for line in lines if not line.isascii()]
    valid = sum(UNREADABLE not in line.decode(errors="replace") for line in accented)
    encoding = "utf-8" if announced or 2 * valid > len(accented) else "cp1252"
    return b"\n".join(_readable(line, encoding) for line in lines), encoding


def _readable(line: bytes, encoding: str) -> bytes:
    """A line in UTF-8, with marks where it cannot be read."""
    try:
        return line.decode(encoding).encode()
    except UnicodeDecodeError:
        return line.decode(encoding, errors="replace").replace(UNREADABLE, MARK).encode()


def salvaged_quotes(text: bytes, separator: str) -> bytes:
    """The same rows with every quote paired; a line whose quote never closes becomes a mark.

    Lines keep their numbers. A record that runs over several lines and does not close as it should
    is given up line by line: its first line is marked, reading starts again at the next one.
    """
    lines = text.decode().removesuffix("\n").split("\n")
    lines = [MARK if MARK in line else line for line in lines]
    repaired = io.StringIO(newline="")
    writer = csv.writer(repaired, delimiter=separator, lineterminator="\n")
    at = 0
    while at < len(lines):
        rows = csv.reader(_from(lines, at), delimiter=separator, strict=True)
        read = 0
        try:
            for row in rows:
                writer.writerow(row)
                read = rows.line_num
        except csv.Error:
            one_line = rows.line_num == read + 1 and not _stays_open(lines[at + read], separator)
            broken = lines[at + read]
            row = next(csv.reader([broken], delimiter=separator)) if one_line else [MARK]
            writer.writerow(row)
            read += 1
        at += read
    return repaired.getvalue().encode()


def _from(lines: list[str], at: int) -> Iterator[str]:
    return (f"{lines[position]}\n" for position in range(at, len(lines)))


def _stays_open(line: str, separator: str) -> bool:
    """Whether a quote opened in the line is still open at its end, or a cell is too long."""
    end = "fin-de-ligne"
    try:
        return next(csv.reader([line, f"{separator}{end}"], delimiter=separator))[-1] == end
    except csv.Error:
        return True
