"""The routing of a questionnaire on paper, as instructions that a pen can follow.

A page hides nothing: whoever fills it in must be told, in words, what to leave out. Three kinds of
instruction say it, each true to the condition trees of the questionnaire:

- an `Entry` stands before a question: fill in what follows if …, otherwise go to …;
- a `Goto` stands after a question: if you answered …, go to …;
- an `Offer` stands at an option or a row: only if ….

Followed with a pen from the first question to the last, they lead to the questions that
`survey.routing` asks, and to no other. Whether an instruction is right, needed or redundant is
asked of `survey.reach`, which knows what a respondent can answer. Their French is in
`survey.formats.paper.words`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

from survey.columns import DONT_KNOW
from survey.conditions import (
    EVERYONE,
    And,
    Answered,
    Condition,
    Everyone,
    Is,
    Named,
    Not,
    Or,
    children,
    parse,
)
from survey.questions import Question, Questionnaire
from survey.reach import Reach

SMALLEST_GROUP = 2  # questions sharing one entry


@dataclass(frozen=True, slots=True)
class Entry:
    """Before `question`: whoever does not meet `condition` goes to `otherwise`.

    `otherwise` is a question further on, or None at the end of the questionnaire.
    """

    question: str
    condition: Condition
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Goto:
    """After `question` was filled in: whoever meets `condition` goes to `target`.

    The condition is about the answer to `question` alone; `Everyone` sends all. `target` is a
    question further on, or None at the end of the questionnaire.
    """

    question: str
    condition: Condition
    target: str | None


@dataclass(frozen=True, slots=True)
class Offer:
    """At `item`, an option or a row of `question`: only for who meets `condition`."""

    question: str
    item: str
    condition: Condition


Instruction = Entry | Goto | Offer


def paper_routing(questionnaire: Questionnaire) -> list[Instruction]:
    """Instructions in reading order: before each question, at its items, after it.

    Of several entries before one question the widest comes first; the first goto met is taken.
    Conditions name questions only: named bases are replaced by what they say.
    """
    plan = _Plan(questionnaire)
    for position in range(len(questionnaire.questions)):
        plan.add_gotos(position)
    for position in range(len(questionnaire.questions)):
        plan.add_groups(position)
        plan.add_filter(position)
    return list(plan.instructions())


@dataclass(frozen=True, slots=True)
class _Jump:
    """From before (an entry) or after (a goto) question `start` to `end`, over what is between."""

    start: int
    end: int
    condition: Condition


@dataclass
class _Plan:
    questionnaire: Questionnaire
    entries: list[_Jump] = field(default_factory=list)
    gotos: list[_Jump] = field(default_factory=list)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return self.questionnaire.questions

    @cached_property
    def bases(self) -> list[Condition]:
        return [self.expanded(parse(question.base)) for question in self.questions]

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.questionnaire)

    def expanded(self, condition: Condition) -> Condition:
        """The condition without named bases, flattened; what asks one answer twice asks once."""
        match condition:
            case Named(code):
                return self.expanded(parse(self.questionnaire.base(code).condition))
            case Not(inner):
                return _contrary(self.expanded(inner))
            case And(inners):
                parts = [part for inner in inners for part in _parts(self.expanded(inner))]
                return _all(_merged(parts, Not))
            case Or(inners):
                parts = _merged(list(map(self.expanded, inners)), Is)
                return parts[0] if len(parts) == 1 else Or(tuple(parts))
            case _:
                return condition

    def arriving(self, position: int) -> list[Condition]:
        """What is true of whoever comes to the question, past the entries already there."""
        passed = [
            Not(And((self.bases[jump.start], jump.condition)))
            for jump in self.gotos
            if jump.start < position < jump.end
        ]
        met = [jump.condition for jump in self.entries if jump.start <= position < jump.end]
        return passed + met

    def lacking(self, wanted: list[Condition], known: list[Condition]) -> list[Condition]:
        """The conditions wanted that neither what is known nor the others imply."""
        kept = list(wanted)
        for condition in wanted:
            others = [each for each in kept if each is not condition]
            if not self.reach.is_reachable(*known, *others, Not(condition)):
                kept = others
        return kept

    # Gotos

    def add_gotos(self, position: int) -> None:
        """Send on whoever gave an answer after which the next questions are not asked."""
        found = [
            _Jump(position, end, condition)
            for condition, end in self.answers_and_ends(position)
            if end > position + 1
        ]
        # The answers to a single choice exclude each other; else the furthest comes first, so that
        # whoever meets two conditions takes it. What holds for everyone comes last.
        nearest_first = self.questions[position].type == "single"
        self.gotos += sorted(
            found,
            key=lambda jump: (
                jump.condition == Everyone(),
                jump.end if nearest_first else -jump.end,
            ),
        )

    def answers_and_ends(self, position: int) -> Iterator[tuple[Condition, int]]:
        """Conditions on the answer to one question, with the question then asked next."""
        question = self.questions[position]
        everyone = self.asked_next(position, Everyone())
        if everyone > position + 1:
            yield Everyone(), everyone
        if question.type != "single":
            yield from self.widest(position, everyone)
            return
        ends: dict[int, list[Condition]] = {}
        for answer in _single_answers(question):
            end = self.asked_next(position, answer)
            ends.setdefault(end, []).append(answer)
        for end, answers in ends.items():
            if end > everyone:
                yield _among(question, answers), end

    def asked_next(self, position: int, condition: Condition) -> int:
        """The first question after this one that some who filled it in so are asked."""
        given = (self.bases[position], condition)
        if not self.reach.is_reachable(*given):
            return position + 1  # nobody answers so: nothing to say
        return next(
            (
                later
                for later in range(position + 1, len(self.questions))
                if self.reach.is_reachable(*given, self.bases[later])
            ),
            len(self.questions),
        )

    def widest(self, position: int, everyone: int) -> list[tuple[Condition, int]]:
        """Conditions that send further than everyone, but those another takes in and as far."""
        found = [(each, self.asked_next(position, each)) for each in self.contraries(position)]
        kept: list[tuple[Condition, int]] = []
        for condition, end in sorted(found, key=lambda each: -each[1]):
            if end > everyone and not any(
                self.implies(position, condition, other) for other, _ in kept
            ):
                kept = [
                    (other, far)
                    for other, far in kept
                    if far > end or not self.implies(position, other, condition)
                ]
                kept.append((condition, end))
        return kept

    def implies(self, position: int, condition: Condition, other: Condition) -> bool:
        """Whether all who are asked the question and meet `condition` meet `other`."""
        return not self.reach.is_reachable(self.bases[position], condition, Not(other))

    def contraries(self, position: int) -> list[Condition]:
        """Contraries of what the next question asks of this one alone."""
        if position + 1 == len(self.questions):
            return []
        code = self.questions[position].code
        return [
            _contrary(part)
            for part in _subtrees(self.bases[position + 1])
            if self.questionnaire.questions_behind(part) == {code}
        ]

    # Entries

    def add_groups(self, position: int) -> None:
        """Put one entry before several questions that need the same thing, the widest first."""
        while group := self.widest_group(position):
            self.entries.append(group)

    def widest_group(self, position: int) -> _Jump | None:
        known = self.arriving(position)
        needed = self.lacking(_parts(self.bases[position]), known)
        groups = [
            _Jump(position, self.end_of_group(position, list(subset), known), _all(list(subset)))
            for size in range(len(needed), 0, -1)
            for subset in combinations(needed, size)
        ]
        wide = [group for group in groups if group.end - position >= SMALLEST_GROUP]
        return max(wide, key=lambda group: group.end, default=None)

    def end_of_group(self, position: int, needed: list[Condition], known: list[Condition]) -> int:
        """Where the questions end that nobody is asked without what is needed.

        No jump from before may land inside, or who jumped would miss the entry.
        """
        landings = {jump.end for jump in (*self.gotos, *self.entries) if jump.start < position}
        contrary = Not(_all(needed))
        last = len(self.questions)
        return next(
            end
            for end in range(position + 1, last + 1)
            if end == last
            or end in landings
            or self.reach.is_reachable(*known, contrary, self.bases[end])
        )

    def add_filter(self, position: int) -> None:
        """Put before the question what is still to be asked of whoever comes to it."""
        needed = self.lacking(_parts(self.bases[position]), self.arriving(position))
        if needed:
            self.entries.append(_Jump(position, position + 1, _all(needed)))

    # Reading order

    def instructions(self) -> Iterator[Instruction]:
        codes = [*(question.code for question in self.questions), None]
        for position, question in enumerate(self.questions):
            for jump in self.entries:
                if jump.start == position:
                    yield Entry(question.code, jump.condition, codes[jump.end])
            yield from self.offers(position)
            for jump in self.gotos:
                if jump.start == position:
                    yield Goto(question.code, jump.condition, codes[jump.end])

    def offers(self, position: int) -> Iterator[Offer]:
        question = self.questions[position]
        for item in (*question.options, *question.rows):
            if item.only_if:
                wanted = _parts(self.expanded(parse(item.only_if)))
                needed = self.lacking(wanted, [self.bases[position]])
                if needed:
                    yield Offer(question.code, item.code, _all(needed))


def _parts(condition: Condition) -> list[Condition]:
    match condition:
        case Everyone():
            return []
        case And(inners):
            return list(inners)
        case _:
            return [condition]


def _all(conditions: list[Condition]) -> Condition:
    match conditions:
        case []:
            return parse(EVERYONE)
        case [condition]:
            return condition
        case _:
            return And(tuple(conditions))


def _subtrees(condition: Condition) -> Iterator[Condition]:
    yield condition
    for child in children(condition):
        yield from _subtrees(child)


def _contrary(condition: Condition) -> Condition:
    return condition.condition if isinstance(condition, Not) else Not(condition)


def _merged(conditions: list[Condition], kind: type[Is] | type[Not]) -> list[Condition]:
    """Conditions without repetition, `a or b` (`not a and not b`) on one answer made one."""
    merged: dict[tuple | Condition, Condition] = {}
    for condition in conditions:
        choice = condition.condition if isinstance(condition, Not) else condition
        if not (isinstance(condition, kind) and isinstance(choice, Is)):
            merged.setdefault(condition, condition)
            continue
        place = (choice.question, choice.row)
        before = merged.get(place)
        earlier = before.condition if isinstance(before, Not) else before
        values = (*(earlier.values if earlier else ()), *choice.values)
        one = replace(choice, values=tuple(dict.fromkeys(values)))
        merged[place] = Not(one) if kind is Not else one
    return list(merged.values())


def _single_answers(question: Question) -> list[Condition]:
    """Each answer to a single choice as a condition, leaving it blank included."""
    codes = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
    given: list[Condition] = [Is(question.code, (code,)) for code in codes]
    return given if question.required else [*given, Not(Answered(question.code))]


def _among(question: Question, answers: list[Condition]) -> Condition:
    """One of these answers, written in the shortest way: « not a » takes in the blank."""
    values = tuple(value for answer in answers if isinstance(answer, Is) for value in answer.values)
    if len(answers) == len(values):
        return Is(question.code, values)
    others = tuple(
        value
        for answer in _single_answers(question)
        if isinstance(answer, Is)
        for value in answer.values
        if value not in values
    )
    return Not(Is(question.code, others)) if others else Everyone()
