"""Every kind of generated page of an edition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reports.edition import Edition
from reports.pages import sectors, territories
from reports.pages.page import Page

Kind = Callable[[Mapping[str, Edition]], Iterator[Page]]

KINDS: tuple[Kind, ...] = (sectors.pages, territories.pages)
