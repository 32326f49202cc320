"""No page of the built site says what the data beside it contradict; and one that did is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.page_claims import page_faults, printed, site_faults

EDITION = Path(__file__).parents[1] / "_site" / "reports" / "2026"
ENOUGH = 4  # pages where a kind of lie is tried


def changed(pattern: str, words: str):
    """Puts false words in place of the first that are found, if any, as the page writes them."""
    found = pattern.replace(" ", "[ \u202f\u00a0]")
    return lambda html: re.sub(found, words.replace(" ", "\u202f"), html, count=1)


VALUE = r"((?:< )?\d+ %)"
# Each writes one false sentence of its kind in a page, where that kind stands.
LIES = {
    "bornes": changed(r"va de [\d,]+ à", "va de 99 à"),
    "lecture": changed(r"(Lecture :</b>[^;]*?)\d+ %", r"\g<1>99 %"),
    "premier": changed(rf"Valeurs : de {VALUE}", r"Le plus élevé : Rien, \1. Valeurs : de \1"),
    "étendue": changed(rf"(Valeurs|Les autres) : de {VALUE} à", r"\1 : de 98 % à"),
    "écarts": changed(r"(\. Le plus bas : )", r", écarts non établis\1"),
    "fragiles": changed(r"\d+ estimations fragiles", "99 estimations fragiles"),
    "titre": changed(r"<h3>De \d+ %", "<h3>De 97 %"),
    "contre": changed(rf", contre {VALUE}([^<]*par exemple</h3>)", r", contre 96 %\2"),
    "rien": changed(rf"<h3>De {VALUE}[^<]*</h3>", "<h3>Par taille, des écarts non établis</h3>"),
    "tendance": changed(r"(<h3>[^<]*)augmente avec", r"\1diminue avec"),
    "chiffre clé": changed(rf'(<ul class="key">\s*<li><b>){VALUE}', r"\g<1>95 %"),
    "région": changed(rf"\({VALUE}(, estimation fragile)?, contre \d+", r"(\1\2, contre 94"),
    "points": changed(r", soit \d+( points? de (?:plus|moins))", r", soit 93\1"),
    "doute": changed(rf"\({VALUE}\) n’est pas établi", "(92 %) n’est pas établi"),
    "rang": changed(r"(<h3>[^<]*la part la plus) élevée", r"\1 faible"),
    "côtés": changed(r"<h3>\S+ indicateurs plus", "<h3>Douze indicateurs plus"),
    "évolution": changed(r"([+−]\d+ points?|stable) \(intervalle", "+88 points (intervalle"),
    "stable": changed(r"pas d’évolution établie \(intervalle", "stable (intervalle"),
    "compte": changed(r"<h3>\S+ (indicateurs?|réponses?) progresse", r"<h3>Onze \1 progresse"),
}


def test_no_sentence_is_contradicted_by_the_data_beside_it():
    assert site_faults(EDITION) == []


@pytest.fixture(scope="module")
def pages() -> dict[Path, str]:
    """Every page of the edition but the one that sums it up, which has no data beside it."""
    found = sorted(EDITION.rglob("*.html"))
    return {page: page.read_text(encoding="utf-8") for page in found if page.stem != "index"}


@pytest.fixture(scope="module")
def cells() -> set[tuple[str, ...]]:
    """The published cells, as printed."""
    return printed(EDITION / "donnees" / "resultats.parquet")


@pytest.mark.parametrize("lie", LIES)
def test_a_false_sentence_is_found(pages, cells, lie):
    told = ((page, LIES[lie](html)) for page, html in pages.items())
    false = [(page, html) for page, html in told if html != pages[page]][:ENOUGH]
    assert false and [page.name for page, html in false if not page_faults(html, page, cells)] == []
