"""The communes of the region and the places that hold each: an index to search, a list to read.

The index is a script, not data to fetch: a page opened from the file system may load it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from itertools import groupby
from unicodedata import combining, normalize

import polars as pl

from reports.addresses import territory_page
from survey.french import counted, typography
from survey.territories import Territories

HELD_BY = {
    "epci": "Intercommunalité",
    "zone_emploi": "Zone d’emploi",
    "type_commune": "Type de commune",
    "departement": "Département",
}
NO_EPCI = "hors intercommunalité"
HELP = "Tapez les premières lettres, avec ou sans accents ; les flèches parcourent les réponses."


def plain(text: str) -> str:
    """Lower case, without accents: the key by which names are sorted."""
    spread = normalize("NFD", text.lower().replace("œ", "oe"))
    return "".join(sign for sign in spread if not combining(sign))


def place_link(level: str, code: str) -> str:
    """Address of a place from another page of the territories."""
    return territory_page(level, code).rpartition("/")[2] + ".html"


def index_script(territories: Territories) -> bytes:
    """The index as a script: `lieux` (name, address), then `communes`, each with its name and the
    rank of its places in the order of `roles`; -1 where it has none."""
    places, ranks = [], {}
    for level in HELD_BY:
        for code, name in territories.labels(level):
            ranks[level, code] = len(places)
            places.append([name, place_link(level, code)])
    communes = [
        [row["nom"], *(ranks.get((level, row[level]), -1) for level in HELD_BY)]
        for row in _sorted(territories.communes)
    ]
    content = {"roles": list(HELD_BY.values()), "lieux": places, "communes": communes}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.observatoireCommunes = {text};\n".encode()


def search_block(index: str) -> str:
    """Where `communes.js` puts the search; empty without it."""
    said = f'data-index="{escape(index)}" data-help="{typography(HELP)}"'
    return f'```{{=html}}\n<div class="communes" {said}></div>\n```\n'


def alphabetical_list(territories: Territories) -> str:
    """Every commune with links to its intercommunalité and zone d’emploi, by letter."""
    names = {
        (row["niveau"], row["code"]): row["nom_court"] for row in territories.places.to_dicts()
    }
    rows = _sorted(territories.communes)
    letters = groupby(rows, key=lambda row: plain(row["nom"])[0].upper())
    parts = [_letter(letter, list(communes), names) for letter, communes in letters]
    return "```{=html}\n" + "\n".join(parts) + "\n```\n"


def _letter(letter: str, communes: list[dict], names: dict[tuple[str, str], str]) -> str:
    items = "\n".join(_item(row, names) for row in communes)
    size = counted(len(communes), "commune")
    return (
        f'<details class="lettre" id="{letter.lower()}"><summary>{letter} '
        f"<span>{size}</span></summary>\n<ul>\n{items}\n</ul></details>"
    )


def _item(row: dict, names: dict[tuple[str, str], str]) -> str:
    links = [
        f'<a href="{place_link(level, row[level])}">{escape(names[level, row[level]])}</a>'
        for level in ("epci", "zone_emploi")
        if row[level]
    ]
    if not row["epci"]:
        links.insert(0, NO_EPCI)
    return f"<li>{escape(row['nom'])} ({row['departement']}) : {', '.join(links)}</li>".replace(
        " :", "\u202f:"
    )


def _sorted(communes: pl.DataFrame) -> Iterator[dict]:
    return sorted(communes.to_dicts(), key=lambda row: (plain(row["nom"]), row["code"]))
