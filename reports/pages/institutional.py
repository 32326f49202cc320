"""The pages of the whole site: accessibility, legal notice, errata, search; and the glossary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.edition import Edition
from reports.errata import read_errata
from reports.instrument import asked_questionnaire
from reports.opendata import LICENCE_PAGE, simulated
from reports.pages.page import Page, document
from reports.pages.texts import fill
from reports.publisher import read_publisher
from survey.french import lowered
from survey.questionnaire import Introduction

MISSING = "à compléter avant la mise en ligne"


def glossary_pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The glossary of an edition: its thresholds are those of the edition."""
    for edition in list(editions.values())[:1]:
        body = fill("glossaire", thresholds=edition.campaign.decisions.seuils)
        about = "Les mots employés dans ces pages, expliqués simplement."
        yield Page("glossaire", document("Glossaire", about, body))


def site_pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The pages that belong to no edition, from the folder `reports`; `editions` the latest."""
    edition = next(iter(editions.values()))
    root = edition.campaign.root
    publisher = read_publisher(root)
    facts = {
        "publisher": publisher,
        "state": publisher.accessibilite,
        "missing": MISSING,
        "licence": LICENCE_PAGE,
        "year": edition.year,
        "errata": read_errata(root),
        "retentions": list(_retentions(editions)),
        "simulated": simulated(editions),
    }
    for name, title, about in PAGES:
        text = document(
            title,
            about,
            fill(name, **facts),
            **({"simulated": True} if facts["simulated"] else {}),
        )
        yield Page(name, text)


PAGES = (
    (
        "accessibilite",
        "Déclaration d’accessibilité",
        "Déclaration d’accessibilité : état de conformité, vérifications faites, contact et voies "
        "de recours.",
    ),
    (
        "mentions-legales",
        "Mentions légales et données personnelles",
        "Qui publie et héberge ce site, ce qui est réutilisable, ce que deviennent les données "
        "personnelles.",
    ),
    ("errata", "Errata", "Les erreurs trouvées après la parution, et ce qui est juste."),
    ("recherche", "Rechercher", "Chercher une page par ses mots, ou parcourir la liste de toutes."),
)


def _retentions(editions: Mapping[str, Edition]) -> Iterator[dict[str, str]]:
    """How long answers are kept, as the questionnaires tell it to who answers; said once."""
    place = list(Introduction.model_fields).index("retention")
    names: dict[str, list[str]] = {}
    for edition in editions.values():
        told = asked_questionnaire(edition.campaign).introduction.splitlines()
        if len(told) == len(Introduction.model_fields):
            name = lowered(edition.file.name)
            names.setdefault(told[place], []).append(name)
    for text, those in names.items():
        yield {"name": ", ".join(those), "text": text}
