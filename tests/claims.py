"""What the pages of a site claim, read back from their HTML and held against the data beside them.

A claim is a *Lecture*, a title, a text alternative, a key figure or a sentence that gives a figure.
Each reader gives the faults it finds, in words. Nothing of `analysis` that words a claim is used:
only how a number is printed, and for how many rows the studentised range is tabulated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from math import inf

from tests.figures_read import (
    SHOWN,
    Drawn,
    Row,
    is_above,
    stands_out,
)

NUMBERS = [
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six"),
    *("sept", "huit", "neuf", "dix", "onze", "douze"),
]
IN_WORDS = dict(zip(NUMBERS, range(13), strict=True))
IN_WORDS |= {"une": 1, "aucun": 0, "aucune": 0, "quinze": 15, "dix-neuf": 19, "vingt": 20}
IN_WORDS["cent"] = 100
VALUE = r"(?:moins de |plus de |[<>] )?\d+(?: \d{3})*(?:,\d+)?(?: %)?"
SHARE = r"(?:moins de |plus de )?\d+ %"
MOVE = r"[+−][\d,]+ points?|stable|pas d’évolution établie"


# Claims of a figure -----------------------------------------------------------------------------


def alternative_faults(figure: Drawn) -> Iterator[str]:
    """What its text alternative says and its data do not."""
    rows, alt = figure.shown, figure.alt
    left, hidden = list(rows), len(figure.told) - len(rows)
    for words, side in (("Le plus élevé", 1), ("Le plus bas", -1)):
        found = re.search(rf"{words}( des chiffres diffusés)? : (.*)", alt)
        if not found:
            continue
        named = [row for row in rows if begins(found[2], row, alt)]
        if not any(stands_out(row, rows, side) for row in named):
            yield f"« {words} : {found[2][:60]} » ne se détache pas"
        if bool(found[1]) != bool(hidden):
            yield f"« {words} » parmi {hidden} lignes non diffusées"
        left = [row for row in left if row not in named]
    for words, among in (("Valeurs", rows), ("Les autres", left)):
        found = re.search(rf"\. {words} : (?:de ({VALUE}) à )?({VALUE})", alt)
        if found and (found[1] or found[2], found[2]) != (among[-1].value, among[0].value):
            yield f"« {found[0]} », les données vont de {among[-1].value} à {among[0].value}"
    pairs = combinations(rows, 2)
    if "écarts non établis" in alt and any(is_above(*p, len(rows), doubt=-1) for p in pairs):
        yield "« écarts non établis » alors qu’un écart l’est"
    fragile = sum(row.status == "fragile" for row in rows)
    for count, words in ((fragile, "estimations? fragiles?"), (hidden, "estimations? non diff")):
        found = re.search(rf"(\d+) {words}", alt)
        if (int(found[1]) if found else 0) != count:
            yield f"{count} « {words} » dans les données, l’alternative en dit {found and found[1]}"
    yield from moves_faults(figure)


def begins(text: str, row: Row, alt: str) -> bool:
    """Whether a text begins with the name and the value of a row."""
    second = row.edition if alt.startswith("Évolution sur plusieurs") else row.second
    names = {row.label, f"{row.label}, {second}"}
    return any(text.startswith(f"{name}, {row.value}") for name in names)


def moves_faults(figure: Drawn) -> Iterator[str]:
    """What the alternative of two editions says of each row."""
    for row in figure.shown:
        found = re.search(
            rf"{re.escape(row.label)} : ({VALUE}) puis ({VALUE}), ({MOVE})", figure.alt
        )
        if found and (found[2] != row.value or not moved_as_said(row, found[3])):
            yield f"« {found[0]} », les données : {row}"


def moved_as_said(row: Row, words: str) -> bool:
    """Whether « +5 points », « stable » or « pas d’évolution établie » is what a row shows."""
    if row.difference is None:
        return False
    low, high = 100 * row.difference_low, 100 * row.difference_high
    if words == "stable":
        return row.verdict == "stable" and low >= -3 and high <= 3
    if words == "pas d’évolution établie":
        return row.verdict == "non établie"
    said = float(words.split(" ")[0].replace("−", "-").replace(",", "."))
    return low * high > 0 and abs(said - 100 * row.difference) <= (0.051 if "," in words else 0.51)


def reading_faults(figure: Drawn) -> Iterator[str]:
    """What its *Lecture* says and its data do not."""
    said = figure.reading
    span = re.search(r"l’intervalle de confiance à 95 % va de (\S+) à (\S+?)(?: %)?\.", said)
    if span:
        statement = said[: span.start()]
        quoted = re.findall(r"« (.+?) »", statement)
        fits = [row for row in figure.rows if row.ends == span.groups()]
        fits = [row for row in fits if row.status in SHOWN and row.value in statement]
        labels = {row.label for row in figure.rows} & set(quoted)
        if not any(not labels or row.label in labels for row in fits):
            yield f"« {said[:160]} » n’est pas dans les données"
    change = re.search(rf"({MOVE}) \(intervalle à 95 % : entre (\S+) et (\S+?)(?: points)?\)", said)
    if change and not any(change_fits(row, change, figure) for row in figure.rows):
        yield f"« {said[:160]} » n’est pas dans les données"


def change_fits(row: Row, change: re.Match, figure: Drawn) -> bool:
    """Whether a row moved as the *Lecture* of a figure says: both values, words, interval."""
    if row.difference is None or not moved_as_said(row, change[1]):
        return False
    same = [each for each in figure.rows if (each.label, each.second) == (row.label, row.second)]
    if not all(each.status in SHOWN and each.value in figure.reading for each in same):
        return False
    ends = [float(each.replace("−", "-").replace(",", ".")) for each in change.group(2, 3)]
    off = zip(ends, (row.difference_low, row.difference_high), strict=True)
    return all(abs(end - 100 * true) <= 0.51 for end, true in off)


def title_faults(figure: Drawn) -> Iterator[str]:
    """What its title says and its data do not."""
    for claim, holds in TITLES:
        found = re.search(claim, figure.title, re.IGNORECASE)
        if found and not holds(figure, found):
            yield f"titre « {figure.title} »"
    if re.search(r"fois plus", figure.title):
        yield from ratio_faults(figure)


def by_words(figure: Drawn) -> list[Row]:
    """The rows that a title on one answer speaks of: « « Coût » : de 12 % à 31 % »."""
    answer = re.match(r"« (.+?) » : ", figure.title)
    rows = [row for row in figure.shown if not answer or answer[1] in (row.second, row.label)]
    return rows or figure.shown


def says_range(figure: Drawn, found: re.Match) -> bool:
    """« De 9 % … à 57 % … »: the extremes, that differ."""
    rows = [row for row in by_words(figure) if row.label != "Région"]
    low, high = rows[-1], rows[0]
    marks = [bool(found[name]) for name in ("weak_low", "weak_high")]
    return (
        (said(found["low"]), said(found["high"])) == (low.value, high.value)
        and is_above(high, low, len(rows))
        and marks == [low.status == "fragile", high.status == "fragile"]
    )


def says_pair(figure: Drawn, found: re.Match) -> bool:
    """« 31 % …, contre 9 % …, par exemple »: two rows that differ."""
    rows = by_words(figure)
    pairs = [
        (high, low)
        for high, low in combinations(rows, 2)
        if (high.value, low.value) == (said(found["high"]), said(found["low"]))
    ]
    return any(is_above(*pair, len(rows)) for pair in pairs)


def said(value: str) -> str:
    """« moins de 1 % » -> « < 1 % »."""
    return value.replace("moins de", "<").replace("plus de", ">")


def says_first(figure: Drawn, found: re.Match) -> bool:
    """« Le coût, premier frein »: the first row, clear of all, none withheld."""
    named = [row for row in figure.shown if found["name"] in (row.label, row.second)]
    if not named:
        return True  # no row is named: not a rank
    return any(
        len(rows) == len(told) and stands_out(row, rows, 1)
        for rows, told in by_answer(figure)
        for row in named
        if row in rows
    )


def by_answer(figure: Drawn) -> Iterator[tuple[list[Row], list[Row]]]:
    """The rows shown and all rows, whole then of each answer: a title may rest on one of them."""
    yield figure.shown, figure.told
    for answer in dict.fromkeys(row.second for row in figure.told):
        told = [row for row in figure.told if row.second == answer]
        yield [row for row in figure.shown if row in told], told


def says_leaders(figure: Drawn, found: re.Match) -> bool:
    """« Freins les plus cités : « a » et « b » »: both clear of all the rest."""
    names = {name.lower() for name in re.findall(r"« (.+?) »", found[0])}
    for rows, _ in by_answer(figure):
        first = [row for row in rows if row.label.lower() in names]
        others = [row for row in rows if row not in first]
        sure = (is_above(high, low, len(rows)) for high in first for low in others)
        if len(first) == len(names) and all(sure):
            return True
    return False


def says_nothing(figure: Drawn, found: re.Match) -> bool:
    """« Des écarts non établis »: no two rows surely differ."""
    rows = by_words(figure)
    return not any(is_above(*p, len(rows), doubt=-1) for p in combinations(rows, 2))


def says_trend(figure: Drawn, found: re.Match) -> bool:
    """« … augmente avec la taille »: never turns back, and the ends differ."""
    rows = figure.told if found["verb"] == "augmente" else figure.told[::-1]
    values = [row.estimate for row in rows]
    return None not in values and values == sorted(values) and rows[0].high < rows[-1].low


def says_counts(figure: Drawn, found: re.Match) -> bool:
    """« Cinq indicateurs progressent, un est stable, dix … »: the verdicts counted."""
    verdicts = [row.verdict for row in figure.rows if row.verdict]
    kinds = {"progress": "hausse", "recul": "baisse", "stable": "stable", "établie": "non établie"}
    for part in figure.title.split(", "):
        words = part.split(" ")[0].lower()
        kind = next((kinds[key] for key in kinds if key in part), None)
        count = IN_WORDS.get(words, int(words) if words.isdigit() else None)
        if kind and count is not None and verdicts.count(kind) != count:
            return False
    return True


def says_standing(figure: Drawn, found: re.Match) -> bool:
    """« La Vendée : la part la plus élevée des cinq départements »: clear of all, none withheld."""
    side = 1 if found["side"] == "élevée" else -1
    rows = figure.shown
    first = rows[0] if side > 0 else rows[-1]
    return len(rows) == len(figure.told) and stands_out(first, rows, side)


def says_sides(figure: Drawn, found: re.Match) -> bool:
    """« Trois indicateurs plus élevés que dans la région, un plus bas »: the gaps of the table."""
    counts = {"élevé": r"de plus|plus haut", "bas": r"de moins|plus bas"}
    for part in figure.title.split(", "):
        side = next(side for side in counts if f"plus {side}" in part)
        there = sum(bool(re.search(counts[side], row.gap)) for row in figure.rows)
        if IN_WORDS.get(part.split(" ")[0].lower()) != there:
            return False
    return True


WEAK = "estimation fragile"
TITLES: tuple[tuple[str, Callable[[Drawn, re.Match], bool]], ...] = (
    (
        rf"(?:^| : )de (?P<low>{SHARE})(?P<weak_low>, {WEAK},?)? .* à (?P<high>{SHARE})"
        rf"(?P<weak_high>, {WEAK},?)? ",
        says_range,
    ),
    (rf"(?P<high>{SHARE})(?:, {WEAK},?)? .+, contre (?P<low>{SHARE}).*, par exemple", says_pair),
    (r"^(?:« )?(?P<name>.+?)(?: »)?, (?!par |des écarts)", says_first),
    (r"les? plus .*: « .+ » et « .+ »$", says_leaders),
    (r"des écarts non établis", says_nothing),
    (r"^(?P<name>.+) : la part la plus (?P<side>élevée|faible) des", says_standing),
    (r"^(?P<more>\S+) indicateurs? plus (?:élevés?|bas) que dans la région", says_sides),
    (r"(?P<verb>augmente|diminue) avec", says_trend),
    (r"^\S+ (?:indicateurs?|réponses?) .*(?:progresse|recule|stable|établie)", says_counts),
)


def ratio_faults(figure: Drawn) -> Iterator[str]:
    """« Près de », « plus de », bare « n fois plus », between the extremes."""
    found = re.search(r"(près de |plus de )?(\w+) fois plus", figure.title)
    high, low = figure.shown[0], figure.shown[-1]
    ratio, count = high.estimate / low.estimate, IN_WORDS[found[2]]
    bounds = {"près de ": (0.9, 1), "plus de ": (1, inf), None: (0.969, 1.031)}[found[1]]
    if not bounds[0] * count <= ratio <= bounds[1] * count or not is_above(high, low, 2):
        yield f"titre « {figure.title} », rapport de {ratio:.2f}"
