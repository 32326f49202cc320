"""From outcomes of the fieldwork to response rates."""

from __future__ import annotations

import polars as pl

from survey.errors import SurveyError

COMPLETE = "complet"
PARTIAL = "incomplet"
REFUSAL = "refus"
NO_ANSWER = "sans réponse"
OUT_OF_SCOPE = "hors champ"
OUTCOMES = pl.Enum([COMPLETE, PARTIAL, REFUSAL, NO_ANSWER, OUT_OF_SCOPE])


def record_outcomes(
    sample: pl.DataFrame, responses: pl.DataFrame, contacts: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What became of each sampled unit.

    Parameters
    ----------
    sample : one row per sampled unit, with `token`
    responses : `token` and `complete` (Boolean); several rows of a token count once, complete
        first. Rows whose token is not in the sample are left out.
    contacts : `token`, `outcome` for units known to refuse or to be out of scope; an answer
        received prevails on it.

    Returns
    -------
    `sample`, same rows and order, plus `outcome` (`OUTCOMES`); no news is « sans réponse ».

    Raises
    ------
    SurveyError : `contacts` holds an outcome that is not in `OUTCOMES`
    """
    received = responses.group_by("token").agg(pl.col("complete").any())
    known = sample.select("token").join(received, on="token", how="left", maintain_order="left")
    told = pl.Series("told", [None] * sample.height, dtype=OUTCOMES)
    if contacts is not None:
        told = told_outcomes(sample, contacts)
    return sample.with_columns(
        outcome=pl.select(
            pl.when(known["complete"])
            .then(pl.lit(COMPLETE, dtype=OUTCOMES))
            .when(known["complete"].not_())
            .then(pl.lit(PARTIAL, dtype=OUTCOMES))
            .otherwise(told.fill_null(NO_ANSWER))
        ).to_series()
    )


def told_outcomes(sample: pl.DataFrame, contacts: pl.DataFrame) -> pl.Series:
    """Outcome told by the unit itself, null when nothing is known; rows of `sample`."""
    wrong = sorted(set(contacts["outcome"].cast(pl.String)) - set(OUTCOMES.categories))
    if wrong:
        raise SurveyError(
            f"suivi de collecte : issues inconnues {wrong} ; issues permises "
            f"{OUTCOMES.categories.to_list()}."
        )
    last = contacts.group_by("token", maintain_order=True).agg(pl.col("outcome").last())
    return sample.join(last, on="token", how="left", maintain_order="left")["outcome"].cast(
        OUTCOMES
    )


def response_rates(sample: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Response rates of the whole sample, or of each combination of the columns `by`.

    The rate is RR1 of AAPOR, the lowest one: complete answers over every unit not known to be out
    of scope. Partial answers, refusals and units without news all count as non-response.

    Parameters
    ----------
    sample : one row per sampled unit, with `outcome` (`OUTCOMES`) and `design_weight`

    Returns
    -------
    `by`, then `n_sampled`, `n_complete`, `n_partial`, `n_refusal`, `n_no_answer`, `n_out_of_scope`,
    `response_rate` and `weighted_response_rate` (shares in [0, 1]; null when no unit is in scope),
    sorted by `by`.

    References
    ----------
    AAPOR, Standard Definitions, response rate 1: I / ((I + P) + (R + NC + O) + (UH + UO)).
    """
    outcome = pl.col("outcome")
    is_complete, in_scope = outcome == COMPLETE, outcome != OUT_OF_SCOPE
    weight = pl.col("design_weight")
    counts = [
        pl.len().alias("n_sampled"),
        is_complete.sum().alias("n_complete"),
        (outcome == PARTIAL).sum().alias("n_partial"),
        (outcome == REFUSAL).sum().alias("n_refusal"),
        (outcome == NO_ANSWER).sum().alias("n_no_answer"),
        (outcome == OUT_OF_SCOPE).sum().alias("n_out_of_scope"),
        in_scope.sum().alias("n_in_scope"),
        weight.filter(is_complete).sum().alias("weight_complete"),
        weight.filter(in_scope).sum().alias("weight_in_scope"),
    ]
    counted = sample.group_by(by).agg(counts).sort(by) if by else sample.select(counts)
    has_scope = pl.col("n_in_scope") > 0
    return counted.with_columns(
        response_rate=pl.when(has_scope).then(pl.col("n_complete") / pl.col("n_in_scope")),
        weighted_response_rate=pl.when(has_scope).then(
            pl.col("weight_complete") / pl.col("weight_in_scope")
        ),
    ).drop("n_in_scope", "weight_complete", "weight_in_scope")


def unknown_tokens(sample: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """The answers whose token is not in the sample: they can carry no weight.

    Raises
    ------
    SurveyError : a token of the sample is empty or appears twice, or no answer has one of them
    """
    tokens = sample["token"]
    if tokens.null_count() or tokens.is_duplicated().any():
        twice = tokens.is_duplicated().sum()
        raise SurveyError(
            f"échantillon : {tokens.null_count()} jetons vides et {twice} lignes à jeton répété ; "
            "chaque unité tirée doit avoir le sien. Corrigez echantillon.parquet."
        )
    known = pl.col("token").is_in(tokens.to_list()).fill_null(False)
    if not responses.select(known.any()).item():
        raise SurveyError(
            "échantillon : aucune réponse ne porte un jeton de l’échantillon. Vérifiez que "
            "l’export contient la colonne « token » et vient bien de cette campagne."
        )
    return responses.filter(~known)
