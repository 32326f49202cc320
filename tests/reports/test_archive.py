import json
from dataclasses import replace

import polars as pl
import pytest

from reports import archive, pipeline
from survey.errors import SurveyError


@pytest.fixture
def campaign(estimated, tmp_path):
    """The edition of 2025, its record to be written elsewhere than in the project of the tests."""
    found = next(each for each in pipeline.campaigns(estimated) if each.edition == 2025)
    return replace(found, folder=tmp_path / "2025", root=tmp_path)


@pytest.fixture
def published(estimated, campaign):
    cells = pl.read_parquet(estimated / "_build" / "2025" / "entreprises" / "published.parquet")
    campaign.build.mkdir(parents=True)

    def publish(frame: pl.DataFrame) -> None:
        frame.write_parquet(campaign.build / "published.parquet")

    publish(cells)
    return cells, publish


def test_an_edition_rebuilt_the_same_is_the_one_published(campaign, published):
    cells, publish = published
    assert "43 indicateurs" in archive.record(campaign)
    publish(cells.reverse().with_columns(pl.col("estimate") * (1 + 1e-13)))  # another processor
    assert archive.rebuilt_faults(campaign) == []
    assert "43 indicateurs" in archive.record(campaign)


def test_another_figure_is_found_and_not_recorded_in_silence(campaign, published):
    cells, publish = published
    archive.record(campaign)
    first = (pl.col("indicator") == "usage_ia") & (pl.col("domain_type") == "ensemble")
    publish(cells.with_columns(pl.when(first).then(0.5).otherwise("estimate").alias("estimate")))
    assert [fault for fault in archive.rebuilt_faults(campaign) if "usage_ia »" in fault]
    assert len(archive.rebuilt_faults(campaign)) == 1
    with pytest.raises(SurveyError, match=r"usage_ia.*errata\.yml"):
        archive.record(campaign)


def test_an_indicator_that_went_is_a_difference(campaign, published):
    cells, publish = published
    archive.record(campaign)
    publish(cells.filter(pl.col("family") != "freins"))
    assert len(archive.rebuilt_faults(campaign)) == 1


def test_the_record_carries_no_number(campaign, published):
    archive.record(campaign)
    content = json.loads((campaign.folder / archive.NAME).read_text())
    assert {len(digest) for digest in content.values()} == {16}


def test_nothing_recorded_is_nothing_to_compare(campaign, published):
    assert archive.rebuilt_faults(campaign) == []


@pytest.mark.parametrize("text", ["", "[]", '{"usage_ia": 1}'])
def test_a_damaged_record_is_said(campaign, published, text):
    campaign.folder.mkdir()
    (campaign.folder / archive.NAME).write_text(text)
    with pytest.raises(SurveyError, match="abîmé"):
        archive.rebuilt_faults(campaign)


def test_the_edition_is_to_be_estimated_first(campaign):
    with pytest.raises(SurveyError, match="non estimée"):
        archive.record(campaign)
