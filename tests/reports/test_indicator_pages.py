"""The page of an indicator says what its figures allow, gives its files, and tells nothing more."""

import csv
import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest
import yaml

from analysis.cells import FEW, REASONS, SECRET
from analysis.disclosure import NUMBERS, WITHHELD
from analysis.findings import finding_extremes, finding_moves, finding_share, finding_top
from analysis.wording import Noun
from reports.addresses import indicator_page
from reports.edition import Edition, open_edition, open_editions
from reports.pages import indicator_beside, indicator_files, indicators
from reports.pages.measures import Measure, measures
from reports.pages.page import Page
from reports.rendering.subset import check_subset
from survey.errors import SurveyError
from tests.published import SECTORS, cells

SHARE = re.compile(r"\d+(?:,\d+)?[\u202f ]%")
LEVEL = re.compile(r"100[\u202f ]%|95[\u202f ]%|\b0[\u202f ]%")
KEYS = {
    *("@context", "@type", "identifier", "name", "description", "license", "citation"),
    *("distribution", "code", "population", "edition", "simulated", "theme", "statistic"),
    *("base", "condition", "questions", "breakdowns", "respondents", "comparableSince"),
    *("seriesBreaks", "better", "follows", "comparators", "method"),
}


@pytest.fixture(scope="module")
def editions(estimated):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(estimated)
        open_edition.cache_clear()
        yield open_editions(2026)
        open_edition.cache_clear()


@pytest.fixture(scope="module")
def made(editions) -> dict[str, Page]:
    pages = [draft() for draft in indicators.pages(editions)]
    return {page.address: page for page in pages}


@pytest.fixture
def edition(editions) -> Edition:
    return editions["entreprises"]


def page(made: dict[str, Page], code: str) -> Page:
    return made[indicator_page("entreprises", code)]


def plain(page: Page) -> str:
    """What a reader sees: no chart, no script, no address; spaces made simple."""
    text = re.sub(r"<(script|svg|table)\b.*?</\1>", " ", page.text, flags=re.S)
    text = re.sub(r"<[^>]+>|\]\([^)]*\)", " ", text)
    return re.sub(r"\s+", " ", text)


def file(page: Page, suffix: str) -> bytes:
    return page.files[f"{page.address}.{suffix}"]


def rows(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file(page, "csv").decode("utf-8-sig"))))


def described(page: Page) -> dict:
    return json.loads(file(page, "json"))


def withheld(edition: Edition) -> Edition:
    hidden = [pl.lit(None, edition.cells.schema[name]).alias(name) for name in NUMBERS]
    return replace(edition, cells=edition.cells.with_columns(*hidden, status=pl.lit("nd")))


def test_every_definition_has_its_page_and_its_files(made, edition):
    wanted = {indicator_page("entreprises", code) for code in edition.definitions}
    assert wanted | {"indicateurs/index"} == made.keys()
    for address in wanted:
        names = set(made[address].files)
        assert {f"{address}.{kind}" for kind in ("csv", "json")} <= names
        images = {f"{address}.{kind}" for kind in ("svg", "png")}
        if not images <= names:  # nothing of its main figure may be shown, and the page says why
            assert not images & names
            assert any(reason in plain(made[address]) for reason in (FEW, SECRET))
        assert all(name.startswith(address) for name in names)


def test_every_page_stays_in_the_subset_that_both_renderers_know(made, tmp_path):
    (tmp_path / "_quarto.yml").write_text("project: {type: website}\n", encoding="utf-8")
    for each in made.values():
        source = tmp_path / "page.qmd"
        source.write_text(each.text, encoding="utf-8")
        assert check_subset(source) == [], each.address


def test_every_page_is_named_described_and_leads_back(made):
    for address, each in made.items():
        header = yaml.safe_load(each.text.split("---\n")[1])
        assert header["title"] and header["engine"] == "markdown"
        assert "données simulées" in header["description"]
        if address != "indicateurs/index":
            assert [link["text"] for link in header["parents"]][:2] == [
                "Indicateurs",
                "Les entreprises employeuses",
            ]


