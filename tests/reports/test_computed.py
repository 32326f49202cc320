"""`observatoire calculer` and `observatoire caler`: R's numbers, and the files written."""

import re
import shlex
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

import observatoire
from analysis.design import SurveyDesign
from analysis.estimation import estimate
from analysis.targets import Domain, Target
from tests.described_survey import (
    KEYS,
    SMALL,
    cell,
    computed,
    fails,
    results,
    run,
    write_survey,
    written,
)

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests/reference"
EXAMPLE = ROOT / "exemples/api"
RESULTS = (
    "statistique,variable,modalite,domaine_type,domaine,estimation,erreur_type,"
    "ic_bas,ic_haut,cv,deff,ddl,n"
)
# R keeps 15 digits in its CSV; both compute in double precision, far within 1e-8.
RELATIVE = 1e-8

STRAT = (EXAMPLE / "ecoles.csv", "{poids: pw, strates: stype, fpc: fpc}")
CLUS1 = (REFERENCE / "calculer_clus1.csv", "{poids: pw, grappes: dnum, fpc: fpc}")
CLUS2 = (
    REFERENCE / "calculer_clus2.csv",
    "{poids: pw, grappes: [dnum, snum], fpc: [fpc1, fpc2]}",
)
MARGINS = EXAMPLE / "marges.csv"
PLANS = {
    "strat": (*STRAT, None),
    "clus1": (*CLUS1, None),
    "clus2": (*CLUS2, None),
    "raking": (*STRAT, f"{{methode: raking, marges: {MARGINS}}}"),
    "lineaire": (*CLUS1, f"{{methode: lineaire, marges: {MARGINS}}}"),
    "logit": (*STRAT, f"{{methode: logit, bornes: [0.5, 2.0], marges: {MARGINS}}}"),
}
TARGETS = """
  - {statistique: moyenne, variable: api00}
  - {statistique: moyenne, variable: acs.46}
  - {statistique: total, variable: enroll}
  - {statistique: ratio, numerateur: api.stu, denominateur: enroll}
  - {statistique: quantile, variable: api00, p: 0.5}
  - {statistique: proportion, variable: stype}
  - {statistique: proportion, variable: awards, intervalle: logit}
"""
DOMAINS = "[ensemble, stype, [stype, sch.wide]]"


def compared(found: pl.DataFrame, plan: str, interval: str) -> pl.DataFrame:
    """R's cells of a plan beside ours; every one of them must be there."""
    expected = pl.read_csv(
        REFERENCE / "calculer.csv", schema_overrides=dict.fromkeys(KEYS, pl.String)
    ).filter(
        pl.col("plan") == plan,
        pl.col("intervalle").is_in([interval, ""]) | pl.col("intervalle").is_null(),
    )
    if interval != "logit":
        expected = expected.filter(pl.col("intervalle") == interval)
    joined = expected.join(found, on=KEYS, how="left", suffix="_found", nulls_equal=True)
    assert joined.height == expected.height >= 10
    assert joined["n_found"].null_count() == 0
    return joined


def check_equal(joined: pl.DataFrame, columns: list[str], relative: float = RELATIVE) -> None:
    """Raise where a number of R's is not ours."""
    for name in columns:
        known = joined.filter(pl.col(name).is_not_null())
        gap = (pl.col(name) - pl.col(f"{name}_found")).abs()
        # An error of 1e-8 of the estimate is a zero that R rounds otherwise.
        near = relative * pl.max_horizontal(pl.col(name).abs(), pl.col("estimation").abs() * 1e-6)
        wrong = known.filter((gap > near).fill_null(True))
        assert wrong.is_empty(), (name, wrong.select(*KEYS, name, f"{name}_found"))
        assert known.height > 0, name


