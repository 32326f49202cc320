"""What changed between two editions in the whole of a population, tested together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from analysis.comparison import DOWN, STABLE, UNSETTLED, UP, compare_editions
from analysis.definitions import IndicatorDefinition
from analysis.wording import Noun, change_words, count_words
from reports.edition import WHOLE, Edition
from survey.french import capitalised, typography, within
from survey.prose import listed

INDICATOR, OTHER = Noun("indicateur", "indicateurs"), Noun("autre", "autres")
MOST_NAMED = 3


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
    """« Trois indicateurs progressent, deux sont stables, dix n’ont pas d’évolution établie »."""
    verbs = {
        UP: ("progresse", "progressent"),
        DOWN: ("recule", "reculent"),
        STABLE: ("est stable", "sont stables"),
        UNSETTLED: ("n’a pas d’évolution établie", "n’ont pas d’évolution établie"),
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
    """« En hausse : … (+7 points), … et deux autres. », the tested moves each way, widest first.

    None is called the strongest: that one is larger than the next is not tested.
    """
    for verdict, name in ((UP, "En hausse"), (DOWN, "En recul")):
        moved = changes.filter(pl.col("verdict") == verdict)
        told = [
            f"{within(definitions[row['indicator']].title)} "
            f"({change_words(row['difference'], verdict)})"
            for row in moved.head(MOST_NAMED).to_dicts()
        ]
        if others := moved.height - len(told):
            told.append(count_words(others, OTHER))
        if told:
            yield typography(f"{name} : {listed(told, ' et')}.")
