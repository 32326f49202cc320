"""Differences between editions and from a published figure, with their tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.checks import Floats, fault, require_columns
from analysis.disclosure import STATUSES, WITHHELD

CELL = ("indicator", "population", "domain_type", "domain", "statistic")
FAMILY = ("indicator", "population", "statistic")
NUMBERS = ("estimate", "std_error", "df")


def compare_editions(
    before: pl.DataFrame,
    after: pl.DataFrame,
    *,
    adjust: str = "holm",
    family: Sequence[str] = FAMILY,
    level: float = 0.95,
) -> pl.DataFrame:
    """What changed between two editions drawn independently, cell by cell.

    The variance of the difference is the sum of both; the test is Student's, with the degrees of
    freedom of Welch and Satterthwaite. Nothing is done for units surveyed in both editions: a
    panel would make the error of the difference smaller than said here. A share of 0 or 1 counts
    with the error of 0 that its estimate bears.

    Parameters
    ----------
    before, after : estimates of one edition each, in the result vocabulary, gated or not.
    adjust : correction of the p-values for the number of tests of a family (statsmodels
        `multipletests`: "holm", "fdr_bh"…).
    family : columns that tell the families; by default the domains of one indicator.
    level : confidence of the intervals; a change is significant when `p_adjusted` < 1 - level.

    Returns
    -------
    One row per cell estimated in both editions, in the order of `after`: `indicator, population,
    domain_type, domain, statistic, edition_before, edition_after, estimate_before,
    estimate_after, difference, std_error, conf_low, conf_high, df, p_value, p_adjusted, verdict,
    status`. `verdict` is "hausse", "baisse" or "stable" (no significant change, which does not
    prove equality). `status` is the more severe of both; a cell `nd` or `secret` in one edition
    has no number. Intervals are not corrected for the number of tests.
    """
    for frame in (before, after):
        check_estimates(frame)
    columns = ("edition", "status", *NUMBERS)
    pairs = after.select(*CELL, *columns).join(
        before.select(*CELL, *columns),
        on=CELL,
        how="inner",
        suffix="_before",
        maintain_order="left",
    )
    now, then = numbers(pairs, ""), numbers(pairs, "_before")
    variance = now["std_error"] ** 2 + then["std_error"] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = now["std_error"] ** 4 / now["df"] + then["std_error"] ** 4 / then["df"]
        df = np.where((now["df"] > 0) & (then["df"] > 0), variance**2 / parts, np.nan)
    difference = now["estimate"] - then["estimate"]
    tested = pairs.select(
        *CELL,
        pl.col("edition_before", "edition", "estimate_before", "estimate"),
        difference=pl.Series(difference),
        **inference(difference, np.sqrt(variance), df, level),
        status=more_severe("status", "status_before"),
    ).rename({"edition": "edition_after", "estimate": "estimate_after"})
    hidden = pl.col("status").is_in(WITHHELD)
    shown = [name for name, kind in tested.schema.items() if kind.is_float()]
    tested = tested.with_columns(pl.when(~hidden).then(pl.col(shown).fill_nan(None)).name.keep())
    return judged(tested, family, adjust, 1 - level)


def compare_with_reference(
    estimates: pl.DataFrame, value: float | pl.Expr, *, level: float = 0.95
) -> pl.DataFrame:
    """How each estimate stands against a published figure that comes without error.

    A published figure that is itself an estimate makes the test too severe: the true difference is
    less certain than said here. The test of a share is on the logit scale, like its interval.

    Parameters
    ----------
    estimates : in the result vocabulary, gated or not.
    value : the figure, or an expression over `estimates` giving one for each row; null = none.

    Returns
    -------
    `estimates`, same rows and order, plus `reference`, `difference` (estimate - reference),
    `difference_low`, `difference_high` (its interval), `p_value` (null where the share is 0 or 1 or
    the reference not inside (0, 1)) and `position`: "au-dessus", "au-dessous", or "proche" when
    the interval of the estimate holds the reference. Null where the estimate is. P-values are not
    corrected for their number.
    """
    check_estimates(estimates)
    require_columns(estimates, ("conf_low", "conf_high"), "Comparaison")
    reference = value if isinstance(value, pl.Expr) else pl.lit(float(value))
    shifted = estimates.with_columns(reference=reference.cast(pl.Float64)).with_columns(
        difference=pl.col("estimate") - pl.col("reference"),
        difference_low=pl.col("conf_low") - pl.col("reference"),
        difference_high=pl.col("conf_high") - pl.col("reference"),
    )
    position = (
        pl.when(pl.col("difference_low") > 0)
        .then(pl.lit("au-dessus"))
        .when(pl.col("difference_high") < 0)
        .then(pl.lit("au-dessous"))
        .when(pl.col("difference_low").is_not_null())
        .then(pl.lit("proche"))
    )
    p_value = pl.Series("p_value", reference_p_values(shifted)).fill_nan(None)
    return shifted.with_columns(p_value, position.alias("position"))


def reference_p_values(shifted: pl.DataFrame) -> Floats:
    """Two-sided p-values against `reference`; on the logit scale for shares."""
    cells = numbers(shifted, "")
    reference = shifted["reference"].to_numpy().astype(float)
    estimate = cells["estimate"]
    shares = (shifted["statistic"] == "share").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = estimate * (1 - estimate)
        gap = np.log(estimate / (1 - estimate)) - np.log(reference / (1 - reference))
        ratio = np.where(shares, gap * slope, estimate - reference) / cells["std_error"]
    ratio = np.where(np.isfinite(ratio), ratio, np.nan)
    return 2 * stats.t.sf(np.abs(ratio), np.where(cells["df"] > 0, cells["df"], np.nan))


def check_estimates(frame: pl.DataFrame) -> None:
    """Raise when a frame is not in the result vocabulary, or repeats a cell."""
    require_columns(frame, (*CELL, "edition", "status", *NUMBERS), "Comparaison")
    repeated = frame.filter(frame.select(*CELL, "edition").is_duplicated())
    if repeated.height:
        row = repeated.row(0, named=True)
        raise fault(
            f"Comparaison : « {row['indicator']} » pour {row['domain_type']} = {row['domain']} "
            "figure deux fois ; donner une seule édition par tableau."
        )


def numbers(pairs: pl.DataFrame, suffix: str) -> dict[str, Floats]:
    """Estimate, error and degrees of freedom as arrays, NaN where null."""
    return {
        name: pairs[name + suffix].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in NUMBERS
    }


def inference(difference: Floats, error: Floats, df: Floats, level: float) -> dict:
    """Standard error, interval, degrees of freedom and p-value of each difference."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = stats.t.ppf((1 + level) / 2, df) * error
        p_value = 2 * stats.t.sf(np.abs(difference / error), df)
    p_value = np.where(error == 0, (difference == 0).astype(float), p_value)
    return {
        "std_error": pl.Series(error),
        "conf_low": pl.Series(difference - width),
        "conf_high": pl.Series(difference + width),
        "df": pl.Series(df),
        "p_value": pl.Series(p_value),
    }


