"""How far a calibration moved the weights: its g-weights as a table, in words, as a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np
import polars as pl

from analysis.calibration import AT_BOUND, Calibration
from analysis.checks import Floats
from analysis.layout import SIZES, Form, Layout, Row, check_form, ticks
from analysis.lettering import text_width, wrap
from analysis.marks import Chart, Layer, assemble, segments, texts, told, uprights
from survey.french import NNBSP, decimal, integer, percent, typography

ORDERS = {"p05": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95}
WHOLE = "ensemble"
BINS = {"wide": 40, "narrow": 30}  # bars of a histogram, at most
PLOT = {"wide": 190, "narrow": 170}  # its height in pixels
BAR_TOOLTIP = (
    told("label", "Rapport de poids"),
    told("value", "Part des répondants"),
    told("n", "Répondants"),
)


def factor_table(calibration: Calibration) -> pl.DataFrame:
    """Distribution of the g-weights, overall then by category of each margin.

    Returns
    -------
    `variable` (« ensemble » first), `category` (null for it), `n_respondents`, then of their
    g-weights, each row counting once: `min`, `p05`, `q1`, `median`, `mean`, `q3`, `p95`, `max`
    (quantiles as R's type 7), and `at_lower`, `at_upper`, shares of rows at the bounds (null
    without bounds). A margin that is the total of a number has no row of its own.
    """
    factors = calibration.weighted
    categories = calibration.margins.filter(pl.col("category").is_not_null())
    columns = distribution(calibration.summary.bounds)
    nothing = pl.lit(None, pl.String)
    parts = [factors.select(variable=pl.lit(WHOLE), category=nothing, **columns)]
    for variable in categories["variable"].unique(maintain_order=True):
        names = categories.filter(pl.col("variable") == variable).select("variable", "category")
        found = factors.group_by(category=pl.col(variable).cast(pl.String)).agg(**columns)
        parts.append(names.join(found, on="category", how="left", maintain_order="left"))
    return pl.concat(parts)


def distribution(bounds: tuple[float, float] | None) -> dict[str, pl.Expr]:
    """The columns that describe g-weights."""
    g = pl.col("g_weight")
    nothing = pl.lit(None, pl.Float64)
    low, high = bounds or (None, None)
    quantiles = {name: g.quantile(order, "linear") for name, order in ORDERS.items()}
    return {
        "n_respondents": g.count(),
        "min": g.min(),
        **{name: quantiles[name] for name in ("p05", "q1", "median")},
        "mean": g.mean(),
        **{name: quantiles[name] for name in ("q3", "p95")},
        "max": g.max(),
        "at_lower": nothing if low is None else (g <= low + AT_BOUND).mean(),
        "at_upper": nothing if high is None else (g >= high - AT_BOUND).mean(),
    }


def factor_words(calibration: Calibration) -> str:
    """The g-weights in two sentences: the text alternative of the charts."""
    summary, row = calibration.summary, factor_table(calibration).row(0, named=True)
    words = (
        f"Rapports entre poids calé et poids de départ de {integer(summary.n_rows)} répondants : "
        f"de {decimal(row['min'], 2)} à {decimal(row['max'], 2)}, médiane "
        f"{decimal(row['median'], 2)} ; la moitié centrale va de {decimal(row['q1'], 2)} à "
        f"{decimal(row['q3'], 2)}."
    )
    if summary.bounds is not None:
        words += " " + " ; ".join(bound_names(calibration)).capitalize() + "."
    return typography(words)


def bound_names(calibration: Calibration) -> list[str]:
    """« borne basse 0,50 : 12 répondants (6 %) » for each finite bound."""
    summary = calibration.summary
    if summary.bounds is None:
        return []
    counts = (summary.at_lower, summary.at_upper)
    return [
        typography(
            f"borne {side} {decimal(bound, 2)} : {integer(count)} "
            f"répondant{'s' if count > 1 else ''} ({percent(count / summary.n_rows)})"
        )
        for side, bound, count in zip(("basse", "haute"), summary.bounds, counts, strict=True)
        if isfinite(bound)
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """A scale of g-weights: from `start`, by `step`, `count` times; the chart's own starts at 0."""

    start: float
    step: float
    count: int

    @property
    def width(self) -> float:
        """Length of the scale."""
        return self.count * self.step

    def holding(self, bounds: tuple[float, float] | None) -> list[float]:
        """The bounds that are on the scale."""
        return [b for b in bounds or () if -1e-9 <= b - self.start <= self.width + 1e-9]

    def every(self, form: Form) -> int:
        """One tick in so many is named."""
        return 1 if form == "wide" else ceil(self.count / 5)

    def name(self, place: int) -> str:
        """The tick at this place, with the digits its step needs."""
        digits = max(0, ceil(-log10(self.step) - 1e-9))
        return decimal(round(self.start + place * self.step, 12), digits)


