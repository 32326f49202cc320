"""Reading a questionnaire that is right."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pydantic import ValidationError

from survey.errors import QuestionnaireError, SurveyError
from survey.questionnaire import Questionnaire, load_questionnaire

INSTRUMENTS = Path(__file__).parents[2] / "survey" / "instruments"
INSTRUMENT = (Path(__file__).parent / "essai.yml").read_text(encoding="utf-8")


def load(text: str, edition: int | None = None) -> Questionnaire:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "essai.yml"
        path.write_text(text, encoding="utf-8")
        return load_questionnaire(path, edition)


def test_a_questionnaire_is_read():
    questionnaire = load(INSTRUMENT)
    assert [question.code for question in questionnaire.questions] == [
        "taille",
        "outils",
        "services",
        "part",
        "remarque",
    ]
    assert [option.code for option in questionnaire.question("taille").options] == [
        "0",
        "1-9",
        "10-49",
    ]
    assert questionnaire.question("outils").options[0].label == "Oui"
    assert questionnaire.question("part").maximum == 100
    assert questionnaire.label("taille") == "Taille"
    assert questionnaire.label("outils__robot") == "Robot"
    assert questionnaire.label("services__trad") == "Traduction"
    assert questionnaire.base_label("utilisatrices") == "entreprises utilisant l’IA"
    assert questionnaire.base_label("ensemble") == "ensemble des répondants"
    assert questionnaire.where("outils") == "essai.yml, ligne 27, question « outils »"


def test_models_are_frozen():
    with pytest.raises(ValidationError):
        load(INSTRUMENT).question("taille").text = "Autre"


def test_texts_get_french_typography():
    assert load(INSTRUMENT).question("taille").text == "Combien de salariés\u202f?"


def test_an_unknown_code_is_answered_with_the_nearest():
    with pytest.raises(SurveyError, match=r"question inconnue : « tailles »\. .*« taille »"):
        load(INSTRUMENT).question("tailles")


def test_an_edition_keeps_its_questions_themes_and_bases():
    assert "services" not in load(INSTRUMENT, 2025).by_code
    assert "services" in load(INSTRUMENT, 2026).by_code
    assert load(INSTRUMENT, 2026).edition == 2026
    text = INSTRUMENT.replace("    type: grid", "    until: 2026\n    type: grid")
    text = text.replace("    since: 2026", "    since: 2026\n    until: 2026")
    text = text.replace("    type: number", "    until: 2026\n    type: number")
    later = load(text, 2027)
    assert [question.code for question in later.questions] == ["taille", "remarque"]
    assert (later.themes, later.bases) == ({"profil": "Profil"}, ())
    with pytest.raises(QuestionnaireError, match="édition 1999"):
        load(INSTRUMENT, 1999)


@pytest.mark.parametrize("path", sorted(INSTRUMENTS.glob("*.yml")), ids=lambda path: path.stem)
def test_our_questionnaires_are_without_fault(path):
    assert load_questionnaire(path).questions
