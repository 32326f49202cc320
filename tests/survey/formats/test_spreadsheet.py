"""Exports opened in a French spreadsheet and saved again, or completed by hand."""

import csv
import io
import re

import polars as pl
import pytest
from keying_cases import fill_csv, keyed_rows
from odk_exports import export
from polars.testing import assert_frame_equal
from round_trips import PATHS, generated, questionnaire_at

from survey.columns import questionnaire_columns
from survey.control import ADVICE
from survey.formats.answers import DATED_CODE, UNREADABLE_NUMBER
from survey.formats.importing import read_answers_file
from survey.formats.limesurvey.reading import write_export
from survey.formats.odk.names import form_nodes

DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d:\d\d)(:\d\d)?.*")
WORDS = {"True": "VRAI", "False": "FAUX", "true": "VRAI", "false": "FAUX"}
MONTHS = ("janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc")


def saved(content, separator, *, dated=False):
    """Bytes of a table once Excel saved it: `;`, cp1252, French dates and truth values."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    for line, row in enumerate(rows):
        writer.writerow(row if line == 0 else [shown(cell, dated=dated) for cell in row])
    return text.getvalue().encode("cp1252", "replace")


def shown(cell, *, dated):
    """What Excel makes of one cell; `dated`: it takes codes such as `1-9` for dates too."""
    code = re.fullmatch(r"(\d{1,2})-(\d{1,2})", cell) if dated else None
    if code and int(code[2]) <= 12:
        return f"{int(code[1]):02d}-{MONTHS[int(code[2]) - 1]}"
    if code and int(code[1]) <= 12:
        return f"{MONTHS[int(code[1]) - 1]}-{code[2]}"
    return WORDS.get(cell, DAY.sub(r"\3/\2/\1 \4", cell))


def limesurvey(responses, questionnaire, path, **options):
    write_export(responses, questionnaire, path, **options)
    return path.read_bytes()


def keyed(responses, questionnaire, path):
    fill_csv(keyed_rows(responses, questionnaire), questionnaire, path)
    return path.read_bytes()


def kobo(responses, questionnaire):
    """Boxes as True and False, as some exports write them."""
    text = export(responses, questionnaire, joined=False)
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    boxes = [name for node in form_nodes(questionnaire) for name in node.headings("/")[1:]]
    for row in rows:
        row |= {name: {"1": "True", "0": "False"}.get(row[name], "") for name in boxes}
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


WRITERS = {
    "limesurvey": (";", lambda r, q, p: limesurvey(r, q, p)),
    "limesurvey-textes": (";", lambda r, q, p: limesurvey(r, q, p, style="text", labels=True)),
    "vv": ("\t", lambda r, q, p: limesurvey(r, q, p, vv=True)),
    "kobo": (";", lambda r, q, p: kobo(r, q)),
    "central": (",", lambda r, q, p: export(r, q, tool="central").encode()),
    "saisie": (";", keyed),
    "observatoire": (",", lambda r, q, p: r.write_csv().encode()),
}


@pytest.mark.parametrize("tool", WRITERS)
@pytest.mark.parametrize("path", PATHS[2:4], ids=lambda path: path.stem)
def test_what_a_french_spreadsheet_saved_comes_home(tool, path, tmp_path):
    questionnaire = questionnaire_at(path)
    responses = generated(questionnaire, 30)
    separator, write = WRITERS[tool]
    file = tmp_path / "e.csv"
    file.write_bytes(saved(write(responses, questionnaire, file), separator))
    imported = read_answers_file(file, questionnaire)
    assert imported.report.accepted == 30 and imported.rejects.is_empty()
    # cp1252 has no room for all that a free text may hold.
    names = [column.name for column in questionnaire_columns(questionnaire)]
    kept = [name for name in names if responses.schema[name] != responses.schema["id"]]
    assert_frame_equal(imported.responses.select(kept), responses.select(kept))
    assert (
        imported.responses["submitted"].to_list()
        == [date.replace(second=0, microsecond=0) for date in responses["submitted"]]
        or tool == "saisie"
    )


@pytest.mark.parametrize("tool", ["kobo", "saisie", "observatoire"])
def test_a_code_taken_for_a_date_is_said_to_be_one(tool, tmp_path):
    questionnaire = questionnaire_at(PATHS[2])
    responses = generated(questionnaire, 30)
    separator, write = WRITERS[tool]
    file = tmp_path / "e.csv"
    file.write_bytes(saved(write(responses, questionnaire, file), separator, dated=True))
    imported = read_answers_file(file, questionnaire)
    spoilt = responses["taille"].is_in(["1-9", "10-49"]).sum()
    assert spoilt and imported.report.causes == {DATED_CODE: spoilt}
    values = imported.rejects.filter(colonne="taille", motif=imported.rejects["motif"][0])["valeur"]
    assert set(values) <= {"01-sept", "09-janv", "sept-01", "oct-49"}
    assert "tableur" in ADVICE[DATED_CODE]


def test_a_thousand_or_one_is_not_guessed(tmp_path):
    questionnaire = questionnaire_at(PATHS[2])
    responses = generated(questionnaire, 60).filter(partdix__etat="repondu").head(3)
    texts = responses.with_columns(partdix=pl.Series(["3.0", "1.000", "1,000"]))
    texts.write_csv(tmp_path / "e.csv")
    imported = read_answers_file(tmp_path / "e.csv", questionnaire)
    assert imported.responses["partdix"].to_list() == [3]
    assert imported.report.causes == {UNREADABLE_NUMBER: 2}


def test_lines_are_those_of_the_file_below_the_line_of_excel(tmp_path):
    questionnaire = questionnaire_at(PATHS[2])
    content = limesurvey(generated(questionnaire, 3), questionnaire, tmp_path / "e.csv")
    content = b"sep=;\r\n" + content.removeprefix(b"\xef\xbb\xbf") + b"fin\r\n"
    (tmp_path / "e.csv").write_bytes(content)
    imported = read_answers_file(tmp_path / "e.csv", questionnaire)
    assert imported.report.accepted == 3
    assert imported.rejects["ligne"].to_list() == [6]


def test_a_title_above_the_headings_makes_no_vv_export(tmp_path):
    questionnaire = questionnaire_at(PATHS[2])
    content = limesurvey(generated(questionnaire, 3), questionnaire, tmp_path / "e.csv")
    width = content.split(b"\n")[0].count(b";")
    (tmp_path / "e.csv").write_bytes(b"Enqu\xc3\xaate" + b";" * width + b"\r\n" + content[3:])
    with pytest.raises(ValueError, match="aucune question"):
        read_answers_file(tmp_path / "e.csv", questionnaire)


@pytest.mark.parametrize(
    "typed", ["jeanne.martin@exemple.fr", "0612345678", "Jeanne Martin", "jeton2"]
)
def test_what_was_typed_in_place_of_an_identifier_is_hidden(typed, tmp_path):
    questionnaire = questionnaire_at(PATHS[2])
    content = limesurvey(generated(questionnaire, 3), questionnaire, tmp_path / "e.csv")
    width = content.split(b"\n")[0].count(b";")
    (tmp_path / "e.csv").write_bytes(content + typed.encode() + b";" * width + b"\r\n")
    imported = read_answers_file(tmp_path / "e.csv", questionnaire)
    assert imported.report.accepted == 3
    assert imported.rejects["id"].to_list() == ["(identifiant masqué)"]
    assert typed not in imported.rejects.write_csv()


def test_a_total_typed_below_is_no_version_of_the_form(tmp_path):
    questionnaire = questionnaire_at(PATHS[2])
    text = export(generated(questionnaire, 20), questionnaire, joined=False)
    width = text.split("\n", 1)[0].count(";") + 1
    (tmp_path / "e.csv").write_text(
        text + ";".join(["Total", *["12"] * (width - 1)]) + "\n", "utf-8"
    )
    imported = read_answers_file(tmp_path / "e.csv", questionnaire)
    assert (imported.report.accepted, imported.report.rejected) == (20, 1)
    assert imported.report.remarks == ()
