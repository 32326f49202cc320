"""A page asks nobody for anything, weighs little, and says everything without its scripts."""

from __future__ import annotations

from pages import BUNDLE, fail_for, files, name

SPOKEN = """all => all.map(one => ['role', 'aria-label', 'aria-roledescription']
  .map(name => one.getAttribute(name)))"""
WEIGHT = 300_000  # bytes, without the bundle of the interactive charts


def test_nothing_is_asked_of_another_host(seen):
    assert all(each.path in each.files for each in seen)
    fail_for({name(each.path): [*each.foreign, *each.complaints] for each in seen})


def test_nothing_is_asked_out_of_the_site(seen, site):
    outside = {
        name(each.path): [str(file) for file in each.files if not file.is_relative_to(site)]
        for each in seen
    }
    fail_for(outside)


def test_a_page_weighs_under_300_kb(seen):
    faults = {}
    for each in seen:
        weights = {file.name: file.stat().st_size for file in each.at_once}
        assert len(weights) > 2  # a page comes with its style and its scripts
        if BUNDLE in weights or sum(weights.values()) >= WEIGHT:
            faults[name(each.path)] = (sum(weights.values()), weights)
    fail_for(faults)


def test_explore_draws_the_chart_from_local_files(visit, explored_path):
    visited = visit(explored_path)
    page = visited.page
    figures = page.locator("figure.chart:has(button)").all()
    assert figures
    for figure in figures:
        figure.get_by_role("button", name="Explorer", exact=True).click()
        drawn = figure.locator(".vega-embed :is(svg, canvas)")
        drawn.wait_for(state="visible", timeout=10_000)
        assert drawn.bounding_box()["height"] > 50
    spoken = page.locator(".chart-wide > *").evaluate_all(SPOKEN)
    assert all(role == "img" and len(label) > 40 for role, label, _ in spoken), spoken
    assert {description for _, _, description in spoken} == {None}
    assert BUNDLE in {file.name for file in files(visited.requests)}
    assert visited.foreign == []
    assert visited.complaints == []


def test_everything_is_there_without_javascript(visit, figure_path):
    page = visit(figure_path, java_script_enabled=False).page
    figures = page.locator("figure.chart").all()
    assert figures
    for figure in figures:
        drawn = figure.locator("svg >> visible=true")
        assert drawn.count() == 1
        assert drawn.bounding_box()["height"] > 50
        assert figure.locator("h2, h3, h4").first.inner_text().strip()
        reading = figure.locator(".lire").first.inner_text()
        assert all(word in reading for word in ("Lecture", "Champ", "Source"))
        figure.locator("summary").click()
        assert figure.locator("table").is_visible()
        assert figure.locator("tbody tr").count() > 0
