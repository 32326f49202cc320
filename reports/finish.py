"""What is written in the site once its pages are rendered: their foot, the search, the site map.

Quarto runs this file itself (`project: post-render`); `observatoire publier` calls it.
"""

from __future__ import annotations

import re
from pathlib import Path

from reports.provenance import Provenance, read_provenance, with_foot
from reports.rendering.project import load_project
from reports.search import PAGE, SCRIPT, read_entry, search_script, with_site_map
from reports.settings import edition_years
from survey.files import write_text


def finish(root: Path, site: Path) -> None:
    """Write the foot of every page of `site`, then the search; a file that would not change stays.

    A page outside every edition carries the foot of the latest.
    """
    known = {year: read_provenance(root, year) for year in edition_years(root)}
    if not known:
        return
    texts = {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.html"))
        if "site_libs" not in path.parts
    }
    done = {page: with_foot(text, edition_of(page, known), page) for page, text in texts.items()}
    entries = [entry for page, text in done.items() if (entry := read_entry(page, text))]
    if PAGE in done:
        done[PAGE] = with_site_map(done[PAGE], entries)
        others = [entry for entry in entries if entry.address != PAGE]
        _write_changed(site / SCRIPT, search_script(others))
    for page, text in done.items():
        if text != texts[page]:
            write_text(site / page, text)


def edition_of(page: str, known: dict[int, Provenance]) -> Provenance:
    """The provenance of the edition of a page; the latest's for a page of the whole site."""
    found = re.match(r"reports/(\d{4})/", page)
    return known.get(int(found[1]) if found else 0, known[max(known)])


def _write_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


if __name__ == "__main__":
    project = load_project(Path.cwd())
    finish(project.root, project.root / project.output)
