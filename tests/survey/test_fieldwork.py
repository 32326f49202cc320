import polars as pl
import pytest

from survey.errors import SurveyError
from survey.fieldwork import OUTCOMES, record_outcomes, response_rates, unknown_tokens

SAMPLE = pl.DataFrame({"token": ["a", "b", "c", "d"], "design_weight": [1.0, 1.0, 2.0, 4.0]})


def outcome_of(sample: pl.DataFrame) -> dict[str, str]:
    return dict(sample.select("token", "outcome").iter_rows())


def with_outcomes(*outcomes: str) -> pl.DataFrame:
    return SAMPLE.with_columns(outcome=pl.Series(outcomes, dtype=OUTCOMES))


def test_answers_become_outcomes():
    responses = pl.DataFrame({"token": ["a", "b"], "complete": [True, False]})
    assert outcome_of(record_outcomes(SAMPLE, responses)) == {
        "a": "complet",
        "b": "incomplet",
        "c": "sans réponse",
        "d": "sans réponse",
    }


def test_a_complete_answer_prevails_on_an_unfinished_one_of_the_same_token():
    responses = pl.DataFrame({"token": ["a", "a"], "complete": [True, False]})
    assert outcome_of(record_outcomes(SAMPLE, responses))["a"] == "complet"


def test_a_token_out_of_the_sample_changes_nothing():
    responses = pl.DataFrame({"token": ["z"], "complete": [True]})
    assert record_outcomes(SAMPLE, responses).height == 4


def test_an_answer_prevails_on_what_was_told_before():
    responses = pl.DataFrame({"token": ["a"], "complete": [True]})
    contacts = pl.DataFrame({"token": ["a", "b", "c"], "outcome": ["refus", "refus", "hors champ"]})
    assert outcome_of(record_outcomes(SAMPLE, responses, contacts)) == {
        "a": "complet",
        "b": "refus",
        "c": "hors champ",
        "d": "sans réponse",
    }


def test_an_unknown_outcome_is_refused_with_those_allowed():
    contacts = pl.DataFrame({"token": ["a"], "outcome": ["parti"]})
    responses = pl.DataFrame(schema={"token": pl.String, "complete": pl.Boolean})
    with pytest.raises(SurveyError, match=r"parti.*refus"):
        record_outcomes(SAMPLE, responses, contacts)


def test_rr1_counts_everyone_in_scope():
    rates = response_rates(with_outcomes("complet", "incomplet", "hors champ", "sans réponse"))
    row = rates.row(0, named=True)
    # 1 complete among 3 in scope; weights 1 among 1 + 1 + 4.
    assert row["response_rate"] == pytest.approx(1 / 3)
    assert row["weighted_response_rate"] == pytest.approx(1 / 6)
    counts = ("n_complete", "n_partial", "n_refusal", "n_no_answer", "n_out_of_scope")
    assert sum(row[name] for name in counts) == row["n_sampled"] == 4


def test_rates_by_group_are_sorted_and_null_when_nobody_is_in_scope():
    sample = with_outcomes("complet", "refus", "hors champ", "hors champ").with_columns(
        taille=pl.Series(["1-9", "1-9", "0", "0"])
    )
    rates = response_rates(sample, "taille")
    assert rates["taille"].to_list() == ["0", "1-9"]
    assert rates["response_rate"].to_list() == [None, 0.5]
    assert rates["weighted_response_rate"].to_list() == [None, 0.5]


def test_answers_out_of_the_sample_are_told():
    sample = pl.DataFrame({"token": ["a", "b"]})
    answers = pl.DataFrame({"id": ["1", "2", "3"], "token": ["a", "z", None]})
    assert unknown_tokens(sample, answers)["id"].to_list() == ["2", "3"]


@pytest.mark.parametrize(
    ("tokens", "answered", "said"),
    [
        (["a", "a"], ["a"], "2 lignes à jeton répété"),
        (["a", None], ["a"], "1 jetons vides"),
        (["a", "b"], [None, "z"], "aucune réponse ne porte un jeton"),
    ],
)
def test_a_sample_that_cannot_be_matched_is_refused(tokens, answered, said):
    sample = pl.DataFrame({"token": tokens}, schema={"token": pl.String})
    answers = pl.DataFrame({"token": answered}, schema={"token": pl.String})
    with pytest.raises(SurveyError, match=said):
        unknown_tokens(sample, answers)
