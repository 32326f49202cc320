"""The instructions of a paper questionnaire in French, to be read after « si »."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from survey.columns import DONT_KNOW, SPECIAL_LABELS
from survey.conditions import (
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
    Not,
    Or,
)
from survey.formats.paper.routing import Entry, Goto
from survey.french import NBSP, typography
from survey.prose import NO_ROW, SIZES, either, is_compound, number_text
from survey.questions import Question, Questionnaire

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LISTED = 3  # options named one by one


def question_numbers(questionnaire: Questionnaire) -> dict[str, str]:
    """« Q1 » for the first question, and so on."""
    return {each.code: f"Q{i}" for i, each in enumerate(questionnaire.questions, start=1)}


def row_letter(question: Question, row: str) -> str:
    """The letter printed before a row of a grid: a to z, then aa, ab…"""
    rank = [each.code for each in question.rows].index(row)
    high, low = divmod(rank, len(LETTERS))
    return (LETTERS[high - 1] if high else "") + LETTERS[low]


@dataclass(frozen=True, slots=True)
class PaperWords:
    """Says conditions and instructions to whoever holds the paper, by number of question."""

    questionnaire: Questionnaire
    numbers: Mapping[str, str]

    def is_filter(self, entry: Entry) -> bool:
        """Whether the entry stands before one question only."""
        return len(self._covered(entry)) == 1

    def entry(self, entry: Entry) -> str:
        """« À remplir si … » before one question, with where to go otherwise before several."""
        condition = self.said(entry.condition)
        covered = self._covered(entry)
        if self.is_filter(entry):
            return typography(f"À remplir si {condition}.")
        link = "et" if len(covered) == 2 else "à"
        questions = f"Les questions{NBSP}{covered[0]} {link}{NBSP}{covered[-1]}"
        return typography(
            f"{questions} ne vous concernent que si {condition}. "
            f"Sinon, {self._going(entry.otherwise)}."
        )

    def gotos(self, gotos: Sequence[Goto]) -> list[str]:
        """« Si vous avez répondu …, passez à la question Q12. », those after one question."""
        return [
            typography(self._goto(goto, after_another=rank > 0)) for rank, goto in enumerate(gotos)
        ]

    def _goto(self, goto: Goto, after_another: bool) -> str:
        going = self._going(goto.target)
        if goto.condition != Everyone():
            return f"Si {self.said(goto.condition, here=goto.question)}, {going}."
        return f"Sinon, {going}." if after_another else f"{going[0].upper()}{going[1:]}."

    def said(self, condition: Condition, here: str | None = None) -> str:
        """The condition as a clause; the question `here`, just above, is not named."""
        return typography(self._clause(condition, True, here))

    def _covered(self, entry: Entry) -> list[str]:
        codes = list(self.numbers)
        end = len(codes) if entry.otherwise is None else codes.index(entry.otherwise)
        return [self.numbers[code] for code in codes[codes.index(entry.question) : end]]

    def _going(self, target: str | None) -> str:
        if target is None:
            return "passez à la fin du questionnaire"
        return f"passez à la question{NBSP}{self.numbers[target]}"

    def _clause(self, condition: Condition, positive: bool, here: str | None) -> str:
        match condition:
            case Not(inner):
                return self._clause(inner, not positive, here)
            case And(inners) | Or(inners):
                word = "et" if isinstance(condition, And) == positive else "ou"
                return self._joined(inners, word, positive, here)
            case _:
                return self._atom(condition, positive, here)

    def _joined(
        self, inners: tuple[Condition, ...], word: str, positive: bool, here: str | None
    ) -> str:
        ticks = _ticks_together(inners, word, positive)
        together = {tick for options in ticks.values() for tick in options}
        others = [inner for inner in inners if inner not in together]
        clauses = [self._clause(inner, positive, here) for inner in others]
        compound = [is_compound(inner) for inner in others]
        if word == "et":
            clauses = [f"({c})" if big else c for c, big in zip(clauses, compound, strict=True)]
        clauses += [
            self._ticked(code, list(options.values()), word, here)
            for code, options in ticks.items()
        ]
        link = " ; ou si " if word == "ou" and any(compound) else f", {word} si "
        return link.join(clauses)

    def _ticked(self, code: str, options: list[str], word: str, here: str | None) -> str:
        """Several options of a multiple choice: one is ticked (« ou »), or none (« et »)."""
        question = self.questionnaire.question(code)
        at = "" if code == here else f" à la question{NBSP}{self.numbers[code]}"
        first = [option.code for option in question.options[: len(options)]]
        if len(options) > LISTED and set(options) == set(first):
            some = "vous avez coché au moins une" if word == "ou" else "vous n’avez coché aucune"
            return f"{some} des {len(options)} premières réponses{at}"
        labels = _labels(question, tuple(options))
        if word == "ou":
            return f"vous avez coché {either(labels)}{at}"
        return "vous n’avez coché ni " + " ni ".join(labels) + at

    def _atom(self, atom: Condition, positive: bool, here: str | None) -> str:
        question = self.questionnaire.question(atom.question)
        at = "" if atom.question == here else f" à la question{NBSP}{self.numbers[atom.question]}"
        of = "" if atom.question == here else f" de la question{NBSP}{self.numbers[atom.question]}"
        match atom:
            case Is(_, values, _) if question.type == "number":
                numbers = [number_text(float(value), question) for value in values]
                return f"{_have(positive, 'indiqué')} {either(numbers)}{at}"
            case Is(_, values, None):
                return f"{_answered(question, values, positive)}{at}"
            case Is(_, values, row):
                line = f"à la ligne{NBSP}{row_letter(question, row)}{of}"
                return f"{_answered(question, values, positive)} {line}"
            case Compare(_, operator, number):
                size = SIZES[operator].format(number_text(number, question))
                return f"{_have(positive, 'indiqué')} {size}{at}"
            case Has(_, option):
                return f"{_have(positive, 'coché')} {_labels(question, (option,))[0]}{at}"
            case AnyRow(_, values):
                labels = either(_labels(question, values))
                if positive:
                    return f"vous avez répondu {labels} à au moins une ligne{of}"
                return f"vous n’avez répondu {labels} à aucune ligne{of}"
            case AllRows(_, values):
                labels = either(_labels(question, values))
                which = " à remplir" if any(row.only_if for row in question.rows) else ""
                return f"{_have(positive, 'répondu')} {labels} à toutes les lignes{which}{of}"
            case Count():
                return self._count(atom, question, positive, of)
            case Answered(_, row):
                line = f" à la ligne{NBSP}{row_letter(question, row)}{of}" if row else at
                return f"{_have(positive, 'répondu')}{line or ' à cette question'}"

    def _count(self, atom: Count, question: Question, positive: bool, of: str) -> str:
        """A small number of rows is said of a grid that was to be filled in, not of another."""
        labels = either(_labels(question, atom.values))
        none = (atom.operator, atom.threshold) in NO_ROW
        if not none and atom.operator not in ("<", "<="):
            return f"{_have(positive, 'répondu')} {labels} à {_lines(atom)}{of}"
        name = self.numbers[atom.question]
        if not positive:
            least = atom.threshold if atom.operator == "<" else atom.threshold + 1
            more = _lines(replace(atom, operator=">=", threshold=least))
            filled = f"y avez répondu {labels} à {more}"
            return f"vous n’aviez pas à remplir la question{NBSP}{name} ou {filled}"
        said = "vous n’y avez répondu" if none else "vous y avez répondu"
        size = "aucune ligne" if none else _lines(atom)
        return f"vous aviez à remplir la question{NBSP}{name} et {said} {labels} à {size}"


def _lines(atom: Count) -> str:
    lines = "une ligne" if atom.threshold == 1 else f"{atom.threshold} lignes"
    return SIZES[atom.operator].format(lines).replace("de une", "d’une")


def _answered(question: Question, values: tuple[str, ...], positive: bool) -> str:
    """« vous avez répondu A ou B », or « autre chose que C » where that is shorter."""
    codes = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
    others = tuple(code for code in codes if code not in values)
    if positive and others and len(others) < len(values):
        return f"vous avez répondu autre chose que {either(_labels(question, others))}"
    labels = _labels(question, values)
    if positive:
        return f"vous avez répondu {either(labels)}"
    if len(labels) == 1:
        return f"vous n’avez pas répondu {labels[0]}"
    return "vous n’avez répondu ni " + " ni ".join(labels)


def _have(positive: bool, verb: str) -> str:
    return f"vous avez {verb}" if positive else f"vous n’avez pas {verb}"


def _labels(question: Question, codes: tuple[str, ...]) -> list[str]:
    labels = {option.code: option.label for option in question.options} | SPECIAL_LABELS
    return [f"« {labels[code]} »" for code in codes]


def _ticks_together(
    inners: tuple[Condition, ...], word: str, positive: bool
) -> dict[str, dict[Condition, str]]:
    """By question, the options said together: ticked after « ou », not ticked after « et »."""
    found: dict[str, dict[Condition, str]] = {}
    for inner in inners:
        tick = inner.condition if isinstance(inner, Not) else inner
        is_ticked = positive != isinstance(inner, Not)
        if isinstance(tick, Has) and is_ticked == (word == "ou"):
            found.setdefault(tick.question, {})[inner] = tick.option
    return {code: options for code, options in found.items() if len(options) > 1}
