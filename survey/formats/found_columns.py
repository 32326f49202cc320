"""What an importer says of the columns of a file: those that come twice, those that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from survey.errors import ResponseError
from survey.french import counted

SHOWN = 12


def refuse_twice(found: Iterable[Sequence[int]], headings: Sequence[str], name: str) -> None:
    """Refuse a file where something stands in two columns; `found`: positions of each thing."""
    twice = [
        f"{headings[places[0]]} (colonnes {' et '.join(str(place + 1) for place in places)})"
        for places in found
        if len(places) > 1
    ]
    if twice:
        raise ResponseError(
            f"{name} : colonnes en double : {listing(twice)}. "
            "Gardez une seule colonne par question, ou refaites l’export."
        )


def refuse_missing(missing: Sequence[str], name: str, remedy: str) -> None:
    """Refuse a file that lacks columns."""
    if missing:
        lack = "manque" if len(missing) == 1 else "manquent"
        raise ResponseError(
            f"{name} : {counted(len(missing), 'colonne attendue')} {lack} : {listing(missing)}. "
            f"{remedy}"
        )


def listing(items: Sequence[str]) -> str:
    """The first items, and how many more."""
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" et {more} autres" if more > 0 else "")
