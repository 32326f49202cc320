"""What a checked questionnaire holds, for the person who wrote it."""

from __future__ import annotations

from collections import Counter

from survey.french import counted, decimal
from survey.questionnaire import Questionnaire
from survey.reading_level import overall_score, reading_faults

KINDS = {
    "single": "choix unique",
    "multiple": "choix multiple",
    "grid": "tableau",
    "number": "nombre",
    "text": "texte",
}
STATUS = {"identical": "identiques à une source", "adapted": "adaptées", "own": "propres"}


def questionnaire_summary(questionnaire: Questionnaire) -> str:
    """Number of questions by kind, theme and comparability, expected time, reading level."""
    questions = questionnaire.questions
    kinds = Counter(question.type for question in questions)
    status = Counter(question.comparable.status for question in questions)
    lines = [
        f"{questionnaire.title}",
        f"{counted(len(questions), 'question')} : "
        + ", ".join(f"{count} en {KINDS[kind]}" for kind, count in kinds.most_common()),
        "Comparabilité : "
        + ", ".join(f"{status[key]} {words}" for key, words in STATUS.items() if status[key]),
        f"Temps attendu : environ {counted(max(1, round(questionnaire.minutes())), 'minute')}",
        f"Lisibilité : {decimal(overall_score(questionnaire), 0)} sur 100 (60 ou plus attendu)",
        "",
    ]
    for theme, label in questionnaire.themes.items():
        codes = [question.code for question in questions if question.theme == theme]
        lines.append(f"  {label} : {', '.join(codes)}")
    lines += ["", *(str(fault) for fault in reading_faults(questionnaire))]
    return "\n".join(lines).rstrip()
