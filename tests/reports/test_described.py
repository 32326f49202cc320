import json

import polars as pl
import pytest

from reports.described import as_number, estimate_file, read_survey_file, targets_of
from survey.campaign import TargetSpec, load_campaign
from survey.errors import SurveyError
from survey.french import typography

CAMPAIGN = """
titre: Essai
edition: 2022
population: habitants
donnees: private/enquete.csv
plan: {poids: POIDS}
cibles:
  - {statistique: proportion, variable: USAGE}
  - {statistique: moyenne, variable: ÂGE}
  - {statistique: total, variable: ÂGE}
domaines: [ensemble, SEXE, [SEXE, USAGE]]
seuils:
  secret: 3
  repondants: 3
  demi_intervalle: 0.9
  repondants_fragile: 3
  demi_intervalle_fragile: 0.9
"""
HEADING = ["POIDS", "USAGE", "ÂGE", "SEXE"]
ROWS = [
    ["1,5", "Oui", "20", "F"],
    ["0,5", "Non", "40", "F"],
    ["1", "Oui", "30", "F"],
    ["2", "Oui", "50", "M"],
    ["1", "Non", "", "M"],
    ["1", "", "60", "M"],
    ["1", "Non", "35", "F"],
    ["2", "Non", "45", "M"],
]


def survey(folder, rows=ROWS, *, separator=";", encoding="utf-8", text=CAMPAIGN):
    (folder / "private").mkdir(parents=True, exist_ok=True)
    (folder / "campaign.yml").write_text(text, encoding="utf-8")
    lines = [separator.join(row) for row in (HEADING, *rows)]
    path = folder / "private" / "enquete.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return load_campaign(folder, folder)


def cell(cells: pl.DataFrame, indicator: str, domain: str, statistic: str = "share") -> dict:
    return cells.filter(indicator=indicator, domain=domain, statistic=statistic).row(0, named=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_survey_file_is_estimated_with_its_weights(tmp_path, encoding):
    # three times each row: four women who answer would be too few for an interval
    cells = estimate_file(survey(tmp_path, ROWS * 3, encoding=encoding))
    # weights of « Oui »: 1.5 + 1 + 2 = 4.5, over 9 (the empty answer is missing)
    assert cell(cells, "USAGE__Oui", "ensemble")["estimate"] == pytest.approx(4.5 / 9)
    assert cell(cells, "USAGE__Oui", "F")["estimate"] == pytest.approx(2.5 / 4)
    assert cell(cells, "USAGE__Oui", "F")["n_respondents"] == 12
    total = 1.5 * 20 + 0.5 * 40 + 30 + 100 + 60 + 35 + 90
    assert cell(cells, "ÂGE", "ensemble", "total")["estimate"] == pytest.approx(3 * total)
    assert cell(cells, "ÂGE", "ensemble", "mean")["estimate"] == pytest.approx(total / 9)
    assert (cells["edition"] == 2022).all() and (cells["population"] == "habitants").all()


def test_a_comma_separates_too(tmp_path):
    rows = [[row[0].replace(",", "."), *row[1:]] for row in ROWS]
    comma = estimate_file(survey(tmp_path / "virgule", rows, separator=","))
    semicolon = estimate_file(survey(tmp_path / "point", ROWS))
    assert comma.equals(semicolon)


def test_what_passed_the_gate_is_written_apart_from_the_rest(tmp_path):
    text = CAMPAIGN.replace("repondants: 3", "repondants: 4")
    text = text.replace("repondants_fragile: 3", "repondants_fragile: 4")
    campaign = survey(tmp_path, text=text)
    estimate_file(campaign)
    published = pl.read_parquet(campaign.build / "published.parquet")
    estimates = pl.read_parquet(campaign.private / "estimations.parquet")
    few = published.filter(indicator="USAGE__Oui", domain="M")
    assert few["status"].item() == "nd" and few["estimate"].item() is None
    known = estimates.filter(indicator="USAGE__Oui", domain="M")["estimate"].item()
    assert known == pytest.approx(2 / 5)
    manifest = json.loads((campaign.build / "manifeste.json").read_text(encoding="utf-8"))
    assert list(manifest["entrees"]) == ["private/enquete.csv"]


def test_a_campaign_outside_the_project_is_estimated_too(tmp_path):
    survey(tmp_path / "ailleurs")
    root = tmp_path / "projet"
    root.mkdir()
    estimate_file(load_campaign(tmp_path / "ailleurs", root))
    assert (root / "_build" / "2022" / "habitants" / "published.parquet").is_file()


def test_a_parquet_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "enquete.parquet"
    pl.DataFrame({"POIDS": [1.0, 2.0], "AGE": [3, None]}).write_parquet(path)
    rows = read_survey_file(path)
    assert rows["AGE"].to_list() == [3, None]
    assert rows.select(as_number(rows, "AGE", path)).to_series().to_list() == [3, None]


def test_numbers_take_a_point_or_a_comma(tmp_path):
    rows = pl.DataFrame({"x": ["1,5", "2.5", None, "-3"]})
    numbers = rows.select(as_number(rows, "x", tmp_path)).to_series().to_list()
    assert numbers == [1.5, 2.5, None, -3.0]


def with_cell(line: int, column: str, value: str) -> list[list[str]]:
    """The rows with another value at a line of the file (the heading is line 1)."""
    rows = [list(row) for row in ROWS]
    rows[line - 2][HEADING.index(column)] = value
    return rows


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [(4, "POIDS", "beaucoup"), (2, "POIDS", ""), (9, "ÂGE", "vieux"), (3, "ÂGE", "4 0")],
)
def test_text_for_a_number_is_named_with_its_line(tmp_path, line, column, value):
    what = f"« {value} » n’est pas un nombre" if value else "cellule vide, il y faut un nombre"
    said = rf"enquete\.csv, ligne {line}, colonne « {column} » : {what}"
    with pytest.raises(SurveyError, match=said):
        estimate_file(survey(tmp_path, with_cell(line, column, value)))


