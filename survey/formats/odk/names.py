"""What an XLSForm of ours calls its nodes, and what stands in them: groups, questions, answers.

| question | nodes, inside the group of their page | text of the node |
|---|---|---|
| `single` | `<q>` (select_one) | option code, `NSP` |
| `grid` | group `<q>` with `<q>__<row>` (select_one), one per row | option code, `NSP` |
| `multiple` | `<q>` (select_multiple) | codes of the ticked options, spaces between; `NSP` |
| `number` | `<q>` (integer or decimal); `<q>__NSP` (select_one) where offered | number; `NSP` |
| `text` | `<q>` (text) | the text |
| option `other: true` | `<q>__<option>__texte` (text) | the text |

A node not shown and a node left blank are both empty: only the routing tells them apart. A page is
a run of questions of one theme, in a group `theme_<theme>`; a theme that comes back gets
`theme_<theme>_2`. No question code holds `_`, so these names never meet. Nodes without an answer:
`note_introduction`, and `entete_<q>`, the line of labels above a grid. `start`, `end` (when the
form was opened and finished) and `token` (a hidden node that a personal link may fill) stand at the
root, before the pages.

KoboToolbox heads its columns `page/q` (or `q` alone, as asked at export), and gives a multiple
choice `page/q` and `page/q/<option>`. ODK Central writes `page-q` (or `q`), and `page-q/<option>`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Literal

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    answer_column,
    other_text_column,
    state_column,
    tick_column,
)
from survey.errors import QuestionnaireError
from survey.evaluation import Answers
from survey.questions import Option, Question, Questionnaire

INTRODUCTION = "note_introduction"
START, END, TOKEN = "start", "end", "token"
# Nodes that every form has, and KoboToolbox's own; no question may be called so.
RESERVED = {START, END, TOKEN, "meta", "formhub"}

Role = Literal["choice", "ticks", "value", "dont_know", "other_text"]


@dataclass(frozen=True, slots=True)
class Node:
    """A node that holds an answer; `item` is the row (grid) or option (text) it is about.

    `groups` are those around it, from the root. `options` are the codes a multiple choice may hold,
    `NSP` included; empty for other nodes.
    """

    name: str
    groups: tuple[str, ...]
    question: str
    role: Role
    item: str | None = None
    options: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """`theme_usages/technologies/technologies__ttm`: below the root of the form."""
        return "/".join([*self.groups, self.name])

    def headings(self, separator: str = "/", *, groups: bool = True) -> list[str]:
        """Names of its columns: the node, then one per option of a multiple choice.

        `separator` stands between groups: `/` for KoboToolbox, `-` for ODK Central; before an
        option both write `/`.
        """
        name = separator.join([*self.groups, self.name]) if groups else self.name
        return [name, *(f"{name}/{option}" for option in self.options)]


@dataclass(frozen=True, slots=True)
class Page:
    """Questions of one theme that follow each other, shown together."""

    name: str
    theme: str
    questions: tuple[Question, ...]


def pages(questionnaire: Questionnaire) -> list[Page]:
    """Pages of the form, in order.

    Raises
    ------
    QuestionnaireError : a question has the name of a node that every form has
    """
    if reserved := RESERVED & {question.code for question in questionnaire.questions}:
        raise QuestionnaireError(
            f"{questionnaire.code}\u202f: code de question réservé par XLSForm\u202f: "
            f"{', '.join(sorted(reserved))}. Choisissez un autre code."
        )
    found: list[Page] = []
    runs: Counter[str] = Counter()
    for theme, questions in groupby(questionnaire.questions, lambda question: question.theme):
        name = f"theme_{re.sub('[^A-Za-z0-9]', '', theme)}"
        runs[name] += 1
        again = f"_{runs[name]}" if runs[name] > 1 else ""
        found.append(Page(name + again, theme, tuple(questions)))
    return found


def form_nodes(questionnaire: Questionnaire) -> list[Node]:
    """Every node that holds an answer, in the order of the form."""
    return [
        node
        for page in pages(questionnaire)
        for question in page.questions
        for node in question_nodes(question, page)
    ]


def question_nodes(question: Question, page: Page) -> list[Node]:
    """Nodes of one question of that page."""
    code, groups = question.code, (page.name,)
    texts = [
        Node(other_text_node(question, option), groups, code, "other_text", option.code)
        for option in question.options
        if option.other
    ]
    match question.type:
        case "single":
            return [Node(code, groups, code, "choice"), *texts]
        case "grid":
            return [
                Node(answer_column(question, row.code), (*groups, code), code, "choice", row.code)
                for row in question.rows
            ]
        case "multiple":
            options = [option.code for option in question.options]
            options += [DONT_KNOW] * question.dont_know
            return [Node(code, groups, code, "ticks", options=tuple(options)), *texts]
        case "number":
            unknown = Node(dont_know_node(question), groups, code, "dont_know")
            return [Node(code, groups, code, "value"), *[unknown] * question.dont_know]
        case "text":
            return [Node(code, groups, code, "value")]


def dont_know_node(question: Question) -> str:
    """Name of the box « Ne sait pas » beside a number."""
    return f"{question.code}__{DONT_KNOW}"


def other_text_node(question: Question, option: Option) -> str:
    """Name of the free text of « Autre »: its column, without what XML refuses in a name."""
    return other_text_column(question, option.code).replace("+", "_plus")


def header_node(question: Question) -> str:
    """Name of the line of labels above a grid, which holds no answer."""
    return f"entete_{question.code}"


def answers_to_submission(answers: Answers, questionnaire: Questionnaire) -> dict[str, str]:
    """What KoboToolbox or ODK Central keeps of one person's answers: path of each node -> its text.

    `answers` is one row of answers (columns of `survey.columns`). Empty nodes are left out, as
    KoboToolbox does.
    """
    texts = (
        (node.path, _node_text(node, questionnaire.question(node.question), answers))
        for node in form_nodes(questionnaire)
    )
    return {path: text for path, text in texts if text}


def _node_text(node: Node, question: Question, answers: Answers) -> str:
    """Text of a node, empty where it has no answer."""
    answer = answers.get
    match node.role:
        case "choice":
            row = node.item if question.type == "grid" else None
            code = answer(answer_column(question, row))
            return "" if code in (None, BLANK) else code
        case "ticks":
            if answer(state_column(question)) == DONT_KNOW:
                return DONT_KNOW
            codes = [option.code for option in question.options]
            return " ".join(code for code in codes if answer(tick_column(question, code)))
        case "value":
            given = answer(state_column(question)) == GIVEN
            value = answer(answer_column(question)) if given else ""
            return value if isinstance(value, str) else decimal_text(value)
        case "dont_know":
            return DONT_KNOW if answer(state_column(question)) == DONT_KNOW else ""
        case "other_text":
            return answer(other_text_column(question, node.item)) or ""


def decimal_text(number: float) -> str:
    """A number without exponent or useless zeros: `3.0` -> `3`, `1e-06` -> `0.000001`."""
    text = format(Decimal(str(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
