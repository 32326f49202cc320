"""The codebook of a questionnaire: what each column and each code of the answers means.

As CSV, one row per column and per code, for whoever reads the answers with a tool; as one HTML page
that needs nothing else, for whoever reads it. Both come from `survey.formats.documents.dictionary`.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from survey.columns import BLANK, DONT_KNOW, SPECIAL_LABELS
from survey.files import write_csv, write_text
from survey.formats.documents.dictionary import (
    KINDS,
    Described,
    changes,
    comparability,
    describe,
    editions,
)
from survey.french import counted, typography
from survey.prose import asked_if
from survey.questions import Question, Questionnaire
from survey.routing import parse

CODED = re.compile(r"\b[^\W_]+_\w*\*?")
TEMPLATE = Path(__file__).with_suffix(".html")
EMPTIES = (
    ("colonne absente", "question qui n’est pas dans cette édition"),
    ("cellule vide", "question non posée à cette personne, d’après ses réponses précédentes"),
    (BLANK, f"{SPECIAL_LABELS[BLANK].lower()} : la question posée est restée sans réponse"),
    (DONT_KNOW, f"{SPECIAL_LABELS[DONT_KNOW].lower()} : une réponse comme une autre"),
)


def export_codebook_csv(questionnaire: Questionnaire, path: Path) -> None:
    """Write the codebook as a CSV that Excel reads with its accents."""
    write_csv(codebook_frame(questionnaire), Path(path), simulated=False)


def export_codebook_html(questionnaire: Questionnaire, path: Path) -> None:
    """Write the codebook as one HTML page, without script nor other file."""
    write_text(Path(path), codebook_page(questionnaire))


def codebook_frame(questionnaire: Questionnaire) -> pl.DataFrame:
    """One row per column and per code; a column without codes has one row, its code empty.

    Columns (text, null where there is nothing to say): `variable`, `question` and `theme` (codes),
    `enonce` (as read by who answered), `libelle`, `type` (of the question), `contenu` (of the
    column), `code`, `libelle_code`, `manquant` (`oui` for a code that is no answer), `champ` (who
    is asked), `vide` (meaning of an empty cell), `unite`, `depuis` and `jusqu_a` (editions),
    `comparabilite`, `reference`, `changements`.
    """
    rows = []
    for each in describe(questionnaire):
        question = each.question
        told = {
            "variable": each.column.name,
            "question": question.code,
            "theme": question.theme,
            "enonce": each.literal,
            "libelle": each.label,
            "type": KINDS[question.type],
            "contenu": each.content,
        }
        after = {
            "champ": each.population,
            "vide": each.empty,
            "unite": question.unit if each.column.role == "value" else None,
            "depuis": str(each.since),
            "jusqu_a": str(each.until) if each.until else None,
            "comparabilite": comparability(each.comparable),
            "reference": each.comparable.item or each.comparable.reference,
            "changements": " ".join(_changed(each.question, questionnaire)) or None,
        }
        nothing = {"code": None, "libelle_code": None, "manquant": None}
        codes = [
            {
                "code": code.value,
                "libelle_code": code.label,
                "manquant": "oui" if code.missing else "non",
            }
            for code in each.codes
        ]
        rows += [told | code | after for code in codes or [nothing]]
    return pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))


def codebook_page(questionnaire: Questionnaire) -> str:
    """The HTML page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["with_codes"] = _with_codes
    return environment.get_template(TEMPLATE.name).render(_content(questionnaire))


def _with_codes(text: str) -> Markup:
    """The text with what is written for machines (`E_AI_TTM`, `effectif__etat`) set as code."""
    return Markup(CODED.sub(r"<code>\g<0></code>", str(escape(text))))


def _content(questionnaire: Questionnaire) -> dict[str, Any]:
    described = describe(questionnaire)
    numbers = {q.code: i for i, q in enumerate(questionnaire.questions, start=1)}
    edition = f"édition {questionnaire.edition}" if questionnaire.edition else "toutes éditions"
    questions = [
        _question(list(columns), numbers[code], questionnaire)
        for code, columns in groupby(described, lambda each: each.question.code)
    ]
    size = f"{counted(len(questions), 'question')}, {counted(len(described), 'colonne')}"
    return {
        "title": typography(f"Dictionnaire des données : {questionnaire.title}"),
        "edition": f"{edition.capitalize()}, {size}.",
        "empties": [(term, typography(meaning)) for term, meaning in EMPTIES],
        "codes_of_empties": {BLANK, DONT_KNOW},
        "themes": [
            {"label": label, "questions": [q for q in questions if q["theme"] == theme]}
            for theme, label in questionnaire.themes.items()
        ],
    }


def _question(columns: list[Described], number: int, questionnaire: Questionnaire) -> dict:
    question = columns[0].question
    return {
        "code": question.code,
        "theme": question.theme,
        "number": number,
        "text": question.text,
        "help": question.help,
        "short": question.short,
        "facts": [
            ("Type", KINDS[question.type]),
            ("Unité", question.unit),
            ("Qui répond", asked_if(parse(question.base), questionnaire)),
            ("Éditions", f"Posée {editions(question.since, question.until)}."),
            ("Comparaison", comparability(question.comparable)),
            *(("Changement", what) for what in _changed(question, questionnaire)),
        ],
        "columns": [
            {
                "name": each.column.name,
                "label": each.label,
                "content": each.content,
                "empty": each.empty,
                "notes": _column_notes(each),
            }
            for each in columns
        ],
        "codes": _codes(columns),
    }


def _column_notes(each: Described) -> list[str]:
    """What sets a column apart from its question."""
    question, item = each.question, each.item
    notes = []
    if item and item.only_if:
        notes.append(f"Champ : {each.population}.")
    if (each.since, each.until) != (question.since, question.until):
        notes.append(f"Proposée {editions(each.since, each.until)}.")
    if each.comparable != question.comparable:
        notes.append(comparability(each.comparable))
    return [typography(note) for note in notes]


def _codes(columns: list[Described]) -> list[tuple[str, str, str]]:
    """Content of the columns, code and label; columns of the same content share their codes."""
    return list(
        dict.fromkeys(
            (each.content, code.value, code.label) for each in columns for code in each.codes
        )
    )


def _changed(question: Question, questionnaire: Questionnaire) -> list[str]:
    return [typography(f"{edition} : {what}") for edition, what in changes(question, questionnaire)]
