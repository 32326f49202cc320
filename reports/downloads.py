"""The files of an edition that anyone may take away: published cells and what explains them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.tables import csv_frame
from reports.addresses import slug
from reports.edition import Edition
from reports.instrument import asked_questionnaire
from reports.manifest import NAME as MANIFEST
from reports.publisher import read_publisher
from reports.quality import population_quality, response_of
from reports.questionnaire_verbs import EXPORTS
from reports.rendering.project import FOLDER_FILE
from reports.settings import DATA_FOLDER, RESULTS, publication_day
from reports.steps import code_files
from survey.files import write_csv, write_parquet, write_text
from survey.formats.documents.ddi import StudyFacts
from survey.written import to_yaml

FOLDER = DATA_FOLDER
INDICATOR = ("indicator_label", "answer_label")
DESCRIBED = ("family", "title", "theme", "base_label", "comparable_since", "series_break")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file to take away; `population` is None when it holds the whole edition."""

    name: str
    what: str
    population: str | None = None

    @property
    def suffix(self) -> str:
        """`.csv`, `.parquet`…"""
        return Path(self.name).suffix


WHOLE_EDITION = (
    DataFile("resultats.csv", "tous les résultats, une ligne par indicateur et par groupe"),
    DataFile(RESULTS, "les mêmes résultats, pour les logiciels statistiques"),
    DataFile("indicateurs.csv", "la liste des indicateurs : titre, thème, population de référence"),
)
OF_POPULATION = {
    "resultats-{}.csv": "les résultats de cette population",
    "collecte-{}.csv": "tirage et réponses",
    "non-reponse-{}.csv": "questions restées sans réponse",
    "poids-{}.csv": "étapes du redressement",
    "marges-{}.csv": "totaux officiels du calage, avant et après",
    "dictionnaire-{}.csv": "dictionnaire des variables du questionnaire",
    "ddi-{}.xml": "documentation de l’enquête au format DDI-Codebook 2.5",
    "questionnaire-{}.pdf": "le questionnaire à imprimer",
    "questionnaire-{}.yml": "le questionnaire et ses règles de passage",
    "limesurvey-{}.txt": "le questionnaire, à importer dans LimeSurvey",
    "xlsform-{}.xlsx": "le questionnaire, pour KoboToolbox et ODK",
    "manifeste-{}.json": "empreinte de chaque fichier, versions, commande pour refaire",
}
WRITERS = ("dcat", "downloads", "edition", "opendata", "publisher", "quality", "settings")
COPIED = {
    "collecte": "collecte.csv",
    "non-reponse": "non_reponse.csv",
    "poids": "poids.csv",
    "marges": "marges.csv",
    "manifeste": MANIFEST,
}
EXPORTED = {
    "questionnaire.pdf": "papier",
    "limesurvey.txt": "limesurvey",
    "xlsform.xlsx": "xlsform",
}


def data_files(editions: Mapping[str, Edition]) -> list[DataFile]:
    """The files of an edition, the whole first, then population by population."""
    return [*WHOLE_EDITION, *(file for name in editions for file in population_files(name))]


def population_files(population: str) -> list[DataFile]:
    """The files of one population."""
    return [
        DataFile(name.format(slug(population)), what, population)
        for name, what in OF_POPULATION.items()
    ]


def write_downloads(editions: Mapping[str, Edition], folder: Path) -> None:
    """Write the files under `folder`, which holds nothing else afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    simulated = any(each.campaign.decisions.simulee for each in editions.values())
    results = pl.concat([results_frame(each) for each in editions.values()], how="diagonal")
    write_csv(results, folder / "resultats.csv", simulated=simulated)
    write_parquet(results, folder / RESULTS, simulated=simulated)
    listed = pl.concat([indicators_frame(each) for each in editions.values()])
    write_csv(listed, folder / "indicateurs.csv", simulated=simulated)
    for population, edition in editions.items():
        for name in OF_POPULATION:
            _write(edition, name.partition("-{}")[0], folder / name.format(slug(population)))


def results_frame(edition: Edition) -> pl.DataFrame:
    """Every cell of an edition as it is downloaded; nothing withheld carries a number."""
    simulated = edition.campaign.decisions.simulee
    labels = edition.cells.select(INDICATOR)
    frame = csv_frame(edition.cells, simulated=simulated).hstack(labels)
    return frame.select("label", *INDICATOR, pl.exclude("label", *INDICATOR))


def indicators_frame(edition: Edition) -> pl.DataFrame:
    """One row per indicator of an edition, in the order of its registry."""
    return edition.cells.select("indicator", "population", *INDICATOR, *DESCRIBED).unique(
        maintain_order=True
    )


def _write(edition: Edition, kind: str, path: Path) -> None:
    """Write one file of a population."""
    campaign = edition.campaign
    simulated = campaign.decisions.simulee
    if kind in COPIED:
        shutil.copyfile(campaign.build / COPIED[kind], path)
        return
    questionnaire = asked_questionnaire(campaign)
    match f"{kind}{path.suffix}":
        case "resultats.csv":
            write_csv(results_frame(edition), path, simulated=simulated)
        case "dictionnaire.csv":
            from survey.formats.documents.codebook import codebook_frame

            write_csv(codebook_frame(questionnaire), path, simulated=simulated)
        case "questionnaire.yml":
            write_text(path, to_yaml(questionnaire))
        case "ddi.xml":
            EXPORTS["ddi"].write(questionnaire, path, study_facts(edition))
        case exported:
            EXPORTS[EXPORTED[exported]].write(questionnaire, path)


def study_facts(edition: Edition) -> StudyFacts:
    """What the DDI document says of the survey beside its questionnaire."""
    campaign = edition.campaign
    decisions, root = campaign.decisions, campaign.root
    publisher = read_publisher(root)
    declared = population_quality(root, edition.campaign.population)
    fieldwork = decisions.collecte
    return StudyFacts(
        producer=publisher.nom,
        contact=publisher.courriel,
        series="Observatoire de l’IA",
        universe=edition.file.scope.covers,
        nation="France",
        territory=edition.region,
        modes=(fieldwork.mode,) if fieldwork else (),
        sampling=f"{declared.base_de_sondage} {declared.tirage}",
        weighting=declared.non_reponse,
        starts=fieldwork.debut if fieldwork else None,
        ends=fieldwork.fin if fieldwork else None,
        published=publication_day(root, edition.year),
        cases=response_of(edition).complete,
        simulated=decisions.simulee,
    )


def download_inputs(editions: Mapping[str, Edition], root: Path) -> Iterator[Path]:
    """What the files are made from: decisions, results, tables, and the code that writes them."""
    for edition in editions.values():
        campaign = edition.campaign
        yield from (campaign.build / name for name in ("published.parquet", *COPIED.values()))
        yield campaign.folder / "campaign.yml"
        yield root / "reports" / str(edition.year) / FOLDER_FILE
    yield from sorted((root / "data").rglob("*.*"))
    yield from sorted((root / "survey" / "instruments").rglob("*.yml"))
    yield from code_files(root, ("survey", "analysis"))
    yield from (root / "reports" / f"{name}.py" for name in WRITERS)
