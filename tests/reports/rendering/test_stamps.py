"""What a page depends upon: one without cells on its own text and the renderer, others on more."""

from pathlib import Path

import pytest

from reports.rendering.project import load_project
from reports.rendering.source import read_source
from reports.rendering.stamps import Grounds, Reads, page_stamp

PROJECT = "project: {type: website}\nwebsite: {title: Essai}\n"
PLAIN = "---\ntitle: Un\n---\n\nTexte.\n"
CELL = "---\ntitle: Un\n---\n\n```{python}\nprint(1)\n```\n"
INLINE = "---\ntitle: Un\n---\n\nIl y en a `{python} 1 + 1`.\n"


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "_quarto.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "survey").mkdir()
    (tmp_path / "survey" / "modele.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "donnees.csv").write_text("1", encoding="utf-8")
    return tmp_path


def stamp(root: Path, text: str) -> str:
    (root / "page.qmd").write_text(text, encoding="utf-8")
    source = read_source(root, "page.qmd")
    grounds = Grounds(load_project(root), (root / "donnees.csv",))
    return page_stamp(grounds, "page.qmd", Reads.of(source, source.front_matter))


@pytest.mark.parametrize("changed", ["donnees.csv", "survey/modele.py"])
def test_only_cells_depend_on_the_data_and_the_code(root, changed):
    before = {text: stamp(root, text) for text in (PLAIN, CELL, INLINE)}
    (root / changed).write_text("autre", encoding="utf-8")
    after = {text: stamp(root, text) for text in before}
    assert after[PLAIN] == before[PLAIN]
    assert after[CELL] != before[CELL] and after[INLINE] != before[INLINE]


def test_a_missing_input_counts_too(root):
    before = stamp(root, CELL)
    (root / "donnees.csv").unlink()
    assert stamp(root, CELL) != before


def test_a_pattern_sees_a_file_that_comes(root):
    text = PLAIN.replace("title: Un", 'title: Un\ninputs: ["jeux/*.txt"]')
    before = stamp(root, text)
    (root / "jeux").mkdir()
    (root / "jeux" / "a.txt").write_text("1", encoding="utf-8")
    assert stamp(root, text) != before
