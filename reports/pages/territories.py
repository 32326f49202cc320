"""A page a territory: what is measured there, compared; what is not, and why; who is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from analysis.cells import SHOWN
from analysis.prose import sentence
from analysis.telling import Teller, finding, lead_sentence, main_sentence
from analysis.wording import capital
from reports.addresses import population_page, slug
from reports.edition import Edition
from reports.pages.page import Draft, Page, document, escaped
from reports.pages.profile import Profile, grouped, judged_cells
from reports.pages.profile_csv import DOMAIN, Tables, tables_of
from reports.pages.profile_figures import (
    answers_figure,
    families,
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
    silence,
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
from reports.pages.territory_summary import summary_link, summary_of
from survey.french import typography, within
from survey.territories import LEVELS, load_territories

PAGE = ("domain_type", "domain")  # the populations of a territory share its page, and its tests
MOST_KEYS, MOST_DRAWN = 3, 6
MOST_ANSWERED = 2  # populations whose answers are drawn too: beyond, the page is long enough
WHOLE = "departement"  # the level whose places make up the region
CAUSES = (
    "ces écarts décrivent les réponses, ils n’en disent pas la cause : la taille et l’activité des "
    "structures, l’âge des habitants diffèrent d’un territoire à l’autre"
)
TO_COME = typography("Estimation par petits domaines : à venir")
EXPLAINED = (
    "une estimation qui s’appuie aussi sur les territoires semblables prendra place ici ; elle "
    "n’est pas encore calculée"
)
PLACES = "territoires.csv"  # the file that the source of the populations names


@dataclass(frozen=True)
class Atlas:
    """Every territory, what each population has there, and the data of their pages."""

    editions: Mapping[str, Edition]
    places: Mapping[tuple[str, str], Place]
    profiles: Mapping[tuple[str, ...], Profile]
    tables: Tables

    def of(self, place: Place) -> dict[str, Profile]:
        """What each population has in a territory: those with cells of its level."""
        keys = {population: (population, place.level, place.code) for population in self.editions}
        return {name: self.profiles[key] for name, key in keys.items() if key in self.profiles}

    @property
    def first(self) -> Edition:
        """The first edition, for what all share."""
        return next(iter(self.editions.values()))

    @property
    def population(self) -> int:
        """Persons in the region."""
        return sum(each.row["population"] for each in self.places.values() if each.level == WHOLE)


def pages(editions: Mapping[str, Edition]) -> Iterator[Draft]:
    """One page a département, a type of commune, an intercommunalité, a zone d’emploi."""
    if editions:
        atlas = atlas_of(editions)
        for place in atlas.places.values():
            yield partial(territory, place, atlas)


def atlas_of(editions: Mapping[str, Edition]) -> Atlas:
    """The territories and their figures, all the tests of a page corrected together."""
    first = next(iter(editions.values()))
    places = places_of(load_territories(first.campaign.root / "data" / "reference"))
    cells = judged_cells(editions.values(), LEVELS, PAGE)
    simulated = any(each.campaign.decisions.simulee for each in editions.values())
    profiles = {}
    for key, rows in grouped(cells, DOMAIN).items():
        population, level, code = key
        if (level, code) in places:
            profile = Profile(editions[population], places[level, code].setting, rows)
            if profile.facts:
                profiles[key] = profile
    return Atlas(editions, places, profiles, tables_of(cells, simulated=simulated))


def territory(place: Place, atlas: Atlas) -> Page:
    """The page of one territory."""
    profiles, teller = atlas.of(place), Teller()
    similar = similar_places(place, atlas.places.values())
    title, lead = head(place, profiles, teller)
    data = f"{place.address.rpartition('/')[2]}.csv"
    keys = [(population, place.level, place.code) for population in profiles]
    told = {name: told_of(profile, place, teller) for name, profile in profiles.items()}
    sections, others = [], []
    several = len([each for each in profiles.values() if has_figures(each)]) > MOST_ANSWERED
    for population, profile in profiles.items():
        found = [atlas.of(each) for each in similar]
        beside = [each[population] for each in found if population in each]
        others += [(population, each.domain_type, each.domain) for each in beside]
        questions = [] if several else families(profile, 1)
        sections += population_section(profile, beside, questions, place, told[population], data)
    inhabitants = people(place, atlas.places.values(), atlas.population)
    source, missing = places_source(atlas.first), not_known(profiles)
    parts = (inhabitants, missing, source)
    summary = summary_of(place, profiles, (title, lead), told, parts)
    body = paragraphs(
        *sections,
        small_areas(atlas.editions, profiles),
        "## Le territoire",
        inhabitants,
        who_is_there(place, atlas.places),
        source,
        *(("## Ce que l’on ne sait pas", missing) if missing else ()),
        *closing(place, profiles, similar, summary_link(place) if summary else ""),
    )
    text = document(title, description(place, profiles), body, subtitle=lead)
    files = {f"{place.address}.csv": atlas.tables.csv(keys, others)} if keys else {}
    return Page(place.address, text, files, late=summary)


def told_of(profile: Profile, place: Place, teller: Teller) -> str:
    """What is said of one population in a territory, as one paragraph."""
    if not has_figures(profile):
        return ""
    main = profile.main
    said = [] if teller.is_told(main) else [main_sentence(main, place.setting)]
    teller.mark(main)
    return paragraph([*said, *differences(profile, teller, 2), *answers_apart(profile, 1)])


def head(place: Place, profiles: Mapping[str, Profile], teller: Teller) -> tuple[str, str]:
    """The title, a finding when a main figure is firm, and what stands under it."""
    neutral = capital(f"l’intelligence artificielle {place.row['locatif']}")
    firm = firm_profiles(place, profiles)
    if not firm:
        return neutral, silent(place, profiles)
    if len(firm) == 1:
        return opening(firm[0], teller)
    for profile in firm[:2]:
        teller.mark(profile.main)
    title = finding(firm[0].main, place.setting, neutral)
    second = main_sentence(firm[1].main, place.setting)
    return title, paragraph([lead_sentence(firm[0].main), second])


def silent(place: Place, profiles: Mapping[str, Profile]) -> str:
    """Why a page has no main figure, in one sentence."""
    where = f"{place.row['locatif']}, "
    if not profiles:
        return sentence(f"{where}l’enquête ne donne pas encore de chiffre")
    if any(has_figures(profile) for profile in profiles.values()):
        return sentence(f"{where}peu de chiffres sont assez précis pour être publiés")
    return silence(next(iter(profiles.values())), where)


def firm_profiles(place: Place, profiles: Mapping[str, Profile]) -> list[Profile]:
    """Those whose main figure makes a title, the ones that differ from the region first."""
    firm = [each for each in profiles.values() if finding(each.main, place.setting, "")]
    return sorted(firm, key=lambda each: not each.main.differs)


def description(place: Place, profiles: Mapping[str, Profile]) -> str:
    """What a search engine shows: the figure of the title, else what the page is."""
    for profile in firm_profiles(place, profiles):
        return main_sentence(profile.main, place.setting)
    return sentence(f"ce que l’observatoire sait de l’IA {place.row['locatif']}, et ne sait pas")


def population_section(
    profile: Profile,
    others: Sequence[Profile],
    questions: Sequence[str],
    place: Place,
    told: str,
    data: str,
) -> list[str]:
    """What one population answers in a territory, beside the region and similar places."""
    heading = f"## {escaped(profile.edition.file.name)}"
    if not has_figures(profile):
        return [heading, silence(profile, "")]
    name = slug(profile.edition.campaign.population)
    figures = [indicators_figure(profile, f"indicateurs-{name}", data, MOST_DRAWN)]
    figures += [answers_figure(profile, family, data) for family in questions]
    codes = [fact.row["family"] for fact in profile.facts[:MOST_DRAWN]] + list(questions)
    return [
        heading,
        key_list(profile.facts, MOST_KEYS),
        told,
        *(figure.to_markdown() for figure in figures if figure),
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
        within(edition.file.name)
        for population, edition in editions.items()
        if population not in profiles or profiles[population].main.row["status"] not in SHOWN
    ]
    if not lacking:
        return ""
    who = "population concernée" if len(lacking) == 1 else "populations concernées"
    listed = " ; ".join(lacking)
    return (
        f'::: {{.callout-note #petits-domaines title="{TO_COME}"}}\n'
        f"{sentence(EXPLAINED)} {sentence(f'{who} : {listed}')}\n:::"
    )


def not_known(profiles: Mapping[str, Profile]) -> str:
    """What the figures of a territory do not say; nothing when there is none."""
    if not any(has_figures(profile) for profile in profiles.values()):
        return ""
    return unknown(list(profiles.values()), "de ce territoire", CAUSES)


def closing(
    place: Place, profiles: Mapping[str, Profile], similar: Sequence[Place], summary: str
) -> Iterator[str]:
    """Where the reader may go on; `summary` links to the one to print."""
    yield "## Pour aller plus loin"
    near = "de population voisine" if place.level in LISTED else ""
    noun = f"{NOUNS[place.level].plural} {near}".strip() if near else "les autres territoires"
    links = ", ".join(
        f"[{escaped(each.row['nom_court'])}](../{each.address}.qmd)" for each in similar
    )
    populations = " · ".join(
        f"[{escaped(profile.edition.file.name)}](../{population_page(population)}.qmd)"
        for population, profile in profiles.items()
    )
    former = former_link(list(profiles.values()), place.address)
    yield typography(
        "\n".join(
            f"- {line}"
            for line in (
                summary,
                f"{capital(noun)} : {links}.",
                populations,
                "[Tous les territoires, la carte et la recherche](index.qmd)",
                former,
            )
            if line
        )
    )
