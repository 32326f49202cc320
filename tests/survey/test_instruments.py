"""The enterprise questionnaire as fielded: long enough, short enough, comparable where it says."""

from pathlib import Path

import polars as pl
import pytest

from survey.conditions import references
from survey.french import typography
from survey.questionnaire import load_questionnaire
from survey.reading_level import overall_score, reading_faults
from survey.routing import parse, to_polars
from survey.schema import response_schema

INSTRUMENT = Path(__file__).parents[2] / "survey" / "instruments" / "entreprises.yml"
TECHNOLOGIES = {"TTM", "TSR", "TNLG", "TPVSG", "TIR", "TML", "TPA", "TAR"}
PURPOSES = {"PMS", "PPP", "PBAM", "PLOG", "PITS", "PFIN", "PRDI"}
BARRIERS = {"BCST", "BLE", "BINC", "BDDT", "BCDP", "BLEG", "BEC", "BNU"}


@pytest.fixture(scope="module", params=[2025, 2026])
def instrument(request):
    return load_questionnaire(INSTRUMENT, request.param)


def test_it_can_be_answered_in_twelve_minutes(instrument):
    assert 25 <= len(instrument.questions) <= 40
    assert 5 < instrument.minutes() <= 12


def test_it_reads_easily(instrument):
    assert reading_faults(instrument) == []
    assert overall_score(instrument) >= 60


@pytest.mark.parametrize(
    ("grid", "codes"),
    [("technologies", TECHNOLOGIES), ("fonctions", PURPOSES), ("freins", BARRIERS)],
)
def test_the_codes_of_eurostat_are_all_there(instrument, grid, codes):
    rows = instrument.question(grid).rows
    assert {row.comparable.reference for row in rows} == {f"E_AI_{code}" for code in codes}
    assert all(row.comparable.status in {"identical", "adapted"} for row in rows)
    assert {row.code for row in rows} == {code.lower() for code in codes}


def test_every_question_says_what_it_can_be_compared_with(instrument):
    for question in instrument.questions:
        comparable = question.comparable
        assert comparable.status in {"identical", "adapted", "own"}
        assert comparable.status == "own" or comparable.reference, question.code


def test_every_question_has_its_theme_definition_and_label(instrument):
    for question in instrument.questions:
        assert question.theme in instrument.themes
        assert question.help.strip() and question.short.strip()
        assert len(question.short) <= 50, question.code
        assert question.help != question.text


def test_every_theme_holds_a_question(instrument):
    assert {question.theme for question in instrument.questions} == set(instrument.themes)


def test_barriers_are_asked_only_of_those_who_considered_ai(instrument):
    assert references(parse(instrument.question("freins").base)) == {"ayantenvisage"}
    asked = to_polars(parse(instrument.question("freins").base), instrument)
    rows = [f"technologies__{code.lower()}" for code in TECHNOLOGIES]
    answers = pl.DataFrame(
        {
            "internet": ["oui", "oui", "oui", "oui", "non"],
            "envisage": ["oui", "non", None, "NR", None],
            **{row: ["non", "non", "oui", "non", None] for row in rows},
        }
    )
    assert answers.select(asked).to_series().to_list() == [True, False, False, False, False]


def test_questions_on_people_and_bias_begin_in_2026(instrument):
    new = {"personnelles", "biais"}
    assert new & instrument.by_code.keys() == (new if instrument.edition == 2026 else set())


def test_the_two_editions_share_every_other_question():
    before, after = (load_questionnaire(INSTRUMENT, year) for year in (2025, 2026))
    assert after.by_code.keys() - before.by_code.keys() == {"personnelles", "biais"}
    assert [before.question(code) for code in before.by_code] == [
        after.question(code) for code in before.by_code
    ]


def test_its_french_follows_the_typography(instrument):
    texts = [instrument.title, instrument.introduction]
    for question in instrument.questions:
        texts += [question.text, question.help, question.short]
        texts += [item.label for item in (*question.options, *question.rows)]
    assert [text for text in texts if typography(text) != text] == []
    assert [text for text in texts if "  " in text or "'" in text] == []


def test_units_are_known_by_size_sector_and_place(instrument):
    sizes = [option.code for option in instrument.question("taille").options]
    assert sizes == ["0", "1-9", "10-49", "50-249", "250+"]
    assert len(instrument.question("secteur").options) == 12
    assert len(instrument.question("departement").options) == 5
    assert response_schema(instrument).columns.keys() >= {"taille", "secteur", "departement"}


def test_hidden_use_stance_and_regional_schemes_are_asked(instrument):
    assert "cache" in {option.code for option in instrument.question("statut").options}
    assert len(instrument.question("posture").options) >= 3
    schemes = {row.code for row in instrument.question("dispositifs").rows}
    assert schemes == {"diva", "conseil", "dinamic", "cyber", "ami"}
