"""Dates and times as the collecting tools, or a French spreadsheet after them, write them."""

from __future__ import annotations

import polars as pl

FRENCH = r"^(\d{1,2})/(\d{1,2})/(\d{4})"
WRITTEN = (
    r"^(\d{4}-\d{1,2}-\d{1,2})(?:[T ](\d{1,2}:\d{2})(:\d{2})?(\.\d{1,6})?\d*)?"
    r" ?(Z|UTC|[+-]\d{2}:?\d{2})?$"
)


def read_date(text: pl.Expr) -> pl.Expr:
    """A date, with or without a time, as a `Datetime("us")`; null when it is not one.

    `2026-03-02`, `2026-03-02 09:07:00`, ISO 8601 with fraction and zone, `02/03/2026 09:07` (day
    first). A time with a zone is brought to UTC, one without is kept as it is.
    """
    iso = text.str.replace(FRENCH, "$3-$2-$1")

    def part(number: int, default: str) -> pl.Expr:
        return iso.str.extract(WRITTEN, number).fill_null(default)

    zone = part(5, "Z").str.replace("^(Z|UTC)$", "+00:00")
    full = pl.format(
        "{}T{}{}{}{}",
        iso.str.extract(WRITTEN, 1),
        part(2, "00:00"),
        part(3, ":00"),
        part(4, ".0"),
        zone,
    )
    parsed = full.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_unit="us")
    return parsed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
