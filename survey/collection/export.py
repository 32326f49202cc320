"""From the answers of our own form to the frame that the pipeline reads."""

from __future__ import annotations

from typing import Any

import polars as pl

from survey.collection.pages import Form, consistent, make_form
from survey.collection.store import Response, ResponseStore
from survey.columns import questionnaire_columns
from survey.questions import Questionnaire

TECHNICAL = {
    "id": pl.String(),
    "token": pl.String(),
    "submitted": pl.Datetime("us"),
    "complete": pl.Boolean(),
    "duration_seconds": pl.Float64(),
}


def collected_responses(store: ResponseStore, questionnaire: Questionnaire) -> pl.DataFrame:
    """Every person's answers, as `limesurvey.reading.read_export` gives those of LimeSurvey.

    Columns `id` (random), `token` (the `token` of the sample, a random name and not the secret of
    the link; null without invitation), `submitted` (UTC; null: unfinished), `complete` (submitted),
    `duration_seconds` (time the pages were in view), then those of `survey.columns`. One row a
    person who saved a page, by `id`.

    Unfinished answers come too: what was not reached is null, as what was not asked; only
    `complete` tells them apart. A draft that was never taken in is left out.
    """
    form = make_form(questionnaire)
    names = {column.name: column.dtype for column in questionnaire_columns(questionnaire)}
    people = [response for response in store.all() if response.answers or response.submitted]
    rows = [_row(response, form, list(names)) for response in people]
    return pl.DataFrame(rows, schema=TECHNICAL | names, orient="row")


def _row(response: Response, form: Form, names: list[str]) -> tuple[Any, ...]:
    answers = consistent(form, response.answers)
    technical = (
        response.identifier,
        response.identifier if response.invited else None,
        response.submitted,
        response.submitted is not None,
        float(sum(response.seconds.values())),
    )
    return (*technical, *(answers.get(name) for name in names))
