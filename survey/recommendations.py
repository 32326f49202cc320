"""The recommendations of the CESER that the observatory follows, under their capacities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survey.campaign import read_settings
from survey.errors import SurveyError

KEYS = {
    "le fichier": ("source", "annee", "capacites"),
    "capacité": ("code", "titre", "but", "preconisations"),
    "préconisation": ("code", "titre", "texte"),
}
OPTIONAL = ("acteurs", "reponse")
FORMS = {"annee": (int, "une année")} | dict.fromkeys(
    ("capacites", "preconisations", "acteurs"), (list, "une liste")
)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the CESER asks for: a title (a verb and its object), a short text, whom it names.

    `answer` : what the observatory does about it by itself, where no indicator follows it.
    """

    code: str
    title: str
    text: str
    actors: tuple[str, ...]
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Capacity:
    """A capacity to strengthen, its aim (« faire vivre une ambition… ») and what serves it."""

    code: str
    title: str
    aim: str
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The capacities in the order of the CESER, the document they come from and its year."""

    source: str
    year: int
    capacities: tuple[Capacity, ...]

    def __iter__(self) -> Iterator[Recommendation]:
        """Every recommendation, capacity by capacity."""
        for capacity in self.capacities:
            yield from capacity.recommendations

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the recommendations, in their order."""
        return tuple(each.code for each in self)


def load_recommendations(path: Path) -> Recommendations:
    """The recommendations of `preconisations.yml`.

    Raises
    ------
    SurveyError : no such file, a key missing, unknown or empty, or a code written twice
    """
    content = _checked(path, read_settings(path), "le fichier", "le fichier")
    capacities = tuple(_capacity(path, item) for item in content["capacites"])
    found = Recommendations(content["source"], content["annee"], capacities)
    codes = [*(each.code for each in capacities), *found.codes]
    twice = [code for code in codes if codes.count(code) > 1]
    if twice:
        raise SurveyError(f"{path} : le code « {twice[0]} » est écrit deux fois. Changez-en un.")
    return found


def _capacity(path: Path, item: Any) -> Capacity:
    read = _checked(path, item, "capacité", _name(item, "capacité"))
    recommendations = tuple(_recommendation(path, each) for each in read["preconisations"])
    return Capacity(read["code"], read["titre"], read["but"], recommendations)


def _recommendation(path: Path, item: Any) -> Recommendation:
    read = _checked(path, item, "préconisation", _name(item, "préconisation"))
    actors = tuple(read.get("acteurs", ()))
    answer = read.get("reponse", "")
    return Recommendation(read["code"], read["titre"], read["texte"], actors, answer)


def _name(item: Any, kind: str) -> str:
    code = item.get("code") if isinstance(item, dict) else None
    return f"{kind} « {code} »" if code else f"{kind} sans code"


def _checked(path: Path, item: Any, kind: str, name: str) -> dict[str, Any]:
    """The item when it has the keys of its kind, all filled in, and no other."""
    keys = KEYS[kind]
    if not isinstance(item, dict):
        raise SurveyError(f"{path}, {name} : attendu une suite de clés : {', '.join(keys)}.")
    missing = [key for key in keys if not item.get(key)]
    if missing:
        raise SurveyError(f"{path}, {name} : « {missing[0]} » manque ou est vide. Complétez.")
    unknown = sorted(set(item) - {*keys, *(OPTIONAL if kind == "préconisation" else ())})
    if unknown:
        raise SurveyError(
            f"{path}, {name} : clé « {unknown[0]} » inconnue. Clés : {', '.join(keys)}."
        )
    for key, value in item.items():
        form, words = FORMS.get(key, (str, "un texte"))
        if not isinstance(value, form):
            raise SurveyError(f"{path}, {name} : « {key} » doit être {words}. Corrigez-le.")
    return item
