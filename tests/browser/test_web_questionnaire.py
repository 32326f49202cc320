"""The web questionnaire in Chromium, without JavaScript: answered, resumed, withdrawn; accessible.

Each page is looked at as a phone and as a wide screen show it, errors included.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from online import INSTRUMENTS, SHAPES, served
from pages import AXE, require_node_tool
from playwright.sync_api import Page
from scripts import AUDIT
from visits import ALL_RULES

NARROW = 320  # WCAG 1.4.10: no scrolling in two directions
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input, summary, textarea')]
  .filter(one => one.checkVisibility() && one.type !== 'hidden' && !one.matches('.skip'))
  .filter(one => !one.matches('main :is(p, li) a:not(.button)'))  // links inside a sentence
  .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([what]) => what)"""
DUPLICATES = """() => { const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
  return ids.filter((id, rank) => ids.indexOf(id) !== rank); }"""
DANGLING = """() => [...document.querySelectorAll('[aria-describedby], [aria-labelledby], [for]')]
  .flatMap(one => ['aria-describedby', 'aria-labelledby', 'for'].flatMap(name =>
    (one.getAttribute(name) ?? '').split(' ').filter(Boolean)))
  .filter(id => !document.getElementById(id))"""
FOCUS = """() => { const one = document.activeElement, style = getComputedStyle(one);
  return { tag: one.tagName, type: one.type ?? '', id: one.id, text: one.innerText ?? '',
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth) }; }"""
COMPLETE = {
    "taille": "10+",
    "statut": "prive",
    "effectif": 1200,
    "outils__texte1": "oui",
    "outils__robot": "NSP",
    "accord__utile": "oui",
    "accord__risque": "neutre",
    "part": 12.5,
    "remarque": "Bonjour\nà vous",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with served(SHAPES, tmp_path_factory.mktemp("essai")) as site:
        yield site


@pytest.fixture
def open_page(browser):
    """Opens a page in a fresh browser without JavaScript; nothing but our host is asked for.

    The tools that look at a page (axe, added styles) need it: they alone ask for it.
    """
    contexts = []

    def opened(address: str, **options) -> Page:
        settings = {"java_script_enabled": False, "locale": "fr-FR"} | options
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    asked: list[str] = []
    yield opened
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith("http://localhost:")] == []


