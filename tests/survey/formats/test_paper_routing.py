"""Whoever follows the paper with a pen fills in the questions that are asked, and no other."""

import polars as pl
import pytest
from document_cases import EVERY, INSTRUMENTS, ROUTING, with_questions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.canonical import to_text
from survey.columns import question_columns
from survey.conditions import (
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Count,
    Everyone,
    Has,
    Is,
    Not,
    Or,
)
from survey.evaluation import holds, shown
from survey.formats.paper.routing import Entry, Goto, Offer, paper_routing
from survey.generation import generate_responses
from survey.questions import Comparable, Option, Question
from survey.routing import effective_base, parse, to_polars

EXTRA = ("e0", "e1", "e2", "e3", "e4", "e5")


def followed(questionnaire, instructions, answers) -> list[str]:
    """Codes of the questions filled in by who does what the paper says, no more and no less.

    A condition is looked up in what has been filled in so far.
    """
    codes = [question.code for question in questionnaire.questions]
    places = {code: position for position, code in enumerate([*codes, None])}
    position, filled, known = 0, [], {}
    while position < len(codes):
        code = codes[position]
        said = [each for each in instructions if each.question == code]
        entries = [each for each in said if isinstance(each, Entry)]
        turned = [e for e in entries if not holds(e.condition, questionnaire, known)]
        if turned:
            position = places[turned[0].otherwise]
            continue
        filled.append(code)
        columns = question_columns(questionnaire.question(code))
        known |= {column.name: answers[column.name] for column in columns}
        gotos = [each for each in said if isinstance(each, Goto)]
        taken = [g for g in gotos if holds(g.condition, questionnaire, known)]
        position = places[taken[0].target] if taken else position + 1
    return filled


def asked(questionnaire, responses: pl.DataFrame) -> list[list[str]]:
    """Codes of the questions that Polars routing asks of each row."""
    conditions = {q.code: effective_base(q) for q in questionnaire.questions}
    visible = responses.select(
        pl.col("id"), **{code: to_polars(c, questionnaire) for code, c in conditions.items()}
    )
    return [[code for code in conditions if row[code]] for row in visible.to_dicts()]


def wrong(questionnaire, instructions, responses):
    """Rows that the paper leads to other questions than the routing."""
    expected = asked(questionnaire, responses)
    for row, codes in zip(responses.to_dicts(), expected, strict=True):
        if followed(questionnaire, instructions, row) != codes:
            yield row


@EVERY
def test_the_paper_leads_where_the_routing_does(questionnaire):
    responses = generate_responses(questionnaire, 400, seed=11)
    assert not any(wrong(questionnaire, paper_routing(questionnaire), responses))


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
def test_every_instruction_is_needed_but_those_that_only_shorten_the_way(questionnaire):
    responses = generate_responses(questionnaire, 400, seed=12)
    instructions = moves(questionnaire)
    idle = [
        each
        for each in instructions
        if not any(wrong(questionnaire, [i for i in instructions if i is not each], responses))
    ]
    assert [each for each in idle if each.condition != Everyone()] == []


@EVERY
def test_options_and_rows_are_offered_as_the_routing_does(questionnaire):
    offers = {
        (each.question, each.item): each.condition
        for each in paper_routing(questionnaire)
        if isinstance(each, Offer)
    }
    responses = generate_responses(questionnaire, 150, seed=13)
    for row, codes in zip(responses.to_dicts(), asked(questionnaire, responses), strict=True):
        for question in map(questionnaire.question, codes):
            for items in (question.options, question.rows):
                on_paper = [
                    item
                    for item in items
                    if holds(offers.get((question.code, item.code), Everyone()), questionnaire, row)
                ]
                assert on_paper == shown(items, questionnaire, row)


LABELS = st.lists(st.sampled_from(["oui", "non", "NSP"]), min_size=1, max_size=2, unique=True)
CHOICES = LABELS.map(tuple)
SIZES = st.lists(st.sampled_from(["0", "1-9", "10-49", "NSP"]), min_size=1, max_size=3, unique=True)
ATOMS = st.one_of(
    st.builds(Is, st.just("taille"), SIZES.map(tuple)),
    st.builds(Is, st.just("outils"), CHOICES, st.sampled_from(["texte1", "image", "robot"])),
    st.builds(Compare, st.just("effectif"), st.sampled_from(["<", "<=", ">", ">="]), st.just(10.0)),
    st.builds(Has, st.just("services"), st.sampled_from(["trad", "spam"])),
    st.builds(AnyRow, st.just("outils"), CHOICES),
    st.builds(AllRows, st.just("outils"), CHOICES),
    st.builds(
        Count,
        st.just("outils"),
        CHOICES,
        st.sampled_from(["<", "<=", ">", ">=", "="]),
        st.integers(0, 3),
    ),
    st.builds(Answered, st.sampled_from(["taille", "effectif", "services", "outils"])),
)


def conditions(earlier: tuple[str, ...]):
    """Conditions over the questions of `routage.yml` and the extra ones before."""
    atoms = ATOMS
    if earlier:
        atoms = st.one_of(st.builds(Is, st.sampled_from(earlier), CHOICES), ATOMS)
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
        ),
        max_leaves=4,
    )


