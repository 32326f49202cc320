"""Names of the nodes, headings of the tools, and one person's submission."""

import pytest
from hypothesis import given
from xlsform_engine import EACH_FILE, FILES, questionnaire_of

from survey.columns import BLANK, questionnaire_columns
from survey.formats.odk.names import (
    answers_to_submission,
    decimal_text,
    form_nodes,
    pages,
)
from survey.strategies import answers

CASE = questionnaire_of(FILES[0])


@EACH_FILE
def test_no_two_nodes_have_the_same_name(file):
    questionnaire = questionnaire_of(file)
    names = [node.name for node in form_nodes(questionnaire)]
    names += [page.name for page in pages(questionnaire)]
    assert len({name.lower() for name in names}) == len(names)
    assert all(name.replace("_", "a").isalnum() for name in names)


def test_headings_of_kobotoolbox_and_of_odk_central():
    nodes = {node.name: node for node in form_nodes(CASE)}
    row, ticks = nodes["outils__robot"], nodes["services"]
    assert row.headings() == ["theme_usagesia/outils/outils__robot"]
    assert row.headings("-") == ["theme_usagesia-outils-outils__robot"]
    assert row.headings(groups=False) == ["outils__robot"]
    assert ticks.headings("-") == [
        "theme_usagesia-services",
        "theme_usagesia-services/trad",
        "theme_usagesia-services/spam",
        "theme_usagesia-services/autre",
        "theme_usagesia-services/aucun",
        "theme_usagesia-services/NSP",
    ]
    assert ticks.headings(groups=False)[1] == "services/trad"


def test_one_submission():
    columns = dict.fromkeys(column.name for column in questionnaire_columns(CASE))
    person = columns | {
        "taille": "250+",
        "taille__250+__texte": "Un groupe",
        "effectif__etat": "NSP",
        "part__etat": "repondu",
        "part": 0.000001,
        "outils__texte1": "oui",
        "outils__robot": "NR",
        "motifs__cout": "fort",
        "services__etat": "repondu",
        "services__trad": True,
        "services__spam": False,
        "services__autre": True,
        "services__aucun": False,
        "remarque__etat": "NR",
    }
    assert answers_to_submission(person, CASE) == {
        "theme_profil/taille": "250+",
        "theme_profil/taille__250_plus__texte": "Un groupe",
        "theme_profil/effectif__NSP": "NSP",
        "theme_profil/part": "0.000001",
        "theme_usagesia/outils/outils__texte1": "oui",
        "theme_usagesia/motifs/motifs__cout": "fort",
        "theme_usagesia/services": "trad autre",
    }


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (100, "100"),
        (3.0, "3"),
        (-2.5, "-2.5"),
        (1e21, "1" + 21 * "0"),
        (1e-7, "0.0000001"),
    ],
)
def test_a_number_is_written_in_full(number, text):
    assert decimal_text(number) == text


@given(person=answers(CASE))
def test_a_submission_keeps_every_answer(person):
    """Each answer that is not a blank stands in one node, and nothing else does."""
    submission = answers_to_submission(person, CASE)
    kept = {"choice": {BLANK, None}, "state": {BLANK, None, "repondu"}}
    expected = sum(
        person[column.name] not in kept.get(column.role, {None})
        for column in questionnaire_columns(CASE)
        if column.role != "tick"
    )
    expected += person["services__etat"] == "repondu"
    assert len(submission) == expected
    ticked = {o.code for o in CASE.question("services").options if person[f"services__{o.code}"]}
    words = set(submission.get("theme_usagesia/services", "").split())
    assert words - {"NSP"} == ticked
