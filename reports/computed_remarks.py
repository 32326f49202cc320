"""What must be said beside computed results: nothing that was left empty stays unexplained."""

from __future__ import annotations

import polars as pl

from analysis.checks import named
from reports.specification import WHOLE, Specification
from reports.specified_rows import SurveyRows, as_names
from survey.french import counted, integer

UNPUBLISHED = (
    "Rien n’est arrondi, seuillé ni retiré : ces chiffres n’ont passé ni le secret statistique ni "
    "les règles de diffusion. Relisez-les avant de les publier."
)
KEYS = ("domaine_type", "domaine", "variable")
ALONE = "une seule unité primaire par strate"


def remarks(
    rows: SurveyRows, wanted: Specification, results: pl.DataFrame, weight: str
) -> list[str]:
    """Sentences on what was not read, constant variables and empty cells; none where all is plain.

    `weight` is the column of the weights that the results rest on.
    """
    found = [*unread_margins(rows)]
    if rows.missing:
        found.append(f"Cellules lues comme vides (« manquants ») : {integer(rows.missing)}.")
    if rows.namesake and WHOLE in wanted.domaines and "domaines" in wanted.model_fields_set:
        found.append(
            f"« {WHOLE} » désigne toute la population, et non la colonne de ce nom : pour découper "
            "selon elle, renommez-la."
        )
    return [*found, *constants(rows, wanted), *empty_cells(rows, wanted, results, weight)]


def unread_margins(rows: SurveyRows) -> list[str]:
    """The columns of the margins that nothing reads, if there are any."""
    plural = len(rows.unread) > 1
    what = "Colonnes des marges non lues" if plural else "Colonne des marges non lue"
    return [f"{what} : {named(rows.unread)}."] if rows.unread else []


def constants(rows: SurveyRows, wanted: Specification) -> list[str]:
    """The variables whose mean is asked, and that have one value."""
    means = [each.variable for each in wanted.cibles if each.statistique == "moyenne"]
    still = [name for name in dict.fromkeys(means) if rows.table[name].drop_nulls().n_unique() == 1]
    if len(still) > 1:
        return [f"Variables constantes : {named(still)}. Leur moyenne est sans erreur."]
    return [f"Variable constante : {still[0]}. Sa moyenne est sans erreur."] if still else []


def empty_cells(
    rows: SurveyRows, wanted: Specification, results: pl.DataFrame, weight: str
) -> list[str]:
    """Why some cells are empty, with the first of them; each line under its first reason."""
    replicated = wanted.plan.repliques is not None
    exists = pl.col("estimation").is_not_null()
    heard = pl.col("n") > 0
    no_bounds = pl.col("ic_bas").is_null() | pl.col("ic_haut").is_null()
    no_error = pl.col("erreur_type").is_null()
    free = "poids répliqués qui ne varient pas" if replicated else ALONE
    nothing = "aucune réplique n’en a" if replicated else "aucune strate n’en donne la variance"
    reasons = {
        "sans réponse dans le domaine, donc sans estimation": ~exists & ~heard,
        "sans réponse dans le domaine : total nul, sans intervalle, cv ni deff": exists & ~heard,
        "sans estimation (dénominateur ou total nul)": ~exists,
        f"sans erreur-type, intervalle, cv ni deff ({free})": no_error & (pl.col("ddl") < 1),
        "sans erreur-type ni intervalle entier (quantile trop extrême pour si peu de réponses)": (
            no_error & (pl.col("statistique") == "quantile")
        ),
        f"sans erreur-type, intervalle, cv ni deff ({nothing})": no_error,
        f"sans intervalle ({free}, donc aucun degré de liberté)": no_bounds & (pl.col("ddl") < 1),
        "sans intervalle entier (trop peu de réponses)": no_bounds,
    }
    first = pl.coalesce(
        pl.when(condition).then(pl.lit(reason)) for reason, condition in reasons.items()
    )
    told = results.with_columns(reason=first)
    known = told.filter(exists & heard & ~no_error)
    zero = pl.lit("sans cv (estimation nulle)")
    null_cv = known.filter(pl.col("cv").is_null()).with_columns(reason=zero)
    null_deff = effectless(rows, wanted, known.filter(pl.col("deff").is_null()), weight)
    columns = ["reason", "variable", "modalite", "domaine"]
    parts = [told.drop_nulls("reason"), null_cv, null_deff]
    return sentences(pl.concat([part.select(columns) for part in parts]))


def effectless(
    rows: SurveyRows, wanted: Specification, results: pl.DataFrame, weight: str
) -> pl.DataFrame:
    """The results without design effect, with the reason of each."""
    if results.is_empty():
        return results
    replicated = wanted.plan.repliques is not None
    cuts = [as_names(cut) for cut in wanted.domaines]
    sizes = pl.concat([answered_weights(rows, wanted, names, weight) for names in cuts])
    reason = (
        pl.when(pl.col("statistique").eq("quantile") & replicated)
        .then(pl.lit("sans deff (quantile sous poids répliqués)"))
        .when(pl.col("n") == 1)
        .then(pl.lit("sans deff (une seule réponse)"))
        .when(pl.col("weight") <= pl.col("n"))
        .then(pl.lit("sans deff (poids qui ne dépassent pas le nombre de réponses)"))
        .otherwise(pl.lit("sans deff (aucune variation dans le domaine)"))
    )
    joined = results.join(sizes, on=KEYS, how="left", maintain_order="left")
    return joined.with_columns(reason=reason)


def answered_weights(
    rows: SurveyRows, wanted: Specification, names: tuple[str, ...], weight: str
) -> pl.DataFrame:
    """Sum of the weights of the rows that answer, by domain of a cut and variable."""
    whole = names == (WHOLE,)
    codes = [pl.col(rows.codes[name]).cast(pl.String) for name in names if not whole]
    label = pl.lit(WHOLE) if whole else pl.concat_str(codes, separator=" x ")
    read = {each.label: each.columns for each in wanted.cibles}
    answers = [pl.all_horizontal(pl.col(columns).is_not_null()) for columns in read.values()]
    table = rows.table.select(
        pl.lit(" x ".join(names)).alias("domaine_type"),
        label.alias("domaine"),
        *((pl.col(weight) * heard).alias(str(place)) for place, heard in enumerate(answers)),
    )
    sums = table.group_by("domaine_type", "domaine").sum()
    long = sums.unpivot(index=["domaine_type", "domaine"], variable_name="variable")
    labels = {str(place): name for place, name in enumerate(read)}
    return long.rename({"value": "weight"}).with_columns(pl.col("variable").replace(labels))


def sentences(told: pl.DataFrame) -> list[str]:
    """One sentence a reason, with the first cells it holds for."""
    name = pl.concat_str("variable", "modalite", separator=" ", ignore_nulls=True)
    cells = told.select("reason", cell=pl.format("{} ({})", name, "domaine"))
    return [
        f"{counted(each.height, 'ligne')} {reason} : {named(each['cell'].to_list())}."
        for (reason,), each in cells.group_by("reason", maintain_order=True)
    ]
