"""*L’essentiel*: the twelve figures, the findings, what changed and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

import polars as pl

from analysis.cells import SHOWN
from analysis.definitions import IndicatorDefinition
from analysis.findings import finding_gap, finding_share, finding_top, finding_trend
from reports.changes import counted_changes, whole_changes
from reports.edition import POPULATIONS, Edition
from reports.figures import KeyFigure
from reports.value_chain import USE, USERS
from survey.french import integer, typography

FINDINGS = 5
NOTHING = "–"  # what a finding answers when the figures support none


def headlines(edition: Edition) -> list[IndicatorDefinition]:
    """The indicators of a population that are among the key figures of the year, by rank."""
    chosen = [each for each in edition.definitions.values() if each.headline is not None]
    return sorted(chosen, key=lambda each: each.headline)


def key_figures_of(edition: Edition) -> list[KeyFigure]:
    """Its key figures, each with the sentence that says it."""
    return [
        KeyFigure(edition.cell(each.code), f"des {edition.noun(each.base).plural} {each.verb[1]}")
        for each in headlines(edition)
    ]


def headline(edition: Edition) -> str:
    """« Près d’une entreprise sur cinq utilise l’IA », or a title without a claim."""
    definition = edition.definitions[USE]
    neutral = f"{edition.file.name} et l’intelligence artificielle"
    return finding_share(edition.cell(USE), edition.noun(definition.base), definition.verb, neutral)


def findings(editions: Mapping[str, Edition], count: int = FINDINGS) -> list[str]:
    """The first findings that the figures support, each population in turn."""
    by_population = [list(supported(edition)) for edition in editions.values()]
    turns = [said for turn in zip_longest(*by_population) for said in turn if said]
    return [f"{said}." for said in dict.fromkeys(turns)][:count]


def supported(edition: Edition) -> Iterator[str]:
    """What the figures of a population support: gaps, then trends, then what comes first."""
    use = edition.definitions[USE]
    for cut in edition.file.domains:
        if cut.type in edition.words and cut.role in ("sector", "profile"):
            frame = edition.by(USE, cut.type)
            yield from _claim(finding_gap(frame, edition.words[cut.type], use.verb, NOTHING))
        if cut.role == "size":
            subject, along = f"L’usage de l’IA par les {edition.noun().plural}", cut.label.lower()
            yield from _claim(
                finding_trend(edition.by(USE, cut.type), subject, f"la {along}", NOTHING)
            )
    for each in edition.definitions.values():
        if each.superlative and each.answer != "*":
            yield from _claim(finding_top(edition.family(each.code), each.superlative, NOTHING))


def _claim(said: str) -> Iterator[str]:
    if not said.startswith(NOTHING):
        yield said


def what_changed(editions: Mapping[str, Edition]) -> str:
    """Markdown list: a line a population."""
    lines = []
    for edition in editions.values():
        before = edition.previous()
        if before is None:
            lines.append(f"- {edition.file.name} : première mesure en {edition.year}.")
        else:
            said = counted_changes(whole_changes(before, edition))
            lower = said[0].lower() + said[1:]
            lines.append(f"- {edition.file.name} : {lower} depuis {before.year}.")
    return typography("\n".join(lines))


def what_is_not_known(editions: Mapping[str, Edition]) -> str:
    """Markdown list: populations not measured, places without a figure."""
    lines = []
    missing = [USERS[each] for each in POPULATIONS if each not in editions]
    if missing:
        lines.append(f"- Pas encore mesurés : {', '.join(missing)}.")
    for edition in editions.values():
        for cut in edition.file.domains:
            if cut.frame == "epci":
                cells = edition.by(USE, cut.type)
                shown = cells.filter(pl.col("status").is_in(SHOWN)).height
                lines.append(
                    f"- {edition.file.name} : un chiffre pour {integer(shown)} "
                    f"{'intercommunalité' if shown < 2 else 'intercommunalités'} sur "
                    f"{integer(cells.height)} ; ailleurs, les réponses sont trop peu nombreuses."
                )
    return typography("\n".join(lines))
