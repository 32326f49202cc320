"""Answers to a SurveyJS form: there and back, and files of them read without losing a row."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from survey.errors import ResponseError
from survey.formats.surveyjs.answers import answers_from_surveyjs, answers_to_surveyjs
from survey.formats.surveyjs.reading import read_surveyjs
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire
from survey.schema import check_responses
from survey.strategies import answers

HERE = Path(__file__).parent
COMPLETE = load_questionnaire(HERE / "surveyjs.yml")
ROUTING = load_questionnaire(HERE.parent / "routage.yml")
TRIAL = load_questionnaire(HERE.parent / "essai.yml")
INSTRUMENTS = [COMPLETE, ROUTING, TRIAL] + [
    load_questionnaire(path)
    for path in sorted((HERE.parents[2] / "survey" / "instruments").glob("*.yml"))
]
TECHNICAL = ["token", "submitted", "complete", "duration_seconds"]


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
@given(data=st.data())
@settings(max_examples=60)
def test_answers_come_back_as_they_left(questionnaire, data):
    person = data.draw(answers(questionnaire))
    kept = json.loads(json.dumps(answers_to_surveyjs(person, questionnaire)))
    assert answers_from_surveyjs(kept, questionnaire) == person


def test_what_is_blank_or_not_asked_has_no_key():
    person = {
        "taille": "NR", "effectif__etat": "NSP", "effectif": None, "services__etat": "repondu",
        "services__trad": True, "services__spam": False, "outils__texte1": "NSP",
        "outils__image": "NR", "outils__robot": "oui",
    }  # fmt: skip
    kept = {"effectif__etat": ["NSP"], "services": ["trad"],
            "outils": {"texte1": "NSP", "robot": "oui"}}  # fmt: skip
    assert answers_to_surveyjs(person, ROUTING) == kept
    assert answers_from_surveyjs(kept, ROUTING) == person
    blank = answers_from_surveyjs({}, ROUTING)
    assert {name: value for name, value in blank.items() if value} == {
        "taille": "NR", "effectif__etat": "NR", "services__etat": "NR",
        "outils__texte1": "NR", "outils__image": "NR", "outils__robot": "NR",
    }  # fmt: skip


def test_a_text_that_reads_like_a_code_of_ours_stays_a_text():
    person = answers_from_surveyjs({"taille": "1-9", "remarque": " NR "}, TRIAL)
    assert (person["remarque__etat"], person["remarque"]) == ("repondu", "NR")
    assert answers_to_surveyjs(person, TRIAL)["remarque"] == "NR"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"taille": "12"}, "« taille » : code inconnu (admis : 0, 1-9, 10-49, NSP)."),
        ({"taille": 0}, "« taille » : code inconnu"),
        ({"taille": ["0"]}, "« taille » : code inconnu"),
        ({"effectif": "3"}, "« effectif » : un nombre était attendu."),
        ({"effectif": True}, "« effectif » : un nombre était attendu."),
        ({"effectif": float("nan")}, "« effectif » : un nombre était attendu."),
        ({"effectif": 10**400}, "« effectif » : un nombre était attendu."),
        ({"effectif": 3, "effectif__etat": ["NSP"]}, "un nombre et « NSP » à la fois."),
        ({"effectif__etat": ["oui"]}, "« effectif__etat » : valeur inconnue."),
        ({"services": "trad"}, "« services » : une liste de codes était attendue."),
        ({"services": ["trad", "mal"]}, "« services » : code inconnu"),
        ({"services": ["trad", "NSP"]}, "« NSP » exclut les autres réponses."),
        ({"outils": ["oui"]}, "« outils » : une réponse par ligne était attendue."),
        ({"outils": {"son": "oui"}}, "« outils » : ligne inconnue."),
        ({"outils": {"image": "peut"}}, "« outils__image » : code inconnu"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_refused(data, what):
    with pytest.raises(ResponseError) as refused:
        answers_from_surveyjs(data, ROUTING)
    assert what in str(refused.value).replace("\u202f", " ")


def test_every_fault_of_a_person_is_told():
    data = {
        "taille": "x",
        "services": {},
        "part": "é",
        "remarque": "\ud800",
        "services__autre__texte": 3,
    }
    with pytest.raises(ResponseError) as refused:
        answers_from_surveyjs(data, TRIAL)
    assert len(str(refused.value).split("\n")) == 1 + len(data)


def write(folder, text):
    path = folder / "reponses.json"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
@pytest.mark.parametrize("lines", [True, False], ids=["lines", "array"])
def test_a_file_gives_the_frame_back(tmp_path, questionnaire, lines):
    responses = generate_responses(questionnaire, 60, seed=8)
    people = [answers_to_surveyjs(row, questionnaire) for row in responses.to_dicts()]
    text = "\r\n".join(map(json.dumps, people)) if lines else json.dumps(people, indent=2)
    imported = read_surveyjs(write(tmp_path, "\ufeff" + text + "\n"), questionnaire)
    assert imported.rejects.is_empty() and imported.unknown_keys == ()
    assert_frame_equal(imported.responses.drop(TECHNICAL), responses)
    assert imported.responses["complete"].all()


def test_a_row_in_the_wrong_is_set_aside_with_every_reason(tmp_path):
    people = [
        {"taille": "1-9", "id": "a", "token": "t1", "navigateur": "x"},
        {"taille": "0", "outils": {"robot": "oui"}},
        {"id": "b"},
        {"taille": "10-49", "outils": {"texte1": "oui"}, "services": ["aucun", "trad"],
         "part": 101},
        {"taille": "1-9", "services": ["trad"], "services__autre__texte": "chez Paul, au 3"},
        {"taille": "très secret", "remarque": 5},
        "rien",
        {"taille": "10-49", "id": "c", "token": "t1"},
        {"taille": "0", "id": "c"},
    ]  # fmt: skip
    imported = read_surveyjs(write(tmp_path, json.dumps(people)), TRIAL)
    check_responses(imported.responses, TRIAL)
    assert imported.responses.select("id", "token", "taille").rows() == [
        ("c", None, "0")
    ]  # fmt: skip
    assert imported.unknown_keys == ("navigateur",)
    told = imported.rejects.select("ligne", "id", "colonne", "valeur").rows()
    assert told == [
        (1, "a", None, None),
        (2, "2", "outils__robot", "oui"),
        (3, "b", "taille", None),
        (4, "4", "services__aucun", "true"),
        (4, "4", "part", "101.0"),
        (5, "5", "services__etat", "repondu"),
        (5, "5", "services__autre__texte", "(texte de 15 caractères)"),
        (6, "6", "taille", "(texte de 11 caractères)"),
        (6, "6", "remarque", "5"),
        (7, None, None, None),
        (8, "c", None, None),
    ]
    assert imported.rejects["motif"][0] == "doublon du jeton"
    assert imported.rejects["motif"][10] == "doublon de l’identifiant"
    assert imported.rejects["motif"][9] == "objet JSON illisible"
    assert set(imported.rejects["decision"]) == {"ligne écartée"}


def test_a_broken_line_is_set_aside_and_the_others_taken_in(tmp_path):
    text = '{"taille": "0"}\n\n{"taille": "1-9", \n{"effectif": NaN}\n{"taille": "NSP"}\n'
    imported = read_surveyjs(write(tmp_path, text), ROUTING)
    assert imported.responses["taille"].to_list() == ["0", "NSP"]
    assert imported.rejects["ligne"].to_list() == [2, 3]


def test_broken_bytes_cost_their_row_only(tmp_path):
    path = tmp_path / "reponses.json"
    path.write_bytes(b'[{"taille": "0"}, {"taille": "\xe9"}, {"taille": "0", "remarque": "\xe9"}]')
    imported = read_surveyjs(path, TRIAL)
    assert imported.responses["taille"].to_list() == ["0"]
    assert imported.rejects["ligne"].to_list() == [2, 3]
    assert "hors de l’UTF-8" in imported.rejects["motif"][1]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "ce ne sont pas des réponses"),
        (b"id;taille\n1;0\n", "Un tableau JSON d’objets est attendu"),
        (b'[{"taille": "0"}, ', "Un tableau JSON d’objets est attendu"),
        (b"[" * 100_000, "Un tableau JSON d’objets est attendu"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, what):
    path = tmp_path / "reponses.json"
    path.write_bytes(content)
    with pytest.raises(ResponseError, match=what):
        read_surveyjs(path, ROUTING)
    with pytest.raises(ResponseError, match="introuvable"):
        read_surveyjs(tmp_path / "absent.json", ROUTING)


CODES = st.sampled_from(["0", "1-9", "oui", "NSP", "NR", "trad", "image", "robot", "", "zut"])
LEAVES = CODES | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
LEAVES |= st.just("\ud800")
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CODES, inner, max_size=3)
)
KEYS = st.sampled_from(
    ["taille", "effectif", "effectif__etat", "services", "outils", "id", "token"]
)
OBJECTS = st.dictionaries(KEYS | st.text(max_size=4), VALUES, max_size=7)


@given(people=st.lists(OBJECTS | VALUES, min_size=1, max_size=6), lines=st.booleans())
@settings(max_examples=150)
def test_no_row_is_lost_whatever_the_file(tmp_path_factory, people, lines):
    text = "\n".join(map(json.dumps, people)) if lines else json.dumps(people)
    path = write(tmp_path_factory.mktemp("lignes"), text)
    try:
        imported = read_surveyjs(path, ROUTING)
    except ResponseError:
        assert lines and not any(isinstance(each, dict) for each in people)
        return
    check_responses(imported.responses, ROUTING)
    set_aside = imported.rejects["ligne"].n_unique()
    if not (lines and len(people) == 1 and isinstance(people[0], list)):
        assert imported.responses.height + set_aside == len(people)
    assert imported.responses["id"].is_unique().all()
    "".join([*imported.unknown_keys, imported.rejects.write_csv()]).encode("utf-8")
    assert isinstance(imported.responses, pl.DataFrame)
