"""The pages that tell a whole edition: populations, changes, comparisons, recommendations."""

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from analysis.disclosure import NUMBERS
from reports import changes, followup
from reports.edition import WHOLE, Edition, open_edition, open_editions
from reports.essential import headlines
from reports.pages import changing, comparing, essential, following, populations
from reports.pages.measures import Measure, measures
from reports.value_chain import value_chain_table
from survey.errors import SurveyError
from survey.french import percent, typography
from survey.recommendations import Recommendations, load_recommendations


@pytest.fixture
def editions(estimated, monkeypatch):
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    yield open_editions(2026)
    open_edition.cache_clear()


def withheld(edition: Edition, code: str) -> Edition:
    """The edition where every cell of an indicator is withheld."""
    gone = pl.col("family") == code
    empty = [pl.when(~gone).then(pl.col(name)).name.keep() for name in NUMBERS]
    status = pl.when(gone).then(pl.lit("nd")).otherwise("status").alias("status")
    return replace(edition, cells=edition.cells.with_columns(*empty, status))


def pages_of(kind, editions) -> dict[str, str]:
    return {page.address: page.text for page in kind.pages(editions)}


def test_a_population_has_its_page_and_every_indicator_is_on_it(editions):
    found = pages_of(populations, editions)
    for population, edition in editions.items():
        text = found[population.replace("_", "-")]
        for code in edition.definitions:
            address = f"indicateurs/{population}-{code}".replace("_", "-")
            assert f"({address}.qmd)" in text
        assert f"# {edition.file.name} et l’IA en 2026" not in text  # the title block says it
        assert edition.file.name in found["populations"]


def test_a_withheld_use_is_told_without_a_number(editions):
    gone = {name: withheld(each, "usage_ia") for name, each in editions.items()}
    text = pages_of(populations, gone)["entreprises"]
    lead = re.search(r"::: \{\.chapo\}\n(.*?)\n:::", text, re.DOTALL)[1]
    assert not re.search(r"\d+\s?%", lead)
    assert lead.startswith("Les entreprises employeuses et l’intelligence artificielle")
    table = value_chain_table(gone)
    assert "utilisent l’IA" not in table and "trop peu de réponses" in table
    assert "19" not in pages_of(essential, gone)["_fragments/essentiel-titre"]


def test_changes_are_told_as_each_indicator_is_on_its_own_page(editions):
    edition = editions["entreprises"]
    before = edition.previous()
    together = changes.whole_changes(before, edition)
    for code in ("usage_ia", "formation_suivie"):
        alone = edition.changes(before, code, WHOLE).filter(statistic="share")
        row = together.filter(indicator=code)
        assert row["verdict"][0] == alone["verdict"][0]


def test_the_changes_are_counted_as_they_are():
    each = ["hausse", "hausse", "baisse", "stable", "non établie", "non établie", None]
    verdicts = pl.DataFrame({"verdict": each})
    assert changes.counted_changes(verdicts) == (
        "Deux indicateurs progressent, un recule, un est stable, deux n’ont pas d’évolution établie"
    )
    assert changes.counted_changes(verdicts.clear()) == "Aucune évolution n’est mesurable"


def test_a_broken_series_is_listed_and_not_drawn(editions):
    edition = editions["entreprises"]
    broken = edition.cells.with_columns(
        comparable_since=pl.when(family="usage_ia").then(2026).otherwise("comparable_since"),
        series_break=pl.when(family="usage_ia")
        .then(pl.lit("Rupture de série en 2026 : la question a changé."))
        .otherwise("series_break"),
    )
    page = next(changing.pages({"entreprises": replace(edition, cells=broken)}))
    assert "### Séries rompues" in page.text and "la question a changé" in page.text
    series, moved = page.figures
    assert "la question a changé" in series.note  # no line joins its editions
    assert "usage_ia" not in moved.frame["indicator"].to_list()


def test_a_first_measure_is_said(editions, monkeypatch):
    monkeypatch.setattr(Edition, "previous", lambda self: None)
    text = pages_of(changing, editions)["_fragments/evolutions"]
    assert "première mesure en 2026" in text and "<figure" not in text


def test_each_comparison_says_what_differs(editions):
    edition = editions["entreprises"]
    page = next(comparing.pages(editions))
    shown = {figure.caption.id for figure in page.figures}
    assert len(shown) == len(page.figures) >= 3
    declared = [each for code in edition.definitions.values() for each in code.compare]
    assert all(each.differs for each in declared)  # in this registry
    assert page.text.count("**Ce qui diffère") == len(page.figures) <= len(declared)


def test_every_recommendation_is_followed_or_said_not_to_be(editions, estimated):
    known = load_recommendations(estimated / "data" / "reference" / "preconisations.yml")
    text = pages_of(following, editions)["_fragments/suivi"]
    without = 0
    for each in known:
        part = text.partition(f"### {each.title}\n")[2].partition("\n### ")[0]
        followed = followup.followed_by(editions, each.code)
        without += not (followed or each.answer)
        assert (typography(following.NOTHING) in part) == (not followed and not each.answer)
        assert typography(each.answer) in part
        assert all(one.definition.title in part for one in followed)
    assert f"{without} n’ont pas d’indicateur." in text
    assert "L’observatoire est cette évaluation" in text


