"""What each column of a file of answers means, in French: the source of the codebook and of DDI.

One description per column of `survey.columns`, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from survey.columns import BLANK, DONT_KNOW, GIVEN, SPECIAL_LABELS, Column, question_columns
from survey.french import short_number, typography
from survey.prose import population_label
from survey.questions import Before, Comparable, Option, Question, Questionnaire, Row
from survey.routing import effective_base, parse, references

Missing = Literal["don't know", "no answer"]

STATUS = {
    "identical": "Identique à",
    "adapted": "Adaptée de",
    "own": "Question de l’observatoire",
}
INSTRUCTIONS = {
    "single": "Une seule réponse.",
    "multiple": "Plusieurs réponses possibles.",
    "grid": "Une réponse par ligne.",
    "number": "Un nombre.",
    "text": "Réponse libre.",
}
KINDS = {
    "single": "choix unique",
    "multiple": "choix multiple",
    "grid": "tableau, une réponse par ligne",
    "number": "nombre",
    "text": "texte libre",
}
CONTENTS = {
    "choice": "code de la réponse",
    "state": "état de la réponse",
    "tick": "modalité cochée ou non",
    "value": "valeur",
    "other_text": "précision en clair",
}
MISSING: dict[str, Missing] = {DONT_KNOW: "don't know", BLANK: "no answer"}


@dataclass(frozen=True, slots=True)
class Code:
    """One value a column may hold; `missing` says what kind of answer is not one."""

    value: str
    label: str
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """One column: what it is called, whom it is about, what it holds, what it compares with.

    `literal` is what was read by who answered; `since` and `until` are editions, `until` None while
    it is asked; `empty` says what a cell without value means.
    """

    column: Column
    question: Question
    item: Option | Row | None
    label: str
    literal: str
    population: str
    codes: tuple[Code, ...]
    empty: str
    comparable: Comparable
    since: int
    until: int | None

    @property
    def content(self) -> str:
        """What the column holds, in a few words."""
        return CONTENTS[self.column.role]


def describe(questionnaire: Questionnaire) -> list[Described]:
    """Every column of the questionnaire, described."""
    return [
        _described(column, question, questionnaire)
        for question in questionnaire.questions
        for column in question_columns(question)
    ]


def comparability(comparable: Comparable) -> str:
    """« Identique à : Eurostat 2025 (E_AI_TTM). » and the note, in whole sentences."""
    text = STATUS[comparable.status]
    if comparable.status != "own" and comparable.reference:
        text = f"{text} : {comparable.reference}"
    if comparable.item and comparable.item not in text:
        text = f"{text} ({comparable.item})"
    return typography(" ".join(filter(None, [f"{text}.", comparable.note])))


def editions(since: int, until: int | None) -> str:
    """« depuis 2025 », « de 2025 à 2027 » or « en 2026 »."""
    if until is None:
        return f"depuis {since}"
    return f"en {since}" if since == until else f"de {since} à {until}"


def changes(question: Question, questionnaire: Questionnaire) -> Iterator[tuple[int, str]]:
    """Edition of each change and what it was, earliest first: how the question was asked before."""
    for change in sorted(question.changed, key=lambda change: change.edition):
        broken = "Rupture de série." if change.breaks else "Sans rupture de série."
        told = [change.what, *_asked_before(change.before, questionnaire), broken]
        yield change.edition, typography(" ".join(told))


def _asked_before(before: Before, questionnaire: Questionnaire) -> Iterator[str]:
    if before.text:
        yield f"Avant : « {before.text} »."
    if before.help:
        yield f"Aide d’avant : « {before.help} »."
    if before.base:
        base = parse(before.base)
        codes = {item.code for item in (*questionnaire.questions, *questionnaire.bases)}
        known = references(base) <= codes  # else it names what is no longer asked
        yield f"Champ d’avant : {population_label(base, questionnaire) if known else before.base}."
    for code, label in before.labels.items():
        yield f"Libellé d’avant du code {code} : « {label} »."
    if before.order:
        yield f"Ordre d’avant des codes : {', '.join(before.order)}."
    for name, value in (("Minimum", before.minimum), ("Maximum", before.maximum)):
        if value is not None:
            yield f"{name} d’avant : {short_number(value)}."
    if before.unit:
        yield f"Unité d’avant : {before.unit}."


def _described(column: Column, question: Question, questionnaire: Questionnaire) -> Described:
    item = _item(column, question)
    compared = item.comparable if item and item.comparable else question.comparable
    since, until = _years(question, item)
    return Described(
        column=column,
        question=question,
        item=item,
        label=typography(_label(column, question, item)),
        literal=typography(f"{question.text} – {item.label}") if item else question.text,
        population=population_label(effective_base(question, item), questionnaire),
        codes=tuple(_codes(column, question)),
        empty=typography(_empty(column, question, item)),
        comparable=compared,
        since=since,
        until=until,
    )


def _item(column: Column, question: Question) -> Option | Row | None:
    if column.item is None:
        return None
    return question.row(column.item) if question.type == "grid" else question.option(column.item)


def _years(question: Question, item: Option | Row | None) -> tuple[int, int | None]:
    first = [question.since, *([item.since] if item and item.since else [])]
    last = [year for year in (question.until, item.until if item else None) if year]
    return max(first), min(last, default=None)


def _label(column: Column, question: Question, item: Option | Row | None) -> str:
    match column.role:
        case "state":
            return f"{question.short} : état de la réponse"
        case "other_text":
            return f"{question.short} : {item.short}, précision"
        case _:
            return f"{question.short} : {item.short}" if item else question.short


def _codes(column: Column, question: Question) -> Iterator[Code]:
    labels = {option.code: option.label for option in question.options} | SPECIAL_LABELS
    match column.role:
        case "choice":
            values = column.dtype.categories.to_list()
            yield from (Code(value, labels[value], MISSING.get(value)) for value in values)
        case "state":
            labels |= {GIVEN: "A répondu"}
            values = column.dtype.categories.to_list()
            yield from (Code(value, labels[value], MISSING.get(value)) for value in values)
        case "tick":
            yield Code("true", "Cochée")
            yield Code("false", "Non cochée")


def _empty(column: Column, question: Question, item: Option | Row | None) -> str:
    """What a cell without value means; a code says « Ne sait pas » and « Non réponse »."""
    state = f"{question.code}__etat"
    match column.role:
        case "choice":
            return "ligne non posée" if item else "question non posée"
        case "state":
            return "question non posée"
        case "tick":
            hidden = ", ou modalité non proposée" if item.only_if else ""
            return f"question non posée ou sans réponse : voir {state}{hidden}"
        case "value":
            return f"question non posée ou sans réponse : voir {state}"
        case "other_text":
            return "modalité non choisie, ou précision non donnée"
