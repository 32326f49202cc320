"""A page a sector of each population (activity, kind of public body, field of associations)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from analysis.cells import SHOWN, display
from analysis.definitions import DomainDefinition
from analysis.profiles import standing
from analysis.prose import Setting, number_words, plural_label, quoted, sentence
from analysis.telling import Teller, main_sentence
from analysis.wording import capital
from reports.addresses import population_page, sector_page
from reports.edition import Edition, markdown_table
from reports.pages.page import Page, document, escaped
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
from survey.prose import listed

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
            yield sector(profile, found, tables)
        if found:
            profiles[population] = found
    yield hub(profiles, next(iter(editions.values())).year)


def sector_profiles(edition: Edition, cells: pl.DataFrame) -> list[Profile]:
    """The sectors of one population, cut by cut, each in its own order."""
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


def by_cut(profiles: Sequence[Profile]) -> dict[str, list[Profile]]:
    """The sectors of each cut, by its label: « Secteur », « Branche de l’industrie »."""
    found: dict[str, list[Profile]] = {}
    for profile in profiles:
        found.setdefault(cut_of(profile).label, []).append(profile)
    return found


def cut_of(profile: Profile) -> DomainDefinition:
    """The cut that makes a sector."""
    return next(each for each in profile.edition.file.domains if each.type == profile.domain_type)


def sector(profile: Profile, every: Sequence[Profile], tables: Tables) -> Page:
    """The page of one sector among `every` one of its population."""
    population = profile.edition.campaign.population
    address, place = sector_page(population, profile.domain), profile.place
    same = by_cut(every)[cut_of(profile).label]
    data, teller = f"{address.rpartition('/')[2]}.csv", Teller()
    title, lead = opening(profile, teller)
    questions = families(profile, 2)
    body = paragraphs(
        *(measured(profile, teller, questions, data) if has_figures(profile) else ()),
        among(profile, same, data),
        *(unsaid(profile) if has_figures(profile) else ()),
        scope(profile),
        "## Pour aller plus loin",
        links(profile, address, every, questions),
    )
    description = main_sentence(profile.main, place)
    text = document(title, description, body, subtitle=lead)
    keys = [(population, each.domain_type, each.domain) for each in (profile, *same)]
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
    """The main indicator in every sector of a cut, this one in bold, how it stands among them."""
    mains = [each.main.row for each in every]
    if not any(row["status"] in SHOWN for row in mains) or len(mains) < 2:
        return ""
    cut = cut_of(profile)
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


def scope(profile: Profile) -> str:
    """What a sector of the nomenclature of activities covers; nothing for another."""
    reference, column = profile.edition.reference, cut_of(profile).by or cut_of(profile).frame
    lists = {"secteur": reference.sectors, "branche": reference.branches}
    if column not in lists:
        return ""
    row = lists[column].row(by_predicate=pl.col("code") == profile.domain, named=True)
    parts = row["naf"].split(", ")
    kind = ("section" if parts[0].isalpha() else "division") + "s" * (len(row["naf"]) > 2)
    said = f"{row['libelle']} (NAF rév. 2, {kind} {listed(parts, ' et')})"
    more = f", {row['contenu']}" if row.get("contenu") else ""
    return f"## Ce que recouvre ce secteur\n\n{sentence(said + more)}"


def links(
    profile: Profile, address: str, every: Sequence[Profile], questions: Sequence[str]
) -> str:
    """Where the reader may go on from here; `questions` are those drawn on the page."""
    drawn = [fact.row["family"] for fact in profile.facts[:MOST_DRAWN]] + list(questions)
    population = profile.edition.campaign.population
    others = []
    for label, found in by_cut(every).items():
        other = "autres " if profile in found else ""
        pages = (
            f"[{escaped(each.place.name)}](../{sector_page(population, each.domain)}.qmd)"
            for each in found
            if each is not profile
        )
        if named := " · ".join(pages):
            others.append(f"- Les {other}{plural_label(label)} : {named}")
    parts = [
        f"- Ces indicateurs, en détail : {indicator_links(profile, drawn)}.",
        *others,
        f"- [{escaped(profile.edition.file.name)}](../{population_page(population)}.qmd) · "
        "[Tous les secteurs](index.qmd)",
        f"- {former}" if (former := former_link([profile], address)) else "",
    ]
    return typography("\n".join(part for part in parts if part))


def hub(profiles: Mapping[str, Sequence[Profile]], year: int) -> Page:
    """The list of the sectors, population by population, with their main figure.

    The menu leads there: it stands, and says so, where the edition has no sector.
    """
    sections = [
        "Une page par secteur réunit ce que l’observatoire y mesure, comparé à l’ensemble de la "
        "région."
        if profiles
        else "Aucune des populations interrogées dans cette édition n’est présentée par secteur."
    ]
    for population, found in profiles.items():
        sections.append(f"## {escaped(found[0].edition.file.name)}")
        for rank, (label, same) in enumerate(by_cut(found).items()):
            sections += [f"### {capital(plural_label(label))}"] if rank else []
            sections.append(listing(population, same, label))
    text = document(
        f"L’intelligence artificielle par secteur en {year}",
        "Toutes les pages par secteur de l’observatoire, avec leur chiffre principal.",
        paragraphs(*sections),
    )
    return Page(HUB, text)


def listing(population: str, found: Sequence[Profile], label: str) -> str:
    """The sectors of one cut, named by its label: figure, interval, gap with the region."""
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
                f"[{escaped(profile.place.name)}]({page})",
                f"{value}{fragile}",
                shown["interval"] or "–",
                gap_words(fact) or "–",
            )
        )
    header = (label, "Part", "Intervalle", "Écart avec la région")
    return f"{title}{region}.\n\n{markdown_table(header, rows, numbers=3)}"
