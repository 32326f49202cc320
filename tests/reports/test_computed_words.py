"""What `calculer` and `caler` say is in the words of the SPEC.yml, and the user's are kept."""

import pytest

from tests.described_survey import described, fails, run

OWN = ("inclusion", "lonely", "linear", "cost", "stratum_size", "base", "ligne 2", 'nested="True"')


@pytest.mark.parametrize("name", OWN)
def test_the_names_of_the_user_are_not_rewritten(capsys, tmp_path, name):
    data = {"w": [1, 1, 1], name: ["a", "a", "ligne 14"], "y": [1, 2, 4]}
    plan = f"{{poids: w, strates: {name}}}"
    message = fails(capsys, "calculer", described(tmp_path, data, plan=plan), tmp_path / "r.csv")
    assert "ligne 14" in message and "« upe_seule: adjust »" in message
    margins = f"variable,modalite,total\n{name},a,4\n{name},ligne 15,6\n".replace('"', "")
    data = {column.replace('"', ""): values for column, values in data.items()}
    message = fails(capsys, "caler", described(tmp_path, data, margins), tmp_path / "r.csv")
    assert f"la marge « {name} »".replace('"', "") in message
    assert "ligne 14" in message and "ligne 15" in message


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"plan": "{poids: w, grappes: c, strates: s, emboitees: non}"}, "« emboitees: true »"),
        ({"plan": "{poids: w, probabilite: w, pps: brewer, fpc: k}"}, "« probabilite » (prob"),
        ({"plan": "{poids: w, probabilite: w, pps: brewer, fpc: k}"}, "« fpc » (effectif"),
        (
            {"plan": "{poids: w, repliques: {colonnes: [y, k], echelle: 1, facteurs: [1]}}"},
            "1 facteur (« facteurs »)",
        ),
        ({"cibles": "[{statistique: gini, variable: m}]"}, "(ligne 3)"),
        ({"cibles": "[{statistique: gini, variable: m}]"}, "corriger ces lignes ou les écarter."),
    ],
)
def test_the_engine_speaks_in_keys_and_lines(capsys, tmp_path, parts, said):
    data = {"w": [1, 1, 1], "c": [1, 1, 2], "s": ["a", "b", "b"], "y": [1, 2, 4], "k": [9] * 3}
    data["m"] = [1, -1, 2]
    assert said in fails(capsys, "calculer", described(tmp_path, data, **parts), tmp_path / "r.csv")


def test_negative_weights_are_told_with_the_method_of_the_description(capsys, tmp_path):
    data = {"w": [1] * 4, "y": [1, 2, 4, 50]}
    calibration = "{marges: m.csv, methode: lineaire}"
    path = described(tmp_path, data, "variable,modalite,total\ny,,-30\n", calage=calibration)
    said = run(capsys, "caler", path, tmp_path / "r.csv")
    assert "« logit » et « tronque » (borne basse 0 ou plus)" in said
