"""Margins written in sight, and messages read without their typography."""

import polars as pl

from analysis.calibration import MARGINS


def margins(**variables: dict[str | None, float] | float) -> pl.DataFrame:
    """Totals by category of each variable, or one number for the total of a number."""
    rows = [
        (variable, category, float(total))
        for variable, totals in variables.items()
        for category, total in (totals if isinstance(totals, dict) else {None: totals}).items()
    ]
    return pl.DataFrame(rows, schema=MARGINS, orient="row")


def text(error) -> str:
    """The message of a caught error, with plain spaces."""
    return str(error.value).replace("\u202f", " ")
