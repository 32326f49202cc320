"""Conditions of a LimeSurvey structure checked: names, codes and functions that they use exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from survey.errors import Fault
from survey.formats.limesurvey.codes import OTHER, OTHER_ANSWER
from survey.formats.limesurvey.expressionscript import (
    ATTRIBUTES,
    FUNCTIONS,
    Binary,
    Call,
    Constant,
    Expression,
    ExpressionError,
    Variable,
    parse_expression,
    walk,
)
from survey.formats.limesurvey.rows import Asked, Line, Structure
from survey.formats.limesurvey.vocabulary import KINDS
from survey.suggestions import suggestion

# Names that any expression may use.
SURVEY_NAMES = frozenset({"SAVEDID", "TOKEN", "SID", "LANG", "QID", "GID", "SGQ"})
OWN_NAMES = frozenset({"this", "self", "that"})
EQUATIONS = ("em_validation_q", "em_validation_sq", "equation")
LIMITS = (
    "max_answers",
    "max_num_value",
    "max_num_value_n",
    "min_answers",
    "min_num_value",
    "min_num_value_n",
    "equals_num_value",
)
COMMENTED, FILE = "P", "|"

# Codes that a variable may hold; None when it may hold anything.
Codes = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables that may be named at one place, and those that come too late for it."""

    known: dict[str, Codes]
    later: frozenset[str]


def expression_faults(structure: Structure, language: str) -> Iterator[Fault]:
    """Faults of every relevance and equation, in the rows of one language."""
    asked = [each for each in structure.questions if each.head["language"] == language]
    everything = {name for each in asked for name in variables(each)}
    known: dict[str, Codes] = {}
    group = None
    for each in asked:
        scope = Scope(dict(known), frozenset(everything - known.keys()))
        if each.group is not group:
            group = each.group
            yield from faults_in(structure, group, "relevance", scope)
        yield from faults_in(structure, each.head, "relevance", scope)
        known |= variables(each)
        own = Scope(dict(known) | dict.fromkeys(OWN_NAMES), scope.later - known.keys())
        for line in each.subquestions:
            yield from faults_in(structure, line, "relevance", own)
        for column in (*EQUATIONS, *LIMITS):
            yield from faults_in(structure, each.head, column, own)


def variables(asked: Asked) -> dict[str, Codes]:
    """Names that a question gives to its answers, and the codes each may hold."""
    head = asked.head
    kind, code = KINDS.get(head["type/scale"]), head["name"]
    if kind is None:
        return {code: None}
    codes = answers_of(asked, kind.fixed)
    other = {f"{code}_{OTHER}": None} if head["other"] == "Y" else {}
    first = [line["name"] for line in asked.subquestions if line["type/scale"] in ("", "0")]
    second = [line["name"] for line in asked.subquestions if line["type/scale"] == "1"]
    match kind.letter:
        case "1":
            names = {f"{code}_{row}_{scale}": codes for row in first for scale in "01"}
        case ":" | ";":
            names = {f"{code}_{row}_{column}": None for row in first for column in second}
        case "R":
            names = {f"{code}_{rank}": codes for rank in range(1, len(asked.answers) + 1)}
        case _ if kind.subquestions:
            names = {f"{code}_{row}": codes for row in first if row != OTHER}
        case _:
            names = {code: codes}
    if kind.letter in (COMMENTED, "O"):
        other |= {f"{name}comment": None for name in [*names, *other]}
        other |= {f"{code}_comment": None} if kind.letter == "O" else {}
    if kind.letter == FILE:
        other |= {f"{code}_filecount": None}
    return names | other


def answers_of(asked: Asked, fixed: tuple[str, ...]) -> Codes:
    """Codes of the answers; None where anything may be answered."""
    codes = {line["name"] for line in asked.answers} | set(fixed)
    if not codes:
        return None
    native = {OTHER_ANSWER} if asked.head["other"] == "Y" and not fixed else set()
    return frozenset(codes | native | {""})


def faults_in(structure: Structure, line: Line, column: str, scope: Scope) -> Iterator[Fault]:
    """Faults of one expression."""
    text = line[column].strip()
    if not text:
        return
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        what = f"« {column} » illisible, {error}"
        yield structure.fault(line, what, "Corriger l’expression ExpressionScript.")
        return
    for part in walk(expression):
        for what, remedy in part_faults(part, scope):
            yield structure.fault(line, f"« {column} » : {what}", remedy)


def part_faults(part: Expression, scope: Scope) -> Iterator[tuple[str, str]]:
    """What is wrong with one part of an expression, and the remedy."""
    match part:
        case Variable(name, attribute):
            yield from variable_faults(name, attribute, scope)
        case Call(name, arguments):
            yield from call_faults(name, arguments)
            if name == "countif" and arguments:
                for argument in arguments[1:]:
                    yield from code_faults(argument, arguments[0], scope)
        case Binary("==" | "!=", left, right):
            yield from code_faults(left, right, scope)
            yield from code_faults(right, left, scope)


def variable_faults(name: str, attribute: str, scope: Scope) -> Iterator[tuple[str, str]]:
    """A name unknown, or of what is asked later."""
    if attribute and attribute not in ATTRIBUTES:
        yield f"attribut « .{attribute} » inconnu.", suggestion(attribute, ATTRIBUTES, "Attributs")
    if name in scope.known or name in SURVEY_NAMES:
        return
    if name in scope.later:
        yield (
            f"« {name} » n’est posé que plus loin.",
            "Une condition ne porte que sur ce qui vient avant.",
        )
        return
    parts = [known for known in scope.known if known.startswith(f"{name}_")]
    remedy = suggestion(name, parts or scope.known, "Noms")
    yield f"« {name} » n’est ni une question ni une sous-question.", remedy


def call_faults(name: str, arguments: tuple[Expression, ...]) -> Iterator[tuple[str, str]]:
    """A function unknown, or given too few or too many arguments."""
    if name not in FUNCTIONS:
        yield f"fonction « {name} » inconnue.", suggestion(name, FUNCTIONS, "Fonctions")
        return
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} au moins, {most} au plus"
        what = f"« {name} » reçoit {len(arguments)} argument(s) au lieu de {wanted}."
        yield what, "Corriger les arguments."


def code_faults(variable: Expression, value: Expression, scope: Scope) -> Iterator[tuple[str, str]]:
    """A comparison with a code that is no answer to the question."""
    match variable, value:
        case Variable(name, attribute), Constant(code, _) if attribute in ("", "NAOK", "code"):
            codes = scope.known.get(name)
            if codes is not None and code not in codes:
                what = f"« {code} » n’est pas un code de réponse de « {name} »."
                yield what, suggestion(code, sorted(codes - {""}))
