"""Sums by stratum give what the ordinary path gives, whole or in parts."""

import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.arrays import design_arrays
from analysis.design import SurveyDesign
from analysis.estimation import estimate, influences
from analysis.pooling import merge_sums
from analysis.results import RESULT, finished, refuse_domains
from analysis.streaming import estimate_sums
from analysis.sums import can_sum, partial_sums
from analysis.targets import WHOLE, Domain, Target, partition, target_values
from analysis.taylor import partition_cells
from survey.errors import SurveyError

LONELY = ("fail", "adjust", "average", "certainty", "remove")
SIZES = pl.Enum(["9", "10", "250"])
TARGETS = [
    Target("oui", pl.col("yes")),
    Target("oui_base", pl.col("yes"), base=pl.col("size") == "10"),
    Target("effectif", pl.col("staff"), "mean"),
    Target("effectif", pl.col("staff"), "total"),
    Target("parc", pl.lit(1), "total"),
    Target("par_tete", pl.col("staff"), "ratio", denominator=pl.col("sales")),
]
DOMAINS = [
    WHOLE,
    Domain("taille", ("size",)),
    Domain("taille x oui", ("size", "yes")),
    Domain("grandes", pl.col("staff") > 2),
    Domain("zone", pl.col("zone").str.to_uppercase()),
]
NAMED = {"population": "essai", "edition": 1}


def ordinary(frame, design, targets, domains) -> pl.DataFrame:
    """`estimate` row by row, whatever path it takes by itself."""
    arrays = design_arrays(frame, design)
    values = target_values(frame, targets)
    parts = [partition(frame, domain) for domain in domains]
    refuse_domains(targets, parts)
    cells = [partition_cells(values, targets, arrays, part, 0.95) for part in parts]
    return finished(cells, targets, parts, "essai", 1, 0.95)


def summed(frames, design, targets=TARGETS, domains=DOMAINS) -> pl.DataFrame:
    sums = [partial_sums(frame, design, targets, domains) for frame in frames if frame.height]
    return estimate_sums(merge_sums(sums), **NAMED)


def same(got: pl.DataFrame, expected: pl.DataFrame, tolerance: float) -> None:
    """Equal but for rounding, which is absolute where a variance is truly 0 (values are small)."""
    floats = [name for name, dtype in RESULT.items() if dtype == pl.Float64]
    assert got.drop(floats).equals(expected.drop(floats))
    for name in floats:
        assert got[name].is_null().equals(expected[name].is_null()), (
            name,
            got[name].to_list(),
            expected[name].to_list(),
        )
        np.testing.assert_allclose(
            got[name].fill_null(0), expected[name].fill_null(0), rtol=tolerance, atol=1e-11
        )


@st.composite
def surveys(draw) -> tuple[pl.DataFrame, SurveyDesign]:
    """A small survey and its design. Weights are fourths and values integers: sums are exact."""
    n = draw(st.integers(2, 30))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    frame = pl.DataFrame(
        {
            "w": column(st.integers(0, 40).map(lambda fourths: fourths / 4)),
            "h": column(st.sampled_from("abc")),
            "grappe": column(st.integers(0, 3)),
            "yes": column(st.sampled_from([True, False, None])),
            "staff": pl.Series(column(st.none() | st.integers(0, 5)), dtype=pl.Int64),
            "sales": pl.Series(column(st.none() | st.integers(-1, 4)), dtype=pl.Float64),
            "size": pl.Series(column(st.sampled_from([None, *SIZES.categories])), dtype=SIZES),
            "zone": column(st.sampled_from(["x", "y", None])),
        },
        schema_overrides={"yes": pl.Boolean, "zone": pl.String},
    ).with_columns(
        taille=(pl.len().over("h") * pl.col("h").replace_strict({"a": 1, "b": 2, "c": 10})),
        sure=pl.col("h") == "c",
    )
    design = SurveyDesign(
        "w",
        draw(st.sampled_from([None, "h"])),
        draw(st.sampled_from([None, "taille"])),
        draw(st.sampled_from([None, "grappe"])),
        lonely=draw(st.sampled_from(LONELY)),
        certainty=draw(st.sampled_from([None, "sure"])),
    )
    return frame, design


