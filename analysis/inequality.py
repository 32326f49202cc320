"""How unequally a total is held: Gini's index and quantile shares, linearised, by domain.

Both are defined for values that are never negative and not all zero; in a domain where they are
not, the estimate is NaN and its scores are 0. Scores are the derivatives of the estimate with
respect to the weights, which is the linearised variable of Deville (1999, Survey Methodology 25,
193-203); ties and unequal weights need no approximation.

Not done: correction of the bias of small samples (the Gini of n rows is short by about 1/n).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.checks import Floats, fault, row_numbers
from analysis.quantiles import Ranking, cumulated, quantile_values
from survey.marked import advice


def refuse_negative(indicator: str, value: Floats, answered: NDArray[np.bool_]) -> None:
    """Raise when an answered value is negative, naming the indicator and the rows."""
    wrong = answered & (value < 0)
    if wrong.any():
        raise fault(
            f"Indicateur « {indicator} » : valeur négative ({row_numbers(pl.Series(wrong))}) ; un "
            "indice de Gini ou une part détenue demande des valeurs positives ou nulles : corriger "
            f"ces lignes ou les écarter{advice('base', ' par « base »')}."
        )


def held_totals(ranked: Ranking) -> Floats:
    """Total of the values by domain; NaN where one is negative, all are zero or none counts."""
    total = ranked.sums(ranked.weight * ranked.value)
    negative = ranked.sums((ranked.value < 0).astype(float)) > 0
    return np.where((total > 0) & ~negative, total, np.nan)


def gini_scores(ranked: Ranking, n_rows: int) -> tuple[Floats, Floats]:
    """Gini's index by domain, and the linearised variable of each of the `n_rows` rows.

    G = Σₖ Σₗ wₖ wₗ |yₖ - yₗ| / 2NY, with N the weight and Y the total, and the score of a row is
    Σₗ wₗ |y - yₗ| / NY - G (1/N + y/Y): Langel and Tillé (2013, JRSS A 176, 521-540).
    """
    domain, weight, value = ranked.domain, ranked.weight, ranked.value
    size, held = ranked.total, held_totals(ranked)
    # Only distances count: from the smallest value, they are exactly 0 where all are equal.
    first = np.searchsorted(domain, np.arange(len(size)))
    height = value - value[first[domain]]
    under = cumulated(weight * height, domain, len(size))
    sums = ranked.sums(weight * height)
    distance = height * (2 * ranked.share - 1) * size[domain] + sums[domain] - 2 * under
    with np.errstate(divide="ignore", invalid="ignore"):
        gini = ranked.sums(weight * distance) / (2 * size * held)
        scores = distance / (size * held)[domain] - gini[domain] * (
            1 / size[domain] + value / held[domain]
        )
    return gini, ranked.placed(np.nan_to_num(scores), n_rows)


def quantile_share_scores(ranked: Ranking, order: float, n_rows: int) -> tuple[Floats, Floats]:
    """Share of the total held above the quantile of `order`, by domain, and its scores.

    It is 1 - L(p), with L Lorenz's curve: exactly 1 - p of the weight is above, the rows at the
    quantile q being counted in part (Langel and Tillé, 2011, JSPI 141, 2976-2985). The bottom share
    is 1 less it, with the opposite scores. L Y is the sum of w min(y, q), less (1 - p) N q, and q
    maximises it: the score of L is (min(y, q) - (1 - p) q - L y) / Y (Osier, 2009, SRM 3, 167-195).
    Where p is exactly the share of the weight up to a row, two values maximise it: q is the lower.
    """
    domain, weight = ranked.domain, ranked.weight
    held = held_totals(ranked)
    limit = quantile_values(ranked, np.full(len(held), order))[domain]
    # Written with y - q, so that equal values have scores of exactly 0.
    gap = ranked.value - limit
    short = np.minimum(gap, 0)
    excess = (order * ranked.sums(weight * gap) - ranked.sums(weight * short)) / held
    scores = short + excess[domain] * limit - (order - excess[domain]) * gap
    return 1 - order + excess, ranked.placed(np.nan_to_num(-scores / held[domain]), n_rows)
