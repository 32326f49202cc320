"""Every file of a built site read once, for what it may not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reports.inspection.formulas import formula_faults, workbook_faults
from reports.inspection.people import people_faults, people_known
from reports.inspection.reading import (
    batches,
    parquet_text,
    plain_text,
    read_pdf,
    workbook_cells,
)
from reports.inspection.scripts import image_faults, own_scripts, script_faults
from survey.campaign import Campaign
from survey.errors import SurveyError

TEXTS = (".html", ".csv", ".json", ".jsonld", ".svg", ".xml", ".yml", ".js", ".txt")
LIBRARIES = (
    "site_libs"  # of others, with the addresses of their authors; `script_faults` knows them
)


def inspected(site: Path, campaigns: Sequence[Campaign]) -> Iterator[str]:
    """What the files of a site hold that they may not: people, scripts, formulas.

    `site` stands in its project, which tells what it publishes of itself and the scripts it writes.
    Scripts within pages are seen where pages are read (`scripts.tag_faults`). Not read: the pixels
    of PNG images.
    """
    known = people_known(campaigns, site.parent)
    yield from script_faults(site, own_scripts(site.parent))
    faults: list[str] = []
    for batch in batches(_texts(site, faults)):
        yield from people_faults(batch, known)
        yield from formula_faults(batch, site)
    yield from faults


def _texts(site: Path, faults: list[str]) -> Iterator[tuple[Path, str]]:
    """The text of each file; what its own kind tells apart is added to `faults`."""
    for path in sorted(site.rglob("*")):
        where = path.relative_to(site)
        if where.parts[0] == LIBRARIES or not path.is_file():
            continue
        try:
            if path.suffix in TEXTS:
                text = path.read_text(encoding="utf-8")
                if path.suffix == ".svg":
                    faults += image_faults(where, text)
                yield where, plain_text(path, text)
            elif path.suffix == ".pdf":
                text, runs = read_pdf(path)
                faults += [f"{where} : ce PDF porte un programme."] if runs else []
                yield where, text
            elif path.suffix == ".parquet":
                yield where, parquet_text(path)
            elif path.suffix == ".xlsx":
                cells = list(workbook_cells(path))
                faults += workbook_faults(where, cells)
                yield where, "\n".join(text for _, text in cells)
        except Exception as error:  # each library has its own: this is not such a file
            raise SurveyError(
                f"{path} : ce fichier ne se lit pas ; on ne peut en contrôler le contenu. "
                "Relancez observatoire publier."
            ) from error
