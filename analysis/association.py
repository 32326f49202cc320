"""Are two categorical variables linked? Rao-Scott tests of tables, and of fit to known shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from scipy import special

from analysis.checks import Floats, Integers, encode, fault, named, require_columns
from analysis.combinations import saddlepoint_tail, weighted_tail
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays
from analysis.group_tests import wald_form
from analysis.inference import (
    NO_ERROR,
    NO_FREEDOM,
    OK,
    ONE_GROUP,
    SINGULAR,
    as_tests,
    degrees_of_freedom,
    tested_arrays,
)
from analysis.targets import WHOLE, Domain, partition
from analysis.variance import covariance_of_totals

FAMILY = ("test", "domain_type")
Statistic = Literal["F", "chisq", "satterthwaite", "wald", "adj_wald", "lincom", "saddlepoint"]
STATISTICS = get_args(Statistic)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A two-way table: `cell` = row x `shape[1]` + column of each of the frame's `rows` counted.

    `share` is the weighted share of each cell, rows x columns; `freedom` primary units minus
    strata.
    """

    rows: Integers
    cell: Integers
    share: Floats
    size: float
    freedom: int


def association_tests(
    responses: pl.DataFrame,
    design: SurveyDesign,
    tables: Sequence[tuple[str, str]],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    statistic: Statistic = "F",
    adjust: str | None = "holm",
) -> pl.DataFrame:
    """Design-based tests that two categorical columns are independent, as R's `svychisq`.

    Pearson's chi-square of the weighted table, brought to the number of rows counted, is compared
    with what the design makes of it without association:

    - "F": second-order correction of Rao and Scott, as an F; the default, good in most surveys;
    - "satterthwaite": the same as a chi-square, without limit of degrees of freedom;
    - "chisq": first order, the mean design effect only;
    - "saddlepoint", "lincom": the combination of chi-squares itself, approached or integrated;
    - "wald", "adj_wald": Wald's test of Koch et al. on the gaps to independence, the second with
      its correction for few clusters; unsteady in large tables.

    Parameters
    ----------
    tables : pairs of columns, whose null rows are outside the table.
    domains : as in `estimate`; categories absent from a domain are left out of its table.
    adjust : correction of p-values over the tables and domains of a type.

    Returns
    -------
    `inference.TEST`, tables in order and domains within: `variable`, `group` are the columns,
    `estimate` Cramér's V of the weighted table (0 to 1, no error given), `statistic` F for "F",
    "wald" and "adj_wald", else Pearson's chi-square (uncorrected, as R prints it; R multiplies by
    all rows of the design, here by those counted). A test that cannot be done is null with its
    reason in `status`.

    References
    ----------
    Rao and Scott (1984), Annals of Statistics 12(1), 46-60; Thomas and Rao (1987), JASA 82,
    630-636.
    """
    if statistic not in STATISTICS:
        raise fault(
            f"Test d’association : statistique {statistic!r} inconnue ; choisir parmi "
            f"{', '.join(STATISTICS)}."
        )
    if not tables or not domains:
        raise fault("Test d’association : il faut au moins un tableau et un domaine.")
    arrays = tested_arrays(responses, design)
    codes = category_codes(responses, [column for pair in tables for column in pair])
    found = []
    for pair, domain in product(tables, domains):
        part = partition(responses, domain)
        for code, label in enumerate(part.labels):
            inside = (part.codes == code) & (arrays.weight > 0)
            table = two_way(codes[pair[0]], codes[pair[1]], inside, arrays)
            about = {"test": statistic, "variable": pair[0], "group": pair[1]}
            about |= {"domain_type": part.domain_type, "domain": label, "n": len(table.rows)}
            found.append(about | table_test(table, arrays, statistic))
    return as_tests(found, FAMILY, adjust)


def fit_tests(
    responses: pl.DataFrame,
    design: SurveyDesign,
    shares: Mapping[str, Mapping[str, float]],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    adjust: str | None = "holm",
) -> pl.DataFrame:
    """Tests that a categorical column is distributed as given, as R's `svygofchisq`.

    The chi-square of weighted totals against the expected ones is compared with a combination of
    chi-squares, by Satterthwaite. The given shares are taken as known; a column the weights were
    calibrated on has nothing to test ("erreur nulle").

    Parameters
    ----------
    shares : for each column the share of every category, which are brought to a sum of 1.

    Returns
    -------
    `inference.TEST`: `statistic` is the chi-square of totals, so grows with the population; `ndf`
    its effective degrees of freedom.

    Raises
    ------
    SurveyError : categories that differ from those of the column; a share not positive.
    """
    arrays = tested_arrays(responses, design)
    codes = category_codes(responses, list(shares), "Test d’ajustement")
    found = []
    for column, given in shares.items():
        expected = expected_shares(responses, column, given)
        for domain in domains:
            part = partition(responses, domain)
            for code, label in enumerate(part.labels):
                inside = (part.codes == code) & (arrays.weight > 0) & (codes[column] >= 0)
                rows = np.flatnonzero(inside)
                about = {"test": "fit", "variable": column, "n": len(rows)}
                about |= {"domain_type": part.domain_type, "domain": label}
                found.append(about | fit_test(rows, codes[column][rows], expected, arrays))
    return as_tests(found, FAMILY, adjust)


