"""The questionnaires that documents are tested on: every instrument, and one that has it all."""

from pathlib import Path

import pytest

from survey.questionnaire import load_questionnaire
from survey.questions import Question, Questionnaire

TESTS = Path(__file__).parents[1]
ROUTING = load_questionnaire(TESTS / "routage.yml")
PATHS = sorted((TESTS.parents[1] / "survey" / "instruments").glob("*.yml"))
INSTRUMENTS = [load_questionnaire(path) for path in PATHS]
EVERY = pytest.mark.parametrize(
    "questionnaire", [ROUTING, *INSTRUMENTS], ids=lambda each: each.code
)


def with_questions(*questions: Question) -> Questionnaire:
    """`routage.yml` with these questions instead of its own, unchecked."""
    return Questionnaire.model_construct(**(dict(ROUTING) | {"questions": questions}))
