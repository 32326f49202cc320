"""The words of a page by sector or by territory, from its facts; sections of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from analysis.cells import FEW, SECRET, SHOWN
from analysis.profiles import ABOVE, BELOW, SLIGHT, distinctive, parted
from analysis.prose import Fact, number_words, quoted, sentence
from analysis.telling import (
    Teller,
    counted_verdict,
    family_sentence,
    finding,
    lead_sentence,
    main_sentence,
    parted_sentence,
)
from analysis.wording import capital
from reports.addresses import indicator_page
from reports.figures import KeyFigure, key_figures
from reports.pages.profile import Profile, fact_of
from survey.french import counted
from survey.prose import listed

MOST_FAMILIES, MOST_ANSWERS = 3, 3


def opening(profile: Profile, teller: Teller) -> tuple[str, str]:
    """The title, a finding when there is one, and the two sentences under it."""
    main, place = profile.main, profile.place
    neutral = f"l’intelligence artificielle {place.locative}"
    if not has_figures(profile):
        return capital(neutral), silence(profile, f"{place.locative}, ")
    first = main
    if main.row["status"] != "ok":
        kept = [fact.row["indicator"] for fact in kept_facts(profile)]
        firm = (fact for fact in profile.facts if fact.row["status"] == "ok" and fact.verb)
        told = (fact for fact in firm if fact.row["indicator"] in kept)
        first = next(told, main)
    title = finding(first, place, neutral)
    if title == capital(neutral):
        sentences = [main_sentence(main, place)]
    else:
        teller.mark(first)
        sentences = [lead_sentence(first)]
    teller.mark(main)
    if first is not main:
        sentences.append(main_sentence(main, place))
    else:
        sentences += differences(profile, teller, 1) or [respondents(main)]
    return title, paragraph(sentences)


def has_figures(profile: Profile) -> bool:
    """Whether one of the indicators told can be shown."""
    return any(row["status"] in SHOWN for row in profile.rows if row["tier"])


def silence(profile: Profile, where: str) -> str:
    """Why a domain has no figure: « dans les départements, aucun chiffre n’est publié : … »"""
    secret = all(row["status"] == "secret" for row in profile.withheld)
    why = SECRET if secret else FEW
    return sentence(f"{where}aucun chiffre n’est publié : {why}")


def key_list(facts: Sequence[Fact], most: int) -> str:
    """The key figures of a domain, with their interval and the region's figure.

    Nothing when none is firm.
    """
    shown = [fact for fact in facts if fact.row["status"] in SHOWN][:most]
    if not any(fact.row["status"] == "ok" for fact in shown):
        return ""
    return key_figures([KeyFigure(fact.row, _key_sentence(fact)) for fact in shown])


def _key_sentence(fact: Fact) -> str:
    said = f"des {fact.noun.plural} {fact.verb[1]}" if fact.verb else fact.label
    return f"{said} (région : {fact.region})" if fact.row["whole_estimate"] is not None else said


def differences(profile: Profile, teller: Teller, most: int) -> list[str]:
    """Sentences on the indicators that the test sets apart and the page has not told yet."""
    told = (teller.tell(fact, profile.place) for fact in kept_facts(profile))
    return list(islice(filter(None, told), most))


def kept_facts(profile: Profile) -> list[Fact]:
    """The indicators told one by one that the test sets apart, the largest differences first."""
    found = distinctive([fact.row for fact in profile.facts])
    facts = [fact_of(profile.edition, row) for row in found]
    return [fact for fact in facts if fact.differs]


def answers_apart(profile: Profile, most: int = MOST_FAMILIES) -> list[str]:
    """A sentence a question whose answers the test sets apart, the largest differences first."""
    groups: dict[str, list[Fact]] = {}
    for row in distinctive(row for row in profile.rows if row["tier"] is not None):
        definition = profile.edition.definitions[row["family"]]
        fact = fact_of(profile.edition, row)
        if definition.each is not None and fact.differs:
            groups.setdefault(definition.code, []).append(fact)
    sentences = []
    for turn, (family, facts) in enumerate(list(groups.items())[:most]):
        same = [fact for fact in facts if fact.is_above == facts[0].is_above][:MOST_ANSWERS]
        title = profile.edition.definitions[family].title
        sentences.append(family_sentence(title, same, turn))
    return sentences


def apart_sentence(profile: Profile, others: Sequence[Profile], kind: str) -> str:
    """Which other domains this one is surely above and below, on the main indicator.

    `kind` counts them: « autres secteurs ». Nothing when there is none.
    """
    places = {each.domain: each.place.locative for each in others}
    places.pop(profile.domain, None)
    rows = [each.main.row for each in others if each.domain in places]
    apart = parted(profile.main.row, rows)
    names = ([places[code] for code in apart[side]] for side in (ABOVE, BELOW))
    return parted_sentence(profile.main, profile.place, *names, len(rows), kind)


def indicator_links(profile: Profile, codes: Sequence[str]) -> str:
    """Links to the pages of indicators, by title."""
    population = profile.edition.campaign.population
    return ", ".join(
        f"[{profile.edition.definitions[code].title}](../{indicator_page(population, code)}.qmd)"
        for code in dict.fromkeys(codes)
    )


def respondents(fact: Fact) -> str:
    """How many answers the figure rests on; nothing when it is withheld."""
    count = fact.row["n_respondents"]
    return "" if count is None else sentence(f"ce chiffre repose sur {counted(count, 'réponse')}")


def verdict_count(profiles: Iterable[Profile]) -> str:
    """How many of the indicators compared on the page differ from the region."""
    rows = [row for profile in profiles for row in profile.rows if row["verdict"] is not None]
    verdicts = [row["verdict"] for row in rows]
    kept = verdicts.count(ABOVE) + verdicts.count(BELOW)
    return counted_verdict(kept, verdicts.count(SLIGHT), len(rows))


def unknown(profiles: Sequence[Profile], where: str, causes: str) -> str:
    """What the page cannot say: figures withheld, those to be read with care, causes.

    `where` : « de ce secteur »; `causes` : a sentence on what the differences do not explain.
    """
    withheld = sum(len(profile.withheld) for profile in profiles)
    fragile = sum(len(profile.fragile) for profile in profiles)
    sentences = []
    if withheld:
        are = "n’est pas diffusé" if withheld == 1 else "ne sont pas diffusés"
        count = f"{number_words(withheld)} chiffre{'s' * (withheld > 1)}"
        sentences.append(f"{count} {where} {are}, faute de réponses assez nombreuses")
        if lost := _lost_questions(profiles):
            names = listed([quoted(title) for title in lost], " et")
            sentences.append(f"rien ne peut être dit, en particulier, sur {names}")
    if fragile:
        some = "est fragile" if fragile == 1 else "sont fragiles"
        other = "autre" + "s" * (fragile > 1) + " " if withheld else ""
        count = number_words(fragile, feminine=True)
        noun = f"{count} {other}estimation{'s' * (fragile > 1)}"
        sentences.append(f"{noun} {some} : l’intervalle est large, la prudence s’impose")
    sentences.append(causes)
    return " ".join(sentence(words) for words in sentences)


def _lost_questions(profiles: Sequence[Profile], most: int = 3) -> list[str]:
    """Titles of the questions of which no answer can be shown, the first ones."""
    lost = []
    for profile in profiles:
        for family in profile.families:
            if all(row["status"] not in SHOWN for row in profile.answers(family)):
                lost.append(profile.edition.definitions[family].title)
    return list(dict.fromkeys(lost))[:most]


def paragraphs(*sections: str) -> str:
    """Sections that say something, apart."""
    return "\n\n".join(section for section in sections if section)


def paragraph(sentences: Iterable[str]) -> str:
    """Sentences as one paragraph; nothing when there is none."""
    return " ".join(sentence for sentence in sentences if sentence)


def former_link(profiles: Sequence[Profile], address: str) -> str:
    """A link to the same page of the former edition, when that edition is published too."""
    for profile in profiles:
        campaign = profile.edition.campaign
        folder: Path = campaign.root / "reports" / str(profile.edition.year - 1)
        before = profile.edition.previous() if (folder / "index.qmd").is_file() else None
        if before is None:
            continue
        cells = before.cells
        same = (cells["domain_type"] == profile.domain_type) & (cells["domain"] == profile.domain)
        if same.any():
            page = f"../../{before.year}/{address}.qmd"
            return f"[Cette page dans l’édition {before.year}]({page})"
    return ""
