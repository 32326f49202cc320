"""What an export of KoboToolbox or ODK Central may hold beside plain answers."""

import io
import zipfile
from datetime import datetime

import polars as pl
import pytest
from limesurvey_cases import HEAD, questionnaire_of
from odk_exports import export
from round_trips import every_questionnaire, generated, questionnaire_at

from survey.errors import ResponseError
from survey.formats.importing import read_answers_file
from survey.formats.odk.versions import FormVersion, read_form_version
from survey.formats.odk.xlsform import export_xlsform
from survey.formats.workbook import write_sheets
from survey.schema import check_responses

YAML = (
    HEAD.split("bases:")[0]
    + """
questions:
  - {code: usages, type: multiple, text: Usages, short: Usages, theme: t, help: Aide,
     dont_know: true,
     options: [{code: ecrit, label: Écrit}, {code: image, label: Image}, {code: son, label: Son},
               {code: autre, label: Autre, other: true}],
     comparable: {status: own}}
  - {code: avis, type: single, required: true, text: Avis, short: Avis, theme: t, help: Aide,
     options: [{code: pour, label: Pour}, {code: contre, label: Contre}],
     comparable: {status: own}}
  - {code: part, type: number, text: Part, short: Part, theme: t, help: Aide, dont_know: true,
     comparable: {status: own}}
"""
)
ROW = {
    "start": "2026-03-02T10:00:00.000+01:00", "end": "2026-03-02T10:05:30.500+01:00",
    "page/usages": "ecrit son", "page/usages/ecrit": "1", "page/usages/image": "0",
    "page/usages/son": "1", "page/usages/autre": "0", "page/usages/NSP": "0",
    "page/usages__autre__texte": "", "page/avis": "pour", "page/part": "12,5",
    "page/part__NSP": "", "__version__": "v1", "_id": "7", "_uuid": "u7",
    "_submission_time": "2026-03-02T09:06:00",
}  # fmt: skip


@pytest.fixture(scope="module")
def questionnaire(tmp_path_factory):
    return questionnaire_of(tmp_path_factory.mktemp("odk"), YAML)


def csv_of(rows):
    lines = [list(rows[0]), *[list(row.values()) for row in rows]]
    return "\n".join(";".join(f'"{cell}"' for cell in line) for line in lines) + "\n"


def read(folder, questionnaire, *rows, **options):
    rows = [row | {"_uuid": f"u{i}"} if "_uuid" in row else row for i, row in enumerate(rows, 1)]
    path = folder / "export.csv"
    path.write_text(csv_of(rows), encoding="utf-8-sig")
    imported = read_answers_file(path, questionnaire, **options)
    check_responses(imported.responses, questionnaire)
    report = imported.report
    assert report.rows_read == report.accepted + report.rejected == len(rows)
    return imported


def test_technical_columns_and_answers(tmp_path, questionnaire):
    answer = read(tmp_path, questionnaire, ROW).responses.row(0, named=True)
    assert (answer["id"], answer["token"], answer["complete"]) == ("u1", None, True)
    assert answer["submitted"] == datetime(2026, 3, 2, 9, 6)
    assert answer["duration_seconds"] == 330.5
    assert [answer[f"usages__{code}"] for code in ("ecrit", "image", "son", "autre")] == [
        True, False, True, False,
    ]  # fmt: skip
    assert (answer["avis"], answer["part"]) == ("pour", 12.5)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10)),
        ("2026-03-02T10:00:00.000Z", datetime(2026, 3, 2, 10)),
        ("2026-03-02T10:00:00.123456+02:00", datetime(2026, 3, 2, 8, 0, 0, 123456)),
        ("2026-03-02 10:00:00", datetime(2026, 3, 2, 10)),
        ("", None),
    ],
)
def test_dates_are_in_utc(tmp_path, questionnaire, date, expected):
    responses = read(tmp_path, questionnaire, ROW | {"_submission_time": date}).responses
    assert responses["submitted"].to_list() == [expected]


def test_a_date_that_is_none_sets_the_row_aside(tmp_path, questionnaire):
    rejects = read(tmp_path, questionnaire, ROW | {"_submission_time": "hier"}).rejects
    assert rejects.select("colonne", "valeur").row(0) == ("_submission_time", "hier")


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("True", "False"), ("1.0", ""), ("TRUE", "")])
def test_boxes_alone_in_every_writing(tmp_path, questionnaire, yes, no):
    row = {name: cell for name, cell in ROW.items() if name != "page/usages"}
    boxes = {name: yes if cell == "1" else no for name, cell in row.items() if "usages/" in name}
    answer = read(tmp_path, questionnaire, row | boxes).responses.row(0, named=True)
    assert (answer["usages__ecrit"], answer["usages__son"]) == (True, True)
    assert answer["usages__image"] is (None if no == "" else False)  # empty: not offered


