"""Canonical cells: what every collecting tool's file is turned into, and how answers fill them.

| question | fields | text of the cell |
|---|---|---|
| `single` | `q` | option code, `NSP` |
| `grid` | `q[<row>]`, one per row | option code, `NSP` |
| `multiple` | `q[<option>]`, one per option; `q[NSP]` | `1`, `0` or empty |
| `number` | `q` | the number; `NSP` where it is offered |
| `text` | `q` | the text |
| option `other: true` | `q[<option>__texte]` | the text |

Codes are ours; an empty cell is the empty text: left blank or not asked, routing tells. An importer
turns its file into these cells; `survey.formats.answers` turns them into typed answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    SPECIAL_LABELS,
    answer_column,
    other_text_column,
    state_column,
    tick_column,
)
from survey.questions import Option, Question, Questionnaire

TICKED, UNTICKED = "1", "0"

Role = Literal["choice", "tick", "dont_know", "value", "other_text"]


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical cell; `item` is the code of the row or option it is about, `NSP` included."""

    question: str
    role: Role
    item: str | None = None

    @property
    def name(self) -> str:
        """`q[ttm]`: how headings, rejects and messages name it."""
        if self.item is None:
            return self.question
        suffix = "__texte" if self.role == "other_text" else ""
        return f"{self.question}[{self.item}{suffix}]"


def question_fields(question: Question) -> list[Field]:
    """Fields of one question, in the order of its options."""
    code = question.code
    texts = [Field(code, "other_text", option.code) for option in others(question)]
    match question.type:
        case "single":
            return [Field(code, "choice"), *texts]
        case "grid":
            return [Field(code, "choice", row.code) for row in question.rows]
        case "multiple":
            ticks = [Field(code, "tick", option.code) for option in question.options]
            return [*ticks, *texts, *[Field(code, "dont_know", DONT_KNOW)] * question.dont_know]
        case _:
            return [Field(code, "value")]


def questionnaire_fields(questionnaire: Questionnaire) -> list[Field]:
    """Fields of every question, in order."""
    return [field for question in questionnaire.questions for field in question_fields(question)]


def others(question: Question) -> list[Option]:
    """Options that open a free text."""
    return [option for option in question.options if option.other]


def cell(name: str) -> str:
    """Column of the cells of a field, beside technical columns."""
    return f"cell:{name}"


def other_field(question: Question, option: Option) -> str:
    """Name of the field of the free text of an option."""
    return Field(question.code, "other_text", option.code).name


def item_label(question: Question, field: Field) -> str | None:
    """What stands beside the question above a column: label of the row or option; None alone."""
    match field.role:
        case "choice" | "value":
            return None if field.item is None else question.row(field.item).label
        case "dont_know":
            return SPECIAL_LABELS[DONT_KNOW]
        case _:
            return question.option(field.item).label


def canonical_cells(question: Question) -> list[tuple[Field, pl.Expr]]:
    """Fields of a question with the text of their cells from typed answers; null where not asked.

    A blank answer, and a tick that the form did not offer, are empty.
    """
    return [(field, _canonical_cell(question, field)) for field in question_fields(question)]


def _canonical_cell(question: Question, field: Field) -> pl.Expr:
    state = pl.col(state_column(question)).cast(pl.String)
    match field.role:
        case "choice":
            return pl.col(answer_column(question, field.item)).cast(pl.String).replace(BLANK, "")
        case "tick":
            tick = pl.col(tick_column(question, field.item))
            mark = pl.when(tick).then(pl.lit(TICKED)).when(~tick).then(pl.lit(UNTICKED))
            return pl.when(state.is_not_null()).then(mark.fill_null(""))
        case "dont_know":
            mark = pl.when(state == DONT_KNOW).then(pl.lit(TICKED)).otherwise(pl.lit(""))
            return pl.when(state.is_not_null()).then(mark)
        case "other_text":
            text = pl.col(other_text_column(question, field.item))
            asked = answer_column(question) if question.type == "single" else state_column(question)
            return pl.when(pl.col(asked).is_not_null()).then(text.fill_null(""))
        case "value":
            value = pl.col(answer_column(question)).cast(pl.String)
            given = pl.when(state == GIVEN).then(value)
            given = given.when(state == DONT_KNOW).then(pl.lit(DONT_KNOW))
            return given.when(state.is_not_null()).then(pl.lit(""))
