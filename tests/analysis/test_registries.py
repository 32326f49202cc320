"""The four registries of what is published, against their questionnaires and their tables."""

import re
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from analysis.definitions import IndicatorDefinition, RegistryFile, read_definitions
from analysis.indicators import read_registry, targets
from survey.campaign import read_source
from survey.conditions import EVERYONE, parse
from survey.french import typography
from survey.generation import generate_responses
from survey.questionnaire import in_edition, load_questionnaire
from survey.reach import Reach
from survey.recommendations import load_recommendations
from survey.reference import frame_categories, read_comparators
from survey.source import Source
from survey.territories import LEVELS, load_territories

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "data" / "reference"
POPULATIONS = ("entreprises", "secteur_public", "associations", "habitants")
EDITIONS = [("entreprises", 2025), *((each, 2026) for each in POPULATIONS)]
AGREED = {"a": "ont", "met": "mettent", "connaît": "connaissent", "sait": "savent"}
AGREED |= {"interdit": "interdisent", "tient": "tiennent", "dit": "disent"}
AGREED |= {"permet": "permettent", "prévoit": "prévoient"}
POSSESSIVES = {"son": "leur", "sa": "leur", "ses": "leurs", "elle": "elles", "lui": "eux"}
UNMEASURED = {"dialoguer_partenaires", "partager_ambition", "planifier", "evaluer"}
UNMEASURED |= {"valoriser_recherche", "orienter_soutiens", "croiser_regards"}


@cache
def known(population: str):
    return load_questionnaire(ROOT / "survey" / "instruments" / f"{population}.yml")


@cache
def source(population: str) -> Source:
    return read_source(ROOT / "data" / "indicators" / f"{population}.yml")


@cache
def written(population: str) -> RegistryFile:
    return read_definitions(source(population))


@cache
def registry(population: str, edition: int):
    territories = load_territories(REFERENCE)
    places = {level: territories.labels(level) for level in LEVELS} | frame_categories(REFERENCE)
    asked = in_edition(known(population), edition)
    return read_registry(source(population), asked, known(population), places, edition)


def every() -> list[tuple[str, IndicatorDefinition]]:
    return [(each, one) for each in POPULATIONS for one in written(each).indicators]


def named(definitions) -> list:
    return [pytest.param(*each, id=f"{each[0]}-{each[1].code}") for each in definitions]


def is_single(definition: IndicatorDefinition) -> bool:
    return not (definition.each or definition.mean or definition.total)


SINGLE = named((population, each) for population, each in every() if is_single(each))
FAMILIES = named((population, each) for population, each in every() if each.each)


@pytest.mark.parametrize(("population", "edition"), EDITIONS)
def test_a_registry_reads_against_its_questionnaire(population, edition):
    made = registry(population, edition)
    assert made.population == population == known(population).population
    quantities = [(each.code, each.statistic) for each in made.indicators]
    assert len(set(quantities)) == len(quantities) > 150
    asked, published = known(population).themes, written(population).themes
    assert published.keys() <= asked.keys()
    themes = {each.theme for each in made.indicators}
    assert themes <= {published.get(code, heading) for code, heading in asked.items()}
    assert not [theme for theme in themes if re.search(r"\b(?:[Vv]ous|[Vv]otre|[Vv]os)\b", theme)]


def test_an_edition_leaves_out_what_it_does_not_ask():
    before, after = (registry("entreprises", year).indicators for year in (2025, 2026))
    gained = {each.code for each in after} - {each.code for each in before}
    assert gained == {"personnelles", "biais"}


def test_a_domain_begins_with_its_edition():
    before, after = (registry("entreprises", year).domains for year in (2025, 2026))
    assert {each.type for each in after} - {each.type for each in before} == {"branche"}


def test_sectors_and_branches_make_the_seventeen_of_the_nomenclature():
    """NAF rév. 2, A17: each division once, industry by its branches."""
    branches = [code for code, _ in frame_categories(REFERENCE)["branche"]]
    sectors = [code for code, _ in frame_categories(REFERENCE)["secteur"]]
    official = "AZ C1 C2 C3 C4 C5 DE FZ GZ HZ IZ JZ KZ LZ MN OQ RU"
    assert " ".join(sorted({*sectors, *branches} - {"BE"})) == official


def test_there_are_enough_definitions_balanced_over_the_populations():
    counts = [len(written(each).indicators) for each in POPULATIONS]
    assert sum(counts) >= 120
    assert min(counts) >= 38


