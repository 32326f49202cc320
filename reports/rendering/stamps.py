"""What a rendered page was made from, so that it is rendered again only when something changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reports.rendering.project import FOLDER_FILE, PROJECT_FILE, Project, folder_files
from reports.rendering.source import Source
from survey.files import write_text

CODE_FOLDERS = ("survey", "analysis", "reports")
CODE_SUFFIXES = (".py", ".lark", ".lua", ".html", ".css", ".js", ".yml")


def site_stamp(project: Project, inputs: Iterable[Path]) -> str:
    """Digest of what every page depends upon: project file, code, style, and `inputs`."""
    # The renderer itself is added where the project does not carry it.
    folders = [*(project.root / folder for folder in CODE_FOLDERS), Path(__file__).parents[1]]
    code = sorted({path for folder in folders for path in _files(folder) if _is_code(path)})
    return _digest([project.root / PROJECT_FILE, *code, *inputs])


def page_stamp(project: Project, source: Source, metadata: dict[str, Any], site: str) -> str:
    """Digest of a page: its source, what it includes, its `inputs:` (patterns) and the site's."""
    root = project.root
    files = [root / source.path, *(root / path for path in source.included)]
    files += folder_files(project, source.path)
    for pattern in metadata.get("inputs") or ():
        files += sorted(path for path in root.glob(str(pattern)) if path.is_file())
    return hashlib.sha256(f"{site} {_digest(files)}".encode()).hexdigest()


def read_stamps(path: Path) -> dict[str, str]:
    """The stamps of the last rendering by page source; none when the file is absent or damaged."""
    try:
        stamps = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def write_stamps(path: Path, stamps: dict[str, str]) -> None:
    """Keep the stamps for the next rendering; the file is replaced whole."""
    write_text(path, json.dumps(stamps, indent=1, sort_keys=True))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _is_code(path: Path) -> bool:
    return path.suffix in CODE_SUFFIXES and path.name != FOLDER_FILE


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.name).encode())
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()
