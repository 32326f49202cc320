"""One g-weight a unit, margins of units and of rows, post-stratification, ratios, what is told."""

import numpy as np
import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate, poststratify, rake
from analysis.calibration_report import describe_calibration
from survey.errors import MarginError, SurveyError
from tests.margins import margins, text

# Establishments of five enterprises, which share the weight of their enterprise.
ROWS = pl.DataFrame(
    {
        "siren": ["a", "a", "b", "c", "c", "c", "d", "e", "e"],
        "groupe": ["oui", "oui", "non", "oui", "oui", "oui", "non", "non", "non"],
        "zone": ["N", "S", "N", "S", "S", "N", "S", "N", "S"],
        "effectif": [10.0, 4, 7, 3, 5, 2, 9, 6, 8],
        "size": [2.0, 2, 1, 3, 3, 3, 1, 2, 2],
        "w": [3.0, 3, 5, 2, 2, 2, 6, 4, 4],
    }
)


WANTED = margins(groupe={"oui": 6, "non": 13}, zone={"N": 16, "S": 20})


@pytest.mark.parametrize(
    "options", [{}, {"method": "linear"}, {"method": "logit", "bounds": (0.5, 2)}]
)
def test_rows_of_a_unit_share_their_factor_and_both_levels_are_met(options):
    spec = CalibrationSpec(weight="w", unit="siren", unit_variables=("groupe",), **options)
    got = calibrate(ROWS, WANTED, spec)
    assert got.weighted.group_by("siren").agg(pl.col("g_weight").n_unique())["g_weight"].max() == 1
    units = got.weighted.unique("siren").group_by("groupe").agg(pl.col("calibrated_weight").sum())
    assert dict(units.rows()) == pytest.approx({"oui": 6, "non": 13}, rel=1e-8)
    zones = got.weighted.group_by("zone").agg(pl.col("calibrated_weight").sum())
    assert dict(zones.rows()) == pytest.approx({"N": 16, "S": 20}, rel=1e-8)
    assert got.margins["n_respondents"].to_list() == [2, 3, 4, 5]
    assert got.margins["before"].to_list() == pytest.approx([5, 15, 14, 17])


def test_units_by_a_sparse_matrix_get_the_same_weights(monkeypatch):
    spec = CalibrationSpec(weight="w", unit="siren", unit_variables=("groupe",))
    dense = calibrate(ROWS, WANTED, spec).weighted["g_weight"]
    monkeypatch.setattr("analysis.calibration_cells.DENSE", 0)
    sparse = calibrate(ROWS, WANTED, spec).weighted["g_weight"]
    np.testing.assert_allclose(sparse, dense, rtol=1e-12)


def test_q_equal_to_the_rows_of_a_unit_is_calmar_on_sums():
    spec = CalibrationSpec(weight="w", unit="siren", unit_variables=("groupe",), scale="size")
    rows = calibrate(ROWS, WANTED, spec).weighted.unique("siren", keep="first").sort("siren")
    units = ROWS.group_by("siren").agg(
        pl.col("w", "groupe").first(),
        nord=(pl.col("zone") == "N").sum(),
        sud=(pl.col("zone") == "S").sum(),
    )
    sums = margins(groupe={"oui": 6, "non": 13}, nord=16, sud=20)
    other = calibrate(units, sums, CalibrationSpec(weight="w")).weighted.sort("siren")
    np.testing.assert_allclose(rows["g_weight"], other["g_weight"], rtol=1e-8)


@pytest.mark.parametrize(
    ("rows", "spec", "says"),
    [
        (
            ROWS.with_columns(groupe=pl.Series(["oui", "non"] + ["oui"] * 7)),
            {"unit": "siren", "unit_variables": ("groupe",)},
            "« groupe » change d’une ligne à l’autre d’une même unité (« siren » = a)",
        ),
        (
            ROWS.with_columns(siren=pl.lit(None, pl.String)),
            {"unit": "siren"},
            "cellule vide dans la colonne « siren »",
        ),
        (ROWS, {"unit": "siren", "unit_variables": ("statut",)}, "statut décrit l’unité mais"),
        (ROWS, {"unit": "sirn"}, "« sirn » absente du tableau (colonnes proches : siren)"),
        (ROWS, {"scale": "zone"}, "« zone » contient du texte"),
        (ROWS.with_columns(size=-1.0), {"scale": "size"}, "échelle q « size » nulle ou négative"),
        (ROWS.clear(), {}, "aucun poids « w » positif, donc rien à caler"),
    ],
)
def test_faults_of_units_are_told(rows, spec, says):
    wanted = margins(groupe={"oui": 18, "non": 18}, zone={"N": 16, "S": 20})
    with pytest.raises(SurveyError) as error:
        calibrate(rows, wanted, CalibrationSpec(weight="w", **spec))
    assert says in text(error)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "calmar"}, "méthode « calmar » inconnue"),
        ({"method": "logit"}, "« logit » demande des bornes"),
        ({"method": "truncated"}, "« truncated » demande des bornes"),
        ({"bounds": (1.0, 2.0)}, "doivent encadrer 1 strictement"),
        ({"bounds": (-0.5, 2.0)}, "borne basse −0,5 est négative"),
        ({"method": "logit", "bounds": (0.0, np.inf)}, "deux bornes finies"),
        ({"unit_variables": ("groupe",)}, "aucune unité n’est donnée"),
        ({"max_steps": 0}, "au moins une étape"),
    ],
)
def test_options_are_checked(options, says):
    with pytest.raises(SurveyError) as error:
        CalibrationSpec(**options)
    assert says in text(error)


