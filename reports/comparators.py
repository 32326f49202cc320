"""The region beside what others published, each figure with what differs in its definition."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from analysis.cells import SHOWN, value_text
from analysis.definitions import Comparison, IndicatorDefinition
from reports.edition import Edition
from reports.figures import Figure, dot_figure
from survey.errors import SurveyError
from survey.french import typography

# « en France », by code: who publishes figures is no matter of the region observed.
LOCATIVES = {"FR": "en France", "EU27_2020": "dans l’Union européenne", "US": "aux États-Unis"}
PRIMARY = "primaire"


def comparisons(edition: Edition) -> Iterator[tuple[IndicatorDefinition, Comparison]]:
    """Every comparison that the registry of an edition declares, in its order."""
    for definition in edition.definitions.values():
        for comparison in definition.compare:
            yield definition, comparison


def comparators(edition: Edition, comparison: Comparison) -> pl.DataFrame:
    """The rows of the reference table that a comparison names, most recent first.

    Raises
    ------
    SurveyError : the registry names a comparator that the reference table does not hold
    """
    table = edition.reference.comparators
    unknown = [name for name in comparison.with_ if name not in set(table["id"])]
    if unknown:
        raise SurveyError(
            f"Registre des indicateurs ({edition.campaign.population}) : comparateur inconnu "
            f"« {unknown[0]} ». Donnez un identifiant de data/reference/comparators.csv."
        )
    found = table.filter(pl.col("id").is_in(comparison.with_))
    return found.sort("annee_reference", descending=True, maintain_order=True)


def beside(
    edition: Edition, definition: IndicatorDefinition, comparison: Comparison
) -> pl.DataFrame:
    """Our cells and the published figures that measure the same thing, together.

    In the result vocabulary plus `label` and `nature`; each cell of ours is followed by the figures
    named for it. The label says what is measured only where there are several cells.
    """
    others = comparators(edition, comparison)
    own = edition.cells.filter(
        pl.col("family") == definition.code,
        pl.col("domain_type") == comparison.on,
        pl.col("statistic") == "share",
        pl.col("indicator").is_in(others["indicateur_code"].to_list()),
    )
    if own["domain"].n_unique() > 1:
        own = own.filter(pl.col("domain").is_in(others["modalite_code"].to_list()))
    several = own.height > 1
    named = "indicator_label" if own["indicator"].n_unique() > 1 else "label"
    parts = []
    for cell in own.sort("domain_order", maintain_order=True).iter_slices(1):
        what = f"{cell[named][0]} : " if several else ""
        match = pl.col("indicateur_code") == cell["indicator"][0]
        if own["domain"].n_unique() > 1:
            match &= pl.col("modalite_code") == cell["domain"][0]
        place = f"{what}{edition.region}, {edition.year}"
        parts += [cell.with_columns(label=pl.lit(place)), _published(others.filter(match), what)]
    return pl.concat(parts, how="diagonal_relaxed") if parts else own


def _published(rows: pl.DataFrame, what: str) -> pl.DataFrame:
    return rows.select(
        indicator="indicateur_code",
        statistic=pl.lit("share"),
        status=pl.lit("ok"),
        domain_type=pl.lit("comparateur"),
        domain="territoire_code",
        edition="annee_reference",
        estimate=pl.col("valeur") / 100,
        label=pl.lit(what) + pl.format("{}, {}", "territoire", "annee_reference"),
        nature=pl.format("publié : {}", "source"),
    )


def comparison_figure(
    edition: Edition, definition: IndicatorDefinition, comparison: Comparison, identifier: str
) -> Figure | None:
    """Ours and theirs as dots; a figure published without interval is orange.

    None when no published figure measures what a cell of ours measures.
    """
    frame = beside(edition, definition, comparison)
    own = frame.filter(pl.col("domain_type") == comparison.on)
    if own.height in (0, frame.height):
        return None
    others = comparators(edition, comparison)
    noun = edition.noun(definition.base).plural
    statement = (
        f"{{value}} des {noun} {definition.verb[1]}" if definition.verb else definition.reads
    )
    caption = edition.caption(
        identifier,
        in_figures(edition, definition, frame, comparison.on),
        f"{definition.title}, part en %",
        own,
        (statement or "« {name} » : {value}").replace("{nouns}", noun),
        "Territoire et année",
        field=field_of(edition, comparison.on),
        period=" à ".join(
            dict.fromkeys(map(str, (frame["edition"].min(), frame["edition"].max())))
        ),
        source=f"{' ; '.join(dict.fromkeys(others['source']))} ; {edition.source}",
    )
    return dot_figure(frame, caption, order="given")


def field_of(edition: Edition, domain_type: str) -> str:
    """Who a domain type counts: « 10 salariés ou plus, secteurs suivis par Eurostat, … »."""
    label = next(cut.label for cut in edition.file.domains if cut.type == domain_type)
    return f"{label}, {edition.region}"


def in_figures(
    edition: Edition, definition: IndicatorDefinition, frame: pl.DataFrame, on: str
) -> str:
    """« Usage de l’IA : 27 % en Pays de la Loire en 2026, 20 % dans l’Union européenne en 2025 ».

    Only the figures: what differs between the definitions forbids more. With several cells, or a
    withheld one, the title alone.
    """
    own = frame.filter(pl.col("domain_type") == on)
    others = frame.filter(pl.col("domain_type") != on).unique(
        "domain", keep="first", maintain_order=True
    )
    if own.height > 1 or own["status"][0] not in SHOWN:
        return definition.title
    here = (edition.reference.region.territory.locative, edition.year, own["estimate"][0])
    there = [
        (LOCATIVES[row["domain"]], row["edition"], row["estimate"])
        for row in others.to_dicts()
        if row["domain"] in LOCATIVES
    ]
    said = [
        f"{value_text(share, 'share')} {place} en {year}" for place, year, share in [here, *there]
    ]
    return f"{definition.title} : {', '.join(said)}"


def readings(others: pl.DataFrame) -> str:
    """Where each figure was read: in the document of its producer, or in an account of it."""
    parts = [
        f"{source}, {'lu à la source' if reading == PRIMARY else 'lu dans un compte rendu'}"
        for source, reading in others.select("source", "lecture")
        .unique(maintain_order=True)
        .iter_rows()
    ]
    return typography(" ; ".join(parts))
