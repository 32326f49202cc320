"""A page a sector of each population (activity, kind of public body, field of associations)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from analysis.cells import SHOWN, display
from analysis.profiles import standing
from analysis.prose import Setting, number_words, plural_label, quoted, sentence
from analysis.telling import Teller, main_sentence
from reports.addresses import population_page, sector_page
from reports.edition import Edition, markdown_table
from reports.pages.page import Page, document
from reports.pages.profile import Profile, Row, grouped, judged_cells
from reports.pages.profile_csv import DOMAIN, Tables, tables_of
from reports.pages.profile_figures import (
    answers_figure,
    families,
    gap_words,
    indicators_figure,
    others_figure,
)
from reports.pages.profile_text import (
    answers_apart,
    apart_sentence,
    differences,
    former_link,
    has_figures,
    indicator_links,
    key_list,
    opening,
    paragraph,
    paragraphs,
    unknown,
    verdict_count,
)
from survey.french import typography, within

HUB = "secteurs/index"
ROLE = "sector"
MOST_KEYS, MOST_DRAWN = 4, 9
CAUSES = (
    "ces écarts décrivent les réponses, ils n’en disent pas la cause : la taille des structures, "
    "par exemple, diffère d’un secteur à l’autre"
)


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """One page a sector, and the page that lists them."""
    profiles: dict[str, list[Profile]] = {}
    for population, edition in editions.items():
        cuts = [cut.type for cut in edition.file.domains if cut.role == ROLE]
        cells = judged_cells([edition], cuts, DOMAIN)
        tables = tables_of(cells, simulated=edition.campaign.decisions.simulee)
        found = sector_profiles(edition, cells)
        for profile in found:
            yield sector(profile, population, found, tables)
        if found:
            profiles[population] = found
    if profiles:
        yield hub(profiles)


def sector_profiles(edition: Edition, cells: pl.DataFrame) -> list[Profile]:
    """The sectors of one population, in the questionnaire's order."""
    every = (
        Profile(edition, setting(edition, key[1], rows), rows)
        for key, rows in grouped(cells, DOMAIN).items()
    )
    return [profile for profile in every if profile.facts]


def setting(edition: Edition, cut: str, rows: Sequence[Row]) -> Setting:
    """How prose names a sector: by the words of the registry, else by its label."""
    code, label = rows[0]["domain"], rows[0]["label"]
    subject = edition.words.get(cut, {}).get(code, f"le secteur {quoted(label)}")
    return Setting.of_subject(label, subject)


def sector(profile: Profile, population: str, every: Sequence[Profile], tables: Tables) -> Page:
    """The page of one sector among `every` one of its population."""
    address, place = sector_page(population, profile.domain), profile.place
    data, teller = f"{address.rpartition('/')[2]}.csv", Teller()
    title, lead = opening(profile, teller)
    questions = families(profile, 2)
    body = paragraphs(
        *(measured(profile, teller, questions, data) if has_figures(profile) else ()),
        among(profile, every, data),
        *(unsaid(profile) if has_figures(profile) else ()),
        "## Pour aller plus loin",
        links(profile, population, address, every, questions),
    )
    description = main_sentence(profile.main, place)
    text = document(title, description, body, subtitle=lead)
    keys = [(population, each.domain_type, each.domain) for each in (profile, *every)]
    return Page(address, text, {f"{address}.csv": tables.csv(keys[:1], keys)})


def measured(
    profile: Profile, teller: Teller, questions: Sequence[str], data: str
) -> Iterator[str]:
    """The key figures, what differs from the region, the figures."""
    yield key_list(profile.facts, MOST_KEYS)
    yield "## Par rapport à la région"
    apart = [*differences(profile, teller, 3), *answers_apart(profile)]
    yield paragraph([*apart, verdict_count([profile])])
    drawn = [indicators_figure(profile, "indicateurs", data, MOST_DRAWN)]
    drawn += [answers_figure(profile, family, data) for family in questions]
    yield from (figure.to_markdown() for figure in drawn if figure)


