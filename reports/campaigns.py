"""The campaigns of a project, from their folders."""

from __future__ import annotations

from pathlib import Path

from survey.campaign import Campaign, load_campaign
from survey.errors import SurveyError


def campaigns(root: Path) -> list[Campaign]:
    """Every campaign under `root` that can be published, oldest edition first.

    One that only collects so far is left out.
    """
    folders = sorted(path.parent for path in root.glob("campaigns/[0-9]*/*/campaign.yml"))
    if not folders:
        raise SurveyError(
            f"{root} : aucune campagne ici. Lancez la commande à la racine du projet, "
            "là où se trouve le dossier campaigns/."
        )
    found = [load_campaign(folder, root) for folder in folders]
    return [campaign for campaign in found if campaign.is_weighted]


def open_campaign(folder: Path) -> Campaign:
    """One campaign, from the root of the project."""
    return load_campaign(folder.resolve(), Path.cwd())
