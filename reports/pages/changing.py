"""*Évolutions*: what changed since the former edition, with tests; breaks of series said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from analysis.charts import KEY
from analysis.findings import finding_moves
from analysis.wording import Noun, change_interval, change_sentence, change_words
from reports.addresses import indicator_page, slug
from reports.changes import counted_changes, single_cells, whole_changes
from reports.edition import Edition, markdown_table
from reports.essential import headlines
from reports.figure import Figure
from reports.figures import MOVE, OF_CHANGE, change_figure, evolution_figure
from reports.pages.page import Page, escaped, fragment
from survey.french import percent, typography

BASE = ("base_label", "Sur qui")
KEY_FIGURE = Noun("chiffre clé", "chiffres clés")


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """What the page of changes includes, with its figures."""
    parts, figures = [], []
    for population, edition in editions.items():
        parts.append(f"## {escaped(edition.file.name)}")
        before = edition.previous()
        if before is None:
            parts.append(first_time(edition))
            continue
        changes = whole_changes(before, edition)
        compared = changes.filter(pl.col("series_break").is_null())
        parts.append(f"{counted_changes(compared)} entre {before.year} et {edition.year}.")
        drawn = [key_series(edition, changes, f"evolutions-cles-{slug(population)}")]
        if compared["difference"].count():
            drawn.append(_figure(edition, before, compared, f"evolutions-{slug(population)}"))
        figures += filter(None, drawn)
        parts += [each.to_markdown(interactive=False) for each in drawn if each]
        if compared.height:
            parts.append(change_table(edition, before, compared))
        parts += _broken(changes)
    yield fragment("evolutions", parts, figures)


def first_time(edition: Edition) -> str:
    """Why nothing is compared yet."""
    return typography(
        f"{escaped(edition.file.name)} : première mesure en {edition.year}. La première évolution "
        "sera connue à la prochaine édition."
    )


def key_series(edition: Edition, changes: pl.DataFrame, identifier: str) -> Figure | None:
    """The key figures of a population in every edition that asked them; None for no such figure.

    `changes` are those since the edition before (`whole_changes`), which the title tells.
    """
    moved = changes.filter(pl.col("indicator").is_in([each.code for each in headlines(edition)]))
    if moved.is_empty():
        return None
    asked = [edition]
    while before := asked[0].previous():
        asked.insert(0, before)
    codes = moved["indicator"].to_list()
    cells = [single_cells(each).filter(pl.col("indicator").is_in(codes)) for each in asked]
    cells[-1] = cells[-1].join(moved.select(*KEY, *MOVE), on=KEY, how="left", maintain_order="left")
    labels = dict(moved.select("indicator", "label").rows())
    reading = moved.filter(pl.col("difference").is_not_null())
    caption = edition.caption(
        identifier,
        finding_moves(moved, labels, KEY_FIGURE),
        "Part en %, avec l’intervalle de confiance à 95 %",
        cells[-1],
        "",
        "Indicateur",
        field=_field(edition),
        period=f"{asked[0].year} à {edition.year}",
        reading=_reading(reading.row(0, named=True)) if reading.height else None,
    )
    return evolution_figure(pl.concat(cells, how="diagonal_relaxed"), caption)


def change_table(edition: Edition, before: Edition, changes: pl.DataFrame) -> str:
    """Both figures of each indicator, on whom, its change in words and the interval of it."""
    rows = [
        (
            f"[{escaped(typography(row['label']))}]({_address(edition, row['indicator'])})",
            escaped(edition.noun(edition.definitions[row["indicator"]].base).plural),
            _share(row["estimate_before"]),
            _share(row["estimate_after"]),
            change_words(row["difference"], row["verdict"], row["series_break"]),
            change_interval(row["conf_low"], row["conf_high"]) or "–",
        )
        for row in changes.to_dicts()
    ]
    header = ("Indicateur", BASE[1], str(before.year), str(edition.year), "Évolution", OF_CHANGE)
    return markdown_table(header, rows, numbers=4)


def _figure(edition: Edition, before: Edition, changes: pl.DataFrame, identifier: str) -> Figure:
    codes = changes.filter(pl.col("difference").is_not_null())["indicator"].to_list()
    earlier, later = (
        single_cells(each).filter(pl.col("indicator").is_in(codes)) for each in (before, edition)
    )
    caption = edition.caption(
        identifier,
        counted_changes(changes),
        "Part en %",
        later,
        "",
        "Indicateur",
        field=_field(edition),
        period=f"{before.year} (cercle) et {edition.year} (point)",
        reading=_reading(changes.row(0, named=True)),
    )
    figure = change_figure(earlier, later, changes, caption, order="value")
    return replace(figure, second=BASE)


def _field(edition: Edition) -> str:
    whole = f"{edition.file.scope.field}, {edition.region}"
    return f"{whole}, ou la partie que l’indicateur concerne"


def _reading(change: dict) -> str:
    return (
        f"« {change['label']} » : {_share(change['estimate_before'])} en {change['edition_before']}"
        f", {_share(change['estimate_after'])} en {change['edition_after']}, "
        f"{change_sentence(change)}"
    )


def _broken(changes: pl.DataFrame) -> list[str]:
    broken = changes.filter(pl.col("series_break").is_not_null())
    if broken.is_empty():
        return []
    items = [
        f"- {escaped(row['label'])} : {escaped(row['series_break'])}" for row in broken.to_dicts()
    ]
    return ["### Séries rompues", "\n".join(typography(item) for item in items)]


def _address(edition: Edition, code: str) -> str:
    return f"{indicator_page(edition.campaign.population, code)}.qmd"


def _share(share: float | None) -> str:
    return "nd" if share is None else percent(share)
