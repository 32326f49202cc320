"""Two editions of a questionnaire compared, in French, for the person who writes the next one."""

from __future__ import annotations

from pathlib import Path

from survey.breaks import edition_turns, series_breaks
from survey.changes import KINDS, differences, meaning_faults
from survey.conditions import parse
from survey.errors import QuestionnaireError, SurveyError
from survey.french import counted, typography
from survey.frozen import record_path, silent_changes
from survey.questionnaire import Questionnaire, in_edition, load_questionnaire


def compare_questionnaires(paths: list[Path], first: int, last: int) -> str:
    """What changed in each questionnaire from one edition to a later one.

    A questionnaire that is asked in one of the two only is named.

    Raises
    ------
    SurveyError : editions in the wrong order
    QuestionnaireError : a code changed its meaning, or an edition is no longer as it was recorded
    """
    if first >= last:
        raise SurveyError(f"Éditions {first} et {last} : donner la plus ancienne d’abord.")
    parts, faults = [], []
    for path in paths:
        known = load_questionnaire(path)
        asked = [any(q.is_asked_in(year) for q in known.questions) for year in (first, last)]
        if not all(asked):
            parts.append(_absent(known, first, last, asked))
            continue
        before, after = in_edition(known, first), in_edition(known, last)
        faults += silent_changes(before, path.parent) + silent_changes(after, path.parent)
        faults += meaning_faults(before, after)
        parts.append(_compared(known, before, after, path.parent))
    if faults:
        count = counted(len(faults), "changement")
        raise QuestionnaireError("\n".join([f"{count} à revoir.", *map(str, faults)]))
    return typography("\n\n".join(parts))


def _absent(known: Questionnaire, first: int, last: int, asked: list[bool]) -> str:
    years = [str(year) for year, is_asked in zip((first, last), asked, strict=True) if not is_asked]
    return f"{known.title}\n  Rien à comparer : pas de questionnaire en {' ni en '.join(years)}."


def _compared(
    known: Questionnaire, before: Questionnaire, after: Questionnaire, folder: Path
) -> str:
    found = differences(before, after)
    lines = [f"{known.title}, de {before.edition} à {after.edition}"]
    broken = _broken(known, before, after)
    if not found and not broken:
        lines.append("  Rien n’a changé.")
    for kind, title in KINDS.items():
        of_kind = [each for each in found if each.kind == kind]
        if of_kind:
            lines.append(f"  {title} ({len(of_kind)})")
            lines += [f"    {each.question} : {' ; '.join(each.details)}" for each in of_kind]
    lines += broken
    loose = [q for q in (before, after) if not record_path(folder, q).is_file()]
    lines += [
        f"  L’édition {q.edition} n’est pas figée : « observatoire questionnaire figer "
        f"{q.edition} » quand elle part sur le terrain."
        for q in loose
    ]
    return "\n".join(lines)


def _broken(known: Questionnaire, before: Questionnaire, after: Questionnaire) -> list[str]:
    """Questions whose series cannot be carried from one edition to the other."""
    turns = edition_turns(known)
    broken = []
    for question in after.questions:
        if question.code in before.by_code:
            breaks = series_breaks(turns, [parse(question.base)], [question.code])
            if any(before.edition < each.edition <= after.edition for each in breaks):
                broken.append(question.code)
    return [f"  Séries rompues ({len(broken)}) : {', '.join(broken)}"] if broken else []
