"""One Chromium for the session; each test opens its pages in fresh contexts, from files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pages import (
    AXE,
    SITE,
    Opened,
    complaint,
    name,
    pages,
    require,
    require_node_tool,
    sample,
    with_class,
)
from playwright.sync_api import Route, sync_playwright
from scripts import SETTLED
from visits import Seen, see

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_generate_tests(metafunc):
    for argument, of_class in (
        ("path", None),
        ("figure_path", "chart"),
        ("explored_path", "vega-spec"),  # what a map tells is all written on it
    ):
        if argument in metafunc.fixturenames:
            found = with_class(pages(), of_class) if of_class else pages()
            metafunc.parametrize(argument, sample(found), ids=name)


@pytest.fixture(scope="session")
def executable() -> str:
    """The program of Chromium."""
    found = shutil.which("chromium")
    require(found=found, missing="chromium est absent : apt-get install chromium.")
    return found


@pytest.fixture(scope="session")
def seen(site, executable) -> list[Seen]:
    """Every page of the site, as each was seen."""
    require_node_tool(AXE)
    return see(pages(), frozenset(sample(pages())), executable, ARGUMENTS)


@pytest.fixture(scope="session")
def browser(executable):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a page of the site; nothing but files may be reached. Options are Playwright's."""
    contexts = []

    def only_files(route: Route) -> None:
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            route.abort()

    def opened(path: Path, *, width: int = 1280, **options) -> Opened:
        options = {"reduced_motion": "reduce", "locale": "fr-FR"} | options
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.route("**/*", only_files)
        visited = Opened(context.new_page())
        visited.page.on("request", lambda request: visited.requests.append(request.url))
        visited.page.on("console", lambda said: visited.complaints.extend(complaint(said)))
        visited.page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        visited.page.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            visited.page.evaluate(SETTLED)
        return visited

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def site() -> Path:
    require(found=pages(), missing="Le site est absent : lancez « make site ».")
    return SITE