@pytest.mark.parametrize("plan", PLANS)
def test_the_results_are_those_of_r(capsys, tmp_path, plan):
    data, drawn, calibration = PLANS[plan]
    spec = written(
        tmp_path,
        "s.yml",
        donnees=data,
        plan=drawn,
        calage=calibration,
        cibles=TARGETS,
        domaines=DOMAINS,
    )
    run(capsys, "calculer", spec, tmp_path / "r.csv")
    joined = compared(results(tmp_path / "r.csv"), plan, "logit")
    assert (joined["ddl"] == joined["ddl_found"]).all()
    assert (joined["n"] == joined["n_found"]).all()
    check_equal(joined, ["estimation", "erreur_type", "ic_bas", "ic_haut", "deff"])


@pytest.mark.parametrize("interval", ["beta", "arcsinus", "normal"])
@pytest.mark.parametrize("plan", PLANS)
def test_the_intervals_of_shares_are_those_of_r(capsys, tmp_path, plan, interval):
    data, drawn, calibration = PLANS[plan]
    target = f"[{{statistique: proportion, variable: awards, intervalle: {interval}}}]"
    spec = written(
        tmp_path,
        "s.yml",
        donnees=data,
        plan=drawn,
        calage=calibration,
        cibles=target,
        domaines=DOMAINS,
    )
    run(capsys, "calculer", spec, tmp_path / "r.csv")
    joined = compared(results(tmp_path / "r.csv"), plan, interval)
    check_equal(joined, ["estimation", "erreur_type", "ic_bas", "ic_haut", "deff"])


@pytest.mark.parametrize("plan", ["raking", "lineaire", "logit"])
def test_calibrated_weights_are_those_of_r(capsys, tmp_path, plan):
    data, drawn, calibration = PLANS[plan]
    spec = written(tmp_path, "s.yml", donnees=data, plan=drawn, calage=calibration)
    said = run(capsys, "caler", spec, tmp_path / "poids.csv")
    assert "poids écrits" in said
    weights = pl.read_csv(tmp_path / "poids.csv", infer_schema_length=None)
    expected = pl.read_csv(REFERENCE / "calculer_poids.csv").filter(plan=plan)["poids"]
    assert weights.columns[-3:] == ["poids_initial", "poids_cale", "facteur"]
    # Margins are met to 1e-9 here and 1e-13 in R: weights agree far within 1e-6.
    assert ((weights["poids_cale"] / expected - 1).abs() < 1e-6).all()
    product = weights["poids_initial"] * weights["facteur"]
    assert ((weights["poids_cale"] / product - 1).abs() < 1e-14).all()


@pytest.fixture
def small(tmp_path):
    return write_survey(tmp_path)


def test_a_french_spreadsheet_is_read_as_it_is(capsys, small):
    cells = computed(capsys, small)
    assert (small / "r.csv").read_text(encoding="utf-8").splitlines()[0] == RESULTS
    age = 1.5 * 20 + 0.5 * 40 + 30 + 2 * 50 + 60 + 2 * 45
    assert cell(cells)["estimation"] == pytest.approx(age / 8)
    assert cell(cells)["n"] == 6 and cell(cells, "Sud")["n"] == 3
    assert cells["domaine_type"].to_list() == ["ensemble", "région", "région"]


def test_codes_stay_text_and_levels_come_in_order(capsys, small):
    share = "[{statistique: proportion, variable: u.s}, {statistique: proportion, variable: rang}]"
    cells = computed(capsys, small, cibles=share, domaines="[ensemble]")
    assert cells["modalite"].to_list() == ["non", "oui", *(f"0{i}" for i in range(1, 8))]
    assert cell(cells, level="oui")["estimation"] == pytest.approx(4.5 / 8)
    one = computed(
        capsys,
        small,
        cibles="[{statistique: proportion, variable: rang, modalite: 03, intervalle: wilson}]",
    )
    assert set(one["modalite"]) == {"03"}


def test_true_and_false_are_numbers(capsys, small):
    targets = "[{statistique: moyenne, variable: salarié}, {statistique: total, variable: salarié}]"
    cells = computed(capsys, small, cibles=targets, domaines="[ensemble]")
    assert cells["estimation"].to_list() == [pytest.approx(3.5 / 8), pytest.approx(3.5)]


