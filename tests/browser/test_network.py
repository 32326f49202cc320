"""A page asks nobody for anything, weighs little, and says everything without its scripts."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pages import BUNDLE, OPEN_ALL

WEIGHT = 300_000  # bytes, without the bundle of the interactive charts


def files(requests: list[str]) -> set[Path]:
    return {Path(unquote(urlsplit(url).path)) for url in requests if url.startswith("file:")}


def test_nothing_is_asked_of_another_host(visit, path, site):
    visited = visit(path)
    visited.page.evaluate(OPEN_ALL)
    assert visited.foreign == []
    assert visited.complaints == []
    outside = [file for file in files(visited.requests) if not file.is_relative_to(site)]
    assert outside == []


def test_a_page_weighs_under_300_kb(visit, path):
    loaded = files(visit(path).requests)
    assert BUNDLE not in {file.name for file in loaded}
    weights = {file.name: file.stat().st_size for file in loaded}
    assert sum(weights.values()) < WEIGHT, weights


def test_explore_draws_the_chart_from_local_files(visit, figure_path):
    visited = visit(figure_path)
    page = visited.page
    buttons = page.get_by_role("button", name="Explorer", exact=True)
    for index in range(buttons.count()):
        figure = page.locator("figure.chart", has=buttons.nth(index))
        buttons.nth(index).click()
        drawn = figure.locator(".vega-embed :is(svg, canvas)")
        drawn.wait_for(state="visible", timeout=10_000)
        assert drawn.bounding_box()["height"] > 50
    assert buttons.count() > 0
    assert BUNDLE in {file.name for file in files(visited.requests)}
    assert visited.foreign == []
    assert visited.complaints == []


def test_everything_is_there_without_javascript(visit, figure_path):
    page = visit(figure_path, java_script_enabled=False).page
    figures = page.locator("figure.chart")
    assert figures.count() > 0
    for index in range(figures.count()):
        figure = figures.nth(index)
        drawn = figure.locator("svg >> visible=true")
        assert drawn.count() == 1
        assert drawn.bounding_box()["height"] > 50
        assert figure.locator("h2, h3, h4").first.inner_text().strip()
        reading = figure.locator(".lire").first.inner_text()
        assert all(word in reading for word in ("Lecture", "Champ", "Source"))
        figure.locator("summary").click()
        assert figure.locator("table").is_visible()
        assert figure.locator("tbody tr").count() > 0
