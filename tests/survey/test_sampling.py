import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from survey.errors import SurveyError
from survey.sampling import (
    SamplingPlan,
    add_tokens,
    allocate,
    draw_by_plan,
    draw_sample,
    stratify,
    stratum_totals,
)

KEY = b"une clef de test assez longue"


def strata(sizes: dict[str, int], spread: list[float] | None = None) -> pl.DataFrame:
    frame = pl.DataFrame({"stratum": list(sizes), "stratum_size": list(sizes.values())})
    return frame if spread is None else frame.with_columns(spread=pl.Series(spread))


def frame_of(sizes: dict[str, int]) -> pl.DataFrame:
    rows = [(f"{name}-{rank}", name) for name, size in sizes.items() for rank in range(size)]
    return pl.DataFrame(rows, schema=["unite", "stratum"], orient="row")


def test_equal_spread_is_proportional_allocation():
    allocated = allocate(strata({"a": 600, "b": 300, "c": 100}), 100)
    assert allocated["n_allocated"].to_list() == [60, 30, 10]


def test_neyman_allocation_follows_size_times_spread():
    # 100 x 3 and 300 x 1 weigh the same.
    allocated = allocate(strata({"a": 100, "b": 300}, spread=[3.0, 1.0]), 40)
    assert allocated["n_allocated"].to_list() == [20, 20]


def test_power_allocation_gives_more_to_small_strata():
    # Square roots of 900 and 100 are 30 and 10.
    allocated = allocate(strata({"a": 900, "b": 100}), 40, power=0.5)
    assert allocated["n_allocated"].to_list() == [30, 10]


def test_certainty_strata_are_taken_whole_and_the_rest_is_shared():
    allocated = allocate(strata({"grandes": 5, "a": 100, "b": 100}), 25, certainty={"grandes"})
    assert allocated["n_allocated"].to_list() == [5, 10, 10]


def test_what_a_full_stratum_cannot_take_goes_to_the_others():
    allocated = allocate(strata({"a": 3, "b": 1000}, spread=[1000.0, 1.0]), 10)
    assert allocated["n_allocated"].to_list() == [3, 7]


@given(
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=30),
    share=st.floats(0, 1),
    minimum=st.integers(0, 12),
    power=st.floats(0.2, 1),
)
def test_allocation_meets_its_total_within_its_bounds(sizes, share, minimum, power):
    needed = sum(min(minimum, size) for size in sizes)
    total = round(needed + share * (sum(sizes) - needed))
    named = strata({f"s{rank}": size for rank, size in enumerate(sizes)})
    allocated = allocate(named, total, minimum=minimum, power=power)
    assert allocated["n_allocated"].sum() == total
    assert (allocated["n_allocated"] <= allocated["stratum_size"]).all()
    assert all(
        n >= min(minimum, size)
        for n, size in zip(allocated["n_allocated"], allocated["stratum_size"], strict=True)
    )


