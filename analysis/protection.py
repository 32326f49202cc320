"""Which more cells to withhold, so that none withheld follows from those shown.

A cell is a sum over the respondents of its domain. Domains are tied by few relations (the sizes add
up to the whole, as the sectors do), so that all is told in the small space of those relations: a
withheld cell can be computed back when some relation has no other withheld cell in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from analysis.checks import Floats

TINY = 1e-7  # under this a coefficient is rounding
WITHHELD_RANK = 2  # of « nd », in the order of the statuses


@dataclass(frozen=True, slots=True)
class Ties:
    """How cells are tied to one another.

    place : domain of each cell.
    relations : one row per cell, one column per relation between domains.
    complete : whether the levels of each domain add up to a public number, a relation more.
    real : whether the domain of the cell has anybody in it; else there is nothing to hide.
    """

    place: NDArray[np.int64]
    relations: Floats
    complete: bool
    real: NDArray[np.bool_]


def domain_relations(vectors: Floats) -> Floats:
    """The ways in which domains add up to nothing: one row per domain, one column per relation.

    `vectors` has one row per domain; a row of zeros is a domain of nobody, and is in no relation.
    """
    real = vectors.any(axis=1)
    triangle = np.linalg.qr(vectors[real].T, mode="r")
    basis = linalg.null_space(triangle, rcond=TINY)
    relations = np.zeros((len(vectors), basis.shape[1]))
    relations[real] = basis
    return relations


def cell_ties(
    relations: Floats,
    place: NDArray[np.int64],
    level: NDArray[np.int64],
    real: NDArray[np.bool_],
    *,
    complete: bool,
) -> Ties:
    """Ties of the cells that stand at these places and levels (numbers from 0).

    Levels that add up (`complete`) are free but for the last, which is what the others leave.
    """
    levels = int(level.max()) + 1
    free = np.eye(levels)[:, : levels - 1] if complete else np.eye(levels)
    wide = free[level][:, :, None] * relations[place][:, None, :]
    return Ties(place, wide.reshape(len(place), -1), complete, real[place])


def withhold(
    ties: Ties, rank: NDArray[np.int64], size: NDArray[np.int64], guarded: int = WITHHELD_RANK
) -> NDArray[np.int64]:
    """Ranks of cells once none of rank `guarded` or more follows from those shown.

    One more cell is withheld at a time, as « nd »: the smallest of those that end the matter alone,
    or else of those that take the largest part in giving it.
    """
    rank = rank.copy()
    while True:
        hidden = rank >= WITHHELD_RANK
        if hidden.all():
            return rank
        space = _Space.of(ties, hidden)
        exposed = space.exposed & ties.real & (rank >= guarded)
        if not exposed.any():
            return rank
        order = np.lexsort((size, -rank))
        protected = order[exposed[order]][0]
        part, alone = space.givers(protected)
        enough = alone & (part > TINY)
        candidates = np.flatnonzero(enough if enough.any() else part > part.max() - TINY)
        rank[candidates[size[candidates].argmin()]] = WITHHELD_RANK


@dataclass(frozen=True, slots=True)
class _Space:
    """Relations seen from the withheld cells.

    `left`, `values` and `right` decompose them; `free` are the relations without withheld cells.
    Where levels add up, each domain has a relation of its own: it is taken out of the withheld
    cells by centring them within their domain.
    """

    ties: Ties
    hidden: NDArray[np.bool_]
    count: Floats  # withheld cells in the domain of each cell, where levels add up
    centre: Floats  # their mean, one row per cell
    left: Floats
    values: Floats
    right: Floats
    free: Floats

    @classmethod
    def of(cls, ties: Ties, hidden: NDArray[np.bool_]) -> _Space:
        count, centre = np.zeros(len(hidden)), np.zeros_like(ties.relations)
        if ties.complete:
            count, centre = _by_place(ties, hidden)
        inside = (ties.relations - centre)[hidden]
        # The relations are few: their small product is quicker to decompose than the cells.
        squares, axes = np.linalg.eigh(inside.T @ inside)
        used = squares > TINY
        values, right = np.sqrt(squares[used]), axes[:, used]
        return cls(
            ties, hidden, count, centre, inside @ right / values, values, right, axes[:, ~used]
        )

    @property
    def exposed(self) -> NDArray[np.bool_]:
        """Withheld cells that a relation gives: those alone in it among the withheld."""
        found = np.zeros(len(self.hidden), bool)
        lever = (self.left**2).sum(axis=1)
        if self.ties.complete:
            lever = lever + 1 / self.count[self.hidden]
        found[self.hidden] = lever > 1 - TINY
        return found

    def givers(self, protected: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Part of each shown cell in giving `protected`; whether it is the same in every way to."""
        tied = self.ties.relations - self.centre
        target = np.zeros(len(self.hidden))
        target[protected] = 1
        own = np.zeros(len(self.hidden))
        if self.ties.complete:
            here = self.ties.place == self.ties.place[protected]
            own[here] = 1 / self.count[protected]
            target -= own * self.hidden
        solved = self.right @ ((self.left.T @ target[self.hidden]) / self.values)
        coefficients = tied @ solved + own
        unique = np.abs(tied @ self.free).max(axis=1, initial=0.0) <= TINY
        if self.ties.complete:
            unique &= self.count > 0
        return np.where(self.hidden, 0.0, np.abs(coefficients)), unique


def _by_place(ties: Ties, hidden: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Number of withheld cells in the domain of each cell, and the mean of their relations."""
    places = int(ties.place.max()) + 1
    count = np.bincount(ties.place[hidden], minlength=places).astype(float)
    sums = np.zeros((places, ties.relations.shape[1]))
    np.add.at(sums, ties.place[hidden], ties.relations[hidden])
    centre = sums / np.maximum(count, 1)[:, None]
    return count[ties.place], centre[ties.place]
