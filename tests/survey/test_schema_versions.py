"""Answers to several versions of a form: null only where a version did not offer the column."""

from pathlib import Path

import pandera.errors
import polars as pl
import pytest

from survey.errors import ResponseError
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire
from survey.schema import check_responses, response_schema

ROUTAGE = Path(__file__).parent / "routage.yml"


def test_only_what_a_version_did_not_offer_may_be_null():
    questionnaire = load_questionnaire(ROUTAGE)
    answers = generate_responses(questionnaire, 60, seed=4).filter(services__etat="repondu")
    answers = answers.filter(pl.col("services__trad") & ~pl.col("services__spam"))
    blank = answers.with_columns(services__spam=pl.lit(None, pl.Boolean))
    assert answers.height
    with pytest.raises(ResponseError, match="services__spam"):
        check_responses(blank, questionnaire)
    told = blank.with_columns(not_offered=pl.lit(["services__spam"]))
    check_responses(told, questionnaire)
    with pytest.raises(ResponseError, match="services__spam"):
        check_responses(answers.with_columns(not_offered=pl.lit(["services__spam"])), questionnaire)
    with pytest.raises(ResponseError, match="services__spam"):
        check_responses(blank.with_columns(not_offered=pl.lit(["autre__colonne"])), questionnaire)


def test_a_question_that_a_version_did_not_ask_is_null():
    questionnaire = load_questionnaire(ROUTAGE)
    answers = generate_responses(questionnaire, 20, seed=4)
    with pytest.raises(ResponseError, match="cette version du formulaire ne posait pas"):
        check_responses(answers.with_columns(not_offered=pl.lit(["taille"])), questionnaire)
    names = ["effectif__etat", "effectif"]
    unasked = answers.with_columns(pl.lit(None).cast(answers[n].dtype).alias(n) for n in names)
    with pytest.raises(ResponseError, match="effectif__etat"):
        check_responses(unasked, questionnaire)
    check_responses(unasked.with_columns(not_offered=pl.lit(names)), questionnaire)


def test_pandera_has_the_same_rule():
    questionnaire = load_questionnaire(ROUTAGE)
    answers = generate_responses(questionnaire, 20, seed=4)
    names = ["effectif__etat", "effectif"]
    unasked = answers.with_columns(pl.lit(None).cast(answers[n].dtype).alias(n) for n in names)
    told = unasked.with_columns(not_offered=pl.lit(names))
    response_schema(questionnaire, versions=True).validate(told)
    with pytest.raises(pandera.errors.SchemaError, match="effectif"):
        response_schema(questionnaire).validate(told)
