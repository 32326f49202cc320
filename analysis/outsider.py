"""What the published cells tell together: their tables, and the cells to withhold for it.

Domains are taken block by block: those that cut the population by the same thing, places together,
sizes and sectors together. Within a block an outsider is supposed to know how groups overlap, what
each weighs and how many answer in it, more than is public; across blocks only that each makes up
the whole, which is all that unpublished crossings allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from analysis.checks import Floats, Integers
from analysis.feasible import Table, exact_table
from analysis.relations import Family
from analysis.suppression import withheld_too
from analysis.targets import Domain, Target, partition, target_values

ND = 2  # rank of « nd » in the order of the statuses; those above are « secret »
WHOLE_COUNTS = 20  # times more than its respondents say: every page opens with the whole
PLACE = ("domain_type", "domain")


@dataclass(frozen=True, slots=True)
class Protection:
    """How wide the interval of a withheld share must stay for an outsider.

    secret : of a `secret` cell; at least one part in as many as it has respondents, since the share
        of one unit is 0 or 1, of two mostly 0, a half or 1.
    withheld : of an `nd` cell, withheld for want of precision: it must not be told exactly.
    """

    secret: float = 0.20
    withheld: float = 0.001

    def need(self, rank: Integers, respondents: Floats) -> Floats:
        """The width each cell needs by its rank; 0 for a cell shown, or of nobody."""
        secret = np.maximum(self.secret, 1 / np.maximum(respondents, 1))
        asked = np.where(rank > ND, secret, self.withheld)
        return np.where((rank >= ND) & (respondents > 0), asked, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """The sums from which all cells of a block are made.

    domains : type and name of each domain.
    inside : domains x atoms, whether the domain holds the atom.
    counted, answering : indicators x atoms, weight of those counted and of those who answer.
    respondents : indicators x atoms, those who answer.
    """

    domains: list[tuple[str, str]]
    inside: NDArray[np.bool_]
    counted: Floats
    answering: Floats
    respondents: Floats


def atoms(
    rows: pl.DataFrame, weight: str, shares: Sequence[Target], cuts: Iterable[Domain]
) -> Atoms:
    """The atoms of a block of domains, and what they hold of every share."""
    parts = [partition(rows, cut) for cut in cuts]
    patterns, atom = np.unique(
        np.column_stack([part.codes for part in parts]), axis=0, return_inverse=True
    )
    values = target_values(rows, shares)
    answered = values.answered.astype(float)
    member = sparse.csr_array(
        (np.ones(rows.height), (atom.ravel(), np.arange(rows.height))),
        shape=(len(patterns), rows.height),
    )
    weighted = sparse.csr_array(member * rows[weight].to_numpy())
    inside = [
        codes == code
        for part, codes in zip(parts, patterns.T, strict=True)
        for code in range(len(part.labels))
    ]
    return Atoms(
        [(part.domain_type, label) for part in parts for label in part.labels],
        np.array(inside),
        (weighted @ np.where(values.answered, np.nan_to_num(values.value), 0.0)).T,
        (weighted @ answered).T,
        (member @ answered).T,
    )


@dataclass(frozen=True, slots=True, eq=False)
class FamilyTable:
    """A table of one family in one block.

    indicator, column : of each cell, where it is in the table of ranks.
    respondents : who answer in it.
    """

    table: Table
    indicator: Integers
    column: Integers
    respondents: Floats

    @property
    def loss(self) -> Floats:
        """What withholding a cell costs: its respondents, many times for those of the whole."""
        whole = self.respondents == self.respondents.max(initial=0)
        return np.where(whole, WHOLE_COUNTS, 1) * np.maximum(self.respondents, 1.0)

    @property
    def cells(self) -> set[tuple[int, int]]:
        """Where its cells are in the table of ranks."""
        return set(zip(self.indicator.tolist(), self.column.tolist(), strict=True))


def family_table(
    found: Atoms, family: Family, place: Mapping[str, int], columns: Integers
) -> FamilyTable:
    """The cells of a family: its answers, and the indicators that join several of them.

    `place` gives the row of each indicator in `found`, `columns` where each domain is ranked.
    """
    answers = [code for code, joined in family.items() if joined == (code,)]
    rows = np.array([place[code] for code in family])
    first = place[answers[0]]
    alive = found.answering[first] > 0
    inside = found.inside[:, alive].astype(float)
    upper = found.answering[first, alive]
    joined = np.array([[answer in parts for answer in answers] for parts in family.values()], float)
    shape = (len(family), len(found.domains))
    sizes = (found.answering[rows] @ found.inside.T).ravel()
    held = np.tile(inside.any(axis=1), len(family)) & (sizes > 0)
    whole = np.tile(np.eye(len(upper) if len(answers) > 1 else 0, len(upper)), len(answers))
    table = exact_table(
        sums=np.kron(joined, inside)[held],
        sizes=sizes[held],
        upper=np.tile(upper, len(answers)),
        truth=np.concatenate([found.counted[place[answer], alive] for answer in answers]),
        wholes=whole,
    )
    return FamilyTable(
        table,
        np.broadcast_to(rows[:, None], shape).ravel()[held],
        np.broadcast_to(columns, shape).ravel()[held],
        (found.respondents[rows] @ found.inside.T).ravel()[held],
    )


def sound(family: Family, found: Atoms, place: Mapping[str, int]) -> Iterator[Family]:
    """A family as far as the answers hold to it; what does not add up is taken alone.

    « Ne sait pas » may be an answer to one indicator and missing from another.
    """
    family = {code: joined for code, joined in family.items() if code in place}
    answers = [code for code, joined in family.items() if joined == (code,)]
    if not answers:
        yield from ({code: (code,)} for code in family)
        return
    counted, answering = found.counted, found.answering[place[answers[0]]]
    alike = all(np.allclose(found.answering[place[code]], answering) for code in answers)
    total = sum(counted[place[code]] for code in answers)
    if len(answers) > 1 and not (alike and np.allclose(total, answering)):
        yield from ({code: (code,)} for code in family)
        return
    kept = {
        code: joined
        for code, joined in family.items()
        if set(joined) <= set(answers)
        and np.allclose(sum(counted[place[each]] for each in joined), counted[place[code]])
    }
    yield kept
    yield from ({code: (code,)} for code in family if code not in kept)


def raised(
    rank: Integers, tables: Sequence[FamilyTable], protection: Protection
) -> set[tuple[int, int]]:
    """Raise ranks, indicators x domains, in place, until no cell of the tables is told too well.

    A rank under 0 is no cell. Tables that share a cell are taken again where it changes. Returns
    the cells withheld here, which have the rank « nd ».
    """
    cells = [table.cells for table in tables]
    pending = list(range(len(tables)))
    withheld: set[tuple[int, int]] = set()
    while pending:
        made = tables[pending.pop(0)]
        own = rank[made.indicator, made.column]
        shown = (own >= 0) & (own < ND)
        need = protection.need(own, made.respondents)
        new = shown & ~withheld_too(made.table, shown, need, protection.withheld, made.loss)
        rank[made.indicator[new], made.column[new]] = ND
        changed = set(zip(made.indicator[new].tolist(), made.column[new].tolist(), strict=True))
        withheld |= changed
        touched = (number for number, each in enumerate(cells) if changed & each)
        pending = sorted({*pending, *touched})
    return withheld
