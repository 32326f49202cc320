"""What must be said beside computed results: nothing that was left empty stays unexplained."""

from __future__ import annotations

import polars as pl

from analysis.checks import named
from reports.specification import Specification
from reports.specified_rows import SurveyRows, target_numbers
from survey.french import integer

UNPUBLISHED = (
    "Rien n’est arrondi, seuillé ni retiré : ces chiffres n’ont passé ni le secret statistique ni "
    "les règles de diffusion. Les relire avant de les publier."
)


def remarks(rows: SurveyRows, wanted: Specification, results: pl.DataFrame) -> list[str]:
    """Sentences on missing values, constant variables and empty cells; none where all is plain."""
    found = []
    if rows.missing:
        found.append(f"Cellules lues comme vides (« manquants ») : {integer(rows.missing)}.")
    still = [
        name for name in target_numbers(wanted) if rows.table[name].drop_nulls().n_unique() == 1
    ]
    if still:
        found.append(
            f"Variable constante : {named(still)}. Sa moyenne est sans erreur, et son deff "
            "n’existe pas."
        )
    return found + empty_cells(results)


def empty_cells(results: pl.DataFrame) -> list[str]:
    """Why some cells are empty, with the first of them."""
    exists = pl.col("estimation").is_not_null()
    no_bounds = pl.col("ic_bas").is_null() | pl.col("ic_haut").is_null()
    alone = exists & no_bounds & (pl.col("ddl") < 1)
    no_error = pl.col("erreur_type").is_null()
    reasons = {
        "sans réponse dans le domaine, donc sans estimation": ~exists & (pl.col("n") == 0),
        "sans estimation (dénominateur ou total nul)": ~exists & (pl.col("n") > 0),
        "sans erreur-type ni intervalle (une seule unité primaire par strate)": alone & no_error,
        "sans intervalle (une seule unité primaire par strate, donc aucun degré de liberté)": alone
        & ~no_error,
        "sans intervalle entier (trop peu de réponses)": exists & no_bounds & (pl.col("ddl") >= 1),
    }
    name = pl.concat_str("variable", "modalite", separator=" ", ignore_nulls=True)
    label = pl.format("{} ({})", name, "domaine")
    sentences = []
    for reason, condition in reasons.items():
        cells = results.filter(condition).select(label).to_series().to_list()
        if cells:
            plural = "s" if len(cells) > 1 else ""
            sentences.append(f"{integer(len(cells))} ligne{plural} {reason} : {named(cells)}.")
    return sentences
