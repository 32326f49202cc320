"""Every kind of generated page of an edition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reports.edition import Edition
from reports.pages import (
    changing,
    comparing,
    data,
    essential,
    explorer,
    following,
    indicators,
    institutional,
    method,
    populations,
    questionnaires,
    sectors,
    territories,
    territory_hub,
)
from reports.pages.page import Draft, Page

# A kind whose pages take long gives drafts: several processes make them.
Kind = Callable[[Mapping[str, Edition]], Iterator[Page | Draft]]

KINDS: tuple[Kind, ...] = (
    essential.pages,
    populations.pages,
    comparing.pages,
    changing.pages,
    following.pages,
    indicators.pages,
    sectors.pages,
    territory_hub.pages,
    territories.pages,
    explorer.pages,
    method.pages,
    questionnaires.pages,
    data.pages,
    institutional.glossary_pages,
)
