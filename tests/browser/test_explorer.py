"""The explorer: choosing, searching, going back, taking away; by keyboard, without scripts."""

from __future__ import annotations

import csv
import io
import re
import shutil

import pytest
from pages import AXE, SITE, audit, require, require_node_tool
from playwright.sync_api import expect
from scripts import FAULTY_TEXTS, SETTLED, TOO_WIDE
from visits import SMALLEST_TEXT, TOLERANCE

PAGE = SITE / "reports" / "2026" / "explorer.html"
ASSETS = SITE / "site_libs" / "observatoire"
DATA = PAGE.with_suffix("")
SECTORS = "population=entreprises&indicateur=usage_ia&par=secteur&edition=2026"
BOTH = "population=entreprises&indicateur=usage_ia&par=secteur&edition=2025-2026"
HOLES = "population=entreprises&indicateur=gains&par=taille&element=temps&edition=2026"
ONE_PLACE = "population=entreprises&indicateur=freins&par=departement&element=*&domaine=85"
VIEWS = ["", SECTORS, BOTH, HOLES, ONE_PLACE, "population=entreprises&indicateur=inconnu"]


@pytest.fixture(scope="module", autouse=True)
def _built():
    require(found=PAGE.is_file(), missing="L’explorateur est absent : lancez « make site ».")


@pytest.fixture
def explore(visit):
    """Opens the explorer at a view, once it is drawn."""

    def opened(view: str = "", **options):
        visited = visit(PAGE, **options)
        if view:
            turn(visited.page, view)
        expect(visited.page.locator("#resultat svg, #resultat .sans-chiffre")).to_be_visible()
        return visited

    return opened


def turn(page, view: str) -> None:
    """Go to a view by its address, and wait until it is drawn."""
    page.locator(".vue > *").first.wait_for()
    page.evaluate("document.querySelector('.vue').replaceChildren()")
    page.evaluate(f"location.hash = '{view}'")
    page.locator("#resultat svg, #resultat .sans-chiffre").wait_for()
    page.evaluate(SETTLED)


def title(page) -> str:
    return page.locator("#resultat h2").inner_text()