def span_of(calibration: Calibration) -> Span:
    """A scale that holds all g-weights, 1, and each bound unless it is far beyond them."""
    summary = calibration.summary
    low, high = min(1.0, summary.g_min), max(1.0, summary.g_max)
    reach = high - low
    near = [b for b in summary.bounds or () if low - reach <= b <= high + reach]
    low, high = min(low, *near, high), max(high, *near, low)
    step = ticks(max(high - low, 0.01))[1]
    start = floor(low / step + 1e-9)
    count = max(1, ceil(high / step - 1e-9) - start)
    return Span(start * step, step, count)


def factor_chart(calibration: Calibration, *, form: Form = "wide") -> Chart:
    """Histogram of the g-weights: share of respondents by class, 1 in orange, bounds dashed.

    Classes are closed on the right. A bound more than the spread of the g-weights away from them is
    named but not drawn.
    """
    check_form(form)
    span = span_of(calibration)
    bars = histogram(calibration, span, form)
    steps = ticks(max(bar["share"] for bar in bars))
    names = bound_names(calibration)
    layout = histogram_layout(span, len(names), max(names_width(steps), 30), form)
    rise = (layout.bottom - layout.top) / steps[-1]
    thick = (layout.right - layout.left) / len(bars) - 1
    columns = [
        bar | {"y": layout.bottom, "y2": round(layout.bottom - bar["share"] * rise, 1)}
        for bar in bars
        if bar["share"]
    ]
    drawn = uprights(columns, colour="data", width=round(thick, 2), tooltip=BAR_TOOLTIP)
    layers = [*levels_of(steps, layout, rise), drawn, *under(layout, span)]
    layers += one_and_bounds(calibration, layout, span, layout.top - 18, [plot(layout)])
    layers += bounds_named(names, layout)
    return assemble(layers, layout, description=factor_words(calibration))


