"""What is written on circles: the names of the largest, and a figure wherever it fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from analysis.layout import Row
from analysis.lettering import text_width, wrap
from analysis.map_marks import hole
from survey.french import NNBSP

NAME = 14.5  # pixels
LINE = 16
# sixteenths of a turn, clockwise: right, left, above, below, corners, and between
TURNS = (0, 8, 12, 4, 14, 2, 10, 6, 15, 1, 9, 7, 13, 11, 3, 5)
Line = tuple[str, bool, float]  # text, bold, size
Label = tuple[Row, str, bool, float]  # place and text, colour, bold, size
Box = tuple[float, float, float, float]
Frame = tuple[float, float]


def circle_labels(circles: Sequence[Row], named: int, frame: Frame) -> list[Label]:
    """Texts of `circles` (`x`, `y`, `r`, `label`, `value`, `shown`, `fragile`, `letters`).

    The first `named` have their name, within or beside the circle; one that finds no room is left
    unnamed. Texts never overlap.
    """
    texts: list[Label] = []
    taken: list[Box] = []
    for rank, circle in enumerate(circles):
        lines, told = _inside(circle) if rank < named else (_figure(circle), True)
        box = None
        if not told:
            place = _beside if circle["shown"] else _across
            box = place(circle, circles, taken, frame)
        if circle["shown"] or (told and all(_gap(other, circle) >= 0 for other in taken)):
            texts += _stacked(circle, lines)
        elif box:
            texts += _stacked(circle, _broken(circle))
        if box:
            taken.append(box)
        if box and circle["shown"]:
            x, y = round((box[0] + box[2]) / 2, 1), round((box[1] + box[3]) / 2, 1)
            texts.append(({"x": x, "y": y, "text": circle["label"]}, "ink", False, NAME))
    return texts


def _room(circle: Row) -> float:
    return hole(circle["r"]) if circle["fragile"] else circle["r"]


def _inside(circle: Row) -> tuple[list[Line], bool]:
    """Name and figure when the circle has room for both, else its figure; whether it is named."""
    value = [(circle["value"], True, 16)] if circle["value"] else []
    for part in (1.9, 1.6, 1.3, 1):
        name = wrap(circle["label"], NAME, part * _room(circle))
        lines = [*((line, False, NAME) for line in name), *value]
        if _fits(lines, _room(circle)):
            return lines, True
    return _figure(circle), False


def _figure(circle: Row) -> list[Line]:
    """« 24 % », or « 24 » in a smaller circle; nothing without room or figure."""
    if not circle["value"]:
        return []
    number = circle["value"].removesuffix(f"{NNBSP}%")
    for line in ((circle["value"], True, 15), (number, True, NAME)):
        if _fits([line], _room(circle)):
            return [line]
    return []


def _fits(lines: Sequence[Line], radius: float) -> bool:
    """Whether centred lines stand within a circle."""
    top, spare = -LINE * len(lines) / 2, 3 if len(lines) > 1 else 1
    for i, (text, bold, size) in enumerate(lines):
        far = max(abs(top + LINE * i + 2), abs(top + LINE * (i + 1) - 2))
        if math.hypot(text_width(text, size, bold=bold) / 2 + spare, far) > radius:
            return False
    return True


def _stacked(circle: Row, lines: Sequence[Line]) -> Iterator[Label]:
    letters = "ink" if circle["fragile"] else circle["letters"]
    for i, (text, bold, size) in enumerate(lines):
        y = round(circle["y"] + LINE * (i - (len(lines) - 1) / 2), 1)
        yield {"x": circle["x"], "y": y, "text": text}, letters, bold, size


def _broken(circle: Row) -> list[Line]:
    return [(line, False, NAME) for line in wrap(circle["label"], NAME, 2.4 * circle["r"])]


def _across(circle: Row, circles: Sequence[Row], taken: Sequence[Box], frame: Frame) -> Box | None:
    """The box of a name set across its empty circle, over other empty ones; None without room."""
    lines = _broken(circle)
    half = max(text_width(text, size) for text, _, size in lines) / 2
    x, y, tall = circle["x"], circle["y"], LINE * len(lines) / 2
    box = (x - half, y - tall, x + half, y + tall)
    others = [other for other in circles if other is not circle]
    free = _free(box, others, taken, frame, circle["r"])
    return box if free and len(lines) < 3 and half < 2 * circle["r"] else None


def _free(
    box: Box, others: Sequence[Row], taken: Sequence[Box], frame: Frame, radius: float
) -> bool:
    """Within the frame, on no other name, on no circle with a figure nor on a larger one."""
    within = box[0] >= 0 and box[1] >= 0 and box[2] <= frame[0] and box[3] <= frame[1]
    covered = [other for other in others if _gap(box, other) < 2.5]
    return (
        within
        and not any(_meet(box, other) for other in taken)
        and not any(other["shown"] or other["r"] > radius for other in covered)
    )


def _beside(circle: Row, circles: Sequence[Row], taken: Sequence[Box], frame: Frame) -> Box | None:
    """The best box for the name against its circle; None without room.

    It covers no circle that has a figure and no other name, and as few empty circles as may be.
    """
    half, x, y, r = text_width(circle["label"], NAME) / 2, circle["x"], circle["y"], circle["r"]
    found = []
    for rank, turn in enumerate(TURNS):
        across, down = math.cos(turn * math.pi / 8), math.sin(turn * math.pi / 8)
        cx, cy = x + across * (r + 3 + half), y + down * (r + 2 + LINE / 2)
        box = (cx - half, cy - LINE / 2, cx + half, cy + LINE / 2)
        if _free(box, circles, taken, frame, r):
            covered = sum(other["r"] for other in circles if _gap(box, other) < 2.5)
            found.append((covered, rank, box))
    return min(found)[2] if found else None


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _gap(box: Box, circle: Mapping[str, float]) -> float:
    """Distance between a box and a circle; negative when they overlap."""
    dx = max(box[0] - circle["x"], 0, circle["x"] - box[2])
    dy = max(box[1] - circle["y"], 0, circle["y"] - box[3])
    return math.hypot(dx, dy) - circle["r"]
