"""Generated pages made by several processes at once, in one order whatever their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from reports.edition import open_editions
from reports.pages.kinds import KINDS
from reports.pages.page import Draft, Page

Progress = Callable[[int, int], None]
SHARE = 4  # pages that a process takes at once


def make_pages(
    year: int, *, workers: int | None = None, progress: Progress = lambda *_: None
) -> list[Page]:
    """Every generated page of an edition, in the order of `KINDS`.

    A kind is the work of one process, unless it gives drafts: those are shared among `workers`
    (one a processor when None). `progress` gets pages made and pages known to be made.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        return _collected(year, None, progress)
    # A forked child would inherit the locks of the threads of Polars.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return _collected(year, pool, progress)


def _collected(year: int, pool: Executor | None, progress: Progress) -> list[Page]:
    run = pool.map if pool else _in_turn
    kinds = range(len(KINDS))
    pages: list[list[Page]] = []
    drafts: list[tuple[int, int]] = []
    for kind, (made, count) in zip(kinds, run(_listed, [year] * len(KINDS), kinds), strict=True):
        pages.append(made)
        drafts += [(kind, item) for item in range(count)]
    done, total = sum(map(len, pages)), sum(map(len, pages)) + len(drafts)
    places = [year] * len(drafts), *(zip(*drafts, strict=True) if drafts else ((), ()))
    for (kind, _), page in zip(drafts, run(_made, *places, chunksize=SHARE), strict=True):
        pages[kind].append(page)
        done += 1
        progress(done, total)
    return [page for made in pages for page in made]


def _in_turn(action: Callable, *arguments, chunksize: int = 1) -> Iterator:
    return map(action, *arguments)


@cache
def _items(year: int, kind: int) -> list[Page | Draft]:
    return list(KINDS[kind](open_editions(year)))


def _listed(year: int, kind: int) -> tuple[list[Page], int]:
    """The pages of a kind, or how many drafts it gives: a kind gives the ones or the others."""
    items = _items(year, kind)
    if any(isinstance(item, Page) for item in items):
        return [item if isinstance(item, Page) else item() for item in items], 0
    return [], len(items)


def _made(year: int, kind: int, item: int) -> Page:
    return _items(year, kind)[item]()
