"""Pages are the same, in the same order, whatever the number of processes that make them."""

from functools import partial

import pytest

from reports.edition import open_edition
from reports.pages import indicators, making
from reports.pages.making import make_pages
from reports.pages.page import Page


@pytest.fixture
def here(estimated, monkeypatch):
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    making._items.cache_clear()
    yield estimated
    open_edition.cache_clear()
    making._items.cache_clear()


def ready(_):
    yield Page("a", "A")
    yield Page("b", "B")


def drafts(_):
    yield partial(Page, "c", "C")
    yield partial(Page, "d", "D")


def mixed(_):
    yield partial(Page, "e", "E")
    yield Page("f", "F")


def nothing(_):
    yield from ()


def test_ready_pages_and_drafts_come_in_the_order_of_the_kinds(here):
    told, kinds = [], (drafts, nothing, ready, mixed)
    pages = make_pages(2026, kinds, workers=1, progress=lambda *step: told.append(step))
    assert [page.address for page in pages] == ["c", "d", "a", "b", "e", "f"]
    assert told == [(5, 6), (6, 6)]


def test_several_processes_make_the_same_bytes(here):
    alone = make_pages(2026, (indicators.pages,), workers=1)
    assert len(alone) > 40
    assert make_pages(2026, (indicators.pages,), workers=2) == alone
