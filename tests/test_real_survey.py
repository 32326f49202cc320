"""A real survey with its own weights, read through a few lines of `campaign.yml`.

Baromètre du numérique 2022 (CRÉDOC), beside the project where the team has it. Expected figures are
those written in the README of the file's folder.
"""

import shutil
from pathlib import Path

import polars as pl
import pytest

from reports.described import estimate_file, read_survey_file
from survey.campaign import load_campaign

ROOT = Path(__file__).parents[1]
SOURCE = ROOT.parent / "shared/reference/microdata/barometre-numerique-2022.csv"
EXAMPLE = ROOT / "campaigns/exemples/barometre-numerique-2022/campaign.yml"
REGION = "Pays de la Loire"

pytestmark = pytest.mark.skipif(
    not SOURCE.is_file(), reason="fichier du Baromètre du numérique 2022 absent de cette machine"
)


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("barometre")
    (folder / "private").mkdir()
    shutil.copyfile(SOURCE, folder / "private" / SOURCE.name)
    shutil.copyfile(EXAMPLE, folder / "campaign.yml")
    return estimate_file(load_campaign(folder, folder))


def cell(cells: pl.DataFrame, indicator: str, domain_type: str, domain: str) -> dict:
    return cells.filter(indicator=indicator, domain_type=domain_type, domain=domain).row(
        0, named=True
    )


def test_the_share_with_a_smartphone_is_the_documented_one(cells):
    smartphone = cell(cells, "SMARTPHO__Oui", "ensemble", "ensemble")
    assert round(100 * smartphone["estimate"], 1) == 87.2
    assert smartphone["n_domain"] == 4184
    assert smartphone["status"] == "ok"
    assert smartphone["conf_low"] < 0.872 < smartphone["conf_high"]


def test_the_region_has_its_respondents_and_weight(cells):
    region = cell(cells, "SMARTPHO__Oui", "REGION", REGION)
    assert region["n_domain"] == 239
    assert region["population_size"] == pytest.approx(250.55, abs=0.01)


def test_weights_sum_to_the_number_of_respondents():
    rows = read_survey_file(SOURCE)
    assert rows.height == 4184
    assert rows["POND"].cast(pl.Float64).sum() == pytest.approx(4184, abs=0.01)
    assert rows.filter(REGION=REGION)["POND"].cast(pl.Float64).sum() == pytest.approx(
        250.55, abs=0.01
    )


def test_shares_of_a_question_add_up_to_one(cells):
    whole = cells.filter(pl.col("indicator").str.starts_with("SMARTPHO__"), domain="ensemble")
    assert whole.height >= 2
    assert whole["estimate"].sum() == pytest.approx(1)


def test_small_crossings_pass_the_gate(cells):
    crossed = cells.filter(domain_type="SEXE x AGE6FUZ")
    assert crossed["domain"].n_unique() == 12
    withheld = cells.filter(pl.col("status").is_in(["nd", "secret"]))
    assert withheld["estimate"].null_count() == withheld.height
