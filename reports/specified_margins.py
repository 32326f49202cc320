"""The margins that a specification names, as `calibrate` wants them."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from analysis.checks import LARGEST, fault, require_columns
from reports.specification import Described
from reports.specified_cells import as_codes, refuse_odd
from reports.survey_file import as_number, read_survey_file, where
from survey.french import short_number

NEEDED = {"variable": "variable", "modalite": "category", "total": "total"}
OPTIONAL = {"erreur_type": "std_error", "cout": "cost"}
HEADINGS = NEEDED | OPTIONAL
ENGLISH = {"stderror": "erreur_type", "se": "erreur_type", "cost": "cout", "category": "modalite"}
NEAR = 0.75


def read_margins(described: Described, table: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The margins, and the columns of their file that are not read.

    The file has `variable`, `modalite` (empty = total of a numeric variable) and `total`, perhaps
    `erreur_type` and `cout`. A variable must be a column of the survey.
    """
    path, spec = described.beside(described.wanted.calage.marges), described.path.name
    margins = read_survey_file(path, spec, "calage, marges")
    require_columns(margins, tuple(NEEDED), f"{path.name} (marges de calage)")
    unread = tuple(name for name in margins.columns if name not in HEADINGS)
    refuse_near(unread, path)
    margins = margins.drop(unread)
    if margins.is_empty():
        raise fault(f"{path} : aucune marge. Écrivez une ligne par total connu.")
    refuse_odd(margins, path)
    codes = {name: as_codes(margins, name).cast(pl.String) for name in ("variable", "modalite")}
    margins = margins.with_columns(**codes)
    empty = margins["variable"].is_null()
    if empty.any():
        raise fault(f"{where(path, empty.arg_max())} : « variable » est vide. Complétez-la.")
    place = f"{described.place('calage', 'marges')}, {path.name}"
    require_columns(table, margins["variable"].unique(maintain_order=True).to_list(), place)
    refuse_mixed(margins, path)
    return with_numbers(margins, path).rename(HEADINGS, strict=False), unread


def with_numbers(margins: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The margins, their totals, errors and costs as numbers."""
    names = [name for name in margins.columns if name not in ("variable", "modalite")]
    margins = margins.with_columns(pl.selectors.float().fill_nan(None))
    converted = margins.with_columns(
        as_number(margins, name, path, required=name == "total", remedy=f"Écrivez {what}.")
        for name in names
        for what in ("un total en chiffres" if name == "total" else "un nombre, ou rien",)
    )
    for name in names:
        wrong = (converted[name].abs() > LARGEST).fill_null(False)
        if wrong.any():
            row = wrong.arg_max()
            raise fault(
                f"{where(path, row)}, colonne « {name} » : {short_number(converted[name][row])} "
                "est démesuré. Corrigez ce nombre."
            )
    return converted


def refuse_near(unread: tuple[str, ...], path: Path) -> None:
    """Raise on a heading that was probably meant as one of those read."""
    plain = {bare(name): name for name in HEADINGS} | ENGLISH
    for name in unread:
        near = get_close_matches(bare(name), plain, n=1, cutoff=NEAR)
        if near:
            raise fault(
                f"{path} : colonne « {name} » inconnue dans des marges. Vouliez-vous écrire "
                f"« {plain[near[0]]} » ? Sinon, renommez-la."
            )


def bare(name: str) -> str:
    """A heading without case, accents nor punctuation."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return re.sub(r"[^a-z0-9]", "", letters)


def refuse_mixed(margins: pl.DataFrame, path: Path) -> None:
    """Raise on a variable given both by categories and by a total."""
    total = pl.col("modalite").is_null()
    mixed = (total.any() & ~total.all()).over("variable")
    wrong = margins.select(total & mixed).to_series()
    if wrong.any():
        row = wrong.arg_max()
        raise fault(
            f"{where(path, row)} : la marge « {margins['variable'][row]} » mêle modalités et "
            "total. Retirez ce total, ou les modalités."
        )


def margin_variables(margins: pl.DataFrame | None, *, numeric: bool) -> tuple[str, ...]:
    """Variables of the margins: those held as a numeric total, or those with categories."""
    if margins is None:
        return ()
    kept = margins.filter(pl.col("category").is_null() == numeric)
    return tuple(kept["variable"].unique(maintain_order=True))
