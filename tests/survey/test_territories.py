from pathlib import Path

import polars as pl
import pytest

from survey.errors import SurveyError
from survey.territories import LEVELS, load_territories, territory_columns

REFERENCE = Path("data/reference")
TERRITORIES = load_territories(REFERENCE)


@pytest.mark.parametrize("level", LEVELS)
def test_a_place_counts_the_communes_and_the_population_of_the_region(level):
    counted = (
        TERRITORIES.communes.drop_nulls(level)
        .group_by(code=level)
        .agg(communes=pl.len().cast(pl.Int64), population=pl.col("population").sum())
        .sort("code")
    )
    told = TERRITORIES.of(level).select("code", "communes", "population").sort("code")
    assert told.equals(counted)


def test_prose_can_speak_of_every_place():
    for locative, genitive in TERRITORIES.places.select("locatif", "genitif").iter_rows():
        assert locative.split()[0] in {"en", "dans", "à", "hors"}, locative
        assert genitive.startswith(("de ", "du ", "des ", "d’")), genitive
        assert "de Le " not in genitive and "de Les " not in genitive and "'" not in genitive


def test_every_place_of_a_map_has_a_position():
    placed = TERRITORIES.places.filter(pl.col("niveau") != "type_commune")
    assert placed["longitude"].null_count() == 0
    assert placed["latitude"].is_between(46, 49).all()


def test_units_get_the_places_of_their_commune():
    units = pl.DataFrame({"commune": ["44109", "85113", None]})
    found = territory_columns(units, TERRITORIES.communes)
    assert found["zone_emploi"].to_list()[0] == "5216"
    assert found["epci"].to_list() == ["244400404", None, None]  # L’Île-d’Yeu is in no EPCI


def test_a_commune_from_elsewhere_is_refused():
    with pytest.raises(SurveyError, match="75056"):
        territory_columns(pl.DataFrame({"commune": ["75056"]}), TERRITORIES.communes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("44001,Abbaretz", "44002,Abbaretz", "44002 figure deux fois"),
        ("44001,Abbaretz,44", "44001,Abbaretz,99", "99, absent de territoires.csv"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path, old, new, message):
    for name in ("communes.csv", "territoires.csv"):
        text = (REFERENCE / name).read_text(encoding="utf-8").replace(old, new)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SurveyError, match=message):
        load_territories(tmp_path)
