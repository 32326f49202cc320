"""*Comparer*: every indicator that has a point of comparison elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reports.edition import Edition
from reports.pages.indicator_beside import comparisons
from reports.pages.indicator_figures import Shown, address
from reports.pages.indicator_files import FOLDER
from reports.pages.measures import Measure, measures
from reports.pages.page import Page, escaped, fragment
from survey.french import typography
from survey.reference import Reference

NOTHING = "Aucun chiffre publié ailleurs n’est comparable pour cette population."


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """What the page of comparisons includes, with its figures."""
    parts, figures = [], []
    for edition in editions.values():
        parts.append(f"## {escaped(edition.file.name)}")
        compared = [(each, found) for each in measures(edition) if (found := comparisons(each))]
        figures += [each.figure for _, found in compared for each in found]
        parts += [part for pair in compared for part in _told(*pair)] or [NOTHING]
    if editions:
        parts += neighbours(next(iter(editions.values())).reference)
    yield fragment("comparer", parts, figures)


def _told(measure: Measure, found: Sequence[Shown]) -> Iterator[str]:
    """The comparisons of an indicator, what differs in each, and where all of it is told."""
    for each in found:
        yield each.figure.to_markdown(interactive=False)
        if each.note:
            yield typography(f"**Ce qui diffère :** {escaped(each.note)}")
    title = f"« {escaped(measure.title)} » ({measure.units})"  # two populations share a title
    yield f"[Tous les résultats de l’indicateur {title}]({FOLDER}/{address(measure)}.qmd)"


def neighbours(reference: Reference) -> list[str]:
    """Which neighbouring regions have no published figure to compare with, when some lack one."""
    known = set(reference.comparators["territoire_code"].drop_nulls())
    lacking = [each.name for each in reference.region.neighbours if each.code not in known]
    if not lacking:
        return []
    return [
        "## Les régions voisines",
        "Aucun chiffre publié sur les mêmes questions n’a été trouvé pour ces régions : "
        f"{escaped(', '.join(lacking))}.",
    ]