def rows(page) -> list[list[str]]:
    return page.locator(".vue tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def test_the_first_view_shows_a_chart_and_its_table(explore):
    visited = explore()
    page = visited.page
    assert title(page)
    assert page.locator("#resultat svg").get_attribute("aria-label").count("%") >= 2
    assert len(rows(page)) == page.locator("#resultat svg circle").count() > 1
    reading = page.locator("#resultat .lire").inner_text()
    assert all(word in reading for word in ("Lecture", "Champ", "Source", "données simulées"))
    assert title(page) in page.title() and page.title().startswith("Données simulées")
    assert visited.complaints == [] and visited.foreign == []
    asked = [url for url in visited.requests if "/2026/explorer/" in url]
    assert 1 < len(asked) <= 3


def test_choosing_changes_the_view_the_address_and_what_is_announced(explore):
    page = explore().page
    page.get_by_label("Détail").select_option("secteur")
    expect(page.locator("#resultat h2")).to_contain_text("par secteur")
    assert "par=secteur" in page.url and "indicateur=usage_ia" in page.url
    assert len(rows(page)) == 12
    expect(page.locator(".annonce")).to_contain_text("par secteur")
    assert page.locator(".annonce").get_attribute("role") == "status"
    page.get_by_label("Édition").select_option("2025-2026")
    expect(page.locator(".vue .paires")).to_be_visible()
    assert "2025 et 2026" in page.locator("#resultat .sous").inner_text()
    assert page.locator("#resultat svg circle").count() == 2 + 2 * 12


@pytest.fixture
def two_populations(tmp_path):
    """A copy of the explorer where a second population, without sectors, can be chosen."""
    shutil.copytree(ASSETS, tmp_path / "site_libs" / "observatoire")
    shutil.copytree(DATA, tmp_path / "reports" / "2026" / "explorer")
    folder = tmp_path / "reports" / "2026"
    for file in DATA.glob("entreprises*.js"):
        text = file.read_text("utf-8").replace('["entreprises', '["essai', 1)
        text = text.replace('"population":"entreprises"', '"population":"essai"')
        text = text.replace('"Les entreprises employeuses"', '"L’essai"').replace(
            '"secteur"', '"ailleurs"'
        )
        (folder / "explorer" / file.name.replace("entreprises", "essai")).write_text(text, "utf-8")
    listed = "[&quot;essai&quot;, &quot;L’essai&quot;]"
    page = PAGE.read_text("utf-8").replace("&quot;]]", f"&quot;], {listed}]", 1)
    (folder / PAGE.name).write_text(page, "utf-8")
    return folder / PAGE.name


def test_another_population_opens_on_its_own_first_view(visit, two_populations):
    page = visit(two_populations).page
    page.locator("#resultat svg").wait_for()
    turn(page, SECTORS)
    page.get_by_label("Population").select_option("essai")
    expect(page.locator("#resultat h2")).to_contain_text("par taille")
    assert page.locator(".avis").inner_text() == ""
    assert page.locator("#indicateurs legend").text_content().startswith("L’essai")
    assert "#population=essai&indicateur=usage_ia&par=taille&edition=2026" in page.url
    page.go_back()
    expect(page.locator("#resultat h2")).to_contain_text("par secteur")
    assert (
        page.locator("#indicateurs legend").text_content().startswith("Les entreprises employeuses")
    )
    assert page.get_by_label("Population").input_value() == "entreprises"


def test_an_address_gives_its_view(explore):
    page = explore(SECTORS).page
    assert title(page).endswith("par secteur")
    values = [int(re.match(r"\d+", row[1])[0]) for row in rows(page)]
    assert values == sorted(values, reverse=True)
    assert page.get_by_label("Détail").input_value() == "secteur"
    assert page.locator("#indicateurs :checked").get_attribute("value") == "usage_ia"


def test_an_address_that_asks_for_nothing_known_says_so(explore):
    page = explore("population=entreprises&indicateur=inconnu&par=lune&edition=1999").page
    said = page.locator(".avis").inner_text()
    assert "Cet indicateur n’existe pas" in said and "édition demandée" in said
    assert rows(page)


def test_back_and_forward_go_through_the_views(explore):
    page = explore().page
    first = title(page)
    page.get_by_label("Détail").select_option("secteur")
    expect(page.locator("#resultat h2")).to_contain_text("par secteur")
    page.get_by_label("Détail").select_option("departement")
    expect(page.locator("#resultat h2")).to_contain_text("par département")
    page.go_back()
    expect(page.locator("#resultat h2")).to_contain_text("par secteur")
    assert page.get_by_label("Détail").input_value() == "secteur"
    page.go_back()
    expect(page.locator("#resultat h2")).to_have_text(first)
    page.go_forward()
    expect(page.locator("#resultat h2")).to_contain_text("par secteur")


def test_the_skip_link_keeps_the_view(explore):
    page = explore(SECTORS).page
    page.evaluate("location.hash = 'contenu'")
    page.wait_for_timeout(200)
    assert title(page).endswith("par secteur")


def test_searching_finds_words_anywhere_without_accents(explore):
    page = explore().page
    search = page.get_by_label("Chercher un indicateur")
    shown = page.locator("#indicateurs label:visible")
    everything = shown.count()
    search.fill("securite")
    assert 0 < shown.count() < everything
    assert any("sécurité" in text for text in shown.all_inner_texts())
    search.fill("compétences")  # a line of the barriers, not their title
    assert "Freins à l’usage de l’IA" in shown.all_inner_texts()
    expect(page.locator(".trouves")).to_contain_text("trouvé")
    search.fill("zzz")
    expect(page.locator(".trouves")).to_have_text("Aucun indicateur ne contient «\u202fzzz\u202f».")
    search.fill("")
    assert shown.count() == everything


def test_the_keyboard_alone_is_enough(explore):
    page = explore().page
    page.get_by_label("Chercher un indicateur").focus()
    page.keyboard.type("freins")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("Space")
    expect(page.locator("#resultat h2")).to_contain_text("Freins")
    assert page.evaluate("document.activeElement.value") == "freins"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "par"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.locator("#resultat h2")).to_contain_text("Freins")
    assert "indicateur=freins" in page.url


def test_enter_in_the_search_takes_the_first_indicator_found(explore):
    page = explore().page
    page.get_by_label("Chercher un indicateur").fill("position sur")
    page.keyboard.press("Enter")
    expect(page.locator("#resultat h2")).to_contain_text("Position sur l’IA")
    assert "indicateur=posture" in page.url


def test_a_run_of_arrows_in_the_list_is_one_step_of_history(explore):
    page = explore().page
    page.locator("#indicateurs :checked").focus()
    before = page.evaluate("history.length")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(50)
    assert page.evaluate("history.length") == before + 1


def test_every_line_of_an_indicator_can_be_seen_in_one_place(explore):
    page = explore(ONE_PLACE).page
    assert title(page).endswith(", en Vendée")
    assert len(rows(page)) == 8
    page.get_by_label("Département").select_option("44")
    expect(page.locator("#resultat h2")).to_contain_text("en Loire-Atlantique")
    assert "domaine=44" in page.url
    assert "en Loire-Atlantique" in page.locator("#resultat .lire").inner_text()


