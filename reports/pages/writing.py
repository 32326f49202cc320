"""Generated pages, from editions to the folder that the renderer reads.

What is written is noted beside it, so that a page that nothing gives any more leaves the site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from reports.pages.page import Page
from survey.errors import SurveyError
from survey.files import replace_file, write_text

LIST = "_pages.json"


def write_pages(pages: Iterable[Page], folder: Path) -> list[Path]:
    """Write under `folder` the pages and files whose content changed; the paths written.

    Files of a former run that no page gives any more are removed. A hand-written page is never
    overwritten.

    Raises
    ------
    SurveyError : two pages claim one address, or a page claims that of a hand-written one
    """
    listed = folder / LIST
    former = set(json.loads(listed.read_text(encoding="utf-8"))) if listed.is_file() else set()
    contents = _contents(pages)
    for name in contents.keys() - former:
        if (folder / name).is_file() and name.endswith(".qmd"):
            raise SurveyError(
                f"{folder / name} : cette page écrite à la main a l’adresse d’une page engendrée. "
                "Donnez-lui un autre nom."
            )
    written = []
    for name, content in contents.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, lambda file, content=content: file.write_bytes(content))
            written.append(path)
    for name in former - contents.keys():
        (folder / name).unlink(missing_ok=True)
    write_text(listed, json.dumps(sorted(contents), indent=0) + "\n")
    return written


def _contents(pages: Iterable[Page]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for page in pages:
        given = {f"{page.address}.qmd": page.text.encode(), **page.files}
        if twice := given.keys() & contents.keys():
            raise SurveyError(f"Deux pages engendrées ont la même adresse : {min(twice)}.")
        contents |= given
    return contents
