"""What is withheld beside a withheld cell: enough, and no more than it takes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.protection import cell_ties, domain_relations, withhold

ND, SECRET = 2, 3


def protect(vectors, rank, size, *, levels=1, complete=False, guarded=ND):
    """Ranks of the cells of every domain at every level, level by level."""
    vectors = np.array(vectors, float)
    domains = np.arange(len(vectors))
    place, level = np.tile(domains, levels), np.repeat(np.arange(levels), len(vectors))
    real = vectors.any(axis=1)
    ties = cell_ties(domain_relations(vectors), place, level, real, complete=complete)
    return withhold(ties, np.array(rank), np.array(size), guarded).tolist()


def test_domains_are_tied_by_the_ways_they_add_up():
    sizes = [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 1, 1]]
    relations = domain_relations(np.array(sizes, float))
    # whole = a + b + c, and « b or c » = b + c
    assert relations.shape == (6, 2)
    assert np.abs(np.array(sizes).T @ relations).max() < 1e-12
    assert not relations[4].any(), "un domaine vide n’est dans aucune relation"


def test_the_smallest_that_ends_the_matter_alone_is_withheld():
    whole, a, b, c, b_or_c = [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]
    domains = [whole, a, b, c, b_or_c]
    # c is both whole - a - b and (b or c) - b: b alone is in both.
    assert protect(domains, [0, 0, 0, SECRET, 0], [9, 1, 5, 2, 7]) == [0, 0, ND, SECRET, 0]


def test_with_two_separate_ways_one_cell_of_each_is_withheld():
    domains = [[1, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 1], [0, 1, 0, 0]]
    # the fourth atom is the third domain: first - second, and fourth - fifth
    after = protect(domains, [0, 0, ND, 0, 0], [9, 8, 2, 7, 5])
    assert after[2] == ND
    assert ND in after[:2] and ND in after[3:]


def test_a_domain_of_nobody_and_cells_that_nothing_gives_are_left_alone():
    assert protect([[0, 0], [1, 0], [0, 1]], [SECRET, 0, 0], [0, 5, 5]) == [SECRET, 0, 0]
    assert protect([[1, 0], [0, 1]], [ND, 0], [5, 5]) == [ND, 0]


def test_only_guarded_cells_are_protected():
    domains = [[1, 1], [1, 0], [0, 1]]
    assert protect(domains, [0, 0, ND], [9, 6, 3], guarded=SECRET) == [0, 0, ND]
    assert protect(domains, [0, 0, SECRET], [9, 6, 3], guarded=SECRET) == [0, ND, SECRET]


@settings(max_examples=60)
@given(seed=st.integers(0, 100_000), levels=st.integers(1, 4), complete=st.booleans())
def test_no_withheld_cell_is_a_sum_of_shown_ones(seed, levels, complete):
    rng = np.random.default_rng(seed)
    complete = complete and levels > 1
    cuts = [rng.integers(0, count, 40) for count in (3, 5, 2)]
    crossed = cuts[0] * 5 + cuts[1]
    vectors = [np.ones(40), *(cut == value for cut in (*cuts, crossed) for value in set(cut))]
    vectors = np.array(vectors, float)
    rank = rng.choice([0, 1, ND, SECRET], levels * len(vectors), p=[0.5, 0.3, 0.15, 0.05])
    size = np.tile(vectors.sum(axis=1), levels)
    after = np.array(protect(vectors, rank, size, levels=levels, complete=complete))
    assert (after >= rank).all()
    hidden = after >= ND
    cells = np.vstack([np.kron(each, vectors) for each in np.eye(levels)[:, None]])
    public = list(cells[~hidden])
    if complete:
        public += list(np.kron(np.ones(levels), vectors))
    known = np.linalg.matrix_rank(np.array(public)) if public else 0
    for cell in cells[hidden]:
        assert np.linalg.matrix_rank(np.array([*public, cell])) == known + 1
