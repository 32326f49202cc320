"""Non-response: totals kept by group, nothing merged without being asked."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.nonresponse import adjust_nonresponse, response_groups
from survey.errors import MarginError, SurveyError

SAMPLE = pl.DataFrame(
    {
        "secteur": ["AZ", "AZ", "AZ", "BE", "BE", "BE"],
        "taille": ["0", "0", "10+", "0", "10+", "10+"],
        "design_weight": [2.0, 4.0, 1.0, 3.0, 5.0, 5.0],
        "responded": [True, False, True, True, False, True],
    }
)


def test_respondents_take_the_weight_of_their_group():
    adjusted = adjust_nonresponse(SAMPLE, ("secteur", "taille"))
    assert adjusted["nonresponse_weight"].to_list() == [6, 0, 1, 3, 0, 10]
    assert adjusted.drop("response_group", "nonresponse_weight").equals(SAMPLE)
    table = response_groups(adjusted)
    assert table.row(0, named=True) == {
        "response_group": "secteur=AZ, taille=0",
        "n_sample": 2,
        "n_respondents": 1,
        "response_rate": 2 / 6,
        "inflation": 3.0,
    }


def test_collapse_merges_only_short_groups_and_their_neighbours():
    # No large unit of AZ answers: all sectors of size 10+ are merged, size 0 stays by sector.
    silent = SAMPLE.with_columns(responded=pl.Series([True, False, False, True, False, True]))
    adjusted = adjust_nonresponse(silent, ("secteur", "taille"), collapse=("secteur",))
    assert adjusted["response_group"].to_list() == [
        "secteur=AZ, taille=0",
        "secteur=AZ, taille=0",
        "taille=10+",
        "secteur=BE, taille=0",
        "taille=10+",
        "taille=10+",
    ]
    assert adjusted["nonresponse_weight"].to_list() == [6, 0, 0, 3, 0, 11]


def test_collapse_goes_down_to_the_whole():
    adjusted = adjust_nonresponse(
        SAMPLE, ("secteur", "taille"), collapse=("secteur", "taille"), minimum=3
    )
    assert adjusted["response_group"].unique().to_list() == ["ensemble"]
    assert adjusted["nonresponse_weight"].sum() == pytest.approx(20)


def test_group_without_respondent_is_named():
    silent = SAMPLE.with_columns(responded=pl.col("taille") == "0")
    with pytest.raises(MarginError) as error:
        adjust_nonresponse(silent, ("secteur", "taille"))
    message = str(error.value).replace("\u202f", " ")
    assert "« secteur=AZ, taille=10+ » (unités tirées : 1, répondantes : 0)" in message
    assert "« secteur=BE, taille=10+ » (unités tirées : 2, répondantes : 0)" in message
    assert "regrouper" in message


@pytest.mark.parametrize(
    ("sample", "options", "says"),
    [
        (SAMPLE, {"collapse": ("ville",)}, "collapse"),
        (SAMPLE, {"minimum": 0}, "minimum"),
        (SAMPLE.drop("responded"), {}, "« responded » absente"),
        (SAMPLE.with_columns(responded=pl.lit(1)), {}, "booléenne"),
        (SAMPLE.with_columns(secteur=pl.lit(None)), {}, "vide dans la colonne « secteur »"),
        (SAMPLE.with_columns(design_weight=pl.lit(0.0)), {}, "nul ou négatif"),
    ],
)
def test_faults(sample, options, says):
    with pytest.raises(SurveyError) as error:
        adjust_nonresponse(sample, ("secteur",), **options)
    assert says in str(error.value).replace("\u202f", " ")


@given(
    units=st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0.1, 100), st.booleans()), max_size=30
    )
)
def test_sum_of_weights_is_kept_in_every_group(units):
    units += [(group, 1.0, True) for group in "abc"]
    sample = pl.DataFrame(units, schema=["g", "design_weight", "responded"], orient="row")
    adjusted = adjust_nonresponse(sample, ("g",))
    sums = adjusted.group_by("g").agg(pl.col("design_weight", "nonresponse_weight").sum())
    assert sums["nonresponse_weight"].to_list() == pytest.approx(sums["design_weight"].to_list())
    assert (adjusted["nonresponse_weight"] > 0).equals(sample["responded"])
