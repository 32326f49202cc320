"""What is wrong with a SPEC.yml, its file or its margins is said in French, with its line."""

import re
import shutil

import polars as pl
import pytest

from tests.described_survey import (
    HEADING,
    ROWS,
    SMALL,
    cell,
    computed,
    fails,
    write_survey,
    written,
)


@pytest.fixture
def small(tmp_path):
    return write_survey(tmp_path)


CALIBRATED = "{marges: m.csv}"
GOOD = "variable,modalite,total\nrégion,Nord,6\nrégion,Sud,12\n"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        # what the description says
        (
            {"plan": "{poids: poids net, strate: région}"},
            "ligne 2 : clé « strate » inconnue. Vouliez-vous écrire",
        ),
        ({"plan": "{}"}, "s.yml, ligne 2 : la clé « poids » manque."),
        ({"plan": "poids net"}, "« plan » doit être une suite de clés"),
        (
            {"plan": "{poids: poids net, upe_seule: merge}"},
            "« upe_seule » vaut « merge », qui n’existe pas. Valeurs possibles : fail, adjust",
        ),
        (
            {"plan": "{poids: poids net, strates: {a: b}}"},
            "« strates » doit être le nom d’une colonne, ou une liste",
        ),
        (
            {"plan": "{poids: poids net, emboitees: peut-être}"},
            "« emboitees » doit être « true » ou « false »",
        ),
        ({"plan": "{poids: poids net, pps: brewer}"}, "« probabilite » et « pps » vont ensemble"),
        (
            {"plan": "{poids: poids net, strates: région, repliques: {colonnes: r, echelle: 1}}"},
            "seul « poids » a un sens : retirez strates",
        ),
        (
            {"plan": "{poids: poids net, repliques: {colonnes: zz, echelle: 1}}"},
            "aucune colonne ne commence par « zz »",
        ),
        (
            {"plan": "{poids: poids net, repliques: {colonnes: r, echelle: -1}}"},
            "« echelle » doit dépasser 0",
        ),
        ({"plan": "{poids: poids net\n"}, "n’est pas un YAML lisible"),
        ({"niveau": "95"}, "« niveau » doit être un nombre entre 0 et 1 : 0.95 pour 95 %"),
        ({"couleur": "bleu"}, "clé « couleur » inconnue"),
        (
            {"cibles": "[{statistique: médiane, variable: âge}]"},
            "« statistique » vaut « médiane », qui n’existe pas. Valeurs possibles : moyenne",
        ),
        ({"cibles": "[{statistique: moyenne}]"}, "« moyenne » demande « variable »"),
        (
            {"cibles": "[{statistique: ratio, numerateur: âge}]"},
            "« ratio » demande « denominateur »",
        ),
        (
            {"cibles": "[{statistique: quantile, variable: âge, p: 50}]"},
            "« p » doit être un nombre entre 0 et 1",
        ),
        (
            {"cibles": "[{statistique: moyenne, variable: âge, intervalle: logit}]"},
            "« intervalle » ne va pas avec « moyenne »",
        ),
        (
            {"cibles": "[{statistique: proportion, variable: u.s, modalite: ouis}]"},
            "n’a pas de modalité « ouis ». Vouliez-vous écrire « oui »",
        ),
        (
            {"cibles": "[{statistique: gini, variable: âge}, {statistique: gini, variable: âge}]"},
            "l’indice de Gini de « âge » est demandé deux fois",
        ),
        (
            {"cibles": "[{statistique: quantile, variable: âge, p: [0.5, 0.50]}]"},
            "demandé deux fois",
        ),
        ({"cibles": None}, "aucune cible"),
        ({"domaines": "[région, région]"}, "deux fois le même découpage"),
        ({"domaines": "région"}, "« domaines » doit être une liste"),
        (
            {"calage": "{marges: m.csv, methode: logit}"},
            "la méthode « logit » demande « bornes: [0.5, 2.0] »",
        ),
        ({"calage": "{marges: m.csv, bornes: [1.5, 2]}"}, "« bornes » doit encadrer 1"),
        ({"calage": "{marges: m.csv, bornes: [0.5]}"}, "« bornes » n’a pas assez d’éléments"),
        ({"calage": "{marges: m.csv, bornes: [a, 2]}"}, "« bornes » doit être un nombre"),
        # what the file lacks
        (
            {"donnees": "enquete.csv"},
            "fichier introuvable. Placez-le là, ou corrigez « donnees » (s.yml)",
        ),
        (
            {"plan": "{poids: poid net}"},
            "s.yml, ligne 2, poids : colonne « poid net » absente du tableau (colonnes proches :",
        ),
        (
            {"plan": "{poids: poids net, grappes: [zzz]}"},
            "colonne « zzz » absente du tableau (aucune colonne proche)",
        ),
        (
            {"cibles": "\n- {statistique: total, variable: age}"},
            "s.yml, ligne 4, cibles : colonne « age » absente",
        ),
        (
            {"domaines": "[régions]"},
            "domaines : colonne « régions » absente du tableau (colonnes proches : région)",
        ),
        (
            {"domaines": "[vide]"},
            "Erreur : s.yml, ligne 4, domaines : aucune ligne n’a de valeur pour vide",
        ),
        ({"cibles": "[{statistique: moyenne, variable: vide}]"}, "la colonne « vide » est vide"),
        (
            {"cibles": "[{statistique: moyenne, variable: région}]"},
            "ligne 2, colonne « région » : « Nord » n’est pas un nombre (7 cellules)",
        ),
        (
            {"calage": "{marges: n.csv}"},
            "fichier introuvable. Placez-le là, ou corrigez « calage, marges » (s.yml)",
        ),
    ],
    ids=str,
)
def test_a_wrong_description_is_said(capsys, small, parts, said):
    (small / "m.csv").write_text(GOOD, encoding="utf-8")
    spec = written(small, "s.yml", **SMALL | parts)
    assert said in fails(capsys, "calculer", spec, small / "r.csv")


