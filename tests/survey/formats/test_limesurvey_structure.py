"""What is written to import in LimeSurvey, and that its answers come home."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from expressionscript_engine import taken
from limesurvey_cases import HEAD, YAML, questionnaire_of
from polars.testing import assert_frame_equal
from structure_cases import tricky_questionnaire

from survey.errors import QuestionnaireError
from survey.formats.limesurvey.checker import structure_faults
from survey.formats.limesurvey.codes import TECHNICAL, question_fields
from survey.formats.limesurvey.reading import read_export, write_export
from survey.formats.limesurvey.rows import read_structure
from survey.formats.limesurvey.structure import export_limesurvey, limesurvey_structure
from survey.generation import generate_responses
from survey.questionnaire import load_questionnaire

HERE = Path(__file__).parent
INSTRUMENTS = sorted((HERE.parents[2] / "survey" / "instruments").glob("*.yml"))
FILES = [HERE.parent / "routage.yml", HERE.parent / "essai.yml", *INSTRUMENTS]
WRITTEN_BESIDE = {*TECHNICAL, "lastpage", "startlanguage"}


def structure_of(questionnaire):
    structure, faults = read_structure(limesurvey_structure(questionnaire), "essai")
    assert faults == []
    return structure


def asked(structure, code):
    return next(each for each in structure.questions if each.head["name"] == code)


@pytest.fixture(scope="module")
def tricky(tmp_path_factory):
    return tricky_questionnaire(tmp_path_factory.mktemp("pieges"))


def questionnaires(folder):
    yield from (load_questionnaire(path) for path in FILES)
    yield tricky_questionnaire(folder)
    yield questionnaire_of(folder, YAML)


def exported_headings(structure) -> dict[str, set[str] | None]:
    """Headings of LimeSurvey's export of such a survey, with the codes each may hold."""
    headings = {}
    for each in structure.questions:
        code = each.head["name"]
        answers = {line["name"] for line in each.answers} | {""}
        other = {f"{code}[other]": None} if each.head["other"] == "Y" else {}
        match each.head["type/scale"]:
            case "L":
                headings |= {code: answers | ({"-oth-"} if other else set())} | other
            case "M":
                ticks = {f"{code}[{line['name']}]": {"Y", ""} for line in each.subquestions}
                headings |= ticks | other
            case "F":
                headings |= {f"{code}[{line['name']}]": answers for line in each.subquestions}
            case "N" | "S" | "T":
                headings[code] = None
    return headings


def test_the_structure_is_accepted_and_always_the_same(tmp_path):
    for number, questionnaire in enumerate(questionnaires(tmp_path)):
        path = tmp_path / f"{number}.txt"
        export_limesurvey(questionnaire, path)
        assert structure_faults(path) == []
        content = path.read_bytes()
        export_limesurvey(questionnaire, path)
        assert path.read_bytes() == content
        assert content.count(b"\n") == len(content.decode().splitlines())
        rows = list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter="\t"))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [cell for row in rows for cell in row if set("\\{}\n\t") & set(cell)]


