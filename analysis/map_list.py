"""The sorted list that goes with every map: value and interval, and what has no figure."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.cells import FEW, SECRET
from analysis.layout import SIZES, Form, Row
from analysis.lettering import text_width, wrap
from analysis.map_marks import Drawn
from analysis.marks import Reference, texts
from analysis.wording import Noun
from survey.french import integer, typography

LEFT = {"wide": 420, "narrow": 0}  # left edge of the list
MOST_LISTED = 22
TERRITORY = Noun("territoire", "territoires")


def listing(
    rows: Sequence[Row], form: Form, top: float, noun: Noun, reference: Reference | None = None
) -> Drawn:
    """Territories with a figure, sorted, with their intervals; how many have none, and why not.

    At most `MOST_LISTED` are listed; the others are counted.
    """
    shown = [row for row in rows if row["shown"]]
    listed = shown[:MOST_LISTED]
    left, right, size = LEFT[form], SIZES[form].width, SIZES[form].text
    edge = right - max((text_width(row["interval"] or "", size) for row in listed), default=0) - 12
    room = edge - max((text_width(row["value"], size, bold=True) for row in listed), default=0) - 12
    layers, y = [], top + 12
    if reference:
        name, value = reference.label, reference.name.removeprefix(reference.label).strip()
        layers.append(texts([_at(left, y, name)], colour="reference", bold=True))
        layers.append(texts([_at(edge, y, value)], colour="reference", bold=True, align="right"))
        y += 26
    names, firm, fragile, intervals = [], [], [], []
    for row in listed:
        parts = wrap(row["label"], size, room - left)
        names += [_at(left, y + 18 * i, part) for i, part in enumerate(parts)]
        (fragile if row["fragile"] else firm).append(_at(edge, y, row["value"]))
        intervals.append(_at(right, y, row["interval"] or ""))
        y += 24 + 18 * (len(parts) - 1)
    notes = []
    for note in _unlisted(len(shown) - len(listed), [r for r in rows if not r["shown"]], noun):
        y += 4
        for part in wrap(note, size, right - left):
            notes.append(_at(left, y, part))
            y += 20
    layers += [
        texts(names),
        texts(firm, bold=True, align="right"),
        texts(fragile, colour="fragile", bold=True, align="right"),
        texts(intervals, colour="soft", align="right"),
        texts(notes, colour="soft"),
    ]
    return Drawn(layers, y - top)


def _at(x: float, y: float, text: str) -> Row:
    return {"x": x, "y": y, "text": text}


def _unlisted(cut: int, hidden: Sequence[Row], noun: Noun) -> list[str]:
    """What the list does not show: figures beyond its length, territories without a figure."""
    secret = sum(row.get("status") == "secret" for row in hidden)
    few = len(hidden) - secret
    notes = []
    if cut:
        notes.append(f"et {integer(cut)} autre{'s' * (cut > 1)}, dans le tableau")
    if few:
        notes.append(f"{_counted(few, noun)} sans chiffre diffusé : {FEW}.")
    if secret:
        notes.append(f"{_counted(secret, noun)} sans chiffre diffusé : {SECRET}.")
    return [typography(note) for note in notes]


def _counted(count: int, noun: Noun) -> str:
    return f"{integer(count)} {noun.plural if count > 1 else noun.singular}"
