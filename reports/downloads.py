"""The files anyone may take away: published cells, manifest, questionnaire; nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from analysis.tables import csv_frame
from reports.edition import Edition
from reports.manifest import NAME
from survey.files import write_csv, write_parquet, write_text
from survey.french import integer
from survey.questionnaire import load_questionnaire
from survey.written import to_yaml

FILES = {
    "resultats.csv": "tous les résultats diffusés, une ligne par indicateur et par domaine (CSV)",
    "resultats.parquet": "les mêmes résultats (Parquet)",
    "marges.csv": "totaux officiels utilisés pour le calage, avant et après",
    "poids.csv": "étapes du redressement",
    "collecte.csv": "tirage et réponses par taille",
    "questionnaire.yml": "le questionnaire et ses règles de passage (YAML)",
    NAME: "manifeste : empreinte de chaque fichier, versions, commande pour refaire l’édition",
}


def write_downloads(edition: Edition, folder: Path) -> None:
    """Write the files of one edition under `folder`, each renamed once complete."""
    folder.mkdir(parents=True, exist_ok=True)
    simulated = edition.campaign.decisions.simulee
    data = csv_frame(edition.cells, simulated=simulated)
    write_csv(data, folder / "resultats.csv", simulated=simulated)
    write_parquet(data, folder / "resultats.parquet", simulated=simulated)
    for name in ("marges.csv", "poids.csv", "collecte.csv", NAME):
        shutil.copyfile(edition.campaign.build / name, folder / name)
    path = edition.campaign.resolve(edition.campaign.decisions.questionnaire)
    write_text(folder / "questionnaire.yml", to_yaml(load_questionnaire(path, edition.year)))


def downloads_list(edition: Edition, folder: str = "donnees") -> str:
    """Markdown list of the files with what each holds and its size in kilobytes."""
    place = edition.campaign.root / "reports" / str(edition.year) / folder
    return "\n".join(
        f"- [{name}]({folder}/{name}) : {what}, "
        f"{integer(max(1, (place / name).stat().st_size / 1000))} ko"
        for name, what in FILES.items()
    )
