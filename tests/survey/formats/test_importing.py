"""The tool is recognised from the file; our own answers come back as they are."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limesurvey_cases import LARGE, ROW, YAML, questionnaire_of
from odk_exports import export
from polars.testing import assert_frame_equal
from round_trips import every_type, framed, generated, questionnaire_at

from survey.columns import questionnaire_columns
from survey.errors import ResponseError
from survey.formats.importing import read_answers_file
from survey.formats.limesurvey.reading import write_export
from survey.formats.surveyjs.answers import answers_to_surveyjs
from survey.formats.workbook import write_sheets
from survey.strategies import answers


@pytest.mark.parametrize(
    ("write", "tool"),
    [
        (lambda r, q, p: write_export(r, q, p), "LimeSurvey"),
        (lambda r, q, p: write_export(r, q, p, vv=True), "LimeSurvey, VV"),
        (lambda r, q, p: write_export(r, q, p, style="text", labels=True), "LimeSurvey"),
        (lambda r, q, p: p.write_text(export(r, q), encoding="utf-8-sig"), "KoboToolbox"),
        (lambda r, q, p: p.write_text(export(r, q, tool="central"), encoding="utf-8"),
         "ODK Central"),
        (lambda r, q, p: r.write_csv(p), "Réponses de l’observatoire"),
        (lambda r, q, p: r.write_parquet(p), "Réponses de l’observatoire, Parquet"),
    ],
)  # fmt: skip
def test_each_tool_is_recognised(tmp_path, questionnaire, write, tool):
    responses = generated(questionnaire, 10)
    path = tmp_path / "fichier"
    write(responses, questionnaire, path)
    imported = read_answers_file(path, questionnaire)
    assert imported.report.tool == tool
    assert imported.rejects.is_empty()
    assert_frame_equal(imported.responses, responses, check_exact=True)


@every_type
@given(data=st.data())
@settings(max_examples=30)
def test_any_answers_of_our_own_come_home(tmp_path_factory, path, data):
    questionnaire = questionnaire_at(path)
    people = data.draw(st.lists(answers(questionnaire), min_size=1, max_size=3))
    responses = framed(questionnaire, people)
    file = tmp_path_factory.mktemp("own") / "reponses"
    write = data.draw(st.sampled_from([responses.write_csv, responses.write_parquet]))
    write(file)
    imported = read_answers_file(file, questionnaire)
    assert_frame_equal(imported.responses, responses, check_exact=True)


def test_generated_answers_need_no_technical_column(tmp_path, questionnaire):
    only_answers = generated(questionnaire, 5).drop(
        "id", "token", "submitted", "complete", "duration_seconds"
    )
    only_answers.write_csv(tmp_path / "a.csv")
    imported = read_answers_file(tmp_path / "a.csv", questionnaire)
    assert imported.responses["id"].to_list() == ["2", "3", "4", "5", "6"]
    assert imported.responses["complete"].all()
    assert "numéro de ligne" in imported.report.remarks[0]


def test_own_rows_that_break_a_rule_are_set_aside(tmp_path, questionnaire):
    responses = generated(questionnaire, 3)
    text = responses.with_columns(pl.all().cast(pl.String))
    text = text.with_columns(
        taille=pl.Series(["zut", *text["taille"][1:]]),
        complete=pl.Series(["true", "false", "true"]),
        part=pl.Series([*text["part"][:2], "999"]),
    )
    text.write_csv(tmp_path / "a.csv")
    imported = read_answers_file(tmp_path / "a.csv", questionnaire)
    assert imported.responses.is_empty()
    assert imported.report.causes == {
        "code inconnu": 1,
        "réponse contraire au questionnaire": 1,
        "réponse non terminée": 1,
    }
    kept = read_answers_file(tmp_path / "a.csv", questionnaire, keep_incomplete=True)
    assert kept.responses["complete"].to_list() == [False]


def test_what_a_version_did_not_offer_is_kept(tmp_path, questionnaire):
    responses = generated(questionnaire, 30).filter(
        fonctions__etat="repondu", fonctions__vente=False
    )
    responses = responses.with_columns(
        fonctions__vente=pl.lit(None, pl.Boolean), not_offered=pl.lit(["fonctions__vente"])
    )
    assert responses.height
    responses.write_parquet(tmp_path / "a.parquet")
    imported = read_answers_file(tmp_path / "a.parquet", questionnaire)
    assert_frame_equal(imported.responses, responses)
    wrong = responses.drop("not_offered")
    wrong.write_parquet(tmp_path / "a.parquet")
    assert read_answers_file(tmp_path / "a.parquet", questionnaire).responses.is_empty()


def test_missing_columns_of_our_own_are_told(tmp_path, questionnaire):
    generated(questionnaire, 3).drop("part").write_csv(tmp_path / "a.csv")
    with pytest.raises(ResponseError, match="manque : part"):
        read_answers_file(tmp_path / "a.csv", questionnaire)


def surveyjs(responses, questionnaire):
    names = [column.name for column in questionnaire_columns(questionnaire)]
    return [
        {"id": row["id"]} | answers_to_surveyjs({name: row[name] for name in names}, questionnaire)
        for row in responses.iter_rows(named=True)
    ]


@pytest.mark.parametrize("lines", [True, False])
def test_surveyjs_is_recognised(tmp_path, questionnaire, lines):
    responses = generated(questionnaire, 10)
    objects = [*surveyjs(responses, questionnaire), {"id": "faux", "taille": "zut"}]
    texts = [json.dumps(each, ensure_ascii=False) for each in objects]
    path = tmp_path / "reponses.json"
    path.write_text("\n".join(texts) if lines else f"[{','.join(texts)}]", encoding="utf-8")
    imported = read_answers_file(path, questionnaire)
    report = imported.report
    assert (report.tool, report.rows_read, report.accepted, report.rejected) == (
        "SurveyJS", 11, 10, 1,
    )  # fmt: skip
    assert report.causes == {"réponse contraire au questionnaire": 1}
    kept = [column.name for column in questionnaire_columns(questionnaire)]
    assert_frame_equal(imported.responses.select(kept), responses.select(kept), check_exact=True)


def test_a_workbook_of_any_tool_is_read(tmp_path, questionnaire):
    path = tmp_path / "limesurvey.xlsx"
    write_sheets({"Réponses": (list(ROW), [ROW, LARGE | {"id": "2", "token": "t2"}])}, path)
    imported = read_answers_file(path, questionnaire)
    assert (imported.report.tool, imported.report.accepted) == ("LimeSurvey", 2)
    assert imported.report.encoding == ""


def test_names_that_are_not_ours_are_given(tmp_path, questionnaire):
    row = {("size" if code == "taille" else code.replace("techno", "tech")): cell
           for code, cell in LARGE.items()}  # fmt: skip
    path = tmp_path / "limesurvey.xlsx"
    write_sheets({"Réponses": (list(row), [row])}, path)
    names = {"size": "taille", "tech": "techno"}
    assert read_answers_file(path, questionnaire, names=names).report.accepted == 1
    with pytest.raises(ResponseError, match="manquent : taille, techno"):
        read_answers_file(path, questionnaire)


def test_a_file_that_answers_nothing_is_described(tmp_path, questionnaire):
    path = tmp_path / "autre.csv"
    path.write_text("ville;habitants\nNantes;320000\nAngers;155000\n", encoding="utf-8")
    with pytest.raises(ResponseError, match=r"(?s)aucune question.*2 lignes, 2 colonnes.*ville"):
        read_answers_file(path, questionnaire)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1 abc", "Parquet est abîmé"),
        (b"PK\x03\x04 rien", "coupé ou abîmé"),
        (b"<!DOCTYPE html><html><body>connexion</body></html>", "page web"),
        (b"<?xml version='1.0'?><data><a/></data>", "XML"),
        (b'{"a": 1, "b": [2]}', "JSON : 1 élément"),
        (b"", "vide"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, questionnaire, content, said):
    path = tmp_path / "export"
    path.write_bytes(content)
    with pytest.raises(ResponseError, match=said):
        read_answers_file(path, questionnaire)


def test_a_missing_file_and_a_folder_are_told(tmp_path, questionnaire):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(ResponseError, match="introuvable"):
            read_answers_file(path, questionnaire)


def test_labels_of_two_tools_do_not_mix(tmp_path):
    # a question called like a mark of another tool does not mislead
    questionnaire = questionnaire_of(tmp_path, YAML)
    path = tmp_path / "export.csv"
    write_export(generated(questionnaire, 3), questionnaire, path, style="code_text")
    assert read_answers_file(path, questionnaire).report.tool == "LimeSurvey"