def test_a_share_is_told_in_words_with_its_interval_and_what_moved(made, edition):
    text, cell = plain(page(made, "usage_ia")), edition.cell("usage_ia")
    share = round(100 * cell["estimate"])
    firm = edition.noun()
    opening = finding_share(cell, firm, edition.definitions["usage_ia"].verb, "")
    assert f"{opening} en Pays de la Loire en 2026." in text
    low, high = round(100 * cell["conf_low"]), round(100 * cell["conf_high"])
    assert f"{share} % entre {low} et {high} % (intervalle à 95 %)" in text
    assert "nombre d’établissements utilisant au moins une technologie d’IA" in text
    assert "Part des entreprises employeuses qui utilisent" in text
    for heading in ("Par taille", "Par secteur", "Par département", "Ce qui a changé depuis 2025"):
        assert f"## {heading}" in text
    assert "« Votre entreprise utilise-t-elle aujourd’hui des outils d’IA" in text
    assert "Part des entreprises employeuses pour lesquelles « Accès à internet" in text
    assert "Soutenir les TPE et les PME" in text


def test_other_sources_stand_on_the_same_base_with_what_differs(made):
    text = plain(page(made, "usage_ia"))
    assert "10 salariés ou plus, secteurs suivis par Eurostat" in text
    assert "**Différences de définition.** L’observatoire compte des établissements" in text
    assert "lu à la source" in text and "lu dans un compte rendu" in text
    assert "À côté d’autres sources" not in plain(page(made, "usage_embarque"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("freins", "des entreprises ayant envisagé l’IA sans l’utiliser citent « "),
        ("generative", "sont dans la situation « non prévu » pour l’IA générative"),
        ("gains", "des entreprises utilisatrices constatent le résultat « "),
        ("part_personnes", "personnes sur dix en moyenne utilisent l’IA dans leur travail"),
        ("biais", "Cet indicateur n’était pas mesuré en 2025."),
    ],
)
def test_each_kind_of_indicator_has_its_sentence(made, edition, code, said):
    text = plain(page(made, code))
    assert said in text
    measure = Measure(edition, edition.definitions[code])
    if measure.finding != measure.neutral:
        assert measure.finding[1:].replace("\u202f", " ") in text


def test_a_family_without_a_clear_first_claims_none(made, edition):
    measure = Measure(edition, edition.definitions["freins"])
    shown = measure.whole.with_columns(conf_low=pl.lit(0.1), conf_high=pl.lit(0.9))
    near = pl.concat([edition.cells.filter(pl.col("family") != "freins"), shown], how="diagonal")
    tied = Measure(replace(edition, cells=near.select(edition.cells.columns)), measure.definition)
    assert "premier frein" not in tied.finding


def test_the_data_are_all_the_published_cells_labelled(made, edition):
    for code in ("usage_ia", "gains", "part_personnes"):
        own = edition.families[code]
        found = rows(page(made, code))
        assert len(found) == own.height
        assert {row["status"] for row in found} == set(own["status"])
        assert all(row["row_label"] and row["domain_type_label"] and row["label"] for row in found)
        assert {row["nature"] for row in found} == {"données simulées"}
    assert {row["answer"] for row in rows(page(made, "gains"))} == set(
        edition.families["gains"]["answer_label"]
    )


def test_no_withheld_cell_carries_a_number_in_any_file(made):
    found = 0
    for each in made.values():
        for name, content in each.files.items():
            if name.endswith(".csv"):
                table = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
                for row in table:
                    if row["status"] in WITHHELD:
                        found += 1
                        assert not any(row.get(column) for column in NUMBERS), name
    assert found > 500


def test_the_description_says_the_indicator_and_no_estimate(made, edition):
    for code, definition in edition.definitions.items():
        said = described(page(made, code))
        assert said.keys() >= KEYS
        assert (said["code"], said["edition"], said["simulated"]) == (code, 2026, True)
        assert "données simulées" in said["name"] and "données simulées" in said["citation"]
        assert said["licence"] == "Licence Ouverte 2.0"
        assert said["base"]["label"] and said["questions"] and said["breakdowns"]
        assert said["better"] == definition.better
        for each in said["distribution"]:
            assert f"indicateurs/{each['contentUrl']}" in page(made, code).files
        estimates = edition.families[code]["estimate"].drop_nulls()
        assert not any(f"{value}"[:8] in json.dumps(said) for value in estimates if 0 < value < 1)


