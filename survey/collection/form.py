"""From the fields of a form to typed answers and back, one question at a time.

| question | fields |
|---|---|
| `single` | `<q>` = option, `NSP` or `NR`; `<q>__<option>__texte` beside « Autre » |
| `grid` | `<q>__<row>` = option, `NSP` or `NR` |
| `multiple` | `<q>` = options or `NSP`, several; `<q>__<option>__texte` beside « Autre » |
| `number` | `<q>` = what was typed; `<q>__etat` = `NSP` |
| `text` | `<q>` = what was typed |

A question left blank is `NR` once its page is sent, an error where it is required; a page saved for
later (`partial`) leaves it without answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

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
from survey.french import integer, short_number, typography
from survey.questions import Option, Question

Fields = Mapping[str, Sequence[str]]

LONGEST_TEXT = 2000  # characters of a free answer
LONGEST_OTHER = 250  # of the text beside « Autre »
LONGEST_NUMBER = 40  # of what is typed for a number
LARGEST_INTEGER = 2**63 - 1
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+")
SPACES = re.compile(r"[\s\u00a0\u202f]+")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong in one `field` of a question, and what to do, in French."""

    question: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Typed answers of what could be read, and the errors of the rest."""

    answers: dict[str, Any] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()


def read_page(
    page: Page, form: Form, answers: Answers, fields: Fields, *, partial: bool
) -> Reading:
    """Read the fields of every question of the page that is asked; others are left unread.

    `answers` are those of earlier pages. A question in error has no answer.
    """
    columns: dict[str, Any] = {}
    errors: list[FieldError] = []
    for question in asked_questions(page, form, answers):
        reading = read_question(question, form, answers, fields, partial=partial)
        columns |= reading.answers
        errors += reading.errors
    return Reading(columns, tuple(errors))


def read_question(
    question: Question, form: Form, answers: Answers, fields: Fields, *, partial: bool
) -> Reading:
    """Read the fields of one question."""
    offered = shown(question.options, form.questionnaire, answers)
    match question.type:
        case "single":
            return _read_single(question, offered, fields, partial)
        case "grid":
            return _read_grid(question, form, answers, fields, partial)
        case "multiple":
            return _read_multiple(question, offered, fields, partial)
        case "number":
            return _read_number(question, fields, partial)
        case "text":
            return _read_text(question, fields, partial)


def _read_single(
    question: Question, offered: list[Option], fields: Fields, partial: bool
) -> Reading:
    name, texts = answer_column(question), _other_texts(question, offered, fields)
    chosen = _one(fields, name)
    if not chosen and len(texts) == 1:
        chosen = next(iter(texts))
    if chosen in ("", BLANK):
        return _blank(question, name, name, partial, "Choisissez une réponse.")
    if chosen not in _codes(question, offered):
        return _error(question, name, NOT_OFFERED)
    unused = [option for option in offered if option.code in texts and option.code != chosen]
    if unused:
        what = f"Vous avez écrit une précision sans choisir « {unused[0].label} ». "
        return _error(question, name, f"{what}Choisissez cette réponse ou effacez la précision.")
    return _with_texts({name: chosen}, question, texts)


def _read_grid(
    question: Question, form: Form, answers: Answers, fields: Fields, partial: bool
) -> Reading:
    columns: dict[str, Any] = {}
    errors: list[FieldError] = []
    codes = _codes(question, question.options)
    for row in shown(question.rows, form.questionnaire, answers):
        name = answer_column(question, row.code)
        chosen = _one(fields, name)
        if chosen in ("", BLANK):
            what = f"Choisissez une réponse à la ligne « {row.short} »."
            reading = _blank(question, name, name, partial, what)
        elif chosen not in codes:
            reading = _error(question, name, NOT_OFFERED)
        else:
            reading = Reading({name: chosen})
        columns |= reading.answers
        errors += reading.errors
    return Reading(columns, tuple(errors))


def _read_multiple(
    question: Question, offered: list[Option], fields: Fields, partial: bool
) -> Reading:
    """An option is ticked by its box or by the text beside it."""
    name, state = question.code, state_column(question)
    texts = _other_texts(question, offered, fields)
    ticked = {code for code in fields.get(name, ()) if code} | texts.keys()
    if not ticked:
        what = "Cochez au moins une réponse."
        return _blank(question, name, state, partial, what)
    if ticked - set(_codes(question, offered)):
        return _error(question, name, NOT_OFFERED)
    alone = [(option.code, option.label) for option in offered if option.exclusive]
    alone += [(DONT_KNOW, DONT_KNOW_LABEL)] * question.dont_know
    for code, label in alone:
        if code in ticked and len(ticked) > 1:
            what = f"« {label} » ne va pas avec une autre réponse. "
            return _error(question, name, f"{what}Décochez cette réponse ou les autres.")
    if DONT_KNOW in ticked:
        return Reading({state: DONT_KNOW})
    ticks = {tick_column(question, option.code): option.code in ticked for option in offered}
    return _with_texts({state: GIVEN} | ticks, question, texts)


def _read_number(question: Question, fields: Fields, partial: bool) -> Reading:
    name, state = answer_column(question), state_column(question)
    typed = clean_text(_one(fields, name))
    dont_know = question.dont_know and DONT_KNOW in fields.get(state, ())
    if typed and dont_know:
        what = f"Vous avez écrit un nombre et coché « {DONT_KNOW_LABEL} ». Gardez l’un des deux."
        return _error(question, name, what)
    if dont_know:
        return Reading({state: DONT_KNOW})
    if not typed:
        return _blank(question, name, state, partial, "Écrivez un nombre.")
    value = read_number(typed, question)
    if isinstance(value, str):
        return _error(question, name, value)
    return Reading({state: GIVEN, name: value})


def read_number(typed: str, question: Question) -> float | int | str:
    """The number typed (comma or point, spaces between thousands, unit), or what is wrong."""
    digits = SPACES.sub("", typed.removesuffix(question.unit or "")).replace("−", "-")
    if len(digits) > LONGEST_NUMBER or not NUMBER.fullmatch(digits):
        example = "12" if question.integer else "12,5"
        what = f"« {typed[:LONGEST_NUMBER]} » n’est pas un nombre."
        return f"{what} Écrivez-le en chiffres, par exemple {example}."
    value = Decimal(digits.replace(",", "."))
    if question.integer and value != value.to_integral_value():
        return "Écrivez un nombre entier, sans virgule."
    low, high = question.minimum, question.maximum
    if (low is not None and value < Decimal(str(low))) or (
        high is not None and value > Decimal(str(high))
    ):
        return _bounds(question)
    if question.integer:
        return int(value) if abs(value) <= LARGEST_INTEGER else "Ce nombre est trop grand."
    return float(value)


def _bounds(question: Question) -> str:
    low, high = question.minimum, question.maximum
    if low is None:
        return f"Écrivez un nombre inférieur ou égal à {short_number(high)}."
    if high is None:
        return f"Écrivez un nombre supérieur ou égal à {short_number(low)}."
    return f"Écrivez un nombre entre {short_number(low)} et {short_number(high)}."


def _read_text(question: Question, fields: Fields, partial: bool) -> Reading:
    name, state = answer_column(question), state_column(question)
    typed = clean_text(_one(fields, name))
    if not typed:
        return _blank(question, name, state, partial, "Écrivez votre réponse.")
    if len(typed) > LONGEST_TEXT:
        return _error(question, name, _too_long(typed, LONGEST_TEXT))
    return Reading({state: GIVEN, name: typed})


NOT_OFFERED = "Cette réponse n’est pas proposée. Choisissez-en une autre."
DONT_KNOW_LABEL = "Je ne sais pas"


def clean_text(typed: str) -> str:
    """Text as it is kept: lines ended by a newline alone, no control character, ends trimmed."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    return CONTROLS.sub("", lines).strip()