@pytest.mark.parametrize("population", POPULATIONS)
def test_codes_and_titles_are_unique(population):
    file = written(population)
    codes = [each.code for each in file.indicators if not each.total]
    titles = [each.title for each in file.indicators]
    assert len(set(codes)) == len(codes)
    assert len(set(titles)) == len(titles)
    totals = {each.code for each in file.indicators if each.total}
    assert totals <= set(codes), "un nombre a le code de la part qu’il compte"


def test_a_code_means_the_same_everywhere():
    kinds: dict[str, set] = {}
    for _, each in every():
        if not each.total:
            kinds.setdefault(each.code, set()).add((bool(each.each), each.better, bool(each.mean)))
    assert {code for code, found in kinds.items() if len(found) > 1} == set()
    assert all("usage_ia" in {each.code for each in written(one).indicators} for one in POPULATIONS)


def test_twelve_headlines_three_a_population():
    ranks = {each.headline: population for population, each in every() if each.headline}
    assert sorted(ranks) == list(range(1, 13))
    assert {list(ranks.values()).count(each) for each in POPULATIONS} == {3}
    assert all(is_single(each) for _, each in every() if each.headline)


@pytest.mark.parametrize("population", POPULATIONS)
def test_every_base_is_counted_in_words(population):
    file = written(population)
    assert set(file.nouns) == {each.base for each in file.indicators} | {EVERYONE}
    for noun in file.nouns.values():
        assert noun.one != noun.many
        assert noun.one[0].islower() and noun.many[0].islower()
    genders = {noun.feminine for noun in file.nouns.values()}
    assert len(genders) == 1, "les participes d’un verbe suivent le genre du nom"


@pytest.mark.parametrize(("population", "definition"), SINGLE)
def test_the_verb_of_a_share_agrees(population, definition):
    assert definition.verb, "une part a un verbe"
    one, many = (re.split(r"[ ,]+", each) for each in definition.verb)
    head, tail = (re.sub(r"^n[e’] ?", "", each).split(" ")[0] for each in definition.verb)
    assert tail == AGREED.get(head, re.sub("ait$", "ai", head).removesuffix("e") + "ent")
    # « leur » of one unit goes back to what it has several of: « ses salariés… leur responsable »
    assert "ses" in one or not set(one) & {"leur", "leurs", "elles", "eux"}
    for word, plural in POSSESSIVES.items():
        assert word not in many
        assert word not in one or plural in many


@pytest.mark.parametrize(("population", "definition"), FAMILIES)
def test_a_family_can_be_titled_and_read(population, definition):
    assert {"{value}", "{nouns}", "{label}"} <= set(re.findall(r"\{\w+\}", definition.reads))
    assert definition.superlative[0].islower() or definition.superlative.startswith("IA")
    assert definition.heading[0].isupper()
    question = known(population).question(definition.each)
    options = {option.code for option in question.options}
    if definition.answer == "*":
        assert definition.read_answer in options
    else:
        assert definition.read_answer is None
        assert (definition.answer in options) == (question.type == "grid")


@pytest.mark.parametrize(("population", "definition"), named(every()))
def test_words_are_french_and_stand_alone(population, definition):
    words = (definition.title, definition.short, definition.reads, definition.superlative)
    words += (definition.heading, *(definition.verb or ()))
    words += tuple(each.differs for each in definition.compare)
    for text in filter(None, words):
        assert "'" not in text
        assert not re.search(r"\b(chatbot|machine learning|feedback|prompt|process)\b", text, re.I)
        # no French punctuation but with its space
        assert not re.search(r"\S[;:!?%»]( |$)|«\S", text)
    title = definition.title
    assert title[0].isupper() and len(title) <= 75
    assert not re.match(r"(Ont|Sont|\w+(?<!m)ent) ", title), "un titre est nominal"
    assert typography(title)[-1] not in ".:?"
    if definition.mean:
        assert {"{value}", "{nouns}"} <= set(re.findall(r"\{\w+\}", definition.reads))


