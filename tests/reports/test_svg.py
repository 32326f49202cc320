"""The SVG we write is the picture Vega draws from the same specification."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import altair as alt
import polars as pl
import pytest
import vl_convert

from analysis.charts import dot_interval, share_bars
from analysis.distribution import distribution
from analysis.diverging import Poles, diverging
from analysis.evolution import evolution
from analysis.marks import Layer, Reference
from analysis.matrix import matrix
from analysis.multiples import multiples
from reports.svg import draw, png, standalone
from survey.errors import SurveyError
from survey.files import FONTS
from tests.published import SECTORS

REFERENCE = Reference("Région", 0.24)
SQUARE = [[[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]], [[5, 5], [9, 5], [9, 9], [5, 5]]]
LINES = {"type": "MultiLineString", "coordinates": [[[40, 5], [60, 15], [80, 5]]]}


def plane(form):
    """What maps draw with: outlines and discs in pixels, through Altair."""
    rows = {
        "shape": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": SQUARE}}],
        "line": [{"type": "Feature", "geometry": LINES}],
        "disc": [{"x": 110, "y": 20, "area": 400, "hint": "Laval, 24 %"}],
    }
    base = {name: alt.Chart(alt.InlineData(values=values)) for name, values in rows.items()}
    flat = {"scale": None, "axis": None}
    size = alt.Size("area:Q", scale=None, legend=None)
    discs = base["disc"].mark_point(filled=True, opacity=1, fill="#0b5a7a", stroke=None)
    across, down = alt.X("x:Q", **flat), alt.Y("y:Q", **flat)
    drawn = alt.layer(
        base["shape"].mark_geoshape(fill="#9cc3d1", stroke="#66757d", strokeDash=[2, 3]),
        base["line"].mark_geoshape(fill=None, stroke="#0b5a7a", strokeWidth=1.5),
        discs.encode(across, down, size, description=alt.Description("hint:N")),
        projection=alt.Projection(type="identity", scale=1, translate=[0, 0]),
        width=140,
        height=40,
        autosize=alt.AutoSizeParams(type="none"),
        padding=0,
    )
    return drawn.configure_view(strokeWidth=0)


def answered(*answers):
    """The sectors for each answer, whose shares add up to 1."""
    both = [SECTORS, SECTORS.with_columns(estimate=1 - pl.col("estimate"))]
    return pl.concat(
        [each.with_columns(answer=pl.lit(a)) for each, a in zip(both, answers, strict=True)]
    )


POLES = Poles(("Non",), ("Oui",), ("Contre", "Pour"))
YEARS = pl.concat([SECTORS.with_columns(edition=pl.lit(year)) for year in (2025, 2026)])
CHARTS = {
    "agreement": lambda form: diverging(answered("Oui", "Non"), SECTORS, POLES, form=form),
    "stack": lambda form: distribution(answered("Oui", "Non"), ["Oui", "Non"], form=form),
    "panels": lambda form: multiples(
        answered("Textes", "Images").rename({"answer": "panel"}), form=form
    ),
    "matrix": lambda form: matrix(answered("Textes", "Images"), form=form),
    "series": lambda form: evolution(YEARS, form=form),
    "plane": plane,
    "dots": lambda form: dot_interval(SECTORS, reference=REFERENCE, form=form),
    "bars": lambda form: share_bars(SECTORS, form=form),
}


@pytest.mark.parametrize("form", ["wide", "narrow"])
@pytest.mark.parametrize("name", CHARTS)
def test_the_small_svg_draws_the_same_picture(name, form):
    vl_convert.register_font_directory(str(FONTS))
    chart = CHARTS[name](form)
    drawing = draw(chart)
    size = f'width="{drawing.width}" height="{drawing.height}" font-family="\'Source Sans 3\'"'
    paper = '<rect width="100%" height="100%" fill="white"/>'
    small = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{paper}{drawing.body}</svg>'
    full = vl_convert.vegalite_to_svg(chart.to_dict())
    ours, theirs = (decoded(vl_convert.svg_to_png(svg)) for svg in (small, full))
    assert len(ours) == len(theirs)
    far = sum(abs(a - b) > 64 for a, b in zip(ours, theirs, strict=True))
    assert far < 0.002 * len(ours)


def decoded(image):
    """Red, green, blue and alpha of a PNG of vl-convert, whose rows are filtered by difference."""
    data, place = b"", 8
    while place < len(image):
        length, name = struct.unpack(">I4s", image[place : place + 8])
        content = image[place + 8 : place + 8 + length]
        if name == b"IHDR":
            width, height = struct.unpack(">II", content[:8])
        data += content if name == b"IDAT" else b""
        place += 12 + length
    raw, pixels = zlib.decompress(data), bytearray()
    for y in range(height):
        row = bytearray(raw[y * (4 * width + 1) + 1 : (y + 1) * (4 * width + 1)])
        for i in range(4, len(row)):
            row[i] = (row[i] + row[i - 4]) % 256
        pixels += row
    return pixels


@pytest.mark.parametrize("name", sorted(CHARTS.keys() - {"plane"}))
def test_altair_accepts_the_specification(name):
    chart = CHARTS[name]("wide").to_altair()
    assert isinstance(chart, alt.LayerChart)
    assert CHARTS[name]("wide")._repr_mimebundle_()  # what a notebook shows
    assert draw(chart) == draw(CHARTS[name]("wide"))


def test_a_described_mark_says_it_when_pointed_at():
    assert draw(plane("wide")).body.endswith("<title>Laval, 24 %</title></circle>")


def test_a_mark_the_house_does_not_draw_is_refused():
    chart = dot_interval(SECTORS)
    bars = Layer([{"x": 1, "y": 1}], {"type": "bar"})
    with pytest.raises(SurveyError, match="tracé 'bar' inconnu"):
        draw(replace(chart, layers=(*chart.layers, bars)))


def test_an_image_has_the_size_asked():
    svg = standalone(draw(dot_interval(SECTORS)), "Titre", "Sous-titre", ["Source"])
    assert struct.unpack(">II", png(svg, scale=2)[16:24])[0] == 2 * (720 + 40)
    assert png(svg) == png(svg)
