"""The grammar of French sentences on a domain beside the region: articles, numbers, facts.

What is told is a `Fact`: an indicator in the domain, that of the region, and the verdict of the
test (`analysis.profiles`). The sentences themselves are in `analysis.telling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.cells import value_text
from analysis.findings import LEAST_SURE_RATIO
from analysis.profiles import ABOVE, BELOW
from analysis.wording import Noun, capital, is_plural, ratio_words, share_among, share_of_those
from survey.french import NBSP, integer

Row = Mapping[str, Any]
_VOWELS = "aàâeéèêëiîïoôuùûyœæ"
_NUMBERS = {1: "un", 2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six", 7: "sept", 8: "huit"}
_NUMBERS |= {9: "neuf", 10: "dix", 11: "onze", 12: "douze"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A domain as prose names it.

    `name` is its heading (« Commerce »), `locative` says where (« dans le commerce », « en Vendée
    »), `genitive` of what (« du commerce », « de la Vendée »); `units` names what is counted when
    the domain is a kind of unit (« communes »).
    """

    name: str
    locative: str
    genitive: str
    units: str | None = None

    @classmethod
    def of_subject(cls, name: str, subject: str) -> Setting:
        """From the domain as a subject: « le commerce », « les communes »."""
        units = subject.removeprefix("les ") if subject.startswith("les ") else None
        return cls(name, f"dans {subject}", of(subject), units)


@dataclass(frozen=True, slots=True)
class Fact:
    """One indicator of a domain, ready to be told.

    `row` is a cell with its verdict (see `analysis.profiles`), `label` its short name, `noun` what
    its base counts, `verb` that of a share (singular, plural; None: told by its label), `reads` the
    clause that says its value, when there is one; `whole` whether the base is the whole
    population, which may then be named with its domain.
    """

    row: Row
    label: str
    noun: Noun
    verb: tuple[str, str] | None = None
    reads: str | None = None
    whole: bool = False

    @property
    def value(self) -> str:
        """« 24 % »."""
        return value_text(self.row["estimate"], self.row["statistic"])

    @property
    def level(self) -> str:
        """« 24 % », « 52 %, estimation fragile »: how a sentence cites it."""
        fragile = ", estimation fragile" if self.row["status"] == "fragile" else ""
        return f"{self.value}{fragile}"

    @property
    def region(self) -> str:
        """That of the region, « 19 % »."""
        return value_text(self.row["whole_estimate"], self.row["statistic"])

    @property
    def differs(self) -> bool:
        """Whether the test keeps a difference, and the figures as printed show it."""
        return self.row["verdict"] in (ABOVE, BELOW) and self.value != self.region

    @property
    def is_above(self) -> bool:
        """Whether the domain is above the region."""
        return self.row["verdict"] == ABOVE


def of(subject: str) -> str:
    """« du commerce », « des élèves et des étudiants », « de l’industrie », « d’Angers »."""
    for article, contracted in (("le ", "du "), ("les ", "des ")):
        if subject.startswith(article):
            rest = subject.removeprefix(article)
            return contracted + rest.replace(f" et {article}", f" et {contracted}")
    return f"d’{subject}" if elides(subject) else f"de {subject}"


def than(words: str) -> str:
    """« que dans l’industrie », « qu’en Vendée »."""
    return f"qu’{words}" if elides(words) else f"que {words}"


def elides(words: str) -> bool:
    """Whether « de » and « que » lose their vowel before these words; no h is taken as mute."""
    return words[:1].lower() in _VOWELS


def sentence(text: str) -> str:
    """A whole sentence: capital, full stop, French spacing."""
    return capital(text if text.endswith((".", "?", "!")) else f"{text}.")


def quoted(label: str) -> str:
    """« label »; guillemets within become inverted commas."""
    for inner, outer in ("«", "“"), ("»", "”"):
        label = label.replace(inner, outer)
    return f"« {label} »"


def points_apart(fact: Fact) -> str | None:
    """« 12 points de plus », when the rounded figures say as much; None for less than a point."""
    ends = [round(100 * fact.row[name]) for name in ("estimate", "whole_estimate")]
    gap = round(100 * fact.row["difference"])
    if fact.row["statistic"] != "share" or gap != ends[0] - ends[1] or gap == 0:
        return None
    return gap_points(gap)


def gap_points(gap: int) -> str:
    """« 12 points de plus », « 1 point de moins »."""
    unit = "point" if abs(gap) == 1 else "points"
    return f"{abs(gap)}{NBSP}{unit} de {'plus' if gap > 0 else 'moins'}"


def sure_ratio(fact: Fact) -> str | None:
    """« deux fois plus », « près de trois fois moins », when even the nearest bounds are far apart.

    The bounds must stand to each other as `findings.LEAST_SURE_RATIO` at least; None for a fragile
    figure.
    """
    row = fact.row
    if row["status"] != "ok":
        return None
    ends = ((row["estimate"], row["conf_low"]), (row["whole_estimate"], row["whole_low"]))
    highs = (row["conf_high"], row["whole_high"])
    high, low = (0, 1) if fact.is_above else (1, 0)
    bottom = highs[low]
    if not ends[low][0] or ends[high][1] is None or not bottom:
        return None
    if ends[high][1] / bottom < LEAST_SURE_RATIO:
        return None
    words = ratio_words(ends[high][0] / ends[low][0])
    return words if fact.is_above or words is None else words.replace("fois plus", "fois moins")


def magnitude_words(fact: Fact, units: str | None = None) -> str | None:
    """« une entreprise sur cinq utilise l’IA »; None for a share of nil, which needs « ne ».

    Nor for a fragile one, which is told by its figure.

    With the plural of `units`, they are said first: « parmi les communes, une sur cinq … ».
    """
    told = fact.verb is not None and fact.row["statistic"] == "share"
    if not told or fact.row["status"] != "ok" or not fact.row["estimate"] > 0:
        return None
    share = fact.row["estimate"]
    noun = replace(fact.noun, plural=units) if units else fact.noun
    words = share_of_those(share, noun) if units else share_among(share, noun)
    return f"{words} {fact.verb[is_plural(share)]}"


def located_words(fact: Fact, place: Setting) -> str | None:
    """« dans le commerce, une entreprise sur cinq … », « parmi les communes, une sur cinq … »."""
    if fact.whole and place.units:
        return magnitude_words(fact, place.units)
    words = magnitude_words(fact)
    return words and f"{place.locative}, {words}"


def number_words(count: int, *, feminine: bool = False) -> str:
    """« un », « douze », then figures."""
    if count == 1 and feminine:
        return "une"
    return _NUMBERS.get(count, integer(count))


def rank_words(rank: int) -> str:
    """« 1er », « 2e »."""
    return "1er" if rank == 1 else f"{integer(rank)}e"


def plural_label(label: str) -> str:
    """« Secteur » -> « secteurs », « Type d’organisme public » -> « types d’organisme public »."""
    first, gap, rest = label.partition(" ")
    first = first[:1].lower() + first[1:]
    return f"{first if first.endswith(('s', 'x')) else f'{first}s'}{gap}{rest}"
