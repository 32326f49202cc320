"""Whether a wording can still say what an earlier one said, judged by their words.

Tool words and endings are left aside (« utilisez-vous » and « utilise-t-elle » share `utili`), and
the two must share half of the rest (Dice). A number or a negation that comes or goes settles it:
« 10 à 49 » is not « 50 à 249 », nor « d’accord » « pas d’accord ».

This is a guard, not a judge: of 60 rewordings and 60 changes of meaning (tests/survey/wordings.csv)
it refuses 13 of the first and lets 27 of the second pass, mostly one noun or verb put for another.
"""

from __future__ import annotations

import re
import unicodedata

LEAST_LIKENESS = 0.5
STEM = 5  # letters
DECIDING = frozenset({"pas", "jamais", "aucun", "aucune", "non", "sans", "hors", "moins"})
TOOL_WORDS = (
    "a à au aux avec avez avoir ce ces cet cette d dans de des du elle elles en est et être êtes "
    "il ils l la le les ne nos notre nous on ou par plus pour qu que quel quelle quelles quels qui "
    "s se sont sur t un une vos votre vous y"
)


def can_say_the_same(old: str, new: str) -> bool:
    """Whether two wordings are near enough to be one question, one option or one row."""
    before, after = _words(old), _words(new)
    if _deciding(before) != _deciding(after):
        return False
    tools = TOOL_WORDS.split()
    stems = [{_stem(word) for word in words if word not in tools} for words in (before, after)]
    first, second = stems if any(stems) else (set(before), set(after))
    return 2 * len(first & second) >= LEAST_LIKENESS * (len(first) + len(second))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("intelligence artificielle", "ia"))


def _deciding(words: list[str]) -> set[str]:
    return {word for word in words if word in DECIDING or word.isdecimal()}


def _stem(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    return "".join(each for each in letters if not unicodedata.combining(each))[:STEM]
