"""The questionnaire to be filled in with a pen: an A4 PDF fit to be mailed.

Set by Typst from `sheet.typ`, which holds the layout and no text but « Précisez »; what is said is
put together here. The PDF is tagged (PDF/UA-1), in French, and carries no date: the same
questionnaire gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import typst

from survey.columns import DONT_KNOW, SPECIAL_LABELS
from survey.files import FONTS, replace_file
from survey.formats.paper.routing import Entry, Goto, Instruction, Offer, paper_routing
from survey.formats.paper.words import PaperWords, question_numbers, row_letter
from survey.french import NBSP, short_number, typography
from survey.questions import Option, Question, Questionnaire

TEMPLATE = Path(__file__).with_suffix(".typ")
ONE_PER_ROW = "Une réponse par ligne"


@dataclass(frozen=True, slots=True)
class Mailing:
    """Who sends the paper and where it comes back to; what is not given is left to the letter.

    `deadline` is written as it is to be read (« 15 mars 2026 »).
    """

    sender: str | None = None
    return_address: tuple[str, ...] = ()
    contact: str | None = None
    deadline: str | None = None


NO_MAILING = Mailing()


def export_paper(questionnaire: Questionnaire, path: Path, mailing: Mailing = NO_MAILING) -> None:
    """Write the printable questionnaire as a PDF, whole or not at all."""
    pdf = typst.compile(
        TEMPLATE,
        format="pdf",
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"questionnaire": json.dumps(paper_content(questionnaire, mailing))},
        pdf_standards=["ua-1"],
    )
    replace_file(Path(path), lambda file: file.write_bytes(pdf))


def paper_content(questionnaire: Questionnaire, mailing: Mailing = NO_MAILING) -> dict[str, Any]:
    """Every text of the paper, in reading order, as the template reads it."""
    edition = f"Édition {questionnaire.edition}" if questionnaire.edition else ""
    sheet = _Sheet.of(questionnaire)
    return {
        "title": questionnaire.title,
        "subtitle": "Questionnaire à remplir et à renvoyer",
        "sender": mailing.sender or "",
        "edition": edition,
        "running": " · ".join(filter(None, [questionnaire.title, edition])),
        "identifier": typography("Numéro d’enquête, indiqué dans votre courrier :"),
        "introduction": [line for line in questionnaire.introduction.splitlines() if line.strip()],
        "how": _how_to_fill(questionnaire),
        "back": {"title": "Pour renvoyer le questionnaire"} | _sent_back(mailing),
        "themes": [
            {
                "label": questionnaire.themes[theme],
                "questions": [sheet.question(question) for question in questions],
            }
            for theme, questions in groupby(questionnaire.questions, lambda each: each.theme)
        ],
        "end": {
            "title": "Merci de votre réponse",
            "send": "Pour renvoyer ce questionnaire, voyez la première page.",
        },
    }


def _how_to_fill(questionnaire: Questionnaire) -> dict[str, Any]:
    types = {question.type for question in questionnaire.questions}
    lines = [("pen", "Écrivez au stylo noir ou bleu, et cochez d’une croix.")]
    if types & {"single", "grid"}:
        lines.append(("single", "Un rond : une seule réponse, ou une seule par ligne."))
    if "multiple" in types:
        lines.append(("multiple", "Un carré : plusieurs réponses sont possibles."))
    lines += [
        ("arrow", "Une flèche vous dit à quelle question passer. Sans flèche, lisez la suivante."),
        ("pen", "Pour corriger, barrez toute la ligne, cochez la bonne case et entourez-la."),
        ("pen", "Si une question vous gêne, laissez-la sans réponse."),
    ]
    return {
        "title": "Pour remplir le questionnaire",
        "lines": [{"mark": mark, "text": typography(text)} for mark, text in lines],
    }


def _sent_back(mailing: Mailing) -> dict[str, Any]:
    before = f" avant le {mailing.deadline}" if mailing.deadline else ""
    to = "à l’adresse suivante :" if mailing.return_address else "comme l’indique votre courrier."
    contact = f"Une question ? {mailing.contact}" if mailing.contact else None
    return {
        "send": typography(f"Renvoyez ce questionnaire{before} {to}"),
        "address": mailing.return_address,
        "contact": contact and typography(contact),
    }


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is printed of each question: its texts and its instructions."""

    questionnaire: Questionnaire
    words: PaperWords
    routing: dict[str, list[Instruction]]

    @classmethod
    def of(cls, questionnaire: Questionnaire) -> _Sheet:
        routing: dict[str, list[Instruction]] = {}
        for instruction in paper_routing(questionnaire):
            routing.setdefault(instruction.question, []).append(instruction)
        words = PaperWords(questionnaire, question_numbers(questionnaire))
        return cls(questionnaire, words, routing)

    def question(self, question: Question) -> dict[str, Any]:
        instructions = self.routing.get(question.code, [])
        entries = [each for each in instructions if isinstance(each, Entry)]
        return {
            "number": self.words.numbers[question.code],
            "kind": question.type,
            "text": question.text,
            "help": _help(question),
            "entries": [self.words.entry(e) for e in entries if not self.words.is_filter(e)],
            "filters": [self.words.entry(e) for e in entries if self.words.is_filter(e)],
            "gotos": self.words.gotos([each for each in instructions if isinstance(each, Goto)]),
        } | self.answers(question)

    def answers(self, question: Question) -> dict[str, Any]:
        match question.type:
            case "grid":
                return {
                    "instruction": ONE_PER_ROW,
                    "columns": [option.label for option in question.options] + _dont_know(question),
                    "rows": self.rows(question),
                }
            case "number":
                dont_know = _dont_know(question)
                return {
                    "digits": _digits(question),
                    "unit": question.unit or "",
                    "dont-know": dont_know[0] if dont_know else None,
                }
            case "text":
                return {}
            case _:
                return {"groups": self.groups(question)}

    def offers(self, question: Question) -> dict[str, str]:
        """What is said of each option or row that not everyone is offered."""
        return {
            each.item: self.words.said(each.condition)
            for each in self.routing.get(question.code, [])
            if isinstance(each, Offer)
        }

    def groups(self, question: Question) -> list[dict[str, Any]]:
        """Options that follow each other under the same condition, « Ne sait pas » at the end."""
        offers = self.offers(question)
        groups = [
            {"offer": _only_if(condition), "options": [_option(option) for option in options]}
            for condition, options in groupby(question.options, lambda o: offers.get(o.code))
        ]
        last = [{"label": label, "other": False} for label in _dont_know(question)]
        if groups[-1]["offer"] is None:
            groups[-1]["options"] += last
        elif last:
            groups.append({"offer": None, "options": last})
        return groups

    def rows(self, question: Question) -> list[dict[str, Any]]:
        """Rows of a grid; the first of those under a same condition carries it."""
        offers = self.offers(question)
        rows = []
        for condition, same in groupby(question.rows, lambda row: offers.get(row.code)):
            run = [
                {
                    "letter": row_letter(question, row.code),
                    "label": row.label,
                    "help": row.help,
                    "offer": None,
                }
                for row in same
            ]
            run[0]["offer"] = _only_if(condition, [row["letter"] for row in run])
            rows += run
        return rows


