"""A questionnaire as LimeSurvey's tab-separated survey structure, ready to import (5 and 6).

How each question is asked: `limesurvey.questions`; codes are those of `limesurvey.codes`,
conditions those of `limesurvey.relevance`. One group per run of questions of a theme, so that their
order stays. Privacy: neither IP address nor referring page nor timings nor cookie; the token and
the dates are kept, for `fieldwork` needs them.

Cells hold no line end, no tab, no backslash (LimeSurvey's reader takes it for an escape) and no
curly brace (ExpressionScript would run what is between two). Not done: e-mails to invite, quotas.
"""

from __future__ import annotations

import csv
import io
from itertools import groupby
from pathlib import Path
from zlib import crc32

from survey.errors import QuestionnaireError
from survey.files import write_text
from survey.formats.limesurvey.checker import structure_faults
from survey.formats.limesurvey.questions import ATTRIBUTES, LANGUAGE, Cells, question_rows, rich
from survey.formats.limesurvey.relevance import ALWAYS
from survey.formats.limesurvey.vocabulary import REQUIRED_COLUMNS
from survey.french import typography
from survey.questionnaire import Questionnaire

END = "Merci pour votre participation. Vos réponses sont enregistrées."
DATE_FORMAT, DECIMAL_COMMA = "5", "1"  # LimeSurvey's numbers for jj/mm/aaaa and « 1,5 »
SETTINGS = {
    "language": LANGUAGE,
    "format": "G",
    "active": "N",
    "anonymized": "N",
    "datestamp": "Y",
    "ipaddr": "N",
    "refurl": "N",
    "savetimings": "N",
    "usecookie": "N",
    "allowprev": "Y",
    "allowsave": "N",
    "allowregister": "N",
    "alloweditaftercompletion": "N",
    "tokenanswerspersistence": "Y",
    "printanswers": "N",
    "publicstatistics": "N",
    "publicgraphs": "N",
    "listpublic": "N",
    "assessments": "N",
    "autoredirect": "N",
    "sendconfirmation": "N",
    "showwelcome": "Y",
    "showprogress": "Y",
    "showgroupinfo": "N",
    "showqnumcode": "X",
    "showxquestions": "N",
    "shownoanswer": "N",
    "questionindex": "0",
    "navigationdelay": "0",
    "nokeyboard": "N",
}


def export_limesurvey(questionnaire: Questionnaire, path: Path) -> None:
    """Write the structure of the questionnaire, of one edition, to import in LimeSurvey.

    UTF-8 without mark, lines ended by a newline; same questionnaire, same bytes.

    Raises
    ------
    QuestionnaireError : our own check (`limesurvey.checker`) refuses the structure, for instance
        for a question code that ExpressionScript keeps for itself; nothing is written
    """
    text = limesurvey_structure(questionnaire)
    if faults := structure_faults(text):
        listed = [f"{questionnaire.code} : LimeSurvey ne prendrait pas ce questionnaire."]
        raise QuestionnaireError("\n".join([*listed, *map(str, faults)]))
    write_text(Path(path), text)


def limesurvey_structure(questionnaire: Questionnaire) -> str:
    """The structure as tab-separated text."""
    rows = [*survey_rows(questionnaire), *language_rows(questionnaire)]
    for number, (theme, questions) in enumerate(
        groupby(questionnaire.questions, key=lambda question: question.theme)
    ):
        rows.append(group_row(questionnaire, theme, number))
        for question in questions:
            rows += question_rows(question, questionnaire)
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [*REQUIRED_COLUMNS, *ATTRIBUTES], restval="", delimiter="\t", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def survey_rows(questionnaire: Questionnaire) -> list[Cells]:
    """Settings of the survey; its number is made of its code and edition, always the same."""
    number = crc32(f"{questionnaire.code}{questionnaire.edition or ''}".encode()) % 900_000
    settings = {"sid": str(100_000 + number)} | SETTINGS
    return [{"class": "S", "name": name, "text": value} for name, value in settings.items()]


def language_rows(questionnaire: Questionnaire) -> list[Cells]:
    """Texts of the survey: title, welcome, end; and how dates and numbers are written."""
    edition = f"Édition {questionnaire.edition}. " if questionnaire.edition else ""
    paragraphs = [
        f"<p>{rich(line)}</p>" for line in questionnaire.introduction.splitlines() if line
    ]
    texts = {
        "surveyls_title": rich(questionnaire.title),
        "surveyls_description": rich(
            typography(f"{edition}Population interrogée : {questionnaire.population}.")
        ),
        "surveyls_welcometext": "".join(paragraphs),
        "surveyls_endtext": f"<p>{END}</p>",
        "surveyls_dateformat": DATE_FORMAT,
        "surveyls_numberformat": DECIMAL_COMMA,
    }
    return [
        {"class": "SL", "name": name, "text": text, "language": LANGUAGE}
        for name, text in texts.items()
    ]


def group_row(questionnaire: Questionnaire, theme: str, number: int) -> Cells:
    """One page: a theme."""
    name = rich(questionnaire.themes[theme])
    row = {"class": "G", "type/scale": f"G{number}", "name": name}
    return row | {"relevance": ALWAYS, "language": LANGUAGE}
