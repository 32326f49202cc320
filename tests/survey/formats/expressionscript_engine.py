"""LimeSurvey's engine in small: ExpressionScript evaluated as LimeSurvey 6 does in PHP 8.

Written from `RDP_EvaluateBinary`, `getMismatchInformation` and `_GetVarAttribute`; each operand
keeps what it came from (a number, a word, a quoted text), for that decides how two are compared.
"""

import random
import re
from dataclasses import dataclass

from survey.formats.limesurvey.expressionscript import (
    Binary,
    Call,
    Constant,
    Unary,
    Variable,
    parse_expression,
)
from survey.formats.limesurvey.rows import Structure

NUMERIC = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
LEADING = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
ORDERED = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


@dataclass(frozen=True)
class Operand:
    """A value and its kind: NUMBER, WORD or STRING (quoted)."""

    value: object
    kind: str


def is_true(value) -> bool:
    """PHP's truth: "0" is false, "0.0" is true."""
    return value not in ("", "0") and bool(value)


def is_numeric(value) -> bool:
    """PHP's is_numeric."""
    if isinstance(value, str):
        return NUMERIC.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def string(value) -> str:
    """PHP's strval."""
    if isinstance(value, bool):
        return "1" if value else ""
    return f"{value:.14g}" if isinstance(value, float) else str(value)


def compare(left, right) -> int:
    """PHP 8's <=>: by truth, by number where both are numeric, else by letter."""
    if isinstance(left, bool) or isinstance(right, bool):
        return is_true(left) - is_true(right)
    if is_numeric(left) and is_numeric(right):
        return (float(left) > float(right)) - (float(left) < float(right))
    left, right = string(left), string(right)
    return (left > right) - (left < right)


def as_number(operand: Operand):
    """The value as its type is guessed: a number loses the zeros after its decimals."""
    text = string(operand.value)
    if operand.kind == "NUMBER" and text.find(".") > 0:
        return text.rstrip("0").rstrip(".")
    return operand.value


def compared(operator: str, left: Operand, right: Operand) -> bool:
    """One of == != < <= > >=; no order holds between a number and a text.

    Two numbers become texts when one is quoted, and texts are ordered letter by letter.
    """
    guessed = [as_number(left), as_number(right)]
    numeric = [v != "" and (not is_true(v) or is_numeric(v)) for v in guessed]
    textual = [not is_true(v) or not n for v, n in zip(guessed, numeric, strict=True)]
    both_numeric, both_text = all(numeric), all(textual)
    values = [left.value, right.value]
    if both_numeric and "STRING" in (left.kind, right.kind):
        both_numeric, both_text = False, True
        values = [string(value) for value in values]
    if operator in ("==", "!="):
        return (compare(*values) == 0) == (operator == "==")
    if not both_numeric and not both_text:
        return False
    if operator in ("<=", ">"):
        zero_and_blank = [(compare(a, "0"), compare(b, "")) for a, b in (values, values[::-1])]
        if (0, 0) in zero_and_blank:
            return operator == "<="
    if not both_numeric:
        first, second = map(string, values)
        return ORDERED[operator]((first > second) - (first < second))
    return ORDERED[operator](compare(*values))


def leading_number(value) -> float:
    """PHP's sums take the number that a text begins with."""
    start = LEADING.match(string(value))
    return float(start[0]) if start else 0.0


def call(name: str, values: list):
    """The functions that conditions use."""
    match name, values:
        case "is_empty", [value]:
            return value in ("", None) or value is False
        case "is_numeric", [value]:
            return is_numeric(value)
        case "count", _:
            return sum(compare(value, "") != 0 for value in values)
        case "countif", [wanted, *others]:
            return sum(compare(value, wanted) == 0 for value in others)
        case "sum", _:
            return sum(map(leading_number, values))
        case "str_replace", [old, new, text]:
            return string(text).replace(old, new)
        case "trim", [text]:
            return string(text).strip(" \t\n\r\0\v")
        case "regexMatch", [pattern, text]:
            return re.search(pattern[1:-1], string(text)) is not None
    raise NotImplementedError(name)


def evaluate(expression, answers) -> Operand:
    """The value of a tree; `answers` gives (value, whether its question takes numbers only)."""
    match expression:
        case Constant(text, quoted):
            return Operand(text, "STRING" if quoted else "NUMBER")
        case Variable(name, _):
            value, only_numbers = answers(name)
            return Operand(value, "NUMBER" if only_numbers else "WORD")
        case Call(name, arguments):
            values = [evaluate(argument, answers).value for argument in arguments]
            return Operand(call(name, values), "NUMBER")
        case Unary("!", operand):
            return Operand(not is_true(evaluate(operand, answers).value), "NUMBER")
        case Unary("-", operand):
            return Operand(-float(evaluate(operand, answers).value or 0), "NUMBER")
        case Binary(operator, left, right):
            first, second = evaluate(left, answers), evaluate(right, answers)
            match operator:
                case "and":
                    value = is_true(first.value) and is_true(second.value)
                case "or":
                    value = is_true(first.value) or is_true(second.value)
                case _:
                    value = compared(operator, first, second)
            return Operand(value, "NUMBER")
    raise NotImplementedError(expression)


def truth(text: str, answers) -> bool:
    """Whether an expression holds."""
    return is_true(evaluate(parse_expression(text), answers).value)


def taken(structure: Structure, cells: dict[str, str]) -> tuple[set[str], set[str]]:
    """What a respondent is shown (questions, `q_SQ` of each subquestion), and answers refused.

    `cells` are answers by variable; an answer to what is hidden is there and must not count.
    """
    hidden, refused, kinds = set(), set(), {}

    def answers(name: str):
        question = name.partition("_")[0]
        value = "" if {name, question} & hidden else cells[name]
        return value, kinds[question] == "N"

    seen = set()
    for asked in structure.questions:
        code = asked.head["name"]
        kinds[code] = asked.head["type/scale"]
        shown = truth(asked.head["relevance"], answers)
        (seen if shown else hidden).add(code)
        for line in asked.subquestions:
            name = f"{code}_{line['name']}"
            if truth(line["relevance"], answers):
                seen |= {name} if shown else set()
            else:
                hidden.add(name)
        rule, pattern = asked.head["em_validation_q"], asked.head["validation"]
        answer = cells.get(code, "")
        badly_written = pattern and answer and not re.search(pattern[1:-1], answer)
        if shown and ((rule and not truth(rule, answers)) or badly_written):
            refused.add(code)
    return seen, refused


def with_stale_answers(rows: list[dict], seed: int) -> list[dict]:
    """The same cells; half of those not asked (None) keep an answer that someone else gave."""
    chance = random.Random(seed)
    given = {name: [row[name] for row in rows if row[name]] or ["Y"] for name in rows[0]}
    return [
        {
            name: (chance.choice(given[name]) if chance.random() < 0.5 else "")
            if value is None
            else value
            for name, value in row.items()
        }
        for row in rows
    ]
