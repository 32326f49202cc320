"""What must hold in a questionnaire year after year: changes well told, each edition sound."""

from __future__ import annotations

from collections.abc import Iterator

from survey.draft import Draft
from survey.editions import NeverMetError, as_asked, in_edition
from survey.errors import Fault
from survey.questions import Change, Question, Questionnaire
from survey.suggestions import suggestion

NEEDS_OPTIONS = ("single", "multiple", "grid")


def change_faults(question: Question) -> Iterator[tuple[tuple, str, str]]:
    """Path in the question, what and remedy of each fault of its years and of its changes."""
    if question.until is not None and question.until < question.since:
        what = f"retirée en {question.until}, avant d’être posée en {question.since}."
        yield ("until",), what, "Corriger « since » ou « until »."
    for part, items in (("options", question.options), ("rows", question.rows)):
        for j, item in enumerate(items):
            first, last = item.since or question.since, item.until or question.until
            if last is not None and last < first:
                what = f"« {item.code} » retirée en {last}, avant d’être proposée en {first}."
                yield (part, j), what, "Corriger « since » ou « until »."
            elif first < question.since:
                what = f"« {item.code} » proposée en {first}, avant la question ({question.since})."
                yield (part, j), what, "Corriger « since »."
    for k, change in enumerate(question.changed):
        for key, what, remedy in _told_faults(question, change):
            yield ("changed", k, *key), what, remedy


def _told_faults(question: Question, change: Change) -> Iterator[tuple[tuple, str, str]]:
    if not question.is_asked_in(change.edition) or change.edition == question.since:
        what = f"changement en {change.edition}, où la question n’a pas d’édition précédente."
        yield (), what, "Corriger l’année du changement."
    codes = [item.code for item in (*question.options, *question.rows)]
    for key in ("labels", "order"):
        for code in getattr(change.before, key):
            if code not in codes:
                what = f"« {code} » n’est ni une modalité ni une ligne de la question."
                yield ("before", key), what, suggestion(code, codes)


def turning_points(questionnaire: Questionnaire) -> list[int]:
    """Editions in which something begins or ends, from the first one of the questionnaire."""
    years = {questionnaire.since}
    for question in questionnaire.questions:
        years |= {change.edition for change in question.changed}
        for item in (question, *question.options, *question.rows):
            years |= {item.since or questionnaire.since}
            years |= set() if item.until is None else {item.until + 1}
    return sorted(year for year in years if year >= questionnaire.since)


def edition_faults(draft: Draft) -> Iterator[Fault]:
    """Faults of the editions of a draft that is sound otherwise, each told once."""
    questionnaire = draft.questionnaire()
    paths = {question.code: ("questions", i) for i, question in draft.questions}
    told: set[str] = set()
    for year in turning_points(questionnaire):
        asked = [as_asked(q, year) for q in questionnaire.questions if q.is_asked_in(year)]
        for question in asked:
            few = question.type in NEEDS_OPTIONS and len(question.options) < 2
            empty = question.type == "grid" and not question.rows
            if (few or empty) and question.code not in told:
                told.add(question.code)
                what = f"il ne reste pas assez de {'modalités' if few else 'lignes'} en {year}."
                remedy = "Retirer aussi la question (« until ») ou en garder davantage."
                yield draft.source.fault(paths[question.code], what, remedy)
        if asked and not told:
            try:
                in_edition(questionnaire, year)
            except NeverMetError as error:
                told.add(error.question)
                yield draft.source.fault(paths[error.question], error.what, error.remedy)