def test_a_ragged_row_is_named(tmp_path):
    rows = [*ROWS[:3], ["1", "Oui", "30", "F", "encore"], *ROWS[3:]]
    with pytest.raises(SurveyError, match="ligne 5 : 5 cellules pour 4 colonnes"):
        estimate_file(survey(tmp_path, rows))


def test_a_negative_weight_is_refused(tmp_path):
    with pytest.raises(SurveyError) as error:
        estimate_file(survey(tmp_path, with_cell(2, "POIDS", "-1")))
    assert typography("« POIDS » porte une valeur négative") in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("poids: POIDS", "poids: POID", "colonne « POID » absente"),
        ("variable: USAGE", "variable: USAGES", "colonne « USAGES » absente"),
        ("[ensemble, SEXE", "[ensemble, SEX", "colonne « SEX » absente"),
        ("private/enquete.csv", "private/nulle.csv", "nulle.csv : fichier introuvable"),
        ("variable: ÂGE", "variable: SEXE", "colonne « SEXE » : « F » n’est pas un nombre"),
    ],
)
def test_what_the_description_asks_must_be_in_the_file(tmp_path, before, after, said):
    with pytest.raises(SurveyError) as error:
        estimate_file(survey(tmp_path, text=CAMPAIGN.replace(before, after)))
    assert typography(said) in typography(str(error.value))


def test_a_column_named_twice_is_refused(tmp_path):
    campaign = survey(tmp_path)
    path = tmp_path / "private" / "enquete.csv"
    path.write_text("POIDS;SEXE;SEXE\n1;F;F\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="colonne en double « SEXE »"):
        estimate_file(campaign)


def test_its_shares_have_the_interval_of_published_shares(tmp_path):
    rows = read_survey_file(survey(tmp_path, ROWS * 3).private / "enquete.csv")[["USAGE"]]
    spec = TargetSpec(statistique="proportion", variable="USAGE")
    assert {each.interval for each in targets_of(spec, rows, tmp_path)} == {"capped"}
