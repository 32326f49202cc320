"""Nothing overflows, overlaps or is too small to read, on a phone as on a screen and on paper."""

from __future__ import annotations

import pytest
from pages import OPEN_ALL, SETTLED

WIDTHS = (320, 360, 480, 640, 768, 1024, 1280)
SMALLEST = 12  # pixels on screen
TOLERANCE = 2  # pixels

TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > room + 1)
    .filter(one => !one.closest('.table-scroll, .formule, pre'))
    .map(one => one.outerHTML.slice(0, 120)).concat('the page scrolls sideways');
}"""
FAULTY_TEXTS = """([smallest, tolerance]) => {
  const faults = [];
  const shared = (a, b, start, end) => Math.min(a[end], b[end]) - Math.max(a[start], b[start]);
  for (const svg of document.querySelectorAll('main svg')) {
    if (!svg.checkVisibility()) continue;
    const frame = svg.getBoundingClientRect();
    const report = text => faults.push(`${svg.closest('figure')?.id ?? 'svg'}: ${text}`);
    const texts = [...svg.querySelectorAll('text')].map(one => {
      const size = parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a;
      const { left, right, top, bottom } = one.getBoundingClientRect();
      // The line of the typeface is 1.42 em high, its letters 1 em.
      const spare = (bottom - top - size) / 2;
      const box = { left, right, top: top + spare, bottom: bottom - spare };
      return { said: `« ${one.textContent} »`, box, size };
    });
    for (const [rank, { said, box, size }] of texts.entries()) {
      if (size < smallest - 0.01) report(`${said} is ${size} px high`);
      const out = Math.max(frame.left - box.left, box.right - frame.right,
        frame.top - box.top, box.bottom - frame.bottom);
      if (out > tolerance) report(`${said} leaves the image by ${out} px`);
      for (const other of texts.slice(rank + 1)) {
        const across = shared(box, other.box, 'left', 'right');
        const down = shared(box, other.box, 'top', 'bottom');
        if (across > tolerance && down > tolerance) {
          report(`${said} and ${other.said} overlap (${across} x ${down})`);
        }
      }
    }
  }
  return faults;
}"""
FORMS = """figures => figures.map(one =>
  [...one.querySelectorAll('svg')].filter(svg => svg.checkVisibility()).length)"""


def test_no_page_scrolls_sideways(visit, path):
    page = visit(path).page
    page.evaluate(OPEN_ALL)
    faults = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        faults[width] = page.evaluate(TOO_WIDE)
    assert {width: found for width, found in faults.items() if found} == {}


def test_a_page_can_be_zoomed_to_200_per_cent(visit, path):
    page = visit(path, width=640, device_scale_factor=2).page
    page.evaluate(OPEN_ALL)
    assert page.evaluate(TOO_WIDE) == []


def test_texts_of_charts_are_legible(visit, figure_path):
    page = visit(figure_path).page
    faults = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(SETTLED)
        faults[width] = page.evaluate(FAULTY_TEXTS, [SMALLEST, TOLERANCE])
    assert {width: found for width, found in faults.items() if found} == {}


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
