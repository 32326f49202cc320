"""Who is asked what, compiled: conditions to Polars expressions and to French prose.

The language and its tree are in `survey.conditions`, the prose in `survey.prose`; both are
re-exported here, so that `survey.routing` is all a caller needs. A further target (a web form,
LimeSurvey, XLSForm) is one more function with one `match` over the same tree.

Routing is two-valued: a comparison on a question that was not asked or was left blank is false, and
`x != a` is `not (x = a)`. Indicators are three-valued (Kleene): what was not answered is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Literal

import polars as pl

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    answer_column,
    question_columns,
    state_column,
    tick_column,
)
from survey.conditions import (
    EVERYONE,
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
    RoutingError,
    parse,
    references,
)
from survey.prose import asked_if, to_french

if TYPE_CHECKING:
    from survey.questions import Option, Question, Questionnaire, Row

__all__ = [
    "Condition",
    "RoutingError",
    "asked_if",
    "effective_base",
    "parse",
    "references",
    "to_french",
    "to_polars",
]


def effective_base(question: Question, item: Option | Row | None = None) -> Condition:
    """Condition under which a question, or one `item` (option, row) of it, is shown.

    Bases of the questions it refers to need no repeating: what was not asked compares as false.
    """
    texts = [question.base, item.only_if if item else None]
    conditions = tuple(parse(text) for text in texts if text not in (None, EVERYONE))
    match conditions:
        case ():
            return Everyone()
        case (condition,):
            return condition
        case _:
            return And(conditions)


def to_polars(
    condition: Condition,
    questionnaire: Questionnaire,
    *,
    missing: Literal["false", "unknown"] = "false",
    dont_know: Literal["answer", "missing"] = "answer",
) -> pl.Expr:
    """Boolean expression over the columns of answers (see `survey.columns`).

    Parameters
    ----------
    missing
        `"false"`: two-valued, never null, as the form decides whom to ask. `"unknown"`: Kleene
        logic, null where the answer needed was not asked or left blank and the others do not settle
        it; a row or an option hidden by its own `only_if` counts as not matching.
    dont_know
        with `missing="unknown"`, whether `NSP` is an answer like another or unknown.

    `ensemble` alone gives a literal of length one, which Polars broadcasts beside other columns.
    """
    return _Compiler(questionnaire, missing == "unknown", dont_know == "missing").compile(condition)


@dataclass(frozen=True, slots=True)
class _Compiler:
    questionnaire: Questionnaire
    kleene: bool
    dont_know_missing: bool

    def compile(self, condition: Condition) -> pl.Expr:
        match condition:
            case Everyone():
                return pl.lit(True)
            case Named(code):
                return self.compile(parse(self.questionnaire.base(code).condition))
            case Not(inner):
                return ~self.compile(inner)
            case And(inners):
                return reduce(and_, map(self.compile, inners))
            case Or(inners):
                return reduce(or_, map(self.compile, inners))
            case _:
                return self.atom(condition, self.questionnaire.question(condition.question))

    def atom(self, condition: Condition, question: Question) -> pl.Expr:
        match condition:
            case Is(_, values, row) if question.type != "number":
                return self.choice(question, values, row)
            case Is(_, values, _):
                column = pl.col(answer_column(question)).cast(pl.Float64)
                return self.known(question, column.is_in([float(value) for value in values]))
            case Compare(_, operator, number):
                column = pl.col(answer_column(question))
                return self.known(question, ORDERS[operator](column, number))
            case Has(_, option):
                ticked = pl.col(tick_column(question, option)).fill_null(False)
                given = pl.col(state_column(question)) == GIVEN
                return self.known(question, pl.when(given).then(ticked))
            case AnyRow(_, values):
                return reduce(or_, self.rows(question, values, hidden=False))
            case AllRows(_, values):
                return reduce(and_, self.rows(question, values, hidden=True))
            case Count():
                return self.count(condition, question)
            case Answered(_, row):
                return self.answered(question, row)

    def choice(self, question: Question, values: tuple[str, ...], row: str | None) -> pl.Expr:
        column = pl.col(answer_column(question, row))
        matches = column.is_in(list(values))
        if not self.kleene:
            return matches.fill_null(False)
        unknown = [BLANK, DONT_KNOW] if self.dont_know_missing else [BLANK]
        return pl.when(~column.is_in(unknown)).then(matches)

    def known(self, question: Question, matches: pl.Expr) -> pl.Expr:
        """`matches`, null unless answered; an `NSP` that is an answer matches nothing."""
        if not self.kleene:
            return matches.fill_null(False)
        if self.dont_know_missing or not question.dont_know:
            return matches
        is_dont_know = pl.col(state_column(question)) == DONT_KNOW
        return pl.when(is_dont_know).then(False).otherwise(matches)

    def rows(self, question: Question, values: tuple[str, ...], hidden: bool) -> list[pl.Expr]:
        """One expression per row; a row hidden from someone who saw the grid is worth `hidden`."""
        seen = _is_grid_seen(question)
        return [
            pl.when(pl.col(answer_column(question, row.code)).is_null() & seen)
            .then(hidden)
            .otherwise(self.choice(question, values, row.code))
            if row.only_if
            else self.choice(question, values, row.code)
            for row in question.rows
        ]

    def count(self, condition: Count, question: Question) -> pl.Expr:
        """False (unknown) for someone who did not see the grid, whatever the threshold."""
        rows = self.rows(question, condition.values, hidden=False)
        sure = pl.sum_horizontal([row.fill_null(False).cast(pl.Int32) for row in rows])
        possible = pl.sum_horizontal([row.fill_null(True).cast(pl.Int32) for row in rows])

        def at_least(threshold: int) -> pl.Expr:
            return pl.when(sure >= threshold).then(True).when(possible < threshold).then(False)

        threshold = condition.threshold
        matches = {
            ">=": lambda: at_least(threshold),
            ">": lambda: at_least(threshold + 1),
            "<": lambda: ~at_least(threshold),
            "<=": lambda: ~at_least(threshold + 1),
            "=": lambda: at_least(threshold) & ~at_least(threshold + 1),
        }[condition.operator]()
        seen = pl.when(_is_grid_seen(question)).then(matches)
        return seen if self.kleene else seen.fill_null(False)

    def answered(self, question: Question, row: str | None) -> pl.Expr:
        blanks = [BLANK, DONT_KNOW] if self.dont_know_missing else [BLANK]
        if row is not None:
            names = [answer_column(question, row)]
        else:
            columns = question_columns(question)
            names = [column.name for column in columns if column.role in ("choice", "state")]
        return reduce(or_, [(~pl.col(name).is_in(blanks)).fill_null(False) for name in names])


def _is_grid_seen(question: Question) -> pl.Expr:
    columns = [pl.col(answer_column(question, row.code)) for row in question.rows]
    return pl.any_horizontal([column.is_not_null() for column in columns])
