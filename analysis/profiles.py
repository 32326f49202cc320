"""A domain beside the whole it is part of, judged from published cells alone.

The variance of the difference is V + U - 2 C: V of the domain, U of the whole, C their covariance,
which no published cell tells. With w the domain's part of the base, two cases are known:

    C = w V   the domain is a set of strata: what it answers says nothing of the rest;
    C = U     the domain cuts across the strata at random, as a sub-sample of the whole.

The smaller is taken, which gives the larger error. Three more things make the test conservative:

- a share's V is at least p (1 - p) / n, p being the share of the whole and n the effective size of
  the domain, never more than its respondents: what V would be if there were no difference. A share
  of 0, or of few units, then claims nothing by its small error;
- the degrees of freedom are the fewer of both cells;
- the error is widened by `MARGIN`, for what lies between the two cases.

Against the engine's exact covariances, over some 9 000 differences by size, sector and four kinds
of territory, the formula without `MARGIN` was short of the exact error by 2 % at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, log
from typing import Any

import numpy as np
import polars as pl
from scipy import special

from analysis.checks import Floats, require_columns
from analysis.inference import adjusted
from analysis.ranking import has_last, is_above, leaders

MARGIN = 1.02
RISK = 0.05
TESTED = ("share", "mean")
SAME = ("population", "edition", "indicator", "statistic")
NEEDED = ("domain_type", "domain", "status", "estimate", "std_error", "conf_low", "conf_high", "df")
NEEDED += ("n_respondents", "population_size")
OF_WHOLE = ("estimate", "std_error", "conf_low", "conf_high", "df", "population_size", "status")
KEPT = ("estimate", "conf_low", "conf_high", "status")
ABOVE, BELOW = "au-dessus", "au-dessous"
SLIGHT, LEVEL_WITH = "écart faible", "sans écart net"
LEAST_GAP = 0.025  # of two shares: a surer but smaller gap is no finding


def beside_whole(cells: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Each cell beside that of the whole population, the difference tested.

    Parameters
    ----------
    cells, whole : published cells, in the result vocabulary; those of `whole` have one domain. A
        cell of `cells` without its like in `whole` keeps its row, and has no difference.

    Returns
    -------
    `cells`, same rows and order, plus `whole_estimate`, `whole_low`, `whole_high`, `whole_status`,
    `difference` (domain - whole; null when either is withheld, and for a total), `difference_error`
    and `p_value` (two-sided, Student; null when either is withheld, not when it is fragile: the
    test counts the error), `effect` (the difference in standard units: Cohen's h of two shares,
    standard deviations of a mean).
    """
    require_columns(cells, (*SAME, *NEEDED), "Profil")
    require_columns(whole, (*SAME, *NEEDED), "Profil")
    others = whole.select(*SAME, *(pl.col(name).alias(f"_{name}") for name in OF_WHOLE))
    pairs = cells.join(others, on=SAME, how="left", maintain_order="left")
    found = {name: _array(pairs, name) for name in (*NEEDED[3:], *(f"_{n}" for n in OF_WHOLE[:-1]))}
    share = (pairs["statistic"] == "share").to_numpy()
    comparable = pairs["statistic"].is_in(TESTED).to_numpy()
    difference = np.where(comparable, found["estimate"] - found["_estimate"], np.nan)
    error, own = _error_of_difference(found, share)
    df = np.fmin(found["df"], found["_df"])
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * special.stdtr(np.where(df > 0, df, np.nan), -np.abs(difference) / error)
        spread = own * np.sqrt(found["n_respondents"])
        shares = [
            2 * np.arcsin(np.sqrt(np.clip(found[n], 0, 1))) for n in ("estimate", "_estimate")
        ]
        effect = np.where(share, shares[0] - shares[1], difference / spread)
    shown = ~np.isnan(difference)
    added = {
        "difference": difference,
        "difference_error": np.where(shown, error, np.nan),
        "p_value": np.where(shown, p_value, np.nan),
        "effect": np.where(shown, effect, np.nan),
    }
    return (
        pairs.rename({f"_{n}": f"whole_{n.removeprefix('conf_')}" for n in OF_WHOLE if n in KEPT})
        .drop("_std_error", "_df", "_population_size")
        .with_columns(pl.Series(name, values).fill_nan(None) for name, values in added.items())
    )


