"""A questionnaire cut into pages, and where one person stands in them.

A page is a run of questions of one theme. A theme is cut where a condition (of a question, an
option or a row) refers to a question of the page being filled: every condition so depends on
earlier pages only, and what a page shows is known before it is opened, without JavaScript. The cut
is the longest possible from the first question on, hence the fewest pages.

Answers are a mapping over the columns of `survey.columns`; a column left out was not reached or not
asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from survey.columns import (
    GIVEN,
    answer_column,
    choice_codes,
    other_text_column,
    special_codes,
    state_column,
    tick_column,
)
from survey.evaluation import is_asked, shown
from survey.questions import Question, Questionnaire
from survey.routing import effective_base

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Questions shown together; `code` is in its address, `part` the rank of its theme from 1.

    `title` is that of the theme; `is_continued`: the theme began on an earlier page.
    """

    code: str
    part: int
    title: str
    is_continued: bool
    questions: tuple[Question, ...]

    @property
    def heading(self) -> str:
        """The title, as two pages of a theme are told apart."""
        return f"{self.title}, suite" if self.is_continued else self.title


@dataclass(frozen=True, slots=True)
class Form:
    """A questionnaire and its pages, in order."""

    questionnaire: Questionnaire
    pages: tuple[Page, ...]

    @property
    def parts(self) -> int:
        """Number of parts (themes) from the first page to the last."""
        return self.pages[-1].part

    def page(self, code: str) -> Page | None:
        """The page of that code."""
        return next((page for page in self.pages if page.code == code), None)


def make_form(questionnaire: Questionnaire) -> Form:
    """Cut a questionnaire into pages; codes are `theme`, `theme-2`…"""
    pages: list[Page] = []
    used: dict[str, int] = {}
    runs = groupby(questionnaire.questions, key=lambda question: question.theme)
    for part, (theme, questions) in enumerate(runs, start=1):
        for rank, group in enumerate(_independent(list(questions), questionnaire)):
            used[theme] = used.get(theme, 0) + 1
            code = theme if used[theme] == 1 else f"{theme}-{used[theme]}"
            title = questionnaire.themes[theme]
            pages.append(Page(code, part, title, rank > 0, tuple(group)))
    return Form(questionnaire, tuple(pages))


def _independent(questions: list[Question], questionnaire: Questionnaire) -> list[list[Question]]:
    """Runs in which no condition refers to a question of the same run."""
    groups: list[list[Question]] = [[]]
    for question in questions:
        here = {other.code for other in groups[-1]}
        if here & needed_questions(question, questionnaire):
            groups.append([])
        groups[-1].append(question)
    return groups


def needed_questions(question: Question, questionnaire: Questionnaire) -> set[str]:
    """Codes of the questions on which it depends what is shown of a question."""
    items = [None, *question.options, *question.rows]
    conditions = {effective_base(question, item) for item in items}
    return set().union(*(questionnaire.questions_behind(each) for each in conditions))


def asked_questions(page: Page, form: Form, answers: Answers) -> list[Question]:
    """Questions of the page that this person is asked."""
    return [each for each in page.questions if is_asked(each, form.questionnaire, answers)]


def question_code(name: str) -> str:
    """Code of the question of a column or of a field."""
    return name.partition("__")[0]


def consistent(form: Form, answers: Answers) -> dict[str, Any]:
    """Answers without those that routing no longer asks, or that are no longer offered.

    A multiple choice that keeps no tick, and a choice whose option is hidden, are to be answered
    anew.
    """
    kept: dict[str, Any] = {}
    answered = {question_code(name) for name in answers}
    for question in form.questionnaire.questions:
        if question.code in answered and is_asked(question, form.questionnaire, kept):
            kept |= _allowed(question, form.questionnaire, answers, kept)
    return kept


def _allowed(
    question: Question, questionnaire: Questionnaire, answers: Answers, earlier: Answers
) -> dict[str, Any]:
    """The columns of one question that may stay, given the answers to earlier questions."""
    options = [option.code for option in shown(question.options, questionnaire, earlier)]
    special = special_codes(question)
    match question.type:
        case "single":
            name = answer_column(question)
            chosen = answers.get(name)
            if chosen not in [*options, *special]:
                return {}
            return {name: chosen} | _other_texts(question, {chosen}, answers)
        case "grid":
            rows = shown(question.rows, questionnaire, earlier)
            names = [answer_column(question, row.code) for row in rows]
            codes = choice_codes(question)
            return {name: answers[name] for name in names if answers.get(name) in codes}
        case "multiple":
            return _allowed_ticks(question, options, answers)
        case "number" | "text":
            state, value = state_column(question), answer_column(question)
            if answers.get(state) == GIVEN:
                return {state: GIVEN, value: answers[value]}
            return {state: answers[state]} if answers.get(state) in special else {}


def _allowed_ticks(question: Question, options: list[str], answers: Answers) -> dict[str, Any]:
    state = state_column(question)
    if answers.get(state) in special_codes(question):
        return {state: answers[state]}
    names = {code: tick_column(question, code) for code in options}
    ticks = {code: answers[name] for code, name in names.items() if answers.get(name) is not None}
    ticked = {code for code, tick in ticks.items() if tick}
    if answers.get(state) != GIVEN or not ticked:
        return {}
    columns = {names[code]: tick for code, tick in ticks.items()}
    return {state: GIVEN} | columns | _other_texts(question, ticked, answers)


def _other_texts(question: Question, chosen: set[str], answers: Answers) -> dict[str, str]:
    names = [
        other_text_column(question, option.code)
        for option in question.options
        if option.other and option.code in chosen
    ]
    return {name: answers[name] for name in names if answers.get(name)}


def is_answered(question: Question, questionnaire: Questionnaire, answers: Answers) -> bool:
    """Whether everything shown of an asked question has its answer, « left blank » included."""
    match question.type:
        case "single":
            names = [answer_column(question)]
        case "grid":
            rows = shown(question.rows, questionnaire, answers)
            names = [answer_column(question, row.code) for row in rows]
        case _:
            names = [state_column(question)]
            if question.type == "multiple" and answers.get(names[0]) == GIVEN:
                options = shown(question.options, questionnaire, answers)
                names += [tick_column(question, option.code) for option in options]
    return all(answers.get(name) is not None for name in names)


def visible_pages(form: Form, answers: Answers) -> list[Page]:
    """Pages that show this person at least one question."""
    return [page for page in form.pages if asked_questions(page, form, answers)]


def is_finished(page: Page, form: Form, answers: Answers, drafts: Mapping[str, Any]) -> bool:
    """Whether nothing is left to be filled in a page: no question, and no draft to be corrected."""
    asked = asked_questions(page, form, answers)
    if asked and page.code in drafts:
        return False
    return all(is_answered(question, form.questionnaire, answers) for question in asked)


def next_page(
    form: Form, answers: Answers, drafts: Mapping[str, Any], after: Page | None = None
) -> Page | None:
    """The first page to be filled after `after`, else the first of all; None when none is left.

    Pages already filled are passed over: whoever changes an earlier answer comes back to where they
    had stopped.
    """
    rank = 0 if after is None else form.pages.index(after) + 1
    in_turn = (*form.pages[rank:], *form.pages[:rank])
    return next((page for page in in_turn if not is_finished(page, form, answers, drafts)), None)


def previous_page(form: Form, answers: Answers, before: Page | None = None) -> Page | None:
    """The visible page before `before` (before the review when None), if any."""
    rank = len(form.pages) if before is None else form.pages.index(before)
    earlier = [page for page in visible_pages(form, answers) if form.pages.index(page) < rank]
    return earlier[-1] if earlier else None
