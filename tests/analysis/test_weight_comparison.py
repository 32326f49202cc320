"""Weight sets compared on estimates worked out by hand."""

import polars as pl
import pytest

from analysis.design import SurveyDesign
from analysis.estimation import estimate
from analysis.targets import WHOLE, Domain, Target
from analysis.weight_comparison import compare_weights, weight_sets
from survey.errors import SurveyError
from tests.margins import text

FRAME = pl.DataFrame(
    {
        "taille": ["0", "0", "0", "1", "1", "1"],
        "uses": [1, 0, 1, 0, 0, 0],
        "sales": [10.0, 20, 30, None, 50, 60],
        "w": [1.0, 1, 2, 2, 1, 1],
        "even": [4 / 3] * 6,
    }
)
DESIGNS = {"calé": SurveyDesign(weight="w"), "égal": SurveyDesign(weight="even")}
TARGETS = [Target("uses", pl.col("uses")), Target("sales", pl.col("sales"), "mean")]
DOMAINS = [WHOLE, Domain("taille", ("taille",))]
ABOUT = {"population": "entreprises", "edition": 1}


def test_each_cell_has_every_set_and_its_gap_to_the_first():
    got = compare_weights(FRAME, DESIGNS, TARGETS, DOMAINS, **ABOUT)
    assert got["weight_set"].to_list() == ["calé", "égal"] * 6
    one = estimate(FRAME, DESIGNS["égal"], TARGETS, DOMAINS, **ABOUT)
    second = got.filter(pl.col("weight_set") == "égal")
    assert second.select(one.columns).equals(one)

    # uses: 3 of 8 weighed, 2 of 6 even; sales: 70 + 110 + 20 of 6
    whole = got.filter(pl.col("domain") == "ensemble")
    assert whole["estimate"].to_list() == pytest.approx([3 / 8, 1 / 3, 200 / 6, 34])
    assert whole["difference"].to_list() == pytest.approx([0, 1 / 3 - 3 / 8, 0, 34 - 200 / 6])
    error = whole["std_error"][2]
    assert whole["difference_in_errors"][3] == pytest.approx((34 - 200 / 6) / error)
    assert whole["error_ratio"].to_list()[2:] == pytest.approx([1, whole["std_error"][3] / error])


def test_what_does_not_exist_is_null_and_never_nan():
    got = compare_weights(FRAME, DESIGNS, TARGETS[:1], DOMAINS[1:], **ABOUT)
    nobody = got.filter(pl.col("domain") == "1")  # a share of 0, known without error
    assert nobody["estimate"].to_list() == [0, 0]
    assert nobody["difference"].to_list() == [0, 0]
    assert nobody["difference_in_errors"].to_list() == [None, None]
    assert nobody["error_ratio"].to_list() == [None, None]
    silent = Target("rien", pl.lit(None, pl.Float64), "mean")
    nothing = compare_weights(FRAME, DESIGNS, [silent], **ABOUT)
    assert nothing["difference"].to_list() == [None, None]
    for frame in (got, nothing):
        assert not frame.select(pl.any_horizontal(pl.col(pl.Float64).is_nan()).any()).item()


def test_dispersion_of_each_set():
    got = weight_sets(FRAME, {**DESIGNS, "calé autrement": SurveyDesign(weight="w")})
    assert got["weight_set"].to_list() == ["calé", "égal", "calé autrement"]
    assert got["step"].to_list() == ["w", "even", "w"]
    assert got["sum"].to_list() == pytest.approx([8, 8, 8])
    kish = 6 * 12 / 64  # n sum(w²) / sum(w)²
    assert got["kish_deff"].to_list() == pytest.approx([kish, 1, kish])


@pytest.mark.parametrize(
    ("designs", "says"),
    [
        ({"calé": DESIGNS["calé"]}, "il en faut au moins deux ; reçu 1"),
        ({**DESIGNS, "absent": SurveyDesign(weight="poids")}, "« poids » absente"),
    ],
)
def test_faults(designs, says):
    with pytest.raises(SurveyError) as error:
        compare_weights(FRAME, designs, TARGETS, **ABOUT)
    assert says in text(error)
