"""Conditions in the expression language of SurveyJS: `visibleIf` of questions, rows and choices.

Rests on what the form does with what it hides: `clearInvisibleValues: onHidden` empties a hidden
question, row or choice at once, and an empty value compares as false. `{#question}` reads a value
as it is written: without the `#`, SurveyJS takes the code `1e1` for the number 10. What is said of
the rows of a grid begins with `{grid} notempty`: a form that empties a hidden grid looks again at
the conditions that name the grid, not at those that name `{grid.row}` alone.
"""

from __future__ import annotations

from decimal import Decimal
from operator import eq
from typing import TYPE_CHECKING

from survey.columns import state_column
from survey.conditions import (
    ORDERS,
    AllRows,
    And,
    Answered,
    AnyRow,
    Atom,
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
    from survey.questions import Question, Questionnaire

ALWAYS = "true"


def to_surveyjs(condition: Condition, questionnaire: Questionnaire) -> str:
    """A condition as SurveyJS evaluates it, named bases written out; `ensemble` is `true`.

    True exactly where `survey.evaluation.holds` is, on the data the form keeps: a key for each
    question answered, `NSP` among the choices, `<number>__etat` for a number that is not known.
    """
    match condition:
        case Everyone():
            return ALWAYS
        case Named(code):
            return to_surveyjs(parse(questionnaire.base(code).condition), questionnaire)
        case Not(inner):
            return f"!({to_surveyjs(inner, questionnaire)})"
        case And(inners):
            return _all(*(to_surveyjs(inner, questionnaire) for inner in inners))
        case Or(inners):
            return _any(*(to_surveyjs(inner, questionnaire) for inner in inners))
        case AllRows():
            return _all_rows(condition, questionnaire)
        case Count():
            return _count(condition, questionnaire)
        case _:
            return _atom(condition, questionnaire.question(condition.question))


def _all(*parts: str) -> str:
    return _joined([part for part in parts if part != ALWAYS] or [ALWAYS], "and")


def _any(*parts: str) -> str:
    return ALWAYS if ALWAYS in parts else _joined(list(parts), "or")


def _joined(parts: list[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"


def _atom(condition: Atom, question: Question) -> str:
    code = question.code
    match condition:
        case Is(_, values, _) if question.type == "number":
            return _any(*(f"{{{code}}} = {_number(float(value))}" for value in values))
        case Is(_, values, None):
            return _is(f"{{#{code}}}", values)
        case Is(_, values, row):
            return _all(f"{{{code}}} notempty", _row_is(code, row, values))
        case Compare(_, operator, number):
            return f"{{{code}}} {operator} {_number(number)}"
        case Has(_, option):
            return f"{{{code}}} contains '{option}'"
        case AnyRow(_, values):
            rows = (_row_is(code, row.code, values) for row in question.rows)
            return _all(f"{{{code}}} notempty", _any(*rows))
        case Answered(_, None) if question.type == "number" and question.dont_know:
            return _any(f"{{{code}}} notempty", f"{{{state_column(question)}}} notempty")
        case Answered(_, None):
            return f"{{{code}}} notempty"
        case Answered(_, row):
            return _all(f"{{{code}}} notempty", f"{{{code}.{row}}} notempty")


def _is(subject: str, values: tuple[str, ...]) -> str:
    """A choice is among `values`."""
    if len(values) == 1:
        return f"{subject} = '{values[0]}'"
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{subject} anyof [{listed}]"


def _row_is(code: str, row: str, values: tuple[str, ...]) -> str:
    return _is(f"{{#{code}.{row}}}", values)


def _all_rows(condition: AllRows, questionnaire: Questionnaire) -> str:
    """Each row matches or is hidden; one that matches shows that the grid was seen."""
    question, values = questionnaire.question(condition.question), condition.values
    always_one = any(row.only_if is None for row in question.rows)
    rows = [
        _any(_row_is(question.code, row.code, values), _hidden(row.only_if, questionnaire))
        if row.only_if
        else _row_is(question.code, row.code, values)
        for row in question.rows
    ]
    seen = f"{{{question.code}}} notempty"
    return _all(seen if always_one else _atom(AnyRow(question.code, values), question), *rows)


def _hidden(only_if: str, questionnaire: Questionnaire) -> str:
    return to_surveyjs(Not(parse(only_if)), questionnaire)


def _count(condition: Count, questionnaire: Questionnaire) -> str:
    """The rows that match are added up; where none need match, the grid must have been seen."""
    question, threshold = questionnaire.question(condition.question), condition.threshold
    matches = [_row_is(question.code, row.code, condition.values) for row in question.rows]
    total = " + ".join(f"iif({match}, 1, 0)" for match in matches)
    none_is_enough = (ORDERS | {"=": eq})[condition.operator](0, threshold)
    seen = _seen(question, questionnaire) if none_is_enough else f"{{{question.code}}} notempty"
    return _all(seen, f"({total}) {condition.operator} {threshold}")


def _seen(grid: Question, questionnaire: Questionnaire) -> str:
    """The grid is asked and shows a row at least."""
    asked = to_surveyjs(effective_base(grid), questionnaire)
    if any(row.only_if is None for row in grid.rows):
        return asked
    shown = (to_surveyjs(parse(row.only_if), questionnaire) for row in grid.rows)
    return _all(asked, _any(*shown))


def _number(number: float) -> str:
    """Digits without exponent: `1e-07` is not a number to SurveyJS."""
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")
