"""The last pass of the gate: no withheld share follows from the bounds of those shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from analysis.checks import Integers
from analysis.outsider import (
    ND,
    PLACE,
    Atoms,
    FamilyTable,
    Protection,
    atoms,
    family_table,
    raised,
    sound,
)
from analysis.relations import Family
from analysis.targets import Domain, Target


def withhold_told(
    ranked: pl.DataFrame,
    rows: pl.DataFrame,
    weight: str,
    shares: Sequence[Target],
    cuts: Sequence[Domain],
    *,
    blocks: Sequence[Sequence[str]],
    families: Sequence[Family],
    counters: Mapping[str, Sequence[str]],
    protection: Protection,
) -> pl.DataFrame:
    """Withhold more cells until every withheld share keeps an interval that is wide enough.

    Parameters
    ----------
    ranked : one row per share x domain: `indicator`, `domain_type`, `domain`, `rank` (place of the
        status in `disclosure.STATUSES`).
    rows, weight, shares, cuts : answers, and what was estimated of them.
    blocks : types of domain to take together, from `relations.domain_blocks`.
    families : shares that add up, from `relations.families`.
    counters : indicator -> those asked only to whom it counts; none is shown where it is withheld.
    protection : widths to keep.

    Returns
    -------
    The same rows and order with the ranks raised to that of « nd ».
    """
    columns = {name: i for i, name in enumerate(ranked.select(PLACE).unique().sort(PLACE).rows())}
    place = {target.indicator: number for number, target in enumerate(shares)}
    at = (
        ranked["indicator"].replace_strict(place, return_dtype=pl.Int64).to_numpy(),
        np.array([columns[name] for name in ranked.select(PLACE).rows()], dtype=np.int64),
    )
    rank = np.full((len(place), len(columns)), -1)
    rank[at] = ranked["rank"].to_numpy()
    parts = ([cut for cut in cuts if cut.domain_type in block] for block in blocks)
    found = [restricted(atoms(rows, weight, shares, part), columns) for part in parts]
    groups = [
        family_tables(each, found, place, columns)
        for family in families
        for each in sound(family, found[0], place)
    ]
    asked = {
        place[code]: [place[each] for each in others if each in place]
        for code, others in counters.items()
        if code in place
    }
    withhold_asked(rank, asked)
    pending = groups
    while pending:
        for tables in pending:
            raised(rank, tables, protection)
        changed = withhold_asked(rank, asked)
        pending = [each for each in groups if any(changed & table.cells for table in each)]
    return ranked.with_columns(rank=pl.Series(rank[at]))


def family_tables(
    family: Family, found: Sequence[Atoms], place: Mapping[str, int], columns: Mapping
) -> list[FamilyTable]:
    """The tables of a family in every block; first those of each answer alone, which are quick."""
    alone = [{code: joined} for code, joined in family.items() if joined == (code,)]
    tables = (
        family_table(each, group, place, np.array([columns[name] for name in each.domains]))
        for group in (*(alone if len(family) > 1 else ()), family)
        for each in found
        if each.domains
    )
    return [table for table in tables if len(table.respondents)]


def restricted(found: Atoms, columns: Mapping) -> Atoms:
    """The atoms with the domains that have cells only."""
    kept = [number for number, name in enumerate(found.domains) if name in columns]
    return Atoms(
        [found.domains[number] for number in kept],
        found.inside[kept],
        found.counted,
        found.answering,
        found.respondents,
    )


def withhold_asked(rank: Integers, asked: Mapping[int, Sequence[int]]) -> set[tuple[int, int]]:
    """Withhold in place what is asked only to whom a withheld share counts; the cells withheld.

    Their size would give the share.
    """
    changed: set[tuple[int, int]] = set()
    for counter, others in asked.items():
        for other in others:
            told = (rank[counter] >= ND) & (rank[other] >= 0) & (rank[other] < ND)
            rank[other, told] = ND
            changed |= {(other, int(column)) for column in np.flatnonzero(told)}
    return changed
