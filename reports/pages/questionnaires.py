"""The questionnaires as they were asked: one page a population, and a page that leads to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from reports.addresses import questionnaire_page, slug
from reports.downloads import FOLDER
from reports.edition import Edition, markdown_table
from reports.instrument import asked_questionnaire, questionnaire_markdown
from reports.pages.page import Page, document, escaped
from reports.pages.texts import fill
from survey.french import NBSP, counted, integer, lowered
from survey.questionnaire import Questionnaire

HUB = "questionnaires"
ORIGINS = ("identical", "adapted", "own")


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The hub, then the questionnaire of each population."""
    asked = {name: asked_questionnaire(edition.campaign) for name, edition in editions.items()}
    if editions:
        yield Page(HUB, _hub(editions, asked))
    for population, edition in editions.items():
        yield Page(questionnaire_page(population), _asked(edition, asked[population]))


def _hub(editions: Mapping[str, Edition], asked: Mapping[str, Questionnaire]) -> str:
    year = next(iter(editions.values())).year
    links = [
        f"- [{escaped(edition.file.name)}]({questionnaire_page(name)}.qmd) : "
        f"{counted(len(asked[name].questions), 'question')}, environ "
        f"{round(asked[name].minutes())}{NBSP}minutes"
        for name, edition in editions.items()
    ]
    rows = []
    for name, edition in editions.items():
        origins = Counter(each.comparable.status for each in asked[name].questions)
        rows.append([escaped(edition.file.name), *(integer(origins[origin]) for origin in ORIGINS)])
    header = ("Questionnaire", "Identiques", "Adaptées", "Propres à l’observatoire")
    body = fill(
        "questionnaires",
        year=year,
        list="\n".join(links),
        table=markdown_table(header, rows, numbers=3),
    )
    return document(
        "Les questionnaires",
        f"Les questions posées en {year}, telles que posées, population par population.",
        body,
    )


def _asked(edition: Edition, questionnaire: Questionnaire) -> str:
    name = lowered(edition.file.name)
    body = fill(
        "questionnaire",
        count=len(questionnaire.questions),
        minutes=round(questionnaire.minutes()),
        folder=FOLDER,
        pdf=f"questionnaire-{slug(edition.campaign.population)}.pdf",
        anchor=slug(edition.campaign.population),
        introduction=escaped(questionnaire.introduction).replace("\n", "\n\n"),
        questions=questionnaire_markdown(questionnaire),
    )
    return document(
        f"Questionnaire {edition.year} : {name}",
        "Les questions, leurs réponses proposées, à qui elles sont posées et d’où elles viennent.",
        body,
        toc=True,
        **{"toc-depth": 2},
    )
