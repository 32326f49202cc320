"""The index of communes: every commune, the places that hold it, the same twice."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from reports.communes import alphabetical_list, index_script, plain, search_block
from survey.territories import Territories, load_territories


@pytest.fixture(scope="module")
def territories() -> Territories:
    return load_territories(Path(__file__).parents[2] / "data" / "reference")


def read(script: bytes) -> dict:
    found = re.fullmatch(r"globalThis\.observatoireCommunes = (.*);\n", script.decode())
    return json.loads(found[1])


def test_each_commune_leads_to_its_places(territories):
    index = read(index_script(territories))
    assert len(index["communes"]) == territories.communes.height
    assert len(index["roles"]) == 4
    places = dict(territories.places.select("code", "nom_court").iter_rows())
    by_name = {name: held for name, *held in index["communes"]}
    for row in territories.communes.sample(40, seed=1).to_dicts():
        if territories.communes.filter(pl.col("nom") == row["nom"]).height > 1:
            continue
        names = [index["lieux"][place][0] for place in by_name[row["nom"]]]
        codes = (row["epci"], row["zone_emploi"], row["type_commune"], row["departement"])
        assert names == [places[code] for code in codes]


def test_a_commune_without_intercommunalite_has_none(territories):
    index = read(index_script(territories))
    alone = territories.communes.filter(pl.col("epci").is_null())["nom"].to_list()
    assert alone
    assert [name for name, epci, *_ in index["communes"] if epci < 0] == alone


def test_addresses_are_those_of_the_pages(territories):
    index = read(index_script(territories))
    addresses = [address for _, address in index["lieux"]]
    assert len(set(addresses)) == len(addresses)
    pattern = r"(epci|zone-emploi|type-commune|departement)-[\w-]+\.html"
    assert all(re.fullmatch(pattern, address) for address in addresses)


def test_the_list_has_every_commune_under_its_letter(territories):
    html = alphabetical_list(territories)
    assert html.count("<li>") == territories.communes.height
    letters = re.findall(r'<details class="lettre" id="(\w)">', html)
    assert letters == sorted(set(letters)) and "e" in letters
    accented = territories.communes.filter(pl.col("nom").str.starts_with("É"))["nom"][0]
    within = html.split('id="e"')[1].split("</details>")[0]
    assert f"<li>{accented} (" in within
    assert "hors intercommunalité" in html


def test_names_are_sorted_without_accents():
    assert plain("Œuvré-l’Île") == "oeuvre-l’ile"


def test_the_search_names_its_index():
    block = search_block("communes-index.js")
    assert 'data-index="communes-index.js"' in block and "\u202f;" in block
