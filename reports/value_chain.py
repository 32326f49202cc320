"""The CESER's table of the AI value chain, its « ? » replaced by what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

from analysis.cells import REASONS, value_text
from analysis.definitions import IndicatorDefinition, read_definitions
from analysis.wording import between_words
from reports.addresses import population_page
from reports.edition import POPULATIONS, Edition, markdown_table
from survey.campaign import read_source
from survey.french import capitalised, lowered, percent, typography

USE = "usage_ia"
GENERATIVE = "usage_generative"  # asked apart, it may exceed the use of any technology
COMPARED = {USE: "IA", GENERATIVE: "IA générative"}  # indicators, and their names
HEADER = ("Position", "Maillon", "Présence dans la région")


def value_chain_table(editions: Mapping[str, Edition]) -> str:
    """Markdown: the rows of the CESER, then one row per kind of user, measured or still unknown."""
    first = next(iter(editions.values()))
    chain = pl.read_csv(
        first.campaign.root / "data" / "reference" / "chaine_valeur.csv", infer_schema=False
    )
    rows = [
        [row["position"].capitalize(), capitalised(row["maillon"]), row["presence"]]
        for row in chain.filter(pl.col("presence") != "?").to_dicts()
    ]
    for population in POPULATIONS:
        edition = editions.get(population)
        name = f"**Utilisateurs : {users(population, editions)}**"
        if edition is None:
            rows.append(["Aval", name, "pas encore mesuré"])
            continue
        linked = f"[{name}]({population_page(population)}.qmd)"
        rows.append(["Aval", linked, f"**{measured_use(edition)}**"])
    return typography(markdown_table(HEADER, rows, numbers=0))


def users(population: str, editions: Mapping[str, Edition]) -> str:
    """What a population is called in a few words, whether it was measured or not yet."""
    if population in editions:
        return editions[population].file.scope.short
    root = next(iter(editions.values())).campaign.root
    path = root / "data" / "indicators" / f"{population}.yml"
    return read_definitions(read_source(path)).scope.short if path.is_file() else population


def set_apart(
    definitions: Mapping[str, IndicatorDefinition], shares: Mapping[str, float | None]
) -> str:
    """Why generative AI, asked apart, is above the use of any technology; nothing where it is not.

    `shares` are those shown side by side, by code.
    """
    part, whole = shares.get(GENERATIVE), shares.get(USE)
    if part is None or whole is None or part <= whole:
        return ""
    definition = definitions[GENERATIVE]
    note = (definition.note or "").strip()
    return typography(f"{definition.title} : {lowered(note)}") if note else ""


def measured_use(edition: Edition) -> str:
    """« 19 % utilisent l’IA, entre 17 et 21 % », or why nothing is said."""
    cell = edition.cell(USE)
    if cell["estimate"] is None:
        return REASONS[cell["status"]]
    interval = between_words(cell["conf_low"], cell["conf_high"])
    return f"{value_text(cell['estimate'], 'share')} utilisent l’IA, {interval}"


def points_of_comparison(editions: Mapping[str, Edition]) -> str:
    """Markdown list: the use of AI published elsewhere, beside ours for the same units."""
    items = []
    for population, edition in editions.items():
        told = "\n".join(f"    - {said}" for said in _points(edition))
        items.append(
            f"- {capitalised(users(population, editions))} : " + (f"\n{told}" if told else "aucun")
        )
    return typography("\n".join(items))


def _points(edition: Edition) -> Iterator[str]:
    known = edition.reference.comparators
    labels = {cut.type: cut.label for cut in edition.file.domains}
    compared = [
        (code, said, comparison)
        for code, said in COMPARED.items()
        for comparison in edition.definitions[code].compare
    ]
    for code, name, comparison in compared:
        own = edition.by(code, comparison.on)
        others = known.filter(pl.col("id").is_in(comparison.with_))
        if own.height != 1 or own["estimate"][0] is None:
            continue
        ours = value_text(own["estimate"][0], "share")
        where = lowered(labels[comparison.on])
        own_year = f"région {ours} en {edition.year}"
        yield f"{name}, {where} : {', '.join([own_year, *elsewhere(others)])}"


def elsewhere(others: pl.DataFrame) -> list[str]:
    """« France 48 % en 2025 (Baromètre du numérique) » a published figure."""
    found = others.select("territoire", "valeur", "annee_reference", "source")
    return [
        f"{place} {percent(value / 100)} en {year} ({source_name(source)})"
        for place, value, year, source in found.iter_rows()
    ]


def source_name(source: str) -> str:
    """Who measured it: a source without the title and the date of its publication."""
    return re.split(r"[,(«;:]", source)[0].strip()
