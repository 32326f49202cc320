"""Files to take away and generated pages of every edition, each made when it changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from reports import downloads
from reports.dcat import write_catalogue
from reports.edition import open_editions
from reports.pages.essential import front
from reports.pages.institutional import site_pages
from reports.pages.making import make_pages
from reports.pages.writing import write_pages
from reports.printing.keeping import keep_figures
from reports.rendering.project import FOLDER_FILE
from reports.settings import edition_years
from reports.steps import Step, run_step
from survey.campaign import Campaign

Progress = Callable[[int, int, str], None]


def write_outputs(estimated: Sequence[Campaign], root: Path, progress: Progress) -> None:
    """Write what the pages of the estimated editions show and the pages nobody writes by hand.

    `progress` gets pages done, their number, and the edition.
    """
    for year in sorted({campaign.edition for campaign in estimated}):
        folder = root / "reports" / str(year)
        if (folder / FOLDER_FILE).is_file():
            _write_downloads(year, root)
            told = partial(_told, progress, f"pages {year}")
            pages = make_pages(year, progress=told)
            write_pages(pages, folder)
            keep_figures(pages, open_editions(year), root)
    published = [found for year in edition_years(root) if (found := open_editions(year))]
    if published:
        write_pages([*front(published[-1]), *site_pages(published[-1])], root / "reports")


def _write_downloads(year: int, root: Path) -> None:
    editions, folder = open_editions(year), root / "reports" / str(year) / downloads.FOLDER

    def action() -> None:
        downloads.write_downloads(editions, folder)
        write_catalogue(editions, folder)

    inputs = tuple(downloads.download_inputs(editions, root))
    stamp = root / "_build" / "render" / f"donnees-{year}.json"
    run_step(Step(stamp=stamp, inputs=inputs, outputs=(folder,)), root, action)


def _told(progress: Progress, what: str, done: int, total: int) -> None:
    progress(done, total, what)
