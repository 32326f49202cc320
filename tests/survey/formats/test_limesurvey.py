import csv
import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from survey.columns import empty_responses
from survey.errors import QuestionnaireError, ResponseError
from survey.formats.limesurvey import read_export, write_export
from survey.questionnaire import load_questionnaire
from survey.schema import check_responses

REAL_EXPORTS = Path(__file__).parents[4] / "shared" / "reference" / "exports"

HEAD = """
code: essai
title: Essai
population: entreprises
introduction: Bonjour.
themes: {t: Thème}
bases:
  - {code: utilisatrices, label: entreprises utilisatrices, condition: any(techno) = oui}
questions:
"""
YAML = (
    HEAD
    + """
  - {code: taille, type: single, required: true, text: Taille, short: Taille,
     options: [{code: "0", label: Aucun}, {code: 10-49, label: Dix}, {code: grande, label: Grande}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: techno, type: grid, base: taille != "0", dont_know: true, text: Outils, short: Outils,
     options: [{code: oui, label: Oui}, {code: non, label: Non}],
     rows: [{code: ttm, label: Texte}, {code: apprendre, label: Apprendre},
            {code: son, label: Son, only_if: taille = grande}, {code: img, label: Image}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: fonctions, type: multiple, base: utilisatrices, dont_know: true, text: Quoi, short: Quoi,
     options: [{code: vente, label: Vente}, {code: marketing, label: Marketing},
               {code: usine, label: Usine, only_if: taille = grande},
               {code: autre, label: Autre, other: true},
               {code: aucune, label: Aucune, exclusive: true}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: poste, type: single, text: Poste, short: Poste,
     options: [{code: dir, label: Direction}, {code: chef, label: Chef, only_if: taille = grande},
               {code: autre, label: Autre, other: true}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: part, type: number, base: fonctions has marketing, dont_know: true, text: Part,
     short: Part, minimum: 0, maximum: 100, theme: t, help: Aide, comparable: {status: own}}
  - {code: effectif, type: number, text: Effectif, short: Effectif, integer: true, minimum: 0,
     theme: t, help: Aide, comparable: {status: own}}
  - {code: remarque, type: text, text: Remarque, short: Remarque, theme: t, help: Aide,
     comparable: {status: own}}
"""
)


@pytest.fixture(scope="session")
def questionnaire(tmp_path_factory):
    return questionnaire_of(tmp_path_factory.mktemp("questionnaire"), YAML)


def questionnaire_of(folder, text):
    path = folder / "essai.yml"
    path.write_text(text, encoding="utf-8")
    return load_questionnaire(path)


# A valid answer of a firm without employees, as LimeSurvey writes it.
ROW = {
    "id": "1", "submitdate": "2026-03-01 10:00:00", "token": "t1", "taille": "0",
    "techno[ttm]": "", "techno[SQ002]": "", "techno[son]": "", "techno[img]": "",
    "fonctions[vente]": "", "fonctions[SQ002]": "", "fonctions[usine]": "", "fonctions[other]": "",
    "fonctions[SQ005]": "", "fonctions[NSP]": "", "poste": "dir", "poste[other]": "",
    "part": "", "effectif": "3", "remarque": "",
}  # fmt: skip
# The same of a large firm that uses AI for marketing.
LARGE = ROW | {
    "taille": "A03", "techno[ttm]": "oui", "techno[SQ002]": "non", "techno[son]": "non",
    "techno[img]": "NSP", "fonctions[SQ002]": "Y", "part": "50",
}  # fmt: skip


