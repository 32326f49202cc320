"""A questionnaire as it is asked in one year: its questions, options, wordings and bases."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from survey.canonical import restricted, to_text
from survey.conditions import EVERYONE, Condition, Everyone, parse
from survey.errors import QuestionnaireError
from survey.questions import Base, Before, Option, Question, Questionnaire, Row

LeftOf = Callable[[str], str | None]


class NeverMetError(QuestionnaireError):
    """In one edition, no answer leads to `question`; `what` says so."""

    remedy = "Accorder « since », « until » et « base »."

    def __init__(self, questionnaire: Questionnaire, question: str, edition: int) -> None:
        self.question = question
        self.what = f"aucune réponse de l’édition {edition} ne remplit la condition."
        super().__init__(f"{questionnaire.where(question)} : {self.what} {self.remedy}")


def in_edition(questionnaire: Questionnaire, edition: int) -> Questionnaire:
    """The questionnaire of one year: what is asked in it, worded as it is, and the bases it allows.

    A condition loses the options and rows that are not of that year. Themes without question and
    bases that no answer can meet are left out.

    Raises
    ------
    QuestionnaireError : no question is asked that year, or the condition of one cannot be met
    """
    asked = [as_asked(q, edition) for q in questionnaire.questions if q.is_asked_in(edition)]
    if not asked:
        raise QuestionnaireError(
            f"{questionnaire.source} : aucune question n’est posée dans l’édition {edition}. "
            "Vérifier l’année demandée et les clés « since » et « until »."
        )
    by_code: dict[str, Question] = {}  # in order, as a condition names questions asked before
    conditions = {base.code: parse(base.condition) for base in questionnaire.bases}

    @cache
    def base_of(code: str) -> Condition | bool:
        return restricted(conditions[code], by_code, base_of)

    def left_of(text: str) -> str | None:
        """The condition that is left, None when nothing can meet it."""
        left = restricted(parse(text), by_code, base_of)
        if isinstance(left, bool):
            return EVERYONE if left else None
        return text if left == parse(text) else to_text(left)

    for question in asked:
        by_code[question.code] = _with_conditions(question, left_of)
        if by_code[question.code].base is None:
            raise NeverMetError(questionnaire, question.code, edition)
    themes = {question.theme for question in asked}
    update = {
        "questions": tuple(by_code.values()),
        "themes": {c: label for c, label in questionnaire.themes.items() if c in themes},
        "bases": tuple(_bases(questionnaire, left_of)),
        "edition": edition,
    }
    return Questionnaire.model_construct(
        **{name: getattr(questionnaire, name) for name in Questionnaire.model_fields} | update
    )


def as_asked(question: Question, edition: int) -> Question:
    """The question as worded that year, with the options and rows it had; conditions as written.

    Of its changes, those that had been made by then are left.
    """
    later = [change for change in question.changed if change.edition > edition]
    past = tuple(change for change in question.changed if change.edition <= edition)
    for change in sorted(later, key=lambda change: change.edition, reverse=True):
        question = _before(question, change.before)
    return question.model_copy(
        update={
            "changed": past,
            "options": tuple(option for option in question.options if option.is_in(edition)),
            "rows": tuple(row for row in question.rows if row.is_in(edition)),
        }
    )


def _before(question: Question, before: Before) -> Question:
    """The question before a change."""
    told = {key: getattr(before, key) for key in before.model_fields_set - {"labels", "order"}}

    def relabelled(items: tuple) -> tuple:
        items = tuple(
            item.model_copy(update={"label": before.labels.get(item.code, item.label)})
            for item in items
        )
        rank = {code: i for i, code in enumerate(before.order)}
        return tuple(sorted(items, key=lambda item: rank.get(item.code, len(rank))))

    return question.model_copy(
        update=told | {"options": relabelled(question.options), "rows": relabelled(question.rows)}
    )


def _with_conditions(question: Question, left_of: LeftOf) -> Question:
    """The question with what is left of its conditions; an item that is never shown is left out."""

    def shown(items: tuple[Option | Row, ...]) -> tuple:
        kept = []
        for item in items:
            left = EVERYONE if item.only_if is None else left_of(item.only_if)
            if left is not None:
                only_if = None if left == EVERYONE else left
                kept.append(item.model_copy(update={"only_if": only_if}))
        return tuple(kept)

    return question.model_copy(
        update={
            "base": left_of(question.base),
            "options": shown(question.options),
            "rows": shown(question.rows),
        }
    )


def _bases(questionnaire: Questionnaire, left_of: LeftOf) -> list[Base]:
    kept = []
    for base in questionnaire.bases:
        left = left_of(base.condition)
        everyone = isinstance(parse(base.condition), Everyone)
        if left is not None and (left != EVERYONE or everyone):
            kept.append(base.model_copy(update={"condition": left}))
    return kept
