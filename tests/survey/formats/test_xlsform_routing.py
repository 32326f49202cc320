"""The form that pyxform makes asks what Polars says, for every answer set."""

import re
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsform_engine import EACH_FILE, FILES, Form, converted, questionnaire_of

from survey.columns import (
    BLANK,
    answer_column,
    choice_codes,
    state_column,
    tick_column,
)
from survey.conditions import (
    ORDERS,
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Count,
    Everyone,
    Has,
    Is,
    Named,
    Not,
    Or,
    parse,
)
from survey.evaluation import holds
from survey.formats.odk.conditions import to_xpath
from survey.formats.odk.names import answers_to_submission, form_nodes
from survey.generation import generate_responses
from survey.routing import effective_base, to_polars
from survey.strategies import answers

CASE = questionnaire_of(FILES[0])
ROWS = 300


@pytest.fixture(scope="module")
def xform(tmp_path_factory):
    """The XForm of a file, made once."""
    folder = tmp_path_factory.mktemp("xforms")
    return cache(lambda file: converted(file, folder)[0])


read = cache(Form.read)


@cache
def cases(file, rows=ROWS):
    """Submissions with what each must show. What is not asked holds the answers of the next person:
    a form keeps them while one goes back and forth."""
    questionnaire = questionnaire_of(file)
    responses = generate_responses(questionnaire, rows, seed=11)
    given = [answers_to_submission(each, questionnaire) for each in responses.to_dicts()]
    shown = shown_by_polars(questionnaire, responses)
    stale = [*given[1:], given[0]]
    return [
        ({path: text for path, text in old.items() if path not in visible} | own, visible)
        for own, old, visible in zip(given, stale, shown, strict=True)
    ]


def shown_by_polars(questionnaire, responses) -> list[set[str]]:
    """Paths of the nodes and grids shown to each person, and `path=code` of the options."""
    shown = {}
    for node in form_nodes(questionnaire):
        question = questionnaire.question(node.question)
        base = to_polars(effective_base(question), questionnaire)
        if question.type == "grid":
            shown["/".join(node.groups)] = base
        shown[node.path] = visible = node_shown(node, question, questionnaire)
        for option in question.options if node.role in ("choice", "ticks") else ():
            condition = Everyone() if option.only_if is None else parse(option.only_if)
            shown[f"{node.path}={option.code}"] = visible & to_polars(condition, questionnaire)
    frame = responses.select("id", **shown).drop("id")
    return [{key for key, value in row.items() if value} for row in frame.to_dicts()]


def node_shown(node, question, questionnaire) -> pl.Expr:
    base = to_polars(effective_base(question), questionnaire)
    match node.role:
        case "choice" if question.type == "grid":
            condition = effective_base(question, question.row(node.item))
            return to_polars(condition, questionnaire)
        case "dont_know":
            return base & pl.col(answer_column(question)).is_null()
        case "other_text" if question.type == "single":
            return (pl.col(answer_column(question)) == node.item).fill_null(False)
        case "other_text":
            return pl.col(tick_column(question, node.item)).fill_null(False)
        case _:
            return base


def shown_by_form(form: Form, questionnaire, submission) -> set[str]:
    """The same, as the form decides."""
    form.fill(submission)
    hidden = form.hidden()
    shown = set()
    for node in form_nodes(questionnaire):
        page, *grid = node.groups
        levels = ["/".join([page, *grid])] * bool(grid) + [node.path]
        shown |= set(levels[: next((i for i, p in enumerate(levels) if p in hidden), None)])
        if node.path in shown and node.path in form.choices:
            codes = [option.code for option in questionnaire.question(node.question).options]
            offered = form.offered(node.path)
            shown |= {f"{node.path}={code}" for code in codes if code in offered}
    return shown


def disagreements(form: Form, file, rows=ROWS) -> list[set[str]]:
    questionnaire = questionnaire_of(file)
    found = (
        shown_by_form(form, questionnaire, submission) ^ visible
        for submission, visible in cases(file, rows)
    )
    return [difference for difference in found if difference]


@EACH_FILE
def test_the_form_shows_what_polars_says(file, xform):
    assert disagreements(Form.read(xform(file)), file) == []


@EACH_FILE
def test_nothing_else_is_left_in_the_form(file, xform):
    """What was not asked is emptied, and the form accepts every generated answer."""
    form, questionnaire = Form.read(xform(file)), questionnaire_of(file)
    responses = generate_responses(questionnaire, ROWS, seed=11).to_dicts()
    paths = [node.path for node in form_nodes(questionnaire)]
    for row, (submission, _) in zip(responses, cases(file), strict=True):
        form.fill(submission)
        form.hidden()
        left = {path: form.nodes[path].text for path in paths if form.nodes[path].text}
        assert left == answers_to_submission(row, questionnaire)
        assert [path for path in paths if not form.accepts(path)] == []


