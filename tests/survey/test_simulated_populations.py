"""Every population of 2026: its model, its sample, what an import makes of its export."""

from pathlib import Path

import polars as pl
import pytest

from survey.campaign import load_campaign
from survey.columns import questionnaire_columns
from survey.conditions import parse, references
from survey.formats.limesurvey.reading import read_export
from survey.questionnaire import load_questionnaire
from survey.reference import load_reference
from survey.routing import to_polars
from survey.schema import check_responses
from survey.simulation.edition import WRONG_CODES, simulate_edition, true_share, write_simulation
from survey.simulation.fieldwork import DUPLICATES, OUT_OF_ROUTING
from survey.simulation.frames import COUNT
from survey.simulation.model import load_model
from survey.territories import load_territories

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data" / "reference"
POPULATIONS = ("entreprises", "secteur_public", "associations", "habitants")
NOBODY = {
    "entreprises": "Aucune entreprise de ce dossier n’existe",
    "secteur_public": "existent, mais aucun n’a répondu",
    "associations": "Aucune association ni structure de ce dossier n’existe",
    "habitants": "Aucune personne de ce dossier n’existe",
}


def simulate(population: str, witnesses: int = 20_000):
    campaign = load_campaign(ROOT / "campaigns" / "2026" / population, ROOT)
    model = load_model(population)
    if model.temoins:
        model = model.model_copy(update={"temoins": witnesses})
    return simulate_edition(
        load_questionnaire(ROOT / "survey" / "instruments" / f"{population}.yml", 2026),
        load_reference(DATA, population),
        load_territories(DATA),
        2026,
        7,
        campaign.decisions.plan.sampling,
        model,
    )


@pytest.fixture(scope="module", params=POPULATIONS)
def edition(request):
    return simulate(request.param)


@pytest.fixture(scope="module")
def residents():
    return simulate("habitants")


@pytest.fixture(params=POPULATIONS)
def model(request):
    return load_model(request.param)


def test_a_model_names_nothing_that_its_questionnaire_lacks(model):
    whole = load_questionnaire(ROOT / "survey" / "instruments" / f"{model.population}.yml")
    bases = {base.code for base in whole.bases}
    for code, behaviour in model.questions.items():
        question = whole.question(code)
        options = {option.code for option in question.options} | {"*", "valeur"}
        rows = {row.code for row in question.rows}
        assert behaviour.lignes.keys() <= rows, code
        for each in (behaviour, *behaviour.lignes.values(), *behaviour.effets, *behaviour.cas):
            named = getattr(each, "parts", {}).keys() | getattr(each, "pente", {}).keys()
            assert named | getattr(each, "ajoute", {}).keys() <= options, code
        for effect in behaviour.effets:
            assert effect.ligne is None or effect.ligne in rows, code
        for each in (*behaviour.effets, *behaviour.cas):
            assert references(parse(each.si)) <= bases | whole.by_code.keys(), code


def test_a_model_says_how_every_question_is_answered(model):
    path = ROOT / "survey" / "instruments" / f"{model.population}.yml"
    years = sorted(path.parents[2].glob(f"campaigns/2*/{model.population}/campaign.yml"))
    asked = {
        code
        for campaign in years
        for code in load_questionnaire(path, int(campaign.parents[1].name)).by_code
    }
    assert asked == model.questions.keys() | model.connues.keys()
    assert not model.questions.keys() & model.connues.keys()


def test_shares_of_a_model_add_up_to_one_hundred_at_most(model):
    questionnaire = load_questionnaire(ROOT / "survey" / "instruments" / f"{model.population}.yml")
    for code, behaviour in model.questions.items():
        if questionnaire.question(code).type in ("single", "grid"):
            for each in (behaviour, *behaviour.lignes.values(), *behaviour.cas):
                assert sum(each.parts.values()) <= 100.001, code


def test_the_truth_follows_the_routing_and_has_no_silence(edition):
    columns = questionnaire_columns(edition.questionnaire)
    check_responses(edition.truth.select(column.name for column in columns), edition.questionnaire)
    for column in columns:
        if column.role in ("choice", "state"):
            silent = edition.truth[column.name].cast(pl.String).is_in(["NSP", "NR"])
            assert not silent.any(), column.name