def _with_texts(columns: dict[str, Any], question: Question, texts: dict[str, str]) -> Reading:
    for code, text in texts.items():
        name = other_text_column(question, code)
        if len(text) > LONGEST_OTHER:
            return _error(question, name, _too_long(text, LONGEST_OTHER))
        columns[name] = text
    return Reading(columns)


def _too_long(text: str, most: int) -> str:
    return (
        f"Votre texte compte {integer(len(text))} caractères, {integer(most)} au plus. "
        "Raccourcissez-le."
    )


def _other_texts(question: Question, offered: list[Option], fields: Fields) -> dict[str, str]:
    """Texts written beside the options « Autre », by option."""
    texts = {
        option.code: clean_text(_one(fields, other_text_column(question, option.code)))
        for option in offered
        if option.other
    }
    return {code: text for code, text in texts.items() if text}


def _codes(question: Question, offered: Sequence[Option]) -> list[str]:
    return [option.code for option in offered] + [DONT_KNOW] * question.dont_know


def _one(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _blank(question: Question, name: str, column: str, partial: bool, what: str) -> Reading:
    if partial:
        return Reading()
    return _error(question, name, what) if question.required else Reading({column: BLANK})


def _error(question: Question, name: str, message: str) -> Reading:
    return Reading(errors=(FieldError(question.code, name, typography(message)),))


def written_fields(question: Question, answers: Answers) -> dict[str, list[str]]:
    """The fields that show these answers again: what `read_question` undoes."""
    state, name = state_column(question), answer_column(question)
    texts = {
        column: [answers[column]]
        for column in (other_text_column(question, option.code) for option in question.options)
        if answers.get(column)
    }
    match question.type:
        case "single":
            return _chosen(answers, [name]) | texts
        case "grid":
            return _chosen(answers, [answer_column(question, row.code) for row in question.rows])
        case "multiple":
            codes = [each.code for each in question.options]
            ticked = [code for code in codes if answers.get(tick_column(question, code))]
            dont_know = [DONT_KNOW] * (answers.get(state) == DONT_KNOW)
            return {name: ticked + dont_know} | texts
        case "number" if answers.get(state) == DONT_KNOW:
            return {state: [DONT_KNOW]}
        case _:
            value = answers.get(name)
            return (
                {}
                if value is None
                else {name: [value if isinstance(value, str) else typed_number(value)]}
            )


def _chosen(answers: Answers, names: list[str]) -> dict[str, list[str]]:
    return {name: [answers[name]] for name in names if answers.get(name) not in (None, BLANK)}


def typed_number(value: float) -> str:
    """`12.5` -> « 12,5 »: as a person would type it, nothing rounded."""
    return format(Decimal(repr(value)), "f").replace(".", ",").removesuffix(",0")