def test_a_column_may_be_a_number_and_a_domain(capsys, small):
    targets = "[{statistique: moyenne, variable: âge}, {statistique: proportion, variable: âge}]"
    cells = computed(capsys, small, cibles=targets, domaines="[[âge, région]]")
    assert set(cells["domaine_type"]) == {"âge x région"}
    first = cells.filter(statistique="moyenne").row(0, named=True)
    assert (first["domaine"], first["estimation"]) == ("20 x Nord", 20)


def test_ratios_quantiles_and_dispersion_are_named(capsys, small):
    targets = """
  - {statistique: ratio, numerateur: âge, denominateur: poids net}
  - {statistique: quantile, variable: âge, p: [0.25, 0.50]}
  - {statistique: gini, variable: âge}
  - {statistique: part_quantile, variable: âge, p: 0.8}"""
    cells = computed(capsys, small, cibles=targets, domaines="[ensemble]")
    assert cells.select("statistique", "variable", "modalite").rows() == [
        ("ratio", "âge/poids net", None),
        ("quantile", "âge", "0.25"),
        ("quantile", "âge", "0.5"),
        ("gini", "âge", None),
        ("part_quantile", "âge", "0.8"),
    ]
    assert cells["estimation"].null_count() == 0


def test_numbers_are_written_with_all_their_digits(capsys, small):
    cells = computed(capsys, small)
    table = pl.DataFrame(
        {
            "w": [1.5, 0.5, 1.0, 2.0, 1.0, 1.0, 2.0],
            "y": [20, 40, 30, 50, None, 60, 45],
            "h": ["Nord"] * 3 + ["Sud"] * 4,
        }
    )
    engine = estimate(
        table,
        SurveyDesign(weight="w", stratum="h"),
        [Target("y", pl.col("y"), "mean")],
        [Domain("ensemble"), Domain("h", ("h",))],
        population="",
        edition=0,
    )
    for ours, theirs in (("estimation", "estimate"), ("erreur_type", "std_error"), ("cv", "cv")):
        assert cells[ours].to_list() == engine[theirs].to_list()


def test_a_domain_without_answer_keeps_its_row_and_is_explained(capsys, small):
    text = (small / "enquête.csv").read_text(encoding="cp1252")
    text = re.sub(r"Sud;([\d,]+);(\w+);\w+", r"Sud;\1;\2;", text)
    (small / "enquête.csv").write_text(text, encoding="cp1252")
    spec = written(small, "s.yml", **SMALL)
    said = run(capsys, "calculer", spec, small / "r.csv")
    empty = cell(results(small / "r.csv"), "Sud")
    assert empty["n"] == 0
    assert all(empty[name] is None for name in ("estimation", "erreur_type", "ic_bas", "cv"))
    assert "sans estimation : âge (Sud)." in said
    assert "NaN" not in (small / "r.csv").read_text(encoding="utf-8")


def test_what_is_not_done_is_said(capsys, small):
    said = run(capsys, "calculer", written(small, "s.yml", **SMALL), small / "r.csv")
    assert "Rien n’est arrondi, seuillé ni retiré : " in said
    assert "Cellules lues comme vides (« manquants ») : 1." in said
    assert f"3 estimations écrites : {small / 'r.csv'}" in said


def test_na_may_be_a_code(capsys, small):
    share = "[{statistique: proportion, variable: u.s}]"
    cells = computed(capsys, small, cibles=share, manquants="[]")
    assert "NA" in cells["modalite"].to_list()
    cells = computed(capsys, small, cibles=share, manquants="[NA, non]")
    assert set(cells["modalite"]) == {"oui"}


def test_a_parquet_file_gives_the_same(capsys, small):
    text = pl.read_csv(
        (small / "enquête.csv").read_text(encoding="cp1252").encode(),
        separator=";",
        decimal_comma=True,
        null_values=["NA", ""],
    )
    text.with_columns(pl.col("âge").cast(pl.Float64).fill_null(float("nan"))).write_parquet(
        small / "e.parquet"
    )
    same = computed(capsys, small)
    assert computed(capsys, small, donnees="e.parquet").equals(same)


