"""What a column of the frame may hold before it cuts the population."""

import polars as pl
import pytest

from reports.samples import with_cuts
from survey.errors import SurveyError

BRANCHES = {"branche": [("C1", "Agroalimentaire"), ("C4", "Matériels de transport")]}


def test_codes_of_the_list_and_no_code_are_taken(tmp_path):
    units = pl.DataFrame({"token": ["a", "b", "c"], "branche": ["C1", None, "C4"]})
    assert with_cuts(units, BRANCHES, tmp_path).equals(units)


def test_another_code_is_refused_with_what_is_known(tmp_path):
    units = pl.DataFrame({"token": ["a", "b"], "branche": ["C1", "C9"]})
    with pytest.raises(SurveyError, match=r"« branche » porte C9 .*codes connus : C1, C4"):
        with_cuts(units, BRANCHES, tmp_path)


def test_a_sample_without_the_column_is_refused(tmp_path):
    with pytest.raises(SurveyError, match=r"branche.*absente du tableau"):
        with_cuts(pl.DataFrame({"token": ["a"]}), BRANCHES, tmp_path)
