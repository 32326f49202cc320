"""One Chromium for the session; each test opens its pages in fresh contexts, from files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pages import (
    SETTLED,
    SITE,
    Opened,
    complaint,
    name,
    pages,
    pages_to_explore,
    pages_with_figures,
    require,
)
from playwright.sync_api import Route, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_generate_tests(metafunc):
    for argument, found in (
        ("path", pages),
        ("figure_path", pages_with_figures),
        ("explored_path", pages_to_explore),
    ):
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, found(), ids=name)


@pytest.fixture(scope="session")
def browser():
    executable = shutil.which("chromium")
    require(found=executable, missing="chromium est absent : apt-get install chromium.")
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
