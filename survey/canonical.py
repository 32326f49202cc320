"""Conditions written back as text, and what is left of one where some codes do not exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import eq
from typing import TYPE_CHECKING

from survey.columns import special_codes
from survey.conditions import (
    EVERYONE,
    KEYWORDS,
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

if TYPE_CHECKING:
    from survey.questions import Question, Questionnaire


def to_text(condition: Condition) -> str:
    """The condition in the routing language; `parse` gives the same tree back."""
    match condition:
        case Everyone():
            return EVERYONE
        case Named(code):
            return code
        case Not(inner):
            return f"not {_within(inner)}"
        case And(inners):
            return " and ".join(map(_within, inners))
        case Or(inners):
            return " or ".join(map(_within, inners))
        case Is(question, values, row):
            return f"{_subject(question, row)} {_among(values)}"
        case Compare(question, operator, number):
            return f"{question} {operator} {plain_number(number)}"
        case Has(question, option):
            return f"{question} has {_code(option)}"
        case AnyRow(question, values):
            return f"any({question}) {_among(values)}"
        case AllRows(question, values):
            return f"all({question}) {_among(values)}"
        case Count(question, values, operator, threshold):
            return f"count({question} {_among(values)}) {operator} {threshold}"
        case Answered(question, row):
            return f"answered({_subject(question, row)})"


def plain_number(number: float) -> str:
    """`10.0` -> « 10 », `1234567.5` -> « 1234567.5 »: every digit, a point, no exponent."""
    return format(Decimal(repr(float(number))).normalize(), "f")


def _within(condition: Condition) -> str:
    text = to_text(condition)
    return f"({text})" if isinstance(condition, And | Or) else text


def _subject(question: str, row: str | None) -> str:
    return question if row is None else f"{question}.{_code(row)}"


def _among(values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return f"= {_code(values[0])}"
    return f"in ({', '.join(map(_code, values))})"


def _code(code: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9_]+", code) and code not in KEYWORDS | {EVERYONE}
    return code if plain else f'"{code}"'


def resolved(condition: Condition, questionnaire: Questionnaire) -> Condition:
    """The same condition with what each named base stands for in its place."""
    match condition:
        case Named(code):
            return resolved(parse(questionnaire.base(code).condition), questionnaire)
        case Not(inner):
            return Not(resolved(inner, questionnaire))
        case And(inners):
            return And(tuple(resolved(inner, questionnaire) for inner in inners))
        case Or(inners):
            return Or(tuple(resolved(inner, questionnaire) for inner in inners))
        case _:
            return condition


def restricted(
    condition: Condition,
    questions: dict[str, Question],
    base_of: Callable[[str], Condition | bool],
) -> Condition | bool:
    """What a condition comes to where only these options and rows exist; a Boolean when settled.

    Parameters
    ----------
    questions : the questions by code, each with the options and rows that there are
    base_of : what a named base comes to

    An option that does not exist is never the answer; the rows of a grid that there are stand for
    all of them.
    """

    def inner_of(inner: Condition) -> Condition | bool:
        return restricted(inner, questions, base_of)

    match condition:
        case Everyone():
            return True
        case Named(code):
            found = base_of(code)
            return found if isinstance(found, bool) else condition
        case Not(inner):
            left = inner_of(inner)
            return not left if isinstance(left, bool) else Not(left)
        case And(inners):
            return _joined(map(inner_of, inners), And, settles=False)
        case Or(inners):
            return _joined(map(inner_of, inners), Or, settles=True)
        case _:
            question = questions.get(condition.question)
            if question is None:
                return False
            return _restricted_atom(condition, question, inner_of)


def _joined(parts: Iterable[Condition | bool], kind: type, *, settles: bool) -> Condition | bool:
    """Parts put together; `settles` is the value of one part that decides for all."""
    kept = [part for part in parts if part is not (not settles)]
    if settles in [part for part in kept if isinstance(part, bool)]:
        return settles
    return (kept[0] if len(kept) == 1 else kind(tuple(kept))) if kept else not settles


def _restricted_atom(
    atom: Condition, question: Question, inner_of: Callable[[Condition], Condition | bool]
) -> Condition | bool:
    codes = {option.code for option in question.options} | set(special_codes(question))
    rows = {row.code for row in question.rows}
    if getattr(atom, "row", None) is not None and atom.row not in rows:
        return False
    if isinstance(atom, Has):
        return atom if atom.option in codes else False
    if question.type == "number" or not hasattr(atom, "values"):
        return atom
    values = tuple(value for value in atom.values if value in codes)
    match atom:
        case Is(code, _, row):
            return Is(code, values, row) if values else False
        case AnyRow(code, _):
            return AnyRow(code, values) if values else False
        case AllRows(code, _):
            return AllRows(code, values) if values else False
        case Count(code, _, operator, threshold) if values:
            return Count(code, values, operator, threshold)
        case Count(_, _, operator, threshold):
            met = (ORDERS | {"=": eq})[operator](0, threshold)
            return inner_of(parse(question.base)) if met else False
