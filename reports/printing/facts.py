"""What every printed document says of itself, and where its templates are; nothing heavy here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HOUSE = HERE / "maison.typ"
SAFETY, TYPOGRAPHY = (
    HERE.parent / "assets" / "filters" / f"{name}.lua" for name in ("surete", "typographie")
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the head and the foot of every page say of a document."""

    title: str
    subtitle: str
    publisher: str
    source: str
    colophon: str
    simulated: bool
