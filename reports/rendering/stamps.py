"""What a rendered page was made from, so that it is rendered again only when something changed.

A page without cells is made of its own text, what it includes, the settings above it and the
renderer. A page with cells may read anything: it depends on the data and on all the code as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reports.rendering.project import PROJECT_FILE, Project, folder_files
from reports.rendering.source import Source
from reports.steps import digest
from survey.files import write_text

CODE_FOLDERS = ("survey", "analysis", "reports")
CODE_SUFFIXES = (".py", ".lark", ".yml", ".md")
RENDERER = Path(__file__).parent
ASSETS = RENDERER.parent / "assets"
TEMPLATES = (".html", ".lua")


@dataclass(frozen=True)
class Grounds:
    """What pages have in common: `inputs` are the files that any page with cells may read."""

    project: Project
    inputs: tuple[Path, ...]

    @cached_property
    def renderer(self) -> str:
        """Digest of the project file, the template, the filters and the renderer."""
        root = self.project.root
        own = sorted(RENDERER.glob("*.py"))
        templates = [p for p in sorted(ASSETS.rglob("*.*")) if p.suffix in TEMPLATES]
        filters = [root / path for path in self.project.filters]
        return combined([root / PROJECT_FILE, *own, *templates, *filters])

    @cached_property
    def data(self) -> str:
        """Digest of `inputs` and of all the code that cells may call."""
        # The code of the renderer itself is added where the project does not carry it.
        folders = [self.project.root / name for name in CODE_FOLDERS]
        if not any(RENDERER.is_relative_to(folder) for folder in folders):
            folders.append(RENDERER.parent)
        return combined([*(path for each in folders for path in _code(each)), *self.inputs])


@dataclass(frozen=True, slots=True)
class Reads:
    """What the text of a page says it is made from: paths and patterns from the project root."""

    included: tuple[str, ...]
    inputs: tuple[str, ...]
    runs: bool

    @classmethod
    def of(cls, source: Source, metadata: Mapping[str, Any]) -> Reads:
        """What a page reads, from its source."""
        inputs = tuple(str(each) for each in metadata.get("inputs") or ())
        return cls(source.included, inputs, source.needs_kernel)


def page_stamp(grounds: Grounds, path: str, reads: Reads) -> str:
    """Digest of all that the page at `path` is made from."""
    project = grounds.project
    files = [project.root / each for each in (path, *reads.included)]
    files += folder_files(project, path)
    for pattern in reads.inputs:
        files += sorted(found for found in project.root.glob(pattern) if found.is_file())
    parts = [grounds.renderer, combined(files), grounds.data if reads.runs else ""]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """A page as last rendered: the digest of its source, what it read, the digest of it all.

    While the source has that digest, `reads` still holds: the page need not be read again.
    """

    source: str
    reads: Reads
    stamp: str


def read_stamps(path: Path) -> dict[str, Stamp]:
    """The stamps of the last rendering by page source; none when the file is absent or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {page: _stamp(**said) for page, said in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_stamps(path: Path, stamps: Mapping[str, Stamp]) -> None:
    """Keep the stamps for the next rendering; the file is replaced whole."""
    content = {
        page: {
            "source": each.source,
            "included": each.reads.included,
            "inputs": each.reads.inputs,
            "runs": each.reads.runs,
            "stamp": each.stamp,
        }
        for page, each in sorted(stamps.items())
    }
    write_text(path, json.dumps(content, indent=1))


def _stamp(*, source: str, included: list, inputs: list, runs: bool, stamp: str) -> Stamp:
    return Stamp(source, Reads(tuple(included), tuple(inputs), runs), stamp)


def _code(folder: Path) -> list[Path]:
    """Code and texts under a folder, but for the pages' own."""
    return [
        path
        for path in sorted(folder.rglob("*.*"))
        if path.suffix in CODE_SUFFIXES and not path.relative_to(folder).parts[0].isdigit()
    ]


def combined(files: Iterable[Path]) -> str:
    """One digest of files, in their order; one that is missing counts as such."""
    parts = [f"{path.name} {digest(path) if path.is_file() else ''}" for path in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
