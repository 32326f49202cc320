"""From an estimate and its error to an interval, a p-value, and one corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special
from statsmodels.stats.multitest import multipletests

from analysis.checks import Floats, fault
from analysis.forms import DesignArrays

TEST = pl.Schema(
    {
        "test": pl.String,
        "variable": pl.String,
        "group": pl.String,
        "domain_type": pl.String,
        "domain": pl.String,
        "statistic": pl.Float64,
        "ndf": pl.Float64,
        "ddf": pl.Float64,
        "p_value": pl.Float64,
        "p_adjusted": pl.Float64,
        "estimate": pl.Float64,
        "std_error": pl.Float64,
        "conf_low": pl.Float64,
        "conf_high": pl.Float64,
        "n": pl.Int64,
        "status": pl.String,
    }
)
OK = "ok"
NO_ROW = "aucune réponse"
NO_ESTIMATE = "estimation absente"
NO_ERROR = "erreur nulle"
NO_FREEDOM = "aucun degré de liberté"
ONE_GROUP = "moins de deux groupes"
CONSTANT = "valeur constante"
SINGULAR = "variances non inversibles"
ADJUSTMENTS = ("holm", "bonferroni", "sidak", "holm-sidak", "simes-hochberg", "hommel")
ADJUSTMENTS += ("fdr_bh", "fdr_by", "fdr_tsbh", "fdr_tsbky")


def check_level(level: float) -> None:
    """Raise unless the confidence is inside (0, 1)."""
    if not 0 < level < 1:
        raise fault(f"Niveau de confiance {level} : attendu entre 0 et 1, par exemple 0.95.")


def degrees_of_freedom(arrays: DesignArrays, counted: NDArray[np.bool_]) -> int:
    """Primary units minus strata among the rows `counted`, as R's `degf` of the subset."""
    rows = counted & (arrays.weight > 0)
    return len(np.unique(arrays.psu[rows])) - len(np.unique(arrays.stratum[rows]))


def student(
    estimate: Floats, error: Floats, df: Floats, level: float, null: float = 0.0
) -> dict[str, Floats]:
    """`std_error, conf_low, conf_high, df, p_value` of each estimate, NaN where there is none.

    A two-sided t test that the truth is `null`. An error of 0 leaves no doubt: the p-value is then
    1 at `null` and 0 elsewhere.
    """
    df = np.where(df > 0, df, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = special.stdtrit(df, (1 + level) / 2) * error
        p_value = 2 * special.stdtr(df, -np.abs((estimate - null) / error))
    return {
        "std_error": error,
        "conf_low": estimate - width,
        "conf_high": estimate + width,
        "df": df,
        "p_value": np.where(error == 0, (estimate == null).astype(float), p_value),
    }


def adjusted(tested: pl.DataFrame, family: Sequence[str], method: str | None) -> pl.DataFrame:
    """Set `p_adjusted` from `p_value` within each family (empty: all); null where the p-value is.

    `method` is one of statsmodels' `multipletests` (`ADJUSTMENTS`), None = no correction. A column
    `p_adjusted` already there keeps its place, else it comes last.
    """
    if method is None:
        return tested.with_columns(p_adjusted=pl.col("p_value"))
    if method not in ADJUSTMENTS:
        raise fault(
            f"Correction des tests multiples {method!r} inconnue ; choisir parmi "
            f"{', '.join(ADJUSTMENTS)}, ou None pour ne rien corriger."
        )
    p_values = tested["p_value"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    corrected = np.full(tested.height, np.nan)
    families = tested.with_row_index("row").filter(pl.col("p_value").is_not_null())
    for rows in families.group_by(list(family) or pl.lit(0)).agg("row")["row"]:
        index = rows.to_numpy()
        corrected[index] = multipletests(p_values[index], method=method)[1]
    return tested.with_columns(p_adjusted=pl.Series(corrected, dtype=pl.Float64).fill_nan(None))


def as_tests(
    rows: Sequence[dict[str, Any]], family: Sequence[str], adjust: str | None
) -> pl.DataFrame:
    """Results of tests as `TEST`: what is absent or NaN is null, p-values corrected by family."""
    whole = [dict.fromkeys(TEST) | row for row in rows]
    frame = pl.DataFrame(whole, schema=TEST, strict=False)
    return adjusted(frame.with_columns(pl.col(pl.Float64).fill_nan(None)), family, adjust)
