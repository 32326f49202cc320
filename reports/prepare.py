"""What the pages need before they are rendered: figures, downloads, the script of the charts.

Quarto runs this file itself (`project: pre-render`); `observatoire publier` calls it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from reports import downloads
from reports.contents import FIGURES
from reports.dcat import write_catalogue
from reports.edition import open_edition, open_editions
from reports.manifest import NAME as MANIFEST
from reports.pages.institutional import site_pages
from reports.pages.kinds import KINDS
from reports.pages.page import Page
from reports.pages.writing import write_pages
from reports.pipeline import campaigns
from reports.rendering.bundle import ensure_bundle
from reports.rendering.project import FOLDER_FILE
from reports.settings import edition_years
from reports.steps import Step, code_files, run_step
from survey.campaign import Campaign

Progress = Callable[[int, int, str], None]


def prepare(
    editions: Sequence[Campaign], root: Path, progress: Progress = lambda *_: None
) -> list[Path]:
    """Write figures and downloads of the editions that have pages, when they changed.

    Returns the files that every page may depend upon. `progress` gets figures done, figures to do
    and the edition.
    """
    ensure_bundle(root)
    estimated = [each for each in editions if (each.build / "published.parquet").is_file()]
    cells = [each.build / "published.parquet" for each in estimated]
    reference = sorted((root / "data" / "reference").glob("*.*"))
    written = []
    for campaign in estimated:
        folder = root / "reports" / str(campaign.edition)
        if not (folder / "index.qmd").is_file():
            continue
        outputs = (folder / "figures",)
        step = Step(
            stamp=root / "_build" / "render" / f"figures-{campaign.edition}.json",
            inputs=(*cells, campaign.build / MANIFEST, *reference, *code_files(root)),
            outputs=outputs,
        )
        run_step(step, root, partial(_write, campaign.edition, folder, progress))
        written += [path for each in outputs for path in sorted(each.glob("*.*"))]
    for year in sorted({campaign.edition for campaign in estimated}):
        folder = root / "reports" / str(year)
        if (folder / FOLDER_FILE).is_file():
            written += prepare_downloads(year, root)
            write_pages(generated_pages(year), folder)
    if years := edition_years(root):
        write_pages(site_pages(open_editions(years[-1])), root / "reports")
    return [*cells, *reference, *written]


def prepare_downloads(year: int, root: Path) -> list[Path]:
    """Write the files that anyone may take away, when they changed; the paths."""
    editions, folder = open_editions(year), root / "reports" / str(year) / downloads.FOLDER

    def action() -> None:
        downloads.write_downloads(editions, folder)
        write_catalogue(editions, folder)

    inputs = (*downloads.download_inputs(editions, root), *code_files(root))
    stamp = root / "_build" / "render" / f"donnees-{year}.json"
    run_step(Step(stamp=stamp, inputs=inputs, outputs=(folder,)), root, action)
    return sorted(folder.glob("*.*"))


def generated_pages(year: int) -> Iterator[Page]:
    """The pages of an edition that nobody writes by hand."""
    editions = open_editions(year)
    return chain.from_iterable(kind(editions) for kind in KINDS)


def _write(year: int, folder: Path, progress: Progress) -> None:
    edition = open_edition(year)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    for done, build in enumerate(FIGURES):
        progress(done, len(FIGURES), f"figures {year}")
        if figure := build(edition):
            figure.write(folder / "figures")


if __name__ == "__main__":
    prepare(campaigns(Path.cwd()), Path.cwd())
