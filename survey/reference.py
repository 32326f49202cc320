"""The official figures an edition leans on: region, margins, comparators, code lists.

Everything comes from the small tables of `data/reference`; each row carries its source and vintage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from survey.campaign import read_settings
from survey.errors import MarginError, SurveyError
from survey.french import integer
from survey.typed import refuse_commands_in_table, refuse_other_schemes

MARGINS = pl.Schema(
    {
        "variable": pl.String,
        "modalite": pl.String,
        "libelle": pl.String,
        "total": pl.Int64,
        "source": pl.String,
        "millesime": pl.String,
        "note": pl.String,
    }
)
ASSUMPTIONS = pl.Schema(
    {
        "hypothese": pl.String,
        "domaine": pl.String,
        "modalite": pl.String,
        "part": pl.Float64,
        "statut": pl.String,
        "justification": pl.String,
    }
)

CATEGORIES = pl.Schema({"code": pl.String, "libelle_court": pl.String})
BRANCHES = pl.Schema(
    dict.fromkeys(("code", "libelle", "libelle_court", "secteur", "naf", "contenu"), pl.String)
)
CODE_LIST = "nomenclature_"

PLACE_KEYS = ("code", "nom", "locatif", "genitif")  # in the order of `Territory`


@dataclass(frozen=True, slots=True)
class Territory:
    """A place and how prose speaks of it: `locative` « en Vendée », `genitive` « de la Vendée »."""

    code: str
    name: str
    locative: str
    genitive: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another region, looked for among the points of comparison."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Region:
    """The observed region, its adjective by gender, its départements and its neighbours."""

    territory: Territory
    adjective: str
    adjective_feminine: str
    departements: tuple[Territory, ...]
    neighbours: tuple[Neighbour, ...]
    sources: tuple[dict[str, str], ...]

    @property
    def departement_codes(self) -> tuple[str, ...]:
        """Codes of the départements, in the order of the file."""
        return tuple(departement.code for departement in self.departements)


@dataclass(frozen=True, slots=True)
class Reference:
    """What `data/reference` holds for the survey of one population.

    `margins` : one row per `variable` x `modalite`, `total` in units of the population.
    `comparators` : one row per published figure, in the columns of `read_comparators`.
    `branches` : code list of the branches of industry, `secteur` the one that each is part of.
    `sectors`, `sizes` : code lists of enterprises, `champ_eurostat` Boolean, `…_marge` the category
    of margins.
    `assumptions` : shares used by the simulation only, never facts.
    """

    region: Region
    margins: pl.DataFrame
    comparators: pl.DataFrame
    sectors: pl.DataFrame
    branches: pl.DataFrame
    sizes: pl.DataFrame
    assumptions: pl.DataFrame


def load_reference(directory: Path, population: str = "entreprises") -> Reference:
    """Read and check the reference tables of `directory`, with the margins of a population.

    Raises
    ------
    SurveyError : a file or a column is missing, or a figure cannot be read
    MarginError : two margin variables do not add up to the same total
    """
    margins = read_margins(directory / f"marges_{population}.csv")
    sectors = ("code", "libelle", "libelle_court", "secteur_marge", "secteur_marge_libelle", "naf")
    sizes = ("code", "libelle", "libelle_court", "taille_marge", "taille_marge_libelle")
    return Reference(
        region=read_region(directory / "region.yml"),
        margins=margins,
        comparators=read_comparators(directory / "comparators.csv"),
        sectors=read_code_list(directory / "nomenclature_secteur.csv", sectors),
        branches=read_table(directory / "nomenclature_branche.csv", BRANCHES),
        sizes=read_code_list(directory / "nomenclature_taille.csv", sizes),
        assumptions=read_table(directory / "hypotheses_simulation.csv", ASSUMPTIONS),
    )


def read_table(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """The columns of `schema`, in its order; codes stay strings, an empty cell is null.

    Raises
    ------
    SurveyError : the file is missing, a column is missing, or a cell is not of the expected type
    """
    if not path.is_file():
        raise SurveyError(f"{path} : ce fichier de référence est introuvable.")
    try:
        table = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise SurveyError(
            f"{path} : ce fichier n’est pas un CSV lisible (UTF-8, virgules)."
        ) from error
    refuse_commands_in_table(table, str(path))
    missing = [name for name in schema if name not in table.columns]
    if missing:
        raise SurveyError(
            f"{path} : colonnes absentes : {', '.join(missing)} ; colonnes lues : "
            f"{', '.join(table.columns)}. Rétablir les titres, séparés par des virgules."
        )
    typed = table.select(pl.col(name).cast(dtype, strict=False) for name, dtype in schema.items())
    for name in schema:
        wrong = (typed[name].is_null() & table[name].is_not_null()).arg_true()
        if len(wrong):
            raise SurveyError(
                f"{path}, ligne {wrong[0] + 2}, colonne « {name} » : « {table[name][wrong[0]]} » "
                "n’est pas un nombre. Écrivez-le sans espace, avec un point pour la décimale."
            )
    return typed


def read_region(path: Path) -> Region:
    """The region described by `region.yml`.

    Raises
    ------
    SurveyError : the file or one of its keys is missing, empty or no text, or a code comes twice
    """
    if not path.is_file():
        raise SurveyError(f"{path} : ce fichier de référence est introuvable.")
    content = read_settings(path)
    territory = Territory(*_texts(path, content, "la région", PLACE_KEYS))
    adjective, feminine = _texts(
        path, _mapping(path, content, "adjectif"), "adjectif", ("masculin", "feminin")
    )
    departements = tuple(
        Territory(*_texts(path, item, f"département n° {rank}", PLACE_KEYS))
        for rank, item in enumerate(_items(path, content, "departements"), start=1)
    )
    codes = [departement.code for departement in departements]
    if twice := [code for code in codes if codes.count(code) > 1]:
        raise SurveyError(
            f"{path} : le département {twice[0]} figure deux fois. Gardez une seule ligne."
        )
    neighbours = tuple(
        Neighbour(*_texts(path, item, f"voisine n° {rank}", ("code", "nom")))
        for rank, item in enumerate(content.get("voisines") or (), start=1)
    )
    sources = tuple(_items(path, content, "sources"))
    for rank, item in enumerate(sources, start=1):
        _texts(path, item, f"source n° {rank}", ("quoi", "source", "millesime"))
    return Region(territory, adjective, feminine, departements, neighbours, sources)


def _mapping(path: Path, content: dict, key: str) -> dict:
    found = content.get(key)
    if not isinstance(found, dict):
        raise SurveyError(f"{path} : la clé « {key} » manque ou n’est pas une suite de clés.")
    return found


def _items(path: Path, content: dict, key: str) -> list[dict]:
    """The items under a key, at least one."""
    found = content.get(key)
    if not isinstance(found, list) or not found:
        raise SurveyError(f"{path} : la clé « {key} » manque ou n’est pas une liste. La compléter.")
    return found


def _texts(path: Path, item: object, what: str, keys: Sequence[str]) -> tuple[str, ...]:
    """The values of these keys: texts, none empty."""
    for key in keys:
        value = item.get(key) if isinstance(item, dict) else None
        if value is None or value == "":
            raise SurveyError(f"{path}, {what} : la clé « {key} » manque. La rétablir.")
        if not isinstance(value, str):
            raise SurveyError(
                f"{path}, {what} : « {key} » vaut {value}, qui n’est pas un texte. Écrire ce code "
                f'entre guillemets : {key}: "{value}".'
            )
    return tuple(item[key] for key in keys)


def read_code_list(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """A code list: string `columns` and `champ_eurostat` (oui/non) read as Boolean."""
    schema = pl.Schema(dict.fromkeys((*columns, "champ_eurostat"), pl.String))
    return read_table(path, schema).with_columns(pl.col("champ_eurostat") == "oui")


def frame_categories(directory: Path) -> dict[str, list[tuple[str, str]]]:
    """Code and short label of each category of a column of the frame that has a code list.

    `nomenclature_branche.csv` is the list of the column `branche`.
    """
    lists = code_lists(directory)
    return {name: list(read_table(lists[name], CATEGORIES).iter_rows()) for name in lists}


def code_lists(directory: Path) -> dict[str, Path]:
    """The code lists of a folder, by the column of the frame that each is about."""
    found = sorted(directory.glob(f"{CODE_LIST}*.csv"))
    return {path.stem.removeprefix(CODE_LIST): path for path in found}


def read_comparators(path: Path) -> pl.DataFrame:
    """Published figures, one a row.

    `valeur` is in % of `base`, `annee_reference` the year measured, `source_year` that of the
    publication. `population` and `indicateur_code` name the cell of ours that measures the same
    thing, `modalite_code` its domain; `indicateur_code` is null where there is none. `lecture` is
    `primaire` when the producer's own document was read, else `secondaire`.

    Raises
    ------
    SurveyError : an id comes twice, `lecture` holds something else, or `source_url` no address
    """
    text = (
        *("id", "population", "indicateur", "indicateur_code", "territoire_code", "territoire"),
        *("periode", "ventilation", "modalite_code", "modalite", "unite", "base", "n_echantillon"),
        *("champ_definition", "source", "source_url", "lecture", "document_lu", "note"),
    )
    numbers = {"annee_reference": pl.Int64, "valeur": pl.Float64, "source_year": pl.Int64}
    found = read_table(path, pl.Schema(dict.fromkeys(text, pl.String) | numbers))
    twice = found.filter(pl.col("id").is_duplicated())
    if not twice.is_empty():
        raise SurveyError(f"{path} : l’identifiant {twice['id'][0]} figure deux fois.")
    other = found.filter(~pl.col("lecture").is_in(["primaire", "secondaire"]).fill_null(False))
    if not other.is_empty():
        raise SurveyError(
            f"{path}, {other['id'][0]} : « lecture » vaut « {other['lecture'][0] or ''} ». Écrire "
            "primaire ou secondaire."
        )
    refuse_other_schemes(found, "source_url", str(path))
    return found


def check_margins(margins: pl.DataFrame) -> None:
    """Nothing when every margin variable adds up to the same positive total.

    Raises
    ------
    MarginError : totals differ, are missing or negative, or a category appears twice
    """
    twice = margins.filter(margins.select("variable", "modalite").is_duplicated())
    if not twice.is_empty():
        raise MarginError(f"marges : modalités en double {sorted(set(twice['modalite']))}.")
    if margins["total"].is_null().any() or (margins["total"] < 0).any():
        raise MarginError("marges : un total est absent ou négatif ; le compléter.")
    totals = margins.group_by("variable", maintain_order=True).agg(pl.col("total").sum())
    if totals["total"].n_unique() > 1:
        shown = " ; ".join(f"{name} {integer(total)}" for name, total in totals.iter_rows())
        raise MarginError(f"marges : les variables n’ont pas le même total ({shown}).")


def read_margins(path: Path) -> pl.DataFrame:
    """The margins of a file, in the columns of `MARGINS`, checked by `check_margins`."""
    margins = read_table(path, MARGINS)
    check_margins(margins)
    return margins


def calibration_margins(margins: pl.DataFrame, variables: tuple[str, ...]) -> pl.DataFrame:
    """Margins in the vocabulary of calibration: `variable`, `category`, `total` (units).

    Raises
    ------
    MarginError : a variable is not in the margins
    """
    known = set(margins["variable"])
    unknown = [name for name in variables if name not in known]
    if unknown:
        raise MarginError(
            f"marges inconnues : {', '.join(unknown)}. Marges du fichier : "
            f"{', '.join(sorted(known))}."
        )
    return margins.filter(pl.col("variable").is_in(variables)).select(
        "variable", pl.col("modalite").alias("category"), pl.col("total").cast(pl.Float64)
    )


def margin_columns(units: pl.DataFrame, crossings: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Units plus each margin variable of `crossings`, written as the margins write it.

    A variable is its columns joined by a space: `departement_taille: [departement, taille_marge]`
    gives « 44 10+ ».
    """
    return units.with_columns(
        pl.concat_str([pl.col(column) for column in columns], separator=" ").alias(variable)
        for variable, columns in crossings.items()
    )
