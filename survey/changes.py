"""What changed in a questionnaire from one edition to another, and what may not change.

A code is a promise: the same question, the same option, year after year. A wording may be mended
and an option added; a code that comes to mean something else is refused, since its series would
join two things under one name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from survey.canonical import resolved, to_text
from survey.conditions import parse
from survey.errors import Fault
from survey.french import short_number, typography
from survey.likeness import can_say_the_same
from survey.prose import asked_if
from survey.questions import Option, Question, Questionnaire, Row

Kind = Literal["added", "withdrawn", "reworded", "reoptioned", "rebased"]
KINDS: dict[Kind, str] = {
    "added": "Ajoutées",
    "withdrawn": "Retirées",
    "reworded": "Reformulées",
    "reoptioned": "Réponses changées",
    "rebased": "Posées à d’autres",
}
ANOTHER_CODE = "Donner un nouveau code, et finir l’ancien par « until »."
SAME_MEANING = "Ou écrire « same_meaning: true » au changement, si le sens est bien le même."


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed in one question; `details` are lines in French."""

    question: str
    kind: Kind
    details: tuple[str, ...] = ()


def differences(before: Questionnaire, after: Questionnaire) -> list[Difference]:
    """Every difference between two editions of a questionnaire, in the order of its questions."""
    found = [
        Difference(q.code, "withdrawn", (q.text,))
        for q in before.questions
        if q.code not in after.by_code
    ]
    for question in after.questions:
        former = before.by_code.get(question.code)
        if former is None:
            found.append(Difference(question.code, "added", (question.text,)))
            continue
        told = {
            "reworded": _rewordings(former, question),
            "reoptioned": _new_answers(former, question),
            "rebased": [
                *_new_base(former, question, before, after),
                *_offered_to_others(former, question, before, after),
            ],
        }
        found += [Difference(question.code, kind, tuple(d)) for kind, d in told.items() if d]
    return found


def asked_of(question: Question, questionnaire: Questionnaire) -> str:
    """The condition of a question, the named bases written out."""
    return to_text(resolved(parse(question.base), questionnaire))


def offered_to(item: Option | Row, questionnaire: Questionnaire) -> str | None:
    """The condition of an option or a row, the named bases written out; None without any."""
    return item.only_if and to_text(resolved(parse(item.only_if), questionnaire))


def _rewordings(former: Question, question: Question) -> list[str]:
    pairs = [("question", former.text, question.text), ("consigne", former.help, question.help)]
    now = {row.code: row for row in question.rows}
    for row in former.rows:
        if row.code in now:
            pairs.append((f"ligne {row.code}", row.label, now[row.code].label))
            pairs.append((f"aide de {row.code}", row.help or "", now[row.code].help or ""))
    return [f"{what} : « {old} » → « {new} »" for what, old, new in pairs if old != new]


def _new_answers(former: Question, question: Question) -> list[str]:
    lines = [
        *_new_items("modalité", former.options, question.options),
        *_new_items("ligne", former.rows, question.rows),
    ]
    then = {option.code: option.label for option in former.options}
    for option in question.options:
        old = then.get(option.code, option.label)
        if old != option.label:
            lines.append(f"modalité {option.code} : « {old} » → « {option.label} »")
    if former.dont_know != question.dont_know:
        lines.append(f"« Ne sait pas » {'ajouté' if question.dont_know else 'retiré'}")
    if former.required != question.required:
        lines.append(f"réponse {'devenue obligatoire' if question.required else 'plus exigée'}")
    for key, name in (("minimum", "minimum"), ("maximum", "maximum")):
        old, new = getattr(former, key), getattr(question, key)
        if old != new:
            lines.append(f"{name} : {_bound(old)} → {_bound(new)}")
    return lines


