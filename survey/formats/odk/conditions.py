"""Conditions in XPath, as XLSForm writes them: `${q}` stands for the node of a question.

Nodes are those of `survey.formats.odk.names`. One that is not shown and one left blank are both
empty: compared with a code they are false, and as a number they are NaN, for which every comparison
is false too. Only `AllRows` and `Count` tell a hidden row from a blank one, by asking again the
conditions under which the row is shown. Functions used: `selected`, `true`, `not`, `number`.
"""

from __future__ import annotations

from collections.abc import Iterable

from survey.columns import answer_column
from survey.conditions import (
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
from survey.formats.odk.names import decimal_text, dont_know_node
from survey.questions import Question, Questionnaire, Row
from survey.routing import effective_base

EVERYONE_XPATH = "true()"


def to_xpath(condition: Condition, questionnaire: Questionnaire) -> str:
    """XPath 1.0 that is true exactly where `survey.evaluation.holds` is, read in the form.

    `taille != "0"` -> `not(${taille} = '0')`.
    """
    match condition:
        case Everyone():
            return EVERYONE_XPATH
        case Named(code):
            return to_xpath(parse(questionnaire.base(code).condition), questionnaire)
        case Not(inner):
            return f"not({to_xpath(inner, questionnaire)})"
        case And(inners):
            return all_of(to_xpath(inner, questionnaire) for inner in inners)
        case Or(inners):
            return any_of(to_xpath(inner, questionnaire) for inner in inners)
        case Has(question, option):
            return f"selected(${{{question}}}, '{option}')"
        case Compare(question, operator, number):
            return f"${{{question}}} {operator} {decimal_text(number)}"
        case Is(question, values, row):
            return _among(questionnaire.question(question), values, row)
        case Answered(question, row):
            return _is_answered(questionnaire.question(question), row)
        case AnyRow(code, values):
            question = questionnaire.question(code)
            return any_of(_among(question, values, row.code) for row in question.rows)
        case AllRows():
            return _all_rows(condition, questionnaire)
        case Count():
            return _count(condition, questionnaire)


def shown_xpath(
    question: Question, questionnaire: Questionnaire, row: Row | None = None
) -> str | None:
    """The `relevant` of a question, or of a row within its grid; None where always shown."""
    condition = effective_base(question) if row is None else _row_condition(row)
    return None if condition == Everyone() else to_xpath(condition, questionnaire)


def _among(question: Question, values: tuple[str, ...], row: str | None) -> str:
    node = f"${{{answer_column(question, row)}}}"
    if question.type == "number":
        return any_of(f"{node} = {decimal_text(float(value))}" for value in values)
    return any_of(f"{node} = '{value}'" for value in values)


def _is_answered(question: Question, row: str | None) -> str:
    nodes = [answer_column(question, row)]
    if question.type == "grid" and row is None:
        nodes = [answer_column(question, each.code) for each in question.rows]
    if question.type == "number" and question.dont_know:
        nodes.append(dont_know_node(question))
    return any_of(f"${{{node}}} != ''" for node in nodes)


def _all_rows(condition: AllRows, questionnaire: Questionnaire) -> str:
    """Each row matches or is hidden; one at least matches, so that the grid was seen."""
    question = questionnaire.question(condition.question)
    matches = {row: _among(question, condition.values, row.code) for row in question.rows}
    kept = [
        match if row.only_if is None else any_of([match, f"not({_row_xpath(row, questionnaire)})"])
        for row, match in matches.items()
    ]
    always = any(row.only_if is None for row in question.rows)
    return all_of([*kept, *([] if always else [any_of(matches.values())])])


def _count(condition: Count, questionnaire: Questionnaire) -> str:
    """The number of rows that match; where no match would do, the grid must have been seen."""
    question = questionnaire.question(condition.question)
    matches = [_among(question, condition.values, row.code) for row in question.rows]
    total = " + ".join(f"number({match})" for match in matches)
    compared = f"{total} {condition.operator} {condition.threshold}"
    return all_of([compared, *_seen(question, questionnaire)])


def _seen(question: Question, questionnaire: Questionnaire) -> list[str]:
    """Conditions that show a grid and a row of it; none where everyone sees one."""
    asked = shown_xpath(question, questionnaire)
    rows = [row.only_if and _row_xpath(row, questionnaire) for row in question.rows]
    return [*([asked] if asked else []), *([any_of(rows)] if all(rows) else [])]


def _row_condition(row: Row) -> Condition:
    return Everyone() if row.only_if is None else parse(row.only_if)


def _row_xpath(row: Row, questionnaire: Questionnaire) -> str:
    return to_xpath(_row_condition(row), questionnaire)


def any_of(parts: Iterable[str]) -> str:
    """At least one of these."""
    return _joined(" or ", parts)


def all_of(parts: Iterable[str]) -> str:
    """All of these."""
    return _joined(" and ", parts)


def _joined(word: str, parts: Iterable[str]) -> str:
    """One part as it is, several between parentheses."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else f"({word.join(parts)})"
