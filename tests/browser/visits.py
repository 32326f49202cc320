"""Every page of the site opened once, several at a time, with all that is asked of each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pages import AXE, complaint, files, is_foreign, name
from playwright.async_api import Browser, Page, async_playwright
from scripts import (
    AUDIT,
    EMPTY,
    FACTS,
    FAULTY_TEXTS,
    OPEN_ALL,
    PROSE,
    READ,
    RULES,
    RULES_OF_SCREENS,
    SETTLED,
    TOO_WIDE,
)

HEIGHT = 900
WIDE, PHONE = 1280, 360
# 640 is a screen of 1280 zoomed to 200 %.
WIDTHS = (1280, 640, 320)
MORE_WIDTHS = (1024, 768, 480, 360)
SMALLEST_TEXT = 12  # pixels on screen
TOLERANCE = 2  # pixels
ALL_RULES = ["tag", RULES]
# The rows of a table are set alike: the first ones tell the colours of all.
SCREEN_RULES = ["rule", RULES_OF_SCREENS, "tbody tr:nth-child(n + 7)"]


@dataclass(slots=True)
class Seen:
    """A page and what was seen of it. Faults are told in words, by the setting that shows them."""

    path: Path
    facts: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    at_once: frozenset[Path] = frozenset()
    complaints: list[str] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)
    layout: dict[str, list[str]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    text: str = ""
    prose: str = ""

    @property
    def foreign(self) -> list[str]:
        """Requests that left the machine's files."""
        return [url for url in self.asked if is_foreign(url)]

    @property
    def files(self) -> frozenset[Path]:
        """The files that the page has asked for."""
        return files(self.asked)


def see(paths: Iterable[Path], closely: frozenset[Path], executable: str, arguments) -> list[Seen]:
    """What is seen of each page; those of `closely` in every setting, the others in the main ones.

    Runs in a thread of its own: this one may hold the loop of another browser.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(
            lambda: asyncio.run(_see_all(list(paths), closely, executable, arguments))
        ).result()


async def _see_all(paths, closely, executable, arguments) -> list[Seen]:
    # The heaviest first: the last pages of the queue leave no tab idle for long.
    queue = iter(sorted(paths, key=lambda path: -path.stat().st_size))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=arguments)
        tabs = (_tab(browser, queue, closely) for _ in range(os.cpu_count() or 1))
        seen = [each for some in await asyncio.gather(*tabs) for each in some]
        await browser.close()
    return sorted(seen, key=lambda each: name(each.path))


async def _tab(browser: Browser, queue: Iterator[Path], closely) -> list[Seen]:
    context = await browser.new_context(reduced_motion="reduce", locale="fr-FR")
    page = await context.new_page()
    seen: list[Seen] = []
    page.on("request", lambda request: seen[-1].asked.append(request.url))
    page.on("console", lambda said: seen[-1].complaints.extend(complaint(said)))
    page.on("pageerror", lambda error: seen[-1].complaints.append(str(error)))
    axe = AXE.read_text("utf-8")
    for path in queue:
        seen.append(Seen(path))
        await _set(page, WIDE, "light")
        await page.goto(path.as_uri())
        await page.evaluate(SETTLED)
        await _look(page, seen[-1])
        await page.evaluate(axe)
        await _audit(page, seen[-1], closely=path in closely)
        await _measure(page, seen[-1], (*WIDTHS, *MORE_WIDTHS) if path in closely else WIDTHS)
        seen[-1].text = await page.evaluate(READ)
        seen[-1].prose = await page.evaluate(PROSE)
    await context.close()
    return seen


async def _look(page: Page, seen: Seen) -> None:
    """What the page tells and weighs as it opens; then everything it hides is opened."""
    seen.facts = await page.evaluate(FACTS)
    seen.at_once = seen.files
    await page.evaluate(OPEN_ALL)
    seen.empty = await page.evaluate(EMPTY)


async def _audit(page: Page, seen: Seen, *, closely: bool) -> None:
    settings = [(WIDE, "light", ALL_RULES), (PHONE, "dark", SCREEN_RULES)]
    if closely:
        settings[1:] = [(WIDE, "dark", ALL_RULES), (PHONE, "dark", ALL_RULES)]
        settings.append((PHONE, "light", ALL_RULES))
    for width, scheme, rules in settings:
        await _set(page, width, scheme)
        seen.violations[f"{width} px, {scheme}"] = await page.evaluate(AUDIT, rules)


async def _measure(page: Page, seen: Seen, widths: Iterable[int]) -> None:
    for width in widths:
        await _set(page, width, "light")
        faults = await page.evaluate(TOO_WIDE)
        faults += await page.evaluate(FAULTY_TEXTS, [SMALLEST_TEXT, TOLERANCE])
        seen.layout[f"{width} px"] = faults


async def _set(page: Page, width: int, scheme) -> None:
    await page.set_viewport_size({"width": width, "height": HEIGHT})
    await page.emulate_media(color_scheme=scheme)
