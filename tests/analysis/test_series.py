"""Breaks of series, from the questionnaire down to the published cells and their CSV."""

from pathlib import Path

import polars as pl

from analysis.indicators import read_registry
from analysis.series import with_breaks
from analysis.tables import csv_frame
from survey.questionnaire import in_edition, load_questionnaire
from survey.source import Source

KNOWN = load_questionnaire(Path(__file__).parents[1] / "survey" / "annees.yml")
CONTENT = {
    "population": "entreprises",
    "scope": {
        "short": "entreprises",
        "field": "entreprises",
        "unit": "L’une.",
        "covers": "Toutes.",
    },
    "domains": [
        {"type": "ensemble", "label": "Ensemble"},
        {"type": "taille", "label": "Taille", "by": "taille"},
        {"type": "lieu", "label": "Lieu", "by": "lieu"},
    ],
    "indicators": [
        {"code": "usage", "title": "IA", "theme": "usages", "condition": "any(outils) = oui"},
        {"code": "ecrit", "title": "Texte", "theme": "usages", "condition": "outils.ecrit = oui"},
        {"code": "part", "title": "Part", "theme": "usages", "mean": "part"},
        {"code": "clefs", "title": "Clefs", "theme": "usages", "condition": "clefs = oui"},
    ],
}


def cells(edition: int) -> pl.DataFrame:
    """Published cells of an edition: every indicator by every cut, numbers of no matter."""
    registry = read_registry(Source("essai.yml", {}, CONTENT), in_edition(KNOWN, edition), KNOWN)
    rows = [
        {
            "indicator": each.code,
            "statistic": each.statistic,
            "domain_type": cut.type,
            "domain": cut.type,
            "label": cut.label,
            "edition": edition,
            "estimate": 0.5,
            "conf_low": 0.4,
            "conf_high": 0.6,
            "n_respondents": 100,
            "status": "ok",
        }
        for each in registry.indicators
        for cut in registry.domains
    ]
    return with_breaks(pl.DataFrame(rows), registry, KNOWN, edition)


def since(edition: int) -> dict[tuple[str, str], int]:
    return {
        (row["indicator"], row["domain_type"]): row["comparable_since"]
        for row in cells(edition).to_dicts()
    }


def test_nothing_is_broken_in_the_first_edition():
    assert set(since(2025).values()) == {2025}
    assert cells(2025)["series_break"].null_count() == cells(2025).height


def test_a_cell_breaks_with_its_indicator_or_with_its_cut():
    found = since(2026)
    assert found["usage", "ensemble"] == 2026
    assert found["ecrit", "ensemble"] == found["ecrit", "taille"] == 2025
    assert found["ecrit", "lieu"] == 2026  # an option of the cut is new
    assert found["part", "ensemble"] == 2026  # asked of those who use any tool
    told = cells(2026).filter(indicator="usage", domain_type="ensemble")["series_break"][0]
    assert (
        told
        == "Rupture de série en 2026\u202f: «\u202fOutils\u202f», lignes ajoutées\u202f: Image."
    )


def test_a_series_begins_with_its_question():
    assert ("clefs", "ensemble") not in since(2025)
    assert since(2026)["clefs", "ensemble"] == since(2027)["clefs", "ensemble"] == 2026
    assert cells(2027).filter(indicator="clefs", domain_type="ensemble")["series_break"][0] is None


def test_a_break_stays_in_later_editions():
    assert since(2027)["usage", "ensemble"] == 2026
    assert since(2027)["ecrit", "lieu"] == 2026  # 2027 says that it breaks nothing


def test_the_csv_carries_the_break():
    data = csv_frame(cells(2026), simulated=True)
    assert data.columns[-3:] == ["comparable_since", "series_break", "nature"]
    assert data.filter(indicator="usage", domain_type="ensemble")["comparable_since"][0] == 2026