def outcome(estimate, *arguments) -> pl.DataFrame | str:
    """The result, or the message of the error."""
    try:
        return estimate(*arguments)
    except SurveyError as error:
        return str(error)


@given(surveys())
@settings(max_examples=100)
def test_equals_the_ordinary_path(case):
    frame, design = case
    assert can_sum(design, TARGETS)
    expected = outcome(ordinary, frame, design, TARGETS, DOMAINS)
    got = outcome(summed, [frame], design)
    if isinstance(expected, str):
        assert got == expected
    else:
        same(got, expected, 1e-10)


@given(surveys(), st.lists(st.integers(0, 4), min_size=30, max_size=30), st.randoms())
@settings(max_examples=60)
def test_parts_add_up_whatever_the_cut(case, places, random):
    frame, design = case
    whole = outcome(summed, [frame], design)
    place = pl.Series(places[: frame.height])
    parts = [frame.filter(place == each) for each in range(5)]
    random.shuffle(parts)
    got = outcome(summed, parts, design)
    if isinstance(whole, str):
        assert got == whole
    else:
        same(got, whole, 1e-10)


def test_parts_of_parts_and_pickles_add_up():
    frame, design = example(), SurveyDesign("w", "h", "taille")
    parts = [partial_sums(part, design, TARGETS, DOMAINS) for part in frame.iter_slices(7)]
    halves = [merge_sums(parts[:3]), pickle.loads(pickle.dumps(merge_sums(parts[3:])))]
    same(
        estimate_sums(merge_sums(halves), **NAMED),
        ordinary(frame, design, TARGETS, DOMAINS),
        1e-12,
    )


