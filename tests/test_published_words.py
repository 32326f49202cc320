"""The words of the site that `make site` built: what no page may say, or leave unsaid."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_site"
TOLD = re.compile(r"<(?:script|style|svg)\b.*?</(?:script|style|svg)>|<[^>]+>", re.DOTALL)
ORPHANS = ("La part y est", "L’indicateur y est")  # which part?


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The visible text of each page, by its address."""
    return {
        path.relative_to(SITE).as_posix(): unescape(TOLD.sub("", path.read_text(encoding="utf-8")))
        for path in SITE.rglob("*.html")
    }


def test_a_withheld_figure_is_never_said_to_be_kept(pages):
    assert len(pages) > 300
    assert not [name for name, text in pages.items() if re.search(r"\bretenue?s?\b", text)]


def test_no_sentence_leaves_its_share_unnamed(pages):
    said = [name for name, text in pages.items() if any(word in text for word in ORPHANS)]
    assert not said
