"""Files made to exhaust whoever opens them: refused or set aside, in bounded time and memory."""

import io
import time
import tracemalloc
import zipfile

import numpy as np
import polars as pl
import pytest
from limesurvey_cases import ROW
from test_damaged_files import FORMULAS

from survey.errors import SurveyError
from survey.formats.importing import read_answers_file
from survey.formats.paper.keying_template import write_keying_template

NOISE = 40_000_000  # bytes
HEADER = (";".join(ROW) + "\n").encode()
GOOD = (";".join(f'"{cell}"' for cell in ROW.values()) + "\n").encode()


def noise(alphabet, seed):
    """Characters drawn from an alphabet, ten times over."""
    drawn = np.random.default_rng(seed).integers(0, len(alphabet), NOISE // 10)
    return np.frombuffer(alphabet, np.uint8)[drawn].tobytes() * 10


@pytest.mark.parametrize(
    "alphabet",
    [b"abcdefghijklmnopqrstuvwxyz0123456789;;;\n", bytes(range(1, 256)) + b"\n\n"],
    ids=["texte", "octets"],
)
def test_a_good_row_survives_megabytes_of_noise(tmp_path, questionnaire, alphabet):
    path = tmp_path / "bruit.csv"
    path.write_bytes(HEADER + GOOD + noise(alphabet, 1) + b"\n" + GOOD.replace(b'"1"', b'"2"', 1)
                     .replace(b"t1", b"t2"))  # fmt: skip
    start = time.monotonic()
    imported = read_answers_file(path, questionnaire)
    assert time.monotonic() - start < 60
    path.unlink()
    assert imported.responses["id"].to_list()[0] == "1"
    assert imported.report.rows_read == imported.report.accepted + imported.report.rejected
    if alphabet.isascii():
        assert imported.responses["id"].to_list() == ["1", "2"]


def rebuilt(path, questionnaire, changes):
    """The template with other bytes in some of its members."""
    write_keying_template(questionnaire, path)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, changes.get(name, lambda same: same)(content))


SHEET = "xl/worksheets/sheet1.xml"


def with_rows(rows):
    return {SHEET: lambda content: content.replace(b"</sheetData>", rows + b"</sheetData>")}


ENTITIES = b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9))
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + ENTITIES + b"]>"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (with_rows(b'<row r="60000"><c r="A60000"><v>1</v></c></row>'), "plus de 3000 colonnes"),
        (with_rows(b'<row r="2"><c r="XFD2"><v>1</v></c></row>'), "plus de 3000 colonnes"),
        (with_rows(b'<row r="99999999999"><c r="A5"><v>1</v></c></row>'), "plus de 3000 colonnes"),
        (with_rows(b'<row r="2"><c r="A2"><v>zut</v></c></row>'), "abîmé"),
        (with_rows(b"<row"), "abîmé"),
        ({SHEET: lambda c: LAUGHS + c[c.index(b"<worksheet") :].replace(b"numero", b"&j;")},
         "abîmé"),
        ({"xl/workbook.xml": lambda c: c[: len(c) // 2]}, "abîmé"),
        ({SHEET: lambda c: b""}, "abîmé"),
        ({"xl/styles.xml": lambda c: b"\0" * 31_000_000}, "31 Mo une fois décompressé"),
    ],
)  # fmt: skip
def test_a_workbook_made_to_exhaust_is_refused(tmp_path, questionnaire, changes, said):
    path = tmp_path / "saisie.xlsx"
    rebuilt(path, questionnaire, changes)
    start = time.monotonic()
    with pytest.raises(SurveyError, match=said):
        read_answers_file(path, questionnaire)
    assert time.monotonic() - start < 30


def test_a_zip_that_unpacks_into_too_much_is_refused(tmp_path, questionnaire):
    path = tmp_path / "central.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.csv", b"0" * 80_000_000)
    with pytest.raises(SurveyError, match="320 Mo une fois décompressé"):
        read_answers_file(path, questionnaire)


def test_a_size_that_a_zip_lies_about_does_not_matter(tmp_path, questionnaire):
    path = tmp_path / "central.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 50_000_000)
    content = path.read_bytes()
    size = (50_000_000).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(SurveyError, match="abîmé"):
        read_answers_file(path, questionnaire)


def test_too_many_columns_are_refused(tmp_path, questionnaire):
    path = tmp_path / "colonnes.csv"
    path.write_bytes(b";" * 20_000_000 + b"\n")
    start = time.monotonic()
    with pytest.raises(SurveyError, match="plus de 20000 colonnes"):
        read_answers_file(path, questionnaire)
    assert time.monotonic() - start < 20


def test_a_heading_of_many_groups_is_read_once(tmp_path, questionnaire):
    path = tmp_path / "groupes.csv"
    path.write_bytes(HEADER.strip() + b";" + b"/" * 120_000 + b"\n" + GOOD.strip() + b";x\n")
    tracemalloc.start()
    assert read_answers_file(path, questionnaire).report.accepted == 1
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_what_is_no_table_of_a_zip_is_left_there(tmp_path, questionnaire):
    path = tmp_path / "central.zip"
    others = ("media/piece.csv", "__MACOSX/._reponses.csv", "dossier/.cache.csv")
    zipped(path, {"reponses.csv": HEADER + GOOD} | dict.fromkeys(others, b"\0\1\2"))
    assert read_answers_file(path, questionnaire).report.accepted == 1


def test_a_parquet_at_which_its_reader_panics_is_refused(tmp_path, questionnaire, monkeypatch):
    def panics(_):
        raise pl.exceptions.PanicException("offset + length <= self.length")

    monkeypatch.setattr(pl, "read_parquet", panics)
    (tmp_path / "r.parquet").write_bytes(b"PAR1")
    with pytest.raises(SurveyError, match="Parquet est abîmé"):
        read_answers_file(tmp_path / "r.parquet", questionnaire)


def test_two_files_of_one_name_in_a_zip_are_refused_not_lost(tmp_path, questionnaire):
    path = tmp_path / "central.zip"
    zipped(path, {"a/reponses.csv": HEADER + GOOD, "b/reponses.csv": HEADER + GOOD})
    with pytest.raises(SurveyError, match=r"a/reponses\.csv, b/reponses\.csv"):
        read_answers_file(path, questionnaire)


def test_too_many_lines_are_refused(tmp_path, questionnaire):
    path = tmp_path / "lignes.csv"
    path.write_bytes(HEADER + b"\n" * 10_000_001 + GOOD)
    with pytest.raises(SurveyError, match="10 millions de lignes"):
        read_answers_file(path, questionnaire)
    path.write_bytes(HEADER + GOOD + b"\n" * 10_000_001)
    assert read_answers_file(path, questionnaire).report.accepted == 1


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_a_text_where_texts_are_free(tmp_path, questionnaire, formula):
    path = tmp_path / "export.csv"
    cells = ROW | {"remarque": formula}
    path.write_bytes(HEADER + ";".join(f'"{c.replace(chr(34), chr(34) * 2)}"'
                                       for c in cells.values()).encode())  # fmt: skip
    assert read_answers_file(path, questionnaire).responses["remarque"].to_list() == [formula]
