"""The margins of a described file: their headings, their totals, what is not read."""

import polars as pl
import pytest

from tests.described_survey import described, fails, plain, run

DATA = {"w": [1.0, 1, 2, 2], "y": [1.0, 2, 4, 9], "sx": ["F", "M", "F", "M"]}
GOOD = "variable,modalite,total{}\nsx,F,4{}\nsx,M,5{}\n"


@pytest.mark.parametrize(
    ("heading", "meant"),
    [
        ("erreur-type", "erreur_type"),
        ("erreurtype", "erreur_type"),
        ("Erreur_Type", "erreur_type"),
        ("std_error", "erreur_type"),
        ("cost", "cout"),
        ("coût", "cout"),
        ("Modalité", "modalite"),
    ],
)
@pytest.mark.parametrize("verb", ["calculer", "caler"])
def test_a_heading_near_one_that_is_read_is_refused(capsys, tmp_path, verb, heading, meant):
    margins = GOOD.format(f",{heading}", ",1", ",1")
    message = fails(capsys, verb, described(tmp_path, DATA, margins), tmp_path / "r.csv")
    assert f"m.csv : colonne « {heading} » inconnue dans des marges" in message
    assert f"Vouliez-vous écrire « {meant} » ?" in message


@pytest.mark.parametrize("verb", ["calculer", "caler"])
def test_other_columns_of_the_margins_are_told(capsys, tmp_path, verb):
    margins = GOOD.format(",source,libellé", ",Insee,a", ",Insee,b")
    said = run(capsys, verb, described(tmp_path, DATA, margins), tmp_path / "r.csv")
    assert "Colonnes des marges non lues : source, libellé." in said
    margins = GOOD.format(",source", ",Insee", ",Insee")
    said = run(capsys, verb, described(tmp_path, DATA, margins), tmp_path / "r.csv")
    assert "Colonne des marges non lue : source." in said
    said = run(capsys, verb, described(tmp_path, DATA, GOOD.format("", "", "")), tmp_path / "r.csv")
    assert "non lue" not in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("F,4", "F,1e308", "m.csv, ligne 2, colonne « total » : 1e+308 est démesuré. Corrigez"),
        ("F,4", "F,-1e200", "ligne 2, colonne « total » : −1e+200 est démesuré"),
        ("F,4", "F,quatre", "« quatre » n’est pas un nombre (1 cellule). Écrivez un total en chif"),
        (
            "F,4",
            "F,",
            "cellule vide, il y faut un nombre (1 cellule). Écrivez un total en chiffres",
        ),
        ("sx,M,5", "sx,,9", "ligne 3 : la marge « sx » mêle modalités et total. Retirez"),
        ("sx,M,5", " ,M,5", "ligne 3 : « variable » est vide"),
    ],
)
@pytest.mark.parametrize("verb", ["calculer", "caler"])
def test_a_wrong_total_is_told(capsys, tmp_path, verb, before, after, said):
    margins = GOOD.format("", "", "").replace(before, after)
    message = fails(capsys, verb, described(tmp_path, DATA, margins), tmp_path / "r.csv")
    assert said in message and "s.yml," not in message


def test_spaces_around_a_category_are_no_part_of_it(capsys, tmp_path):
    margins = GOOD.format("", "", "").replace("F,", " F ,")
    run(
        capsys,
        "caler",
        described(tmp_path, DATA | {"sx": ["F", "M ", " F", "M"]}, margins),
        tmp_path / "r.csv",
    )


@pytest.mark.parametrize("verb", ["calculer", "caler"])
def test_margins_of_lists_are_refused(capsys, tmp_path, verb):
    table = pl.DataFrame({"variable": ["sx"], "modalite": [["F"]], "total": [4]})
    table.write_parquet(tmp_path / "m.parquet")
    spec = described(tmp_path, DATA, calage="{marges: m.parquet}")
    message = fails(capsys, verb, spec, tmp_path / "r.csv")
    assert "m.parquet : la colonne « modalite » contient des listes" in message


def test_negative_calibrated_weights_have_no_estimate(capsys, tmp_path):
    margins = "variable,modalite,total\ny,,-30\n"
    calibration = "{marges: m.csv, methode: lineaire}"
    spec = described(tmp_path, DATA, margins, calage=calibration)
    message = fails(capsys, "calculer", spec, tmp_path / "r.csv")
    assert "s.yml : Calage : poids négatif pour" in message
    assert "« methode: raking », ou « methode: tronque » avec une borne basse" in message
    assert "redressement" not in message


def test_a_variable_of_the_unit_may_be_a_domain(capsys, tmp_path):
    data = DATA | {"u": [1, 1, 2, 2], "w": [1.0] * 4, "e": [5, 5, 9, 9]}
    margins = "variable,modalite,total\ne,,20\n"
    calibration = "{marges: m.csv, unite: u, variables_unite: e}"
    spec = described(tmp_path, data, margins, calage=calibration, domaines="[e]")
    said = run(capsys, "calculer", spec, tmp_path / "r.csv")
    assert "2 estimations écrites" in said


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ("[-1, 2]", "la borne basse −1 est négative"),
        ("[-.inf, 2]", "« bornes » doit être un nombre"),
        ("[-inf, 2]", "deux bornes finies ; reçu (−∞ ; 2)"),
    ],
)
def test_bounds_are_told_as_french_writes_numbers(capsys, tmp_path, bounds, said):
    calibration = f"{{marges: m.csv, methode: logit, bornes: {bounds}}}"
    spec = described(tmp_path, DATA, GOOD.format("", "", ""), calage=calibration)
    assert said in plain(fails(capsys, "calculer", spec, tmp_path / "r.csv"))
