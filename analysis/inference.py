"""From an estimate and its error to an interval, a p-value, and one corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special
from statsmodels.stats.multitest import multipletests

from analysis.arrays import design_arrays
from analysis.checks import Floats, fault, require_columns
from analysis.design import SurveyDesign
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

# By family, p-values ascending. statsmodels collects garbage at each call: 50 ms a family.
_COUNT, _PLACE = pl.len(), pl.int_range(pl.len())
QUICK = {
    "bonferroni": pl.col("p") * _COUNT,
    "holm": (pl.col("p") * (_COUNT - _PLACE)).cum_max(),
    "fdr_bh": (pl.col("p") * _COUNT / (_PLACE + 1)).cum_min(reverse=True),
}


def check_level(level: float) -> None:
    """Raise unless the confidence is inside (0, 1)."""
    if not 0 < level < 1:
        raise fault(f"Niveau de confiance {level} : attendu entre 0 et 1, par exemple 0.95.")


def tested_arrays(responses: pl.DataFrame, design: SurveyDesign) -> DesignArrays:
    """The design as arrays; raises on replicate weights, which these tests do not read."""
    if design.replicates is not None:
        raise fault(
            "Tests : les poids répliqués ne sont pas pris en compte ; décrire le plan par ses "
            "strates et ses grappes."
        )
    return design_arrays(responses, design)


def degrees_of_freedom(arrays: DesignArrays, counted: NDArray[np.bool_]) -> int:
    """Primary units minus strata among the rows `counted`, as R's `degf` of the subset."""
    rows = counted & (arrays.weight > 0)
    return len(np.unique(arrays.psu[rows])) - len(np.unique(arrays.stratum[rows]))


def student(
    estimate: Floats, error: Floats, df: Floats, level: float, null: float = 0.0
) -> dict[str, Floats]:
    """`std_error, conf_low, conf_high, df, p_value` of each estimate, NaN where there is none.

    A two-sided t test that the truth is `null`; none without degrees of freedom. An error of 0
    leaves no doubt: the p-value is then 1 at `null` and 0 elsewhere.
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
        "p_value": np.where(
            (error == 0) & ~np.isnan(df), (estimate == null).astype(float), p_value
        ),
    }


def adjusted(tested: pl.DataFrame, family: Sequence[str], method: str | None) -> pl.DataFrame:
    """Set `p_adjusted` from `p_value` within each family (empty: all); null where the p-value is.

    `method` is one of statsmodels' `multipletests` (`ADJUSTMENTS`), the commonest done here for all
    families at once; None = no correction. A column
    `p_adjusted` already there keeps its place, else it comes last.
    """
    if method is None:
        return tested.with_columns(p_adjusted=pl.col("p_value"))
    if method not in ADJUSTMENTS:
        raise fault(
            f"Correction des tests multiples {method!r} inconnue ; choisir parmi "
            f"{', '.join(ADJUSTMENTS)}, ou None pour ne rien corriger."
        )
    require_columns(tested, family, "Correction des tests multiples")
    code = pl.struct(family).rank("dense") if family else pl.lit(1)
    known = (
        tested.select(family=code, p=pl.col("p_value").cast(pl.Float64))
        .with_row_index("row")
        .drop_nulls("p")
        .sort("family", "p")
    )
    if method in QUICK:
        corrected = known.select("row", p_adjusted=QUICK[method].over("family").clip(0, 1))
    else:
        with np.errstate(divide="ignore"):  # Šidák takes the logarithm of 1 - p, p being 1
            parts = [
                part.select("row", p_adjusted=pl.Series(multipletests(part["p"], method=method)[1]))
                for part in known.partition_by("family")
            ]
        corrected = pl.concat(parts) if parts else known.select("row", p_adjusted="p")
    rows = tested.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))
    found = rows.join(corrected, on="row", how="left", maintain_order="left")
    return tested.with_columns(found["p_adjusted"])


def as_tests(
    rows: Sequence[dict[str, Any]], family: Sequence[str], adjust: str | None
) -> pl.DataFrame:
    """Results of tests as `TEST`: what is absent or NaN is null, p-values corrected by family."""
    whole = [dict.fromkeys(TEST) | row for row in rows]
    frame = pl.DataFrame(whole, schema=TEST, strict=False)
    return adjusted(frame.with_columns(pl.col(pl.Float64).fill_nan(None)), family, adjust)
