"""From published cells to the site: figures and downloads first, then the pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from reports import downloads
from reports.contents import FIGURES
from reports.edition import Edition, open_edition
from reports.manifest import NAME as MANIFEST
from reports.render import render_site
from reports.steps import Step, code_files, run_step
from survey.campaign import Campaign
from survey.errors import SurveyError

SITE = "_site"
Progress = Callable[[int, int, str], None]


def publish(campaigns: Sequence[Campaign], root: Path, progress: Progress) -> Path:
    """Write what the pages show, render them, and return the front page.

    Quarto renders when it is on the PATH; else the observatory's own renderer does, from the same
    sources.
    """
    prepare(campaigns, root)
    if shutil.which("quarto"):
        _quarto(root)
    else:
        inputs = [each.build / "published.parquet" for each in campaigns]
        inputs += sorted((root / "reports").glob("[0-9]*/donnees/*"))
        inputs += sorted((root / "data" / "reference").glob("*.*"))
        render_site(
            root, root / SITE, inputs=inputs, progress=lambda n, total, _: progress(n, total)
        )
    return root / SITE / "index.html"


def prepare(campaigns: Sequence[Campaign], root: Path) -> None:
    """Write figures and downloads of the editions that have pages, when they changed."""
    cells = [each.build / "published.parquet" for each in campaigns]
    reference = sorted((root / "data" / "reference").glob("*.*"))
    for campaign in campaigns:
        folder = root / "reports" / str(campaign.edition)
        if not (folder / "index.qmd").is_file():
            continue
        figures, data = folder / "figures", folder / "donnees"
        step = Step(
            stamp=root / "_build" / "render" / f"figures-{campaign.edition}.json",
            inputs=(*cells, campaign.build / MANIFEST, *reference, *code_files(root)),
            outputs=tuple(sorted((*figures.glob("*.*"), *data.glob("*.*")))),
        )
        run_step(step, root, partial(_write, campaign.edition, figures, data))


def _write(year: int, figures: Path, data: Path) -> None:
    edition: Edition = open_edition(year)
    shutil.rmtree(figures, ignore_errors=True)
    for figure in FIGURES:
        figure(edition).write(figures)
    downloads.write_downloads(edition, data)


def _quarto(root: Path) -> None:
    run = subprocess.run(
        ["quarto", "render"],
        cwd=root,
        env=os.environ | {"QUARTO_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        last = "\n".join(run.stderr.strip().splitlines()[-12:])
        raise SurveyError(f"Quarto n’a pas pu construire le site.\n{last}")
