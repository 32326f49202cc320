"""How the region of the project and its places are recognised in a text."""

import csv
import re
from functools import cache
from pathlib import Path

import yaml

REFERENCE = Path(__file__).parents[1] / "data" / "reference"
LARGE = 10_000  # population of the communes that are looked for
LEVELS = ("departement", "epci", "zone_emploi")
SIREN = 9  # digits of the code of an EPCI; shorter codes would be met by chance


@cache
def place_names() -> tuple[str, ...]:
    """The region, its adjective and publisher, its départements, EPCI, zones, larger communes."""
    region = yaml.safe_load((REFERENCE / "region.yml").read_text(encoding="utf-8"))
    publisher = region["editeur"]
    names = {region["nom"], *region["adjectif"].values(), publisher["nom_court"]}
    names |= {publisher["courriel"], publisher["adresse"], publisher["page"]}
    for place in rows("territoires"):
        if place["niveau"] in LEVELS:
            names |= {place["nom"], place["nom_court"]}
            names |= {place["code"]} if len(place["code"]) == SIREN else set()
    names |= {each["nom"] for each in rows("communes") if int(each["population"]) > LARGE}
    return tuple(sorted(name.lower() for name in names))


def place_named(text: str) -> str | None:
    """A name of our region that stands in a text as whole words, whatever its capitals."""
    lower = text.lower()
    found = (name for name in place_names() if name in lower)  # much faster than one expression
    return next(
        (name for name in found if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", lower)), None
    )


def rows(table: str) -> list[dict[str, str]]:
    """The rows of a table of reference."""
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
