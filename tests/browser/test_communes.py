"""The search of a commune: with the keyboard alone, whatever the accents, from the file system."""

from __future__ import annotations

import re

import pytest
from pages import AXE, SITE, audit, require, require_node_tool
from playwright.sync_api import expect

OPTIONS = "[role=option]"


@pytest.fixture(scope="session")
def hub():
    found = sorted(SITE.glob("reports/*/territoires/index.html"))
    require(found=found, missing="La page des territoires est absente : lancez « make site ».")
    return found[-1]


@pytest.fixture
def search(visit, hub):
    """The page, its field in focus, and what it complained about."""
    visited = visit(hub)
    field = visited.page.get_by_role("combobox", name="Nom de la commune")
    field.focus()
    return visited.page, field, visited


def communes(page) -> list[tuple[str, str]]:
    """Name and département of each commune of the index, once it is loaded."""
    page.wait_for_function("globalThis.observatoireCommunes")
    return page.evaluate(
        "(({communes, lieux}) => communes.map(c => [c[0], lieux[c.at(-1)][0]]))"
        "(globalThis.observatoireCommunes)"
    )


def typed(page, field, text):
    field.fill("")
    field.type(text)
    page.wait_for_timeout(50)
    return page.locator(OPTIONS).all_inner_texts()


def test_the_pattern_of_a_combobox_is_followed(search):
    page, field, visited = search
    name = communes(page)[0][0]
    expect(field).to_have_attribute("aria-expanded", "false")
    field.type(name[:4])
    expect(field).to_have_attribute("aria-expanded", "true")
    listbox = page.locator(f"#{field.get_attribute('aria-controls')}")
    expect(listbox).to_have_attribute("role", "listbox")
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    first = page.locator(OPTIONS).first
    expect(field).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    expect(first).to_have_attribute("aria-selected", "true")
    assert page.locator("[aria-selected=true]").count() == 1
    page.keyboard.press("ArrowUp")
    expect(page.locator(OPTIONS).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    assert field.input_value() == name[:4]
    page.keyboard.press("Escape")
    assert field.input_value() == ""
    expect(field).to_be_focused()
    assert visited.complaints == [] and visited.foreign == []


def test_enter_gives_links_that_the_keyboard_reaches(search):
    page, field, _ = search
    name, departement = next(one for one in communes(page) if len(one[0]) > 9)
    typed(page, field, name)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    answer = page.locator(".communes-reponse")
    expect(answer.locator("p")).to_have_text(name)
    expect(page.locator("[role=listbox]")).to_be_hidden()
    assert field.input_value() == name
    said = answer.inner_text()
    for role in ("Intercommunalité", "Zone d’emploi", "Type de commune", "Département"):
        assert re.search(rf"{role}\u202f: \w", said)
    assert departement in said
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.evaluate("one => one.closest('.communes-reponse') !== null")
    assert re.fullmatch(r"(epci|zone-emploi)-\w+\.html", focused.get_attribute("href"))


def test_accents_hyphens_and_saint_do_not_matter(search):
    page, field, _ = search
    known = communes(page)
    accented = next(name for name, _ in known if re.search("[éèê]", name) and "-" in name)
    bare = accented.translate(str.maketrans("éèêëîïôâàçûüÉÈÎ", "eeeeiioaacuuEEI"))
    bare = bare.replace("-", " ").replace("'", " ").replace("’", " ").upper()
    assert any(said.startswith(accented) for said in typed(page, field, bare))
    saint = next(name for name, _ in known if name.startswith("Saint-") and name.count("-") > 1)
    for way in (f"st {saint[6:]}", f"St-{saint[6:]}", f"SAINT {saint[6:]}"):
        assert any(said.startswith(saint) for said in typed(page, field, way)), way


def test_a_word_inside_a_name_is_found_after_those_that_begin_with_it(search):
    page, field, _ = search
    names = [name for name, _ in communes(page)]
    inner = next(name for name in names if name.startswith("La ") and "-" in name)
    options = typed(page, field, inner.removeprefix("La "))
    assert any(said.startswith(inner) for said in options)


def test_homonyms_are_told_apart_and_the_list_is_short(search):
    page, field, _ = search
    options = typed(page, field, "saint")
    assert len(options) == len(set(options)) == 12
    assert re.match(r"\d+ communes, les 12 premières", page.locator("[role=status]").inner_text())
    assert typed(page, field, "xyzq") == []
    assert page.locator("[role=status]").inner_text() == "Aucune commune de ce nom"


def test_the_mouse_chooses_too(search):
    page, field, _ = search
    name = communes(page)[3][0]
    typed(page, field, name)
    page.locator(OPTIONS).first.click()
    expect(page.locator(".communes-reponse p")).to_have_text(name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_open_list_and_the_answer_have_no_violation(visit, hub, width, scheme):
    require_node_tool(AXE)
    page = visit(hub, width=width, color_scheme=scheme).page
    field = page.get_by_role("combobox", name="Nom de la commune")
    field.focus()
    name = communes(page)[0][0]
    field.type(name)
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_be_visible()
    assert audit(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".communes-reponse p")).to_have_text(name)
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_index_is_loaded_only_when_it_is_needed(visit, hub):
    visited = visit(hub)
    assert not [url for url in visited.requests if "communes-index" in url]
    visited.page.get_by_role("combobox").focus()
    assert len(communes(visited.page)) > 1000
    assert [url for url in visited.requests if "communes-index" in url]


def test_without_javascript_the_communes_are_in_a_list(visit, hub):
    page = visit(hub, java_script_enabled=False).page
    assert page.get_by_role("combobox").count() == 0
    page.get_by_role("link", name=re.compile("Liste alphabétique")).click()
    letters = page.locator("details.lettre")
    assert letters.count() > 15
    letters.first.locator("summary").click()
    link = letters.first.locator("a").first
    assert link.is_visible()
    assert re.fullmatch(r"epci-\w+\.html", link.get_attribute("href"))
