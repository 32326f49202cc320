"""What *L’essentiel*, *La chaîne de valeur* and the front page take in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.edition import Edition
from reports.essential import (
    findings,
    headline,
    key_figures_of,
    what_changed,
    what_is_not_known,
)
from reports.figures import key_figures
from reports.pages.page import Page, fragment
from reports.settings import REPORT, report_chapters
from reports.value_chain import points_of_comparison, value_chain_table
from survey.french import lowered


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """A fragment a part: title, figures, findings, changes, what is not known, value chain."""
    yield fragment("essentiel-titre", [f"# {title(editions)}"])
    yield fragment("essentiel-chiffres", figures(editions))
    yield fragment("essentiel-constats", ["\n".join(f"1. {said}" for said in findings(editions))])
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


def title(editions: Mapping[str, Edition]) -> str:
    """The finding of the first population measured."""
    return headline(next(iter(editions.values())))


def figures(editions: Mapping[str, Edition]) -> list[str]:
    """The key figures of each population under its name."""
    return [
        part
        for edition in editions.values()
        if (found := key_figures_of(edition))
        for part in (f"### {edition.file.name}", key_figures(found))
    ]
