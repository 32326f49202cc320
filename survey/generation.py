"""Answers made up for pilots and tests, following the routing. Données simulées.

One walk through the questionnaire serves both sources of chance: a seeded generator here, and
Hypothesis in `survey.strategies`. Nothing is realistic but the form: for a region with a known
truth, see `survey.simulation`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Protocol, TypeVar

import polars as pl

from survey.columns import (
    GIVEN,
    answer_column,
    other_text_column,
    question_columns,
    questionnaire_columns,
    special_codes,
    state_column,
    tick_column,
)
from survey.conditions import AllRows, AnyRow, Compare, Count, Is, atoms, parse
from survey.evaluation import is_asked, shown
from survey.questions import Option, Question, Questionnaire

T = TypeVar("T")

LARGEST = 100_000.0  # of a number without maximum
CENTS = 100  # numbers that are not whole have two decimals at most
TEXTS = (
    "Un essai d’équipe",
    "Rien à signaler",
    'Un devis de 5" ; puis « rien »',
    "Première ligne\nseconde ligne",
    "=SOMME(A1:A3)",
    "+33 : voir l’annexe, page 2",
    "{accolades} et [crochets]",
    "<b>balise</b> & esperluette",
    "Ça coûte 12 € l’unité 🙂",
    "N/A ou presque",
)


class Chance(Protocol):
    """Where choices come from."""

    def one_of(self, values: Sequence[T]) -> T:
        """One of the values."""

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""

    def text(self) -> str:
        """A text, not empty, without spaces at its ends."""


@dataclass(frozen=True, slots=True)
class RandomChance:
    """Choices of a seeded generator."""

    source: random.Random

    def one_of(self, values: Sequence[T]) -> T:
        """One of the values, each as likely."""
        return self.source.choice(values)

    def whole(self, low: int, high: int) -> int:
        """A whole number, each as likely."""
        return self.source.randint(low, high)

    def text(self) -> str:
        """One of a few texts that trip up careless writers and readers of files."""
        return self.source.choice(TEXTS)


def generate_responses(questionnaire: Questionnaire, rows: int, seed: int) -> pl.DataFrame:
    """`rows` answers that the questionnaire allows, the same for the same seed.

    One row per answer: `id` (from 1, text), then the columns of `survey.columns`.
    """
    chance = RandomChance(random.Random(seed))
    answers = [draw_answers(questionnaire, chance) for _ in range(rows)]
    schema = {column.name: column.dtype for column in questionnaire_columns(questionnaire)}
    frame = pl.DataFrame(answers, schema=schema)
    return frame.select(pl.int_range(1, pl.len() + 1).cast(pl.String).alias("id"), pl.all())


def draw_answers(questionnaire: Questionnaire, chance: Chance) -> dict[str, Any]:
    """The answers of one person: every column of the questionnaire, None where not asked."""
    answers: dict[str, Any] = {}
    turning = _turning_points(questionnaire)
    for question in questionnaire.questions:
        answers |= {column.name: None for column in question_columns(question)}
        if is_asked(question, questionnaire, answers):
            points = turning.get(question.code, set())
            answers |= _drawn(question, questionnaire, answers, points, chance)
    return answers


def _drawn(
    question: Question,
    questionnaire: Questionnaire,
    answers: dict[str, Any],
    points: Collection[str | float],
    chance: Chance,
) -> dict[str, Any]:
    offered = shown(question.options, questionnaire, answers)
    special = special_codes(question)
    match question.type:
        case "single":
            code = _code([option.code for option in offered] + special, points, chance)
            return {answer_column(question): code} | _other_texts(question, {code}, chance)
        case "grid":
            codes = [option.code for option in offered] + special
            names = [
                answer_column(question, row.code)
                for row in shown(question.rows, questionnaire, answers)
            ]
            if chance.whole(0, 2) == 0:  # else no one would say no to all of eight rows
                return dict.fromkeys(names, _code(codes, points, chance))
            return {name: chance.one_of(codes) for name in names}
        case "multiple":
            return _ticks(question, offered, chance)
        case "number" | "text":
            state = _state(question, chance)
            if state != GIVEN:
                return {state_column(question): state}
            number = question.type == "number"
            value = _number(question, points, chance) if number else chance.text()
            return {state_column(question): state, answer_column(question): value}


def _code(codes: Sequence[str], points: Collection[str | float], chance: Chance) -> str:
    """Half of the time a code on which a condition turns, so that what follows is asked too."""
    deciding = [code for code in codes if code in points]
    return chance.one_of(deciding if deciding and chance.whole(0, 1) else codes)


def _state(question: Question, chance: Chance) -> str:
    """Mostly answered, so that what follows an answer is tried too."""
    return chance.one_of([GIVEN, GIVEN, *special_codes(question)])


def _ticks(question: Question, offered: list[Option], chance: Chance) -> dict[str, Any]:
    state = _state(question, chance) if offered else chance.one_of(special_codes(question))
    if state != GIVEN:
        return {state_column(question): state}
    alone = [option.code for option in offered if option.exclusive]
    free = [option.code for option in offered if not option.exclusive]
    if alone and (not free or chance.whole(0, 3) == 0):
        ticked = {chance.one_of(alone)}
    else:
        ticked = {chance.one_of(free)} | {code for code in free if chance.whole(0, 2) == 0}
    ticks = {tick_column(question, option.code): option.code in ticked for option in offered}
    return {state_column(question): GIVEN} | ticks | _other_texts(question, ticked, chance)


def _other_texts(question: Question, chosen: set[str], chance: Chance) -> dict[str, str]:
    return {
        other_text_column(question, option.code): chance.text()
        for option in question.options
        if option.other and option.code in chosen and chance.whole(0, 1)
    }


def _number(question: Question, points: Collection[str | float], chance: Chance) -> float | int:
    """Half of the time a number about which a condition turns, else any within bounds."""
    scale = 1 if question.integer else CENTS
    least, most = question.minimum, question.maximum
    least = min(0.0, 0.0 if most is None else most) if least is None else least
    low = ceil(least * scale)
    high = floor((max(least, LARGEST) if most is None else most) * scale)
    if low > high:  # bounds closer than a cent
        return least
    near = [
        value
        for number in sorted(set(map(float, points)))
        for value in (round(number * scale) - 1, round(number * scale), round(number * scale) + 1)
        if low <= value <= high
    ]
    value = chance.one_of(near) if near and chance.whole(0, 1) else chance.whole(low, high)
    return value if question.integer else value / scale


def _turning_points(questionnaire: Questionnaire) -> dict[str, set[str | float]]:
    """By question, the codes and numbers that conditions compare its answers with."""
    texts = [base.condition for base in questionnaire.bases]
    for each in questionnaire.questions:
        items = (*each.options, *each.rows)
        texts += [each.base, *(item.only_if for item in items if item.only_if)]
    points: dict[str, set[str | float]] = {}
    for atom in (atom for text in texts for atom in atoms(parse(text))):
        match atom:
            case Compare(question, _, number):
                points.setdefault(question, set()).add(number)
            case Is() | AnyRow() | AllRows() | Count():
                points.setdefault(atom.question, set()).update(atom.values)
    return points
