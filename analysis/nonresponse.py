"""Non-response: respondents answer for the silent units of their response group."""

from __future__ import annotations

import polars as pl

from analysis.checks import fault, numeric_column, refuse_missing, require_columns, row_numbers
from survey.errors import MarginError
from survey.french import integer


def adjust_nonresponse(
    sample: pl.DataFrame,
    groups: tuple[str, ...],
    *,
    weight: str = "design_weight",
    collapse: tuple[str, ...] = (),
    minimum: int = 1,
) -> pl.DataFrame:
    """Share the weight of non-respondents among the respondents of their response group.

    The weight of a respondent is divided by the weighted response rate of its group, so the sum of
    weights of each group is kept. Response is supposed to be at random within a group: nothing is
    done about what differs between respondents and others inside it.

    Parameters
    ----------
    sample : one row per sampled unit, `responded` (Boolean), `weight` (> 0) and `groups`.
    groups : columns whose combinations are the response groups.
    collapse : columns of `groups` that may be given up, the first one first, where a group has
        fewer than `minimum` respondents. All groups that differ only by the column given up are
        then merged; the others stay. Empty = nothing is ever merged.
    minimum : respondents asked of every group.

    Returns
    -------
    `sample`, same rows and order, plus `response_group` (« secteur=AZ, taille=10-49 », with only
    the columns kept) and `nonresponse_weight`, 0 for a non-respondent. `response_groups` tells
    the groups used.

    Raises
    ------
    MarginError : a group keeps fewer than `minimum` respondents once everything was given up.
    """
    check_sample(sample, groups, weight, collapse, minimum)
    grouped = sample.with_columns(response_group=group_label(groups))
    kept = groups
    for column in collapse:
        kept = tuple(name for name in kept if name != column)
        short = (pl.col("responded").sum().over("response_group") < minimum).any()
        short = short.over(*kept) if kept else short
        merged = pl.when(short).then(group_label(kept)).otherwise("response_group")
        grouped = grouped.with_columns(response_group=merged)
    refuse_short_groups(grouped, minimum)
    heard = (pl.col(weight) * pl.col("responded")).sum().over("response_group")
    inflation = pl.col(weight).sum().over("response_group") / heard
    return grouped.with_columns(
        nonresponse_weight=pl.when("responded").then(pl.col(weight) * inflation).otherwise(0.0)
    )


def response_groups(adjusted: pl.DataFrame, *, weight: str = "design_weight") -> pl.DataFrame:
    """The response groups used, one row each, sorted by name.

    Columns: `response_group`, `n_sample`, `n_respondents`, `response_rate` (weighted, in [0, 1])
    and `inflation`, the factor its respondents' weights received.
    """
    heard = pl.col(weight).filter("responded").sum()
    return (
        adjusted.group_by("response_group")
        .agg(
            n_sample=pl.len(),
            n_respondents=pl.col("responded").sum(),
            response_rate=heard / pl.col(weight).sum(),
            inflation=pl.col(weight).sum() / heard,
        )
        .sort("response_group")
    )


def with_represented_sizes(
    respondents: pl.DataFrame, *, stratum: str = "stratum", weight: str = "nonresponse_weight"
) -> pl.DataFrame:
    """Add `represented_size`, the units that the respondents of each stratum stand for.

    It is the size of the stratum for the variance. With its size in the frame, a stratum wholly
    drawn and wholly heard would have no variance, although its respondents answer for the silent of
    other strata of their response group. With the sum of its weights, the finite population
    correction is that of the draw and of the response together, and the variance is near the
    two-phase estimator of Särndal, Swensson and Wretman (1992, result 9.3.1) without the silent.

    Parameters
    ----------
    respondents : one row per respondent, `stratum` and `weight`, that of `adjust_nonresponse`.

    Returns
    -------
    `respondents`, same rows and order, plus `represented_size`, at least the rows of the stratum.
    """
    size = pl.max_horizontal(pl.col(weight).sum(), pl.len()).over(stratum)
    return respondents.with_columns(represented_size=size)


def group_label(columns: tuple[str, ...]) -> pl.Expr:
    """« secteur=AZ, taille=10-49 », or « ensemble » without columns."""
    if not columns:
        return pl.lit("ensemble")
    parts = [pl.format(f"{column}={{}}", pl.col(column).cast(pl.String)) for column in columns]
    return pl.concat_str(parts, separator=", ")


def check_sample(
    sample: pl.DataFrame,
    groups: tuple[str, ...],
    weight: str,
    collapse: tuple[str, ...],
    minimum: int,
) -> None:
    """Raise on what cannot be adjusted."""
    use = "Correction de la non-réponse"
    require_columns(sample, (*groups, weight, "responded"), use)
    unknown = [column for column in collapse if column not in groups]
    if unknown or minimum < 1:
        raise fault(
            f"{use} : « collapse » ({', '.join(collapse)}) doit reprendre des colonnes de "
            f"« groups » ({', '.join(groups)}) et « minimum » valoir au moins 1 (reçu {minimum})."
        )
    for column in (*groups, "responded"):
        refuse_missing(sample, column, use)
    if sample.schema["responded"] != pl.Boolean:
        raise fault(f"{use} : la colonne « responded » doit être booléenne (vrai ou faux).")
    wrong = pl.Series(numeric_column(sample, weight, use) <= 0)
    if wrong.any():
        raise fault(f"{use} : poids « {weight} » nul ou négatif ({row_numbers(wrong)}).")


def refuse_short_groups(grouped: pl.DataFrame, minimum: int) -> None:
    """Raise on groups with fewer than `minimum` respondents, naming them and what to merge."""
    short = (
        grouped.group_by("response_group")
        .agg(pl.len(), pl.col("responded").sum())
        .filter(pl.col("responded") < minimum)
        .sort("response_group")
    )
    if short.is_empty():
        return
    listed = " ; ".join(
        f"« {name} » (unités tirées : {integer(size)}, répondantes : {integer(heard)})"
        for name, size, heard in short.rows()
    )
    raise fault(
        f"Correction de la non-réponse : groupe de réponse sous le minimum de répondants "
        f"({minimum}) : {listed}. Le regrouper avec un groupe voisin : recoder une colonne du "
        "groupe, ou la citer dans « regrouper » (campaign.yml).",
        MarginError,
    )
