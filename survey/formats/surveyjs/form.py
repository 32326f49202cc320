"""A questionnaire as the JSON of a SurveyJS form, for whoever runs that library already.

The JSON runs in SurveyJS as it is, without code of ours: written for survey-core 2.5, seen to route
the same from 2.3 to 3.1. One page per theme, after a first page that holds the introduction.
Questions, rows and options are shown by `visibleIf` (`survey.formats.surveyjs.conditions`); what a
form hides it empties at once, so that a hidden answer counts no more than in our routing. Keys of
the data: `survey.formats.surveyjs.answers`.

Texts of the library itself (« Page 2 sur 9 ») are French once the page that shows the form has
loaded `survey-core/i18n/french`.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from survey.columns import DONT_KNOW, other_text_column, state_column
from survey.conditions import EVERYONE, Condition, Has, Is, parse
from survey.errors import QuestionnaireError
from survey.files import write_text
from survey.formats.surveyjs.conditions import to_surveyjs
from survey.french import short_number, typography
from survey.questions import Option, Question, Questionnaire, Row

DONT_KNOW_TEXT = "Je ne sais pas"
REQUIRED_TEXT = "Cette question attend une réponse."
WHOLE_TEXT = "La réponse est un nombre entier."
THANKS = "<h3>Merci de votre participation.</h3><p>Vos réponses sont enregistrées.</p>"
# Words of SurveyJS that hide a question of the same code from its conditions.
RESERVED = {"item", "choice", "self", "locale", "constructor", "pageno", "pagecount"}
RESERVED |= {"questioncount", "correctanswers", "correctedanswers", "correctedanswercount"}
RESERVED |= {"incorrectanswers", "incorrectedanswers", "incorrectedanswercount"}
RESERVED_ITEMS = {"undefined", "constructor"}

Element = dict[str, Any]


def export_surveyjs(questionnaire: Questionnaire, path: Path) -> None:
    """Write the form as a JSON file in UTF-8; see `surveyjs_definition`."""
    definition = surveyjs_definition(questionnaire)
    write_text(Path(path), json.dumps(definition, ensure_ascii=False, indent=2) + "\n")


def surveyjs_definition(questionnaire: Questionnaire) -> Element:
    """The form as SurveyJS reads it: `new Survey.Model(definition)`.

    A question of type number that offers « Je ne sais pas » has a box of its own for it,
    `<question>__etat`, which empties and locks the number; the text beside an option « Autre » is a
    question too, `<question>__<option>__texte`.

    Raises
    ------
    QuestionnaireError : codes that SurveyJS would take one for the other
    """
    _refuse_ambiguous_codes(questionnaire)
    pages = [_introduction(questionnaire)] + [
        _page(number, theme, list(questions), questionnaire)
        for number, (theme, questions) in enumerate(
            groupby(questionnaire.questions, key=lambda question: question.theme), start=1
        )
    ]
    return {
        "locale": "fr",
        "title": questionnaire.title,
        "firstPageIsStartPage": True,
        "startSurveyText": "Commencer",
        "pagePrevText": "Précédent",
        "pageNextText": "Suivant",
        "completeText": "Envoyer mes réponses",
        "completedHtml": THANKS,
        "showProgressBar": True,
        "showQuestionNumbers": "off",
        "clearInvisibleValues": "onHidden",
        "pages": pages,
    }


def _refuse_ambiguous_codes(questionnaire: Questionnaire) -> None:
    faults = [
        f"{questionnaire.where(question.code)} : {what}. Donner un autre code."
        for question in questionnaire.questions
        for what in _ambiguities(question)
    ]
    if faults:
        text = "\n".join(["SurveyJS confondrait des codes de ce questionnaire.", *faults])
        raise QuestionnaireError(typography(text))


def _ambiguities(question: Question) -> Iterator[str]:
    """SurveyJS has words of its own, and takes capitals for small letters."""
    if question.code in RESERVED:
        yield f"« {question.code} » est un mot de SurveyJS"
    for items in (question.options, question.rows):
        seen: dict[str, str] = {}
        for code in (item.code for item in items):
            if code.lower() in RESERVED_ITEMS:
                yield f"« {code} » est un mot de SurveyJS"
            if code.lower() in seen:
                yield f"« {code} » et « {seen[code.lower()]} » ne diffèrent que par les majuscules"
            seen[code.lower()] = code


def _introduction(questionnaire: Questionnaire) -> Element:
    lines = (line.strip() for line in questionnaire.introduction.splitlines())
    paragraphs = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines if line)
    # an underscore: no question can have these names
    element = {"type": "html", "name": "texte_accueil", "html": paragraphs}
    return {"name": "page_accueil", "elements": [element]}


def _page(
    number: int, theme: str, questions: list[Question], questionnaire: Questionnaire
) -> Element:
    elements = [element for question in questions for element in _elements(question, questionnaire)]
    title = questionnaire.themes[theme]
    return {"name": f"page_{number}_{theme}", "title": title, "elements": elements}


def _elements(question: Question, questionnaire: Questionnaire) -> list[Element]:
    """The question, then the box « Je ne sais pas » of a number or the texts beside « Autre »."""
    element = {
        "type": "",
        "name": question.code,
        "title": question.text,
        "description": question.help,
    } | _shown(parse(question.base), questionnaire)
    if question.required:
        element |= {"isRequired": True, "requiredErrorText": REQUIRED_TEXT}
    match question.type:
        case "single":
            choices = _choices(question, questionnaire)
            return [element | {"type": "radiogroup", "choices": choices}] + [
                _other_text(question, option, Is(question.code, (option.code,)), questionnaire)
                for option in question.options
                if option.other
            ]
        case "multiple":
            choices = _choices(question, questionnaire)
            return [element | {"type": "checkbox", "choices": choices}] + [
                _other_text(question, option, Has(question.code, option.code), questionnaire)
                for option in question.options
                if option.other
            ]
        case "grid":
            return [_grid(question, element, questionnaire)]
        case "number":
            return _number(question, element)
        case "text":
            return [element | {"type": "comment"}]


def _shown(condition: Condition, questionnaire: Questionnaire) -> Element:
    """`visibleIf`, where there is a condition."""
    expression = to_surveyjs(condition, questionnaire)
    return {} if expression == "true" else {"visibleIf": expression}


def _item(item: Option | Row, questionnaire: Questionnaire) -> Element:
    text = f"{item.label} ({item.help})" if isinstance(item, Row) and item.help else item.label
    return {"value": item.code, "text": text} | _shown(
        parse(item.only_if or EVERYONE), questionnaire
    )


def _choices(question: Question, questionnaire: Questionnaire) -> list[Element]:
    """Options, then « Je ne sais pas » where it is offered; some exclude the others."""
    choices = [
        _item(option, questionnaire) | ({"isExclusive": True} if option.exclusive else {})
        for option in question.options
    ]
    if question.dont_know:
        alone = {"isExclusive": True} if question.type == "multiple" else {}
        choices.append({"value": DONT_KNOW, "text": DONT_KNOW_TEXT} | alone)
    return choices


def _other_text(
    question: Question, option: Option, chosen: Condition, questionnaire: Questionnaire
) -> Element:
    return {
        "type": "text",
        "name": other_text_column(question, option.code),
        "title": typography(f"{option.label} : précisez si vous le souhaitez"),
    } | _shown(chosen, questionnaire)


def _grid(question: Question, element: Element, questionnaire: Questionnaire) -> Element:
    """Each row shown is required where the question is; a grid without rows blocks nobody."""
    required = {"eachRowRequired": True} if element.pop("isRequired", False) else {}
    return element | {
        "type": "matrix",
        **required,
        "columns": _choices(question, questionnaire),
        "rows": [_item(row, questionnaire) for row in question.rows],
    }


def _number(question: Question, element: Element) -> list[Element]:
    number = element | {"type": "text", "inputType": "number"}
    if question.unit:
        number["description"] = typography(f"{question.help} Réponse en {question.unit}.")
    if question.minimum is not None:
        text = typography(f"{short_number(question.minimum)} au moins.")
        number |= {"min": _whole(question.minimum), "minErrorText": text}
    if question.maximum is not None:
        text = typography(f"{short_number(question.maximum)} au plus.")
        number |= {"max": _whole(question.maximum), "maxErrorText": text}
    if question.integer:
        number |= {"step": 1, "stepErrorText": WHOLE_TEXT}
    if not question.dont_know:
        return [number]
    state = state_column(question)
    number |= {"enableIf": f"{{{state}}} empty", "resetValueIf": f"{{{state}}} notempty"}
    if number.pop("isRequired", False):
        number["requiredIf"] = f"{{{state}}} empty"
    box = {
        "type": "checkbox",
        "name": state,
        "title": typography(f"{question.short} : {DONT_KNOW_TEXT.lower()}"),
        "titleLocation": "hidden",
        "choices": [{"value": DONT_KNOW, "text": DONT_KNOW_TEXT}],
    }
    if "visibleIf" in element:
        box["visibleIf"] = element["visibleIf"]
    return [number, box]


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number
