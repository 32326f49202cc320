"""Differences, ratios and any linear combination of estimates of one survey, with their errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from analysis.checks import Floats, fault, named, numeric_column, require_columns
from analysis.estimation import Influences, covariance
from analysis.forms import summing
from analysis.inference import (
    NO_ERROR,
    NO_ESTIMATE,
    NO_FREEDOM,
    OK,
    adjusted,
    check_level,
    student,
)
from analysis.replication import ReplicateEstimates, centre, freedom_of_set

KEYS = ("indicator", "population", "edition", "domain_type", "domain", "statistic")
SAME = ("population", "edition", "statistic")
FAMILY = ("indicator", "other_indicator", "statistic", "domain_type")
Measure = Literal["difference", "ratio"]
MEASURES = get_args(Measure)
BLOCK = 256  # contrasts whose cells' covariance, or replicates, are held at once
Found = Influences | ReplicateEstimates
# Contrasts of a slice, computed from each row of a table of cells: rows x contrasts.
Combined = Callable[[Floats, slice], Floats]


def contrast(
    found: Found,
    coefficients: pl.DataFrame,
    *,
    null: float = 0.0,
    adjust: str | None = "holm",
    level: float = 0.95,
) -> pl.DataFrame:
    """Linear combinations of the cells of one survey, with their covariance; as R's `svycontrast`.

    Cells that share rows or clusters are correlated: the covariance counts it exactly, as the
    linearised variance of the combination. Degrees of freedom are primary units minus strata
    of the rows that count in one of the cells, those of a zero linearised variable left aside.
    With replicates, the combination is computed in each that has all its cells, and its degrees of
    freedom are those of the set, whatever the domains (none where no cell has any).

    Parameters
    ----------
    found : what `estimation.influences` or `replication.replicate_estimates` returns.
    coefficients : one row per term. `contrast` names the combination, `coefficient` multiplies the
        cell that the other columns tell, among `indicator, population, edition, domain_type,
        domain, statistic`; those needed to tell one cell are enough.
    null : value of the test.
    adjust : correction of the p-values for the number of contrasts; None = none.

    Returns
    -------
    One row per contrast, in order: `contrast, estimate, std_error, conf_low, conf_high, df,
    p_value, p_adjusted, status`; t intervals. A combination of a cell without estimate is null
    ("estimation absente"); one without sampling error ("erreur nulle") has no p-value.

    Raises
    ------
    SurveyError : a term that tells no cell, or several; a coefficient that is not a number.
    """
    check_level(level)
    names, matrix = coefficient_matrix(found.cells, coefficients)
    estimate, _ = cell_numbers(found.cells, matrix)
    variance, df = moments(found, matrix, lambda cells, some: (matrix[some] @ cells.T).T)
    identity = pl.DataFrame({"contrast": names}, schema={"contrast": pl.String})
    return adjusted(concluded(identity, estimate, variance, df, level, null), (), adjust).select(
        pl.exclude("status"), "status"
    )


def compare_domains(
    found: Found,
    domain_type: str,
    against: str | tuple[str, str] | None = None,
    *,
    measure: Measure = "difference",
    adjust: str | None = "holm",
    level: float = 0.95,
) -> pl.DataFrame:
    """Every indicator compared between the domains of one type.

    Parameters
    ----------
    against : None, all pairs of domains, each once; a domain, all others against it; or (type,
        domain), each domain against that one, ("ensemble", "ensemble") for the whole: rows in both
        are counted by the covariance.
    measure : "difference", or "ratio" (of two estimates of one sign; interval and test against 1 on
        the scale of logarithms; computed anew in each replicate).
    adjust : correction of p-values over the comparisons of an indicator.

    Returns
    -------
    `indicator, other_indicator, population, edition, statistic, domain_type, domain,
    other_domain_type, other_domain, measure, estimate, std_error, conf_low, conf_high, df, p_value,
    p_adjusted, status`: `domain` minus, or over, `other_domain`. As `contrast` for the rest.
    """
    cells = found.cells.select(KEYS).with_row_index("row")
    first = cells.filter(domain_type=domain_type)
    if first.is_empty():
        known = named(cells["domain_type"].unique(maintain_order=True).to_list())
        raise fault(f"Comparaison : aucun domaine « {domain_type} » ; il y a {known}.")
    other_type, other = against if isinstance(against, tuple) else (domain_type, against)
    second = cells.filter(domain_type=other_type)
    if other is not None:
        if other not in second["domain"]:
            known = named(second["domain"].unique(maintain_order=True).to_list())
            raise fault(f"Comparaison : « {other_type} » n’a pas de domaine « {other} » ({known}).")
        second = second.filter(domain=other)
    keys = ["indicator", *SAME]
    pairs = first.join(second, on=keys, suffix="_other", maintain_order="left_right")
    pairs = pairs.filter(
        pl.col("row") < pl.col("row_other")
        if other is None
        else pl.col("row") != pl.col("row_other")
    )
    return compared(found, pairs["row"], pairs["row_other"], measure, adjust, level)


def compare_indicators(
    found: Found,
    first: str,
    second: str,
    *,
    measure: Measure = "difference",
    adjust: str | None = "holm",
    level: float = 0.95,
) -> pl.DataFrame:
    """Two indicators of the same rows compared in every domain; columns of `compare_domains`."""
    cells = found.cells.select(KEYS).with_row_index("row")
    for name in (first, second):
        if name not in cells["indicator"]:
            known = named(cells["indicator"].unique(maintain_order=True).to_list())
            raise fault(f"Comparaison : indicateur « {name} » absent ; il y a {known}.")
    keys = [*SAME, "domain_type", "domain"]
    left, right = cells.filter(indicator=first), cells.filter(indicator=second)
    pairs = left.join(right, on=keys, suffix="_other", maintain_order="left")
    return compared(found, pairs["row"], pairs["row_other"], measure, adjust, level)


def compared(
    found: Found,
    first: pl.Series,
    second: pl.Series,
    measure: Measure,
    adjust: str | None,
    level: float,
) -> pl.DataFrame:
    """Cells of rows `first` of the table of cells against those of rows `second`."""
    check_level(level)
    if measure not in MEASURES:
        raise fault(f"Comparaison : mesure {measure!r} inconnue ; difference ou ratio.")
    others = found.cells[second].select(
        other_indicator="indicator", other_domain_type="domain_type", other_domain="domain"
    )
    identity = found.cells[first].select(KEYS).hstack(others).with_columns(measure=pl.lit(measure))
    identity = identity.select(
        "indicator", "other_indicator", *SAME, "domain_type", "domain", "other_domain_type",
        "other_domain", "measure",
    )  # fmt: skip
    value = found.cells["estimate"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    top, bottom = value[first.to_numpy()], value[second.to_numpy()]
    ones = np.ones(len(top))
    ratio = measure == "ratio"
    if ratio:
        estimate = np.where(top * bottom > 0, quotient(top, bottom), np.nan)
        factors = quotient(ones, bottom), quotient(-estimate, bottom)
        factors = tuple(np.where(np.isfinite(estimate), factor, 0.0) for factor in factors)
    else:
        estimate, factors = top - bottom, (ones, -ones)
    matrix = sparse.csr_array(
        (
            np.concatenate(factors),
            (np.tile(np.arange(len(top)), 2), np.concatenate([first, second])),
        ),
        shape=(len(top), len(value)),
    )

    def combined(cells: Floats, some: slice) -> Floats:
        one, other = cells[:, first[some]], cells[:, second[some]]
        return quotient(one, other) if ratio else one - other

    variance, df = moments(found, matrix, combined)
    frame = concluded(identity, estimate, variance, df, level, float(ratio), ratio)
    return adjusted(frame, FAMILY, adjust).select(pl.exclude("status"), "status")


def quotient(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`, NaN where that does not exist."""
    return np.divide(top, bottom, where=bottom != 0, out=np.full_like(bottom, np.nan))