def test_replicate_weights_are_taken_as_they_are(capsys, small):
    # Jackknife of four equal weights: the variance of a mean is that of srs with replacement.
    rows = {"p": [1.0] * 4, "y": [1.0, 2.0, 4.0, 5.0]}
    rows |= {f"r{i}": [0.0 if i == j else 4 / 3 for j in range(4)] for i in range(4)}
    pl.DataFrame(rows).write_csv(small / "jk.csv")
    parts = {"donnees": "jk.csv", "domaines": "[ensemble]"}
    parts["cibles"] = "[{statistique: moyenne, variable: y}]"
    plan = "{poids: p, repliques: {colonnes: r, echelle: 0.75}}"
    found = cell(computed(capsys, small, plan=plan, **parts))
    assert found["erreur_type"] == pytest.approx((10 / 3 / 4) ** 0.5, rel=1e-12)
    named = "{poids: p, repliques: {colonnes: [r0, r1, r2, r3], echelle: 0.75, mse: oui}}"
    assert cell(computed(capsys, small, plan=named, **parts)) == found


def test_weights_are_added_to_the_file_as_it_is(capsys, small):
    (small / "m.csv").write_text("variable;modalite;total\nrégion;Nord;6\nrégion;Sud;12,5\n")
    spec = written(small, "s.yml", **SMALL, calage="{marges: m.csv}")
    run(capsys, "caler", spec, small / "p.csv")
    before = pl.read_csv(
        (small / "enquête.csv").read_text(encoding="cp1252").encode(),
        separator=";",
        infer_schema=False,
    )
    after = pl.read_csv(small / "p.csv", infer_schema=False)
    assert after.drop("poids_initial", "poids_cale", "facteur").equals(before)
    numbers = after.select(pl.col("poids_initial", "poids_cale", "facteur").cast(pl.Float64))
    assert numbers["facteur"].to_list() == [pytest.approx(2.0)] * 3 + [pytest.approx(12.5 / 6)] * 4
    spec = written(small, "s.yml", **SMALL | {"donnees": "p.csv", "calage": "{marges: m.csv}"})
    assert "« poids_initial » existe déjà" in fails(capsys, "caler", spec, small / "q.csv")


def test_a_constant_variable_has_no_error_and_says_so(capsys, small):
    pl.DataFrame({"p": [1, 2, 3], "c": [4, 4, 4]}).write_csv(small / "c.csv")
    spec = written(
        small,
        "s.yml",
        donnees="c.csv",
        plan="{poids: p}",
        cibles="[{statistique: moyenne, variable: c}]",
    )
    said = run(capsys, "calculer", spec, small / "r.csv")
    found = results(small / "r.csv").row(0, named=True)
    assert (found["estimation"], found["erreur_type"], found["deff"]) == (4, 0, None)
    assert "Variable constante : c." in said


DOCUMENT = (ROOT / "docs/calculer.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)


def test_the_commands_of_the_documentation_give_what_it_shows(capsys, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "exemples", tmp_path / "exemples")
    monkeypatch.chdir(tmp_path)
    for line in blocks("sh")[0].splitlines():
        assert observatoire.main(shlex.split(line, comments=True)[1:]) == 0
    shown, margins = blocks("csv")
    assert (tmp_path / "resultats.csv").read_text(encoding="utf-8").startswith(shown)
    assert (EXAMPLE / "marges.csv").read_text(encoding="utf-8") == margins
    assert yaml.safe_load(blocks("yaml")[0]) == yaml.safe_load(
        (EXAMPLE / "ecoles.yml").read_text(encoding="utf-8")
    )
    before = results(tmp_path / "resultats.csv")["erreur_type"][0]
    observatoire.main(["calculer", "exemples/api/ecoles-calees.yml", "--sortie", "c.csv"])
    after = results(tmp_path / "c.csv")["erreur_type"][0]
    for number in (before, after):
        assert f"{number:.2f}".replace(".", ",") in DOCUMENT
