"""The page from which all is downloaded, with its licence, its columns and how to cite it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reports.addresses import slug
from reports.dcat import CATALOGUE
from reports.downloads import (
    FOLDER,
    RESULTS,
    WHOLE_EDITION,
    DataFile,
    population_files,
)
from reports.edition import Edition
from reports.opendata import (
    COLUMNS,
    LICENCE_PAGE,
    as_json,
    bibtex,
    citation,
    dataset,
    simulated,
)
from reports.pages.page import Page, document, escaped
from reports.pages.texts import fill
from reports.publisher import read_publisher
from reports.settings import REPORT, publication_day, report_chapters
from reports.steps import digest
from survey.french import NBSP, decimal, integer

FORMATS = {".parquet": "Parquet", ".yml": "YAML", ".txt": "texte"}


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The page `donnees`; its files are written before (`reports.downloads`)."""
    if not editions:
        return
    edition = next(iter(editions.values()))
    root, year = edition.campaign.root, edition.year
    folder = root / "reports" / str(year) / FOLDER
    facts = (editions, read_publisher(root), publication_day(root, year))
    body = fill(
        "donnees",
        json_ld=as_json(dataset(editions, folder)),
        whole_list=files_list(WHOLE_EDITION, folder),
        populations=[
            {
                "name": escaped(each.file.name),
                "anchor": slug(population),
                "files": files_list(population_files(population), folder),
            }
            for population, each in editions.items()
        ],
        columns=COLUMNS,
        licence=LICENCE_PAGE,
        citation=citation(*facts),
        bibtex=bibtex(*facts),
        simulated=simulated(editions),
        catalogue=CATALOGUE,
        folder=FOLDER,
        report=REPORT if report_chapters(root, year) else None,
        results=RESULTS,
        fingerprint=digest(folder / RESULTS),
    )
    yield Page(
        FOLDER,
        document(
            "Données à télécharger",
            f"Tous les résultats de l’édition {year} en CSV et en Parquet, avec leur licence, leur "
            "dictionnaire et la façon de les citer.",
            body,
            toc=True,
            **{"toc-depth": 2},
        ),
    )


def files_list(files: Iterable[DataFile], folder: Path) -> str:
    """Markdown list of files: name, what it holds, format and size."""
    return "\n".join(
        f"- [{file.name}]({FOLDER}/{file.name}) : {file.what} "
        f"({_format(file)}, {_size(folder / file.name)})"
        for file in files
    )


def _format(file: DataFile) -> str:
    return FORMATS.get(file.suffix, file.suffix.removeprefix(".").upper())


def _size(path: Path) -> str:
    size = path.stat().st_size
    if size >= 1_000_000:
        return f"{decimal(size / 1_000_000)}{NBSP}Mo"
    return f"{integer(max(1, size / 1000))}{NBSP}ko"
