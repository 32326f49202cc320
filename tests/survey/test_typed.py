"""What a text may not hold is refused, with its file and its line; what may be typed is taken."""

from pathlib import Path

import polars as pl
import pytest

from reports.errata import read_errata
from survey.campaign import read_settings
from survey.errors import SurveyError
from survey.questionnaire import load_questionnaire
from survey.reference import read_comparators
from survey.typed import command_in

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "text",
    [
        "[voir](javascript:alert(1))",
        "[voir](JaVaScript&#58;alert(1))",
        "[voir](java\tscript:alert(1))",
        "vbscript:msgbox",
        "![x](data:text/html;base64,PHNjcmlwdD4=)",
        "`<b>`{=html}",
        "avant\n```{=html}\n<b>\n```",
        "~~~",
        "`{python} 1 + 1`",
        "{{< include /etc/passwd >}}",
    ],
)
def test_a_text_that_would_command_a_page_is_known(text):
    assert command_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "JavaScript : un langage",
        "moins de 10 (< 10) & **rare**, `code`, a_b, [x](https://exemple.fr)",
        "Big data : les bases",
        "{label} {value}",
    ],
)
def test_a_text_that_is_only_read_is_taken(text):
    assert command_in(text) is None


def test_the_line_of_a_settings_file_is_said(tmp_path):
    path = tmp_path / "region.yml"
    path.write_text("nom: A\nediteur:\n  statut: '[x](javascript:alert(1))'\n", encoding="utf-8")
    with pytest.raises(
        SurveyError, match=r"region\.yml, ligne 3(?s:.*)«\s?javascript:\s?»(?s:.*)Retirez"
    ):
        read_settings(path)


def test_the_line_of_a_questionnaire_is_said(tmp_path):
    text = (ROOT / "tests/survey/essai.yml").read_text(encoding="utf-8")
    line = next(i for i, each in enumerate(text.splitlines()) if each.strip().startswith("text:"))
    lines = text.splitlines()
    lines[line] += " [x](javascript:alert(1))"
    path = tmp_path / "essai.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(
        SurveyError, match=rf"essai\.yml, ligne {line + 1}(?s:.*)«\s?javascript:\s?»"
    ):
        load_questionnaire(path)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("source_url", "javascript:alert(1)", "colonne « source_url » : « javascript: »"),
        ("source_url", "exemple.fr", "n’est pas une adresse du web"),
        ("source_url", "ftp://exemple.fr", "n’est pas une adresse du web"),
        ("note", "```{=html}", "colonne « note » : « ``` »"),
    ],
)
def test_the_line_of_a_table_is_said(tmp_path, column, value, said):
    table = pl.read_csv(ROOT / "data/reference/comparators.csv", infer_schema=False)
    second = pl.int_range(pl.len()) == 1
    path = tmp_path / "comparators.csv"
    changed = table.with_columns(
        pl.when(second).then(pl.lit(value)).otherwise(column).alias(column)
    )
    changed.write_csv(path)
    with pytest.raises(SurveyError) as error:
        read_comparators(path)
    assert "ligne 3" in str(error.value).replace("\u202f", " ")
    assert said in str(error.value).replace("\u202f", " ")


def test_the_page_of_an_erratum_is_an_address_of_the_site(tmp_path):
    (tmp_path / "data").mkdir()
    entry = "{date: 2027-01-12, edition: 2026, page: 'https://a', titre: a, faux: b, juste: c}"
    (tmp_path / "data/errata.yml").write_text(f"- {entry}\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="« page » : valeur refusée"):
        read_errata(tmp_path)
