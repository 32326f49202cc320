"""The data of an edition as a DCAT-AP catalogue in JSON-LD, for open-data portals.

It stands beside the files it describes. While the public address of the site is not decided, its
addresses are relative to itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from reports.downloads import FOLDER, WHOLE_EDITION, DataFile, population_files
from reports.edition import Edition
from reports.opendata import LICENCE, MEDIA, as_json, description_of, title_of
from reports.publisher import Publisher, read_publisher
from reports.settings import publication_day
from reports.steps import digest
from survey.files import write_text
from survey.french import lowered

CATALOGUE = "catalogue.jsonld"
AUTHORITY = "http://publications.europa.eu/resource/authority"
UNLISTED = {"YML"}  # the European list of file types has the others
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where things stand: the page of the data, and what comes before the name of a file."""

    page: str
    files: str
    folder: Path


def write_catalogue(editions: Mapping[str, Edition], folder: Path) -> None:
    """Write the catalogue of an edition in `folder`, which holds the files it describes."""
    write_text(folder / CATALOGUE, as_json(catalogue(editions, folder)) + "\n")


def catalogue(editions: Mapping[str, Edition], folder: Path) -> dict[str, Any]:
    """The catalogue: the whole edition as a dataset, then each population's."""
    edition = next(iter(editions.values()))
    root, year = edition.campaign.root, edition.year
    publisher = read_publisher(root)
    base = publisher.address(f"reports/{year}/") if publisher.site else "../"
    files = f"{base}{FOLDER}/" if publisher.site else ""
    place = _Place(f"{base}donnees.html", files, folder)
    common = _common(publisher, publication_day(root, year))
    datasets = [
        _dataset(edition, publisher, place, named)
        | {"dct:description": _text(description_of(described))}
        | common
        for described, named in _groups(editions)
    ]
    return {
        "@context": CONTEXT,
        "@graph": [
            {
                "@id": f"{place.page}#catalogue",
                "@type": "dcat:Catalog",
                "dct:title": _text(title_of(editions)),
                "dct:description": _text(description_of(editions)),
                "dct:license": {"@id": LICENCE},
                "foaf:homepage": {"@id": place.page},
                "dcat:dataset": [{"@id": each["@id"]} for each in datasets],
                **common,
            },
            {
                "@id": publisher.page,
                "@type": "foaf:Agent",
                "foaf:name": _text(publisher.nom),
            },
            *datasets,
        ],
    }


def _groups(
    editions: Mapping[str, Edition],
) -> Iterator[tuple[Mapping[str, Edition], tuple[str, str, list[DataFile]]]]:
    """What each dataset holds, then its name, title and files."""
    title = title_of(editions)
    yield editions, ("edition", title, list(WHOLE_EDITION))
    for population, each in editions.items():
        named = f"{title} : {lowered(each.file.name)}"
        yield {population: each}, (population, named, population_files(population))


def _common(publisher: Publisher, published: date) -> dict[str, Any]:
    return {
        "dct:publisher": {"@id": publisher.page},
        "dct:issued": {"@type": "xsd:date", "@value": published.isoformat()},
        "dct:language": {"@id": f"{AUTHORITY}/language/FRA"},
    }


def _dataset(
    edition: Edition,
    publisher: Publisher,
    place: _Place,
    named: tuple[str, str, list[DataFile]],
) -> dict[str, Any]:
    name, title, files = named
    return {
        "@id": f"{place.page}#{name}",
        "@type": "dcat:Dataset",
        "dct:title": _text(title),
        "dct:identifier": f"observatoire-ia-{edition.year}-{name}",
        "dct:accrualPeriodicity": {"@id": f"{AUTHORITY}/frequency/ANNUAL"},
        "dct:spatial": {"@type": "dct:Location", "rdfs:label": _text(f"{edition.region}, France")},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": f"{edition.year}-01-01"},
            "dcat:endDate": {"@type": "xsd:date", "@value": f"{edition.year}-12-31"},
        },
        "dcat:theme": {"@id": f"{AUTHORITY}/data-theme/TECH"},
        "dcat:keyword": [_text("intelligence artificielle"), _text("enquête")],
        "dcat:landingPage": {"@id": place.page},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": publisher.nom_court,
            "vcard:hasEmail": {"@id": f"mailto:{publisher.courriel}"},
        },
        "dcat:distribution": [_distribution(file, place) for file in files],
    }


def _distribution(file: DataFile, place: _Place) -> dict[str, Any]:
    """One file, with its size and its digest."""
    path = place.folder / file.name
    found = {"@id": f"{place.files}{file.name}"}
    code = file.suffix.removeprefix(".").upper()
    return {
        "@type": "dcat:Distribution",
        "dct:title": _text(file.name),
        "dct:description": _text(file.what),
        "dcat:accessURL": found,
        "dcat:downloadURL": found,
        "dcat:mediaType": {
            "@id": f"https://www.iana.org/assignments/media-types/{MEDIA[file.suffix]}"
        },
        **({} if code in UNLISTED else {"dct:format": {"@id": f"{AUTHORITY}/file-type/{code}"}}),
        "dct:license": {"@id": LICENCE},
        "dcat:byteSize": {
            "@type": "xsd:nonNegativeInteger",
            "@value": str(path.stat().st_size),
        },
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": digest(path)},
        },
    }


def _text(words: str) -> dict[str, str]:
    """Words as a French literal."""
    return {"@language": "fr", "@value": words}
