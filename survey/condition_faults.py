"""What a condition names that its questionnaire does not know, or compares as it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from survey.columns import BLANK, DONT_KNOW
from survey.conditions import (
    EVERYONE,
    AllRows,
    Answered,
    AnyRow,
    Atom,
    Compare,
    Count,
    Has,
    Is,
    Named,
)
from survey.french import integer
from survey.questions import LARGEST, Question
from survey.source import quoted
from survey.suggestions import suggestion

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def nothing_lost(code: str) -> bool:
    """No code is left out of what is known."""
    return False


def atom_faults(
    atom: Atom | Named,
    questions: Mapping[str, Question],
    bases: Collection[str],
    is_lost: Callable[[str], bool] = nothing_lost,
) -> Iterator[tuple[str, str]]:
    """What and remedy where an atom names something unknown or compares the wrong kind.

    `is_lost` tells the codes that are unknown through another fault, told elsewhere.
    """
    if isinstance(atom, Named):
        yield from _name_faults(atom.code, questions, bases, is_lost)
        return
    question = questions.get(atom.question)
    if question is None:
        if not is_lost(atom.question):
            remedy = suggestion(atom.question, questions)
            yield f"la condition cite une question inconnue, « {atom.question} ».", remedy
        return
    remedy = _wrong_kind(atom, question)
    if remedy:
        kind = f"« {question.code} » est de type « {question.type} »"
        yield f"comparaison impossible, car {kind}.", remedy
        return
    row = getattr(atom, "row", None)
    rows = [each.code for each in question.rows]
    if row is not None and row not in rows:
        what = f"la condition cite une ligne inconnue de « {question.code} », « {row} »."
        yield what, suggestion(row, rows)
    yield from _value_faults(atom, question)


def _name_faults(
    code: str,
    questions: Mapping[str, Question],
    bases: Collection[str],
    is_lost: Callable[[str], bool],
) -> Iterator[tuple[str, str]]:
    if code in bases or (code not in questions and is_lost(code)):
        return
    if code in questions:
        remedy = f"La comparer à une réponse, par exemple « {code} = … », ou nommer une base."
        yield f"« {code} » est une question, pas une base.", remedy
    else:
        yield f"base inconnue, « {code} ».", suggestion(code, [EVERYONE, *bases])


def _wrong_kind(atom: Atom, question: Question) -> str | None:
    """How the comparison should be written, where it does not suit the type of the question."""
    code, kind = question.code, question.type
    match atom:
        case Answered(_, row) if row is None or kind == "grid":
            return None
        case Is(_, _, None) if kind in ("single", "number"):
            return None
        case Is(_, _, row) if row is not None and kind == "grid":
            return None
        case Compare() if kind == "number":
            return None
        case Has() if kind == "multiple":
            return None
        case AnyRow() | AllRows() | Count() if kind == "grid":
            return None
    return {
        "single": f"Écrire « {code} = … » ou « {code} in (…) ».",
        "multiple": f"Écrire « {code} has … ».",
        "grid": f"Écrire « {code}.ligne = … », « any({code}) = … » ou « all({code}) = … ».",
        "number": f"Écrire « {code} >= … » ou « {code} = … », avec un nombre.",
        "text": f"Un texte libre n’admet que « answered({code}) ».",
    }[kind]


def _value_faults(atom: Atom, question: Question) -> Iterator[tuple[str, str]]:
    numbers = [atom.number] if isinstance(atom, Compare) else []
    if question.type == "number" and not numbers:
        numbers = [float(value) for value in getattr(atom, "values", ()) if NUMBER.fullmatch(value)]
    if any(abs(number) > LARGEST for number in numbers):
        yield "la condition cite un nombre trop grand.", f"Rester sous {integer(LARGEST)}."
    values = (atom.option,) if isinstance(atom, Has) else getattr(atom, "values", ())
    codes = [option.code for option in question.options]
    for value in values:
        if question.type == "number":
            if not NUMBER.fullmatch(value):
                what = f"« {question.code} » est un nombre, {quoted(value)} n’en est pas un."
                yield what, "Écrire un nombre, avec un point pour la décimale."
        elif value == BLANK:
            what = f"« {BLANK} » ne se compare pas."
            yield what, f"Écrire « not answered({question.code}) »."
        elif value == DONT_KNOW and not isinstance(atom, Has):
            if not question.dont_know:
                what = f"« {question.code} » n’offre pas « Ne sait pas »."
                yield what, "Ajouter « dont_know: true » à la question ou retirer « NSP »."
        elif value not in codes:
            what = f"la condition cite une modalité inconnue de « {question.code} », « {value} »."
            yield what, suggestion(value, codes)
