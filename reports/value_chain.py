"""The CESER's table of the AI value chain, its « ? » replaced by what was measured."""

from __future__ import annotations

import polars as pl

from analysis.cells import REASONS
from analysis.wording import interval_words
from reports.edition import Edition, markdown_table
from survey.french import percent

OTHER_USERS = ("secteur public", "associations", "habitants")


def value_chain_table(edition: Edition) -> str:
    """Markdown: the rows of the CESER, then one row per kind of user, measured or still unknown."""
    chain = pl.read_csv(
        edition.campaign.root / "data" / "reference" / "chaine_valeur.csv", infer_schema=False
    )
    rows = [
        [row["position"].capitalize(), _sentence(row["maillon"]), row["presence"]]
        for row in chain.filter(pl.col("presence") != "?").to_dicts()
    ]
    rows.append(["Aval", "**Utilisateurs : entreprises**", f"**{measured_use(edition)}**"])
    rows += [["Aval", f"Utilisateurs : {users}", "pas encore mesuré"] for users in OTHER_USERS]
    return markdown_table(("Position", "Maillon", "Présence dans la région"), rows, numbers=0)


def measured_use(edition: Edition) -> str:
    """« 19 % utilisent l’IA, entre 17 et 21 % (intervalle à 95 %) », or why nothing is said."""
    cell = edition.cell("usage_ia")
    if cell["estimate"] is None:
        return REASONS[cell["status"]]
    interval = interval_words(cell["conf_low"], cell["conf_high"])
    return f"{percent(cell['estimate'])} utilisent l’IA, {interval}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
