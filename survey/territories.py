"""The territories an edition reports on: the communes of the region and the places they make up.

communes       one row a commune: which places hold it
places         one row a place of each level: its name, how prose speaks of it, where it stands
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from survey.errors import SurveyError
from survey.reference import read_table

LEVELS = ("departement", "type_commune", "epci", "zone_emploi")
TERRITORY_FILES = ("communes.csv", "territoires.csv")
COMMUNES = pl.Schema(
    {
        "code": pl.String,
        "nom": pl.String,
        **dict.fromkeys(LEVELS, pl.String),
        "population": pl.Int64,
    }
)
PLACES = pl.Schema(
    {
        "niveau": pl.String,
        "code": pl.String,
        "nom": pl.String,
        "nom_court": pl.String,
        "locatif": pl.String,
        "genitif": pl.String,
        "population": pl.Int64,
        "population_totale": pl.Int64,
        "communes": pl.Int64,
        "longitude": pl.Float64,
        "latitude": pl.Float64,
        "note": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Territories:
    """The communes and the places of the region.

    `communes` : `COMMUNES`; `epci` is null for a commune that belongs to none; `population` in
    persons.
    `places` : `PLACES`, by level, in the order of the file. `population` and `communes` count the
    part within the region, `population_totale` the whole (null when unknown); `longitude` and
    `latitude` (degrees) are null where a place has no position; `locatif` is « dans la zone
    d’emploi du Mans », `genitif` « de la zone d’emploi du Mans ».
    """

    communes: pl.DataFrame
    places: pl.DataFrame

    def of(self, level: str) -> pl.DataFrame:
        """The places of one level, in the order of the file."""
        return self.places.filter(pl.col("niveau") == level)

    def labels(self, level: str) -> list[tuple[str, str]]:
        """Code and short name of each place of a level."""
        return list(self.of(level).select("code", "nom_court").iter_rows())


def load_territories(directory: Path) -> Territories:
    """Read and check `communes.csv` and `territoires.csv` of `directory`.

    Raises
    ------
    SurveyError : a file or column is missing, a code comes twice, or a commune is in no known place
    """
    files = [directory / name for name in TERRITORY_FILES]
    communes, places = read_table(files[0], COMMUNES), read_table(files[1], PLACES)
    for path, table, key in zip(
        files, (communes, places), (["code"], ["niveau", "code"]), strict=True
    ):
        twice = table.filter(table.select(key).is_duplicated())
        if not twice.is_empty():
            raise SurveyError(
                f"{path} : le code {twice['code'][0]} figure deux fois. "
                "Gardez une seule ligne par territoire."
            )
    for level in LEVELS:
        known = places.filter(pl.col("niveau") == level)["code"].to_list()
        lost = communes.filter(~pl.col(level).is_in(known))
        if not lost.is_empty():
            raise SurveyError(
                f"{files[0]} : {lost['nom'][0]} ({lost['code'][0]}) est dans "
                f"« {level} » {lost[level][0]}, absent de territoires.csv. Ajoutez cette ligne."
            )
    return Territories(communes, places)


def territory_columns(
    units: pl.DataFrame, communes: pl.DataFrame, *, levels: Sequence[str] = LEVELS[1:]
) -> pl.DataFrame:
    """Units plus the places of their `commune`, same rows and order.

    Raises
    ------
    SurveyError : the commune of a unit is not of the region
    """
    strangers = units.filter(~pl.col("commune").is_in(communes["code"].to_list()))
    if not strangers.is_empty():
        raise SurveyError(
            f"échantillon : la commune {strangers['commune'][0]} n’est pas de la région "
            f"({strangers.height} lignes). Corrigez la colonne « commune » (code Insee, en texte), "
            "ou complétez data/reference/communes.csv."
        )
    places = communes.select(commune="code", **{level: pl.col(level) for level in levels})
    return units.join(places, on="commune", how="left", maintain_order="left")