@pytest.mark.parametrize("file", FILES[:3], ids=lambda path: path.stem)
def test_each_condition_turned_round_is_noticed(file, xform):
    """A test that could not fail would prove nothing."""
    text = xform(file)
    places = list(re.finditer(r'relevant="([^"]*)"|root/item\[([^"]*)\]"', text))
    assert len(places) > 1
    for place in places:
        group = 1 if place[1] else 2
        start, end = place.span(group)
        turned = f"{text[:start]}not({place[group]}){text[end:]}"
        assert disagreements(Form.read(turned), file, 300), place[0]


def test_what_cannot_be_given_is_refused(xform):
    form = Form.read(xform(FILES[0]))
    refused = {
        "theme_profil/effectif": ["-1"],
        "theme_profil/part": ["-3", "100.5"],
        "theme_usagesia/services": ["trad aucun", "NSP spam", "NSP aucun"],
    }
    taken = {
        "theme_profil/effectif": ["0", "12"],
        "theme_profil/part": ["-2.5", "100"],
        "theme_usagesia/services": ["trad autre", "NSP", "aucun"],
    }
    for expected, texts in ((False, refused), (True, taken)):
        for path, values in texts.items():
            for value in values:
                form.fill({path: value})
                assert form.accepts(path) is expected, (path, value)


def of_type(*types):
    return st.sampled_from([q for q in CASE.questions if q.type in types])


def values(question):
    if question.type == "number":
        return st.sampled_from([("0",), ("10", "-2.5"), ("9.00",)])
    codes = [code for code in choice_codes(question) if code != BLANK]  # never compared
    return st.lists(st.sampled_from(codes), min_size=1, max_size=2).map(tuple)


def rows(question):
    return st.sampled_from([row.code for row in question.rows])


GRIDS = of_type("grid")
ATOMS = st.one_of(
    st.just(Everyone()),
    st.sampled_from([Named(base.code) for base in CASE.bases]),
    of_type("single", "number").flatmap(lambda q: st.builds(Is, st.just(q.code), values(q))),
    GRIDS.flatmap(lambda q: st.builds(Is, st.just(q.code), values(q), rows(q))),
    of_type("number").flatmap(
        lambda q: st.builds(
            Compare, st.just(q.code), st.sampled_from(sorted(ORDERS)), st.sampled_from([0.0, -2.5])
        )
    ),
    of_type("multiple").flatmap(
        lambda q: st.builds(Has, st.just(q.code), st.sampled_from([o.code for o in q.options]))
    ),
    GRIDS.flatmap(lambda q: st.builds(AnyRow, st.just(q.code), values(q))),
    GRIDS.flatmap(lambda q: st.builds(AllRows, st.just(q.code), values(q))),
    GRIDS.flatmap(
        lambda q: st.builds(
            Count,
            st.just(q.code),
            values(q),
            st.sampled_from([*ORDERS, "="]),
            st.integers(0, len(q.rows) + 1),
        )
    ),
    st.builds(Answered, st.sampled_from([q.code for q in CASE.questions])),
    GRIDS.flatmap(lambda q: st.builds(Answered, st.just(q.code), rows(q))),
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


@given(condition=CONDITIONS, person=answers(CASE))
def test_any_condition_is_as_true_in_xpath(xform, condition, person):
    form = read(xform(FILES[0]))
    form.fill(answers_to_submission(person, CASE))
    assert form.holds(to_xpath(condition, CASE), CASE) is holds(condition, CASE, person)


def test_generated_answers_meet_every_kind_of_condition():
    """Else the test above would try nothing but what is false."""
    responses = generate_responses(CASE, ROWS, seed=11)
    for text in (
        "all(outils) = oui",
        "count(outils = oui) < 2",
        "count(motifs = aucun) = 2",
        "answered(outils)",
        "outils.robot = NSP",
        "part < 0",
        "answered(effectif) and not effectif >= 0",
    ):
        truth = responses.select(truth=to_polars(parse(text), CASE))["truth"]
        assert 0 < truth.sum() < ROWS, text


def test_xpath_of_each_kind():
    def xpath(text):
        return to_xpath(parse(text), CASE)

    assert xpath("ensemble") == "true()"
    assert xpath('taille != "0"') == "not(${taille} = '0')"
    assert xpath("effectif in (1, 2.50)") == "(${effectif} = 1 or ${effectif} = 2.5)"
    assert xpath("services has trad") == "selected(${services}, 'trad')"
    assert xpath("answered(effectif)") == "(${effectif} != '' or ${effectif__NSP} != '')"
    assert xpath("count(motifs = fort) >= 1") == (
        "number(${motifs__cout} = 'fort') + number(${motifs__temps} = 'fort') >= 1"
    )
    assert state_column(CASE.question("services")) not in xpath("answered(services)")
