"""Answers that every tool must bring home unchanged, and the questionnaires they answer."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from survey.columns import empty_responses
from survey.formats.intake import KEPT
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire
from survey.schema import check_responses

ROOT = Path(__file__).parents[1]
PATHS = [
    ROOT / "tests/survey/routage.yml",
    *sorted((ROOT / "survey/instruments").glob("*.yml")),
]
START = datetime(2026, 3, 2, 9)

# Every type of question and every kind of condition: enough for what Hypothesis draws.
every_type = pytest.mark.parametrize("path", PATHS[:1], ids=lambda path: path.stem)
every_questionnaire = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def questionnaire_at(path):
    return load_questionnaire(path)


def technical(rows):
    """Identifier, link, date, duration of so many complete answers."""
    number = range(1, rows + 1)
    return pl.DataFrame(
        {
            "id": [f"r{i}" for i in number],
            "token": [f"jeton{i}" for i in number],
            "submitted": [START + timedelta(minutes=7 * i) for i in number],
            "complete": [True] * rows,
            "duration_seconds": [60.0 + i for i in number],
        },
        schema=TECHNICAL,
    )


TECHNICAL = {
    "id": pl.String,
    "token": pl.String,
    "submitted": pl.Datetime("us"),
    "complete": pl.Boolean,
    "duration_seconds": pl.Float64,
}
assert {*TECHNICAL, "ligne", "datestamp"} == set(KEPT)


def generated(questionnaire, rows=40, seed=5):
    answers = generate_responses(questionnaire, rows, seed).drop("id")
    return technical(rows).hstack(answers)


def framed(questionnaire, people):
    """Answers of the strategy `answers`, one mapping a person."""
    answers = pl.DataFrame(people, schema=empty_responses(questionnaire).schema)
    frame = technical(len(people)).hstack(answers)
    check_responses(frame, questionnaire)
    return frame


def free_texts(questionnaire, people):
    """Every free text of some answers."""
    columns = empty_responses(questionnaire).schema
    names = [name for name, dtype in columns.items() if dtype == pl.String]
    return {person[name] for person in people for name in names} - {None}