def category_codes(
    responses: pl.DataFrame, columns: Sequence[str], use: str = "Test d’association"
) -> dict[str, Integers]:
    """Code of the category of each row, -1 where null, for each column."""
    require_columns(responses, columns, use)
    return {column: encode(responses.select(column))[0] for column in set(columns)}


def two_way(first: Integers, second: Integers, inside: np.ndarray, arrays: DesignArrays) -> Table:
    """The table of two coded columns over the rows `inside`, without empty rows or columns."""
    counted = inside & (first >= 0) & (second >= 0)
    rows = np.flatnonzero(counted)
    line_names, line = np.unique(first[rows], return_inverse=True)
    column_names, column = np.unique(second[rows], return_inverse=True)
    cell = line * len(column_names) + column
    shape = (len(line_names), len(column_names))
    amount = np.bincount(cell, arrays.weight[rows], shape[0] * shape[1])
    size = float(amount.sum())
    share = (amount / size if size else amount).reshape(shape)
    return Table(rows, cell, share, size, degrees_of_freedom(arrays, counted))


def table_test(table: Table, arrays: DesignArrays, statistic: Statistic) -> dict[str, Any]:
    """One test of a table, as items of `TEST`."""
    n_rows, n_columns = table.share.shape
    if min(n_rows, n_columns) < 2:
        return {"status": ONE_GROUP}
    expected = np.outer(table.share.sum(1), table.share.sum(0))
    distance = float(((table.share - expected) ** 2 / expected).sum())
    strength = {"estimate": np.sqrt(distance / (min(n_rows, n_columns) - 1))}
    if table.freedom < 1:
        return strength | {"status": NO_FREEDOM}
    if statistic in ("wald", "adj_wald"):
        return strength | wald_test(table, expected, arrays, statistic == "adj_wald")
    effects = design_effects(table, arrays)
    if effects is None:
        return strength | {"status": SINGULAR}
    if not effects.sum() > 1e-12:
        return strength | {"status": NO_ERROR}
    return strength | pearson_test(distance * len(table.rows), effects, table.freedom, statistic)


def pearson_test(
    chisq: float, effects: Floats, freedom: int, statistic: Statistic
) -> dict[str, Any]:
    """Pearson's chi-square against the combination of chi-squares of the design `effects`."""
    total = effects.sum()
    ndf = total**2 / (effects**2).sum()
    ddf = ndf * freedom
    row = {"statistic": chisq, "status": OK}
    if statistic == "F":
        f = chisq / total
        return row | {"statistic": f, "ndf": ndf, "ddf": ddf, "p_value": special.fdtrc(ndf, ddf, f)}
    if statistic == "satterthwaite":
        return row | {"ndf": ndf, "p_value": special.chdtrc(ndf, ndf * chisq / total)}
    if statistic == "chisq":
        k = len(effects)
        return row | {"ndf": k, "p_value": special.chdtrc(k, k * chisq / total)}
    tail = weighted_tail if statistic == "lincom" else saddlepoint_tail
    return row | {"ddf": ddf, "p_value": tail(chisq, effects, ddf)}


def design_effects(table: Table, arrays: DesignArrays) -> Floats | None:
    """Generalised design effects of Rao and Scott: eigenvalues by which chi-squares are multiplied.

    With C the interaction contrasts cleared of rows and columns and D the diagonal of shares, they
    are those of (C'D⁻¹C / n)⁻¹ C'D⁻¹ V D⁻¹C. None when empty cells leave an interaction unknown.
    """
    share = table.share.ravel()
    covariance = cell_covariance((np.eye(len(share)) - share) / table.size, table, arrays)
    contrasts = interaction_contrasts(*table.share.shape)
    scaled = contrasts * np.where(share > 0, 1 / np.where(share > 0, share, 1), 0)[:, None]
    simple = contrasts.T @ scaled
    if np.linalg.cond(simple) > 1e12:
        return None
    effects = np.linalg.eigvals(np.linalg.solve(simple, scaled.T @ covariance @ scaled))
    return np.maximum(effects.real, 0) * len(table.rows)