def test_nothing_withheld_is_told_and_the_page_says_why(editions, monkeypatch):
    edition = withheld(editions["entreprises"])
    monkeypatch.setattr(Edition, "previous", lambda _: None)
    for draft in indicators.pages({"entreprises": edition}):
        each = draft()
        text = LEVEL.sub("", plain(each))
        assert not SHARE.search(text), (each.address, SHARE.search(text))
        if each.address == "indicateurs/index":
            assert "non diffusé" in text
            continue
        assert "trop peu de réponses" in text, each.address
        assert "Première mesure en 2026" in text
        assert {name.rpartition(".")[2] for name in each.files} == {"csv", "json"}
        assert described(each)["respondents"] is None
        assert not any(row[column] for row in rows(each) for column in NUMBERS)


def test_a_definition_without_words_still_makes_french(editions):
    edition = editions["entreprises"]
    silent = {"verb": None, "reads": None, "superlative": None, "heading": None}
    bare = [
        each.model_copy(update={**silent, "breakdowns": (), "compare": (), "follows": ()})
        for each in edition.file.indicators
    ]
    file = edition.file.model_copy(update={"indicators": tuple(bare), "nouns": {}, "words": {}})
    for draft in indicators.pages({"entreprises": replace(edition, file=file)}):
        text = plain(draft())
        assert "{" not in text.replace("{=html}", "").replace("::: {.chapo}", "").split("{#")[0]
        assert "None" not in text


def test_the_list_gives_each_indicator_its_figure(made, edition):
    hub = made["indicateurs/index"].text
    for code, definition in edition.definitions.items():
        address = indicator_page("entreprises", code).partition("/")[2]
        item = next(line for line in hub.splitlines() if f'href="{address}.html"' in line)
        assert definition.title.split(" ")[0] in item
        cell = Measure(edition, definition).headline
        if cell is None:
            assert "aucune réponse assez précise" in item
        elif cell["status"] in REASONS:
            assert REASONS[cell["status"]] in item and "<b>" not in item
        else:
            assert re.search(r"<b>[^<]+</b> <span>\[", item), item


def test_neighbours_of_the_theme_are_linked_one_after_the_other(made, edition):
    themes = [placed.theme for placed in indicators.placed_by_theme(measures(edition))]
    for theme in {tuple(each.code for each in theme) for theme in themes}:
        for code, following in pairwise(theme):
            address = indicator_page("entreprises", following).partition("/")[2]
            assert f'rel="next" href="{address}.html"' in page(made, code).text
            back = indicator_page("entreprises", code).partition("/")[2]
            assert f'rel="prev" href="{back}.html"' in page(made, following).text


def test_an_unknown_comparator_is_said(edition):
    wanted = edition.definitions["usage_ia"].compare[0].model_copy(update={"with_": ("rien-001",)})
    measure = Measure(edition, edition.definitions["usage_ia"])
    with pytest.raises(SurveyError, match="point de comparaison inconnu rien-001"):
        indicator_beside.comparison(measure, wanted)


def test_titles_oppose_only_figures_measured_alike_the_same_year(edition):
    known = edition.reference.comparators
    now = replace(
        edition,
        reference=replace(
            edition.reference, comparators=known.with_columns(annee_reference=edition.year)
        ),
    )
    told = {True: 0, False: 0}
    for definition in edition.definitions.values():
        for wanted in definition.compare:
            alike = wanted.model_copy(update={"differs": None})
            for place, kind, may in (
                (edition, wanted, False),
                (edition, alike, False),
                (now, wanted, False),
                (now, alike, True),
            ):
                shown = indicator_beside.comparison(Measure(place, definition), kind)
                if shown is None:  # ours is withheld
                    continue
                told[may] += 1
                title = shown.figure.caption.title
                assert not re.search("contre|établi|au-dess", title) or may
                assert may or "la région en 2026" in title
    assert told[True] and told[False] == 3 * told[True]


def test_each_published_figure_has_its_year_and_its_source(edition):
    definition = edition.definitions["usage_ia"]
    shown = indicator_beside.comparison(Measure(edition, definition), definition.compare[0])
    labels = shown.figure.frame["label"].to_list()
    assert labels[0] == "Pays de la Loire, 2026"
    assert "France, 2024 (Insee)" in labels
    assert all(re.search(r", \d{4} \(.+\)$", label) for label in labels[1:])


def test_since_when_a_series_compares_is_that_of_the_whole_population(edition):
    assert indicator_files.since(Measure(edition, edition.definitions["usage_ia"])) == 2025
    assert indicator_files.since(Measure(edition, edition.definitions["biais"])) == 2026


# Findings


PLACES = {code: f"dans {code}" for code in SECTORS["domain"]}


