"""Files cut, recoded, shuffled, damaged: no crash, no hang, and every good row comes home.

Each tool's file is spoilt in the same ways. What may be raised is a `SurveyError`, and only where
no row can be told from another any more (a damaged header, a workbook cut short).
"""

import csv
import io
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keying_cases import fill_csv, fill_workbook, keyed_rows
from limesurvey_cases import YAML, questionnaire_of
from odk_exports import export
from polars.testing import assert_frame_equal
from round_trips import generated

from survey.errors import SurveyError
from survey.formats.importing import read_answers_file
from survey.formats.limesurvey.reading import write_export
from survey.schema import check_responses

ROWS = 12


def write_keyed(responses, questionnaire, path, fill):
    fill(keyed_rows(responses, questionnaire), questionnaire, path)


WRITERS = {
    "limesurvey": lambda r, q, p: write_export(r, q, p),
    "limesurvey-textes": lambda r, q, p: write_export(r, q, p, style="text", labels=True),
    "vv": lambda r, q, p: write_export(r, q, p, vv=True),
    "kobo": lambda r, q, p: p.write_bytes(export(r, q).encode("utf-8-sig")),
    "central": lambda r, q, p: p.write_bytes(export(r, q, tool="central").encode()),
    "saisie.csv": lambda r, q, p: write_keyed(r, q, p, fill_csv),
    "observatoire.csv": lambda r, q, p: r.write_csv(p),
}
BINARY = {
    "saisie.xlsx": lambda r, q, p: write_keyed(r, q, p, fill_workbook),
    "observatoire.parquet": lambda r, q, p: r.write_parquet(p),
}
every_text = pytest.mark.parametrize("tool", WRITERS)
every_tool = pytest.mark.parametrize("tool", [*WRITERS, *BINARY])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("abime")


@pytest.fixture(scope="module")
def written(folder):
    """Bytes of the first rows of a tool's file, by tool and number of rows."""
    questionnaire = questionnaire_of(folder, YAML)
    responses = generated(questionnaire, ROWS, seed=11)

    @cache
    def content(tool, rows=ROWS):
        path = folder / f"{rows}-{tool}"
        path = path if path.suffix in (".csv", ".xlsx", ".parquet") else path.with_suffix(".csv")
        (WRITERS | BINARY)[tool](responses.head(rows), questionnaire, path)
        return path.read_bytes()

    return questionnaire, content


def read(content, questionnaire, folder):
    """The import, or None where the file is refused; any other exception is a fault."""
    path = Path(folder) / "abime"
    path.write_bytes(content)
    try:
        imported = read_answers_file(path, questionnaire)
    except SurveyError as error:
        assert str(error).startswith("abime")
        return None
    check_responses(imported.responses, questionnaire)
    report = imported.report
    assert report.rows_read == report.accepted + report.rejected
    return imported


def assert_kept(imported, whole, ids):
    """The rows of these identifiers came home as from the whole file."""
    kept = imported.responses.filter(pl.col("id").is_in(ids))
    assert_frame_equal(kept, whole.responses.filter(pl.col("id").is_in(ids)))


def identifiers(first, last=ROWS):
    return [f"r{i}" for i in range(first, last + 1)]


@every_text
@given(share=st.floats(0, 1))
@settings(max_examples=40)
def test_a_file_cut_anywhere_keeps_its_whole_rows(written, folder, tool, share):
    questionnaire, content = written
    whole = content(tool)
    cut = int(share * len(whole))
    complete = sum(len(content(tool, k)) <= cut for k in range(1, ROWS + 1))
    imported = read(whole[:cut], questionnaire, folder)
    if complete:
        assert imported is not None
        assert_kept(imported, read(whole, questionnaire, folder), identifiers(1, complete))
        assert imported.report.rows_read >= complete


@pytest.mark.parametrize("tool", BINARY)
@given(share=st.floats(0, 0.999))
@settings(max_examples=40)
def test_a_binary_file_cut_anywhere_is_refused(written, folder, tool, share):
    questionnaire, content = written
    whole = content(tool)
    assert read(whole[: int(share * len(whole))], questionnaire, folder) is None


@every_text
def test_cp1252_is_read_and_utf_16_refused(written, folder, tool):
    questionnaire, content = written
    text = content(tool).decode("utf-8-sig").replace("🙂", "!")
    expected = read(text.encode(), questionnaire, folder)
    assert expected.report.accepted == ROWS
    narrow = text.replace("\u202f", "\u00a0").replace("−", "-")
    imported = read(narrow.encode("cp1252"), questionnaire, folder)
    assert imported.report.encoding == "cp1252"
    assert imported.responses.height == ROWS
    assert read(text.encode("utf-16"), questionnaire, folder) is None


@every_text
def test_one_row_in_another_encoding_loses_no_other(written, folder, tool):
    questionnaire, content = written
    lines = content(tool).split(b"\n")
    at = next(i for i, line in enumerate(lines) if i > 2 and not line.isascii())
    lines[at] = lines[at].decode(errors="replace").encode("cp1252", errors="replace") + b"\xe9\x81"
    imported = read(b"\n".join(lines), questionnaire, folder)
    assert imported.report.encoding.startswith("utf-8")
    assert imported.report.accepted >= ROWS - 2
    whole = read(content(tool), questionnaire, folder)
    assert_kept(imported, whole, imported.responses["id"].to_list())
    assert "ligne abîmée" in imported.report.causes


