from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from survey.columns import question_columns, questionnaire_columns
from survey.conditions import parse, references
from survey.errors import MarginError, SurveyError
from survey.formats.limesurvey.reading import read_export
from survey.questionnaire import load_questionnaire
from survey.reference import load_reference, margin_columns
from survey.routing import to_polars
from survey.schema import check_responses
from survey.simulation import EXPORT, WRONG_CODES, simulate_edition, true_share, write_simulation
from survey.simulation_answers import draw_answers, option_parts
from survey.simulation_fieldwork import DUPLICATES, OUT_OF_ROUTING
from survey.simulation_frame import build_frame, controlled_rounding, fit_margins
from survey.simulation_model import Behaviour, load_model, maturity

ROOT = Path(__file__).parents[2]
INSTRUMENT = ROOT / "survey" / "instruments" / "entreprises.yml"
REFERENCE = load_reference(ROOT / "data" / "reference")
MODEL = load_model()
SAMPLE_SIZE = 6000


def questionnaire(edition: int | None = None):
    return load_questionnaire(INSTRUMENT, edition)


def user(simulated) -> pl.Expr:
    return to_polars(parse("utilisatrices"), simulated.questionnaire)


@pytest.fixture(scope="module")
def edition_2025():
    return simulate_edition(questionnaire(2025), REFERENCE, 2025, 1, SAMPLE_SIZE)


@pytest.fixture(scope="module")
def edition_2026():
    return simulate_edition(questionnaire(2026), REFERENCE, 2026, 1, SAMPLE_SIZE)


def test_the_frame_meets_both_official_margins_to_the_unit(edition_2025):
    crossed = margin_columns(edition_2025.frame)
    for variable in ("departement_secteur", "departement_taille"):
        counted = dict(crossed.group_by(variable).len().iter_rows())
        official = REFERENCE.margins.filter(pl.col("variable") == variable)
        assert counted == dict(official.select("modalite", "total").iter_rows())


def test_units_have_unique_names_and_every_sector_and_size(edition_2025):
    frame = edition_2025.frame
    assert frame["unite"].is_unique().all()
    assert set(frame["secteur"]) == set(REFERENCE.sectors["code"])
    assert set(frame["taille"]) == set(REFERENCE.sizes["code"])


@given(
    table=arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(0, 50)),
    seed=st.integers(0, 1000),
)
def test_controlled_rounding_keeps_the_margins_and_stays_next_to_each_cell(table, seed):
    counts = np.random.default_rng(seed).integers(1, 60, table.shape)
    fitted = fit_margins(table + 0.1, counts.sum(axis=1), counts.sum(axis=0))
    rounded = controlled_rounding(fitted)
    assert (rounded.sum(axis=1) == counts.sum(axis=1)).all()
    assert (rounded.sum(axis=0) == counts.sum(axis=0)).all()
    assert np.abs(rounded - fitted).max() < 1 + 1e-5


def test_margins_of_different_totals_are_refused():
    with pytest.raises(MarginError, match="3 et 4"):
        fit_margins(np.ones((1, 1)), np.array([3]), np.array([4]))


def test_an_assumption_that_is_missing_is_named():
    lacking = REFERENCE.assumptions.filter(pl.col("modalite") != "JZ")
    with pytest.raises(MarginError, match="JZ"):
        build_frame(replace(REFERENCE, assumptions=lacking), seed=1)


def test_the_truth_follows_the_routing_and_has_no_silence(edition_2025):
    truth = edition_2025.truth
    names = [column.name for column in questionnaire_columns(edition_2025.questionnaire)]
    check_responses(truth.select(names), edition_2025.questionnaire)
    for column in questionnaire_columns(edition_2025.questionnaire):
        if column.role in ("choice", "state"):
            assert not truth[column.name].cast(pl.String).is_in(["NSP", "NR"]).any(), column.name


