"""Figures, files to take away and generated pages of every edition, each made when it changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from reports import downloads
from reports.contents import FIGURES
from reports.dcat import write_catalogue
from reports.edition import open_edition, open_editions
from reports.manifest import NAME as MANIFEST
from reports.pages.institutional import site_pages
from reports.pages.making import make_pages
from reports.pages.writing import write_pages
from reports.rendering.project import FOLDER_FILE
from reports.settings import edition_years
from reports.steps import Step, code_files, run_step
from survey.campaign import Campaign

Progress = Callable[[int, int, str], None]


def write_outputs(estimated: Sequence[Campaign], root: Path, progress: Progress) -> None:
    """Write what the pages of the estimated editions show and the pages nobody writes by hand.

    `progress` gets figures or pages done, their number, and the edition.
    """
    cells = [each.build / "published.parquet" for each in estimated]
    reference = sorted((root / "data" / "reference").glob("*.*"))
    for campaign in estimated:
        folder = root / "reports" / str(campaign.edition)
        if not (folder / "index.qmd").is_file():
            continue
        step = Step(
            stamp=root / "_build" / "render" / f"figures-{campaign.edition}.json",
            inputs=(*cells, campaign.build / MANIFEST, *reference, *code_files(root)),
            outputs=(folder / "figures",),
        )
        run_step(step, root, partial(_write_figures, campaign.edition, folder, progress))
    for year in sorted({campaign.edition for campaign in estimated}):
        folder = root / "reports" / str(year)
        if (folder / FOLDER_FILE).is_file():
            _write_downloads(year, root)
            told = partial(_told, progress, f"pages {year}")
            write_pages(make_pages(year, progress=told), folder)
    if years := edition_years(root):
        write_pages(site_pages(open_editions(years[-1])), root / "reports")


def _write_figures(year: int, folder: Path, progress: Progress) -> None:
    edition = open_edition(year)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    for done, build in enumerate(FIGURES):
        progress(done, len(FIGURES), f"figures {year}")
        if figure := build(edition):
            figure.write(folder / "figures")


def _write_downloads(year: int, root: Path) -> None:
    editions, folder = open_editions(year), root / "reports" / str(year) / downloads.FOLDER

    def action() -> None:
        downloads.write_downloads(editions, folder)
        write_catalogue(editions, folder)

    inputs = (*downloads.download_inputs(editions, root), *code_files(root))
    stamp = root / "_build" / "render" / f"donnees-{year}.json"
    run_step(Step(stamp=stamp, inputs=inputs, outputs=(folder,)), root, action)


def _told(progress: Progress, what: str, done: int, total: int) -> None:
    progress(done, total, what)
