"""What the templates show of a question: groups of choices, ids, errors; and answers in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from survey.collection.form import (
    DONT_KNOW_LABEL,
    LONGEST_NUMBER,
    LONGEST_TEXT,
    FieldError,
    Fields,
)
from survey.collection.pages import Answers, Form, Page, asked_questions
from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    answer_column,
    other_text_column,
    state_column,
    tick_column,
)
from survey.evaluation import shown
from survey.french import NNBSP, short_number
from survey.questions import Option, Question, Row

NO_ANSWER_LABEL = "Sans réponse"
WIDEST_GRID = 7  # choices side by side; beyond, each row lists its choices
LONGEST_HEADING = 45  # characters of a choice set as the head of a column


@dataclass(frozen=True, slots=True)
class Choice:
    """A radio button or a box; `text` is what was typed beside « Autre », None without it."""

    id: str
    value: str
    label: str
    checked: bool
    text_name: str | None = None
    text: str = ""
    text_error: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The choices of one field; `label` and `help` are those of a row of a grid."""

    name: str
    choices: tuple[Choice, ...]
    label: str = ""
    help: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as shown; `value` is what was typed (number, text), `errors` by field."""

    question: Question
    groups: tuple[Group, ...]
    value: str
    maxlength: int
    dont_know: Choice | None
    wide: bool
    errors: dict[str, str]

    @property
    def described_by(self) -> str:
        """Ids of the help and of the error of the question as a whole."""
        code = self.question.code
        return f"{code}-aide {code}-erreur" if self.own_error else f"{code}-aide"

    @property
    def own_error(self) -> str | None:
        """The error of the question, when it is not of one row or of one text."""
        code, state = self.question.code, state_column(self.question)
        return self.errors.get(code) or self.errors.get(state)


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """A line of the summary of errors: the question, what to do, the id to go to."""

    anchor: str
    short: str
    message: str


def page_view(
    page: Page, form: Form, answers: Answers, fields: Fields, errors: Sequence[FieldError]
) -> list[QuestionView]:
    """The questions of a page that this person is asked."""
    asked = asked_questions(page, form, answers)
    return [_question_view(each, form, answers, fields, errors) for each in asked]


def _question_view(
    question: Question, form: Form, answers: Answers, fields: Fields, errors: Sequence[FieldError]
) -> QuestionView:
    own = {error.field: error.message for error in errors if error.question == question.code}
    options = shown(question.options, form.questionnaire, answers)
    name, state = answer_column(question), state_column(question)
    groups: list[Group] = []
    if question.type == "grid":
        rows = shown(question.rows, form.questionnaire, answers)
        groups = [_row(question, row, options, fields, own) for row in rows]
    elif question.type in ("single", "multiple"):
        groups = [Group(name, _choices(question, name, options, fields, own), error=own.get(name))]
    dont_know = Choice(f"{state}-1", DONT_KNOW, DONT_KNOW_LABEL, DONT_KNOW in fields.get(state, ()))
    headings = [choice.label for choice in groups[0].choices] if groups else []
    return QuestionView(
        question,
        tuple(groups),
        next(iter(fields.get(name, ())), ""),
        LONGEST_NUMBER if question.type == "number" else LONGEST_TEXT,
        dont_know if question.type == "number" and question.dont_know else None,
        len(headings) <= WIDEST_GRID and all(len(each) <= LONGEST_HEADING for each in headings),
        own,
    )


def _row(
    question: Question, row: Row, options: list[Option], fields: Fields, errors: dict[str, str]
) -> Group:
    name = answer_column(question, row.code)
    choices = _choices(question, name, options, fields, errors)
    return Group(name, choices, row.label, row.help, errors.get(name))


def _choices(
    question: Question, name: str, options: list[Option], fields: Fields, errors: dict[str, str]
) -> tuple[Choice, ...]:
    """The options, then « Je ne sais pas ».

    A radio button cannot be unticked: once one is chosen where nothing is required, « Sans
    réponse » is offered too.
    """
    given = set(fields.get(name, ()))
    values = [(option.code, option.label, option.other) for option in options]
    values += [(DONT_KNOW, DONT_KNOW_LABEL, False)] * question.dont_know
    if question.type != "multiple" and not question.required and given & {v[0] for v in values}:
        values.append((BLANK, NO_ANSWER_LABEL, False))
    choices = []
    for rank, (code, label, other) in enumerate(values, start=1):
        beside = other_text_column(question, code) if other else None
        text = next(iter(fields.get(beside, ())), "") if beside else ""
        error = errors.get(beside) if beside else None
        choices.append(Choice(f"{name}-{rank}", code, label, code in given, beside, text, error))
    return tuple(choices)


def error_links(views: Sequence[QuestionView], errors: Sequence[FieldError]) -> list[ErrorLink]:
    """The summary of errors, in the order of the page."""
    by_code = {view.question.code: view for view in views}
    return [
        ErrorLink(
            _anchor(by_code[error.question], error.field),
            by_code[error.question].question.short,
            error.message,
        )
        for error in errors
    ]


def _anchor(view: QuestionView, field: str) -> str:
    """Id of the first control of a field."""
    first = {group.name: group.choices[0].id for group in view.groups if group.choices}
    if field == state_column(view.question):
        field = view.question.code
    return first.get(field, field)


def answer_in_words(question: Question, form: Form, answers: Answers) -> list[str]:
    """What a person answered to a question, one line a row of a grid or a ticked option."""
    if question.type == "grid":
        rows = shown(question.rows, form.questionnaire, answers)
        chosen = [answers.get(answer_column(question, row.code)) for row in rows]
        return [
            f"{row.short}{NNBSP}: {_choice_label(question, code)}"
            for row, code in zip(rows, chosen, strict=True)
        ]
    if question.type == "single":
        chosen = answers.get(answer_column(question))
        return [_choice_label(question, chosen) + _beside(question, chosen, answers)]
    state = answers.get(state_column(question))
    if state != GIVEN:
        return [_choice_label(question, state)]
    if question.type == "multiple":
        return [
            option.label + _beside(question, option.code, answers)
            for option in question.options
            if answers.get(tick_column(question, option.code))
        ]
    value: Any = answers[answer_column(question)]
    if question.type == "text":
        return [value]
    return [" ".join(filter(None, [short_number(value), question.unit]))]


def _choice_label(question: Question, code: str | None) -> str:
    labels = {option.code: option.label for option in question.options}
    labels |= {DONT_KNOW: DONT_KNOW_LABEL, BLANK: NO_ANSWER_LABEL}
    return labels.get(code, "À compléter")


def _beside(question: Question, code: str | None, answers: Answers) -> str:
    text = answers.get(other_text_column(question, code)) if code else None
    return f" ({text})" if text else ""
