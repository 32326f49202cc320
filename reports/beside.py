"""The figures of the pages by sector and by territory: no image, their data are those of the page.

They stand on hundreds of pages: an image of each would weigh more than all the rest of the site.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from analysis.alternatives import alt_text
from analysis.beside import beside_others, beside_region
from analysis.cells import FRAGILE_LEGEND, display
from analysis.marks import Reference
from reports.figures import Caption, Figure

FRAGILE = f"Cercle gris : {FRAGILE_LEGEND}."


@dataclass(frozen=True)
class PageFigure(Figure):
    """A figure whose data is the CSV of its page (`data`, an address from the page)."""

    data: str = ""
    interactive: bool = False

    def _links(self, assets: str) -> str:
        return f'<a href="{self.data}" download="">Données de la page (CSV)</a>'


def region_figure(
    cells: pl.DataFrame,
    caption: Caption,
    *,
    name: str,
    data: str,
    second: bool = False,
    note: str = "",
) -> PageFigure:
    """Indicators of one domain beside the region, in the order given.

    `cells` : published cells with `label`, `whole_estimate` and, as text, `region` and `gap`; with
    `second`, the base of each in `base`; `note` says what must be known not to misread them.
    """
    shown = display(cells)
    forms = [beside_region(shown, name=name, form=form) for form in ("wide", "narrow")]
    details = [f"{row['label']} : {row['region']} dans la région" for row in _told(cells)]
    return PageFigure(
        caption,
        *forms,
        alt_text(cells, "dots", caption.subtitle, details=details),
        cells,
        cells,
        second=("base", "Sur qui") if second else None,
        extra=(("region", "Région"), ("gap", "Écart avec la région")),
        note=" ".join(filter(None, [note, _note(cells)])),
        data=data,
    )


def places_figure(
    cells: pl.DataFrame, caption: Caption, *, own: str, reference: Reference | None, data: str
) -> PageFigure:
    """One indicator of several places, `own` in bold, in the order given."""
    shown = display(cells)
    forms = [
        beside_others(shown, own=own, reference=reference, form=form) for form in ("wide", "narrow")
    ]
    said = alt_text(cells, "dots", caption.subtitle, reference)
    return PageFigure(caption, *forms, said, cells, cells, note=_note(cells), data=data)


def _told(cells: pl.DataFrame) -> list[dict]:
    return cells.filter(pl.col("estimate").is_not_null()).head(3).to_dicts()


def _note(cells: pl.DataFrame) -> str:
    return FRAGILE if (cells["status"] == "fragile").any() else ""
