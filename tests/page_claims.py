"""Every claim of the pages of an edition, held against the data beside it (see `tests.claims`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from analysis.cells import interval_ends, value_text
from tests.claims import (
    IN_WORDS,
    SHARE,
    WEAK,
    alternative_faults,
    reading_faults,
    title_faults,
)
from tests.figures_read import HALF, SHOWN, figures_of, plain, text_of

FRACTIONS = {"la moitié": 1 / 2, "un tiers": 1 / 3, "un quart": 1 / 4, "deux tiers": 2 / 3}
FRACTIONS["trois quarts"] = 3 / 4


def site_faults(folder: Path) -> list[str]:
    """Every claim of the pages of an edition that the data beside them contradict."""
    cells = printed(folder / "donnees" / "resultats.parquet")
    return [
        f"{page.relative_to(folder)} : {fault}"
        for page in sorted(folder.rglob("*.html"))
        for fault in page_faults(page.read_text("utf-8"), page, cells)
    ]


def page_faults(html: str, page: Path, cells: set[tuple[str, ...]]) -> list[str]:
    """The faults of a page that stands at `page`; `cells` come from `printed`."""
    faults = [
        fault
        for figure in figures_of(html, page)
        for read in (alternative_faults, reading_faults, title_faults)
        for fault in read(figure)
    ]
    about = re.search(r'<meta name="description" content="([^"]*)"', html)
    body = re.sub(r"<figure.*?</figure>", " ", html, flags=re.DOTALL)
    words = text_of(f"{about[1] if about else ''} {body}")
    faults += [*tile_faults(html, cells), *opening_faults(html)]
    data = page.with_suffix(".csv")
    if data.is_file() and "region_estimate" in pl.scan_csv(data).collect_schema():
        faults += beside_faults(words, data)
    return faults


def beside_faults(words: str, data: Path) -> Iterator[str]:
    """What a page by sector or by territory says of a domain and the region, against its CSV."""
    texts = {"domain": pl.String, "reponse": pl.String, "verdict": pl.String}
    cells = pl.read_csv(data, schema_overrides=texts, infer_schema_length=None)
    known, sides = set(), {"au-dessus": 1, "au-dessous": -1}
    for row in cells.filter(pl.col("status").is_in(SHOWN)).to_dicts():
        if row["region_estimate"] is not None:
            both = (row["estimate"], row["region_estimate"])
            value, region = (plain(value_text(each, row["statistic"])) for each in both)
            side = sides.get(row["verdict"], 0)
            known.add((value, region, side, row["status"] == "fragile"))
    regions = {row[1] for row in known if row[2] == 0}
    for found in re.finditer(rf"\(({SHARE})(, {WEAK})?, contre ({SHARE})", words):
        if not any((found[1], found[3], side, bool(found[2])) in known for side in (1, -1)):
            yield f"« {found[0]} » n’est pas dans les données, ou n’est pas établi"
    for found in re.finditer(rf"\(({SHARE})\) n’est pas établi", words):
        if found[1] not in regions:
            yield f"« {found[0]} » : un écart est établi, ou ce chiffre n’est pas de la région"
    for found in re.finditer(rf"({SHARE})(?:, {WEAK})?, soit (\d+) points? de (plus|moins)", words):
        side = 1 if found[3] == "plus" else -1
        gaps = {number(row[0]) - number(row[1]) for row in known if row[::2] == (found[1], side)}
        if side * int(found[2]) not in gaps:
            yield f"« {found[0]} » n’est pas dans les données, ou n’est pas établi"


def number(value: str) -> int:
    """« 24 % » -> 24."""
    return int(re.sub(r"\D", "", value))


def printed(results: Path) -> set[tuple[str, ...]]:
    """Value and interval of every published cell, as pages print them."""
    cells = pl.read_parquet(results).filter(pl.col("status").is_in(SHOWN))
    rows = cells.select("estimate", "conf_low", "conf_high", "statistic").unique().rows()
    return {
        (plain(value_text(value, kind)), *map(plain, interval_ends(low, high, kind)))
        for value, low, high, kind in rows
        if low is not None and high is not None
    }


def tile_faults(html: str, cells: set[tuple[str, ...]]) -> Iterator[str]:
    """Key figures whose value and interval are those of no published cell."""
    for block in re.findall(r'<ul class="key">.*?</ul>', html, re.DOTALL):
        for item in re.findall(r"<li><b>(.*?)</b>.*?<span class=\"ic\">(.*?)</span>", block):
            value, words = map(text_of, item)
            span = re.match(r"entre (\S+) et (\S+?)(?: %)? \(", words)
            if span and (value, *span.groups()) not in cells:
                yield f"chiffre clé {value} {words}"


def opening_faults(html: str) -> Iterator[str]:
    """A title in words (« près d’une entreprise sur quatre ») against the figure after it."""
    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    after = re.search(r"La part est de(?:\s|&#\w+;)*(\d+)", text_of(html))
    share = title and fraction(text_of(title[1]))
    if share and after:
        (low, high), value = share, int(after[1]) / 100
        if not low - HALF <= value <= high + HALF:
            yield f"titre « {text_of(title[1])} », la part est de {after[1]} %"


def fraction(text: str) -> tuple[float, float] | None:
    """The shares that « près d’une … sur quatre », « un peu plus de la moitié » may tell."""
    named = next((value for words, value in FRACTIONS.items() if words in text.lower()), None)
    of = re.search(r"\b([\w-]+) (?:\S+ ){0,3}sur ([\w-]+)", text.lower())
    if named is None and of and of[1] in IN_WORDS and of[2] in IN_WORDS:
        named = IN_WORDS[of[1]] / IN_WORDS[of[2]]
    if named is None:
        return None
    if re.search(r"\bprès d", text.lower()):
        return named - 0.03, named
    if "un peu plus d" in text.lower():
        return named, named + 0.03
    return (named, 1.0) if "plus d" in text.lower() else (named - 0.005, named + 0.005)
