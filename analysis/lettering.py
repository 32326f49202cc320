"""How wide a text is in the house typeface, and where its lines break.

Advance widths of Source Sans 3 (OFL), in thousandths of the font size, for the printable ASCII
characters and the French signs beyond them. An accented letter is as wide as its base letter.
Kerning is ignored: a measured width is an upper bound to within a few per cent.
"""

from __future__ import annotations

import unicodedata

_ASCII = [chr(code) for code in range(32, 127)]
_OTHERS = list("’«»–−œæ…°·\u00a0\u202f")
# fmt: off
_REGULAR = [
    200, 289, 426, 497, 497, 824, 609, 249, 303, 303, 418, 497, 249, 311, 249, 350, 497, 497, 497,
    497, 497, 497, 497, 497, 497, 497, 249, 249, 497, 497, 497, 425, 847, 543, 588, 571, 615, 527,
    494, 617, 652, 263, 479, 579, 486, 727, 647, 664, 566, 664, 569, 534, 536, 645, 515, 786, 513,
    476, 539, 303, 350, 303, 497, 500, 542, 504, 553, 456, 555, 496, 292, 504, 544, 246, 247, 495,
    255, 829, 547, 542, 555, 555, 347, 419, 338, 544, 467, 719, 446, 467, 425, 303, 241, 303, 497,
    249, 429, 429, 480, 497, 839, 778, 948, 331, 249, 200, 200,
]
_BOLD = [
    200, 340, 537, 528, 528, 857, 667, 300, 344, 344, 457, 528, 300, 332, 300, 339, 528, 528, 528,
    528, 528, 528, 528, 528, 528, 528, 300, 300, 528, 528, 528, 463, 902, 573, 605, 582, 635, 548,
    524, 638, 674, 301, 509, 614, 518, 762, 665, 684, 596, 684, 613, 556, 556, 665, 556, 813, 567,
    525, 541, 344, 339, 344, 528, 500, 555, 527, 573, 468, 573, 518, 341, 534, 571, 276, 278, 548,
    286, 857, 572, 555, 573, 573, 398, 443, 383, 568, 523, 776, 514, 521, 460, 344, 268, 344, 528,
    300, 480, 480, 480, 528, 822, 781, 978, 365, 300, 200, 200,
]
# fmt: on
_WIDTHS = {
    False: dict(zip(_ASCII + _OTHERS, _REGULAR, strict=True)),
    True: dict(zip(_ASCII + _OTHERS, _BOLD, strict=True)),
}
_UNKNOWN = 700


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of `text` set at `size` pixels; an unknown sign counts as a wide one."""
    widths = _WIDTHS[bold]
    total = 0
    for sign in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(sign):
            total += widths.get(sign, _UNKNOWN)
    return total * size / 1000


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Lines of `text`, none wider than `width` pixels, broken at breaking spaces only.

    A single word wider than `width` keeps its own line: nothing is cut, nothing is hyphenated.
    Lines are then evened out, so that a label never ends on a lone word when it need not.
    """
    words = [word for word in text.split(" ") if word]
    lines = _fill(words, size, width, bold)
    if len(lines) < 2:
        return lines
    narrower = max(text_width(line, size, bold=bold) for line in lines)
    while len(tighter := _fill(words, size, narrower - 1, bold)) == len(lines):
        widest = max(text_width(line, size, bold=bold) for line in tighter)
        if widest >= narrower:
            break
        lines, narrower = tighter, widest
    return lines


def _fill(words: list[str], size: float, width: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
