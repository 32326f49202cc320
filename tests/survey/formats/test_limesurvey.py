from datetime import datetime

import pytest
from limesurvey_cases import LARGE, ROW, numbered, read
from polars.testing import assert_frame_equal

from survey.formats.limesurvey.reading import read_export


def test_an_answer_is_read_with_limesurvey_codes(tmp_path, questionnaire):
    answer = read(tmp_path, questionnaire, LARGE).responses.row(0, named=True)
    assert answer["submitted"] == datetime(2026, 3, 1, 10)
    assert (answer["taille"], answer["techno__apprendre"], answer["techno__img"]) == (
        "grande",
        "non",
        "NSP",
    )
    assert answer["fonctions__etat"] == "repondu"
    assert (answer["fonctions__marketing"], answer["fonctions__vente"]) == (True, False)
    assert (answer["part"], answer["effectif"], answer["remarque__etat"]) == (50.0, 3, "NR")


@pytest.mark.parametrize(
    "rename",
    [
        lambda code: code.replace("[", "_").replace("]", ""),
        lambda code: code.replace("SQ002", "apprendre" if "techno" in code else "marketing"),
        lambda code: f"{code}. Le texte de la question [la ligne]",
        lambda code: f"{code} : Le texte, en entier",
        lambda code: f" {code} ",
    ],
)
def test_headings_are_codes_in_any_form(tmp_path, questionnaire, rename):
    expected = read(tmp_path, questionnaire, LARGE)
    renamed = {rename(code): value for code, value in LARGE.items()}
    found = read(tmp_path, questionnaire, renamed)
    assert_frame_equal(found.responses, expected.responses)
    assert found.report.unknown_columns == ()


def test_own_answer_codes_are_read_like_those_of_limesurvey(tmp_path, questionnaire):
    first, second = numbered(LARGE, LARGE | {"taille": "grande"})
    responses = read(tmp_path, questionnaire, first, second).responses
    assert responses["taille"].to_list() == ["grande", "grande"]


@pytest.mark.parametrize(("ticked", "unticked"), [("Y", ""), ("Y", "N"), ("1", "0"), ("1", "2")])
def test_ticks_in_every_coding_of_limesurvey(tmp_path, questionnaire, ticked, unticked):
    ticks = {code: unticked for code in LARGE if code.startswith("fonctions")}
    row = LARGE | ticks | {"fonctions[SQ002]": ticked}
    answer = read(tmp_path, questionnaire, row).responses.row(0, named=True)
    assert [answer[f"fonctions__{code}"] for code in ("vente", "marketing", "autre")] == [
        False,
        True,
        False,
    ]
    assert answer["fonctions__autre__texte"] is None


def test_nothing_ticked_is_left_blank_and_dont_know_is_an_answer(tmp_path, questionnaire):
    nothing = LARGE | {"fonctions[SQ002]": "", "part": ""}
    rows = numbered(nothing, nothing | {"fonctions[NSP]": "Y"})
    responses = read(tmp_path, questionnaire, *rows).responses
    assert responses["fonctions__etat"].to_list() == ["NR", "NSP"]
    assert responses["fonctions__vente"].to_list() == [None, None]


def test_other_is_read_from_its_code_or_from_its_text_alone(tmp_path, questionnaire):
    rows = numbered(
        ROW | {"poste": "-oth-", "poste[other]": "Artisan"},
        ROW | {"poste": "", "poste[other]": "Artisan"},
        ROW | {"poste": "-oth-"},
        LARGE | {"fonctions[other]": "Accueil"},
    )
    responses = read(tmp_path, questionnaire, *rows).responses
    assert responses["poste"].to_list()[:3] == ["autre"] * 3
    assert responses["poste__autre__texte"].to_list()[:3] == ["Artisan", "Artisan", None]
    assert responses["fonctions__autre"].to_list()[3] is True
    assert responses["fonctions__autre__texte"].to_list()[3] == "Accueil"


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12,5", 12.5), ("12.5", 12.5), (".5", 0.5), ("7.0000000000", 7.0), ("1e1", 10.0)],
)
def test_decimal_numbers(tmp_path, questionnaire, cell, value):
    responses = read(tmp_path, questionnaire, LARGE | {"part": cell}).responses
    assert responses["part"].to_list() == [value]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12.0000000000", 12), ("1 200", 1200), ("1\u202f200", 1200), ("12,", 12), ("+3", 3)],
)
def test_whole_numbers(tmp_path, questionnaire, cell, value):
    responses = read(tmp_path, questionnaire, ROW | {"effectif": cell}).responses
    assert responses["effectif"].to_list() == [value]


def test_not_shown_is_empty_and_a_formula_guard_is_removed(tmp_path, questionnaire):
    row = ROW | {"part": "N/A", "techno[ttm]": "N/A", "remarque": "'=1+1"}
    imported = read(tmp_path, questionnaire, row)
    assert imported.rejects.is_empty()
    assert imported.responses["remarque"].to_list() == ["=1+1"]


def test_1980_is_complete_without_date(tmp_path, questionnaire):
    row = ROW | {"submitdate": "1980-01-01 00:00:00"}
    responses = read(tmp_path, questionnaire, row).responses
    assert responses.select("submitted", "complete").row(0) == (None, True)


def test_duration_is_timed_or_else_counted_from_the_start(tmp_path, questionnaire):
    start = {"startdate": "2026-03-01 09:50:00"}
    rows = numbered(
        ROW | {"interviewtime": "321,5"} | start,
        ROW | {"interviewtime": ""} | start,
        ROW | {"interviewtime": "-4"} | start,
    )
    durations = read(tmp_path, questionnaire, *rows).responses["duration_seconds"]
    assert durations.to_list() == [321.5, 600.0, None]


def test_vv_escapes_are_undone(tmp_path, questionnaire):
    codes = [code.replace("[", "_").replace("]", "") for code in ROW]
    row = ROW | dict.fromkeys((code for code in ROW if "[" in code), "{question_not_shown}")
    row |= {
        "remarque": "{quote}a{newline}b{tab}c {lbrace}newline} {cr}",
        "part": "{question_not_shown}",
    }
    path = tmp_path / "vvexport.csv"
    lines = ["\t".join(["un intitulé"] * len(codes)), "\t".join(codes), "\t".join(row.values())]
    path.write_text("\n".join(lines), encoding="utf-8")
    imported = read_export(path, questionnaire)
    assert imported.report.tool == "LimeSurvey, VV"
    assert imported.rejects.is_empty()
    assert imported.responses["remarque"].to_list() == ['"a\nb\tc {newline} \n']