def test_use_stands_near_the_published_anchors(edition_2025):
    # Eurostat, EU 2025, 10 persons or more: 20 %; 17 / 30 / 55 % by size. The region is invented.
    truth, uses = edition_2025.truth, user(edition_2025)
    in_scope = REFERENCE.sectors.filter("champ_eurostat")["code"].to_list()
    is_eurostat = pl.col("secteur").cast(pl.String).is_in(in_scope)
    large = pl.col("taille_marge") == "10+"
    assert 0.17 <= true_share(truth, uses, large & is_eurostat) <= 0.25
    by_size = {
        size: true_share(truth, uses, pl.col("taille").cast(pl.String) == size)
        for size in REFERENCE.sizes["code"]
    }
    assert list(by_size.values()) == sorted(by_size.values())
    assert 0.06 <= by_size["0"] <= 0.10
    assert 0.45 <= by_size["250+"] <= 0.65
    assert 0.40 <= true_share(truth, uses, pl.col("secteur").cast(pl.String) == "JZ") <= 0.60
    assert 0.03 <= true_share(truth, uses, pl.col("secteur").cast(pl.String) == "FZ") <= 0.07


def test_use_grows_as_the_model_says(edition_2025, edition_2026):
    def change(base: pl.Expr | None = None) -> float:
        after = true_share(edition_2026.truth, user(edition_2026), base)
        return after - true_share(edition_2025.truth, user(edition_2025), base)

    size, sector = pl.col("taille_marge"), pl.col("secteur").cast(pl.String)
    assert 0.035 <= change() <= 0.065
    assert 0 < change(size == "0") < 0.01
    assert 0.02 < change(size == "1-9") < 0.05
    assert 0.08 < change(size == "10+") < 0.13
    assert change(sector == "FZ") == 0


def test_technologies_go_together(edition_2025):
    truth = edition_2025.truth
    ttm, tnlg = (pl.col(f"technologies__{row}") == "oui" for row in ("ttm", "tnlg"))
    assert true_share(truth, ttm, tnlg) > 3 * true_share(truth, ttm, ~tnlg)


def test_the_largest_are_all_sampled_and_weights_add_up(edition_2025):
    sample, frame = edition_2025.sample, edition_2025.frame
    assert sample.height == SAMPLE_SIZE
    assert sample["design_weight"].sum() == pytest.approx(frame.height)
    largest = pl.col("taille") == "250+"
    assert sample.filter(largest).height == frame.filter(largest).height
    assert sample.filter(largest)["design_weight"].unique().to_list() == [1.0]


def test_response_depends_on_size_and_sector(edition_2025):
    outcomes = edition_2025.sample.join(edition_2025.outcomes.drop("unite"), on="token")

    def rate(condition: pl.Expr) -> float:
        return (outcomes.filter(condition)["outcome"] == "complet").mean()

    assert 0.35 <= rate(pl.lit(True)) <= 0.45
    assert rate(pl.col("taille") == "250+") > rate(pl.col("taille") == "1-9") + 0.1
    assert rate(pl.col("taille") == "1-9") > rate(pl.col("taille") == "0") + 0.03
    assert rate(pl.col("secteur_marge") == "OQ") > rate(pl.col("secteur_marge") == "FZ") + 0.1


def test_silence_is_rare_and_of_two_kinds(edition_2025):
    received = edition_2025.responses.filter("complete")
    asked = received["posture"].drop_nulls().cast(pl.String)
    assert 0.005 <= (asked == "NSP").mean() <= 0.04
    assert 0.002 <= (asked == "NR").mean() <= 0.02
    assert "NR" not in received["taille"].cast(pl.String)


def test_some_answers_are_unfinished_and_shorter(edition_2025):
    received = edition_2025.responses
    unfinished = received.filter(~pl.col("complete"))
    assert 100 <= unfinished.height <= 300
    assert unfinished["taille"].null_count() == 0
    assert unfinished["commentaire__etat"].null_count() == unfinished.height
    assert unfinished["duration_seconds"].median() < received["duration_seconds"].median()


