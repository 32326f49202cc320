"""What a reader sees is French, well set, labelled as simulated, and free of machine words."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

from pages import SITE, fail_for, name

SIMULATED = re.compile("données simulées", re.IGNORECASE)

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


def said(seen, pattern: re.Pattern, where: str) -> dict[str, list[str]]:
    """What a pattern finds in each page, in its whole text or in its prose."""
    texts = {name(each.path): getattr(each, where) for each in seen}
    assert all(len(text) > 200 for text in texts.values())
    return {page: sorted(set(pattern.findall(text))) for page, text in texts.items()}


def test_no_raw_code_is_shown(seen):
    fail_for(said(seen, RAW, "text"))


def test_no_english_word_is_shown(seen):
    fail_for(said(seen, ENGLISH, "text"))


def test_french_spaces_and_apostrophes(seen):
    fail_for(said(seen, UNSET, "prose"))


def test_simulated_data_is_said_on_the_page_and_in_each_figure(seen):
    faults = {}
    for each in seen:
        marked = {key: each.facts[key] for key in ("mark", "title")}
        marked |= {f"figure {rank}": text for rank, text in enumerate(each.facts["readings"], 1)}
        faults[name(each.path)] = [
            key for key, text in marked.items() if not SIMULATED.search(text)
        ]
    fail_for(faults)


def test_each_figure_says_how_it_is_read_whom_it_counts_and_where_it_comes_from(seen):
    words = ("Lecture", "Champ", "Source")
    readings = {name(each.path): each.facts["readings"] for each in seen}
    assert sum(map(len, readings.values())) > 300
    fail_for(
        {
            page: [text for text in texts if not all(word in text for word in words)]
            for page, texts in readings.items()
        }
    )


def files(suffix: str) -> list[Path]:
    found = sorted(SITE.rglob(f"*.{suffix}"))
    assert found
    return found


def test_an_image_alone_says_it_is_simulated(site):
    faults = {}
    for file in files("svg"):
        texts = [node.text or "" for node in ElementTree.parse(file).iter() if "text" in node.tag]
        raw = RAW.findall("\n".join(texts))
        faults[name(file)] = raw or not SIMULATED.search(" ".join(texts))
    fail_for(faults)


def test_a_png_is_the_drawing_of_a_labelled_svg(site):
    for file in files("png"):
        assert file.with_suffix(".svg").exists(), file
        with file.open("rb") as opened:
            assert opened.read(4) == b"\x89PNG", file


def test_every_row_of_a_file_tells_what_it_is(site):
    fail_for({name(file): faults_of_rows(file) for file in files("csv")})


def faults_of_rows(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    if not rows:
        return ["no row"]
    nature = list(rows[0])[-1]
    if nature not in ("nature", "mention") or not all(row[nature] for row in rows):
        return [f"« {nature} » does not say what each row is"]
    values = {value for row in rows for value in row.values()}
    said = any(SIMULATED.search(row[nature]) for row in rows)
    return sorted(values & {"nan", "NaN", "None", "inf", "null"}) + ["unmarked"] * (not said)
