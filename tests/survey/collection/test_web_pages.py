"""The pages show exactly what the routing asks, and answers come through the form unchanged."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_forms import ALL, ROUTING, SHAPES, thousand_people

from survey.collection.form import written_fields
from survey.collection.journey import with_page
from survey.collection.pages import (
    Form,
    asked_questions,
    consistent,
    make_form,
    needed_questions,
    next_page,
    previous_page,
)
from survey.collection.store import Response
from survey.columns import questionnaire_columns
from survey.evaluation import is_asked, shown
from survey.generation import generate_responses
from survey.questions import Questionnaire
from survey.routing import effective_base, to_polars
from survey.strategies import answers

SHAPES_FORM = make_form(SHAPES)


def walk(form: Form, person: dict) -> tuple[dict, dict[str, set[str]]]:
    """Answer page by page what is shown; the answers kept, and the items shown by question."""
    response, seen = Response("essai", invited=False), {}
    page = next_page(form, {}, {})
    while page is not None:
        fields = {}
        for question in asked_questions(page, form, response.answers):
            assert question.code not in seen, "shown twice"
            items = (*question.options, *question.rows)
            offered = shown(items, form.questionnaire, response.answers)
            seen[question.code] = {item.code for item in offered}
            fields |= written_fields(question, person)
        response = with_page(response, form, page, fields, partial=False)
        assert response.drafts == {}
        page = next_page(form, response.answers, response.drafts, page)
    return response.answers, seen


def expected_items(questionnaire: Questionnaire, frame: pl.DataFrame) -> list[dict[str, set[str]]]:
    """By person, the questions asked and the options and rows shown, as Polars routes them."""
    people: list[dict[str, set[str]]] = [{} for _ in range(frame.height)]
    for question in questionnaire.questions:
        for item in (None, *question.options, *question.rows):
            condition = effective_base(question, item)
            asked = frame.select("id", asked=to_polars(condition, questionnaire))["asked"]
            for person, is_shown in zip(people, asked, strict=True):
                if is_shown:
                    person.setdefault(question.code, set()).update({item.code} if item else ())
    return people


@pytest.mark.parametrize("questionnaire", ALL, ids=lambda each: each.code)
def test_a_thousand_people_see_what_polars_routes_and_keep_their_answers(questionnaire):
    form = make_form(questionnaire)
    frame = thousand_people(questionnaire.code)
    names = [column.name for column in questionnaire_columns(questionnaire)]
    routed = expected_items(questionnaire, frame)
    for person, items in zip(frame.to_dicts(), routed, strict=True):
        kept, seen = walk(form, person)
        assert seen == items
        assert seen.keys() == {
            q.code for q in questionnaire.questions if is_asked(q, questionnaire, person)
        }
        assert [kept.get(name) for name in names] == [person[name] for name in names]


@pytest.mark.parametrize("questionnaire", ALL, ids=lambda each: each.code)
def test_no_condition_refers_to_its_own_page(questionnaire):
    form = make_form(questionnaire)
    listed = [question for page in form.pages for question in page.questions]
    assert listed == list(questionnaire.questions)
    assert len({page.code for page in form.pages}) == len(form.pages)
    for page in form.pages:
        here = {question.code for question in page.questions}
        assert len({question.theme for question in page.questions}) == 1
        for question in page.questions:
            assert not here & needed_questions(question, questionnaire)
    for before, after in zip(form.pages, form.pages[1:], strict=False):
        if before.part == after.part:  # cut only where it had to be
            here = {question.code for question in before.questions}
            assert here & needed_questions(after.questions[0], questionnaire)


def test_the_pages_of_the_example():
    assert [[q.code for q in page.questions] for page in SHAPES_FORM.pages] == [
        ["taille"],
        ["statut", "effectif"],
        ["outils"],
        ["services"],
        ["accord", "part", "remarque", "besoins"],
    ]
    assert [page.part for page in SHAPES_FORM.pages] == [1, 1, 2, 2, 3]
    assert len(make_form(ROUTING).pages) == 2


@given(answers(SHAPES), answers(SHAPES), st.integers(0, 4))
def test_a_changed_answer_leaves_nothing_that_is_no_longer_asked(first, second, rank):
    """One page of the first answers is replaced by that of the second: what stays is routed."""
    page = SHAPES_FORM.pages[rank]
    response = Response("essai", False, answers=consistent(SHAPES_FORM, first))
    fields = {}
    for question in asked_questions(page, SHAPES_FORM, response.answers):
        fields |= written_fields(question, second)
    changed = with_page(response, SHAPES_FORM, page, fields, partial=True).answers
    assert changed == consistent(SHAPES_FORM, changed)
    asked = {q.code for q in SHAPES.questions if is_asked(q, SHAPES, changed)}
    assert {name.split("__")[0] for name in changed} <= asked
    untouched = [p for p in SHAPES_FORM.pages[:rank] for p in p.questions]
    for question in untouched:
        kept = {n: v for n, v in changed.items() if n.split("__")[0] == question.code}
        given_first = {n: v for n, v in first.items() if n.split("__")[0] == question.code}
        assert kept == {n: v for n, v in given_first.items() if v is not None}


def test_routing_that_changes_erases_and_asks_anew():
    complete, _ = walk(SHAPES_FORM, large_user())
    first, second, *_ = SHAPES_FORM.pages
    response = with_page(
        Response("essai", False, answers=complete),
        SHAPES_FORM,
        first,
        {"taille": ["0"]},
        partial=False,
    )
    assert "effectif" not in response.answers and "outils__robot" not in response.answers
    assert "statut" not in response.answers  # « Groupe » is no longer offered
    assert "services__paie" not in response.answers and response.answers["services__trad"]
    assert next_page(SHAPES_FORM, response.answers, {}, first) == second
    back = with_page(response, SHAPES_FORM, first, {"taille": ["1-9"]}, partial=False)
    grid = SHAPES_FORM.page("usages")
    left = with_page(back, SHAPES_FORM, second, {"statut": ["prive"]}, partial=False)
    assert next_page(SHAPES_FORM, left.answers, {}, second) == grid  # a row is shown again
    assert left.answers["outils__texte1"] == "oui"


def test_the_way_back_skips_what_is_hidden():
    kept = {"taille": "0", "outils__texte1": "non", "outils__image": "non"}
    last = SHAPES_FORM.pages[-1]
    assert previous_page(SHAPES_FORM, kept, last) == SHAPES_FORM.page("usages")
    assert previous_page(SHAPES_FORM, kept) == last
    assert previous_page(SHAPES_FORM, kept, SHAPES_FORM.pages[0]) is None


def large_user() -> dict:
    person = next(
        person
        for person in generate_responses(SHAPES, 2000, seed=1).to_dicts()
        if person["statut"] == "groupe"
        and person["services__trad"]
        and person["services__paie"]
        and person["outils__texte1"] == "oui"
        and person["outils__robot"] == "oui"
    )
    return person
