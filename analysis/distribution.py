"""How the answers of an ordered scale share each row: one stacked bar per row, labelled."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.cells import REASONS, count_text, display
from analysis.layout import SIZES, Form, Layout, Row, check_form, row_layout, without_margins
from analysis.lettering import text_width
from analysis.marks import (
    ANSWER_TOOLTIP,
    DARK_TINTS,
    TINTS,
    Chart,
    Layer,
    assemble,
    reasons,
    segments,
    texts,
    uprights,
)
from survey.errors import SurveyError
from survey.french import NNBSP

BAR = 24


def distribution(frame: pl.DataFrame, answers: Sequence[str], *, form: Form = "wide") -> Chart:
    """Stacked shares of the ordered `answers`, one bar per label.

    `frame` holds published cells, one row per label and answer, with a column `answer` (French
    label); `answers` gives the order, five at most. A row with an answer withheld is not drawn:
    its reason is written instead. A share is written where it fits; intervals are in the table.
    """
    check_form(form)
    if len(answers) > len(TINTS):
        raise SurveyError(
            f"répartition{NNBSP}: {len(answers)} réponses, cinq au plus{NNBSP}; en regrouper."
        )
    cells = display(frame)
    labels = cells["label"].unique(maintain_order=True).to_list()
    legend, used = _legend(answers, form)
    layout = without_margins(row_layout(labels, form, top=used + 12, columns=6, thickness=BAR))
    pieces, silent = _pieces(cells, answers, labels, layout)
    layers = []
    for answer, tint in zip(answers, TINTS, strict=False):
        bars = [piece for piece in pieces if piece["answer"] == answer]
        layers.append(segments(bars, width=BAR, colour=tint, tooltip=ANSWER_TOOLTIP))
    joints = [
        {"x": piece["x"], "y": piece["y"] - BAR / 2, "y2": piece["y"] + BAR / 2}
        for piece in pieces
        if piece["x"] > 0
    ]
    layers += [uprights(joints, colour="paper", width=1.5), *_shares(pieces, answers, layout)]
    layers += _swatches(legend, layout)
    return assemble([*layers, texts(layout.lines), *reasons(silent, layout)], layout)


def _pieces(
    cells: pl.DataFrame, answers: Sequence[str], labels: Sequence[str], layout: Layout
) -> tuple[list[Row], list[Row]]:
    """Segments of the complete rows, and the rows that cannot be drawn with their reason."""
    found = {(row["label"], row["answer"]): row for row in cells.to_dicts()}
    pieces, silent = [], []
    for label, y in zip(labels, layout.marks, strict=True):
        row = [found.get((label, answer)) for answer in answers]
        missing = [cell["reason"] if cell else REASONS["nd"] for cell in row]
        if any(missing):
            silent.append({"y": y, "reason": next(reason for reason in missing if reason)})
            continue
        start = 0.0
        for cell in row:
            end = start + cell["estimate"]
            kept = {name: cell[name] for name in ("label", "answer", "value", "interval")}
            place = {"x": round(start, 4), "x2": round(end, 4), "y": y}
            pieces.append(place | kept | {"n": count_text(cell["n_respondents"])})
            start = end
    return pieces, silent


def _shares(pieces: Sequence[Row], answers: Sequence[str], layout: Layout) -> list[Layer]:
    """The share in its segment, where it fits, in the colour read on the tint."""
    tints = dict(zip(answers, TINTS, strict=False))
    size = layout.sizes.small
    written = {"paper": [], "ink": []}
    for piece in pieces:
        room = layout.pixel(piece["x2"]) - layout.pixel(piece["x"])
        if text_width(piece["value"], size, bold=True) + 6 <= room:
            colour = "paper" if tints[piece["answer"]] in DARK_TINTS else "ink"
            middle = round((piece["x"] + piece["x2"]) / 2, 4)
            written[colour].append({"x": middle, "y": piece["y"], "text": piece["value"]})
    return [
        texts(rows, colour=colour, size=size, bold=True, align="center")
        for colour, rows in written.items()
    ]


def _legend(answers: Sequence[str], form: Form) -> tuple[list[Row], float]:
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


def _swatches(legend: Sequence[Row], layout: Layout) -> list[Layer]:
    squares = []
    for item, tint in zip(legend, TINTS, strict=False):
        ends = {"x": layout.value(item["left"]), "x2": layout.value(item["left"] + 14)}
        squares.append(segments([ends | {"y": item["y"]}], width=14, colour=tint))
    words = [layout.at(item["left"] + 20, item["y"], item["text"]) for item in legend]
    return [*squares, texts(words)]
