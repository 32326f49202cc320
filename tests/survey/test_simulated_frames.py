"""The simulated frames: official totals to the unit, communes of the region, no invented place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from survey.campaign import load_campaign
from survey.errors import MarginError, SurveyError
from survey.reference import load_reference, margin_columns
from survey.simulation.crossing import controlled_rounding, fit_margins, round_along
from survey.simulation.frames import COUNT, build_cells, draw_communes, draw_witnesses, list_units
from survey.territories import load_territories, territory_columns

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data" / "reference"
TERRITORIES = load_territories(DATA)
POPULATIONS = ("entreprises", "secteur_public", "associations", "habitants")


def cells_of(population: str) -> pl.DataFrame:
    return build_cells(population, load_reference(DATA, population), TERRITORIES)


@pytest.fixture(scope="module", params=POPULATIONS)
def population(request) -> str:
    return request.param


def test_cells_meet_every_official_margin_to_the_unit(population):
    campaign = load_campaign(ROOT / "campaigns" / "2026" / population, ROOT)
    margins = load_reference(DATA, population).margins
    calibrated = campaign.decisions.redressement.calage
    assert set(calibrated) == set(margins["variable"])
    crossed = margin_columns(cells_of(population), calibrated)
    for variable in calibrated:
        counted = dict(crossed.group_by(variable).agg(pl.col(COUNT).sum()).iter_rows())
        official = margins.filter(pl.col("variable") == variable)
        assert counted == dict(official.select("modalite", "total").iter_rows())


def test_totals_are_those_of_the_sources():
    totals = {name: cells_of(name)[COUNT].sum() for name in POPULATIONS}
    # Flores 2018; communes 1 228, EPCI 71, départements 5, region 1; ESS 2022; Insee 2025.
    assert totals == {
        "entreprises": 113_483,
        "secteur_public": 1_228 + 71 + 5 + 1,
        "associations": 14_500,
        "habitants": 3_276_076,
    }


def test_the_list_of_communes_is_the_official_one():
    cells = cells_of("secteur_public")
    communes = cells.filter(organisme="com")
    assert sorted(communes["commune"]) == sorted(TERRITORIES.communes["code"])
    seats = dict(cells.filter(organisme="dep").select("departement", "commune").iter_rows())
    assert seats == {"44": "44109", "49": "49007", "53": "53130", "72": "72181", "85": "85191"}
    assert cells.filter(organisme="reg")["commune"].to_list() == ["44109"]
    assert cells.filter(pl.col("habitants").is_null())["organisme"].unique().sort().to_list() == [
        *("dep", "epci", "reg")
    ]


def test_a_commune_is_in_the_class_of_its_population():
    classes = dict(
        cells_of("secteur_public")
        .filter(organisme="com")
        .select("commune", "habitants")
        .iter_rows()
    )
    sizes = dict(TERRITORIES.communes.select("code", "population").iter_rows())
    low = {"h0": 0, "h500": 500, "h1000": 1000, "h2000": 2000, "h3500": 3500, "h5000": 5000}
    low |= {"h10k": 10_000, "h20k": 20_000, "h50k": 50_000, "h100k": 100_000}
    bounds = dict(zip(low, [*list(low.values())[1:], 10**7], strict=True))
    assert all(low[kind] <= sizes[code] < bounds[kind] for code, kind in classes.items())


def test_residents_live_in_every_commune_in_proportion_to_its_population():
    counted = cells_of("habitants").group_by("commune").agg(pl.col(COUNT).sum())
    joined = TERRITORIES.communes.join(counted, left_on="code", right_on="commune", how="left")
    ratio = joined.select(pl.col(COUNT) / pl.col("population")).to_series()
    assert ratio.null_count() == 0
    large = joined.select(pl.col("population") >= 500).to_series()
    assert ratio.filter(large).is_between(0.80, 0.87).all()


@pytest.mark.parametrize("population", POPULATIONS[:3])  # residents are counted, never listed
def test_units_are_listed_once_in_a_commune_of_their_departement(population):
    cells = cells_of(population)
    units = list_units(cells, TERRITORIES, seed=1)
    assert units.height == cells[COUNT].sum()
    assert units["unite"].is_unique().all()
    assert units["commune"].null_count() == 0
    placed = territory_columns(
        units.drop("departement"), TERRITORIES.communes, levels=("departement",)
    )
    assert (placed["departement"] == units["departement"]).all()
    again = list_units(cells, TERRITORIES, seed=1)
    assert again.equals(units)
    assert not list_units(cells, TERRITORIES, seed=2).equals(units)


def test_communes_are_drawn_in_proportion_to_population():
    drawn = draw_communes(pl.Series(["49"] * 40_000), TERRITORIES, seed=3)
    communes = TERRITORIES.communes.filter(departement="49")
    largest = communes.sort("population").row(-1, named=True)
    expected = largest["population"] / communes["population"].sum()
    error = (expected * (1 - expected) / 40_000) ** 0.5
    assert (drawn == largest["code"]).mean() == pytest.approx(expected, abs=4 * error)
    assert drawn.n_unique() > 150


def test_witnesses_have_the_shares_of_the_cells():
    cells = cells_of("habitants")
    witnesses = draw_witnesses(cells, 20_000, seed=4)
    assert witnesses["unite"].n_unique() == 20_000
    for column in ("departement", "age", "sexe", "type_commune"):
        told = dict(witnesses[column].value_counts(normalize=True).iter_rows())
        total = cells[COUNT].sum()
        known = cells.group_by(column).agg(pl.col(COUNT).sum() / total)
        for code, share in known.iter_rows():
            assert told[code] == pytest.approx(share, abs=0.012), (column, code)


def test_an_assumption_that_is_missing_is_named():
    reference = load_reference(DATA, "associations")
    lacking = reference.assumptions.filter(pl.col("modalite") != "human")
    with pytest.raises(MarginError, match="human"):
        build_cells("associations", replace(reference, assumptions=lacking), TERRITORIES)


def test_a_margin_that_is_missing_is_named():
    reference = load_reference(DATA, "habitants")
    lacking = reference.margins.filter(pl.col("modalite") != "53 femme 75+")
    with pytest.raises(MarginError, match="53 femme 75"):
        build_cells("habitants", replace(reference, margins=lacking), TERRITORIES)


def test_a_population_without_a_frame_is_told_those_that_have_one():
    with pytest.raises(SurveyError, match=r"martiens.*entreprises, secteur_public"):
        build_cells("martiens", load_reference(DATA), TERRITORIES)


@given(
    table=arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(0, 50)),
    seed=st.integers(0, 1000),
)
def test_controlled_rounding_keeps_the_margins_and_stays_next_to_each_cell(table, seed):
    counts = np.random.default_rng(seed).integers(1, 60, table.shape)
    fitted = fit_margins(table + 0.1, counts.sum(axis=1), counts.sum(axis=0))
    rounded = controlled_rounding(fitted)
    assert (rounded.sum(axis=1) == counts.sum(axis=1)).all()
    assert (rounded.sum(axis=0) == counts.sum(axis=0)).all()
    assert np.abs(rounded - fitted).max() < 1 + 1e-5


def test_margins_of_different_totals_are_refused():
    with pytest.raises(MarginError, match="3 et 4"):
        fit_margins(np.ones((1, 1)), np.array([3]), np.array([4]))


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_rounding_along_keeps_every_running_sum(expected):
    rounded = round_along(np.array(expected))
    assert (rounded >= 0).all()
    assert np.abs(np.cumsum(rounded) - np.cumsum(expected)).max() <= 0.5 + 1e-6
