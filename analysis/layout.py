"""Where things stand in a chart, in pixels: rows, columns and the horizontal scale.

A chart exists in two forms, so that no text is ever under 12 px on screen: `wide` (720 px) and
`narrow` (340 px, the label above its mark, larger text because a phone shrinks it a little).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from analysis.lettering import text_width, wrap
from survey.errors import SurveyError
from survey.french import NNBSP, decimal, integer

Form = Literal["wide", "narrow"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lengths of one form: `text` is the body size, `small` that of axis and headers."""

    width: int
    text: float
    small: float
    line: int
    row: int
    label: int


SIZES = {
    "wide": Sizes(width=720, text=15, small=14.5, line=18, row=30, label=232),
    "narrow": Sizes(width=340, text=15, small=15, line=19, row=0, label=0),
}


NARROW_GAP = 8  # between the names of the scale and the first label


@dataclass(frozen=True, slots=True)
class Layout:
    """Where rows stand.

    `lines` are the label lines (`x` on the scale, `y`, `text`), `marks` the height of each mark,
    `firsts` that of the figures of the row; `top` and `bottom`, `left` and `right` bound the plot.
    The scale runs from 0 at `left` to `maximum` at `right`.
    """

    form: Form
    height: float
    top: float
    bottom: float
    left: float
    right: float
    maximum: float
    labels: tuple[Row, ...]
    marks: tuple[float, ...]
    firsts: tuple[float, ...]

    @property
    def sizes(self) -> Sizes:
        """Lengths of this form."""
        return SIZES[self.form]

    @property
    def lines(self) -> list[Row]:
        """Label lines, ready to print."""
        return [self.at(0, row["y"], row["text"]) for row in self.labels]

    def value(self, pixel: float) -> float:
        """The value standing at this pixel, for texts placed beside the plot."""
        share = (pixel - self.left) / (self.right - self.left)
        return round(share * self.maximum, 5 - math.ceil(math.log10(self.maximum)))

    def pixel(self, value: float) -> float:
        """The pixel at which this value stands."""
        return self.left + value / self.maximum * (self.right - self.left)

    def at(self, pixel: float, y: float, text: str) -> Row:
        """A text standing at this pixel."""
        return {"x": self.value(pixel), "y": y, "text": text}

    def over(self, value: float, y: float, text: str, *, bold: bool = False) -> Row:
        """A text centred on `value`, pushed inwards when it would leave the plot by far."""
        half = text_width(text, self.sizes.small, bold=bold) / 2
        end = min(self.right + 24, self.sizes.width)
        centre = min(max(self.pixel(value), half), end - half)
        return self.at(centre, y, text)


def row_layout(
    labels: Sequence[str],
    form: Form,
    *,
    maximum: float = 1.0,
    top: float = 30,
    columns: float = 0,
    thickness: float = 20,
    inset: float = 0,
) -> Layout:
    """Place one mark per label.

    Parameters
    ----------
    maximum : value at the right end of the scale
    top : pixels kept free above the first row, for axis and legend
    columns : pixels kept for figures at the right (of the plot when wide, of the label when narrow)
    thickness : height of a mark
    inset : pixels kept on both sides of the plot for the values written beside the marks
    """
    check_form(form)
    place = _wide_rows if form == "wide" else _narrow_rows
    texts, marks, firsts, bottom = place(labels, top, columns, thickness)
    if form == "wide":
        left = 20 + max((text_width(row["text"], SIZES["wide"].text) for row in texts), default=0)
        right = SIZES["wide"].width - columns
    else:
        left, right = 6, SIZES["narrow"].width - 6
    return Layout(
        form,
        bottom + 4,
        top,
        bottom,
        round(left) + inset,
        round(right) - inset,
        maximum,
        tuple(texts),
        tuple(marks),
        tuple(firsts),
    )


def _wide_rows(labels: Sequence[str], top: float, columns: float, thickness: float):
    sizes = SIZES["wide"]
    y, texts, marks = top, [], []
    for label in labels:
        lines = wrap(label, sizes.text, sizes.label)
        height = max(sizes.row, thickness + 10, sizes.line * len(lines) + 12)
        first = y + height / 2 - sizes.line * (len(lines) - 1) / 2
        texts += [{"y": first + i * sizes.line, "text": line} for i, line in enumerate(lines)]
        marks.append(y + height / 2)
        y += height
    return texts, marks, marks, y


def _narrow_rows(labels: Sequence[str], top: float, columns: float, thickness: float):
    sizes = SIZES["narrow"]
    y, texts, marks, firsts = top + NARROW_GAP, [], [], []
    for label in labels:
        lines = wrap(label, sizes.text, sizes.width - columns)
        firsts.append(y + sizes.line / 2)
        texts += [{"y": firsts[-1] + i * sizes.line, "text": line} for i, line in enumerate(lines)]
        marks.append(y + sizes.line * len(lines) + thickness / 2 + 2)
        y = marks[-1] + thickness / 2 + 13
    return texts, marks, firsts, y - 8


def plane(form: Form, height: float) -> Layout:
    """A chart placed in pixels: values on its scale are pixels from the left."""
    check_form(form)
    width = SIZES[form].width
    return Layout(form, height, 0, height, 0, width, width, (), (), ())


def without_margins(layout: Layout) -> Layout:
    """The same rows, the plot spread over the full width when narrow (stacked bars)."""
    return layout if layout.form == "wide" else replace(layout, left=0, right=layout.sizes.width)


def check_form(form: str) -> None:
    """Refuse a form other than `wide` and `narrow`."""
    if form not in SIZES:
        raise SurveyError(
            f"forme de graphique inconnue{NNBSP}: {form!r}{NNBSP}; attendu{NNBSP}: {sorted(SIZES)}."
        )


def ticks(maximum: float, *, most: int = 5) -> list[float]:
    """Round values from 0 to the first one at or above `maximum`, by steps of 1, 2 or 5.

    At most `most` steps. A maximum of zero, or next to it, gives 0 and 1.
    """
    if not maximum > 1e-9:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(maximum))
    factors = (0.1, 0.2, 0.5, 1, 2, 5, 10)
    steps = [power * factor for factor in factors]
    step = next(s for s in steps if math.ceil(maximum / s - 1e-9) <= most)
    return [round(i * step, 10) for i in range(math.ceil(maximum / step - 1e-9) + 1)]


def value_steps(maximum: float, statistic: str, *, most: int = 5) -> list[float]:
    """The ticks of a scale that holds `maximum`; those of shares end at 100 % at most."""
    steps = ticks(maximum, most=most)
    if statistic != "share" or steps[-1] <= 1:
        return steps
    return [*(step for step in steps if step < 1), 1.0]


def tick_text(value: float, statistic: str) -> str:
    """« 20 % », « 1 500 » or « 0,5 »."""
    if statistic == "share":
        value = round(100 * value, 6)
    text = integer(value) if float(value).is_integer() else decimal(value)
    return f"{text}{NNBSP}%" if statistic == "share" else text
