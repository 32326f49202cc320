"""LimeSurvey's ExpressionScript, read into a tree: enough to check conditions, and to run them.

The grammar is that of the recursive descent of `em_core_helper.php` (LimeSurvey 6): `or`, `and`,
equality, order, sum, product, then `!` or a sign before one primary only. Words are read without
regard to case. Left out: assignments (`=`), lists of expressions, `INSERTANS:` and question numbers
such as 12X3X4, none of which belongs in a condition made from codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, v_args

from survey.errors import SurveyError

MANY = 1_000
# Number of arguments, least and most.
FUNCTIONS = {
    name: (least, most)
    for least, most, names in (
        (0, 0, "pi time"),
        (0, 2, "rand"),
        (0, 6, "mktime"),
        (1, 1, "abs acos addslashes asin atan ceil cos exp fixnum floatval floor"),
        (1, 1, "html_entity_decode htmlentities htmlspecialchars htmlspecialchars_decode"),
        (1, 1, "is_empty is_float is_int is_nan is_null is_numeric is_string nl2br"),
        (1, 1, "number_format quoted_printable_decode quoted_printable_encode quotemeta sin"),
        (1, 1, "sqrt stripslashes strlen strrev strtolower strtotime strtoupper tan ucwords"),
        (1, 2, "date gmdate idate intval ltrim round rtrim strip_tags trim"),
        (1, MANY, "count implode join list log max min sprintf stddev sum unique"),
        (2, 2, "atan2 modulo_function pow regexMatch str_repeat strcasecmp strcmp"),
        (2, 3, "if str_pad stripos stristr strpos strstr substr"),
        (2, MANY, "countif"),
        (3, 3, "checkdate str_replace"),
        (3, MANY, "countifop sumifop"),
        (4, 4, "convert_value"),
        (6, MANY, "listifop"),
    )
    for name in names.split()
}
SPELLINGS = {
    "&&": "and",
    "||": "or",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
ATTRIBUTES = (
    "code", "codeValue", "gid", "grelevance", "gseq", "jsName", "mandatory", "NAOK", "qid", "qseq",
    "question", "readWrite", "relevance", "relevanceStatus", "rowdivid", "sgqa", "shown", "type",
    "value", "valueNAOK",
)  # fmt: skip


class ExpressionError(SurveyError):
    """An expression cannot be read; in French, with the column."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`q_SQ001.NAOK`: a name and its attribute (empty when there is none)."""

    name: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, or a text when `quoted`."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what it is given."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!`, `-` or `+` before one operand."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; `operator` in one spelling (`&&` is `and`, `eq` is `==`)."""

    operator: str
    left: Expression
    right: Expression


Expression = Variable | Constant | Call | Unary | Binary

GRAMMAR = r"""
    ?start: disjunction
    ?disjunction: conjunction | disjunction OR conjunction -> binary
    ?conjunction: equality | conjunction AND equality -> binary
    ?equality: relation | equality EQUAL relation -> binary
    ?relation: addition | relation ORDER addition -> binary
    ?addition: product | addition SIGN product -> binary
    ?product: unary | product TIMES unary -> binary
    ?unary: (NOT | SIGN) primary -> unary | primary
    ?primary: "(" disjunction ")"
        | NAME "(" (disjunction ("," disjunction)*)? ")" -> call
        | NAME -> variable
        | NUMBER -> number
        | STRING -> string

    OR.2: /or\b|\|\|/i
    AND.2: /and\b|&&/i
    EQUAL.2: /==|!=|eq\b|ne\b/i
    ORDER.2: /<=|>=|<|>|le\b|lt\b|ge\b|gt\b/i
    NOT: "!"
    SIGN: "+" | "-"
    TIMES: "*" | "/"
    NAME: /(?!(?:and|or|eq|ne|le|lt|ge|gt)\b)[a-z][a-z0-9_]*(\.[a-z]+)?/i
    NUMBER: /[0-9]+(\.[0-9]*)?|\.[0-9]+/
    STRING: /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/
    %ignore /\s+/
"""


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Read an expression.

    Raises
    ------
    ExpressionError : it is not ExpressionScript, or an assignment
    """
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        at_end = isinstance(getattr(error, "token", None), Token) and error.token.type == "$END"
        column = len(text) if at_end else error.pos_in_stream
        found = (
            "elle s’arrête trop tôt" if at_end else f"« {text[column : column + 12]} » inattendu"
        )
        single = isinstance(error, UnexpectedCharacters) and text[column] == "="
        hint = " L’égalité s’écrit « == »." if single else ""
        raise ExpressionError(f"colonne {column + 1} : {found}.{hint}") from None


def walk(expression: Expression) -> list[Expression]:
    """The expression and everything in it."""
    match expression:
        case Call(_, arguments):
            inner = arguments
        case Unary(_, operand):
            inner = (operand,)
        case Binary(_, left, right):
            inner = (left, right)
        case _:
            inner = ()
    return [expression, *(each for child in inner for each in walk(child))]


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_Tree())


@v_args(inline=True)
class _Tree(Transformer):
    """Turns what Lark matched into the dataclasses above."""

    def binary(self, left: Expression, operator: Token, right: Expression) -> Binary:
        spelling = str(operator).lower()
        return Binary(SPELLINGS.get(spelling, spelling), left, right)

    def unary(self, operator: Token, operand: Expression) -> Unary:
        return Unary(str(operator), operand)

    def call(self, name: Token, *arguments: Expression) -> Call:
        return Call(str(name), arguments)

    def variable(self, name: Token) -> Variable:
        return Variable(*str(name).partition(".")[::2])

    def number(self, token: Token) -> Constant:
        return Constant(str(token), quoted=False)

    def string(self, token: Token) -> Constant:
        text = str(token)[1:-1].replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")
        return Constant(text, quoted=True)
