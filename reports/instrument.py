"""The questionnaire as asked, written out for the reader of the report."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from reports.pages.page import escaped
from survey.campaign import Campaign
from survey.formats.documents.dictionary import INSTRUCTIONS, STATUS
from survey.questionnaire import Option, Question, Questionnaire, Row, load_questionnaire
from survey.routing import asked_if, parse


def asked_questionnaire(campaign: Campaign) -> Questionnaire:
    """The questionnaire as asked in the campaign's edition, read once while its files stay."""
    path = campaign.resolve(campaign.decisions.questionnaire)
    files = sorted(path.parent.rglob("*.yml"))
    return _read(path, campaign.edition, tuple((each, each.stat().st_mtime_ns) for each in files))


@lru_cache(maxsize=16)
def _read(path: Path, edition: int, _state: tuple[tuple[Path, int], ...]) -> Questionnaire:
    return load_questionnaire(path, edition)


def questionnaire_markdown(questionnaire: Questionnaire) -> str:
    """Every question by theme: number, wording, definition, answers, who is asked, origin."""
    numbers = {question.code: i for i, question in enumerate(questionnaire.questions, start=1)}
    parts = []
    for theme, label in questionnaire.themes.items():
        parts.append(f"## {label} {{#theme-{theme}}}\n")
        parts += [
            _question(question, numbers[question.code], questionnaire)
            for question in questionnaire.questions
            if question.theme == theme
        ]
    return "\n".join(parts)


def _question(question: Question, number: int, questionnaire: Questionnaire) -> str:
    lines = [
        f"### {number}. {escaped(question.text)} {{#question-{question.code}}}\n",
        f"*{escaped(question.help)}*\n",
        f"{INSTRUCTIONS[question.type]} {asked_if(parse(question.base), questionnaire)}\n",
    ]
    if question.type == "grid":
        lines += [_row(row) for row in question.rows]
        answers = [escaped(option.label) for option in question.options] + _dont_know(question)
        lines.append(f"\nRéponses proposées à chaque ligne : {' ; '.join(answers)}.")
    else:
        lines += [f"- {_option(option)}" for option in question.options]
        if question.options:
            lines += [f"- {label}" for label in _dont_know(question)]
    lines.append(f"\n{_origin(question, questionnaire.since)}\n")
    return "\n".join(lines)


def _row(row: Row) -> str:
    helped = f" *{escaped(row.help)}*" if row.help else ""
    reference = row.comparable.reference if row.comparable else None
    return f"- {escaped(row.label)}.{helped}" + (f" ({_as_code(reference)})" if reference else "")


def _option(option: Option) -> str:
    notes = []
    if option.other:
        notes.append("à préciser")
    if option.exclusive:
        notes.append("exclut les autres réponses")
    return escaped(option.label) + (f" ({', '.join(notes)})" if notes else "")


def _dont_know(question: Question) -> list[str]:
    return ["Ne sait pas"] if question.dont_know else []


def _origin(question: Question, first: int) -> str:
    """Where the question comes from and what became of it, `first` being the first edition."""
    comparable = question.comparable
    text = STATUS[comparable.status]
    if comparable.status != "own" and comparable.reference:
        text += f" : {_as_code(comparable.reference)}"
    notes = [f"{text}.", _as_code(comparable.note or "")]
    if question.since > first:
        notes.append(f"Posée depuis {question.since}.")
    notes += [
        f"Modifiée en {change.edition} : {escaped(change.what)}" for change in question.changed
    ]
    return " ".join(note for note in notes if note)


def _as_code(text: str) -> str:
    """The text with the codes of Eurostat set as code."""
    parts = re.split(r"(\bE_AI_\w*\*?)", text)
    return "".join(f"`{part}`" if rank % 2 else escaped(part) for rank, part in enumerate(parts))
