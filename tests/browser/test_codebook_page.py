"""The codebook page, outside the site: valid HTML, WCAG 2.2 AA, no sideways scroll."""

import json
import shutil
import subprocess

import pytest
from pages import AXE, HERE, HTML_VALIDATE, audit, require_node_tool
from scripts import TOO_WIDE
from visits import MORE_WIDTHS, WIDTHS

from survey.formats.documents.codebook import export_codebook_html
from survey.questionnaire import load_questionnaire

INSTRUMENTS = sorted((HERE.parents[1] / "survey" / "instruments").glob("*.yml"))


@pytest.fixture(params=INSTRUMENTS, ids=lambda each: each.stem)
def codebook(request, tmp_path):
    path = tmp_path / "dictionnaire.html"
    export_codebook_html(load_questionnaire(request.param), path)
    return path


def test_the_codebook_is_valid_html(codebook, tmp_path):
    require_node_tool(HTML_VALIDATE)
    report = tmp_path / "report.json"
    command = [shutil.which("node"), HTML_VALIDATE, "--config", HERE / "htmlvalidate.json"]
    done = subprocess.run(
        [*command, "--formatter", f"json={report}", codebook], capture_output=True, text=True
    )
    assert report.exists(), done.stderr
    checked = json.loads(report.read_text("utf-8"))
    assert [fault for each in checked for fault in each["messages"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_codebook_is_accessible(visit, codebook, scheme):
    require_node_tool(AXE)
    visited = visit(codebook, width=360, color_scheme=scheme)
    assert audit(visited.page) == []
    assert visited.foreign == [] and visited.complaints == []


def test_the_codebook_does_not_scroll_sideways(visit, codebook):
    page = visit(codebook).page
    for width in (*WIDTHS, *MORE_WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(TOO_WIDE) == []
