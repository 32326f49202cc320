"""A file of what several questionnaires share, `modules/<module>.yml`: questions, lists, words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from survey.source import Source, quoted
from survey.suggestions import suggestion
from survey.yaml_lines import KeyPath

KEYS = ("module", "words", "lists", "questions")


@dataclass(frozen=True)
class Module:
    """A file of shared questions, lists of options and words."""

    name: str
    source: Source

    @property
    def raw(self) -> dict:
        """Its values."""
        return self.source.raw

    @cached_property
    def codes(self) -> dict[str, int]:
        """Position of each question by its code; the first of a duplicate."""
        found: dict[str, int] = {}
        for j, question in enumerate(self._questions):
            if isinstance(question, dict) and "code" in question:
                found.setdefault(str(question["code"]), j)
        return found

    @cached_property
    def usable(self) -> list[int]:
        """Positions of the questions that can be taken: neither a duplicate nor one of another."""
        return [j for j, _ in enumerate(self._questions) if not list(self._refusals(j))]

    @property
    def borrows(self) -> bool:
        """Whether it takes questions of another module, which are then lost."""
        return any(
            isinstance(question, dict) and "from" in question for question in self._questions
        )

    def faults(self) -> Iterator[tuple[str, str, KeyPath]]:
        """What, remedy and path of what is wrong in its keys and with its questions as a whole."""
        for key in self.raw.keys() - set(KEYS):
            yield f"clé « {key} » inconnue.", suggestion(key, KEYS, "Clés"), (key,)
        if self.raw.get("module") != self.name:
            remedy = f"Écrire « module: {self.name} »."
            yield "le nom du module n’est pas celui du fichier.", remedy, ("module",)
        shares = self.raw.keys() & {"words", "lists"}
        if not isinstance(self.raw.get("questions", [] if shares else None), list):
            remedy = "Ajouter la clé « questions », une liste."
            yield "le module n’a pas de questions.", remedy, ("questions",)
        for j, _ in enumerate(self._questions):
            yield from self._refusals(j)

    @property
    def _questions(self) -> list:
        questions = self.raw.get("questions")
        return questions if isinstance(questions, list) else []

    def _refusals(self, j: int) -> Iterator[tuple[str, str, KeyPath]]:
        """Why one of its questions cannot be taken at all."""
        question = self._questions[j]
        if not isinstance(question, dict):
            return
        if "from" in question:
            what = "un module ne reprend pas les questions d’un autre."
            yield what, "Les reprendre dans le questionnaire.", ("questions", j, "from")
        elif "code" in question and self.codes[str(question["code"])] < j:
            first = self.source.place(("questions", self.codes[str(question["code"])])).line
            what = f"code {quoted(question['code'])} déjà pris ligne {first}."
            yield what, "Donner un autre code.", ("questions", j, "code")
