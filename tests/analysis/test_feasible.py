"""What an outsider works out from the cells shown, and what is withheld so that they cannot."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from analysis.feasible import Outsider, Table, exact_table
from analysis.suppression import cheapest, step_by_step, withheld_too


def table(inside, upper, truth, *, levels=1):
    """Cells of every domain (rows of `inside`, over atoms) at every level."""
    inside, upper = np.array(inside, float), np.array(upper, float)
    wholes = np.tile(np.eye(len(upper) if levels > 1 else 0, len(upper)), levels)
    return exact_table(
        sums=np.kron(np.eye(levels), inside),
        sizes=np.tile(inside @ upper, levels),
        upper=np.tile(upper, levels),
        truth=np.array(truth, float).ravel(),
        wholes=wholes,
    )


def interval(of: Table, shown, cell):
    """Least and most of the share of a cell, by SciPy: the peer."""
    rows = np.vstack([of.sums[shown], of.wholes])
    own = of.shares[cell]
    ends = [
        optimize.linprog(
            side * own,
            A_eq=rows if rows.shape[0] else None,
            b_eq=np.concatenate([of.most[shown], of.whole_most]) if rows.shape[0] else None,
            bounds=np.column_stack([0 * of.upper, of.upper]),
        )
        for side in (1, -1)
    ]
    assert all(end.status == 0 for end in ends)
    return ends[0].fun, -ends[1].fun


# Whole, communes, intercommunalités, départements (4 bodies), région (1): the known fault.
BODIES = [[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
SIZES = [1228, 70, 4, 1]


def test_the_council_was_told_where_the_others_held_the_whole_numerator():
    council = 4
    of = table(BODIES, SIZES, [20, 4, 0, 0])
    shown = np.array([True, True, True, False, False])
    (first, second) = Outsider(of, shown).exposures(np.array([0, 0, 0, 0.001, 1.0]))
    assert [first.cell, second.cell] == [3, council]
    assert [first.width, second.width] == [0, 0]
    need = np.array([0, 0, 0, 0.001, 1.0])
    after = withheld_too(of, shown, need, 0.001, np.array([500.0, 441, 51, 4, 1]))
    assert after.tolist() == [True, True, False, False, False]
    assert interval(of, after, council) == pytest.approx((0, 1))


def test_all_of_them_is_told_as_well_as_none():
    of = table(BODIES, SIZES, [20, 70, 4, 1])
    shown = np.array([True, True, True, False, False])
    told = list(Outsider(of, shown).exposures(np.full(5, 0.2)))
    assert [each.cell for each in told] == [3, 4]


def test_a_zero_over_a_place_tells_the_places_within():
    # two départements of two communities each; none in the first
    inside = [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], *np.eye(4).tolist()]
    of = table(inside, [9, 9, 9, 9], [0, 0, 3, 5])
    shown = np.array([True, True, True, False, False, False, False])
    (first, second) = Outsider(of, shown).exposures(np.full(7, 0.001))
    assert [first.cell, second.cell] == [3, 4]
    after = withheld_too(of, shown, np.full(7, 0.001), 0.001, np.ones(7))
    assert after[1:3].tolist() == [False, False], "l’un des deux donnerait l’autre"
    assert after[0], "l’ensemble ne dit rien de trop"


def test_answers_of_a_choice_tell_one_another():
    # Two groups, three answers; all of group b is shown, and the whole: group a follows.
    inside = [[1, 1], [1, 0], [0, 1]]
    of = table(inside, [10, 40], [[2, 20], [3, 10], [5, 10]], levels=3)
    shown = np.array([True, False, True, True, False, True, False, False, False])
    told = {each.cell for each in Outsider(of, shown).exposures(np.full(9, 0.001))}
    assert told and told <= {1, 4, 6, 7, 8}, "ce que deux réponses laissent est la troisième"
    after = withheld_too(of, shown, np.full(9, 0.001), 0.001, np.ones(9))
    assert all(np.diff(interval(of, after, cell)) >= 0.001 for cell in np.flatnonzero(~after))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000), levels=st.integers(1, 3))
def test_no_interval_is_narrower_than_asked(seed, levels):
    """The peer is SciPy's own program, written apart from the one under test."""
    rng = np.random.default_rng(seed)
    atoms = 7
    upper = rng.integers(1, 30, atoms).astype(float)
    cut = rng.dirichlet(np.full(levels + (levels == 1), 0.3), atoms).T * upper
    cuts = [rng.integers(0, count, atoms) for count in (2, 3)]
    inside = [np.ones(atoms), *(one == value for one in cuts for value in set(one))]
    of = table(inside, upper, cut[:levels], levels=levels)
    cells = len(of.sizes)
    shown = rng.random(cells) < 0.7
    need = np.where(rng.random(cells) < 0.3, 0.2, 0.001)
    after = withheld_too(of, shown, need, 0.001, of.sizes)
    assert (shown | ~after).all(), "une cellule retenue ne revient pas"
    for cell in np.flatnonzero(~after):
        low, high = interval(of, after, cell)
        assert low - 1e-7 <= of.most[cell] / of.sizes[cell] <= high + 1e-7
        assert high - low >= (0.001 if shown[cell] else need[cell]) - 1e-5


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_gains_are_never_less_than_what_withholding_brings(seed):
    rng = np.random.default_rng(seed)
    atoms = 8
    upper = rng.integers(1, 9, atoms).astype(float)
    truth = np.round(upper * rng.choice([0, 1, rng.random()], atoms))
    cuts = [rng.integers(0, 3, atoms) for _ in range(2)]
    inside = [np.ones(atoms), *(cut == value for cut in cuts for value in set(cut))]
    of = table(inside, upper, truth)
    shown = rng.random(len(inside)) < 0.7
    for exposed in Outsider(of, shown).exposures(np.ones(len(inside))):
        more = shown & (rng.random(len(inside)) < 0.4)
        low, high = interval(of, shown & ~more, exposed.cell)
        assert high - low <= exposed.width + exposed.gains[more].sum() + 1e-6


def test_the_cheapest_cover_is_the_cheapest():
    parts = np.array([[1.0, 0.5, 0.5, 0.0], [0.0, 0.5, 0.5, 1.0]])
    for loss in itertools.permutations([1.0, 2.0, 3.0, 4.0]):
        found = cheapest(parts, np.array(loss))
        options = [
            chosen
            for count in range(1, 5)
            for chosen in itertools.combinations(range(4), count)
            if (parts[:, chosen].sum(axis=1) >= 1).all()
        ]
        best = min(sum(loss[each] for each in chosen) for chosen in options)
        assert np.array(loss)[found].sum() == pytest.approx(best)
        covered = step_by_step(parts, np.ones(2), np.array(loss))
        assert (parts[:, covered].sum(axis=1) >= 1 - 1e-9).all()
