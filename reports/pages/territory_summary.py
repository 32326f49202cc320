"""The summary of a territory on paper: what its page tells, on two pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from reports.addresses import slug
from reports.edition import Edition
from reports.figure import Figure
from reports.pages.profile import Profile
from reports.pages.profile_figures import IN_TABLE, indicators_figure
from reports.pages.profile_text import has_figures, key_list, paragraphs, silence
from reports.pages.territory_places import Place
from reports.printing.facts import Facts
from reports.printing.summary import Summary, kept_summary
from reports.publisher import read_publisher
from reports.settings import DATA_FOLDER, RESULTS, publication_day
from reports.steps import digest
from survey.french import NNBSP, long_date, typography

MOST_KEYS = 3
LINK = "Synthèse de deux pages (PDF)"
SHOWN = 12  # signs of a digest


def summary_of(
    place: Place,
    profiles: Mapping[str, Profile],
    head: tuple[str, str],
    told: Mapping[str, str],
    parts: Sequence[str],
) -> Callable[[], Mapping[str, bytes]] | None:
    """What makes the PDF of a territory, by its name; None for one without figures.

    `head` : title and lead; `told` : what is said of each population; `parts` : who is there, what
    is not known, the source of the populations.
    """
    shown = [profile for profile in profiles.values() if has_figures(profile)]
    if not shown:
        return None
    edition = shown[0].edition
    people, unknown, source = parts
    title, lead = head
    text = paragraphs(
        f"# {title}",
        f"::: {{.chapo}}\n{lead}\n:::",
        people,
        *(_section(profile, told[population]) for population, profile in profiles.items()),
    )
    ending = paragraphs("## Ce que l’on ne sait pas", unknown, source)

    def charts(most: int) -> list[Figure]:
        found = (
            indicators_figure(each, f"indicateurs-{slug(population)}", "", most)
            for population, each in profiles.items()
            if has_figures(each)
        )
        return [without_table(figure) for figure in found if figure]

    summary = Summary(text, charts, ending, _facts(place, edition, shown))
    return partial(_files, summary, place.address, edition)


def _files(summary: Summary, address: str, edition: Edition) -> dict[str, bytes]:
    name = f"{edition.year}/{address}"
    return {f"{address}.pdf": kept_summary(summary, name, edition.campaign.root)}


def without_table(figure: Figure) -> Figure:
    """A figure as paper shows it: its field sends the reader to no table."""
    field = figure.caption.field.removesuffix(IN_TABLE)
    return replace(figure, caption=replace(figure.caption, field=field))


def summary_link(place: Place) -> str:
    """A link to the summary, from the page of the territory."""
    return f"[{LINK}]({place.address.rpartition('/')[2]}.pdf)"


def _section(profile: Profile, told: str) -> str:
    heading = f"## {profile.edition.file.name}"
    if not has_figures(profile):
        return paragraphs(heading, silence(profile, ""))
    return paragraphs(heading, key_list(profile.facts, MOST_KEYS), told)


def _facts(place: Place, edition: Edition, shown: Sequence[Profile]) -> Facts:
    name = place.row["nom"]
    root = edition.campaign.root
    return Facts(
        title=typography(f"L’IA {place.row['locatif']} en {edition.year}"),
        subtitle=f"Synthèse de l’édition {edition.year} de l’Observatoire de l’IA : {name}",
        publisher=read_publisher(root).nom_court,
        source=edition.full_source,
        colophon=_colophon(root, edition.year),
        simulated=any(each.edition.campaign.decisions.simulee for each in shown),
    )


@cache
def _colophon(root: Path, year: int) -> str:
    """Edition, day and data: no version of the code, or each commit would make each one again."""
    results = root / "reports" / str(year) / DATA_FOLDER / RESULTS
    data = f" Données{NNBSP}: {digest(results)[:SHOWN]}." if results.is_file() else ""
    day = long_date(publication_day(root, year))
    return f"Édition {year}, parue le {day}.{data} Licence Ouverte 2.0."
