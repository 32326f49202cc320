"""Stacked shares: pieces of bars, the number written on each, and the legend of their tints.

A piece is a dictionary: `x`, `x2` on the scale, `y`, its `answer`, and what a cell shows. A fragile
one is hollow: a grey frame over paper, its tint kept as a foot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from analysis.cells import REASONS, count_text
from analysis.layout import SIZES, Form, Layout, Row
from analysis.lettering import text_width
from analysis.marks import ANSWER_TOOLTIP, DARK_TINTS, Layer, segments, texts, uprights

BAR = 24
FRAME = 1.5  # of a hollow piece
FOOT = 5
Tints = Mapping[str, str]  # answer -> tint


def complete_rows(
    cells: pl.DataFrame, answers: Sequence[str], labels: Sequence[str], heights: Sequence[float]
) -> tuple[list[list[Row]], list[Row]]:
    """The cells of each row whose answers are all shown; and the other rows with their reason."""
    found = {(row["label"], row["answer"]): row for row in cells.to_dicts()}
    complete, silent = [], []
    for label, y in zip(labels, heights, strict=True):
        row = [found.get((label, answer)) for answer in answers]
        missing = [cell["reason"] if cell else REASONS["nd"] for cell in row]
        if any(missing):
            silent.append({"y": y, "reason": next(reason for reason in missing if reason)})
        else:
            complete.append([cell | {"y": y} for cell in row])
    return complete, silent


def piece(cell: Row, start: float) -> Row:
    """The piece of a cell, from `start` on the scale."""
    kept = ("label", "answer", "value", "interval", "status", "y")
    ends = {"x": round(start, 4), "x2": round(start + cell["estimate"], 4)}
    return ends | {name: cell[name] for name in kept} | {"n": count_text(cell["n_respondents"])}


def bars(pieces: Sequence[Row], tints: Tints, layout: Layout) -> list[Layer]:
    """The pieces in their tints, parted by thin uprights of paper."""
    told = [{name: each[name] for name in each if name != "status"} for each in pieces]
    layers = []
    for answer, tint in tints.items():
        firm = [
            row
            for row, each in zip(told, pieces, strict=True)
            if each["answer"] == answer and each["status"] != "fragile"
        ]
        layers.append(segments(firm, width=BAR, colour=tint, tooltip=ANSWER_TOOLTIP))
    hollow = [row for row, each in zip(told, pieces, strict=True) if each["status"] == "fragile"]
    layers += _hollow(hollow, tints, layout)
    ends = {(each["x2"], each["y"]) for each in pieces if each["x2"] > each["x"]}
    joints = [
        {"x": each["x"], "y": each["y"] - BAR / 2, "y2": each["y"] + BAR / 2}
        for each in pieces
        if (each["x"], each["y"]) in ends
    ]
    return [*layers, uprights(joints, colour="paper", width=1.5)]


def _hollow(pieces: Sequence[Row], tints: Tints, layout: Layout) -> list[Layer]:
    inset = layout.value(layout.left + 0.75 + FRAME) if pieces else 0
    wide = [each for each in pieces if each["x2"] - each["x"] > 2 * inset]
    inner = [
        {"x": round(each["x"] + inset, 4), "x2": round(each["x2"] - inset, 4), "y": each["y"]}
        for each in wide
    ]
    layers = [
        segments(pieces, width=BAR, colour="fragile", tooltip=ANSWER_TOOLTIP),
        segments(inner, width=BAR - 2 * FRAME, colour="paper"),
    ]
    for answer, tint in tints.items():
        feet = [
            place | {"y": place["y"] + (BAR - FOOT) / 2 - FRAME}
            for place, each in zip(inner, wide, strict=True)
            if each["answer"] == answer
        ]
        layers.append(segments(feet, width=FOOT, colour=tint))
    return layers


def shares(pieces: Sequence[Row], tints: Tints, layout: Layout) -> list[Layer]:
    """The share on its piece, where it fits, in the colour read on the tint."""
    size = layout.sizes.small
    written: dict[str, list[Row]] = {"paper": [], "ink": [], "fragile": []}
    for each in pieces:
        room = layout.pixel(each["x2"]) - layout.pixel(each["x"])
        if text_width(each["value"], size, bold=True) + 6 <= room:
            colour = "paper" if tints[each["answer"]] in DARK_TINTS else "ink"
            fragile = each["status"] == "fragile"
            y = each["y"] - (FOOT / 2 if fragile else 0)
            middle = round((each["x"] + each["x2"]) / 2, 4)
            row = {"x": middle, "y": y, "text": each["value"]}
            written["fragile" if fragile else colour].append(row)
    return [
        texts(rows, colour=colour, size=size, bold=True, align="center")
        for colour, rows in written.items()
    ]


def legend(answers: Sequence[str], form: Form) -> tuple[list[Row], float]:
    """Places of the swatches (pixels), flowing over as many lines as needed, and their height."""
    sizes = SIZES[form]
    places, left, y = [], 0.0, 12.0
    for answer in answers:
        width = 20 + text_width(answer, sizes.text)
        if left and left + width > sizes.width:
            left, y = 0.0, y + 24
        places.append({"left": left, "y": y, "text": answer})
        left += width + 18
    return places, y + 10


def swatches(places: Sequence[Row], tints: Tints, layout: Layout) -> list[Layer]:
    """The legend drawn: a square of its tint before each answer."""
    squares = []
    for item in places:
        ends = {"x": layout.value(item["left"]), "x2": layout.value(item["left"] + 14)}
        tint = tints[item["text"]]
        squares.append(segments([ends | {"y": item["y"]}], width=14, colour=tint))
    words = [layout.at(item["left"] + 20, item["y"], item["text"]) for item in places]
    return [*squares, texts(words)]