def more_severe(first: str, second: str) -> pl.Expr:
    """The more severe of two statuses."""
    rank = {status: index for index, status in enumerate(STATUSES)}
    worst = pl.max_horizontal(pl.col(first, second).replace_strict(rank))
    return worst.replace_strict({index: status for status, index in rank.items()})


def judged(
    tested: pl.DataFrame, family: Sequence[str], adjust: str, threshold: float
) -> pl.DataFrame:
    """Add `p_adjusted` within each family, and the verdict, before the last column."""
    p_values = tested["p_value"].to_numpy()
    adjusted = np.full(tested.height, np.nan)
    families = tested.with_row_index("row").filter(pl.col("p_value").is_not_null())
    for rows in families.group_by(family).agg("row")["row"]:
        index = rows.to_numpy()
        adjusted[index] = multipletests(p_values[index], method=adjust)[1]
    verdict = (
        pl.when(pl.col("p_adjusted") >= threshold)
        .then(pl.lit("stable"))
        .when(pl.col("difference") > 0)
        .then(pl.lit("hausse"))
        .when(pl.col("p_adjusted").is_not_null())
        .then(pl.lit("baisse"))
    )
    return (
        tested.with_columns(p_adjusted=pl.Series(adjusted).fill_nan(None))
        .with_columns(verdict=verdict)
        .select(pl.exclude("status"), "status")
    )
