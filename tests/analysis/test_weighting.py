"""The tables that tell what weighting did."""

import polars as pl
import pytest

from analysis.weighting import margin_report, weight_report
from survey.errors import SurveyError

FRAME = pl.DataFrame(
    {
        "taille": ["0", "0", "1"],
        "before": [1.0, 3.0, 0.0],
        "after": [2.0, 6.0, 4.0],
    }
)
MARGINS = pl.DataFrame(
    {"variable": ["taille"] * 3, "category": ["1", "0", "2"], "total": [4, 10, 0]}
)


def test_steps():
    before, after = weight_report(FRAME, ("before", "after")).rows(named=True)
    # Mean 2, variance 1: cv = 1/2, Kish 1 + 1/4. The row of weight 0 is left out.
    assert before == {
        "step": "before", "n": 2, "sum": 4.0, "min": 1.0, "max": 3.0, "cv": 0.5, "kish_deff": 1.25,
    }  # fmt: skip
    assert (after["n"], after["sum"]) == (3, 12.0)


def test_margins_follow_their_own_order_and_keep_empty_categories():
    got = margin_report(FRAME, MARGINS, ("before", "after"))
    assert got.rows() == [
        ("taille", "1", 4.0, 1, 0.0, -1.0, 4.0, 0.0),
        ("taille", "0", 10.0, 2, 4.0, -0.6, 8.0, pytest.approx(-0.2)),
        ("taille", "2", 0.0, 0, 0.0, None, 0.0, None),
    ]
    assert got.columns[4:] == ["before", "before_gap", "after", "after_gap"]


def test_faults():
    with pytest.raises(SurveyError, match="absente"):
        weight_report(FRAME, ("poids",))
    with pytest.raises(SurveyError, match="aucun poids"):
        weight_report(FRAME.with_columns(before=0.0), ("before",))
    with pytest.raises(SurveyError, match="absente"):
        margin_report(FRAME.drop("taille"), MARGINS, ("before",))
