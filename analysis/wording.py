"""French sentences made from figures, true by construction.

Orders of magnitude (« un peu plus d’une entreprise sur quatre »), intervals, ratios, changes. The
titles that state a finding are in `analysis.findings`, the text alternatives of figures in
`analysis.alternatives`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.cells import interval_ends
from analysis.comparison import DOWN, STABLE, UNSETTLED, UP
from survey.french import NBSP, NNBSP, capitalised, decimal, integer, points, typography

NOT_ESTABLISHED = "pas d’évolution établie"
NOT_COMPARED = "non comparé"
BROKEN = "rupture de série"
UNMOVED = (STABLE, NOT_ESTABLISHED, NOT_COMPARED, BROKEN)


@dataclass(frozen=True, slots=True)
class Noun:
    """What is counted: « entreprise », « entreprises », feminine."""

    singular: str
    plural: str
    feminine: bool = False

    @property
    def one(self) -> str:
        """« une » or « un »."""
        return "une" if self.feminine else "un"

    @property
    def every(self) -> str:
        """« toutes » or « tous »."""
        return "toutes" if self.feminine else "tous"


# (share, numerator, denominator); « la moitié » and « presque toutes » are worded apart.
_NUMBERS = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six", 7: "sept", 8: "huit"}
_NUMBERS |= {9: "neuf", 10: "dix", 11: "onze", 12: "douze", 15: "quinze", 19: "dix-neuf"}
_NUMBERS |= {20: "vingt", 100: "cent"}
_FRACTIONS = (
    (1, 100),
    (2, 100),
    (3, 100),
    (1, 20),
    (1, 15),
    (1, 10),
    (1, 8),
    (1, 6),
    (1, 5),
    (1, 4),
    (3, 10),
    (1, 3),
)
_FRACTIONS += ((4, 10), (1, 2), (6, 10), (2, 3), (7, 10), (3, 4), (8, 10), (9, 10), (19, 20))
_NAMED = {(1, 4): "un quart", (1, 3): "un tiers", (2, 3): "deux tiers", (3, 4): "trois quarts"}
_ALMOST_ALL = 0.985


@dataclass(frozen=True, slots=True)
class Magnitude:
    """A share as a simple fraction: `relation` is how the share stands to it.

    `exact` (within half a point), `about_above`, `about_below` (within three points, less for a
    small fraction) or `above` (further, and under the next fraction).
    """

    relation: str
    numerator: int
    denominator: int

    @property
    def value(self) -> float:
        """The fraction itself."""
        return self.numerator / self.denominator


def magnitude(share: float) -> Magnitude:
    """The simple fraction that tells this share best; for shares from 1 % to 98 %."""
    below = [Magnitude("above", *f) for f in _FRACTIONS if f[0] / f[1] <= share + 1e-12]
    nearest = min(_FRACTIONS, key=lambda f: abs(f[0] / f[1] - share))
    value = nearest[0] / nearest[1]
    if abs(share - value) <= min(0.005, 0.05 * value):
        return Magnitude("exact", *nearest)
    if abs(share - value) <= min(0.03, 0.15 * value):
        return Magnitude("about_above" if share > value else "about_below", *nearest)
    return below[-1] if below else Magnitude("above", *_FRACTIONS[0])


def order_of_magnitude(share: float, noun: Noun | None = None) -> str:
    """« près d’un quart », or « un peu plus d’une entreprise sur quatre » with a noun.

    The words never contradict the share: « près de » is said under the fraction and within three
    points of it, « un peu plus de » over it and within three points, « plus de » further over it;
    a bare fraction is within half a point.
    """
    extreme = _extreme(share, noun)
    if extreme:
        return extreme
    found = magnitude(share)
    words = _fraction_words(found, noun)
    if found.relation == "exact":
        return words
    start = {"about_above": "un peu plus", "about_below": "près", "above": "plus"}[found.relation]
    return f"{start} {_of(words)}"


def share_among(share: float, noun: Noun) -> str:
    """« une entreprise sur quatre », « parmi les entreprises connectées, une sur quatre ».

    A noun of more than three words is said first: « quatre … sur dix » would drift apart.
    """
    if len(noun.singular.split(" ")) <= 3:
        return order_of_magnitude(share, noun)
    return share_of_those(share, noun)


def share_of_those(share: float, noun: Noun) -> str:
    """« parmi les communes, une sur quatre »: only the plural of the noun is said."""
    words = order_of_magnitude(share, Noun("@", "@", noun.feminine))
    bare = re.sub(r" (?:(?:des|les) )?@", "", words)
    return f"parmi les {noun.plural}, {bare}"


def _extreme(share: float, noun: Noun | None) -> str | None:
    one = noun.one if noun else "un"
    counted = f" {noun.singular}" if noun else ""
    if share <= 0:
        return f"auc{one}{counted}"
    if share < 0.0095:
        return f"moins d’{one}{counted} sur cent"
    every, plural = (noun.every, f" les {noun.plural}") if noun else ("tous", "")
    if share >= 1:
        return every + plural
    return f"presque {every}{plural}" if share >= _ALMOST_ALL else None


def _fraction_words(found: Magnitude, noun: Noun | None) -> str:
    fraction = (found.numerator, found.denominator)
    if fraction == (1, 2):
        return f"la moitié des {noun.plural}" if noun else "la moitié"
    if noun is None and fraction in _NAMED:
        return _NAMED[fraction]
    over = f"sur {_NUMBERS[found.denominator]}"
    if found.numerator == 1:
        return f"{noun.one} {noun.singular} {over}" if noun else f"un {over}"
    count = _NUMBERS[found.numerator]
    return f"{count} {noun.plural} {over}" if noun else f"{count} {over}"


def _of(words: str) -> str:
    return f"d’{words}" if words[0] in "aeiouy" else f"de {words}"


def capital(text: str) -> str:
    """With a capital, and French spacing."""
    return typography(capitalised(text))


def is_plural(share: float) -> bool:
    """Whether the words of `order_of_magnitude` with a noun call for a plural verb."""
    if share < 0.0095:
        return False
    return share >= _ALMOST_ALL or magnitude(share).value == 0.5 or magnitude(share).numerator > 1


def interval_words(low: float, high: float, statistic: str = "share") -> str:
    """« entre 22 et 26 % (intervalle à 95 %) »."""
    return f"{between_words(low, high, statistic)} (intervalle à 95{NNBSP}%)"


def between_words(low: float, high: float, statistic: str = "share") -> str:
    """« entre 22 et 26 % », where the level of confidence is said once for all."""
    return f"entre {_range(low, high, statistic, 'et')}"


def reading(statement: str, low: float, high: float, statistic: str = "share") -> str:
    """A *Lecture* line: the statement, then its interval in words."""
    span = _range(low, high, statistic, "à")
    return typography(f"{statement} ; l’intervalle de confiance à 95 % va de {span}.")


def _range(low: float, high: float, statistic: str, link: str) -> str:
    """« 22 et 26 % »: the ends as `interval_text` prints them."""
    first, last = interval_ends(low, high, statistic)
    unit = f"{NNBSP}%" if statistic == "share" else ""
    return f"{first} {link} {last}{unit}"


def ratio_words(ratio: float) -> str | None:
    """« deux fois plus », « près de trois fois plus », « plus de six fois plus ».

    None under 1.8: a smaller ratio is better told by the two shares. Bare within 3 %, « près de »
    within 10 % under, else « plus de » the whole number below.
    """
    if ratio < 1.8:
        return None
    nearest = round(ratio)
    if nearest <= 10 and abs(ratio - nearest) <= 0.03 * nearest:
        return f"{_NUMBERS[nearest]} fois plus"
    if nearest <= 10 and 0.9 * nearest <= ratio < nearest:
        return f"près de {_NUMBERS[nearest]} fois plus"
    return f"plus de {_NUMBERS[min(int(ratio), 10)]} fois plus"


def count_words(count: int, noun: Noun) -> str:
    """« un secteur », « trois secteurs », « 14 secteurs »."""
    if count == 1:
        return f"{noun.one} {noun.singular}"
    return f"{_NUMBERS.get(count, integer(count))} {noun.plural}"


def change_words(
    difference: float | None, verdict: str | None, series_break: str | None = None
) -> str:
    """« +5 points » of a share after a test that rejects, else « stable » or no change established.

    `verdict` is that of `comparison.compare_editions`: the words are its own, and nowhere others.
    Null gives « non comparé », or « rupture de série » where `series_break` says what broke.
    """
    if series_break is not None:
        return BROKEN
    if difference is None or verdict is None:
        return NOT_COMPARED
    if verdict in (STABLE, UNSETTLED):
        return STABLE if verdict == STABLE else NOT_ESTABLISHED
    return points(difference, 0 if abs(difference) >= 0.005 else 1)


def change_ends(low: float, high: float, statistic: str = "share") -> tuple[str, str]:
    """Both ends of the interval of a change, with their sign, in the unit of the value.

    With as few decimals as keep the ends apart, and an end that is not zero from reading zero.
    """
    ends = (100 * low, 100 * high) if statistic == "share" else (low, high)
    for digits in range(4):
        kept = [round(end, digits) or 0.0 for end in ends]
        if (low == high or kept[0] != kept[1]) and all(kept) == all(ends):
            break
    first, last = (f"{'+' * (end > 0)}{decimal(end, digits)}" for end in kept)
    return first, last


def change_interval(low: float | None, high: float | None, statistic: str = "share") -> str:
    """« [−8 ; +6] », in points for a share; empty without interval."""
    if low is None or high is None:
        return ""
    first, last = change_ends(low, high, statistic)
    return f"[{first}{NNBSP}; {last}]"


def change_sentence(change: Mapping) -> str:
    """« +5 points (intervalle à 95 % : entre +3 et +8) », of a row of `compare_editions`.

    Of a share alone; the interval is left out where there is none.
    """
    words = change_words(change["difference"], change["verdict"], change["series_break"])
    if change["conf_low"] is None or change["verdict"] is None:
        return words
    first, last = change_ends(change["conf_low"], change["conf_high"])
    unit = "" if change["verdict"] in (UP, DOWN) else f"{NBSP}points"
    return typography(f"{words} (intervalle à 95 % : entre {first} et {last}{unit})")
