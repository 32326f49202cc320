"""Conditions compiled to Polars: two-valued for routing, Kleene for indicators."""

import operator
from functools import cache
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from survey.conditions import (
    AllRows,
    And,
    AnyRow,
    Compare,
    Count,
    Everyone,
    Has,
    Is,
    Named,
    Not,
    Or,
)
from survey.questionnaire import load_questionnaire
from survey.routing import (
    effective_base,
    parse,
    references,
    to_french,
    to_polars,
)


@cache
def questionnaire():
    return load_questionnaire(Path(__file__).parent / "routage.yml")


def frame(**columns) -> pl.DataFrame:
    """Answers of a few people; columns not given are null, as for questions not asked."""
    height = max(len(values) for values in columns.values())
    names = ["taille", "effectif", "effectif__etat", "services__etat", "services__trad"]
    names += ["services__spam", "outils__texte1", "outils__image", "outils__robot"]
    types = {"effectif": pl.Float64, "services__trad": pl.Boolean, "services__spam": pl.Boolean}
    return pl.DataFrame(
        {name: columns.get(name, [None] * height) for name in names},
        schema={name: types.get(name, pl.String) for name in names},
    )


def evaluate(text: str, data: pl.DataFrame, **options) -> list[bool | None]:
    expression = to_polars(parse(text), questionnaire(), **options)
    return data.select(pl.lit(0), value=expression)["value"].to_list()


def test_references_are_the_codes_written():
    assert references(parse("grandes and (outils.image = oui or answered(effectif))")) == {
        "grandes",
        "outils",
        "effectif",
    }
    assert questionnaire().questions_behind(parse("utilisatrices or taille = 0")) == {
        "outils",
        "taille",
    }


def test_unasked_and_blank_compare_as_false_and_their_contrary_as_true():
    data = frame(taille=["0", "1-9", "NSP", "NR", None])
    assert evaluate('taille = "0"', data) == [True, False, False, False, False]
    assert evaluate('taille != "0"', data) == [False, True, True, True, True]
    assert evaluate("taille = NSP", data) == [False, False, True, False, False]
    assert evaluate("answered(taille)", data) == [True, True, True, False, False]


def test_unknown_mode_keeps_null_what_was_not_answered():
    data = frame(taille=["0", "1-9", "NSP", "NR", None])
    assert evaluate('taille = "0"', data, missing="unknown") == [True, False, False, None, None]
    assert evaluate('taille != "0"', data, missing="unknown") == [False, True, True, None, None]
    without_dont_know = evaluate('taille = "0"', data, missing="unknown", dont_know="missing")
    assert without_dont_know == [True, False, None, None, None]


def test_one_yes_settles_any_but_a_blank_leaves_no_unknown():
    data = frame(
        outils__texte1=["oui", "non", "non", "NR", None],
        outils__image=["NR", "NR", "non", "NR", None],
        outils__robot=["non", "non", "non", "NR", None],
    )
    yes = {"missing": "unknown"}
    assert evaluate("any(outils) = oui", data) == [True, False, False, False, False]
    assert evaluate("any(outils) = oui", data, **yes) == [True, None, False, None, None]
    assert evaluate("all(outils) = non", data, **yes) == [False, None, True, None, None]


def test_a_hidden_row_neither_matches_nor_hinders():
    data = frame(
        outils__texte1=["non", "oui"], outils__image=["non", "oui"], outils__robot=[None, None]
    )
    for mode in ("false", "unknown"):
        assert evaluate("any(outils) = oui", data, missing=mode) == [False, True]
        assert evaluate("all(outils) = oui", data, missing=mode) == [False, True]
        assert evaluate("count(outils = oui) >= 3", data, missing=mode) == [False, False]


def test_a_hidden_option_is_not_ticked_by_who_answered():
    data = frame(services__etat=["repondu", "NR", None], services__trad=[None, None, None])
    assert evaluate("services has trad", data) == [False, False, False]
    assert evaluate("services has trad", data, missing="unknown") == [False, None, None]


def test_count_is_known_once_the_unknown_rows_cannot_change_it():
    data = frame(
        outils__texte1=["oui", "oui", "non", "oui"],
        outils__image=["oui", "NR", "NR", "non"],
        outils__robot=["NR", "non", "non", "non"],
    )
    unknown = {"missing": "unknown"}
    assert evaluate("count(outils = oui) >= 2", data, **unknown) == [True, None, False, False]
    assert evaluate("count(outils = oui) < 2", data, **unknown) == [False, None, True, True]
    assert evaluate("count(outils = oui) = 1", data, **unknown) == [False, None, None, True]
    assert evaluate("count(outils = oui) <= 1", data) == [False, True, True, True]
    assert evaluate("count(outils = oui) > 1", data) == [True, False, False, False]
    unasked = frame(taille=["0"])
    assert evaluate("count(outils = oui) < 2", unasked) == [False]
    assert evaluate("count(outils = oui) < 2", unasked, **unknown) == [None]


def test_numbers_and_ticks():
    data = frame(
        effectif=[9.0, 10.0, None, None, None],
        effectif__etat=["repondu", "repondu", "NSP", "NR", None],
        services__etat=["repondu", "repondu", "NSP", "NR", None],
        services__trad=[True, False, None, None, None],
    )
    assert evaluate("effectif >= 10", data) == [False, True, False, False, False]
    assert evaluate("effectif = 10", data) == [False, True, False, False, False]
    for text, answers in [("effectif < 10", [True, False]), ("services has trad", [True, False])]:
        known = evaluate(text, data, missing="unknown")
        assert known == [*answers, False, None, None]
        known = evaluate(text, data, missing="unknown", dont_know="missing")
        assert known == [*answers, None, None, None]


