"""Tails of weighted sums of chi-squares, the law of Pearson's statistic under a complex design."""

from __future__ import annotations

import numpy as np
from scipy import integrate, optimize, special

from analysis.checks import Floats


def weighted_tail(value: float, weights: Floats, ddf: float) -> float:
    """P(sum of `weights` x chi-square of 1 > `value` x chi-square of `ddf` / `ddf`), integrated.

    Imhof (1961), Biometrika 48, 419-426. Absolute precision 1e-9: a smaller tail is rounding. A
    single weight needs no integral.
    """
    weights, counts = mixed(value, weights, ddf)
    if len(weights) == 2:
        return float(special.fdtrc(1, ddf, -weights[1] * ddf / weights[0]))

    def integrand(u: float) -> float:
        angle = counts @ np.arctan(weights * u) / 2
        damping = counts @ np.log1p((weights * u) ** 2) / 4
        return np.sin(angle) * np.exp(-damping) / u

    # ln u makes the scale of the integrand no matter; the tails left out are below 1e-12.
    span = np.array([1e-13, 1e13]) / np.abs(weights).max()
    area = integrate.quad(
        lambda log: integrand(np.exp(log)) * np.exp(log),
        *np.log(span),
        epsabs=1e-10,
        epsrel=1e-10,
        limit=2000,
    )[0]
    return float(np.clip(0.5 + area / np.pi, 0, 1))


def saddlepoint_tail(value: float, weights: Floats, ddf: float) -> float:
    """The same tail by the saddlepoint of Kuonen (1999), as R's `pFsum`; good in the far tail too.

    Near the mean, where the approximation breaks down, that of Satterthwaite.
    """
    ndf = weights.sum() ** 2 / (weights**2).sum()
    plain = float(special.fdtrc(ndf, ddf, value / weights.sum()))
    mixture, counts = mixed(value, weights, ddf)

    def slope(at: float) -> float:
        return float(counts @ (mixture / (1 - 2 * at * mixture)))

    low = 0.99999 / (2 * mixture.min())
    high = 0.99999 / (2 * mixture.max())
    if slope(low) * slope(high) > 0:
        return plain
    at = optimize.brentq(slope, low, high, xtol=1e-13)
    if abs(at) < 1e-4:
        return plain
    height = -(counts @ np.log1p(-2 * at * mixture)) / 2
    curve = 2 * counts @ (mixture / (1 - 2 * at * mixture)) ** 2
    w = np.sign(at) * np.sqrt(-2 * height)
    return float(special.ndtr(-(w + np.log(at * np.sqrt(curve) / w) / w)))


def mixed(value: float, weights: Floats, ddf: float) -> tuple[Floats, Floats]:
    """Weights of the difference to be above 0, the largest being 1, and their chi-squares' df."""
    kept = weights[weights > 1e-12 * weights.max()]
    mixture = np.append(kept, -value / ddf) / kept.max()
    return mixture, np.append(np.ones(len(kept)), ddf)
