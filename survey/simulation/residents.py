"""Cells of the residents of 15 or more: commune x sex x age, counted and never listed.

Official: département x sex x age group. Estimated in the margins: how many live in each type of
commune. Assumed: ages within the youngest group, and the same ages in every commune of a
département.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from survey.reference import Reference
from survey.sampling import round_to_total
from survey.simulation.crossing import controlled_rounding, margin_totals, shares
from survey.simulation.public_bodies import by_size
from survey.territories import Territories

SEXES = ("femme", "homme")
AGES = {"15-24": ("15", "16-17", "18-24"), "25-39": ("25-39",), "40-59": ("40-59",)}
AGES |= {"60-74": ("60-74",), "75+": ("75+",)}
COMMUNES = {0: "moins2", 2_000: "de2a10", 10_000: "de10a50", 50_000: "plus50"}


def resident_cells(reference: Reference, territories: Territories) -> pl.DataFrame:
    """Number of residents (`effectif`) of each commune, sex and age.

    Columns: `departement`, `commune`, `type_commune`, `taille_commune` and `age` (codes of the
    questionnaire), `age_groupe` (as in the margins), `sexe`, `effectif`. Counts by département x
    sexe x age_groupe and by département x type_commune equal the margins to the unit.
    """
    kinds = [(sex, age, group) for sex in SEXES for group, ages in AGES.items() for age in ages]
    parts = []
    for departement in reference.region.departement_codes:
        communes = territories.communes.filter(pl.col("departement") == departement)
        by_commune = commune_totals(reference, departement, communes)
        by_kind = kind_totals(reference, departement)
        table = controlled_rounding(np.outer(by_commune, by_kind) / by_kind.sum())
        columns = pl.DataFrame(kinds, schema=["sexe", "age", "age_groupe"], orient="row")
        places = communes.select(
            "departement",
            "type_commune",
            commune="code",
            taille_commune=by_size("population", COMMUNES),
        )
        crossed = places.join(columns, how="cross", maintain_order="left_right")
        parts.append(crossed.with_columns(effectif=pl.Series(table.ravel())))
    return pl.concat(parts)


def commune_totals(reference: Reference, departement: str, communes: pl.DataFrame) -> np.ndarray:
    """Residents of each commune: the total of its type, shared in proportion to population."""
    totals = np.zeros(communes.height, dtype=np.int64)
    kinds = communes["type_commune"]
    for kind in kinds.unique(maintain_order=True):
        here = (kinds == kind).to_numpy()
        (total,) = margin_totals(reference, "departement_type", (f"{departement} {kind}",))
        weight = communes["population"].to_numpy()[here]
        totals[here] = round_to_total(total * weight / weight.sum(), int(total))
    return totals


def kind_totals(reference: Reference, departement: str) -> np.ndarray:
    """Residents of each sex and detailed age, in the order of `SEXES` and `AGES`."""
    totals = []
    for sex in SEXES:
        for group, ages in AGES.items():
            name = f"{departement} {sex} {group}"
            (total,) = margin_totals(reference, "departement_sexe_age", (name,))
            split = (
                np.ones(1) if len(ages) == 1 else shares(reference, "age_dans_groupe", group, ages)
            )
            totals += list(round_to_total(total * split, int(total)))
    return np.array(totals)
