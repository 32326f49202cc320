"""The workbook: what it says, what pyxform and ODK Validate think of it."""

import os
import shutil

import pytest
from openpyxl import load_workbook
from pyxform.validators.odk_validate import ODKValidateError, check_xform
from xlsform_engine import EACH_FILE, FILES, converted, questionnaire_of

from survey.errors import QuestionnaireError
from survey.formats.odk.names import form_nodes
from survey.formats.odk.xlsform import export_xlsform
from survey.questionnaire import in_edition

CASE = questionnaire_of(FILES[0])
LABEL, HINT = "label::Français (fr)", "hint::Français (fr)"


def sheets(questionnaire, path):
    """Rows of each sheet, as mappings without the empty cells."""
    export_xlsform(questionnaire, path)
    found = {}
    for sheet in load_workbook(path):
        headings, *rows = sheet.iter_rows(values_only=True)
        cells = [zip(headings, row, strict=True) for row in rows]
        found[sheet.title] = [{key: text for key, text in row if text} for row in cells]
    return found


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return sheets(CASE, tmp_path_factory.mktemp("xlsform") / "formulaire.xlsx")


@pytest.fixture(scope="module")
def lines(case):
    return {row["name"]: row for row in case["survey"] if "name" in row}


@pytest.fixture
def java():
    """ODK Validate is a program in Java: without it nothing is shown, and the test says so."""
    if shutil.which("java") is None:
        message = "java est introuvable : ODK Validate n’a pas jugé les formulaires"
        if os.environ.get("OBSERVATOIRE_REQUIRE_JAVA") == "1":
            pytest.fail(message)
        pytest.skip(message)


@EACH_FILE
def test_pyxform_converts_without_a_warning(file, tmp_path):
    xform, warnings = converted(file, tmp_path)
    assert warnings == []
    for node in form_nodes(questionnaire_of(file)):
        assert f'nodeset="/data/{node.path}"' in xform


@EACH_FILE
def test_odk_validate_accepts_the_form(file, tmp_path, java):
    xform, _ = converted(file, tmp_path)
    (tmp_path / "formulaire.xml").write_text(xform, encoding="utf-8")
    assert check_xform(str(tmp_path / "formulaire.xml")) == []


def test_odk_validate_refuses_a_form_that_turns_in_circles(tmp_path, java):
    xform, _ = converted(FILES[0], tmp_path)
    bind = 'nodeset="/data/theme_profil/effectif"'
    circle = xform.replace(bind, f'{bind} relevant="/data/theme_profil/part = 1"')
    (tmp_path / "formulaire.xml").write_text(circle, encoding="utf-8")
    with pytest.raises(ODKValidateError, match="Cycle detected"):
        check_xform(str(tmp_path / "formulaire.xml"))


def test_the_form_opens_with_the_introduction_then_one_page_per_theme(case):
    types = [(row["type"], row.get("name")) for row in case["survey"] if "group" in row["type"]]
    assert [(row["type"], row["name"]) for row in case["survey"][:4]] == [
        ("start", "start"),
        ("end", "end"),
        ("hidden", "token"),
        ("note", "note_introduction"),
    ]
    assert case["survey"][3][LABEL] == CASE.introduction
    assert types == [
        ("begin_group", "theme_profil"),
        ("end_group", None),
        ("begin_group", "theme_usagesia"),
        ("begin_group", "outils"),
        ("end_group", None),
        ("begin_group", "motifs"),
        ("end_group", None),
        ("end_group", None),
        ("begin_group", "theme_profil_2"),
        ("end_group", None),
    ]
    pages = [row for row in case["survey"] if row.get("name", "").startswith("theme_")]
    assert {row["appearance"] for row in pages} == {"field-list"}
    assert [row[LABEL] for row in pages] == ["Profil", "Usages", "Profil"]


