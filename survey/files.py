"""Files written whole or not at all: under a temporary name first, then renamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

SIMULATED = "données simulées"
FONTS = Path(__file__).parent / "fonts"  # the house typeface, Source Sans 3 (OFL)


def replace_file(path: Path, write: Callable[[Path], object], *, owner_only: bool = False) -> None:
    """Let `write` fill a temporary file beside `path`, then give it its name.

    `owner_only`: no one but its owner can read it, at any moment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.en-cours")
    try:
        if owner_only:
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, lines ended by a newline alone."""
    replace_file(path, lambda file: file.write_text(text, encoding="utf-8", newline="\n"))


def write_parquet(
    frame: pl.DataFrame, path: Path, *, simulated: bool, owner_only: bool = False
) -> None:
    """Write a Parquet file; its metadata says « données simulées » when it holds some."""
    label = {"contenu": SIMULATED} if simulated else None
    replace_file(
        path, lambda file: frame.write_parquet(file, metadata=label), owner_only=owner_only
    )


def write_csv(frame: pl.DataFrame, path: Path, *, simulated: bool) -> None:
    """Write a CSV that Excel reads with its accents; simulated rows say so in a last column.

    A frame with its own column `nature` is written as it is.
    """
    if simulated and "nature" not in frame.columns:
        frame = frame.with_columns(nature=pl.lit(SIMULATED))
    replace_file(path, lambda file: frame.write_csv(file, include_bom=True))
