"""Conditions on the answers of one person: what a form decides page after page.

Answers are one row of a file of answers as a mapping: the columns of `survey.columns`, None where
not asked; a column left out counts as None. `survey.routing` says the same of whole frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import eq
from typing import TYPE_CHECKING, Any

from survey.columns import (
    BLANK,
    answer_column,
    question_columns,
    tick_column,
)
from survey.conditions import (
    ORDERS,
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Condition,
    Count,
    Everyone,
    Has,
    Is,
    Named,
    Not,
    Or,
    parse,
)
from survey.routing import effective_base

if TYPE_CHECKING:
    from survey.questions import Option, Question, Questionnaire, Row

Answers = Mapping[str, Any]


def is_asked(question: Question, questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether the question is shown to the person who gave these answers."""
    return holds(effective_base(question), questionnaire, answers)


def shown(items: tuple, questionnaire: Questionnaire, answers: Answers) -> list[Option | Row]:
    """Options or rows shown to who sees their question."""
    return [
        item
        for item in items
        if item.only_if is None or holds(parse(item.only_if), questionnaire, answers)
    ]


def holds(condition: Condition, questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether a condition is met; what was not asked or left blank compares as false."""
    match condition:
        case Everyone():
            return True
        case Named(code):
            return holds(parse(questionnaire.base(code).condition), questionnaire, answers)
        case Not(inner):
            return not holds(inner, questionnaire, answers)
        case And(inners):
            return all(holds(inner, questionnaire, answers) for inner in inners)
        case Or(inners):
            return any(holds(inner, questionnaire, answers) for inner in inners)
        case _:
            return _atom(condition, questionnaire.question(condition.question), answers)


def _atom(condition: Condition, question: Question, answers: Answers) -> bool:
    match condition:
        case Is(_, values, row):
            value = answers.get(answer_column(question, row))
            if question.type == "number":
                return value is not None and float(value) in map(float, values)
            return value in values
        case Compare(_, operator, number):
            value = answers.get(answer_column(question))
            return value is not None and ORDERS[operator](value, number)
        case Has(_, option):
            return answers.get(tick_column(question, option)) is True
        case Answered(_, row):
            return _is_answered(question, row, answers)
        case _:
            return _rows(condition, question, answers)


def _rows(condition: AnyRow | AllRows | Count, question: Question, answers: Answers) -> bool:
    """A row hidden from who saw the grid does not count; false where the grid was not seen."""
    given = [answers.get(answer_column(question, row.code)) for row in question.rows]
    matches = [value in condition.values for value in given if value is not None]
    if not matches:
        return False
    match condition:
        case AnyRow():
            return any(matches)
        case AllRows():
            return all(matches)
        case Count(_, _, operator, threshold):
            return (ORDERS | {"=": eq})[operator](sum(matches), threshold)


def _is_answered(question: Question, row: str | None, answers: Answers) -> bool:
    if row is not None:
        names = [answer_column(question, row)]
    else:
        columns = question_columns(question)
        names = [column.name for column in columns if column.role in ("choice", "state")]
    return any(answers.get(name) not in (None, BLANK) for name in names)
