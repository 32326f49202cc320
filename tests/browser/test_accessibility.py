"""Every page can be used by everyone: WCAG 2.2 AA, text alternatives, the keyboard alone."""

from __future__ import annotations

from pages import fail_for, name

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


def test_no_violation_of_wcag_2_2_aa(seen):
    fail_for(
        {
            f"{name(each.path)} ({setting})": found
            for each in seen
            for setting, found in each.violations.items()
        }
    )


def test_every_page_was_audited(seen):
    assert all(len(each.violations) >= 2 for each in seen)
    assert sum(len(each.violations) == 4 for each in seen) >= 20


def test_a_page_is_in_french_with_one_heading_and_a_title_of_its_own(seen):
    faults, titles, headings = {}, {}, {}
    for each in seen:
        found, address = each.facts, name(each.path)
        if found["lang"] != "fr" or len(found["headings"]) != 1:
            faults[address] = (found["lang"], found["headings"])
        titles.setdefault(found["title"], []).append(address)
        headings.setdefault(tuple(found["headings"]), []).append(address)
    for said in (titles, headings):
        faults |= {str(pages): text for text, pages in said.items() if len(pages) > 1}
    fail_for(faults)


def test_each_drawing_has_a_text_alternative(seen):
    assert sum(len(each.facts["drawings"]) for each in seen) > 500
    fail_for(
        {
            name(each.path): [
                (role, label)
                for role, label in each.facts["drawings"]
                if role != "img" or len(label) <= 40
            ]
            for each in seen
        }
    )


def test_the_first_stop_skips_the_menu(visit, path):
    page = visit(path).page
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Aller au contenu"
    box = link.bounding_box()
    assert box["x"] >= 0 and box["y"] >= 0 and box["height"] >= 24
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


def test_the_keyboard_reaches_everything_and_focus_is_seen(visit, path):
    page = visit(path).page
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
