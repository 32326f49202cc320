"""The audit of an outsider: what the published cells alone tell of those withheld.

Nothing of the answers enters here: cells as published, definitions, and the units that can exist
(every commune with its places, every combination of the answers that cut the population). Sizes are
those published with the cells; an item left blank makes a numerator known within a margin only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl

from analysis.checks import Floats, Integers
from analysis.feasible import Cells, ContradictionError, Outsider, Table
from analysis.outsider import ND, PLACE, Protection
from analysis.relations import Family
from analysis.targets import Domain, partition

BLANK = 3.0  # times more weight than rows that the blank answers of an item may have
ROUNDING = 1e-9  # of a size: of the numbers as written
UNSIZED = 1.0  # unit by which a cell of unknown size is told from nothing
TABLE = (*PLACE, "indicator", "base", "estimate", "n_respondents", "population_size", "rank")


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What an outsider knows of the domains of a block: which can overlap.

    domains : type and name; inside : domains x atoms, 1 where the domain holds the atom.
    """

    domains: tuple[tuple[str, str], ...]
    inside: Floats


def ground(units: pl.DataFrame, cuts: Sequence[Domain]) -> Ground:
    """The ground of some cuts, from one row per kind of unit that can exist."""
    parts = [partition(units, cut) for cut in cuts]
    patterns = np.unique(np.column_stack([part.codes for part in parts]), axis=0)
    inside = [
        codes == code
        for part, codes in zip(parts, patterns.T, strict=True)
        for code in range(len(part.labels))
    ]
    names = tuple((part.domain_type, label) for part in parts for label in part.labels)
    return Ground(names, np.array(inside, float))


@dataclass(frozen=True, slots=True)
class Told:
    """A withheld cell and the width of the interval that an outsider can give its share.

    Where its size is published nowhere, only a share told to be 0 or 1 is told.
    """

    indicator: str
    domain_type: str
    domain: str
    secret: bool
    width: float
    need: float