@pytest.mark.parametrize(
    "change",
    [{"page/usages": "ecrit"}, {"page/usages": ""}, {"page/usages/image": "1"}],
)
def test_two_writings_that_disagree_are_erased_and_noted(tmp_path, questionnaire, change):
    imported = read(tmp_path, questionnaire, ROW | change, ROW)
    reject = imported.rejects.row(0, named=True)
    assert imported.rejects.height == 1
    assert (reject["ligne"], reject["colonne"]) == (2, "usages")
    assert reject["motif"] == "deux écritures de la réponse qui se contredisent"
    assert reject["decision"] == "valeur effacée"
    assert imported.responses["usages__etat"].to_list() == ["NR", "repondu"]


def test_an_option_that_is_not_ours_sets_the_row_aside(tmp_path, questionnaire):
    imported = read(tmp_path, questionnaire, ROW | {"page/usages": "ecrit son vieux"}, ROW)
    assert imported.report.causes == {"code inconnu": 1}
    assert imported.rejects["valeur"].to_list() == ["vieux"]
    assert imported.responses["id"].to_list() == ["u2"]


def test_a_number_beside_its_dont_know_is_erased(tmp_path, questionnaire):
    rows = [ROW | {"page/part__NSP": "NSP"}, ROW | {"page/part__NSP": "NSP", "page/part": ""}]
    imported = read(tmp_path, questionnaire, *rows)
    assert imported.responses["part__etat"].to_list() == ["NR", "NSP"]
    assert imported.rejects["motif"].to_list() == ["réponses qui s’excluent"]


def test_an_answer_refused_in_the_tool_is_set_aside(tmp_path, questionnaire):
    rows = [ROW | {"_validation_status": status} for status in ("Not Approved", "Approved", "")]
    imported = read(tmp_path, questionnaire, *rows)
    assert imported.report.causes == {"réponse refusée dans l’outil de collecte": 1}
    assert imported.responses["id"].to_list() == ["u2", "u3"]


def test_contact_and_device_columns_are_named_and_left_out(tmp_path, questionnaire):
    row = ROW | {"username": "jo", "deviceid": "imei:1", "page/mystere": "x", "_notes": "n",
                 "page/entete_avis": "", "_tags": ""}  # fmt: skip
    imported = read(tmp_path, questionnaire, row)
    assert imported.report.contact_columns == ("username", "deviceid")
    assert imported.report.unknown_columns == ("page/mystere",)
    assert "jo" not in imported.responses.write_csv()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: {n: c for n, c in row.items() if n != "page/avis"}, "manque : avis"),
        (lambda row: {n: c for n, c in row.items() if n not in ("_uuid", "_id")}, "_uuid"),
        (lambda row: row | {"autre/avis": "pour"}, r"en double : page/avis \(colonnes 10 et 17\)"),
        (lambda row: {"_uuid": "u", "x": "1"}, "aucune question du questionnaire « essai »"),
    ],
)
def test_missing_and_double_columns_are_refused(tmp_path, questionnaire, change, said):
    with pytest.raises(ResponseError, match=said):
        read(tmp_path, questionnaire, change(ROW))


SOON = ROW | {"page/usages": "ecrit", "page/usages/son": "", "page/usages/image": "0"}
LATE = ROW | {"__version__": "v2"}


def test_described_versions_tell_which_boxes_were_offered(tmp_path, questionnaire):
    every = {"usages__etat", "usages__ecrit", "usages__autre", "avis", "part__etat", "part"}
    versions = [
        FormVersion("v1", frozenset(every | {"usages__image"})),
        FormVersion("v2", frozenset((every | {"usages__son"}) - {"part__etat", "part"})),
    ]
    rows = [SOON, LATE | {"page/part": ""}, ROW | {"__version__": "v9"}, LATE]
    imported = read(tmp_path, questionnaire, *rows, versions=versions)
    answers = imported.responses
    assert answers["usages__image"].to_list() == [False, None, False, None]
    assert answers["usages__son"].to_list() == [None, True, True, True]
    assert answers["part__etat"].to_list() == ["repondu", None, "repondu", None]
    assert "1 réponse(s) d’une version" in " ".join(imported.report.remarks)
    # an answer to what its version did not ask is not believed
    assert imported.rejects.select("ligne", "colonne").rows() == [(5, "part")]


