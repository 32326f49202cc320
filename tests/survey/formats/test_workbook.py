"""Workbooks of text: nothing is a number, a date or a formula; same content, same bytes."""

import zipfile

from openpyxl import load_workbook

from survey.formats.workbook import write_sheets

ROWS = [{"a": "10-49", "b": "=1+1"}, {"b": "007"}]


def test_cells_are_text(tmp_path):
    write_sheets({"un": (["a", "b"], ROWS), "deux": (["c"], [])}, tmp_path / "x.xlsx")
    workbook = load_workbook(tmp_path / "x.xlsx")
    assert workbook.sheetnames == ["un", "deux"]
    sheet = workbook["un"]
    assert list(sheet.iter_rows(values_only=True)) == [("a", "b"), ("10-49", "=1+1"), (None, "007")]
    assert {cell.data_type for cell in sheet["B"]} == {"s"}
    assert sheet["A2"].number_format == "@"


def test_same_content_same_bytes(tmp_path):
    for name in ("x.xlsx", "y.xlsx"):
        write_sheets({"un": (["a", "b"], ROWS)}, tmp_path / name)
    assert (tmp_path / "x.xlsx").read_bytes() == (tmp_path / "y.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"1980-01-01T00:00:00Z") == 2
