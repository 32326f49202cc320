"""What a questionnaire is made of: frozen models, trusted once read and checked."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from survey.conditions import EVERYONE, Condition, parse, references
from survey.errors import SurveyError
from survey.french import integer, typography
from survey.prose import population_label
from survey.reading_level import minutes_to_answer
from survey.suggestions import suggestion

FIRST_EDITION = 2025
NO_LABEL = "…"
CODE = re.compile(r"[a-z][a-z0-9]{0,19}")
FIRST_YEAR, LAST_YEAR = 2000, 2100
LARGEST = 1e12  # what every tool keeps to the unit
LONGEST_TEXT = 10_000  # characters, four pages

QuestionType = Literal["single", "multiple", "grid", "number", "text"]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_TEXT, strip_whitespace=True),
    AfterValidator(typography),
]
Expression = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
QuestionCode = Annotated[str, StringConstraints(pattern=f"^{CODE.pattern}$")]
OptionCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9+-]{0,11}$")]
RowCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,12}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparable(_Model):
    """What official question a question can be compared with, and how far.

    `item` is its code in `data/reference/official_items.csv`; needed where it is identical, unless
    `reference` is that code.
    """

    status: Literal["identical", "adapted", "own"]
    reference: Text | None = None
    item: Text | None = None
    note: Text | None = None


class Before(_Model):
    """How a question was asked before a change: only what differed.

    `labels` gives the former label of an option or a row by its code, `order` the former order of
    their codes.
    """

    text: Text = ""
    help: Text = ""
    base: Expression = ""
    required: bool = False
    dont_know: bool = False
    minimum: Number | None = None
    maximum: Number | None = None
    unit: Text | None = None
    labels: dict[str, Text] = {}
    order: tuple[str, ...] = ()


class Change(_Model):
    """A change of a question: series built on it break at `edition`.

    `breaks: false` says that answers of both sides can be compared, `what` then telling why.
    `same_meaning` is for a wording so different that nothing else shows it is the same question.
    """

    edition: Year
    what: Text
    before: Before = Before()
    breaks: bool = True
    same_meaning: bool = False


class _Labelled(_Model):
    label: Text
    short: Text
    only_if: Expression | None = None
    since: Year | None = None
    until: Year | None = None
    comparable: Comparable | None = None

    def is_in(self, edition: int) -> bool:
        """Whether the questionnaire of that year has it, its question being asked."""
        return (self.since or edition) <= edition <= (self.until or edition)

    @model_validator(mode="before")
    @classmethod
    def _short_defaults_to_label(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("short") is None:
            # without a label the item is refused, for that alone
            return values | {"short": values.get("label") or NO_LABEL}
        return values


class Option(_Labelled):
    """One answer; `exclusive` ticks no other, `other` opens a free text."""

    code: OptionCode
    exclusive: bool = False
    other: bool = False


class Row(_Labelled):
    """One line of a grid, answered with the options of its question."""

    code: RowCode
    help: Text | None = None


class Base(_Model):
    """A named condition; `label` names the units it holds (« entreprises utilisant … »).

    `official` is the base of official questions that it is the same as (`official_items.csv`).
    """

    code: QuestionCode
    label: Text
    condition: Expression
    official: Text | None = None


class Question(_Model):
    """A question as asked, with who is asked (`base`) and what may be answered."""

    code: QuestionCode
    theme: str
    type: QuestionType
    text: Text
    help: Text
    short: Text
    base: Expression = EVERYONE
    required: bool = False
    dont_know: bool = False
    options: tuple[Option, ...] = ()
    rows: tuple[Row, ...] = ()
    minimum: Number | None = None
    maximum: Number | None = None
    integer: bool = False
    unit: Text | None = None
    comparable: Comparable
    since: Year = FIRST_EDITION
    until: Year | None = None
    changed: tuple[Change, ...] = ()

    def is_asked_in(self, edition: int) -> bool:
        """Whether the question belongs to the questionnaire of that year."""
        return self.since <= edition and (self.until is None or edition <= self.until)

    def option(self, code: str) -> Option:
        """The option of that code."""
        return _named(self.options, code, f"modalité de « {self.code} »")

    def row(self, code: str) -> Row:
        """The row of that code."""
        return _named(self.rows, code, f"ligne de « {self.code} »")


class Questionnaire(_Model):
    """A checked questionnaire, of one edition or of all (`edition` is None).

    `since` is its first edition. `opening` is the introduction as written; `source` and `places`
    (where each question is written) serve messages only.
    """

    code: QuestionCode
    title: Text
    population: Text
    since: Year = FIRST_EDITION
    opening: Text
    themes: dict[str, Text]
    bases: tuple[Base, ...] = ()
    questions: tuple[Question, ...]
    edition: int | None = None
    source: str = Field(default="", exclude=True, repr=False)
    places: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)

    @cached_property
    def introduction(self) -> str:
        """What is read first: who asks, why, how long (`{minutes}` is computed), which rights."""
        return self.opening.replace("{minutes}", integer(self.minutes()))

    @cached_property
    def by_code(self) -> dict[str, Question]:
        """Questions by code."""
        return {question.code: question for question in self.questions}

    def question(self, code: str) -> Question:
        """The question of that code; a SurveyError with the nearest codes when there is none."""
        return (
            self.by_code[code] if code in self.by_code else _named(self.questions, code, "question")
        )

    def base(self, code: str) -> Base:
        """The named base of that code."""
        return _named(self.bases, code, "base")

    def questions_behind(self, condition: Condition) -> set[str]:
        """Codes of the questions a condition needs, those behind its named bases included."""
        bases = {base.code: base for base in self.bases}
        named = [bases[code] for code in references(condition) if code in bases]
        direct = references(condition) - bases.keys()
        return direct.union(*(self.questions_behind(parse(base.condition)) for base in named))

    def label(self, column: str) -> str:
        """Short label of a question (`taille`), row or option (`technologies__ttm`), for charts."""
        code, _, item = column.partition("__")
        question = self.question(code)
        if not item:
            return question.short
        return (question.row(item) if question.type == "grid" else question.option(item)).short

    def base_label(self, base: str) -> str:
        """« Champ » of a named base, of `ensemble`, or of a whole condition."""
        named = next((each.label for each in self.bases if each.code == base), None)
        if named is not None:
            return named
        return (
            "ensemble des répondants" if base == EVERYONE else population_label(parse(base), self)
        )

    def where(self, code: str) -> str:
        """Where a question is written: « entreprises.yml, ligne 12, question « taille » »."""
        return f"{self.places.get(code, self.source)}, question « {code} »"

    def minutes(self) -> float:
        """Expected time to answer, in minutes; rule in `survey.reading_level`."""
        return minutes_to_answer(self)


def _named(items: tuple, code: str, kind: str):
    """The item of that code, or a French error with the nearest codes."""
    for item in items:
        if item.code == code:
            return item
    raise SurveyError(f"{kind} inconnue : « {code} ». {suggestion(code, [i.code for i in items])}")
