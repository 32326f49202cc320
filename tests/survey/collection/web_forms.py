"""Every questionnaire the form must serve: those of the observatory and those of the tests."""

from __future__ import annotations

from pathlib import Path

from survey.questionnaire import load_questionnaire

HERE = Path(__file__).parent
ROUTING = load_questionnaire(HERE.parent / "routage.yml")
SHAPES = load_questionnaire(HERE / "formes.yml")
FIELDED = [
    load_questionnaire(path)
    for path in sorted((HERE.parents[2] / "survey" / "instruments").glob("*.yml"))
]
ALL = [ROUTING, SHAPES, *FIELDED]
