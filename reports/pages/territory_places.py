"""Who is in a territory: people, communes, the other territories it meets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import polars as pl

from analysis.profiles import nearest
from analysis.prose import Setting, number_words, rank_words, sentence
from analysis.wording import Noun
from reports.addresses import territory_page
from reports.pages.page import escaped
from reports.pages.profile_text import paragraphs
from survey.french import NBSP, NNBSP, capitalised, integer, percent, typography
from survey.territories import LEVELS, Territories

NOUNS = {
    "departement": Noun("département", "départements"),
    "type_commune": Noun("type de commune", "types de commune"),
    "epci": Noun("intercommunalité", "intercommunalités", feminine=True),
    "zone_emploi": Noun("zone d’emploi", "zones d’emploi", feminine=True),
}
LISTED = ("epci", "zone_emploi")  # levels whose similar places are the nearest by population
SIMILAR = 5
COMMUNES = "**Communes et nombre d’habitants**"


@dataclass(frozen=True)
class Place:
    """A territory: its row in `territoires.csv`, its communes, and how prose names it."""

    level: str
    code: str
    row: dict
    communes: pl.DataFrame

    @property
    def setting(self) -> Setting:
        """How prose names it."""
        return Setting(self.row["nom"], self.row["locatif"], self.row["genitif"])

    @property
    def address(self) -> str:
        """Its page, from the folder of the edition."""
        return territory_page(self.level, self.code)


def places_of(territories: Territories) -> dict[tuple[str, str], Place]:
    """Every territory by level and code, with its communes."""
    parts = {
        level: territories.communes.sort("nom").partition_by(level, as_dict=True)
        for level in LEVELS
    }
    none = territories.communes.clear()
    return {
        (row["niveau"], row["code"]): Place(
            row["niveau"],
            row["code"],
            row,
            parts[row["niveau"]].get((row["code"],), none),
        )
        for row in territories.places.iter_rows(named=True)
        if row["niveau"] in LEVELS
    }


def similar_places(place: Place, every: Iterable[Place]) -> list[Place]:
    """The places to set beside this one: all of a short level, else the nearest by population."""
    others = {each.code: each for each in every if each.level == place.level}
    if place.level not in LISTED:
        return [each for code, each in others.items() if code != place.code]
    sizes = {code: each.row["population"] for code, each in others.items()}
    return [others[code] for code in nearest(sizes, place.code, SIMILAR)]


def people(place: Place, every: Iterable[Place], whole: int) -> str:
    """How many people and communes, what part of the region, which rank; `whole` its population."""
    row, noun = place.row, NOUNS[place.level]
    sizes = [each.row["population"] for each in every if each.level == place.level]
    rank = 1 + sum(size > row["population"] for size in sizes)
    communes = (
        "dans une commune"
        if row["communes"] == 1
        else (f"dans {integer(row['communes'])}{NBSP}communes")
    )
    part = percent(row["population"] / whole, 0 if row["population"] / whole >= 0.095 else 1)
    said = [
        f"{place.row['locatif']}, {integer(row['population'])}{NBSP}personnes vivent {communes}, "
        f"soit {part} de la population de la région"
    ]
    if place.level != "type_commune":
        said.append(
            f"par sa population, ce territoire est au {rank_words(rank)}{NBSP}rang des "
            f"{number_words(len(sizes))} {noun.plural} de la région"
        )
    if row["note"]:
        note = re.sub(r"(?<=\d) (?=\d{3}\b)", NNBSP, row["note"])
        said.append(f"ce sont les {note}" if place.level == "type_commune" else note)
    if row["population_totale"] and row["population_totale"] != row["population"]:
        said.append(f"le tout compte {integer(row['population_totale'])} habitants")
    return " ".join(sentence(words) for words in said)


def who_is_there(place: Place, every: dict[tuple[str, str], Place]) -> str:
    """The territories that this one meets, with links, and its communes.

    A commune has its anchor (`commune-` and its code) on the page of its EPCI, else on that of its
    zone d’emploi.
    """
    met = [
        met_places(place, every, level)
        for level in ("departement", "epci", "zone_emploi")
        if level != place.level
    ]
    return "\n\n".join(part for part in (*met, commune_list(place, every)) if part)


def met_places(place: Place, every: dict[tuple[str, str], Place], level: str) -> str:
    """The places of another level that share a commune with this one, the most populous first."""
    if place.level == "type_commune" and level != "departement":
        return ""
    shared = (
        place.communes.drop_nulls(level)
        .group_by(level)
        .agg(pl.col("population").sum())
        .sort("population", level, descending=[True, False])
    )
    if shared.is_empty():
        return ""
    noun = NOUNS[level]
    links = ", ".join(
        f"[{escaped(every[level, code].row['nom_court'])}](../{territory_page(level, code)}.qmd)"
        for code in shared[level]
    )
    head = noun.singular if shared.height == 1 else noun.plural
    return typography(f"**{capitalised(head)}** : {links}.")


def commune_list(place: Place, every: dict[tuple[str, str], Place]) -> str:
    """The communes in alphabetical order; of a département, those that are in no EPCI.

    The long lists of the types of commune are folded, by département.
    """
    if place.level == "departement":
        alone = place.communes.filter(pl.col("epci").is_null())
        if alone.is_empty():
            return ""
        names = escaped(", ".join(alone["nom"]))
        return typography(f"**Hors de toute intercommunalité** : {names}.")
    if place.level != "type_commune":
        return paragraphs(COMMUNES, _raw(_items(place.communes, every, place.level)))
    parts = []
    for (code,), communes in place.communes.partition_by("departement", as_dict=True).items():
        name = every["departement", code].row["nom"]
        summary = f"{escape(name)} ({integer(communes.height)})"
        parts.append(
            f"<details><summary>{summary}</summary>{_items(communes, every, place.level)}</details>"
        )
    return paragraphs(COMMUNES, _raw("\n".join(sorted(parts))))


def _items(communes: pl.DataFrame, every: dict[tuple[str, str], Place], level: str) -> str:
    items = []
    for row in communes.iter_rows(named=True):
        name = escape(row["nom"])
        if level != "epci" and row["epci"]:
            page = every["epci", row["epci"]].address.rpartition("/")[2]
            name = f'<a href="{page}.html#commune-{row["code"]}">{name}</a>'
        own = level == "epci" or (level == "zone_emploi" and not row["epci"])
        anchor = f' id="commune-{row["code"]}"' if own else ""
        items.append(f"<li{anchor}>{name}, {integer(row['population'])}</li>")
    return f'<ul class="communes">{"".join(items)}</ul>'


def _raw(content: str) -> str:
    return "```{=html}\n" + content + "\n```"
