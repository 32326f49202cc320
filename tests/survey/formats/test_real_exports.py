"""Real exports of LimeSurvey and KoboToolbox, beside the project where the team has them."""

import json

import polars as pl
import pytest
from limesurvey_cases import HEAD, REAL_EXPORTS, questionnaire_of

from survey.errors import ResponseError
from survey.formats.importing import read_answers_file
from survey.formats.odk.versions import form_version
from survey.schema import check_responses

pytestmark = pytest.mark.skipif(
    not REAL_EXPORTS.is_dir(), reason="exports réels absents de cette machine"
)

QUESTIONS = HEAD.split("bases:")[0] + "questions:\n"
COFFEE = (
    QUESTIONS
    + """
  - {code: cafe, type: multiple, text: Quel café ?, short: Café, theme: t, help: Aide,
     options: [{code: french, label: Français}, {code: italian, label: Italien},
               {code: american, label: Américain}, {code: british, label: Anglais}],
     comparable: {status: own}}
  - {code: machine, type: text, text: Quelle machine ?, short: Machine, theme: t, help: Aide,
     comparable: {status: own}}
"""
)
NAMES = {"favorite_coffee_type": "cafe", "brand_of_coffee_machine": "machine"}


@pytest.fixture(scope="module")
def coffee(tmp_path_factory):
    return questionnaire_of(tmp_path_factory.mktemp("cafe"), COFFEE)


def versions(questionnaire):
    """The two versions of the form, from what KoboToolbox says of them."""
    text = (REAL_EXPORTS / "kobo_formpack_two_versions.json").read_text(encoding="utf-8")
    found = []
    for version in json.loads(text):
        choices = {choice["name"] for choice in version["content"]["choices"]}
        offered = {NAMES[line["name"]]: choices for line in version["content"]["survey"]}
        found.append(form_version(version["version"], offered, questionnaire))
    return found


TICKS = ["cafe__french", "cafe__italian", "cafe__american", "cafe__british"]
EXPECTED = [
    (True, True, False, None),
    (False, True, False, None),
    (False, False, True, None),
    (True, None, False, False),
    (False, None, True, True),
]


def read_coffee(questionnaire, **options):
    return read_answers_file(
        REAL_EXPORTS / "kobo_formpack_two_versions.csv", questionnaire, bare=True, names=NAMES,
        **options,
    )  # fmt: skip


def test_an_option_that_a_version_did_not_offer_is_no_no(coffee):
    imported = read_coffee(coffee, versions=versions(coffee))
    assert imported.report.tool == "KoboToolbox"
    assert (imported.report.accepted, imported.rejects.height) == (5, 0)
    check_responses(imported.responses, coffee)
    assert imported.responses.select(TICKS).rows() == EXPECTED
    assert imported.responses["machine"].to_list()[-1] == "Keurig"
    withheld = imported.responses["not_offered"].to_list()
    assert withheld == [["cafe__british"]] * 3 + [["cafe__italian"]] * 2
    assert any("cafe__british, cafe__italian" in remark for remark in imported.report.remarks)


def test_without_its_versions_the_file_tells_the_same(coffee):
    # italian is 0 in both answers that have a box british: nobody ticked it beside that box
    imported = read_coffee(coffee)
    check_responses(imported.responses, coffee)
    assert imported.responses.select(TICKS).rows() == EXPECTED


RSE = (
    QUESTIONS
    + """
  - {code: edu1, type: single, text: Diplôme, short: Diplôme, theme: t, help: Aide,
     options: [{code: phd, label: PhD},
               {code: wom, label: WO (Wetenschappelijk onderwijs) Master},
               {code: wob, label: WO (Wetenschappelijk onderwijs) Bachelor},
               {code: hbob, label: HBO (Hoger beroepsonderwijs) Bachelor},
               {code: hbom, label: HBO (Hoger beroepsonderwijs) Master}],
     comparable: {status: own}}
  - {code: rse1, type: single, required: true, text: Code, short: Code, theme: t, help: Aide,
     options: [{code: oui, label: "Yes"}, {code: non, label: "No"}], comparable: {status: own}}
  - {code: soft1can, type: number, integer: true, text: Ans, short: Ans, theme: t, help: Aide,
     minimum: 0, maximum: 70, comparable: {status: own}}
  - {code: likert1, type: grid, text: Travail, short: Travail, theme: t, help: Aide,
     options: [{code: n1, label: Never}, {code: n2, label: Sometimes}, {code: n3, label: Often},
               {code: n4, label: Very Often}, {code: n5, label: Always}],
     rows: [{code: perfCheck4, label: But}, {code: perfCheck7, label: Collègues}],
     comparable: {status: own}}
  - {code: proj4can, type: multiple, text: Essais, short: Essais, theme: t, help: Aide,
     options: [{code: "1", label: Aucun}, {code: "2", label: Développeurs},
               {code: "3", label: Testeurs}, {code: "4", label: Usagers}],
     comparable: {status: own}}
"""
)


def test_the_dutch_survey_is_read_with_its_texts_and_labels(tmp_path):
    questionnaire = questionnaire_of(tmp_path, RSE)
    imported = read_answers_file(
        REAL_EXPORTS / "ls_responses_rse_nl2017.csv", questionnaire, bare=True
    )
    report, answers = imported.report, imported.responses
    assert (report.tool, report.rows_read, report.accepted) == ("LimeSurvey", 77, 77)
    assert imported.rejects.is_empty()
    check_responses(answers, questionnaire)
    counts = answers["edu1"].cast(pl.String).value_counts()
    assert dict(counts.iter_rows()) == {"phd": 43, "wom": 29, "wob": 2, "hbob": 2, "hbom": 1}
    assert answers["rse1"].cast(pl.String).value_counts().sort("rse1").rows() == [
        ("non", 2),
        ("oui", 75),
    ]
    assert answers["soft1can"].to_list()[:1] == [8]
    assert (answers["likert1__perfCheck4"] == "NR").sum() == 4
    assert (answers["likert1__perfCheck7"] == "n1").sum() == 3
    assert answers["proj4can__2"].sum() == 65
    assert (answers["proj4can__etat"] == "NR").sum() == 2
    assert any("numéro de ligne" in remark for remark in report.remarks)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kobo_formpack_two_versions.csv", "5 lignes, 6 colonnes.*favorite_coffee_type"),
        ("kobo_formpack_two_versions.json", "JSON de KoboToolbox : 2 versions.*5 réponses"),
        ("ls_responses_rse_nl2017.csv", "77 lignes, 131 colonnes"),
        ("ls_structure_db638.lss", "structure de questionnaire LimeSurvey"),
        ("ls_structure_rse_nl2017.txt", "structure de questionnaire LimeSurvey"),
        ("README.md", "aucun séparateur"),
    ],
)
def test_a_file_of_something_else_is_described_and_refused(questionnaire, name, said):
    with pytest.raises(ResponseError, match=f"(?s){said}"):
        read_answers_file(REAL_EXPORTS / name, questionnaire)


def test_every_real_file_is_tried():
    names = {path.name for path in REAL_EXPORTS.iterdir()}
    assert len(names) == 6, "un export réel nouveau : le lire ici aussi"
