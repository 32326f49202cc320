"""A questionnaire being read: what could be read, where each thing is written, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from survey.assembly import Source
from survey.errors import Fault
from survey.questions import Base, Option, Question, Questionnaire, Row
from survey.yaml_lines import KeyPath

Item = TypeVar("Item", Base, Question)
HEAD = ("code", "title", "population", "since", "themes")


@dataclass
class Draft:
    """Parts read so far; `unread` holds codes of questions and bases whose form is wrong.

    `incomplete` says that a module is missing, so that what it would have brought is not missed.
    """

    source: Source
    incomplete: bool = False
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
        if isinstance(raw, dict):
            self.unread.add(str(raw.get("code")))

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

    def questionnaire(self) -> Questionnaire:
        """What was read, as a questionnaire; only to be trusted when nothing is wrong."""
        head = {} if self.head is None else dict(self.head)
        return Questionnaire.model_construct(
            **{key: head.get(key) for key in HEAD},
            opening=head.get("introduction"),
            bases=tuple(base for _, base in self.bases),
            questions=tuple(question for _, question in self.questions),
            source=self.source.name,
            places={q.code: str(self.source.place(("questions", i))) for i, q in self.questions},
        )


def _first_by_code(items: Iterable[Item]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for item in items:
        found.setdefault(item.code, item)
    return found
