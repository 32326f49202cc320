"""Change over several editions: points with their intervals, joined where they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analysis.cells import count_text, display
from analysis.layout import SIZES, Form, Row, plane, tick_text, value_steps
from analysis.lettering import text_width, wrap
from analysis.marks import (
    Chart,
    Layer,
    assemble,
    dots,
    merged,
    segments,
    slopes,
    texts,
    told,
    uprights,
)
from survey.errors import SurveyError
from survey.french import NNBSP

ABREAST = {"wide": 3, "narrow": 1}  # panels side by side, at most
GAP = 30  # between two panels
RISE = {"wide": 220, "narrow": 170}  # height of a plot that is alone on its line
LOW_RISE = 120  # of several
LINE = 18
BREAK = "rupture"
DOT = 60
YEAR_TOOLTIP = (
    told("label", "Ligne"),
    told("year", "Édition"),
    told("value", "Estimation"),
    told("interval", f"Intervalle à 95{NNBSP}%"),
    told("n", "Répondants"),
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One series in pixels: `left` and `right` bound its points, `top` and `bottom` its scale."""

    left: float
    right: float
    top: float
    bottom: float
    years: tuple[int, ...]
    steps: tuple[float, ...]

    def x(self, year: int) -> float:
        """Where an edition stands: years are spaced as they passed."""
        if len(self.years) == 1:
            return round((self.left + self.right) / 2, 1)
        share = (year - self.years[0]) / (self.years[-1] - self.years[0])
        return round(self.left + share * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        """The height of a value; zero stands at the bottom."""
        return round(self.bottom - value / self.steps[-1] * (self.bottom - self.top), 1)


def evolution(frame: pl.DataFrame, *, form: Form = "wide") -> Chart:
    """One panel a label, all on one scale from zero: editions in order, intervals as uprights.

    `frame` holds published cells of several editions, with the columns `comparable_since` and
    `series_break` of `analysis.series` where a series may have broken. No line joins two editions
    that a break parts: a dotted upright and « rupture » stand between them. A withheld edition
    reads « nd » or « secret » at the foot, and the line stops on both its sides.
    """
    cells = display(frame).sort("edition", maintain_order=True)
    years = tuple(sorted(set(cells["edition"])))
    if len(years) < 2:
        raise SurveyError(f"évolution{NNBSP}: deux éditions au moins{NNBSP}; trouvé {list(years)}.")
    labels = display(frame)["label"].unique(maintain_order=True)
    groups = [cells.filter(pl.col("label") == label) for label in labels]
    top = cells.select(pl.max_horizontal("estimate", "conf_high").max()).item() or 0
    steps = tuple(value_steps(top, cells["statistic"][0], most=4))
    titled = len(labels) > 1
    panels, height = _panels(groups, years, steps, form, titled)
    layers: list[Layer] = []
    for (panel, title_top), group in zip(panels, groups, strict=True):
        rows = group.to_dicts()
        layers += _scale(panel, rows[0]["statistic"])
        layers += _series(panel, rows)
        if titled:
            layers += _title(rows[0]["label"], panel, title_top)
    return assemble(merged(layers), plane(form, height))


def _panels(
    groups: Sequence[pl.DataFrame],
    years: tuple[int, ...],
    steps: tuple[float, ...],
    form: Form,
    titled: bool,
) -> tuple[list[tuple[Panel, float]], float]:
    """The panels, and where the title of each begins."""
    sizes = SIZES[form]
    count = min(ABREAST[form], len(groups))
    width = (sizes.width - GAP * (count - 1)) / count
    statistic = groups[0]["statistic"][0]
    broken = any("series_break" in part and part["series_break"].count() for part in groups)
    scale = max(text_width(tick_text(step, statistic), sizes.small) for step in steps) + 10
    rise = RISE[form] if count == 1 and len(groups) == 1 else LOW_RISE
    panels, top = [], 0.0
    for first in range(0, len(groups), count):
        titles = [part["label"][0] for part in groups[first : first + count]]
        lines = max(len(wrap(title, 15, width - scale, bold=True)) for title in titles)
        head = (LINE * lines + 6 if titled else 0) + (44 if broken else 26)
        for i in range(len(titles)):
            left = i * (width + GAP)
            inner = (left + scale + 20, left + width - 24)
            panels.append((Panel(*inner, top + head, top + head + rise, years, steps), top))
        top += head + rise + 44
    return panels, top - 14


def _title(label: str, panel: Panel, top: float) -> list[Layer]:
    left = panel.left - 16
    lines = wrap(label, 15, panel.right + 24 - left, bold=True)
    rows = [{"x": left, "y": top + 10 + LINE * i, "text": line} for i, line in enumerate(lines)]
    return [texts(rows, bold=True)]


def _scale(panel: Panel, statistic: str) -> list[Layer]:
    """Lines of the values, named at the left; the editions under the plot."""
    rules = [
        {"x": panel.left - 16, "x2": panel.right + 16, "y": panel.y(step)} for step in panel.steps
    ]
    values = [
        {"x": panel.left - 22, "y": panel.y(step), "text": tick_text(step, statistic)}
        for step in panel.steps
    ]
    room = (panel.right - panel.left) / max(panel.years[-1] - panel.years[0], 1)
    ends = (panel.years[0], panel.years[-1])
    named = panel.years if room >= 38 else ends
    years = [{"x": panel.x(year), "y": panel.bottom + 16, "text": str(year)} for year in named]
    return [
        segments(rules, width=1, colour="rule"),
        texts(values, colour="soft", size=14.5, align="right"),
        texts(years, colour="soft", size=14.5, align="center"),
    ]


def _series(panel: Panel, rows: Sequence[Row]) -> list[Layer]:
    found = {row["edition"]: row for row in rows}
    lines, breaks = [], []
    for before, after in zip(panel.years, panel.years[1:], strict=False):
        first, second = found.get(before), found.get(after)
        if second is not None and _broken(second, before):
            breaks.append((panel.x(before) + panel.x(after)) / 2)
        elif _shown(first) and _shown(second):
            ends = {"x": panel.x(before), "y": panel.y(first["estimate"])}
            lines.append(ends | {"x2": panel.x(after), "y2": panel.y(second["estimate"])})
    shown = [row for row in rows if _shown(row)]
    strips, *values = _values(panel, shown)
    drawn = [strips, slopes(lines, colour="data", width=2.5), *_breaks(panel, breaks), *values]
    for fragile in (True, False):
        some = [row for row in shown if (row["status"] == "fragile") == fragile]
        drawn += _points(panel, some, fragile)
    silent = [
        {"x": panel.x(row["edition"]), "y": panel.bottom - 12, "text": row["status"]}
        for row in rows
        if row["reason"]
    ]
    return [*drawn, texts(silent, colour="fragile", size=14.5, align="center")]


def _broken(row: Row, before: int) -> bool:
    """Whether the series broke since the edition `before`."""
    since = row.get("comparable_since")
    return row.get("series_break") is not None and since is not None and before < since


def _shown(row: Row | None) -> bool:
    return row is not None and row["reason"] is None


def _breaks(panel: Panel, places: Sequence[float]) -> list[Layer]:
    rows = [{"x": round(x, 1), "y": panel.top - 22, "y2": panel.bottom} for x in places]
    words = [{"x": round(x, 1), "y": panel.top - 32, "text": BREAK} for x in places]
    return [
        uprights(rows, colour="soft", width=1.5, strokeDash=[2, 3]),
        texts(words, colour="soft", size=14.5, align="center"),
    ]


def _points(panel: Panel, rows: Sequence[Row], fragile: bool) -> list[Layer]:
    """Dots over their intervals, the value beside: above the interval, or under at the top."""
    bands = [
        {"x": panel.x(row["edition"]), "y": panel.y(row["conf_high"])}
        | {"y2": panel.y(row["conf_low"])}
        for row in rows
        if row["conf_low"] is not None
    ]
    points = [
        {"x": panel.x(row["edition"]), "y": panel.y(row["estimate"]), "label": row["label"]}
        | {"year": str(row["edition"]), "value": row["value"], "interval": row["interval"]}
        | {"n": count_text(row["n_respondents"])}
        for row in rows
    ]
    tone = "fragile" if fragile else "data"
    return [
        uprights(bands, colour="rule" if fragile else "data-2", width=6),
        dots(
            points,
            fill="paper" if fragile else "data",
            stroke=tone,
            size=DOT,
            tooltip=YEAR_TOOLTIP,
        ),
    ]


def _values(panel: Panel, rows: Sequence[Row]) -> list[Layer]:
    """Each value over its interval, or under it where a line would cross it; on paper."""
    placed = []
    for i, row in enumerate(rows):
        x, y = panel.x(row["edition"]), panel.y(row["estimate"])
        low, high = (
            row["estimate"] if row[end] is None else row[end] for end in ("conf_low", "conf_high")
        )
        half = text_width(row["value"], 15, bold=True) / 2
        around = (*rows[max(i - 1, 0) : i], *rows[i + 1 : i + 2])
        rises = [
            (y - panel.y(other["estimate"])) / abs(panel.x(other["edition"]) - x) * half
            for other in around
        ]
        under = panel.y(low) + 14
        crossed = max(rises, default=0) > y - panel.y(high) + 4
        at = under if crossed and under < panel.bottom - 8 else panel.y(high) - 13
        placed.append((row["status"] == "fragile", {"x": x, "y": at, "text": row["value"]}))
    strips = []
    for _, text in placed:
        half = text_width(text["text"], 15, bold=True) / 2 + 1
        ends = {"x": round(text["x"] - half, 1), "x2": round(text["x"] + half, 1)}
        strips.append(ends | {"y": text["y"]})
    layers = [segments(strips, width=16, colour="paper")]
    for colour, kind in (("fragile", True), ("ink", False)):
        some = [text for fragile, text in placed if fragile == kind]
        layers.append(texts(some, colour=colour, bold=True, align="center"))
    return layers
