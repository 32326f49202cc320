"""Answers as a SurveyJS form keeps them, one object a person, there and back.

| question | key | value |
|---|---|---|
| `single` | `<q>` | the code, `NSP` among them |
| `multiple` | `<q>` | list of the codes ticked, or `["NSP"]` |
| `grid` | `<q>` | object: code of each row answered -> code |
| `number`, `text` | `<q>` | the number or text |
| number not known | `<q>__etat` | `["NSP"]` |
| text beside « Autre » | `<q>__<option>__texte` | the text |

What was not asked and what was left blank have no key: routing tells one from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    answer_column,
    other_text_column,
    question_columns,
    state_column,
    tick_column,
)
from survey.errors import ResponseError
from survey.evaluation import is_asked, shown
from survey.french import typography
from survey.questions import Option, Question, Questionnaire, Row

LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ValueFault:
    """A value that its column cannot hold."""

    column: str
    value: Any
    what: str

    def __str__(self) -> str:
        return typography(f"« {self.column} » : {self.what}.")


def answers_to_surveyjs(answers: Mapping[str, Any], questionnaire: Questionnaire) -> dict[str, Any]:
    """The data of the form for one person's answers (columns of `survey.columns`)."""
    return {
        key: value
        for question in questionnaire.questions
        for key, value in _written(question, answers).items()
        if value is not None and value != [] and value != {}
    }


def _written(question: Question, answers: Mapping[str, Any]) -> dict[str, Any]:
    code, state = question.code, state_column(question)
    given = {
        column.name: None if column.role == "choice" and value == BLANK else value
        for column in question_columns(question)
        if (value := answers.get(column.name)) is not None
    }
    texts = {name: value for name, value in given.items() if name.endswith("__texte")}
    dont_know = [DONT_KNOW] if given.get(state) == DONT_KNOW else None
    match question.type:
        case "single":
            return given
        case "grid":
            rows = {row.code: given.get(answer_column(question, row.code)) for row in question.rows}
            return {code: {row: value for row, value in rows.items() if value is not None}}
        case "multiple":
            options = [option.code for option in question.options]
            ticked = [each for each in options if given.get(tick_column(question, each))]
            return {code: dont_know or ticked} | texts
        case "number" | "text":
            return {code: given.get(code), state: dont_know}


def answers_from_surveyjs(data: Mapping[str, Any], questionnaire: Questionnaire) -> dict[str, Any]:
    """One person's answers from the data of the form: every column, None where not asked.

    Blank and asked is `NR`; keys that are none of the questionnaire's are let through unread. What
    no value shows alone (bounds, an answer to a question not asked) is for `check_responses`.

    Raises
    ------
    ResponseError : values that their columns cannot hold, all of them, in French
    """
    answers, faults = read_answers(data, questionnaire)
    if faults:
        raise ResponseError("\n".join(["Réponse refusée.", *map(str, faults)]))
    return answers


def read_answers(
    data: Mapping[str, Any], questionnaire: Questionnaire
) -> tuple[dict[str, Any], list[ValueFault]]:
    """The answers, and the values left out of them; question after question, as routing needs."""
    reading = _Reading(questionnaire, data, {}, [])
    for question in questionnaire.questions:
        reading.read(question)
    return reading.answers, reading.faults


