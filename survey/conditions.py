"""The routing language: who is asked what, written as a short text and read into a tree.

    taille = "10-49"        taille != "0"        taille in ("10-49", "50-249")
    technologies.ttm = oui                       one row of a grid
    any(technologies) = oui                      at least one row; all(technologies) = non
    count(technologies = oui) >= 2               number of rows
    fonctions has marketing                      one option of a multiple choice
    effectif >= 10                               number: < <= > >= = !=
    answered(effectif)                           left neither unasked nor blank
    and, or, not, ( )
    utilisatrices                                a named base
    ensemble                                     everyone

A code made of letters, digits and `_` needs no quotes. `parse` returns a tree of frozen
dataclasses; each target (Polars, French prose, a form) is one more function over that tree. Nothing
is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from operator import ge, gt, le, lt
from typing import Literal

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, v_args
from lark.exceptions import UnexpectedToken

from survey.errors import SurveyError
from survey.french import integer, typography

LONGEST, DEEPEST = 5_000, 12  # characters and levels of a condition; one of people has 100 and 3

Order = Literal["<", "<=", ">", ">="]
ORDERS = {"<": lt, "<=": le, ">": gt, ">=": ge}

KEYWORDS = frozenset({"and", "or", "not", "in", "has", "any", "all", "count", "answered"})
EVERYONE = "ensemble"


class RoutingError(SurveyError):
    """A condition cannot be read; the message shows where, and what is allowed there."""


@dataclass(frozen=True, slots=True)
class Everyone:
    """Always true."""


@dataclass(frozen=True, slots=True)
class Named:
    """A base of the questionnaire, by its code."""

    code: str


@dataclass(frozen=True, slots=True)
class Is:
    """The answer to a single choice, a row of a grid or a number is among `values`."""

    question: str
    values: tuple[str, ...]
    row: str | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A number stands in this order to `number`."""

    question: str
    operator: Order
    number: float


@dataclass(frozen=True, slots=True)
class Has:
    """The option of a multiple choice is ticked."""

    question: str
    option: str


@dataclass(frozen=True, slots=True)
class AnyRow:
    """At least one row of a grid is among `values`."""

    question: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllRows:
    """Every row shown of a grid is among `values`; rows hidden by their `only_if` do not count."""

    question: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """The number of rows of a grid among `values` stands in this order to `threshold`.

    False, as every comparison, where the grid was not asked.
    """

    question: str
    values: tuple[str, ...]
    operator: Order | Literal["="]
    threshold: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The question (or the row) was asked and not left blank; a grid needs one answered row."""

    question: str
    row: str | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary: also true where the question was not asked or left blank."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of `conditions`."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `conditions`."""

    conditions: tuple[Condition, ...]


Atom = Is | Compare | Has | AnyRow | AllRows | Count | Answered
Condition = Everyone | Named | Atom | Not | And | Or

GRAMMAR = r"""
    start: disjunction
    ?disjunction: conjunction ("or" conjunction)*
    ?conjunction: negation ("and" negation)*
    ?negation: "not" negation -> negated
             | atom
    ?atom: "(" disjunction ")"
         | "ensemble" -> everyone
         | WORD -> named
         | subject "=" code -> equal
         | subject "!=" code -> different
         | subject "in" codes -> among
         | WORD ORDER NUMBER -> compare
         | WORD "has" code -> has
         | "any" "(" WORD ")" value -> any_row
         | "all" "(" WORD ")" value -> all_rows
         | "count" "(" WORD value ")" comparison INTEGER -> count
         | "answered" "(" subject ")" -> answered
    !comparison: ORDER | "=" | "!="
    subject: WORD ["." code]
    ?value: "=" code -> one_code
          | "in" codes
    codes: "(" code ("," code)* ")"
    code: WORD | NUMBER | STRING

    ORDER: "<=" | ">=" | "<" | ">"
    NUMBER.2: /-?[0-9]+(\.[0-9]+)?(?![A-Za-z0-9_.])/
    INTEGER: /[0-9]+(?![A-Za-z0-9_.])/
    WORD: /[A-Za-z0-9_]+/
    STRING: /"[^"\n]*"|'[^'\n]*'/
    %ignore /\s+/
"""


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """Read a condition, for instance ``parse('any(technologies) = oui and taille != "0"')``.

    Only the form is read here: whether the codes exist is for the questionnaire to say.

    Raises
    ------
    RoutingError : the text is not a condition; in French, with the column, a caret and what is
        allowed
    """
    if len(text) > LONGEST:
        found = f"{integer(len(text))} caractères, {integer(LONGEST)} au plus"
        raise RoutingError(_too_much(found))
    try:
        condition = _parser().parse(text)
    except UnexpectedInput as error:
        raise RoutingError(_explain(text, error)) from None
    level, depth = [condition], 0
    while level:
        level, depth = [inner for each in level for inner in children(each)], depth + 1
    if depth > DEEPEST:
        raise RoutingError(_too_much(f"{depth} niveaux emboîtés, {DEEPEST} au plus"))
    return condition


def _too_much(found: str) -> str:
    return typography(
        f"condition trop longue : {found}.\nAttendu : une condition plus courte. En nommer des "
        "parties sous « bases »."
    )


def children(condition: Condition) -> tuple[Condition, ...]:
    """Conditions directly inside this one; none for an atom."""
    match condition:
        case Not(inner):
            return (inner,)
        case And(inners) | Or(inners):
            return inners
        case _:
            return ()