def test_a_withheld_cell_keeps_its_line_and_its_reason(explore):
    page = explore(HOLES).page
    hidden = [row for row in rows(page) if row[1] in ("nd", "secret")]
    assert hidden and all(row[2:4] == ["–", "–"] for row in hidden)
    assert {row[4] for row in hidden} <= {
        "non diffusé\u202f: trop peu de réponses ou secret",
        "secret statistique",
    }
    assert "non diffusé" in page.locator("#resultat svg").text_content()


def test_the_table_can_be_taken_away(explore):
    page = explore(HOLES).page
    with page.expect_download() as waited:
        page.get_by_role("button", name="Télécharger ce tableau").click()
    name = waited.value.suggested_filename
    assert re.fullmatch(r"entreprises-gains-temps-[a-z]+-taille-2026\.csv", name)
    content = waited.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["label"] for row in found] == [row[0] for row in rows(page)]
    assert {row["nature"] for row in found} == {"données simulées"} and list(found[0])[
        -1
    ] == "nature"
    assert all("Observatoire de l’IA" in row["source"] for row in found)
    hidden = [row for row in found if row["status"] in ("nd", "secret")]
    numbers = ("estimate", "conf_low", "conf_high", "n_respondents")
    assert hidden and {row[name] for row in hidden for name in numbers} == {""}
    shown = [row for row in found if row not in hidden]
    assert shown and all(0 < float(row["estimate"]) < 1 for row in shown)


def test_the_table_of_two_editions_holds_both(explore):
    page = explore(BOTH).page
    with page.expect_download() as waited:
        page.get_by_role("button", name="Télécharger ce tableau").click()
    text = waited.value.path().read_text("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert {row["edition"] for row in found} == {"2025", "2026"} and len(found) == 24
    last = {row["label"]: row["change"] for row in found if row["edition"] == "2026"}
    assert last == {row[0]: row[7] for row in rows(page)}


def test_the_link_copied_is_the_address_of_the_view(explore):
    page = explore(permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copier le lien").click()
    expect(page.locator(".dit")).to_contain_text("Lien")
    field = page.get_by_label("Lien à copier")
    link = field.input_value() if field.count() else page.evaluate("navigator.clipboard.readText()")
    assert link.startswith("file:") and "indicateur=usage_ia" in link and "par=taille" in link


def test_data_that_cannot_be_read_are_said_to_be_missing(explore):
    visited = explore()
    page = visited.page
    page.route("**/entreprises-2026-secteur.js", lambda route: route.abort())
    page.get_by_label("Détail").select_option("secteur")
    expect(page.locator(".avis")).to_contain_text("n’ont pas pu être lues")
    page.unroute("**/entreprises-2026-secteur.js")
    page.get_by_label("Détail").select_option("departement")
    expect(page.locator("#resultat h2")).to_contain_text("par département")
    assert page.locator(".avis").inner_text() == ""


def test_without_scripts_the_page_leads_to_every_indicator(visit):
    page = visit(PAGE, java_script_enabled=False).page
    assert "JavaScript" in page.locator("#explorateur").inner_text()
    links = page.locator("main a[href^='indicateurs/']")
    assert links.count() >= 40
    assert links.first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_view_violates_wcag(explore, width, scheme):
    require_node_tool(AXE)
    page = explore(width=width, color_scheme=scheme).page
    page.evaluate("document.querySelector('details.indicateur').open = true")
    faults = {}
    for view in VIEWS[1:]:
        turn(page, view)
        faults[view] = audit(page)
    page.get_by_label("Chercher un indicateur").fill("zzz")
    faults["zzz"] = audit(page)
    assert {view: found for view, found in faults.items() if found} == {}


def test_every_view_holds_in_every_width(explore):
    page = explore().page
    faults = {}
    for view in VIEWS[1:]:
        turn(page, view)
        for width in (320, 360, 480, 768, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(SETTLED)
            page.evaluate(SETTLED)
            faults[view, width] = page.evaluate(TOO_WIDE)
            faults[view, width] += page.evaluate(FAULTY_TEXTS, [SMALLEST_TEXT, TOLERANCE])
    assert {place: found for place, found in faults.items() if found} == {}


def test_print_shows_the_view_and_not_the_choices(explore):
    page = explore(BOTH, color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    shown = {
        name: page.locator(name).first.is_visible()
        for name in (
            ".choix",
            ".vue .outils",
            "#resultat svg",
            ".vue table",
            ".demo",
            "main a[href^='indicateurs/']",
        )
    }
    assert [name for name, seen in shown.items() if seen] == [
        "#resultat svg",
        ".vue table",
        ".demo",
    ]