def test_every_fault_of_form_is_said_at_once(capsys, small):
    spec = written(small, "s.yml", donnees="", plan="{poids: a, fcp: b}", cible="[]")
    message = fails(capsys, "calculer", spec, small / "r.csv")
    for said in ("« donnees » est vide", "clé « fcp » inconnue", "clé « cible » inconnue"):
        assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "donnees: a.csv\ndonnees: b.csv\n",
            "ligne 2 : la clé « donnees » est déjà écrite ligne 1",
        ),
        ("- a\n", "ligne 1 : le fichier doit contenir « donnees: », « plan: » et « cibles: »"),
        ("", "ligne 1 : le fichier doit contenir « donnees: », « plan: » et « cibles: »"),
        ("donnees: &d [*d]\n", "ligne 1 : le renvoi « *d » n’est pas permis"),
        ("a: " + "[" * 1500, "ligne 1 : plus de 50 niveaux emboîtés"),
        ("a:\n- " + "[" * 200_000, "ligne 2 : plus de 50 niveaux emboîtés"),
        ("#" * 1_100_000, "le fichier dépasse 1 000 000 caractères"),
    ],
)
def test_a_file_that_describes_nothing_is_said(capsys, small, text, said):
    (small / "s.yml").write_text(text, encoding="utf-8")
    assert said in fails(capsys, "calculer", small / "s.yml", small / "r.csv")


def test_a_missing_description_is_said(capsys, small):
    message = fails(capsys, "calculer", small / "nulle.yml", small / "r.csv")
    assert "nulle.yml" in message and "introuvable" in message


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("03;Nord;1;", "03;Nord;-1;", "ligne 4, colonne « poids net » : poids négatif"),
        ("03;Nord;1;", "03;Nord;;", "ligne 4, colonne « poids net » : cellule vide, il y faut un"),
        ("03;Nord;1;", "03;Nord;NA;", "ligne 4, colonne « poids net » : cellule vide, il y faut"),
        ("03;Nord;1;", "03;Nord;inf;", "« inf » n’est pas un nombre (1 cellule)"),
        (
            "03;Nord;1;",
            "03;Nord;un;",
            "ligne 4, colonne « poids net » : « un » n’est pas un nombre",
        ),
        ("oui;30", "oui;-inf", "ligne 4, colonne « âge » : « -inf » n’est pas un nombre"),
        ("oui;30", "oui;trente", "ligne 4, colonne « âge » : « trente » n’est pas un nombre"),
        ("03;Nord", "03;Est", "une seule unité dans la strate Est"),
        (
            "03;Nord",
            "03;",
            "s.yml (enquête.csv) : Strates : cellule vide dans la colonne « région » (ligne 4)",
        ),
        ("03;Nord;1;", "03;Nord;1;1;", "ligne 4 : 9 cellules pour 8 colonnes"),
    ],
)
def test_a_wrong_cell_is_said_with_its_line(capsys, small, before, after, said):
    text = (small / "enquête.csv").read_text(encoding="cp1252")
    assert before in text
    (small / "enquête.csv").write_text(text.replace(before, after), encoding="cp1252")
    spec = written(small, "s.yml", **SMALL)
    assert said in fails(capsys, "calculer", spec, small / "r.csv")


