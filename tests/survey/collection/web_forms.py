"""Every questionnaire the form must serve: those of the observatory and those of the tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire

HERE = Path(__file__).parent
ROUTING = load_questionnaire(HERE.parent / "routage.yml")
SHAPES = load_questionnaire(HERE / "formes.yml")
FIELDED = [
    load_questionnaire(path)
    for path in sorted((HERE.parents[2] / "survey" / "instruments").glob("*.yml"))
]
ALL = [ROUTING, SHAPES, *FIELDED]


@cache
def thousand_people(code: str) -> pl.DataFrame:
    """A thousand people's answers to the questionnaire of that code."""
    (questionnaire,) = [each for each in ALL if each.code == code]
    return generate_responses(questionnaire, 1000, seed=11)
