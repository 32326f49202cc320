"""Domains by uses: a table in tints, every number written with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analysis.cells import count_text, display
from analysis.layout import SIZES, Form, Row, plane
from analysis.lettering import text_width, wrap
from analysis.maps import share_classes
from analysis.marks import (
    ANSWER_TOOLTIP,
    DARK_TINTS,
    TINTS,
    Chart,
    Layer,
    assemble,
    segments,
    texts,
)
from survey.errors import SurveyError
from survey.french import NNBSP

LABEL = {"wide": 150, "narrow": 126}  # widest column of labels, in pixels
LEAST = 66  # narrowest column of cells: room for an interval
WIDEST = 124
HEIGHT = 44  # of a cell: its number over its interval
APART = 10  # before the totals
LINE = 18
# Tints of so many classes, from the highest: the lowest is always the lightest.
RAMPS = {
    0: (),
    1: ("data-5",),
    2: ("data-2", "data-5"),
    3: ("data-3", "data-2", "data-5"),
    4: ("data", "data-3", "data-2", "data-5"),
    5: TINTS,
}


@dataclass(frozen=True, slots=True)
class Totals:
    """The row and the column set apart: the region, and « Au moins un usage »; None = none."""

    row: str | None = None
    column: str | None = None


NO_TOTALS = Totals()


@dataclass(frozen=True, slots=True)
class Band:
    """Some columns of the matrix, under their headings, from `top`."""

    columns: tuple[str, ...]
    lefts: tuple[float, ...]
    width: float
    top: float
    head: float


def matrix(
    frame: pl.DataFrame, *, totals: Totals = NO_TOTALS, order: str = "value", form: Form = "wide"
) -> Chart:
    """Published shares by `label` (rows) and `answer` (columns, in the order of the frame).

    At most five tints, the darkest for the highest class; the number is always written. A fragile
    cell has a grey frame and no tint, a withheld one its sign alone. Rows are sorted by the column
    of totals (by their first column without one), unless `order` is `given`. Columns that do not
    fit beside each other go under, with their rows again.
    """
    cells = display(frame)
    if (cells["statistic"] != "share").any():
        raise SurveyError(f"tableau en teintes{NNBSP}: parts attendues (statistique « share »).")
    found = {(row["label"], row["answer"]): row for row in cells.to_dicts()}
    columns = _last(cells["answer"].unique(maintain_order=True).to_list(), totals.column)
    rows = _last(_sorted(found, cells, columns, totals, order), totals.row)
    label_lines = [wrap(label, 15, LABEL[form]) for label in rows]
    heights = [max(HEIGHT, LINE * len(lines) + 8) for lines in label_lines]
    firm = [cell["estimate"] for cell in found.values() if cell["status"] == "ok"]
    classes = share_classes(firm)
    gap = APART if totals.row else 0
    bands = _bands(columns, label_lines, form, totals, sum(heights) + gap)
    layers: list[Layer] = []
    for band in bands:
        places = _row_places(band, heights, gap, rows, totals)
        layers += _labels(label_lines, rows, places, totals)
        layers += _headings(band, totals)
        layers += _cells(band, rows, places, heights, found, classes)
    last = bands[-1]
    bottom = last.top + last.head + sum(heights) + gap
    drawn, height = _classes(classes, cells, bottom + 14, form)
    return assemble([*layers, *drawn], plane(form, bottom + 14 + height))


def _last(names: list[str], total: str | None) -> list[str]:
    """The names, that of the totals at the end."""
    return [name for name in names if name != total] + [name for name in names if name == total]


def _sorted(
    found: dict[tuple[str, str], Row],
    cells: pl.DataFrame,
    columns: Sequence[str],
    totals: Totals,
    order: str,
) -> list[str]:
    labels = cells["label"].unique(maintain_order=True).to_list()
    if order == "given":
        return labels
    by = totals.column if totals.column in columns else columns[0]
    values = {label: found.get((label, by), {}).get("estimate") for label in labels}
    return sorted(labels, key=lambda label: -1 if values[label] is None else values[label])[::-1]


def _bands(
    columns: Sequence[str],
    label_lines: Sequence[Sequence[str]],
    form: Form,
    totals: Totals,
    rows_height: float,
) -> list[Band]:
    """Columns in as few bands of like numbers as their headings allow."""
    label = max(text_width(line, 15) for lines in label_lines for line in lines) + 14
    room = SIZES[form].width - label - (APART if totals.column else 0)
    word = max(text_width(w, 14.5) for name in columns for w in name.split(" "))
    least = max(LEAST, word)
    most = max(1, int((room + 3) // (least + 3)))
    count = -(-len(columns) // most)
    each = -(-len(columns) // count)
    width = min((room + 3) / each - 3, WIDEST if form == "wide" else room)
    bands, top = [], 0.0
    for first in range(0, len(columns), each):
        some = tuple(columns[first : first + each])
        lines = max(len(_heading(name, width)) for name in some)
        head = LINE * lines + 10
        lefts = tuple(
            round(label + i * (width + 3) + (APART if name == totals.column and i else 0), 1)
            for i, name in enumerate(some)
        )
        bands.append(Band(some, lefts, round(width, 1), top, head))
        top += head + rows_height + 26
    return bands


def _row_places(
    band: Band, heights: Sequence[float], gap: float, rows: Sequence[str], totals: Totals
) -> list[float]:
    """The middle of each row of a band."""
    places, y = [], band.top + band.head
    for name, height in zip(rows, heights, strict=True):
        y += gap if name == totals.row else 0
        places.append(y + height / 2)
        y += height
    return places


def _labels(
    label_lines: Sequence[Sequence[str]],
    rows: Sequence[str],
    places: Sequence[float],
    totals: Totals,
) -> list[Layer]:
    layers = []
    for bold in (False, True):
        lines = [
            {"x": 0, "y": y + LINE * (i - (len(lines) - 1) / 2), "text": line}
            for lines, name, y in zip(label_lines, rows, places, strict=True)
            if (name == totals.row) == bold
            for i, line in enumerate(lines)
        ]
        layers.append(texts(lines, bold=bold))
    return layers


def _heading(name: str, width: float) -> list[str]:
    """The lines of a heading, clear of its neighbours when its words allow it."""
    return wrap(name, 14.5, width - 6)


def _headings(band: Band, totals: Totals) -> list[Layer]:
    """Names of the columns, ending on one line just over the cells."""
    lines: dict[bool, list[Row]] = {False: [], True: []}
    for name, left in zip(band.columns, band.lefts, strict=True):
        words = _heading(name, band.width)
        foot = band.top + band.head - 12
        lines[name == totals.column] += [
            {"x": left + band.width / 2, "y": foot - LINE * (len(words) - 1 - i), "text": line}
            for i, line in enumerate(words)
        ]
    return [texts(rows, size=14.5, bold=bold, align="center") for bold, rows in lines.items()]


def _cells(
    band: Band,
    rows: Sequence[str],
    places: Sequence[float],
    heights: Sequence[float],
    found: dict[tuple[str, str], Row],
    classes: Sequence[tuple[int, int]],
) -> list[Layer]:
    """Tinted, framed or empty cells, and what is written in them."""
    tinted: dict[str, list[Row]] = {tint: [] for tint in TINTS}
    framed, written = [], []
    for name, y, height in zip(rows, places, heights, strict=True):
        for column, left in zip(band.columns, band.lefts, strict=True):
            cell = found.get((name, column))
            if cell is None:
                continue
            place = {"x": left, "x2": round(left + band.width, 1), "y": y, "height": height - 3}
            tint = _tint(cell, classes)
            if tint in tinted:
                tinted[tint].append(place | _told(cell))
            elif tint == "fragile":
                framed.append(place | _told(cell))
            written.append((cell, tint, left + band.width / 2, y))
    layers = []
    for tint, some in tinted.items():
        for height in sorted({each["height"] for each in some}):
            rows_ = [each for each in some if each["height"] == height]
            layers.append(_area(rows_, height, tint))
    for height in sorted({each["height"] for each in framed}):
        rows_ = [each for each in framed if each["height"] == height]
        inner = [r | {"x": r["x"] + 1.5, "x2": round(r["x2"] - 1.5, 1)} for r in rows_]
        layers += [_area(rows_, height, "fragile"), _area(inner, height - 3, "paper")]
    return [*layers, *_figures(written)]


def _tint(cell: Row, classes: Sequence[tuple[int, int]]) -> str | None:
    if cell["reason"]:
        return None
    return "fragile" if cell["status"] == "fragile" else _class_tint(cell["estimate"], classes)


def _class_tint(share: float, classes: Sequence[tuple[int, int]]) -> str:
    """The tint of a share, by the class of its printed per cent."""
    percent, ramp = round(100 * share), RAMPS[len(classes)]
    ranked = zip(reversed(classes), ramp, strict=True)
    return next(tint for (low, high), tint in ranked if low <= percent <= high)


def _told(cell: Row) -> Row:
    kept = {name: cell[name] for name in ("label", "answer", "value", "interval")}
    return kept | {"n": count_text(cell["n_respondents"])}


def _area(rows: Sequence[Row], height: float, colour: str) -> Layer:
    bare = [{name: row[name] for name in row if name != "height"} for row in rows]
    return segments(bare, width=height, colour=colour, tooltip=ANSWER_TOOLTIP)


def _figures(written: Sequence[tuple[Row, str | None, float, float]]) -> list[Layer]:
    """The number over its interval; the sign alone of a withheld cell."""
    values: dict[str, list[Row]] = {"paper": [], "ink": [], "fragile": []}
    spans: dict[str, list[Row]] = {"paper": [], "ink": [], "fragile": []}
    signs = []
    for cell, tint, x, y in written:
        x = round(x, 1)
        if tint is None:
            signs.append({"x": x, "y": y, "text": cell["status"]})
            continue
        colour = {"fragile": "fragile"}.get(tint, "paper" if tint in DARK_TINTS else "ink")
        interval = cell["interval"]
        values[colour].append({"x": x, "y": y - (9 if interval else 0), "text": cell["value"]})
        if interval:
            spans[colour].append({"x": x, "y": y + 9, "text": interval})
    layers = [
        texts(rows, colour=colour, size=16, bold=True, align="center")
        for colour, rows in values.items()
    ]
    layers += [
        texts(rows, colour=colour, size=14.5, align="center") for colour, rows in spans.items()
    ]
    return [*layers, texts(signs, colour="fragile", align="center")]


def _classes(
    classes: Sequence[tuple[int, int]], cells: pl.DataFrame, top: float, form: Form
) -> tuple[list[Layer], float]:
    """The legend of the tints, and of what a grey frame means; its height."""
    entries = [
        (tint, f"{low} à {high}{NNBSP}%" if low < high else f"{low}{NNBSP}%")
        for (low, high), tint in zip(classes, reversed(RAMPS[len(classes)]), strict=True)
    ]
    if (cells["status"] == "fragile").any():
        entries.append(("fragile", "fragile"))
    layers, x, y = [], 0.0, top + 12
    for tint, words in entries:
        width = 22 + text_width(words, 14.5)
        if x and x + width > SIZES[form].width:
            x, y = 0.0, y + 24
        square = {"x": round(x, 1), "x2": round(x + 14, 1), "y": y}
        layers.append(segments([square], width=14, colour=tint))
        if tint == "fragile":
            inner = {"x": round(x + 1.5, 1), "x2": round(x + 12.5, 1), "y": y}
            layers.append(segments([inner], width=11, colour="paper"))
        layers.append(texts([{"x": round(x + 20, 1), "y": y, "text": words}], size=14.5))
        x += width + 16
    return layers, y - top + 12
