"""Enterprises, public bodies, associations: one module serves them all, and each is asked its own.

A person is written as the few answers that decide what is asked next.
"""

from pathlib import Path

import pytest
import yaml

from survey.evaluation import is_asked, shown
from survey.questionnaire import load_questionnaire

INSTRUMENTS = Path(__file__).parents[2] / "survey" / "instruments"
MODULES = sorted((INSTRUMENTS / "modules").glob("*.yml"))
COMPANIES = load_questionnaire(INSTRUMENTS / "entreprises.yml", 2027)
PUBLIC = load_questionnaire(INSTRUMENTS / "secteur_public.yml", 2026)
SOCIAL = load_questionnaire(INSTRUMENTS / "associations.yml", 2026)
ORGANISATIONS = [COMPANIES, PUBLIC, SOCIAL]

TECHNOLOGIES = ["ttm", "tsr", "tnlg", "tpvsg", "tir", "tml", "tpa", "tar"]
NO_AI = {f"technologies__{row}": "non" for row in TECHNOLOGIES}
SOME_AI = {**NO_AI, "technologies__tnlg": "oui", "generative": "reguliere"}
TICKED = {"outilspublic__etat": "repondu", "outilspublic__robot": True}


def asked(questionnaire, **answers) -> set[str]:
    return {q.code for q in questionnaire.questions if is_asked(q, questionnaire, answers)}


def offered(questionnaire, code: str, **answers) -> set[str]:
    options = shown(questionnaire.question(code).options, questionnaire, answers)
    return {option.code for option in options}


def entries(questionnaire) -> set[str]:
    """Questions of modules a questionnaire takes, as `module.code`."""
    text = (INSTRUMENTS / questionnaire.source).read_text("utf-8")
    listed = yaml.safe_load(text)["questions"]
    return {entry["from"] for entry in listed if "from" in entry}


@pytest.mark.parametrize("questionnaire", [PUBLIC, SOCIAL], ids=lambda each: each.code)
def test_the_new_questionnaires_begin_in_2026_and_hold_35_to_50_questions(questionnaire):
    assert questionnaire.since == 2026
    assert 35 <= len(questionnaire.questions) <= 50
    assert 10 <= questionnaire.minutes() <= 15


def test_no_question_of_a_module_of_organisations_is_idle():
    mine = {"profil", "usages", "cadre", "formation", "donnees", "effets", "freins"}
    mine |= {"accompagnement", "environnement", "attitudes"}
    written = {
        f"{path.stem}.{question['code']}"
        for path in MODULES
        if path.stem in mine
        for question in yaml.safe_load(path.read_text("utf-8"))["questions"]
    }
    taken = set().union(*map(entries, ORGANISATIONS))
    assert written == {name for name in taken if name.partition(".")[0] in mine}


def test_what_is_asked_of_all_three_can_be_set_side_by_side():
    shared = COMPANIES.by_code.keys() & PUBLIC.by_code.keys() & SOCIAL.by_code.keys()
    core = {"technologies", "embarquee", "conscience", "generative", "cadre", "contenu", "statut"}
    core |= {"dialogue", "formation", "besoinform", "donnees", "personnelles", "gains", "travail"}
    core |= {"emploi", "envisage", "freins", "nonrecours", "difficultes", "cyber", "sobriete"}
    core |= {"opinion", "risques", "posture", "besoins", "mutual", "dispositifs", "connexion"}
    assert core <= shared
    for code in core:
        questions = [each.question(code) for each in ORGANISATIONS]
        assert len({question.type for question in questions}) == 1, code
        assert len({question.dont_know for question in questions}) == 1, code


@pytest.mark.parametrize("code", ["technologies", "freins", "risques", "donnees"])
def test_the_grids_in_common_have_the_same_rows_in_the_same_order(code):
    rows = [[row.code for row in each.question(code).rows] for each in ORGANISATIONS]
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("questionnaire", ORGANISATIONS, ids=lambda each: each.code)
def test_risks_belong_to_the_three_families_of_the_commission(questionnaire):
    question = questionnaire.question("risques")
    families = [{"faux", "injuste", "fuite"}, {"fraude", "infox", "surv"}]
    families += [{"depend", "emploi", "humain", "energie"}]
    assert {row.code for row in question.rows} == set().union(*families)
    note = question.comparable.note
    assert all(code in note for family in families for code in family)


def test_each_is_called_by_its_name_and_gender():
    openings = [
        each.question("technologies").text.split(" aujourd’hui")[0] for each in ORGANISATIONS
    ]
    assert openings == [
        "Votre entreprise utilise-t-elle",
        "Votre organisme utilise-t-il",
        "Votre structure utilise-t-elle",
    ]
    assert "votre organisme seul" in PUBLIC.question("outilsgen").option("interne").label


