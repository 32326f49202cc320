"""Many shares, means and totals by many domains in one pass, with linearised variance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse, special

from analysis.checks import Floats, Integers, fault, named
from analysis.design import DesignArrays, Projection, SurveyDesign, design_arrays
from analysis.targets import (
    WHOLE,
    Domain,
    Partition,
    Target,
    TargetValues,
    partition,
    target_values,
)

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
CHUNK = 1 << 17  # numbers held at once by each working array: what stays in the cache


def estimate(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    population: str,
    edition: int,
    level: float = 0.95,
) -> pl.DataFrame:
    """Every target in every domain, with its linearised variance: one row per target x domain.

    Conventions are those of R `survey`. Rows outside a domain, out of the base of a target, or
    with a missing target weigh nothing but stay in the design. Variance is that of the first stage
    of sampling, with finite population correction, of calibration residuals when the design says
    so. Degrees of freedom are primary units minus strata among the rows counted, as `degf` of the
    R subset. Shares get a logit interval; a share of 0 or 1 the exact interval of Clopper and
    Pearson on Kish's effective size, as Korn and Graubard (1998); means and totals a t interval.
    `deff` compares with simple random sampling without replacement of as many rows.

    Non-response is taken as one more phase without error, and calibrated weights as if their
    margins were known exactly.

    Parameters
    ----------
    responses : one row per respondent, with the columns of the design, targets and domains.
    domains : in the order wanted; categories in the order of their Enum, else alphabetical; only
        those present in `responses`.
    level : confidence of the intervals.

    Returns
    -------
    `RESULT`, targets in order, and domains in order within each; `status` is "ok" for all: the gate
    has not been passed. `n_respondents` counts rows answered, `n_domain` rows of the domain
    whatever the target, both unweighted and of positive weight; `population_size` is the sum of
    weights of the rows of the base. A number that does not exist (no respondent, a single primary
    unit, CV of 0) is null. The total of a domain without respondent is 0.

    Raises
    ------
    SurveyError : unknown column; text, NaN or infinite value in a target; share not 0/1; repeated
        target or domain; a fault of the design.
    """
    if not 0 < level < 1:
        raise fault(f"Niveau de confiance {level} : attendu entre 0 et 1, par exemple 0.95.")
    if not targets or not domains:
        raise fault("Estimation : il faut au moins un indicateur et un domaine.")
    arrays = design_arrays(responses, design)
    values = target_values(responses, targets)
    partitions = [partition(responses, domain) for domain in domains]
    refuse_repeats(targets, partitions)
    totals = np.array([target.statistic == "total" for target in targets])
    cells = [partition_cells(values, totals, arrays, part) for part in partitions]
    stacked = {name: np.vstack([part[name] for part in cells]).T.ravel() for name in cells[0]}
    n_domains = sum(len(part.labels) for part in partitions)
    shares = np.repeat([target.statistic == "share" for target in targets], n_domains)
    low, high = intervals(stacked, shares, level)
    return result_frame(stacked, low, high, targets, partitions, population, edition)


def refuse_repeats(targets: Sequence[Target], partitions: Sequence[Partition]) -> None:
    """Raise when two rows of the result would bear the same name."""
    indicators = Counter((target.indicator, target.statistic) for target in targets)
    domains = Counter((part.domain_type, label) for part in partitions for label in part.labels)
    for what, counts in (("Indicateur", indicators), ("Domaine", domains)):
        repeated = [" / ".join(name) for name, count in counts.items() if count > 1]
        if repeated:
            raise fault(f"{what} demandé deux fois : {named(repeated)} ; n’en garder qu’un.")


def partition_cells(
    values: TargetValues, totals: NDArray[np.bool_], arrays: DesignArrays, part: Partition
) -> dict[str, Floats]:
    """Everything about each domain of a partition x each target, as arrays of that shape."""
    counted = np.flatnonzero((part.codes >= 0) & (arrays.weight > 0))
    order = np.lexsort((arrays.psu[counted], arrays.stratum[counted], part.codes[counted]))
    rows = counted[order]
    groups = row_groups(part, arrays, rows)
    width = max(1, CHUNK // max(1, len(rows)))
    chunks = [slice(at, at + width) for at in range(0, len(totals), width)]
    parts = [chunk_cells(values, totals, arrays, rows, groups, chunk) for chunk in chunks]
    return {name: np.hstack([chunk[name] for chunk in parts]) for name in parts[0]}


@dataclass(frozen=True, slots=True, eq=False)
class RowGroups:
    """Rows of a partition, sorted by domain, stratum and primary unit, as nested sums.

    `by_domain`, `by_unit` sum rows, `by_margin` rows times the factors of the calibration;
    `units_by_stratum` sums primary units into domain x stratum; `strata_by_domain` sums those.
    `domain` is the code of each row, `stratum` that of each domain x
    stratum, `stratum_of_unit` the domain x stratum of each primary unit, `units` their number.
    """

    domain: Integers
    by_domain: sparse.csr_array
    by_margin: sparse.csr_array | None
    by_unit: sparse.csr_array | None
    units_by_stratum: sparse.csr_array
    strata_by_domain: sparse.csr_array
    stratum_of_unit: Integers
    stratum: Integers
    units: Floats


def row_groups(part: Partition, arrays: DesignArrays, rows: Integers) -> RowGroups:
    """Nested sums over sorted `rows`."""
    domain, stratum = part.codes[rows], arrays.stratum[rows]
    new_stratum = changes(domain) | changes(stratum)
    new_unit = new_stratum | changes(arrays.psu[rows])
    first_of_unit = np.flatnonzero(new_unit) if arrays.clustered else np.arange(len(rows))
    stratum_of_unit = np.cumsum(new_stratum[first_of_unit]) - 1
    first_of_stratum = np.flatnonzero(new_stratum)
    n_domains = len(part.labels)
    return RowGroups(
        domain=domain,
        by_domain=summing(domain, n_domains),
        by_margin=summing_margins(arrays.projection, domain, n_domains, rows),
        by_unit=summing(np.cumsum(new_unit) - 1, len(first_of_unit)) if arrays.clustered else None,
        units_by_stratum=summing(stratum_of_unit, len(first_of_stratum)),
        strata_by_domain=summing(domain[first_of_stratum], n_domains),
        stratum_of_unit=stratum_of_unit,
        stratum=stratum[first_of_stratum],
        units=np.bincount(stratum_of_unit, minlength=len(first_of_stratum)).astype(float),
    )


def changes(codes: Integers) -> NDArray[np.bool_]:
    """Whether each code differs from the one before."""
    return np.concatenate(([True], codes[1:] != codes[:-1]))[: len(codes)]


def summing(group: Integers, n_groups: int) -> sparse.csr_array:
    """Matrix that sums sorted rows by group."""
    starts = np.searchsorted(group, np.arange(n_groups + 1))
    ones, columns = np.ones(len(group)), np.arange(len(group))
    return sparse.csr_array((ones, columns, starts), shape=(n_groups, len(group)))


def chunk_cells(
    values: TargetValues,
    totals: NDArray[np.bool_],
    arrays: DesignArrays,
    rows: Integers,
    groups: RowGroups,
    chunk: slice,
) -> dict[str, Floats]:
    """`partition_cells` for some of the targets."""
    weight = arrays.weight[rows, None]
    value = values.value[rows, chunk]
    answered = values.answered[rows, chunk].astype(float)
    total = totals[chunk]
    sums = groups.by_domain
    weighted = weight * answered
    size, count = sums @ weighted, sums @ answered
    amount = sums @ (weight * value)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = amount / size
    deviation = (value - np.nan_to_num(mean)[groups.domain]) * answered
    spread = sums @ (weighted * deviation**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.nan_to_num(1 / size, posinf=0.0)
        linearised = np.where(total, value, deviation * slope[groups.domain])
        deviance = spread / size * count / (count - 1)
        left = (size - count) / (size * count)
    variance = quadratic_form(weight * linearised, groups, arrays)
    if arrays.projection is not None:
        variance = residual_variance(variance, linearised, groups, arrays.projection)
    simple = deviance * np.where(left > 0, left, np.nan) * np.where(total, size**2, 1.0)
    unit_answered = answered if groups.by_unit is None else (groups.by_unit @ answered) > 0
    stratum_answered = (groups.units_by_stratum @ unit_answered.astype(float)) > 0
    n_units = groups.strata_by_domain @ (groups.units_by_stratum @ unit_answered.astype(float))
    sampled = groups.strata_by_domain @ (arrays.scale[groups.stratum] > 0).astype(float)
    shape = np.ones_like(size)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = size**2 / (sums @ (weight * weighted))
        deff = variance / np.where(simple > 0, simple, np.nan)
    return {
        "estimate": np.where(total, amount, mean),
        "variance": variance,
        "deff": deff,
        "df": n_units - groups.strata_by_domain @ stratum_answered.astype(float),
        "n_respondents": count,
        "n_domain": (sums @ np.ones(len(rows)))[:, None] * shape,
        "population_size": sums @ (weight * values.in_base[rows, chunk]),
        "effective": effective,
        "sampled": (sampled > 0)[:, None] * shape,
    }


def quadratic_form(scores: Floats, groups: RowGroups, arrays: DesignArrays) -> Floats:
    """Variance of the sum of weighted `scores` by domain, rows outside a domain scoring 0.

    The sum of squares around the stratum mean is that of the units present, plus what the absent
    ones (zeros) add: no difference of large numbers is taken.
    """
    by_unit = scores if groups.by_unit is None else groups.by_unit @ scores
    amount = groups.units_by_stratum @ by_unit
    mean = amount / groups.units[:, None]
    squares = groups.units_by_stratum @ (by_unit - mean[groups.stratum_of_unit]) ** 2
    absent = np.where(arrays.centred[groups.stratum], 1 / arrays.psu_count[groups.stratum], 0.0)
    between = amount**2 * (1 / groups.units - absent)[:, None]
    return groups.strata_by_domain @ (arrays.scale[groups.stratum, None] * (squares + between))


def residual_variance(
    variance: Floats, linearised: Floats, groups: RowGroups, projection: Projection
) -> Floats:
    """Variance of the calibration residuals, from that of the variable itself.

    With x the weighted variable, b its coefficients and A, Q as in `Projection`, the quadratic
    form of x - Ab is x'Qx - 2 b'A'Qx + b'A'QA b: only sums over the rows of the domain.
    """
    n_margins = len(projection.inner)
    sums = (groups.by_margin @ linearised).reshape(len(variance), 2 * n_margins, -1)
    coefficient = projection.inverse @ sums[:, :n_margins]
    pulled = projection.inner @ coefficient - 2 * sums[:, n_margins:]
    residual = variance + (pulled * coefficient).sum(axis=1)
    # Below this the difference is rounding: the margins determine the variable.
    return np.where(residual > 1e-12 * variance, residual, 0.0)


def summing_margins(
    projection: Projection | None, domain: Integers, n_domains: int, rows: Integers
) -> sparse.csr_array | None:
    """Matrix that sums rows by domain, times each column of the factors of `projection`."""
    if projection is None:
        return None
    factors = projection.factors[rows].tocoo()
    width = factors.shape[1]
    place = domain[factors.row] * width + factors.col
    return sparse.csr_array(
        (factors.data, (place, factors.row)), shape=(n_domains * width, len(rows))
    )


def intervals(cells: dict[str, Floats], shares: NDArray[np.bool_], level: float) -> tuple:
    """Lower and upper bounds of every cell; NaN without degrees of freedom."""
    centre, error, df = cells["estimate"], np.sqrt(cells["variance"]), cells["df"]
    upper_tail = (1 + level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        width = special.stdtrit(np.where(df > 0, df, np.nan), upper_tail)
        low, high = centre - width * error, centre + width * error
        logit, slope = special.logit(centre), centre * (1 - centre)
        logit_low = special.expit(logit - width * error / slope)
        logit_high = special.expit(logit + width * error / slope)
        count = cells["n_respondents"]
        simple_width = special.stdtrit(np.where(count > 1, count - 1, np.nan), upper_tail)
        effective = np.minimum(cells["effective"] * (simple_width / width) ** 2, count)
        # Clopper-Pearson at 0 (and, mirrored, at 1): the upper bound solves (1 - p)^n = alpha / 2.
        reach = -np.expm1(np.log1p(-upper_tail) / effective)
    reach = np.where(cells["sampled"] > 0, reach, 0 * width)
    inside = shares & (centre > 0) & (centre < 1)
    low, high = np.where(inside, logit_low, low), np.where(inside, logit_high, high)
    none, every = shares & (centre == 0), shares & (centre == 1)
    low = np.where(none, 0 * width, np.where(every, 1 - reach, low))
    high = np.where(none, reach, np.where(every, 1 + 0 * width, high))
    return low, high


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
