"""The schema of answers: columns, types, and each rule with a value that breaks it."""

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandera.errors
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.columns import BLANK, DONT_KNOW, GIVEN
from survey.errors import ResponseError
from survey.questionnaire import load_questionnaire
from survey.schema import (
    check_responses,
    empty_responses,
    question_columns,
    response_rules,
    response_schema,
    violations,
)

INSTRUMENT = """\
code: essai
title: Essai
population: entreprises
introduction: Bonjour.
themes: {profil: Profil}
bases:
  - {code: utilisatrices, label: entreprises utilisant l'IA, condition: any(outils) = oui}
questions:
  - code: taille
    theme: profil
    type: single
    required: true
    text: Combien de salariés ?
    help: Tous.
    short: Taille
    options: [{code: "0", label: Aucun}, {code: "1-9", label: 1 à 9}]
    comparable: {status: own}
  - code: outils
    theme: profil
    type: grid
    dont_know: true
    text: Quels outils ?
    help: Par ligne.
    short: Outils
    options: [{code: oui, label: Oui}, {code: non, label: Non}]
    rows: [{code: ttm, label: Texte}, {code: tar, label: Robot, only_if: taille != "0"}]
    comparable: {status: own}
  - code: acces
    theme: profil
    type: single
    base: utilisatrices
    text: Quel accès ?
    help: Un seul.
    short: Accès
    options:
      - {code: seul, label: Seul}
      - {code: equipe, label: En équipe, only_if: taille = "1-9"}
      - {code: autre, label: Autre, other: true}
    comparable: {status: own}
  - code: services
    theme: profil
    type: multiple
    base: utilisatrices
    dont_know: true
    text: Quels services ?
    help: Cochez.
    short: Services
    options:
      - {code: trad, label: Traduction}
      - {code: paie, label: Paie, only_if: taille = "1-9"}
      - {code: autre, label: Autre, other: true}
      - {code: aucun, label: Aucun, exclusive: true}
    comparable: {status: own}
  - code: part
    theme: profil
    type: number
    base: utilisatrices
    dont_know: true
    integer: true
    minimum: 0
    maximum: 100
    text: Quelle part ?
    help: En pourcentage.
    short: Part
    comparable: {status: own}
  - code: budget
    theme: profil
    type: number
    required: true
    minimum: 0
    text: Quel budget ?
    help: En euros.
    short: Budget
    comparable: {status: own}
  - code: remarque
    theme: profil
    type: text
    text: Une remarque ?
    help: Librement.
    short: Remarque
    comparable: {status: own}
"""


@cache
def questionnaire():
    with TemporaryDirectory() as folder:
        path = Path(folder) / "essai.yml"
        path.write_text(INSTRUMENT, encoding="utf-8")
        return load_questionnaire(path)


def rows(*answers: dict) -> pl.DataFrame:
    """Answers as a typed frame, one dictionary a row; what is not given is null."""
    schema = empty_responses(questionnaire()).schema
    return pl.DataFrame(
        [{name: row.get(name) for name in schema} for row in answers], schema=schema
    )


USER = {
    "taille": "1-9",
    "outils__ttm": "oui",
    "outils__tar": "NSP",
    "acces": "equipe",
    "services__etat": "repondu",
    "services__trad": True,
    "services__paie": False,
    "services__autre": True,
    "services__autre__texte": "Agenda",
    "services__aucun": False,
    "part__etat": "repondu",
    "part": 40,
    "budget__etat": "repondu",
    "budget": 1200.5,
    "remarque__etat": "NR",
}
ALONE = {
    "taille": "0",
    "outils__ttm": "non",
    "budget__etat": "repondu",
    "budget": 0.0,
    "remarque__etat": "repondu",
    "remarque": "Rien",
}


def refusal(frame: pl.DataFrame) -> str:
    with pytest.raises(ResponseError) as error:
        check_responses(frame, questionnaire())
    return str(error.value).replace("\u202f", " ")


