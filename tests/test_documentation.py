"""The Python of the pages in docs/ runs, prints what they show, and the files they name exist."""

import re
from pathlib import Path

import pytest

from survey.questionnaire import load_questionnaire

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
WITH_PYTHON = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]
# A block of Python, and what it prints when a block of text follows.
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:\s*```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
NAMED = re.compile(
    r"`((?:analysis|benchmarks|campaigns|data|docs|exemples|notebooks|reports|survey|tests)"
    r"/[\w./*-]*)`"
)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_examples_run_in_order_and_print_what_is_shown(page, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for example in EXAMPLE.finditer(text):
        code, shown = example.groups()
        above = "\n" * text[: example.start(1)].count("\n")  # an error tells the line of the page
        exec(compile(above + code, page.name, "exec"), names)
        assert capsys.readouterr().out == (shown or ""), f"{page.name} : {code}"


def test_the_questionnaire_shown_is_a_questionnaire(tmp_path):
    text = (ROOT / "docs" / "questionnaires.md").read_text(encoding="utf-8")
    shown = re.search(r"^```yaml\n(code: exemple\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    path = tmp_path / "exemple.yml"
    path.write_text(shown[1], encoding="utf-8")
    found = load_questionnaire(path, 2027)
    assert [question.code for question in found.questions] == ["usage", "outils"]
    assert "votre association" in found.question("usage").text


def test_the_reference_of_the_engine_is_made_of_examples():
    text = (ROOT / "docs" / "moteur.md").read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(text)) == text.count("```python") >= 9
    assert all(shown for _, shown in EXAMPLE.findall(text))


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_files_that_are_named_exist(page):
    named = set(NAMED.findall(page.read_text(encoding="utf-8")))
    assert named
    assert [path for path in named if not list(ROOT.glob(path))] == []
