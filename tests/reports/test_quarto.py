"""Real Quarto, where it is installed, shows the same pages as the fallback renderer.

Quarto takes seconds a page: the pages compared are those written by hand and one of each kind that
is generated, with the menu and the foot of all.
"""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports import pipeline
from reports.publication import publish, render_with_quarto

ROOT = Path(__file__).parents[2]
CARRIED = (
    "index.qmd",
    "_quarto.yml",
    "reports",
    "campaigns",
    "data",
    "survey",
    "analysis",
    "_build",
)

RENDERED = """  render:
    - index.qmd
    - "reports/*.qmd"
    - "reports/2026/*.qmd"
    - "reports/2026/methode/*entreprises.qmd"
    - "reports/2026/questionnaires/associations.qmd"
    - "reports/2026/indicateurs/index.qmd"
    - "reports/2026/indicateurs/*-usage-ia.qmd"
    - "reports/2026/indicateurs/*-freins.qmd"
    - "reports/2026/secteurs/index.qmd"
    - "reports/2026/secteurs/*-fz.qmd"
    - "reports/2026/territoires/index.qmd"
    - "reports/2026/territoires/departement-*.qmd"
    - "reports/2026/territoires/zone-emploi-520*.qmd"
"""
ALL = re.compile(r"  render:\n(?:    - .*\n)+")

pytestmark = pytest.mark.skipif(
    shutil.which("quarto") is None,
    reason="quarto n’est pas sur le PATH : le rendu par Quarto n’a pas été vérifié ici",
)


class Shown(HTMLParser):
    """Text of headings, paragraphs, cells and list items within `main`."""

    TAGS = frozenset({"h1", "h2", "h3", "p", "td", "th", "li", "text"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._main, self._open, self._aside = False, 0, 0

    def handle_starttag(self, tag, attrs):
        if tag == "main":
            self._main = True
        if tag == "nav":
            self._aside += 1
        if self._main and not self._aside and tag in self.TAGS:
            self._open += 1
            self.texts.append("")

    def handle_endtag(self, tag):
        if tag == "main":
            self._main = False
        if tag == "nav":
            self._aside -= 1
        if self._open and tag in self.TAGS:
            self._open -= 1

    def handle_data(self, data):
        if self._open:
            self.texts[-1] += data


def shown(page: Path) -> list[str]:
    parser = Shown()
    parser.feed(page.read_text(encoding="utf-8"))
    return sorted(text for raw in parser.texts if (text := re.sub(r"\s+", " ", raw).strip()))


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("quarto")
    for name in CARRIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    settings = root / "_quarto.yml"
    text, count = ALL.subn(RENDERED, settings.read_text(encoding="utf-8"))
    assert count == 1
    settings.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def fallback_site(project) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.publication.shutil.which", lambda name: None)
        publish(pipeline.campaigns(project), project, lambda *told: None)
    return (project / "_site").rename(project / "fallback")


@pytest.fixture(scope="module")
def quarto_site(project, fallback_site) -> Path:
    render_with_quarto(project)
    return project / "_site"


def test_same_addresses(quarto_site, fallback_site):
    pages = {path.relative_to(fallback_site) for path in fallback_site.rglob("*.html")}
    assert 40 <= len(pages) <= 60
    assert pages <= {path.relative_to(quarto_site) for path in quarto_site.rglob("*.html")}
    files = {path.relative_to(fallback_site) for path in (fallback_site / "reports").rglob("*.*")}
    assert files <= {path.relative_to(quarto_site) for path in quarto_site.rglob("*.*")}


def test_same_text_and_numbers(quarto_site, fallback_site):
    for page in sorted(fallback_site.rglob("*.html")):
        address = page.relative_to(fallback_site)
        quarto = set(shown(quarto_site / address))
        missing = [text for text in shown(page) if text not in quarto]
        assert missing == [], address


def test_no_request_to_another_host(quarto_site):
    for page in quarto_site.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?:[^\"]+)", page.read_text()
        )
        assert loaded == [], page
