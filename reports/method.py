"""The tables of the method page: response, weights, margins, rules of publication."""

from __future__ import annotations

import polars as pl

from reports.edition import Edition, markdown_table
from survey.french import decimal, integer, percent

STEPS = {
    "design_weight": "Poids de sondage",
    "nonresponse_weight": "Après correction de la non-réponse",
    "calibrated_weight": "Poids final, après calage",
}


def response_table(edition: Edition) -> str:
    """Enterprises drawn and answers by size."""
    labels = dict(edition.by("usage_ia", "taille").select("domain", "label").rows())
    table = edition.table("collecte")
    order = list(labels)
    rows = [
        [
            labels[row["taille"]],
            integer(row["n_sampled"]),
            integer(row["n_complete"]),
            percent(row["response_rate"]),
        ]
        for row in sorted(table.to_dicts(), key=lambda row: order.index(row["taille"]))
    ]
    drawn, complete = table["n_sampled"].sum(), table["n_complete"].sum()
    rows.append(["**Ensemble**", integer(drawn), integer(complete), percent(complete / drawn)])
    header = ("Taille", "Entreprises tirées", "Réponses complètes", "Taux de réponse")
    return markdown_table(header, rows, numbers=3)


def weights_table(edition: Edition) -> str:
    """What each weighting step did."""
    rows = [
        [
            STEPS[row["step"]],
            integer(row["n"]),
            integer(row["sum"]),
            decimal(row["min"]),
            decimal(row["max"]),
            decimal(row["kish_deff"], 2),
        ]
        for row in edition.table("poids").to_dicts()
    ]
    header = ("Étape", "Entreprises", "Somme", "Minimum", "Maximum", "Effet de la dispersion")
    return markdown_table(header, rows, numbers=5)


def margins_table(edition: Edition) -> str:
    """Largest gaps to the official totals before and after calibration, by margin variable."""
    names = {
        "departement_secteur": "Département × secteur",
        "departement_taille": "Département × taille",
    }
    gaps = (
        edition.table("marges")
        .group_by("variable", maintain_order=True)
        .agg(
            pl.len().alias("categories"),
            pl.col("total").sum(),
            pl.col("nonresponse_weight_gap").abs().max(),
            pl.col("calibrated_weight_gap").abs().max(),
        )
    )
    rows = [
        [
            names.get(row["variable"], row["variable"]),
            integer(row["categories"]),
            integer(row["total"]),
            percent(row["nonresponse_weight_gap"], 1),
            percent(row["calibrated_weight_gap"], 1),
        ]
        for row in gaps.to_dicts()
    ]
    header = ("Marge", "Catégories", "Total officiel", "Plus grand écart avant", "Après")
    return markdown_table(header, rows, numbers=4)


def sample_sizes(edition: Edition) -> tuple[int, int]:
    """Enterprises drawn, and complete answers."""
    table = edition.table("collecte")
    return table["n_sampled"].sum(), table["n_complete"].sum()
