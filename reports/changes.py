"""What changed between two editions in the whole of a population, tested together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from analysis.comparison import compare_editions
from analysis.definitions import IndicatorDefinition
from analysis.wording import Noun, change_words, count_words
from reports.edition import WHOLE, Edition
from survey.french import capitalised, typography, within

INDICATOR = Noun("indicateur", "indicateurs")


def single_cells(edition: Edition) -> pl.DataFrame:
    """The indicators that are one share of the whole population; `label` names the indicator."""
    single = [code for code, each in edition.definitions.items() if each.each is None]
    return edition.cells.filter(
        pl.col("indicator").is_in(single),
        pl.col("domain_type") == WHOLE,
        pl.col("statistic") == "share",
    ).with_columns(label="indicator_label")


def whole_changes(before: Edition, after: Edition) -> pl.DataFrame:
    """The changes of these indicators (see `compare_editions`), the widest first.

    Each indicator is tested for itself, as on its own page: of twenty that did not change, one
    seems to, on average. Those that a break parts come last.
    """
    changes = compare_editions(single_cells(before), single_cells(after))
    labels = single_cells(after).select("indicator", "label", "base_label")
    return changes.join(labels, on="indicator", how="left", maintain_order="left").sort(
        pl.col("difference").abs(), descending=True, nulls_last=True, maintain_order=True
    )


def counted_changes(changes: pl.DataFrame) -> str:
    """« Trois indicateurs progressent, un recule, dix ne changent pas nettement »."""
    verbs = {
        "hausse": ("progresse", "progressent"),
        "baisse": ("recule", "reculent"),
        "stable": ("ne change pas nettement", "ne changent pas nettement"),
    }
    said = []
    for verdict, verb in verbs.items():
        count = changes.filter(pl.col("verdict") == verdict).height
        if count:
            words = count_words(count, INDICATOR)
            said.append(f"{words if not said else words.split()[0]} {verb[count > 1]}")
    if not said:
        return "Aucune évolution n’est mesurable"
    return typography(capitalised(", ".join(said)))


def widest_changes(
    changes: pl.DataFrame, definitions: Mapping[str, IndicatorDefinition]
) -> Iterator[str]:
    """« La plus forte hausse : … (+7 points). », the widest tested move each way, if any."""
    for verdict, name in (("hausse", "La plus forte hausse"), ("baisse", "Le plus fort recul")):
        moved = changes.filter(pl.col("verdict") == verdict)
        if moved.height:
            row = moved.row(0, named=True)
            move = change_words(row["difference"], verdict)
            yield typography(f"{name} : {within(definitions[row['indicator']].title)} ({move}).")