def cell_covariance(scores: Floats, table: Table, arrays: DesignArrays) -> Floats:
    """Covariance of the sums of weight x score, `scores` having a row a cell of the table."""
    by_row = np.zeros((len(arrays.weight), scores.shape[1]))
    by_row[table.rows] = scores[table.cell]
    return covariance_of_totals(by_row, arrays)


def interaction_contrasts(n_rows: int, n_columns: int) -> Floats:
    """Interactions of a saturated log-linear model, residuals on rows and columns."""
    lines = np.kron(np.eye(n_rows), np.ones((n_columns, 1)))
    columns = np.kron(np.ones((n_rows, 1)), np.eye(n_columns))
    main = np.hstack([np.ones((n_rows * n_columns, 1)), lines[:, 1:], columns[:, 1:]])
    inner = product(range(1, n_rows), range(1, n_columns))
    crossed = np.column_stack([lines[:, row] * columns[:, column] for row, column in inner])
    return crossed - main @ np.linalg.lstsq(main, crossed, rcond=None)[0]


def wald_test(
    table: Table, expected: Floats, arrays: DesignArrays, corrected: bool
) -> dict[str, Any]:
    """Wald's test of the gaps between totals and those of independence, first row, column out."""
    n_rows, n_columns = table.share.shape
    line, column = table.share.sum(1), table.share.sum(0)
    # Derivative of the gap of a total, by a total: row = cell the unit is in, column = gap.
    own = np.eye(table.share.size)
    same_line = np.kron(np.eye(n_rows), np.ones((n_columns, n_columns)))
    same_column = np.kron(np.ones((n_rows, n_rows)), np.eye(n_columns))
    derivative = (
        own - same_line * np.tile(column, n_rows) - same_column * np.repeat(line, n_columns)
    )
    derivative += expected.ravel()
    inner = (np.arange(table.share.size).reshape(table.share.shape)[1:, 1:]).ravel()
    covariance = cell_covariance(derivative[:, inner], table, arrays)
    gap = table.size * (table.share - expected)[1:, 1:].ravel()
    form = wald_form(gap, covariance)
    ndf = len(inner)
    ddf = table.freedom - ndf + 1 if corrected else table.freedom
    if form is None or ddf < 1:
        return {"status": SINGULAR if form is None else NO_FREEDOM}
    f = form * ddf / (ndf * table.freedom) if corrected else form / ndf
    p_value = float(special.fdtrc(ndf, ddf, f))
    return {"statistic": f, "ndf": ndf, "ddf": ddf, "p_value": p_value, "status": OK}


def expected_shares(responses: pl.DataFrame, column: str, given: Mapping[str, float]) -> Floats:
    """The given shares in the order of the categories of the column, their sum brought to 1."""
    keys = encode(responses.select(column))[1][column].cast(pl.String).to_list()
    if sorted(keys) != sorted(given):
        raise fault(
            f"Test d’ajustement : les parts de « {column} » portent sur {named(sorted(given))} et "
            f"ses modalités sont {named(sorted(keys))} ; donner une part par modalité."
        )
    shares = np.array([float(given[key]) for key in keys])
    if not (np.isfinite(shares) & (shares > 0)).all():
        raise fault(f"Test d’ajustement : les parts de « {column} » doivent être positives.")
    return shares / shares.sum()


def fit_test(
    rows: Integers, category: Integers, expected: Floats, arrays: DesignArrays
) -> dict[str, Any]:
    """One test of fit, as items of `TEST`."""
    if not len(rows):
        return {"status": ONE_GROUP}
    total = np.bincount(category, arrays.weight[rows], len(expected))
    mean = total.sum() * expected
    chisq = float(((total - mean) ** 2 / mean).sum())
    # Linearised (total - mean) / sqrt(mean), where mean moves with the size of the population.
    moved = expected / np.sqrt(mean) + (total - mean) * expected / (2 * mean**1.5)
    scores = np.zeros((len(arrays.weight), len(expected)))
    scores[rows] = (np.diag(1 / np.sqrt(mean)) - moved)[category]
    effects = np.linalg.eigvalsh(covariance_of_totals(scores, arrays))
    if not effects.sum() > 1e-12 * total.sum():
        return {"status": NO_ERROR}
    ndf = effects.sum() ** 2 / (effects**2).sum()
    p_value = float(special.chdtrc(ndf, ndf * chisq / effects.sum()))
    return {"statistic": chisq, "ndf": ndf, "p_value": p_value, "status": OK}