def atoms(condition: Condition) -> list[Atom | Named]:
    """Leaves of the tree in reading order, `ensemble` left out."""
    if isinstance(condition, Everyone):
        return []
    inner = children(condition)
    return [atom for child in inner for atom in atoms(child)] if inner else [condition]


def references(condition: Condition) -> set[str]:
    """Codes the text names: questions and named bases (not what stands behind a base)."""
    return {atom.code if isinstance(atom, Named) else atom.question for atom in atoms(condition)}


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_Tree(), maybe_placeholders=True)


@v_args(inline=True)
class _Tree(Transformer):
    """Turns what Lark matched into the dataclasses above."""

    def start(self, condition: Condition) -> Condition:
        return condition

    def disjunction(self, *conditions: Condition) -> Condition:
        return Or(conditions)

    def conjunction(self, *conditions: Condition) -> Condition:
        return And(conditions)

    def negated(self, condition: Condition) -> Condition:
        return Not(condition)

    def everyone(self) -> Condition:
        return Everyone()

    def named(self, word: Token) -> Condition:
        return Named(str(word))

    def equal(self, subject: tuple[str, str | None], code: str) -> Condition:
        return Is(subject[0], (code,), subject[1])

    def different(self, subject: tuple[str, str | None], code: str) -> Condition:
        return Not(self.equal(subject, code))

    def among(self, subject: tuple[str, str | None], codes: tuple[str, ...]) -> Condition:
        return Is(subject[0], codes, subject[1])

    def compare(self, word: Token, operator: Token, number: Token) -> Condition:
        return Compare(str(word), str(operator), float(number))

    def has(self, word: Token, code: str) -> Condition:
        return Has(str(word), code)

    def any_row(self, word: Token, codes: tuple[str, ...]) -> Condition:
        return AnyRow(str(word), codes)

    def all_rows(self, word: Token, codes: tuple[str, ...]) -> Condition:
        return AllRows(str(word), codes)

    def count(self, word: Token, codes: tuple[str, ...], operator: str, number: Token) -> Condition:
        equal = operator in ("=", "!=")
        counted = Count(str(word), codes, "=" if equal else operator, int(number))
        return Not(counted) if operator == "!=" else counted

    def answered(self, subject: tuple[str, str | None]) -> Condition:
        return Answered(*subject)

    def comparison(self, operator: Token) -> str:
        return str(operator)

    def subject(self, word: Token, row: str | None) -> tuple[str, str | None]:
        return str(word), row

    def one_code(self, code: str) -> tuple[str, ...]:
        return (code,)

    def codes(self, *codes: str) -> tuple[str, ...]:
        return codes

    def code(self, token: Token) -> str:
        return str(token[1:-1] if token.type == "STRING" else token)


TERMINALS = {
    "WORD": "un code",
    "NUMBER": "un nombre",
    "INTEGER": "un nombre entier",
    "STRING": "un code entre guillemets",
    "ORDER": "« < », « <= », « > », « >= »",
    "EQUAL": "« = »",
    "__ANON_0": "« != »",
    "LPAR": "« ( »",
    "RPAR": "« ) »",
    "COMMA": "« , »",
    "DOT": "« .ligne »",
    "ENSEMBLE": "« ensemble »",
    "$END": "la fin de la condition",
} | {word.upper(): f"« {word} »" for word in sorted(KEYWORDS)}

MISTAKES = {
    "et": "« et » s’écrit « and ».",
    "ou": "« ou » s’écrit « or ».",
    "non": "La négation s’écrit « not ».",
    "==": "L’égalité s’écrit « = ».",
    "<>": "« différent de » s’écrit « != ».",
    "-": 'Un code avec un tiret s’écrit entre guillemets, par exemple "10-49".',
}


def _explain(text: str, error: UnexpectedInput) -> str:
    """Say where reading stopped: column, the line with a caret, what could stand there."""
    if isinstance(error, UnexpectedToken):
        at_end = error.token.type == "$END"
        allowed = error.accepts or error.expected
    else:
        at_end = False
        allowed = error.allowed if isinstance(error, UnexpectedCharacters) else set()
    position = len(text.rstrip()) if at_end else error.pos_in_stream
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].split("\n", 1)[0]
    column = position - start
    found = (
        "la condition s’arrête trop tôt" if at_end else f"« {_found(text, position)} » inattendu"
    )
    hints = [fix for wrong, fix in MISTAKES.items() if _has_mistake(text, position, wrong)]
    return "\n".join(
        [
            typography(f"condition illisible, colonne {column + 1} : {found}."),
            f"    {line}",
            f"    {' ' * column}^",
            typography(" ".join([f"Attendu ici : {_listed(allowed)}.", *hints[:1]])),
        ]
    )


def _found(text: str, position: int) -> str:
    rest = text[position:].split()
    return rest[0] if rest else text[position : position + 1]


def _has_mistake(text: str, position: int, wrong: str) -> bool:
    """Whether the usual mistake stands where reading stopped, or is the word just before."""
    if wrong.isalpha():
        before = text[:position].split()[-1:]
        return wrong in [_found(text, position), *before]
    return text.startswith(wrong, position) or text.startswith(wrong, max(position - 1, 0))


def _listed(allowed: set[str]) -> str:
    return ", ".join(text for name, text in TERMINALS.items() if name in allowed)