def test_extremes_are_told_only_when_they_are_apart():
    firm = SECTORS.filter(pl.col("status") == "ok")
    assert finding_extremes(firm, PLACES, "Rien") == "De 9\u202f% dans FZ à 57\u202f% dans JZ"
    close = firm.with_columns(conf_low=pl.lit(0.05), conf_high=pl.lit(0.6))
    assert finding_extremes(close, PLACES, "rien") == "Rien"
    assert finding_extremes(firm.head(1), PLACES, "rien") == "Rien"
    top = pl.col("domain") == "JZ"
    fragile = firm.with_columns(status=pl.when(top).then(pl.lit("fragile")).otherwise("status"))
    said = "De 9\u202f% dans FZ à 57\u202f%, estimation fragile, dans JZ"
    assert finding_extremes(fragile, PLACES, "rien") == said
    # a range that a doubtful dot leaves is no range
    beyond = fragile.with_columns(conf_low=pl.when(top).then(0.1).otherwise("conf_low"))
    said = "22\u202f% dans GZ, contre 9\u202f% dans FZ, par exemple"
    assert finding_extremes(beyond, PLACES, "rien") == said


def test_a_first_that_a_hidden_row_could_pass_is_not_first():
    rows = [("a", "Le coût", 0.5, 0.46, 0.54, "ok"), ("b", "Le temps", 0.2, 0.16, 0.24, "ok")]
    assert finding_top(cells(*rows), "premier frein", "Freins") == "Le coût, premier frein"
    hidden = cells(*rows, ("c", "Le droit", None, None, None, "nd"))
    assert finding_top(hidden, "premier frein", "Freins") == "Freins"
    below = cells(*rows, ("c", "Le droit", 0.3, 0.2, 0.4, "fragile"))
    assert finding_top(below, "premier frein", "Freins") == "Le coût, premier frein"
    above = cells(*rows, ("c", "Le droit", 0.5, 0.4, 0.6, "fragile"))
    said = "Freins\u202f: «\u202fle coût\u202f» et «\u202fle droit\u202f»"  # clear of the rest
    assert finding_top(above, "premier frein", "Freins") == said
    quoted = finding_top(cells(*rows), "première réponse", "Réponses", quoted=True)
    assert quoted == "«\u202fLe coût\u202f», première réponse"


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("hausse", "hausse", "baisse"), "Deux réponses progressent nettement, une réponse recule"),
        (("stable", "hausse", "stable"), "« B » progresse nettement"),
        (("stable", "baisse", None), "« B » recule nettement"),
        (("stable", "stable", "stable"), "Toutes les réponses sont stables"),
        (("stable", "non établie", None), "Aucune évolution établie parmi les réponses"),
        ((None, None, None), "Évolution non mesurable"),
    ],
)
def test_moves_are_counted_or_named(verdicts, said):
    changes = pl.DataFrame({"indicator": ["a", "b", "c"], "verdict": verdicts})
    noun = Noun("réponse", "réponses", feminine=True)
    found = finding_moves(changes, {"a": "A", "b": "B", "c": "C"}, noun)
    assert found.replace("\u202f", " ").startswith(said)


def test_a_group_of_units_is_read_as_the_units_themselves(edition):
    whole = Measure(edition, edition.definitions["usage_ia"])
    cut = next(each for each in whole.breakdowns if each.role == "sector")
    assert whole.reading_by(cut)[0].startswith(
        "{named}, {value} des entreprises employeuses utilisent"
    )
    words = {code: f"les {code}" for code in whole.by(cut.type)["domain"].unique()}
    file = edition.file.model_copy(update={"words": {cut.type: words}})
    edition = replace(edition, file=file)
    said, named = Measure(edition, whole.definition).reading_by(cut)
    assert said.startswith("{value} {named} utilisent")
    assert named == {code: f"des {code}" for code in words}
    part = Measure(edition, edition.definitions["gain_constate"])  # of those that use AI only
    said, named = part.reading_by(cut)
    assert said.startswith("{named}, {value} des entreprises utilisatrices")
    assert named == {code: f"parmi les {code}" for code in named}


def test_each_question_is_linked_to_where_it_is_asked(made, edition):
    known = {each.code for each in edition.questionnaire.questions}
    for code in edition.definitions:
        text = page(made, code).text
        linked = re.findall(r"\.\./questionnaires/entreprises\.qmd#question-(\w+)", text)
        assert linked and set(linked) <= known
        assert ("Questions posées" in text) == (len(linked) > 1)
