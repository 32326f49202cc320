"""How replicate weights are made: what each method must equal, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import Replicates, SurveyDesign
from analysis.estimation import Target, estimate
from analysis.hadamard import hadamard
from analysis.replicate_weights import (
    METHODS,
    ReplicateSet,
    ReplicationSpec,
    make_replicates,
)
from analysis.replication import estimate_replicates, replicate_set
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
NAMES = {"population": "écoles", "edition": 1}
TOTAL = [Target("y", pl.col("y"), "total")]
STRATA = SurveyDesign("w", "stratum", "size", "cluster")
# sums of a few hundred terms, in another order than ours
EXACT = 1e-12


def drawn(units: list[int], seed: int, rows: int = 2) -> pl.DataFrame:
    """One stratum an item, that many clusters of `rows` rows each, drawn from ten more."""
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(len(units)), np.array(units) * rows)
    cluster = np.concatenate([np.repeat(np.arange(count), rows) for count in units])
    return pl.DataFrame(
        {
            "stratum": stratum,
            "cluster": cluster,
            "size": np.array(units)[stratum] + 10,
            "w": rng.uniform(1, 20, len(stratum)),
            "y": rng.normal(50, 20, len(stratum)),
        }
    )


def variance(frame: pl.DataFrame, replicates: ReplicateSet) -> float:
    return estimate_replicates(frame, replicates, TOTAL, **NAMES)["std_error"][0] ** 2


def linearised(frame: pl.DataFrame, design: SurveyDesign) -> float:
    return estimate(frame, design, TOTAL, **NAMES)["std_error"][0] ** 2


def made(frame: pl.DataFrame, design: SurveyDesign, method: str, **how) -> ReplicateSet:
    return make_replicates(frame, design, ReplicationSpec(method, **how))


@settings(max_examples=30)
@given(
    units=st.lists(st.integers(2, 5), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
    size=st.sampled_from(["size", None]),
    cluster=st.sampled_from(["cluster", None]),
)
def test_the_jackknife_of_a_total_is_its_linearised_variance(units, seed, size, cluster):
    frame = drawn(units, seed)
    design = SurveyDesign("w", "stratum", size, cluster)
    if cluster is None and size:
        frame = frame.with_columns(size=pl.len().over("stratum") + 3)
    found = variance(frame, made(frame, design, "jkn"))
    assert found == pytest.approx(linearised(frame, design), rel=1e-10)


@pytest.mark.parametrize("size", ["size", None])
@pytest.mark.parametrize("method", ["brr", "fay"])
@pytest.mark.parametrize("n_strata", [1, 3, 7, 11, 25])
def test_balanced_half_samples_of_a_total_give_its_linearised_variance(n_strata, method, size):
    frame = drawn([2] * n_strata, n_strata)
    design = SurveyDesign("w", "stratum", size, "cluster")
    found = made(frame, design, method, fay=0.3)
    assert variance(frame, found) == pytest.approx(linearised(frame, design), rel=1e-10)
    assert found.weights.mean(axis=1) == pytest.approx(found.weight, rel=EXACT)


def test_half_samples_balance_as_those_of_r():
    row = pl.int_range(pl.len())
    frame = pl.read_csv(REFERENCE / "apisrs.csv").with_columns(pair=row // 10, half=row // 5)
    expected = pl.read_csv(REFERENCE / "replication.csv").filter(
        pl.col("statistic") == "total", pl.col("domain") == "ensemble"
    )
    target = [Target("enroll", pl.col("enroll"), "total")]
    for method, rho in (("brr", 0.0), ("fay", 0.3)):
        found = made(frame, SurveyDesign("pw", "pair", None, "half"), method, fay=rho)
        error = estimate_replicates(frame, found, target, **NAMES)["std_error"][0]
        r = expected.filter(pl.col("design") == method)["std_error"][0]
        assert error == pytest.approx(r, rel=1e-8)


def test_brr_keeps_one_unit_of_each_pair():
    frame = drawn([2] * 5, 0, rows=1)
    found = made(frame, SurveyDesign("w", "stratum"), "brr")
    factor = (found.weights / found.weight[:, None]).reshape(5, 2, -1)
    assert set(np.unique(factor)) == {0.0, 2.0}
    assert (factor.sum(axis=1) == 2).all()


def successive(frame: pl.DataFrame, share_left: float) -> float:
    """Half the squared differences of neighbours in a circle, stratum by stratum."""
    total = 0.0
    for (_,), part in frame.group_by("stratum"):
        units = part.group_by("cluster", maintain_order=True).agg((pl.col("w") * pl.col("y")).sum())
        sums = units["w"].to_numpy()
        total += share_left * ((sums - np.roll(sums, 1)) ** 2).sum() / 2
    return total


def test_successive_differences_equal_their_closed_formula():
    frame = drawn([12, 7, 2], 5).sample(fraction=1, shuffle=True, seed=3)
    found = made(frame, replace(STRATA, stratum_size=None), "successive_difference")
    assert variance(frame, found) == pytest.approx(successive(frame, 1.0), rel=1e-10)
    assert found.weights.mean(axis=1) == pytest.approx(found.weight, rel=EXACT)
    half = frame.with_columns(size=2 * pl.col("cluster").n_unique().over("stratum"))
    found = made(half, STRATA, "successive_difference")
    assert variance(half, found) == pytest.approx(successive(half, 0.5), rel=1e-10)


def test_successive_differences_follow_the_order_of_a_column():
    frame = drawn([15], 6).with_columns(rank=pl.lit(1.0) / (pl.col("cluster") + 1))
    design = replace(STRATA, stratum_size=None)
    found = made(frame, design, "successive_difference", order="rank")
    assert variance(frame, found) == pytest.approx(successive(frame.reverse(), 1.0), rel=1e-10)


def test_few_successive_differences_are_right_on_average():
    """With rows used again their products add noise; 400 shuffles bring it to a few hundredths."""
    rng = np.random.default_rng(8)
    frame = drawn([40], 9, rows=1)
    design = SurveyDesign("w", "stratum")
    found = made(frame, design, "successive_difference", n_replicates=16).weights
    factor = found / frame["w"].to_numpy()[:, None]
    ratios = []
    for _ in range(400):
        y = rng.normal(size=40)
        closed = ((y - np.roll(y, 1)) ** 2).sum() / 2
        ratios.append(4 / 16 * (((factor - 1).T @ y) ** 2).sum() / closed)
    assert np.mean(ratios) == pytest.approx(1, abs=4 * np.std(ratios) / 20)


def near(frame: pl.DataFrame, replicates: ReplicateSet, expected: float) -> None:
    """The bootstrap variance is within four of its own standard errors."""
    totals = frame["y"].to_numpy() @ replicates.weights
    squares = (totals - totals.mean()) ** 2
    margin = 4 * squares.std() / np.sqrt(len(totals))
    assert margin < 0.2 * expected
    assert variance(frame, replicates) == pytest.approx(expected, abs=margin)
    spread = replicates.weights.std(axis=1) / np.sqrt(len(totals))
    assert (np.abs(replicates.weights.mean(axis=1) - replicates.weight) <= 5 * spread + 1e-9).all()


@pytest.mark.parametrize("method", ["rao_wu", "preston"])
@pytest.mark.parametrize("size", ["size", None])
def test_bootstraps_of_one_stage_are_near_the_linearised_variance(method, size):
    frame = drawn([2, 3, 8, 8, 15], 4)
    design = SurveyDesign("w", "stratum", size, "cluster")
    found = made(frame, design, method, n_replicates=3000, seed=5)
    near(frame, found, linearised(frame, design))


def test_preston_replicates_every_stage():
    rng = np.random.default_rng(7)
    frame = drawn([4, 6, 5], 4, rows=6).with_columns(
        size=pl.col("cluster").n_unique().over("stratum") + 2,
        size2=pl.lit(9),
        y=pl.Series(rng.normal(50, 40, 90)),
    )
    design = SurveyDesign("w", "stratum", ("size", "size2"), "cluster")
    expected = linearised(frame, design)
    first = linearised(frame, SurveyDesign("w", "stratum", "size", "cluster"))
    assert expected > 1.1 * first  # else the second stage would not show
    near(frame, made(frame, design, "preston", n_replicates=6000, seed=2), expected)


def lonely(option: str) -> tuple[pl.DataFrame, SurveyDesign]:
    frame = drawn([1, 4, 6], 3).with_columns(size=pl.lit(20))
    return frame, replace(STRATA, lonely=option)


@pytest.mark.parametrize("option", ["adjust", "certainty", "remove"])
def test_a_lonely_unit_counts_as_in_the_linearised_variance(option):
    frame, design = lonely(option)
    expected = linearised(frame, design)
    for method in ("rao_wu", "preston"):
        near(frame, made(frame, design, method, n_replicates=3000), expected)
    spread = np.ptp(made(frame, design, "successive_difference").weights[:2], axis=1)
    assert ((spread > 0) == (option == "adjust")).all()


def test_a_lonely_unit_takes_the_mean_variance_of_the_others():
    frame, design = lonely("average")
    near(frame, made(frame, design, "rao_wu", n_replicates=3000), linearised(frame, design))
    certain = made(frame, replace(design, lonely="certainty"), "successive_difference")
    average = made(frame, design, "successive_difference")
    assert average.scale == pytest.approx(certain.scale * 3 / 2)


@pytest.mark.parametrize("method", ["rao_wu", "preston"])
def test_the_seed_makes_the_bootstrap(method):
    frame = drawn([3, 4], 1)
    first = made(frame, STRATA, method, n_replicates=20, seed=1)
    again = made(frame, STRATA, method, n_replicates=20, seed=1)
    other = made(frame, STRATA, method, n_replicates=20, seed=2)
    assert (first.weights == again.weights).all()
    assert (first.weights != other.weights).any()


@pytest.mark.parametrize("method", METHODS)
def test_a_stratum_wholly_taken_keeps_its_weights_and_a_row_of_weight_zero_its_zero(method):
    frame = drawn([2, 2, 2], 1).with_columns(
        size=pl.when(pl.col("stratum") == 1).then(2).otherwise(9),
        w=pl.when(pl.int_range(pl.len()) == 0).then(0.0).otherwise("w"),
    )
    design = STRATA if method != "jk1" else SurveyDesign("w", None, "size", ("stratum",))
    if method == "jk1":
        frame = frame.with_columns(size=pl.lit(9))
    found = made(frame, design, method)
    assert (found.weights[0] == 0).all()
    if method != "jk1":
        taken = (frame["stratum"] == 1).to_numpy()
        assert (found.weights[taken] == found.weight[taken, None]).all()


def test_hadamard_matrices_are_orthogonal():
    known = [order for order in range(1, 201) if hadamard(order) is not None]
    for order in known:
        matrix = hadamard(order).astype(int)
        assert (matrix[0] == 1).all()
        assert (matrix @ matrix.T == order * np.eye(order)).all()
    # those of a prime power or of neither construction are passed over
    missing = set(range(4, 201, 4)) - set(known)
    assert missing == {52, 92, 100, 116, 156, 172, 184, 188}


REFUSED = {
    "méthode ’jackknife’ inconnue": lambda: ReplicationSpec("jackknife"),
    "coefficient de Fay 1": lambda: ReplicationSpec("fay", fay=1),
    "une réplique par unité primaire": lambda: ReplicationSpec("jkn", 20),
    "il en faut au moins 2": lambda: ReplicationSpec("rao_wu", 1),
    "« order » ne sert": lambda: ReplicationSpec("rao_wu", order="y"),
    "plan sans strates": lambda: made(drawn([2, 2], 1), STRATA, "jk1"),
    "deux unités primaires par strate": lambda: made(drawn([2, 3], 1), STRATA, "brr"),
    "pour 5 strates": lambda: made(drawn([2] * 5, 1), STRATA, "brr", n_replicates=4),
    "n_replicates=8": lambda: made(drawn([2, 2], 1), STRATA, "fay", n_replicates=5),
    "toutes les strates sont exhaustives": lambda: made(
        drawn([2, 2], 1).with_columns(size=pl.lit(2)), STRATA, "jkn"
    ),
    "il n’y a rien à répliquer": lambda: made(
        drawn([2, 2], 1).with_columns(size=pl.lit(2), size2=pl.lit(9)),
        replace(STRATA, stratum_size=("size", "size2")),
        "rao_wu",
    ),
    "une seule unité dans la strate 0": lambda: made(
        drawn([1, 3], 1), replace(STRATA, lonely="fail"), "jkn"
    ),
    "le jackknife en demande au moins deux": lambda: made(
        drawn([1], 1), replace(STRATA, stratum=None), "jk1"
    ),
    "porte déjà un calage": lambda: made(
        drawn([2], 1), SurveyDesign("w", calibration=("stratum",), design_weight="w"), "jkn"
    ),
    "porte déjà des poids répliqués": lambda: made(
        drawn([2], 1), SurveyDesign("w", replicates=Replicates(("w", "y"), 1.0)), "jkn"
    ),
    "dépassent la mémoire": lambda: made(drawn([2000], 1), STRATA, "rao_wu", n_replicates=10**6),
    "la graine -1 est négative": lambda: ReplicationSpec("rao_wu", seed=-1),
    "réduites à une seule unité primaire, sans variance": lambda: made(
        drawn([1, 1], 1), replace(STRATA, lonely="certainty"), "rao_wu"
    ),
    "exhaustives ou réduites à une seule unité": lambda: made(
        drawn([1, 2], 1).with_columns(size=pl.lit(2)), replace(STRATA, lonely="average"), "rao_wu"
    ),
    "1 strate sur 2 en a 3": lambda: made(drawn([2, 3], 1), STRATA, "brr"),
    "donner la liste des colonnes": lambda: Replicates("rep", 1.0),
    "tous finis": lambda: Replicates(("a", "b"), float("inf")),
    "aucun facteur négatif": lambda: Replicates(("a", "b"), 1.0, (1.0, float("inf"))),
    "« z » n’est pas positive": lambda: replicate_set(
        pl.DataFrame({"w": [1.0, 2], "y": [-1.0, 3], "z": [-1.0, 1]}),
        SurveyDesign("w", replicates=Replicates(("y", "z"), 1.0)),
    ),
    "colonne « rang » absente": lambda: made(
        drawn([2], 1), STRATA, "successive_difference", order="rang"
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_replicated_is_refused(message):
    with pytest.raises(SurveyError) as error:
        REFUSED[message]()
    assert message in str(error.value).replace("\u202f", " ").replace("\u00a0", " ")
