"""What one request does to the answers of a person: pure functions, applied in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from survey.collection.form import Fields, Reading, read_page, written_fields
from survey.collection.pages import (
    Answers,
    Form,
    Page,
    asked_questions,
    consistent,
    next_page,
    question_code,
)
from survey.collection.store import Response

LONGEST_VIEW = timedelta(minutes=30)  # beyond, the person had left


def with_page(
    response: Response, form: Form, page: Page, fields: Fields, *, partial: bool
) -> Response:
    """The answers once a page is sent, or saved for later (`partial`).

    What can be read is taken; when something cannot, all that was typed is kept as a draft, and
    nothing of the page counts as left blank. Answers that are no longer asked are erased. Nothing
    changes once the answers were submitted.
    """
    if response.submitted:
        return response
    reading = read_page(page, form, response.answers, fields, partial=partial)
    drafts = {code: draft for code, draft in response.drafts.items() if code != page.code}
    if reading.errors:
        drafts[page.code] = {"fields": _own_fields(page, fields), "partial": partial}
        reading = read_page(page, form, response.answers, fields, partial=True)
    asked = {question.code for question in asked_questions(page, form, response.answers)}
    others = {k: value for k, value in response.answers.items() if question_code(k) not in asked}
    return replace(response, answers=consistent(form, others | reading.answers), drafts=drafts)


def _own_fields(page: Page, fields: Fields) -> dict[str, list[str]]:
    codes = {question.code for question in page.questions}
    return {name: list(values) for name, values in fields.items() if question_code(name) in codes}


def with_seconds(response: Response, page: Page, shown: datetime, now: datetime) -> Response:
    """The answers, with the time the page was in view.

    No second is counted twice, whatever the number of tabs, or of times a form is sent. Nothing is
    counted once the answers were submitted.
    """
    if response.submitted:
        return response
    since = max(filter(None, [shown, response.counted]))
    spent = min(max(now - since, timedelta(0)), LONGEST_VIEW).total_seconds()
    total = round(response.seconds.get(page.code, 0) + spent, 1)
    return replace(response, seconds=response.seconds | {page.code: total}, counted=now)


def submitted(response: Response, form: Form, now: datetime) -> Response:
    """The answers, sent if every page is filled; sent once only, at the first time."""
    if response.submitted or next_page(form, response.answers, response.drafts):
        return response
    return replace(response, drafts={}, counted=None, submitted=now)


def shown_fields(page: Page, form: Form, response: Response) -> tuple[Fields, Reading]:
    """The fields of a page as last typed or answered, and what was wrong in a draft."""
    draft: dict[str, Any] | None = response.drafts.get(page.code)
    if draft is None:
        return _answered_fields(page, form, response.answers), Reading()
    fields = draft["fields"]
    return fields, read_page(page, form, response.answers, fields, partial=draft["partial"])


def _answered_fields(page: Page, form: Form, answers: Answers) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for question in asked_questions(page, form, answers):
        fields |= written_fields(question, answers)
    return fields
