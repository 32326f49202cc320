"""A page a territory: what is measured there, compared; what is not, and why; who is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analysis.cells import SHOWN
from analysis.prose import capital, sentence, uncapital
from analysis.telling import Teller, finding, lead_sentence, main_sentence
from reports.addresses import population_page, slug
from reports.edition import Edition
from reports.pages.page import Page, document
from reports.pages.profile import Profile, Row, grouped, judged_cells
from reports.pages.profile_figures import (
    answers_figure,
    families,
    indicators_figure,
    others_figure,
    page_csv,
)
from reports.pages.profile_text import (
    answers_apart,
    apart_sentence,
    differences,
    former_link,
    indicator_links,
    key_list,
    opening,
    paragraph,
    paragraphs,
    unknown,
)
from reports.pages.territory_places import (
    LISTED,
    NOUNS,
    Place,
    people,
    places_of,
    similar_places,
    who_is_there,
)
from survey.french import typography
from survey.prose import listed
from survey.territories import LEVELS, load_territories

PAGE = ("domain_type", "domain")  # the populations of a territory share its page, and its tests
MOST_KEYS, MOST_DRAWN = 3, 6
CAUSES = (
    "ces écarts décrivent les réponses, ils n’en disent pas la cause : la taille et l’activité des "
    "structures, l’âge des habitants diffèrent d’un territoire à l’autre"
)
TO_COME = "Estimation par petits domaines : à venir"
EXPLAINED = (
    "une estimation qui s’appuie aussi sur les territoires semblables prendra place ici ; elle "
    "n’est pas encore calculée"
)
FEW = "trop peu de réponses"
PLACES = "territoires.csv"  # the file that the source of the populations names


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """One page a département, a type of commune, an intercommunalité, a zone d’emploi."""
    if not editions:
        return
    first = next(iter(editions.values()))
    places = places_of(load_territories(first.campaign.root / "data" / "reference"))
    rows = territory_rows(editions)
    for place in places.values():
        yield territory(place, places, editions, rows)


def territory_rows(editions: Mapping[str, Edition]) -> dict[tuple[str, ...], tuple[Row, ...]]:
    """The cells of each territory and population, all the tests of a page corrected together."""
    cells = judged_cells(editions.values(), LEVELS, PAGE)
    return grouped(cells, ("population", *PAGE))


def territory(
    place: Place,
    places: Mapping[tuple[str, str], Place],
    editions: Mapping[str, Edition],
    rows: Mapping[tuple[str, ...], tuple[Row, ...]],
) -> Page:
    """The page of one territory."""
    first = next(iter(editions.values()))
    profiles = profiles_of(place, editions, rows)
    data, teller = f"{place.address.rpartition('/')[2]}.csv", Teller()
    title, lead = head(place, profiles, teller)
    similar = similar_places(place, places.values())
    whole = sum(each.row["population"] for each in places.values() if each.level == "departement")
    sections, shown = [], []
    for population, profile in profiles.items():
        beside = [profiles_of(each, {population: editions[population]}, rows) for each in similar]
        others = [found[population] for found in beside if population in found]
        shown += [profile, *others]
        sections += population_section(profile, others, place, teller, data)
    body = paragraphs(
        *sections,
        small_areas(editions, profiles),
        "## Le territoire",
        people(place, places.values(), whole),
        who_is_there(place, places),
        places_source(first),
        *closing(place, profiles, similar),
    )
    text = document(title, description(place, profiles), body, subtitle=lead)
    simulated = any(each.campaign.decisions.simulee for each in editions.values())
    mains = [profile.main.row for profile in shown]
    files = {}
    if profiles:
        csv = page_csv(list(profiles.values()), mains, simulated=simulated)
        files[f"{place.address}.csv"] = csv
    return Page(place.address, text, files)


def profiles_of(
    place: Place, editions: Mapping[str, Edition], rows: Mapping[tuple[str, ...], tuple[Row, ...]]
) -> dict[str, Profile]:
    """What each population has on a territory: those with cells of its level."""
    found = {}
    for population, edition in editions.items():
        own = rows.get((population, place.level, place.code))
        if own and (profile := Profile(edition, place.setting, own)).facts:
            found[population] = profile
    return found


def head(place: Place, profiles: Mapping[str, Profile], teller: Teller) -> tuple[str, str]:
    """The title, a finding when a main figure is firm, and what stands under it."""
    firm = [each for each in profiles.values() if each.main.row["status"] == "ok"]
    if not firm:
        return capital(f"l’intelligence artificielle {place.row['locatif']}"), silence(
            place, profiles
        )
    if len(firm) == 1:
        return opening(firm[0], teller)
    for profile in firm[:2]:
        teller.mark(profile.main)
    title = finding(firm[0].main, place.setting, "")
    second = main_sentence(firm[1].main, place.setting)
    return title, paragraph([lead_sentence(firm[0].main), second])


def silence(place: Place, profiles: Mapping[str, Profile]) -> str:
    """Why a page has no main figure, in one sentence."""
    where = place.row["locatif"]
    if not profiles:
        return sentence(f"{where}, l’enquête ne donne pas encore de chiffre")
    if any(has_figures(profile) for profile in profiles.values()):
        return sentence(f"{where}, peu de chiffres sont assez précis pour être publiés")
    return sentence(f"{where}, aucun chiffre n’est publié : {FEW}")


def has_figures(profile: Profile) -> bool:
    """Whether one of the indicators told can be shown."""
    return any(row["status"] in SHOWN for row in profile.rows if row["tier"])


def description(place: Place, profiles: Mapping[str, Profile]) -> str:
    """What a search engine shows: the first firm figure, else what the page is."""
    for profile in profiles.values():
        if profile.main.row["status"] == "ok":
            return main_sentence(profile.main, place.setting)
    return sentence(f"ce que l’observatoire sait de l’IA {place.row['locatif']}, et ne sait pas")


def population_section(
    profile: Profile, others: Sequence[Profile], place: Place, teller: Teller, data: str
) -> list[str]:
    """What one population answers in a territory, beside the region and similar places."""
    heading, main = f"## {profile.edition.file.name}", profile.main
    if not has_figures(profile):
        return [heading, sentence(f"aucun chiffre n’est publié ici : {FEW}")]
    said = [] if teller.is_told(main) else [main_sentence(main, place.setting)]
    teller.mark(main)
    said += [*differences(profile, teller, 2), *answers_apart(profile, 1)]
    name = slug(profile.edition.campaign.population)
    figures = [indicators_figure(profile, f"indicateurs-{name}", data, MOST_DRAWN)]
    figures += [answers_figure(profile, family, data) for family in families(profile, 1)]
    drawn = [figure.to_markdown() for figure in figures if figure]
    codes = [fact.row["family"] for fact in profile.facts[:MOST_DRAWN]] + families(profile, 1)
    return [
        heading,
        key_list(profile.facts, MOST_KEYS),
        paragraph(said),
        *drawn,
        beside_similar(profile, others, place, data),
        f"Ces indicateurs, en détail : {indicator_links(profile, codes)}.",
    ]


def beside_similar(profile: Profile, others: Sequence[Profile], place: Place, data: str) -> str:
    """The main indicator in similar places; nothing when none has a figure."""
    rows = [each.main.row for each in others]
    if not any(row["status"] in SHOWN for row in [*rows, profile.main.row]) or not rows:
        return ""
    noun = NOUNS[place.level]
    near = place.level in LISTED
    by = f"dans les {noun.plural} de population voisine" if near else f"par {noun.singular}"
    title = f"{profile.edition.definitions[profile.main.row['family']].title}, {by}"
    kind = f"{noun.plural} de population voisine" if near else f"autres {noun.plural}"
    figure = others_figure(profile, rows, title, by, data)
    return paragraphs(apart_sentence(profile, others, kind), figure.to_markdown())


def places_source(edition: Edition) -> str:
    """Where the populations and the lists of communes come from, as `region.yml` says."""
    for source in edition.reference.region.sources:
        if PLACES in source["quoi"]:
            return typography(f"[Source : {source['source']}.]{{.notes}}")
    return ""


def small_areas(editions: Mapping[str, Edition], profiles: Mapping[str, Profile]) -> str:
    """The place of small-area estimates, for the populations without a main figure here."""
    lacking = [
        uncapital(edition.file.name)
        for population, edition in editions.items()
        if population not in profiles or profiles[population].main.row["status"] not in SHOWN
    ]
    if not lacking:
        return ""
    who = listed(lacking, " et")
    return (
        f'::: {{.callout-note #petits-domaines title="{TO_COME}"}}\n'
        f"{sentence(f'pour {who}, {EXPLAINED}')}\n:::"
    )


def closing(
    place: Place, profiles: Mapping[str, Profile], similar: Sequence[Place]
) -> Iterator[str]:
    """What is not known, and where the reader may go on."""
    shown = [profile for profile in profiles.values() if has_figures(profile)]
    if shown:
        yield "## Ce que l’on ne sait pas"
        yield unknown(list(profiles.values()), "de ce territoire", CAUSES)
    yield "## Pour aller plus loin"
    near = "de population voisine" if place.level in LISTED else ""
    noun = f"{NOUNS[place.level].plural} {near}".strip() if near else "les autres territoires"
    links = ", ".join(f"[{each.row['nom_court']}](../{each.address}.qmd)" for each in similar)
    populations = " · ".join(
        f"[{profile.edition.file.name}](../{population_page(population)}.qmd)"
        for population, profile in profiles.items()
    )
    former = former_link(list(profiles.values()), place.address)
    yield typography(
        "\n".join(
            f"- {line}"
            for line in (
                f"{capital(noun)} : {links}.",
                populations,
                "[Tous les territoires, la carte et la recherche](index.qmd)",
                former,
            )
            if line
        )
    )
