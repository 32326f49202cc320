"""Conditions in French, to be read after « Posée si … » or « Champ : … »."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey.columns import SPECIAL_LABELS
from survey.conditions import (
    EVERYONE,
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Condition,
    Count,
    Everyone,
    Has,
    Is,
    Named,
    Not,
    Or,
)
from survey.french import decimal, typography

if TYPE_CHECKING:
    from survey.questions import Question, Questionnaire

SIZES = {
    ">=": "au moins {}",
    ">": "plus de {}",
    "<=": "au plus {}",
    "<": "moins de {}",
    "=": "exactement {}",
}
NO_ROW = {("=", 0), ("<", 1), ("<=", 0)}
CONTRARY = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


def asked_if(condition: Condition, questionnaire: Questionnaire) -> str:
    """A whole sentence: « Posée à tous les répondants. » or « Posée si … . »."""
    match condition:
        case Everyone():
            return "Posée à tous les répondants."
        case Named(code):
            return f"Posée aux {_members(questionnaire.base_label(code))}."
        case _:
            return f"Posée si {to_french(condition, questionnaire)}."


def population_label(condition: Condition, questionnaire: Questionnaire) -> str:
    """Who a question is asked of, as « Champ » names it: « entreprises utilisant … ».

    Labels of bases that begin with the same word share it; any other condition is put after « où ».
    """
    match condition:
        case Everyone():
            return questionnaire.base_label(EVERYONE)
        case Named(code):
            return questionnaire.base_label(code)
        case And(inners) | Or(inners) if all(isinstance(inner, Named) for inner in inners):
            labels = [questionnaire.base_label(inner.code) for inner in inners]
            word = "et" if isinstance(condition, And) else "ou"
            heads, tails = zip(*(label.partition(" ")[::2] for label in labels), strict=True)
            if len(set(heads)) == 1:
                labels = [f"{heads[0]} {tails[0]}", *tails[1:]]
            return listed(labels, f" {word}")
        case _:
            return f"réponses où {to_french(condition, questionnaire)}"


def to_french(condition: Condition, questionnaire: Questionnaire) -> str:
    """A condition as a French clause, from short labels, labels and the names of the bases.

    `taille in ("10-49", "50-249")` -> « « Taille » est « 10 à 49 salariés » ou « 50 à 249 salariés
    » ». Negations are carried to the verbs; `ensemble` reads « aucune condition n’est posée ».
    """
    return typography(_clause(condition, questionnaire, True))


def _clause(condition: Condition, questionnaire: Questionnaire, positive: bool) -> str:
    match condition:
        case Everyone():
            return "aucune condition n’est posée" if positive else "personne n’est concerné"
        case Named(code):
            members = _members(questionnaire.base_label(code))
            return (
                f"l’on fait partie des {members}"
                if positive
                else (f"l’on ne fait pas partie des {members}")
            )
        case Not(inner):
            return _clause(inner, questionnaire, not positive)
        case And(inners) | Or(inners):
            joined = isinstance(condition, And) == positive
            return _joined(inners, questionnaire, positive, "et" if joined else "ou")
        case _:
            return _atom(condition, questionnaire, positive)


def _joined(
    conditions: tuple[Condition, ...], questionnaire: Questionnaire, positive: bool, word: str
) -> str:
    """Clauses put end to end; one that holds several things is set apart so that it stays one."""
    if all(isinstance(condition, Named) for condition in conditions):
        members = [f"des {_members(questionnaire.base_label(c.code))}" for c in conditions]
        verb = "fait" if positive else "ne fait pas"
        return f"l’on {verb} partie {listed(members, ' ' + word)}"
    clauses = [_clause(condition, questionnaire, positive) for condition in conditions]
    compound = [is_compound(condition) for condition in conditions]
    if word == "et":
        clauses = [f"({c})" if big else c for c, big in zip(clauses, compound, strict=True)]
    elif any(compound):
        return "soit " + ", soit ".join(clauses)
    several = any(_has_several_values(condition) for condition in conditions)
    return listed(clauses, f", {word}" if several else f" {word}")


def listed(parts: list[str], word: str) -> str:
    """« a, b ou c »; `word` comes with what stands before it."""
    return f"{word} ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def is_compound(condition: Condition) -> bool:
    """Whether a clause says several things, and is to be set apart so that it stays one."""
    inner = condition.condition if isinstance(condition, Not) else condition
    return isinstance(inner, And | Or) or (isinstance(inner, Not) and is_compound(inner))


def _has_several_values(condition: Condition) -> bool:
    inner = condition.condition if isinstance(condition, Not) else condition
    return len(getattr(inner, "values", ())) > 1


def _atom(condition: Condition, questionnaire: Questionnaire, positive: bool) -> str:
    question = questionnaire.question(condition.question)
    name = f"« {question.short} »"
    match condition:
        case Is(_, values, _) if question.type == "number":
            verb = "est de" if positive else "n’est pas de"
            return (
                f"{name} {verb} {either([number_text(float(value), question) for value in values])}"
            )
        case Is(_, values, None):
            return f"{name} {_is_among(_labels(question, values), positive, 'est')}"
        case Is(_, values, row):
            line = f"la ligne « {_row_label(question, row)} » de {name}"
            return f"{line} {_is_among(_labels(question, values), positive, 'est', 'à ')}"
        case Compare(_, operator, number):
            size = SIZES[operator if positive else CONTRARY[operator]]
            return f"{name} est {_of(size.format(number_text(number, question)))}"
        case Has(_, option):
            verb = "comprend" if positive else "ne comprend pas"
            return f"{name} {verb} {_labels(question, (option,))[0]}"
        case AnyRow(_, values) if positive:
            return f"au moins une ligne de {name} est à {either(_labels(question, values))}"
        case AnyRow(_, values):
            return f"aucune ligne de {name} n’est à {either(_labels(question, values))}"
        case AllRows(_, values) if positive:
            return f"toutes les lignes de {name} sont à {either(_labels(question, values))}"
        case AllRows(_, values):
            among = _is_among(_labels(question, values), False, "est", "à ")
            return f"au moins une ligne de {name} {among}"
        case Count():
            return _count(condition, question, positive)
        case Answered(_, row):
            subject = name if row is None else f"« {_row_label(question, row)} » ({name})"
            given = "une réponse a été donnée" if positive else "aucune réponse n’a été donnée"
            return f"{given} à {subject}"


def _count(condition: Count, question: Question, positive: bool) -> str:
    of = f"de « {question.short} »"
    state = f"à {either(_labels(question, condition.values))}"
    if condition.operator == "=" and not positive:
        return f"le nombre de lignes {of} {state} n’est pas {condition.threshold}"
    operator = condition.operator if positive else CONTRARY[condition.operator]
    threshold = condition.threshold
    if (operator, threshold) in NO_ROW:
        return f"aucune ligne {of} n’est {state}"
    lines = "une ligne" if threshold == 1 else f"{threshold} lignes"
    size = SIZES[operator].format(lines).replace("de une", "d’une")
    return f"{size} {of} {'est' if threshold == 1 else 'sont'} {state}"


def _is_among(labels: list[str], positive: bool, verb: str, before: str = "") -> str:
    if positive:
        return f"{verb} {before}{either(labels)}"
    if len(labels) == 1:
        return f"n’{verb} pas {before}{labels[0]}"
    return f"n’{verb} ni " + " ni ".join(f"{before}{label}" for label in labels)


def either(parts: list[str]) -> str:
    """« a, b ou c »."""
    return listed(parts, " ou")


def _of(size: str) -> str:
    """« au moins 10 » -> « d’au moins 10 »; « plus de 10 » -> « de plus de 10 »."""
    return f"d’{size}" if size[0] in "aeiou" else f"de {size}"


def number_text(number: float, question: Question) -> str:
    """« 12,5 heures »: a number with the unit of its question."""
    digits = 0 if number == int(number) else len(str(number).split(".")[1])
    return " ".join(filter(None, [decimal(number, digits), question.unit]))


def _labels(question: Question, codes: tuple[str, ...]) -> list[str]:
    labels = {option.code: option.short for option in question.options} | SPECIAL_LABELS
    return [f"« {labels[code]} »" for code in codes]


def _row_label(question: Question, code: str) -> str:
    return next(row.short for row in question.rows if row.code == code)


def _members(label: str) -> str:
    """The name of a base, ready to follow « des » or « aux »."""
    return label.removeprefix("les ").removeprefix("Les ")
