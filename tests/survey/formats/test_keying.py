from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keying_cases import column_of, fill_csv, fill_workbook, keyed_rows
from limesurvey_cases import YAML, questionnaire_of
from openpyxl import load_workbook
from polars.testing import assert_frame_equal
from round_trips import every_questionnaire, every_type, framed, generated, questionnaire_at

from survey.errors import QuestionnaireError, ResponseError
from survey.formats.importing import read_answers_file
from survey.formats.paper.keying import template_headings
from survey.formats.paper.keying_template import write_keying_template
from survey.strategies import answers


def on_paper(responses):
    """What paper carries: a day instead of a time, no duration."""
    return responses.with_columns(
        submitted=pl.col("submitted").dt.truncate("1d"),
        duration_seconds=pl.lit(None, pl.Float64),
    )


def came_home(responses, questionnaire, path, fill):
    responses = on_paper(responses)
    fill(keyed_rows(responses, questionnaire), questionnaire, path)
    imported = read_answers_file(path, questionnaire)
    assert imported.rejects.is_empty()
    assert imported.report.tool == "Saisie de questionnaires papier"
    assert imported.report.unknown_columns == ()
    assert_frame_equal(imported.responses, responses, check_exact=True)


@every_questionnaire
def test_a_filled_workbook_comes_home(tmp_path, path):
    questionnaire = questionnaire_at(path)
    came_home(generated(questionnaire, 15), questionnaire, tmp_path / "s.xlsx", fill_workbook)


@every_type
@given(data=st.data())
@settings(max_examples=30)
def test_any_filled_csv_comes_home(tmp_path_factory, path, data):
    questionnaire = questionnaire_at(path)
    people = data.draw(st.lists(answers(questionnaire), min_size=1, max_size=3))
    file = tmp_path_factory.mktemp("saisie") / "saisie.csv"
    came_home(framed(questionnaire, people), questionnaire, file, fill_csv)


@every_questionnaire
def test_the_template_explains_itself_and_never_changes(tmp_path, path):
    questionnaire = questionnaire_at(path)
    write_keying_template(questionnaire, tmp_path / "a.xlsx")
    write_keying_template(questionnaire, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    workbook = load_workbook(tmp_path / "a.xlsx")
    assert workbook.sheetnames == ["Saisie", "Mode d’emploi", "Codes"]
    sheet = workbook["Saisie"]
    assert [cell.value for cell in sheet[1]] == template_headings(questionnaire)
    choices = [q for q in questionnaire.questions if q.type in ("single", "grid")]
    column = column_of(questionnaire, choices[0].code
                       + (f"[{choices[0].rows[0].code}]" if choices[0].rows else ""))  # fmt: skip
    letter = sheet.cell(1, column).column_letter
    rules = [r for r in sheet.data_validations.dataValidation if f"{letter}2" in str(r.sqref)]
    assert all(option.code in rules[0].formula1 for option in choices[0].options)
    codes = {(row[0], row[2]) for row in workbook["Codes"].iter_rows(min_row=2, values_only=True)}
    for question in choices:
        for row in question.rows or (None,):
            name = question.code if row is None else f"{question.code}[{row.code}]"
            assert {(name, option.code) for option in question.options} <= codes


def test_a_new_template_is_read_without_any_row(tmp_path, questionnaire):
    for name in ("vide.xlsx", "vide.csv"):
        write_keying_template(questionnaire, tmp_path / name)
        assert read_answers_file(tmp_path / name, questionnaire).report.rows_read == 0


# Codes of the small questionnaire: a firm without employees.
PAPER = {"numero": "12", "taille": "0", "poste": "dir", "effectif": "3"}


def keyed(questionnaire, path, *papers, change=lambda workbook: None):
    """Import papers given by column; `change` touches the workbook before."""
    write_keying_template(questionnaire, path)
    workbook = load_workbook(path)
    for line, paper in enumerate(papers, 2):
        for code, value in paper.items():
            cell = workbook["Saisie"].cell(line, column_of(questionnaire, code), value)
            if isinstance(value, str) and not value.startswith("="):
                cell.data_type = "s"
    change(workbook)
    workbook.save(path)
    return read_answers_file(path, questionnaire)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("taille", 0, ("taille", "0")),
        ("taille", "Aucun", ("taille", "0")),
        ("effectif", 12.0, ("effectif", 12)),
        ("effectif", "1 200", ("effectif", 1200)),
        ("date", datetime(2026, 3, 2), ("submitted", datetime(2026, 3, 2))),
        ("date", "02/03/2026", ("submitted", datetime(2026, 3, 2))),
        ("poste[autre__texte]", "=1+1", None),
        ("remarque", "première\nseconde", ("remarque", "première\nseconde")),
    ],
)
def test_cells_are_numbers_dates_or_texts(tmp_path, questionnaire, column, value, expected):
    imported = keyed(questionnaire, tmp_path / "s.xlsx", PAPER | {column: value})
    if expected is None:
        assert imported.report.causes == {"formule dans une cellule": 1}
        return
    name, read = expected
    assert imported.responses[name].to_list() == [read]


@pytest.mark.parametrize("mark", [1, "1", "x", "X", "oui", True])
def test_boxes_are_ticked_with_any_mark(tmp_path, questionnaire, mark):
    large = PAPER | {"taille": "grande", "techno[ttm]": "oui", "fonctions[marketing]": mark,
                     "part": "12,5"}  # fmt: skip
    answer = keyed(questionnaire, tmp_path / "s.xlsx", large).responses.row(0, named=True)
    assert (answer["fonctions__marketing"], answer["fonctions__vente"]) == (True, False)
    assert answer["part"] == 12.5


