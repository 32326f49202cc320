"""From published cells to the site."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.finish import finish
from reports.prepare import Progress, prepare
from reports.rendering.project import load_project
from reports.rendering.site import render_site
from survey.campaign import Campaign
from survey.errors import SurveyError

SITE = "_site"


def publish(campaigns: Sequence[Campaign], root: Path, progress: Progress) -> Path:
    """Write what the pages show, render them, and return the front page.

    Quarto renders when it is on the PATH; else the observatory's own renderer does, from the same
    sources to the same addresses.
    """
    load_project(root)  # a folder that is no site is told before anything is made
    inputs = prepare(campaigns, root, progress)
    if shutil.which("quarto"):
        render_with_quarto(root)
    else:
        render_site(root, root / SITE, inputs=inputs, progress=progress)
        finish(root, root / SITE)
    return root / SITE / "index.html"


def render_with_quarto(root: Path) -> None:
    """Run `quarto render` with this very Python; raises with its last lines when it fails."""
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
