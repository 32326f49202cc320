"""A questionnaire written as an XLSForm, for KoboToolbox, ODK Central, ODK Collect and Enketo.

One page per theme (`field-list`), the introduction before them. What a form asks is what the
questionnaire says: who sees a question, a row or an option (`relevant`, `choice_filter`), bounds
and options that exclude the others (`constraint`), questions that need an answer (`required`).
A number that may be unknown is followed by a box « Ne sait pas », shown as long as there is no
number, so that both never stand together. Names are those of `survey.formats.odk.names`.

Not written: translations, and what a questionnaire knows only for the analysis (short labels of
questions, comparisons, changes). Texts are written as they are, although the tools read `_a_`,
`*a*` and `# a` as Markdown, and pyxform turns curly apostrophes into straight ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from survey.columns import DONT_KNOW, SPECIAL_LABELS, answer_column
from survey.conditions import parse
from survey.formats.odk.conditions import all_of, shown_xpath, to_xpath
from survey.formats.odk.names import (
    END,
    INTRODUCTION,
    START,
    TOKEN,
    decimal_text,
    dont_know_node,
    header_node,
    other_text_node,
    pages,
)
from survey.formats.workbook import write_sheets
from survey.french import short_number, typography
from survey.questions import Question, Questionnaire, Row

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
UNKNOWN: Choices = ((DONT_KNOW, SPECIAL_LABELS[DONT_KNOW]),)


def export_xlsform(questionnaire: Questionnaire, path: Path) -> None:
    """Write the questionnaire as an XLSForm workbook: sheets survey, choices, settings.

    `version` is the edition and a mark of the content, so that it changes with the form alone: the
    same questionnaire gives the same bytes.

    Raises
    ------
    QuestionnaireError : a question has the name of a node that every form has
    """
    lists = _lists(questionnaire)
    survey = list(_Survey(questionnaire, lists).lines())
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
            lists.setdefault(UNKNOWN, "ne_sait_pas")
    return lists


def _choices(question: Question) -> Choices:
    options = tuple((option.code, option.label) for option in question.options)
    return options + UNKNOWN * question.dont_know


@dataclass(frozen=True, slots=True)
class _Survey:
    """The sheet of questions; `lists` names each list of choices."""

    questionnaire: Questionnaire
    lists: dict[Choices, str]

    def lines(self) -> Iterator[Line]:
        """Every line: times and link, introduction, then a page per theme."""
        yield {"type": "start", "name": START}
        yield {"type": "end", "name": END}
        yield {"type": "hidden", "name": TOKEN}
        yield {"type": "note", "name": INTRODUCTION, LABEL: self.questionnaire.introduction}
        for page in pages(self.questionnaire):
            theme = self.questionnaire.themes[page.theme]
            group = {"type": "begin_group", "name": page.name, LABEL: theme}
            yield group | {"appearance": "field-list"}
            for question in page.questions:
                yield from self.question(question)
            yield {"type": "end_group"}

    def question(self, question: Question) -> Iterator[Line]:
        """Lines of a question: itself, its rows, its free texts, its box « Ne sait pas »."""
        line = {"name": question.code, LABEL: question.text} | self.relevant(question)
        match question.type:
            case "single" | "multiple":
                yield line | self.choice(question) | _hint(question) | _exclusive(question)
                yield from _other_texts(question)
            case "grid":
                yield line | {"type": "begin_group"}
                yield from self.grid(question)
                yield {"type": "end_group"}
            case "number":
                kind = {"type": "integer" if question.integer else "decimal"}
                needed = {} if question.dont_know else _needed(question)
                yield line | kind | _hint(question) | _bounds(question) | needed
                if question.dont_know:
                    yield self.dont_know_box(question)
            case "text":
                kind = {"type": "text", "appearance": "multiline"}
                yield line | kind | _hint(question) | _needed(question)

    def relevant(self, question: Question, row: Row | None = None) -> Line:
        """Under which condition a question, or a row of its group, is shown."""
        xpath = shown_xpath(question, self.questionnaire, row)
        return {} if xpath is None else {"relevant": xpath}

    def choice(self, question: Question) -> Line:
        """What makes a choice: its list, the options shown, whether it needs an answer."""
        kind = "select_multiple" if question.type == "multiple" else "select_one"
        line = {"type": f"{kind} {self.lists[_choices(question)]}"} | _needed(question)
        shown = [
            f"(name != '{option.code}' or {to_xpath(parse(option.only_if), self.questionnaire)})"
            for option in question.options
            if option.only_if
        ]
        return line | ({"choice_filter": all_of(shown)} if shown else {})

    def grid(self, question: Question) -> Iterator[Line]:
        """The help, then one choice per row; short options stand once, above their columns."""
        choice = self.choice(question)
        is_table = sum(len(label) for _, label in _choices(question)) <= WIDEST_TABLE
        header = {"name": header_node(question), LABEL: question.help}
        if is_table:
            columns = {key: choice[key] for key in ("type", "choice_filter") if key in choice}
            yield header | columns | {"appearance": "label"}
        else:
            yield header | {"type": "note"}
        for row in question.rows:
            line = {"name": answer_column(question, row.code), LABEL: row.label} | _hint(row)
            line |= choice | self.relevant(question, row)
            yield line | ({"appearance": "list-nolabel"} if is_table else {})

    def dont_know_box(self, question: Question) -> Line:
        """« Ne sait pas », shown with the question as long as its number is not given."""
        asked = shown_xpath(question, self.questionnaire)
        line = {
            "type": f"select_one {self.lists[UNKNOWN]}",
            "name": dont_know_node(question),
            LABEL: typography("Si vous ne savez pas :"),
            "relevant": all_of([*([asked] if asked else []), f"${{{question.code}}} = ''"]),
        }
        needed = typography("Donnez un nombre ou cochez « Ne sait pas ».")
        return line | _needed(question, needed)


def _hint(item: Question | Row) -> Line:
    """The help, and the unit of a number."""
    unit = item.unit if isinstance(item, Question) else None
    texts = [item.help, typography(f"Réponse en {unit}.") if unit else None]
    text = " ".join(filter(None, texts))
    return {HINT: text} if text else {}


def _needed(question: Question, message: str = ANSWER_NEEDED) -> Line:
    return {"required": "yes", REQUIRED_MESSAGE: message} if question.required else {}


def _exclusive(question: Question) -> Line:
    """Options of a multiple choice that stand alone, « Ne sait pas » among them."""
    alone = {option.code: option.label for option in question.options if option.exclusive}
    alone |= dict(UNKNOWN * question.dont_know)
    if question.type == "single" or not alone:
        return {}
    ticked = " or ".join(f"selected(., '{code}')" for code in alone)
    labels = " ou ".join(f"« {label} »" for label in alone.values())
    return {
        "constraint": f"count-selected(.) <= 1 or not({ticked})",
        CONSTRAINT_MESSAGE: typography(f"Cochez {labels} sans aucune autre réponse."),
    }


def _other_texts(question: Question) -> Iterator[Line]:
    node = f"${{{question.code}}}"
    for option in question.options:
        if option.other:
            is_ticked = f"selected({node}, '{option.code}')"
            is_chosen = f"{node} = '{option.code}'"
            yield {
                "type": "text",
                "name": other_text_node(question, option),
                LABEL: typography(f"Vous avez répondu « {option.label} » : précisez."),
                "relevant": is_ticked if question.type == "multiple" else is_chosen,
            }


def _bounds(question: Question) -> Line:
    """The least and the greatest number, in XPath and in French."""
    limits = [(">=", "au moins", question.minimum), ("<=", "au plus", question.maximum)]
    limits = [limit for limit in limits if limit[2] is not None]
    if not limits:
        return {}
    sizes = " et ".join(f"d’{size} {short_number(number)}" for _, size, number in limits)
    return {
        "constraint": " and ".join(f". {order} {decimal_text(n)}" for order, _, n in limits),
        CONSTRAINT_MESSAGE: f"Donnez un nombre {sizes}.",
    }
