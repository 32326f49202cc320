"""Figures: small, complete, deterministic, and without a withheld number anywhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from analysis.alternatives import alt_text
from analysis.charts import dot_interval
from analysis.diverging import Poles
from analysis.marks import PALETTE, Reference
from analysis.matrix import Totals
from reports.figure import Caption, compact_spec
from reports.figures import (
    KeyFigure,
    bar_figure,
    change_figure,
    distribution_figure,
    diverging_figure,
    dot_figure,
    evolution_figure,
    key_figures,
    map_figure,
    matrix_figure,
    multiples_figure,
    population_figure,
)
from reports.svg import draw, inline
from survey.errors import SurveyError
from tests.published import SECTORS, cells

CAPTION = Caption(
    id="usage-secteur",
    title="Le numérique devant",
    subtitle="Part des entreprises utilisant l'IA, 2026",
    reading="57 % des entreprises du numérique utilisent l'IA",
    field="entreprises des Pays de la Loire",
    source="Observatoire, vague 2026",
    rows="Secteur",
    simulated=True,
)
SQUARES = {
    "type": "FeatureCollection",
    "features": [
        {
            "properties": {"code": code, "nom": code},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 47], [x, 48], [x + 1, 48], [x + 1, 47], [x, 47]]],
            },
        }
        for x, code in enumerate(["GZ", "JZ", "FZ", "RU", "LZ", "DX"])
    ],
}
REFERENCE = Reference("Région", 0.24)


@pytest.fixture(scope="module")
def figure():
    return dot_figure(SECTORS, CAPTION, reference=REFERENCE)


@pytest.fixture(scope="module")
def markdown(figure):
    return figure.to_markdown("fichiers")


def block(markdown):
    found = re.fullmatch(r"```\{=html\}\n(.*)\n```\n", markdown, re.DOTALL)
    return ElementTree.fromstring(found[1])


def test_a_figure_is_complete(markdown):
    root = block(markdown)
    assert (root.tag, root.get("id"), root.get("class")) == ("figure", "usage-secteur", "chart")
    assert root.find("h3").text == "Le numérique devant"
    assert root.find("p[@class='sous']").text == "Part des entreprises utilisant l’IA, 2026"
    assert [svg.get("role") for svg in root.iter("svg")] == ["img", "img"]
    assert "Les autres\u202f: de 9\u202f% à 27\u202f%" in root.find(".//svg").get("aria-label")
    read = "".join(root.find("p[@class='lire']").itertext())
    assert "Lecture\u202f:" in read and "Champ\u202f:" in read
    assert "Cercle gris\u202f: estimation fragile" in read
    assert read.endswith("Source\u202f: Observatoire, vague 2026, données simulées.")
    links = [link.get("href") for link in root.iter("a")]
    assert links == [f"fichiers/usage-secteur.{end}" for end in ("csv", "png", "svg")] + [
        "#usage-secteur"
    ]
    assert len(root.findall(".//tbody/tr")) == 6


def test_svgs_are_small_and_follow_the_theme():
    rows = [
        (str(i), f"Secteur numéro {i}", i / 20, i / 20 - 0.02, i / 20 + 0.1, "ok")
        for i in range(12)
    ]
    for form in ("wide", "narrow"):
        svg = inline(draw(dot_interval(cells(*rows), reference=REFERENCE, form=form)), "Texte")
        assert len(svg.encode()) < 8192
        assert "var(--data, #0b5a7a)" in svg and "aria-roledescription" not in svg
        bare = re.sub(r"var\(--[\w-]+, #[0-9a-f]{6}\)", "", svg)
        assert not re.search(r"#[0-9a-f]{3,6}\b", bare)
        assert not re.search(r"\d\.\d\d", bare)


def test_the_specification_is_short_valid_and_themed(figure):
    spec = json.loads(compact_spec(figure.chart_wide))
    assert len(json.dumps(spec)) < 10_000
    assert "$schema" not in spec and "datasets" not in spec
    assert "var(--data)" in json.dumps(spec) and "#0b5a7a" not in json.dumps(spec)
    concrete = json.dumps(spec)
    for name, colour in PALETTE.items():
        concrete = concrete.replace(f"var(--{name})", colour)
    drawn = ElementTree.fromstring(vl_convert.vegalite_to_svg(concrete))
    texts = ["".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "57\u202f%" in texts and "Région 24\u202f%" in texts


def test_no_number_goes_with_a_withheld_row(markdown, figure, tmp_path):
    figure.write(tmp_path)
    spec = json.loads(re.search(r'class="vega-spec">(.*?)</script>', markdown)[1])
    rows = [row for layer in spec["layer"] for row in layer["data"]["values"]]
    assert not [
        row for row in rows if row.get("label") in ("Activités immobilières", None) and "n" in row
    ]
    lines = (tmp_path / "usage-secteur.csv").read_text(encoding="utf-8-sig").splitlines()
    for label in ("Activités immobilières", "Cokéfaction et raffinage"):
        line = next(line for line in lines if line.startswith(label))
        assert re.findall(r"\d+", line) == ["2026"]


def test_files_are_the_same_twice_and_carry_the_mark(tmp_path):
    for name in ("a", "b"):
        dot_figure(SECTORS, CAPTION).write(tmp_path / name)
    for end in ("csv", "svg", "png"):
        first, second = (tmp_path / name / f"usage-secteur.{end}" for name in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
    assert sorted(path.suffix for path in (tmp_path / "a").iterdir()) == [".csv", ".png", ".svg"]
    svg = (tmp_path / "a" / "usage-secteur.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(svg)
    assert "Le numérique devant" in svg and "données simulées" in svg and "var(--" not in svg
    assert "données simulées" in (tmp_path / "a" / "usage-secteur.csv").read_text(encoding="utf-8")
    assert (tmp_path / "a" / "usage-secteur.png").stat().st_size < 150_000


BROKEN = "Rupture de série en 2026\u202f: lignes ajoutées\u202f: Images."


def test_measured_data_carry_no_mark():
    markdown = dot_figure(SECTORS, replace(CAPTION, simulated=False)).to_markdown()
    assert "simulées" not in markdown


def test_the_other_figures(tmp_path):
    after = SECTORS.with_columns(edition=pl.lit(2026))
    before = SECTORS.with_columns(edition=pl.lit(2025))
    changes = SECTORS.select("indicator", "domain_type", "domain").with_columns(
        difference=pl.Series([0.05, 0.0, None, 0.0, None, None]),
        verdict=pl.Series(["hausse", "stable", None, "non établie", None, None]),
        conf_low=pl.Series([0.01, -0.02, None, -0.08, None, None]),
        conf_high=pl.Series([0.09, 0.02, None, 0.06, None, None]),
        series_break=pl.Series([None, None, BROKEN, None, None, None]),
    )
    root = block(change_figure(before, after, changes, CAPTION).to_markdown())
    heads = ["".join(th.itertext()) for th in root.findall(".//thead/tr/th")]
    assert heads[:4] == ["Secteur", "2025", "Évolution", "Intervalle de l’évolution"]
    fourth = "".join(root.findall(".//tbody/tr")[3].itertext())
    assert "pas d’évolution établie[−8\u202f; +6]" in fourth
    moved = change_figure(before, after, changes, CAPTION).files()["figures/usage-secteur.csv"]
    data = pl.read_csv(moved, infer_schema_length=None)
    assert data.filter(edition=2026)["difference_low"].to_list() == changes["conf_low"].to_list()
    assert "22\u202f% puis 22\u202f%, +5\u00a0points" in root.find(".//svg").get("aria-label")
    reading = "".join(root.find("p[@class='lire']").itertext())
    assert "calculées avant arrondi" in reading and BROKEN in reading
    third = root.findall(".//tbody/tr")[2]
    assert "rupture de série" in "".join(third.itertext())
    first = change_figure(before, after, changes, CAPTION)
    whole = change_figure(before, after, changes.with_columns(series_break=None), CAPTION)
    assert links(whole) - links(first) == 1  # no line through two incomparable points
    answers = ["Souvent", "Jamais"]
    stacked = cells(("E", "Ensemble", 0.6, 0.5, 0.7, "ok"), ("E", "Ensemble", 0.4, 0.3, 0.5, "ok"))
    stacked = stacked.with_columns(answer=pl.Series(answers))
    assert (
        block(distribution_figure(stacked, answers, CAPTION).to_markdown()).find(".//table")
        is not None
    )
    assert (
        block(bar_figure(SECTORS, CAPTION, order="given").to_markdown()).find(".//script")
        is not None
    )
    assert block(map_figure(SECTORS, SQUARES, CAPTION).to_markdown()).find(".//script") is None


ANSWERS = ["Pas d’accord", "D’accord"]


def kinds():
    """A figure of each of the other kinds, with a fragile and a withheld cell."""
    both = pl.concat([SECTORS, SECTORS.with_columns(estimate=1 - pl.col("estimate"))])
    answers = both.with_columns(
        answer=pl.Series([answer for answer in ANSWERS[::-1] for _ in range(6)])
    )
    poles = Poles(("Pas d’accord",), ("D’accord",), ("Contre", "Pour"))
    twice = pl.concat([SECTORS.with_columns(edition=pl.lit(year)) for year in (2025, 2026)])
    broken = twice.with_columns(
        comparable_since=pl.lit(2026),
        series_break=pl.when(pl.col("edition") == 2026).then(pl.lit(BROKEN)),
    )
    panels = answers.with_columns(panel="answer")
    totals = Totals(column="D’accord")
    yield "diverging", diverging_figure(answers, SECTORS, poles, CAPTION)
    yield "multiples", multiples_figure(panels, CAPTION, panels="Réponse")
    yield "matrix", matrix_figure(answers, CAPTION, columns="Réponse", totals=totals)
    yield "series", evolution_figure(twice, CAPTION)
    yield "broken", evolution_figure(broken, CAPTION)
    yield "populations", population_figure(SECTORS, CAPTION)
    yield "distribution", distribution_figure(answers, ANSWERS, CAPTION)


KINDS = ["diverging", "multiples", "matrix", "series", "broken", "populations", "distribution"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_figure_is_complete(kind, tmp_path):
    figure = dict(kinds())[kind]
    root = block(figure.to_markdown())
    said = [svg.get("aria-label") for svg in root.iter("svg")]
    assert said == [figure.alt] * 2 and len(figure.alt) <= 400
    assert all(words in figure.alt for words in ("\u202f%", "non diffusée", "fragile"))
    reading = "".join(root.find("p[@class='lire']").itertext())
    assert "estimation fragile" in reading
    if kind in ("multiples", "matrix", "series"):
        assert "«\u202fnd\u202f»\u202f: non diffusé, trop peu de réponses ou secret." in reading
        assert "«\u202fsecret\u202f»\u202f: secret statistique." in reading
    assert (BROKEN in reading) == (kind == "broken")
    assert len(root.findall(".//tbody/tr")) == figure.frame.height
    figure.write(tmp_path)
    for line in (tmp_path / "usage-secteur.csv").read_text(encoding="utf-8-sig").splitlines():
        if line.startswith(("Activités immobilières", "Cokéfaction")):
            assert set(re.findall(r"\d+", line)) <= {"2025", "2026"}


def test_a_page_can_do_without_the_interactive_chart(figure):
    light = figure.to_markdown("fichiers", interactive=False)
    assert "vega-spec" not in light and "<svg" in light
    assert len(light) < 0.75 * len(figure.to_markdown("fichiers"))


@given(st.integers(2, 12), st.sampled_from([40, 120]))
def test_a_text_alternative_stays_short(count, length):
    """Whatever the number of rows and the length of their labels."""
    rows = [(str(i), f"{'mot ' * (length // 4)}{i}", i / 20, 0.0, 1.0, "ok") for i in range(count)]
    details = [f"{row[1]} : 12 % puis 14 %, stable" for row in rows]
    said = alt_text(cells(*rows), "dumbbell", "Part des entreprises", details=details)
    kept = sum(
        detail.replace(" ", "") in said.replace("\u202f", "").replace(" ", "") for detail in details
    )
    assert len(said) <= 400
    assert ("La suite est dans le tableau" in said) == (kept < count)


def links(figure) -> int:
    """Segments of the chart: those that join two dots, and the strips behind the values."""
    return sum("x2" in row for layer in figure.chart_wide.layers for row in layer.rows)


def test_a_wrong_identifier_is_refused():
    with pytest.raises(SurveyError, match="identifiant"):
        replace(CAPTION, id="Usage par secteur")


def test_key_figures_have_number_mark_words_and_sentence():
    rows = SECTORS.to_dicts()
    root = block(key_figures([KeyFigure(row, "des entreprises l'utilisent") for row in rows]))
    items = root.findall("li")
    assert items[0].find("b").text == "22\u202f%"
    assert (
        items[0].find("span[@class='ic']").text == "entre 18 et 26\u202f% (intervalle à 95\u202f%)"
    )
    mark = items[0].find("span[@class='bar']")
    assert mark.find("i").get("style") == "left:18.0%;width:8.0%"
    assert items[3].find("span[@class='ic']").text.endswith(", fragile")
    assert items[4].find("b").text == "nd" and items[4].find("span[@class='bar']") is None
    assert all(item.find("p").text == "des entreprises l’utilisent" for item in items)


def test_a_key_figure_under_one_per_cent_is_well_formed():
    cell = {**SECTORS.row(0, named=True), "estimate": 0.0001, "conf_low": 0.00002}
    root = block(key_figures([KeyFigure(cell, "des entreprises")]))
    assert root.find("li/b").text == "<\u202f1\u202f%"


def test_the_fonts_are_there():
    fonts = Path(__file__).parents[2] / "survey" / "fonts"
    assert sorted(path.name for path in fonts.glob("*.ttf")) == [
        "SourceSans3-Bold.ttf",
        "SourceSans3-Regular.ttf",
    ]
