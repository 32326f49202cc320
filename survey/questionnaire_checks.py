"""What must hold in each question beyond its form: codes, themes, options, rows, bounds, labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from survey.conditions import EVERYONE, KEYWORDS
from survey.draft import Draft
from survey.edition_checks import change_faults
from survey.errors import Fault
from survey.questions import Comparable, Option, Question, Row
from survey.shape_checks import shape_faults
from survey.suggestions import suggestion
from survey.yaml_lines import KeyPath

LONGEST_SHORT_LABEL = 45  # characters: what fits beside a bar of a chart

# LimeSurvey names answers and sub-questions by position when our codes are too long for it.
POSITION_CODE = re.compile(r"A\d\d|SQ\d\d\d", re.IGNORECASE)
RESERVED_ITEMS = {"nsp", "nr", "etat", "texte", "other"}
RESERVED_CODES = KEYWORDS | {EVERYONE, "id", "token", "submitted", "complete"}


def content_faults(draft: Draft) -> Iterator[Fault]:
    """Every fault of content, conditions left aside."""
    yield from _code_faults(draft)
    yield from _theme_faults(draft)
    for name, options in draft.lists.items():
        items = [(("lists", name, i), option) for i, option in enumerate(options or ())]
        yield from _item_faults(draft, items)
    for i, question in draft.questions:
        path = ("questions", i)
        own = [(place, item) for place, item in draft.items(i, question) if place[0] == "questions"]
        yield from _item_faults(draft, [(p, item) for p, item in own if isinstance(item, Option)])
        yield from _item_faults(draft, [(p, item) for p, item in own if isinstance(item, Row)])
        for key, what, remedy in _question_faults(question):
            yield draft.source.fault((*path, key), what, remedy)
        if draft.head is not None and question.since < draft.head.since:
            first = draft.head.since
            what = f"posée en {question.since}, avant la première édition ({first})."
            yield draft.source.fault((*path, "since"), what, f"Écrire {first} ou plus.")
        for keys, what, remedy in change_faults(question):
            yield draft.source.fault((*path, *keys), what, remedy)
        yield from _source_faults(draft, (*path, "comparable"), question.comparable)
        for place, item in draft.items(i, question):
            if item.comparable is not None:
                yield from _source_faults(draft, (*place, "comparable"), item.comparable)
            if isinstance(item, Option):
                for what, remedy in _option_faults(question, item):
                    yield draft.source.fault(place, what, remedy)


def _code_faults(draft: Draft) -> Iterator[Fault]:
    """Questions and bases share their codes, since a condition names both."""
    first: dict[str, KeyPath] = {}
    named = [(("bases", i, "code"), base.code) for i, base in draft.bases]
    named += [(("questions", i, "code"), question.code) for i, question in draft.questions]
    for path, code in named:
        if code in first:
            what = f"code « {code} » déjà pris {draft.source.mention(first[code], path)}."
            yield draft.source.fault(path, what, "Donner un autre code.")
        elif code in RESERVED_CODES and not _is_everyone(draft, path, code):
            yield draft.source.fault(path, f"code « {code} » réservé.", "Donner un autre code.")
        first.setdefault(code, path)


def _is_everyone(draft: Draft, path: KeyPath, code: str) -> bool:
    """`ensemble` may be given a label, as a base whose condition is `ensemble`."""
    return path[0] == "bases" and code == EVERYONE == draft.base_by_code[code].condition


def _theme_faults(draft: Draft) -> Iterator[Fault]:
    if draft.head is None:
        return
    themes = draft.head.themes
    for i, question in draft.questions:
        if question.theme not in themes:
            what = f"thème « {question.theme} » inconnu."
            path = ("questions", i, "theme")
            yield draft.source.fault(path, what, suggestion(question.theme, themes))
    used = {str(q.get("theme")) for q in draft.source.raw["questions"] if isinstance(q, dict)}
    for theme in themes:
        misspelt = get_close_matches(theme, used - themes.keys())
        if theme not in used and not misspelt and not draft.lost:
            what = f"le thème « {theme} » n’a pas de question."
            remedy = "Lui donner une question ou le retirer."
            yield draft.source.fault(("themes", theme), what, remedy)


def _item_faults(draft: Draft, items: list[tuple[KeyPath, Option | Row]]) -> Iterator[Fault]:
    """Codes and labels of the options of one question, of its rows, or of a shared list."""
    codes: dict[str, KeyPath] = {}
    labels: dict[str, str] = {}
    for path, item in items:
        if item.code.lower() in RESERVED_ITEMS or POSITION_CODE.fullmatch(item.code):
            yield draft.source.fault(
                path, f"code « {item.code} » réservé.", "Donner un autre code."
            )
        if item.code in codes:
            what = f"code « {item.code} » déjà pris {draft.source.mention(codes[item.code], path)}."
            yield draft.source.fault(path, what, "Donner un autre code.")
        elif item.label.casefold() in labels:
            what = f"« {item.code} » a le même libellé que « {labels[item.label.casefold()]} »."
            yield draft.source.fault(path, what, "Distinguer les deux libellés.")
        codes.setdefault(item.code, path)
        labels.setdefault(item.label.casefold(), item.code)
        if len(item.short) > LONGEST_SHORT_LABEL:
            yield draft.source.fault((*path, "short"), *_too_long(item.short, item.code))


def _question_faults(question: Question) -> Iterator[tuple[str, str, str]]:
    """Key, what and remedy of each fault of one question."""
    yield from shape_faults(question)
    if len(question.short) > LONGEST_SHORT_LABEL:
        yield ("short", *_too_long(question.short, question.code))


def _source_faults(draft: Draft, path: KeyPath, comparable: Comparable) -> Iterator[Fault]:
    """A source that is said to be close or the same and is not named."""
    if comparable.status != "own" and not (comparable.reference or comparable.item):
        what = f"statut « {comparable.status} » sans question de référence."
        yield draft.source.fault(path, what, "Ajouter « reference » ou écrire « status: own ».")


def _option_faults(question: Question, option: Option) -> Iterator[tuple[str, str]]:
    """What an option cannot be in a question of this type."""
    if option.exclusive and question.type != "multiple":
        what = f"« {option.code} » est exclusive, dans une question à réponse unique."
        yield what, "Retirer « exclusive » ou passer à « type: multiple »."
    if option.other and question.type == "grid":
        yield f"« {option.code} » ouvre un texte libre, dans une grille.", "Retirer « other »."
    if question.type == "multiple" and not option.code.isalnum():
        what = f"code « {option.code} » mal formé pour un choix multiple."
        yield what, "N’employer que des lettres sans accent et des chiffres."


def _too_long(short: str, code: str) -> tuple[str, str]:
    what = f"libellé court de « {code} » trop long ({len(short)} caractères) : « {short} »."
    return what, f"Écrire « short » en {LONGEST_SHORT_LABEL} caractères au plus."
