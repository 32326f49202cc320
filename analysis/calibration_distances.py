"""How far a g-weight is from 1, and the g-weight that each such distance gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy

from analysis.calibration_spec import CalibrationSpec
from analysis.checks import Floats

LARGEST_POWER = 700.0  # beyond, the exponential of a float overflows


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance G(g), convex, 0 at g = 1, and what Newton's method needs of it.

    At u = q x'λ, `factor` is F(u) = g, the inverse of G'; `slope` is F'(u); `integral` is the
    convex conjugate of G but for a constant: a function whose derivative is F, infinite where F
    overflows.
    """

    distance: Callable[[Floats], Floats]
    factor: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    integral: Callable[[Floats], Floats]


def distance_of(spec: CalibrationSpec) -> Distance:
    """The distance that `spec` asks for; Deville and Särndal (1992), JASA 87(418), 376-382."""
    if spec.method == "logit":
        return logit_distance(*spec.bounds)
    if spec.method == "raking":
        return RAKING if spec.bounds is None else clipped(RAKING, *np.log(floored(spec.bounds)))
    if spec.bounds is None:
        return LINEAR
    return clipped(LINEAR, spec.bounds[0] - 1, spec.bounds[1] - 1)


def floored(bounds: tuple[float, float]) -> Floats:
    """Bounds whose logarithm exists: a lower bound of 0 becomes the smallest float."""
    return np.maximum(bounds, np.finfo(float).tiny)


def exponential(u: Floats) -> Floats:
    """exp(u), infinite instead of a warning where it overflows."""
    return np.where(u > LARGEST_POWER, np.inf, np.exp(np.minimum(u, LARGEST_POWER)))


LINEAR = Distance(
    distance=lambda g: (g - 1) ** 2 / 2,
    factor=lambda u: 1 + u,
    slope=np.ones_like,
    integral=lambda u: u + u**2 / 2,
)
RAKING = Distance(
    distance=lambda g: xlogy(g, g) - g + 1,
    factor=exponential,
    slope=exponential,
    integral=exponential,
)


def clipped(base: Distance, lower: float, upper: float) -> Distance:
    """`base` with u, hence g, held between bounds: F is constant beyond them."""

    def integral(u: Floats) -> Floats:
        inside = np.clip(u, lower, upper)
        return base.integral(inside) + base.factor(inside) * (u - inside)

    return Distance(
        distance=base.distance,
        factor=lambda u: base.factor(np.clip(u, lower, upper)),
        slope=lambda u: np.where((u > lower) & (u < upper), base.slope(u), 0.0),
        integral=integral,
    )


def logit_distance(lower: float, upper: float) -> Distance:
    """CALMAR's logit method: F(u) = L + (U - L) / (1 + exp(-Au) (U - 1) / (1 - L))."""
    below, above = 1 - lower, upper - 1
    width = upper - lower
    speed = width / (below * above)
    shift = np.log(below / above)

    def power(u: Floats) -> Floats:
        return speed * u + shift

    def distance(g: Floats) -> Floats:
        low, high = np.maximum(g - lower, 0), np.maximum(upper - g, 0)
        return (xlogy(low, low / below) + xlogy(high, high / above)) / speed

    return Distance(
        distance=distance,
        factor=lambda u: lower + width * expit(power(u)),
        slope=lambda u: width * speed * expit(power(u)) * expit(-power(u)),
        integral=lambda u: lower * u + width / speed * np.logaddexp(0, power(u)),
    )
