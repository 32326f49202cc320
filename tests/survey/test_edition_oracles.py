"""Editions and breaks of made-up questionnaires, against what reading them naively gives."""

import random

import pytest

from survey.breaks import edition_turns, series_breaks
from survey.canonical import restricted, to_text
from survey.conditions import (
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Condition,
    Count,
    Has,
    Is,
    Named,
    Not,
    Or,
    atoms,
    parse,
)
from survey.editions import in_edition
from survey.errors import SurveyError
from survey.evaluation import holds, is_asked
from survey.frozen import record
from survey.generation import generate_responses
from survey.questions import (
    Base,
    Before,
    Change,
    Comparable,
    Option,
    Question,
    Questionnaire,
    Row,
)
from survey.routing import to_polars

OWN = Comparable(status="own")
YEARS = (2025, 2026, 2027)


class Maker:
    """Questions, bases and conditions drawn at random, each on what comes before."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.questions: list[Question] = []
        self.bases: list[Base] = []

    def questionnaire(self) -> Questionnaire:
        for i in range(6):
            self.questions.append(self.question(f"q{i}"))
            if self.random.random() < 0.4:
                text = to_text(self.condition(2))
                self.bases.append(Base(code=f"b{i}", label=f"B{i}", condition=text))
        return Questionnaire(
            code="k",
            title="K",
            population="p",
            opening="o",
            themes={"t": "T"},
            bases=tuple(self.bases),
            questions=tuple(self.changed(question) for question in self.questions),
        )

    def years(self, share: float) -> dict[str, int]:
        if self.random.random() < share:
            return {"since": self.random.choice(YEARS)}
        return {"until": self.random.choice(YEARS[:2])} if self.random.random() < share else {}

    def maybe(self, share: float, depth: int) -> str | None:
        drawn = self.questions and self.random.random() < share
        return to_text(self.condition(depth)) if drawn else None

    def question(self, code: str) -> Question:
        kind = self.random.choice(["single", "multiple", "grid", "number", "grid"])
        keys = {"dont_know": self.random.random() < 0.3, "base": self.maybe(0.7, 2) or "ensemble"}
        if kind == "number":
            keys |= {"integer": True, "minimum": 0, "maximum": 6}
        else:
            keys["options"] = tuple(
                Option(code=c, label=f"{c}x", only_if=self.maybe(0.2, 1), **self.years(0.3))
                for c in "abcd"[: self.random.randint(2, 4)]
            )
        if kind == "grid":
            keys["rows"] = tuple(
                Row(code=c, label=c, only_if=self.maybe(0.3, 1), **self.years(0.3))
                for c in "rsu"[: self.random.randint(1, 3)]
            )
        keys |= self.years(0.2)
        worded = {"text": f"T{code}", "help": "h", "short": code, "theme": "t", "comparable": OWN}
        return Question(code=code, type=kind, **worded, **keys)

    def changed(self, question: Question) -> Question:
        """The question, with a change in one of the editions that allow it, once in three."""
        years = [y for y in YEARS[1:] if question.since < y <= (question.until or y)]
        if not years or self.random.random() < 0.6:
            return question
        told = [Before(text="avant"), Before(base="ensemble"), Before(required=True), Before()]
        change = Change(
            edition=self.random.choice(years),
            what="w",
            before=self.random.choice(told),
            breaks=self.random.random() < 0.7,
        )
        return question.model_copy(update={"changed": (change,)})

    def condition(self, depth: int) -> Condition:
        if depth and self.random.random() < 0.5:
            kind = self.random.choice([And, Or, Not])
            if kind is Not:
                return Not(self.condition(depth - 1))
            return kind((self.condition(depth - 1), self.condition(depth - 1)))
        if self.bases and self.random.random() < 0.2:
            return Named(self.random.choice(self.bases).code)
        return self.atom(self.random.choice(self.questions))

    def atom(self, question: Question) -> Condition:
        code, options = question.code, [option.code for option in question.options]
        order, threshold = self.random.choice(["<", "<=", ">", ">="]), self.random.randint(0, 3)
        answers = options + ["NSP"] * question.dont_know
        values = tuple(self.random.sample(answers, min(2, len(answers))))
        row = self.random.choice([row.code for row in question.rows] or [None])
        return self.random.choice(
            {
                "single": [Is(code, values), Answered(code)],
                "multiple": [Has(code, (options or [""])[0]), Answered(code)],
                "number": [Compare(code, order, 2.0), Is(code, ("3",)), Answered(code)],
                "grid": [
                    Is(code, values, row),
                    AnyRow(code, values),
                    AllRows(code, values),
                    Count(code, values, self.random.choice([order, "="]), threshold),
                    Answered(code, row),
                    Answered(code),
                ],
            }[question.type]
        )


def editions(known: Questionnaire) -> list[Questionnaire]:
    """Editions that can be read and answered."""
    found = []
    for year in YEARS:
        try:
            edition = in_edition(known, year)
        except SurveyError:
            continue
        bare = [q for q in edition.questions if q.type != "number" and len(q.options) < 2]
        bare += [q for q in edition.questions if q.type == "grid" and not q.rows]
        bare += [q for q in edition.questions if q.required and q.options]  # may offer nothing
        if not bare:
            found.append(edition)
    return found


def left_of(condition: Condition, known: Questionnaire, edition: Questionnaire):
    """What a condition comes to in an edition."""

    def base_of(code: str):
        return left_of(parse(known.base(code).condition), known, edition)

    return restricted(condition, edition.by_code, base_of)


def test_a_condition_says_the_same_of_an_edition_as_of_the_whole():
    checked = 0
    for seed in range(120):
        maker = Maker(seed)
        known = maker.questionnaire()
        conditions = [maker.condition(2) for _ in range(6)]
        assert [parse(to_text(condition)) for condition in conditions] == conditions
        for edition in editions(known):
            answers = generate_responses(edition, 15, seed)
            for condition in conditions:
                left = left_of(condition, known, edition)
                whole = [holds(condition, known, row) for row in answers.to_dicts()]
                if isinstance(left, bool):
                    assert whole == [left] * 15
                else:
                    kept = answers.select("id", x=to_polars(left, edition))["x"].to_list()
                    assert whole == [holds(left, edition, row) for row in answers.to_dicts()]
                    assert whole == kept
                checked += 1
            for question in edition.questions:
                change = next(iter(known.question(question.code).changed), None)
                if change is None or change.edition <= edition.edition or not change.before.base:
                    written = parse(known.question(question.code).base)
                    for row in answers.to_dicts():
                        assert holds(written, known, row) == is_asked(question, edition, row)
    assert checked > 300


def behind(edition: Questionnaire, condition: Condition) -> set[tuple[str, str | None]]:
    """Questions, or rows of them, that a condition rests on."""
    found, waiting = set(), [condition]
    while waiting:
        for atom in atoms(waiting.pop()):
            if isinstance(atom, Named):
                waiting += [parse(b.condition) for b in edition.bases if b.code == atom.code]
                continue
            part = (atom.question, getattr(atom, "row", None))
            if part not in found and part[0] in edition.by_code:
                found.add(part)
                question = edition.question(part[0])
                rows = [row for row in question.rows if part[1] in (None, row.code)]
                items = (*question.options, *rows)
                texts = [question.base, *(item.only_if for item in items if item.only_if)]
                waiting += map(parse, texts)
    return found


def naive_breaks(known: Questionnaire, condition: Condition) -> set[tuple[int, str]]:
    """Breaks found in the records of two editions, parts left out that the series ignores."""
    found = set()
    for year in YEARS[1:]:
        try:
            before, after = in_edition(known, year - 1), in_edition(known, year)
        except SurveyError:
            continue
        then, now = record(before)["questions"], record(after)["questions"]
        for code, row in behind(before, condition) | behind(after, condition):
            if code not in then or code not in now:
                continue
            old, new = (
                asked | {"rows": [r for r in asked.get("rows", []) if row in (None, r["code"])]}
                for asked in (then[code], now[code])
            )
            change = next((c for c in known.question(code).changed if c.edition == year), None)
            invisible = change is not None and then[code] == now[code]
            if (old != new or invisible) and (change is None or change.breaks):
                found.add((year, code))
    return found


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_a_series_breaks_where_the_records_of_what_it_rests_on_differ(first):
    broken = 0
    for seed in range(first, first + 100):
        maker = Maker(seed)
        known = maker.questionnaire()
        try:
            turns = edition_turns(known)
        except SurveyError:
            continue
        for _ in range(4):
            condition = maker.condition(1)
            told = {(each.edition, each.question) for each in series_breaks(turns, [condition])}
            assert told == naive_breaks(known, condition), to_text(condition)
            broken += len(told)
    assert broken > 100
