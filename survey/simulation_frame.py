"""A synthetic sampling frame that meets the official totals exactly. Données simulées.

The official tables give sector x département and size x département, never the three together. The
crossing, the detailed sizes and the detailed services come from assumptions
(`data/reference/hypotheses_simulation.csv`): the frame serves demonstrations and tests, not facts.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.optimize import linprog

from survey.errors import ConvergenceError, MarginError
from survey.reference import Reference
from survey.sampling import round_to_total


def build_frame(reference: Reference, seed: int) -> pl.DataFrame:
    """One row per simulated enterprise, as many as the official total, sorted by `unite`.

    Columns, all strings: `unite` (random identifier), `departement`, `secteur`, `secteur_marge`,
    `taille`, `taille_marge`. Counts by département x secteur_marge and by département x
    taille_marge equal the margins to the unit. Depends on `seed` for identifiers only.
    """
    cells = cross_cells(reference)
    size = int(cells["units"].sum())
    rng = np.random.default_rng([seed, 1])
    identifiers = np.unique(rng.integers(0, 2**48, size + 1000))
    chosen = rng.permutation(identifiers)[:size]
    return (
        cells.select(pl.exclude("units").repeat_by("units").explode(empty_as_null=False))
        .with_columns(unite=pl.Series([f"{number:012x}" for number in chosen]))
        .select("unite", "departement", "secteur", "secteur_marge", "taille", "taille_marge")
        .sort("unite")
    )


def cross_cells(reference: Reference) -> pl.DataFrame:
    """Number of `units` (> 0) of each crossing of département, sector and size."""
    sectors, sizes = children(reference.sectors, "secteur"), children(reference.sizes, "taille")
    rows = []
    for departement in reference.region.departement_codes:
        table = cross_margins(reference, departement, tuple(sectors), tuple(sizes))
        for sector_margin, counts in zip(sectors, table, strict=True):
            for size_margin, count in zip(sizes, counts, strict=True):
                split = split_cell(
                    int(count),
                    sector_shares(reference, departement, sectors[sector_margin]),
                    size_shares(reference, sector_margin, sizes[size_margin]),
                )
                rows += [
                    (departement, sector, sector_margin, size, size_margin, int(units))
                    for sector, line in zip(sectors[sector_margin], split, strict=True)
                    for size, units in zip(sizes[size_margin], line, strict=True)
                ]
    names = ("departement", "secteur", "secteur_marge", "taille", "taille_marge", "units")
    return pl.DataFrame(rows, schema=names, orient="row").filter(pl.col("units") > 0)


def children(codes: pl.DataFrame, name: str) -> dict[str, tuple[str, ...]]:
    """Categories of the margins and the detailed codes under each, in the order of the list."""
    grouped = codes.group_by(f"{name}_marge", maintain_order=True).agg("code")
    return {margin: tuple(detail) for margin, detail in grouped.iter_rows()}


def cross_margins(
    reference: Reference, departement: str, sectors: tuple[str, ...], sizes: tuple[str, ...]
) -> np.ndarray:
    """Units of one département by sector (rows) and size (columns), both margins met exactly."""
    by_sector = margin_totals(reference, "departement_secteur", departement, sectors)
    by_size = margin_totals(reference, "departement_taille", departement, sizes)
    profile = np.array(
        [shares(reference, "taille_marge_par_secteur_marge", sector, sizes) for sector in sectors]
    )
    return controlled_rounding(fit_margins(profile, by_sector, by_size))


def margin_totals(
    reference: Reference, variable: str, departement: str, codes: tuple[str, ...]
) -> np.ndarray:
    """Official totals of one département, in the order of `codes`."""
    known = dict(
        reference.margins.filter(pl.col("variable") == variable)
        .select("modalite", "total")
        .iter_rows()
    )
    missing = [code for code in codes if f"{departement} {code}" not in known]
    if missing:
        raise MarginError(
            f"marges {variable} : {missing} manque pour le département {departement}."
        )
    return np.array([known[f"{departement} {code}"] for code in codes])


def shares(reference: Reference, name: str, domain: str, codes: tuple[str, ...]) -> np.ndarray:
    """Assumed shares of `codes` in a domain, in their order."""
    known = dict(
        reference.assumptions.filter(pl.col("hypothese") == name, pl.col("domaine") == domain)
        .select("modalite", "part")
        .iter_rows()
    )
    missing = [code for code in codes if code not in known]
    if missing:
        raise MarginError(f"hypothèse {name} : {missing} manque pour {domain}.")
    return np.array([known[code] for code in codes])


def sector_shares(reference: Reference, departement: str, codes: tuple[str, ...]) -> np.ndarray:
    """Shares of detailed sectors within a category of the margins."""
    if len(codes) == 1:
        return np.ones(1)
    return shares(reference, "secteur_dans_HU_par_departement", departement, codes)


def size_shares(reference: Reference, sector_margin: str, codes: tuple[str, ...]) -> np.ndarray:
    """Shares of detailed sizes within a category of the margins."""
    if len(codes) == 1:
        return np.ones(1)
    return shares(reference, "taille_dans_10_plus_par_secteur_marge", sector_margin, codes)


def split_cell(count: int, row_shares: np.ndarray, column_shares: np.ndarray) -> np.ndarray:
    """Split `count` units into integers by two independent sets of shares."""
    rows = round_to_total(count * row_shares, count)
    columns = round_to_total(count * column_shares, count)
    return controlled_rounding(np.outer(rows, columns) / max(count, 1))


def fit_margins(profile: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Scale `profile` (> 0) until its sums are `rows` and `columns` (iterative fitting, IPF).

    Raises
    ------
    MarginError : the two margins do not have the same total
    ConvergenceError : margins are not met after 1000 passes

    References
    ----------
    Deming and Stephan (1940), Annals of Mathematical Statistics 11(4), 427-444.
    """
    if rows.sum() != columns.sum():
        raise MarginError(f"marges incompatibles : {rows.sum()} et {columns.sum()} unités.")
    table = profile.astype(float)
    for _ in range(1000):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
        if np.abs(table.sum(axis=1) - rows).max() < 1e-8:
            return table
    raise ConvergenceError("le croisement des marges officielles ne converge pas.")


def controlled_rounding(table: np.ndarray) -> np.ndarray:
    """Round every cell up or down so that row and column sums, integers already, are kept.

    Among all such roundings, the one that rounds up the largest remainders. It always exists: the
    constraints are those of a transport problem, whose vertices are integers.

    References
    ----------
    Cox (1987), JASA 82(398), 520-524.
    """
    floor = np.floor(table + 1e-6)
    remainder = np.clip(table - floor, 0, None)
    if remainder.max(initial=0) < 1e-5:
        return floor.astype(np.int64)
    height, width = table.shape
    row_sums = np.kron(np.eye(height), np.ones(width))
    column_sums = np.kron(np.ones(height), np.eye(width))
    needed = np.concatenate([remainder.sum(axis=1), remainder.sum(axis=0)]).round()
    solution = linprog(
        -remainder.ravel(),
        A_eq=np.vstack([row_sums, column_sums]),
        b_eq=needed,
        bounds=(0, 1),
        method="highs-ds",
    )
    return (floor + solution.x.reshape(table.shape).round()).astype(np.int64)
