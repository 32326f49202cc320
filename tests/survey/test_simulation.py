from pathlib import Path

import numpy as np
import polars as pl
import pytest

from survey.columns import question_columns, questionnaire_columns
from survey.conditions import parse
from survey.errors import SurveyError
from survey.formats.limesurvey.reading import read_export
from survey.questionnaire import load_questionnaire
from survey.reference import load_reference
from survey.routing import to_polars
from survey.sampling import SamplingPlan
from survey.schema import check_responses
from survey.simulation.answers import draw_answers, option_parts
from survey.simulation.edition import (
    EXPORT,
    WRONG_CODES,
    simulate_edition,
    true_share,
    with_territories,
    write_simulation,
)
from survey.simulation.fieldwork import DUPLICATES, OUT_OF_ROUTING
from survey.simulation.frames import build_cells, list_units
from survey.simulation.model import Effect, QuestionModel, load_model, maturity
from survey.territories import load_territories

ROOT = Path(__file__).parents[2]
INSTRUMENT = ROOT / "survey" / "instruments" / "entreprises.yml"
REFERENCE = load_reference(ROOT / "data" / "reference")
TERRITORIES = load_territories(ROOT / "data" / "reference")
MODEL = load_model("entreprises")
SAMPLE_SIZE = 6000
PLAN = SamplingPlan(
    SAMPLE_SIZE,
    (("departement", "secteur", "taille"), ("secteur", "taille"), ("taille",)),
    smallest=25,
    minimum=6,
    power=0.5,
    certainty={"taille": ["250+"]},
)


def questionnaire(edition: int | None = None):
    return load_questionnaire(INSTRUMENT, edition)


def simulate(edition: int, seed: int = 1):
    return simulate_edition(questionnaire(edition), REFERENCE, TERRITORIES, edition, seed, PLAN)


def enterprises(count: int) -> pl.DataFrame:
    """The first enterprises of the frame, with the places of their commune."""
    cells = build_cells("entreprises", REFERENCE, TERRITORIES)
    return with_territories(list_units(cells, TERRITORIES, seed=1).head(count), TERRITORIES)


def user(simulated) -> pl.Expr:
    return to_polars(parse("utilisatrices"), simulated.questionnaire)


@pytest.fixture(scope="module")
def edition_2025():
    return simulate(2025)


@pytest.fixture(scope="module")
def edition_2026():
    return simulate(2026)


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


def test_every_unit_of_industry_has_its_branch_and_no_other(edition_2025):
    frame = edition_2025.frame
    industry = pl.col("secteur").cast(pl.String) == "BE"
    assert frame.filter(industry)["branche"].null_count() == 0
    assert frame.filter(~industry)["branche"].drop_nulls().is_empty()
    counts = dict(frame.drop_nulls("branche")["branche"].value_counts().iter_rows())
    assert set(counts) == {"C1", "C2", "C3", "C4", "C5", "DE"}
    assert counts["C1"] / frame.filter(industry).height == pytest.approx(0.3, abs=0.005)  # rounding


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
    again = simulate(2025)
    first = write_simulation(edition_2025, tmp_path / "a")
    second = write_simulation(again, tmp_path / "b")
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes(), name


def test_another_seed_gives_another_sample(edition_2025):
    other = simulate(2025, seed=2)
    assert not set(other.sample["unite"]) & set(edition_2025.sample["unite"])


def test_an_edition_without_its_own_evolution_keeps_the_last_one():
    frame = enterprises(100)
    scores = {year: maturity(frame, MODEL, year, seed=1) for year in (2020, 2025, 2026, 2030)}
    assert (scores[2020] == scores[2025]).all()
    assert (scores[2030] == scores[2026]).all()
    assert (scores[2026] >= scores[2025]).all()


def test_options_without_a_share_divide_what_is_left():
    assert option_parts({"a": 40}, ["a", "b", "c"]) == {"a": 40, "b": 30, "c": 30}
    assert option_parts({}, ["a", "b"]) == {"a": 50, "b": 50}


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
    frame = enterprises(2000)
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
    frame = enterprises(500)
    score = maturity(frame, MODEL, 2025, seed=1)
    _, long_truth = draw_answers(frame, whole, MODEL, score, seed=1)
    _, short_truth = draw_answers(frame, short, MODEL, score, seed=1)
    names = [column.name for code in kept for column in question_columns(whole.question(code))]
    assert short_truth.select(names).equals(long_truth.select(names))


def test_a_size_the_questionnaire_does_not_offer_is_named(unknown):
    frame = enterprises(10).with_columns(taille=pl.lit("3-5"))
    with pytest.raises(SurveyError, match="3-5"):
        draw_answers(frame, unknown, MODEL, np.zeros(10), seed=1)


def test_the_last_case_that_holds_gives_the_shares_then_effects_add(unknown):
    frame = enterprises(4000)
    draws = {
        "choix": QuestionModel(
            parts={"a": 0, "b": 100},
            cas=(
                {"si": 'taille in ("0", "1-9")', "parts": {"a": 50, "b": 50}},
                {"si": 'taille = "0"', "parts": {"a": 100, "b": 0}},
            ),
            effets=(Effect(si='taille = "1-9"', ajoute={"a": 1.0}),),
        )
    }
    model = MODEL.model_copy(update={"questions": draws})
    _, truth = draw_answers(frame, unknown, model, np.zeros(frame.height), seed=1)
    share = dict(
        truth.group_by(pl.col("taille").cast(pl.String)).agg(pl.col("choix") == "a").rows()
    )
    shares = {size: np.mean(values) for size, values in share.items()}
    assert shares["0"] == 1 and shares["10-49"] == 0
    assert shares["1-9"] == pytest.approx(1 / (1 + np.exp(-1)), abs=0.03)


def test_an_unknown_key_of_the_model_is_named(tmp_path):
    (tmp_path / "modele.yml").write_text("score: {selom: {}}\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="selom"):
        load_model("modele", tmp_path)


def test_a_population_without_a_model_is_told_those_that_have_one():
    with pytest.raises(SurveyError, match=r"martiens.*associations, entreprises, habitants"):
        load_model("martiens")
