"""The design: what is refused, and what a stratum adds to the variance."""

import polars as pl
import pytest

from analysis.arrays import design_arrays
from analysis.design import SurveyDesign
from analysis.estimation import Target, estimate
from survey.errors import SurveyError

FRAME = pl.DataFrame(
    {
        "w": [2.0, 2.0, 5.0],
        "h": ["a", "a", "b"],
        "N": [4, 4, 5],
        "g": ["1", "1", "2"],
        "y": [1.0, 3.0, 10.0],
    }
)


def std_error(frame: pl.DataFrame, design: SurveyDesign) -> float:
    target = Target("y", pl.col("y"), "total")
    return estimate(frame, design, [target], population="essai", edition=2026)["std_error"][0]


def message(error: pytest.ExceptionInfo) -> str:
    return str(error.value).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lonely": "mean"}, "option « lonely »"),
        ({"calibration": ("g",)}, "vont ensemble"),
        ({"design_weight": "w"}, "vont ensemble"),
        ({"calibration": "g", "design_weight": "w"}, "liste de colonnes"),
        ({"stratum": 3}, "« stratum » vaut 3 ; il faut le nom d’une colonne"),
        ({"weight": None}, "« weight » vaut None"),
        ({"stratum": ("h", "h")}, "« stratum » nomme deux fois une même colonne"),
        ({"cluster": ("g", "g")}, "« cluster » nomme deux fois une même colonne"),
        ({"calibration": ("g",), "design_weight": "w", "unit_variables": ("g",)}, "accorder"),
        (
            {"calibration": ("g",), "design_weight": "w", "margin_errors": (("g", "1", -1.0),)},
            "« margin_errors » porte un nombre négatif",
        ),
    ],
)
def test_a_wrong_design_is_refused_at_birth(options, says):
    with pytest.raises(SurveyError) as error:
        SurveyDesign(**{"weight": "w"} | options)
    assert says in message(error)


@pytest.mark.parametrize(
    ("column", "values", "design", "says"),
    [
        ("w", [1.0, -1.0, 2.0], SurveyDesign("w"), "« w » porte une valeur négative (ligne 2)"),
        ("w", [1.0, None, 2.0], SurveyDesign("w"), "cellule vide dans la colonne « w » (ligne 2)"),
        ("w", [1.0, 1.0, float("nan")], SurveyDesign("w"), "NaN) (ligne 3)"),
        ("w", [1.0, 1.0, float("inf")], SurveyDesign("w"), "infinie ou démesurée (ligne 3)"),
        ("w", [0.0, 0.0, 0.0], SurveyDesign("w"), "est nulle"),
        ("w", ["1", "1,5", "2"], SurveyDesign("w"), "contient du texte (ligne 2)"),
        ("w", ["1", "1", "2"], SurveyDesign("w"), "contient du texte (lignes 1, 2, 3)"),
        ("h", ["a", None, "b"], SurveyDesign("w", "h"), "vide dans la colonne « h » (ligne 2)"),
        (
            "g",
            ["1", None, "2"],
            SurveyDesign("w", cluster="g"),
            "vide dans la colonne « g » (ligne 2)",
        ),
        ("N", [4, 5, 5], SurveyDesign("w", "h", "N"), "varie dans la strate a"),
        ("N", [1, 1, 5], SurveyDesign("w", "h", "N"), "strate a compte 2 unités"),
        ("h", ["a", "a", "b"], SurveyDesign("w", "h", lonely="fail"), "une seule unité dans"),
        ("h", ["a", "a", "b"], SurveyDesign("poids", "h"), "« poids » absente"),
    ],
)
def test_faults_name_the_column_and_the_rows(column, values, design, says):
    with pytest.raises(SurveyError) as error:
        design_arrays(FRAME.with_columns(pl.Series(column, values, strict=False)), design)
    assert says in message(error)


def test_a_design_describes_itself():
    design = SurveyDesign(
        "w",
        ["h", "g"],
        ("N", "M"),
        ("u", "v"),
        ("c",),
        "d",
        nested=False,
        calibration_unit="e",
        calibration_scale="q",
        margin_errors=(("c", "1", 2.0),),
        responded="r",
        response_group="s",
    )
    assert design == eval(repr(design)) and hash(design)
    assert design.describe().replace("\u202f", " ") == (
        "Poids « w ». Strates « h » x « g ». Grappes à 2 degrés : « u », puis « v », "
        "d’identifiants uniques. Tirage sans remise, effectifs de population « N », « M ». "
        "Variance des résidus du calage sur « c ». Un rapport de poids par unité « e ». Poids plus "
        "ou moins libres selon « q ». Erreur propre de 1 marge comptée. Non-réponse en seconde "
        "phase, groupes « s ». Strate à une seule unité : comptée autour de la moyenne d’ensemble."
    )


def test_lonely_stratum():
    # Stratum a: (1 - 2/4) x 2/1 x ((2 - 4)² + (6 - 4)²) = 8. Stratum b, alone, scores 50.
    assert std_error(FRAME, SurveyDesign("w", "h", "N", lonely="certainty")) ** 2 == pytest.approx(
        8
    )
    adjusted = std_error(FRAME, SurveyDesign("w", "h", "N", lonely="adjust")) ** 2
    assert adjusted == pytest.approx(8 + (1 - 1 / 5) * 50**2)


def test_stratum_wholly_taken_adds_nothing():
    taken = FRAME.with_columns(N=pl.Series([4, 4, 1]))
    for lonely in ("fail", "adjust", "certainty"):
        assert std_error(taken, SurveyDesign("w", "h", "N", lonely=lonely)) ** 2 == pytest.approx(8)


def test_clusters_are_numbered_within_their_stratum():
    frame = pl.DataFrame({"w": [1.0] * 4, "h": ["a", "a", "b", "b"], "g": [1, 2, 1, 2]})
    assert design_arrays(frame, SurveyDesign("w", "h", cluster="g")).stages[
        0
    ].unit_count.tolist() == [2, 2]


def test_a_margin_has_no_error_once_calibrated_on():
    frame = FRAME.vstack(FRAME).with_columns(y=(pl.col("g") == "1").cast(pl.Float64), d="w")
    design = SurveyDesign("w", "h", calibration=("g",), design_weight="d")
    assert std_error(frame, design) == 0
    with pytest.raises(SurveyError, match="Poids avant calage"):
        std_error(frame.with_columns(d=pl.lit(0.0)), design)