def test_a_text_typed_as_a_text_is_no_formula(tmp_path, questionnaire):
    def as_text(workbook):
        cell = workbook["Saisie"].cell(2, column_of(questionnaire, "remarque"), "=1+1")
        cell.data_type = "s"

    imported = keyed(questionnaire, tmp_path / "s.xlsx", PAPER, change=as_text)
    assert imported.responses["remarque"].to_list() == ["=1+1"]


def test_a_formula_is_never_evaluated_and_keeps_no_other_row_out(tmp_path, questionnaire):
    papers = [PAPER, PAPER | {"numero": "13", "effectif": "=A2+1"}, PAPER | {"numero": "14"}]
    imported = keyed(questionnaire, tmp_path / "s.xlsx", *papers)
    assert imported.responses["id"].to_list() == ["12", "14"]
    reject = imported.rejects.row(0, named=True)
    assert (reject["ligne"], reject["colonne"]) == (3, "effectif")
    assert reject["motif"] == "formule dans une cellule"


def test_a_formula_beside_the_answers_does_no_harm(tmp_path, questionnaire):
    def count(workbook):
        sheet = workbook["Saisie"]
        last = len(template_headings(questionnaire)) + 1
        sheet.cell(1, last, "total")
        sheet.cell(2, last, "=COUNTA(A2:F2)")

    imported = keyed(questionnaire, tmp_path / "s.xlsx", PAPER, change=count)
    assert imported.report.accepted == 1
    assert imported.report.unknown_columns == ("total",)


def test_merged_and_blank_rows_are_told(tmp_path, questionnaire):
    def merge(workbook):
        workbook["Saisie"].merge_cells("D2:E3")

    papers = [PAPER, PAPER | {"numero": "13"}, {}, PAPER | {"numero": "15"}]
    imported = keyed(questionnaire, tmp_path / "s.xlsx", *papers, change=merge)
    assert imported.responses["id"].to_list() == ["15"]
    assert imported.rejects.select("ligne", "motif").unique(maintain_order=True).rows()[:1] == [
        (2, "cellules fusionnées")
    ]
    assert imported.report.causes == {"cellules fusionnées": 2, "ligne vide": 1}


def test_a_hidden_sheet_is_told_and_not_read(tmp_path, questionnaire):
    def hide(workbook):
        copy = workbook.copy_worksheet(workbook["Saisie"])
        copy.title, copy.sheet_state = "Brouillon", "hidden"

    imported = keyed(questionnaire, tmp_path / "s.xlsx", PAPER, change=hide)
    assert imported.report.accepted == 1
    assert "masquée(s), non lue(s) : Brouillon" in imported.report.remarks[0]


def test_two_sheets_of_answers_are_refused(tmp_path, questionnaire):
    def double(workbook):
        workbook.copy_worksheet(workbook["Saisie"]).title = "Suite"

    with pytest.raises(ResponseError, match=r"plusieurs tables de réponses \(Saisie, Suite\)"):
        keyed(questionnaire, tmp_path / "s.xlsx", PAPER, change=double)


def test_an_excel_date_is_no_code(tmp_path, questionnaire):
    imported = keyed(questionnaire, tmp_path / "s.xlsx", PAPER | {"taille": datetime(2026, 9, 1)})
    reject = imported.rejects.row(0, named=True)
    assert (reject["colonne"], reject["valeur"]) == ("taille", "2026-09-01")
    assert reject["motif"].startswith("code changé en date par un tableur")


@pytest.mark.parametrize(
    ("paper", "motif"),
    [
        ({"numero": None}, "identifiant absent"),
        ({"date": "hier"}, "date d’envoi illisible"),
        ({"taille": "A09"}, "code inconnu"),
        ({"fonctions[vente]": "peut-être", "taille": "grande", "techno[ttm]": "oui"},
         "code inconnu (admis : 1, ou vide)"),
    ],
)  # fmt: skip
def test_a_paper_that_cannot_be_read_is_set_aside(tmp_path, questionnaire, paper, motif):
    imported = keyed(questionnaire, tmp_path / "s.xlsx", PAPER | paper)
    assert imported.rejects["motif"][0].startswith(motif)
    assert imported.responses.is_empty()


def test_missing_and_double_columns_are_refused(tmp_path, questionnaire):
    def drop(workbook):
        workbook["Saisie"].cell(1, column_of(questionnaire, "part"), "autre chose")

    with pytest.raises(ResponseError, match="1 colonne attendue manque : part"):
        keyed(questionnaire, tmp_path / "s.xlsx", PAPER, change=drop)

    def double(workbook):
        workbook["Saisie"].cell(1, 60, "part. Encore")

    with pytest.raises(ResponseError, match="colonnes en double : part"):
        keyed(questionnaire, tmp_path / "s.xlsx", PAPER, change=double)


def test_a_question_named_like_a_column_of_the_template_is_refused(tmp_path):
    named = questionnaire_of(tmp_path, YAML.replace("code: remarque", "code: jeton"))
    path = tmp_path / "saisie.csv"
    path.write_text("numero. N;jeton. J\n1;0\n", encoding="utf-8")
    with pytest.raises(QuestionnaireError, match=r"réservé.*jeton"):
        read_answers_file(path, named)
