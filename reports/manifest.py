"""What an edition rests on, so that anyone can rebuild it and find the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from reports.steps import code_files, digests
from survey.campaign import Campaign
from survey.files import write_text

_LIBRARIES = ("numpy", "polars", "scipy", "statsmodels")
NAME = "manifeste.json"


def write_manifest(campaign: Campaign, inputs: Iterable[Path], outputs: Iterable[Path]) -> None:
    """Write the manifest of one edition beside its published cells.

    Holds the SHA-256 of the inputs given (answers, weights, decisions), of the outputs and of the
    code, the versions of the libraries that compute, the commit, the seed and the command. Of a
    private file it tells the address and the digest, never the content.
    """
    root = campaign.root
    content = {
        "edition": campaign.edition,
        "population": campaign.population,
        "donnees_simulees": campaign.decisions.simulee,
        "graine": campaign.decisions.graine,
        "commande": f"observatoire estimer {os.path.relpath(campaign.folder, root)}",
        "version": commit(root),
        "bibliotheques": {name: version(name) for name in _LIBRARIES},
        "entrees": digests(inputs, root),
        "code": digests(code_files(root, ("survey", "analysis")), root),
        "sorties": digests(outputs, root),
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    write_text(campaign.build / NAME, text + "\n")


def commit(root: Path) -> str:
    """Commit of the work tree, or « inconnue » outside git."""
    try:
        run = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "inconnue"
    return run.stdout.strip()