def judged(pairs: pl.DataFrame, page: Sequence[str], tier: str) -> pl.DataFrame:
    """The differences of `beside_whole` with their verdict, corrected for all those of a page.

    The tests of a page share a risk of `RISK`: under equality everywhere, a page claims any
    difference less often than that, whatever binds its indicators (Holm, 1979). Each value of the
    column `tier` gets an equal part of the risk, so that the few indicators told first are not
    drowned among many details; a row whose `tier` is null is not tested.

    Parameters
    ----------
    page : columns that tell the pages; several populations may share one.

    Returns
    -------
    `pairs`, same rows and order, plus `p_adjusted` and `verdict`: "au-dessus", "au-dessous", "écart
    faible" (sure, but of two shares less than `LEAST_GAP` apart, as those of a domain that is most
    of the whole) or "sans écart net" (which does not prove equality); null where there is no test.
    """
    tested = pairs.with_columns(
        p_value=pl.when(pl.col(tier).is_not_null()).then("p_value"),
    )
    tiers = pl.col(tier).filter(pl.col("p_value").is_not_null()).n_unique().over(list(page))
    corrected = adjusted(tested, (*page, tier), "holm").with_columns(
        p_adjusted=(pl.col("p_adjusted") * tiers).clip(0, 1)
    )
    verdict = (
        pl.when(pl.col("p_adjusted").is_null())
        .then(None)
        .when(pl.col("p_adjusted") >= RISK)
        .then(pl.lit(LEVEL_WITH))
        .when((pl.col("statistic") == "share") & (pl.col("difference").abs() < LEAST_GAP))
        .then(pl.lit(SLIGHT))
        .when(pl.col("difference") > 0)
        .then(pl.lit(ABOVE))
        .otherwise(pl.lit(BELOW))
    )
    return corrected.with_columns(verdict=verdict)


def distinctive(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows whose difference the test keeps, the largest in standard units first."""
    kept = [row for row in rows if row["verdict"] in (ABOVE, BELOW)]
    return sorted(kept, key=lambda row: (-abs(row["effect"]), row["indicator"]))


def standing(rows: Sequence[Mapping[str, Any]], domain: str) -> str | None:
    """ "premier" or "dernier" of its type on one indicator, only when clear of every other.

    `rows` are the cells of all the domains of a type. None when one is withheld (it might come
    first), or when another does not surely differ (`analysis.ranking`).
    """
    if any(row["estimate"] is None for row in rows):
        return None
    ordered = sorted(rows, key=lambda row: -row["estimate"])
    if leaders(ordered) and ordered[0]["domain"] == domain:
        return "premier"
    return "dernier" if has_last(ordered) and ordered[-1]["domain"] == domain else None


def parted(own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The other domains that `own` is surely above, and surely below, by code; shown cells only."""
    count = len(others) + 1
    return {
        ABOVE: [row["domain"] for row in others if is_above(own, row, count)],
        BELOW: [row["domain"] for row in others if is_above(row, own, count)],
    }


def nearest(sizes: Mapping[str, int], code: str, count: int) -> list[str]:
    """The `count` others whose size is nearest to that of `code`, in ratio; nearest first."""
    own = log(sizes[code]) if sizes[code] > 0 else -inf
    others = [(abs(log(size) - own), other) for other, size in sizes.items() if size > 0]
    return [other for _, other in sorted(others) if other != code][:count]


def _array(pairs: pl.DataFrame, name: str) -> Floats:
    return pairs[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _error_of_difference(found: Mapping[str, Floats], share: np.ndarray) -> tuple[Floats, Floats]:
    """Standard errors of the difference, and of the domain as the test takes it."""
    part = np.clip(found["population_size"] / found["_population_size"], 0, 1)
    variance, whole = found["std_error"] ** 2, found["_std_error"] ** 2
    equal = found["_estimate"] * (1 - found["_estimate"]) / _effective_size(found)
    own = np.where(share, np.fmax(variance, equal), variance)
    common = np.minimum(part * variance, whole)
    apart = np.maximum(variance + whole - 2 * common, 0) + (1 - part) ** 2 * (own - variance)
    return MARGIN * np.sqrt(apart), np.sqrt(own)


def _effective_size(found: Mapping[str, Floats]) -> Floats:
    """Size of the simple sample as precise as the domain, at most its respondents.

    That of a share of 0 or 1 is told by its interval, the exact one.
    """
    estimate, low, high = found["estimate"], found["conf_low"], found["conf_high"]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = estimate * (1 - estimate) / found["std_error"] ** 2
        reach = np.where(estimate == 0, high, 1 - low)
        exact = np.log(0.025) / np.log1p(-reach)
    size = np.where((estimate == 0) | (estimate == 1), exact, size)
    return np.fmin(size, found["n_respondents"])
