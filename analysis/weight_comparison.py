"""What another set of weights would change: key estimates and dispersion, set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from analysis.checks import fault
from analysis.design import SurveyDesign
from analysis.estimation import estimate
from analysis.results import RESULT
from analysis.targets import WHOLE, Domain, Target
from analysis.weighting import weight_report

CELL = ("indicator", "domain_type", "domain")
USE = "Comparaison de jeux de poids"


def compare_weights(
    responses: pl.DataFrame,
    designs: Mapping[str, SurveyDesign],
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    population: str,
    edition: int,
    level: float = 0.95,
) -> pl.DataFrame:
    """Every target in every domain under each set of weights, beside the first set.

    Parameters
    ----------
    designs : name of the set -> design; at least two. The first is the one compared with.
    targets, domains, population, edition, level : as `estimate`.

    Returns
    -------
    `weight_set`, then the columns of `RESULT`, then three differences from the first set, null
    where either estimate does not exist: `difference` (estimate minus estimate, in the unit of the
    estimate: 0.02 is two points of a share), `difference_in_errors` (over the standard error of
    the first set; null when it is 0) and `error_ratio` (standard error over standard error). One
    row a set within each cell; cells in the order of `estimate`, sets in the order given.

    `difference_in_errors` is a scale, not a test: both estimates come from the same respondents,
    and differ by much less than two independent ones would. An error does not tell the bias.

    Raises
    ------
    SurveyError : a single set; what `estimate` refuses.
    """
    refuse_single(designs)
    about = {"population": population, "edition": edition, "level": level}
    found = [
        estimate(responses, design, targets, domains, **about)
        .with_columns(weight_set=pl.lit(name))
        .with_row_index("cell")
        for name, design in designs.items()
    ]
    first = found[0].select(*CELL, base="estimate", base_error="std_error")
    error = pl.when(pl.col("base_error") > 0).then("base_error")
    return (
        pl.concat(found)
        .sort("cell", maintain_order=True)
        .join(first, on=CELL, how="left", maintain_order="left")
        .select(
            "weight_set",
            *RESULT,
            difference=pl.col("estimate") - pl.col("base"),
            difference_in_errors=(pl.col("estimate") - pl.col("base")) / error,
            error_ratio=pl.col("std_error") / error,
        )
    )


def weight_sets(responses: pl.DataFrame, designs: Mapping[str, SurveyDesign]) -> pl.DataFrame:
    """Sum and dispersion of each set: `weight_set`, then `weight_report` of its weight."""
    weights = [design.weight for design in designs.values()]
    names = pl.Series("weight_set", list(designs), dtype=pl.String)
    return weight_report(responses, weights).select(names, pl.all())


def refuse_single(designs: Mapping[str, SurveyDesign]) -> None:
    """Raise when there is nothing to compare."""
    if len(designs) < 2:
        raise fault(
            f"{USE} : il en faut au moins deux ; reçu {len(designs)}. Le premier donné est celui "
            "auquel les autres sont comparés."
        )
