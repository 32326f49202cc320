"""Two editions that share units: R on stacked waves, closed forms, and a simulation."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.comparison import compare_editions
from analysis.contrasts import compare_domains, compare_indicators
from analysis.design import SurveyDesign
from analysis.estimation import influences
from analysis.panels import compare_panel, panel_correlations, stack_waves
from analysis.targets import WHOLE, Domain, Target
from survey.errors import SurveyError

REFERENCE = Path(__file__).parents[1] / "reference"
WAVES = pl.read_csv(REFERENCE / "waves.csv")
Y = (Target("mean", pl.col("y"), "mean"), Target("total", pl.col("y"), "total"))
PLAN = SurveyDesign("pw", "stype")


def wave(year: int) -> pl.DataFrame:
    return WAVES.filter(wave=year).drop("wave")


def found(frame, design, edition, targets=Y, domains=(WHOLE,)):
    return influences(frame, design, targets, domains, population="ecoles", edition=edition)


def test_stacked_waves_equal_r():
    stacked, design = stack_waves(wave(2025), wave(2026), PLAN, "unit", ("2025", "2026"))
    cells = found(stacked, design, 2026, domains=[Domain("wave", ("wave",))])
    got = compare_domains(cells, "wave", "2025")
    for row in pl.read_csv(REFERENCE / "comparison.csv").filter(design="waves").rows(named=True):
        ours = got.filter(indicator=row["variable"]).row(0, named=True)
        assert ours["df"] == row["ddf"]
        for column in ("estimate", "std_error"):
            assert ours[column] == pytest.approx(row[column], rel=1e-8)
        assert ours["p_value"] == pytest.approx(row["p_value"], rel=1e-7)


def test_common_units_give_nearly_the_error_of_stacked_waves():
    before, after = wave(2025), wave(2026)
    got = compare_panel(
        found(before, PLAN, 2025), found(after, PLAN, 2026), before["unit"], after["unit"]
    )
    stacked = pl.read_csv(REFERENCE / "comparison.csv").filter(design="waves")["std_error"][0]
    apart = compare_editions(found(before, PLAN, 2025).cells, found(after, PLAN, 2026).cells)
    mean, alone = got.row(0, named=True), apart.row(0, named=True)
    assert mean["difference"] == pytest.approx(alone["difference"])
    # Two estimators of one variance, on 100 common units: within 10 %, and well under no overlap.
    assert mean["std_error"] == pytest.approx(stacked, rel=0.1)
    assert mean["std_error"] < 0.7 * alone["std_error"]


@pytest.mark.parametrize("size", [None, "fpc"])
@pytest.mark.parametrize("cluster", [None, "dnum"])
def test_whole_panel_equals_the_two_measures_of_one_survey(size, cluster):
    # Same rows in both editions: the change is the difference of two variables of one frame.
    name = "apiclus1" if cluster else "apistrat"
    frame = pl.read_csv(REFERENCE / f"{name}.csv")
    plan = SurveyDesign("pw", None if cluster else "stype", size, cluster)
    units = frame["dnum"] if cluster else pl.Series(range(frame.height))
    first, second = (Target("y", pl.col(name), "mean") for name in ("enroll", "api00"))
    shuffled = pl.Series(np.random.default_rng(3).permutation(frame.height))
    one, other = found(frame, plan, 2025, [first]), found(frame[shuffled], plan, 2026, [second])
    got = compare_panel(one, other, units, units[shuffled]).row(0, named=True)
    both = [Target("a", pl.col("enroll"), "mean"), Target("b", pl.col("api00"), "mean")]
    same = compare_indicators(found(frame, plan, 2026, both), "b", "a").row(0, named=True)
    assert got["difference"] == pytest.approx(same["estimate"])
    assert got["std_error"] == pytest.approx(same["std_error"], rel=1e-9)
    assert got["df"] == same["df"]


def test_whole_panel_of_calibrated_weights():
    weights = pl.read_csv(REFERENCE / "raked_weights.csv").filter(design="raked")["weight"]
    frame = pl.read_csv(REFERENCE / "apistrat.csv").with_columns(w=weights)
    margins = {"calibration": ("stype", "sch_wide", "awards"), "design_weight": "pw"}
    plan = SurveyDesign("w", "stype", "fpc", **margins)
    units = pl.Series(range(frame.height))
    both = [Target("a", pl.col("enroll"), "mean"), Target("b", pl.col("api00"), "mean")]
    one, other = (
        found(frame, plan, year, [Target("y", target.value, "mean")])
        for year, target in zip((2025, 2026), both, strict=True)
    )
    got = compare_panel(one, other, units, units).row(0, named=True)
    same = compare_indicators(found(frame, plan, 2026, both), "b", "a").row(0, named=True)
    assert got["std_error"] == pytest.approx(same["std_error"], rel=1e-9)
    stacked, design = stack_waves(
        frame.with_columns(unit=units), frame.with_columns(unit=units), plan, "unit", ("a", "b")
    )
    cells = found(stacked, design, 2026, both[:1], [Domain("wave", ("wave",))])
    twin = compare_domains(cells, "wave").row(0, named=True)
    assert (twin["estimate"], twin["std_error"]) == (0, 0)


def test_no_common_unit_is_independence():
    before, after = wave(2025), wave(2026)
    one, other = found(before, PLAN, 2025), found(after, PLAN, 2026)
    apart = after["unit"] + 1000
    assert panel_correlations(one, other, before["unit"], apart)["correlation"].to_list() == [0, 0]
    got = compare_panel(one, other, before["unit"], apart)
    assert got.equals(compare_editions(one.cells, other.cells))


def test_error_of_a_rotating_panel_is_right_on_average():
    # Simple samples of 60 of 300 units, 40 in common; correlation 0.8 of both measures. Units being
    # exchangeable, 1 000 variables seen on one draw are as one variable on 1 000 draws.
    random = np.random.default_rng(7)
    x = random.normal(size=(300, 1000))
    z = 0.8 * x + 0.6 * random.normal(size=(300, 1000))
    plan, units = SurveyDesign("w", None, "N"), pl.Series("unit", range(300))
    names = [str(index) for index in range(1000)]
    targets = [Target(name, pl.col(name), "mean") for name in names]
    constants = {"w": pl.lit(5.0), "N": pl.lit(300)}
    waves = [pl.DataFrame(values, schema=names).with_columns(**constants) for values in (x, z)]
    one = found(waves[0][:60], plan, 2025, targets)
    other = found(waves[1][20:80], plan, 2026, targets)
    got = compare_panel(one, other, units[:60], units[20:80])
    wrong = got["difference"].to_numpy() - (z.mean(axis=0) - x.mean(axis=0))
    # A variance seen 1 000 times has a relative error of sqrt(2 / 999) = 4.5 %: three of them.
    assert (got["std_error"] ** 2).mean() == pytest.approx((wrong**2).mean(), rel=0.135)
    alone = compare_editions(one.cells, other.cells)["std_error"]
    assert (alone**2).mean() > 1.5 * (wrong**2).mean()


def test_units_that_change_stratum_keep_their_covariance():
    before, after = wave(2025), wave(2026)
    moved = after.with_columns(
        stype=pl.when(pl.col("unit") % 10 == 0).then(pl.lit("M")).otherwise("stype")
    )
    kept = panel_correlations(
        found(before, PLAN, 2025), found(moved, PLAN, 2026), before["unit"], moved["unit"]
    )
    assert 0.3 < kept["correlation"][0] < 1
    assert kept["n_common"][0] == 100
    with pytest.raises(SurveyError, match="a changé de strate"):
        stack_waves(before, moved, PLAN, "unit", ("2025", "2026"))


def test_faults():
    before, after = wave(2025), wave(2026)
    one, other = found(before, PLAN, 2025), found(after, PLAN, 2026)
    with pytest.raises(SurveyError, match="3 identifiants pour 150 lignes"):
        compare_panel(one, other, before["unit"][:3], after["unit"])
    with pytest.raises(SurveyError, match="plusieurs strates"):
        compare_panel(one, other, pl.Series([1] * before.height), after["unit"])
    missing = pl.Series([None] * after.height, dtype=pl.Int64)
    with pytest.raises(SurveyError, match="identifiant vide"):
        compare_panel(one, other, before["unit"], missing)
    for names in ("ab", ("1",), ("1", "1")):
        with pytest.raises(SurveyError, match="deux noms d’édition différents"):
            stack_waves(before, after, PLAN, "unit", names)
    numeric = SurveyDesign("pw", calibration_numbers=("y",), design_weight="pw")
    with pytest.raises(SurveyError, match="Empilement"):
        stack_waves(before, after, numeric, "unit", ("a", "b"))
