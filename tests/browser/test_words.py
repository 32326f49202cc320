"""What a reader sees is French, well set, labelled as simulated, and free of machine words."""

from __future__ import annotations

import csv
import re
from xml.etree import ElementTree

import pytest
from pages import OPEN_ALL, SITE

SIMULATED = re.compile("données simulées", re.IGNORECASE)

# Code and foreign words marked as such are set aside; everything else a person can read or hear.
READ = """() => {
  for (const one of document.querySelectorAll('code, [lang]:not(html, [lang^="fr"])')) {
    one.textContent = '…';
  }
  const heard = [...document.querySelectorAll('[aria-label], [title], [alt], [placeholder]')]
    .flatMap(one => ['aria-label', 'title', 'alt', 'placeholder'].map(n => one.getAttribute(n)))
    .filter(Boolean);
  const drawn = [...document.querySelectorAll('svg text')].map(one => one.textContent);
  const description = document.querySelector('meta[name=description]')?.content ?? '';
  return [document.title, description, document.body.innerText, ...drawn, ...heard].join('\\n');
}"""

RAW = re.compile(
    r"\bE_AI_?\w*|\w*__\w*|\b[a-z]+_[a-z0-9_]+\b|\bN(?:SP|R)\b|\b[nN]a[nN]\b|\bNone\b"
    r"|\bnull\b|\bundefined\b|\bTrue\b|\bFalse\b|\bE\d{2}\b"
)
# French homographs (table, figure, source, note, page, menu, close, on, or, but) are not here.
ENGLISH = re.compile(
    r"\b(?:the|and|of|with|by|from|this|that|are|was|is|not|no|yes|interval|value|values|share"
    r"|download|chart|charts|loading|toggle|search|show|hide|next|previous|skip|row|rows"
    r"|column|columns|estimate|sample|weight|missing|other|warning|error|mean"
    r"|respondents|confidence|visualization|container|mark|link|back|home|sector|size)\b",
    re.IGNORECASE,
)
UNSET = re.compile(
    r".{0,30}(?: [;:!?%»€]|« |\d \d{3}\b|\w'\w|[^\s\u202f\u00a0(/]:(?=\s)|\w[;!?](?=\s)|\d%).{0,20}"
)


def text_of(visit, path) -> str:
    page = visit(path).page
    page.evaluate(OPEN_ALL)
    return page.evaluate(READ)


def test_no_raw_code_is_shown(visit, path):
    assert RAW.findall(text_of(visit, path)) == []


def test_no_english_word_is_shown(visit, path):
    assert ENGLISH.findall(text_of(visit, path)) == []


def test_french_spaces_and_apostrophes(visit, path):
    page = visit(path).page
    page.evaluate(OPEN_ALL)
    page.evaluate(READ)  # sets code aside
    texts = page.locator("main svg text").all_text_contents()
    said = "\n".join([page.locator("main").inner_text(), *texts])
    assert UNSET.findall(said) == []


def test_simulated_data_is_said_on_the_page_and_in_each_figure(visit, path):
    page = visit(path).page
    mark = page.locator(".demo")
    assert mark.is_visible()
    assert SIMULATED.search(mark.inner_text())
    assert SIMULATED.search(page.title())
    for said in page.locator("figure.chart").evaluate_all(
        "all => all.map(one => one.querySelector('.lire').textContent)"
    ):
        assert SIMULATED.search(said)


def files(suffix: str) -> list:
    return [
        pytest.param(file, id=file.relative_to(SITE).as_posix())
        for file in sorted(SITE.rglob(f"*.{suffix}"))
    ]


@pytest.mark.parametrize("file", files("svg"))
def test_an_image_alone_says_it_is_simulated(file):
    texts = [node.text or "" for node in ElementTree.parse(file).iter() if "text" in node.tag]
    assert SIMULATED.search(" ".join(texts))
    assert not RAW.search("\n".join(texts))


@pytest.mark.parametrize("file", files("png"))
def test_a_png_is_the_drawing_of_a_labelled_svg(file):
    assert file.with_suffix(".svg").exists()
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("file", files("csv"))
def test_every_row_of_a_file_tells_what_it_is(file):
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert rows
    nature = list(rows[0])[-1]
    assert nature in ("nature", "mention")
    assert all(row[nature] for row in rows)
    assert any(SIMULATED.search(row[nature]) for row in rows)
    values = {value for row in rows for value in row.values()}
    assert values.isdisjoint({"nan", "NaN", "None", "inf", "null"})
