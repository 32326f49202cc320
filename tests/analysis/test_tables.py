"""Tables: accessible, in French, and without a number where none is published."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import polars as pl
import pytest

from analysis.cells import interval_text, value_text
from analysis.estimation import RESULT
from analysis.tables import csv_frame, html_table
from survey.errors import SurveyError
from tests.published import SECTORS, cells


def parsed(markup):
    return ElementTree.fromstring(f"<div>{markup}</div>")


def table(frame, **more):
    words = {"caption": "Part des entreprises", "scope": "toutes", "row_header": "Secteur"}
    return html_table(frame, **words | more)


def test_rows_have_headers_and_figures_in_french():
    root = parsed(table(SECTORS))
    assert root.find(".//caption").text == "Part des entreprises. Champ\u202f: toutes"
    assert [th.get("scope") for th in root.iter("th")] == ["col"] * 4 + ["row"] * 6
    rows = [["".join(part.itertext()) for part in row] for row in root.find(".//tbody")]
    assert rows[0] == [
        "Commerce\u202f; réparation d’automobiles",
        "22\u202f%",
        "[18\u202f; 26]",
        "120",
    ]
    assert rows[3][1] == "27\u202f% f"
    assert rows[4][1:] == ["nd", "–", "–"]
    assert rows[5][1:] == ["secret", "–", "–"]


def test_only_the_signs_used_are_explained():
    notes = parsed(table(SECTORS)).find("p").text
    assert "f\u202f: estimation fragile" in notes
    assert "nd\u202f: non diffusé" in notes and "secret\u202f: secret statistique" in notes
    assert parsed(table(SECTORS.head(3))).find("p") is None


def test_further_columns_and_markup_in_a_label():
    frame = SECTORS.head(1).with_columns(label=pl.lit("R & D <a>"), was=pl.lit("17 %"))
    root = parsed(table(frame, extra=(("was", "2025"),), second=("domain", "Code")))
    assert ["".join(part.itertext()) for part in root.find(".//tbody/tr")][:3] == [
        "R & D <a>",
        "GZ",
        "17\u202f%",
    ]


def test_a_value_under_one_per_cent_keeps_the_table_well_formed():
    tiny = cells(("FZ", "Construction", 0.0001, 0.00002, 0.00033, "ok"))
    root = parsed(html_table(tiny, caption="Usage", scope="entreprises", row_header="Secteur"))
    assert root.find(".//td").text == "<\u202f1\u202f%"


def test_the_csv_keeps_the_vocabulary_and_full_values():
    frame = csv_frame(SECTORS.with_columns(estimate=pl.col("estimate") + 1e-9), simulated=True)
    assert frame.columns[0] == "label" and frame.columns[-1] == "nature"
    assert [name for name in RESULT if name in frame.columns] == frame.columns[1:-1]
    assert frame["estimate"][0] == 0.22 + 1e-9
    assert set(frame["nature"]) == {"données simulées"}


def test_the_csv_has_no_number_for_a_withheld_cell():
    counted = SECTORS.with_columns(n_domain=pl.lit(7), n_respondents=pl.lit(None, pl.Int64))
    with pytest.raises(SurveyError, match="non diffusée"):
        csv_frame(counted, simulated=False)
    withheld = csv_frame(SECTORS, simulated=False).filter(pl.col("estimate").is_null())
    line = withheld.drop("edition").write_csv(include_header=False)
    assert withheld.height == 2 and not re.search(r"\d", line)


@pytest.mark.parametrize(
    ("value", "statistic", "text"),
    [
        (0.244, "share", "24\u202f%"),
        (0.001, "share", "<\u202f1\u202f%"),
        (0.0, "share", "0\u202f%"),
        (0.999, "share", ">\u202f99\u202f%"),
        (1.0, "share", "100\u202f%"),
        (3.25, "mean", "3,2"),
        (113483.2, "total", "113\u202f483"),
    ],
)
def test_values_are_printed_by_statistic(value, statistic, text):
    assert value_text(value, statistic) == text


def test_intervals_are_printed_by_statistic():
    assert interval_text(0.221, 0.258, "share") == "[22\u202f; 26]"
    assert interval_text(0.006, 0.012, "share") == "[0,6\u202f; 1,2]"
    assert interval_text(0.00002, 0.00033, "share") == "[0,0\u202f; 0,1]"
    assert interval_text(0.0, 0.0, "share") == "[0\u202f; 0]"
    assert interval_text(2.25, 4.0, "mean") == "[2,2\u202f; 4,0]"
