"""The part of Quarto that both renderers understand, and the check that refuses the rest.

A source that passes shows the same text, numbers, figures and addresses with Quarto and with the
fallback renderer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reports.rendering.project import PROJECT_FILE
from reports.rendering.source import INCLUDE, Block, Line, Source, blocks, read_source
from survey.errors import Fault

FRONT_MATTER_KEYS = (
    "title",
    "subtitle",
    "pagetitle",
    "description",
    "edition",
    "date",
    "lang",
    "engine",
    "execute",
    "toc",
    "toc-depth",
    "simulated",
    "inputs",
    "search",
    "scripts",
    "styles",
    "parents",
)
ENGINES = ("jupyter", "markdown")
EXECUTE_KEYS = ("echo", "eval", "include", "output", "warning")
CELL_OPTIONS: dict[str, tuple[Any, ...]] = {
    "echo": (True, False),
    "eval": (True, False),
    "include": (True, False),
    "output": (True, False, "asis"),
    "warning": (False,),
}
CALLOUTS = (
    "callout-note",
    "callout-tip",
    "callout-warning",
    "callout-caution",
    "callout-important",
)
DIV_CLASSES = (*CALLOUTS, "panel-tabset", "deux", "chapo", "lire", "table-scroll", "ecran")
DIV_ATTRIBUTES = ("title", "lang", "role", "tabindex", "aria-label")
NUMBERED = ("fig", "tbl")
UNNUMBERED = "sec|eq|lst|thm|lem|cor|prp|cnj|def|exm|exr|tip|nte|wrn|cau|imp"

SHORTCODE = re.compile(r"\{\{<\s*(?P<name>[\w-]*)")
DIV = re.compile(r"^\s*:{3,}\s*(?P<attributes>\{.*\}|[\w-]+)\s*:*\s*$")
ATTRIBUTE = re.compile(
    r"""\.(?P<cls>[\w-]+)|\#(?P<id>[\w-]+)|(?P<key>[\w-]+)\s*=\s*("[^"]*"|\S+)"""
)
REFERENCE = re.compile(rf"(?<![\w`])@(?P<id>({UNNUMBERED})-[\w-]+)")
TABLE_CAPTION = re.compile(r"^\s*(:|Table:)\s.*\{#tbl-")
OTHER_INLINE = re.compile(r"(^|[^`])`(\{(?!python\}|=)[a-z]+\}|r)[ \t][^`]+`")


def check_subset(path: Path, root: Path | None = None) -> list[Fault]:
    """Everything in the page at `path`, and in what it includes, that leaves the declared subset.

    `root` is the folder of `_quarto.yml`; found above `path` when not given. Raises SurveyError for
    what cannot be read at all. Does not check that a reference has its figure: that is known
    once the cells have run.
    """
    root = root or _project_root(path)
    source = read_source(root, path.resolve().relative_to(root.resolve()).as_posix())
    return list(source_faults(source))


def source_faults(source: Source) -> Iterator[Fault]:
    """The faults of a source already read, from its top to its bottom."""
    yield from _front_matter_faults(source)
    for block in blocks(source):
        if block.kind == "cell":
            yield from _cell_faults(block)
        for line in block.body:
            yield from _line_faults(line, prose=block.kind == "prose")


def _front_matter_faults(source: Source) -> Iterator[Fault]:
    for key, value in source.front_matter.items():
        where = f"{source.path}, ligne {source.front_lines[key]}"
        if key not in FRONT_MATTER_KEYS:
            yield _fault(
                where, f"clé d’en-tête «\u202f{key}\u202f» non prise en charge.", FRONT_MATTER_KEYS
            )
        elif key == "engine" and value not in ENGINES:
            yield _fault(where, f"moteur «\u202f{value}\u202f» non pris en charge.", ENGINES)
        elif key == "execute":
            for option, setting in (value or {}).items():
                yield from _option_faults(where, option, setting)


def _cell_faults(block: Block) -> Iterator[Fault]:
    if block.language != "python":
        what = f"cellule «\u202f{{{block.language}}}\u202f» non prise en charge."
        yield _fault(block.lines[0].where, what, ("{python}",))
        return
    options = block.options
    lines = {line.text[2:].split(":")[0].strip(): line for line in block.option_lines}
    for name, value in options.items():
        where = lines.get(name, block.lines[0]).where
        if name == "label":
            if re.match(rf"({'|'.join(NUMBERED)})-", str(value)):
                yield Fault(
                    where,
                    f"étiquette de cellule «\u202f{value}\u202f» réservée aux figures numérotées.",
                    f"Entourez-la de «\u202f::: {{#{value}}}\u202f» et nommez-la autrement.",
                )
        else:
            yield from _option_faults(where, name, value)


def _option_faults(where: str, name: str, value: Any) -> Iterator[Fault]:
    if name not in CELL_OPTIONS:
        yield _fault(
            where, f"option «\u202f{name}\u202f» non prise en charge.", ("label", *CELL_OPTIONS)
        )
    elif value not in CELL_OPTIONS[name]:
        what = f"«\u202f{name}: {_yaml(value)}\u202f» non pris en charge."
        yield _fault(where, what, [_yaml(allowed) for allowed in CELL_OPTIONS[name]])


def _line_faults(line: Line, *, prose: bool) -> Iterator[Fault]:
    # Quarto expands shortcodes inside code too.
    shortcode = SHORTCODE.search(line.text)
    if shortcode and not (prose and INCLUDE.match(line.text)):
        what = f"raccourci «\u202f{shortcode['name']}\u202f» non pris en charge ici."
        yield _fault(line.where, what, ("{{< include fichier >}} seul sur sa ligne",))
    if not prose:
        return
    yield from _div_faults(line)
    if OTHER_INLINE.search(line.text):
        yield _fault(line.where, "code en ligne d’un autre moteur.", ("`{python} expression`",))
    for reference in REFERENCE.finditer(line.text):
        what = f"renvoi «\u202f@{reference['id']}\u202f» non pris en charge."
        yield _fault(line.where, what, ("@fig-…", "@tbl-…", "un lien vers un titre"))
    if TABLE_CAPTION.match(line.text):
        yield _fault(line.where, "tableau numéroté par sa légende.", ("::: {#tbl-…} autour",))


def _div_faults(line: Line) -> Iterator[Fault]:
    div = DIV.match(line.text)
    if not div:
        return
    written = div["attributes"]
    if not written.startswith("{"):
        written = f"{{.{written}}}"
    for part in ATTRIBUTE.finditer(written):
        if part["cls"] and part["cls"] not in DIV_CLASSES:
            yield _fault(
                line.where, f"bloc «\u202f.{part['cls']}\u202f» non pris en charge.", DIV_CLASSES
            )
        if part["key"] and part["key"] not in DIV_ATTRIBUTES:
            what = f"attribut de bloc «\u202f{part['key']}\u202f» non pris en charge."
            yield _fault(line.where, what, DIV_ATTRIBUTES)
        if part["id"] and re.match(rf"({UNNUMBERED})-", part["id"]):
            what = f"bloc numéroté «\u202f#{part['id']}\u202f» non pris en charge."
            yield _fault(line.where, what, [f"#{kind}-…" for kind in NUMBERED])


def _fault(where: str, what: str, allowed: Iterable[str]) -> Fault:
    return Fault(where, what, f"Permis\u202f: {', '.join(allowed)}.")


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _project_root(path: Path) -> Path:
    for folder in path.resolve().parents:
        if (folder / PROJECT_FILE).is_file():
            return folder
    return path.resolve().parent
