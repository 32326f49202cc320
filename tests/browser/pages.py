"""What the browser tests look at: the pages of the site, their files, the tools at hand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page
from scripts import AUDIT, RULES

HERE = Path(__file__).parent
SITE = HERE.parents[1] / "_site"
TOOLS = HERE / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
HTML_VALIDATE = TOOLS / "html-validate" / "bin" / "html-validate.mjs"
BUNDLE = "vega.js"  # shared by the whole site, loaded only when a reader explores a chart


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in the browser, what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests that left the machine's files."""
        return [url for url in self.requests if is_foreign(url)]


def is_foreign(url: str) -> bool:
    """Whether an address is another than one of the machine's files."""
    return not url.startswith(("file:", "data:", "blob:"))


def files(requests: Iterable[str]) -> frozenset[Path]:
    """The files among what was asked for."""
    asked = (urlsplit(url) for url in requests)
    return frozenset(Path(unquote(url.path)) for url in asked if url.scheme == "file")


def complaint(message: ConsoleMessage) -> list[str]:
    """The text of an error or a warning of the console, nothing for other messages."""
    return [message.text] if message.type in ("error", "warning") else []


def pages() -> list[Path]:
    """Every page of the site, in a stable order (several workers collect the same tests)."""
    return sorted(SITE.rglob("*.html"))


def kind(page: Path) -> str:
    """What a page is made like: its folder and the first word of its name."""
    return name(page).removesuffix(".html").partition("-")[0]


def sample(pages: Iterable[Path]) -> list[Path]:
    """The heaviest page of each kind, for what is too slow to be asked of every page."""
    heaviest: dict[str, Path] = {}
    for page in sorted(pages, key=lambda page: page.stat().st_size):
        heaviest[kind(page)] = page
    return sorted(heaviest.values())


def with_class(pages: Iterable[Path], name: str) -> list[Path]:
    """The pages with an element of a class."""
    return [page for page in pages if f'class="{name}"' in page.read_text("utf-8")]


def name(page: Path) -> str:
    """The address of a page inside the site, to name a test."""
    return page.relative_to(SITE).as_posix()


def require(*, found: object, missing: str) -> None:
    """Skip when a tool is missing, or fail where the browser tests must run (`.ci/run`)."""
    if found:
        return
    if os.environ.get("OBSERVATOIRE_REQUIRE_BROWSER") == "1":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


def require_node_tool(tool: Path) -> None:
    """Skip or fail when a tool of `package.json`, or node itself, is missing."""
    require(found=shutil.which("node"), missing="node est absent : installez Node.js 18 ou plus.")
    require(found=tool.exists(), missing=f"{tool.name} est absent : lancez « make test ».")


def audit(page: Page) -> list[str]:
    """What axe-core finds against the rules in a page as it stands."""
    page.add_script_tag(path=AXE)
    return page.evaluate(AUDIT, ["tag", RULES])


def fail_for(faults: Mapping[str, object]) -> None:
    """Fail with every page that has a fault, one a line, whatever their number."""
    found = [f"{page}: {fault}" for page, fault in faults.items() if fault]
    if found:
        pytest.fail(f"{len(found)} pages\n" + "\n".join(found), pytrace=False)
