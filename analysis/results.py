"""The one vocabulary of every estimate, and the making of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.checks import Floats, fault, named
from analysis.intervals import normal_interval, share_interval
from analysis.targets import Domain, Partition, Target

RESULT = pl.Schema(
    {
        "indicator": pl.String,
        "population": pl.String,
        "edition": pl.Int64,
        "domain_type": pl.String,
        "domain": pl.String,
        "statistic": pl.String,
        "estimate": pl.Float64,
        "std_error": pl.Float64,
        "conf_low": pl.Float64,
        "conf_high": pl.Float64,
        "cv": pl.Float64,
        "deff": pl.Float64,
        "df": pl.Int64,
        "n_respondents": pl.Int64,
        "n_domain": pl.Int64,
        "population_size": pl.Float64,
        "status": pl.String,
    }
)

BOUNDED = pl.all_horizontal(pl.col("std_error", "conf_low", "conf_high").is_not_null())
TOLD = (pl.col("n_respondents") > 0) & (BOUNDED | pl.col("known"))
EMPTY_WIDTH = 0.95  # of the interval of a share that excludes next to nothing, such as [1e-10 ; 1]
SAYS_NOTHING = (pl.col("statistic") == "share") & (
    pl.col("conf_high") - pl.col("conf_low") >= EMPTY_WIDTH
)


def check_request(targets: Sequence[Target], domains: Sequence[Domain], level: float) -> None:
    """Raise on a confidence level out of (0, 1), or when nothing is asked."""
    if not 0 < level < 1:
        raise fault(f"Niveau de confiance {level} : attendu entre 0 et 1, par exemple 0.95.")
    if not targets or not domains:
        raise fault("Estimation : il faut au moins un indicateur et un domaine.")


def refuse_domains(targets: Sequence[Target], partitions: Sequence[Partition]) -> None:
    """Raise on a cut without any domain, or when two rows of the result would bear one name."""
    for part in partitions:
        if not part.labels:
            raise fault(
                f"Domaine « {part.domain_type} » : aucune ligne n’y a de valeur ; vérifier la "
                "colonne, ou retirer ce découpage."
            )
    indicators = Counter((target.indicator, target.statistic) for target in targets)
    domains = Counter((part.domain_type, label) for part in partitions for label in part.labels)
    for what, counts in (("Indicateur", indicators), ("Domaine", domains)):
        repeated = [" / ".join(name) for name, count in counts.items() if count > 1]
        if repeated:
            raise fault(f"{what} demandé deux fois : {named(repeated)} ; n’en garder qu’un.")


def finished(
    cells: Sequence[dict[str, Floats]],
    targets: Sequence[Target],
    partitions: Sequence[Partition],
    population: str,
    edition: int,
    level: float,
) -> pl.DataFrame:
    """`RESULT` from the cells of each partition, domains x targets."""
    stacked = {name: np.vstack([part[name] for part in cells]).T.ravel() for name in cells[0]}
    stacked["variance"] = without_noise(stacked)
    n_domains = sum(len(part.labels) for part in partitions)
    low, high = target_intervals(stacked, targets, n_domains, level)
    return result_frame(stacked, low, high, targets, partitions, population, edition)


def without_noise(cells: dict[str, Floats]) -> Floats:
    """The variances, 0 where they are no more than rounding errors of the sums they come from."""
    n = np.maximum(cells["n_respondents"], 0)
    rounding = np.finfo(float).eps * (16 + np.sqrt(n))
    spread = n * np.nan_to_num(cells["simple"], posinf=0.0)
    size = np.nan_to_num(cells["estimate"]) ** 2 + spread
    return np.where(cells["variance"] <= rounding**2 * size, 0.0, cells["variance"])


def target_intervals(
    cells: dict[str, Floats], targets: Sequence[Target], n_domains: int, level: float
) -> tuple[Floats, Floats]:
    """Lower and upper bounds of every cell; NaN without degrees of freedom."""
    low, high = normal_interval(cells["estimate"], cells["variance"], cells["df"], level)
    methods = np.repeat([interval_method(target) for target in targets], n_domains)
    for method in set(methods) - {"", "own"}:
        chosen = methods == method
        asked = ("estimate", "variance", "df", "n_respondents", "effective", "sampled")
        part = {name: cells[name][chosen] for name in asked}
        low[chosen], high[chosen] = share_interval(
            **part, level=level, method=method, population=cells["population_size"][chosen]
        )
    own = methods == "own"
    low[own], high[own] = cells["low"][own], cells["high"][own]
    return low, high


def interval_method(target: Target) -> str:
    """How a target gets its interval: that of a share, its own, or "" for a t interval."""
    if target.statistic == "quantile":
        return "own"
    return (target.interval or "logit") if target.statistic == "share" else ""


def design_effect(cells: dict[str, Floats]) -> Floats:
    """Variance over that of simple random sampling; NaN where the latter is none, or rounding."""
    simple = cells["simple"]
    exists = np.isfinite(simple) & (simple > 1e-24 * np.nan_to_num(cells["estimate"]) ** 2)
    return cells["variance"] / np.where(exists, simple, np.nan)


def result_frame(
    cells: dict[str, Floats],
    low: Floats,
    high: Floats,
    targets: Sequence[Target],
    partitions: Sequence[Partition],
    population: str,
    edition: int,
) -> pl.DataFrame:
    """The cells as `RESULT`, targets first, then domains; NaN becomes null.

    The status is "nd" where no answer, no error or no interval stands behind the estimate, and
    where that of a share, `EMPTY_WIDTH` or more, excludes next to nothing; a domain wholly taken is
    known without any interval.
    """
    types = [part.domain_type for part in partitions for _ in part.labels]
    labels = [label for part in partitions for label in part.labels]
    error = np.sqrt(cells["variance"])
    known = ~np.isnan(cells["estimate"])
    error = np.where(known, error, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        cv = np.where(cells["estimate"] != 0, error / np.abs(cells["estimate"]), np.nan)
    frame = pl.DataFrame(
        {
            "indicator": np.repeat([target.indicator for target in targets], len(labels)),
            "domain_type": types * len(targets),
            "domain": labels * len(targets),
            "statistic": np.repeat([target.statistic for target in targets], len(labels)),
            "estimate": cells["estimate"],
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "cv": cv,
            "deff": design_effect(cells),
            "df": cells["df"],
            "n_respondents": cells["n_respondents"],
            "n_domain": cells["n_domain"],
            "population_size": cells["population_size"],
            "known": (cells["taken"] > 0) & (cells["variance"] == 0),
        }
    )
    return (
        frame.with_columns(population=pl.lit(population), edition=pl.lit(edition))
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .with_columns(
            status=pl.when(TOLD & ~SAYS_NOTHING.fill_null(False))
            .then(pl.lit("ok"))
            .otherwise(pl.lit("nd"))
        )
        .select(pl.col(name).cast(dtype) for name, dtype in RESULT.items())
    )
