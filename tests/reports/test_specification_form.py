"""What is wrong with the form of a SPEC.yml: empty, out of bounds, of a wrong kind."""

import pytest

from tests.described_survey import SMALL, computed, fails, write_survey, written

CHECKED = "{poids: poids net, repliques: {colonnes: r, echelle: 1, %s}}"
TARGET = "[{statistique: %s}]"


@pytest.fixture
def small(tmp_path):
    return write_survey(tmp_path)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"calage": ""}, "ligne 5 : « calage » est vide. Donnez une valeur, ou retirez la clé."),
        ({"calage": "{marges: }"}, "ligne 5 : « marges » est vide. Donnez une valeur."),
        (
            {"plan": "\n  poids: poids net\n  strates: région\n  fpc:\n"},
            "ligne 5 : « fpc » est vide. Donnez une colonne, ou retirez la clé.",
        ),
        ({"plan": "{poids: poids net, strates: [région, null]}"}, "« strates » a un élément vide"),
        ({"plan": "{poids: }"}, "« poids » est vide. Donnez une colonne."),
        ({"plan": "{poids: poids net, repliques: }"}, "« repliques » est vide"),
        ({"plan": "{poids: poids net, probabilite: , pps: brewer}"}, "« probabilite » est vide"),
        ({"plan": "{poids: poids net, upe_seule: }"}, "« upe_seule » est vide. Donnez une val"),
        ({"cibles": TARGET % "moyenne, variable: "}, "« variable » est vide. Donnez une colonne"),
        ({"cibles": TARGET % "proportion, variable: ~"}, "« variable » est vide"),
        (
            {"cibles": TARGET % "ratio, numerateur: âge, denominateur: "},
            "« denominateur » est vide",
        ),
        ({"cibles": TARGET % "ratio, numerateur: null, denominateur: âge"}, "« numerateur » est"),
        ({"cibles": TARGET % "quantile, variable: âge, p: "}, "« p » est vide. Donnez une valeur."),
        ({"cibles": TARGET % "proportion, variable: u.s, modalite: "}, "ou retirez la clé."),
        ({"cibles": "[âge, région]"}, "chaque cible s’écrit « - {statistique: …, variable: …} »"),
        ({"plan": "{poids: [a, b]}"}, "« poids » doit être le nom d’une seule colonne"),
        ({"donnees": "[a.csv]"}, "« donnees » doit être un texte"),
        ({"donnees": '"d\\0.csv"'}, "« donnees » contient un caractère interdit"),
        ({"plan": "{poids: a, upe_seule: [fail]}"}, "« upe_seule » attend une seule valeur"),
        ({"plan": '{poids: a, upe_seule: ""}'}, "« upe_seule » est vide. Valeurs possibles"),
        (
            {"plan": "{poids: a, emboitees: [true]}"},
            "« emboitees » doit être « true » ou « false »",
        ),
        ({"plan": "{poids: a, emboitees: {a: b}}"}, "« emboitees » doit être « true » ou « fals"),
        ({"plan": CHECKED % "mse: [true]"}, "« mse » doit être « true » ou « false »"),
        ({"plan": CHECKED % "ddl: 99999999999999999999"}, "« ddl » ne peut dépasser 1 000 000 000"),
        ({"plan": CHECKED % "facteurs: [.inf, 1]"}, "« facteurs » doit être un nombre"),
        ({"plan": CHECKED % "facteurs: [1e999, 1]"}, "« facteurs » doit être un nombre fini"),
        ({"plan": CHECKED % "facteurs: [-1, 1]"}, "« facteurs » doit valoir au moins 0"),
        ({"niveau": "0.99999999999"}, "« niveau » est trop près de 1"),
        ({"niveau": "nan"}, "« niveau » doit être un nombre entre 0 et 1"),
        ({"niveau": "[0.9]"}, "« niveau » doit être un nombre entre 0 et 1"),
        ({"domaines": "[[ensemble, région]]"}, "une colonne de ce nom ne peut pas servir"),
        (
            {"calage": "{marges: m.csv}", "plan": CHECKED % "ddl: 3"},
            "s.yml, ligne 5 : « calage » et « repliques » ne vont pas ensemble",
        ),
    ],
    ids=str,
)
def test_a_wrong_value_is_said(capsys, small, parts, said):
    parts = {key: value or "\n" for key, value in parts.items()}
    spec = written(small, "s.yml", **SMALL | parts)
    message = fails(capsys, "calculer", spec, small / "r.csv")
    assert said in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("word", ["Oui", "VRAI", "True", "oui"])
def test_yes_is_written_in_any_case(capsys, small, word):
    plan = f"{{poids: poids net, strates: région, grappes: rang, emboitees: {word}}}"
    assert computed(capsys, small, plan=plan).height == 3


def test_the_name_of_a_description_may_look_like_a_place(capsys, small):
    spec = written(small, "a, ligne b, ligne 2.yml", **SMALL | {"niveau": "2", "couleur": "bleu"})
    message = fails(capsys, "calculer", spec, small / "r.csv")
    assert "ligne b, ligne 2.yml, ligne 5 : « niveau »" in message
    assert message.index("niveau") < message.index("couleur")


def test_a_folder_is_not_a_description(capsys, small):
    (small / "d").mkdir()
    assert "Donnez le fichier SPEC.yml" in fails(capsys, "calculer", small / "d", small / "r.csv")