def _help(question: Question) -> str:
    """The help, with how many answers may be ticked or what number is expected."""
    match question.type:
        case "single":
            added, said = f"Une{NBSP}seule{NBSP}réponse.", "seule réponse"
        case "multiple":
            added, said = f"Plusieurs réponses{NBSP}possibles.", "plusieurs réponses"
        case "number":
            added = f"{_expected(question)}."
            said = _expected(question).lower()
        case _:
            return question.help
    return question.help if said in question.help.lower() else f"{question.help} {added}"


def _expected(question: Question) -> str:
    """« Un nombre entier, de 0 à 10 »."""
    kind = "Un nombre entier" if question.integer else "Un nombre"
    match question.minimum, question.maximum:
        case None, None:
            return kind
        case low, None:
            return f"{kind}, {short_number(low)} ou plus"
        case None, high:
            return f"{kind}, {short_number(high)} au plus"
        case low, high:
            return f"{kind}, de {short_number(low)} à {short_number(high)}"


def _digits(question: Question) -> int | None:
    """Boxes for the digits of a whole number of known size; None for one long box."""
    whole = question.integer and question.maximum is not None and (question.minimum or 0) >= 0
    return len(str(int(question.maximum))) if whole else None


def _option(option: Option) -> dict[str, Any]:
    return {"label": option.label, "other": option.other}


def _dont_know(question: Question) -> list[str]:
    return [SPECIAL_LABELS[DONT_KNOW]] if question.dont_know else []


def _only_if(condition: str | None, letters: list[str] | None = None) -> str | None:
    """« Seulement si … : » over options, « Lignes b et c : seulement si … » over rows."""
    if condition is None:
        return None
    if letters is None:
        return typography(f"Seulement si {condition} :")
    link = " et " if len(letters) == 2 else " à "
    ends = letters[:1] if len(letters) == 1 else [letters[0], letters[-1]]
    lines = "Ligne" if len(letters) == 1 else "Lignes"
    return typography(f"{lines} {link.join(ends)} : seulement si {condition}.")
