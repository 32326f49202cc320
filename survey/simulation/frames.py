"""Simulated sampling frames that meet the official totals exactly. Données simulées.

Official tables never give every crossing: what they lack comes from assumptions
(`data/reference/hypotheses_simulation.csv`), so frames serve demonstrations and tests, not facts.
A builder gives the cells of one population: categories, and `effectif`, the units of each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from survey.errors import SurveyError
from survey.reference import Reference
from survey.simulation.associations import association_cells
from survey.simulation.enterprises import enterprise_cells
from survey.simulation.model import stream
from survey.simulation.public_bodies import public_body_cells
from survey.simulation.residents import resident_cells
from survey.territories import Territories

COUNT = "effectif"
CELLS: dict[str, Callable[[Reference, Territories], pl.DataFrame]] = {
    "entreprises": enterprise_cells,
    "secteur_public": public_body_cells,
    "associations": association_cells,
    "habitants": resident_cells,
}


def build_cells(population: str, reference: Reference, territories: Territories) -> pl.DataFrame:
    """The cells of the frame of a population: its categories and `effectif` (> 0)."""
    if population not in CELLS:
        raise SurveyError(
            f"population « {population} » : aucune base de sondage simulée. "
            f"Populations simulées : {', '.join(CELLS)}."
        )
    return CELLS[population](reference, territories).filter(pl.col(COUNT) > 0)


def list_units(cells: pl.DataFrame, territories: Territories, seed: int) -> pl.DataFrame:
    """One row per unit of the cells, sorted by `unite` (random identifier), with its `commune`.

    A unit whose cell has no commune gets one of its département, drawn in proportion to
    population: an assumption. Nothing else depends on `seed`.
    """
    units = cells.select(pl.exclude(COUNT).repeat_by(COUNT).explode(empty_as_null=False))
    rng = np.random.default_rng([seed, 1])
    identifiers = np.unique(rng.integers(0, 2**48, units.height + 1000))
    chosen = rng.permutation(identifiers)[: units.height]
    names = pl.Series("unite", [f"{number:012x}" for number in chosen])
    listed = units.select(names, pl.all()).sort("unite")
    if "commune" in listed.columns:
        return listed
    return listed.with_columns(commune=draw_communes(listed["departement"], territories, seed))


def draw_communes(departements: pl.Series, territories: Territories, seed: int) -> pl.Series:
    """A commune of each unit's département, drawn in proportion to population."""
    numbers = stream(seed, "commune").random(len(departements))
    drawn = np.empty(len(departements), dtype=object)
    for departement in departements.unique(maintain_order=True):
        communes = territories.communes.filter(pl.col("departement") == departement)
        edges = communes["population"].cum_sum().to_numpy() / communes["population"].sum()
        here = (departements == departement).to_numpy()
        place = np.searchsorted(edges, numbers[here], side="right")
        drawn[here] = communes["code"].to_numpy()[place]
    return pl.Series(drawn, dtype=pl.String)


def draw_witnesses(cells: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """`size` units of the cells, one in so many, each standing for as many units.

    A systematic sample: every crossing of categories has its share, to one unit.
    """
    edges = cells[COUNT].cum_sum().to_numpy()
    start = stream(seed, "témoins").random()
    ranks = (np.arange(size) + start) * edges[-1] / size
    owner = np.searchsorted(edges, ranks, side="right")
    return (
        cells[owner].drop(COUNT).with_columns(unite=pl.format("témoin {}", pl.Series(range(size))))
    )