def read(folder, questionnaire, *rows, **options):
    """Import rows given as dicts of cells, all with the headings of the first."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "export.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    imported = read_export(path, questionnaire, **options)
    check_responses(imported.responses, questionnaire)
    report = imported.report
    assert report.rows_read == report.accepted + report.rejected == len(rows)
    return imported


def only_reject(imported):
    assert imported.rejects.height == 1
    return imported.rejects.row(0, named=True)


def numbered(*rows):
    return [row | {"id": str(i), "token": f"t{i}"} for i, row in enumerate(rows, 1)]


# --- what is accepted


def test_an_answer_is_read_with_limesurvey_codes(tmp_path, questionnaire):
    answer = read(tmp_path, questionnaire, LARGE).responses.row(0, named=True)
    assert answer["submitted"] == datetime(2026, 3, 1, 10)
    assert (answer["taille"], answer["techno__apprendre"], answer["techno__img"]) == (
        "grande",
        "non",
        "NSP",
    )
    assert answer["fonctions__etat"] == "repondu"
    assert (answer["fonctions__marketing"], answer["fonctions__vente"]) == (True, False)
    assert (answer["part"], answer["effectif"], answer["remarque__etat"]) == (50.0, 3, "NR")


@pytest.mark.parametrize(
    "rename",
    [
        lambda code: code.replace("[", "_").replace("]", ""),
        lambda code: code.replace("SQ002", "apprendre" if "techno" in code else "marketing"),
        lambda code: f"{code}. Le texte de la question [la ligne]",
        lambda code: f"{code} : Le texte, en entier",
        lambda code: f" {code} ",
    ],
)
def test_headings_are_codes_in_any_form(tmp_path, questionnaire, rename):
    expected = read(tmp_path, questionnaire, LARGE)
    renamed = {rename(code): value for code, value in LARGE.items()}
    found = read(tmp_path, questionnaire, renamed)
    assert_frame_equal(found.responses, expected.responses)
    assert found.report.unknown_columns == ()


def test_own_answer_codes_are_read_like_those_of_limesurvey(tmp_path, questionnaire):
    first, second = numbered(LARGE, LARGE | {"taille": "grande"})
    responses = read(tmp_path, questionnaire, first, second).responses
    assert responses["taille"].to_list() == ["grande", "grande"]


@pytest.mark.parametrize(("ticked", "unticked"), [("Y", ""), ("Y", "N"), ("1", "0"), ("1", "2")])
def test_ticks_in_every_coding_of_limesurvey(tmp_path, questionnaire, ticked, unticked):
    ticks = {code: unticked for code in LARGE if code.startswith("fonctions")}
    row = LARGE | ticks | {"fonctions[SQ002]": ticked}
    answer = read(tmp_path, questionnaire, row).responses.row(0, named=True)
    assert [answer[f"fonctions__{code}"] for code in ("vente", "marketing", "autre")] == [
        False,
        True,
        False,
    ]
    assert answer["fonctions__autre__texte"] is None


def test_nothing_ticked_is_left_blank_and_dont_know_is_an_answer(tmp_path, questionnaire):
    nothing = LARGE | {"fonctions[SQ002]": "", "part": ""}
    rows = numbered(nothing, nothing | {"fonctions[NSP]": "Y"})
    responses = read(tmp_path, questionnaire, *rows).responses
    assert responses["fonctions__etat"].to_list() == ["NR", "NSP"]
    assert responses["fonctions__vente"].to_list() == [None, None]


def test_other_is_read_from_its_code_or_from_its_text_alone(tmp_path, questionnaire):
    rows = numbered(
        ROW | {"poste": "-oth-", "poste[other]": "Artisan"},
        ROW | {"poste": "", "poste[other]": "Artisan"},
        ROW | {"poste": "-oth-"},
        LARGE | {"fonctions[other]": "Accueil"},
    )
    responses = read(tmp_path, questionnaire, *rows).responses
    assert responses["poste"].to_list()[:3] == ["autre"] * 3
    assert responses["poste__autre__texte"].to_list()[:3] == ["Artisan", "Artisan", None]
    assert responses["fonctions__autre"].to_list()[3] is True
    assert responses["fonctions__autre__texte"].to_list()[3] == "Accueil"


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12,5", 12.5), ("12.5", 12.5), (".5", 0.5), ("7.0000000000", 7.0), ("1e1", 10.0)],
)
def test_decimal_numbers(tmp_path, questionnaire, cell, value):
    responses = read(tmp_path, questionnaire, LARGE | {"part": cell}).responses
    assert responses["part"].to_list() == [value]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12.0000000000", 12), ("1 200", 1200), ("1\u202f200", 1200), ("12,", 12), ("+3", 3)],
)
def test_whole_numbers(tmp_path, questionnaire, cell, value):
    responses = read(tmp_path, questionnaire, ROW | {"effectif": cell}).responses
    assert responses["effectif"].to_list() == [value]


def test_not_shown_is_empty_and_a_formula_guard_is_removed(tmp_path, questionnaire):
    row = ROW | {"part": "N/A", "techno[ttm]": "N/A", "remarque": "'=1+1"}
    imported = read(tmp_path, questionnaire, row)
    assert imported.rejects.is_empty()
    assert imported.responses["remarque"].to_list() == ["=1+1"]


def test_1980_is_complete_without_date(tmp_path, questionnaire):
    row = ROW | {"submitdate": "1980-01-01 00:00:00"}
    responses = read(tmp_path, questionnaire, row).responses
    assert responses.select("submitted", "complete").row(0) == (None, True)


def test_duration_is_timed_or_else_counted_from_the_start(tmp_path, questionnaire):
    start = {"startdate": "2026-03-01 09:50:00"}
    rows = numbered(
        ROW | {"interviewtime": "321,5"} | start,
        ROW | {"interviewtime": ""} | start,
        ROW | {"interviewtime": "-4"} | start,
    )
    durations = read(tmp_path, questionnaire, *rows).responses["duration_seconds"]
    assert durations.to_list() == [321.5, 600.0, None]


def test_vv_escapes_are_undone(tmp_path, questionnaire):
    codes = [code.replace("[", "_").replace("]", "") for code in ROW]
    row = ROW | dict.fromkeys((code for code in ROW if "[" in code), "{question_not_shown}")
    row |= {
        "remarque": "{quote}a{newline}b{tab}c {lbrace}newline} {cr}",
        "part": "{question_not_shown}",
    }
    path = tmp_path / "vvexport.csv"
    lines = ["\t".join(["un intitulé"] * len(codes)), "\t".join(codes), "\t".join(row.values())]
    path.write_text("\n".join(lines), encoding="utf-8")
    imported = read_export(path, questionnaire)
    assert imported.report.vv
    assert imported.rejects.is_empty()
    assert imported.responses["remarque"].to_list() == ['"a\nb\tc {newline} \n']


# --- what is not


def test_unfinished_answers_are_kept_apart_or_kept_on_demand(tmp_path, questionnaire):
    rows = numbered(ROW, LARGE | {"submitdate": "", "part": ""})
    imported = read(tmp_path, questionnaire, *rows)
    assert only_reject(imported)["motif"] == "réponse non terminée"
    assert imported.report.unfinished == 1
    kept = read(tmp_path, questionnaire, *rows, keep_incomplete=True)
    assert kept.responses["complete"].to_list() == [True, False]
    assert kept.responses["part__etat"].to_list() == [None, "NR"]


def test_of_a_token_the_complete_then_the_latest_answer_is_kept(tmp_path, questionnaire):
    dates = ["2026-03-02 10:00:00", "2026-03-05 10:00:00", "1980-01-01 00:00:00", ""]
    rows = [row | {"token": "tt", "submitdate": date} for row, date in
            zip(numbered(ROW, ROW, ROW, ROW), dates, strict=True)]  # fmt: skip
    imported = read(tmp_path, questionnaire, *rows, keep_incomplete=True)
    assert imported.responses["id"].to_list() == ["2"]
    assert imported.rejects["ligne"].to_list() == [2, 4, 5]
    assert set(imported.rejects["motif"]) == {
        "doublon du jeton (la réponse gardée est celle de la ligne 3)"
    }
    assert imported.report.duplicates == 3


def test_of_a_token_a_complete_answer_without_date_beats_a_later_unfinished_one(
    tmp_path, questionnaire
):
    complete, unfinished = (row | {"token": "tt", "datestamp": ""} for row in numbered(ROW, ROW))
    complete |= {"submitdate": "1980-01-01 00:00:00"}
    unfinished |= {"submitdate": "", "datestamp": "2026-03-09 10:00:00"}
    imported = read(tmp_path, questionnaire, complete, unfinished, keep_incomplete=True)
    assert imported.responses["id"].to_list() == ["1"]


def test_an_invalid_answer_never_replaces_a_valid_one(tmp_path, questionnaire):
    valid, invalid = numbered(ROW, ROW | {"submitdate": "2026-03-09 10:00:00", "poste": "zut"})
    imported = read(tmp_path, questionnaire, valid | {"token": "tt"}, invalid | {"token": "tt"})
    assert imported.responses["id"].to_list() == ["1"]


def test_a_row_pasted_twice_is_taken_once(tmp_path, questionnaire):
    twice = read(tmp_path, questionnaire, ROW | {"token": ""}, ROW | {"token": ""})
    assert twice.report.causes == {"doublon de l’identifiant": 1}
    without_tokens = numbered(ROW, ROW)
    for row in without_tokens:
        del row["token"]
    assert read(tmp_path, questionnaire, *without_tokens).report.accepted == 2


@pytest.mark.parametrize(
    ("changes", "motif", "column", "value"),
    [
        ({"taille": "A09"}, "code inconnu (admis : 0, 10-49, grande)", "taille", "A09"),
        ({"techno[ttm]": "zut"}, "code inconnu (admis : oui, non, NSP)", "techno[ttm]", "zut"),
        (
            {"fonctions[vente]": "peut-être"},
            "code inconnu (admis : Y ou vide, 1 ou 0, 1 ou 2)",
            "fonctions[vente]",
            "peut-être",
        ),
        (
            {"part": "101"},
            "nombre hors bornes (attendu : nombre, au moins 0, au plus 100)",
            "part",
            "101",
        ),
        (
            {"part": "beaucoup"},
            "nombre illisible (attendu : nombre, au moins 0, au plus 100)",
            "part",
            "beaucoup",
        ),
        ({"part": "nan"}, "nombre illisible", "part", "nan"),
        ({"part": "1e999"}, "nombre illisible", "part", "1e999"),
        (
            {"effectif": "2,5"},
            "nombre illisible (attendu : nombre entier, au moins 0)",
            "effectif",
            "2,5",
        ),
        ({"effectif": "-1"}, "nombre hors bornes", "effectif", "-1"),
        ({"effectif": "9" * 30}, "nombre illisible", "effectif", "9" * 30),
        ({"taille": ""}, "question obligatoire sans réponse", "taille", None),
        ({"id": ""}, "identifiant absent", "id", None),
        (
            {"submitdate": "hier"},
            "date d’envoi illisible (attendu : 2026-03-15 10:30:00)",
            "submitdate",
            "hier",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside(
    tmp_path, questionnaire, changes, motif, column, value
):
    base = ROW if "taille" in changes else LARGE
    imported = read(tmp_path, questionnaire, base | changes)
    reject = imported.rejects.row(0, named=True)
    assert reject["motif"].startswith(motif)
    assert (reject["ligne"], reject["colonne"], reject["valeur"]) == (2, column, value)
    assert reject["decision"] == "ligne écartée"
    assert imported.responses.is_empty()


NOT_ASKED = "question non posée à ce répondant"


@pytest.mark.parametrize(
    ("base", "changes", "motif", "value", "answer"),
    [
        (ROW, {"techno[ttm]": "oui"}, NOT_ASKED, "oui", ("techno__ttm", None)),
        (ROW, {"techno[ttm]": "zut"}, NOT_ASKED, "zut", ("techno__ttm", None)),
        (ROW, {"part": "5"}, NOT_ASKED, "5", ("part__etat", None)),
        (
            ROW,
            {"fonctions[vente]": "Y", "fonctions[SQ002]": "Y"},
            NOT_ASKED,
            "vente, marketing",
            ("fonctions__etat", None),
        ),
        (
            LARGE | {"taille": "A02", "techno[son]": ""},
            {"fonctions[usine]": "Y"},
            "réponse non proposée à ce répondant",
            "usine",
            ("fonctions__usine", None),
        ),
        (ROW, {"poste": "chef"}, "réponse non proposée à ce répondant", "chef", ("poste", "NR")),
        (
            LARGE | {"part": ""},
            {"fonctions[SQ005]": "Y"},
            "réponses qui s’excluent",
            "marketing, aucune",
            ("fonctions__etat", "NR"),
        ),
        (
            LARGE | {"part": ""},
            {"fonctions[NSP]": "Y"},
            "réponses qui s’excluent",
            "marketing, NSP",
            ("fonctions__etat", "NR"),
        ),
        (
            ROW,
            {"poste[other]": "Artisan"},
            "précision donnée sans avoir choisi « Autre »",
            "(texte de 7 caractères)",
            ("poste__autre__texte", None),
        ),
    ],
)  # fmt: skip
def test_a_value_out_of_place_is_erased_and_noted(
    tmp_path, questionnaire, base, changes, motif, value, answer
):
    imported = read(tmp_path, questionnaire, base | changes)
    reject = only_reject(imported)
    assert (reject["motif"], reject["valeur"]) == (motif, value)
    assert reject["decision"] == "valeur effacée"
    column, kept = answer
    assert imported.responses[column].to_list() == [kept]


def test_erasing_follows_the_routing_down(tmp_path, questionnaire):
    stale = LARGE | {"taille": "0"}  # went back to « no employee » after answering the rest
    imported = read(tmp_path, questionnaire, stale)
    assert imported.rejects["colonne"].to_list() == [
        "techno[ttm]", "techno[apprendre]", "techno[son]", "techno[img]",
        "fonctions", "part",
    ]  # fmt: skip
    assert imported.responses["part__etat"].to_list() == [None]


def test_empty_rows_and_ragged_rows_are_set_aside_with_their_line(tmp_path, questionnaire):
    blank = dict.fromkeys(ROW, "")
    read(tmp_path, questionnaire, ROW, blank)
    with (tmp_path / "export.csv").open("a", encoding="utf-8") as file:
        file.write('"2";"2026-03-01 10:00:00"\n')
    imported = read_export(tmp_path / "export.csv", questionnaire)
    assert imported.rejects.select("ligne", "motif").rows() == [
        (3, "ligne vide"),
        (4, "nombre de cellules différent de l’en-tête (2 au lieu de 19)"),
    ]


def test_unknown_columns_are_told_and_contact_data_dropped(tmp_path, questionnaire):
    row = ROW | {
        "mystere": "x",
        "email": "a@b.fr",
        "ipaddr": "1.2.3.4",
        "groupTime12": "3",
        "seed": "1",
    }
    imported = read(tmp_path, questionnaire, row)
    assert imported.report.unknown_columns == ("mystere",)
    assert imported.report.contact_columns == ("email", "ipaddr")
    assert not {"mystere", "email", "ipaddr"} & set(imported.responses.columns)


def test_rejects_hide_tokens_and_addresses(tmp_path, questionnaire):
    shifted = ROW | {"token": "SECRET", "taille": "SECRET", "poste": "jo@exemple.fr"}
    rejects = read(tmp_path, questionnaire, shifted).rejects
    assert rejects["valeur"].to_list() == ["(valeur masquée)", "(valeur masquée)"]
    assert "SECRET" not in rejects.write_csv()


def test_a_long_wrong_value_is_cut(tmp_path, questionnaire):
    reject = only_reject(read(tmp_path, questionnaire, ROW | {"poste": "x" * 500}))
    assert reject["valeur"] == "x" * 60


# --- files that are refused


def test_missing_columns_are_listed_with_the_remedy(tmp_path, questionnaire):
    row = {code: cell for code, cell in ROW.items() if code not in ("part", "techno[SQ002]")}
    with pytest.raises(
        ResponseError, match=r"2 colonne\(s\).*techno\[apprendre\], part\. Refaites"
    ):
        read(tmp_path, questionnaire, row)


def test_a_question_in_two_columns_is_refused(tmp_path, questionnaire):
    with pytest.raises(ResponseError, match=r"en double : part \(colonnes 17 et 20\)"):
        read(tmp_path, questionnaire, ROW | {"part. Combien": ""})


def test_a_file_about_something_else_is_refused(tmp_path, questionnaire):
    with pytest.raises(ResponseError, match="aucune question du questionnaire « essai »"):
        read(tmp_path, questionnaire, {"id": "1", "submitdate": "", "autre": "x"})


def test_an_export_of_labels_is_refused(tmp_path, questionnaire):
    with pytest.raises(ResponseError, match="Codes de réponse"):
        read(
            tmp_path, questionnaire, *numbered(ROW | {"taille": "Grande"}, ROW | {"taille": "Dix"})
        )


def test_a_question_named_like_a_technical_column_is_refused(tmp_path):
    questionnaire = questionnaire_of(tmp_path, YAML.replace("code: effectif", "code: seed"))
    with pytest.raises(QuestionnaireError, match=r"réservé.*seed"):
        read(tmp_path, questionnaire, ROW)


@pytest.mark.skipif(not REAL_EXPORTS.is_dir(), reason="exports réels hors du dépôt")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ls_responses_rse_nl2017.csv", "aucune question du questionnaire"),
        ("ls_structure_rse_nl2017.txt", "aucune question du questionnaire"),
        ("ls_structure_db638.lss", "XML"),
        ("kobo_formpack_two_versions.csv", "aucune question du questionnaire"),
    ],
)
def test_real_files_of_other_surveys_are_refused_in_french(questionnaire, name, said):
    with pytest.raises(ResponseError, match=said):
        read_export(REAL_EXPORTS / name, questionnaire)


@pytest.mark.skipif(not REAL_EXPORTS.is_dir(), reason="exports réels hors du dépôt")
def test_headings_of_a_real_export_are_understood(tmp_path):
    # the real file has no technical columns: its first column, an index, and a date are put in
    content = (REAL_EXPORTS / "ls_responses_rse_nl2017.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [["id", "submitdate", *rows[0][1:]]]
        + [[row[0], "1980-01-01 00:00:00", *row[1:]] for row in rows[1:]]
    )
    path = tmp_path / "rse.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    grid = (
        HEAD.split("bases:")[0]
        + """