class Published:
    """The shares of one population and edition, as tables of indicators x domains.

    `share`, `size`, `answers` are NaN, and `rank` is -1, where there is no cell or it is withheld.
    `base_size` and `base_answers` are the most that any shown cell says of those of a base in a
    domain, by indicator: its own where it is withheld.
    """

    def __init__(self, cells: pl.DataFrame) -> None:
        cells = cells.select(TABLE)
        self.indicators = cells["indicator"].unique(maintain_order=True).to_list()
        self.domains = cells.select(PLACE).unique(maintain_order=True).rows()
        self.column = {name: number for number, name in enumerate(self.domains)}
        self.row = {code: number for number, code in enumerate(self.indicators)}
        at = (
            cells["indicator"].replace_strict(self.row, return_dtype=pl.Int64).to_numpy(),
            np.array([self.column[name] for name in cells.select(PLACE).rows()]),
        )
        shape = len(self.indicators), len(self.domains)
        self.rank = np.full(shape, -1)
        self.rank[at] = cells["rank"].to_numpy()
        self.share, self.size, self.answers = (np.full(shape, np.nan) for _ in range(3))
        for table, name in (
            (self.share, "estimate"),
            (self.size, "population_size"),
            (self.answers, "n_respondents"),
        ):
            table[at] = cells[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        self.base_size, self.base_answers = self.size.copy(), self.answers.copy()
        bases = np.array(cells.unique("indicator", maintain_order=True)["base"].to_list())
        for base in set(bases):
            same = bases == base
            for table in (self.base_size, self.base_answers):
                most = np.where(np.isnan(table[same]), -np.inf, table[same]).max(axis=0)
                table[same] = np.where(np.isfinite(most), most, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class FamilyAudit:
    """One family in one block, ready for the program of the outsider.

    row, column : of each cell in the tables of `Published`.
    other : of each cell of unknown size, the place in `table` of those not counted in its domain,
    after all cells; -1 for the others.
    """

    table: Table
    shown: Cells
    need: Floats
    row: Integers
    column: Integers
    other: Integers


def family_audit(
    of: Published, family: Family, block: Ground, protection: Protection, blank: float
) -> FamilyAudit | None:
    """The table of a family in a block; None where nothing of it is withheld, or known.

    `blank` is the part of the weight of a cell that blank answers may take.
    """
    codes = [code for code in family if code in of.row]
    levels = [code for code in family if family[code] == (code,)]
    kept = [number for number, name in enumerate(block.domains) if name in of.column]
    if not codes or not kept:
        return None
    rows = np.array([of.row[code] for code in codes])
    columns = np.array([of.column[block.domains[number]] for number in kept])
    inside = block.inside[kept]
    present = of.rank[np.ix_(rows, columns)] >= 0
    joined = np.array([[level in family[code] for level in levels] for code in codes], float)
    if len(levels) == 1:
        joined = np.array([[1.0, 0.0]])
    at = tuple(axis[present] for axis in np.broadcast_arrays(rows[:, None], columns))
    shown = of.rank[at] < ND
    sizes = of.base_size[rows[0], columns]
    known = np.isfinite(sizes)
    if shown.all() or not known.any():
        return None
    counts = np.kron(joined, inside)[present.ravel()]
    others = np.kron(1 - joined, inside)[present.ravel()]
    size = of.base_size[at]
    unsized = ~shown & np.isnan(size)
    value = np.where(shown, of.share[at] * of.size[at], 0.0)
    gap = ROUNDING * np.nanmax(sizes)
    need = protection.need(of.rank[at], np.full(len(shown), np.inf))
    need = np.where(unsized, protection.withheld, need)
    extra = np.zeros(int(unsized.sum()))
    wholes = np.tile(inside[known], joined.shape[1])
    upper = np.where(inside[known] > 0, sizes[known][:, None], np.inf).min(axis=0)
    upper = np.where(np.isfinite(upper), upper, sizes[known].max())
    table = Table(
        sums=np.vstack([counts, others[unsized]]),
        least=np.concatenate([value * (1 - blank) - gap, extra]),
        most=np.concatenate([value + gap, extra]),
        sizes=np.concatenate([np.where(np.isnan(size), UNSIZED, size), extra + UNSIZED]),
        upper=np.tile(upper, joined.shape[1]),
        wholes=wholes,
        whole_least=sizes[known] * (1 - blank) - gap,
        whole_most=sizes[known] + gap,
    )
    return FamilyAudit(
        table,
        np.concatenate([shown, extra > 0]),
        np.concatenate([need, extra + protection.withheld]),
        *at,
        np.where(unsized, len(unsized) - 1 + np.cumsum(unsized), -1),
    )


def blank_weight(of: Published, family: Family) -> float:
    """The part of the weight of a cell that the blank answers to a family may take."""
    rows = [of.row[code] for code in family if code in of.row]
    with np.errstate(invalid="ignore"):
        missing = 1 - of.answers[rows] / of.base_answers[rows]
    return min(1.0, BLANK * float(np.nanmax(missing, initial=0.0)))


def audit(
    cells: pl.DataFrame,
    grounds: Sequence[Ground],
    families: Sequence[Family],
    protection: Protection,
) -> list[Told]:
    """Every withheld share of one population and edition, the most exposed first.

    Those whose `width` is under their `need` are told. A width is exact where it is under the need,
    else one at least that an outsider cannot exclude.

    Parameters
    ----------
    cells : shares as published, one row a cell: `TABLE`, `rank` being that of the status in
        `disclosure.STATUSES`; numbers null where it is withheld.
    grounds, families : how domains and indicators hold together.
    protection : the widths that withheld shares must keep.
    """
    of = Published(cells)
    worst: dict[tuple[int, int], Told] = {}
    for family in families:
        for block in grounds:
            for row, column, width, need in widths(of, family, block, protection):
                cell = Told(
                    of.indicators[row],
                    *of.domains[column],
                    bool(of.rank[row, column] > ND),
                    width,
                    need,
                )
                if (row, column) not in worst or width < worst[row, column].width:
                    worst[row, column] = cell
    return sorted(
        worst.values(), key=lambda cell: (cell.width >= cell.need, not cell.secret, cell.width)
    )


def widths(
    of: Published, family: Family, block: Ground, protection: Protection
) -> Iterator[tuple[int, int, float, float]]:
    """Row, column, width and need of each withheld cell of a family in a block.

    Where the margin for blank answers makes what is published contradict itself, it is widened.
    """
    blank = blank_weight(of, family)
    for margin in (blank, min(1.0, 5 * blank + 0.01), 1.0):
        made = family_audit(of, family, block, protection, margin)
        if made is None:
            return
        outsider = Outsider(made.table, made.shown, at_once=None)
        try:
            told = {each.cell: each.width for each in outsider.exposures(made.need)}
        except ContradictionError:
            continue
        for cell in np.flatnonzero(~made.shown[: len(made.row)]):
            row, column, other = int(made.row[cell]), int(made.column[cell]), int(made.other[cell])
            secret = of.rank[row, column] > ND
            need = protection.secret if secret else protection.withheld
            width = min(told.get(each, np.inf) for each in (cell, other))
            if other >= 0 and np.isfinite(width) and is_empty(outsider, cell, other):
                continue
            if not np.isfinite(width):
                width = share_width(outsider, cell, other, need)
            yield row, column, width, need
        return
    raise ContradictionError("the published cells contradict one another")


def share_width(outsider: Outsider, cell: int, other: int, need: float) -> float:
    """Width of the shares of a cell found possible; exact for a cell of unknown size under `need`.

    `other` are those of its domain that the cell does not count, where its size is unknown; else
    -1, and the search has made sure of the width.
    """
    if other < 0:
        return max(float(outsider.high[cell] - outsider.low[cell]), need)
    width = ratio_width(outsider, cell, other)
    if width < need:
        for each, side in product((cell, other), (1, -1)):
            outsider.most(side * outsider.table.sums[each])
        width = ratio_width(outsider, cell, other)
    return width


def is_empty(outsider: Outsider, cell: int, other: int) -> bool:
    """Whether nobody can be in the domain of a cell of unknown size: there is nothing to tell."""
    everyone = outsider.table.sums[cell] + outsider.table.sums[other]
    return outsider.most(everyone)[0] <= 2 * ROUNDING * len(outsider.table.sizes) * outsider.scale


def ratio_width(outsider: Outsider, cell: int, other: int) -> float:
    """Width of the shares that so many counted, and so many others, can make."""
    least, most = outsider.low[[cell, other]], outsider.high[[cell, other]]
    high = most[0] / max(most[0] + least[1], ROUNDING)
    return float(high - least[0] / max(least[0] + most[1], ROUNDING))
