"""How far a calibration moved the weights: g-weights as a table, a histogram and boxes.

Both charts have a wide and a narrow form; `factor_words` is their text alternative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import altair as alt
import numpy as np
import polars as pl

from analysis.calibration import AT_BOUND, Calibration
from analysis.checks import Floats
from analysis.layout import SIZES, Form, Layout, Row, check_form, row_layout, ticks
from analysis.lettering import text_width, wrap
from analysis.marks import assemble, dots, segments, texts, uprights
from survey.french import NNBSP, decimal, integer, percent, typography

ORDERS = {"p05": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95}
WHOLE = "ensemble"
BINS = {"wide": 36, "narrow": 24}  # bars of a histogram, at most
PLOT = {"wide": 190, "narrow": 170}  # its height in pixels
BAR_TOOLTIP = (
    alt.Tooltip("label:N", title="Rapport de poids"),
    alt.Tooltip("value:N", title="Part des répondants"),
    alt.Tooltip("n:N", title="Répondants"),
)
BOX_TOOLTIP = (
    alt.Tooltip("label:N", title="Ligne"),
    alt.Tooltip("value:N", title="Médiane"),
    alt.Tooltip("interval:N", title="Étendue"),
    alt.Tooltip("n:N", title="Répondants"),
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
    distribution = described(calibration.summary.bounds)
    parts = [factors.select(variable=pl.lit(WHOLE), category=pl.lit(None, pl.String), *distribution)]
    for (variable,), rows in categories.group_by("variable", maintain_order=True):
        found = factors.group_by(category=pl.col(variable).cast(pl.String)).agg(**distribution)
        parts.append(rows.select("variable", "category").join(found, on="category", how="left", maintain_order="left"))
    return pl.concat(parts)
