import csv
import io
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limesurvey_cases import (
    LARGE,
    ROW,
    numbered,
    read,
)
from polars.testing import assert_frame_equal

from survey.columns import empty_responses
from survey.errors import ResponseError
from survey.formats.limesurvey.reading import read_export, write_export
from survey.schema import check_responses

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
@settings(max_examples=80)
def test_what_is_written_is_read_back(tmp_path_factory, questionnaire, rows, layout):
    assert_round_trip(tmp_path_factory.mktemp("trip"), rows, questionnaire, layout)


@given(rows=st.lists(answers(PLAIN_TEXTS), min_size=1, max_size=4))
@settings(max_examples=40)
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
@settings(max_examples=80)
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
