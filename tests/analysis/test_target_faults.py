"""What a target or a domain cannot be is said in French, whichever way it is computed."""

from datetime import date

import polars as pl
import pytest

from analysis.association import fit_tests
from analysis.design import SurveyDesign
from analysis.estimation import estimate
from analysis.targets import WHOLE, Domain, Target, levels
from survey.errors import SurveyError

FRAME = pl.DataFrame(
    {
        "w": [1.0, 2, 3, 4],
        "y": [1.0, 2, 3, 4],
        "cat": ["a", "b", "a", "b"],
        "list": [[1], [2], [3], [4]],
        "day": [date(2024, 1, i) for i in range(1, 5)],
        "code": [1.0, float("nan"), 2.0, None],
    }
)
Y = pl.col("y")
# The second goes through sums by stratum, the first through arrays.
DESIGNS = {"arrays": SurveyDesign("w", pps="brewer", inclusion="p"), "sums": SurveyDesign("w")}
FAULTS = {
    "« base » n’est pas une condition": lambda: Target("i", Y, "mean", base=pl.col("cat")),
    "cette expression ne donne pas une valeur par ligne": lambda: Target(
        "i", pl.col("cat").str.to_date() + Y, "mean"
    ),
    "vérifier le type de ses colonnes": lambda: Target("i", Y.filter(Y > 2), "mean"),
    "ne contient ni nombres ni vrai ou faux": lambda: Target("i", pl.col("list"), "mean"),
    "contient des dates": lambda: Target("i", pl.col("day"), "mean"),
    "« value » est une expression": lambda: Target("i", "y", "mean"),
    "« base » est une expression": lambda: Target("i", Y, "mean", base="cat"),
    "« denominator » est une expression": lambda: Target("i", Y, "ratio", denominator="w"),
}


def estimated(design: str, target: Target, domain: Domain = WHOLE) -> pl.DataFrame:
    frame = FRAME.with_columns(p=0.5)
    good = Target("bon", Y, "mean")
    about = {"population": "", "edition": 0}
    return estimate(frame, DESIGNS[design], [good, target], [domain], **about)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("said", FAULTS)
def test_a_target_that_cannot_be_computed_is_named(design, said):
    with pytest.raises(SurveyError) as error:
        estimated(design, FAULTS[said]())
    message = str(error.value).replace("\u202f", " ")
    assert said in message and message.startswith("Indicateur « i » :")


@pytest.mark.parametrize("design", DESIGNS)
def test_a_domain_that_cannot_be_computed_is_named(design):
    with pytest.raises(SurveyError, match=r"^Domaine «.d.».: cette expression ne donne pas"):
        estimated(design, Target("i", Y, "mean"), Domain("d", pl.col("cat").filter(Y > 2)))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("by", [("code",), pl.col("code")])
def test_nan_is_no_domain(design, by):
    found = estimated(design, Target("i", Y, "mean"), Domain("code", by))
    assert found.filter(indicator="i")["domain"].to_list() == ["1.0", "2.0"]
    assert len(levels(FRAME, "code")) == 2


def test_nan_is_no_stratum():
    with pytest.raises(SurveyError, match=r"cellule vide dans la colonne «.code.» \(lignes 2, 4\)"):
        estimate(
            FRAME, SurveyDesign("w", "code"), [Target("i", Y, "mean")], population="", edition=0
        )


def test_a_test_of_fit_bears_its_name():
    with pytest.raises(SurveyError, match=r"^Test d’ajustement"):
        fit_tests(FRAME, SurveyDesign("w"), {"rien": {"a": 0.5, "b": 0.5}})
