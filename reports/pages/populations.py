"""One page a population: its finding, its key figures, who uses AI, then theme by theme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from analysis.cells import cell_words
from reports.addresses import population_page, slug
from reports.changes import counted_changes, whole_changes
from reports.edition import Edition, row_label
from reports.essential import headline, key_figures_of, who_uses
from reports.figure import Figure
from reports.figures import key_figures
from reports.pages.indicator_figures import address, breakdown, main_figure
from reports.pages.indicator_files import FOLDER
from reports.pages.measures import Measure, by_theme, measures
from reports.pages.page import Page, document, escaped
from reports.quality import population_count
from reports.value_chain import USE, set_apart
from survey.french import lowered, typography

WHO = ("size", "sector", "profile")  # the cuts that tell who uses AI
MOST_CUTS = 3
BRACKETS = "Entre crochets, dans toute la page : l’intervalle à 95 %."
NOBODY = ("Non", "Personne", "Aucun", "Pas ", "Rien", "Sans ")  # how a negative answer begins


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The page of each population, then what the page that leads to them takes in."""
    for edition in editions.values():
        yield population_page_of(edition)
    yield Page("populations", hub(editions))


def population_page_of(edition: Edition) -> Page:
    """The page of one population, with its figures."""
    listed = measures(edition)
    use = next(each for each in listed if each.code == USE)
    figures: list[Figure] = []
    parts = [f"::: {{.chapo}}\n{escaped(lead(edition))}\n:::"]
    parts += [key_figures(key_figures_of(edition)), typography(BRACKETS), who_is_counted(edition)]
    parts.append(f"## Qui utilise l’IA {{#{slug(USE)}}}")
    parts += _shown(figures, (breakdown(use, cut).figure for cut in cuts(use)))
    for _, group in groupby(by_theme(listed), key=lambda each: each.definition.theme):
        parts += theme(list(group), figures)
    year, place = edition.year, edition.reference.region.territory.locative
    text = document(
        typography(f"{edition.file.name} et l’IA en {year}"),
        typography(f"{edition.file.name} et l’intelligence artificielle {place} en {year}."),
        "\n\n".join(parts),
        toc=True,
        **{"toc-depth": 2},
    )
    files = {name: content for each in figures for name, content in each.files().items()}
    address = population_page(edition.campaign.population)
    return Page(address, text, files, tuple(figures))


def lead(edition: Edition) -> str:
    """The finding, what parts the units, what changed: two or three sentences."""
    place = edition.reference.region.territory.locative
    said = [f"{headline(edition)} {place} en {edition.year}."]
    said += [f"{found}." for found in list(who_uses(edition))[:1]]
    before = edition.previous()
    if before is None:
        said.append("C’est la première mesure.")
    else:
        counted = counted_changes(whole_changes(before, edition))
        said.append(f"Depuis {before.year}, {lowered(counted)}.")
    return typography(" ".join(said))


def who_is_counted(edition: Edition) -> str:
    """What the population is, what counts for one, and how many there are."""
    scope = edition.file.scope
    return (
        f"**Qui est compté.** {escaped(typography(f'{scope.covers} {scope.unit}'))} "
        f"{population_count(edition)}"
    )


def cuts(use: Measure):
    """The breakdowns that tell who uses AI, in the order of the registry."""
    return [cut for cut in use.breakdowns if cut.role in WHO][:MOST_CUTS]


def theme(group: list[Measure], figures: list[Figure]) -> list[str]:
    """A theme: the figure of one of its families, then every indicator with its value."""
    first = group[0]
    heading = first.cells["theme"][0]
    anchor = slug(first.definition.theme)
    chosen = shown_family(group)
    shown = _shown(figures, [main_figure(chosen)] if chosen else [])
    items = "\n".join(f"- {item(each)}" for each in group)
    return [f"## {escaped(heading)} {{#{anchor}}}", *shown, items, *_apart(group)]


def _apart(group: list[Measure]) -> Iterator[str]:
    """Why a part seems greater than the whole, where both are listed with such figures."""
    shares = {each.code: (each.headline or {}).get("estimate") for each in group}
    if said := set_apart(group[0].edition.definitions, shares):
        yield escaped(said)


def shown_family(group: list[Measure]) -> Measure | None:
    """The first family that is not led by a negative answer (« Personne »), else the first."""
    families = [each for each in group if each.is_family]
    telling = (each for each in families if not _is_led_by_nobody(each))
    return next(telling, families[0] if families else None)


def _is_led_by_nobody(family: Measure) -> bool:
    first = family.headline
    return first is None or typography(first["label"]).startswith(NOBODY)


def item(measure: Measure) -> str:
    """« Gain constaté : 90 % [87 ; 93], parmi les entreprises utilisatrices », linked."""
    link = f"[{escaped(measure.title)}]({FOLDER}/{address(measure)}.qmd)"
    cell = measure.headline
    if cell is None:
        return f"{link} : non diffusé"
    words = cell_words(cell, "estimation fragile") + measure.among
    label = f"« {typography(row_label(cell))} », " if measure.is_family else ""
    return typography(f"{link} : {escaped(label)}{escaped(words)}")


def hub(editions: Mapping[str, Edition]) -> str:
    """The page that leads to the populations: the finding of each."""
    parts = []
    for edition in editions.values():
        address = population_page(edition.campaign.population)
        parts += [f"## [{edition.file.name}]({address}.qmd)", escaped(lead(edition))]
    year = next(iter(editions.values())).year
    return document(
        "Quatre populations",
        f"Entreprises, secteur public, associations et habitants : l’usage de l’IA en {year}.",
        "\n\n".join(parts),
    )


def _shown(figures: list[Figure], found) -> list[str]:
    """Markdown of the figures that there are, kept in `figures`."""
    kept = [each for each in found if each]
    figures += kept
    return [each.to_markdown(interactive=False) for each in kept]
