"""Differences between editions and from a published figure, with their tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import special, stats

from analysis.checks import Floats, fault, numeric_column, require_columns
from analysis.disclosure import STATUSES, WITHHELD
from analysis.inference import adjusted, check_level, student

CELL = ("indicator", "population", "domain_type", "domain", "statistic")
FAMILY = ("indicator", "population", "statistic")
NUMBERS = ("estimate", "std_error", "df", "conf_low", "conf_high")
UP, DOWN, STABLE, UNSETTLED = "hausse", "baisse", "stable", "non établie"
STABLE_POINTS = 0.03  # a share is stable when it surely moved by no more
STABLE_PART = 0.5  # nor by more than this part of itself, or of its complement, the rarer
STABLE_RATIO = 0.03  # a mean or a total: no more than this part of its former level


def compare_editions(
    before: pl.DataFrame,
    after: pl.DataFrame,
    *,
    correlation: float | pl.Expr = 0.0,
    adjust: str | None = "holm",
    family: Sequence[str] = FAMILY,
    level: float = 0.95,
) -> pl.DataFrame:
    """What changed between two editions, cell by cell.

    The variance of the difference is the sum of both, less twice the correlation of the estimates
    times their errors. Drawn independently they have none; of a panel it is positive, and left out
    the error is larger than need be: `panels.panel_correlations` estimates it. The test is
    Student's, with the degrees of freedom of Welch and Satterthwaite when independent, the fewer
    of both editions when correlated. A share of 0 or 1, whose error of 0 says nothing, counts with
    the error that its interval tells.

    Parameters
    ----------
    before, after : estimates of one edition each, in the result vocabulary, gated or not; their
        intervals are of confidence `level`.
    correlation : of the two estimates, in [-1, 1]: one for all cells, or an expression over the
        columns of `after`; null = 0.
    adjust : correction of the p-values for the number of tests of a family (statsmodels
        `multipletests`: "holm", "fdr_bh"…), None = none.
    family : columns that tell the families; by default the domains of one indicator.
    level : confidence of the intervals; a change is significant when `p_adjusted` < 1 - level.

    Returns
    -------
    One row per cell estimated in both editions, in the order of `after`: `indicator, population,
    domain_type, domain, statistic, edition_before, edition_after, estimate_before,
    estimate_after, difference, std_error, conf_low, conf_high, df, p_value, p_adjusted, verdict,
    status, series_break`. `verdict` is "hausse" or "baisse" where the test rejects; else "stable"
    where the interval of the change lies inside `stable_margin`, which shows that it is small, and
    "non établie" where it does not. `status` is the more severe of both; a cell `nd` or `secret` in
    one edition has no number. A cell whose series broke in between (its `comparable_since`, from
    `analysis.series`, is after `edition_before`) has no difference and no test: `series_break`
    says why, null elsewhere. Intervals are not corrected for the number of tests.
    """
    check_level(level)
    for frame in (before, after):
        check_estimates(frame)
    pairs = paired(before, after, correlation)
    now, then = (numbers(pairs, suffix, level) for suffix in ("", "_before"))
    error, df = error_of_change(now, then, checked_correlation(pairs))
    difference = now["estimate"] - then["estimate"]
    tested = pairs.select(
        *CELL,
        pl.col("edition_before", "edition", "estimate_before", "estimate"),
        difference=pl.Series(difference),
        **{name: pl.Series(found) for name, found in student(difference, error, df, level).items()},
        status=more_severe("status", "status_before"),
        series_break="series_break",
    ).rename({"edition": "edition_after", "estimate": "estimate_after"})
    return judged(without_forbidden(tested), family, adjust, 1 - level)


def without_forbidden(tested: pl.DataFrame) -> pl.DataFrame:
    """No number in a cell withheld in one edition, no difference across a break."""
    shown = [name for name, kind in tested.schema.items() if kind.is_float()]
    of_change = [name for name in shown if not name.startswith("estimate")]
    hidden, broken = pl.col("status").is_in(WITHHELD), pl.col("series_break").is_not_null()
    tested = tested.with_columns(pl.when(~hidden).then(pl.col(shown).fill_nan(None)).name.keep())
    return tested.with_columns(pl.when(~broken).then(pl.col(of_change)).name.keep())


def paired(before: pl.DataFrame, after: pl.DataFrame, correlation: float | pl.Expr) -> pl.DataFrame:
    """Cells of both editions, those of the first with the suffix `_before`.

    Adds `_correlation`, and `series_break` where the series broke in between.
    """
    columns = (*CELL, "edition", "status", *NUMBERS)
    now = after.with_columns(_correlation=as_expression(correlation).fill_null(0.0))
    if "comparable_since" not in now.columns:
        nothing = pl.lit(None)
        now = now.with_columns(
            comparable_since=nothing.cast(pl.Int64), series_break=nothing.cast(pl.String)
        )
    pairs = now.select(*columns, "_correlation", "comparable_since", "series_break").join(
        before.select(columns), on=CELL, suffix="_before", maintain_order="left"
    )
    broken = pl.col("edition_before") < pl.col("comparable_since")
    return pairs.with_columns(series_break=pl.when(broken).then("series_break"))


def error_of_change(
    now: dict[str, Floats], then: dict[str, Floats], correlation: Floats
) -> tuple[Floats, Floats]:
    """Standard error and degrees of freedom of the difference of two estimates."""
    first, second = now["std_error"], then["std_error"]
    # As a sum of squares: a perfect correlation leaves no negative rounding.
    variance = (first - second) ** 2 + 2 * (1 - correlation) * first * second
    with np.errstate(divide="ignore", invalid="ignore"):
        welch = (first**2 + second**2) ** 2 / (first**4 / now["df"] + second**4 / then["df"])
    plain = (correlation == 0) & (first + second > 0)
    df = np.where(plain, welch, np.minimum(now["df"], then["df"]))
    return np.sqrt(variance), np.where((now["df"] > 0) & (then["df"] > 0), df, np.nan)


def checked_correlation(pairs: pl.DataFrame) -> Floats:
    """The correlations of the pairs; raises on one out of [-1, 1]."""
    correlation = pairs["_correlation"].cast(pl.Float64).to_numpy()
    wrong = ~(np.abs(correlation) <= 1)
    if wrong.any():
        raise fault(
            f"Comparaison : corrélation de {correlation[wrong][0]:g} entre deux éditions ; elle "
            "doit être comprise entre -1 et 1."
        )
    return correlation


def compare_with_reference(
    estimates: pl.DataFrame,
    value: float | pl.Expr,
    *,
    std_error: float | pl.Expr = 0.0,
    df: float | pl.Expr | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """How each estimate stands against a published figure, that has an error or lacks one.

    A published figure that is itself an estimate, taken without its error, makes the test too
    severe: the true difference is less certain than said. The test of a share is on the logit
    scale, like its interval. The interval of the difference is recovered from those of both (Zou
    and Donner, 2008), so equals that of the estimate, shifted, when the figure has no error. Both
    are supposed independent.

    Parameters
    ----------
    estimates : in the result vocabulary, gated or not.
    value : the figure, or an expression over `estimates` giving one for each row; null = none.
    std_error : standard error of the figure, likewise; null = not known, taken as 0.
    df : degrees of freedom of that error; None or null = many.

    Returns
    -------
    `estimates`, same rows and order, plus `reference`, `difference` (estimate - reference),
    `difference_low`, `difference_high` (its interval), `p_value` (null where the share is 0 or 1 or
    the reference not inside (0, 1)) and `position`: "au-dessus", "au-dessous", or "écart non
    établi" when the interval of the difference holds 0, which does not prove equality. Null where
    the estimate is. P-values are not corrected for their number.
    """
    check_level(level)
    check_estimates(estimates)
    figures = {"value": value, "std_error": std_error, "df": np.inf if df is None else df}
    refuse_figures(estimates, figures)
    given = estimates.with_columns(
        as_expression(figure).alias(name) for name, figure in figures.items()
    ).select("value", pl.col("std_error").fill_null(0.0), pl.col("df").fill_null(np.inf))
    if (given["std_error"] < 0).any():
        raise fault("Comparaison : l’erreur d’un chiffre publié ne peut être négative.")
    figure = {name: given[name].fill_null(np.nan).to_numpy() for name in figures}
    shares = (estimates["statistic"] == "share").to_numpy()
    low, high = gap_bounds(estimates, figure, shares, level)
    p_value = reference_p_values(numbers(estimates, "", level), figure, shares)
    shifted = estimates.with_columns(reference=given["value"]).with_columns(
        pl.Series("difference_low", low).fill_nan(None),
        pl.Series("difference_high", high).fill_nan(None),
        pl.Series("p_value", p_value).fill_nan(None),
        difference=pl.col("estimate") - pl.col("reference"),
    )
    position = (
        pl.when(pl.col("difference_low") > 0)
        .then(pl.lit("au-dessus"))
        .when(pl.col("difference_high") < 0)
        .then(pl.lit("au-dessous"))
        .when(pl.col("difference_low").is_not_null())
        .then(pl.lit("écart non établi"))
    )
    added = ("reference", "difference", "difference_low", "difference_high", "p_value")
    return shifted.select(*estimates.columns, *added, position.alias("position"))


def refuse_figures(estimates: pl.DataFrame, figures: dict[str, float | pl.Expr]) -> None:
    """Raise on a figure that is no finite number, or that reads no column of numbers."""
    for name, figure in figures.items():
        if isinstance(figure, pl.Expr):
            require_columns(estimates, figure.meta.root_names(), "Comparaison : chiffre publié")
            numeric_or_null(estimates.select(figure.alias(name)), name)
    if not isinstance(figures["value"], pl.Expr) and not np.isfinite(figures["value"]):
        raise fault(
            f"Comparaison : le chiffre publié vaut {figures['value']} ; donner un nombre fini."
        )


def numeric_or_null(frame: pl.DataFrame, column: str) -> None:
    """Raise on a column of something else than numbers, empty cells aside."""
    if frame.schema[column] != pl.Null:
        numeric_column(frame.filter(pl.col(column).is_not_null()), column, "Comparaison")


def as_expression(value: float | pl.Expr) -> pl.Expr:
    """A number, or an expression, as an expression of numbers."""
    return (value if isinstance(value, pl.Expr) else pl.lit(float(value))).cast(pl.Float64)


def gap_bounds(
    estimates: pl.DataFrame, figure: dict[str, Floats], shares: np.ndarray, level: float
) -> tuple[Floats, Floats]:
    """Interval of estimate - figure, from the distance of each to its own bounds (MOVER)."""
    reference, error = figure["value"], figure["std_error"]
    inside = shares & (reference > 0) & (reference < 1)
    reach = special.stdtrit(np.minimum(figure["df"], 1e9), (1 + level) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        logit, width = special.logit(reference), reach / (reference * (1 - reference))
        low = np.where(inside, special.expit(logit - width), reference - reach)
        high = np.where(inside, special.expit(logit + width), reference + reach)
    low, high = (np.where(error == 0, reference, bound) for bound in (low, high))
    centre, below, above = (
        estimates[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("estimate", "conf_low", "conf_high")
    )
    gap = centre - reference
    return gap - np.hypot(centre - below, high - reference), gap + np.hypot(
        above - centre, reference - low
    )


def reference_p_values(
    cells: dict[str, Floats], figure: dict[str, Floats], shares: np.ndarray
) -> Floats:
    """Two-sided p-values against the figure; on the logit scale for shares."""
    estimate, reference = cells["estimate"], figure["value"]
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(
            shares, special.logit(estimate) - special.logit(reference), estimate - reference
        )
        own = cells["std_error"] / np.where(shares, estimate * (1 - estimate), 1.0)
        other = figure["std_error"] / np.where(shares, reference * (1 - reference), 1.0)
        ratio = gap / np.hypot(own, other)
        known = np.where(cells["df"] > 0, cells["df"], np.nan)
        df = (own**2 + other**2) ** 2 / (own**4 / known + other**4 / figure["df"])
    ratio = np.where(np.isfinite(ratio), ratio, np.nan)
    return 2 * stats.t.sf(np.abs(ratio), df)


def check_estimates(frame: pl.DataFrame) -> None:
    """Raise when a frame is not in the result vocabulary, or repeats a cell."""
    require_columns(frame, (*CELL, "edition", "status", *NUMBERS), "Comparaison")
    for name in NUMBERS:
        numeric_or_null(frame, name)
    unknown = frame.filter(~pl.col("status").is_in(STATUSES) | pl.col("status").is_null())
    if unknown.height:
        raise fault(
            f"Comparaison : statut « {unknown['status'][0]} » inconnu ; il vaut "
            f"{', '.join(STATUSES)}."
        )
    repeated = frame.filter(frame.select(CELL).is_duplicated())
    if repeated.height:
        row = repeated.row(0, named=True)
        raise fault(
            f"Comparaison : « {row['indicator']} » pour {row['domain_type']} = {row['domain']} "
            "figure deux fois ; donner une seule édition par tableau."
        )


def numbers(pairs: pl.DataFrame, suffix: str, level: float) -> dict[str, Floats]:
    """`NUMBERS` as arrays, NaN where null; the error of a share of 0 or 1 is told by its interval.

    That is, the distance to the far bound over the quantile of Student's law.
    """
    found = {
        name: pairs[name + suffix].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in NUMBERS
    }
    estimate, reach = found["estimate"], special.stdtrit(found["df"], (1 + level) / 2)
    extreme = (pairs["statistic"] == "share").to_numpy() & ((estimate == 0) | (estimate == 1))
    told = np.fmax(found["conf_high"] - estimate, estimate - found["conf_low"]) / reach
    found["std_error"] = np.where(extreme & np.isfinite(told), told, found["std_error"])
    return found


def more_severe(first: str, second: str) -> pl.Expr:
    """The more severe of two statuses."""
    rank = {status: index for index, status in enumerate(STATUSES)}
    worst = pl.max_horizontal(pl.col(first, second).replace_strict(rank))
    return worst.replace_strict({index: status for status, index in rank.items()})


def judged(
    tested: pl.DataFrame, family: Sequence[str], adjust: str | None, threshold: float
) -> pl.DataFrame:
    """Add `p_adjusted` within each family, and the verdict, before the last columns."""
    margin = stable_margin()
    inside = (pl.col("conf_low") >= -margin) & (pl.col("conf_high") <= margin)
    verdict = (
        pl.when(pl.col("p_adjusted").is_null())
        .then(None)
        .when(pl.col("p_adjusted") < threshold)
        .then(pl.when(pl.col("difference") > 0).then(pl.lit(UP)).otherwise(pl.lit(DOWN)))
        .when(inside)
        .then(pl.lit(STABLE))
        .otherwise(pl.lit(UNSETTLED))
    )
    return (
        adjusted(tested, family, adjust)
        .with_columns(verdict=verdict)
        .select(pl.exclude("status", "series_break"), "status", "series_break")
    )


def stable_margin() -> pl.Expr:
    """The change that counts as none: `STABLE_POINTS` of a share, less when it is rare.

    An interval wholly inside rejects both one-sided tests of a change as large as the margin
    (Schuirmann, 1987, J. Pharmacokin. Biopharm. 15, 657-680; Lakens, 2017, Soc. Psychol. Personal.
    Sci. 8, 355-362). Those take the 90 % interval for a risk of 5 %; ours is the one published, of
    95 %, so the risk is 2.5 %, and whoever reads the page can check.
    """
    before = pl.col("estimate_before")
    rarer = pl.min_horizontal(before, 1 - before)
    share = pl.min_horizontal(pl.lit(STABLE_POINTS), STABLE_PART * rarer)
    is_share = pl.col("statistic") == "share"
    return pl.when(is_share).then(share).otherwise(STABLE_RATIO * before.abs())
