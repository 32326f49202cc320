"""What may not stand in a text that pages show: what would command the page rather than be read.

Signs of HTML and of Markdown are allowed: pages show them as typed. Refused are the addresses that
run a script, and the marks by which a source of pages runs code, takes in a file or writes HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from survey.errors import Fault, SurveyError
from survey.french import typography
from survey.source import Source, quoted
from survey.yaml_lines import KeyPath

# A browser overlooks line ends, tabs and controls inside a scheme. « JavaScript : » is a word.
OVERLOOKED = re.compile(r"[\x00-\x1f\x7f]")
SCRIPT = re.compile(r"(?i)\b(?:(?:java|vb)script:|data:[a-z]+/[\w.+-]+[;,])")
COMMAND = re.compile(r"`\{|\{=\w+\}|\{\{<|^[ \t]*(?:```|~~~)", re.MULTILINE)
SCHEMES = ("https", "http")


def command_in(text: str) -> str | None:
    """What a text holds that a page would obey, as it is written; None when it is only read."""
    read = OVERLOOKED.sub("", unescape(text))
    found = SCRIPT.search(read) or COMMAND.search(text)
    return found[0].strip() if found else None


def command_faults(source: Source) -> Iterator[Fault]:
    """A fault for each text of a file that would command a page."""
    for path, text in _texts(source.raw, ()):
        if found := command_in(text):
            yield source.fault(path, f"{quoted(found)} ne peut figurer dans un texte.", REMEDY)


REMEDY = (
    "Les pages n’exécutent rien de ce qui est tapé : ni adresse « javascript: », « vbscript: » ou "
    "« data: », ni bloc de code ou de HTML. Retirez-le, ou écrivez-le avec des mots."
)


def refuse_commands(source: Source) -> None:
    """Refuse a file whose texts would command a page.

    Raises
    ------
    SurveyError : with the line of each
    """
    if faults := list(command_faults(source)):
        raise SurveyError("\n".join(map(str, faults)))


def refuse_commands_in_table(table: pl.DataFrame, file: str) -> None:
    """The same for a CSV, read as text, its header on the first line."""
    for name in table.columns:
        for row, text in enumerate(table[name]):
            if text and (found := command_in(text)):
                raise SurveyError(
                    typography(
                        f"{file}, ligne {row + 2}, colonne « {name} » : {quoted(found)} ne peut "
                        f"figurer dans un texte. {REMEDY}"
                    )
                )


def refuse_other_schemes(table: pl.DataFrame, column: str, file: str) -> None:
    """Refuse an address that is not one of the web, in a column of addresses.

    Raises
    ------
    SurveyError : its line and what it is
    """
    for row, address in enumerate(table[column]):
        parts = urlsplit(address or "https://exemple.fr")
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise SurveyError(
                typography(
                    f"{file}, ligne {row + 2}, colonne « {column} » : {quoted(address)} n’est pas "
                    "une adresse du web. Écrivez-la depuis https://, ou laissez la case vide."
                )
            )


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from _texts(item, (*path, key))
