"""What must hold in a questionnaire year after year: changes well told, each edition sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from survey.conditions import parse
from survey.draft import Draft
from survey.editions import NeverMetError, as_asked, in_edition
from survey.errors import Fault
from survey.questions import Change, Question, Questionnaire
from survey.reach import Reach
from survey.shape_checks import shape_faults
from survey.suggestions import suggestion

NEEDS_OPTIONS = ("single", "multiple", "grid")
OF_EDITIONS = ("options", "rows", "base")  # else wrong without regard to years, and told


def change_faults(question: Question) -> Iterator[tuple[tuple, str, str]]:
    """Path in the question, what and remedy of each fault of its years and of its changes."""
    if question.until is not None and question.until < question.since:
        what = f"retirée en {question.until}, avant d’être posée en {question.since}."
        yield ("until",), what, "Corriger « since » ou « until »."
        return
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
        yield ("edition",), what, "Corriger l’année du changement."
        return
    if [each.edition for each in question.changed].index(change.edition) < question.changed.index(
        change
    ):
        what = f"deux changements en {change.edition}."
        yield ("edition",), what, "N’en faire qu’un."
    former = as_asked(question, change.edition - 1)
    options, rows = ([item.code for item in items] for items in (former.options, former.rows))
    strange = False
    for key in ("labels", "order"):
        for code in getattr(change.before, key):
            if code not in (*options, *rows):
                strange = True
                what = f"« {code} » n’est pas une modalité ou une ligne de {change.edition - 1}."
                yield ("before", key), what, suggestion(code, (*options, *rows))
    if not strange:
        yield from _order_faults(change.before.order, options, rows)


def _order_faults(
    order: tuple[str, ...], options: list[str], rows: list[str]
) -> Iterator[tuple[tuple, str, str]]:
    """A former order says where each option was, or each row, or both."""
    for codes in (options, rows):
        given = [code for code in order if code in codes]
        if given and sorted(given) != sorted(codes):
            left = [code for code in codes if code not in given]
            what = (
                f"l’ordre d’avant ne dit pas où était « {left[0]} »."
                if left
                else "un code est là deux fois."
            )
            yield ("before", "order"), what, f"Nommer les {len(codes)} codes, chacun une fois."


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
    places = {question.code: (("questions", i), question) for i, question in draft.questions}
    told: set[tuple[str, str]] = set()
    for year in turning_points(questionnaire):
        asked = [as_asked(q, year) for q in questionnaire.questions if q.is_asked_in(year)]
        found = [(q.code, fault) for q in asked for fault in _former_faults(q, year)]
        if asked and not found and not told:
            found = list(_unreachable(questionnaire, year))
        for code, (key, what, remedy) in found:
            path, question = places[code]
            written = _written(question, year, key)
            if (code, key) not in told and (key in OF_EDITIONS or written[0] == "changed"):
                told.add((code, key))
                yield draft.source.fault((*path, *written), what, remedy)


def _former_faults(question: Question, year: int) -> Iterator[tuple[str, str, str]]:
    """Key, what and remedy of what is wrong with a question as asked in one edition."""
    if few := list(_too_few(question, year)):
        yield from few
        return
    for key, what, remedy in shape_faults(question):
        yield key, f"en {year}, {what}", remedy
    for items in (question.options, question.rows):
        labels = Counter(item.label.casefold() for item in items)
        if twice := [item.label for item in items if labels[item.label.casefold()] > 1]:
            what = f"en {year}, deux libellés sont les mêmes : « {twice[0]} »."
            yield "labels", what, "Distinguer les deux libellés."


def _too_few(question: Question, year: int) -> Iterator[tuple[str, str, str]]:
    few = question.type in NEEDS_OPTIONS and len(question.options) < 2
    if few or (question.type == "grid" and not question.rows):
        what = f"il ne reste pas assez de {'modalités' if few else 'lignes'} en {year}."
        remedy = "Retirer aussi la question (« until ») ou en garder davantage."
        yield "options" if few else "rows", what, remedy


def _unreachable(
    questionnaire: Questionnaire, year: int
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Questions of an edition that no answer leads to, or that have too little left to answer."""
    try:
        edition = in_edition(questionnaire, year)
    except NeverMetError as error:
        yield error.question, ("base", error.what, error.remedy)
        return
    reach = Reach(edition)
    for question in edition.questions:
        yield from ((question.code, fault) for fault in _too_few(question, year))
        if not reach.is_reachable(parse(question.base)):
            error = NeverMetError(edition, question.code, year)
            yield question.code, ("base", error.what, error.remedy)


def _written(question: Question, year: int, key: str) -> tuple[str | int, ...]:
    """Where a key of a question as asked in one year is written, under the question."""
    later = [(c.edition, k) for k, c in enumerate(question.changed) if c.edition > year]
    for _, k in sorted(later):
        if key in question.changed[k].before.model_fields_set:
            return ("changed", k, "before", key)
    return (key,)