def unsaid(profile: Profile) -> Iterator[str]:
    """What the page cannot say."""
    yield "## Ce que l’on ne sait pas"
    yield unknown([profile], "de ce secteur", CAUSES)


def among(profile: Profile, every: Sequence[Profile], data: str) -> str:
    """The main indicator in every sector, this one in bold, and how it stands among them."""
    mains = [each.main.row for each in every]
    if not any(row["status"] in SHOWN for row in mains) or len(mains) < 2:
        return ""
    cut = next(each for each in profile.edition.file.domains if each.type == profile.domain_type)
    several, by = plural_label(cut.label), f"par {within(cut.label)}"
    title = f"{profile.edition.definitions[profile.main.row['family']].title}, {by}"
    rank = standing(mains, profile.domain)
    if rank:
        side = "plus élevée" if rank == "premier" else "plus faible"
        words = f"la part la {side} des {number_words(len(mains))} {several}"
        said, title = sentence(f"c’est {words}"), f"{profile.place.name} : {words}"
    else:
        said = apart_sentence(profile, every, f"autres {several}")
    figure = others_figure(profile, mains, title, by, data)
    return paragraphs(f"## Parmi les {several}", said, figure.to_markdown())


def links(
    profile: Profile,
    population: str,
    address: str,
    every: Sequence[Profile],
    questions: Sequence[str],
) -> str:
    """Where the reader may go on from here; `questions` are those drawn on the page."""
    drawn = [fact.row["family"] for fact in profile.facts[:MOST_DRAWN]] + list(questions)
    others = [
        f"[{each.place.name}](../{sector_page(population, each.domain)}.qmd)"
        for each in every
        if each.domain != profile.domain
    ]
    parts = [
        f"- Ces indicateurs, en détail : {indicator_links(profile, drawn)}.",
        f"- Les autres pages : {', '.join(others)}." if others else "",
        f"- [{profile.edition.file.name}](../{population_page(population)}.qmd) · "
        "[Tous les secteurs](index.qmd)",
        f"- {former}" if (former := former_link([profile], address)) else "",
    ]
    return typography("\n".join(part for part in parts if part))


def hub(profiles: Mapping[str, Sequence[Profile]]) -> Page:
    """The list of the sectors, population by population, with their main figure."""
    first = next(found[0] for found in profiles.values() if found)
    edition = first.edition
    sections = [
        "Une page par secteur réunit ce que l’observatoire y mesure, comparé à l’ensemble de la "
        "région."
    ]
    for population, found in profiles.items():
        if found:
            sections += [f"## {found[0].edition.file.name}", listing(population, found)]
    text = document(
        f"L’intelligence artificielle par secteur en {edition.year}",
        "Toutes les pages par secteur de l’observatoire, avec leur chiffre principal.",
        paragraphs(*sections),
    )
    return Page(HUB, text)


def listing(population: str, found: Sequence[Profile]) -> str:
    """The sectors of one population as a table: figure, interval, gap with the region."""
    main = found[0].main
    edition = found[0].edition
    title = edition.definitions[main.row["family"]].title
    region = "" if main.row["whole_estimate"] is None else f" (région : {main.region})"
    rows = []
    for profile in found:
        fact = profile.main
        shown = display(pl.DataFrame([dict(fact.row)], infer_schema_length=None)).row(0, named=True)
        value = shown["value"] or shown["reason"]
        fragile = ", fragile" if shown["status"] == "fragile" else ""
        page = f"{sector_page(population, profile.domain).rpartition('/')[2]}.qmd"
        rows.append(
            (
                f"[{profile.place.name}]({page})",
                f"{value}{fragile}",
                shown["interval"] or "–",
                gap_words(fact) or "–",
            )
        )
    header = ("Secteur", "Part", "Intervalle", "Écart avec la région")
    return f"{title}{region}.\n\n{markdown_table(header, rows, numbers=3)}"
