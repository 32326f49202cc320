"""The search of the site, without server: an index in one script, and the list of every page.

Both are made from the rendered pages. The script is loaded by the page of the search alone and asks
nobody for anything: it works from files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

from reports.rendering.project import relative_address

PAGE = "reports/recherche.html"
SCRIPT = "reports/recherche.js"
CODE = Path(__file__).parent / "assets" / "recherche.js"
MOST_HEADINGS, LONGEST = 16, 120
MOST_BYTES = 130_000  # of the index: the search page stays light on a site of hundreds of pages
SECTIONS = {
    "": "L’observatoire",
    "indicateurs": "Indicateurs",
    "secteurs": "Secteurs",
    "territoires": "Territoires",
    "methode": "Méthode",
    "questionnaires": "Questionnaires",
}
_PLAN = re.compile(r"<!-- plan -->.*?<!-- /plan -->", re.DOTALL)
_TITLE = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_HEADING = re.compile(r"<h([234])[^>]*>(.*?)</h\1>", re.DOTALL)
_ABOUT = re.compile(r'<meta name="description" content="([^"]*)"')
_MAIN = re.compile(r"<main.*</main>", re.DOTALL)
_CONTENTS = re.compile(r'<nav id="TOC".*?</nav>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_BLANKS = re.compile(r"[ \t\r\n]+")  # no-break spaces stay


@dataclass(frozen=True, slots=True)
class Entry:
    """A page as the search knows it; `address` from the root of the site."""

    address: str
    title: str
    about: str
    headings: tuple[str, ...]

    @property
    def edition(self) -> str | None:
        """Year of the edition the page belongs to."""
        found = re.match(r"reports/(\d{4})/", self.address)
        return found[1] if found else None

    @property
    def section(self) -> str:
        """The part of the site the page belongs to."""
        found = re.match(r"reports/\d{4}/([\w-]+)/", self.address)
        return SECTIONS.get(found[1] if found else "", SECTIONS[""])


def read_entry(address: str, text: str) -> Entry | None:
    """What the search knows of a page, from its HTML; None for a page without a title."""
    main = _MAIN.search(text)
    title = _TITLE.search(main[0]) if main else None
    if not title:
        return None
    about = _ABOUT.search(text)
    body = _CONTENTS.sub("", main[0])
    found = sorted(_HEADING.findall(body), key=lambda heading: heading[0])  # the widest first
    headings = dict.fromkeys(words for _, html in found if (words := _words(html)[:LONGEST]))
    return Entry(
        address,
        _words(title[1]),
        unescape(about[1]) if about else "",
        tuple(headings)[:MOST_HEADINGS],
    )


def _words(html: str) -> str:
    return _BLANKS.sub(" ", unescape(_TAG.sub("", html))).strip(" ")


def search_script(entries: Sequence[Entry]) -> str:
    """The script of the search page: the index, then the code that reads it.

    The index keeps as many headings a page as `MOST_BYTES` allow, the same number for all.
    """
    headings = MOST_HEADINGS
    content = _index(entries, headings)
    while headings and len(content.encode()) > MOST_BYTES:
        headings //= 2
        content = _index(entries, headings)
    return f"const INDEX = {content};\n{CODE.read_text(encoding='utf-8')}"


def _index(entries: Iterable[Entry], headings: int) -> str:
    index = [
        [
            relative_address(entry.address, PAGE),
            entry.title,
            entry.about,
            "\n".join(entry.headings[:headings]),
            entry.edition or "",
        ]
        for entry in entries
    ]
    return json.dumps(index, ensure_ascii=False, separators=(",", ":"))


def site_map(entries: Iterable[Entry]) -> str:
    """Every page as lists of links, by edition and by part of the site."""
    parts: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        parts.setdefault((entry.edition or "", entry.section), []).append(entry)
    return "\n".join(_lists(parts))


def _lists(parts: dict[tuple[str, str], list[Entry]]) -> Iterator[str]:
    order = list(SECTIONS.values())
    for year, section in sorted(
        parts, key=lambda part: (-int(part[0] or 9999), order.index(part[1]))
    ):
        name = section if not year else f"{section}, édition {year}"
        links = "\n".join(
            f'<li><a href="{relative_address(entry.address, PAGE)}">{escape(entry.title)}</a></li>'
            for entry in sorted(parts[year, section], key=lambda entry: entry.address)
        )
        yield f"<h3>{escape(name)}</h3>\n<ul>\n{links}\n</ul>"


def with_site_map(text: str, entries: Iterable[Entry]) -> str:
    """The HTML of the search page with the list of every page between its two marks."""
    return _PLAN.sub(lambda _: f"<!-- plan -->{site_map(entries)}<!-- /plan -->", text)
