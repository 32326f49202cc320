"""What pydantic refuses in a file written by hand, in French: line, key, what it must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from survey.errors import Fault, SurveyError
from survey.french import integer
from survey.questions import LARGEST, LONGEST_TEXT
from survey.source import Source, quoted
from survey.suggestions import suggestion
from survey.yaml_lines import KeyPath

YES_NO = ("doit être « true » ou « false »", "Écrire « true » ou « false ».")
WHOLE = ("doit être un nombre entier", "Écrire un nombre entier.")
NUMBER = ("doit être un nombre", "Écrire un nombre, avec un point pour la décimale.")
TEXT = ("est vide ou n’est pas un texte", "Compléter le texte.")
LIST = ("doit être une liste", "Écrire une ligne par élément, avec un tiret.")
KEYS = ("doit être une suite de clés", "Écrire « clé: valeur », une par ligne.")
DAY = ("n’est pas une date", "Écrire l’année, le mois et le jour, par exemple 2027-03-09.")
BOUNDED = ("est un nombre trop grand", f"Rester sous {integer(LARGEST)}.")
WRONG_FORM = {
    "finite_number": NUMBER,
    "int_parsing_size": WHOLE,
    "bool_parsing": YES_NO,
    "bool_type": YES_NO,
    "int_parsing": WHOLE,
    "int_type": WHOLE,
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "string_too_short": ("est vide", "Compléter le texte."),
    "string_too_long": (f"dépasse {integer(LONGEST_TEXT)} caractères", "Le raccourcir."),
    "string_type": TEXT,
    "list_type": LIST,
    "tuple_type": LIST,
    "too_short": ("est une liste vide", "La remplir ou la retirer."),
    "dict_type": KEYS,
    "model_type": KEYS,
    "model_attributes_type": KEYS,
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
}
BOUNDS = {
    "greater_than": ("gt", "doit dépasser"),
    "greater_than_equal": ("ge", "doit valoir au moins"),
    "less_than": ("lt", "doit être inférieur à"),
    "less_than_equal": ("le", "ne peut dépasser"),
}


def form_error(error: ValidationError, source: Source, model: type[BaseModel]) -> SurveyError:
    """Every fault of a file that `model` refuses, a line each, as one error."""
    faults = [form_fault(each, source, model) for each in error.errors()]
    return SurveyError("\n".join(map(str, dict.fromkeys(faults))))


def form_fault(error: dict, source: Source, model: type[BaseModel]) -> Fault:
    """One fault of pydantic: what was found, what is allowed, what to do."""
    place: KeyPath = error["loc"]
    kind, found = error["type"], error.get("input")
    named = f"« {_key(place)} »" if place else "le fichier"
    if kind == "value_error":
        return source.fault(place, f"{str(error['ctx']['error']).rstrip('.')}.", "")
    if kind == "extra_forbidden":
        keys = _model_at(model, place[:-1]).model_fields
        return source.fault(place, f"{named} : clé inconnue.", suggestion(place[-1], keys, "Clés"))
    if kind == "missing":
        return source.fault(place, f"{named} : clé manquante.", f"Ajouter « {place[-1]}: … ».")
    if kind == "literal_error":
        allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return source.fault(
            place, f"{named} vaut {quoted(found)}.", f"Valeurs possibles : {allowed}."
        )
    if kind in BOUNDS:
        bound, words = BOUNDS[kind]
        what = f"{named} {words} {error['ctx'][bound]} ; lu : {found}."
        return source.fault(place, what, "Corriger la valeur.")
    what, remedy = WRONG_FORM.get(kind, ("est mal écrit", "Corriger la valeur."))
    read = f" ; lu : {quoted(found)}" if isinstance(found, str | int | float) else ""
    return source.fault(place, f"{named} {what}{read}.", remedy)


def _key(place: KeyPath) -> str:
    """« plan.taille_echantillon »; within an item of a list, from there."""
    ranks = [rank for rank, part in enumerate(place[:-1]) if type(part) is int]
    return ".".join(map(str, place[ranks[-1] + 1 if ranks else 0 :]))


def _model_at(model: type[BaseModel], place: KeyPath) -> type[BaseModel]:
    """The part of a file that a path leads to; the nearest one around it where it is no model."""
    for key in place:
        field = model.model_fields.get(key) or next(
            (each for each in model.model_fields.values() if each.alias == key), None
        )
        model = next(_models(field.annotation), model) if field else model
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names: `tuple[Item, ...] | None` -> `Item`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
