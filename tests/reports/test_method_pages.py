"""The method page and the quality reports say the figures of the campaign, and only them."""

import re
from dataclasses import replace

import polars as pl
import pytest

from reports import method
from reports.edition import Edition, open_edition, open_editions
from reports.pages.method import pages
from reports.quality import (
    CommonQuality,
    PopulationQuality,
    common_quality,
    named_variable,
    population_quality,
    precision_of,
    response_of,
)
from survey.campaign import Thresholds
from survey.errors import SurveyError
from survey.french import integer, percent

SIMS = 19


@pytest.fixture
def editions(estimated, monkeypatch):
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    yield open_editions(2026)
    open_edition.cache_clear()


@pytest.fixture
def edition(editions) -> Edition:
    return editions["entreprises"]


@pytest.fixture
def declared(edition) -> PopulationQuality:
    return population_quality(edition.campaign.root, "entreprises")


def test_the_tables_say_the_weighting(edition, declared):
    response = method.response_table(edition, declared).splitlines()
    assert response[0].startswith("| Taille | Unités tirées |")
    assert response[2].startswith("| Aucun salarié |")
    assert len(response) == 2 + 5 + 1
    assert response[-1].startswith("| **Ensemble** | 3\u202f000 | ")
    weights = method.weights_table(edition)
    assert [line.split(" | ")[0][2:] for line in weights.splitlines()[2:]] == [
        "Poids de sondage",
        "Après correction de la non-réponse",
        "Poids final, après calage",
    ]
    assert weights.count("113\u202f483") == 3
    margins = method.margins_table(edition, declared).splitlines()[2:]
    assert [line.split(" | ")[1] for line in margins] == ["30", "15"]
    assert all(line.endswith("| 0,0\u202f% |") for line in margins)


def test_the_precision_is_that_of_the_published_cells(edition):
    found = precision_of(edition)
    assert found.cells == edition.cells.height
    whole = edition.cells.filter(domain_type="ensemble", statistic="share", status="ok")
    widths = (whole["conf_high"] - whole["conf_low"]) / 2
    assert widths.min() < found.half_width < found.largest
    assert found.deff > 1


def test_nobody_out_of_scope_counts_as_a_refusal(edition, monkeypatch):
    row = {"n_sampled": 100, "n_complete": 40, "n_partial": 5, "n_refusal": 10}
    table = pl.DataFrame([{"taille": "1-9", **row, "n_no_answer": 25, "n_out_of_scope": 20}])
    monkeypatch.setattr(Edition, "table", lambda self, name: table)
    assert response_of(edition).rate == 0.5
    said = method.outcomes_sentence(edition)
    assert said == "5 réponses incomplètes, 10 refus, 25 unités sans nouvelle, 20 unités hors champ"


def test_a_report_has_every_sims_heading_and_its_own_figures(editions, edition):
    hub, report = pages(editions)
    assert (hub.address, report.address) == ("methode", "methode/entreprises")
    assert "(methode/entreprises.qmd)" in hub.text and "{#refaire}" in hub.text
    numbers = re.findall(r"^## (\d+)\. ", report.text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, SIMS + 1)]
    found = response_of(edition)
    assert f"**{integer(found.drawn)}** unités tirées" in report.text
    assert f"**{percent(found.rate)}**" in report.text
    assert "193 jours séparent" in report.text
    assert not re.search(r"\b(?:None|nan|null)\b", report.text)
    assert "engine: markdown" in report.text and "`{python}" not in report.text


def test_a_question_asked_of_too_few_shows_no_share(edition, monkeypatch):
    items = edition.table("non_reponse").with_columns(
        pl.lit(None, pl.Float64).alias("nonresponse_share")
    )
    monkeypatch.setattr(Edition, "table", lambda self, name: items)
    assert method.items_table(edition).count("\n") == 2
    assert "à assez de monde" in method.items_summary(edition)


def test_thresholds_are_told_once_for_those_who_share_them(edition):
    decisions = edition.campaign.decisions
    strict = decisions.model_copy(update={"seuils": Thresholds(repondants=40)})
    other = replace(
        edition,
        campaign=replace(edition.campaign, decisions=strict),
        file=edition.file.model_copy(update={"name": "Les habitants"}),
    )
    same = method.thresholds_by_population({"a": edition, "b": edition})
    assert [group["names"] for group in same] == [
        "Les entreprises employeuses et les entreprises employeuses"
    ]
    apart = method.thresholds_by_population({"a": edition, "b": other})
    assert [group["names"] for group in apart] == ["Les entreprises employeuses", "Les habitants"]
    assert "moins de 40 répondants" in apart[1]["table"]


def test_series_that_broke_are_named(edition):
    assert "Aucune série n’est rompue" in method.breaks_sentence(edition)
    broken = pl.when(pl.col("family") == "freins").then(pl.lit("liste changée"))
    cells = edition.cells.with_columns(broken.alias("series_break"))
    title = edition.cells.filter(family="freins")["title"][0]
    assert f"« {title} »" in method.breaks_sentence(replace(edition, cells=cells))
    first = edition.cells.with_columns(comparable_since=pl.lit(2026))
    assert "première édition" in method.breaks_sentence(replace(edition, cells=first))


def test_what_is_declared_is_checked(tmp_path, edition):
    root = edition.campaign.root
    assert set(common_quality(root).model_dump()) == set(CommonQuality.model_fields)
    folder = tmp_path / "data" / "quality"
    folder.mkdir(parents=True)
    with pytest.raises(SurveyError, match=r"habitants\.yml : fichier introuvable.*copiez"):
        population_quality(tmp_path, "habitants")
    (folder / "habitants.yml").write_text("concepts: Un usage.\nzut: 1\n", encoding="utf-8")
    with pytest.raises(SurveyError) as error:
        population_quality(tmp_path, "habitants")
    said = str(error.value).replace("\u202f", " ")
    assert "« tirage » : clé manquante" in said and "ligne 2 : « zut » : clé inconnue" in said


def test_a_variable_without_a_name_is_said(declared):
    assert named_variable(declared, "departement_taille") == "Département × taille"
    with pytest.raises(SurveyError, match=r"« age », .*Ajoutez-la"):
        named_variable(declared, "age")
