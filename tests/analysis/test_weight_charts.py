"""g-weights as a table and as charts: figures equal to the weights', texts apart and in frame."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.calibration import CalibrationSpec, calibrate
from analysis.marks import PALETTE
from analysis.weight_boxes import factor_boxes
from analysis.weight_charts import factor_chart, factor_table, factor_words
from survey.errors import SurveyError
from tests.analysis.test_charts import assert_readable, layers, written
from tests.margins import margins

FORMS = pytest.mark.parametrize("form", ["wide", "narrow"])
CHARTS = pytest.mark.parametrize("draw", [factor_chart, factor_boxes])
SPECS = {
    "raking": CalibrationSpec(weight="w"),
    "linear": CalibrationSpec("linear", weight="w"),
    "truncated": CalibrationSpec("truncated", (0.6, 1.4), weight="w"),
    "far bounds": CalibrationSpec("logit", (0.05, 25), weight="w"),
    "one bound": CalibrationSpec("truncated", (0.6, float("inf")), weight="w"),
}


def calibrated(name, seed=0, spread=0.5):
    """200 respondents calibrated on margins that g-weights within (0.7, 1.3) meet, and strain."""
    rng = np.random.default_rng(seed)
    n = 200
    frame = pl.DataFrame(
        {
            "taille": rng.choice(["0 à 9", "10-49", "50 et plus"], n),
            "secteur": rng.choice(list("AB"), n),
            "ca": rng.lognormal(3, spread, n),
            "w": rng.uniform(1, 40, n),
        }
    )
    strain = frame["ca"].rank() / n
    aimed = frame.with_columns(after=pl.col("w") * (0.72 + 0.56 * strain))
    rows = {
        v: dict(aimed.group_by(v).agg(pl.col("after").sum()).sort(v).rows())
        for v in ("taille", "secteur")
    }
    total = aimed.select((pl.col("after") * pl.col("ca")).sum()).item()
    return calibrate(frame, margins(**rows, ca=total), SPECS[name])


def test_table_equals_numpy():
    got = calibrated("truncated")
    table = factor_table(got)
    assert table.select("variable", "category").rows() == [
        ("ensemble", None),
        ("taille", "0 à 9"),
        ("taille", "10-49"),
        ("taille", "50 et plus"),
        ("secteur", "A"),
        ("secteur", "B"),
    ]
    for row in table.to_dicts():
        rows = got.weighted
        if row["category"] is not None:
            rows = rows.filter(pl.col(row["variable"]) == row["category"])
        g = rows["g_weight"].to_numpy()
        names = ("min", "p05", "q1", "median", "q3", "p95", "max")
        expected = np.quantile(g, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
        np.testing.assert_allclose([row[name] for name in names], expected, rtol=1e-12)
        assert row["mean"] == pytest.approx(g.mean(), rel=1e-12)
        assert row["n_respondents"] == len(g)
        assert row["at_lower"] == pytest.approx((g <= 0.6 + 1e-9).mean())
        assert row["at_upper"] == pytest.approx((g >= 1.4 - 1e-9).mean())
    whole = table.row(0, named=True)
    assert round(whole["at_upper"] * 200) == got.summary.at_upper > 0
    assert factor_table(calibrated("raking"))["at_lower"].null_count() == 6


def test_categories_of_any_type_have_their_row():
    got = calibrated("raking")
    weighted = got.weighted.with_columns(
        pl.col("taille").cast(pl.Enum(["50 et plus", "10-49", "0 à 9"]))
    )
    typed = replace(got, weighted=weighted)
    assert factor_table(typed).equals(factor_table(got))


def test_words_say_the_range_the_middle_and_the_bounds():
    got = calibrated("truncated")
    words, row = factor_words(got).replace("\u202f", " "), factor_table(got).row(0, named=True)
    assert words.startswith("Rapports entre poids calé et poids de départ de 200 répondants : de ")
    assert f"médiane {row['median']:.2f}".replace(".", ",") in words
    assert f"borne haute 1,40 : {got.summary.at_upper} répondants" in words
    assert "Borne" not in factor_words(calibrated("raking"))


@FORMS
@CHARTS
@pytest.mark.parametrize("name", SPECS)
def test_charts_are_readable_and_name_one(draw, name, form):
    got = calibrated(name)
    chart = draw(got, form=form)
    assert_readable(chart, form)
    said = [row["text"] for row in written(chart)]
    assert "1\u202f: poids inchangé" in said
    assert chart.to_dict()["description"] == factor_words(got)


def bars(chart):
    return next(
        rows for mark, rows in layers(chart) if mark.get("color") == PALETTE["data"] and rows
    )


def number(text):
    return float(text.replace("\u202f", "").replace(",", ".").replace("\u2212", "-"))


@settings(max_examples=25)
@given(seed=st.integers(0, 999), name=st.sampled_from(sorted(SPECS)))
def test_the_histogram_counts_every_respondent_once_in_its_class(seed, name):
    got = calibrated(name, seed)
    rows = bars(factor_chart(got))
    assert sum(int(row["n"]) for row in rows) == 200
    g = got.weighted["g_weight"].to_numpy()
    for row in rows:
        low, high = (number(edge) for edge in row["label"].removeprefix("de ").split(" à "))
        # a g-weight at a bound is counted on its inner side: hence the room at the lower edge
        assert ((g > low - 1e-9) & (g <= high + 1e-9)).sum() >= int(row["n"])
        assert row["y"] > row["y2"]
    chart = factor_chart(got, form="narrow")
    (low, high), _ = (chart.to_dict()["encoding"]["x"]["scale"][k] for k in ("domain", "range"))
    assert all(low <= row["x"] <= high for row in bars(chart))


@FORMS
def test_bounds_are_drawn_where_they_are_and_part_the_bars(form):
    chart = factor_chart(calibrated("truncated"), form=form)
    lines = next(rows for mark, rows in layers(chart) if mark.get("strokeDash") == [2, 3])
    one = next(rows for mark, rows in layers(chart) if mark.get("strokeDash") == [4, 3])
    places = [row["x"] - one[0]["x"] for row in lines]
    assert places == pytest.approx([-0.4, 0.4])
    spots = [row["x"] - one[0]["x"] for row in bars(chart)]
    assert min(spots) > -0.4 and max(spots) < 0.4
    far = factor_chart(calibrated("far bounds"), form=form)
    drawn = [row for mark, rows in layers(far) if mark.get("strokeDash") == [2, 3] for row in rows]
    assert all(row["x"] < 1 for row in drawn)  # 25 is far from the scale; 0.05 is not
    assert any("borne haute 25,00\u202f: 0 répondant " in row["text"] for row in written(far))


@FORMS
def test_boxes_stand_on_the_quantiles(form):
    got = calibrated("truncated")
    table = factor_table(got)
    chart = factor_boxes(got, [f"Ligne {i}" for i in range(6)], form=form)
    start = 1 - next(r for m, r in layers(chart) if m.get("strokeDash") == [4, 3])[0]["x"]
    thick = {mark["strokeWidth"]: rows for mark, rows in layers(chart) if mark["type"] == "rule"}
    for width, low, high in ((2, "min", "max"), (8, "p05", "p95"), (14, "q1", "q3")):
        # rounded to a ten-thousandth
        assert [r["x"] + start for r in thick[width]] == pytest.approx(table[low], abs=1e-4)
        assert [r["x2"] + start for r in thick[width]] == pytest.approx(table[high], abs=1e-4)
    assert [r["x"] + start for r in thick[3]] == pytest.approx(table["median"], abs=1e-4)
    assert {"Ligne 0", "Ligne 5"} <= {row["text"] for row in written(chart)}


@CHARTS
def test_weights_that_did_not_move_are_drawn(draw):
    frame = pl.DataFrame({"a": list("xxyy"), "w": [1.0, 2, 3, 4]})
    got = calibrate(frame, margins(a={"x": 3, "y": 7}), SPECS["raking"])
    for form in ("wide", "narrow"):
        assert_readable(draw(got, form=form), form)
    with pytest.raises(SurveyError, match="forme de graphique inconnue"):
        draw(got, form="tall")
