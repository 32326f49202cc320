"""An indicator by territory as a figure: map, cartogram or list, whatever the level calls for.

A territory without a figure stays on the map and in the table, with the reason.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import polars as pl

from analysis.findings import finding_places
from analysis.marks import Reference
from analysis.wording import Noun
from reports.addresses import slug
from reports.contours import contours
from reports.edition import WHOLE, Edition
from reports.figures import Caption, Figure, cartogram_figure, dot_figure, map_figure
from survey.french import capitalised
from survey.territories import Territories, load_territories

NOUNS = {
    "departement": Noun("département", "départements"),
    "epci": Noun("intercommunalité", "intercommunalités", feminine=True),
    "zone_emploi": Noun("zone d’emploi", "zones d’emploi", feminine=True),
    "type_commune": Noun("type de commune", "types de commune"),
}
MAPPED = ("departement", "epci", "zone_emploi")  # levels whose places have a position
MAIN = "usage_ia"
LONGEST_TITLE = 130  # signs; a finding whose places have longer names is told without them


@cache
def territories(root: Path) -> Territories:
    """The territories of the project."""
    return load_territories(root / "data" / "reference")


def main_indicator(edition: Edition) -> str:
    """The indicator that stands for an edition: the use of AI, else its first key figure."""
    if MAIN in edition.definitions:
        return MAIN
    ranked = {code: each.headline or sys.maxsize for code, each in edition.definitions.items()}
    return min(ranked, key=ranked.__getitem__)


def territory_cells(edition: Edition, indicator: str, level: str) -> pl.DataFrame | None:
    """The shares of an indicator in every place of a level; None when the edition has none.

    A place that the survey did not reach is there too, as one without a figure.
    """
    if not has_level(edition, indicator, level):
        return None
    places = territories(edition.campaign.root).of(level)
    cells = edition.by(indicator, level).filter(pl.col("domain").is_in(places["code"].to_list()))
    missing = places.filter(~pl.col("code").is_in(cells["domain"].to_list()))
    if missing.is_empty():
        return cells
    said = ("indicator", "population", "edition", "domain_type", "statistic", "family", "title")
    said += ("indicator_label", "theme", "base_label", "comparable_since", "series_break")
    whole = edition.cell(indicator)
    constants = {name: whole[name] for name in said if name in cells.columns}
    constants |= {"domain_type": level, "status": "nd"}
    empty = missing.select(domain="code", label="nom_court").with_columns(
        pl.lit(value, dtype=cells.schema[name]).alias(name) for name, value in constants.items()
    )
    return pl.concat([cells, empty], how="diagonal_relaxed").select(cells.columns)


def has_level(edition: Edition, indicator: str, level: str) -> bool:
    """Whether the edition cuts this indicator by this level."""
    return not edition.cells.filter(
        pl.col("indicator") == indicator,
        pl.col("domain_type") == level,
        pl.col("statistic") == "share",
    ).is_empty()


def territory_figure(
    edition: Edition, indicator: str, level: str, *, heading: int = 3
) -> Figure | None:
    """The shares of an indicator by territory; None when the edition does not cut by this level.

    Contours when there are some for the level, circles by population otherwise, dots for the types
    of commune, which have no position. `heading` is the level of its title.
    """
    frame = territory_cells(edition, indicator, level)
    if frame is None:
        return None
    root, caption = edition.campaign.root, _caption(edition, indicator, level, frame, heading)
    share = edition.cell(indicator, WHOLE)["estimate"]
    reference = None if share is None else Reference("Région", share)
    if level not in MAPPED:
        return dot_figure(frame, caption, reference=reference, order="given")
    places, noun = territories(root).of(level), NOUNS[level]
    if outlines := contours(root, level, _names(places)):
        return map_figure(frame, outlines, caption, reference=reference, noun=noun)
    around = contours(root, "departement", _names(territories(root).of("departement")))
    return cartogram_figure(frame, places, caption, outlines=around, reference=reference, noun=noun)


departement_figure = partial(territory_figure, level="departement")
epci_figure = partial(territory_figure, level="epci")
zone_emploi_figure = partial(territory_figure, level="zone_emploi")
type_commune_figure = partial(territory_figure, level="type_commune")


def _names(places: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    return tuple(places.select("code", "nom_court").iter_rows())


def _caption(
    edition: Edition, indicator: str, level: str, frame: pl.DataFrame, heading: int
) -> Caption:
    definition = edition.definitions[frame["family"][0]]
    units, noun = edition.noun(definition.base), NOUNS[level]
    places = territories(edition.campaign.root).of(level)
    locatives = dict(places.select("code", "locatif").iter_rows())
    firm = (frame["status"] == "ok").sum()
    neutral = f"Entre {noun.plural}, des écarts trop faibles pour être affirmés"
    if firm < 2:
        neutral = f"Trop peu de réponses pour comparer les {noun.plural}"
    measure, title = f"{definition.title}, {units.plural}", neutral
    statement = "{named}, la part est de {value}"
    if definition.verb:
        verb = definition.verb[1]
        measure = f"Part des {units.plural} qui {verb}"
        title = finding_places(frame, f"les {units.plural}", verb, locatives, neutral)
        if len(title) > LONGEST_TITLE:
            title = f"Entre {noun.plural}, des écarts nets"
        statement = f"{{named}}, {{value}} des {units.plural} {verb}"
    caption = edition.caption(
        f"{slug(edition.campaign.population)}-{slug(indicator)}-{slug(level)}",
        title,
        f"{measure}, par {noun.singular}",
        frame,
        statement,
        capitalised(noun.singular),
        named=locatives,
    )
    return replace(caption, level=heading)
