"""*L’essentiel*: the twelve figures, the findings, what changed and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import polars as pl

from analysis.cells import SHOWN
from analysis.definitions import IndicatorDefinition
from analysis.findings import finding_gap, finding_share, finding_top, finding_trend
from analysis.indicators import EACH_ANSWER
from reports.changes import counted_changes, whole_changes
from reports.edition import POPULATIONS, Edition
from reports.figures import KeyFigure
from reports.value_chain import USE, USERS
from survey.french import integer, typography, within

FINDINGS = 5
EPCI = "epci"
BARRIERS = "freins"  # the theme whose answers are told first
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
    """Markdown of the first findings that the figures support, one a population in turn.

    Each population opens on another subject, so that they tell different things.
    """
    by_population = []
    for rank, edition in enumerate(editions.values()):
        kinds = [list(kind(edition)) for kind in SUBJECTS]
        turned = kinds[rank % len(kinds) :] + kinds[: rank % len(kinds)]
        by_population.append([f"**{edition.file.name}.** {said}." for said in _alternated(turned)])
    return _alternated(by_population)[:count]


def who_uses(edition: Edition) -> Iterator[str]:
    """How the use of AI parts its units: gaps between sectors or profiles, trend along sizes."""
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


def how_many(edition: Edition) -> Iterator[str]:
    """Its other key figures, as orders of magnitude."""
    for each in headlines(edition):
        if each.code != USE:
            noun = edition.noun(each.base)
            yield from _claim(finding_share(edition.cell(each.code), noun, each.verb, NOTHING))


def what_leads(edition: Edition) -> Iterator[str]:
    """What comes first among answers that do not exclude each other: barriers, then the rest."""
    families = [each for each in edition.definitions.values() if _is_list(edition, each)]
    for each in sorted(families, key=lambda family: family.theme != BARRIERS):
        yield from _claim(finding_top(edition.family(each.code), each.superlative, NOTHING))


SUBJECTS = (who_uses, how_many, what_leads)


def _is_list(edition: Edition, definition: IndicatorDefinition) -> bool:
    if not definition.superlative or definition.answer == EACH_ANSWER:
        return False
    return edition.questionnaire.question(definition.each).type != "single"


def _alternated(lists: Sequence[Sequence[str]]) -> list[str]:
    return [said for turn in zip_longest(*lists) for said in turn if said]


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
    counted = [_places_told(edition) for edition in editions.values()]
    if told := [said for said in counted if said]:
        lines.append(
            f"- Les intercommunalités : un chiffre pour {' ; '.join(told)}. Ailleurs, les réponses "
            "sont trop peu nombreuses."
        )
    return typography("\n".join(lines))


def _places_told(edition: Edition) -> str | None:
    """« 19 sur 71 (les entreprises) »; None where nothing is cut by intercommunality."""
    if EPCI not in {cut.type for cut in edition.file.domains}:
        return None
    cells = edition.by(USE, EPCI)
    shown = cells.filter(pl.col("status").is_in(SHOWN)).height
    name = edition.file.name
    return f"{integer(shown) if shown else 'aucune'} sur {integer(cells.height)} ({within(name)})"
