"""The CESER's table of the AI value chain, its « ? » replaced by what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from analysis.cells import REASONS, value_text
from analysis.wording import interval_words
from reports.addresses import population_page
from reports.comparators import beside, field_of
from reports.edition import POPULATIONS, Edition, markdown_table
from survey.french import typography

USE = "usage_ia"
USERS = {
    "entreprises": "entreprises",
    "secteur_public": "secteur public",
    "associations": "associations",
    "habitants": "habitants",
}
HEADER = ("Position", "Maillon", "Présence dans la région", "Point de comparaison")


def value_chain_table(editions: Mapping[str, Edition]) -> str:
    """Markdown: the rows of the CESER, then one row per kind of user, measured or still unknown."""
    first = next(iter(editions.values()))
    chain = pl.read_csv(
        first.campaign.root / "data" / "reference" / "chaine_valeur.csv", infer_schema=False
    )
    rows = [
        [row["position"].capitalize(), _sentence(row["maillon"]), row["presence"], "–"]
        for row in chain.filter(pl.col("presence") != "?").to_dicts()
    ]
    for population in POPULATIONS:
        edition = editions.get(population)
        name = f"**Utilisateurs : {USERS[population]}**"
        if edition is None:
            rows.append(["Aval", name, "pas encore mesuré", "–"])
            continue
        linked = f"[{name}]({population_page(population)}.qmd)"
        rows.append(["Aval", linked, f"**{measured_use(edition)}**", elsewhere(edition)])
    return typography(markdown_table(HEADER, rows, numbers=0))


def measured_use(edition: Edition) -> str:
    """« 19 % utilisent l’IA, entre 17 et 21 % (intervalle à 95 %) », or why nothing is said."""
    cell = edition.cell(USE)
    if cell["estimate"] is None:
        return REASONS[cell["status"]]
    interval = interval_words(cell["conf_low"], cell["conf_high"])
    return f"{value_text(cell['estimate'], 'share')} utilisent l’IA, {interval}"


def elsewhere(edition: Edition) -> str:
    """The points of comparison of the use of AI, beside the region on the same field."""
    return " ; ".join(_points(edition)) or "aucun"


def _points(edition: Edition) -> Iterator[str]:
    definition = edition.definitions[USE]
    for comparison in definition.compare:
        frame = beside(edition, definition, comparison)
        own = frame.filter(pl.col("domain_type") == comparison.on)
        if own.height != 1 or own["estimate"][0] is None:
            continue
        others = frame.filter(pl.col("domain_type") != comparison.on)
        said = [f"{each['label']} {_share(each)}" for each in others.to_dicts()]
        if comparison.on != edition.file.domains[0].type:
            said.insert(0, f"{own['label'][0]} {_share(own.row(0, named=True))}")
        yield f"{', '.join(said)} ({_lower(field_of(edition, comparison.on))})"


def _share(cell: Mapping) -> str:
    return value_text(cell["estimate"], "share")


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
