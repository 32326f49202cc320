"""Numbers and spacing as French typography writes them."""

from __future__ import annotations

import re
from datetime import date
from math import isfinite, isinf

NNBSP = "\u202f"  # narrow no-break space: thousands, and before % ; : ! ?
NBSP = "\u00a0"  # no-break space: between a number and a unit written as a word
MINUS = "\u2212"
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre"),
    *("octobre", "novembre", "décembre"),
)


def integer(number: float) -> str:
    """`113483` -> « 113 483 », with narrow no-break spaces."""
    return f"{round(number):,}".replace(",", NNBSP).replace("-", MINUS)


def counted(number: int, noun: str) -> str:
    """« 1 étape », « 1 200 lignes », « 2 poids répliqués »: each word that can takes an s."""
    if number < 2:
        return f"{integer(number)} {noun}"
    words = (word if word.endswith(("s", "x")) else f"{word}s" for word in noun.split(" "))
    return f"{integer(number)} {' '.join(words)}"


def decimal(number: float, digits: int = 1) -> str:
    """`1234.56` -> « 1 234,6 »."""
    text = f"{number:,.{digits}f}"
    return text.replace(",", NNBSP).replace(".", ",").replace("-", MINUS)


def short_number(number: float) -> str:
    """`5.60` -> « 5,6 », `-1.0` -> « −1 »: the decimals that there are, six at most."""
    if not isfinite(number):
        return f"{MINUS if number < 0 else ''}{'∞' if isinf(number) else 'NaN'}"
    if number and not 1e-6 <= abs(number) < 1e15:
        return f"{number:.6g}".replace(".", ",").replace("-", MINUS)
    return decimal(number, 6).rstrip("0").rstrip(",")


def percent(share: float, digits: int = 0) -> str:
    """A share in [0, 1] -> « 24 % »; the only place where a share is rounded."""
    return f"{decimal(100 * share, digits)}{NNBSP}%"


def points(difference: float, digits: int = 0) -> str:
    """A difference of shares -> « +3 points », « −1 point »; zero carries no sign."""
    rounded = round(100 * difference, digits)
    sign = "+" if rounded > 0 else ""
    unit = "point" if abs(rounded) < 2 else "points"
    return f"{sign}{decimal(rounded or 0.0, digits)}{NBSP}{unit}"


def capitalised(text: str) -> str:
    """A text as it opens a sentence; `str.capitalize` would lower « IA »."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """A sentence or a heading inside another: « l’usage progresse », but « ChatGPT », « IA »."""
    first = text.partition(" ")[0]
    is_name = any(letter.isupper() for letter in first[1:]) and not re.match(r"[LD]’", first)
    return text if is_name else text[:1].lower() + text[1:]


def within(label: str) -> str:
    """A label inside a sentence: « manque de compétences », but « ChatGPT », « Le Chat ».

    A name, known by a capital after its first letter, is left as it is; acronyms among its further
    words (« Consultation du CSE ») make no name.
    """
    _, *others = label.split(" ")
    is_name = any(re.match(r"[A-ZÉ][a-zé]", word) for word in others)
    return label if is_name else lowered(label)


def filled(template: str, **words: str) -> str:
    """A template with each `{name}` given replaced; any other brace is text, as typed."""
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), template)


def long_date(day: date) -> str:
    """« 24 novembre 2026 », « 1er mars 2027 »."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}{NBSP}{_MONTHS[day.month - 1]} {day.year}"


def typography(text: str) -> str:
    """Give French punctuation and thousands narrow no-break spaces, apostrophes their curve.

    Leaves addresses (`https://…`) and times (`12:30`) as they are.
    """
    text = text.replace("'", "’")
    text = re.sub(r"(?<=\d)[ \u00a0](?=\d{3}\b)", NNBSP, text)
    text = re.sub(r"[ \u00a0\u202f]+([;!?%»])", rf"{NNBSP}\1", text)
    text = re.sub(r"[ \u00a0\u202f]+:(?!/)", f"{NNBSP}:", text)
    return re.sub(r"«[ \u00a0\u202f]*", f"«{NNBSP}", text)
