"""The foot of every page: edition, day of publication, version of the code, digest of the data.

Written in the pages once they are rendered, by either renderer: a commit changes the foot of every
page, and no page has to be rendered again for it.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from reports.manifest import commit
from reports.rendering.project import FOLDER_FILE, read_yaml, relative_address
from reports.settings import DATA_FOLDER, RESULTS, publication_day
from reports.steps import digest
from survey.files import SIMULATED
from survey.french import NNBSP, long_date

SHOWN = 12  # signs of a digest
_FOOT = re.compile(r"<!-- provenance -->.*?<!-- /provenance -->\n?", re.DOTALL)
_END = "</footer>"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the pages of an edition come from; `data` is None when it has no file of results."""

    year: int
    published: date
    code: str
    changed: bool
    data: str | None
    simulated: bool


def read_provenance(root: Path, year: int) -> Provenance:
    """The provenance of an edition, from its settings, its files and git."""
    folder = root / "reports" / str(year)
    results = folder / DATA_FOLDER / RESULTS
    return Provenance(
        year=year,
        published=publication_day(root, year),
        code=commit(root),
        changed=was_changed(root),
        data=digest(results)[:SHOWN] if results.is_file() else None,
        simulated=bool(read_yaml(folder / FOLDER_FILE).get("simulated")),
    )


def was_changed(root: Path) -> bool:
    """Whether files that git follows were changed since the last commit."""
    changed = subprocess.run(
        ["git", "-C", str(root), "diff", "--quiet", "HEAD"], capture_output=True, check=False
    )
    return changed.returncode == 1


def foot(provenance: Provenance, page: str) -> str:
    """The foot as HTML; `page` is the address of the page, from the root of the site."""
    method = relative_address(f"reports/{provenance.year}/methode.html", page)
    mark = f" ({SIMULATED})" if provenance.simulated else ""
    changed = ", modifié depuis" if provenance.changed else ""
    day = f'<time datetime="{provenance.published}">{long_date(provenance.published)}</time>'
    data = f"Données{NNBSP}: <code>{provenance.data}</code>. " if provenance.data else ""
    return (
        f'<p class="provenance">Édition {provenance.year}{mark}, parue le {day}. '
        f"Code{NNBSP}: <code>{escape(provenance.code)}</code>{changed}. {data}"
        f'<a href="{method}#refaire">Refaire cette édition</a></p>'
    )


def with_foot(text: str, provenance: Provenance, page: str) -> str:
    """The HTML of a page with its foot, in the place of a former one; as it is without footer."""
    text = _FOOT.sub("", text)
    before, end, after = text.rpartition(_END)
    if not end:
        return text
    marked = f"<!-- provenance -->{foot(provenance, page)}<!-- /provenance -->\n"
    return f"{before}{marked}{end}{after}"
