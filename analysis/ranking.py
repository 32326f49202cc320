"""Who may be said first or last, and which gaps are: one rule for every word of the site.

Titles, pages, text alternatives and the explorer (which has its own copy, in `explorer-model.js`)
ask here. Rows are mappings with `estimate`, `conf_low`, `conf_high`, all shown, the largest first.
Their status does not count: a gap that is tested may be said of a fragile level, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations
from math import hypot, inf, sqrt
from typing import Any

from scipy.stats import studentized_range

Row = Mapping[str, Any]
NORMAL_95 = 1.959964
# How many rows the studentised range is computed for; others take the next one.
COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100, 200, 500)


def is_above(high: Row, low: Row, count: int) -> bool:
    """Whether `high` surely stands above `low`, both being among `count` rows."""
    return clearly_above(high, low) and surely_apart(high, low, count)


def clearly_above(high: Row, low: Row) -> bool:
    """Whether the interval of `high` lies wholly above that of `low`; False when one is missing."""
    bounds = (high["conf_low"], low["conf_high"])
    return None not in bounds and bounds[0] > bounds[1]


def surely_apart(high: Row, low: Row, count: int) -> bool:
    """Whether the extremes of `count` domains differ more than chance alone would part them.

    Tukey's studentised range at 5 %, standard errors being taken from the 95 % intervals.
    """
    errors = [(cell["conf_high"] - cell["conf_low"]) / (2 * NORMAL_95) for cell in (high, low)]
    return high["estimate"] - low["estimate"] > range_allowed(count) * hypot(*errors)


@cache
def range_allowed(count: int) -> float:
    """Errors of a difference by which chance parts the extremes of `count` domains, 19 in 20.

    Of the first of `COUNTS` that is as large, the last for more.
    """
    known = next((each for each in COUNTS if each >= count), COUNTS[-1])
    return float(studentized_range.ppf(0.95, known, inf)) / sqrt(2)


def leaders(rows: Sequence[Row], most: int = 1) -> int:
    """How many of the first rows, `most` at most, all stand above all others; the fewest, or 0."""
    for size in range(1, min(most, len(rows) - 1) + 1):
        if all(is_above(high, low, len(rows)) for high in rows[:size] for low in rows[size:]):
            return size
    return 0


def has_last(rows: Sequence[Row]) -> bool:
    """Whether the last row stands under every other."""
    return len(rows) > 1 and all(is_above(high, rows[-1], len(rows)) for high in rows[:-1])


def widest_gap(rows: Sequence[Row]) -> tuple[Row, Row] | None:
    """The two rows farthest apart among those that surely differ, the higher first; None if none.

    They are the first and the last whenever these do.
    """
    if len(rows) < 2:
        return None
    ends = (rows[0], rows[-1])
    if is_above(*ends, len(rows)):
        return ends
    apart = [pair for pair in combinations(rows, 2) if is_above(*pair, len(rows))]
    return max(apart, key=lambda pair: pair[0]["estimate"] - pair[1]["estimate"], default=None)