def test_columns_and_types():
    columns = {
        column.name: column.dtype
        for question in questionnaire().questions
        for column in question_columns(question)
    }
    state = pl.Enum([GIVEN, DONT_KNOW, BLANK])
    yes_no = pl.Enum(["oui", "non", DONT_KNOW, BLANK])
    assert columns == {
        "taille": pl.Enum(["0", "1-9"]),
        "outils__ttm": yes_no,
        "outils__tar": yes_no,
        "acces": pl.Enum(["seul", "equipe", "autre", BLANK]),
        "acces__autre__texte": pl.String(),
        "services__etat": state,
        "services__trad": pl.Boolean(),
        "services__paie": pl.Boolean(),
        "services__autre": pl.Boolean(),
        "services__aucun": pl.Boolean(),
        "services__autre__texte": pl.String(),
        "part__etat": state,
        "part": pl.Int64(),
        "budget__etat": pl.Enum([GIVEN]),
        "budget": pl.Float64(),
        "remarque__etat": pl.Enum([GIVEN, BLANK]),
        "remarque": pl.String(),
    }


def test_right_answers_pass_with_columns_that_are_not_ours():
    frame = rows(USER, ALONE).with_columns(id=pl.lit("a"), design_weight=1.5)
    assert check_responses(frame, questionnaire()) is None
    assert response_schema(questionnaire()).validate(frame).equals(frame)
    assert check_responses(empty_responses(questionnaire()), questionnaire()) is None


@pytest.mark.parametrize(
    ("row", "change", "column", "value", "rule"),
    [
        (USER, {"taille": None}, "taille", "vide", "Posée à tous les répondants. Case vide ici"),
        (USER, {"outils__tar": None}, "outils__tar", "vide", "une non-réponse se code « NR »"),
        (
            ALONE,
            {"outils__tar": "non"},
            "outils__tar",
            "« non »",
            "Posée si « Taille » n’est pas « Aucun ». La case devrait être vide.",
        ),
        (
            ALONE,
            {"acces": "seul"},
            "acces",
            "« seul »",
            "Posée aux entreprises utilisant l’IA. La case devrait être vide.",
        ),
        (
            USER | {"taille": "0", "outils__tar": None, "services__paie": None},
            {},
            "acces",
            "« equipe »",
            "« En équipe » n’est proposé que si « Taille » est « 1 à 9 ».",
        ),
        (
            USER | {"taille": "0", "outils__tar": None, "acces": "seul"},
            {},
            "services__paie",
            "« false »",
            "elle n’est proposée que si « Taille » est « 1 à 9 ».",
        ),
        (USER, {"services__trad": None}, "services__trad", "vide", "la case n’est vide que si"),
        (ALONE, {"services__trad": False}, "services__trad", "« false »", "la case n’est vide que"),
        (
            USER,
            {"services__aucun": True},
            "services__aucun",
            "« true »",
            "« Aucun » exclut les autres réponses, une autre est cochée.",
        ),
        (
            USER,
            {"services__trad": False, "services__autre": False, "services__autre__texte": None},
            "services__etat",
            "« repondu »",
            "aucune case n’est cochée : une non-réponse se code « NR ».",
        ),
        (
            USER,
            {"services__autre": False},
            "services__autre__texte",
            "« Agenda »",
            "texte sans que",
        ),
        (USER, {"acces__autre__texte": "x"}, "acces__autre__texte", "« x »", "texte sans que"),
        (USER, {"part": 101}, "part", "« 101 »", "100 au plus."),
        (USER, {"part": -1}, "part", "« -1 »", "0 au moins."),
        (USER, {"part": None}, "part", "vide", "la case n’est remplie que si « part__etat » est"),
        (USER, {"part__etat": "NSP"}, "part", "« 40 »", "la case n’est remplie que si"),
        (USER, {"budget": float("nan")}, "budget", "« NaN »", "ce n’est pas un nombre fini."),
        (USER, {"budget": float("inf")}, "budget", "« inf »", "ce n’est pas un nombre fini."),
        (ALONE, {"remarque": "  "}, "remarque", "« »", "texte vide"),
    ],
)
def test_a_violation_names_row_column_value_and_rule(row, change, column, value, rule):
    message = refusal(rows(ALONE, row | change).with_columns(id=pl.Series(["a1", "b2"])))
    assert f"ligne 2 (id b2), colonne « {column} », valeur {value} : " in message
    assert rule in message


def test_one_violation_is_counted_in_the_singular():
    message = refusal(rows(ALONE, USER | {"part": 101}))
    assert message.splitlines() == [
        "1 réponse refusée.",
        "ligne 2, colonne « part », valeur « 101 » : 100 au plus.",
    ]


