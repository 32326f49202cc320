"""Every page can be used by everyone: WCAG 2.2 AA, text alternatives, the keyboard alone."""

from __future__ import annotations

import pytest
from pages import AXE, OPEN_ALL, require_node_tool

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AUDIT = """async rules => {
  const only = { type: 'tag', values: rules };
  const found = await axe.run({ runOnly: only, resultTypes: ['violations'] });
  return found.violations.flatMap(rule =>
    rule.nodes.map(node => `${rule.id} (${rule.help}): ${node.html.slice(0, 160)}`));
}"""
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  element.dataset.reached ??= String(document.querySelectorAll('[data-reached]').length);
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    key: element.dataset.reached,
    what: element.outerHTML.slice(0, 120),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    seen: box.width > 0 && box.left >= -1 && box.right <= innerWidth + 1,
  };
}"""
# One stop for all the buttons of a group: the one that is checked.
STOPS = 'a[href], button, summary, select, input:not([type="radio"]:not(:checked)), [tabindex="0"]'
NOT_REACHED = """stops => [...document.querySelectorAll(stops)]
  .filter(one => one.checkVisibility() && !one.disabled && one.tabIndex === 0)
  .filter(one => !('reached' in one.dataset))
  .map(one => one.outerHTML.slice(0, 120))"""
MOST_STOPS = 1500


def audit(page) -> list[str]:
    page.add_script_tag(path=AXE)
    return page.evaluate(AUDIT, RULES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_violation_of_wcag_2_2_aa(visit, path, width, scheme):
    require_node_tool(AXE)
    page = visit(path, width=width, color_scheme=scheme).page
    page.evaluate(OPEN_ALL)
    assert audit(page) == []


def test_the_page_is_in_french_and_has_one_title(visit, path):
    page = visit(path).page
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.locator("main h1").count() == 1


def test_each_chart_has_a_text_alternative(visit, figure_path):
    page = visit(figure_path).page
    charts = page.locator("main svg").evaluate_all(
        "all => all.map(one => [one.getAttribute('role'), one.getAttribute('aria-label') ?? ''])"
    )
    assert charts
    for role, label in charts:
        assert role == "img"
        assert len(label) > 40


def test_the_first_stop_skips_the_menu(visit, path):
    page = visit(path).page
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Aller au contenu"
    box = link.bounding_box()
    assert box["x"] >= 0 and box["y"] >= 0 and box["height"] >= 24
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_keyboard_reaches_everything_and_focus_is_seen(visit, path, scheme):
    page = visit(path, color_scheme=scheme).page
    reached = {}
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or stop["key"] in reached:
            break
        reached[stop["key"]] = stop
    assert reached
    assert [stop["what"] for stop in reached.values() if stop["outline"] < 2] == []
    assert [stop["what"] for stop in reached.values() if not stop["seen"]] == []
    assert page.evaluate(NOT_REACHED, STOPS) == []
