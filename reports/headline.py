"""The first screen of an edition: the finding, its key figures, the comparison with elsewhere."""

from __future__ import annotations

import polars as pl

from analysis.comparison import compare_with_reference
from analysis.findings import finding_gap, finding_share
from analysis.wording import Noun
from reports.edition import Edition
from reports.enterprises import USES, USES_AI
from reports.figures import Figure, KeyFigure, dot_figure
from survey.french import percent, typography

FIELD = "champ_eurostat"
ENTERPRISE = Noun("entreprise", "entreprises", feminine=True)
KEY_FIGURES = {
    "usage_ia": "des entreprises utilisent au moins une technologie d’IA",
    "usage_generative": "des entreprises utilisent l’IA générative",
    "gains__temps__observe": "des utilisatrices constatent du temps gagné",
    "cadre_fixe": "des utilisatrices ont fixé une règle d’usage",
    "usage_tu": "des entreprises dont des salariés se servent de l’IA pensent qu’ils le disent "
    "rarement ou jamais à leur responsable",
    "formation_suivie": "des entreprises ont formé une personne à l’IA depuis un an",
}


def headline(edition: Edition) -> str:
    """The finding of the edition: « Près d’une entreprise sur cinq utilise l’IA »."""
    neutral = "L’usage de l’IA par les entreprises"
    return finding_share(edition.cell("usage_ia"), ENTERPRISE, USES, neutral)


def summary(edition: Edition) -> str:
    """The two sentences under the headline: the change, then who leads and who is far behind."""
    gap = finding_gap(
        edition.by("usage_ia", "secteur"),
        edition.words["secteur"],
        USES,
        "les écarts entre secteurs sont trop faibles pour être affirmés",
    )
    before = edition.previous()
    if before is None:
        return typography(f"{gap}.")
    whole = edition.changes(before, "usage_ia", "ensemble").row(0, named=True)
    return typography(f"{_move(whole, before.year)} {gap}.")


def lower_headline(edition: Edition) -> str:
    """The finding within a sentence: « près d’une entreprise sur cinq utilise l’IA »."""
    said = headline(edition)
    return said[0].lower() + said[1:]


def key_figures_of(edition: Edition) -> list[KeyFigure]:
    """The six figures of the first screen."""
    return [KeyFigure(edition.cell(code), words) for code, words in KEY_FIGURES.items()]


def comparison(edition: Edition) -> Figure:
    """The region beside France and the European Union, on the same base: 10 employees or more."""
    own = [
        each.by("usage_ia", FIELD).with_columns(label=pl.lit(f"{edition.region}, {each.year}"))
        for each in (edition, edition.previous())
        if each is not None
    ]
    others = comparators(edition).select(
        indicator=pl.lit("usage_ia"),
        statistic=pl.lit("share"),
        status=pl.lit("ok"),
        domain_type=pl.lit("comparateur"),
        domain="territoire_code",
        edition="annee_reference",
        estimate=pl.col("valeur") / 100,
        label=pl.format("{}, {}", "territoire", "annee_reference"),
        nature=pl.format("publié : {}", "source"),
    )
    caption = edition.caption(
        "comparaison",
        _beside_union(edition, others),
        "Part des entreprises de 10 salariés ou plus utilisant au moins une technologie d’IA",
        own[0],
        "{value} des entreprises de 10 salariés ou plus des secteurs suivis par Eurostat "
        + USES_AI,
        "Territoire et année",
        field="entreprises de 10 salariés ou plus, secteurs marchands hors agriculture, finance et "
        "assurance",
        source="Insee et Eurostat pour la France et l’Union européenne ; " + edition.source,
        period=f"{others['edition'].min()} à {edition.year}",
    )
    return dot_figure(pl.concat([*own, others], how="diagonal_relaxed"), caption)


def comparators(edition: Edition) -> pl.DataFrame:
    """The published use of AI elsewhere, on Eurostat's base."""
    chosen = [each.with_ for each in edition.definitions["usage_ia"].compare if each.on == FIELD]
    return edition.reference.comparators.filter(pl.col("id").is_in(*chosen))


def comparators_sources(edition: Edition) -> str:
    """Where each point of comparison was read, and how."""
    parts = [
        f"{row['territoire']}, {row['annee_reference']} : {row['source']}, "
        + ("lue à la source" if row["lecture"] == "primaire" else "lue dans un compte rendu")
        for row in comparators(edition).to_dicts()
    ]
    return typography(" ; ".join(parts) + ".")


def _move(change: dict, year: int) -> str:
    if change["verdict"] == "stable":
        return f"L’usage n’évolue pas nettement depuis {year}."
    if change["series_break"] is not None:
        return change["series_break"]
    if change["verdict"] is None:
        return f"L’évolution depuis {year} n’est pas mesurable."
    verb = "progresse" if change["verdict"] == "hausse" else "recule"
    now, then = percent(change["estimate_after"]), percent(change["estimate_before"])
    return f"L’usage {verb} : {now} en {change['edition_after']}, contre {then} en {year}."


def _beside_union(edition: Edition, others: pl.DataFrame) -> str:
    """How the region stands beside the European Union, from the interval of the region alone."""
    neutral = "La région, la France et l’Union européenne, sur le même champ"
    union = others.filter(pl.col("domain").str.starts_with("EU"))
    if union.is_empty():
        return neutral
    cell = edition.by("usage_ia", FIELD)
    position = compare_with_reference(cell, union["estimate"][0])["position"][0]
    words = {"au-dessus": "plus répandu", "au-dessous": "moins répandu", "proche": "proche"}
    if position not in words:
        return neutral
    link = "et" if position == "proche" else "que"
    place, year = edition.reference.region.territory.locative, union["edition"][0]
    return (
        f"Un usage {words[position]} {place} en {edition.year} {link} dans l’Union européenne en "
        f"{year}"
    )
