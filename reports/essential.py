"""*L’essentiel*: the twelve figures, the findings, what changed and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from analysis.cells import SHOWN, by_value, display, value_text
from analysis.definitions import DomainDefinition, IndicatorDefinition
from analysis.findings import (
    finding_gap,
    finding_share,
    finding_top,
    finding_trend,
    level_words,
    named_rows,
)
from reports.addresses import indicator_page
from reports.changes import counted_changes, whole_changes, widest_changes
from reports.edition import POPULATIONS, Edition
from reports.figures import KeyFigure
from reports.pages.page import escaped
from reports.value_chain import USE, users
from survey.french import integer, lowered, typography, within

FINDINGS = 5
EPCI = "epci"
KINDS = ("sector", "profile")  # roles of the domains between which the use of AI is compared
SIZES = ("size",)  # and along which it is followed
FEMININE = ("taille", "population")  # what sizes are measured by, « le » otherwise
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
    """Markdown of the findings that the figures support, each on another subject.

    A subject is told of the population least told so far, so that they speak of all of them.
    """
    told = dict.fromkeys(editions, 0)
    said = []
    for subject in SUBJECTS:
        for population in sorted(editions, key=lambda name: told[name]):
            if claim := subject(editions[population]):
                said.append(_told(editions[population], claim))
                told[population] += 1
                break
    return said[:count]


@dataclass(frozen=True)
class Claim:
    """A finding that the figures support, the end of the sentence that gives them, their code."""

    words: str
    proof: str
    code: str


def _told(edition: Edition, claim: Claim) -> str:
    """« **Les entreprises.** L’usage augmente avec la taille, de 9 % … à 63 % … Voir … »"""
    population = edition.campaign.population
    link = f"{edition.definitions[claim.code].title} ({edition.file.scope.short})"
    page = indicator_page(population, claim.code)
    see = f"[Voir [{link}]({page}.qmd).]{{.ecran}}"  # not on paper
    said = f"**{escaped(edition.file.name)}.** {escaped(claim.words)}{claim.proof}. {see}"
    return typography(said)


def who_uses(edition: Edition) -> Iterator[str]:
    """How the use of AI parts its units, in words: gaps between kinds, trends along sizes."""
    return (claim.words for claim in uses(edition, (*KINDS, *SIZES)))


def gap(edition: Edition) -> Claim | None:
    """Which sector or profile uses AI the most, which the least."""
    return next(uses(edition, KINDS), None)


def trend(edition: Edition) -> Claim | None:
    """How the use of AI follows the size of its units."""
    return next(uses(edition, SIZES), None)


def uses(edition: Edition, roles: Sequence[str]) -> Iterator[Claim]:
    """What the figures support on the use of AI along the domains of these roles."""
    for cut in edition.file.domains:
        if cut.type in edition.words and cut.role in roles:
            told = _trend if cut.role in SIZES else _gap
            if claim := told(edition, cut):
                yield claim


def _gap(edition: Edition, cut: DomainDefinition) -> Claim | None:
    names, frame = edition.words[cut.type], edition.by(USE, cut.type)
    said = finding_gap(frame, names, edition.definitions[USE].verb, NOTHING)
    if said.startswith(NOTHING):
        return None
    rows = named_rows(frame, names)
    return Claim(said, f" ({level_words(rows[0])}, contre {level_words(rows[-1])})", USE)


def _trend(edition: Edition, cut: DomainDefinition) -> Claim | None:
    subject = f"L’usage de l’IA par les {edition.noun().plural}"
    frame = edition.by(USE, cut.type)
    along = within(cut.label)
    article = "la" if along.startswith(FEMININE) else "le"
    said = finding_trend(frame, subject, f"{article} {along}", NOTHING)
    if said.startswith(NOTHING):
        return None
    ends = (display(frame).row(index, named=True) for index in (0, -1))
    first, last = (f"{level_words(end)} ({within(end['label'])})" for end in ends)
    return Claim(said, f", de {first} à {last}", USE)


def order_of(code: str) -> Callable[[Edition], Claim | None]:
    """A single share as an order of magnitude, in the populations that publish it."""

    def subject(edition: Edition) -> Claim | None:
        definition = edition.definitions.get(code)
        if definition is None or definition.verb is None:
            return None
        cell = edition.cell(code)
        said = finding_share(cell, edition.noun(definition.base), definition.verb, NOTHING)
        if said.startswith(NOTHING):
            return None
        return Claim(said, f" ({value_text(cell['estimate'], 'share')})", code)

    return subject


def leader_of(code: str) -> Callable[[Edition], Claim | None]:
    """What comes first in a list of answers, clear of the others, and who says so."""

    def subject(edition: Edition) -> Claim | None:
        definition = edition.definitions.get(code)
        if definition is None or definition.superlative is None:
            return None
        frame = edition.family(code)
        said = finding_top(frame, definition.superlative, NOTHING, quoted=True)
        if said.startswith(NOTHING) or by_value(frame)["status"][0] != "ok":
            return None
        value = by_value(display(frame))["value"][0]
        return Claim(said, f" ({value} des {edition.noun(definition.base).plural})", code)

    return subject


# Told in this order, then the others when the figures do not support one of the first.
SUBJECTS: tuple[Callable[[Edition], Claim | None], ...] = (
    trend,
    gap,
    leader_of("freins"),
    order_of("usage_tu"),
    order_of("gain_constate"),
    order_of("cadre_fixe"),
    order_of("formation_suivie"),
    order_of("mefiance_ia"),
    order_of("benevoles_ia"),
    order_of("usage_non_conscient"),
    order_of("usage_embarque"),
    order_of("dispositif_connu"),
    order_of("droit_connu"),
)


def what_changed(editions: Mapping[str, Edition]) -> str:
    """Markdown list: a line a population."""
    lines = []
    for edition in editions.values():
        before = edition.previous()
        if before is None:
            lines.append(f"- {escaped(edition.file.name)} : première mesure en {edition.year}.")
        else:
            changes = whole_changes(before, edition)
            said = f"{lowered(counted_changes(changes))} depuis {before.year}."
            said = " ".join([said, *widest_changes(changes, edition.definitions)])
            lines.append(f"- {escaped(edition.file.name)} : {said}")
    return typography("\n".join(lines))


def what_is_not_known(editions: Mapping[str, Edition]) -> str:
    """Markdown list: populations not measured, places without a figure."""
    lines = []
    missing = [users(each, editions) for each in POPULATIONS if each not in editions]
    if missing:
        lines.append(f"- Pas encore mesurés : {', '.join(missing)}.")
    counted = [_places_told(edition) for edition in editions.values()]
    if told := [said for said in counted if said]:
        lines.append(
            "- L’usage de l’IA, intercommunalité par intercommunalité. Ont un chiffre publié : "
            f"{' ; '.join(told)}. Ailleurs, les réponses sont trop peu nombreuses."
        )
    return typography("\n".join(lines))


def _places_told(edition: Edition) -> str | None:
    """« 19 intercommunalités sur 71 pour les entreprises »; None where nothing is cut so."""
    if EPCI not in {cut.type for cut in edition.file.domains}:
        return None
    cells = edition.by(USE, EPCI)
    shown = cells.filter(pl.col("status").is_in(SHOWN)).height
    count = integer(shown) if shown else "aucune"
    return f"{count} sur {integer(cells.height)} pour {within(edition.file.name)}"
