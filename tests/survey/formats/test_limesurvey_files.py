import csv
import io

import pytest
from limesurvey_cases import (
    HEAD,
    LARGE,
    REAL_EXPORTS,
    ROW,
    YAML,
    questionnaire_of,
    read,
)
from polars.testing import assert_frame_equal

from survey.errors import QuestionnaireError, ResponseError
from survey.formats.limesurvey.reading import read_export


def test_missing_columns_are_listed_with_the_remedy(tmp_path, questionnaire):
    row = {code: cell for code, cell in ROW.items() if code not in ("part", "techno[SQ002]")}
    with pytest.raises(
        ResponseError, match=r"2 colonnes attendues manquent.*techno\[apprendre\], part\. Refaites"
    ):
        read(tmp_path, questionnaire, row)


def test_a_question_in_two_columns_is_refused(tmp_path, questionnaire):
    with pytest.raises(ResponseError, match=r"en double : part \(colonnes 17 et 20\)"):
        read(tmp_path, questionnaire, ROW | {"part. Combien": ""})


def test_a_file_about_something_else_is_refused(tmp_path, questionnaire):
    with pytest.raises(ResponseError, match="aucune question du questionnaire « essai »"):
        read(tmp_path, questionnaire, {"id": "1", "submitdate": "", "autre": "x"})


def test_labels_in_cells_are_answers_like_codes(tmp_path, questionnaire):
    labels = LARGE | {"taille": "Grande", "techno[ttm]": "OUI", "techno[img]": "Ne sait pas",
                      "fonctions[SQ002]": "Oui", "fonctions[vente]": "Non",
                      "poste": "Autre", "poste[other]": "Artisan"}  # fmt: skip
    codes = LARGE | {"poste": "-oth-", "poste[other]": "Artisan"}
    assert_frame_equal(
        read(tmp_path, questionnaire, labels).responses,
        read(tmp_path, questionnaire, codes).responses,
    )


def test_a_label_that_two_options_share_is_refused(tmp_path):
    twins = YAML.replace("label: Dix}", "label: De l’_usine}")
    twins = twins.replace("label: Grande}", "label: De l’ usine}")
    with pytest.raises(ResponseError, match=r"taille.*même libellé.*Codes de réponse"):
        read(tmp_path, questionnaire_of(tmp_path, twins), ROW | {"taille": "De l’ usine"})


def test_a_question_named_like_a_technical_column_is_refused(tmp_path):
    questionnaire = questionnaire_of(tmp_path, YAML.replace("code: effectif", "code: seed"))
    with pytest.raises(QuestionnaireError, match=r"réservé.*seed"):
        read(tmp_path, questionnaire, ROW)


@pytest.mark.skipif(not REAL_EXPORTS.is_dir(), reason="exports réels hors du dépôt")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ls_responses_rse_nl2017.csv", "aucune question du questionnaire"),
        ("ls_structure_rse_nl2017.txt", "aucune question du questionnaire"),
        ("ls_structure_db638.lss", "XML"),
        ("kobo_formpack_two_versions.csv", "aucune question du questionnaire"),
    ],
)
def test_real_files_of_other_surveys_are_refused_in_french(questionnaire, name, said):
    with pytest.raises(ResponseError, match=said):
        read_export(REAL_EXPORTS / name, questionnaire)


@pytest.mark.skipif(not REAL_EXPORTS.is_dir(), reason="exports réels hors du dépôt")
def test_headings_of_a_real_export_are_understood(tmp_path):
    # the real file has no technical columns: its first column, an index, and a date are put in
    content = (REAL_EXPORTS / "ls_responses_rse_nl2017.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [["id", "submitdate", *rows[0][1:]]]
        + [[row[0], "1980-01-01 00:00:00", *row[1:]] for row in rows[1:]]
    )
    path = tmp_path / "rse.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    grid = (
        HEAD.split("bases:")[0]
        + """
questions:
  - {code: likert0, type: grid, text: Temps, short: Temps, theme: t, help: Aide,
     options: [{code: un, label: Un}, {code: deux, label: Deux}],
     rows: [{code: time1can, label: Développement}, {code: time2can, label: Recherche}],
     comparable: {status: own}}
"""
    )
    imported = read_export(path, questionnaire_of(tmp_path, grid))
    assert imported.report.rows_read == len(rows) - 1 == 77
    assert imported.report.rejected + imported.report.accepted == 77
    assert len(imported.report.unknown_columns) == 128
