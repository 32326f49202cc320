"""Routing conditions as LimeSurvey's ExpressionScript: one more target of the routing tree.

    q.NAOK == "10-49"            q_ttm.NAOK == "oui"          answer, row of a grid
    q_SQ002.NAOK == "Y"          !is_empty(q_other.NAOK)      option of a multiple choice, « Autre »
    (is_numeric(q.NAOK) and q.NAOK >= 10)                     number

Truth is that of `survey.evaluation.holds`, on the server (PHP) and in the page (JavaScript). What
LimeSurvey does with an expression was read in `em_core_helper.php`, `em_manager_helper.php` and
`em_javascript.js` (6.10); these are its traps, and what is done about each.

- `.NAOK`: without it, one hidden question makes the whole expression empty (false), negations too.
  With it a hidden question, or a hidden row or option, is worth the empty text; so is a blank one.
  Hidden and blank are told apart by the condition of the question or row, written out again.
- `==` is the loose equality of PHP. A text is compared with a text here: no answer and `"0"` are
  not equal, `"10-49"` is no number. Codes that would be read as numbers in another form (`01`,
  `1e3`) or as nothing (`false`, which JavaScript empties) are never exported: `limesurvey.codes`.
- An empty answer is 0 in the page (JavaScript): `q.NAOK == 0` and `q.NAOK < 10` hold for who left
  blank; on the server (PHP) only `q.NAOK <= 0` does. Of two texts the letters are compared:
  `"NSP" > "0"`. Every comparison of numbers is guarded by `is_numeric`, and its number is written
  without quotes: one quoted side makes both texts, and `"9" > "10"`.
- A decimal comma is no number. A number that may be « ne sait pas » is typed as a text:
  `sum(str_replace(",", ".", q.NAOK))` makes a number of it in both languages.
- There is no word `not`, and `!a == b` is `(!a) == b`: what is negated stands in brackets.
- `is_empty("0")` is false, unlike PHP's `empty`: a code 0 is an answer. `count()` likewise.
- `+` joins texts: sums are written `sum()`.

Not done: a text of spaces only in the « Autre » of a multiple choice counts as an answer here.
"""

from __future__ import annotations

from dataclasses import dataclass

from survey.columns import DONT_KNOW
from survey.conditions import (
    EVERYONE,
    ORDERS,
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
    parse,
)
from survey.formats.limesurvey.codes import (
    OTHER,
    answer_codes,
    other_option,
    question_fields,
)
from survey.questionnaire import Question, Questionnaire
from survey.routing import effective_base

ALWAYS = "1"


def to_limesurvey(condition: Condition, questionnaire: Questionnaire) -> str:
    """ExpressionScript worth true for the same answers as `condition`; `1` for everyone.

    Ready for the `relevance` column, and, being one operand, for `and`, `or` and `!( )`.
    """
    return _Compiler(questionnaire).compile(condition)


def variable(question: Question, part: str | None = None) -> str:
    """`q.NAOK`, `q_SQ001.NAOK`: the answer to a question, a row or an option, by our codes."""
    fields = {field.part: field for field in question_fields(question)}
    return f"{fields[part].heading('underscores')}.NAOK"


def option_variable(question: Question, option: str) -> str:
    """The tick of a multiple choice, or the text of its « Autre »."""
    other = other_option(question)
    return variable(question, OTHER if other and option == other.code else option)


def number_value(question: Question) -> str:
    """The number answered; as `limesurvey.structure` asks for it, which may be by a text."""
    if question.dont_know and not question.integer:
        return f'sum(str_replace(",", ".", {variable(question)}))'
    return variable(question)


def is_number(question: Question) -> str:
    """Whether a number was given: neither blank, nor hidden, nor « ne sait pas »."""
    name = variable(question)
    if question.dont_know and not question.integer:
        return f'is_numeric(str_replace(",", ".", {name}))'
    return f"is_numeric({name})"


def written(number: float) -> str:
    """`10`, `0.5`: a number as ExpressionScript writes it."""
    return f"{number:f}".rstrip("0").rstrip(".")


