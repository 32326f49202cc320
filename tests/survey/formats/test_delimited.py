import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.errors import ResponseError
from survey.formats.delimited import read_delimited


def read(folder, content, name="export.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delimited(path)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encoding_and_separator_are_found(tmp_path, separator, encoding):
    text = separator.join(["id", "ville"]) + "\n" + separator.join(["1", "Le Mans été"]) + "\n"
    table = read(tmp_path, text.encode(encoding))
    assert (table.encoding, table.separator) == (encoding, separator)
    assert table.headings == ("id", "ville")
    assert table.cells["c1"].to_list() == ["Le Mans été"]


def test_a_separator_in_bare_headings_does_not_win(tmp_path):
    text = "id;q. Combien, en heures, et pourquoi, dites-nous\n1;3,5\n2;4\n"
    assert read(tmp_path, text).headings[0] == "id"


def test_lines_are_those_of_the_file_even_after_line_breaks_in_cells(tmp_path):
    table = read(tmp_path, 'id;note\r\n1;"a\r\nb\r\n"\r\n2;c\r\n')
    assert table.cells.rows() == [("1", "a\nb\n", 2), ("2", "c", 5)]


def test_rows_of_another_width_are_kept_apart_with_their_line(tmp_path):
    table = read(tmp_path, "id;a;b\n1;x;y\n2;x\n3;x;y;z\n;;\n\n4;x;y\n\n\n")
    assert table.cells["c0"].to_list() == ["1", "4"]
    assert table.misfits.rows() == [(3, 2), (4, 4), (5, 0), (6, 0)]


def test_a_quote_inside_a_bare_cell_is_taken_literally(tmp_path):
    table = read(tmp_path, 'id;écran\n1;27" mat\n2;"dit ""oui"""\n')
    assert table.cells["c1"].to_list() == ['27" mat', 'dit "oui"']
    assert table.cells["ligne"].to_list() == [2, 3]


def test_vv_has_two_header_rows_and_quotes_added_by_php_are_removed(tmp_path):
    text = 'Response ID\t"Votre note"\nid\tsubmitdate\n7\t"deux ""mots"" ici"\n'
    table = read(tmp_path, text)
    assert table.vv
    assert table.headings == ("id", "submitdate")
    assert table.cells.rows() == [("7", 'deux "mots" ici', 3)]


def test_only_a_header_gives_no_row(tmp_path):
    assert read(tmp_path, "id;a\n").cells.height == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf\r\n \n", "vide"),
        (b"PK\x03\x04" + b"\0" * 40, "classeur"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 40, "ancien classeur"),
        ("id;a\n1;é\n".encode("utf-16"), "UTF-16"),
        ("id;a\n1;é\n".encode("utf-16-le"), "UTF-16"),
        (b"id;a\n1;x\n2;\0\n3;y;but;long;enough;to;be;text\n", "ligne 3 : octet nul"),
        (b"id;a\n1;x\n2;\x81\xe9\n", "ligne 3 : caractère illisible"),
        (b"\xef\xbb\xbfid;a\n1;\xe9x\n", "ligne 2 : le fichier s’annonce en UTF-8"),
        (b"<!DOCTYPE html><html>connexion</html>", "page web"),
        (b"bonjour\ntout le monde\n", "aucun séparateur"),
        (b'id;a\n1;"x\n2;y\n3;z\n', "ligne 2 : un guillemet ouvert"),
        (b'id;a\n1;"' + b"x" * 200_000 + b"\n", "ligne 2 : un guillemet ouvert"),
    ],
)
def test_what_is_not_a_text_table_is_refused_in_french(tmp_path, content, said):
    with pytest.raises(ResponseError, match=said):
        read(tmp_path, content)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ResponseError, match="introuvable"):
        read_delimited(tmp_path / "absent.csv")


def test_a_file_that_another_program_holds_is_said(tmp_path, monkeypatch):
    def held(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", held)
    with pytest.raises(ResponseError, match="lecture impossible"):
        read(tmp_path, "id;a\n")


CELLS = st.text(alphabet="ab1é;,\t\"'\n =", max_size=8)


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8),
    separator=st.sampled_from(";,\t"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_cells_come_back_as_python_csv_wrote_them(tmp_path_factory, rows, separator, quoting):
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\n")
    lines = []
    for row in [["id", "a", "b"], *rows]:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    table = read(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert table.cells.drop("ligne").rows() == [tuple(row) for row in rows]
    assert table.cells["ligne"].to_list() == lines[1:]
