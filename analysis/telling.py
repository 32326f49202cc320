"""Sentences on a domain beside the region, each true by construction.

A sentence says a difference only when the verdict of the test does. `FORMS` are so many turns of
phrase for the same thing; a `Teller` gives a page one after the other, so that a page repeats none,
and that the same figures always give the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from analysis.cells import FEW, REASONS, SECRET, interval_ends
from analysis.profiles import LEVEL_WITH, SLIGHT
from analysis.prose import (
    Fact,
    Row,
    Setting,
    located_words,
    magnitude_words,
    number_words,
    points_apart,
    quoted,
    sentence,
    sure_ratio,
    than,
)
from analysis.wording import capital
from survey.french import NNBSP, integer
from survey.prose import listed

MOST_NAMED = 2


Form = Callable[[Fact, Setting], str | None]


def _points(fact: Fact, place: Setting) -> str | None:
    """« La part des entreprises qui forment … atteint 31 %, soit 12 points de plus que … »"""
    gap = points_apart(fact)
    if fact.verb is None or gap is None:
        return None
    verb = "atteint" if fact.is_above else "se limite à"
    return (
        f"la part des {_units(fact, place)} qui {fact.verb[1]} {verb} {fact.level}, soit {gap} que "
        "dans l’ensemble de la région"
    )


def _against(fact: Fact, place: Setting) -> str | None:
    """« Dans le commerce, une entreprise sur cinq utilise l’IA, contre 12 % dans la région »."""
    words = located_words(fact, place)
    return words and f"{words}, contre {fact.region} dans la région"


def _read(fact: Fact, place: Setting) -> str | None:
    """« Dans les entreprises, 3,9 personnes sur dix en moyenne …, contre 3,0 dans la région »."""
    fragile = fact.level.removeprefix(fact.value)
    return fact.reads and f"{fact.reads}{fragile}, contre {fact.region} dans la région"


def _ratio(fact: Fact, place: Setting) -> str | None:
    """« Une entreprise sur deux utilise l’IA : c’est deux fois plus que dans la région (25 %) »."""
    words, ratio = magnitude_words(fact), sure_ratio(fact)
    return words and ratio and f"{words} : c’est {ratio} que dans la région ({fact.region})"


def _often(fact: Fact, place: Setting) -> str | None:
    """« Plus souvent que dans l’ensemble de la région, les entreprises … (31 %, contre 20 %) »."""
    if fact.verb is None:
        return None
    often = "plus souvent" if fact.is_above else "moins souvent"
    return (
        f"{often} que dans l’ensemble de la région, les {_units(fact, place)} {fact.verb[1]} "
        f"({fact.level}, contre {fact.region})"
    )


def _from_region(fact: Fact, place: Setting) -> str | None:
    """« Dans l’ensemble de la région, 20 % des entreprises … ; cette part atteint 31 % … »"""
    if fact.verb is None:
        return None
    verb = "atteint" if fact.is_above else "n’est que de"
    comma = "," * (fact.level != fact.value)
    return (
        f"dans l’ensemble de la région, {fact.region} des {fact.noun.plural} {fact.verb[1]} ; "
        f"cette part {verb} {fact.level}{comma} {place.locative}"
    )


def _labelled(fact: Fact, place: Setting) -> str | None:
    """« L’indicateur « Formation » s’établit à 31 %, au-dessus du niveau régional (20 %) »."""
    side = "au-dessus" if fact.is_above else "au-dessous"
    return (
        f"l’indicateur {quoted(fact.label)} s’établit à {fact.level}, {side} du niveau régional "
        f"({fact.region})"
    )


FORMS: tuple[Form, ...] = (_points, _against, _read, _often, _ratio, _from_region, _labelled)


def _units(fact: Fact, place: Setting) -> str:
    """« entreprises du commerce », « communes »; a part of them is not named with the place."""
    if not fact.whole:
        return fact.noun.plural
    return place.units or f"{fact.noun.plural} {place.genitive}"


@dataclass(slots=True)
class Teller:
    """Tells the differences of one page: each once, by a turn of phrase not yet used on it."""

    used: set[str] = field(default_factory=set)
    told: set[tuple[str, str, str]] = field(default_factory=set)

    def is_told(self, fact: Fact) -> bool:
        """Whether the page has already told this."""
        return _identity(fact) in self.told

    def mark(self, fact: Fact) -> None:
        """Note that the page tells this by other means."""
        self.told.add(_identity(fact))

    def tell(self, fact: Fact, place: Setting) -> str | None:
        """A sentence on a difference that the test keeps; None when no unused turn suits it."""
        if not fact.differs or self.is_told(fact):
            return None
        for form in FORMS:
            if form.__name__ in self.used:
                continue
            if words := form(fact, place):
                self.used.add(form.__name__)
                self.mark(fact)
                return sentence(words)
        return None


def _identity(fact: Fact) -> tuple[str, str, str]:
    return (fact.row["population"], fact.row["indicator"], fact.row["statistic"])


def finding(fact: Fact, place: Setting, neutral: str) -> str:
    """« Dans le commerce, une entreprise sur cinq utilise l’IA » if it is firm, else `neutral`."""
    words = located_words(fact, place) if fact.row["status"] == "ok" else None
    return capital(words or neutral)


def main_sentence(fact: Fact, place: Setting) -> str:
    """The main indicator in one sentence that stands alone, whatever its state."""
    row = fact.row
    if row["status"] in REASONS:
        why = SECRET if row["status"] == "secret" else FEW
        return sentence(f"{place.locative}, la part {_who(fact)} n’est pas publiée : {why}")
    share = _share(fact, place)
    against = _against_region(fact)
    if row["status"] == "fragile":
        return sentence(f"{share} : cette estimation est fragile, {_between(row)}{against}")
    return sentence(f"{share}{against}")


def lead_sentence(fact: Fact) -> str:
    """What follows a title that is the finding of this firm fact: its figure, and the region's."""
    first, last = interval_ends(fact.row["conf_low"], fact.row["conf_high"], "share")
    span = f"intervalle de confiance : de {first} à {last}{NNBSP}%"
    return sentence(f"la part est de {fact.value} ({span}){_against_region(fact)}")


