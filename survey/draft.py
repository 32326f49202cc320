"""A questionnaire being read: what could be read, where each thing is written, what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, TypeVar

from survey.errors import Fault
from survey.questions import CODE, Base, Option, Question, Questionnaire, Row
from survey.source import Source
from survey.yaml_lines import KeyPath

Item = TypeVar("Item", Base, Question)
HEAD = ("code", "title", "population", "since", "themes")


@dataclass
class Draft:
    """Parts read so far; `unread` holds codes of questions and bases whose form is wrong.

    `lost` holds codes of questions that could not be taken from a module, None for codes unknown;
    `misnamed` those that are no code: what names them is not told once more. A list that cannot
    be used is None.
    """

    source: Source
    lost: set[str | None] = field(default_factory=set)
    misnamed: set[str | None] = field(default_factory=set)
    head: Any = None
    lists: dict[str, tuple[Option, ...] | None] = field(default_factory=dict)
    bases: list[tuple[int, Base]] = field(default_factory=list)
    questions: list[tuple[int, Question]] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def add_base(self, base: Base | None, i: int) -> None:
        """Keep a base, or the code of one that could not be read."""
        self._add(self.bases, base, "bases", i)

    def add_question(self, question: Question | None, i: int) -> None:
        """Keep a question, or the code of one that could not be read."""
        self._add(self.questions, question, "questions", i)

    def _add(self, kept: list, item: Base | Question | None, part: str, i: int) -> None:
        if item is not None:
            kept.append((i, item))
            return
        raw = self.source.raw[part][i]
        code = raw.get("code") if isinstance(raw, dict) else None
        if isinstance(code, str) and CODE.fullmatch(code):
            self.unread.add(code)
        else:
            self.misnamed.add(code.casefold() if isinstance(code, str) else None)

    def is_lost(self, code: str) -> bool:
        """Whether a code that is not known would be, were it not for another fault."""
        missing = self.lost | self.misnamed
        near = get_close_matches(code, [each for each in self.misnamed if each is not None])
        return None in missing or code in missing | self.unread or bool(near)

    def items(self, i: int, question: Question) -> Iterator[tuple[KeyPath, Option | Row]]:
        """Options and rows of a question, each with the path where it is written."""
        written = self.source.raw["questions"][i].get("options")
        options = ("lists", written) if isinstance(written, str) else ("questions", i, "options")
        for j, option in enumerate(question.options):
            yield (*options, j), option
        for j, row in enumerate(question.rows):
            yield ("questions", i, "rows", j), row

    @cached_property
    def positions(self) -> dict[str, int]:
        """Rank of each question in the file, read or not, by its code; the first of a duplicate."""
        ranked: dict[str, int] = {}
        for i, question in enumerate(self.source.raw.get("questions") or ()):
            if isinstance(question, dict):
                ranked.setdefault(str(question.get("code")), i)
        return ranked

    @cached_property
    def by_code(self) -> dict[str, Question]:
        """Questions that could be read, by code; the first of a duplicate."""
        return _first_by_code(question for _, question in self.questions)

    @cached_property
    def base_by_code(self) -> dict[str, Base]:
        """Bases that could be read, by code; the first of a duplicate."""
        return _first_by_code(base for _, base in self.bases)

    def questionnaire(self, without: Collection[str] = ()) -> Questionnaire:
        """What was read, as a questionnaire; only to be trusted when nothing is wrong.

        `without` leaves out questions and bases by their codes.
        """
        head = {} if self.head is None else dict(self.head)
        kept = [(i, q) for i, q in self.questions if q.code not in without]
        return Questionnaire.model_construct(
            **{key: head.get(key) for key in HEAD},
            opening=head.get("introduction"),
            bases=tuple(base for _, base in self.bases if base.code not in without),
            questions=tuple(question for _, question in kept),
            source=self.source.name,
            places={q.code: str(self.source.place(("questions", i))) for i, q in kept},
        )


def _first_by_code(items: Iterable[Item]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for item in items:
        found.setdefault(item.code, item)
    return found
