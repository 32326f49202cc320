"""What can be reached in a questionnaire, against trying every respondent."""

from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.columns import BLANK, DONT_KNOW
from survey.questionnaire import Questionnaire, load_questionnaire
from survey.reach import MOST_STEPS, MOST_STEPS_EACH, Reach
from survey.routing import effective_base, parse, to_polars

INSTRUMENT = """\
code: petit
title: Petit
population: entreprises
introduction: Bonjour.
themes: {profil: Profil}
questions:
  - code: a
    theme: profil
    type: single
    required: true
    text: A
    help: A
    short: A
    options: [{code: x, label: X}, {code: y, label: Y}, {code: z, label: Z}]
    comparable: {status: own}
  - code: g
    theme: profil
    type: grid
    base: a in (x, y)
    text: G
    help: G
    short: G
    options: [{code: oui, label: Oui}, {code: non, label: Non, only_if: a = x}]
    rows: [{code: u, label: U}, {code: v, label: V, only_if: a = x}]
    comparable: {status: own}
  - code: n
    theme: profil
    type: number
    required: true
    integer: true
    minimum: 0
    maximum: 4
    base: any(g) = oui
    text: N
    help: N
    short: N
    comparable: {status: own}
  - code: m
    theme: profil
    type: multiple
    dont_know: true
    base: n >= 2
    text: M
    help: M
    short: M
    options:
      - {code: p, label: P}
      - {code: q, label: Q, only_if: g.v = oui}
      - {code: r, label: R, exclusive: true}
    comparable: {status: own}
"""


def read(text: str) -> Questionnaire:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "petit.yml"
        path.write_text(text, encoding="utf-8")
        return load_questionnaire(path)


@cache
def small() -> Questionnaire:
    return read(INSTRUMENT)


@cache
def every_respondent() -> pl.DataFrame:
    """Every file of answers the small questionnaire allows, one row each, built by hand."""
    rows = []
    for a, u, v in product("xyz", ["oui", "non", BLANK], ["oui", "non", BLANK]):
        if (a == "z" and (u, v) != ("oui", "oui")) or (a == "y" and (v != "oui" or u == "non")):
            continue
        u, v = (None if a == "z" else u), (v if a == "x" else None)
        for n in range(5) if "oui" in (u, v) else [None]:
            for ticks in every_tick(v) if n is not None and n >= 2 else [(None, None, None, None)]:
                rows.append((a, u, v, None if n is None else "repondu", n, *ticks))
    names = ["a", "g__u", "g__v", "n__etat", "n", "m__etat", "m__p", "m__q", "m__r"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def every_tick(v: str | None) -> list[tuple]:
    ticked = [("repondu", True, v == "oui" and q, False) for q in (True, False)]
    ticked += [("repondu", False, True, False)] if v == "oui" else []
    return [
        (DONT_KNOW, *[None] * 3),
        (BLANK, *[None] * 3),
        *ticked,
        ("repondu", False, False, True),
    ]


CHOICE = st.sampled_from(["oui", "non"])
ATOM = st.one_of(
    st.builds("a = {}".format, st.sampled_from("xyz")),
    st.builds("g.{} = {}".format, st.sampled_from("uv"), CHOICE),
    st.builds("{}(g) = {}".format, st.sampled_from(["any", "all"]), CHOICE),
    st.builds(
        "count(g = {}) {} {}".format, CHOICE, st.sampled_from(["=", "<", ">="]), st.integers(0, 3)
    ),
    st.builds("n {} {}".format, st.sampled_from(["=", "<", "<=", ">", ">="]), st.integers(-1, 5)),
    st.builds("m has {}".format, st.sampled_from("pqr")),
    st.builds("answered({})".format, st.sampled_from(["a", "g", "g.u", "g.v", "n", "m"])),
)
CONDITION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner),
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(text=CONDITION)
def test_reach_is_what_trying_every_respondent_finds(text):
    condition = parse(text)
    questions = [small().question(code) for code in ("a", "g", "n", "m")]
    cut_out = small().model_copy(update={"questions": (*questions, remark(text))})
    tried = every_respondent().select(pl.lit(0), value=to_polars(condition, small()))["value"].any()
    assert Reach(cut_out).is_reachable(condition) is tried


def remark(text: str):
    """A last question asked under the condition, so that its numbers are cut out."""
    question = small().question("a")
    return question.model_copy(update={"code": "fin", "base": text})


def test_an_option_is_reachable_when_its_row_is():
    reach, question = Reach(small()), small().question("m")
    assert reach.is_reachable(effective_base(question, question.option("q")))
    assert not reach.is_reachable(effective_base(question, question.option("q")), parse("a = y"))


def rows_of(count: int) -> Questionnaire:
    """The grid alone, with so many rows."""
    rows = ", ".join(f"{{code: r{i}, label: R{i}}}" for i in range(count))
    text = INSTRUMENT[: INSTRUMENT.index("    rows: ")] + f"    rows: [{rows}]\n"
    return read(f"{text}    comparable: {{status: own}}\n")


def test_counting_the_rows_of_a_large_grid_takes_no_time():
    reach = Reach(rows_of(24))
    assert reach.is_reachable(parse("count(g = oui) >= 12 and count(g = non) = 12"))
    assert not reach.is_reachable(parse("count(g = oui) >= 25"))
    assert not reach.is_reachable(parse("count(g = oui) > 3 and not any(g) = oui"))
    assert MOST_STEPS - reach.steps_left < 50_000


def test_a_search_without_end_shows_nothing_impossible():
    reach = Reach(rows_of(40))
    never = parse("count(g = oui) >= 21 and count(g = non) >= 20")
    assert reach.is_reachable(never)
    assert MOST_STEPS - reach.steps_left == MOST_STEPS_EACH
    reach.steps_left = 10
    assert reach.is_reachable(never)  # nothing is left to search with
    assert not Reach(rows_of(3)).is_reachable(parse("count(g = oui) >= 2 and count(g = non) >= 2"))
