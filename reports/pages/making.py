"""Generated pages made by several processes at once, in one order whatever their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from reports.edition import open_editions
from reports.pages.kinds import KINDS, Kind
from reports.pages.page import Draft, Page, made

Progress = Callable[[int, int], None]
SHARE = 4  # pages that a process takes at once


def make_pages(
    year: int,
    kinds: Sequence[Kind] = KINDS,
    *,
    workers: int | None = None,
    progress: Progress = lambda *_: None,
) -> list[Page]:
    """Every generated page of an edition, in the order of `kinds`.

    A kind is the work of one process, unless it gives drafts: those are shared among `workers`
    (one a processor when None). `progress` gets pages made and pages known to be made.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        return _collected(year, kinds, None, progress)
    # A forked child would inherit the locks of the threads of Polars.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return _collected(year, kinds, pool, progress)


def _collected(
    year: int, kinds: Sequence[Kind], pool: Executor | None, progress: Progress
) -> list[Page]:
    run = pool.map if pool else _in_turn
    found = list(run(_listed, [year] * len(kinds), kinds))
    pages = [listed for listed, _ in found]
    drafts = [(rank, item) for rank, (_, count) in enumerate(found) for item in range(count)]
    done = sum(map(len, pages))
    total = done + len(drafts)
    asked = (
        [year] * len(drafts),
        [kinds[rank] for rank, _ in drafts],
        [item for _, item in drafts],
    )
    for (rank, _), page in zip(drafts, run(_made, *asked, chunksize=SHARE), strict=True):
        pages[rank].append(page)
        done += 1
        progress(done, total)
    return [page for listed in pages for page in listed]


def _in_turn(action: Callable, *arguments: Sequence, chunksize: int = 1) -> Iterator:
    return map(action, *arguments)


@cache
def _items(year: int, kind: Kind) -> list[Page | Draft]:
    return list(kind(open_editions(year)))


def _listed(year: int, kind: Kind) -> tuple[list[Page], int]:
    """The pages of a kind that gives some, else how many drafts it gives."""
    items = _items(year, kind)
    if any(isinstance(item, Page) for item in items):
        return [made(item if isinstance(item, Page) else item()) for item in items], 0
    return [], len(items)


def _made(year: int, kind: Kind, item: int) -> Page:
    return made(_items(year, kind)[item]())
