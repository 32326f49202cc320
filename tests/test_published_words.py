"""The words of the site that `make site` built: what no page may say, or leave unsaid."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.definitions import RegistryFile, read_definitions
from survey.campaign import read_source
from survey.french import typography

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_site"
CHAMP = re.compile(r"Champ\u202f:(?:</b>)?\s(.*?)(?:\. <b>Source|</caption>)", re.DOTALL)
TOLD = re.compile(r"<(?:script|style|svg)\b.*?</(?:script|style|svg)>|<[^>]+>", re.DOTALL)
ORPHANS = ("La part y est", "L’indicateur y est")  # which part?


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The visible text of each page, by its address."""
    return {
        path.relative_to(SITE).as_posix(): unescape(TOLD.sub("", path.read_text(encoding="utf-8")))
        for path in SITE.rglob("*.html")
    }


@pytest.fixture(scope="module")
def registries() -> list[RegistryFile]:
    """What is published of each population."""
    folder = ROOT / "data" / "indicators"
    return [read_definitions(read_source(path)) for path in sorted(folder.glob("*.yml"))]


def test_a_withheld_figure_is_never_said_to_be_kept(pages):
    assert len(pages) > 300
    assert not [name for name, text in pages.items() if re.search(r"\bretenue?s?\b", text)]


def test_no_sentence_leaves_its_share_unnamed(pages):
    said = [name for name, text in pages.items() if any(word in text for word in ORPHANS)]
    assert not said


def test_every_champ_says_what_the_population_is(registries):
    told = {each.scope.within or each.scope.field for each in registries}
    told |= {noun.field for each in registries for noun in each.nouns.values() if noun.field}
    told = {typography(each) for each in told}
    champs = [
        (path.name, unescape(said))
        for path in SITE.rglob("*.html")
        for said in CHAMP.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(champs) > 2000
    assert not [each for each in champs if not any(said in each[1] for said in told)]


def test_metadata_say_what_each_population_is(registries):
    folder = SITE / "reports" / "2026" / "donnees"
    graph = json.loads((folder / "catalogue.jsonld").read_text(encoding="utf-8"))["@graph"]
    described = {each["@id"].rpartition("#")[2]: str(each) for each in graph}
    for file in registries:
        assert file.scope.field in described[file.population]
        universe = ElementTree.parse(folder / f"ddi-{file.population.replace('_', '-')}.xml").find(
            ".//{*}universe"
        )
        assert universe.text == file.scope.covers.strip()
