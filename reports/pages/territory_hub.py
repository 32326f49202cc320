"""The way into the territories: search by commune, maps of each level, a link to every place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reports.communes import alphabetical_list, index_script, search_block
from reports.edition import Edition
from reports.figure import Figure
from reports.pages.page import Page, document, escaped
from reports.pages.territory_directory import directory
from reports.territory_figures import NOUNS, main_indicator, territories, territory_figure
from survey.french import NNBSP, capitalised, integer

FOLDER = "territoires"
INDEX, COMMUNES = "communes-index.js", "communes"
LEVEL_PAGES = {"epci": "intercommunalites", "zone_emploi": "zones-d-emploi"}
STYLES = ["territoires.css"]
Figures = Mapping[str, Mapping[str, Figure]]

WHY = (
    "Un chiffre n’est diffusé que si assez de réponses le fondent. Ailleurs, la page du territoire "
    "dit ce que l’on sait de lui et pourquoi il n’a pas de chiffre ; une estimation par petits "
    "domaines est à venir."
)


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The hub, a page for each level with many places, and the list of communes."""
    if not editions:
        return
    figures = {
        level: {
            population: figure
            for population, edition in editions.items()
            if (figure := territory_figure(edition, main_indicator(edition), level))
        }
        for level in NOUNS
    }
    yield _hub(editions, figures)
    for level in LEVEL_PAGES:
        yield _level_page(editions, level, figures[level])
    yield _communes_page(editions)


def _hub(editions: Mapping[str, Edition], figures: Figures) -> Page:
    edition = next(iter(editions.values()))
    places = territories(edition.campaign.root)
    counts = {level: places.of(level).height for level in NOUNS}
    said = ", ".join(_counted(counts[level], level) for level in ("departement", "epci"))
    parts = [
        f"::: {{.chapo}}\n{said}, {_counted(counts['zone_emploi'], 'zone_emploi')} : l’usage de "
        "l’IA partout où assez de réponses permettent de le dire.\n:::",
        "## Trouver sa commune",
        search_block(INDEX),
        f"[Liste alphabétique des {integer(places.communes.height)} communes]({COMMUNES}.qmd)",
        "## Les départements",
        _side_by_side(figures["departement"]),
        directory(editions, "departement"),
        "## Les intercommunalités",
        WHY,
        *_fullest(figures["epci"], "epci", counts["epci"]),
        "## Les zones d’emploi\n\nUne zone d’emploi est un espace où la plupart des habitants "
        "résident et travaillent.",
        *_fullest(figures["zone_emploi"], "zone_emploi", counts["zone_emploi"]),
        "## Les types de commune\n\nLes communes sont rangées selon l’attraction qu’une ville "
        "exerce sur elles.",
        _definitions(edition),
        directory(editions, "type_commune"),
    ]
    described = f"L’usage de l’IA par territoire {edition.reference.region.territory.genitive}"
    body = "\n\n".join(part for part in parts if part)
    files = {f"{FOLDER}/{INDEX}": index_script(places)} | _files(figures["departement"])
    title = f"Les territoires et l’IA en {edition.year}"
    text = document(
        title,
        f"{described}, avec la recherche par commune.",
        body,
        scripts=["communes.js"],
        styles=STYLES,
    )
    return Page(f"{FOLDER}/index", text, files)


def _counted(count: int, level: str) -> str:
    noun = NOUNS[level]
    return f"{integer(count)} {noun.plural if count > 1 else noun.singular}"


def _side_by_side(figures: Mapping[str, Figure]) -> str:
    drawn = "\n".join(figure.to_markdown(".") for figure in figures.values())
    return f"::: {{.deux}}\n{drawn}:::" if len(figures) > 1 else drawn


def _fullest(figures: Mapping[str, Figure], level: str, count: int) -> list[str]:
    """The figure of the population with most estimates, and the way to the page of all."""
    counts = {name: figure.frame["estimate"].count() for name, figure in figures.items()}
    best = max(counts, key=counts.__getitem__, default=None)
    noun = NOUNS[level]
    return [
        *([figures[best].to_markdown(".")] if best else ()),
        f"[Les {integer(count)} {noun.plural}, population par population]"
        f"({LEVEL_PAGES[level]}.qmd)",
    ]


def _definitions(edition: Edition) -> str:
    kinds = territories(edition.campaign.root).of("type_commune")
    lines = [
        f"- **{escaped(row['nom'])}** : {escaped(row['note'])}."
        for row in kinds.to_dicts()
        if row["note"]
    ]
    return re.sub(r"(?<=\d) (?=\d{3}\b)", NNBSP, "\n".join(lines))


def _level_page(editions: Mapping[str, Edition], level: str, figures: Mapping[str, Figure]) -> Page:
    """The figures of a level, population by population, then all its places."""
    edition, noun = next(iter(editions.values())), NOUNS[level]
    heading = capitalised(noun.plural)
    parts = ["::: {.chapo}\n" + WHY + "\n:::"]
    for population, figure in figures.items():
        parts += [f"## {escaped(editions[population].file.name)}", figure.to_markdown(".")]
    parts += [f"## Les {noun.plural} de A à Z", directory(editions, level)]
    body = "\n\n".join(parts)
    title = f"Les {noun.plural} et l’IA en {edition.year}"
    place = edition.reference.region.territory.genitive
    text = document(
        title, f"{heading} {place} : l’usage de l’IA et son incertitude.", body, styles=STYLES
    )
    return Page(f"{FOLDER}/{LEVEL_PAGES[level]}", text, _files(figures))


def _communes_page(editions: Mapping[str, Edition]) -> Page:
    """Every commune by letter, each with its places."""
    edition = next(iter(editions.values()))
    places, region = territories(edition.campaign.root), edition.reference.region.territory
    count = integer(places.communes.height)
    body = (
        f"Les {count} communes {region.genitive}, avec leur intercommunalité et leur zone d’emploi."
    )
    return Page(
        f"{FOLDER}/{COMMUNES}",
        document(
            "Les communes de A à Z",
            f"{body[:-1]}, pour trouver les pages de leur territoire.",
            f"{body}\n\n{search_block(INDEX)}\n\n{alphabetical_list(places)}",
            scripts=["communes.js"],
            styles=STYLES,
        ),
    )


def _files(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    return {
        name: content
        for figure in figures.values()
        for name, content in figure.files(FOLDER).items()
    }