def header_end(content, tool):
    """Where the first row starts."""
    line = content.index(b"\n") + 1
    return content.index(b"\n", line) + 1 if tool == "vv" else line


@every_text
@given(shares=st.lists(st.floats(0, 1), min_size=1, max_size=3))
@settings(max_examples=25)
def test_nul_bytes_cost_their_own_rows_only(written, folder, tool, shares):
    questionnaire, content = written
    whole = bytearray(content(tool))
    places = {int(share * (len(whole) - 1)) for share in shares}
    for place in places:
        whole[place] = 0
    imported = read(bytes(whole), questionnaire, folder)
    ends = [header_end(content(tool), tool), *(len(content(tool, k)) for k in range(1, ROWS + 1))]
    if min(places) < ends[0]:  # the header, or the mark of UTF-8, is hit
        return
    assert imported is not None
    # a NUL in place of a line end joins two rows
    spoilt = 2 * len(places)
    assert imported.report.accepted >= ROWS - spoilt
    good = [
        f"r{k}"
        for k in range(1, ROWS + 1)
        if not any(ends[k - 1] - 1 <= place < ends[k] for place in places)
    ]
    assert_kept(imported, read(content(tool), questionnaire, folder), good)
    assert set(good) <= set(imported.responses["id"])


def table_of(content):
    """Rows of cells of a text file, and how to write them again."""
    text = content.decode("utf-8-sig")
    separator = max(";,\t", key=text.split("\n", 1)[0].count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator


def bytes_of(rows, separator):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


TABLES = [tool for tool in WRITERS if tool != "vv"]


@pytest.mark.parametrize("tool", TABLES)
@given(data=st.data())
@settings(max_examples=10)
def test_shuffled_columns_are_the_same_columns(written, folder, tool, data):
    questionnaire, content = written
    rows, separator = table_of(content(tool))
    order = data.draw(st.permutations(range(len(rows[0]))))
    shuffled = [[row[at] for at in order] for row in rows]
    imported = read(bytes_of(shuffled, separator), questionnaire, folder)
    assert_frame_equal(imported.responses, read(content(tool), questionnaire, folder).responses)


@pytest.mark.parametrize("tool", TABLES)
@given(data=st.data())
@settings(max_examples=10)
def test_a_column_twice_is_refused_or_unused(written, folder, tool, data):
    questionnaire, content = written
    rows, separator = table_of(content(tool))
    at = data.draw(st.integers(0, len(rows[0]) - 1))
    imported = read(bytes_of([[*row, row[at]] for row in rows], separator), questionnaire, folder)
    if imported is not None:
        whole = read(content(tool), questionnaire, folder)
        assert_frame_equal(imported.responses, whole.responses)


FORMULAS = ["=1+1", '=HYPERLINK("x")', "+33", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "#REF!"]


@pytest.mark.parametrize("tool", TABLES)
@given(data=st.data())
@settings(max_examples=20)
def test_a_formula_in_a_cell_costs_its_own_row_at_most(written, folder, tool, data):
    questionnaire, content = written
    rows, separator = table_of(content(tool))
    line = data.draw(st.integers(1, ROWS))
    at = data.draw(st.integers(0, len(rows[0]) - 1))
    rows[line][at] = data.draw(st.sampled_from(FORMULAS))
    imported = read(bytes_of(rows, separator), questionnaire, folder)
    others = [i for i in identifiers(1) if i != f"r{line}"]
    assert imported is not None
    assert_kept(imported, read(content(tool), questionnaire, folder), others)
    assert set(others) <= set(imported.responses["id"])


@every_tool
@given(data=st.data())
@settings(max_examples=30)
def test_noise_in_the_middle_never_crashes(written, folder, tool, data):
    questionnaire, content = written
    whole = content(tool)
    place = data.draw(st.integers(0, len(whole)))
    removed = data.draw(st.integers(0, 200))
    noise = data.draw(st.binary(max_size=60) | st.sampled_from([b'"', b";;;", b"\n", b'"\n"']))
    read(whole[:place] + noise + whole[place + removed :], questionnaire, folder)


@given(content=st.binary(max_size=400))
def test_bytes_of_nothing_never_crash(written, folder, content):
    questionnaire, _ = written
    for start in (b"", b"PK\x03\x04", b"PAR1", b"\xef\xbb\xbf", b"[", b"<?xml", b"id;submitdate\n"):
        read(start + content, questionnaire, folder)


@pytest.mark.parametrize("tool", [tool for tool in TABLES if tool != "central"])
@given(data=st.data())
@settings(max_examples=40)
def test_a_quote_lost_in_a_row_costs_no_other_row(written, folder, tool, data):
    questionnaire, content = written
    whole = content(tool)
    ends = [header_end(whole, tool), *(len(content(tool, k)) for k in range(1, ROWS + 1))]
    quotes = [at for at in range(ends[0], len(whole)) if whole[at : at + 1] == b'"']
    at = data.draw(st.sampled_from(quotes))
    row = next(k for k in range(1, ROWS + 1) if at < ends[k])
    imported = read(whole[:at] + whole[at + 1 :], questionnaire, folder)
    others = [i for i in identifiers(1) if i != f"r{row}"]
    assert set(others) <= set(imported.responses["id"])
    assert_kept(imported, read(whole, questionnaire, folder), others)
