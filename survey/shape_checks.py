"""What each type of question needs, in every edition, and what it cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor

from survey.french import short_number
from survey.questions import Question


def shape_faults(question: Question) -> Iterator[tuple[str, str, str]]:
    """Key, what and remedy: what each type of question needs and what it cannot have."""
    kind, is_number = question.type, question.type == "number"
    if kind in ("single", "multiple", "grid") and len(question.options) < 2:
        what = f"une question « {kind} » a besoin d’au moins deux modalités."
        yield "options", what, "Ajouter la clé « options »."
    if kind in ("number", "text") and question.options:
        yield "options", f"une question « {kind} » n’a pas de modalités.", "Retirer « options »."
    if kind == "grid" and not question.rows:
        yield "rows", "une grille a besoin de lignes.", "Ajouter la clé « rows »."
    if kind != "grid" and question.rows:
        yield "rows", f"une question « {kind} » n’a pas de lignes.", "Retirer « rows »."
    for key in ("minimum", "maximum", "unit"):
        if getattr(question, key) is not None and not is_number:
            yield key, f"« {key} » ne vaut que pour un nombre.", f"Retirer « {key} »."
    if question.integer and not is_number:
        yield "integer", "« integer » ne vaut que pour un nombre.", "Retirer « integer »."
    if question.dont_know and kind == "text":
        yield "dont_know", "un texte libre n’offre pas « Ne sait pas ».", "Retirer « dont_know »."
    low, high = question.minimum, question.maximum
    if low is not None and high is not None:
        between = f"{short_number(low)} et {short_number(high)}"
        if low > high:
            yield "minimum", f"minimum au-dessus du maximum ({between}).", "Échanger les deux."
        elif question.integer and ceil(low) > floor(high):
            yield "minimum", f"aucun nombre entier entre {between}.", "Corriger les bornes."