def test_an_answer_of_a_doubtful_version_has_no_invented_no(tmp_path, questionnaire):
    every = {"usages__etat", "usages__ecrit", "usages__autre", "usages__son", "avis",
             "part__etat", "part"}  # fmt: skip
    versions = [
        FormVersion("a", frozenset(every | {"usages__image"})),
        FormVersion("b", frozenset(every)),
    ]
    row = {name: cell for name, cell in ROW.items() if name != "__version__"}
    answers = read(tmp_path, questionnaire, row, versions=versions).responses
    assert answers["usages__image"].to_list() == [None]
    assert answers["usages__son"].to_list() == [True]


def test_versions_not_described_are_told(tmp_path, questionnaire):
    imported = read(tmp_path, questionnaire, SOON, LATE)
    assert imported.responses["usages__son"].to_list() == [None, True]
    assert "mêle 2 versions" in imported.report.remarks[0]


def test_a_version_is_read_from_its_xlsform(tmp_path, questionnaire):
    usages, *others = questionnaire.questions
    former = questionnaire.model_copy(update={
        "questions": (usages.model_copy(update={"options": usages.options[:2]}), others[0])
    })  # fmt: skip
    export_xlsform(former, tmp_path / "v1.xlsx")
    version = read_form_version(tmp_path / "v1.xlsx", questionnaire, "v1")
    assert version.columns == {"usages__etat", "usages__ecrit", "usages__image", "avis"}
    assert read_form_version(tmp_path / "v1.xlsx", questionnaire).id.startswith("toutes-")


def test_what_is_no_xlsform_is_refused(tmp_path, questionnaire):
    path = tmp_path / "v1.xlsx"
    path.write_bytes(b"PK rien")
    with pytest.raises(ResponseError, match="coupé ou abîmé"):
        read_form_version(path, questionnaire)
    write_sheets({"Feuille": (["a"], [{"a": "1"}])}, path)
    with pytest.raises(ResponseError, match="pas un XLSForm"):
        read_form_version(path, questionnaire)


@every_questionnaire
def test_every_xlsform_of_ours_offers_every_column(tmp_path, path):
    questionnaire = questionnaire_at(path)
    export_xlsform(questionnaire, tmp_path / "form.xlsx")
    version = read_form_version(tmp_path / "form.xlsx", questionnaire, "v1")
    responses = generated(questionnaire, 20)
    (tmp_path / "export.csv").write_text(export(responses, questionnaire), encoding="utf-8")
    imported = read_answers_file(tmp_path / "export.csv", questionnaire, versions=[version])
    assert imported.rejects.is_empty()
    assert "not_offered" not in imported.responses.columns


REPEAT = "enfants,PARENT_KEY,KEY\n3,uuid:1,uuid:1/enfants[1]\n5,uuid:1,uuid:1/enfants[2]\n"


def central(questionnaire, folder):
    responses = generated(questionnaire, 4).with_columns(token=pl.col("token"))
    return responses, export(responses, questionnaire, tool="central")


def test_rows_of_a_repeat_are_listed_not_lost(tmp_path, questionnaire):
    responses, text = central(questionnaire, tmp_path)
    path = tmp_path / "central.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("form.csv", text)
        archive.writestr("form-enfants.csv", REPEAT)
    imported = read_answers_file(path, questionnaire)
    assert imported.report.tool == "ODK Central"
    assert imported.report.accepted == responses.height
    assert imported.report.other_rows == 2
    listed = imported.rejects.filter(decision="ligne non reprise")
    assert listed.select("ligne", "id").rows() == [(2, "uuid:1"), (3, "uuid:1")]
    assert "form-enfants.csv" in listed["motif"][0]


def test_a_repeat_alone_is_refused(tmp_path, questionnaire):
    (tmp_path / "enfants.csv").write_text(REPEAT, encoding="utf-8")
    with pytest.raises(ResponseError, match=r"table de répétition \(enfants.csv, 2 lignes\)"):
        read_answers_file(tmp_path / "enfants.csv", questionnaire)


def test_a_zip_without_table_or_damaged_is_refused(tmp_path, questionnaire):
    path = tmp_path / "central.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"x" * 50)
    with pytest.raises(ResponseError, match="sans fichier CSV"):
        read_answers_file(path, questionnaire)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("form.csv", central(questionnaire, tmp_path)[1] * 20)
    damaged = bytearray(content.getvalue())
    damaged[200:230] = b"\x55" * 30
    path.write_bytes(damaged)
    with pytest.raises(ResponseError, match="abîmé"):
        read_answers_file(path, questionnaire)