def _against_region(fact: Fact) -> str:
    """« , contre 19 % dans l’ensemble de la région », or why no gap is claimed; may be empty."""
    row = fact.row
    if fact.differs:
        return f", contre {fact.region} dans l’ensemble de la région"
    if row["verdict"] == SLIGHT and fact.value != fact.region:
        side = "plus" if row["difference"] > 0 else "moins"
        return f", un peu {side} que dans l’ensemble de la région ({fact.region})"
    if row["verdict"] != LEVEL_WITH:
        return ""
    if fact.value == fact.region:
        return f", {fact.region} aussi dans l’ensemble de la région"
    return f" ; l’écart avec l’ensemble de la région ({fact.region}) n’est pas établi"


def _share(fact: Fact, place: Setting) -> str:
    """« Dans le commerce, 21 % des entreprises utilisent l’IA »."""
    if fact.verb is None or fact.row["statistic"] != "share":
        return f"{place.locative}, l’indicateur {quoted(fact.label)} s’établit à {fact.value}"
    if fact.whole and place.units:
        return f"{fact.value} des {place.units} {fact.verb[1]}"
    return f"{place.locative}, {fact.value} des {fact.noun.plural} {fact.verb[1]}"


def _who(fact: Fact) -> str:
    if fact.verb is None:
        return f"mesurée par {quoted(fact.label)}"
    return f"des {fact.noun.plural} qui {fact.verb[1]}"


def _between(row: Row) -> str:
    """« la vraie valeur se situe sans doute entre 41 et 62 % »."""
    first, last = interval_ends(row["conf_low"], row["conf_high"], row["statistic"])
    unit = f"{NNBSP}%" if row["statistic"] == "share" else ""
    return f"la vraie valeur se situe sans doute entre {first} et {last}{unit}"


