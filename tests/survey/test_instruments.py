"""Every questionnaire as fielded: long enough, short enough, easy to read, honest in what it says.

What belongs to enterprises alone comes last.
"""

from pathlib import Path

import polars as pl
import pytest

from survey.conditions import references
from survey.edition_checks import turning_points
from survey.french import typography
from survey.questionnaire import load_questionnaire
from survey.reading_level import overall_score, reading_faults
from survey.routing import parse, to_polars
from survey.schema import response_schema

INSTRUMENTS = Path(__file__).parents[2] / "survey" / "instruments"
INSTRUMENT = INSTRUMENTS / "entreprises.yml"
TECHNOLOGIES = {"TTM", "TSR", "TNLG", "TPVSG", "TIR", "TML", "TPA", "TAR"}
PURPOSES = {"PMS", "PPP", "PBAM", "PLOG", "PITS", "PFIN", "PRDI"}
BARRIERS = {"BCST", "BLE", "BINC", "BDDT", "BCDP", "BLEG", "BEC", "BNU"}
FROM_2027 = {"forme", "connexion", "agricole", "contenu", "hebergement", "criteres", "seul"}
FROM_2027 |= {"mutual", "compare", "opinion", "risques", "planete"}


def fielded() -> list:
    """Every questionnaire in each edition where something begins or ends."""
    all_years = [load_questionnaire(path) for path in sorted(INSTRUMENTS.glob("*.yml"))]
    return [
        pytest.param(load_questionnaire(INSTRUMENTS / each.source, year), id=f"{each.code}-{year}")
        for each in all_years
        for year in turning_points(each)
    ]


FIELDED = fielded()


@pytest.fixture(params=FIELDED)
def fielded_instrument(request):
    return request.param


@pytest.fixture(scope="module", params=[2025, 2026])
def instrument(request):
    return load_questionnaire(INSTRUMENT, request.param)


def test_it_takes_a_quarter_of_an_hour_at_most(fielded_instrument):
    assert 5 < fielded_instrument.minutes() <= 15


def test_it_reads_easily(fielded_instrument):
    assert reading_faults(fielded_instrument) == []
    assert overall_score(fielded_instrument) >= 60


def test_its_introduction_says_who_why_how_long_and_which_rights(fielded_instrument):
    told = fielded_instrument.introduction
    assert "Conseil économique, social et environnemental régional" in told
    assert "mission d’intérêt public" in told and "facultative" in told
    assert f"{round(fielded_instrument.minutes())} minutes" in told
    assert "RGPD" in told and "CNIL" in told and "confidentiel" in told
    assert "@paysdelaloire.fr" in told
    assert "cinq ans" in told


def test_every_question_says_what_it_can_be_compared_with(fielded_instrument):
    for question in fielded_instrument.questions:
        comparable = question.comparable
        assert comparable.status in {"identical", "adapted", "own"}
        assert comparable.status == "own" or comparable.reference, question.code


def test_only_enterprises_and_individuals_are_asked_as_eurostat_does(fielded_instrument):
    if fielded_instrument.code in {"entreprises", "habitants"}:
        return
    claimed = {
        item.comparable.reference
        for question in fielded_instrument.questions
        for item in (question, *question.options, *question.rows)
        if item.comparable and item.comparable.status == "identical"
    }
    assert claimed <= {"Insee, code officiel géographique"}


def test_every_question_has_its_theme_definition_and_label(fielded_instrument):
    for question in fielded_instrument.questions:
        assert question.theme in fielded_instrument.themes
        assert question.help.strip() and question.short.strip()
        assert len(question.short) <= 50, question.code
        assert question.help != question.text


def test_every_theme_holds_a_question(fielded_instrument):
    themes = {question.theme for question in fielded_instrument.questions}
    assert themes == set(fielded_instrument.themes)


def test_a_theme_is_one_run_of_questions(fielded_instrument):
    order = [question.theme for question in fielded_instrument.questions]
    runs = [theme for i, theme in enumerate(order) if i == 0 or order[i - 1] != theme]
    assert len(runs) == len(set(runs)), runs


def test_nothing_is_left_of_a_word_to_replace(fielded_instrument):
    for text in texts_of(fielded_instrument):
        assert "{" not in text and "}" not in text


def test_its_french_follows_the_typography(fielded_instrument):
    texts = texts_of(fielded_instrument)
    assert [text for text in texts if typography(text) != text] == []
    assert [text for text in texts if "  " in text or "'" in text] == []


def texts_of(instrument) -> list[str]:
    texts = [instrument.title, instrument.introduction, *(b.label for b in instrument.bases)]
    for question in instrument.questions:
        texts += [question.text, question.help, question.short]
        texts += [item.label for item in (*question.options, *question.rows)]
        texts += [item.short for item in (*question.options, *question.rows)]
        texts += [row.help for row in question.rows if row.help]
    return texts


def test_an_option_that_says_none_goes_alone(fielded_instrument):
    for question in fielded_instrument.questions:
        if question.type == "multiple":
            nothing = [option for option in question.options if option.code.startswith("aucun")]
            assert all(option.exclusive for option in nothing), question.code


# --- Enterprises


def test_enterprises_can_answer_in_twelve_minutes(instrument):
    assert 25 <= len(instrument.questions) <= 40
    assert instrument.minutes() <= 12


@pytest.mark.parametrize(
    ("grid", "codes"),
    [("technologies", TECHNOLOGIES), ("fonctions", PURPOSES), ("freins", BARRIERS)],
)
def test_the_codes_of_eurostat_are_all_there(instrument, grid, codes):
    rows = instrument.question(grid).rows
    assert {row.comparable.reference for row in rows} == {f"E_AI_{code}" for code in codes}
    assert all(row.comparable.status == "identical" for row in rows)
    assert {row.code for row in rows} == {code.lower() for code in codes}


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


@pytest.mark.parametrize(
    ("earlier", "later", "added"),
    [(2025, 2026, {"personnelles", "biais"}), (2026, 2027, FROM_2027)],
)
def test_an_edition_keeps_every_question_of_the_one_before(earlier, later, added):
    before, after = (load_questionnaire(INSTRUMENT, year) for year in (earlier, later))
    assert after.by_code.keys() - before.by_code.keys() == added
    assert [before.question(code) for code in before.by_code] == [
        after.question(code) for code in before.by_code
    ]


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
