"""The one vocabulary of every estimate, and the making of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.checks import Floats, fault, named
from analysis.targets import Partition, Target

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


def refuse_repeats(targets: Sequence[Target], partitions: Sequence[Partition]) -> None:
    """Raise when two rows of the result would bear the same name."""
    indicators = Counter((target.indicator, target.statistic) for target in targets)
    domains = Counter((part.domain_type, label) for part in partitions for label in part.labels)
    for what, counts in (("Indicateur", indicators), ("Domaine", domains)):
        repeated = [" / ".join(name) for name, count in counts.items() if count > 1]
        if repeated:
            raise fault(f"{what} demandé deux fois : {named(repeated)} ; n’en garder qu’un.")


def result_frame(
    cells: dict[str, Floats],
    low: Floats,
    high: Floats,
    targets: Sequence[Target],
    partitions: Sequence[Partition],
    population: str,
    edition: int,
) -> pl.DataFrame:
    """The cells as `RESULT`, targets first, then domains; NaN becomes null."""
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
            "deff": cells["deff"],
            "df": cells["df"],
            "n_respondents": cells["n_respondents"],
            "n_domain": cells["n_domain"],
            "population_size": cells["population_size"],
        }
    )
    return (
        frame.with_columns(
            population=pl.lit(population), edition=pl.lit(edition), status=pl.lit("ok")
        )
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .select(pl.col(name).cast(dtype) for name, dtype in RESULT.items())
    )
