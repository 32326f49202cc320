"""What was decided for the pages of a whole edition: `reports/<year>/_metadata.yml`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reports.rendering.project import FOLDER_FILE, read_yaml
from survey.errors import SurveyError

DATA_FOLDER = "donnees"  # where the files to take away stand, within an edition
RESULTS = "resultats.parquet"
REPORT = "rapport.pdf"  # the printed report, within an edition


def publication_day(root: Path, year: int) -> date:
    """The day an edition is published: a decision, so that two builds are the same.

    Raises
    ------
    SurveyError : `published` is missing, or is no date; `edition` is not that of the folder
    """
    path = root / "reports" / str(year) / FOLDER_FILE
    if not path.is_file():
        raise SurveyError(
            f"{path} : fichier introuvable. Il dit « edition », « simulated » et « published », le "
            "jour de parution (2026-11-24)."
        )
    settings = read_yaml(path)
    if settings.get("edition") != year:
        raise SurveyError(
            f"{path} : « edition » dit {settings.get('edition')}, le dossier dit {year}. "
            "Accordez-les."
        )
    said = settings.get("published")
    if not isinstance(said, date):
        raise SurveyError(
            f"{path} : « published » manque ou n’est pas une date (trouvé : {said!r}). Écrivez le "
            "jour de parution de l’édition, par exemple « published: 2026-11-24 »."
        )
    return said


def edition_years(root: Path) -> list[int]:
    """Years that have a folder of pages, oldest first."""
    return sorted(int(path.parent.name) for path in root.glob(f"reports/[0-9]*/{FOLDER_FILE}"))


def report_chapters(root: Path, year: int) -> list[str]:
    """The pages that make the printed report, in order; none when the edition has no report.

    Raises
    ------
    SurveyError : `rapport` is no list of names
    """
    path = root / "reports" / str(year) / FOLDER_FILE
    said = read_yaml(path).get("rapport") or []
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise SurveyError(
            f"{path} : « rapport » attend la liste des pages du rapport, par exemple « rapport: "
            f"[index, entreprises, methode] » (trouvé : {said!r})."
        )
    return said
