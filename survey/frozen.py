"""What was asked, kept once and for all: the record by which a silent change is found out.

`survey/instruments/editions/<year>/<questionnaire>.json` holds the questions of an edition as they
were put to people: wording, answers, base written out. It is written when the edition goes to the
field (`observatoire questionnaire figer`) and never again; the questionnaire of today must still
give it back, word for word, when it is read for that year.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from survey.changes import asked_of, offered_to
from survey.errors import Fault, QuestionnaireError
from survey.files import write_text
from survey.french import short_number, typography
from survey.questions import Option, Question, Questionnaire, Row

NAMES = {
    "type": "le type",
    "text": "le texte",
    "help": "la consigne",
    "base": "la base",
    "options": "les modalités",
    "rows": "les lignes",
    "required": "le caractère obligatoire",
    "dont_know": "« Ne sait pas »",
    "minimum": "le minimum",
    "maximum": "le maximum",
    "integer": "le type de nombre",
    "unit": "l’unité",
}
EXTRAS = {"only_if": "si", "exclusive": "exclusive", "other": "texte libre", "help": "aide"}
REMEDY = (
    "Rétablir ce qui a été posé, ou l’écrire dans « changed » avec « before » ; un autre sens "
    "demande un autre code."
)


def record_path(folder: Path, questionnaire: Questionnaire) -> Path:
    """File of the record of an edition, under the folder of the instruments."""
    return folder / "editions" / str(questionnaire.edition) / f"{questionnaire.code}.json"


def record(questionnaire: Questionnaire) -> dict[str, Any]:
    """What an edition asks: head, then each question by its code, in order."""
    return {
        "questionnaire": questionnaire.code,
        "edition": questionnaire.edition,
        "questions": {q.code: _asked(q, questionnaire) for q in questionnaire.questions},
    }


def _asked(question: Question, questionnaire: Questionnaire) -> dict[str, Any]:
    plain = ("type", "text", "help", "required", "dont_know")
    number = ("minimum", "maximum", "integer", "unit")
    kept = {key: getattr(question, key) for key in plain}
    kept |= {key: getattr(question, key) for key in number if question.type == "number"}
    kept["base"] = asked_of(question, questionnaire)
    for part in ("options", "rows"):
        if items := getattr(question, part):
            kept[part] = [_item(item, questionnaire) for item in items]
    return kept


def _item(item: Option | Row, questionnaire: Questionnaire) -> dict[str, Any]:
    kept: dict[str, Any] = {"code": item.code, "label": item.label}
    if item.only_if:
        kept["only_if"] = offered_to(item, questionnaire)
    extras = ("exclusive", "other") if isinstance(item, Option) else ("help",)
    return kept | {key: getattr(item, key) for key in extras if getattr(item, key)}


def freeze(questionnaire: Questionnaire, folder: Path) -> Path:
    """Write the record of an edition; the file.

    Raises
    ------
    QuestionnaireError : it is already recorded, and otherwise (`refuse_rewriting`)
    """
    refuse_rewriting(questionnaire, folder)
    path = record_path(folder, questionnaire)
    write_text(path, json.dumps(record(questionnaire), ensure_ascii=False, indent=1) + "\n")
    return path


def refuse_rewriting(questionnaire: Questionnaire, folder: Path) -> None:
    """Raise QuestionnaireError on an edition already recorded, and otherwise."""
    if faults := silent_changes(questionnaire, folder):
        first = f"{questionnaire.title} : l’édition {questionnaire.edition} est déjà figée."
        raise QuestionnaireError("\n".join([first, *map(str, faults)]))


def silent_changes(questionnaire: Questionnaire, folder: Path) -> list[Fault]:
    """What the questionnaire of one edition says otherwise than when it was asked.

    Nothing when the edition was never recorded; that the record cannot be used, when it cannot.
    """
    path = record_path(folder, questionnaire)
    if not path.exists():
        return []
    now = record(questionnaire)
    try:
        then = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):  # not JSON, not UTF-8, nested without end
        then = None
    if not _is_record(then, now):
        what = f"ce n’est pas la trace de « {now['questionnaire']} » en {now['edition']}."
        return [_fault(str(path), what, "La reprendre d’une sauvegarde (git).")]
    return list(_faults(then["questions"], now["questions"], questionnaire))


def _is_record(then: Any, now: dict[str, Any]) -> bool:
    """Whether what was read has the form of a record of the same edition."""
    if not isinstance(then, dict) or not isinstance(then.get("questions"), dict):
        return False
    same = all(then.get(key) == now[key] for key in ("questionnaire", "edition"))
    return same and all(isinstance(question, dict) for question in then["questions"].values())


def _faults(then: dict, now: dict, questionnaire: Questionnaire) -> Iterator[Fault]:
    year = questionnaire.edition
    for code in [code for code in then if code not in now]:
        what = f"la question « {code} » a été posée en {year} ; elle n’y est plus."
        remedy = f"La garder, avec « until: {year} » si elle n’est plus posée ensuite."
        yield _fault(questionnaire.source, what, remedy)
    for code, asked in now.items():
        if code not in then:
            what = f"la question « {code} » n’a pas été posée en {year}."
            remedy = f"Écrire « since: {year + 1} » ou plus."
            yield _fault(questionnaire.where(code), what, remedy)
            continue
        for key in [key for key in NAMES if asked.get(key) != then[code].get(key)]:
            old, new = _shown(then[code].get(key)), _shown(asked.get(key))
            what = f"{NAMES[key]} : ce n’est plus ce qui a été posé en {year}. Posé : {old}."
            yield _fault(questionnaire.where(code), f"{what} Écrit : {new}.", REMEDY)


def _fault(where: str, what: str, remedy: str) -> Fault:
    return Fault(where, typography(what), typography(remedy))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown_item, value))
    if value is None or isinstance(value, bool):
        return {None: "rien", True: "oui", False: "non"}[value]
    return short_number(value) if isinstance(value, int | float) else f"« {value} »"


def _shown_item(item: Any) -> str:
    """« oui « Oui » », and what else is said of it."""
    if not isinstance(item, dict):
        return str(item)
    told = [f"{EXTRAS[key]} : {_shown(item[key])}" for key in EXTRAS if key in item]
    more = f" ({', '.join(told)})" if told else ""
    return f"{item.get('code')} « {item.get('label')} »{more}"