def test_questions_are_written_with_their_help_and_what_they_demand(lines):
    assert lines["taille"] == {
        "type": "select_one liste_taille",
        "name": "taille",
        LABEL: "Combien de salariés\u202f?",
        HINT: "Tous les contrats.",
        "required": "yes",
        "required_message::Français (fr)": "Une réponse est nécessaire pour continuer.",
    }
    assert lines["taille__250_plus__texte"]["relevant"] == "${taille} = '250+'"
    assert lines["services__autre__texte"]["relevant"] == "selected(${services}, 'autre')"
    assert lines["remarque"]["type"] == "text"
    assert lines["part"]["type"] == "decimal"
    assert lines["part"][HINT] == "En pourcentage. Réponse en\u202f%."
    assert lines["part"]["constraint"] == ". >= -2.5 and . <= 100"
    message = "Donnez un nombre d’au moins \u22122,5 et d’au plus 100."
    assert lines["part"]["constraint_message::Français (fr)"] == message
    services = lines["services"]
    assert services["constraint"] == (
        "count-selected(.) <= 1 or not(selected(., 'aucun') or selected(., 'NSP'))"
    )
    first, second = services["choice_filter"].split(" and (name")
    assert first == "((name != 'trad' or not(${taille} = '0'))"
    assert second.startswith(" != 'spam' or (number(")


def test_a_required_number_is_given_or_said_unknown(lines):
    number, box = lines["effectif"], lines["effectif__NSP"]
    assert (number["type"], number.get("required")) == ("integer", None)
    assert (box["relevant"], box["required"]) == ("${effectif} = ''", "yes")


def test_short_options_of_a_grid_stand_once_above_their_columns(lines):
    assert lines["outils"]["relevant"] == "(${taille} = '10-49' or ${taille} = '250+')"
    assert lines["entete_outils"]["appearance"] == "label"
    assert lines["entete_outils"][LABEL] == "Par ligne."
    assert lines["outils__robot"]["appearance"] == "list-nolabel"
    assert lines["outils__robot"][HINT] == "Toute machine autonome."
    assert lines["outils__robot"]["relevant"] == "not(${part} = 0)"
    assert lines["entete_motifs"]["type"] == "note"
    assert "appearance" not in lines["motifs__cout"]
    assert lines["motifs__cout"]["required"] == "yes"
    assert "choice_filter" in lines["motifs__temps"]


def test_a_list_is_written_once(tmp_path):
    questionnaire = questionnaire_of(FILES[2])
    twin = questionnaire.question("outils").model_copy(update={"code": "jumeaux"})
    twins = questionnaire.model_copy(update={"questions": (*questionnaire.questions, twin)})
    written = sheets(twins, tmp_path / "formulaire.xlsx")
    assert [row["name"] for row in written["choices"] if row["list_name"] == "liste_outils"] == [
        "oui",
        "non",
        "NSP",
    ]
    assert "liste_jumeaux" not in {row["list_name"] for row in written["choices"]}


def test_the_version_follows_the_edition_and_the_content(tmp_path):
    dated = in_edition(questionnaire_of(FILES[1]), 2026)
    (settings,) = sheets(dated, tmp_path / "a.xlsx")["settings"]
    assert settings["form_id"] == "essai_2026"
    assert settings["version"].startswith("2026-")
    assert settings["default_language"] == "Français (fr)"
    assert settings["style"] == "pages"
    export_xlsform(dated, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    reworded = dated.questions[0].model_copy(update={"text": "Combien êtes-vous\u202f?"})
    other = dated.model_copy(update={"questions": (reworded, *dated.questions[1:])})
    (changed,) = sheets(other, tmp_path / "c.xlsx")["settings"]
    assert changed["form_id"] == settings["form_id"]
    assert changed["version"] != settings["version"]


def test_a_reserved_code_is_refused(tmp_path):
    question = CASE.questions[0].model_copy(update={"code": "start"})
    questionnaire = CASE.model_copy(update={"questions": (question,)})
    with pytest.raises(QuestionnaireError, match=r"réservé par XLSForm.*start"):
        export_xlsform(questionnaire, tmp_path / "formulaire.xlsx")
    assert list(tmp_path.iterdir()) == []
