"""Territories as circles by population, at their place, so that empty land does not shout.

A circle has the area of its population and the tint of its class. It is hollow when the estimate is
fragile, dotted when there is no figure. Outlines behind the circles only help to find one's way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from analysis.circle_labels import circle_labels
from analysis.layout import Form, Row, check_form
from analysis.map_list import TERRITORY, listing
from analysis.map_marks import (
    MAP_WIDTH,
    NO_FIGURE,
    Drawn,
    MapChart,
    Swatch,
    assemble,
    class_words,
    discs,
    dotted_discs,
    grouped,
    hint,
    legend,
    map_cells,
    missing_row,
    ring_discs,
    shapes,
    share_classes,
)
from analysis.marks import TINTS, Layer, Reference, texts
from analysis.outlines import GeoJson, Plane, fit_plane, outline_points, project
from analysis.packing import Packing, pack
from analysis.wording import Noun
from survey.errors import SurveyError
from survey.french import NNBSP, integer

FILL = 0.38  # share of the frame that circles cover
NAMED = {"wide": 14, "narrow": 9}  # the largest are named, within their circle or beside it
SIZES_LEFT = {"wide": 190, "narrow": 150}  # left edge of the two circles of the legend


def cartogram(
    frame: pl.DataFrame,
    places: pl.DataFrame,
    *,
    outlines: GeoJson | None = None,
    reference: Reference | None = None,
    noun: Noun = TERRITORY,
    form: Form = "wide",
) -> MapChart:
    """One circle per territory of `places`, the sorted list of figures beside or below.

    Parameters
    ----------
    frame : published shares, `domain` being the `code` of a place
    places : `code`, `nom_court`, `population`, `longitude` and `latitude` (degrees); a place
        absent from `frame` is drawn as one without a figure
    outlines : larger territories drawn lightly behind (GeoJSON, in degrees)
    reference : the figure that heads the list (« Région 24 % »)
    noun : what the places are

    Raises
    ------
    SurveyError : a cell without place, a place without position or people, another statistic
    """
    check_form(form)
    _check(places)
    places = places.sort("population", "code", descending=[True, False])
    cells = map_cells(frame, set(places["code"]))
    plane = fit_plane(_points(places, outlines), MAP_WIDTH[form])
    packing = _packed(plane, *(tuple(places[n]) for n in ("longitude", "latitude", "population")))
    circles = _circles(places, cells, packing, hints=form == "wide")
    around = project(outlines, plane, tolerance=1).values() if outlines else ()
    context = shapes([{"rings": rings} for rings in around], fill="wash", stroke="rule", width=1)
    layers = [context, *_drawn(circles)]
    layers += grouped(circle_labels(circles, NAMED[form], (packing.width, packing.height)))
    key = _key(circles, packing, form)
    below = packing.height + 14 + key.height
    listed = [*(row for row in cells if row["shown"]), *(c for c in circles if not c["shown"])]
    beside = listing(listed, form, 2 if form == "wide" else below + 14, noun, reference)
    height = max(below, beside.height + 6) if form == "wide" else below + 14 + beside.height
    return assemble([*layers, *key.layers, *beside.layers], form, height)


def _check(places: pl.DataFrame) -> None:
    lost = places.filter(
        pl.any_horizontal(pl.col("longitude", "latitude", "population").is_null())
        | (pl.col("population") <= 0)
    )
    if places.is_empty() or not lost.is_empty():
        what = "aucun territoire" if places.is_empty() else f"{lost['nom_court'][0]}"
        raise SurveyError(
            f"carte en cercles{NNBSP}: {what}{NNBSP}; chaque territoire attend une longitude, une "
            "latitude et une population positive. Complétez data/reference/territoires.csv."
        )


def _points(places: pl.DataFrame, outlines: GeoJson | None) -> list[Sequence[float]]:
    centres = list(places.select("longitude", "latitude").iter_rows())
    return [*centres, *(outline_points(outlines) if outlines else ())]


@lru_cache(maxsize=32)
def _packed(
    plane: Plane,
    longitude: tuple[float, ...],
    latitude: tuple[float, ...],
    population: tuple[float, ...],
) -> Packing:
    """The same places for every indicator: computed once."""
    homes = [plane.pixel(*point) for point in zip(longitude, latitude, strict=True)]
    return pack(np.array(homes), np.array(population), plane.width, plane.height, fill=FILL)


def _circles(
    places: pl.DataFrame, cells: Sequence[Row], packing: Packing, *, hints: bool
) -> list[Row]:
    """Places with their circle and what is known of them, the largest first."""
    found = {str(row["domain"]): row for row in cells}
    circles = []
    for i, place in enumerate(places.to_dicts()):
        row = found.get(place["code"], missing_row(place["nom_court"]))
        where = {"x": packing.x[i].item(), "y": packing.y[i].item(), "r": packing.radius[i].item()}
        said = {"hint": hint(row)} if hints else {}
        circles.append(row | where | said | {"population": place["population"]})
    return circles


def _drawn(circles: Sequence[Row]) -> list[Layer]:
    layers = []
    for tint in TINTS:
        tinted = [c for c in circles if c["tint"] == tint]
        layers.append(
            discs([c for c in tinted if not c["fragile"]], fill=tint, stroke="data-3", width=0.75)
        )
        if fragile := [c for c in tinted if c["fragile"]]:
            layers += ring_discs(fragile, tint)
    return [*layers, dotted_discs([c for c in circles if not c["shown"]])]


def _key(circles: Sequence[Row], packing: Packing, form: Form) -> Drawn:
    """Classes, what hollow and dotted circles mean, and how many people a circle stands for."""
    classes = share_classes([circle["estimate"] for circle in circles])
    entries: list[tuple[Swatch, str, str]] = [
        ("disc", TINTS[i], class_words(*bounds)) for i, bounds in enumerate(reversed(classes))
    ]
    if any(circle["fragile"] for circle in circles):
        entries.append(("ring", "data-3", "estimation fragile"))
    if not all(circle["shown"] for circle in circles):
        entries.append(("dotted", "paper", NO_FIGURE))
    top = packing.height + 14
    words = legend(entries, 0, top)
    sizes = _sizes(circles[0]["population"], packing.pixels_a_unit, SIZES_LEFT[form], top)
    return Drawn([*words.layers, *sizes.layers], max(words.height, sizes.height))


def _sizes(largest: float, unit: float, left: float, top: float) -> Drawn:
    """Two circles of round populations, one within the other."""
    power = 10 ** math.floor(math.log10(max(largest / 3, 1)))
    big = next(f * power for f in (5, 2, 1) if f * power <= max(largest / 3, 1))
    rows, words = [], []
    bottom = top + 4 + 2 * unit * math.sqrt(big)
    centre = left + unit * math.sqrt(big)
    for people, unit_words in ((big, " habitants"), (big / 10, "")):
        if people < 1:
            continue
        r = unit * math.sqrt(people)
        rows.append({"x": round(centre, 1), "y": round(bottom - r, 1), "r": round(r, 2)})
        y = bottom - 2 * r + 6 if not words else max(bottom - r, words[0]["y"] + 18)
        x = centre + unit * math.sqrt(big) + 8
        words.append({"x": round(x, 1), "y": round(y, 1), "text": integer(people) + unit_words})
    return Drawn(
        [discs(rows, fill="paper", stroke="soft", width=1), texts(words, colour="soft")],
        max(bottom, words[-1]["y"] + 9) - top,
    )
