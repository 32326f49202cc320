"""The search works from files, with the keyboard, without accents; a list stays without scripts."""

from __future__ import annotations

PAGE = "reports/recherche.html"


def test_a_search_from_the_header_leads_to_pages(visit, site):
    visited = visit(site / "index.html")
    page = visited.page
    page.get_by_label("Chercher dans le site").fill("declaration d'accessibilité")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche.html?mots=*")
    first = page.locator("#recherche-resultats a").first
    assert first.inner_text() == "Déclaration d’accessibilité"
    assert page.get_by_role("status").inner_text().endswith(("trouvée.", "trouvées."))
    first.click()
    assert page.locator("h1").inner_text() == "Déclaration d’accessibilité"
    assert visited.foreign == [] and visited.complaints == []


def test_results_follow_what_is_typed(visit, site):
    page = visit(site / PAGE).page
    results = page.locator("#recherche-resultats li")
    assert results.count() == 0
    page.get_by_label("Mots cherchés").fill("glossaires")  # the plural of a title
    assert results.first.locator("a").inner_text() == "Glossaire"
    page.get_by_label("Mots cherchés").fill("zzzz")
    assert results.count() == 0
    assert "Aucune page" in page.get_by_role("status").inner_text()


def test_every_page_is_listed_without_a_script(visit, site):
    page = visit(site / PAGE, java_script_enabled=False).page
    assert not page.locator("form.recherche").is_visible()
    addresses = page.locator("section#plan a").evaluate_all("all => all.map(one => one.href)")
    pages = {path.as_uri() for path in site.rglob("*.html") if "site_libs" not in path.parts}
    assert set(addresses) == pages


def test_the_list_of_indicators_keeps_what_is_typed(visit, site):
    page = visit(site / "reports/2026/indicateurs/index.html").page
    shown = page.locator("ul.indicateurs li:visible")
    whole = shown.count()
    field = page.get_by_label("Chercher un indicateur")
    field.fill("réglè")  # accents do not count
    kept = shown.all_inner_texts()
    assert 0 < len(kept) < whole and all("règle" in text.lower() for text in kept)
    field.fill("zzz")
    assert shown.count() == 0
    field.fill("")
    assert shown.count() == whole
