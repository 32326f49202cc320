"""The cells of a described file: what is missing, what is a code, what cannot be read."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from tests.described_survey import described, fails, results, run

DATA = {"w": [1.0, 1, 2, 2], "y": [1.0, 2, 4, -99], "sx": ["F", "M", "F", "M"]}
SHARE = "[{statistique: proportion, variable: %s}]"
PARQUET = "d.parquet"


def estimated(capsys, folder, data, **parts) -> pl.DataFrame:
    run(capsys, "calculer", described(folder, data, **parts), folder / "r.csv")
    return results(folder / "r.csv")


@pytest.mark.parametrize(
    ("y", "file", "marks"),
    [
        (["1", "2", "4", "-99.0"], "d.csv", "[-99]"),
        (["1", "2", "4", " -99"], "d.csv", "[-99]"),
        (["1", "2", "4", "99,0"], "d.csv", "['99', NSP]"),
        (["1", "2", "4", " NSP "], "d.csv", "['99', NSP]"),
        ([1, 2, 4, -99], PARQUET, "[-99]"),
        ([1.0, 2, 4, -99], PARQUET, "['-99,0']"),
        ([Decimal(1), Decimal(2), Decimal(4), Decimal(-99)], PARQUET, "[-99]"),
    ],
)
def test_a_mark_of_missing_value_is_compared_as_a_number(capsys, tmp_path, y, file, marks):
    found = estimated(capsys, tmp_path, DATA | {"y": y}, file=file, manquants=marks)
    assert (found["n"].item(), found["estimation"].item()) == (3, 11 / 4)


@pytest.mark.parametrize(
    ("values", "file"),
    [
        (pl.Series(["a", "b", "a", "NSP"], dtype=pl.Categorical), PARQUET),
        (pl.Series(["a", "b", "a", "NSP"], dtype=pl.Enum(["a", "NSP", "b"])), PARQUET),
        (["a", " b", "a ", "NSP"], "d.csv"),
    ],
)
def test_a_mark_is_no_level_and_spaces_are_no_part_of_a_code(capsys, tmp_path, values, file):
    parts = {"file": file, "manquants": "[NSP]", "cibles": SHARE % "v"}
    found = estimated(capsys, tmp_path, DATA | {"v": values}, **parts)
    assert found["modalite"].to_list() == ["a", "b"] and found["n"].to_list() == [3, 3]


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([1.0, -0.0, 1.0, 0.0], ["0", "1"]),
        ([1.0, 2.5, 10.0, 2.5], ["1", "2.5", "10"]),
        ([Decimal("1.00"), Decimal("2.00"), None, Decimal("1.00")], ["1", "2"]),
        ([1.0, float("nan"), None, 2.0], ["1", "2"]),
    ],
)
def test_codes_that_are_whole_numbers_have_no_decimals(capsys, tmp_path, values, levels):
    data = DATA | {"v": values}
    found = estimated(capsys, tmp_path, data, file=PARQUET, cibles=SHARE % "v", domaines="[v]")
    assert found["modalite"].unique(maintain_order=True).to_list() == levels
    assert found["domaine"].unique(maintain_order=True).to_list() == levels
    one = estimated(
        capsys, tmp_path, data, file=PARQUET, cibles=SHARE % f"v, modalite: {levels[0]}"
    )
    assert one["modalite"].to_list() == levels[:1]


def test_whole_codes_meet_their_margins(capsys, tmp_path):
    data = DATA | {"v": [1.0, 2.0, 1.0, 2.0]}
    margins = "variable,modalite,total\nv,1,4\nv,2,5\n"
    run(capsys, "caler", described(tmp_path, data, margins, PARQUET), tmp_path / "r.csv")
    assert pl.read_csv(tmp_path / "r.csv")["poids_cale"].sum() == pytest.approx(9)


@pytest.mark.parametrize("role", ["cibles", "domaines", "proportion", "strates"])
@pytest.mark.parametrize("key", ["certitude: k", "repondant: k, groupe_reponse: sx"])
def test_a_column_of_yes_and_no_has_other_uses(capsys, tmp_path, role, key):
    data = DATA | {"k": [1, 1, 0, 0], "w": [1, 1, 0, 0] if "rep" in key else DATA["w"]}
    data |= {"sx": ["F"] * 4, "st": ["A", "A", "B", "B"]}
    parts = {"cibles": {"cibles": "[{statistique: moyenne, variable: k}]"}}
    parts |= {"proportion": {"cibles": SHARE % "k"}, "domaines": {"domaines": "[k]"}}
    strata = "k" if role == "strates" else "st"
    plan = f"{{poids: w, strates: {strata}, {key}}}"
    found = estimated(capsys, tmp_path, data, plan=plan, **parts.get(role, {}))
    if role == "proportion":
        assert found["modalite"].to_list() == ["0", "1"]
    if role == "domaines":
        assert set(found["domaine"]) == {"0", "1"}


DURATIONS = [timedelta(days=i) for i in range(4)]
ODD = {
    "durées": DURATIONS,
    "listes": [[1], [2], [3], [4]],
    "enregistrements": [{"a": i} for i in range(4)],
    "octets": [b"a", b"b", b"a", b"b"],
}
ROLES = {
    "poids": {"plan": "{poids: '?'}"},
    "strates": {"plan": "{poids: w, strates: '?'}"},
    "fpc": {"plan": "{poids: w, fpc: '?'}"},
    "certitude": {"plan": "{poids: w, certitude: '?'}"},
    "moyenne": {"cibles": "[{statistique: moyenne, variable: '?'}]"},
    "proportion": {"cibles": "[{statistique: proportion, variable: '?'}]"},
    "domaine": {"domaines": "['?']"},
}


def in_role(role: str, name: str) -> dict[str, str]:
    """Parts of a SPEC.yml where a column has that role."""
    return {key: part.replace("?", name) for key, part in ROLES[role].items()}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ODD)
def test_a_column_that_is_neither_numbers_nor_texts_is_refused(capsys, tmp_path, kind, role):
    spec = described(tmp_path, DATA | {"v": ODD[kind]}, file=PARQUET, **in_role(role, "v"))
    said = f"la colonne « v » contient des {kind}, ni nombres ni textes"
    assert said in fails(capsys, "calculer", spec, tmp_path / "r.csv")


def test_dates_are_no_numbers_but_may_cut(capsys, tmp_path):
    data = DATA | {"v": [date(2024, 1, 1 + i % 2) for i in range(4)]}
    spec = described(tmp_path, data, file=PARQUET, **in_role("moyenne", "v"))
    message = fails(capsys, "calculer", spec, tmp_path / "r.csv")
    assert "colonne « v » : elle contient des dates, il y faut des nombres" in message
    assert set(estimated(capsys, tmp_path, data, file=PARQUET, domaines="[v]")["domaine"]) == {
        "2024-01-01",
        "2024-01-02",
    }


MARGINS = "variable,modalite,total\nsx,F,4\nsx,M,5\n"


def test_what_is_not_used_is_written_with_the_weights(capsys, tmp_path):
    data = DATA | {"v": [1.0, float("nan"), None, 2.0], "^v$": [1, 2, 3, 4], "*": list("abcd")}
    run(capsys, "caler", described(tmp_path, data, MARGINS, PARQUET), tmp_path / "r.csv")
    assert "NaN" not in (tmp_path / "r.csv").read_text(encoding="utf-8")
    assert pl.read_csv(tmp_path / "r.csv")["v"].to_list() == [1.0, None, None, 2.0]
    spec = described(tmp_path, data | {"v": DURATIONS}, MARGINS, PARQUET)
    (tmp_path / "r.csv").unlink()
    assert "« v » contient des durées" in fails(capsys, "caler", spec, tmp_path / "r.csv")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ["*", "^y$", "^.*$"])
def test_a_name_that_reads_as_a_pattern_is_refused(capsys, tmp_path, role, name):
    spec = described(tmp_path, DATA | {name: [1, 1, 2, 2]}, **in_role(role, name))
    message = fails(capsys, "calculer", spec, tmp_path / "r.csv")
    assert f"le nom de colonne « {name} » se lit comme un motif" in message


@pytest.mark.parametrize("name", ["_code", "row", "poids calé", "parent", "by", "0", "value"])
def test_no_name_of_the_engine_is_taken(capsys, tmp_path, name):
    data = DATA | {name: ["a", "a", "b", "b"], "_code_": [1, 1, 1, 1]}
    plan = f"{{poids: w, strates: '{name}'}}"
    parts = {"plan": plan, "domaines": f"['{name}', ['{name}', sx, _code_]]"}
    assert estimated(capsys, tmp_path, data, margins=MARGINS, **parts).height == 6


def test_an_infinite_code_is_refused(capsys, tmp_path):
    data = DATA | {"v": [1.0, float("inf"), 1.0, 2.0]}
    spec = described(tmp_path, data, file=PARQUET, domaines="[v]")
    message = fails(capsys, "calculer", spec, tmp_path / "r.csv")
    assert "ligne 2, colonne « v » : valeur infinie (1 en tout)" in message


@pytest.mark.parametrize("file", ["d.csv", PARQUET])
def test_rows_of_weight_zero_may_lack_what_calibrates(capsys, tmp_path, file):
    data = DATA | {"w": [1.0, 1, 2, 0], "x": [1.0, 2, 3, None], "q": [1.0, 2, 1, None]}
    margins = "variable,modalite,total\nx,,12\n"
    calibration = "{marges: m.csv, echelle: q}"
    spec = described(tmp_path, data, margins, file, calage=calibration)
    run(capsys, "calculer", spec, tmp_path / "r.csv")
    run(capsys, "caler", spec, tmp_path / "p.csv")
    assert pl.read_csv(tmp_path / "p.csv")["poids_cale"][3] == 0
    spec = described(tmp_path, data | {"x": [1.0, 2, None, None]}, margins, file)
    (tmp_path / "q.csv").unlink(missing_ok=True)
    message = fails(capsys, "calculer", spec, tmp_path / "q.csv")
    assert "colonne « x » : cellule vide, il y faut un nombre (1 cellule)" in message


@pytest.mark.parametrize(
    ("change", "parts", "said"),
    [
        ({"y": [1, 2, 3, "a" * 90]}, {}, f"« {'a' * 40}… » n’est pas un nombre (1 cellule)"),
        ({"y": [1, 2, 3, "  "]}, {}, "cellule faite d’espaces, il y faut un nombre (1 cellule)"),
        ({"k": [1, 0, 1, None]}, {"plan": "{poids: w, certitude: k}"}, "il y faut vrai ou faux"),
        ({"k": [1, 0, 1, "p"]}, {"plan": "{poids: w, certitude: k}"}, "« p » n’est ni vrai ni f"),
        ({"k": [0.3] * 4}, {"plan": "{poids: w, fpc: k}"}, "« k » : 0,3. « fpc » attend un eff"),
        ({" k": [9] * 4}, {"plan": "{poids: w, fpc: k}"}, "son titre y porte un espace en trop"),
        ({"k": [5.6] * 4, "w": [1] * 4}, {"plan": "{poids: w, strates: sx, fpc: k}"}, None),
        (
            {"k": [1.6] * 4, "w": [1] * 4},
            {"plan": "{poids: w, strates: sx, fpc: k}"},
            "la strate F compte 2 unités enquêtées pour 1,6 dans la population",
        ),
        (
            {"w": [0, 0, 0, 1], "g": [1] * 4},
            {"plan": "{poids: w, grappes: g}"},
            "une seule unité primaire dans tout le fichier ; vérifier",
        ),
        (
            {"sx": ["a", "b", "c", "c"]},
            {"plan": "{poids: w, strates: sx}"},
            "une seule unité dans les strates a, b ; les regrouper",
        ),
        (
            {"g": [1, 1, 2, 2], "k": [4] * 4, "l": [3, 3, 3, 4]},
            {"plan": "{poids: w, grappes: g, fpc: [k, l]}"},
            "« l » varie dans la grappe 2 (degré 2)",
        ),
        (
            {"k": [4] * 4, "l": [3] * 4},
            {"plan": "{poids: w, fpc: [k, l]}"},
            "2 effectifs de population pour 0 degré de grappes",
        ),
    ],
    ids=str,
)
def test_a_wrong_cell_is_told(capsys, tmp_path, change, parts, said):
    spec = described(tmp_path, DATA | change, **parts)
    if said is None:
        run(capsys, "calculer", spec, tmp_path / "r.csv")
    else:
        assert said in fails(capsys, "calculer", spec, tmp_path / "r.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nw,y\n1,2\n", "d.csv : ligne 1 vide, il y faut les titres. Supprimez-la."),
        ("w,y\n1\n", "ligne 2 : 1 cellule pour 2 colonnes"),
        (
            'w,y\n1,"2\n',
            "guillemet ouvert n’est jamais refermé, le fichier est sans doute coupé. En",
        ),
        ("\0\0\0w", "UTF-16 (« Unicode » de Windows). Enregistrez-le en CSV UTF-8."),
        (" ", "le fichier est vide. Enregistrez-le en CSV UTF-8."),
    ],
)
def test_a_file_that_is_no_csv_is_told_without_limesurvey(capsys, tmp_path, text, said):
    spec = described(tmp_path, DATA)
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    message = fails(capsys, "calculer", spec, tmp_path / "r.csv")
    assert said in message and "LimeSurvey" not in message and "export" not in message


def test_a_prefix_does_not_take_the_weight_itself(capsys, tmp_path):
    data = {"w": [1.0] * 4, "y": [1.0, 2, 4, 5]}
    data |= {f"w{i}": [0.0 if i == j else 4 / 3 for j in range(4)] for i in range(4)}
    plan = "{poids: w, repliques: {colonnes: w, echelle: 0.75}}"
    found = estimated(capsys, tmp_path, data, plan=plan)
    assert found["erreur_type"].item() == pytest.approx((10 / 3 / 4) ** 0.5, rel=1e-12)