def histogram(calibration: Calibration, span: Span, form: Form) -> list[Row]:
    """One row a class: its middle on the scale, its share and its words."""
    cut = classes(span, calibration.summary.bounds, BINS[form] // span.count)
    width, n_bins = span.step / cut, cut * span.count
    g = calibration.weighted["g_weight"].drop_nulls().to_numpy()
    place = np.ceil(
        inside(g, calibration.summary.bounds, 1e-6 * width) / width - span.start / width
    )
    counts = np.bincount(np.clip(place.astype(int) - 1, 0, n_bins - 1), minlength=n_bins)
    digits = max(2, ceil(-log10(width) - 1e-9))
    edges = [decimal(span.start + i * width, digits) for i in range(n_bins + 1)]
    return [
        {
            "x": round((i + 0.5) * width, 6),
            "share": count / len(g),
            "label": f"de {edges[i]} à {edges[i + 1]}",
            "value": percent(count / len(g), 1),
            "n": integer(count),
        }
        for i, count in enumerate(counts.tolist())
    ]


def classes(span: Span, bounds: tuple[float, float] | None, most: int) -> int:
    """Classes within a step, `most` at most: many, but such that bounds on the scale part them."""
    drawn = span.holding(bounds)
    possible = [cut for cut in (10, 5, 4, 2) if cut <= most]
    for cut in possible:
        if all(abs(b * cut / span.step - round(b * cut / span.step)) < 1e-6 for b in drawn):
            return cut
    return possible[0] if possible else 1


def inside(g: Floats, bounds: tuple[float, float] | None, room: float) -> Floats:
    """g-weights at a bound drawn in a little, so that they are counted on its inner side."""
    g = g - room / 10  # rounding errors above an edge
    return g if bounds is None else np.clip(g, bounds[0] + room, bounds[1] - room)


def names_width(steps: Sequence[float]) -> float:
    """Pixels kept for the names of the levels."""
    return max(text_width(percent(step), SIZES["wide"].small) for step in steps) + 10


def histogram_layout(span: Span, n_names: int, left: float, form: Form) -> Layout:
    """The plot, under the names of the bounds and of 1, over the scale and its caption."""
    sizes = SIZES[form]
    lines = n_names if form == "narrow" else min(n_names, 1)
    top = 22 * (lines + 1) + 12
    bottom = top + PLOT[form]
    height = bottom + 30 + sizes.line * len(caption(form))
    right = sizes.width - 20
    return Layout(form, height, top, bottom, round(left), right, span.width, (), (), ())


def caption(form: Form) -> list[str]:
    """What the scales of the histogram say, in lines."""
    words = "Part des répondants selon le rapport entre poids calé et poids de départ"
    return wrap(words, SIZES[form].small, SIZES[form].width - 8)


def levels_of(steps: Sequence[float], layout: Layout, rise: float) -> list[Layer]:
    """Horizontal rules of the shares, named at the left."""
    heights = [(step, round(layout.bottom - step * rise, 1)) for step in steps]
    rules = [{"x": 0, "x2": layout.maximum, "y": y} for _, y in heights]
    names = [layout.at(layout.left - 6, y, percent(step, digits_of(steps))) for step, y in heights]
    small = layout.sizes.small
    return [
        segments(rules, width=1, colour="rule"),
        texts(names, colour="soft", size=small, align="right"),
    ]


def digits_of(steps: Sequence[float]) -> int:
    """Digits that keep two neighbouring shares apart."""
    return 0 if steps[1] >= 0.01 else 1


def under(layout: Layout, span: Span) -> list[Layer]:
    """Names of the scale under the plot, then its caption."""
    y, sizes = layout.bottom + 18, layout.sizes
    names = [
        layout.over(place * span.step, y, span.name(place))
        for place in range(0, span.count + 1, span.every(layout.form))
    ]
    lines = [
        layout.at(0, y + 22 + i * sizes.line, line) for i, line in enumerate(caption(layout.form))
    ]
    return [
        texts(names, colour="soft", size=sizes.small, align="center"),
        texts(lines, colour="soft", size=sizes.small),
    ]


def plot(layout: Layout) -> tuple[float, float]:
    """Heights between which a line crosses the whole plot."""
    return layout.top - 2, layout.bottom


def one_and_bounds(
    calibration: Calibration,
    layout: Layout,
    span: Span,
    y: float,
    heights: Sequence[tuple[float, float]],
) -> list[Layer]:
    """The line of 1, orange, named at `y`, and those of the bounds on the scale, at `heights`."""
    bounds = span.holding(calibration.summary.bounds)
    lines = [
        [
            {"x": round(g - span.start, 6), "y": low, "y2": high}
            for g in some
            for low, high in heights
        ]
        for some in (bounds, [1.0])
    ]
    name = layout.over(1 - span.start, y, f"1{NNBSP}: poids inchangé", bold=True)
    small = layout.sizes.small
    return [
        uprights(lines[0], colour="ink", width=1.5, strokeDash=[2, 3]),
        uprights(lines[1], colour="reference", width=1.5, strokeDash=[4, 3]),
        texts([name], colour="reference", size=small, bold=True, align="center"),
    ]


def bounds_named(names: Sequence[str], layout: Layout) -> list[Layer]:
    """The bounds and their counts above the plot: on one line when wide."""
    small = layout.sizes.small
    if layout.form == "narrow" or len(names) < 2:
        rows = [layout.at(0, 12 + 22 * i, name) for i, name in enumerate(names)]
        return [texts(rows, size=small)]
    first, last = layout.at(layout.left, 12, names[0]), layout.at(layout.right, 12, names[1])
    return [texts([first], size=small), texts([last], size=small, align="right")]
