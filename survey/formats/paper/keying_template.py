"""The template in which paper answers are keyed: a workbook with lists of codes, or a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from survey.columns import DONT_KNOW, SPECIAL_LABELS
from survey.files import replace_file
from survey.formats.fields import Field, question_fields
from survey.formats.paper.keying import DATE, NUMBER, TITLES, TOKEN, template_headings
from survey.formats.workbook import undated, write_text_cell
from survey.french import typography
from survey.questions import Question, Questionnaire
from survey.routing import asked_if, effective_base

ENTRY, GUIDE, CODES = "Saisie", "Mode d’emploi", "Codes"
ROWS = 5000  # rows that the lists of codes cover
LONGEST_LIST = 255  # characters of a list written in a validation
FIRST = len(TITLES) + 1  # column of the first answer
FILL = PatternFill("solid", start_color="FFE7EEF1")
INSTRUCTIONS = (
    "Une ligne par questionnaire papier, dans la feuille « Saisie ». Ne changez ni l’ordre ni le "
    "début des titres : le code avant le point dit à quelle question est la colonne.",
    "numero : le numéro porté sur le papier, ou un numéro que vous y écrivez. Il est obligatoire "
    "et ne sert qu’une fois.",
    "jeton : le code d’accès imprimé sur le courrier, s’il y en a un. date : le jour de réception.",
    "Réponse unique ou ligne d’un tableau : le code de la réponse (feuille « Codes ») ; son "
    "libellé entier est admis aussi.",
    "Cases à cocher : 1 quand la case est cochée, rien sinon.",
    "Ne sait pas : NSP, ou 1 dans la colonne [NSP] d’une question à plusieurs réponses.",
    "Nombre : en chiffres, avec une virgule pour les décimales. Texte : tel qu’il est écrit.",
    "Pas de réponse : laissez vide. Question que le filtre saute : laissez vide aussi. Une réponse "
    "donnée malgré un filtre est à saisir : l’import l’écarte et le note.",
    "Ni formule, ni cellules fusionnées, ni ligne de total : une telle ligne est écartée.",
    "Réponse illisible ou deux réponses à une question qui n’en admet qu’une : laissez vide.",
)


def write_keying_template(questionnaire: Questionnaire, path: Path) -> None:
    """Write the template: a workbook, or a CSV (`;`, UTF-8) where the path ends in `.csv`.

    The same questionnaire gives the same bytes.
    """
    path = Path(path)
    if path.suffix.lower() == ".csv":
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";").writerow(template_headings(questionnaire))
        replace_file(
            path, lambda file: file.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
        )
        return
    workbook = Workbook()
    _entry(workbook.active, questionnaire)
    _lines(workbook.create_sheet(GUIDE), [[typography(line)] for line in INSTRUCTIONS], [110])
    codes = [["Colonne", "Question", "Code", "Réponse", "Posée"], *_codes(questionnaire)]
    _lines(workbook.create_sheet(CODES), codes, [24, 60, 12, 60, 60])
    workbook[CODES].freeze_panes = "A2"
    content = io.BytesIO()
    workbook.save(content)
    replace_file(path, lambda file: file.write_bytes(undated(content.getvalue())))


def _entry(sheet: Worksheet, questionnaire: Questionnaire) -> None:
    """The sheet to fill: headings, text columns (else 1-9 becomes a date), lists of codes."""
    sheet.title = ENTRY
    sheet.freeze_panes = f"{get_column_letter(FIRST)}2"
    for column, heading in enumerate(template_headings(questionnaire), 1):
        cell = write_text_cell(sheet.cell(1, column), heading)
        cell.font, cell.fill = Font(bold=True), FILL
        sheet.column_dimensions[get_column_letter(column)].width = 16
        sheet.column_dimensions[get_column_letter(column)].number_format = "@"
    fields = [(q, field) for q in questionnaire.questions for field in question_fields(q)]
    last = 1  # row of the sheet of codes
    for column, (question, field) in enumerate(fields, FIRST):
        lines = len(list(_field_codes(question, field)))
        if rule := _validation(question, field, last + 1, last + lines):
            letter = get_column_letter(column)
            rule.add(f"{letter}2:{letter}{ROWS}")
            sheet.add_data_validation(rule)
        if question.type == "number" and field.role == "value":
            sheet.column_dimensions[get_column_letter(column)].number_format = "General"
        last += lines
    for name, width in ((NUMBER, 14), (TOKEN, 18), (DATE, 14)):
        letter = get_column_letter(list(TITLES).index(name) + 1)
        sheet.column_dimensions[letter].width = width


def _validation(question: Question, field: Field, first: int, last: int) -> DataValidation | None:
    """What the spreadsheet lets be keyed in a column, and what it says; None for a free text."""
    if question.type in ("number", "text") or field.role == "other_text":
        return None
    codes = [code for code, _ in _field_codes(question, field)]
    listed = ",".join(codes)
    formula = f'"{listed}"'
    if len(listed) > LONGEST_LIST:
        formula = f"'{CODES}'!$C${first}:$C${last}"
    rule = DataValidation(
        type="list", formula1=formula, allow_blank=True, showErrorMessage=True, errorStyle="warning"
    )
    rule.errorTitle = "Code inconnu"
    rule.error = typography("Ce code n’existe pas pour cette colonne : voir la feuille « Codes ».")
    return rule


def _field_codes(question: Question, field: Field) -> Iterator[tuple[str, str]]:
    """What a column may hold, with its meaning."""
    match field.role:
        case "tick" | "dont_know":
            yield "1", "case cochée"
        case "choice":
            yield from ((option.code, option.label) for option in question.options)
            if question.dont_know:
                yield DONT_KNOW, SPECIAL_LABELS[DONT_KNOW]
        case "other_text":
            yield "", "texte"
        case "value":
            yield "", question.unit or ("nombre" if question.type == "number" else "texte")
            if question.dont_know:
                yield DONT_KNOW, SPECIAL_LABELS[DONT_KNOW]


def _codes(questionnaire: Questionnaire) -> Iterator[list[str]]:
    """Lines of the sheet of codes: column, question, code, meaning, who is asked."""
    headings = iter(template_headings(questionnaire)[FIRST - 1 :])
    for question in questionnaire.questions:
        for field in question_fields(question):
            words = next(headings).partition(". ")[2]
            rows = {row.code: row for row in question.rows}
            condition = effective_base(question, rows.get(field.item))
            for code, meaning in _field_codes(question, field):
                yield [field.name, words, code, meaning, asked_if(condition, questionnaire)]


def _lines(sheet: Worksheet, lines: list[list[str]], widths: list[int]) -> None:
    for row, texts in enumerate(lines, 1):
        for column, text in enumerate(texts, 1):
            if text:
                write_text_cell(sheet.cell(row, column), text)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