def example(rows: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    frame = pl.DataFrame(
        {
            "w": rng.uniform(1, 9, rows),
            "h": rng.choice(list("abc"), rows),
            "grappe": rng.integers(0, 5, rows),
            "yes": rng.random(rows) < 0.4,
            "staff": rng.integers(0, 9, rows),
            "sales": rng.uniform(1, 3, rows),
            "size": pl.Series(rng.choice(SIZES.categories.to_list(), rows), dtype=SIZES),
            "zone": rng.choice(["x", "y"], rows),
        }
    )
    return frame.with_columns(taille=pl.len().over("h") * 3)


@pytest.mark.parametrize("cluster", [None, "grappe"])
def test_a_large_common_value_costs_no_digit(cluster):
    """A mean around a million, give or take one: naive sums of squares would lose 12 digits."""
    frame = example(6_000).with_columns(
        year=1e6 + pl.col("sales"), w=pl.col("w") + (pl.col("h") == "a")
    )
    design = SurveyDesign("w", "h", "taille", cluster)
    targets = [Target("year", pl.col("year"), kind) for kind in ("mean", "total")]
    expected = ordinary(frame, design, targets, DOMAINS[:2])
    # A deviation of 0.6 from a mean of 1e6 is itself known to 1e-16 x 1e6 only.
    same(summed([frame], design, targets, DOMAINS[:2]), expected, 1e-8)
    same(summed(frame.iter_slices(700), design, targets, DOMAINS[:2]), expected, 1e-8)


@pytest.mark.parametrize("rows", [60, 200_000])
def test_a_share_told_by_the_strata_has_no_error(rows):
    """Weights equal in a stratum, no decimal of which is exact: rounding is not a variance."""
    frame = example(rows).with_columns(
        yes=pl.col("h") == "a", w=pl.col("h").replace_strict({"a": 1.1, "b": 2.3, "c": 0.7})
    )
    design = SurveyDesign("w", "h", "taille")
    for parts in ([frame], frame.iter_slices(rows // 4), frame.partition_by("h")):
        assert summed(parts, design, TARGETS[:1], [WHOLE])["std_error"].item() < 1e-15


def test_many_sparse_pairs_are_coded_by_sorting(monkeypatch):
    frame, design = example(), SurveyDesign("w", cluster="grappe")
    expected = summed([frame], design)
    monkeypatch.setattr("analysis.parts.DENSE", 0)
    wide = frame.with_columns(grappe=pl.col("grappe") * 10**12)
    same(summed([wide], design), expected, 1e-15)


def test_blocks_of_targets_change_nothing(monkeypatch):
    frame, design = example(), SurveyDesign("w", "h")
    expected = summed([frame], design)
    monkeypatch.setattr("analysis.sums.AT_ONCE", 1)
    assert summed([frame], design).equals(expected)


@pytest.mark.parametrize(
    ("options", "possible"),
    [
        ({}, True),
        ({"cluster": "g"}, True),
        ({"cluster": ("g", "k")}, True),
        ({"cluster": ("g", "k"), "stratum_size": "n"}, False),
        ({"cluster": ("g", "k"), "certainty": "c"}, False),
        ({"cluster": "g", "stratum_size": ("n", "m")}, False),
        ({"cluster": "g", "stratum_size": "n"}, True),
        ({"calibration": ("t",), "design_weight": "d"}, False),
        ({"inclusion": "p", "pps": "brewer"}, False),
        ({"responded": "r", "response_group": "k"}, False),
    ],
)
def test_what_sums_can_serve(options, possible):
    assert can_sum(SurveyDesign("w", "h", **options), TARGETS) == possible


def test_a_quantile_needs_all_the_rows():
    median = Target("m", pl.col("staff"), "quantile", order=0.5)
    assert not can_sum(SurveyDesign("w"), [*TARGETS, median])


def test_several_stages_without_fractions_are_the_first():
    frame, design = example(), SurveyDesign("w", "h", cluster=("grappe", "zone"))
    same(summed([frame], design), ordinary(frame, design, TARGETS, DOMAINS), 1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit(-1.0).alias("w"), "valeur négative"),
        (pl.lit("a lot").alias("staff"), "contient du texte"),
        (pl.lit(float("inf")).alias("sales"), "infinie"),
        (pl.lit(None, pl.String).alias("h"), "cellule vide"),
        (pl.int_range(pl.len()).alias("taille") + 99, "varie dans "),
        (pl.lit(2).alias("yes"), "autre que 0 et 1"),
        (pl.lit(0.0).alias("w"), "somme de la colonne"),
    ],
)
def test_faults_are_told_as_by_the_ordinary_path(change, message):
    frame, design = example().with_columns(change), SurveyDesign("w", "h", "taille")
    with pytest.raises(SurveyError, match=message) as expected:
        ordinary(frame, design, TARGETS, [WHOLE])
    with pytest.raises(SurveyError, match=message) as got:
        summed([frame], design, TARGETS, [WHOLE])
    assert str(got.value) == str(expected.value)


def test_a_stratum_whose_size_differs_between_parts_is_refused():
    frame, design = example(), SurveyDesign("w", "h", "taille")
    other = frame.with_columns(taille=pl.col("taille") + 1)
    with pytest.raises(SurveyError, match="varie dans les strates a, b, c"):
        summed([frame, other], design)


def test_a_cluster_label_in_two_strata_of_two_parts_is_refused():
    frame = example()
    parts = frame.partition_by("h")
    design = SurveyDesign("w", "h", cluster="grappe", nested=False)
    with pytest.raises(SurveyError, match="figure dans plusieurs strates"):
        summed(parts, design)


def test_parts_that_cannot_be_added_are_refused():
    frame, design = example(), SurveyDesign("w", "h")
    sums = partial_sums(frame, design, TARGETS)
    with pytest.raises(SurveyError, match="pas le même plan"):
        merge_sums([sums, partial_sums(frame, SurveyDesign("w"), TARGETS)])
    text = frame.with_columns(pl.col("size").cast(pl.String))
    sums = partial_sums(frame, design, TARGETS, DOMAINS)
    with pytest.raises(SurveyError, match=r"size\W+est de type Enum"):
        merge_sums([sums, partial_sums(text, design, TARGETS, DOMAINS)])
    with pytest.raises(SurveyError, match="aucun lot"):
        merge_sums([])


@pytest.mark.parametrize("tiny", [1e-3, 1e-6, 1e-9])
def test_a_small_weight_among_large_ones_keeps_its_digits(tiny):
    frame = pl.DataFrame({"w": [10.3, 20.7, 30.1, tiny], "y": [True, True, True, False]})
    asked = (frame, SurveyDesign("w"), [Target("y", pl.col("y"))])
    summed = estimate(*asked, population="p", edition=1)["std_error"]
    by_row = influences(*asked, population="p", edition=1).cells["std_error"]
    assert summed[0] == pytest.approx(by_row[0], rel=1e-12)