def joined(word: str, operands: list[str]) -> str:
    """`(a or b)`; the operand itself when it is alone."""
    return operands[0] if len(operands) == 1 else f"({f' {word} '.join(operands)})"


@dataclass(frozen=True, slots=True)
class _Compiler:
    questionnaire: Questionnaire

    def compile(self, condition: Condition) -> str:
        match condition:
            case Everyone():
                return ALWAYS
            case Named(code):
                return self.compile(parse(self.questionnaire.base(code).condition))
            case Not(inner):
                return f"!({self.compile(inner)})"
            case And(inners):
                return joined("and", [self.compile(inner) for inner in inners])
            case Or(inners):
                return joined("or", [self.compile(inner) for inner in inners])
            case _:
                return self.atom(condition, self.questionnaire.question(condition.question))

    def atom(self, condition: Condition, question: Question) -> str:
        match condition:
            case Is(_, values, _) if question.type == "number":
                equal = [f"{number_value(question)} == {written(float(v))}" for v in values]
                return f"({is_number(question)} and {joined('or', equal)})"
            case Is(_, values, row):
                return among(question, row, values)
            case Compare(_, operator, number):
                compared = f"{number_value(question)} {operator} {written(number)}"
                return f"({is_number(question)} and {compared})"
            case Has(_, option):
                name = option_variable(question, option)
                return f"!is_empty({name})" if name.endswith("_other.NAOK") else f'{name} == "Y"'
            case AnyRow(_, values):
                return joined("or", [among(question, row.code, values) for row in question.rows])
            case AllRows():
                return self.all_rows(condition, question)
            case Count():
                return self.count(condition, question)
            case Answered(_, row):
                return answered(question, row)

    def all_rows(self, condition: AllRows, question: Question) -> str:
        """Each row is hidden or among the values, and one at least is among them."""
        every = []
        for row in question.rows:
            match = among(question, row.code, condition.values)
            hidden = [] if row.only_if is None else [f"!({self.compile(parse(row.only_if))})"]
            every.append(joined("or", [*hidden, match]))
        if all(row.only_if for row in question.rows):
            every.append(self.atom(AnyRow(question.code, condition.values), question))
        return joined("and", every)

    def count(self, condition: Count, question: Question) -> str:
        """A comparison that zero rows meet needs the grid to have been seen."""
        names = ", ".join(variable(question, row.code) for row in question.rows)
        counts = [f"countif({_quoted(question, v)}, {names})" for v in condition.values]
        number = counts[0] if len(counts) == 1 else f"sum({', '.join(counts)})"
        operator, threshold = condition.operator, condition.threshold
        compared = f"{number} {'==' if operator == '=' else operator} {threshold}"
        zero_meets = threshold == 0 if operator == "=" else ORDERS[operator](0, threshold)
        return joined("and", [*self.seen(question), compared]) if zero_meets else compared

    def seen(self, question: Question) -> list[str]:
        """Operands saying that the grid was asked and one of its rows shown."""
        asked = effective_base(question)
        seen = [] if isinstance(asked, Everyone) else [self.compile(asked)]
        if all(row.only_if for row in question.rows):
            rows = [self.compile(parse(row.only_if or EVERYONE)) for row in question.rows]
            seen.append(joined("or", rows))
        return seen


def among(question: Question, row: str | None, values: tuple[str, ...]) -> str:
    """Whether a single choice, or a row of a grid, is one of the codes."""
    name = variable(question, row)
    return joined("or", [f"{name} == {_quoted(question, value)}" for value in values])


def answered(question: Question, row: str | None) -> str:
    """Whether something was answered; « ne sait pas » is something."""
    names = [variable(question, field.part) for field in question_fields(question)]
    match question.type:
        case "text":
            return f"!is_empty(trim({names[0]}))"
        case "multiple":
            return f"count({', '.join(names)}) > 0"
        case "grid" if row is None:
            return f"count({', '.join(names)}) > 0"
        case _:
            return f"!is_empty({variable(question, row)})"


def _quoted(question: Question, code: str) -> str:
    """`"A02"`: LimeSurvey's code of an answer."""
    return f'"{(answer_codes(question) | {DONT_KNOW: DONT_KNOW})[code]}"'