def _new_items(kind: str, former: tuple, items: tuple) -> Iterator[str]:
    then, now = [item.code for item in former], [item.code for item in items]
    labels = {item.code: item.label for item in (*former, *items)}
    yield from (f"{kind} ajoutée : {c} « {labels[c]} »" for c in now if c not in then)
    yield from (f"{kind} retirée : {c} « {labels[c]} »" for c in then if c not in now)
    kept_then, kept_now = [c for c in then if c in now], [c for c in now if c in then]
    if kept_then != kept_now:
        yield f"ordre des {kind}s : {', '.join(kept_then)} → {', '.join(kept_now)}"


def _bound(value: float | None) -> str:
    return "aucun" if value is None else short_number(value)


def _new_base(
    former: Question, question: Question, before: Questionnaire, after: Questionnaire
) -> list[str]:
    if asked_of(former, before) == asked_of(question, after):
        return []
    conditions = (parse(former.base), before), (parse(question.base), after)
    old, new = (asked_if(condition, of) for condition, of in conditions)
    if old == new:  # the same base, which no longer holds the same people
        old, new = (asked_if(resolved(condition, of), of) for condition, of in conditions)
    return [f"{old} → {new}"]


def _offered_to_others(
    former: Question, question: Question, before: Questionnaire, after: Questionnaire
) -> Iterator[str]:
    for kind, old, new in (
        ("modalité", former.options, question.options),
        ("ligne", former.rows, question.rows),
    ):
        then = {item.code: offered_to(item, before) for item in old}
        for item in new:
            if item.code in then and then[item.code] != offered_to(item, after):
                yield f"{kind} {item.code} proposée à d’autres"


def meaning_faults(before: Questionnaire, after: Questionnaire) -> list[Fault]:
    """Codes that no longer mean in the edition `after` what they meant in the edition `before`."""
    faults = []
    for question in after.questions:
        former = before.by_code.get(question.code)
        if former is not None:
            excused = any(
                change.same_meaning and before.edition < change.edition <= after.edition
                for change in question.changed
            )
            faults += [
                Fault(after.where(question.code), typography(what), typography(remedy))
                for what, remedy in _meaning_faults(former, question, excused=excused)
            ]
    return faults


def _meaning_faults(
    former: Question, question: Question, *, excused: bool
) -> Iterator[tuple[str, str]]:
    code = question.code
    if former.type != question.type or former.integer != question.integer:
        yield (f"« {code} » a changé de type ({former.type} → {question.type}).", ANOTHER_CODE)
        return
    if former.unit != question.unit:
        units = f"{former.unit or 'aucune'} → {question.unit or 'aucune'}"
        yield f"« {code} » a changé d’unité ({units}).", ANOTHER_CODE
    if not excused and not can_say_the_same(former.text, question.text):
        what = f"« {code} » a changé de sens : « {former.text} » → « {question.text} »."
        yield what, f"{ANOTHER_CODE} {SAME_MEANING}"
    for kind, old, new in (
        ("modalité", former.options, question.options),
        ("ligne", former.rows, question.rows),
    ):
        yield from _item_faults(code, kind, old, new, excused=excused)


def _item_faults(
    code: str,
    kind: str,
    former: tuple[Option | Row, ...],
    items: tuple[Option | Row, ...],
    *,
    excused: bool,
) -> Iterator[tuple[str, str]]:
    then = {item.code: item.label for item in former}
    taken = {item.label.casefold(): item.code for item in former}
    for item in items:
        old = then.get(item.code)
        owner = taken.get(item.label.casefold(), item.code)
        if owner != item.code:
            what = f"{kind} « {item.code} » de « {code} » : « {item.label} » était « {owner} »."
            yield what, f"Reprendre le code « {owner} »."
        elif old is not None and not excused and not can_say_the_same(old, item.label):
            what = (
                f"{kind} « {item.code} » de « {code} » a changé de sens : « {old} » → "
                f"« {item.label} »."
            )
            yield what, f"{ANOTHER_CODE} {SAME_MEANING}"
