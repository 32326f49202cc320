"""Trimming: equal to R survey, limits and margins held, nearest weights, clear when impossible."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.trimming import TrimSpec, describe_trimming, trim
from survey.errors import ConvergenceError, MarginError, SurveyError
from tests.margins import margins, text

REFERENCE = Path(__file__).parents[1] / "reference"
EXPECTED = pl.read_csv(REFERENCE / "trimming.csv")
TOTALS = pl.read_csv(
    REFERENCE / "calibration_margins.csv", schema_overrides={"category": pl.String}
).with_columns(pl.when(pl.col("category") != "").then("category"))
SCHOOLS = (
    pl.read_csv(REFERENCE / "calibration_samples.csv")
    .filter(pl.col("data") == "apistrat")
    .with_columns(spread=pl.col("pw") * (0.4 + (pl.int_range(1, pl.len() + 1) % 11) / 5))
)
VARIABLES = {
    "counts": ["stype", "sch_wide"],
    "numbers": ["stype", "sch_wide", "enroll", "api00"],
}
FEW = pl.DataFrame(
    {"taille": ["0", "0", "0", "1", "1"], "unite": list("aabcc"), "w": [1.0, 3, 8, 2, 6]}
)
seeds = st.integers(0, 10_000)
sharings = st.sampled_from(["raking", "linear", "equal"])


def weights(trimming):
    return trimming.weighted["trimmed_weight"].to_numpy()


@pytest.mark.parametrize("case", EXPECTED["case"].unique(maintain_order=True))
def test_equals_r(case):
    expected = EXPECTED.filter(pl.col("case") == case)["weight"]
    sharing, *rest = case.split("|")
    if sharing == "equal":
        got = trim(SCHOOLS, TrimSpec("spread", upper=60, sharing="equal"))
    else:
        spec = TrimSpec("spread", 8, 60, sharing=sharing, tolerance=1e-12)
        got = trim(SCHOOLS, spec, TOTALS.filter(pl.col("variable").is_in(VARIABLES[rest[0]])))
    # R stops at a gap of 1e-12 (relative to 1 + total), here at 1e-12: weights agree to 1e-9
    np.testing.assert_allclose(weights(got), expected, rtol=1e-9)


def test_the_excess_is_shared_in_proportion_or_equally():
    proportional = trim(FEW, TrimSpec("w", upper=6))  # 2 cut from the third, 14 - 6 left to share
    assert weights(proportional).tolist() == pytest.approx([8 / 6, 4, 6, 16 / 6, 6])
    equal = trim(FEW, TrimSpec("w", upper=6, sharing="equal"))
    assert weights(equal).tolist() == pytest.approx([1 + 2 / 3, 3 + 2 / 3, 6, 2 + 2 / 3, 6])
    group = proportional.groups.row(0, named=True)
    assert group["group"] == "ensemble" and group["lower"] is None and group["upper"] == 6
    counts = ("n_rows", "n_below", "n_above", "n_at_lower", "n_at_upper", "n_moved")
    assert [group[name] for name in counts] == [5, 0, 1, 0, 2, 4]
    assert [group["cut"], group["added"]] == [2, 0]
    assert group["moved"] == pytest.approx(2)
    assert proportional.weights["sum"].to_list() == pytest.approx([20, 20])
    assert proportional.weighted.drop("trimmed_weight").equals(FEW)


def test_groups_keep_their_sum_and_have_their_limits():
    got = trim(FEW, TrimSpec("w", upper=1.5, rule="median", by=("taille",)))
    assert got.groups["upper"].to_list() == [4.5, 6.0]
    # size 0 (sum 12): 4.5 is left to the third, 7.5 is shared 1 to 3, so that the second too
    # goes beyond, and the first has what is left
    assert weights(got).tolist() == pytest.approx([3, 4.5, 4.5, 2, 6])
    assert got.margins["variable"].unique().to_list() == ["taille"]
    crossed = trim(FEW, TrimSpec("w", upper=8, by=("taille", "unite")))
    assert crossed.groups["group"].to_list() == ["0 x a", "0 x b", "1 x c"]
    assert weights(crossed).tolist() == FEW["w"].to_list()


@pytest.mark.parametrize(
    ("rule", "lower", "upper", "limits"),
    [
        ("weight", 2, 7, (2, 7)),
        ("quantile", 0.25, 0.75, (2, 6)),  # of 1, 2, 3, 6, 8
        ("median", 0.5, 2, (1.5, 6)),
        ("iqr", 0.25, 0.25, (1, 7)),
        ("iqr", 1, 1, (0, 10)),  # 2 - 4 is brought to 0
    ],
)
def test_rules(rule, lower, upper, limits):
    groups = trim(FEW, TrimSpec("w", lower, upper, rule)).groups
    assert groups.select("lower", "upper").row(0) == pytest.approx(limits)


def test_rows_of_a_unit_move_by_one_factor():
    got = trim(FEW, TrimSpec("w", upper=6, unit="unite"))
    # unit c, whose greater weight is at the limit, cannot take any of the 2 cut from unit b
    assert weights(got).tolist() == pytest.approx([1.5, 4.5, 6, 2, 6])
    with pytest.raises(SurveyError) as error:
        trim(FEW, TrimSpec("w", lower=2, upper=5, unit="unite"))
    # 1 and 3, 2 and 6: three times as much
    assert "se croisent pour une même unité « unite » (lignes 1, 2, 4, 5)" in text(error)


def test_a_margin_with_a_cost_gives_way():
    held = margins(taille={"0": 9, "1": 11}).with_columns(cost=pl.Series([0.1, 0.1]))
    total = FEW.with_columns(un=1.0)
    got = trim(total, TrimSpec("w", upper=4), pl.concat([held, margins(un=18)], how="diagonal"))
    gaps = dict(got.margins.select("category", "gap").rows())
    assert abs(gaps[None]) < 1e-9 and gaps["1"] < -0.2  # 2 rows of 4 at most
    assert weights(got).max() <= 4


def sample(seed):
    """Forty rows whose limits 4 and 32 and margins can be met: weights in (5, 30) have met them."""
    rng = np.random.default_rng(seed)
    n = 40
    aimed = rng.uniform(5, 30, n)
    frame = pl.DataFrame(
        {
            "a": rng.choice(list("xyz"), n),
            "b": rng.choice(["1", "2"], n),
            "x": rng.lognormal(3, 1, n),
            "w": aimed * rng.lognormal(0, 0.8, n),
        }
    )
    rows = [
        (name, category, aimed[(frame[name] == category).to_numpy()].sum())
        for name in ("a", "b")
        for category in frame[name].unique().sort()
    ]
    rows.append(("x", None, aimed @ frame["x"].to_numpy()))
    return frame, pl.DataFrame(rows, schema=["variable", "category", "total"], orient="row")


@given(seed=seeds, sharing=sharings)
def test_limits_and_margins_are_held_for_good_in_any_order(seed, sharing):
    frame, totals = sample(seed)
    spec = TrimSpec("w", 4, 32, sharing=sharing, tolerance=1e-12)
    got = trim(frame, spec, totals)
    w = weights(got)
    assert w.min() >= 4 and w.max() <= 32
    for variable, category, total in totals.rows():
        x = (frame[variable] == category) if category else frame[variable]
        assert x.cast(pl.Float64).to_numpy() @ w == pytest.approx(total, rel=1e-10)

    kept = got.weighted.rename({"trimmed_weight": "kept"})
    again = trim(kept, TrimSpec("kept", 4, 32, sharing=sharing), totals)
    assert again.steps == 0
    np.testing.assert_allclose(weights(again), w, rtol=1e-14)  # 1 ulp of the factors

    order = np.random.default_rng(seed).permutation(frame.height)
    shuffled = trim(frame[order], spec, totals.reverse())
    # as far as a tolerance of 1e-12 and other orders of summation leave weights determined
    np.testing.assert_allclose(weights(shuffled), w[order], rtol=1e-6)


@given(seed=seeds, sharing=sharings, by=st.sampled_from([(), ("a",), ("a", "b")]))
def test_without_margins_groups_keep_their_sum(seed, sharing, by):
    frame, _ = sample(seed)
    spec = TrimSpec("w", 0.6, 3, "median", by, sharing, tolerance=1e-12)
    try:
        got = trim(frame, spec)
    except ConvergenceError:
        means = frame.group_by(by or pl.lit(1)).agg(over=pl.col("w").mean() / pl.col("w").median())[
            "over"
        ]
        assert means.max() > 3 * (1 - 1e-9)
        return
    np.testing.assert_allclose(got.groups["sum_after"], got.groups["sum_before"], rtol=1e-10)
    kept = got.weighted.join(
        got.groups,
        left_on=pl.concat_str(by or pl.lit("ensemble"), separator=" x "),
        right_on="group",
    )
    assert kept.select((pl.col("trimmed_weight") <= pl.col("upper")).all()).item()
    assert kept.select((pl.col("trimmed_weight") >= pl.col("lower")).all()).item()
    assert got.weights["kish_deff"][1] <= got.weights["kish_deff"][0] * (1 + 1e-9)


@given(seed=seeds, sharing=sharings)
def test_nothing_to_trim_changes_nothing(seed, sharing):
    frame, _ = sample(seed)
    got = trim(frame, TrimSpec("w", 0, 1e6, sharing=sharing, by=("a",)))
    assert got.weighted["trimmed_weight"].to_list() == frame["w"].to_list()
    assert got.groups["n_moved"].sum() == 0 and got.steps == 0


@given(seed=seeds, sharing=sharings)
def test_no_other_weights_within_limits_that_hold_the_margins_are_nearer(seed, sharing):
    frame, totals = sample(seed)
    d, x = frame["w"].to_numpy(), frame["x"].to_numpy()
    w = weights(trim(frame, TrimSpec("w", 4, 32, sharing=sharing, tolerance=1e-12), totals))
    columns = [
        x if c is None else (frame[v] == c).to_numpy().astype(float) for v, c, _ in totals.rows()
    ]
    rng = np.random.default_rng(seed)
    inside = (w > 4 * (1 + 1e-9)) & (w < 32 * (1 - 1e-9))
    move = np.where(inside, rng.normal(size=len(w)), 0)
    constraints = np.array(columns) * inside
    move -= np.linalg.pinv(constraints) @ (constraints @ move)

    def distance(w):
        g = w / d
        each = {"raking": d * (g * np.log(g) - g + 1), "linear": d * (g - 1) ** 2 / 2}
        return each.get(sharing, (w - d) ** 2 / 2).sum()

    scale = np.abs(move).max()
    for length in (1e-3, -1e-3):
        moved = w + length * move / (scale or 1)
        if moved.min() >= 4 and moved.max() <= 32:
            assert distance(moved) >= distance(w) * (1 - 1e-12)


def test_a_sparse_matrix_gives_the_same_weights(monkeypatch):
    frame, totals = sample(7)
    dense = weights(trim(frame, TrimSpec("w", 4, 32), totals))
    monkeypatch.setattr("analysis.trimming_problem.DENSE", 0)
    np.testing.assert_allclose(weights(trim(frame, TrimSpec("w", 4, 32), totals)), dense, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "aucune limite ; donner « upper », « lower » ou les deux"),
        ({"lower": 5, "upper": 2}, "« lower » 5 n’est pas inférieur à « upper » 2"),
        ({"upper": -1}, "limites -1 refusées ; pour la règle « weight », chacune est un nombre"),
        ({"upper": float("nan")}, "limites nan refusées"),
        ({"upper": 95, "rule": "quantile"}, "un ordre entre 0 et 1"),
        ({"upper": 3, "rule": "mean"}, "rule='mean' inconnu ; choisir parmi weight, quantile"),
        ({"upper": 3, "sharing": "none"}, "sharing='none' inconnu ; choisir parmi raking, linear"),
        ({"upper": 3, "by": "taille"}, "« by » est une liste de colonnes, par exemple ('taille',)"),
        ({"upper": 3, "tolerance": 2}, "une tolérance entre 0 et 1"),
    ],
)
def test_faults_of_the_spec(options, says):
    with pytest.raises(SurveyError) as error:
        TrimSpec("w", **options)
    assert says.replace("'", "’") in text(error)


@pytest.mark.parametrize(
    ("frame", "options", "says"),
    [
        (FEW.with_columns(w=pl.Series([1, -2, 0, 2, 2])), {}, "nul ou négatif (lignes 2, 3)"),
        (FEW.with_columns(w=pl.Series([1, None, 1, 2, 2])), {}, "(ligne 2)"),
        (
            FEW.with_columns(w=pl.Series([1.0, np.inf, 1, 2, 2])),
            {},
            "infinie ou démesurée (ligne 2)",
        ),
        (FEW.clear(), {}, "Écrêtage : le tableau est vide"),
        (FEW.drop("w"), {}, "colonne « w » absente"),
        (FEW, {"by": ("region",)}, "colonne « region » absente"),
        (
            FEW.with_columns(taille=pl.Series(["0", None, "0", "1", "1"])),
            {"by": ("taille",)},
            "vide dans la colonne « taille » (ligne 2)",
        ),
    ],
)
def test_faults_of_the_rows(frame, options, says):
    with pytest.raises(SurveyError) as error:
        trim(frame, TrimSpec("w", upper=6, **options))
    assert says in text(error)


def test_limits_that_cannot_hold_the_sum_are_told_with_some_that_do():
    with pytest.raises(ConvergenceError) as error:
        trim(FEW, TrimSpec("w", upper=3.5))
    message = text(error)
    assert "« population » = ensemble (au plus 17,500, visé 20)" in message
    assert "multiplier les limites hautes et diviser les basses par 1,15 suffit." in message
    weights(trim(FEW, TrimSpec("w", upper=3.5 * 1.15)))  # what the message says does work
    with pytest.raises(ConvergenceError) as error:
        trim(FEW, TrimSpec("w", lower=1e9))
    assert "au moins 5 000 000 000" in text(error)
    assert "Élargir beaucoup les limites" in text(error)


def test_limits_that_cannot_hold_the_margins_are_told():
    schools = TOTALS.filter(pl.col("variable").is_in(VARIABLES["counts"]))
    with pytest.raises(ConvergenceError) as error:
        trim(SCHOOLS, TrimSpec("spread", 8, 40), schools)
    message = text(error)
    # 100 schools of 40 at most
    assert "Hors d’atteinte : « stype » = E (au plus 4 000, visé 4 397)" in message
    assert "par 1,10 suffit ; ou donner un coût" in message
    trim(SCHOOLS, TrimSpec("spread", 8 / 1.1, 40 * 1.1), schools)

    # Each margin can be met alone; both ask the one row of (1, B) for 7 - 3 and more.
    frame = pl.DataFrame({"a": list("0011"), "b": list("ABAB"), "w": [2.0, 2, 2, 2]})
    both = margins(a={"0": 4, "1": 8}, b={"A": 4, "B": 8}, c={"0": 6.5, "1": 5.5})
    frame = frame.with_columns(c=pl.Series(list("0110")))
    with pytest.raises(ConvergenceError) as error:
        trim(frame, TrimSpec("w", 1, 4.5), both)
    assert "Chaque total peut l’être seul, mais pas tous ensemble." in text(error)


def test_margins_that_no_weights_meet_are_told_as_for_a_calibration():
    apart = pl.DataFrame({"a": ["0", "1"], "b": ["A", "B"], "w": [1.0, 1.0]})
    with pytest.raises(ConvergenceError, match="se contredisent"):
        trim(apart, TrimSpec("w", upper=50), margins(a={"0": 8, "1": 12}, b={"A": 5, "B": 15}))
    with pytest.raises(MarginError, match="aucun répondant pour"):
        trim(apart, TrimSpec("w", upper=50), margins(a={"0": 8, "1": 12, "2": 1}))


def test_a_search_cut_short_says_so():
    frame, totals = sample(1)
    with pytest.raises(ConvergenceError, match="augmenter max_steps"):
        trim(frame, TrimSpec("w", 4, 32, max_steps=1), totals)


def test_description():
    told = describe_trimming(trim(FEW, TrimSpec("w", upper=6))).replace("\u202f", " ")
    assert "« w » : sur 5 lignes, 1 au-dessus des limites et 0 au-dessous ; 4 poids" in told
    assert "Retiré aux plus grands : 2 ;" in told and "2 (10,00 % de la somme des poids)" in told
    assert "de 1 à 8 avant, de 1,333 à 6 après" in told
    assert "plus grand écart 0,0000 %" in told