@given(sizes=st.lists(st.integers(1, 400), min_size=2, max_size=20), power=st.floats(0.2, 1))
def test_a_larger_stratum_never_gets_less(sizes, power):
    named = strata({f"s{rank}": size for rank, size in enumerate(sorted(sizes))})
    allocated = allocate(named, max(len(sizes), sum(sizes) // 3), minimum=1, power=power)
    differences = allocated["n_allocated"].diff().drop_nulls()
    assert differences.min() >= -1  # rounding alone


@pytest.mark.parametrize("total", [3, 1000])
def test_an_impossible_sample_size_is_refused_with_its_bounds(total):
    with pytest.raises(SurveyError, match=r"au moins 4 .* au plus 20"):
        allocate(strata({"a": 10, "b": 10}), total, minimum=2)


def test_an_unknown_certainty_stratum_is_refused():
    with pytest.raises(SurveyError, match="250"):
        allocate(strata({"a": 10}), 5, certainty={"250+"})


def test_a_sample_has_the_allocated_counts_and_weights():
    sizes = {"a": 30, "b": 12}
    allocation = allocate(strata(sizes), 14, minimum=6)
    sample = draw_sample(frame_of(sizes), allocation, seed=1)
    counted = sample.group_by("stratum").len().sort("stratum")["len"].to_list()
    assert counted == allocation["n_allocated"].to_list()
    assert sample["unite"].is_unique().all()
    assert sample["design_weight"].sum() == pytest.approx(42)


def test_a_sample_depends_on_its_seed_and_not_on_the_order_of_rows():
    sizes = {"a": 200, "b": 100}
    allocation = allocate(strata(sizes), 60)
    frame = frame_of(sizes)
    sample = draw_sample(frame, allocation, seed=1)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    assert_frame_equal(draw_sample(shuffled, allocation.reverse(), seed=1), sample)
    assert draw_sample(frame, allocation, seed=2)["unite"].to_list() != sample["unite"].to_list()


def test_every_unit_of_a_stratum_has_the_same_chance():
    # 400 draws of 2 among 5: each unit is expected 160 times, standard deviation below 10.
    allocation = allocate(strata({"a": 5}), 2)
    frame = frame_of({"a": 5})
    drawn = pl.concat(draw_sample(frame, allocation, seed=seed) for seed in range(400))
    assert drawn.group_by("unite").len()["len"].is_between(120, 200).all()


def test_a_unit_twice_in_the_frame_is_refused():
    frame = pl.DataFrame({"unite": ["x", "x"], "stratum": ["a", "a"]})
    with pytest.raises(SurveyError, match="deux fois"):
        draw_sample(frame, allocate(strata({"a": 2}), 2), seed=1)


def test_an_allocation_of_another_frame_is_refused():
    with pytest.raises(SurveyError, match="allocation"):
        draw_sample(frame_of({"a": 5}), allocate(strata({"a": 6}), 2), seed=1)


def test_small_cells_give_up_their_finest_level_only():
    frame = pl.DataFrame(
        {
            "dep": ["44"] * 3 + ["53"] + ["72"] + ["44"],
            "taille": ["1-9"] * 5 + ["250+"],
        }
    )
    stratified = stratify(frame, (("dep", "taille"), ("taille",)), smallest=2)
    assert stratified["stratum"].to_list() == ["44 1-9"] * 3 + ["1-9", "1-9", "250+"]
    assert stratum_totals(stratified).rows() == [("1-9", 2), ("250+", 1), ("44 1-9", 3)]


def test_tokens_are_unique_repeatable_and_need_their_key():
    sample = pl.DataFrame({"unite": [f"u{rank}" for rank in range(500)]})
    tokens = add_tokens(sample, KEY)["token"]
    assert tokens.is_unique().all()
    assert tokens.str.contains(r"^[a-z2-7]{16}$").all()
    assert add_tokens(sample.reverse(), KEY)["token"].reverse().equals(tokens)
    assert not set(add_tokens(sample, KEY + b"!")["token"]) & set(tokens)


def test_a_short_key_is_refused():
    with pytest.raises(SurveyError, match="16 octets"):
        add_tokens(pl.DataFrame({"unite": ["a"]}), b"courte")


def counted() -> pl.DataFrame:
    """Four kinds of units in two places, 1 000 and 300 units."""
    return pl.DataFrame(
        {
            "lieu": ["a", "a", "b", "b"],
            "genre": ["x", "y", "x", "y"],
            "effectif": [900, 100, 0, 300],
        }
    )


def test_a_counted_frame_is_sampled_as_if_it_were_listed():
    sample = draw_by_plan(counted(), SamplingPlan(130, (("lieu",),)), 1, counts="effectif")
    assert sample.columns == ["lieu", "genre", "stratum", "unite", "stratum_size", "design_weight"]
    assert sample["unite"].is_unique().all()
    drawn = sample.group_by("lieu").agg(
        pl.len(), pl.col("stratum_size").first(), pl.col("design_weight").sum()
    )
    assert sorted(drawn.rows()) == [("a", 100, 1000, 1000.0), ("b", 30, 300, 300.0)]
    assert set(sample.filter(lieu="b")["genre"]) == {"y"}


def test_a_unit_of_a_counted_frame_has_the_chance_of_any_other():
    plan = SamplingPlan(100, (("lieu",),), certainty={"lieu": ()})
    counts = [
        draw_by_plan(counted().head(2), plan, seed, counts="effectif").filter(genre="y").height
        for seed in range(300)
    ]
    # Hypergeometric: 10 expected, standard deviation 2.85, of the mean 0.165: three of them.
    assert abs(sum(counts) / 300 - 10) < 0.5


def test_a_plan_takes_whole_strata_and_merges_small_ones():
    frame = pl.DataFrame(
        {
            "unite": [f"{i:03}" for i in range(100)],
            "lieu": ["a", "b"] * 50,
            "rare": ["non"] * 98 + ["oui"] * 2,
        }
    )
    plan = SamplingPlan(20, (("lieu", "rare"), ("rare",)), smallest=2, certainty={"rare": ["oui"]})
    sample = draw_by_plan(frame, plan, 1)
    assert sample.filter(rare="oui")["design_weight"].to_list() == [1.0, 1.0]
    assert sample.filter(rare="oui")["stratum"].unique().to_list() == ["oui"]
    assert sample.height == 20


def test_a_column_of_the_plan_that_the_frame_lacks_is_named():
    with pytest.raises(SurveyError, match="colonnes absentes de la base : zut"):
        draw_by_plan(counted(), SamplingPlan(10, (("zut",),)), 1, counts="effectif")
