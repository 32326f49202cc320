"""Nothing overflows, overlaps or is too small to read, on a phone as on a screen and on paper."""

from __future__ import annotations

import pytest
from pages import fail_for, name
from scripts import FORMS
from visits import WIDTHS


def test_nothing_overflows_and_texts_of_charts_are_legible(seen):
    assert all(len(each.layout) >= len(WIDTHS) for each in seen)
    fail_for(
        {
            f"{name(each.path)} ({width})": found
            for each in seen
            for width, found in each.layout.items()
        }
    )


def test_no_figure_table_or_section_is_empty(seen):
    fail_for({name(each.path): each.empty for each in seen})


def test_every_chart_has_exactly_one_form_on_screen(visit, figure_path):
    page = visit(figure_path).page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        shown = page.locator("figure.chart").evaluate_all(FORMS)
        assert set(shown) == {1}, width


def test_print_keeps_the_mark_and_does_not_cut_figures(visit, path):
    page = visit(path).page
    page.emulate_media(media="print")
    mark = page.locator(".demo")
    assert mark.is_visible()
    assert "Données simulées" in mark.inner_text()
    breaks = page.locator("figure, tr, ul.key").evaluate_all(
        "all => all.map(one => getComputedStyle(one).breakInside)"
    )
    assert set(breaks) <= {"avoid"}


@pytest.mark.parametrize("width", [320, 700])
def test_print_shows_one_form_of_each_chart_in_ink_on_white(visit, figure_path, width):
    page = visit(figure_path, width=width, color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    shown = page.locator("figure.chart").evaluate_all(FORMS)
    assert set(shown) == {1}
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
