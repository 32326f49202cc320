"""The palette by day, by night and on paper, as everybody sees it, colour-blind readers included.

Simulated as Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis.marks import DARK_TINTS, PALETTE, TINTS

CSS = (Path(__file__).parents[2] / "reports/assets/site.css").read_text(encoding="utf-8")
SEEN = {
    "whole": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def tokens(block):
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
    return {n: "#" + "".join(2 * c for c in v[1:]) if len(v) == 4 else v for n, v in found.items()}


LIGHT = tokens(CSS[CSS.index(":root {") : CSS.index("@media (prefers-color-scheme: dark)")])
DARK = LIGHT | tokens(CSS[CSS.index("(prefers-color-scheme: dark)") : CSS.index("/* Text */")])
PRINT = DARK | tokens(CSS[CSS.index("@media print") :])
THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}
EVERYBODY = pytest.mark.parametrize("seen", SEEN)
ALWAYS = pytest.mark.parametrize("theme", THEMES)


def luminance(colour, seen):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(np.clip(SEEN[seen] @ linear, 0, 1) @ [0.2126, 0.7152, 0.0722])


def contrast(theme, one, other, seen):
    low, high = sorted(luminance(THEMES[theme][name], seen) for name in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_page_and_the_charts_share_their_colours():
    assert {name: LIGHT[name] for name in PALETTE} == PALETTE
    assert {name: PRINT[name] for name in PALETTE} == PALETTE
    assert all(DARK[name] != LIGHT[name] for name in PALETTE)


@EVERYBODY
@ALWAYS
def test_words_are_read_on_paper_and_on_every_tint(theme, seen):
    for name in ("ink", "soft", "data", "reference", "fragile"):
        assert contrast(theme, name, "paper", seen) >= 4.5, name
    for tint in (*TINTS, "against", "against-2", "rule"):
        letters = "paper" if tint in DARK_TINTS else "ink"
        assert contrast(theme, letters, tint, seen) >= 4.5, tint


@EVERYBODY
@ALWAYS
def test_marks_stand_out_from_the_paper(theme, seen):
    """Dots, lines, frames and bars read by their end; lighter tints always carry their number."""
    for name in ("data", "data-3", "against", "reference", "fragile", "ink"):
        assert contrast(theme, name, "paper", seen) >= 3, name
    assert contrast(theme, "data", "data-2", seen) >= 3, "a dot on its interval"


@EVERYBODY
@ALWAYS
def test_tints_differ_by_their_luminance_alone(theme, seen):
    for one, other in pairwise((*TINTS, "paper")):
        assert contrast(theme, one, other, seen) >= 1.2, (one, other)
    steps = [luminance(THEMES[theme][tint], seen) for tint in (*TINTS, "paper")]
    assert steps in (sorted(steps), sorted(steps, reverse=True))


@EVERYBODY
@ALWAYS
def test_both_sides_of_a_scale_fade_towards_the_middle_alike(theme, seen):
    for pole, tint in (("data", "data-2"), ("against", "against-2")):
        assert contrast(theme, pole, tint, seen) >= 2.5