def test_no_option_of_the_whole_population_is_never_chosen(edition):
    # what the questionnaire offers to everyone, someone says: else its model is wrong
    never = []
    for question in edition.questionnaire.questions:
        if question.type == "single" and question.base == "ensemble":
            said = set(edition.truth[question.code].drop_nulls().cast(pl.String))
            never += [
                f"{question.code}.{each.code}" for each in question.options if each.code not in said
            ]
    expected = {
        # the field of 2026 is that of local authorities only
        "secteur_public": {
            f"organisme.{code}"
            for code in ("synd", "hopit", "ccas", "coll", "lycee", "univ", "chamb", "secu")
        }
        | {f"organisme.{code}" for code in ("ft", "hlm", "serv", "autre")},
        "associations": {"forme.autre"},
        "habitants": {"sexe.autre"},
    }
    assert set(never) == expected.get(edition.model.population, set())


def test_the_export_is_read_back_with_the_rejects_foreseen(edition, tmp_path):
    paths = write_simulation(edition, tmp_path)
    imported = read_export(paths["export"], edition.questionnaire)
    columns = questionnaire_columns(edition.questionnaire)
    check_responses(
        imported.responses.select(column.name for column in columns), edition.questionnaire
    )
    assert imported.report.duplicates == DUPLICATES
    assert imported.report.unfinished == (~edition.responses["complete"]).sum()
    emptied = imported.rejects.filter(pl.col("decision") == "valeur effacée")
    assert emptied.height == OUT_OF_ROUTING
    assert imported.report.causes["code inconnu"] == WRONG_CODES
    complete = (edition.outcomes["outcome"] == "complet").sum()
    # A wrong code in the second answer of a token leaves the first one.
    assert complete - WRONG_CODES <= imported.responses.height <= complete


def test_the_notice_speaks_of_its_population(edition, tmp_path):
    paths = write_simulation(edition, tmp_path)
    notice = paths["lisezmoi"].read_text(encoding="utf-8")
    assert notice.startswith("DONNÉES SIMULÉES")
    population = edition.model.population
    assert NOBODY[population] in " ".join(notice.split())
    assert not any(line[:1] in ":;!?" for line in notice.splitlines() if line)
    others = {other: said for other, said in NOBODY.items() if other != population}
    assert not any(said in notice for said in others.values())
    assert f"models/{population}.yml" in notice
    assert all(len(line) <= 120 for line in notice.splitlines())


def test_weights_add_up_and_tokens_are_unique(edition):
    sample = edition.sample
    counted = edition.frame[COUNT].sum() if COUNT in edition.frame.columns else edition.frame.height
    assert sample["design_weight"].sum() == pytest.approx(counted)
    assert sample["token"].is_unique().all() and sample["unite"].is_unique().all()
    assert sample["commune"].null_count() == 0
    known = sample.select("stratum", "stratum_size").unique()
    assert known["stratum"].is_unique().all()


def test_the_answers_of_a_unit_are_those_of_its_frame(edition):
    outcomes = edition.sample.join(edition.responses.filter("complete"), on="token", suffix="_dit")
    for question in ("departement", "age", "sexe", "activite", "taille", "organisme"):
        known = edition.model.connues.get(question)
        if known is None:
            continue
        said = outcomes[f"{question}_dit"].cast(pl.String)
        same = said == outcomes[known.colonne]
        assert (same | (said == "NR")).all(), question


def test_same_seed_gives_same_bytes_for_residents(residents, tmp_path):
    first = write_simulation(residents, tmp_path / "a")
    second = write_simulation(simulate("habitants"), tmp_path / "b")
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes(), name


def test_large_authorities_are_all_asked():
    edition = simulate("secteur_public")
    large = pl.col("classe").is_in(["h3500", "h5000", "h10k", "h20k", "h50k", "h100k"])
    certain = large | (pl.col("organisme") != "com")
    asked = edition.sample.filter(certain)
    assert asked.height == edition.frame.filter(certain).height
    assert asked["design_weight"].unique().to_list() == [1.0]


def test_gradients_are_strong_enough_for_pages_to_tell(residents):
    uses = to_polars(parse("utilisateurs"), residents.questionnaire)
    by_age = {
        age: true_share(residents.truth, uses, pl.col("age").cast(pl.String) == age)
        for age in ("18-24", "25-39", "40-59", "60-74", "75+")
    }
    assert list(by_age.values()) == sorted(by_age.values(), reverse=True)
    # Baromètre du numérique 2025, any use ever: 85 % at 18-24, 15 % at 70 or more; the region is
    # invented, and asked about three months only.
    assert by_age["18-24"] > 0.65 and by_age["75+"] < 0.10
    assert 0.35 <= true_share(residents.truth, uses) <= 0.48
    towns = true_share(residents.truth, uses, pl.col("type_commune") == "pole-grand")
    assert towns > true_share(residents.truth, uses, pl.col("type_commune") == "hors-aire") + 0.08
