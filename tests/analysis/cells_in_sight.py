"""Published cells for the tests of charts, maps, tables and figures."""

from __future__ import annotations

import polars as pl

FLOATS = ("estimate", "std_error", "conf_low", "conf_high", "cv", "deff", "df", "population_size")


def cell(domain, label, estimate, low, high, n=120, status="ok", **other):
    """One row of the result vocabulary; numbers other than these are made of them."""
    shown = estimate is not None
    error = (high - low) / 4 if shown else None
    row = {
        "indicator": "usage",
        "population": "entreprises",
        "edition": 2026,
        "domain_type": "secteur",
        "domain": domain,
        "statistic": "share",
        "estimate": estimate,
        "std_error": error,
        "conf_low": low,
        "conf_high": high,
        "cv": error / estimate if shown and estimate else None,
        "deff": 1.4 if shown else None,
        "df": 300.0 if shown else None,
        "n_respondents": n if shown else None,
        "n_domain": n if shown else None,
        "population_size": 10.0 * n if shown else None,
        "status": status,
        "label": label,
    }
    return row | other


def frame(*rows):
    """Rows as a frame whose empty columns keep their type."""
    types = dict.fromkeys(FLOATS, pl.Float64)
    types |= {"n_respondents": pl.Int64, "n_domain": pl.Int64}
    return pl.DataFrame(list(rows), schema_overrides=types)


SECTORS = frame(
    cell("GZ", "Commerce ; réparation d'automobiles et de motocycles", 0.22, 0.18, 0.26),
    cell("JZ", "Information et communication", 0.57, 0.49, 0.65, 1141),
    cell("FZ", "Construction", 0.09, 0.06, 0.13),
    cell("RU", "Arts, spectacles et loisirs", 0.27, 0.14, 0.45, 38, "fragile"),
    cell("LZ", "Activités immobilières", None, None, None, status="nd"),
    cell("DX", "Cokéfaction et raffinage", None, None, None, status="secret"),
)
WITHHELD = SECTORS.filter(pl.col("status").is_in(["nd", "secret"]))