def test_a_ratio_is_held_through_a_total_of_zero():
    share = 0.4  # staff per establishment of the north, over that of everyone
    rows = ROWS.with_columns(
        ecart=pl.when(pl.col("zone") == "N").then("effectif").otherwise(0)
        - share * pl.col("effectif")
    )
    got = calibrate(rows, margins(ecart=0, zone={"N": 16, "S": 20}), CalibrationSpec(weight="w"))
    staff = got.weighted.with_columns(s=pl.col("effectif") * pl.col("calibrated_weight"))
    north = staff.filter(pl.col("zone") == "N")["s"].sum()
    assert north / staff["s"].sum() == pytest.approx(share, rel=1e-9)
    assert got.margins["gap"].to_list()[0] is None


def test_post_stratification_is_total_over_estimate():
    got = poststratify(ROWS, margins(zone={"N": 16, "S": 20}), "w")
    before = dict(ROWS.group_by("zone").agg(pl.col("w").sum()).rows())
    expected = {zone: total / before[zone] for zone, total in {"N": 16, "S": 20}.items()}
    for zone, g in got.weighted.select("zone", "g_weight").rows():
        assert g == pytest.approx(expected[zone], rel=1e-12)
    assert got.summary.steps == 0  # the start already is the solution
    with pytest.raises(MarginError) as error:
        poststratify(ROWS, WANTED, "w")
    assert "une seule variable" in text(error) and "Croiser" in text(error)


def test_rake_knows_raking_only():
    with pytest.raises(SurveyError, match="rake"):
        rake(ROWS, WANTED, CalibrationSpec("linear", weight="w"))


def test_errors_of_totals_are_kept_for_the_variance():
    wanted = margins(zone={"N": 16, "S": 20}, effectif=230)
    with_error = wanted.with_columns(std_error=pl.Series([1.5, 1.5, None]))
    got = calibrate(ROWS, with_error, CalibrationSpec(weight="w"))
    assert got.margin_errors == (("zone", "N", 1.5), ("zone", "S", 1.5))
    plain = calibrate(ROWS, wanted, CalibrationSpec(weight="w"))
    assert plain.margin_errors == ()
    assert plain.weighted.equals(got.weighted)


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("std_error", [1.0, -1.0], "« std_error » (ligne 2) : il faut un nombre positif ou nul"),
        ("cost", [0.0, 1.0], "« cost » (ligne 1) : il faut un nombre positif, ou rien"),
        ("cost", ["fort", None], "« cost » (ligne 1)"),
        ("cost", [1.0, np.nan], "« cost » (ligne 2)"),
        ("total", [1.0, np.inf], "infinie ou démesurée (ligne 2)"),
    ],
)
def test_faults_of_optional_columns(column, values, says):
    wanted = margins(zone={"N": 16, "S": 20}).with_columns(pl.Series(column, values))
    with pytest.raises(SurveyError) as error:
        calibrate(ROWS, wanted, CalibrationSpec(weight="w"))
    assert says in text(error)


def test_the_summary_counts_what_happened():
    wanted = margins(zone={"N": 40, "S": 3}, effectif=200)
    got = calibrate(ROWS, wanted, CalibrationSpec("linear", weight="w"))
    after = got.weighted["calibrated_weight"].to_numpy()
    summary = got.summary
    assert summary.n_negative == (after < 0).sum() > 0
    assert summary.sum_after == pytest.approx(43)
    assert summary.kish_after == pytest.approx(len(after) * (after**2).sum() / after.sum() ** 2)
    assert summary.cv_before == pytest.approx(ROWS["w"].std(ddof=0) / ROWS["w"].mean())
    assert (summary.at_lower, summary.at_upper) == (None, None)
    told = describe_calibration(got).replace("\u202f", " ")
    assert f"poids négatif pour {summary.n_negative} lignes" in told
    assert "méthode linéaire, 9 lignes, 3 marges, 1 étape." in told


def test_the_description_says_bounds_costs_and_errors():
    wanted = margins(zone={"N": 19, "S": 17}, effectif=300).with_columns(
        cost=pl.Series([None, None, 2.0]), std_error=pl.Series([1.0, 1.0, None])
    )
    spec = CalibrationSpec("truncated", (0.9, 1.5), weight="w")
    told = describe_calibration(calibrate(ROWS, wanted, spec)).replace("\u202f", " ")
    for line in (
        "méthode linéaire tronquée, bornes (0,90 ; 1,50)",
        "Bornes atteintes : la basse par",
        "Marges à coût, approchées :",
        "« effectif » :",
        "Marges elles-mêmes estimées : 2",
    ):
        assert line in told
