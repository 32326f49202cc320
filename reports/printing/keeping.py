"""What the report shows of the generated pages, kept from their making to its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from reports.addresses import population_page
from reports.edition import POPULATIONS, Edition
from reports.pages.page import Page
from reports.printing.edition import kept
from reports.printing.setting import printed
from survey.files import write_text


def keep_figures(pages: Iterable[Page], editions: Mapping[str, Edition], root: Path) -> None:
    """Keep what the report of these editions shows of the pages: its figures, its words."""
    edition = next(iter(editions.values()))
    place = edition.reference.region.territory.locative
    content = {
        "title": f"L’intelligence artificielle {place}",
        "subtitle": "Qui l’utilise, comment, avec quels effets : le rapport de l’édition "
        f"{edition.year}",
        "source": edition.full_source,
        "absent": [population_page(name) for name in POPULATIONS if name not in editions],
        "figures": {
            figure.caption.id: printed(figure) for page in pages for figure in page.figures
        },
    }
    write_text(kept(root, edition.year), json.dumps(content, ensure_ascii=False))
