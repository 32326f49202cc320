"""Answers made up follow the routing, and one person's routing agrees with that of frames."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given

from survey.columns import questionnaire_columns
from survey.evaluation import holds
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire
from survey.routing import effective_base, parse, to_polars
from survey.schema import check_responses
from survey.strategies import answers

HERE = Path(__file__).parent
ROUTING = load_questionnaire(HERE / "routage.yml")
INSTRUMENTS = [ROUTING] + [
    load_questionnaire(path)
    for path in sorted((HERE.parents[1] / "survey" / "instruments").glob("*.yml"))
]
SCHEMA = {column.name: column.dtype for column in questionnaire_columns(ROUTING)}


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
def test_generated_answers_are_what_the_schema_allows(questionnaire):
    responses = generate_responses(questionnaire, 300, seed=3)
    check_responses(responses, questionnaire)
    assert responses.equals(generate_responses(questionnaire, 300, seed=3))
    assert not responses.equals(generate_responses(questionnaire, 300, seed=4))


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
def test_every_column_is_reached(questionnaire):
    responses = generate_responses(questionnaire, 2000, seed=5)
    never = [name for name in responses.columns if responses[name].null_count() == 2000]
    assert never == []


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
def test_one_person_and_a_frame_agree_on_every_condition(questionnaire):
    responses = generate_responses(questionnaire, 300, seed=6)
    conditions = {parse(base.condition) for base in questionnaire.bases}
    for question in questionnaire.questions:
        items = [None, *question.options, *question.rows]
        conditions |= {effective_base(question, item) for item in items}
    rows = responses.to_dicts()
    for condition in conditions:
        of_frame = responses.select(pl.col("id"), value=to_polars(condition, questionnaire))
        of_rows = [holds(condition, questionnaire, row) for row in rows]
        assert of_frame["value"].to_list() == of_rows, condition


@given(answers(ROUTING))
def test_the_strategy_honours_routing(person):
    check_responses(pl.DataFrame([person], schema=SCHEMA), ROUTING)


@pytest.mark.parametrize(
    ("bounds", "integer"),
    [
        ({"maximum": -5}, True),
        ({"maximum": -5}, False),
        ({"minimum": 1e9}, True),
        ({"minimum": 0.001, "maximum": 0.002}, False),
        ({"minimum": 0.5, "maximum": 1.5}, True),
        ({"minimum": -1e12, "maximum": 1e12}, True),
    ],
)
def test_numbers_stay_within_any_bounds(bounds, integer):
    number = next(q for q in ROUTING.questions if q.type == "number")
    given = {"minimum": None, "maximum": None, "base": "ensemble", "integer": integer} | bounds
    alone = ROUTING.model_copy(update={"questions": (number.model_copy(update=given),)})
    alone.__dict__.pop("by_code", None)
    values = generate_responses(alone, 60, seed=3)[number.code].drop_nulls()
    assert len(values) > 10
    assert values.min() >= bounds.get("minimum", -1e13)
    assert values.max() <= bounds.get("maximum", 1e13)
