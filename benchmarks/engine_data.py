"""The data of each section of the benchmark: drawn with a fixed seed, written to a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from analysis.calibration import rake
from analysis.targets import Domain

MARGINS = ("taille", "secteur", "departement")
DOMAINS = (
    Domain("ensemble"),
    Domain("taille", ("taille",)),
    Domain("secteur", ("secteur",)),
    Domain("departement", ("departement",)),
    Domain("taille x departement", ("taille", "departement")),
    Domain("dix et plus", pl.col("taille") >= "2"),
    Domain("quartier", ("quartier",)),
)
# categories of each column, and number of shares
COLUMNS = {
    "million": ({"zone": 20}, 200, 5),
    "growth": ({"zone": 20}, 200, 5),
    "cells": ({"taille": 5, "secteur": 12, "departement": 5, "quartier": 11}, 60, 200),
    "raking": ({"m0": 5, "m1": 12, "m2": 20, "m3": 8}, 1, 0),
    "logit": ({f"m{index}": 10 for index in range(6)}, 1, 0),
    "bootstrap": ({"zone": 20}, 200, 5),
    "recalibrated": ({"zone": 20, "m0": 5, "m1": 12, "m2": 5, "m3": 8}, 50, 100),
}
COLUMNS["calibrated"] = COLUMNS["gate"] = COLUMNS["cells"]


def drawn(section: str, rows: int) -> pl.DataFrame:
    """Rows with `weight`, `stratum`, `stratum_size`, categories and shares `y0`, `y1`…"""
    rng = np.random.default_rng(2026)
    categories, strata, shares = COLUMNS[section]
    frame = pl.DataFrame(
        {
            "weight": rng.uniform(1, 40, rows),
            "stratum": rng.integers(0, strata, rows),
            **{name: rng.integers(0, count, rows) for name, count in categories.items()},
            **{f"y{index}": rng.random(rows) < 0.3 for index in range(shares)},
        }
    )
    return frame.with_columns(
        pl.col(list(categories)).cast(pl.String), stratum_size=pl.len().over("stratum") * 20
    )


def moved_margins(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Totals that the weights miss by some per cent, all of one sum."""
    rng = np.random.default_rng(7)
    factor = 1 + 0.2 * (rng.random(frame.height) - 0.5) * (frame[names[0]] == "0").to_numpy()
    pull = 1 + 0.1 * frame[names[1]].cast(pl.Float64).to_numpy() / 10
    aimed = frame.with_columns(weight=frame["weight"] * factor * pull)
    tables = [
        aimed.group_by(category=name)
        .agg(total=pl.col("weight").sum(), variable=pl.lit(name))
        .sort("category")
        for name in names
    ]
    return pl.concat(tables).select("variable", "category", "total")


def calibrated(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `calibrated_weight`, raked to `MARGINS`."""
    named = frame.rename({"weight": "nonresponse_weight"})
    raked = rake(named, moved_margins(frame, list(MARGINS)))
    return raked.rename({"nonresponse_weight": "weight"})


def write(section: str, rows: int, folder: Path) -> None:
    """The files of a section: `data`, and `margins` where it calibrates."""
    frame = drawn(section, rows)
    frame.write_parquet(folder / "data.parquet", row_group_size=1 << 18)
    if section in ("million", "raking", "logit", "bootstrap"):
        frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8)).write_csv(folder / "data.csv")
    margins = [name for name in frame.columns if name.startswith("m")]
    if margins:
        table = moved_margins(frame, margins)
        table.write_parquet(folder / "margins.parquet")
        table.write_csv(folder / "margins.csv")
