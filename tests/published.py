"""Published cells for the tests of what is drawn and said from them."""

import polars as pl


def cells(*rows, **constant):
    """Published cells from (domain, label, estimate, low, high, status)."""
    names = ("domain", "label", "estimate", "conf_low", "conf_high", "status")
    others = {"indicator": "usage", "population": "entreprises", "edition": 2026}
    others |= {"domain_type": "secteur", "statistic": "share"} | constant
    counts = [None if row[2] is None else 120 for row in rows]
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    numbers = pl.col("estimate", "conf_low", "conf_high").cast(pl.Float64)
    columns = {name: pl.lit(value) for name, value in others.items()}
    return frame.with_columns(numbers, n_respondents=pl.Series(counts, dtype=pl.Int64), **columns)


SECTORS = cells(
    ("GZ", "Commerce ; réparation d'automobiles", 0.22, 0.18, 0.26, "ok"),
    ("JZ", "Information et communication", 0.57, 0.49, 0.65, "ok"),
    ("FZ", "Construction", 0.09, 0.06, 0.13, "ok"),
    ("RU", "Arts, spectacles et loisirs", 0.27, 0.14, 0.45, "fragile"),
    ("LZ", "Activités immobilières", None, None, None, "nd"),
    ("DX", "Cokéfaction et raffinage", None, None, None, "secret"),
)
