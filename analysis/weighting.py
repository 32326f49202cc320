"""What each weighting step did: sums, spread, and margins before and after."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.checks import fault, numeric_column, require_columns

WEIGHTS = ("design_weight", "nonresponse_weight", "calibrated_weight")


def weight_report(weighted: pl.DataFrame, weights: Sequence[str] = WEIGHTS) -> pl.DataFrame:
    """What each weighting step did, one row per step, in the order given.

    Parameters
    ----------
    weighted : one row per unit; each of `weights`. Rows whose weight is null or 0 are left out of
        its step. Give respondents only to see how their weights changed: the sum of the design
        weight is then what they alone represent.

    Returns
    -------
    `step` (name of the column), `n` rows weighted, `sum`, `min`, `max`, `cv` of the weights
    (standard deviation over mean, without unit) and `kish_deff`, the design effect of unequal
    weighting, 1 + cv² (Kish, 1992).
    """
    require_columns(weighted, weights, "Étapes de redressement")
    rows = []
    for step in weights:
        present = weighted.filter(pl.col(step).is_not_null())
        weight = pl.Series(numeric_column(present, step, "Étapes de redressement"))
        weight = weight.filter(weight != 0)
        if weight.is_empty():
            raise fault(f"Étapes de redressement : aucun poids dans la colonne « {step} ».")
        cv = weight.std(ddof=0) / weight.mean()
        rows.append((step, len(weight), weight.sum(), weight.min(), weight.max(), cv, 1 + cv**2))
    columns = ["step", "n", "sum", "min", "max", "cv", "kish_deff"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def margin_report(
    weighted: pl.DataFrame, margins: pl.DataFrame, weights: Sequence[str] = WEIGHTS
) -> pl.DataFrame:
    """Margins after each weighting step, one row per total, in the order of `margins`.

    Returns
    -------
    `variable`, `category`, `total` (target), `n_respondents`, then for each weight its sum, under
    its own name, and `<weight>_gap`, relative to the target (0.02 = 2 % above; null when it is 0).
    """
    variables = margins["variable"].unique(maintain_order=True).to_list()
    numeric = margins.filter(pl.col("category").is_null())["variable"].to_list()
    require_columns(weighted, (*variables, *weights), "Marges avant et après calage")
    sums = [
        weighted.select(
            pl.lit(None, pl.String).alias("category"),
            (pl.col(variable) != 0).sum().alias("n_respondents"),
            *((pl.col(name) * pl.col(variable)).sum() for name in weights),
            variable=pl.lit(variable),
        )
        if variable in numeric
        else weighted.group_by(category=pl.col(variable).cast(pl.String)).agg(
            pl.len().alias("n_respondents"), pl.col(weights).sum(), variable=pl.lit(variable)
        )
        for variable in variables
    ]
    found = pl.concat(sums, how="vertical_relaxed")
    target = margins.select(
        pl.col("variable", "category").cast(pl.String), pl.col("total").cast(pl.Float64)
    )
    total = pl.when(pl.col("total") != 0).then("total")
    gaps = [((pl.col(name) - pl.col("total")) / total).alias(f"{name}_gap") for name in weights]
    ordered = [name for weight in weights for name in (weight, f"{weight}_gap")]
    return (
        target.join(
            found,
            on=["variable", "category"],
            how="left",
            maintain_order="left",
            nulls_equal=True,
        )
        .with_columns(pl.col("n_respondents", *weights).fill_null(0))
        .with_columns(gaps)
        .select("variable", "category", "total", "n_respondents", *ordered)
    )
