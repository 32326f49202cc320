"""How LimeSurvey names what a questionnaire holds: headings of an export, codes of its answers.

| question | headings (CSV; VV and « codes » write `q_SQ001`) | cell |
|---|---|---|
| `single` | `q`, and `q[other]` where an option is « Autre » | answer code, `-oth-`, `NSP` |
| `grid` | `q[<row>]`, one per row | answer code, `NSP` |
| `multiple` | `q[<option>]`, `q[other]` (its text), `q[NSP]` | `Y` or empty; `1`/`0`; `1`/`2` |
| `number`, `text` | `q` | the value; `NSP` where it is offered |

LimeSurvey takes codes of five letters and digits at most. An own code that fits is kept, another
becomes `SQ001`… (rows and ticks) or `A01`… (answers) by its position in the questionnaire of the
edition; so does one that LimeSurvey keeps for itself or takes for a number written otherwise
(`UNFIT`). An import understands both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from survey.columns import DONT_KNOW
from survey.questions import Option, Question

OTHER = "other"
OTHER_ANSWER = "-oth-"
TECHNICAL = ("id", "submitdate", "token", "startdate", "datestamp", "interviewtime")
REQUIRED = ("id", "submitdate")
# Known and of no use here, or contact data that must not stay beside the answers: never kept.
IGNORED = {"lastpage", "startlanguage", "seed", "refurl"}
CONTACT = {"ipaddr", "firstname", "lastname", "email", "phone"}
# No question may be called so.
RESERVED = {*TECHNICAL, *IGNORED, *CONTACT}
# `01`, `1e3`, `0x1` are equal to other numbers in PHP or JavaScript, `false` is empty there.
UNFIT = re.compile(r"0[0-9box].*|[0-9]+e[0-9]+|false|other|time", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an export.

    `part` is our code of the row or option (`other` for the text of « Autre », `NSP` for don't
    know), `code` is LimeSurvey's; both None where the question is one column.
    """

    question: str
    part: str | None = None
    code: str | None = None

    @property
    def name(self) -> str:
        """`q[ttm]`, by our codes: how cells and rejects name this column."""
        return self.question if self.part is None else f"{self.question}[{self.part}]"

    def heading(self, style: str = "brackets") -> str:
        """`q[SQ001]` or `q_SQ001`, as LimeSurvey writes it."""
        return self._heading(self.code, style)

    def headings(self) -> set[str]:
        """Every heading under which this column is known."""
        return {
            self._heading(code, style)
            for code in (self.part, self.code)
            for style in ("brackets", "underscores")
        }

    def _heading(self, code: str | None, style: str) -> str:
        if code is None:
            return self.question
        return f"{self.question}[{code}]" if style == "brackets" else f"{self.question}_{code}"


def other_option(question: Question) -> Option | None:
    """The option with a free text; LimeSurvey has at most one."""
    return next((option for option in question.options if option.other), None)


def answer_codes(question: Question) -> dict[str, str]:
    """Our option code -> LimeSurvey's answer code, for a single choice or a grid."""
    codes = fitted_codes([option.code for option in question.options], "A", 2)
    if question.type == "single" and (other := other_option(question)):
        codes[other.code] = OTHER_ANSWER
    return codes


def answer_meanings(question: Question) -> dict[str, str]:
    """Every cell that is an answer to this choice -> our code."""
    codes = answer_codes(question)
    meanings = {theirs: ours for ours, theirs in codes.items()} | {ours: ours for ours in codes}
    return meanings | ({DONT_KNOW: DONT_KNOW} if question.dont_know else {})


def question_fields(question: Question) -> list[Field]:
    """Columns of one question in an export, in LimeSurvey's order."""
    code, other = question.code, other_option(question)
    other_field = [Field(code, OTHER, OTHER)] if other else []
    match question.type:
        case "grid":
            parts = fitted_codes([row.code for row in question.rows], "SQ", 3)
            return [Field(code, part, short) for part, short in parts.items()]
        case "multiple":
            parts = fitted_codes([option.code for option in question.options], "SQ", 3)
            ticks = [
                Field(code, option.code, parts[option.code])
                for option in question.options
                if option is not other
            ]
            dont_know = [Field(code, DONT_KNOW, DONT_KNOW)] if question.dont_know else []
            return ticks + other_field + dont_know
        case "single":
            return [Field(code), *other_field]
        case _:
            return [Field(code)]


def fitted_codes(codes: list[str], prefix: str, digits: int) -> dict[str, str]:
    """Our code -> itself where LimeSurvey takes it, else its position behind `prefix`.

    No two become the same: a questionnaire has no code such as A01 or SQ001.
    """
    return {
        code: code if is_fit(code) else f"{prefix}{position:0{digits}}"
        for position, code in enumerate(codes, 1)
    }


def is_fit(code: str) -> bool:
    """Whether LimeSurvey takes this code of an answer, a row or an option, and as it is meant."""
    return bool(re.fullmatch("[A-Za-z0-9]{1,5}", code)) and not UNFIT.fullmatch(code)
