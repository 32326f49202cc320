"""*Comparer*: every indicator that has a point of comparison elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.edition import Edition
from reports.pages.indicator_figures import address, comparison
from reports.pages.indicator_files import FOLDER
from reports.pages.measures import measures
from reports.pages.page import Page, escaped, fragment
from survey.french import typography
from survey.reference import Reference

NOTHING = "Aucun chiffre publié ailleurs n’est comparable pour cette population."


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """What the page of comparisons includes, with its figures."""
    parts, figures = [], []
    for edition in editions.values():
        parts.append(f"## {edition.file.name}")
        shown = [
            (measure, found)
            for measure in measures(edition)
            for wanted in measure.definition.compare
            if (found := comparison(measure, wanted))
        ]
        for measure, found in shown:
            figures.append(found.figure)
            parts.append(found.figure.to_markdown(interactive=False))
            if found.note:
                parts.append(typography(f"**Ce qui diffère :** {escaped(found.note)}"))
            parts.append(f"[{escaped(measure.title)}]({FOLDER}/{address(measure)}.qmd)")
        if not shown:
            parts.append(NOTHING)
    if editions:
        parts += neighbours(next(iter(editions.values())).reference)
    yield fragment("comparer", parts, figures)


def neighbours(reference: Reference) -> list[str]:
    """Which neighbouring regions have no published figure to compare with, when some lack one."""
    known = set(reference.comparators["territoire_code"].drop_nulls())
    lacking = [each.name for each in reference.region.neighbours if each.code not in known]
    if not lacking:
        return []
    return [
        "## Les régions voisines",
        "Aucun chiffre publié sur les mêmes questions n’a été trouvé pour ces régions : "
        f"{', '.join(lacking)}.",
    ]