def coefficient_matrix(
    cells: pl.DataFrame, coefficients: pl.DataFrame
) -> tuple[list[str], sparse.csr_array]:
    """Names of the contrasts, and their coefficients, contrasts x cells."""
    require_columns(coefficients, ("contrast", "coefficient"), "Contrastes")
    keys = [name for name in KEYS if name in coefficients.columns]
    if not keys:
        raise fault(f"Contrastes : aucune colonne ne désigne les cellules ; en donner de {KEYS}.")
    number = numeric_column(coefficients, "coefficient", "Contrastes")
    told = coefficients.select(pl.col(key).cast(cells.schema[key]) for key in keys)
    terms = told.with_row_index("term").join(
        cells.select(keys).with_row_index("cell"), on=keys, how="left", maintain_order="left"
    )
    for what, wrong in (
        ("ne désigne aucune cellule estimée", terms["cell"].is_null()),
        ("désigne plusieurs cellules", terms["term"].is_duplicated()),
    ):
        if wrong.any():
            row = terms.filter(wrong).row(0, named=True)
            detail = ", ".join(f"{key} = {row[key]}" for key in keys)
            raise fault(
                f"Contrastes : la ligne {row['term'] + 1} ({detail}) {what} ; vérifier les noms, "
                f"ou préciser avec {', '.join(KEYS)}."
            )
    names = coefficients["contrast"].cast(pl.String).unique(maintain_order=True).to_list()
    place = {name: index for index, name in enumerate(names)}
    rows = coefficients["contrast"].cast(pl.String).replace_strict(place, return_dtype=pl.Int64)
    shape = (len(names), cells.height)
    return names, sparse.csr_array((number, (rows.to_numpy(), terms["cell"].to_numpy())), shape)