@dataclass(frozen=True, slots=True)
class _Reading:
    """Answers of one person as they are read from `data`, and what could not be."""

    questionnaire: Questionnaire
    data: Mapping[str, Any]
    answers: dict[str, Any]
    faults: list[ValueFault]

    def read(self, question: Question) -> None:
        asked = is_asked(question, self.questionnaire, self.answers)
        self.answers.update({column.name: None for column in question_columns(question)})
        match question.type:
            case "single":
                choice = self.choice(question, question.code, self.data.get(question.code))
                self.answers[question.code] = choice or _blank(question, asked)
            case "grid":
                self.grid(question, asked)
            case "multiple":
                self.ticks(question, asked)
            case "number":
                self.number(question, asked)
            case "text":
                text = self.text(question.code)
                self.value(question, text, GIVEN if text else None, asked)
        for option in question.options:
            if option.other:
                name = other_text_column(question, option.code)
                self.answers[name] = self.text(name)

    def given(self, key: str, nothing: Any) -> Any:
        value = self.data.get(key)
        return nothing if value is None else value

    def refuse(self, column: str, value: Any, what: str) -> None:
        self.faults.append(ValueFault(column, value, what))

    def choice(self, question: Question, column: str, value: Any) -> str | None:
        """The code of an option; None where there is none that is known."""
        codes = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
        if value is None or value in codes:
            return value
        self.refuse(column, value, f"code inconnu (admis : {', '.join(codes)})")
        return None

    def grid(self, question: Question, asked: bool) -> None:
        given = self.given(question.code, {})
        if not isinstance(given, dict):
            self.refuse(question.code, given, "une réponse par ligne était attendue")
            return
        for row in given.keys() - {row.code for row in question.rows}:
            self.refuse(question.code, row, "ligne inconnue")
        offered = self.offered(question.rows) if asked else []
        for row in question.rows:
            name = answer_column(question, row.code)
            choice = self.choice(question, name, given.get(row.code))
            self.answers[name] = choice or _blank(question, row in offered)

    def ticks(self, question: Question, asked: bool) -> None:
        given = self.given(question.code, [])
        if not isinstance(given, list):
            self.refuse(question.code, given, "une liste de codes était attendue")
            return
        codes = {self.choice(question, question.code, code) for code in given} - {None}
        if DONT_KNOW in codes and len(codes) > 1:
            self.refuse(question.code, given, f"« {DONT_KNOW} » exclut les autres réponses")
        state = DONT_KNOW if DONT_KNOW in codes else GIVEN if codes else _blank(question, asked)
        self.answers[state_column(question)] = state
        if state == GIVEN:
            offered = self.offered(question.options)
            for option in question.options:
                if option in offered or option.code in codes:
                    self.answers[tick_column(question, option.code)] = option.code in codes

    def offered(self, items: Iterable[Option | Row]) -> list[Option | Row]:
        return shown(tuple(items), self.questionnaire, self.answers)

    def number(self, question: Question, asked: bool) -> None:
        value, state = self.data.get(question.code), state_column(question)
        number, box = _number(question, value), self.given(state, [])
        if value is not None and number is None:
            kind = "nombre entier" if question.integer else "nombre"
            self.refuse(question.code, value, f"un {kind} était attendu")
        if box not in ([], [DONT_KNOW] * question.dont_know):
            self.refuse(state, box, "valeur inconnue")
        elif box and value is not None:
            self.refuse(question.code, value, f"un nombre et « {DONT_KNOW} » à la fois")
        given = DONT_KNOW if box else None if number is None else GIVEN
        self.value(question, number, given, asked)

    def value(self, question: Question, value: Any, state: str | None, asked: bool) -> None:
        self.answers[state_column(question)] = state or _blank(question, asked)
        self.answers[question.code] = value

    def text(self, column: str) -> str | None:
        """A text without spaces at its ends; None when nothing is left."""
        value = self.data.get(column)
        if value is None:
            return None
        if not isinstance(value, str) or not _can_be_written(value):
            is_text = isinstance(value, str)
            what = "texte illisible, hors de l’UTF-8" if is_text else "un texte était attendu"
            self.refuse(column, value, what)
            return None
        return value.strip() or None


def _blank(question: Question, asked: bool) -> str | None:
    """What no value means; None where an answer is due, which `check_responses` refuses."""
    return BLANK if asked and not question.required else None


def _number(question: Question, value: Any) -> float | int | None:
    """The number, in the type of its column; None when it is not one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) <= LARGEST_NUMBER:
        return None
    if not question.integer:
        return float(value)
    return int(value) if value == int(value) else None


def _can_be_written(text: str) -> bool:
    """JSON may hold half a character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
