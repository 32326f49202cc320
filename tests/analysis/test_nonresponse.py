"""Non-response: totals kept by group, nothing merged without being asked."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.design import SurveyDesign
from analysis.estimation import Target, estimate
from analysis.nonresponse import adjust_nonresponse, response_groups, with_represented_sizes
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


def test_a_stratum_wholly_heard_keeps_the_error_of_the_silent_it_answers_for():
    """As two phases see it, within 5 %: A is drawn and heard whole, and one of its four says yes.

    With the size of A in the frame, nothing would be left to chance.
    """
    heard = {"A": (4, 4, 4), "B": (60, 60, 24), "C": (900, 90, 45)}  # frame, drawn, respondents
    sample = pl.concat(
        pl.DataFrame(
            {
                "stratum": [name] * drawn,
                "stratum_size": [size] * drawn,
                "design_weight": [size / drawn] * drawn,
                "responded": [rank < answered for rank in range(drawn)],
                "yes": [name == "A" and rank == 0 for rank in range(drawn)],
            }
        )
        for name, (size, drawn, answered) in heard.items()
    )
    adjusted = adjust_nonresponse(sample, ())
    respondents = with_represented_sizes(adjusted.filter("responded"))
    inflation = adjusted["nonresponse_weight"][0]
    sizes = respondents.group_by("stratum", maintain_order=True).agg(pl.first("represented_size"))
    assert sizes["represented_size"].to_list() == pytest.approx(
        [4 * inflation, 24 * inflation, 45 * 10 * inflation]
    )

    def error(frame: pl.DataFrame, **plan) -> float:
        design = SurveyDesign("nonresponse_weight", stratum="stratum", **plan)
        yes = Target("yes", pl.when("responded").then("yes"))
        return estimate(frame, design, [yes], population="p", edition=2026)["std_error"][0]

    two_phases = error(
        adjusted,
        stratum_size="stratum_size",
        responded="responded",
        response_group="response_group",
    )
    assert error(respondents, stratum_size="represented_size") == pytest.approx(
        two_phases, rel=0.05
    )
    assert error(respondents, stratum_size="stratum_size") < two_phases / 10
