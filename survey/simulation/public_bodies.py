"""The list of local authorities: communes, intercommunalités, départements, the region.

It is the official list, not a simulation: only their answers are made up. Assumed: the seat of a
body is the most populated of its communes in the region.
"""

from __future__ import annotations

import polars as pl

from survey.reference import Reference
from survey.territories import Territories

# Least number of inhabitants of each class; for communes, the options of the questionnaire.
COMMUNES = {0: "h0", 500: "h500", 1_000: "h1000", 2_000: "h2000", 3_500: "h3500", 5_000: "h5000"}
COMMUNES |= {10_000: "h10k", 20_000: "h20k", 50_000: "h50k", 100_000: "h100k"}
GROUPS = {0: "e0", 30_000: "e30k", 100_000: "e100k"}
LARGE_COMMUNES = ("h20k", "h50k", "h100k")  # too few to be told apart in the margins


def public_body_cells(reference: Reference, territories: Territories) -> pl.DataFrame:
    """One cell per body, `effectif` 1, without its name.

    Columns: `organisme` (code of the questionnaire), `habitants` (class of a commune, null for the
    others), `classe` (class of a commune or of an intercommunalité, `dep`, `reg`), `categorie` (the
    same as in the margins), `departement` and `commune` of the seat.
    """
    communes = territories.communes.select("departement", "epci", "population", commune="code")
    ranked = communes.sort("population", "commune", descending=[True, False])
    seats = {"dep": ranked.unique("departement", keep="first", maintain_order=True)}
    seats["reg"] = ranked.head(1)
    groups = ranked.drop_nulls("epci").unique("epci", keep="first", maintain_order=True)
    sizes = territories.of("epci").select("population_totale", epci="code")
    classes = {
        "com": by_size("population", COMMUNES),
        "epci": by_size("population_totale", GROUPS),
        "dep": pl.lit("dep"),
        "reg": pl.lit("reg"),
    }
    seats |= {"com": communes, "epci": groups.join(sizes, on="epci", validate="1:1")}
    bodies = pl.concat(
        seats[kind].select("departement", "commune", organisme=pl.lit(kind), classe=classes[kind])
        for kind in classes
    )
    is_commune = pl.col("organisme") == "com"
    return bodies.with_columns(
        habitants=pl.when(is_commune).then("classe"),
        categorie=pl.when(pl.col("classe").is_in(LARGE_COMMUNES))
        .then(pl.lit("h20k+"))
        .when(pl.col("classe").is_in(["e100k", "dep", "reg"]))
        .then(pl.lit("grands"))
        .otherwise("classe"),
        effectif=pl.lit(1, pl.Int64),
    )


def by_size(column: str, classes: dict[int, str]) -> pl.Expr:
    """The class of a number of inhabitants, from the least number of each class, in order."""
    size = pl.lit(None, pl.String)
    for least, code in classes.items():
        size = pl.when(pl.col(column) >= least).then(pl.lit(code)).otherwise(size)
    return size
