"""Where a series breaks: editions in which what it rests on was no longer asked in the same way.

A series rests on the questions that its conditions name, on those behind the bases, and on those
that decide who is asked them. A row of a grid rests on that row alone; `any(grid)` on all of them,
so that it breaks when a row is added, and so does every question asked of those it selects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from survey.changes import asked_of, offered_to
from survey.conditions import Condition, Named, atoms, parse
from survey.edition_checks import turning_points
from survey.editions import in_edition
from survey.french import typography
from survey.questions import Option, Question, Questionnaire, Row

Part = tuple[str, str | None]  # a question, and one row of it or the whole


@dataclass(frozen=True, slots=True)
class Break:
    """`edition` cannot be compared with the one before, because of `question`; `what` says why."""

    edition: int
    question: str
    what: str


@dataclass(frozen=True, slots=True)
class Turn:
    """An edition at which a questionnaire changes: that of the year before, and its own."""

    before: Questionnaire
    after: Questionnaire


def edition_turns(known: Questionnaire) -> list[Turn]:
    """Every edition at which something begins, ends or changes, the first one left aside.

    `known` holds all editions (as `load_questionnaire` gives it without a year).
    """
    turns = []
    for edition in turning_points(known)[1:]:
        years = (edition - 1, edition)
        if all(any(q.is_asked_in(year) for q in known.questions) for year in years):
            turns.append(Turn(*(in_edition(known, year) for year in years)))
    return turns


def series_breaks(
    turns: Iterable[Turn], conditions: Iterable[Condition], questions: Iterable[str] = ()
) -> list[Break]:
    """Every break of a series, by edition, then in the order of the questionnaire.

    Parameters
    ----------
    turns : those of the questionnaire, from `edition_turns`
    conditions : those of the series: its base, what it counts, what it is cut by
    questions : codes of questions it takes whole (a mean, a distribution)

    A change that says `breaks: false` is passed over; one that shows nowhere breaks too, since it
    was told (another mode, another place). A question that begins or ends breaks only what stands
    on others: its own series has nothing before, or nothing after.
    """
    waiting: list[Condition | Part] = [*conditions, *((code, None) for code in questions)]
    found = []
    for turn in turns:
        parts = _parts(turn.before, waiting) | _parts(turn.after, waiting)
        found += _breaks_at(turn, parts)
    return found


def _breaks_at(turn: Turn, parts: set[Part]) -> Iterator[Break]:
    before, after = turn.before, turn.after
    for question in after.questions:
        former = before.by_code.get(question.code)
        rows = [row for code, row in parts if code == question.code]
        if former is None or not rows:
            continue
        change = next((each for each in question.changed if each.edition == after.edition), None)
        seen = any(_face(former, row, before) != _face(question, row, after) for row in rows)
        told = change is not None and _face(former, None, before) == _face(question, None, after)
        if (seen or told) and (change is None or change.breaks):
            what = change.what if change else _told(former, question)
            yield Break(after.edition, question.code, typography(what))


def _parts(questionnaire: Questionnaire, series: list[Condition | Part]) -> set[Part]:
    """Questions, or rows of them, that a series rests on, however far behind."""
    found: set[Part] = set()
    waiting = list(series)
    bases = {base.code: parse(base.condition) for base in questionnaire.bases}
    while waiting:
        item = waiting.pop()
        if not isinstance(item, tuple):
            for atom in atoms(item):
                if not isinstance(atom, Named):
                    waiting.append((atom.question, getattr(atom, "row", None)))
                elif atom.code in bases:
                    waiting.append(bases[atom.code])
        elif item not in found and item[0] in questionnaire.by_code:
            found.add(item)
            question = questionnaire.question(item[0])
            items = (*question.options, *_rows(question, item[1]))
            texts = (question.base, *(each.only_if for each in items))
            waiting += [parse(text) for text in texts if text]
    return found


def _rows(question: Question, row: str | None) -> list[Row]:
    """The rows a part is about: one, or all of them."""
    return [each for each in question.rows if row in (None, each.code)]


def _face(question: Question, row: str | None, questionnaire: Questionnaire) -> tuple:
    """What is put to people, as far as the part is concerned."""

    def put(item: Option | Row) -> tuple:
        return item.code, item.label, getattr(item, "help", None), offered_to(item, questionnaire)

    return (
        question.text,
        question.help,
        question.required,
        question.dont_know,
        (question.minimum, question.maximum),
        asked_of(question, questionnaire),
        tuple(map(put, question.options)),
        tuple(map(put, _rows(question, row))),
    )


def _told(former: Question, question: Question) -> str:
    """What changed, for a change that nobody has put into words: options or rows, or the base."""
    for name, old, new in (
        ("modalités", former.options, question.options),
        ("lignes", former.rows, question.rows),
    ):
        gone = [item.short for item in old if item.code not in {each.code for each in new}]
        come = [item.short for item in new if item.code not in {each.code for each in old}]
        said = [f"{name} ajoutées : {', '.join(come)}"] if come else []
        said += [f"{name} retirées : {', '.join(gone)}"] if gone else []
        if said:
            return f"« {question.short} », {' ; '.join(said)}"
    return f"« {question.short} » n’est plus posée aux mêmes répondants"
