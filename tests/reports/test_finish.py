"""What is written in rendered pages: their foot, the search and the list of every page."""

import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from reports import search
from reports.finish import finish
from reports.provenance import Provenance, foot, was_changed, with_foot

ROOT = Path(__file__).parents[2]
HERE = Provenance(2026, date(2026, 11, 24), "abc123", False, "0123456789ab", True)
PAGE = """<!doctype html>
<html lang="fr"><head><title>Données simulées – {title}</title>
<meta name="description" content="Ce qu’elle dit &amp; montre."></head>
<body><nav><h2>Menu</h2></nav><main><h1>{title}</h1>
<nav id="TOC"><h2>Sur cette page</h2></nav>
<h3>Un <em>petit</em> titre</h3><h2>Un grand\ntitre&nbsp;?</h2>
</main><footer class="site"><p>Pied</p></footer></body></html>
"""


@pytest.fixture
def project(tmp_path) -> Path:
    folder = tmp_path / "reports" / "2026"
    (folder / "donnees").mkdir(parents=True)
    shutil.copyfile(ROOT / "reports/2026/_metadata.yml", folder / "_metadata.yml")
    (folder / "donnees" / "resultats.parquet").write_bytes(b"des octets")
    site = tmp_path / "_site" / "reports"
    (site / "2026" / "indicateurs").mkdir(parents=True)
    for name, title in (
        ("../index", "Accueil"),
        ("2026/index", "L’essentiel"),
        ("2026/indicateurs/usage", "L’usage"),
        ("recherche", "Rechercher"),
    ):
        text = PAGE.format(title=title)
        if name == "recherche":
            text = text.replace("</main>", "<!-- plan --><!-- /plan --></main>")
        (site / f"{name}.html").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_foot_says_where_the_page_comes_from():
    said = foot(HERE, "reports/2026/indicateurs/usage.html")
    assert 'href="../methode.html#refaire"' in said
    words = re.sub("<[^>]+>", "", said)
    assert words == (
        "Édition 2026 (données simulées), parue le 24\u00a0novembre 2026. Code\u202f: abc123. "
        "Données\u202f: 0123456789ab. Refaire cette édition"
    )


def test_a_foot_takes_the_place_of_the_former_one():
    once = with_foot(PAGE, HERE, "index.html")
    assert once.count("provenance") > 1 and once != PAGE
    assert with_foot(once, HERE, "index.html") == once
    later = Provenance(2026, HERE.published, "fff", True, None, False)
    again = with_foot(once, later, "index.html")
    assert "abc123" not in again and "fff</code>, modifié depuis." in again
    assert with_foot("<p>Sans pied</p>", HERE, "index.html") == "<p>Sans pied</p>"


def test_a_change_since_the_commit_is_seen(tmp_path):
    assert was_changed(tmp_path) is False  # no repository here
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@exemple.fr"]
    (tmp_path / "a").write_text("1")
    for command in (["init", "-q"], ["add", "a"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *command], check=True)
    assert was_changed(tmp_path) is False
    (tmp_path / "a").write_text("2")
    assert was_changed(tmp_path) is True


def test_every_page_is_finished_once_and_stays_as_it_is(project):
    site = project / "_site"
    finish(project, site)
    first = {path: path.read_bytes() for path in site.rglob("*.*")}
    assert all(b"Refaire" in text for path, text in first.items() if path.suffix == ".html")
    times = {path: path.stat().st_mtime_ns for path in first}
    finish(project, site)
    assert {path: path.stat().st_mtime_ns for path in first} == times


def test_the_search_knows_titles_descriptions_and_headings(project):
    site = project / "_site"
    finish(project, site)
    script = (site / search.SCRIPT).read_text(encoding="utf-8")
    index = json.loads(script.removeprefix("const INDEX = ").split(";\n", 1)[0])
    assert [entry[0] for entry in index] == [
        "../index.html",
        "2026/index.html",
        "2026/indicateurs/usage.html",
    ]
    assert index[0][1:] == [
        "Accueil",
        "Ce qu’elle dit & montre.",
        "Un grand titre\u00a0?\nUn petit titre",  # the widest first; neither menu nor contents
        "",
    ]
    assert index[1][4] == "2026"


def test_every_page_is_listed_without_a_script(project):
    site = project / "_site"
    finish(project, site)
    text = (site / search.PAGE).read_text(encoding="utf-8")
    listed = text.split("<!-- plan -->")[1].split("<!-- /plan -->")[0]
    links = re.findall(r'href="([^"]+)"', listed)
    assert sorted(links) == sorted(
        ["../index.html", "recherche.html", "2026/index.html", "2026/indicateurs/usage.html"]
    )
    assert re.findall("<h3>(.*?)</h3>", listed) == [
        "L’observatoire",
        "L’observatoire, édition 2026",
        "Indicateurs, édition 2026",
    ]


def test_a_large_site_keeps_a_light_index():
    headings = tuple(f"Un titre assez long, le {number}e de la page" for number in range(16))
    entries = [
        search.Entry(f"reports/2026/indicateurs/{number}.html", "Un titre", "Un propos.", headings)
        for number in range(400)
    ]
    script = search.search_script(entries)
    assert len(script.encode()) < search.MOST_BYTES + 10_000
    assert "le 3e de la page" in script and "le 8e de la page" not in script
    assert "le 15e de la page" in search.search_script(entries[:10])
