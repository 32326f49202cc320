"""Circles pushed apart until none overlaps another, each as near its own place as may be.

Given places in pixels and weights, gives centres and radii. The area of a circle is
proportional to its weight. The same input gives the same output: nothing is drawn at random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

STEPS = 400  # of pushing apart while drawn back home
LAST_STEPS = 600  # of pushing apart only
SHRINK = 0.94  # of the radii, when the frame is too full
WIDEST = 0.6  # of the shorter side, for the diameter of the largest circle
GOLDEN = math.pi * (3 - math.sqrt(5))
Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Packing:
    """Centres (`x` to the right, `y` downwards) and radii in pixels, in a frame of that size."""

    x: Array
    y: Array
    radius: Array
    width: float
    height: float
    pixels_a_unit: float  # radius of a circle of weight 1


def pack(
    homes: Array, weights: Array, width: float, height: float, *, fill: float, gap: float = 2
) -> Packing:
    """Place one circle per row of `homes` (n x 2, pixels) in a frame `width` by `height`.

    Parameters
    ----------
    weights : n positive numbers
    fill : share of the frame that circles cover when they have room for it
    gap : pixels kept between two circles

    Circles that cannot be pushed apart within the frame are all made smaller by the same factor.
    """
    homes, weights = np.asarray(homes, float), np.asarray(weights, float)
    unit = math.sqrt(fill * width * height / (math.pi * weights.sum()))
    largest = WIDEST * min(width, height) / 2
    unit = min(unit, largest / math.sqrt(weights.max()))
    centres, radii = _settle(homes, unit * np.sqrt(weights), (width, height), gap)
    unit = float(radii.max() / math.sqrt(weights.max()))
    return Packing(centres[:, 0], centres[:, 1], radii, width, height, unit)


def _settle(
    homes: Array, radii: Array, frame: tuple[float, float], gap: float
) -> tuple[Array, Array]:
    # Two circles at the very same place part along a fixed spiral.
    turns = np.arange(len(homes)) * GOLDEN
    start = homes + 1e-3 * np.column_stack([np.cos(turns), np.sin(turns)])
    while True:
        centres = _apart(start, homes, radii, frame, gap)
        room = _room(centres, radii)
        if room >= gap / 2:
            return np.round(centres, 1), np.round(radii, 2)
        radii = SHRINK * radii


def _apart(
    start: Array, homes: Array, radii: Array, frame: tuple[float, float], gap: float
) -> Array:
    """Centres after pushing: first drawn back home with less and less force, then let go."""
    low, high = radii[:, None], np.asarray(frame) - radii[:, None]
    centres = start
    for step in range(STEPS + LAST_STEPS):
        pull = 0.06 * max(1 - step / STEPS, 0)
        pushed = _push(centres, radii, gap)
        if step > STEPS and np.abs(pushed).max() < 0.05:
            break
        centres = np.clip(centres + pull * (homes - centres) + pushed, low, high)
    return centres


def _push(centres: Array, radii: Array, gap: float) -> Array:
    """How far each centre is pushed by those it touches; the lighter of two gives way."""
    away, distance, reach = _pairs(centres, radii)
    depth = np.maximum(reach + gap - distance, 0)
    areas = radii**2
    share = areas / (areas[:, None] + areas)  # of the other
    step = 0.6 * depth * share / np.maximum(distance, 1e-9)
    return (step[:, :, None] * away).sum(axis=1)


def _room(centres: Array, radii: Array) -> float:
    """The least distance between two circles; negative when some overlap."""
    _, distance, reach = _pairs(centres, radii)
    return float((distance - reach).min()) if len(radii) > 1 else math.inf


def _pairs(centres: Array, radii: Array) -> tuple[Array, Array, Array]:
    """For each two circles: vector and distance between centres, sum of the radii."""
    away = centres[:, None, :] - centres
    distance = np.sqrt((away**2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    return away, distance, radii[:, None] + radii