@pytest.mark.parametrize("population", POPULATIONS)
def test_domains_have_a_role_and_words(population):
    file, questionnaire = written(population), known(population)
    assert [each.type for each in file.domains if each.role == "whole"] == ["ensemble"]
    types = [each.type for each in file.domains]
    assert len(set(types)) == len(types)
    listed = {"branche"} if population == "entreprises" else set()
    few = {"epci"} if population == "secteur_public" else set()  # none of them could be shown
    assert {each.frame for each in file.domains} - {None} == set(LEVELS[1:]) - few | listed
    spoken = {
        each.type: each for each in file.domains if each.role in ("size", "sector", "profile")
    }
    assert set(file.words) == set(spoken)
    reach = Reach(questionnaire)
    for kind, words in file.words.items():
        cut = spoken[kind]
        if cut.frame:
            assert list(words) == [code for code, _ in frame_categories(REFERENCE)[cut.frame]]
            continue
        possible = {
            option.code
            for option in questionnaire.question(cut.by).options
            if reach.is_reachable(parse(f'({cut.condition}) and {cut.by} = "{option.code}"'))
        }
        assert set(words) == possible
        if cut.role != "size":
            assert all(re.match(r"l[ea] |l’|les |la ", each) for each in words.values())
    shown = {each.type for each in file.domains if each.role not in ("whole", "field")}
    for definition in file.indicators:
        assert set(definition.breakdowns) <= shown, definition.code


def test_do_not_know_is_not_an_answer_that_a_negation_counts():
    """« not … has » would take « Ne sait pas » for one more option."""
    negated = [(each, one) for each, one in every() if "not " in one.condition]
    assert len(negated) >= 10
    for population, definition in negated:
        codes = known(population).questions_behind(parse(definition.condition))
        doubtful = any(known(population).question(code).dont_know for code in codes)
        assert definition.dont_know == "missing" or not doubtful, (population, definition.code)


@pytest.mark.parametrize("population", POPULATIONS)
def test_every_question_is_published_or_says_why_not(population):
    file = written(population)
    asked = {each.code for each in in_edition(known(population), 2026).questions}
    used = {each.by for each in file.domains if each.by}
    for definition in file.indicators:
        used |= {code for code in (definition.each, definition.mean) if code}
        for text in (definition.base, definition.condition, definition.total or EVERYONE):
            used |= known(population).questions_behind(parse(text))
    assert set(file.unpublished) == asked - used
    assert all(reason.endswith(".") for reason in file.unpublished.values())


def test_comparators_exist_and_measure_the_same_thing():
    figures = {
        each["id"]: each for each in read_comparators(REFERENCE / "comparators.csv").to_dicts()
    }
    compared = [
        (population, definition, comparison)
        for population, definition in every()
        for comparison in definition.compare
    ]
    assert len(compared) >= 15
    for population, definition, comparison in compared:
        cut = next(each for each in written(population).domains if each.type == comparison.on)
        for identifier in comparison.with_:
            figure = figures[identifier]
            assert figure["population"] == population
            assert figure["indicateur_code"].split("__")[0] == definition.code, identifier
            if cut.by:
                options = {each.code for each in known(population).question(cut.by).options}
                assert figure["modalite_code"] in options, identifier
            if definition.each:
                codes = {each.code for each in registry(population, 2026).indicators}
                assert figure["indicateur_code"] in codes, identifier


def test_the_cells_named_by_comparators_exist():
    for figure in read_comparators(REFERENCE / "comparators.csv").to_dicts():
        if figure["indicateur_code"]:
            codes = {each.code for each in registry(figure["population"], 2026).indicators}
            assert figure["indicateur_code"] in codes, figure["id"]


def test_followed_recommendations_exist_and_the_others_are_known():
    codes = set(load_recommendations(REFERENCE / "preconisations.yml").codes)
    followed = {each.recommendation for _, one in every() for each in one.follows}
    assert followed <= codes
    assert codes - followed == UNMEASURED


@pytest.mark.parametrize("population", POPULATIONS)
def test_each_indicator_is_computed_on_answers(population):
    asked = in_edition(known(population), 2026)
    answers = generate_responses(asked, 1200, seed=7)
    made = targets(registry(population, 2026), asked)
    found = answers.select(
        pl.struct(value=each.value, base=each.base.fill_null(False)).alias(f"{i}")
        for i, each in enumerate(made)
    )
    for i, target in enumerate(made):
        inside = found[f"{i}"].struct.unnest().filter(pl.col("base"))["value"].drop_nulls()
        assert inside.n_unique() > 1, f"{target.indicator} : base vide, ou une seule valeur"


@pytest.mark.parametrize("population", POPULATIONS)
def test_one_label_is_never_two_shares_of_one_answer(population):
    made = registry(population, 2026).indicators
    rows = {(each.short.lower(), each.base) for each in made if each.code != each.family}
    for single in (each for each in made if each.code == each.family):
        others = {base for label, base in rows if label == single.short.lower()}
        assert others <= {single.base}, single.code  # another base is said in the label
    uses = {each.code: each.short for each in made}
    if population != "habitants":  # there, the use of AI holds that of generative AI
        assert "question à part" in uses["usage_generative"]