def test_two_editions_draw_two_samples(edition_2025, edition_2026):
    assert edition_2025.frame.equals(edition_2026.frame)
    both = set(edition_2025.sample["unite"]) & set(edition_2026.sample["unite"])
    assert len(both) < SAMPLE_SIZE / 2
    assert not set(edition_2025.sample["token"]) & set(edition_2026.sample["token"])


def test_the_export_is_read_back_with_the_rejects_foreseen(edition_2025, tmp_path):
    paths = write_simulation(edition_2025, tmp_path)
    imported = read_export(paths["export"], edition_2025.questionnaire)
    check_responses(
        imported.responses.select(
            column.name for column in questionnaire_columns(edition_2025.questionnaire)
        ),
        edition_2025.questionnaire,
    )
    assert imported.report.duplicates == DUPLICATES
    assert imported.report.unfinished == (~edition_2025.responses["complete"]).sum()
    emptied = imported.rejects.filter(pl.col("decision") == "valeur effacée")
    assert emptied.height == OUT_OF_ROUTING
    assert imported.report.causes["code inconnu"] == WRONG_CODES
    complete = (edition_2025.outcomes["outcome"] == "complet").sum()
    # A wrong code in the second answer of a token leaves the first one.
    assert complete - WRONG_CODES <= imported.responses.height <= complete


def test_files_say_that_they_are_simulated_and_leave_nothing_behind(edition_2025, tmp_path):
    paths = write_simulation(edition_2025, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["base.parquet", "echantillon.parquet", "verite.parquet", EXPORT, "LISEZMOI.txt"]
    )
    assert "DONNÉES SIMULÉES" in paths["lisezmoi"].read_text(encoding="utf-8")
    assert "donnees-simulees" in paths["export"].name
    for name in ("base", "echantillon", "verite"):
        assert pl.read_parquet_metadata(paths[name])["contenu"] == "données simulées"


def test_same_seed_gives_same_bytes(edition_2025, tmp_path):
    again = simulate_edition(questionnaire(2025), REFERENCE, 2025, 1, SAMPLE_SIZE)
    first = write_simulation(edition_2025, tmp_path / "a")
    second = write_simulation(again, tmp_path / "b")
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes(), name


def test_another_seed_gives_another_sample(edition_2025):
    other = simulate_edition(questionnaire(2025), REFERENCE, 2025, 2, SAMPLE_SIZE)
    assert not set(other.sample["unite"]) & set(edition_2025.sample["unite"])


def test_the_model_names_nothing_that_the_questionnaire_lacks():
    whole = questionnaire()
    bases = {base.code for base in whole.bases}
    for code, behaviour in MODEL.questions.items():
        question = whole.question(code)
        options = {option.code for option in question.options} | {"*", "valeur"}
        rows = {row.code for row in question.rows}
        assert behaviour.lignes.keys() <= rows, code
        for each in (behaviour, *behaviour.lignes.values()):
            assert each.parts.keys() | each.pente.keys() <= options, code
        for effect in behaviour.effets:
            assert effect.ajoute.keys() <= options, code
            assert effect.ligne is None or effect.ligne in rows, code
            assert references(parse(effect.si)) <= bases | whole.by_code.keys(), code


def test_the_model_says_how_every_question_of_simulated_editions_is_answered():
    known = {"taille", "secteur", "departement"}  # given by the frame
    asked = {code for year in (2025, 2026) for code in questionnaire(year).by_code}
    assert asked - known == MODEL.questions.keys()


def test_an_edition_without_its_own_evolution_keeps_the_last_one():
    frame = build_frame(REFERENCE, seed=1).head(100)
    scores = {year: maturity(frame, MODEL, year, seed=1) for year in (2020, 2025, 2026, 2030)}
    assert (scores[2020] == scores[2025]).all()
    assert (scores[2030] == scores[2026]).all()
    assert (scores[2026] >= scores[2025]).all()


