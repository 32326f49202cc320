"""Cells of the enterprises: sector x size x département, which meet the official totals exactly.

The official tables give sector x département and size x département, never the three together. The
crossing, the detailed sizes and the detailed services come from assumptions
(`data/reference/hypotheses_simulation.csv`): the frame serves demonstrations and tests, not facts.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from survey.reference import Reference
from survey.sampling import round_to_total
from survey.simulation.crossing import controlled_rounding, fit_margins, margin_totals, shares
from survey.territories import Territories


def enterprise_cells(reference: Reference, territories: Territories) -> pl.DataFrame:
    """Number of enterprises (`effectif` > 0) of each département, sector and size.

    Columns: `departement`, `secteur`, `secteur_marge`, `branche` (null but in a sector that has
    branches), `taille`, `taille_marge`, `effectif`. Their communes are drawn afterwards.
    """
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
                    (departement, sector, sector_margin, branch, size, size_margin, units)
                    for sector, line in zip(sectors[sector_margin], split, strict=True)
                    for size, whole in zip(sizes[size_margin], line, strict=True)
                    for branch, units in branch_counts(reference, sector, int(whole))
                ]
    names = ("departement", "secteur", "secteur_marge", "branche", "taille", "taille_marge")
    names += ("effectif",)
    return pl.DataFrame(rows, schema=names, orient="row").filter(pl.col("effectif") > 0)


def children(codes: pl.DataFrame, name: str) -> dict[str, tuple[str, ...]]:
    """Categories of the margins and the detailed codes under each, in the order of the list."""
    grouped = codes.group_by(f"{name}_marge", maintain_order=True).agg("code")
    return {margin: tuple(detail) for margin, detail in grouped.iter_rows()}


def cross_margins(
    reference: Reference, departement: str, sectors: tuple[str, ...], sizes: tuple[str, ...]
) -> np.ndarray:
    """Units of one département by sector (rows) and size (columns), both margins met exactly."""
    by_sector, by_size = (
        margin_totals(reference, variable, tuple(f"{departement} {code}" for code in codes))
        for variable, codes in (("departement_secteur", sectors), ("departement_taille", sizes))
    )
    profile = np.array(
        [shares(reference, "taille_marge_par_secteur_marge", sector, sizes) for sector in sectors]
    )
    return controlled_rounding(fit_margins(profile, by_sector, by_size))


def sector_shares(reference: Reference, departement: str, codes: tuple[str, ...]) -> np.ndarray:
    """Shares of detailed sectors within a category of the margins."""
    if len(codes) == 1:
        return np.ones(1)
    return shares(reference, "secteur_dans_HU_par_departement", departement, codes)


def branch_counts(reference: Reference, sector: str, count: int) -> list[tuple[str | None, int]]:
    """Units of each branch of a sector, one after the other; all in none where it has none."""
    codes = tuple(reference.branches.filter(secteur=sector)["code"])
    if not codes:
        return [(None, count)]
    parts = count * shares(reference, f"branche_dans_{sector}", sector, codes)
    return list(zip(codes, round_to_total(parts, count).tolist(), strict=True))


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