@st.composite
def questionnaires(draw):
    """`routage.yml` followed by yes-or-no questions under conditions of every kind."""
    questions = list(ROUTING.questions)
    pool = [draw(conditions(())) for _ in range(2)]
    for rank, code in enumerate(EXTRA):
        condition = draw(st.one_of(st.sampled_from(pool), conditions(EXTRA[:rank])))
        questions.append(
            Question(
                code=code,
                theme="profil",
                type="single",
                text=f"Question {code} ?",
                help="Répondez.",
                short=code,
                base=to_text(condition),
                required=draw(st.booleans()),
                dont_know=draw(st.booleans()),
                options=(Option(code="oui", label="Oui"), Option(code="non", label="Non")),
                comparable=Comparable(status="own"),
            )
        )
    return with_questions(*questions)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(questionnaires(), st.integers(0, 1000))
def test_any_routing_can_be_followed_on_paper(questionnaire, seed):
    responses = generate_responses(questionnaire, 40, seed)
    assert not any(wrong(questionnaire, paper_routing(questionnaire), responses))


def with_bases(*bases: str, required: bool = False):
    """`routage.yml` followed by one yes-or-no question for each base."""
    options = (Option(code="oui", label="Oui"), Option(code="non", label="Non"))
    extra = tuple(
        Question(
            code=code,
            theme="profil",
            type="single",
            text="Et ?",
            help="Répondez.",
            short=code,
            base=base,
            required=required,
            options=options,
            comparable=Comparable(status="own"),
        )
        for code, base in zip(EXTRA, bases, strict=False)
    )
    return with_questions(*ROUTING.questions, *extra)


def moves(questionnaire):
    return [each for each in paper_routing(questionnaire) if not isinstance(each, Offer)]


def test_an_answer_sends_past_the_questions_it_closes():
    questionnaire = with_bases("ensemble", "e0 = oui", "e1 = oui", "ensemble")
    assert moves(questionnaire) == [
        Goto("e0", Not(Is("e0", ("oui",))), "e3"),
        Goto("e1", Not(Is("e1", ("oui",))), "e3"),
    ]
    required = with_bases("ensemble", "e0 = oui", "ensemble", required=True)
    assert moves(required) == [Goto("e0", Is("e0", ("non",)), "e2")]


def test_two_answers_may_lead_to_two_places():
    questionnaire = with_bases("ensemble", "e0 = oui", "e0 = non", "ensemble")
    assert moves(questionnaire) == [
        Goto("e0", Is("e0", ("non",)), "e2"),
        Goto("e0", Not(Is("e0", ("oui", "non"))), "e3"),
        Goto("e1", Everyone(), "e3"),
    ]


def test_what_sends_everyone_comes_after_what_sends_further():
    questionnaire = with_bases('taille != "0"', 'taille = "0"', "e0 = oui")
    assert moves(questionnaire) == [
        Entry("e0", Not(Is("taille", ("0",))), "e1"),
        Goto("e0", Not(Is("e0", ("oui",))), None),
        Goto("e0", Everyone(), "e2"),
        Goto("e1", Everyone(), None),
    ]
    assert not any(
        wrong(questionnaire, moves(questionnaire), generate_responses(questionnaire, 90, 1))
    )


def test_of_two_conditions_that_send_as_far_the_wider_is_told():
    both = "answered(outils) and not any(outils) = oui"
    assert moves(with_bases(both, "ensemble")) == [
        Goto("outils", Not(And((Answered("outils"), Not(AnyRow("outils", ("oui",)))))), "e1")
    ]


def test_what_asks_one_answer_twice_asks_once():
    either = 'taille = "0" or taille = "1-9"'
    neither = 'effectif > 3 and taille != "0" and (not (taille = "1-9") and effectif > 3)'
    assert moves(with_bases("ensemble", either, neither)) == [
        Entry("e1", Is("taille", ("0", "1-9")), "e2"),
        Goto("e1", Everyone(), None),
        Entry("e2", Compare("effectif", ">", 3.0), None),
    ]
    both = And((Compare("effectif", ">", 3.0), Not(Is("taille", ("0", "1-9")))))
    assert moves(with_bases("ensemble", neither)) == [Entry("e1", both, None)]


def test_one_entry_stands_before_several_questions_and_one_question_is_filtered():
    shared = "any(outils) = oui"
    questionnaire = with_bases("ensemble", shared, f"{shared} and effectif > 3", "ensemble")
    assert moves(questionnaire) == [
        Entry("e1", AnyRow("outils", ("oui",)), "e3"),
        Entry("e2", Compare("effectif", ">", 3.0), "e3"),
    ]


def test_a_condition_that_closes_the_end_sends_to_the_end():
    assert moves(with_bases("ensemble", "e0 = oui")) == [Goto("e0", Not(Is("e0", ("oui",))), None)]
    grid = with_bases("all(outils) = non", "all(outils) = non")
    assert moves(grid) == [Goto("outils", Not(AllRows("outils", ("non",))), None)]


def test_a_named_base_is_replaced_by_what_it_says():
    questionnaire = with_bases("ensemble", "grandes", "ensemble")
    assert moves(questionnaire) == [Entry("e1", Is("taille", ("10-49",)), "e2")]
    assert parse(questionnaire.base("grandes").condition) == Is("taille", ("10-49",))
