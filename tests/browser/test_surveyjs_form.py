"""The SurveyJS form, run by survey-core, shows and keeps what our routing says, person by person.

Answers are fed in two ways that must agree: loaded in one go, and given one by one in the order of
the form by someone who changes all the answers of the person before.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from pages import HERE, TOOLS, require_node_tool

from survey.columns import DONT_KNOW, other_text_column, state_column
from survey.conditions import (
    ORDERS,
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Condition,
    Count,
    Has,
    Is,
    Named,
    Not,
    Or,
)
from survey.evaluation import holds
from survey.formats.surveyjs.answers import answers_to_surveyjs
from survey.formats.surveyjs.conditions import to_surveyjs
from survey.formats.surveyjs.form import surveyjs_definition
from survey.generation import generate_responses
from survey.questionnaire import Question, Questionnaire, load_questionnaire
from survey.routing import effective_base, to_polars

ROOT = HERE.parents[1]
COMPLETE = ROOT / "tests" / "survey" / "formats" / "surveyjs.yml"
ROUTING, TRIAL = (ROOT / "tests" / "survey" / name for name in ("routage.yml", "essai.yml"))
PATHS = [ROUTING, TRIAL, COMPLETE, *sorted((ROOT / "survey" / "instruments").glob("*.yml"))]
PEOPLE, WALKED, CONDITIONS = 1000, 50, 100
every_questionnaire = pytest.mark.parametrize("source", PATHS, ids=lambda source: source.stem)


@dataclass(frozen=True)
class Run:
    """A questionnaire, made-up answers, made-up conditions, and what the form said of them."""

    questionnaire: Questionnaire
    responses: pl.DataFrame
    people: list[dict]
    conditions: list[Condition]
    said: dict


@cache
def runs() -> dict[Path, Run]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for its own node
        return dict(zip(PATHS, pool.map(filled, PATHS), strict=True))


def run(path: Path) -> Run:
    return runs()[path]


def filled(path: Path) -> Run:
    questionnaire = load_questionnaire(path)
    responses = generate_responses(questionnaire, PEOPLE, seed=11)
    people = [answers_to_surveyjs(row, questionnaire) for row in responses.to_dicts()]
    chance = random.Random(12)
    conditions = [made_up(questionnaire, chance, depth=2) for _ in range(CONDITIONS)]
    texts = [to_surveyjs(condition, questionnaire) for condition in conditions]
    said = fill(surveyjs_definition(questionnaire), people, WALKED, texts)
    return Run(questionnaire, responses, people, conditions, said)


def fill(definition: dict, people: list[dict], walked: int, conditions: list[str] = ()) -> dict:
    """What `surveyjs.mjs` says of a form filled in by people."""
    require_node_tool(TOOLS / "survey-core")
    given = {"definition": definition, "people": people, "walked": walked}
    done = subprocess.run(
        [shutil.which("node"), HERE / "surveyjs.mjs"],
        input=json.dumps(given | {"conditions": list(conditions)}),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shown_if(questionnaire: Questionnaire) -> dict[str, Condition]:
    """Who is shown each question, row and option, by the names that `surveyjs.mjs` gives them."""
    names: dict[str, Condition] = {}
    for question in questionnaire.questions:
        code, base = question.code, effective_base(question)
        names[code] = base
        names |= {f"{code}[{row.code}]": effective_base(question, row) for row in question.rows}
        for option in question.options:
            names[f"{code}={option.code}"] = effective_base(question, option)
            if option.other:
                chosen = Has(code, option.code)
                if question.type == "single":
                    chosen = Is(code, (option.code,))
                names[other_text_column(question, option.code)] = chosen
        if question.dont_know:
            box = state_column(question) if question.type == "number" else code
            names |= {box: base, f"{box}={DONT_KNOW}": base}
    return names


def routed(questionnaire: Questionnaire, responses: pl.DataFrame) -> list[set[str]]:
    """What each person is shown, by Polars; checked against the routing of one person."""
    conditions = shown_if(questionnaire)
    columns = {name: to_polars(each, questionnaire) for name, each in conditions.items()}
    asked = responses.select("id", **columns).drop("id").to_dicts()
    distinct = set(conditions.values())
    for row, person in zip(asked, responses.to_dicts(), strict=True):
        of_person = {each: holds(each, questionnaire, person) for each in distinct}
        assert row == {name: of_person[each] for name, each in conditions.items()}
    return [{name for name, yes in row.items() if yes} for row in asked]


@every_questionnaire
def test_the_form_loads_without_a_complaint(source):
    assert run(source).said["faults"] == []


@every_questionnaire
def test_what_is_visible_is_what_routing_asks(source):
    found = run(source)
    expected = routed(found.questionnaire, found.responses)
    assert [set(person["loaded"]) for person in found.said["people"]] == expected
    walked = found.said["people"][:WALKED]
    assert [set(person["answered"]) for person in walked] == expected[:WALKED]
    assert len({frozenset(names) for names in expected}) > 1  # people do not all see the same


@every_questionnaire
def test_the_form_keeps_the_answers_and_takes_them_as_complete(source):
    found = run(source)
    walked = found.said["people"][:WALKED]
    assert [person["kept"] for person in walked] == found.people[:WALKED]
    assert [person["errors"] for person in walked] == [[]] * WALKED


@every_questionnaire
def test_an_exclusive_option_stands_alone(source):
    found = run(source)
    for question in found.questionnaire.questions:
        if question.type == "multiple":
            alone = {option.code for option in question.options if option.exclusive} | {DONT_KNOW}
            expected, ticked = [], []
            for code in boxes(question):
                ticked = [code] if code in alone else [*(set(ticked) - alone), code]
                expected.append(sorted(ticked))
            assert [sorted(kept) for kept in found.said["ticked"][question.code]] == expected


def boxes(question: Question) -> list[str]:
    return [option.code for option in question.options] + [DONT_KNOW] * question.dont_know


@every_questionnaire
def test_conditions_mean_the_same(source):
    found = run(source)
    met = [person["met"] for person in found.said["people"][:WALKED]]
    people = found.responses.head(WALKED).to_dicts()
    for position, condition in enumerate(found.conditions):
        expected = [holds(condition, found.questionnaire, person) for person in people]
        assert [each[position] for each in met] == expected, condition


def made_up(questionnaire: Questionnaire, chance: random.Random, depth: int) -> Condition:
    """A condition of any kind on any question; not all of them can be written in a file."""
    inner = [made_up(questionnaire, chance, depth - 1) for _ in range(2)] if depth else []
    kinds = [lambda: And(tuple(inner)), lambda: Or(tuple(inner)), lambda: Not(inner[0])]
    if depth and chance.random() < 0.7:
        return chance.choice(kinds)()
    if questionnaire.bases and chance.random() < 0.1:
        return Named(chance.choice(questionnaire.bases).code)
    return atom(chance.choice(questionnaire.questions), chance)


def atom(question: Question, chance: random.Random) -> Condition:
    code = question.code
    codes = boxes(question)
    values = tuple(chance.sample(codes, chance.randint(1, min(3, len(codes))))) if codes else ()
    match question.type:
        case "single":
            kinds = [Is(code, values)]
        case "multiple":
            kinds = [Has(code, chance.choice(question.options).code)]
        case "grid":
            row = chance.choice(question.rows).code
            sign, threshold = chance.choice([*ORDERS, "="]), chance.randint(0, len(question.rows))
            kinds = [Is(code, values, row), AnyRow(code, values), AllRows(code, values)]
            kinds += [Count(code, values, sign, threshold), Answered(code, row)]
        case "number":
            number = chance.choice([-1.0, 0.0, 2.5, 3.0, 1e-7])
            kinds = [Compare(code, chance.choice([*ORDERS]), number), Is(code, ("0", str(number)))]
        case "text":
            kinds = []
    return chance.choice([*kinds, Answered(code)])


def without(definition: dict, wrong: str, written: str) -> dict:
    text = json.dumps(definition)
    assert wrong in text
    return json.loads(text.replace(wrong, written))


def test_a_wrong_condition_is_found():
    found = run(ROUTING)
    definition = surveyjs_definition(found.questionnaire)
    wrong = without(definition, "!({#taille} = '0')", "!({#taille} = '1-9')")
    expected = routed(found.questionnaire, found.responses)
    said = fill(wrong, found.people, walked=0)
    differing = [
        set(person["loaded"]) ^ names
        for person, names in zip(said["people"], expected, strict=True)
        if set(person["loaded"]) != names
    ]
    assert differing
    assert {name for names in differing for name in names} == {"outils[robot]"}


def test_a_hidden_grid_is_forgotten_because_conditions_name_it():
    """`{grid.row}` alone is not looked at again when survey-core empties the whole grid."""
    found = run(TRIAL)
    definition = surveyjs_definition(found.questionnaire)
    careless = without(definition, "{outils} notempty and ", "")
    expected = routed(found.questionnaire, found.responses)[:WALKED]
    said = fill(careless, found.people[:WALKED], WALKED)["people"]
    assert [set(person["loaded"]) for person in said] == expected
    assert [set(person["answered"]) for person in said] != expected


def test_what_is_wrong_or_missing_is_refused_in_french():
    definition = surveyjs_definition(load_questionnaire(COMPLETE))
    known = {"sorte": "10", "effectif__etat": [DONT_KNOW]}
    people = [{}, known | {"effectif__etat": []}, {"sorte": "10", "effectif": 41},
              {"sorte": "10", "effectif": -3}, {"sorte": "10", "effectif": 2.5},
              {"sorte": "10", "effectif": 3, "part": 0.25}, known]  # fmt: skip
    errors = [set(person["errors"]) for person in fill(definition, people, len(people))["people"]]
    due = "Cette question attend une réponse."
    assert errors[0] == {f"sorte: {due}", f"effectif: {due}"}
    assert errors[1:] == [
        {f"effectif: {due}"},
        {"effectif: 40 au plus."},
        {"effectif: −2 au moins."},
        {"effectif: La réponse est un nombre entier."},
        {"part: 0,5 au moins."},
        set(),
    ]
