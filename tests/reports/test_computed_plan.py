"""Each key of `plan` and `calage` reaches the engine: same numbers as its own call."""

from pathlib import Path

import polars as pl
import pytest

from analysis.calibration import CalibrationSpec, calibrate, calibrated_design
from analysis.design import SurveyDesign
from analysis.estimation import estimate
from analysis.targets import Target
from tests.described_survey import results, run, written

EXAMPLE = Path(__file__).parents[2] / "exemples/api"
SCHOOLS = (
    pl.read_csv(EXAMPLE / "ecoles.csv", schema_overrides={"cds": pl.String})
    .with_columns(
        taken=pl.col("stype") == "H",
        chance=1 / pl.col("pw"),
        answered=pl.col("api00") % 3 != 0,
        half=pl.when(pl.col("dnum") % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")),
        q=1 + pl.col("dnum") % 7 / 10,
        alone=pl.when(pl.col("snum") == 2077).then(pl.lit("Z")).otherwise("stype"),
    )
    .with_columns(left=pl.when("answered").then(2 * pl.col("pw")).otherwise(0.0))
)
DESIGNS = {
    "strates: [stype, sch.wide]": {"stratum": ("stype", "sch.wide")},
    "strates: stype, certitude: taken": {"stratum": "stype", "certainty": "taken"},
    "strates: stype, grappes: dnum, emboitees: oui": {"stratum": "stype", "cluster": "dnum"},
    "grappes: half": {"cluster": "half"},
    "strates: stype, probabilite: chance, pps: brewer": {
        "stratum": "stype",
        "inclusion": "chance",
        "pps": "brewer",
    },
    "strates: alone, upe_seule: adjust": {
        "stratum": "alone",
        "lonely": "adjust",
    },
    "strates: stype, repondant: answered, groupe_reponse: half": {
        "weight": "left",
        "stratum": "stype",
        "responded": "answered",
        "response_group": "half",
    },
}


@pytest.mark.parametrize("plan", DESIGNS)
def test_the_plan_is_that_of_the_engine(capsys, tmp_path, plan):
    SCHOOLS.write_csv(tmp_path / "e.csv")
    design = SurveyDesign(**{"weight": "pw", "lonely": "fail"} | DESIGNS[plan])
    spec = written(
        tmp_path,
        "s.yml",
        donnees="e.csv",
        plan=f"{{poids: {design.weight}, {plan}}}",
        cibles="[{statistique: moyenne, variable: api00}]",
        niveau="0.9",
    )
    run(capsys, "calculer", spec, tmp_path / "r.csv")
    found = results(tmp_path / "r.csv").row(0, named=True)
    expected = estimate(
        SCHOOLS,
        design,
        [Target("y", pl.col("api00"), "mean")],
        population="",
        edition=0,
        level=0.9,
    ).row(0, named=True)
    for ours, theirs in (("erreur_type", "std_error"), ("ic_bas", "conf_low"), ("ddl", "df")):
        # Strata may be numbered in another order: sums then differ by their rounding.
        assert found[ours] == pytest.approx(expected[theirs], rel=1e-12)
    assert found["erreur_type"] > 0


def test_the_calibration_is_that_of_the_engine(capsys, tmp_path):
    SCHOOLS.write_csv(tmp_path / "e.csv")
    totals = "sch.wide,No,1072,10,\nsch.wide,Yes,5122,10,\napi99,,3914069,,\n"
    totals += "half,a,3000,,5\nhalf,b,3194,,5\n"
    (tmp_path / "m.csv").write_text(f"variable,modalite,total,erreur_type,cout\n{totals}")
    spec = written(
        tmp_path,
        "s.yml",
        donnees="e.csv",
        plan="{poids: pw}",
        calage="{methode: lineaire, marges: m.csv, echelle: q, unite: dnum}",
    )
    run(capsys, "caler", spec, tmp_path / "p.csv")
    margins = pl.DataFrame(
        {
            "variable": ["sch.wide", "sch.wide", "api99", "half", "half"],
            "category": ["No", "Yes", None, "a", "b"],
            "total": [1072.0, 5122, 3914069, 3000, 3194],
            "std_error": [10.0, 10, None, None, None],
            "cost": [None, None, None, 5.0, 5.0],
        }
    )
    wanted = CalibrationSpec("linear", weight="pw", scale="q", unit="dnum")
    expected = calibrate(SCHOOLS, margins, wanted).weighted["calibrated_weight"]
    found = pl.read_csv(tmp_path / "p.csv", infer_schema_length=None)["poids_cale"]
    assert ((found / expected - 1).abs() < 1e-12).all()
    assert found.n_unique() > 2


def test_silent_rows_stay_out_of_the_calibration_and_in_the_design(capsys, tmp_path):
    rows = SCHOOLS.with_columns(known=pl.when("answered").then("awards"))
    rows.write_csv(tmp_path / "e.csv")
    margins = pl.DataFrame(
        {"variable": ["known"] * 2, "category": ["No", "Yes"], "total": [2300.0, 3894.0]}
    )
    margins.rename({"category": "modalite"}).write_csv(tmp_path / "m.csv")
    spec = written(
        tmp_path,
        "s.yml",
        donnees="e.csv",
        plan="{poids: left, strates: stype, repondant: answered, groupe_reponse: half}",
        calage="{marges: m.csv}",
        cibles="[{statistique: moyenne, variable: api00}]",
    )
    assert "De poids nul, hors du calage" in run(capsys, "calculer", spec, tmp_path / "r.csv")
    found = results(tmp_path / "r.csv").row(0, named=True)
    calibration = calibrate(rows, margins, CalibrationSpec(weight="left"))
    options = {"responded": "answered", "response_group": "half"}
    design = calibrated_design(SurveyDesign("left", "stype", **options), calibration)
    target = Target("y", pl.col("api00"), "mean")
    expected = estimate(calibration.weighted, design, [target], population="", edition=0)
    assert found["erreur_type"] == pytest.approx(expected["std_error"][0], rel=1e-12)
    assert found["n"] == rows["answered"].sum() < rows.height
    run(capsys, "caler", spec, tmp_path / "p.csv")
    weights = pl.read_csv(tmp_path / "p.csv")
    assert weights.filter(~pl.col("answered"))["poids_cale"].sum() == 0
    assert weights.filter(~pl.col("answered"))["facteur"].null_count() > 0
    assert weights["poids_cale"].sum() == pytest.approx(2300 + 3894)
