"""A filled template, as whoever keys in paper answers leaves it."""

import csv
import io

from openpyxl import load_workbook

from survey.formats.fields import canonical_cells
from survey.formats.paper.keying import template_headings
from survey.formats.paper.keying_template import write_keying_template


def keyed_rows(responses, questionnaire):
    """Cells of each paper, in the order of the template."""
    cells = [
        cell.fill_null("").alias(field.name)
        for question in questionnaire.questions
        for field, cell in canonical_cells(question)
    ]
    date = responses["submitted"].dt.strftime("%d/%m/%Y")
    table = responses.select("id", "token", date.alias("date"), *cells)
    return [list(row) for row in table.iter_rows()]


def fill_workbook(rows, questionnaire, path):
    """Write the template and key the rows in; numbers as numbers, as a spreadsheet does."""
    write_keying_template(questionnaire, path)
    workbook = load_workbook(path)
    sheet = workbook["Saisie"]
    headings = [cell.value.partition(".")[0] for cell in sheet[1]]
    numbers = {q.code for q in questionnaire.questions if q.type == "number"}
    for line, row in enumerate(rows, 2):
        for column, (heading, text) in enumerate(zip(headings, row, strict=True), 1):
            if text:
                cell = sheet.cell(line, column)
                cell.value = float(text) if heading in numbers and text != "NSP" else text
                if isinstance(cell.value, str):
                    cell.data_type = "s"
    workbook.save(path)
    return workbook


def fill_csv(rows, questionnaire, path):
    write_keying_template(questionnaire, path)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())


def column_of(questionnaire, code):
    """Position (from 1) of a column of the template."""
    headings = template_headings(questionnaire)
    return next(at for at, text in enumerate(headings, 1) if text.startswith(f"{code}. "))
