"""What the browser tests look at: the pages of the site, their files, the tools at hand."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page

HERE = Path(__file__).parent
SITE = HERE.parents[1] / "_site"
TOOLS = HERE / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
HTML_VALIDATE = TOOLS / "html-validate" / "bin" / "html-validate.mjs"
BUNDLE = "vega.js"  # shared by the whole site, loaded only when a reader explores a chart

OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
SETTLED = "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(done)))"


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in the browser, what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests that left the machine's files."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


def complaint(message: ConsoleMessage) -> list[str]:
    """The text of an error or a warning of the console, nothing for other messages."""
    return [message.text] if message.type in ("error", "warning") else []


def pages() -> list[Path]:
    """Every page of the site, in a stable order (several workers collect the same tests)."""
    return sorted(SITE.rglob("*.html"))


def pages_with_figures() -> list[Path]:
    """The pages that show at least one chart."""
    return [page for page in pages() if 'class="chart"' in page.read_text("utf-8")]


def pages_to_explore() -> list[Path]:
    """The pages with a chart that a reader can explore; what a map tells is all written on it."""
    return [page for page in pages() if 'class="vega-spec"' in page.read_text("utf-8")]


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
