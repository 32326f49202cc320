"""What an edition says of its data: columns, citation, and schema.org `Dataset` for search engines.

While the public address of the site is not decided, the addresses of files are relative to the page
that names them, as JSON-LD allows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reports.downloads import FOLDER, data_files
from reports.edition import Edition
from reports.publisher import Publisher, read_publisher
from reports.settings import publication_day
from reports.steps import digest
from survey.files import SIMULATED
from survey.french import lowered

LICENCE = "https://spdx.org/licenses/etalab-2.0"
LICENCE_PAGE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
MEDIA = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".xml": "application/xml",
    ".pdf": "application/pdf",
    ".yml": "application/yaml",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
}
COLUMNS = {
    "label": "nom du groupe (domaine)",
    "indicator_label": "nom de l’indicateur ou de la ligne",
    "answer_label": "réponse comptée, quand la question en a plusieurs par ligne",
    "indicator": "code de l’indicateur, le même d’une année à l’autre",
    "population": "population interrogée",
    "edition": "année de l’édition",
    "domain_type": "découpage : ensemble, taille, secteur, territoire…",
    "domain": "code du groupe dans ce découpage",
    "statistic": "`share` : part, entre 0 et 1 ; `mean` : moyenne ; `total` : total",
    "estimate": "estimation",
    "std_error": "erreur type",
    "conf_low": "borne basse de l’intervalle de confiance à 95 %",
    "conf_high": "borne haute de l’intervalle de confiance à 95 %",
    "cv": "coefficient de variation : erreur type rapportée à l’estimation",
    "deff": "effet de plan",
    "df": "degrés de liberté",
    "n_respondents": "répondants à la question dans le groupe",
    "n_domain": "répondants du groupe",
    "population_size": "taille estimée de la population concernée",
    "status": "`ok`, `fragile`, `nd` (non diffusé) ou `secret` ; ces deux derniers sans chiffre",
    "comparable_since": "première édition à laquelle l’indicateur se compare",
    "series_break": "ce qui rompt la série, le cas échéant",
    "nature": "« enquête » ou « données simulées »",
}


def title_of(editions: Mapping[str, Edition]) -> str:
    """Title of the data of a whole edition."""
    edition = next(iter(editions.values()))
    mark = f" ({SIMULATED})" if simulated(editions) else ""
    place = edition.reference.region.territory.locative
    return f"Les usages de l’intelligence artificielle {place}, édition {edition.year}{mark}"


def simulated(editions: Mapping[str, Edition]) -> bool:
    """Whether anything of the edition is simulated."""
    return any(each.campaign.decisions.simulee for each in editions.values())


def citation(editions: Mapping[str, Edition], publisher: Publisher, published: date) -> str:
    """How to cite the data, in one sentence."""
    year = next(iter(editions.values())).year
    address = f" {publisher.address(f'reports/{year}/donnees.html')}" if publisher.site else ""
    return (
        f"{publisher.nom_court} ({published.year}), {title_of(editions)}, jeu de données, "
        f"Licence Ouverte 2.0.{address}"
    )


def bibtex(editions: Mapping[str, Edition], publisher: Publisher, published: date) -> str:
    """The same as a BibTeX entry."""
    year = next(iter(editions.values())).year
    fields = {
        "title": f"{{{title_of(editions)}}}",
        "author": f"{{{publisher.nom_court}}}",
        "year": str(published.year),
        "type": "jeu de données",
        "note": "Licence Ouverte 2.0",
    }
    if publisher.site:
        fields["url"] = publisher.address(f"reports/{year}/donnees.html")
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{observatoire-ia-{year},\n{lines}\n}}"


def dataset(editions: Mapping[str, Edition], folder: Path) -> dict[str, Any]:
    """The schema.org `Dataset` of an edition, `folder` holding its files."""
    edition = next(iter(editions.values()))
    root, year = edition.campaign.root, edition.year
    publisher, published = read_publisher(root), publication_day(root, year)
    place = publisher.address(f"reports/{year}/{FOLDER}/") if publisher.site else f"{FOLDER}/"
    organisation = {
        "@type": "Organization",
        "name": publisher.nom,
        "url": publisher.page,
        "email": publisher.courriel,
    }
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": title_of(editions),
        "description": description_of(editions),
        "inLanguage": "fr",
        "license": LICENCE,
        "isAccessibleForFree": True,
        "creator": organisation,
        "publisher": organisation,
        "datePublished": published.isoformat(),
        "version": str(year),
        "temporalCoverage": str(year),
        "spatialCoverage": {"@type": "Place", "name": f"{edition.region}, France"},
        "keywords": ["intelligence artificielle", "enquête", "statistique", edition.region],
        "citation": citation(editions, publisher, published),
        "measurementTechnique": "enquête par sondage stratifié, redressée sur des totaux officiels",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": name, "description": what.replace("`", "")}
            for name, what in COLUMNS.items()
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.name,
                "description": file.what,
                "encodingFormat": MEDIA[file.suffix],
                "contentSize": f"{(folder / file.name).stat().st_size} B",
                "sha256": digest(folder / file.name),
                "contentUrl": place + file.name,
            }
            for file in data_files(editions)
        ],
    }


def description_of(editions: Mapping[str, Edition]) -> str:
    """What the data hold and on whom, in two sentences."""
    names = " ; ".join(
        f"{lowered(each.file.name)} ({each.file.scope.field})" for each in editions.values()
    )
    counted = sum(each.cells["indicator"].n_unique() for each in editions.values())
    mark = ""
    if simulated(editions):
        mark = " Démonstration : données simulées, aucun chiffre n’est une mesure."
    return (
        "Parts, moyennes et totaux estimés par enquête, avec leur intervalle de confiance à 95 %, "
        f"par groupe et par territoire : {counted} séries. Champ : {names}.{mark}"
    )


def as_json(content: Mapping[str, Any]) -> str:
    """JSON that may stand in a page: `</` is written so that it closes no script."""
    return json.dumps(content, ensure_ascii=False, indent=1).replace("</", "<\\/")
