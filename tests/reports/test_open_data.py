"""The files that anyone may take away, and what machines read of them."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from reports import dcat, downloads, opendata
from reports.edition import open_edition, open_editions
from reports.pages import data
from reports.pages.questionnaires import pages as questionnaire_pages
from reports.publisher import read_publisher
from reports.settings import publication_day

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(estimated, tmp_path_factory):
    """The editions of a year and the folder of their files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(estimated)
        open_edition.cache_clear()
        editions = open_editions(2026)
        folder = tmp_path_factory.mktemp("site") / "donnees"
        downloads.write_downloads(editions, folder)
        dcat.write_catalogue(editions, folder)
    open_edition.cache_clear()
    return editions, folder


def test_every_file_that_is_told_is_there_and_no_other(made):
    editions, folder = made
    told = {file.name for file in downloads.data_files(editions)}
    assert told | {dcat.CATALOGUE} == {path.name for path in folder.iterdir()}


def test_results_are_the_published_cells_and_withheld_ones_are_empty(made):
    editions, folder = made
    edition = editions["entreprises"]
    results = pl.read_csv(folder / "resultats.csv", infer_schema_length=None)
    assert results.height == edition.cells.height
    hidden = results.filter(pl.col("status").is_in(["nd", "secret"]))
    assert hidden.height and hidden["estimate"].null_count() == hidden.height
    assert pl.read_parquet(folder / "resultats.parquet").columns == results.columns
    named = results.filter(indicator="usage_ia", domain_type="ensemble")
    assert named["indicator_label"][0] == edition.cell("usage_ia")["indicator_label"]


def test_every_column_is_explained(made):
    _, folder = made
    assert list(opendata.COLUMNS) == pl.read_parquet(folder / "resultats.parquet").columns


def test_every_row_says_it_is_simulated(made):
    _, folder = made
    tables = sorted(folder.glob("*.csv"))
    assert len(tables) == 8
    for path in tables:
        table = pl.read_csv(path, infer_schema=False)
        assert table.height and set(table["nature"]) == {"données simulées"}, path.name


def test_two_writings_are_the_same_to_the_byte(made, tmp_path, estimated, monkeypatch):
    editions, folder = made
    monkeypatch.chdir(estimated)
    downloads.write_downloads(editions, tmp_path / "donnees")
    for path in (tmp_path / "donnees").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_the_catalogue_describes_the_files_as_they_are(made):
    editions, folder = made
    content = json.loads((folder / dcat.CATALOGUE).read_text(encoding="utf-8"))
    catalogue, agent, *datasets = content["@graph"]
    assert [each["@id"] for each in catalogue["dcat:dataset"]] == [each["@id"] for each in datasets]
    assert catalogue["dct:publisher"]["@id"] == agent["@id"]
    files = [file for each in datasets for file in each["dcat:distribution"]]
    assert len(files) == len(downloads.data_files(editions))
    for file in files:
        path = folder / file["dcat:downloadURL"]["@id"]  # relative: no address is decided
        assert int(file["dcat:byteSize"]["@value"]) == path.stat().st_size
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert file["spdx:checksum"]["spdx:checksumValue"]["@value"] == digest
    assert all("données simulées" in each["dct:title"]["@value"] for each in datasets)


def test_addresses_are_absolute_once_the_site_is_decided(made, monkeypatch):
    editions, folder = made
    publisher = read_publisher(editions["entreprises"].campaign.root)
    decided = publisher.model_copy(update={"site": "https://exemple.fr/ia"})
    for module in (dcat, opendata):
        monkeypatch.setattr(module, "read_publisher", lambda root: decided)
    catalogue = dcat.catalogue(editions, folder)["@graph"]
    place = "https://exemple.fr/ia/reports/2026/"
    assert catalogue[0]["foaf:homepage"]["@id"] == f"{place}donnees.html"
    first = catalogue[2]["dcat:distribution"][0]["dcat:accessURL"]["@id"]
    assert first == f"{place}donnees/resultats.csv"
    assert opendata.dataset(editions, folder)["distribution"][0]["contentUrl"] == first


def test_the_page_holds_its_own_description_and_every_file(made, monkeypatch):
    editions, folder = made
    monkeypatch.setattr(data, "digest", lambda path: "f" * 64)
    monkeypatch.setattr(data, "dataset", lambda editions, _: opendata.dataset(editions, folder))
    monkeypatch.setattr(data, "_size", lambda path: "1 ko")
    (page,) = data.pages(editions)
    script = page.text.split('<script type="application/ld+json">')[1].split("</script>")[0]
    assert json.loads(script)["@type"] == "Dataset"
    for file in downloads.data_files(editions):
        assert f"(donnees/{file.name})" in page.text
    assert "Licence Ouverte 2.0" in page.text and "@misc{observatoire-ia-2026" in page.text


def test_a_script_of_the_page_cannot_be_closed_by_its_data():
    said = opendata.as_json({"name": "</script><b>"})
    assert "</script>" not in said and json.loads(said)["name"] == "</script><b>"


def test_the_citation_file_names_the_latest_edition_as_its_page_does(made):
    editions, _ = made
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["references"][-1]
    assert told["title"] == opendata.title_of(editions)
    publisher = read_publisher(ROOT)
    assert told["authors"] == [{"name": publisher.nom_court}]
    assert told["date-released"] == publication_day(ROOT, 2026)
    assert told["title"] in opendata.citation(editions, publisher, told["date-released"])


def test_questionnaires_have_a_page_each_and_their_files(made):
    editions, folder = made
    hub, asked = questionnaire_pages(editions)
    assert "(questionnaires/entreprises.qmd) : 38 questions" in hub.text
    assert "questionnaire-entreprises.pdf" in asked.text
    assert (folder / "questionnaire-entreprises.pdf").read_bytes().startswith(b"%PDF")
    assert asked.text.count("\n### ") == 38
    assert asked.address == str(Path("questionnaires") / "entreprises")
