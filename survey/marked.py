"""Marks around the engine's own words in a message, so that a caller may tell them its own way.

An option (`lonely`), a setting (`lonely="adjust"`) or row numbers are written between characters of
private use. `shown` takes these away: it gives the engine's words, or those of a vocabulary. What
comes from the user bears no mark and is never rewritten; a `twin` is a second name for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

OPTION, VALUE, ROWS, ADVICE, TWIN, END, END_ADVICE = "\ue000\ue001\ue002\ue003\ue004\ue005\ue006"
INSIDE = f"([^{OPTION}-{END_ADVICE}]*)"
ADVISED = re.compile(f"{ADVICE}{INSIDE}{VALUE}(.*?){END_ADVICE}", re.DOTALL)
OPTIONS = re.compile(f"{OPTION}{INSIDE}(?:{VALUE}{INSIDE})?{END}")
TWINS = re.compile(f"{TWIN}{INSIDE}{END}")
NUMBERS = re.compile(f"{ROWS}{INSIDE}{END}")


def option(name: str) -> str:
    """The name of an option, or of a value or a column that the engine names."""
    return f"{OPTION}{name}{END}"


def setting(name: str, value: Any) -> str:
    """An option with its value, `lonely="adjust"`; the value alone when `name` is empty."""
    return f"{OPTION}{name}{VALUE}{json.dumps(value)}{END}"


def row_list(rows: str) -> str:
    """Row numbers, counted from 1: « 3, 8 »."""
    return f"{ROWS}{rows}{END}"


def advice(name: str, text: str) -> str:
    """A text of no use to whom cannot give the option `name`."""
    return f"{ADVICE}{name}{VALUE}{text}{END_ADVICE}"


def twin(name: str, use: str) -> str:
    """Another name for what the user calls `name`, shown as the same."""
    return f"{name}{TWIN}{use}{END}"


def shown(
    text: str,
    words: Mapping[str, str | None] | None = None,
    line_of: Callable[[int], int] | None = None,
) -> str:
    """The text without marks.

    Options are the engine's, or those of `words`, settings then being YAML: an option that it does
    not hold keeps its name, one that is None there cannot be given. `line_of` turns the number of a
    row into that of its line.
    """

    def kept(found: re.Match[str]) -> str:
        return "" if words is not None and words.get(found[1], "") is None else found[2]

    def told(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        name = name if words is None else words.get(name) or name
        if value is None:
            return name
        if words is None:
            return f"{name}={as_python(value)}" if name else as_python(value)
        plain = value.strip('"')
        return f"« {name}: {plain} »" if name else f"« {plain} »"

    def counted(found: re.Match[str]) -> str:
        rows = found[1].split(", ")
        return ", ".join(rows if line_of is None else [str(line_of(int(row))) for row in rows])

    text = OPTIONS.sub(told, ADVISED.sub(kept, TWINS.sub("", text)))
    return NUMBERS.sub(counted, text)


def as_python(value: str) -> str:
    """A value of JSON as Python writes it, texts between double quotes."""
    read = json.loads(value)
    return value if isinstance(read, str) else repr(tuple(read) if isinstance(read, list) else read)