def test_options_without_a_share_divide_what_is_left():
    assert option_parts(Behaviour(parts={"a": 40}), ["a", "b", "c"]) == {"a": 40, "b": 30, "c": 30}
    assert option_parts(Behaviour(), ["a", "b"]) == {"a": 50, "b": 50}


UNKNOWN = """
code: inconnu
title: Un autre questionnaire
population: entreprises
introduction: Un questionnaire que le modèle ne connaît pas.
themes: {un: Un thème}
questions:
  - {code: taille, theme: un, type: single, required: true, text: Combien ?, help: Aide., short: T,
     options: [{code: "0", label: A}, {code: "1-9", label: B}, {code: "10-49", label: C},
               {code: "50-249", label: D}, {code: "250+", label: E}], comparable: {status: own}}
  - {code: choix, theme: un, type: single, text: Lequel ?, help: Aide., short: C, dont_know: true,
     options: [{code: a, label: A}, {code: b, label: B, other: true}], comparable: {status: own}}
  - {code: cases, theme: un, type: multiple, base: choix = a, text: Lesquels ?, help: Aide.,
     short: Ca, options: [{code: a, label: A}, {code: b, label: B, only_if: taille = "0"}],
     comparable: {status: own}}
  - {code: grille, theme: un, type: grid, text: Et ceci ?, help: Aide., short: G,
     options: [{code: a, label: A}, {code: b, label: B}], comparable: {status: own},
     rows: [{code: x, label: X}, {code: y, label: Y, only_if: choix = b}]}
  - {code: nombre, theme: un, type: number, text: Combien ?, help: Aide., short: N,
     comparable: {status: own}}
  - {code: libre, theme: un, type: text, text: Pourquoi ?, help: Aide., short: L,
     comparable: {status: own}}
"""


@pytest.fixture
def unknown(tmp_path):
    path = tmp_path / "inconnu.yml"
    path.write_text(UNKNOWN, encoding="utf-8")
    return load_questionnaire(path)


def test_a_questionnaire_the_model_does_not_know_is_answered_all_the_same(unknown):
    frame = build_frame(REFERENCE, seed=1).head(2000)
    score = maturity(frame, MODEL, 2025, seed=1)
    _, truth = draw_answers(frame, unknown, MODEL, score, seed=1)
    check_responses(truth.drop("unite"), unknown)
    ticks = truth.filter(pl.col("cases__etat") == "repondu").select("cases__a", "cases__b")
    assert ticks.select(pl.any_horizontal(pl.all()).all()).item()  # nobody is left without a box
    assert truth["nombre"].is_between(0, 100).all()


def test_dropping_questions_breaks_nothing_and_changes_no_other():
    whole = questionnaire(2025)
    kept = ("taille", "secteur", "departement", "internet", "technologies", "embarquee")
    short = whole.model_copy(update={"questions": tuple(whole.question(code) for code in kept)})
    frame = build_frame(REFERENCE, seed=1).head(500)
    score = maturity(frame, MODEL, 2025, seed=1)
    _, long_truth = draw_answers(frame, whole, MODEL, score, seed=1)
    _, short_truth = draw_answers(frame, short, MODEL, score, seed=1)
    names = [column.name for code in kept for column in question_columns(whole.question(code))]
    assert short_truth.select(names).equals(long_truth.select(names))


def test_a_size_the_questionnaire_does_not_offer_is_named(unknown):
    frame = build_frame(REFERENCE, seed=1).head(10).with_columns(taille=pl.lit("3-5"))
    with pytest.raises(SurveyError, match="3-5"):
        draw_answers(frame, unknown, MODEL, np.zeros(10), seed=1)


def test_an_unknown_key_of_the_model_is_named(tmp_path):
    path = tmp_path / "modele.yml"
    path.write_text("score: {taile: {}}\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="taile"):
        load_model(path)