def press_on(page: Page, name: str, role: str = "button") -> None:
    """Press a button, or follow a link, and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).click()


def go_on(page: Page) -> None:
    press_on(page, "Continuer")


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f'input[name="{name}"][value="{value}"]').check()


def steps(page: Page) -> Iterator[str]:
    """From the introduction to the withdrawal, naming each page as it is shown, errors too."""
    yield "présentation"
    press_on(page, "Commencer le questionnaire")
    yield "première page"
    go_on(page)
    yield "choix en erreur"
    choose(page, "taille", "10+")
    go_on(page)
    yield "choix et nombre"
    choose(page, "statut", "prive")
    page.fill("#statut__autre__texte", "coopérative")
    page.fill("#effectif", "douze")
    choose(page, "effectif__etat", "NSP")
    go_on(page)
    yield "choix et nombre en erreur"
    page.fill("#statut__autre__texte", "")
    page.locator('input[name="effectif__etat"]').uncheck()
    page.fill("#effectif", "1 200")
    go_on(page)
    yield "grille"
    choose(page, "outils__texte1", "oui")
    choose(page, "outils__robot", "NSP")
    go_on(page)
    yield "choix multiple"
    choose(page, "services", "trad")
    choose(page, "services", "aucun")
    go_on(page)
    yield "choix multiple en erreur"
    page.locator('input[value="aucun"]').uncheck()
    go_on(page)
    yield "grille et texte"
    choose(page, "accord__utile", "oui")
    page.fill("#part", "mille")
    go_on(page)
    yield "grille et nombre en erreur"
    press_on(page, "Enregistrer et continuer plus tard")
    yield "pause"
    press_on(page, "Reprendre maintenant")
    choose(page, "accord__risque", "neutre")
    page.fill("#part", "12,5")
    page.fill("#remarque", "Bonjour\nà vous")
    go_on(page)
    yield "vérification"
    page.locator("summary").nth(1).click()
    yield "vérification dépliée"
    press_on(page, "Envoyer mes réponses")
    yield "merci"
    press_on(page, "Retirer mes réponses", "link")
    yield "retrait"
    press_on(page, "Effacer définitivement mes réponses")
    yield "retrait fait"
    page.goto(page.url.replace("/retrait/fait", "/code"))
    yield "code"
    go_on(page)
    yield "code en erreur"
    page.goto(page.url.replace("/code", "/rien"))
    yield "page absente"


LOOKS = [(width, scheme, "none") for width in (NARROW, 1280) for scheme in ("light", "dark")]
LOOKS += [(640, "light", "active")]  # the colours that a person chose for every site


@pytest.mark.parametrize(("width", "scheme", "forced"), LOOKS)
def test_no_violation_on_any_page(site, open_page, width, scheme, forced):
    require_node_tool(AXE)
    page = open_page(
        site.address,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        forced_colors=forced,
        java_script_enabled=True,
    )
    axe = AXE.read_text(encoding="utf-8")
    seen, titles = [], set()
    for step in steps(page):
        page.evaluate(axe)
        assert (step, page.evaluate(AUDIT, ALL_RULES)) == (step, [])
        assert (step, page.evaluate(TOO_WIDE)) == (step, False)
        assert (step, page.evaluate(SMALL_TARGETS)) == (step, [])
        assert (step, page.evaluate(DUPLICATES) + page.evaluate(DANGLING)) == (step, [])
        assert page.locator("main h1").count() == 1
        assert page.title().startswith("Erreur") == (step.endswith("erreur") or "absente" in step)
        seen.append(step)
        titles.add(page.title())
    assert len(seen) == 19 and len(titles) >= 14


def test_text_can_be_enlarged_and_spaced(site, open_page):
    """WCAG 1.4.4 and 1.4.12: nothing is cut or overlaps at twice the size, or with more space."""
    size = {"width": 640, "height": 800}
    page = open_page(site.address, viewport=size, bypass_csp=True, java_script_enabled=True)
    for _ in steps(page):
        page.add_style_tag(
            content="html { font-size: 200% } * { line-height: 1.5 !important;"
            " letter-spacing: 0.12em !important; word-spacing: 0.16em !important }"
        )
        assert not page.evaluate(TOO_WIDE)


def test_a_complete_answer_is_kept_as_given(site, open_page):
    page = open_page(site.address)
    before = site.stores.responses.all()
    for step in steps(page):
        if step == "merci":
            break
    (sent,) = [each for each in site.stores.responses.all() if each not in before]
    assert sent.submitted and not sent.invited
    assert {name: sent.answers[name] for name in COMPLETE} == COMPLETE
    assert sent.answers["outils__image"] == "NR" and sent.answers["besoins__etat"] == "NR"
    assert sent.answers["services__trad"] is True and sent.answers["services__aucun"] is False
    assert set(sent.seconds) == {"profil", "profil-2", "usages", "usages-2", "avis"}
    page.go_back()
    assert "Merci" in page.title()


def test_an_answer_is_resumed_from_another_browser(site, open_page):
    link = site.invite()
    page = open_page(link)
    assert "/r/" not in page.url
    press_on(page, "Commencer le questionnaire")
    choose(page, "taille", "10+")
    go_on(page)
    page.fill("#effectif", "presque vingt")
    press_on(page, "Enregistrer et continuer plus tard")
    assert page.get_by_role("heading", level=1).inner_text() == "Vos réponses sont enregistrées"
    page.context.close()
    again = open_page(link)
    press_on(again, "Reprendre le questionnaire")
    assert again.url.endswith("/page/profil-2")
    assert again.input_value("#effectif") == "presque vingt"
    assert "n’est pas un nombre" in again.locator("#effectif-erreur").inner_text()
    press_on(again, "Page précédente")
    assert again.locator('input[value="10+"]').is_checked()
    choose(again, "taille", "0")
    go_on(again)
    assert again.locator("#effectif").count() == 0
    cookies = again.context.cookies()
    assert [(c["httpOnly"], c["sameSite"], c["expires"]) for c in cookies] == [(True, "Lax", -1)]


def test_an_answer_is_withdrawn(site, open_page):
    link = site.invite()
    page = open_page(link)
    press_on(page, "Commencer le questionnaire")
    choose(page, "taille", "1-9")
    go_on(page)
    kept = len(site.answers())
    press_on(page, "Retirer mes réponses", "link")
    press_on(page, "Ne rien effacer", "link")
    press_on(page, "Retirer mes réponses", "link")
    press_on(page, "Effacer définitivement mes réponses")
    assert page.get_by_role("heading", level=1).inner_text() == "Vos réponses ont été retirées"
    assert len(site.answers()) == kept - 1
    assert "ont été retirées" in open_page(link).locator("h1").inner_text()


def press_until(page: Page, tag: str, said: str = "") -> dict:
    """Press Tab until the focus is on such an element; the focus is seen at each stop."""
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop["tag"] != "BODY":
            assert stop["outline"] >= 2, stop
        if stop["tag"] == tag and said in (stop["text"] or stop["id"]):
            return stop
    raise AssertionError(f"{tag} {said} is not reached")


def send(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_the_keyboard_alone_is_enough(site, open_page):
    page = open_page(site.invite())
    first = press_until(page, "A")
    assert first["text"] == "Aller au contenu"
    press_until(page, "BUTTON", "Commencer")
    send(page, "Enter")
    press_until(page, "BUTTON", "Continuer")
    send(page, "Enter")
    assert page.url.endswith("#erreurs")
    press_until(page, "A", "Taille")  # the summary of errors leads to the question
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS)["id"] == "taille-1"
    page.keyboard.press("ArrowDown")
    assert page.locator("#taille-2").is_checked()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    press_until(page, "BUTTON", "Continuer")
    send(page, "Space")
    press_until(page, "INPUT", "statut-1")
    page.keyboard.press("Space")
    send(page, "Enter")  # in a form, sends it as « Continuer » does
    assert page.url.endswith("/page/usages")
    press_until(page, "INPUT", "outils__texte1-1")
    page.keyboard.press("ArrowRight")
    assert page.locator("#outils__texte1-2").is_checked()
    press_until(page, "BUTTON", "Continuer")
    send(page, "Enter")
    press_until(page, "INPUT", "accord__utile-1")
    page.keyboard.press("Space")
    press_until(page, "INPUT", "accord__risque-1")
    page.keyboard.press("Space")
    press_until(page, "TEXTAREA")
    page.keyboard.type("Au clavier")
    press_until(page, "BUTTON", "Continuer")
    send(page, "Enter")
    press_until(page, "BUTTON", "Envoyer")
    send(page, "Enter")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Merci")


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda each: each.stem)
@pytest.mark.parametrize("width", [NARROW, 1280])
def test_each_instrument_is_accessible(tmp_path, open_page, instrument, width):
    """Every page that the first answer to each question leads to."""
    require_node_tool(AXE)
    axe = AXE.read_text(encoding="utf-8")
    with served(instrument, tmp_path) as site:
        size = {"width": width, "height": 800}
        page = open_page(site.address, viewport=size, java_script_enabled=True)
        press_on(page, "Commencer le questionnaire")
        visited = 0
        while "/page/" in page.url:
            page.evaluate(axe)
            assert (page.url, page.evaluate(AUDIT, ALL_RULES)) == (page.url, [])
            assert (page.url, page.evaluate(TOO_WIDE)) == (page.url, False)
            assert page.evaluate(DUPLICATES) + page.evaluate(DANGLING) == []
            for name in page.locator("form input:not([type=hidden])").evaluate_all(
                "all => [...new Set(all.filter(one => one.type === 'radio' ||"
                " one.type === 'checkbox').map(one => one.name))]"
            ):
                page.locator(f'input[name="{name}"]').first.check()
            before = page.url
            go_on(page)
            assert page.url != before
            visited += 1
        assert page.url.endswith("/verification") and visited >= 5