def test_the_first_violations_are_listed_and_all_are_counted():
    message = refusal(rows(*[USER | {"part": 200}] * 1500))
    lines = message.splitlines()
    assert lines[0] == "1 500 réponses refusées (les 20 premières sont listées)."
    assert [line.split(",")[0] for line in lines[1:]] == [f"ligne {i}" for i in range(1, 21)]


def test_violations_come_in_the_order_of_rows_across_rules():
    frame = rows(USER, USER | {"budget": -1.0}, USER, USER | {"taille": None}, USER | {"part": 200})
    found, total = violations(frame, questionnaire())
    assert total == len(found)
    assert [v.row for v in found] == sorted(v.row for v in found)
    assert found[0].column == "budget"


def test_missing_and_mistyped_columns_are_named():
    frame = rows(USER).drop("acces").rename({"part": "parts"})
    frame = frame.with_columns(pl.col("taille").cast(pl.String))
    message = refusal(frame)
    assert "colonne « acces » absente." in message
    assert "colonne « part » absente. Vouliez-vous écrire « parts »" in message
    assert "colonne « taille » : type String au lieu de Enum(0, 1-9)." in message


def test_pandera_names_column_value_rule_and_row():
    frame = rows(ALONE, USER | {"part": 101})
    with pytest.raises(pandera.errors.SchemaErrors) as error:
        response_schema(questionnaire()).validate(frame, lazy=True)
    cases = error.value.failure_cases.select("column", "failure_case", "check", "index").rows()
    assert cases == [("part", "101", "100 au plus.", 1)]


def test_pandera_refuses_a_wrong_type():
    frame = rows(USER).with_columns(pl.col("part").cast(pl.Float64))
    with pytest.raises(pandera.errors.SchemaError):
        response_schema(questionnaire()).validate(frame)


def answer(seed: int) -> dict:
    """A respondent who answers at random what is asked, and no more."""
    draw = random.Random(seed)
    size = draw.choice(["0", "1-9"])
    lines = ["oui", "non", DONT_KNOW, BLANK]
    row = {"taille": size, "outils__ttm": draw.choice(lines)}
    row["outils__tar"] = None if size == "0" else draw.choice(lines)
    row |= {"budget__etat": GIVEN, "budget": draw.uniform(0, 1e6), "remarque__etat": BLANK}
    if "oui" not in (row["outils__ttm"], row["outils__tar"]):
        return row
    row["acces"] = draw.choice(["seul", "autre", BLANK] + ["equipe"] * (size != "0"))
    row["services__etat"] = draw.choice([GIVEN, DONT_KNOW, BLANK])
    if row["services__etat"] == GIVEN:
        none = draw.random() < 0.3
        row |= {"services__aucun": none, "services__trad": not none}
        row["services__autre"] = not none and draw.random() < 0.5
        row["services__paie"] = None if size == "0" else not none and draw.random() < 0.5
    row["part__etat"] = draw.choice([GIVEN, DONT_KNOW, BLANK])
    row["part"] = draw.randint(0, 100) if row["part__etat"] == GIVEN else None
    return row


@given(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_who_answers_what_is_asked_is_never_refused(seeds):
    check_responses(rows(*map(answer, seeds)), questionnaire())


@settings(max_examples=50)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=5),
    column=st.sampled_from(empty_responses(questionnaire()).columns),
    donor=st.integers(0, 10**6),
)
def test_pandera_and_our_check_refuse_the_same_frames(seeds, column, donor):
    frame = rows(*map(answer, seeds))
    frame = frame.with_columns(_cell(donor, column))
    total = violations(frame, questionnaire())[1]
    try:
        response_schema(questionnaire()).validate(frame, lazy=True)
        refused = 0
    except pandera.errors.SchemaErrors as error:
        refused = error.failure_cases.height
    assert refused == total


def _cell(seed: int, column: str) -> pl.Expr:
    """The whole column replaced by what another respondent has there."""
    cell = rows(answer(seed))[column]
    return pl.lit(cell[0], dtype=cell.dtype).alias(column)


def test_rules_are_never_null():
    frame = rows(USER, ALONE, {})
    broken = frame.select(
        rule.broken.alias(str(i)) for i, rule in enumerate(response_rules(questionnaire()))
    )
    assert sum(broken.null_count().row(0)) == 0
