"""What LimeSurvey would show is what the routing says, on a thousand answers a questionnaire."""

from pathlib import Path

import polars as pl
import pytest
from expressionscript_engine import taken, truth, with_stale_answers
from structure_cases import CONDITIONS, tricky_questionnaire

from survey.conditions import Everyone, Named, Not, parse
from survey.formats.limesurvey.questions import limesurvey_type
from survey.formats.limesurvey.relevance import to_limesurvey
from survey.formats.limesurvey.rows import read_structure
from survey.formats.limesurvey.structure import limesurvey_structure
from survey.formats.limesurvey.writing import question_cells
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire
from survey.routing import effective_base, to_polars

SURVEY = Path(__file__).parents[1]
INSTRUMENTS = sorted((Path(__file__).parents[3] / "survey" / "instruments").glob("*.yml"))
FILES = [SURVEY / "routage.yml", SURVEY / "essai.yml", *INSTRUMENTS]


@pytest.fixture(scope="module")
def tricky(tmp_path_factory):
    """The questionnaire of every condition, and answers to it."""
    questionnaire = tricky_questionnaire(tmp_path_factory.mktemp("pieges"))
    return questionnaire, generate_responses(questionnaire, 1000, seed=4)


def shown_by_routing(questionnaire, responses) -> list[set[str]]:
    """Names of the questions and subquestions that Polars says are shown, a set per row."""
    masks = {}
    for question in questionnaire.questions:
        masks[question.code] = effective_base(question)
        if question.type in ("grid", "multiple"):
            items = {item.code: item for item in (*question.rows, *question.options)}
            for field, _ in question_cells(question):
                if field.part != "other":
                    item = items.get(field.part)
                    masks[field.heading("underscores")] = effective_base(question, item)
    table = responses.with_columns(
        to_polars(condition, questionnaire).alias(f"shown:{name}")
        for name, condition in masks.items()
    )
    return [
        {name for name in masks if row[f"shown:{name}"]}
        for row in table.select(pl.col("^shown:.*$")).iter_rows(named=True)
    ]


def limesurvey_cells(questionnaire, responses) -> list[dict]:
    """Answers by LimeSurvey's names; None where not shown. A number typed as a text has a comma."""
    cells = [
        (
            cell.str.replace(".", ",", literal=True) if limesurvey_type(question) == "S" else cell
        ).alias(field.heading("underscores"))
        for question in questionnaire.questions
        for field, cell in question_cells(question)
    ]
    return list(responses.select(cells).iter_rows(named=True))


def assert_same(questionnaire, responses):
    """LimeSurvey's engine shows what the routing shows, and takes every answer."""
    structure, faults = read_structure(limesurvey_structure(questionnaire), "essai")
    assert faults == []
    cells = with_stale_answers(limesurvey_cells(questionnaire, responses), seed=5)
    expected = shown_by_routing(questionnaire, responses)
    for row, wanted in zip(cells, expected, strict=True):
        seen, refused = taken(structure, row)
        assert seen == wanted, sorted(seen ^ wanted)
        assert refused == set()
    return expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_limesurvey_shows_what_the_routing_says(path):
    questionnaire = load_questionnaire(path)
    assert_same(questionnaire, generate_responses(questionnaire, 250, seed=4))


def test_every_kind_of_condition_shows_what_the_routing_says(tricky):
    expected = assert_same(*tricky)
    shown = pl.DataFrame(
        [{f"c{n}": f"c{n}" in names for n in range(len(CONDITIONS))} for names in expected]
    )
    settled = [CONDITIONS[int(c[1:])] for c in shown.columns if shown[c].n_unique() == 1]
    assert settled == []  # each condition is met by some and not by others


@pytest.mark.parametrize(
    ("condition", "naive"),
    [
        ("effectif <= 0", "effectif.NAOK <= 0"),
        ("part > 9.75", "part.NAOK > 9.75"),
        ("effectif > 9", '(is_numeric(effectif.NAOK) and effectif.NAOK > "9")'),
        ("count(recours = \"0\") = 0", 'countif("0", recours_r1.NAOK, recours_r2.NAOK) == 0'),
        ("all(outils) = non",
         '(outils_SQ001.NAOK == "non" and outils_image.NAOK == "non" '
         'and outils_robot.NAOK == "non")'),
    ],
)  # fmt: skip
def test_the_obvious_expression_would_be_wrong(tricky, condition, naive):
    questionnaire, responses = tricky
    wanted = responses.select(shown=to_polars(parse(condition), questionnaire))["shown"].to_list()
    cells = limesurvey_cells(questionnaire, responses)

    def found(text):
        return [
            truth(text, lambda name, row=row: (row[name] or "", name == "budget")) for row in cells
        ]

    assert found(to_limesurvey(parse(condition), questionnaire)) == wanted
    assert found(naive) != wanted


def test_expressions_read_like_this(tricky):
    questionnaire, _ = tricky
    written = {
        "taille = grande": 'taille.NAOK == "A07"',
        "taille != autre": '!(taille.NAOK == "-oth-")',
        "services has autre": "!is_empty(services_other.NAOK)",
        "services has usine": 'services_usine.NAOK == "Y"',
        "budget >= 100.5": "(is_numeric(budget.NAOK) and budget.NAOK >= 100.5)",
        "outils.robot in (oui, NSP)":
            '(outils_robot.NAOK == "oui" or outils_robot.NAOK == "NSP")',
        "count(recours = \"1\") > 0":
            'countif("1", recours_r1.NAOK, recours_r2.NAOK) > 0',
        "answered(remarque)": "!is_empty(trim(remarque.NAOK))",
    }  # fmt: skip
    for condition, expected in written.items():
        assert to_limesurvey(parse(condition), questionnaire) == expected
    assert to_limesurvey(Everyone(), questionnaire) == "1"
    assert to_limesurvey(Not(Named("grandes")), questionnaire) == (
        '!((taille.NAOK == "A05" or taille.NAOK == "A07"))'
    )
