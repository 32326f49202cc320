"""A survey read part by part, from Parquet or on a Dask cluster, gives the whole's estimates."""

import weakref
from collections.abc import Iterator

import distributed
import numpy as np
import polars as pl
import pytest

from analysis.design import SurveyDesign
from analysis.pooling import merge_sums
from analysis.results import RESULT
from analysis.streaming import estimate_parts, estimate_sums
from analysis.sums import partial_sums
from analysis.targets import WHOLE, Domain, Target
from survey.errors import SurveyError

ROWS = 20_000
DESIGN = SurveyDesign("w", "h", "size")
TARGETS = [
    Target("y", pl.col("y")),
    Target("x", pl.col("x"), "mean"),
    Target("x", pl.col("x"), "total", base=pl.col("y")),
    Target("x_par_z", pl.col("x"), "ratio", denominator=pl.col("z")),
]
DOMAINS = [WHOLE, Domain("zone", ("zone",)), Domain("zone x y", ("zone", "y"))]
NAMED = {"population": "essai", "edition": 1}
FLOATS = [name for name, dtype in RESULT.items() if dtype == pl.Float64]


@pytest.fixture(scope="module")
def survey() -> pl.DataFrame:
    rng = np.random.default_rng(11)
    frame = pl.DataFrame(
        {
            "w": rng.uniform(1, 40, ROWS),
            "h": rng.integers(0, 50, ROWS),
            "unit": rng.integers(0, 30, ROWS),
            "zone": rng.choice([f"z{i}" for i in range(12)], ROWS),
            "y": rng.random(ROWS) < 0.3,
            "x": rng.lognormal(3, 1, ROWS),
            "z": rng.uniform(1, 2, ROWS),
        }
    )
    return frame.with_columns(size=pl.len().over("h") * 7, x=pl.when(pl.col("z") > 1.1).then("x"))


def close(got: pl.DataFrame, expected: pl.DataFrame, tolerance: float) -> None:
    assert got.drop(FLOATS).equals(expected.drop(FLOATS))
    for name in FLOATS:
        np.testing.assert_allclose(
            got[name].to_numpy(), expected[name].to_numpy(), rtol=tolerance, err_msg=name
        )


def whole(survey: pl.DataFrame, design: SurveyDesign = DESIGN) -> pl.DataFrame:
    return estimate_sums(partial_sums(survey, design, TARGETS, DOMAINS), **NAMED)


@pytest.mark.parametrize("cluster", [None, "unit"])
def test_a_parquet_file_read_by_slices(survey, tmp_path, cluster):
    path = tmp_path / "survey.parquet"
    survey.write_parquet(path, row_group_size=3_000)
    scan = pl.scan_parquet(path)
    parts = (scan.slice(at, 3_000).collect() for at in range(0, ROWS, 3_000))
    design = SurveyDesign("w", "h", None if cluster else "size", cluster)
    got = estimate_parts(parts, design, TARGETS, DOMAINS, **NAMED)
    # Rounding of sums of 20 000 terms taken in another order: some 1e-16 x sqrt(20 000).
    close(got, whole(survey, design), 1e-12)


def test_one_part_at_a_time_is_in_memory(survey):
    alive: list[weakref.ref] = []

    def parts() -> Iterator[pl.DataFrame]:
        for at in range(0, ROWS, 1_000):
            # the part before is still the consumer's while the next is made; not those before it
            assert sum(each() is not None for each in alive) <= 1
            part = survey.slice(at, 1_000)
            alive.append(weakref.ref(part))
            yield part
            del part

    estimate_parts(parts(), DESIGN, TARGETS, DOMAINS, **NAMED)
    assert len(alive) == 20


def test_parts_sorted_by_domain_and_empty_ones(survey):
    parts = [part for (_, part) in survey.sort("zone").group_by("zone", maintain_order=True)]
    parts = [survey.clear(), *reversed(parts), survey.clear()]
    close(estimate_parts(parts, DESIGN, TARGETS, DOMAINS, **NAMED), whole(survey), 1e-12)


def test_a_fault_names_the_part(survey):
    wrong = survey.slice(500, 500).with_columns(w=-pl.col("w"))
    with pytest.raises(SurveyError, match=r"^Lot 2\W+Poids.*valeur négative \(lignes 1, 2"):
        estimate_parts([survey.head(500), wrong], DESIGN, TARGETS, **NAMED)


def test_no_part_and_impossible_requests_are_refused(survey):
    with pytest.raises(SurveyError, match="aucun lot de lignes"):
        estimate_parts([survey.clear()], DESIGN, TARGETS, **NAMED)
    median = Target("x", pl.col("x"), "quantile", order=0.5)
    with pytest.raises(SurveyError, match="estimer sur le tableau entier"):
        estimate_parts([survey], DESIGN, [median], **NAMED)
    with pytest.raises(SurveyError, match="demandé deux fois"):
        estimate_parts([survey], DESIGN, [TARGETS[0]] * 2, **NAMED)
    with pytest.raises(SurveyError, match="Niveau de confiance"):
        estimate_parts([survey], DESIGN, TARGETS, **NAMED, level=95)


def test_partitions_summed_on_a_dask_cluster(survey, tmp_path):
    """Each worker reads its file and sends sums back; rows never move."""
    paths = []
    for at in range(0, ROWS, 4_000):
        paths.append(tmp_path / f"part-{at}.parquet")
        survey.slice(at, 4_000).write_parquet(paths[-1])
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    options |= {"local_directory": tmp_path, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster) as client,
    ):
        sums = client.map(
            lambda path: partial_sums(pl.read_parquet(path), DESIGN, TARGETS, DOMAINS), paths
        )
        merged = client.submit(merge_sums, sums).result()
    close(estimate_sums(merged, **NAMED), whole(survey), 1e-12)