def cell_numbers(cells: pl.DataFrame, matrix: sparse.csr_array) -> tuple[Floats, Floats]:
    """Each combination of the estimates, and of their absolute standard errors; NaN when absent."""
    value = cells["estimate"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    error = cells["std_error"].cast(pl.Float64).fill_null(0.0).to_numpy()
    # A sparse product would also multiply the NaN by the zeros that are not stored: it does not.
    return matrix @ value, abs(matrix) @ error


def moments(found: Found, matrix: sparse.csr_array, combined: Combined) -> tuple[Floats, Floats]:
    """Variance and degrees of freedom of each combination of cells.

    `combined` gives the combinations themselves, of which `matrix` is the derivative.
    """
    if isinstance(found, Influences):
        variance, df = linearised(found, matrix)
    else:
        variance, df = replicated(found, matrix, combined)
    # The variance of what is common to both is a difference of equals: the rest is rounding, as is
    # what the rounding of the estimates themselves explains.
    error = cell_numbers(found.cells, matrix)[1]
    value = np.abs(found.cells["estimate"].cast(pl.Float64).fill_null(0.0).to_numpy())
    rounding = 1e-14 * error**2 + (64 * np.finfo(float).eps * (abs(matrix) @ value)) ** 2
    return np.where(variance > rounding, variance, 0.0), df


def linearised(found: Influences, matrix: sparse.csr_array) -> tuple[Floats, Floats]:
    """`moments` from the covariance of the cells, by blocks."""
    variance, df = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[0])
    for start in range(0, matrix.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        rows = matrix[block]
        involved = np.unique(rows.indices)
        part = replace(
            found,
            cells=found.cells[involved],
            scores=np.nan_to_num(found.scores[:, involved]),
            counted=found.counted[:, involved],
        )
        coefficient = rows[:, involved].toarray()
        form = np.nan_to_num(covariance(part))
        variance[block] = ((coefficient @ form) * coefficient).sum(axis=1)
        df[block] = freedom(part, rows[:, involved] != 0)
    return variance, df


def replicated(
    found: ReplicateEstimates, matrix: sparse.csr_array, combined: Combined
) -> tuple[Floats, Floats]:
    """`moments` from the combinations of each replicate, by blocks; NaN where one lacks a cell."""
    estimate = found.cells["estimate"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    # A cell known without error, a margin for one, moves by rounding only.
    known = (found.cells["std_error"] == 0).fill_null(False).to_numpy()
    values = np.where(known & ~np.isnan(found.values), estimate, found.values)
    free = (found.cells["df"].fill_null(0) > 0).to_numpy()
    df = np.where(abs(matrix) @ free > 0, float(freedom_of_set(found.replicates)), 0.0)
    variance = np.zeros(matrix.shape[0])
    for start in range(0, matrix.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        each, whole = combined(values, block), combined(estimate[None, :], block)[0]
        moved = each - centre(each, whole, found.replicates)
        factor = found.replicates.scale * found.replicates.rscales
        variance[block] = factor @ np.nan_to_num(moved) ** 2
        df[block] *= (~np.isnan(each)).sum(axis=0) > 1
    return variance, df


def freedom(found: Influences, chosen: sparse.csr_array) -> Floats:
    """Primary units minus strata of the rows that count in a chosen cell, contrasts x 1."""
    counted, used = found.counted.astype(float), chosen.toarray().astype(float)
    arrays = found.arrays
    return present(arrays.psu, counted, used) - present(arrays.stratum, counted, used)


def present(codes: NDArray[np.int64], counted: Floats, used: Floats) -> Floats:
    """How many codes have a row that counts in one of the cells used by each contrast."""
    by_code = summing(codes, int(codes.max()) + 1) @ counted
    return (used @ (by_code > 0).T > 0).sum(axis=1).astype(float)


def concluded(
    identity: pl.DataFrame,
    estimate: Floats,
    variance: Floats,
    df: Floats,
    level: float,
    null: float,
    ratio: bool = False,
) -> pl.DataFrame:
    """Add to each row its estimate, error, interval, p-value and status; nothing is NaN."""
    error = np.sqrt(variance)
    if ratio:
        with np.errstate(invalid="ignore"):
            found = student(np.log(estimate), error / estimate, df, level)
        found["conf_low"], found["conf_high"] = (
            np.exp(found["conf_low"]),
            np.exp(found["conf_high"]),
        )
    else:
        found = student(estimate, error, df, level, null)
    numbers = ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value")
    found |= {"estimate": estimate, "std_error": error}
    frame = identity.with_columns(pl.Series(name, found[name]) for name in numbers)
    absent, still = pl.Series(np.isnan(estimate)), pl.Series(error == 0)
    status = (
        pl.when(absent)
        .then(pl.lit(NO_ESTIMATE))
        .when(pl.Series(df <= 0))
        .then(pl.lit(NO_FREEDOM))
        .when(still)
        .then(pl.lit(NO_ERROR))
        .otherwise(pl.lit(OK))
    )
    return frame.with_columns(
        pl.when(~absent).then(pl.col(numbers)).fill_nan(None).name.keep(), status=status
    ).with_columns(p_value=pl.when(status == OK).then("p_value"))
