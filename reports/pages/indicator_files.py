"""What stands beside the page of an indicator: cells (CSV), description (JSON), image."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from analysis.tables import csv_frame
from reports.addresses import indicator_page
from reports.edition import WHOLE
from reports.figure import Figure
from reports.pages.indicator_figures import address
from reports.pages.measures import Measure
from survey.files import SIMULATED
from survey.french import lowered, typography
from survey.questions import Question
from survey.recommendations import Recommendation, Recommendations
from survey.routing import parse, to_french

FOLDER = "indicateurs"
IMAGES = ("svg", "png")
LICENCE = "Licence Ouverte 2.0"
LICENCE_ADDRESS = "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
BETTER = {
    "higher": "la hausse",
    "lower": "la baisse",
    "neither": "ni hausse ni baisse en soi",
}
ROLES = {"moyens": "indicateur de moyens", "resultat": "indicateur de résultat"}
ROLES |= {"impact": "indicateur d’impact"}


def files(
    measure: Measure, figures: Sequence[Figure], recommendations: Recommendations
) -> dict[str, bytes]:
    """The files of each figure, then `.csv`, `.json`, `.svg` and `.png` at the indicator's address.

    The image of the indicator is that of its first figure; it has none where none is shown.
    """
    base = indicator_page(measure.edition.campaign.population, measure.code)
    found = {name: data for figure in figures for name, data in figure.files(FOLDER).items()}
    if figures:
        first = f"{FOLDER}/{figures[0].caption.id}"
        found |= {f"{base}.{kind}": found[f"{first}.{kind}"] for kind in IMAGES}
    names = [f"{base}.{kind}" for kind in ("csv", *(IMAGES if figures else ()))]
    text = json.dumps(description(measure, names, recommendations), ensure_ascii=False, indent=1)
    return {**found, f"{base}.csv": cells_csv(measure), f"{base}.json": f"{text}\n".encode()}


def cells_csv(measure: Measure) -> bytes:
    """Every published cell of the indicator, labelled: row, answer, domain and kind of domain."""
    cuts = {cut.type: typography(cut.label) for cut in measure.edition.file.domains}
    simulated = measure.edition.campaign.decisions.simulee
    cells = measure.cells.with_columns(answer="answer_label")
    named = csv_frame(cells, simulated=simulated).with_columns(
        row_label=cells["indicator_label"],
        domain_type_label=cells["domain_type"].replace_strict(cuts, default=None),
    )
    first = ("row_label", "answer", "domain_type_label", "label")
    table = named.select(*first, pl.exclude(first))
    return f"\ufeff{table.write_csv()}".encode()


def citation(measure: Measure) -> str:
    """How to cite the indicator."""
    edition = measure.edition
    population = lowered(edition.file.name)
    return typography(
        f"{edition.full_source}, « {measure.title} » ({population}), {edition.region}"
    )


def questions(measure: Measure) -> list[Question]:
    """The questions that the indicator rests on, those of its base left out."""
    questionnaire, asked = measure.edition.questionnaire, measure.definition
    codes = {code for code in (asked.each, asked.mean) if code}
    for condition in (asked.condition, asked.total):
        codes |= questionnaire.questions_behind(parse(condition)) if condition else set()
    return [each for each in questionnaire.questions if each.code in codes]


def calculation(measure: Measure) -> str:
    """What is computed, in French: on whom, what is counted."""
    asked, questionnaire = measure.definition, measure.edition.questionnaire
    among = f"parmi les {measure.units}"
    missing = " « Ne sait pas » compte comme une absence de réponse." * (
        asked.dont_know == "missing"
    )
    match measure.kind:
        case "share":
            those = "lesquelles" if measure.noun and measure.noun.feminine else "lesquels"
            counted = to_french(parse(asked.condition), questionnaire)
            said = f"part des {measure.units} pour {those} {counted}"
        case "mean":
            said = f"moyenne des nombres répondus, {among}"
        case "total":
            said = f"nombre estimé de cas où {to_french(parse(asked.total), questionnaire)}"
        case "grid":
            said = f"part de chaque réponse à chaque ligne, {among}"
        case "answers":
            said = f"part de chaque réponse, {among} ; leur somme fait 100 %"
        case _:
            said = f"part de chaque réponse, {among} ; plusieurs réponses sont possibles"
            if asked.answer:
                said = f"part de « {_answer(measure)} » à chaque ligne, {among}"
    return typography(f"{said}.{missing}")


def _answer(measure: Measure) -> str:
    question = measure.edition.questionnaire.question(measure.definition.each)
    return question.option(measure.definition.answer).short


def respondents(measure: Measure) -> int | None:
    """Respondents of the base in the region; None when withheld."""
    return measure.whole["n_respondents"].max() if measure.whole.height else None


def since(measure: Measure) -> int | None:
    """The first edition since when all its figures over the whole population compare."""
    return measure.cells.filter(domain_type=WHOLE)["comparable_since"].max()


def breaks(measure: Measure) -> list[str]:
    """What broke its series, in French."""
    return measure.cells["series_break"].drop_nulls().unique(maintain_order=True).to_list()


def followed(measure: Measure, known: Iterable[Recommendation]) -> list[tuple[Recommendation, str]]:
    """The recommendations it follows, each with the kind of indicator it is for it."""
    by_code = {each.code: each for each in known}
    return [
        (by_code[each.recommendation], ROLES[each.as_])
        for each in measure.definition.follows
        if each.recommendation in by_code
    ]


def description(
    measure: Measure, names: Sequence[str], known: Iterable[Recommendation]
) -> dict[str, Any]:
    """The indicator for machines, in the words of schema.org where it has some; no estimate."""
    edition, asked = measure.edition, measure.definition
    simulated = edition.campaign.decisions.simulee
    published = set(measure.cells["domain_type"])
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "identifier": indicator_page(edition.campaign.population, measure.code),
        "name": f"{measure.title} ({SIMULATED})" if simulated else measure.title,
        "description": calculation(measure),
        "inLanguage": "fr",
        "temporalCoverage": str(edition.year),
        "spatialCoverage": {"@type": "Place", "name": edition.region},
        "license": LICENCE_ADDRESS,
        "citation": citation(measure),
        "isAccessibleForFree": True,
        "url": f"{address(measure)}.html",
        "distribution": [_distribution(name) for name in names],
        "code": measure.code,
        "population": {
            "code": edition.campaign.population,
            "name": edition.file.name,
            "field": edition.file.scope.field,
        },
        "edition": edition.year,
        "simulated": simulated,
        "licence": LICENCE,
        "theme": measure.cells["theme"][0],
        "kind": measure.kind,
        "statistic": measure.statistic,
        "base": {"expression": asked.base, "label": measure.cells["base_label"][0]},
        "condition": _condition(measure),
        "dontKnow": asked.dont_know,
        "questions": [
            {"code": each.code, "text": each.text, "help": each.help, "type": each.type}
            for each in questions(measure)
        ],
        "rows": _rows(measure),
        "breakdowns": [
            {"type": cut.type, "label": typography(cut.label), "role": cut.role}
            for cut in edition.file.domains
            if cut.type in published
        ],
        "respondents": respondents(measure),
        "comparableSince": since(measure),
        "seriesBreaks": breaks(measure),
        "better": asked.better,
        "follows": [
            {"code": each.code, "title": each.title, "as": role}
            for each, role in followed(measure, known)
        ],
        "comparators": [
            {"domain": each.on, "ids": list(each.with_), "differs": each.differs}
            for each in asked.compare
        ],
        "method": "../methode.html",
    }


def _condition(measure: Measure) -> Mapping[str, str] | None:
    asked = measure.definition
    written = asked.total or asked.condition
    if measure.kind not in ("share", "total"):
        return None
    said = to_french(parse(written), measure.edition.questionnaire)
    return {"expression": written.strip(), "french": said}


def _rows(measure: Measure) -> list[dict[str, str | None]]:
    """The rows of a family: code, label, answer."""
    named = measure.whole.select("indicator", "label", "answer").rows()
    return [{"code": code, "label": label, "answer": answer} for code, label, answer in named]


def _distribution(name: str) -> dict[str, str]:
    kinds = {"csv": "text/csv", "svg": "image/svg+xml", "png": "image/png"}
    file = name.rpartition("/")[2]
    return {
        "@type": "DataDownload",
        "contentUrl": file,
        "encodingFormat": kinds[file.rpartition(".")[2]],
    }
