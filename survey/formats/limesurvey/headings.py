"""Headings of a LimeSurvey export, in every style it offers.

| style chosen at export | heading |
|---|---|
| code of the question | `q`, `q[SQ001]`; `q_SQ001` in VV and with Expression Manager codes |
| code and text | `q[SQ001]. The question [the row]`; the separator can be `:`, `|`, `-` |
| full text | `The question [the row]` |
| abbreviated text | `The questi.. [the row]`, each part cut at a length chosen at export |

Texts are compared with our wording, levelled (`survey.formats.wording`); two columns or two
questions of the same text are refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from survey.columns import DONT_KNOW
from survey.errors import ResponseError
from survey.formats.found_columns import listing, refuse_missing, refuse_twice
from survey.formats.limesurvey.codes import (
    CONTACT,
    IGNORED,
    OTHER,
    REQUIRED,
    TECHNICAL,
    Field,
    other_option,
    question_fields,
)
from survey.formats.wording import DONT_KNOW_LABELS, OTHER_LABELS, compared, levelled
from survey.questions import Question, Questionnaire

TIMING = re.compile(
    r"(groupTime|questionTime)\d+|\w+Time|(group|question) time.*|temps (pour|de) .*"
)
CODE_AND_TEXT = re.compile(r"([A-Za-z]\w*(?:\[\w+\])?)\s*[.:|–-]\s")
ELLIPSIS = ".."
CUT_PART = re.compile(r"(?:^|\[)([^\[\]]*?)\.\.")
KEPT_WHOLE = 3  # characters beyond the length asked for, that LimeSurvey does not cut off
# How LimeSurvey calls its own columns, in French and in English.
TITLES = {
    "id": ("id de la réponse", "response id"),
    "submitdate": ("date de soumission", "date submitted"),
    "token": ("code d'accès", "access code", "code d'invitation", "jeton", "invitation"),
    "startdate": ("date de lancement", "date started"),
    "datestamp": ("date de la dernière action", "date last action"),
    "interviewtime": ("temps total", "total time"),
    "lastpage": ("dernière page", "last page"),
    "startlanguage": ("langue de départ", "start language"),
    "seed": ("tête de série", "seed"),
    "refurl": ("url de référence", "url référente", "referrer url"),
    "ipaddr": ("adresse ip", "ip address"),
    "firstname": ("prénom", "first name"),
    "lastname": ("nom de famille", "last name"),
    "email": ("adresse de courriel", "adresse courriel", "email address", "email"),
}
CODE_OF_TITLE = {title: code for code, titles in TITLES.items() for title in titles}
REMEDY = "Refaites l’export en choisissant « Code de la question » pour les en-têtes."


@dataclass(frozen=True, slots=True)
class Layout:
    """What each column of a file is: position of each field and of each technical column."""

    fields: dict[str, int]
    technical: dict[str, int]
    unknown: tuple[str, ...]
    contact: tuple[str, ...]


def match_headings(
    headings: tuple[str, ...], questionnaire: Questionnaire, name: str, *, bare: bool = False
) -> Layout:
    """Say what each heading is; `bare`: the file may lack `id` and `submitdate`.

    Raises
    ------
    ResponseError : a question or `id`, `submitdate` is missing, stands in two columns, or a text
        could be that of several
    """
    fields = [(q, field) for q in questionnaire.questions for field in question_fields(q)]
    known = {heading: field.name for _, field in fields for heading in field.headings()}
    known = {heading: heading for heading in TECHNICAL} | known
    codes = [heading_code(heading, known) for heading in headings]
    if not {known.get(code) for code in codes} & {field.name for _, field in fields}:
        codes = text_codes(headings, fields, name)
        known |= {field.name: field.name for _, field in fields}
    found: dict[str, list[int]] = {}
    unknown, contact = [], []
    for position, code in enumerate(codes):
        if code in known:
            found.setdefault(known[code], []).append(position)
        elif code in CONTACT:
            contact.append(code)
        elif code not in IGNORED and not TIMING.fullmatch(code):
            unknown.append(code)
    expected = [*(REQUIRED if not bare else ()), *(field.name for _, field in fields)]
    check_found(found, expected, headings, questionnaire, name)
    positions = {code: places[0] for code, places in found.items()}
    return Layout(
        fields={field.name: positions[field.name] for _, field in fields},
        technical={code: positions[code] for code in TECHNICAL if code in positions},
        unknown=tuple(unknown),
        contact=tuple(contact),
    )


def heading_code(heading: str, known: Iterable[str]) -> str:
    """The code of a heading that is a code, or a code and a text (`q[SQ001]. How often…`)."""
    heading = heading.strip()
    if heading in known:
        return heading
    start = CODE_AND_TEXT.match(heading)
    return start[1] if start else CODE_OF_TITLE.get(levelled(heading), heading)


def text_codes(
    headings: tuple[str, ...], fields: list[tuple[Question, Field]], name: str
) -> list[str]:
    """Name of the field, or code of the technical column, whose text each heading is.

    Of the lengths at which texts may have been cut, the one that explains most headings.
    """
    words = [levelled(heading).replace(f"{ELLIPSIS} ]", f"{ELLIPSIS}]") for heading in headings]
    lengths = {len(part) for text in words for part in CUT_PART.findall(text)} - {0}
    texts = [compared(text) for text in words]
    candidates = [heading_texts(fields, length) for length in (None, *sorted(lengths))]
    best = max(candidates, key=lambda names: sum(text in names for text in texts))
    refuse_ambiguous(headings, texts, best, name)
    return [
        next(iter(best[text])) if text in best else CODE_OF_TITLE.get(word, heading)
        for text, word, heading in zip(texts, words, headings, strict=True)
    ]


def heading_texts(
    fields: list[tuple[Question, Field]], length: int | None
) -> dict[str, dict[str, None]]:
    """Heading, as `compared` -> names of the fields it may be, texts being cut at `length`."""
    found: dict[str, dict[str, None]] = {}
    for question, field in fields:
        for item in item_texts(question, field):
            for head in cut(question.text, length):
                parts = [f"{head} [{tail}]" for tail in cut(item, length)] if item else [head]
                for text in parts:
                    found.setdefault(compared(text), {})[field.name] = None
    return found


def item_texts(question: Question, field: Field) -> tuple[str, ...]:
    """What LimeSurvey may write in brackets after the question; "" where there is nothing."""
    if field.part is None:
        return ("",)
    if field.part == OTHER:
        return (other_option(question).label, *OTHER_LABELS)
    if field.part == DONT_KNOW:
        return DONT_KNOW_LABELS
    items = question.rows if question.type == "grid" else question.options
    return tuple(item.label for item in items if item.code == field.part)


def cut(text: str, length: int | None) -> Iterator[str]:
    """A text as LimeSurvey abbreviates it; both ways where versions of it differ."""
    words = levelled(text)
    if length is None or len(words) <= length + KEPT_WHOLE:
        yield words
    if length is not None and len(words) > length:
        yield f"{words[:length]}{ELLIPSIS}"


def refuse_ambiguous(
    headings: tuple[str, ...], texts: list[str], known: dict[str, dict[str, None]], name: str
) -> None:
    """Refuse texts that several questions, rows or options share."""
    doubtful = [
        f"colonne {position} (« {heading.strip()} » : {' ou '.join(known[text])})"
        for position, (heading, text) in enumerate(zip(headings, texts, strict=True), 1)
        if len(known.get(text, ())) > 1
    ]
    if doubtful:
        raise ResponseError(
            f"{name} : en-têtes ambigus, le même texte sert à plusieurs questions : "
            f"{listing(doubtful)}. {REMEDY}"
        )


def check_found(
    found: dict[str, list[int]],
    expected: list[str],
    headings: tuple[str, ...],
    questionnaire: Questionnaire,
    name: str,
) -> None:
    """Refuse a file where a column is missing or comes twice."""
    refuse_twice(found.values(), headings, name)
    missing = [code for code in expected if code not in found]
    if missing and not set(found) - set(TECHNICAL):
        raise ResponseError(
            f"{name} : aucune question du questionnaire « {questionnaire.code} » reconnue parmi "
            f"les {len(headings)} colonnes. Vérifiez que c’est le bon fichier, et choisissez "
            "« Code de la question » pour les en-têtes de l’export."
        )
    refuse_missing(
        missing,
        name,
        "Refaites l’export en cochant toutes les colonnes (dont id et submitdate), ou vérifiez que "
        "le questionnaire est celui de cette édition.",
    )
