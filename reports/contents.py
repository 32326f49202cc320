"""Every figure of an edition, in the order of its pages."""

from __future__ import annotations

from reports import enterprises, headline

FIGURES: tuple[enterprises.Builder, ...] = (
    headline.comparison,
    enterprises.use_by_size,
    enterprises.by_sector,
    enterprises.by_departement,
    enterprises.change_by_size,
    enterprises.change_by_sector,
    enterprises.technologies,
    enterprises.generative_by_size,
    enterprises.functions,
    enterprises.hidden_use,
    enterprises.rules,
    enterprises.gains,
    enterprises.work_effects,
    enterprises.barriers,
    enterprises.needs,
    enterprises.schemes,
)
