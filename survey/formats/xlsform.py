"""A questionnaire written as an XLSForm, for KoboToolbox, ODK Central, ODK Collect and Enketo.

One page per theme (`field-list`), the introduction before them. What a form asks is what the
questionnaire says: who sees a question, a row or an option (`relevant`, `choice_filter`), bounds
and options that exclude the others (`constraint`), questions that need an answer (`required`).
A number that may be unknown is followed by a box « Ne sait pas », shown as long as there is no
number, so that both never stand together. Names are those of `survey.formats.xlsform_names`.

Not written: translations, and what a questionnaire knows only for the analysis (short labels of
questions, comparisons, editions). pyxform itself turns curly apostrophes into straight ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from survey.columns import DONT_KNOW, SPECIAL_LABELS, answer_column
from survey.conditions import parse
from survey.formats.workbook import write_sheets
from survey.formats.xlsform_conditions import all_of, shown_xpath, to_xpath
from survey.formats.xlsform_names import (
    END,
    INTRODUCTION,
    START,
    TOKEN,
    Page,
    decimal_text,
    dont_know_node,
    header_node,
    other_text_node,
    pages,
)
from survey.french import short_number, typography
from survey.questions import Option, Question, Questionnaire, Row

LANGUAGE = "Français (fr)"
LABEL, HINT = f"label::{LANGUAGE}", f"hint::{LANGUAGE}"
REQUIRED_MESSAGE = f"required_message::{LANGUAGE}"
CONSTRAINT_MESSAGE = f"constraint_message::{LANGUAGE}"
SURVEY = ["type", "name", LABEL, HINT, "required", REQUIRED_MESSAGE, "relevant", "constraint"]
SURVEY += [CONSTRAINT_MESSAGE, "appearance", "choice_filter"]
CHOICES = ["list_name", "name", LABEL]
SETTINGS = ["form_title", "form_id", "version", "default_language", "style"]

WIDEST_TABLE = 60  # characters of the labels of a grid, so that its columns hold on a screen
ANSWER_NEEDED = "Une réponse est nécessaire pour continuer."

Line = dict[str, str]
Choices = tuple[tuple[str, str], ...]  # codes and labels


def export_xlsform(questionnaire: Questionnaire, path: Path) -> None:
    """Write the questionnaire as an XLSForm workbook: sheets survey, choices, settings.

    `version` is the edition and a mark of the content, so that it changes with the form alone: the
    same questionnaire gives the same bytes.

    Raises
    ------
    QuestionnaireError : a question has the name of a node that every form has
    """
    lists = _lists(questionnaire)
    survey = list(_survey(questionnaire, lists))
    choices = [
        {"list_name": name, "name": code, LABEL: label}
        for options, name in lists.items()
        for code, label in options
    ]
    sheets = {
        "survey": (SURVEY, survey),
        "choices": (CHOICES, choices),
        "settings": (SETTINGS, [_settings(questionnaire, [survey, choices])]),
    }
    write_sheets(sheets, Path(path))


def _settings(questionnaire: Questionnaire, content: list[list[Line]]) -> Line:
    edition = questionnaire.edition
    written = json.dumps([questionnaire.title, *content], ensure_ascii=False, sort_keys=True)
    mark = hashlib.sha256(written.encode()).hexdigest()[:8]
    return {
        "form_title": questionnaire.title,
        "form_id": "_".join([questionnaire.code, *([str(edition)] if edition else [])]),
        "version": f"{edition or 'toutes'}-{mark}",
        "default_language": LANGUAGE,
        "style": "pages",
    }


def _lists(questionnaire: Questionnaire) -> dict[Choices, str]:
    """Lists of choices, each once, by the name of the first question that uses it."""
    lists: dict[Choices, str] = {}
    for question in questionnaire.questions:
        if question.options:
            lists.setdefault(_choices(question), f"liste_{question.code}")
        elif question.dont_know:
            lists.setdefault(_dont_know_choice(), "liste_nsp")
    return lists


def _choices(question: Question) -> Choices:
    options = tuple((option.code, option.label) for option in question.options)
    return options + _dont_know_choice() * question.dont_know


def _dont_know_choice() -> Choices:
    return ((DONT_KNOW, SPECIAL_LABELS[DONT_KNOW]),)


def _survey(questionnaire: Questionnaire, lists: dict[Choices, str]) -> Iterator[Line]:
    """Every line of the sheet: times and link, introduction, pages."""
    yield {"type": "start", "name": START}
    yield {"type": "end", "name": END}
    yield {"type": "hidden", "name": TOKEN}
    yield {"type": "note", "name": INTRODUCTION, LABEL: questionnaire.introduction}
    for page in pages(questionnaire):
        yield from _page(page, questionnaire, lists)


def _page(page: Page, questionnaire: Questionnaire, lists: dict[Choices, str]) -> Iterator[Line]:
    yield {
        "type": "begin_group",
        "name": page.name,
        LABEL: questionnaire.themes[page.theme],
        "appearance": "field-list",
    }
    for question in page.questions:
        yield from _question(question, questionnaire, lists)
    yield {"type": "end_group"}


def _question(
    question: Question, questionnaire: Questionnaire, lists: dict[Choices, str]
) -> Iterator[Line]:
    asked = _asked(question, questionnaire) | {"name": question.code, LABEL: question.text}
    match question.type:
        case "single" | "multiple":
            yield asked | _select(question, questionnaire, lists) | _hint(question)
            yield from _other_texts(question)
        case "grid":
            yield asked | {"type": "begin_group"}
            yield from _grid(question, questionnaire, lists)
            yield {"type": "end_group"}
        case "number":
            kind = "integer" if question.integer else "decimal"
            yield asked | {"type": kind} | _hint(question) | _bounds(question) | _needed(question)
            if question.dont_know:
                yield _dont_know_box(question, questionnaire, lists)
        case "text":
            kind = {"type": "text", "appearance": "multiline"}
            yield asked | kind | _hint(question) | _needed(question)


def _asked(question: Question, questionnaire: Questionnaire) -> Line:
    return _relevant(shown_xpath(question, questionnaire))


def _relevant(xpath: str | None) -> Line:
    return {} if xpath is None else {"relevant": xpath}


def _hint(item: Question | Row) -> Line:
    """The help, and the unit of a number."""
    unit = getattr(item, "unit", None)
    parts = [item.help, typography(f"Réponse en {unit}.") if unit else None]
    text = " ".join(filter(None, parts))
    return {HINT: text} if text else {}


def _needed(question: Question, message: str = ANSWER_NEEDED) -> Line:
    """A number that may be unknown needs nothing itself: its box « Ne sait pas » does."""
    if not question.required or (question.type == "number" and question.dont_know):
        return {}
    return {"required": "yes", REQUIRED_MESSAGE: message}


def _select(question: Question, questionnaire: Questionnaire, lists: dict[Choices, str]) -> Line:
    """What makes a choice: its list, the options shown, those that exclude the others."""
    kind = "select_multiple" if question.type == "multiple" else "select_one"
    line = {"type": f"{kind} {lists[_choices(question)]}"} | _needed(question)
    hidden = [
        f"(name != '{option.code}' or {to_xpath(parse(option.only_if), questionnaire)})"
        for option in question.options
        if option.only_if
    ]
    if hidden:
        line["choice_filter"] = all_of(hidden)
    return line | (_exclusive(question) if question.type == "multiple" else {})


def _exclusive(question: Question) -> Line:
    """Options that stand alone, « Ne sait pas » among them."""
    alone = {option.code: option.label for option in question.options if option.exclusive}
    alone |= dict(_dont_know_choice() * question.dont_know)
    if not alone:
        return {}
    ticked = " or ".join(f"selected(., '{code}')" for code in alone)
    labels = " ou ".join(f"« {label} »" for label in alone.values())
    return {
        "constraint": f"count-selected(.) <= 1 or not({ticked})",
        CONSTRAINT_MESSAGE: typography(f"Cochez {labels} sans aucune autre réponse."),
    }


def _other_texts(question: Question) -> Iterator[Line]:
    for option in question.options:
        if option.other:
            yield {
                "type": "text",
                "name": other_text_node(question, option),
                LABEL: typography(f"Vous avez répondu « {option.label} » : précisez."),
                "relevant": _chosen(question, option),
            }


def _chosen(question: Question, option: Option) -> str:
    node = f"${{{question.code}}}"
    if question.type == "single":
        return f"{node} = '{option.code}'"
    return f"selected({node}, '{option.code}')"


def _grid(
    question: Question, questionnaire: Questionnaire, lists: dict[Choices, str]
) -> Iterator[Line]:
    """The help, then one choice per row; short options stand once, above their columns."""
    select = _select(question, questionnaire, lists)
    is_table = sum(len(label) for _, label in _choices(question)) <= WIDEST_TABLE
    header = {"name": header_node(question), LABEL: question.help}
    if is_table:
        unasked = {key: select[key] for key in ("type", "choice_filter") if key in select}
        yield header | unasked | {"appearance": "label"}
    else:
        yield header | {"type": "note"}
    for row in question.rows:
        yield (
            {"name": answer_column(question, row.code), LABEL: row.label}
            | _hint(row)
            | select
            | _relevant(shown_xpath(question, questionnaire, row))
            | ({"appearance": "list-nolabel"} if is_table else {})
        )


def _bounds(question: Question) -> Line:
    """The least and the greatest number, in XPath and in French."""
    limits = [(">=", "au moins", question.minimum), ("<=", "au plus", question.maximum)]
    limits = [limit for limit in limits if limit[2] is not None]
    if not limits:
        return {}
    sizes = " et ".join(f"{size} {short_number(number)}" for _, size, number in limits)
    return {
        "constraint": " and ".join(f". {order} {decimal_text(n)}" for order, _, n in limits),
        CONSTRAINT_MESSAGE: f"Ce nombre doit être {sizes}.",
    }


def _dont_know_box(
    question: Question, questionnaire: Questionnaire, lists: dict[Choices, str]
) -> Line:
    """« Ne sait pas », shown with the question as long as the number is not given."""
    asked = shown_xpath(question, questionnaire)
    line = {
        "type": f"select_one {lists[_dont_know_choice()]}",
        "name": dont_know_node(question),
        LABEL: typography("Si vous ne savez pas :"),
        "relevant": all_of([*([asked] if asked else []), f"${{{question.code}}} = ''"]),
    }
    if question.required:
        needed = typography("Donnez un nombre ou cochez « Ne sait pas ».")
        line |= {"required": "yes", REQUIRED_MESSAGE: needed}
    return line