def test_small_firms_are_followed_by_their_own_figures(editions):
    edition = editions["entreprises"]
    followed = followup.followed_by(editions, "soutenir_tpe_pme")
    assert {each.domain for each in followed} == {"1-9", "10-49", "50-249"}
    uses = {each.domain: each for each in followed if each.definition.code == "usage_ia"}
    sizes = {row["domain"]: row for row in edition.by("usage_ia", "taille").to_dicts()}
    before = {row["domain"]: row for row in edition.previous().by("usage_ia", "taille").to_dicts()}
    for size, each in uses.items():
        assert followup.level(each).startswith(percent(sizes[size]["estimate"]))
        assert followup.baseline(each) == f"{percent(before[size]['estimate'])} (2025)"
        assert each.who.startswith(f"{edition.file.name}, ") and "salariés" in each.who
        assert each.who in following.row(each)


def test_a_recommendation_that_nobody_made_is_not_followed(editions):
    known = Recommendations("Synthèse", 2025, ())
    with pytest.raises(SurveyError, match="« usage_ia » \\(entreprises\\) la suit"):
        following.refuse_unknown(editions, known, Path("preconisations.yml"))


def test_a_trend_is_progress_only_where_a_side_is_wished(editions):
    edition = editions["entreprises"]
    moved = changes.whole_changes(edition.previous(), edition).filter(verdict="hausse")
    definition = edition.definitions[moved["indicator"][0]]
    better = definition.model_copy(update={"better": "higher"})
    rising = followup.Followed("resultat", edition, better)
    assert followup.trend(rising).startswith("en progrès (+")
    falling = replace(rising, definition=definition.model_copy(update={"better": "lower"}))
    assert followup.trend(falling).startswith("en recul (+")
    neither = replace(rising, definition=definition.model_copy(update={"better": "neither"}))
    assert followup.trend(neither).startswith("+")
    hidden = replace(rising, edition=withheld(edition, definition.code))
    assert not re.search(r"\d", followup.level(hidden))


def test_a_line_of_a_list_says_its_base_where_it_is_a_part(editions):
    edition = editions["entreprises"]
    listed = {each.code: populations.item(each) for each in measures(edition)}
    assert listed["cadre_fixe"].endswith(", parmi les entreprises utilisatrices")
    assert "parmi les" not in listed["usage_ia"]
    table = pages_of(changing, editions)["_fragments/evolutions"]
    rows = [line for line in table.splitlines() if line.startswith("| [Au moins une règle d")]
    assert rows and all("| entreprises utilisatrices |" in row for row in rows)


@pytest.mark.parametrize(("share", "explained"), [(0.9, True), (0.01, False)])
def test_a_part_above_its_whole_is_explained_where_both_are_listed(editions, share, explained):
    edition = editions["entreprises"]
    changed = edition.cells.with_columns(
        estimate=pl.when(indicator="usage_generative").then(share).otherwise("estimate")
    )
    note = edition.definitions["usage_generative"].note.strip()[1:20]
    text = pages_of(populations, {"entreprises": replace(edition, cells=changed)})["entreprises"]
    assert (note in text) == explained


def test_a_theme_shows_a_family_that_is_not_led_by_a_negative_answer(editions):
    theme = [each for each in measures(editions["entreprises"]) if each.is_family]
    led = {each.code: each.headline["label"] for each in theme if each.headline}
    negative = [each for each in theme if led.get(each.code) == "Personne"]
    other = [each for each in theme if led.get(each.code) == "Se servir des outils"]
    assert negative and other  # both lists are of the theme of training
    assert populations.shown_family([*negative, *other]) is other[0]
    assert populations.shown_family(negative) is negative[0]
    assert populations.shown_family([]) is None


def test_a_row_of_a_grid_is_named_with_the_answer_it_counts(editions):
    edition = editions["entreprises"]
    definition = edition.definitions["dispositifs"]
    assert definition.read_answer == "inconnu"
    told = followup.level(followup.Followed("moyens", edition, definition))
    name, answer = re.match(r"« (.+) : (.+) », \d", told).groups()
    counted = edition.family("dispositifs").filter(
        indicator_label=name, answer_label=answer.capitalize()
    )
    assert counted["indicator"].str.ends_with("__inconnu").to_list() == [True]
    assert f"{name}\u202f: {answer}" in populations.item(Measure(edition, definition))


def test_key_figures_are_joined_from_edition_to_edition(editions):
    edition = editions["entreprises"]
    moved = changes.whole_changes(edition.previous(), edition)
    figure = changing.key_series(edition, moved, "cles")
    codes = [each.code for each in headlines(edition)]
    assert sorted(figure.frame["indicator"].unique()) == sorted(codes)
    assert sorted(figure.frame["edition"].unique()) == [2025, 2026]
    rising = moved.filter(pl.col("indicator").is_in(codes), verdict="hausse").height
    assert ("progresse" in figure.caption.title) == (rising > 0)
    assert changing.key_series(edition, moved.clear(), "cles") is None
