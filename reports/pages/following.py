"""*Suivi des préconisations*: each recommendation of the CESER, its indicators, its trend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from reports.addresses import indicator_page
from reports.edition import Edition, markdown_table
from reports.followup import ROLES, Followed, baseline, followed_by, followers, level, trend
from reports.pages.page import Page, escaped, fragment
from survey.errors import SurveyError
from survey.french import capitalised, counted, integer, typography
from survey.recommendations import Recommendation, Recommendations, load_recommendations

HEADER = ("Indicateur", "Nature", "Population", "Départ", "Aujourd’hui", "Tendance")
NOTHING = "*Pas d’indicateur : aucune question de l’observatoire ne porte sur ce point.*"


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """What the page of recommendations takes in: capacity by capacity."""
    first = next(iter(editions.values()))
    path = first.campaign.root / "data" / "reference" / "preconisations.yml"
    known = load_recommendations(path)
    refuse_unknown(editions, known, path)
    parts = [summary(list(known), editions)]
    for capacity in known.capacities:
        parts += [f"## {capacity.title}", f"{capitalised(capacity.aim)}."]
        parts += chain.from_iterable(
            section(each, followed_by(editions, each.code)) for each in capacity.recommendations
        )
    parts.append(f"Source des préconisations : {escaped(known.source)}.")
    yield fragment("suivi", [typography(part) for part in parts])


def refuse_unknown(editions: Mapping[str, Edition], known: Recommendations, path: Path) -> None:
    """Raise when an indicator follows a recommendation that is not there."""
    for code, by in followers(editions):
        if code not in known.codes:
            raise SurveyError(
                f"{path} : la préconisation « {code} » est absente ; l’indicateur "
                f"« {by.definition.code} » ({by.edition.campaign.population}) la suit "
                "(« follows »). Ajoutez-la, ou corrigez data/indicators."
            )


def summary(recommendations: list[Recommendation], editions: Mapping[str, Edition]) -> str:
    """How many recommendations have an indicator, are the observatory itself, or have neither."""
    measured = sum(bool(followed_by(editions, each.code)) for each in recommendations)
    itself = sum(bool(each.answer) for each in recommendations)
    without = len(recommendations) - measured - itself
    own = (
        f" ; il est lui-même la réponse à {integer(itself)} autre{'s' * (itself > 1)}"
        if itself
        else ""
    )
    return (
        f"Par des indicateurs, l’observatoire suit {measured} des "
        f"{counted(len(recommendations), 'ligne')} de la synthèse du CESER{own} ; {without} n’ont "
        "pas d’indicateur."
    )


def section(recommendation: Recommendation, followed: list[Followed]) -> list[str]:
    """Markdown of one recommendation; says so where nothing measures it."""
    text = recommendation.text
    if recommendation.actors:
        text += f" Acteurs nommés : {', '.join(recommendation.actors)}."
    shown = recommendation.answer or NOTHING
    if followed:
        shown = markdown_table(HEADER, map(row, followed), numbers=0)
    return [f"### {escaped(recommendation.title)}", escaped(text), shown]


def row(followed: Followed) -> tuple[str, ...]:
    """One indicator in the table of its recommendation."""
    population = followed.edition.campaign.population
    address = f"{indicator_page(population, followed.definition.code)}.qmd"
    return (
        f"[{escaped(followed.definition.title)}]({address})",
        ROLES[followed.role],
        escaped(followed.who),
        baseline(followed),
        level(followed),
        trend(followed),
    )
