"""A `.qmd` source as the renderers see it: front matter, includes expanded, cells and prose.

Every line remembers the file and the number it was read at, so that an error names the place where
a person can mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from survey.errors import SurveyError

INCLUDE = re.compile(r"^\s*\{\{<\s*include\s+(?P<path>\S+)\s*>\}\}\s*$")
FENCE = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})\s*(?P<info>.*?)\s*$")
INLINE = re.compile(r"(^|[^`])`\{python\}[ \t]([^`]+)`", re.MULTILINE)  # the pattern of Quarto
OPTION = "#|"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it was read: `file` from the project root, `number` from 1."""

    text: str
    file: str
    number: int

    @property
    def where(self) -> str:
        """« reports/2026/index.qmd, ligne 12 »."""
        return f"{self.file}, ligne {self.number}"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of prose, a block of code shown as it is, or a cell to run (`language` set)."""

    kind: Literal["prose", "verbatim", "cell"]
    lines: tuple[Line, ...]
    language: str = ""

    @property
    def text(self) -> str:
        """The lines joined, without the fences of a cell."""
        return "\n".join(line.text for line in self.body)

    @property
    def body(self) -> tuple[Line, ...]:
        """The lines of a cell between its fences; all the lines of another block."""
        return self.lines[1:-1] if self.kind == "cell" else self.lines

    @property
    def option_lines(self) -> tuple[Line, ...]:
        """The lines `#| key: value` that open a cell."""
        lines = []
        for line in self.body:
            if not line.text.startswith(OPTION):
                break
            lines.append(line)
        return tuple(lines)

    @property
    def options(self) -> dict[str, Any]:
        """The options of a cell; SurveyError when they are no YAML mapping."""
        lines = self.option_lines
        try:
            options = yaml.safe_load("\n".join(line.text[len(OPTION) :] for line in lines)) or {}
        except yaml.YAMLError:
            options = None
        if not isinstance(options, dict):
            raise SurveyError(f"{lines[0].where}\u202f: options de cellule illisibles.")
        return options


@dataclass(frozen=True, slots=True)
class Source:
    """A page before it is run; `included` are the files it takes in, from the project root."""

    path: str
    front_matter: dict[str, Any]
    front_lines: dict[str, int]
    lines: tuple[Line, ...]
    included: tuple[str, ...]

    @property
    def needs_kernel(self) -> bool:
        """Whether something of the page is computed."""
        return any(
            block.kind == "cell" or (block.kind == "prose" and INLINE.search(block.text))
            for block in blocks(self)
        )


def read_source(root: Path, path: str) -> Source:
    """Read the page at `path` (from `root`), its includes expanded.

    Raises SurveyError for a file that is missing, that includes itself, or whose front matter
    cannot be read.
    """
    lines = _read_lines(root, path)
    end = _front_matter_end(lines)
    front_matter, front_lines = _front_matter(lines[1:end] if end else [], path)
    included: dict[str, None] = {}
    body = tuple(_expand(root, lines[end + 1 if end else 0 :], (path,), included))
    return Source(path, front_matter, front_lines, body, tuple(included))


def blocks(source: Source) -> Iterator[Block]:
    """The prose, code blocks and cells of a page, in order."""
    prose: list[Line] = []
    lines = list(source.lines)
    index = 0
    while index < len(lines):
        opening = FENCE.match(lines[index].text)
        if not opening:
            prose.append(lines[index])
            index += 1
            continue
        if prose:
            yield Block("prose", tuple(prose))
            prose = []
        end = _closing(lines, index, opening["marks"])
        yield _fenced(tuple(lines[index : end + 1]), opening["info"])
        index = end + 1
    if prose:
        yield Block("prose", tuple(prose))


def _fenced(lines: tuple[Line, ...], info: str) -> Block:
    cell = re.fullmatch(r"\{([A-Za-z][\w-]*)(.*)\}", info)
    if cell:
        return Block("cell", lines, language=cell[1] + cell[2])
    return Block("verbatim", lines)


def _closing(lines: list[Line], start: int, marks: str) -> int:
    for index in range(start + 1, len(lines)):
        closing = FENCE.match(lines[index].text)
        if closing and not closing["info"] and closing["marks"].startswith(marks):
            return index
    raise SurveyError(
        f"{lines[start].where}\u202f: ce bloc de code ouvert par {marks} n’est pas fermé."
    )


def _read_lines(root: Path, path: str) -> list[Line]:
    text = (root / path).read_text(encoding="utf-8-sig")
    return [Line(line, path, number) for number, line in enumerate(text.splitlines(), start=1)]


def _expand(
    root: Path, lines: list[Line], stack: tuple[str, ...], included: dict[str, None]
) -> Iterator[Line]:
    for line in lines:
        found = INCLUDE.match(line.text)
        if not found:
            yield line
            continue
        path = _included_path(root, line, found["path"])
        if path in stack:
            raise SurveyError(f"{line.where}\u202f: {path} s’inclut lui-même.")
        included[path] = None
        inner = _read_lines(root, path)
        if _front_matter_end(inner):
            raise SurveyError(
                f"{path}, ligne 1\u202f: un fichier inclus n’a pas d’en-tête «\u202f---\u202f». "
                "Retirez-le."
            )
        yield from _expand(root, inner, (*stack, path), included)


def _included_path(root: Path, line: Line, written: str) -> str:
    base = root if written.startswith("/") else (root / line.file).parent
    path = (base / written.lstrip("/")).resolve()
    if not path.is_file() or not path.is_relative_to(root.resolve()):
        raise SurveyError(f"{line.where}\u202f: fichier à inclure introuvable\u202f: {written}.")
    return path.relative_to(root.resolve()).as_posix()


def _front_matter_end(lines: list[Line]) -> int:
    """Index of the line that closes the front matter, 0 when there is none."""
    if not lines or lines[0].text.rstrip() != "---":
        return 0
    for index, line in enumerate(lines[1:], start=1):
        if line.text.rstrip() in ("---", "..."):
            return index
    raise SurveyError(f"{lines[0].where}\u202f: l’en-tête «\u202f---\u202f» n’est pas fermé.")


def _front_matter(lines: list[Line], path: str) -> tuple[dict[str, Any], dict[str, int]]:
    text = "\n".join(line.text for line in lines)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        number = mark.line + 2 if mark else 1
        raise SurveyError(
            f"{path}, ligne {number}\u202f: l’en-tête de la page n’est pas du YAML valide."
        ) from error
    if not isinstance(values, dict):
        raise SurveyError(
            f"{path}, ligne 2\u202f: l’en-tête attend des clés «\u202fnom: valeur\u202f»."
        )
    pairs = node.value if node else []
    return values, {key.value: key.start_mark.line + 2 for key, _ in pairs}
