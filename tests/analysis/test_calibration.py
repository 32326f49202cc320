"""Raking: equal to R survey, margins met, and clear when it cannot be."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calibration import CalibrationSpec, calibrate, rake
from analysis.calibration_report import describe_calibration
from analysis.weight_charts import factor_table
from survey.errors import ConvergenceError, MarginError, SurveyError
from tests.described_survey import plain
from tests.margins import margins

REFERENCE = Path(__file__).parents[1] / "reference"
RESPONSES = pl.DataFrame(
    {
        "taille": ["0", "0", "1", "1", "1"],
        "secteur": ["A", "B", "A", "B", "B"],
        "w": [2.0, 3.0, 1.0, 4.0, 2.0],
    }
)
SPEC = CalibrationSpec(weight="w")


GOOD = margins(taille={"0": 8, "1": 12}, secteur={"A": 5, "B": 15})


@pytest.mark.parametrize(("design", "data"), [("raked", "apistrat"), ("raked_clus1", "apiclus1")])
def test_equals_r_calibrate(design, data):
    weights = pl.read_csv(REFERENCE / "raked_weights.csv").filter(pl.col("design") == design)
    schools = pl.read_csv(REFERENCE / f"{data}.csv")
    totals = pl.read_csv(REFERENCE / "api_margins.csv")
    got = rake(schools, totals, CalibrationSpec(weight="pw"))["calibrated_weight"]
    np.testing.assert_allclose(got, weights["weight"], rtol=1e-8)  # both stop at 1e-9 or less


def test_rows_order_and_columns_are_kept():
    raked = rake(RESPONSES, GOOD, SPEC)
    assert raked.drop("g_weight", "calibrated_weight").equals(RESPONSES)
    by_size = raked.group_by("taille", maintain_order=True).agg(pl.col("calibrated_weight").sum())
    assert by_size["calibrated_weight"].to_list() == pytest.approx([8, 12], rel=1e-9)
    by_sector = raked.group_by("secteur", maintain_order=True).agg(
        pl.col("calibrated_weight").sum()
    )
    assert by_sector["calibrated_weight"].to_list() == pytest.approx([5, 15], rel=1e-9)
    # Raking multiplies weights by factors of the categories: same cell, same ratio.
    ratio = raked["calibrated_weight"] / raked["w"]
    assert ratio[3] == pytest.approx(ratio[4])
    assert ratio[0] / ratio[1] == pytest.approx(ratio[2] / ratio[3])


def test_empty_category_of_total_zero_is_no_fault():
    with_zero = pl.concat([GOOD, margins(taille={"2": 0})])
    assert rake(RESPONSES, with_zero, SPEC).equals(rake(RESPONSES, GOOD, SPEC))


@pytest.mark.parametrize("method", ["raking", "linear"])
def test_rows_of_weight_zero_stay_out_wherever_they_stand(method):
    silent = pl.DataFrame({"taille": [None, "9"], "secteur": [None, "A"], "w": [0.0, 0.0]})
    together = pl.concat([silent[:1], RESPONSES, silent[1:]])
    spec = CalibrationSpec(method, weight="w")
    alone, got = calibrate(RESPONSES, GOOD, spec), calibrate(together, GOOD, spec)
    assert got.weighted[1:-1].equals(alone.weighted)
    assert got.weighted[0, "g_weight"] is None and got.weighted[-1, "g_weight"] is None
    assert got.weighted[0, "calibrated_weight"] == got.weighted[-1, "calibrated_weight"] == 0
    assert got.summary == alone.summary and got.margins.equals(alone.margins)
    assert factor_table(got).equals(factor_table(alone))
    assert "De poids nul, hors du calage : 2 lignes." in plain(describe_calibration(got))


def test_one_margin_is_post_stratification():
    raked = rake(RESPONSES, margins(taille={"0": 50, "1": 70}), SPEC)
    assert raked["calibrated_weight"].to_list() == pytest.approx([20, 30, 10, 40, 20])


def test_far_from_the_margins_still_converges():
    far = margins(taille={"0": 1, "1": 999_999}, secteur={"A": 999_000, "B": 1_000})
    raked = rake(RESPONSES, far, SPEC)
    total = raked.filter(pl.col("secteur") == "B")["calibrated_weight"].sum()
    assert total == pytest.approx(1000, rel=1e-8)


@pytest.mark.parametrize(
    ("totals", "says"),
    [
        (
            margins(taille={"0": 8, "1": 12, "2": 3}),
            "aucun répondant pour « taille » = 2 (total 3)",
        ),
        (margins(taille={"0": 20}), "n’a pas de total pour 1, présent chez les répondants"),
        (margins(taille={"0": 20, "1": 0}), "total nul pour « taille » = 1 (total 0)"),
        (margins(taille={"0": -1, "1": 20}), "de total négatif : « taille » = 0"),
        (pl.concat([GOOD, GOOD]), "citée deux fois"),
        (
            GOOD.with_columns(variable=pl.lit(None)),
            "vide dans la colonne « variable » (lignes 1, 2, 3, 4)",
        ),
        (
            pl.concat([GOOD, margins(taille={None: 20})]),
            "marge qui mêle modalités et total : « taille » (total 20)",
        ),
        (GOOD.clear(), "vide"),
        (
            margins(taille={"0": 8, "1": 12}, secteur={"A": 5, "B": 16.5}),
            "« taille » 20 ; « secteur » 21,500. Toutes les marges",
        ),
    ],
)
def test_faults_of_margins(totals, says):
    with pytest.raises(MarginError) as error:
        rake(RESPONSES, totals, SPEC)
    assert says in str(error.value).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("responses", "says"),
    [
        (RESPONSES.with_columns(w=pl.Series([1.0, 0, 1, 1, -2])), "négatif (ligne 5)"),
        (RESPONSES.with_columns(w=pl.Series([1.0, None, 1, 1, 2])), "(ligne 2)"),
        (RESPONSES.with_columns(w=0.0), "aucun poids « w » positif"),
        (RESPONSES.with_columns(taille=pl.Series(["0", None, "1", "1", "1"])), "(ligne 2)"),
        (RESPONSES.drop("secteur"), "« secteur » absente"),
    ],
)
def test_faults_of_responses(responses, says):
    with pytest.raises(SurveyError) as error:
        rake(responses, GOOD, SPEC)
    assert says in str(error.value).replace("\u202f", " ")


def test_contradicting_margins_are_told():
    # Size 0 is only in sector A and size 1 only in B: their totals must be equal, and are not.
    apart = pl.DataFrame({"taille": ["0", "1"], "secteur": ["A", "B"], "w": [1.0, 1.0]})
    with pytest.raises(ConvergenceError) as error:
        rake(apart, GOOD, SPEC)
    message = str(error.value).replace("\u202f", " ")
    assert "Plus grand écart" in message and "visé" in message
    assert "« taille » = 1 (total 12), « secteur » = B (total 15)" in message
    assert "« taille » = 1 vaut au moins 15 (visé 12)" in message
    assert "retirer la marge « taille »" in message


def test_options_are_checked():
    with pytest.raises(SurveyError, match="tolérance"):
        CalibrationSpec(tolerance=0)


@given(
    weights=st.lists(st.floats(0.1, 1000), min_size=8, max_size=8),
    shares=st.lists(st.floats(0.05, 1), min_size=6, max_size=6),
)
def test_margins_are_met_whatever_the_weights(weights, shares):
    cells = [(a, b) for a in "xyzt" for b in "12"]
    frame = pl.DataFrame(cells, schema=["a", "b"], orient="row").with_columns(w=pl.Series(weights))
    first, second = np.array(shares[:4]), np.array(shares[4:])
    totals = margins(
        a=dict(zip("xyzt", 1000 * first / first.sum(), strict=True)),
        b=dict(zip("12", 1000 * second / second.sum(), strict=True)),
    )
    raked = rake(frame, totals, SPEC)
    for variable, category, total in totals.rows():
        got = raked.filter(pl.col(variable) == category)["calibrated_weight"].sum()
        assert got == pytest.approx(total, rel=1e-8)
    assert raked["calibrated_weight"].min() > 0
