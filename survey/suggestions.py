"""What was probably meant by a code that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LISTED = 12


def suggestion(wrong: str, known: Iterable[str], kind: str = "Codes") -> str:
    """« Vouliez-vous écrire « x » ? » when something is near, else what exists."""
    codes = list(dict.fromkeys(known))
    near = get_close_matches(wrong, codes, n=3, cutoff=0.6)
    near = near or [code for code in codes if code.lower() == wrong.lower()]
    if near:
        return f"Vouliez-vous écrire {' ou '.join(f'« {code} »' for code in near)} ?"
    if not codes:
        return "Il n’en existe aucun."
    listed = ", ".join(f"« {code} »" for code in codes[:LISTED])
    return f"{kind} possibles : {listed}{', …' if len(codes) > LISTED else ''}."
