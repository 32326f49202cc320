"""The questionnaire of inhabitants: short, easy to read, and never absurd for who gets it."""

from pathlib import Path

import pytest

from survey.evaluation import is_asked, shown
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire
from survey.reading_level import overall_score, reading_faults

INSTRUMENT = load_questionnaire(
    Path(__file__).parents[2] / "survey" / "instruments" / "habitants.yml", 2026
)
EVERYONE = {"vous", "internet", "usages", "discernement", "avis", "services"}
EVERYONE |= {"apprendre", "environnement", "situation"}

ONLINE = {"internet": "trois", "quotidien__etat": "repondu", "quotidien__aucun": False}
USER = {**ONLINE, "iagen": "oui", "quotidien__trajet": True}
RETIRED = {"age": "75+", "activite": "retraite", "internet": "jamais"}
PUPIL = {**USER, "age": "15", "activite": "etude", "iaetudes__etat": "repondu"}
EMPLOYEE = {**USER, "age": "40-59", "activite": "salarie", "iatravail": "jour", "enfants": "non"}
SELF_EMPLOYED = {**EMPLOYEE, "activite": "indep"}
JOB_SEEKER = {**ONLINE, "age": "25-39", "activite": "chomage", "iagen": "non", "enfants": "non"}
PARENT = {**JOB_SEEKER, "activite": "foyer", "enfants": "oui"}
APPRENTICE = {**EMPLOYEE, "age": "16-17", "activite": "apprenti", "enfants": None}


def asked(person: dict) -> set[str]:
    return {q.code for q in INSTRUMENT.questions if is_asked(q, INSTRUMENT, person)}


def themes(person: dict) -> set[str]:
    return {INSTRUMENT.question(code).theme for code in asked(person)}


def test_it_can_be_answered_in_a_quarter_of_an_hour():
    assert 45 <= len(INSTRUMENT.questions) <= 65
    assert INSTRUMENT.minutes() <= 15


def test_it_reads_easily():
    assert reading_faults(INSTRUMENT) == []
    assert overall_score(INSTRUMENT) >= 80


def test_the_introduction_tells_the_young_and_everyone_their_rights():
    told = INSTRUMENT.introduction
    for word in ("CESER", "facultative", "RGPD", "CNIL", "mission d’intérêt public"):
        assert word in told
    assert "15, 16 ou 17 ans" in told
    assert "{" not in told


@pytest.mark.parametrize(
    ("person", "own"),
    [
        (RETIRED, set()),
        (PUPIL, {"etudes"}),
        (EMPLOYEE, {"travail", "famille"}),
        (SELF_EMPLOYED, {"travail", "famille"}),
        (JOB_SEEKER, {"recherche", "famille"}),
        (PARENT, {"famille"}),
        (APPRENTICE, {"travail", "etudes"}),
    ],
)
def test_each_one_gets_the_parts_of_their_life(person, own):
    assert themes(person) == EVERYONE | own


def test_who_never_goes_online_is_not_asked_about_generative_ai():
    online = {"quotidien", "partia", "iagen", "finalites", "raisons", "frequence", "outils"}
    online |= {"usages", "verif", "confie", "sobre"}
    assert not asked(RETIRED) & online
    assert {"connexion", "notoriete", "confiance", "risques", "guichet"} <= asked(RETIRED)


def test_reasons_not_to_use_go_to_those_who_do_not_and_uses_to_those_who_do():
    assert "raisons" in asked(JOB_SEEKER)
    assert "finalites" not in asked(JOB_SEEKER)
    assert "finalites" in asked(PUPIL)
    assert "raisons" not in asked(PUPIL)
    assert not asked(ONLINE | {"iagen": "NSP"}) & {"raisons", "finalites"}


@pytest.mark.parametrize(
    ("declare", "expected"),
    [("jamais", True), ("parfois", True), ("toujours", False), ("prevu", False), ("sans", False)],
)
def test_only_who_keeps_silent_is_asked_why(declare, expected):
    assert ("silence" in asked(EMPLOYEE | {"declare": declare})) is expected


def test_who_has_no_employer_is_asked_nothing_about_one():
    about = {"employeur", "choix", "declare", "reglestravail", "echanges", "suivi"}
    assert about <= asked(EMPLOYEE)
    assert not about & asked(SELF_EMPLOYED)
    assert {"iatravail", "effets", "avenir"} <= asked(SELF_EMPLOYED)


def test_children_are_not_for_the_young_nor_the_very_old():
    assert "enfants" not in asked(PUPIL) | asked(RETIRED)
    assert "iaenfants" in asked(PARENT)
    assert "iaenfants" not in asked(EMPLOYEE)


def test_a_pupil_who_does_not_use_ai_is_not_asked_about_cheating_with_it():
    assert {"rendu", "apprend"} <= asked(PUPIL)
    assert not asked(PUPIL | {"iaetudes__aucun": True}) & {"rendu", "apprend"}


def test_only_the_agglomerations_of_ones_own_department_are_offered():
    options = INSTRUMENT.question("agglomeration").options
    offered = shown(options, INSTRUMENT, {"departement": "53"})
    assert [option.label for option in offered] == [
        "Laval Agglomération",
        "Une autre communauté, ou aucune",
    ]


def test_nobody_is_asked_everything():
    people = generate_responses(INSTRUMENT, 300, seed=1).to_dicts()
    assert max(len(asked(person)) for person in people) <= 56


@pytest.mark.parametrize("code", ["sexe", "vecu", "confie", "declare", "rendu", "silence"])
def test_what_is_sensitive_may_be_left_blank(code):
    assert not INSTRUMENT.question(code).required
