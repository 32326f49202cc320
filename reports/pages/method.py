"""How the figures are obtained: one page in plain words, and a quality report a population."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from reports import method
from reports.addresses import slug
from reports.edition import Edition
from reports.instrument import asked_questionnaire
from reports.pages.page import Page, document, escaped
from reports.pages.texts import fill
from reports.publisher import read_publisher
from reports.quality import (
    PopulationQuality,
    burden_of,
    common_quality,
    named_variable,
    population_count,
    population_quality,
    precision_of,
    response_of,
)
from reports.settings import publication_day
from survey.campaign import Campaign
from survey.french import counted, lowered

HUB = "methode"


def report_page(population: str) -> str:
    """Address of the quality report of a population."""
    return f"{HUB}/{slug(population)}"


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The page of the method, then the quality reports."""
    declared = {
        population: population_quality(edition.campaign.root, population)
        for population, edition in editions.items()
    }
    if editions:
        yield Page(HUB, _hub(editions, declared))
    for population, edition in editions.items():
        yield Page(report_page(population), _report(edition, declared[population]))


def _hub(editions: Mapping[str, Edition], declared: Mapping[str, PopulationQuality]) -> str:
    campaigns = [edition.campaign for edition in editions.values()]
    body = fill(
        "methode",
        populations=[
            {
                "name": escaped(edition.file.name),
                "scope": edition.file.scope,
                "count": population_count(edition),
                "declared": declared[population],
            }
            for population, edition in editions.items()
        ],
        reports_list="\n".join(
            f"- [Rapport de qualité : {escaped(lowered(edition.file.name))}]"
            f"({report_page(population)}.qmd)"
            for population, edition in editions.items()
        ),
        response_table=method.response_overview(editions),
        precision_table=method.precision_overview(editions),
        thresholds=method.thresholds_by_population(editions),
        commands=list(_commands(campaigns)),
        simulated=any(campaign.decisions.simulee for campaign in campaigns),
    )
    return document(
        "Comment ces chiffres sont obtenus",
        "Qui est interrogé, comment les réponses sont pondérées, ce que valent les chiffres et "
        "comment les refaire.",
        body,
        toc=True,
        **{"toc-depth": 2},
    )


def _commands(campaigns: list[Campaign]) -> Iterator[str]:
    """The commands that make the results of these campaigns and the site again, in order."""
    if all(campaign.decisions.simulee for campaign in campaigns):
        yield "observatoire demo"
        return
    for campaign in campaigns:
        folder = os.path.relpath(campaign.folder, campaign.root)
        yield f"observatoire redresser {folder}"
        yield f"observatoire estimer {folder}"
    yield "observatoire publier"


def _report(edition: Edition, declared: PopulationQuality) -> str:
    campaign = edition.campaign
    decisions, root = campaign.decisions, campaign.root
    published = publication_day(root, edition.year)
    fieldwork = decisions.collecte
    precision = precision_of(edition)
    groups = decisions.redressement.non_reponse.groupes
    body = fill(
        "rapport",
        year=edition.year,
        published=published,
        delay=(published - fieldwork.fin).days if fieldwork else None,
        fieldwork=fieldwork,
        publisher=read_publisher(root),
        common=common_quality(root),
        declared=declared,
        scope=edition.file.scope,
        population_count=population_count(edition),
        region=edition.reference.region.territory,
        response=response_of(edition),
        precision=precision,
        burden=burden_of(edition),
        counted_indicators=counted(precision.indicators, "indicateur").capitalize(),
        questions=len(asked_questionnaire(campaign).questions),
        thresholds=decisions.seuils,
        weighting=decisions.redressement,
        groups=" × ".join(lowered(named_variable(declared, name)) for name in groups),
        method=method.METHODS[decisions.redressement.methode],
        outcomes=method.outcomes_sentence(edition),
        response_table=method.response_table(edition, declared),
        domains_table=method.domains_table(edition),
        item_summary=method.items_summary(edition),
        item_table=method.items_table(edition),
        weights_table=method.weights_table(edition),
        margins_table=method.margins_table(edition, declared),
        breaks=method.breaks_sentence(edition),
        simulated=decisions.simulee,
    )
    return document(
        f"Rapport de qualité : {lowered(edition.file.name)}",
        f"Tirage, réponses, pondération, précision et limites de l’enquête {edition.year}.",
        body,
        toc=True,
        **{"toc-depth": 2},
    )
