"""The SurveyJS form as written; survey-core runs it in tests/browser/test_surveyjs_form.py."""

import json
from pathlib import Path

import pytest

from survey.errors import QuestionnaireError
from survey.formats.surveyjs.conditions import to_surveyjs
from survey.formats.surveyjs.form import export_surveyjs, surveyjs_definition
from survey.questionnaire import load_questionnaire
from survey.routing import parse

HERE = Path(__file__).parent
COMPLETE = load_questionnaire(HERE / "surveyjs.yml")
ROUTING = load_questionnaire(HERE.parent / "routage.yml")
ENTERPRISES = load_questionnaire(HERE.parents[2] / "survey" / "instruments" / "entreprises.yml")


@pytest.fixture(scope="module")
def definition():
    return surveyjs_definition(COMPLETE)


@pytest.fixture(scope="module")
def elements(definition):
    return {each["name"]: each for page in definition["pages"] for each in page["elements"]}


def test_pages_follow_the_themes_after_an_introduction(definition):
    pages = definition["pages"]
    assert [page.get("title") for page in pages] == [None, "Début", "Suite", "Début"]
    assert [page["name"] for page in pages] == [
        "page_accueil", "page_1_debut", "page_2_suite", "page_3_debut"
    ]  # fmt: skip
    html = "<p>Bonjour &amp; bienvenue.</p><p>Ceci est un &lt;essai&gt;.</p>"
    assert pages[0]["elements"] == [{"type": "html", "name": "texte_accueil", "html": html}]
    assert definition["locale"] == "fr" and definition["title"] == "Essai complet"
    assert definition["clearInvisibleValues"] == "onHidden"
    assert definition["showQuestionNumbers"] == "off"


def test_each_type_of_question_has_its_own(elements):
    kinds = {name: each["type"] for name, each in elements.items()}
    assert kinds == {
        "texte_accueil": "html", "sorte": "radiogroup", "sorte__autre__texte": "text",
        "effectif": "text", "effectif__etat": "checkbox", "part": "text", "avis": "matrix",
        "notes": "matrix", "gouts": "checkbox", "gouts__autre__texte": "text",
        "menu": "checkbox", "motif": "comment", "suites": "radiogroup", "fin": "comment",
    }  # fmt: skip
    assert (elements["gouts"]["title"], elements["gouts"]["description"]) == ("Goûts", "Aide.")


def test_choices_rows_and_what_shows_them(elements):
    assert elements["gouts"]["choices"] == [
        {"value": "pain", "text": "Pain"},
        {"value": "sel", "text": "Sel", "visibleIf": "{avis} notempty"},
        {"value": "autre", "text": "Autre"},
        {"value": "rien", "text": "Rien", "isExclusive": True},
        {"value": "NSP", "text": "Je ne sais pas", "isExclusive": True},
    ]
    assert elements["gouts__autre__texte"]["visibleIf"] == "{gouts} contains 'autre'"
    assert elements["sorte__autre__texte"]["visibleIf"] == "{#sorte} = 'autre'"
    assert elements["sorte__autre__texte"]["title"] == "Autre\u202f: précisez si vous le souhaitez"
    assert elements["avis"]["visibleIf"] == "!({#sorte} = '10')"
    assert elements["avis"]["rows"] == [
        {"value": "a1", "text": "Un (le premier)",
         "visibleIf": "({#sorte} = '1e1' or {effectif} < 0)"},
        {"value": "B2", "text": "Deux", "visibleIf": "{effectif} >= 0"},
    ]  # fmt: skip
    assert [column["value"] for column in elements["avis"]["columns"]] == [
        "bien", "mal", "10", "NSP"
    ]  # fmt: skip
    assert "isExclusive" not in elements["avis"]["columns"][-1]


def test_what_is_required(elements):
    required = {name for name, each in elements.items() if each.get("isRequired")}
    assert required == {"sorte", "menu", "fin"}
    assert elements["notes"]["eachRowRequired"] is True
    assert elements["effectif"]["requiredIf"] == "{effectif__etat} empty"
    texts = {each["requiredErrorText"] for each in elements.values() if "requiredErrorText" in each}
    assert texts == {"Cette question attend une réponse."}


