"""The campaigns of 2026 beside the enterprises: from the simulation to published cells."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from analysis.disclosure import assert_gated
from reports import pipeline
from survey.campaign import load_campaign
from survey.errors import SurveyError

ROOT = Path(__file__).parents[2]
POPULATIONS = ("secteur_public", "associations", "habitants")
USES = {
    "secteur_public": "any(technologies) = oui",
    "habitants": "internet = trois and iagen = oui",
}
USES["associations"] = "internet = oui and any(technologies) = oui"
TOTALS = {"secteur_public": 1_305, "associations": 14_500, "habitants": 3_276_076}
REGISTRY = """
population: {population}
scope: {{short: unités, field: unités, unit: L’unité., covers: Toutes.}}
domains:
  - {{type: ensemble, label: Ensemble, role: whole}}
  - {{type: departement, label: Département, by: departement, role: territory}}
  - {{type: epci, label: Intercommunalité, frame: epci, role: territory}}
  - {{type: zone_emploi, label: Zone d’emploi, frame: zone_emploi, role: territory}}
indicators:
  - {{code: usage, title: Usage, condition: {condition}, dont_know: missing, theme: usages}}
"""


@pytest.fixture(scope="module", params=POPULATIONS)
def campaign(request, tmp_path_factory):
    """A campaign taken from its simulation to its cells, with one indicator."""
    root = tmp_path_factory.mktemp(request.param) / "projet"
    for name in ("survey", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    place = Path("campaigns", "2026", request.param)
    shutil.copytree(ROOT / place, root / place, ignore=shutil.ignore_patterns("private"))
    (root / "data" / "indicators" / f"{request.param}.yml").write_text(
        REGISTRY.format(population=request.param, condition=USES[request.param]), encoding="utf-8"
    )
    opened = load_campaign(root / place, root)
    for step in pipeline.STEPS.values():
        assert step(opened)
    return opened


def test_every_margin_is_met(campaign):
    margins = pl.read_csv(campaign.build / "marges.csv", schema_overrides={"category": pl.String})
    calibrated = campaign.decisions.redressement.calage
    assert set(margins["variable"]) == set(calibrated)
    assert margins["calibrated_weight_gap"].drop_nulls().abs().max() < 1e-6
    weights = pl.read_parquet(campaign.private / "poids.parquet")
    assert weights["calibrated_weight"].sum() == pytest.approx(TOTALS[campaign.population])
    # calibration mends, it does not overturn: no weight is multiplied or divided by four
    ratio = weights["calibrated_weight"] / weights["nonresponse_weight"]
    assert ratio.is_between(0.25, 4).all()


def test_the_published_use_is_near_the_truth(campaign):
    cells = pl.read_parquet(campaign.build / "published.parquet")
    assert_gated(cells)
    cell = cells.filter(indicator="usage", domain="ensemble").row(0, named=True)
    truth = pl.read_parquet(campaign.private / "verite.parquet")
    users = {"habitants": pl.col("iagen") == "oui"}.get(
        campaign.population, pl.any_horizontal(pl.col("^technologies__.*$") == "oui")
    )
    share = truth.select(users.fill_null(False).mean()).item()
    assert cell["status"] == "ok"
    assert abs(cell["estimate"] - share) < 4 * cell["std_error"]
    assert cell["population_size"] == pytest.approx(TOTALS[campaign.population])


def test_every_departement_and_a_few_places_can_be_published(campaign):
    cells = pl.read_parquet(campaign.build / "published.parquet")
    shown = cells.filter(pl.col("status").is_in(["ok", "fragile"]))
    counts = dict(shown.group_by("domain_type").len().iter_rows())
    assert counts["departement"] == 5
    if campaign.population != "secteur_public":  # a dozen answers in each place
        assert counts["epci"] >= 3 and counts["zone_emploi"] >= 5


def test_files_are_marked_as_simulated(campaign):
    for path in (campaign.private / "poids.parquet", campaign.build / "published.parquet"):
        assert pl.read_parquet_metadata(path)["contenu"] == "données simulées"
    header = (campaign.build / "collecte.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.split(",")[0] == campaign.decisions.redressement.non_reponse.groupes[0]


def test_a_sample_without_a_column_of_the_weighting_is_refused(campaign):
    path = campaign.private / "echantillon.parquet"
    whole = path.read_bytes()
    lacking = campaign.decisions.redressement.non_reponse.groupes[0]
    pl.read_parquet(path).drop(lacking).write_parquet(path)
    try:
        with pytest.raises(SurveyError, match=lacking):
            pipeline.weigh(campaign)
    finally:
        path.write_bytes(whole)
