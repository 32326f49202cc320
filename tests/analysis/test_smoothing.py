"""Smoothing: towards the centre of the class, sums kept, margins met again."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calibration import CalibrationSpec, calibrate
from analysis.smoothing import SmoothSpec, smooth
from survey.errors import MarginError, SurveyError
from tests.margins import margins, text

FEW = pl.DataFrame({"taille": ["0", "0", "1", "1", "1"], "w": [1.0, 4, 1, 2, 6]})
HELD = margins(taille={"0": 6, "1": 10})
positive = st.lists(st.floats(0.01, 1000), min_size=1, max_size=30)


def weights(smoothing):
    return smoothing.weighted["smoothed_weight"].to_list()


def test_weights_go_part_of_the_way_to_the_centre_of_their_class():
    half = smooth(FEW, SmoothSpec("w", ("taille",), share=0.5))
    assert weights(half) == pytest.approx([1.75, 3.25, 2, 2.5, 4.5])
    whole = smooth(FEW, SmoothSpec("w", ("taille",)))
    assert weights(whole) == pytest.approx([2.5, 2.5, 3, 3, 3])
    assert weights(smooth(FEW, SmoothSpec("w"))) == pytest.approx([2.8] * 5)
    # square roots 1 and 2, scaled to 5; 1, 1.41 and 2.45, scaled to 9
    roots = smooth(FEW, SmoothSpec("w", ("taille",), "geometric_mean", 0.5))
    scale = 9 / (1 + 2**0.5 + 6**0.5)
    assert weights(roots) == pytest.approx([5 / 3, 10 / 3, scale, 2**0.5 * scale, 6**0.5 * scale])
    assert half.calibration is None and half.weighted.drop("smoothed_weight").equals(FEW)
    assert half.classes.columns == [
        "class",
        "n_rows",
        "mean_before",
        "cv_before",
        "mean_after",
        "cv_after",
    ]
    # standard deviation 1.5 of 1 and 4, halved with the distance to the mean
    assert half.classes.row(0) == pytest.approx(("0", 2, 2.5, 0.6, 2.5, 0.3))
    assert half.weights["step"].to_list() == ["w", "smoothed_weight"]


def test_margins_are_met_again():
    spec = CalibrationSpec("linear", weight="not read")
    got = smooth(FEW, SmoothSpec("w", share=0.5), HELD, spec)
    first = FEW.with_columns(half=pl.col("w") / 2 + 1.4)
    expected = calibrate(first, HELD, CalibrationSpec("linear", weight="half"))
    assert weights(got) == expected.weighted["calibrated_weight"].to_list()
    assert got.calibration.margins["after"].to_list() == pytest.approx([6, 10])
    assert got.weighted.columns == ["taille", "w", "smoothed_weight"]
    assert got.weights["sum"].to_list() == pytest.approx([14, 16])
    with pytest.raises(MarginError, match="aucun répondant"):
        smooth(FEW, SmoothSpec("w"), margins(taille={"0": 6, "1": 10, "2": 1}))


@given(
    w=positive,
    share=st.floats(0, 1),
    towards=st.sampled_from(["mean", "geometric_mean"]),
    seed=st.integers(0, 99),
)
def test_classes_keep_their_sum_and_become_more_even_in_any_order(w, share, towards, seed):
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame({"c": rng.choice(list("ab"), len(w)), "w": w})
    spec = SmoothSpec("w", ("c",), towards, share)
    got = smooth(frame, spec)
    rounding = {"rtol": 1e-12}  # of sums of 30 numbers
    classes = got.classes
    np.testing.assert_allclose(classes["mean_after"], classes["mean_before"], **rounding)
    assert (classes["cv_after"] <= classes["cv_before"] * (1 + 1e-9) + 1e-12).all()
    order = rng.permutation(len(w))
    shuffled = smooth(frame[order], spec)
    np.testing.assert_allclose(weights(shuffled), np.array(weights(got))[order], **rounding)
    assert min(weights(got)) > 0
    if share == 0:
        np.testing.assert_allclose(weights(got), w, **rounding)
    if share == 1:  # then smoothing again changes nothing
        kept = got.weighted.select("c", kept="smoothed_weight")
        again = smooth(kept, SmoothSpec("kept", ("c",), towards))
        np.testing.assert_allclose(weights(again), weights(got), **rounding)
        assert classes["cv_after"].max() < 1e-12


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"share": 1.2}, "share=1.2 ; il faut une part entre 0 (poids inchangés) et 1"),
        ({"share": float("nan")}, "share=nan"),
        ({"towards": "median"}, "towards=’median’ inconnu ; choisir parmi mean, geometric_mean"),
        ({"by": "taille"}, "« by » est une liste de colonnes"),
    ],
)
def test_faults_of_the_spec(options, says):
    with pytest.raises(SurveyError) as error:
        SmoothSpec("w", **options)
    assert says in text(error)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FEW.with_columns(w=-pl.col("w")), "Lissage : poids « w » nul ou négatif (lignes 1, 2"),
        (
            FEW.with_columns(taille=pl.lit(None)),
            "Lissage : cellule vide dans la colonne « taille »",
        ),
        (FEW.drop("taille"), "Lissage : colonne « taille » absente"),
        (FEW.clear(), "Lissage : le tableau est vide"),
    ],
)
def test_faults_of_the_rows(frame, says):
    with pytest.raises(SurveyError) as error:
        smooth(frame, SmoothSpec("w", ("taille",)))
    assert says in text(error)
