"""What *L’essentiel*, *La chaîne de valeur* and the front page take in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.prose import number_words
from analysis.wording import capital
from reports.edition import Edition
from reports.essential import (
    findings,
    headline,
    key_figures_of,
    what_changed,
    what_is_not_known,
)
from reports.figures import key_figures
from reports.pages.page import Page, escaped, fragment
from reports.settings import REPORT, report_chapters
from reports.value_chain import points_of_comparison, value_chain_table
from survey.french import lowered


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """A fragment a part: title, figures, findings, changes, what is not known, value chain."""
    yield fragment("essentiel-titre", [f"# {title(editions)}"])
    measured = sum(len(key_figures_of(edition)) for edition in editions.values())
    yield fragment("essentiel-chiffres", [heading(measured, "chiffre"), *figures(editions)])
    told = findings(editions)
    listed = "\n".join(f"1. {said}" for said in told)
    yield fragment("essentiel-constats", [heading(len(told), "constat"), listed])
    yield fragment("essentiel-changements", [what_changed(editions)])
    yield fragment("essentiel-inconnu", [what_is_not_known(editions)])
    yield fragment("chaine-de-valeur", [value_chain_table(editions)])
    yield fragment("points-de-comparaison", [points_of_comparison(editions)])


def front(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """What the front page takes in: title, latest edition, key figures, findings."""
    first = next(iter(editions.values()))
    year, where = first.year, first.reference.region.territory.locative
    yield fragment("accueil-titre", [f"# Qui utilise l’intelligence artificielle {where} ?"])
    said = title(editions)
    parts = [f"## En {year}, {lowered(said)}", *figures(editions)]
    parts.append(f"[L’essentiel de l’édition {year}](reports/{year}/index.qmd)")
    if report_chapters(first.campaign.root, year):
        parts.append(f"[Le rapport de l’édition {year} (PDF)](reports/{year}/{REPORT})")
    yield fragment("accueil", parts)


def heading(count: int, noun: str) -> str:
    """« ## Douze chiffres »; how many there are depends on what the edition measured."""
    number = capital(number_words(count)) if count else "Aucun"
    return f"## {number} {noun}{'s' if count > 1 else ''}"


def title(editions: Mapping[str, Edition]) -> str:
    """The finding of the first population measured."""
    return headline(next(iter(editions.values())))


def figures(editions: Mapping[str, Edition]) -> list[str]:
    """The key figures of each population under its name."""
    return [
        part
        for edition in editions.values()
        if (found := key_figures_of(edition))
        for part in (f"### {escaped(edition.file.name)}", key_figures(found))
    ]
