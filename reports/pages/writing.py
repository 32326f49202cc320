"""Generated pages, from editions to the folder that the renderer reads.

What is written is noted beside it, with its digest, so that a page that nothing gives any more
leaves the site, and that a file changed or removed by hand is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from reports.pages.page import Page
from reports.steps import digest
from survey.errors import SurveyError
from survey.files import replace_file, write_text

LIST = "_pages.json"


def write_pages(pages: Iterable[Page], folder: Path) -> list[Path]:
    """Write under `folder` the pages and files whose content changed; the paths written.

    Every page is made before the first is written. Files of a former run that no page gives any
    more are removed. A hand-written page is never overwritten; an interrupted run is completed by
    the next.

    Raises
    ------
    SurveyError : two pages claim one address, or a page claims that of a hand-written one
    """
    contents = _contents(pages)
    former = read_list(folder)
    for name in contents.keys() - former.keys():
        if (folder / name).is_file() and name.endswith(".qmd"):
            raise SurveyError(
                f"{folder / name} : cette page écrite à la main a l’adresse d’une page engendrée. "
                "Donnez-lui un autre nom."
            )
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    _write_list(folder, former | digests)
    written = []
    for name, content in contents.items():
        path = folder / name
        if not path.is_file() or digest(path) != digests[name]:
            replace_file(path, lambda file, content=content: file.write_bytes(content))
            written.append(path)
    for name in former.keys() - contents.keys():
        (folder / name).unlink(missing_ok=True)
    _write_list(folder, digests)
    return written


def read_list(folder: Path) -> dict[str, str]:
    """Names and digests of the generated files of a folder, as last written."""
    try:
        content = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else dict.fromkeys(content, "")


def is_intact(folder: Path) -> bool:
    """Whether every generated file of a folder is there, as it was written."""
    return (folder / LIST).is_file() and all(
        (folder / name).is_file() and digest(folder / name) == expected
        for name, expected in read_list(folder).items()
    )


def _write_list(folder: Path, digests: Mapping[str, str]) -> None:
    write_text(folder / LIST, json.dumps(dict(sorted(digests.items())), indent=0) + "\n")


def _contents(pages: Iterable[Page]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for page in pages:
        given = {f"{page.address}.qmd": page.text.encode(), **page.files}
        if twice := given.keys() & contents.keys():
            raise SurveyError(f"Deux pages engendrées ont la même adresse : {min(twice)}.")
        contents |= given
    return contents
