"""Answers of agreement around their middle: one bar a row, the share read with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from analysis.cells import by_value, display
from analysis.layout import SIZES, Form, Layout, Row, check_form, row_layout
from analysis.lettering import text_width
from analysis.marks import Chart, Layer, assemble, reasons, segments, texts, uprights
from analysis.stacks import BAR, bars, complete_rows, legend, piece, shares, swatches
from survey.errors import SurveyError
from survey.french import NNBSP

AGAINST = {1: ("against",), 2: ("against", "against-2")}  # tints of each side, from its pole
FOR = {1: ("data",), 2: ("data", "data-2")}
HEADS = ("total", "intervalle")
WHISKER = 8  # under each bar
GAP = 0.03  # between the scale and the answer set apart
ROUNDING = 0.006  # sums of published shares may miss the published sum by that much


@dataclass(frozen=True, slots=True)
class Poles:
    """An ordered scale with a middle, as it is drawn from left to right.

    against, favour : the answers of each side, in the order of the scale, one or two a side
        (« Pas du tout », « Plutôt pas »; « Plutôt », « Tout à fait »)
    neutral : the answer of the middle, cut in two by it
    apart : an answer outside the scale (« Ne sait pas »), drawn apart at the right
    names : what each side is called, above it (« Pas d’accord », « D’accord »)
    """

    against: tuple[str, ...]
    favour: tuple[str, ...]
    names: tuple[str, str]
    neutral: str | None = None
    apart: str | None = None

    def __post_init__(self) -> None:
        if len(self.against) != len(self.favour) or len(self.favour) not in FOR:
            raise SurveyError(
                f"échelle d’accord{NNBSP}: une ou deux réponses de chaque côté, en même nombre"
                f"{NNBSP}; trouvé {list(self.against)} et {list(self.favour)}. En regrouper."
            )

    @property
    def answers(self) -> tuple[str, ...]:
        """All answers, from left to right."""
        middle = (self.neutral,) if self.neutral else ()
        return (*self.against, *middle, *self.favour, *((self.apart,) if self.apart else ()))

    @property
    def tints(self) -> dict[str, str]:
        """The tint of each answer: the darker the nearer to its pole."""
        count = len(self.favour)
        tints = dict(zip(self.against, AGAINST[count], strict=True))
        tints |= {self.neutral: "data-5"} if self.neutral else {}
        tints |= dict(zip(self.favour, reversed(FOR[count]), strict=True))
        return tints | ({self.apart: "rule"} if self.apart else {})


def diverging(
    frame: pl.DataFrame,
    totals: pl.DataFrame,
    poles: Poles,
    *,
    order: str = "value",
    form: Form = "wide",
) -> Chart:
    """Each row around the middle of the scale; the whole of its right side with its interval.

    Parameters
    ----------
    frame : published cells, one row per label and answer, with a column `answer`
    totals : published cells, one row a label: the share of all answers of `poles.favour`
    order : `value` sorts rows by their total; `given` follows `totals`

    A row with an answer withheld keeps its place, with the reason. The interval is drawn on the
    end of the right side, measured from the middle answer, and written at the right.
    """
    check_form(form)
    sums = by_value(display(totals)) if order == "value" else display(totals)
    labels = sums["label"].to_list()
    cells = display(frame)
    places, used = legend(poles.answers, form)
    layout, zero = _layout(cells, sums, poles, form, used)
    complete, silent = complete_rows(cells, poles.answers, labels, layout.marks)
    pieces = [each for row in complete for each in _row_pieces(row, poles, zero, layout)]
    drawn = {row[0]["label"]: row[0]["y"] for row in complete}
    totalled = [
        row | {"y": drawn[row["label"]], "first": first}
        for row, first in zip(sums.to_dicts(), layout.firsts, strict=True)
        if row["label"] in drawn and row["reason"] is None
    ]
    starts = _starts(complete, poles, zero)
    _check_sums(complete, totalled, poles)
    tints = poles.tints
    layers = [*swatches(places, tints, layout), *bars(pieces, tints, layout)]
    layers += [*_middle(zero, drawn.values(), poles, layout), *shares(pieces, tints, layout)]
    layers += [*_whiskers(totalled, starts), *_totals(totalled, _widths(sums, form)[1], layout)]
    return assemble([*layers, texts(layout.lines), *reasons(silent, layout)], layout)


def _layout(
    cells: pl.DataFrame, sums: pl.DataFrame, poles: Poles, form: Form, used: float
) -> tuple[Layout, float]:
    """Where rows stand, and the middle of the scale on it."""
    half = [poles.neutral] if poles.neutral else []
    found = {(row["label"], row["answer"]): row["estimate"] or 0 for row in cells.to_dicts()}
    labels = sums["label"].to_list()

    def reach(answers: Sequence[str]) -> float:
        sides = [sum(found.get((label, answer), 0) for answer in answers) for label in labels]
        middles = [sum(found.get((label, answer), 0) / 2 for answer in half) for label in labels]
        return max((s + m for s, m in zip(sides, middles, strict=True)), default=0)

    beyond = max((row["conf_high"] or 0) - (row["estimate"] or 0) for row in sums.to_dicts())
    apart = GAP + reach([poles.apart]) if poles.apart else 0
    left, right = max(reach(poles.against), 0.05), reach(poles.favour) + beyond
    columns = sum(_widths(sums, form)) + (34 if form == "wide" else 12)
    whole = max(left + right + apart, 0.1)
    top = used + (34 if form == "wide" else 40) + 19 * _stacked(poles, form)
    laid = row_layout(
        labels, form, maximum=whole, top=top, columns=columns, thickness=BAR + WHISKER
    )
    return laid, round(left, 4)


def _widths(sums: pl.DataFrame, form: Form) -> tuple[float, float]:
    """Widths of the columns of totals and of intervals, with their heads when wide."""
    size = SIZES[form].text
    heads = [text_width(head, SIZES[form].small) if form == "wide" else 0 for head in HEADS]
    values = [text_width(text, size, bold=True) for text in sums["value"] if text]
    spans = [text_width(text, size) for text in sums["interval"] if text]
    return max([heads[0], *values]), max([heads[1], *spans])


def _half(row: Sequence[Row], poles: Poles) -> float:
    return sum(cell["estimate"] / 2 for cell in row if cell["answer"] == poles.neutral)


def _row_pieces(row: Sequence[Row], poles: Poles, zero: float, layout: Layout) -> list[Row]:
    against = sum(cell["estimate"] for cell in row if cell["answer"] in poles.against)
    start, pieces = zero - against - _half(row, poles), []
    for cell in row:
        if cell["answer"] == poles.apart:
            start = layout.maximum - cell["estimate"]
        pieces.append(piece(cell, start))
        start += cell["estimate"]
    return pieces


def _starts(complete: Sequence[Sequence[Row]], poles: Poles, zero: float) -> dict[str, float]:
    """Where the right side of each row begins."""
    return {row[0]["label"]: zero + _half(row, poles) for row in complete}


def _check_sums(complete: Sequence[Sequence[Row]], totalled: Sequence[Row], poles: Poles) -> None:
    """Refuse totals that are not those of the answers drawn."""
    parts = {
        row[0]["label"]: sum(cell["estimate"] for cell in row if cell["answer"] in poles.favour)
        for row in complete
    }
    for row in totalled:
        if abs(parts[row["label"]] - row["estimate"]) > ROUNDING:
            raise SurveyError(
                f"échelle d’accord, « {row['label']} »{NNBSP}: le total {row['value']} n’est pas "
                f"la somme de {list(poles.favour)}. Donner le total de ces réponses."
            )


def _middle(zero: float, heights: Sequence[float], poles: Poles, layout: Layout) -> list[Layer]:
    """The line of the middle, and the name of each side above it."""
    foot = -BAR / 2 if poles.neutral else BAR / 2 + 4  # a line would cross the neutral share
    ends = [{"x": zero, "y": h - BAR / 2 - 5, "y2": h + foot} for h in heights]
    y, size = layout.top - 14, layout.sizes.small
    first, second = (text_width(name, size) for name in poles.names)
    limit = layout.right if layout.form == "wide" else layout.sizes.width
    right = min(layout.pixel(zero) + 9, limit - second)
    left = max(min(layout.pixel(zero) - 9, right - 18), first)
    above = _stacked(poles, layout.form)
    right = right if above else max(right, left + 18)
    names = [layout.at(left, y - 19 * above, poles.names[0]), layout.at(right, y, poles.names[1])]
    return [
        uprights(ends, colour="ink", width=1.5),
        texts(names[:1], colour="soft", size=size, align="right"),
        texts(names[1:], colour="soft", size=size),
    ]


def _stacked(poles: Poles, form: Form) -> bool:
    """Whether the names of the sides are too long for one line."""
    sizes = SIZES[form]
    return sum(text_width(name, sizes.small) for name in poles.names) + 18 > sizes.width


def _whiskers(totalled: Sequence[Row], starts: Mapping[str, float]) -> list[Layer]:
    """The interval of each total, under the end of its side."""
    spans = [
        {
            "x": round(starts[row["label"]] + row["conf_low"], 4),
            "x2": round(starts[row["label"]] + row["conf_high"], 4),
            "y": row["y"] + BAR / 2 + 6,
        }
        for row in totalled
        if row["conf_low"] is not None
    ]
    caps = [
        {"x": span[end], "y": span["y"] - 4, "y2": span["y"] + 4}
        for span in spans
        for end in ("x", "x2")
    ]
    return [segments(spans, width=2, colour="ink"), uprights(caps, colour="ink", width=2)]


def _totals(totalled: Sequence[Row], room: float, layout: Layout) -> list[Layer]:
    """The total in bold and its interval, in columns at the right."""
    right, wide = layout.sizes.width, layout.form == "wide"
    edge = right - room - (16 if wide else 9)
    layers = []
    for fragile, colour in ((True, "fragile"), (False, "ink")):
        rows = [row for row in totalled if (row["status"] == "fragile") == fragile]
        values = [layout.at(edge, row["first"], row["value"]) for row in rows]
        layers.append(texts(values, colour=colour, bold=True, align="right"))
    intervals = [layout.at(right, row["first"], row["interval"] or "") for row in totalled]
    places = zip((edge, right), HEADS, strict=True) if wide and totalled else ()
    heads = [layout.at(place, layout.top - 14, head) for place, head in places]
    return [
        *layers,
        texts(intervals, colour="soft", align="right"),
        texts(heads, colour="soft", size=layout.sizes.small, align="right"),
    ]
