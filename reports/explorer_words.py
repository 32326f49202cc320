"""How the explorer names each indicator of a population, its rows and what one of them reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from analysis.cells import SHOWN
from analysis.definitions import IndicatorDefinition
from analysis.indicators import EACH_ANSWER
from analysis.wording import Noun
from reports.addresses import indicator_page
from reports.edition import Edition
from survey.french import lowered, typography

Name = tuple[str, str]  # code of the definition and statistic
MEMBER = ("indicator", "indicator_label", "answer_label", "title", "theme", "base_label")


def indicators(editions: Sequence[Edition], types: Sequence[str]) -> list[dict[str, Any]]:
    """The indicators of the last edition in the order of its registry, then those of earlier ones.

    `types` : the breakdowns; `shown` lists, by edition, those where at least one number is shown.
    """
    found: dict[Name, dict[str, Any]] = {}
    for edition in reversed(editions):
        members = _members(edition)
        for definition in edition.file.indicators:
            name = (definition.code, statistic(definition))
            if name not in found and name in members:
                found[name] = _described(edition, definition, members[name])
    codes: set[str] = set()
    for (code, kind), entry in found.items():
        entry["code"] = f"{code}-{kind}" if code in codes else code
        codes.add(code)
    shown = {str(each.year): _shown(each) for each in editions}
    for name, entry in found.items():
        entry["shown"] = {
            year: [kind for kind in types if (*name, kind) in places]
            for year, places in shown.items()
        }
    return list(found.values())


def statistic(definition: IndicatorDefinition) -> str:
    """What a definition measures, in the result vocabulary."""
    return "mean" if definition.mean else "total" if definition.total else "share"


def _members(edition: Edition) -> dict[Name, list[dict[str, Any]]]:
    """The indicators of each definition, in order."""
    rows = edition.cells.select("family", "statistic", *MEMBER).unique(maintain_order=True)
    found: dict[Name, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault((row["family"], row["statistic"]), []).append(row)
    return found


def _shown(edition: Edition) -> set[tuple[str, str, str]]:
    names = ("family", "statistic", "domain_type")
    shown = edition.cells.filter(pl.col("status").is_in(SHOWN))
    return set(shown.select(names).unique().iter_rows())


def _described(
    edition: Edition, definition: IndicatorDefinition, members: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """One indicator: `lines` (and `answers`, on a grid by answer) name its `members`.

    A member is the code of its cells, the rank of its line, and that of its answer on a grid.
    """
    grid = definition.answer == EACH_ANSWER
    lines = list(dict.fromkeys(row["indicator_label"] for row in members))
    answers = list(dict.fromkeys(row["answer_label"] for row in members)) if grid else []
    first, noun = members[0], edition.noun(definition.base)
    base = first["base_label"]
    return {
        "statistic": statistic(definition),
        "title": typography(definition.title),
        "theme": typography(first["theme"]),
        "page": f"{indicator_page(edition.campaign.population, definition.code)}.html",
        "measure": _measure(definition, noun),
        "reads": [typography(text) for text in _reads(definition, noun)],
        "field": typography(lowered(base)),
        "ordered": not grid and first["answer_label"] is not None,
        "lines": [typography(label) for label in lines] if definition.each else [],
        "answers": [typography(label) for label in answers],
        "answer": _answer_rank(definition, members, answers),
        "members": [
            [row["indicator"], lines.index(row["indicator_label"])]
            + ([answers.index(row["answer_label"])] if grid else [])
            for row in members
        ],
    }


def _measure(definition: IndicatorDefinition, noun: Noun) -> str:
    """What the numbers are: « Part des entreprises qui utilisent l’IA générative, en % »."""
    if definition.mean:
        return "Moyenne"
    if definition.total:
        return "Nombre estimé"
    if definition.verb and not definition.each:
        return typography(f"Part des {noun.plural} qui {definition.verb[1]}, en %")
    return typography(f"En % des {noun.plural}")


def _reads(definition: IndicatorDefinition, noun: Noun) -> list[str]:
    """What one number says, with `{value}`, `{label}` and `{answer}` to be filled.

    Second comes, for a grid by answer, what is said of an answer that the registry does not word.
    """
    title = lowered(definition.title)
    if definition.mean:
        return [f"{{value}} en moyenne ({title})"]
    if definition.total:
        return [f"{{value}} ({title})"]
    counted = f"{{value}} des {noun.plural}"
    if not definition.each:
        return [f"{counted} {definition.verb[1]}" if definition.verb else counted]
    reads = f"{counted} : « {{label}} »"
    if definition.reads:
        reads = definition.reads.replace("{nouns}", noun.plural)
    return [reads, f"{counted} : « {{label}} », réponse « {{answer}} »"]


def _answer_rank(
    definition: IndicatorDefinition, members: Sequence[dict[str, Any]], answers: Sequence[str]
) -> int:
    """Rank of the answer of a grid that the registry words; the first when it words none."""
    ends = f"__{definition.read_answer}"
    worded = [row["answer_label"] for row in members if row["indicator"].endswith(ends)]
    return answers.index(worded[0]) if answers and worded else 0