@pytest.mark.parametrize("verb", ["calculer", "caler"])
def test_a_column_of_lists_is_refused(capsys, small, verb):
    table = {"poids net": [1.0, 1.0], "âge": [[1], [2, 3]], "région": ["Nord", "Sud"]}
    pl.DataFrame(table).write_parquet(small / "e.parquet")
    (small / "m.csv").write_text(GOOD, encoding="utf-8")
    spec = written(small, "s.yml", **SMALL | {"donnees": "e.parquet"}, calage=CALIBRATED)
    said = "la colonne « âge » contient des listes, ni nombres ni textes. Convertissez-la"
    assert said in fails(capsys, verb, spec, small / "r.csv")


def test_a_lonely_stratum_names_the_other_choices(capsys, small):
    text = (small / "enquête.csv").read_text(encoding="cp1252").replace("03;Nord", "03;Est")
    (small / "enquête.csv").write_text(text, encoding="cp1252")
    message = fails(capsys, "calculer", written(small, "s.yml", **SMALL), small / "r.csv")
    assert "« upe_seule: adjust »" in message and "average" in message and "certainty" in message
    assert "lonely" not in message
    plan = "{poids: poids net, strates: région, upe_seule: adjust}"
    assert cell(computed(capsys, small, plan=plan))["n"] == 6


def test_weights_that_sum_to_zero_are_refused(capsys, small):
    text = re.sub(r";(Nord|Sud);[\d,]+;", r";\1;0;", ROWS)
    (small / "enquête.csv").write_text(f"{HEADING}\n{text}\n", encoding="utf-8")
    spec = written(small, "s.yml", **SMALL)
    message = fails(capsys, "calculer", spec, small / "r.csv")
    assert "colonne « poids net » : la somme des poids est nulle" in message


def test_infinite_values_of_a_parquet_file_are_refused(capsys, small):
    table = {"poids net": [1.0, 1.0], "âge": [1.0, float("inf")], "région": ["a", "a"]}
    pl.DataFrame(table).write_parquet(small / "e.parquet")
    spec = written(small, "s.yml", **SMALL | {"donnees": "e.parquet"})
    message = fails(capsys, "calculer", spec, small / "r.csv")
    assert "e.parquet, ligne 2, colonne « âge » : valeur infinie" in message


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        (GOOD + "région,Est,3\n", "aucun répondant pour « région » = Est"),
        (GOOD.replace("Sud", "Sude"), "Sud"),
        (GOOD.replace("12", "douze"), "m.csv, ligne 3, colonne « total » : « douze »"),
        (GOOD.replace("région,Sud", ",Sud"), "m.csv, ligne 3 : « variable » est vide"),
        (GOOD.replace("modalite", "modalité"), "colonne « modalite » absente du tableau"),
        (
            GOOD.replace("région", "region"),
            "colonne « region » absente du tableau (colonnes proches : région",
        ),
        (GOOD + "u.s,oui,9\nu.s,non,10\n", "u.s"),
    ],
)
@pytest.mark.parametrize("verb", ["calculer", "caler"])
def test_wrong_margins_are_said(capsys, small, verb, margins, said):
    (small / "m.csv").write_text(margins, encoding="utf-8")
    spec = written(small, "s.yml", **SMALL, calage=CALIBRATED)
    assert said in fails(capsys, verb, spec, small / "r.csv")


def test_caler_needs_margins(capsys, small):
    spec = written(small, "s.yml", **SMALL)
    assert "rien à caler" in fails(capsys, "caler", spec, small / "r.csv")


@pytest.mark.parametrize("name", ["enquête.csv", "m.csv", "s.yml", "../dossier/enquête.csv"])
def test_an_input_is_never_overwritten(capsys, tmp_path, small, name):
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "m.csv").write_text(GOOD, encoding="utf-8")
    shutil.copy(small / "enquête.csv", folder)
    spec = written(folder, "s.yml", **SMALL, calage=CALIBRATED)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for verb in ("calculer", "caler"):
        assert "sert d’entrée" in fails(capsys, verb, spec, folder / name)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_results_are_a_csv(capsys, small):
    spec = written(small, "s.yml", **SMALL)
    assert "« .csv »" in fails(capsys, "calculer", spec, small / "r.xlsx")


def test_bounds_too_tight_are_explained(capsys, small):
    (small / "m.csv").write_text(GOOD.replace("6", "16"), encoding="utf-8")
    calibration = "{marges: m.csv, methode: logit, bornes: [0.9, 1.1]}"
    spec = written(small, "s.yml", **SMALL, calage=calibration)
    for verb in ("calculer", "caler"):
        message = fails(capsys, verb, spec, small / "r.csv")
        assert message.startswith("Erreur : s.yml : Calage : marges non atteintes")
        assert "Les bornes (0,90 ; 1,10) sont trop serrées : les plus étroites" in message
        assert "bounds" not in message and "cost" not in message