# --- Public bodies


def test_only_communes_give_their_population():
    assert "habitants" in asked(PUBLIC, organisme="com")
    assert "habitants" not in asked(PUBLIC, organisme="hopit")


@pytest.mark.parametrize(
    ("size", "small"), [("h0", True), ("h2000", True), ("h3500", False), ("h100k", False)]
)
def test_the_secretary_is_asked_about_in_communes_under_3500_inhabitants(size, small):
    found = asked(PUBLIC, organisme="com", habitants=size)
    assert ({"secretariat", "secappui"} <= found) is small


def test_the_classes_of_communes_follow_those_of_the_frame():
    codes = [option.code for option in PUBLIC.question("habitants").options]
    assert codes == [
        *("h0", "h500", "h1000", "h2000", "h3500", "h5000", "h10k", "h20k", "h50k", "h100k")
    ]


def test_every_kind_of_public_body_the_ceser_named_can_say_what_it_is():
    kinds = {option.code for option in PUBLIC.question("organisme").options}
    assert kinds >= {"com", "epci", "dep", "reg", "hopit", "lycee", "coll", "univ", "chamb"}
    assert kinds >= {"secu", "ft", "hlm"}


def test_guarantees_are_asked_where_ai_takes_part_in_decisions():
    assert "droits" in asked(PUBLIC, **SOME_AI, decision="aide")
    assert "droits" in asked(PUBLIC, **SOME_AI, decision="seule")
    assert "droits" not in asked(PUBLIC, **SOME_AI, decision="non")
    rows = {row.code for row in PUBLIC.question("droits").rows}
    assert rows == {"relit", "dit", "expli", "revoit", "publi"}


def test_a_person_can_be_reached_is_asked_where_users_meet_ai():
    assert "joindre" in asked(PUBLIC, **SOME_AI, **TICKED)
    assert "joindre" not in asked(PUBLIC, **SOME_AI)


def test_a_public_body_without_ai_says_why_and_nothing_of_its_tools():
    found = asked(PUBLIC, organisme="lycee", **{**NO_AI, "generative": "non", "envisage": "non"})
    assert {"envisage", "nonrecours", "risques", "gouvernance", "debat"} <= found
    assert not found & {"outilspublic", "mention", "decision", "gains", "criteres", "hebergement"}


def test_a_town_hall_without_staff_is_not_asked_about_agents():
    found = asked(PUBLIC, organisme="com", habitants="h0", taille="0", **SOME_AI)
    assert not found & {"statut", "dialogue", "travail", "emploi"}
    assert offered(PUBLIC, "formation", taille="0") == {"elus", "dir", "aucun"}


# --- Associations and the social economy


def test_an_association_of_volunteers_is_not_asked_about_employees():
    alone = {"internet": "oui", "taille": "0", "benevoles": "10-49", **SOME_AI}
    found = asked(SOCIAL, **alone)
    assert {"benevia", "effetbenev", "statut", "illectronisme", "materiel"} <= found
    assert not found & {"travail", "emploi", "dialogue"}
    assert offered(SOCIAL, "formation", **alone) == {"elus", "dir", "benev", "aucun"}


def test_a_cooperative_without_volunteers_is_not_asked_about_them():
    found = asked(SOCIAL, forme="coop", internet="oui", taille="50-249", benevoles="0", **SOME_AI)
    assert not found & {"benevia", "effetbenev"}
    assert {"travail", "emploi", "dialogue"} <= found


def test_help_with_digital_tools_is_asked_where_someone_needs_it():
    assert {"aideill", "iaill"} <= asked(SOCIAL, illectronisme="peu")
    for answer in ("nul", "sans", "NSP", "NR"):
        assert not {"aideill", "iaill"} & asked(SOCIAL, illectronisme=answer)


def test_an_association_without_internet_still_tells_its_needs():
    found = asked(SOCIAL, internet="non", taille="0", benevoles="1-9")
    assert {"besoins", "mutual", "risques", "illectronisme", "budgetnum"} <= found
    assert not found & {"technologies", "generative", "cadre", "envisage"}


# --- Enterprises from 2027


def test_farms_and_firms_without_employee_have_questions_of_their_own():
    farm = {"internet": "oui", "secteur": "AZ", "taille": "0", **SOME_AI}
    assert {"agricole", "seul"} <= asked(COMPANIES, **farm)
    shop = {**farm, "secteur": "GZ", "taille": "10-49"}
    assert not {"agricole", "seul"} & asked(COMPANIES, **shop)