def test_an_export_of_that_survey_is_what_our_reader_expects(tmp_path):
    for number, questionnaire in enumerate(questionnaires(tmp_path)):
        headings = exported_headings(structure_of(questionnaire))
        fields = [f.heading() for q in questionnaire.questions for f in question_fields(q)]
        assert set(headings) == set(fields)
        answers = generate_responses(questionnaire, 300, seed=number).with_columns(
            token=pl.format("t{}", "id"),
            submitted=pl.lit(None, pl.Datetime("us")),
            complete=pl.lit(True),
            duration_seconds=pl.lit(None, pl.Float64),
        )
        path = tmp_path / f"{number}.csv"
        write_export(answers, questionnaire, path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        assert set(rows[0]) - set(headings) == WRITTEN_BESIDE
        for heading, codes in headings.items():
            if codes is not None:
                assert {row[heading] for row in rows} <= codes, heading
        imported = read_export(path, questionnaire)
        assert imported.rejects.is_empty()
        columns = answers.drop("token", "submitted", "complete", "duration_seconds").columns
        assert_frame_equal(imported.responses.select(columns), answers.select(columns))


def test_each_kind_of_question_has_its_type_and_rules(tricky):
    structure = structure_of(tricky)
    types = {each.head["name"]: each.head["type/scale"] for each in structure.questions[:9]}
    assert types == {
        "taille": "L", "effectif": "S", "part": "S", "budget": "N", "poste": "L", "services": "M",
        "outils": "F", "recours": "F", "remarque": "T",
    }  # fmt: skip
    budget = asked(structure, "budget").head
    assert (budget["min_num_value_n"], budget["max_num_value_n"]) == ("0", "")
    effectif = asked(structure, "effectif").head
    assert effectif["validation"] == "/^(NSP|[0-9]+)$/"
    assert effectif["suffix"] == "personnes"
    services = asked(structure, "services").head
    assert services["exclude_all_others"] == "aucun;NSP"
    assert (services["other"], services["other_position"]) == ("Y", "beginning")
    taille = asked(structure, "taille")
    assert (taille.head["other_position"], taille.head["other_position_code"]) == (
        "specific",
        "A05",
    )
    assert [line["name"] for line in taille.answers] == [
        "0", "A02", "A03", "A04", "A05", "A07", "NSP"
    ]  # fmt: skip
    assert taille.head["other_replace_text"] == (
        "Une «\u202fautre\u202f» &lt;taille&gt; &#92; &quot;dite&quot;"
    )
    assert [line["name"] for line in structure.groups] == ["Thème", "Suite &amp; fin"]


def test_themes_that_come_back_make_a_group_each(tmp_path):
    structure = structure_of(load_questionnaire(HERE.parent / "essai.yml"))
    assert [line["name"] for line in structure.groups] == ["Profil", "Usages", "Profil"]
    order = [each.head["name"] for each in structure.questions]
    assert order == ["taille", "outils", "services", "part", "remarque"]


def test_the_survey_keeps_no_address_and_no_page_of_origin(tricky):
    settings = {line["name"]: line["text"] for line in structure_of(tricky).settings}
    private = ("ipaddr", "refurl", "usecookie", "savetimings", "publicstatistics", "listpublic")
    assert {settings[name] for name in private} == {"N"}
    assert (settings["language"], settings["format"], settings["active"]) == ("fr", "G", "N")
    texts = {line["name"]: line["text"] for line in structure_of(tricky).texts}
    assert texts["surveyls_welcometext"].startswith("<p>Bonjour.")
    assert texts["surveyls_dateformat"] == "5"


SMALL = {"taille": "0", "effectif": "12", "part": "9,5", "budget": "1.5", "poste": "dir"}
LARGE = SMALL | {"taille": "A07"}


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        (SMALL, set()),
        (LARGE | {"poste": "chef", "outils_image": "A03", "services_other": "un texte"}, set()),
        (SMALL | {"poste": "chef"}, {"poste"}),
        (SMALL | {"poste": "-oth-"}, {"poste"}),
        (SMALL | {"outils_image": "A03"}, {"outils"}),
        (SMALL | {"taille": "A02", "services_other": "un texte"}, {"services"}),
        (SMALL | {"effectif": "NSP", "part": "NSP"}, set()),
        (SMALL | {"effectif": "", "part": ""}, set()),
        (SMALL | {"effectif": "nsp"}, {"effectif"}),
        (SMALL | {"effectif": "501"}, {"effectif"}),
        (SMALL | {"effectif": "12,5"}, {"effectif"}),
        (SMALL | {"effectif": "-1"}, {"effectif"}),
        (SMALL | {"part": "-5"}, set()),
        (SMALL | {"part": "100,5"}, set()),
        (SMALL | {"part": "100,51"}, {"part"}),
        (SMALL | {"part": "-5.01"}, {"part"}),
        (SMALL | {"part": "12 %"}, {"part"}),
    ],
)
def test_an_answer_not_offered_or_out_of_bounds_is_refused(tricky, answers, refused):
    structure = structure_of(tricky)
    names = {f.heading("underscores") for q in tricky.questions for f in question_fields(q)}
    assert answers.keys() <= names
    assert taken(structure, dict.fromkeys(names, "") | answers)[1] == refused


def test_a_questionnaire_that_limesurvey_would_not_take_is_not_written(tmp_path):
    text = HEAD.split("bases:")[0] + (
        "questions:\n"
        "  - {code: le, type: text, text: Le, short: Le, theme: t, help: Aide,"
        " comparable: {status: own}}\n"
    )
    path = tmp_path / "structure.txt"
    with pytest.raises(QuestionnaireError) as error:
        export_limesurvey(questionnaire_of(tmp_path, text), path)
    message = str(error.value).replace("\u202f", " ")
    assert "LimeSurvey ne prendrait pas ce questionnaire" in message
    assert "« le » : code réservé par LimeSurvey. Choisir un autre code." in message
    assert not path.exists()