def family_sentence(title: str, facts: Sequence[Fact], turn: int) -> str:
    """The answers of a question that differ from the region the same way, in one sentence.

    `turn` chooses the turn of phrase, among three; `facts` are all above, or all below.
    """
    above, several = facts[0].is_above, len(facts) > 1
    first = f"({facts[0].level}, contre {facts[0].region} dans la région)"
    told = [f"{quoted(facts[0].label)} {first}"]
    told += [f"{quoted(each.label)} ({each.level}, contre {each.region})" for each in facts[1:]]
    words = listed(told, " et")
    more = "plus" if above else "moins"
    end = "ent" if several else "e"
    level = f"dépass{end} le niveau régional" if above else f"rest{end} sous le niveau régional"
    stand = "ressortent" if several else "ressort"
    turns = (
        f"à la question {quoted(title)}, {words} {'reviennent' if several else 'revient'} {more} "
        "souvent",
        f"pour {quoted(title)}, {words} {level}",
        f"quant à {quoted(title)}, {words} {stand} nettement {more}",
    )
    return sentence(turns[turn % len(turns)])


def counted_verdict(kept: int, slight: int, tested: int) -> str:
    """How many of the indicators compared differ from the region, and what that does not say.

    `slight` are those that surely differ, but by little.
    """
    if tested == 0:
        return sentence(
            "aucun chiffre n’est assez précis pour être comparé à la région sans risque d’erreur"
        )
    if tested == 1:
        said = "s’écarte" if kept else "s’écarte un peu" if slight else "ne s’écarte pas nettement"
        return sentence(f"le seul indicateur comparé {said} de la région")
    if kept == tested:
        return sentence(
            f"les {integer(tested)} indicateurs comparés s’écartent nettement de la région"
        )
    if kept:
        verb = "s’écarte" if kept == 1 else "s’écartent"
        said = (
            f"sur {integer(tested)} indicateurs comparés, {_only(kept)} {verb} nettement de la "
            "région"
        )
    else:
        said = (
            f"aucun des {integer(tested)} indicateurs comparés ne s’écarte nettement de la région"
        )
    if slight:
        link = "et" if kept else "mais"
        said += f", {link} {_only(slight) if not kept else number_words(slight)} "
        said += "s’en écarte un peu" if slight == 1 else "s’en écartent un peu"
    rest = tested - kept - slight
    if not rest:
        return sentence(said)
    others = "l’autre" if rest == 1 else "les autres"
    return sentence(f"{said} ; pour {others}, l’écart peut tenir au hasard de l’échantillon")


def parted_sentence(
    fact: Fact,
    place: Setting,
    above: Sequence[str],
    below: Sequence[str],
    others: int,
    kind: str,
) -> str:
    """« En Mayenne, la part des entreprises qui … est nettement plus élevée qu’en Vendée. »

    The sentence names its share, since it may stand alone. `above` and `below` are the locatives
    of the domains that this one is surely above, and below: two are named, more are counted (« que
    dans trois des onze autres secteurs », `kind`). Nothing when there is none.
    """
    said = []
    for places, side in ((above, "plus élevée"), (below, "plus faible")):
        if 0 < len(places) <= MOST_NAMED:
            said.append(f"{side} {listed([than(place) for place in places], ' et')}")
        elif places:
            of_all = "les" if len(places) == others else f"{number_words(len(places))} des"
            said.append(f"{side} que dans {of_all} {number_words(others)} {kind}")
    if not said:
        return ""
    if fact.verb and fact.whole and place.units:
        share = f"la part des {place.units} qui {fact.verb[1]}"
    else:
        share = f"{place.locative}, la part {_who(fact)}"
    return sentence(f"{share} est nettement {listed(said, ' et')}")


def _only(count: int) -> str:
    return "un seul" if count == 1 else number_words(count)


def side_title(above: Sequence[str], below: Sequence[str], tested: int) -> str:
    """« Trois indicateurs plus élevés que dans la région, un plus bas »; from labels of each side.

    A single one is named; none, of `tested`, is « aucun écart net », or nothing compared.
    """
    if not tested:
        return capital("des estimations trop fragiles pour être comparées à la région")
    if not above and not below:
        return capital("aucun écart net avec la région")
    if len(above) + len(below) == 1:
        side = "plus élevée" if above else "plus faible"
        return capital(f"{[*above, *below][0]} : une part {side} que dans la région")
    parts = []
    for labels, side in ((above, "plus élevé"), (below, "plus bas")):
        if labels:
            several = "s" if len(labels) > 1 and side == "plus élevé" else ""
            noun = "" if parts else " indicateur" + "s" * (len(labels) > 1)
            parts.append(f"{number_words(len(labels))}{noun} {side}{several}")
    parts[0] += " que dans la région"
    return capital(", ".join(parts))
