"""What is typed becomes a typed answer, or an error that says what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_forms import ALL, SHAPES, thousand_people

from survey.collection.form import (
    LONGEST_OTHER,
    LONGEST_TEXT,
    clean_text,
    read_page,
    read_question,
    written_fields,
)
from survey.collection.journey import with_page
from survey.collection.pages import make_form
from survey.collection.store import Response
from survey.columns import questionnaire_columns
from survey.evaluation import is_asked
from survey.strategies import answers

FORM = make_form(SHAPES)
LARGE = {"taille": "10+", "outils__texte1": "oui", "services__trad": True}


def read(code: str, fields: dict, *, partial: bool = False, earlier: dict | None = None):
    question = SHAPES.question(code)
    return read_question(question, FORM, earlier or LARGE, fields, partial=partial)


def said(code: str, fields: dict, **options) -> str:
    reading = read(code, fields, **options)
    assert reading.errors, reading.answers
    assert reading.answers == {}
    return " ".join(error.message.replace("\u202f", " ") for error in reading.errors)


@given(answers(SHAPES))
def test_fields_and_answers_undo_each_other(person):
    for question in SHAPES.questions:
        if is_asked(question, SHAPES, person):
            reading = read_question(
                question, FORM, person, written_fields(question, person), partial=False
            )
            own = {k: v for k, v in person.items() if k.partition("__")[0] == question.code}
            assert reading.errors == ()
            assert reading.answers == {k: v for k, v in own.items() if v is not None}


@pytest.mark.parametrize("questionnaire", ALL, ids=lambda each: each.code)
def test_every_column_is_written_by_the_form(questionnaire):
    form, seen = make_form(questionnaire), set()
    columns = {column.name for column in questionnaire_columns(questionnaire)}
    for person in thousand_people(questionnaire.code).iter_rows(named=True):
        if seen >= columns:
            break
        for question in questionnaire.questions:
            if is_asked(question, questionnaire, person):
                fields = written_fields(question, person)
                reading = read_question(question, form, person, fields, partial=False)
                seen |= reading.answers.keys()
    assert seen == columns


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12,5", 12.5),
        ("12.5", 12.5),
        (" 12 ", 12.0),
        ("1 0", 10.0),
        ("0,05 %", 0.05),
        ("99\u202f%", 99.0),
        ("+7", 7.0),
        (",5", 0.5),
        ("5,", 5.0),
        ("100", 100.0),
    ],
)
def test_a_number_is_read_as_french_writes_it(typed, value):
    assert read("part", {"part": [typed]}).answers == {"part__etat": "repondu", "part": value}


@pytest.mark.parametrize(
    "typed", ["douze", "1,2,3", "1e3", "NaN", "inf", "12h", "--1", "٣٤a", "1/2", "9" * 41, "="]
)
def test_what_is_not_a_number_is_refused_with_an_example(typed):
    assert "n’est pas un nombre. Écrivez-le en chiffres" in said("part", {"part": [typed]})


def test_bounds_whole_numbers_and_dont_know_are_said():
    assert said("part", {"part": ["-1"]}) == "Écrivez un nombre entre 0 et 100."
    assert said("part", {"part": ["100,01"]}) == "Écrivez un nombre entre 0 et 100."
    assert said("effectif", {"effectif": ["12,5"]}) == "Écrivez un nombre entier, sans virgule."
    assert read("effectif", {"effectif": ["1 200,0 personnes"]}).answers["effectif"] == 1200
    assert said("effectif", {}) == "Écrivez un nombre."
    both = {"effectif": ["12"], "effectif__etat": ["NSP"]}
    assert "Gardez l’un des deux" in said("effectif", both)
    assert read("effectif", {"effectif__etat": ["NSP"]}).answers == {"effectif__etat": "NSP"}
    assert read("part", {"part__etat": ["NSP"]}).answers == {"part__etat": "NR"}  # not offered


def test_blank_is_an_error_where_required_else_no_answer():
    assert said("taille", {}) == "Choisissez une réponse."
    assert said("services", {}) == "Cochez au moins une réponse."
    required = read("accord", {"accord__utile": ["oui"]})
    assert required.answers == {"accord__utile": "oui"}
    assert [error.field for error in required.errors] == ["accord__risque"]
    assert read("statut", {}).answers == read("statut", {"statut": ["NR"]}).answers
    assert read("statut", {}).answers == {"statut": "NR"}
    assert read("besoins", {}).answers == {"besoins__etat": "NR"}
    assert read("remarque", {"remarque": [" \r\n "]}).answers == {"remarque__etat": "NR"}
    assert read("outils", {"outils__image": ["non"]}).answers == {
        "outils__texte1": "NR",
        "outils__image": "non",
        "outils__robot": "NR",
    }
    for code in ("taille", "effectif", "services", "accord", "remarque", "outils"):
        assert read(code, {}, partial=True) == read(code, {"autre": ["x"]}, partial=True)
        assert read(code, {}, partial=True).answers == {}
        assert read(code, {}, partial=True).errors == ()


def test_an_option_that_is_not_offered_is_refused():
    small = {"taille": "1-9"}
    assert "n’est pas proposée" in said("statut", {"statut": ["groupe"]}, earlier=small)
    assert "n’est pas proposée" in said("taille", {"taille": ["1000"]})
    assert "n’est pas proposée" in said("taille", {"taille": ["NSP"]})
    assert "n’est pas proposée" in said("services", {"services": ["trad", "x"]})
    none = {"taille": "0"}
    assert "n’est pas proposée" in said("services", {"services": ["paie"]}, earlier=none)
    assert "outils__robot" not in read("outils", {"outils__robot": ["oui"]}, earlier=none).answers


def test_exclusive_answers_stand_alone():
    told = said("services", {"services": ["trad", "aucun"]})
    assert told.startswith("« Aucun de ces services » ne va pas avec une autre réponse.")
    assert "« Je ne sais pas » ne va pas" in said("services", {"services": ["NSP", "trad"]})
    beside = {"services": ["aucun"], "services__autre__texte": ["paie"]}
    assert "ne va pas avec" in said("services", beside)
    assert read("services", {"services": ["aucun"]}).answers["services__aucun"] is True
    assert read("services", {"services": ["NSP"]}).answers == {"services__etat": "NSP"}


def test_a_text_beside_other_is_enough_to_choose_it():
    assert read("statut", {"statut__autre__texte": ["coop"]}).answers == {
        "statut": "autre",
        "statut__autre__texte": "coop",
    }
    ticked = read("services", {"services__autre__texte": ["paie"]}).answers
    assert ticked["services__autre"] and not ticked["services__trad"]
    told = said("statut", {"statut": ["prive"], "statut__autre__texte": ["coop"]})
    assert "Choisissez cette réponse ou effacez la précision" in told


def test_texts_have_a_length_and_no_control_character():
    assert "2 001 caractères, 2 000 au plus" in said("remarque", {"remarque": ["é" * 2001]})
    assert read("remarque", {"remarque": ["é" * LONGEST_TEXT]}).errors == ()
    long = {"statut": ["autre"], "statut__autre__texte": ["a" * (LONGEST_OTHER + 1)]}
    reading = read("statut", long)
    assert [error.field for error in reading.errors] == ["statut__autre__texte"]
    assert clean_text("a\r\nb\rc\x00\x1b\t ") == "a\nb\nc"


@given(
    st.dictionaries(
        st.sampled_from(
            [f"{q.code}{end}" for q in SHAPES.questions for end in ("", "__etat", "__autre__texte")]
            + ["outils__robot", "accord__utile", "accord__risque", "_cle", "x__y"]
        ),
        st.lists(st.text(max_size=60) | st.sampled_from(["oui", "NSP", "NR", "12"]), max_size=3),
    ),
    answers(SHAPES),
    st.integers(0, 4),
    st.booleans(),
)
def test_whatever_is_sent_is_read_or_refused_and_kept_as_typed(fields, person, rank, partial):
    page = FORM.pages[rank]
    earlier = {name: value for name, value in person.items() if value is not None}
    response = with_page(
        Response("essai", False, answers=earlier), FORM, page, fields, partial=partial
    )
    reading = read_page(page, FORM, earlier, fields, partial=partial)
    assert (page.code in response.drafts) == bool(reading.errors)
    if reading.errors:
        own = {question.code for question in page.questions}
        kept = response.drafts[page.code]["fields"]
        assert kept == {k: v for k, v in fields.items() if k.partition("__")[0] in own}
