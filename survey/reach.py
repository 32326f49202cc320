"""Which conditions some respondent can fulfil, given what the questionnaire asks and lets answer.

Each answer is a variable with a finite set of values (a number stands for the intervals that
conditions and bounds cut out). A comparison holds where the variable takes one of some values *and*
its question is asked, so that the bases of the questions named count too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from survey.columns import BLANK, DONT_KNOW, GIVEN, special_codes
from survey.conditions import (
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
    atoms,
    parse,
)
from survey.questions import Question, Questionnaire, Row
from survey.satisfiability import (
    Among,
    AtLeast,
    Formula,
    LongSearchError,
    Search,
    every,
    negated,
    some,
)

STATE = "__etat"
# Of one search and of all: half a second, five seconds. Ours take 70 000 and 1 200 000 at most.
MOST_STEPS_EACH, MOST_STEPS = 300_000, 3_000_000


@dataclass
class Reach:
    """Says whether some respondent can fulfil a condition, whose codes must be known."""

    questionnaire: Questionnaire
    steps_left: int = MOST_STEPS
    _known: dict[str, Formula] = field(default_factory=dict)

    def is_reachable(self, *conditions: Condition) -> bool:
        """Whether all conditions can hold together, within what the questionnaire lets answer.

        True as well where that is too long, or too deep, to tell: nothing then shows the contrary.
        """
        search = Search(min(MOST_STEPS_EACH, self.steps_left))
        self.steps_left -= search.steps
        try:
            behind = sorted(self._behind(conditions))
            rules = [rule for code in behind for rule in self._rules(self._question(code))]
            return search.is_possible(every(*map(self._formula, conditions), *rules))
        except (LongSearchError, RecursionError):
            return True
        finally:
            self.steps_left += max(search.steps, 0)

    def _behind(self, conditions: tuple[Condition, ...]) -> set[str]:
        """Questions the conditions depend on, through bases, routing and conditional items."""
        found: set[str] = set()
        waiting = list(conditions)
        while waiting:
            for code in self.questionnaire.questions_behind(waiting.pop()) - found:
                found.add(code)
                question = self._question(code)
                texts = [item.only_if for item in (*question.options, *question.rows)]
                waiting += [parse(text) for text in (question.base, *filter(None, texts))]
        return found

    def _question(self, code: str) -> Question:
        return self.questionnaire.question(code)

    def _formula(self, condition: Condition) -> Formula:
        match condition:
            case Everyone():
                return every()
            case Named(code):
                return self._once(code, self.questionnaire.base(code).condition)
            case Not(inner):
                return negated(self._formula(inner))
            case And(inners):
                return every(*map(self._formula, inners))
            case Or(inners):
                return some(*map(self._formula, inners))
            case _:
                question = self._question(condition.question)
                return every(self._is_asked(question), self._atom(condition, question))

    def _is_asked(self, question: Question) -> Formula:
        return self._once(question.code, question.base)

    def _once(self, code: str, condition: str) -> Formula:
        """The formula of a base or of who is asked a question, made once."""
        if code not in self._known:
            self._known[code] = self._formula(parse(condition))
        return self._known[code]

    def _atom(self, atom: Condition, question: Question) -> Formula:
        """The atom, given that its question is asked."""
        match atom:
            case Is(_, values, _) if question.type == "number":
                return self._number(question, lambda value: value in set(map(float, values)))
            case Compare(_, operator, number):
                return self._number(question, lambda value: ORDERS[operator](value, number))
            case Is(_, values, None):
                return self._choice(question, "", values)
            case Is(_, values, code):
                return self._row_is(question, question.row(code), values)
            case Has(_, option):
                return _ticked(question, option)
            case AnyRow(_, values):
                return some(*(self._row_is(question, row, values) for row in question.rows))
            case AllRows(_, values):
                return self._all_rows(question, values)
            case Count(_, values, operator, threshold):
                rows = [self._row_is(question, row, values) for row in question.rows]
                return _count(rows, operator, threshold)
            case Answered(_, code):
                return self._answered(question, code)

    def _choice(self, question: Question, row: str, values: tuple[str, ...]) -> Formula:
        codes = frozenset(option.code for option in question.options)
        domain = codes | frozenset(special_codes(question))
        return Among((question.code, row), frozenset(values) & domain, domain)

    def _number(self, question: Question, matches: Callable[[float], bool]) -> Formula:
        points = self._points[question.code]
        domain = points | frozenset(special_codes(question))
        return Among((question.code, ""), frozenset(filter(matches, points)), domain)

    def _is_shown(self, row: Row) -> Formula:
        return self._formula(parse(row.only_if)) if row.only_if else every()

    def _row_is(self, question: Question, row: Row, values: tuple[str, ...]) -> Formula:
        return every(self._choice(question, row.code, values), self._is_shown(row))

    def _all_rows(self, question: Question, values: tuple[str, ...]) -> Formula:
        shown = [self._is_shown(row) for row in question.rows]
        matches = [self._choice(question, row.code, values) for row in question.rows]
        each = [
            some(match, negated(is_shown)) for match, is_shown in zip(matches, shown, strict=True)
        ]
        return every(some(*shown), *each)

    def _answered(self, question: Question, code: str | None) -> Formula:
        match question.type:
            case "single":
                return negated(self._choice(question, "", (BLANK,)))
            case "grid":
                rows = [question.row(code)] if code else question.rows
                return some(
                    *(
                        every(
                            negated(self._choice(question, row.code, (BLANK,))),
                            self._is_shown(row),
                        )
                        for row in rows
                    )
                )
            case "number":
                points = self._points[question.code]
                domain = points | frozenset(special_codes(question))
                return Among((question.code, ""), domain - {BLANK}, domain)
            case _:
                return _state_among(question, frozenset({GIVEN, DONT_KNOW}))

    def _rules(self, question: Question) -> Iterator[Formula]:
        """What ties the answers of one question together, where it is asked."""
        unasked = negated(self._is_asked(question))
        for rule in (*self._option_rules(question), *_tick_rules(question)):
            yield some(unasked, rule)

    def _option_rules(self, question: Question) -> Iterator[Formula]:
        """An option is chosen only where it is shown."""
        for option in question.options:
            if option.only_if:
                shown = self._formula(parse(option.only_if))
                if question.type == "multiple":
                    yield some(negated(_ticked(question, option.code)), shown)
                else:
                    for row in [row.code for row in question.rows] or [""]:
                        yield some(negated(self._choice(question, row, (option.code,))), shown)

    @cached_property
    def _points(self) -> dict[str, frozenset[float]]:
        """Values standing for every interval of each number that conditions and bounds cut out."""
        return {
            question.code: _representatives(question, self._numbers.get(question.code, set()))
            for question in self.questionnaire.questions
            if question.type == "number"
        }

    @cached_property
    def _numbers(self) -> dict[str, set[float]]:
        """Numbers that conditions compare each question with."""
        numbers: dict[str, set[float]] = {}
        for text in self._condition_texts():
            for atom in atoms(parse(text)):
                if isinstance(atom, Compare):
                    numbers.setdefault(atom.question, set()).add(atom.number)
                elif isinstance(atom, Is) and self._is_number(atom.question):
                    numbers.setdefault(atom.question, set()).update(map(float, atom.values))
        return numbers

    def _is_number(self, code: str) -> bool:
        question = self.questionnaire.by_code.get(code)
        return question is not None and question.type == "number"

    def _condition_texts(self) -> Iterator[str]:
        yield from (base.condition for base in self.questionnaire.bases)
        for question in self.questionnaire.questions:
            yield question.base
            items = (*question.options, *question.rows)
            yield from (item.only_if for item in items if item.only_if)


def _representatives(question: Question, cuts: set[float]) -> frozenset[float]:
    bounds = [bound for bound in (question.minimum, question.maximum) if bound is not None]
    points = sorted(cuts | set(bounds)) or [0.0]
    if question.integer:
        inside = [
            whole for point in points for whole in (point // 1, point // 1 + 1, -(-point // 1) - 1)
        ]
    else:
        middles = [(low + high) / 2 for low, high in pairwise(points)]
        inside = [*points, *middles, points[0] - 1, points[-1] + 1]
    low = question.minimum if question.minimum is not None else float("-inf")
    high = question.maximum if question.maximum is not None else float("inf")
    return frozenset(value for value in inside if low <= value <= high)


def _ticked(question: Question, option: str) -> Formula:
    return Among((question.code, option), frozenset({True}), frozenset({True, False}))


def _state_among(question: Question, states: frozenset[str]) -> Formula:
    domain = frozenset({GIVEN, *special_codes(question)})
    return Among((question.code, STATE), states & domain, domain)


def _tick_rules(question: Question) -> Iterator[Formula]:
    """Answered exactly when something is ticked; an exclusive option stands alone."""
    if question.type != "multiple":
        return
    ticks = {option.code: _ticked(question, option.code) for option in question.options}
    given = _state_among(question, frozenset({GIVEN}))
    yield some(negated(given), *ticks.values())
    for option in question.options:
        yield some(negated(ticks[option.code]), given)
        if option.exclusive:
            others = [negated(tick) for code, tick in ticks.items() if code != option.code]
            yield some(negated(ticks[option.code]), every(*others))


def _count(rows: list[Formula], operator: str, threshold: int) -> Formula:
    def at_least(count: int) -> Formula:
        return AtLeast(tuple(rows), count)

    match operator:
        case ">=":
            return at_least(threshold)
        case ">":
            return at_least(threshold + 1)
        case "<":
            return negated(at_least(threshold))
        case "<=":
            return negated(at_least(threshold + 1))
        case _:
            return every(at_least(threshold), negated(at_least(threshold + 1)))