def test_effective_base_adds_what_shows_one_row():
    grid = questionnaire().question("outils")
    assert effective_base(grid) == Everyone()
    assert effective_base(grid, grid.row("robot")) == Not(Is("taille", ("0",)))
    routed = grid.model_copy(update={"base": "grandes"})
    assert effective_base(routed, grid.row("robot")) == And(
        (Named("grandes"), Not(Is("taille", ("0",))))
    )


ROWS = ("texte1", "image", "robot")
CHOICES = st.lists(st.sampled_from(["oui", "non", "NSP"]), min_size=1, max_size=2).map(tuple)
SIZES = st.lists(st.sampled_from(["0", "1-9", "10-49", "NSP"]), min_size=1, max_size=2).map(tuple)
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ATOMS = st.one_of(
    st.just(Everyone()),
    st.sampled_from([Named("grandes"), Named("utilisatrices")]),
    st.builds(Is, st.just("taille"), SIZES),
    st.builds(Is, st.just("outils"), CHOICES, st.sampled_from(ROWS)),
    st.builds(Compare, st.just("effectif"), st.sampled_from(sorted(ORDERS)), st.just(10.0)),
    st.builds(Has, st.just("services"), st.sampled_from(["trad", "spam"])),
    st.builds(AnyRow, st.just("outils"), CHOICES),
    st.builds(AllRows, st.just("outils"), CHOICES),
    st.builds(
        Count,
        st.just("outils"),
        CHOICES,
        st.sampled_from([*ORDERS, "="]),
        st.integers(0, 4),
    ),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=6,
)
ANSWERS = st.fixed_dictionaries(
    {
        "taille": st.sampled_from(["0", "1-9", "10-49", "NSP"]),
        "effectif": st.sampled_from([9.0, 10.0, 11.0]),
        "trad": st.booleans(),
        "spam": st.booleans(),
        **{row: st.sampled_from(["oui", "non", "NSP"]) for row in ROWS},
    }
)


def as_text(condition) -> str:
    """The condition written in the language."""
    match condition:
        case Everyone():
            return "ensemble"
        case Named(code):
            return code
        case Is(question, values, row):
            return f"{question}{f'.{row}' if row else ''} in ({listed(values)})"
        case Compare(question, order, number):
            return f"{question} {order} {number}"
        case Has(question, option):
            return f"{question} has {option}"
        case AnyRow(question, values):
            return f"any({question}) in ({listed(values)})"
        case AllRows(question, values):
            return f"all({question}) in ({listed(values)})"
        case Count(question, values, order, threshold):
            return f"count({question} in ({listed(values)})) {order} {threshold}"
        case Not(inner):
            return f"not ({as_text(inner)})"
        case And(inners):
            return " and ".join(f"({as_text(inner)})" for inner in inners)
        case Or(inners):
            return " or ".join(f"({as_text(inner)})" for inner in inners)


def listed(values) -> str:
    return ", ".join(f'"{value}"' for value in values)


def as_frame(answers: dict, blank: frozenset = frozenset()) -> pl.DataFrame:
    """One row of answers, those of `blank` left unanswered."""
    services = "services" in blank
    return frame(
        taille=["NR" if "taille" in blank else answers["taille"]],
        effectif=[None if "effectif" in blank else answers["effectif"]],
        effectif__etat=["NR" if "effectif" in blank else "repondu"],
        services__etat=["NR" if services else "repondu"],
        services__trad=[None if services else answers["trad"]],
        services__spam=[None if services else answers["spam"]],
        **{f"outils__{row}": ["NR" if row in blank else answers[row]] for row in ROWS},
    )


def truth(condition, answers: dict) -> bool:
    """What a reader would say of the condition, without Polars."""
    rows = [answers[row] for row in ROWS]
    match condition:
        case Everyone():
            return True
        case Named("grandes"):
            return answers["taille"] == "10-49"
        case Named(_):
            return "oui" in rows
        case Is("taille", values):
            return answers["taille"] in values
        case Is(_, values, row):
            return answers[row] in values
        case Compare(_, order, number):
            return ORDERS[order](answers["effectif"], number)
        case Has(_, option):
            return answers[option]
        case AnyRow(_, values):
            return any(row in values for row in rows)
        case AllRows(_, values):
            return all(row in values for row in rows)
        case Count(_, values, "=", threshold):
            return sum(row in values for row in rows) == threshold
        case Count(_, values, order, threshold):
            return ORDERS[order](sum(row in values for row in rows), threshold)
        case Not(inner):
            return not truth(inner, answers)
        case And(inners):
            return all(truth(inner, answers) for inner in inners)
        case Or(inners):
            return any(truth(inner, answers) for inner in inners)


def compiled(condition, data: pl.DataFrame, **options) -> bool | None:
    return data.select(value=to_polars(condition, questionnaire(), **options)).item()


@given(condition=CONDITIONS)
def test_what_is_written_is_what_is_read(condition):
    assert parse(as_text(condition)) == condition


@given(condition=CONDITIONS, answers=ANSWERS)
def test_with_every_answer_both_logics_tell_the_truth(condition, answers):
    data = as_frame(answers)
    assert compiled(condition, data) is truth(condition, answers)
    assert compiled(condition, data, missing="unknown") is truth(condition, answers)


@given(
    condition=CONDITIONS,
    answers=ANSWERS,
    blank=st.frozensets(st.sampled_from(["taille", "effectif", "services", *ROWS])),
)
def test_what_kleene_logic_knows_no_missing_answer_can_change(condition, answers, blank):
    data = as_frame(answers, blank)
    assert compiled(condition, data) in (True, False)
    assert compiled(condition, data, missing="unknown") in (None, truth(condition, answers))


@given(condition=CONDITIONS)
def test_every_condition_has_a_prose(condition):
    assert to_french(condition, questionnaire())
