import csv

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from limesurvey_cases import LARGE, ROW, YAML, questionnaire_of, read
from polars.testing import assert_frame_equal
from round_trips import (
    every_questionnaire,
    every_type,
    framed,
    free_texts,
    generated,
    questionnaire_at,
)

from survey.errors import ResponseError
from survey.formats.limesurvey.reading import read_export, write_export
from survey.strategies import answers

# LimeSurvey writes these for something else than a text.
MARKS = {"N/A", "-oth-", "Y", "N", "0", "1", "2", "{question_not_shown}"}
STYLES = ["brackets", "underscores", "code_text", "text", "short_text"]


def came_home(responses, questionnaire, folder, **layout):
    path = folder / "export.csv"
    write_export(responses, questionnaire, path, **layout)
    imported = read_export(path, questionnaire)
    assert imported.rejects.is_empty()
    assert_frame_equal(imported.responses, responses, check_exact=True)


@every_questionnaire
@pytest.mark.parametrize("layout", [{}, {"vv": True}, {"labels": True}, {"style": "underscores"},
                                    {"style": "code_text", "labels": True}])  # fmt: skip
def test_every_questionnaire_comes_home(tmp_path, path, layout):
    questionnaire = questionnaire_at(path)
    came_home(generated(questionnaire), questionnaire, tmp_path, **layout)


@every_type
@given(data=st.data())
@settings(max_examples=30)
def test_any_answers_come_home(tmp_path_factory, path, data):
    questionnaire = questionnaire_at(path)
    people = data.draw(st.lists(answers(questionnaire), min_size=1, max_size=3))
    assume(not MARKS & free_texts(questionnaire, people))
    layout = {"style": data.draw(st.sampled_from(STYLES[:3])), "labels": data.draw(st.booleans())}
    layout |= {"separator": data.draw(st.sampled_from(";,\t")), "vv": data.draw(st.booleans())}
    folder = tmp_path_factory.mktemp("trip")
    came_home(framed(questionnaire, people), questionnaire, folder, **layout)


@every_questionnaire
@pytest.mark.parametrize("style", ["text", "short_text"])
def test_headings_of_text_come_home_or_are_said_ambiguous(tmp_path, path, style):
    questionnaire = questionnaire_at(path)
    responses = generated(questionnaire, 12)
    file = tmp_path / "export.csv"
    write_export(responses, questionnaire, file, style=style, labels=True)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        headings = next(csv.reader(lines, delimiter=";"))
    if len(set(headings)) < len(headings):
        with pytest.raises(ResponseError, match=r"en-têtes ambigus.*colonne"):
            read_export(file, questionnaire)
        return
    assert_frame_equal(read_export(file, questionnaire).responses, responses, check_exact=True)


TEXTS = {
    "id": "ID de la réponse", "submitdate": "Date de soumission", "token": "Code d’accès",
    "taille": "Taille", "techno[ttm]": "Outils [Texte]", "techno[SQ002]": "Outils [Apprendre]",
    "techno[son]": "Outils [Son]", "techno[img]": "Outils [Image]",
    "fonctions[vente]": "Quoi [Vente]", "fonctions[SQ002]": "Quoi [Marketing]",
    "fonctions[usine]": "Quoi [Usine]", "fonctions[other]": "Quoi [Autre]",
    "fonctions[SQ005]": "Quoi [Aucune]", "fonctions[NSP]": "Quoi [Ne sait pas]", "poste": "Poste",
    "poste[other]": "Poste [Other]", "part": "Part", "effectif": "Effectif", "remarque": "Remarque",
}  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: text.upper(),
        lambda text: f" <p>{text}</p>\u00a0",
        lambda text: text.replace(" ", "_"),
        lambda text: text.replace("Outils", "<b class='x'>Outils</b>"),
    ],
)
def test_texts_above_columns_are_found_whatever_surrounds_them(tmp_path, questionnaire, written):
    expected = read(tmp_path, questionnaire, LARGE).responses
    row = {written(TEXTS[code]): value for code, value in LARGE.items()}
    found = read(tmp_path, questionnaire, row)
    assert_frame_equal(found.responses, expected)
    assert found.report.unknown_columns == ()


@pytest.mark.parametrize("length", [4, 5, 12])
def test_texts_cut_at_any_length_are_found(tmp_path, questionnaire, length):
    def cut(text):
        head, bracket, item = text.rstrip("]").partition(" [")
        parts = [
            each if len(each) <= length + 3 else f"{each[:length]}.. " for each in (head, item)
        ]
        return f"{parts[0]} [{parts[1]}]" if bracket else parts[0]

    expected = read(tmp_path, questionnaire, LARGE).responses
    row = {code if code in ("id", "submitdate", "token") else cut(TEXTS[code]): value
           for code, value in LARGE.items()}  # fmt: skip
    assert_frame_equal(read(tmp_path, questionnaire, row).responses, expected)


def test_a_text_that_two_questions_share_is_refused_with_its_columns(tmp_path):
    twins = questionnaire_of(tmp_path, YAML.replace("text: Effectif", "text: Part"))
    row = {TEXTS[code]: value for code, value in ROW.items() if code != "effectif"}
    said = r"ambigus.*colonne 17 \(« Part » : part ou effectif\)"
    with pytest.raises(ResponseError, match=said):
        read(tmp_path, twins, row)


def test_a_text_in_two_columns_is_refused(tmp_path, questionnaire):
    row = {TEXTS[code]: value for code, value in ROW.items()} | {"<p>Part</p>": ""}
    with pytest.raises(ResponseError, match=r"en double : Part \(colonnes 17 et 20\)"):
        read(tmp_path, questionnaire, row)
