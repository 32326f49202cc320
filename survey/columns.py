"""Names and types of the columns that hold the answers: the one place that knows them.

| question | columns | type | empty |
|---|---|---|---|
| `single` | `<q>` | Enum: option codes, `NSP`, `NR` | null = not asked |
| `grid` | `<q>__<row>`, one per row | Enum: option codes, `NSP`, `NR` | null = row not asked |
| `multiple` | `<q>__etat` | Enum: `repondu`, `NSP`, `NR` | null = not asked |
| | `<q>__<option>`, one per option | Boolean | null unless `repondu` and option offered |
| `number` | `<q>__etat` | Enum as above | null = not asked |
| | `<q>` | Int64 (`integer: true`) or Float64 | null unless `repondu` |
| `text` | `<q>__etat` | Enum: `repondu`, `NR` | null = not asked |
| | `<q>` | String | null unless `repondu` |
| option `other: true` | `<q>__<option>__texte` | String | null when not given |

`NSP` (don't know) stands in an Enum only where `dont_know: true`, `NR` (left blank) only where the
question is not required. A column absent from a frame = question absent from that edition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from survey.questions import Question, Questionnaire

DONT_KNOW = "NSP"
BLANK = "NR"
GIVEN = "repondu"
NOT_OFFERED = "not_offered"
SPECIAL_LABELS = {DONT_KNOW: "Ne sait pas", BLANK: "Non réponse"}

Role = Literal["choice", "state", "tick", "value", "other_text"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of answers; `item` is the row (grid) or option (tick, other text) it is about."""

    name: str
    dtype: pl.DataType
    question: str
    role: Role
    item: str | None = None


def answer_column(question: Question, row: str | None = None) -> str:
    """Name of the column of a choice, a row of a grid, a number or a text."""
    return question.code if row is None else f"{question.code}__{row}"


def state_column(question: Question) -> str:
    """Name of the column saying whether a multiple choice, number or text was answered."""
    return f"{question.code}__etat"


def tick_column(question: Question, option: str) -> str:
    """Name of the Boolean column of one option of a multiple choice."""
    return f"{question.code}__{option}"


def other_text_column(question: Question, option: str) -> str:
    """Name of the free text that goes with an option « Autre »."""
    return f"{question.code}__{option}__texte"


def choice_codes(question: Question) -> list[str]:
    """Codes a choice column may hold: options, then `NSP` and `NR` where they exist."""
    return [option.code for option in question.options] + special_codes(question)


def special_codes(question: Question) -> list[str]:
    """`NSP` where it is offered, `NR` where the question may be left blank."""
    return [DONT_KNOW] * question.dont_know + [BLANK] * (not question.required)


def question_columns(question: Question) -> list[Column]:
    """Columns of one question, in the order of a file of answers."""
    code = question.code
    other_texts = [
        Column(
            other_text_column(question, option.code), pl.String(), code, "other_text", option.code
        )
        for option in question.options
        if option.other
    ]
    choices = pl.Enum(choice_codes(question))
    state = Column(
        state_column(question), pl.Enum([GIVEN, *special_codes(question)]), code, "state"
    )
    match question.type:
        case "single":
            return [Column(code, choices, code, "choice"), *other_texts]
        case "grid":
            return [
                Column(answer_column(question, row.code), choices, code, "choice", row.code)
                for row in question.rows
            ]
        case "multiple":
            ticks = [
                Column(tick_column(question, option.code), pl.Boolean(), code, "tick", option.code)
                for option in question.options
            ]
            return [state, *ticks, *other_texts]
        case "number":
            number = pl.Int64() if question.integer else pl.Float64()
            return [state, Column(code, number, code, "value")]
        case "text":
            return [state, Column(code, pl.String(), code, "value")]


def questionnaire_columns(questionnaire: Questionnaire) -> list[Column]:
    """Columns of a whole questionnaire, in the order of its questions."""
    return [column for question in questionnaire.questions for column in question_columns(question)]


def empty_responses(questionnaire: Questionnaire) -> pl.DataFrame:
    """A frame without rows that has every column of the questionnaire, typed."""
    columns = questionnaire_columns(questionnaire)
    return pl.DataFrame(schema={column.name: column.dtype for column in columns})