def test_a_number_has_its_bounds_its_unit_and_a_box_to_say_one_does_not_know(elements):
    assert elements["effectif"] == {
        "type": "text",
        "name": "effectif",
        "title": "Combien",
        "description": "Aide. Réponse en personnes.",
        "requiredErrorText": "Cette question attend une réponse.",
        "inputType": "number",
        "min": -2,
        "minErrorText": "−2 au moins.",
        "max": 40,
        "maxErrorText": "40 au plus.",
        "step": 1,
        "stepErrorText": "La réponse est un nombre entier.",
        "enableIf": "{effectif__etat} empty",
        "resetValueIf": "{effectif__etat} notempty",
        "requiredIf": "{effectif__etat} empty",
    }
    assert elements["effectif__etat"]["choices"] == [{"value": "NSP", "text": "Je ne sais pas"}]
    part = elements["part"]
    assert part["min"] == 0.5 and "max" not in part and "step" not in part
    assert part["visibleIf"] == "({effectif} = 0 or {effectif} = 3)"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ensemble", "true"),
        ("ensemble and taille = '0'", "{#taille} = '0'"),
        ("ensemble or taille = '0'", "true"),
        ("grandes", "{#taille} = '10-49'"),
        ('taille != "0"', "!({#taille} = '0')"),
        ('taille in ("0", "1-9")', "{#taille} anyof ['0', '1-9']"),
        ("taille = '0' and (effectif < 3 or effectif = 7.50)",
         "({#taille} = '0' and ({effectif} < 3 or {effectif} = 7.5))"),
        ("effectif >= 0.0000001", "{effectif} >= 0.0000001"),
        ("services has trad", "{services} contains 'trad'"),
        ("outils.image = oui", "({outils} notempty and {#outils.image} = 'oui')"),
        ("any(outils) = oui",
         "({outils} notempty and ({#outils.texte1} = 'oui' or {#outils.image} = 'oui' "
         "or {#outils.robot} = 'oui'))"),
        ("all(outils) = non",
         "({outils} notempty and {#outils.texte1} = 'non' and {#outils.image} = 'non' "
         "and ({#outils.robot} = 'non' or !(!({#taille} = '0'))))"),
        ("count(outils = oui) >= 2",
         "({outils} notempty and (iif({#outils.texte1} = 'oui', 1, 0) "
         "+ iif({#outils.image} = 'oui', 1, 0) + iif({#outils.robot} = 'oui', 1, 0)) >= 2)"),
        ("count(outils = oui) < 2",
         "(iif({#outils.texte1} = 'oui', 1, 0) + iif({#outils.image} = 'oui', 1, 0) "
         "+ iif({#outils.robot} = 'oui', 1, 0)) < 2"),
        ("answered(effectif)", "({effectif} notempty or {effectif__etat} notempty)"),
        ("answered(outils)", "{outils} notempty"),
        ("answered(outils.image)", "({outils} notempty and {outils.image} notempty)"),
    ],
)  # fmt: skip
def test_every_comparison_is_written(condition, expected):
    assert to_surveyjs(parse(condition), ROUTING) == expected


def test_a_file_is_the_definition_the_same_each_time(tmp_path):
    first, second = tmp_path / "formulaires" / "a.json", tmp_path / "b.json"
    export_surveyjs(ENTERPRISES, first)
    export_surveyjs(ENTERPRISES, second)
    assert first.read_bytes() == second.read_bytes()
    written = json.loads(first.read_text(encoding="utf-8"))
    assert written == surveyjs_definition(ENTERPRISES)
    names = [each["name"] for page in written["pages"] for each in page["elements"]]
    assert len(set(names)) == len(names)
    assert set(names) >= {question.code for question in ENTERPRISES.questions}


def test_codes_that_surveyjs_would_confound_are_refused():
    grid = COMPLETE.question("avis")
    options = COMPLETE.question("sorte").options
    questions = (
        COMPLETE.question("sorte").model_copy(
            update={"code": "item", "options": (*options, options[1].model_copy(
                update={"code": "1E1"}))}
        ),
        grid.model_copy(update={"rows": (grid.rows[0].model_copy(
            update={"code": "constructor"}),)}),
    )  # fmt: skip
    wrong = COMPLETE.model_copy(update={"questions": questions})
    with pytest.raises(QuestionnaireError) as refused:
        surveyjs_definition(wrong)
    told = str(refused.value)
    assert "« item » est un mot de SurveyJS" in told.replace("\u202f", " ")
    assert "« 1E1 » et « 1e1 » ne diffèrent que par les majuscules" in told.replace("\u202f", " ")
    assert "« constructor » est un mot de SurveyJS" in told.replace("\u202f", " ")
    assert len(told.split("\n")) == 4