questions:
  - {code: likert0, type: grid, text: Temps, short: Temps, theme: t, help: Aide,
     options: [{code: un, label: Un}, {code: deux, label: Deux}],
     rows: [{code: time1can, label: Développement}, {code: time2can, label: Recherche}],
     comparable: {status: own}}
"""
    )
    imported = read_export(path, questionnaire_of(tmp_path, grid))
    assert imported.report.rows_read == len(rows) - 1 == 77
    assert imported.report.rejected + imported.report.accepted == 77
    assert len(imported.report.unknown_columns) == 128


# --- properties

TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from("\n\t\"';={}é"),
    min_size=1,
    max_size=12,
)
# éèàç alone: a byte sequence of theirs is never valid UTF-8, so that cp1252 is recognised
PLAIN_TEXTS = st.text(st.sampled_from("abc éèàç;,\"'=\n"), min_size=1, max_size=12)
MARKS = {"", "N/A", "-oth-", "Y", "N", "0", "1", "2", "{question_not_shown}"}


def answer_dates(draw):
    complete = draw(st.booleans())
    dates = st.none() | st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31))
    submitted = draw(dates) if complete else None
    return {
        "complete": complete,
        "submitted": submitted and submitted.replace(microsecond=0),
        "duration_seconds": draw(st.none() | st.floats(0, 1e6)),
    }


@st.composite
def answers(draw, texts):
    """One valid answer to the questionnaire above; routing written by hand, as an oracle."""
    text = texts.map(lambda value: value.strip()).filter(lambda value: value not in MARKS)
    row = answer_dates(draw)
    size = row["taille"] = draw(st.sampled_from(["0", "10-49", "grande"]))
    used = False
    if size != "0":
        for code in ("ttm", "apprendre", "son", "img"):
            if code != "son" or size == "grande":
                row[f"techno__{code}"] = draw(st.sampled_from(["oui", "non", "NSP", "NR"]))
                used |= row[f"techno__{code}"] == "oui"
    options = ["vente", "marketing", "autre"] + ["usine"] * (size == "grande")
    if used:
        row["fonctions__etat"] = draw(st.sampled_from(["repondu", "NSP", "NR"]))
        if row["fonctions__etat"] == "repondu":
            several = st.sets(st.sampled_from(options), min_size=1)
            ticked = draw(st.just({"aucune"}) | several)
            row |= {f"fonctions__{code}": code in ticked for code in [*options, "aucune"]}
            if "autre" in ticked:
                row["fonctions__autre__texte"] = draw(st.none() | text)
    row["poste"] = draw(st.sampled_from(["dir", "autre", "NR"] + ["chef"] * (size == "grande")))
    if row["poste"] == "autre":
        row["poste__autre__texte"] = draw(st.none() | text)
    if row.get("fonctions__marketing"):
        row["part__etat"] = draw(st.sampled_from(["repondu", "NSP", "NR"]))
        if row["part__etat"] == "repondu":
            row["part"] = draw(st.floats(0, 100))
    row["effectif"] = draw(st.none() | st.integers(0, 2**53))
    row["effectif__etat"] = "NR" if row["effectif"] is None else "repondu"
    row["remarque"] = draw(st.none() | text)
    row["remarque__etat"] = "NR" if row["remarque"] is None else "repondu"
    return row


TECHNICAL = {
    "id": pl.String,
    "token": pl.String,
    "submitted": pl.Datetime("us"),
    "complete": pl.Boolean,
    "duration_seconds": pl.Float64,
}
LAYOUTS = st.sampled_from(
    [{}, {"separator": ","}, {"separator": "\t"}, {"style": "underscores"}, {"vv": True},
     {"encoding": "utf-8"}, {"vv": True, "encoding": "utf-8"}]
)  # fmt: skip


def frame_of(rows, questionnaire):
    rows = [row | {"id": str(i), "token": f"t{i}"} for i, row in enumerate(rows)]
    return pl.DataFrame(rows, schema=TECHNICAL | empty_responses(questionnaire).schema)


def assert_round_trip(folder, rows, questionnaire, layout):
    responses = frame_of(rows, questionnaire)
    check_responses(responses, questionnaire)
    path = folder / "export.csv"
    write_export(responses, questionnaire, path, **layout)
    imported = read_export(path, questionnaire, keep_incomplete=True)
    assert imported.rejects.is_empty()
    assert_frame_equal(imported.responses, responses, check_exact=True)


@given(rows=st.lists(answers(TEXTS), min_size=1, max_size=6), layout=LAYOUTS)
@settings(deadline=None, max_examples=80)
def test_what_is_written_is_read_back(tmp_path_factory, questionnaire, rows, layout):
    assert_round_trip(tmp_path_factory.mktemp("trip"), rows, questionnaire, layout)


@given(rows=st.lists(answers(PLAIN_TEXTS), min_size=1, max_size=4))
@settings(deadline=None, max_examples=40)
def test_what_is_written_in_cp1252_is_read_back(tmp_path_factory, questionnaire, rows):
    layout = {"encoding": "cp1252"}
    assert_round_trip(tmp_path_factory.mktemp("trip"), rows, questionnaire, layout)


def test_a_character_out_of_the_encoding_is_refused(tmp_path, questionnaire):
    row = {"taille": "0", "poste": "dir", "effectif__etat": "NR", "remarque__etat": "repondu",
           "complete": True, "remarque": "Ελλάς"}  # fmt: skip
    with pytest.raises(ResponseError, match="« Ε » n’existe pas en cp1252"):
        assert_round_trip(tmp_path, [row], questionnaire, {"encoding": "cp1252"})
    assert list(tmp_path.iterdir()) == []


CELLS = st.sampled_from(
    ["", "oui", "non", "zut", "NSP", "Y", "1", "2", "A02", "A03", "0", "-oth-", "12,5", "-3",
     "é\nà", '"', "N/A", "t1", "2026-03-01 10:00:00", "1980-01-01 00:00:00", "'=x", "dir", "chef"]
)  # fmt: skip
FAIR_ROWS = st.builds(lambda base, changes: list((base | changes).values()),
                      st.sampled_from([ROW, LARGE]),
                      st.dictionaries(st.sampled_from(list(ROW)), CELLS, max_size=4))  # fmt: skip
FOUL_ROWS = st.lists(CELLS, max_size=22) | st.lists(CELLS, min_size=19, max_size=19)


@given(rows=st.lists(FAIR_ROWS | FOUL_ROWS, max_size=8), keep=st.booleans())
@settings(deadline=None, max_examples=80)
def test_no_row_is_lost_whatever_the_file(tmp_path_factory, questionnaire, rows, keep):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(list(ROW))
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    while rows and not rows[-1]:  # blank lines at the end of a file are no rows
        rows, lines = rows[:-1], lines[:-1]
    path = tmp_path_factory.mktemp("rows") / "export.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    imported = read_export(path, questionnaire, keep_incomplete=keep)
    check_responses(imported.responses, questionnaire)
    set_aside = imported.rejects.filter(pl.col("decision") == "ligne écartée")["ligne"].unique()
    assert imported.report.rows_read == len(rows)
    assert imported.responses.height + len(set_aside) == len(rows)
    assert set(imported.rejects["ligne"]) <= set(lines)
    assert sum(imported.report.causes.values()) == imported.report.rejected == len(set_aside)
    for key in ("id", "token"):
        assert imported.responses[key].drop_nulls().is_unique().all()


def test_a_report_counts_what_the_frames_hold(tmp_path, questionnaire):
    imported = read(tmp_path, questionnaire, *numbered(ROW, ROW | {"poste": "zut"}, ROW))
    assert imported.report == replace(
        imported.report, rows_read=3, accepted=2, rejected=1, causes={"code inconnu": 1}
    )
