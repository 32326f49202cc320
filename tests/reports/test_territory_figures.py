"""An indicator by territory: maps, circles and lists, nothing lost and nothing invented."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from analysis.disclosure import NUMBERS
from reports.contours import contours
from reports.edition import Edition, open_edition
from reports.pages import territory_hub
from reports.pages.territory_directory import directory
from reports.territory_figures import (
    departement_figure,
    epci_figure,
    main_indicator,
    territories,
    territory_cells,
    type_commune_figure,
    zone_emploi_figure,
)

STATUSES = ("ok", "fragile", "nd", "secret")


@pytest.fixture
def edition(estimated, monkeypatch) -> Edition:
    """The demonstration, with cells by intercommunalité, zone d’emploi and type of commune."""
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    found = open_edition(2026)
    open_edition.cache_clear()
    kept = found.cells.filter(~pl.col("domain_type").is_in(["epci", "zone_emploi", "type_commune"]))
    extra = [made(found, level) for level in ("epci", "zone_emploi", "type_commune")]
    return replace(found, cells=pl.concat([kept, *extra]))


def made(edition: Edition, level: str, statuses=STATUSES) -> pl.DataFrame:
    """Cells of every place of a level but the last, with these statuses in turn."""
    base, rows = edition.cell("usage_ia"), []
    places = territories(edition.campaign.root).of(level).to_dicts()
    for i, place in enumerate(places[:-1]):
        status = statuses[i % len(statuses)]
        said = {"domain_type": level, "domain": place["code"], "label": place["nom_court"]}
        share = 0.1 + 0.5 * i / len(places)
        numbers = dict.fromkeys(NUMBERS, None)
        if status in ("ok", "fragile"):
            numbers |= {"estimate": share, "conf_low": share - 0.03, "conf_high": share + 0.03}
            numbers |= {"n_respondents": 100 + i}
        rows.append({**base, **said, **numbers, "status": status, "domain_order": i})
    return pl.DataFrame(rows, schema=edition.cells.schema)


def without(edition: Edition, *levels: str) -> Edition:
    return replace(edition, cells=edition.cells.filter(~pl.col("domain_type").is_in(levels)))


def test_a_place_that_the_survey_did_not_reach_has_no_figure(edition):
    places = territories(edition.campaign.root).of("epci")
    cells = territory_cells(edition, "usage_ia", "epci")
    assert sorted(cells["domain"]) == sorted(places["code"])
    last = cells.filter(pl.col("domain") == places["code"][-1]).row(0, named=True)
    assert last["status"] == "nd" and last["label"] == places["nom_court"][-1]
    assert {last[name] for name in NUMBERS if name in cells.columns} == {None}
    assert last["base_label"] and last["edition"] == 2026
    assert territory_cells(without(edition, "epci"), "usage_ia", "epci") is None
    assert epci_figure(without(edition, "epci"), "usage_ia") is None


def test_a_figure_says_where_and_why_not(edition):
    figure = epci_figure(edition, "usage_ia")
    text = figure.to_markdown(".")
    assert figure.caption.id == "entreprises-usage-ia-epci"
    assert "Chaque cercle a la taille de la population" in text
    assert "Cercle creux\u202f: estimation fragile" in text
    assert "Cercle pointillé\u202f: chiffre non diffusé (trop peu de réponses ou secret)" in text
    assert "une estimation par petits domaines est à venir" in text
    assert re.search(r"<tbody>(<tr>.*?</tr>){71}</tbody>", text)
    assert "<title>Nantes Métropole, " in text
    assert figure.alt.startswith("Carte en cercles à la mesure de la population")
    reading = figure.caption.reading
    assert "des entreprises employeuses utilisent au moins une technologie d’IA" in reading


def test_titles_are_findings_that_the_cells_support(edition):
    clear = epci_figure(edition, "usage_ia").caption.title
    assert clear == "Entre intercommunalités, des écarts nets"  # long names stay out of it
    few = [without(edition, "departement").cells, made(edition, "departement", ("ok",))]
    named = departement_figure(replace(edition, cells=pl.concat(few)), "usage_ia").caption.title
    assert named == (
        "Les entreprises employeuses utilisent au moins une technologie d’IA quatre fois plus "
        "souvent dans la Sarthe qu’en Loire-Atlantique"
    )
    same = replace(edition, cells=edition.cells.with_columns(level_share()))
    neutral = "Entre intercommunalités, des écarts trop faibles pour être affirmés"
    assert epci_figure(same, "usage_ia").caption.title == neutral
    hidden = made(edition, "epci", ("nd",))
    few = replace(edition, cells=pl.concat([without(edition, "epci").cells, hidden]))
    figure = epci_figure(few, "usage_ia")
    assert figure.caption.title == "Trop peu de réponses pour comparer les intercommunalités"


def level_share() -> pl.Expr:
    """Every share at 20 %, withheld ones apart."""
    shown = pl.col("estimate").is_not_null()
    return pl.when(shown).then(0.2).otherwise(None).alias("estimate")


def test_no_number_of_a_withheld_place_leaves_the_gate(edition):
    hidden = made(edition, "epci", ("nd", "secret"))
    cells = pl.concat([without(edition, "epci").cells, hidden])
    figure = epci_figure(replace(edition, cells=cells), "usage_ia")
    csv = next(v for k, v in figure.files().items() if k.endswith(".csv")).decode("utf-8-sig")
    for line in csv.splitlines()[1:]:
        assert re.findall(r",(\d+\.?\d*)(?=,)", line.split("usage_ia")[1]) == ["2026"] or (
            "2026" in line and "0." not in line
        )
    svg = figure.to_markdown(".").split("</svg>")[0]
    assert set(re.findall(r"\d+\u202f%", svg)) == {region(figure)}


def region(figure):
    return re.search(r"Région\u202f: (\d+\u202f%)", figure.alt)[1]


def test_each_level_has_its_form(edition):
    assert "Carte\u202f: " in departement_figure(edition, "usage_ia").alt
    assert zone_emploi_figure(edition, "usage_ia").alt.startswith("Carte en cercles")
    dots = type_commune_figure(edition, "usage_ia")
    assert dots.alt.startswith("Points") and dots.frame.height == 5
    assert main_indicator(edition) == "usage_ia"


def test_contours_of_the_user_take_the_place_of_circles(edition, monkeypatch):
    names = territories(edition.campaign.root).of("zone_emploi").select("code", "nom_court")
    squares = {"features": [square(code, i) for i, (code, _) in enumerate(names.iter_rows())]}
    given = {"zone_emploi": squares}
    monkeypatch.setattr(
        "reports.territory_figures.contours", lambda root, level, names: given.get(level)
    )
    assert zone_emploi_figure(edition, "usage_ia").alt.startswith("Carte\u202f: ")
    assert departement_figure(edition, "usage_ia").alt.startswith("Carte en cercles")


def square(code, i):
    ring = [[i, 47], [i, 48], [i + 1, 48], [i + 1, 47], [i, 47]]
    return {"properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_the_directory_says_each_status_in_words(edition):
    html = directory({"entreprises": edition}, "epci")
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th><td>(.*?)</td></tr>", html)
    assert len(rows) == 72 and rows[0][0] == "Région"
    words = {re.sub(r"<.*?>|[\d<]+", "", said).strip(" \u202f%[];,") for _, said in rows}
    assert words == {"", "fragile", "non diffusé", "secret statistique"}
    names = [re.sub("<.*?>", "", head) for head, _ in rows[1:]]
    assert names[0] < names[-1] and "Île de Noirmoutier" in names
    assert "une estimation par petits domaines est à venir" in html
    assert 'href="epci-244400404.html"' in html
    bare = directory({"entreprises": without(edition, "epci")}, "epci")
    assert bare.count("<li>") == 71 and "%" not in bare


def test_the_pages_of_the_hub(edition):
    pages = {page.address: page for page in territory_hub.pages({"entreprises": edition})}
    assert list(pages) == [
        "territoires/index",
        "territoires/intercommunalites",
        "territoires/zones-d-emploi",
        "territoires/communes",
    ]
    hub = pages["territoires/index"]
    assert hub.text.startswith("---\ntitle: Les territoires et l’IA en 2026\n")
    assert "engine: markdown" in hub.text and "communes.js" in hub.text
    assert len(json.loads(hub.files["territoires/communes-index.js"][34:-2])["communes"]) > 1000
    names = [name for page in pages.values() for name in page.files]
    assert len(names) == len(set(names)) == 1 + 3 * 3
    for page in pages.values():
        for address in re.findall(r'(?:href|src)="\./([\w.-]+)"', page.text):
            assert f"territoires/{address}" in names
    assert list(territory_hub.pages({})) == []


def test_a_hub_without_territory_cells_still_leads_everywhere(edition):
    bare = without(edition, "epci", "zone_emploi", "type_commune", "departement")
    pages = {page.address: page for page in territory_hub.pages({"entreprises": bare})}
    assert "<figure" not in "".join(page.text for page in pages.values())
    assert 'href="departement-' in pages["territoires/index"].text
    assert pages["territoires/intercommunalites"].text.count('href="epci-') == 71


def test_the_outlines_behind_circles_are_those_of_the_departements(edition):
    root = Path(edition.campaign.root)
    names = tuple(territories(root).labels("departement"))
    assert len(contours(root, "departement", names)["features"]) == 5
