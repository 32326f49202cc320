"""Each empty cell of the results is explained, under the right reason; no false duplicate."""

import pytest

from tests.described_survey import described, fails, results, run

DATA = {
    "w": [1.5, 1.5, 2, 2, 2, 2],
    "y": [1.0, 2, 4, 9, 5, 5],
    "d": ["a", "a", "b", "b", "c", "c"],
    "z": [1, -1, 0, 0, 2, 3],
}


def asked(statistic: str, variable: str = "y", more: str = "") -> str:
    return f"[{{statistique: {statistic}, variable: {variable}{more}}}]"


@pytest.mark.parametrize(
    ("change", "parts", "said"),
    [
        (
            {"w": [1, 1, 2, 2, 2, 2]},
            {"domaines": "[d]"},
            "1 ligne sans deff (poids qui ne dépassent pas le nombre de réponses) : y (a).",
        ),
        ({}, {"domaines": "[d]"}, "1 ligne sans deff (aucune variation dans le domaine) : y (c)."),
        (
            {},
            {"domaines": "[d]", "cibles": asked("total")},
            "1 ligne sans deff (aucune variation dans le domaine) : y (c).",
        ),
        (
            {"y": [1, None, 4, 9, 5, 5]},
            {"domaines": "[d]", "cibles": asked("total")},
            "1 ligne sans intervalle (une seule unité primaire par strate",
        ),
        ({}, {"domaines": "[d]", "cibles": asked("moyenne", "z")}, "2 lignes sans cv (estimation"),
        (
            {"y": [None, None, 4, 9, 5, 5]},
            {"domaines": "[d]", "cibles": asked("total")},
            "1 ligne sans réponse dans le domaine : total nul, sans intervalle, cv ni deff",
        ),
        (
            {"y": [None, None, 4, 9, 5, 5]},
            {"domaines": "[d]"},
            "1 ligne sans réponse dans le domaine, donc sans estimation : y (a).",
        ),
        (
            {"r1": [2, 1, 2, 2, 2, 3], "r2": [1, 2, 2, 2, 3, 2]},
            {
                "plan": "{poids: w, repliques: {colonnes: r, echelle: 1}}",
                "cibles": asked("quantile", more=", p: 0.5"),
            },
            "1 ligne sans deff (quantile sous poids répliqués) : y 0.5 (ensemble).",
        ),
        (
            {"r1": [2] * 6, "r2": [2] * 6},
            {"plan": "{poids: w, repliques: {colonnes: r, echelle: 1}}"},
            "1 ligne sans intervalle (poids répliqués qui ne varient pas",
        ),
        ({"y": [4] * 6}, {}, "Variable constante : y. Sa moyenne est sans erreur."),
        (
            {},
            {"cibles": asked("quantile", more=", p: 0.8"), "domaines": "[ensemble]"},
            "sans erreur-type ni intervalle entier (quantile trop extrême pour si peu de réponses)",
        ),
        (
            {"y": [4] * 6, "z": [1] * 6},
            {"cibles": f"{asked('moyenne')[:-1]}, {asked('moyenne', 'z')[1:]}"},
            "Variables constantes : y, z. Leur moyenne est sans erreur.",
        ),
        ({"y": [4] * 6}, {"cibles": asked("total")}, "sans deff (aucune variation"),
        ({"ensemble": [1] * 6}, {"domaines": "[ensemble]"}, "et non la colonne de ce nom"),
    ],
    ids=str,
)
def test_what_is_empty_is_explained(capsys, tmp_path, change, parts, said):
    spec = described(tmp_path, DATA | change, **parts)
    found = run(capsys, "calculer", spec, tmp_path / "r.csv")
    assert said in found
    if "total" in str(parts):
        assert "constante" not in found
    if "n’ayant" not in found:
        cells = results(tmp_path / "r.csv")
        empty = [
            name for name in ("estimation", "ic_bas", "cv", "deff") if cells[name].null_count()
        ]
        assert not empty or "sans " in found


def test_where_nothing_is_empty_nothing_is_said(capsys, tmp_path):
    said = run(capsys, "calculer", described(tmp_path, DATA), tmp_path / "r.csv")
    assert " sans deff" not in said and " sans cv" not in said and "constante" not in said


def test_names_that_look_alike_are_not_twice_the_same(capsys, tmp_path):
    data = DATA | {"a": ["b = c"] * 3 + ["e"] * 3, "a = b": ["c"] * 3 + ["f"] * 3}
    targets = f"{asked('proportion', 'a')[:-1]}, {asked('proportion', 'a = b')[1:]}"
    run(capsys, "calculer", described(tmp_path, data, cibles=targets), tmp_path / "r.csv")
    assert results(tmp_path / "r.csv")["modalite"].to_list() == ["b = c", "e", "c", "f"]


@pytest.mark.parametrize(
    ("cuts", "said"),
    [
        (
            "[[a, b]]",
            "deux combinaisons de modalités portent le même nom, « u x v x w ». Recodez",
        ),
        ("[[d, a], d x a]", "deux découpages porteraient le nom « d x a »"),
    ],
)
def test_domains_that_would_bear_one_name_are_told(capsys, tmp_path, cuts, said):
    data = DATA | {"a": ["u x v", "u"] * 3, "b": ["w", "v x w"] * 3, "d x a": ["1", "2"] * 3}
    spec = described(tmp_path, data, domaines=cuts)
    assert said in fails(capsys, "calculer", spec, tmp_path / "r.csv")


def test_one_of_each_is_told_in_the_singular(capsys, tmp_path):
    data = {"w": [2.0], "y": [1.0]}
    spec = described(tmp_path, data, plan="{poids: w, upe_seule: adjust}")
    said = run(capsys, "calculer", spec, tmp_path / "r.csv")
    assert "1 ligne lue." in said and "1 estimation écrite :" in said
