"""The site that `make site` built, as it would be put online."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from pypdf import PdfReader

from reports.control import check_site, withheld_numbers
from reports.pipeline import campaigns
from survey.errors import SurveyError

ROOT = Path(__file__).parents[1]


def test_nothing_withheld_is_anywhere_in_the_site():
    assert "aucun n’apparaît" in check_site(ROOT / "_site", campaigns(ROOT))


def test_the_search_would_find_a_withheld_number(tmp_path):
    digits = sorted(withheld_numbers(campaigns(ROOT)))
    assert len(digits) > 100  # there is something to look for
    page = tmp_path / "index.html"
    page.write_text(
        f'<html lang="fr"><title>Données simulées</title><p>Données simulées 0,{digits[0]}1</p>',
        encoding="utf-8",
    )
    with pytest.raises(SurveyError, match="un nombre non diffusé apparaît"):
        check_site(tmp_path, campaigns(ROOT))


def test_downloads_are_the_published_cells_and_say_they_are_simulated():
    data = pl.read_parquet(ROOT / "_site" / "reports" / "2026" / "donnees" / "resultats.parquet")
    published = ROOT.glob("_build/2026/*/published.parquet")
    assert data.height == sum(pl.read_parquet(path).height for path in published)
    assert data["nature"].unique().to_list() == ["données simulées"]
    hidden = data.filter(pl.col("status").is_in(["nd", "secret"]))
    assert hidden.height > 0
    assert hidden["estimate"].null_count() == hidden.height


def test_the_report_is_a_report_and_a_summary_two_pages_at_most():
    folder = ROOT / "_site" / "reports" / "2026"
    report = PdfReader(folder / "rapport.pdf")
    assert 30 <= len(report.pages) <= 60
    assert all("Données simulées" in page.extract_text() for page in report.pages)
    summaries = sorted(folder.glob("territoires/*.pdf"))
    assert len(summaries) > 40
    for path in summaries:
        pages = PdfReader(path).pages
        assert len(pages) <= 2, path.name
        assert "Données simulées" in pages[-1].extract_text(), path.name
        assert f'href="{path.name}"' in path.with_suffix(".html").read_text(encoding="utf-8")
