"""Steps that run again only when something they rest on has changed, by content and not by date."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from survey.files import write_text

_CODE = ("survey", "analysis", "reports")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the files it reads, what it writes, and where its stamp is kept.

    A folder among `outputs` stands for the files right under it.
    """

    stamp: Path
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]


def digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Digest of each existing file, by its address from `root`; a folder gives its own files."""
    files = [each for path in paths for each in (path.glob("*") if path.is_dir() else (path,))]
    return {os.path.relpath(path, root): digest(path) for path in sorted(files) if path.is_file()}


def code_files(root: Path, packages: Iterable[str] = _CODE) -> tuple[Path, ...]:
    """The Python files that results depend on."""
    return tuple(path for name in packages for path in sorted((root / name).rglob("*.py")))


def run_step(step: Step, root: Path, action: Callable[[], None]) -> bool:
    """Run `action` unless inputs and outputs are as they were after its last run; say if it ran.

    The stamp is written last: a step that was interrupted runs again.
    """
    if _recorded(step) == _state(step, root) and all(path.exists() for path in step.outputs):
        return False
    step.stamp.unlink(missing_ok=True)
    action()
    write_text(step.stamp, json.dumps(_state(step, root), indent=1))
    return True


def _recorded(step: Step) -> object:
    """What the stamp holds; None when it is absent or damaged."""
    try:
        return json.loads(step.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _state(step: Step, root: Path) -> dict[str, dict[str, str]]:
    return {
        "inputs": digests(step.inputs, root),
        "outputs": digests(step.outputs, root),
    }
