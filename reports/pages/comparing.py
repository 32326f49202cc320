"""*Comparer*: every indicator that has a point of comparison elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.addresses import indicator_page, slug
from reports.comparators import comparators, comparison_figure, comparisons, readings
from reports.edition import Edition
from reports.pages.page import Page, fragment
from survey.french import typography

NOTHING = "Aucun chiffre publié ailleurs n’est comparable pour cette population."


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """What the page of comparisons includes, with its figures."""
    parts, figures = [], []
    for population, edition in editions.items():
        parts.append(f"## {edition.file.name}")
        sections = 0
        for definition, comparison in comparisons(edition):
            identifier = f"comparer-{slug(population)}-{slug(definition.code)}-{sections}"
            figure = comparison_figure(edition, definition, comparison, identifier)
            if figure is None:
                continue
            figures.append(figure)
            parts += [figure.to_markdown(), _notes(edition, definition, comparison)]
            sections += 1
        if not sections:
            parts.append(NOTHING)
    yield fragment("comparer", parts, figures)


def _notes(edition, definition, comparison) -> str:
    lines = []
    if comparison.differs:
        lines.append(f"**Ce qui diffère :** {comparison.differs}")
    lines.append(f"Lecture des sources : {readings(comparators(edition, comparison))}.")
    address = indicator_page(edition.campaign.population, definition.code)
    lines.append(f"[Voir cet indicateur en détail]({address}.qmd)")
    return "\n\n".join(typography(line) for line in lines)
