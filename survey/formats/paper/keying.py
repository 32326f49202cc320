"""Paper answers keyed in with our own template, as a workbook or a CSV.

One row per paper, one column per canonical field (`survey.formats.fields`), its heading « code.
words »: only the code counts when the file is read. A choice takes the code of an option, or its
label; a box takes 1 when ticked, 0 or nothing else.
"""

from __future__ import annotations

import re

import polars as pl

from survey.columns import DONT_KNOW
from survey.formats.dates import read_date
from survey.formats.delimited import Table
from survey.formats.fields import (
    TICKED,
    UNTICKED,
    Field,
    cell,
    item_label,
    question_fields,
    questionnaire_fields,
)
from survey.formats.found_columns import refuse_missing, refuse_twice
from survey.formats.intake import TECHNICAL, Source, refuse_reserved
from survey.formats.wording import holds_labels, translated
from survey.questions import Question, Questionnaire

NUMBER, TOKEN, DATE = "numero", "jeton", "date"
TITLES = {
    NUMBER: "Numéro du questionnaire papier",
    TOKEN: "Code d’accès (facultatif)",
    DATE: "Date de réception (facultatif)",
}
HEADING = re.compile(r"([a-z][a-z0-9]*(?:\[[\w+-]+\])?)(?:\.\s.*)?", re.DOTALL)
YES = ("1", "x", "oui", "vrai", "true", "yes", "☒", "✓", "✔")
NO = ("0", "non", "faux", "false", "no", "☐")


def heading(question: Question, field: Field) -> str:
    """« techno[ttm]. Outils – Texte »."""
    item = item_label(question, field)
    if field.role == "other_text":
        item = f"{item} (précision)"
    words = question.short if item is None else f"{question.short} – {item}"
    return f"{field.name}. {words}"


def template_headings(questionnaire: Questionnaire) -> list[str]:
    """Headings of the template, technical columns first."""
    own = [f"{code}. {title}" for code, title in TITLES.items()]
    return own + [
        heading(question, field)
        for question in questionnaire.questions
        for field in question_fields(question)
    ]


def is_keyed(table: Table) -> bool:
    """Whether a table has the headings of the template."""
    return NUMBER in {heading_code(heading) for heading in table.headings}


def heading_code(text: str) -> str:
    """The code of a heading; the heading itself where it has none."""
    match = HEADING.fullmatch(text.strip())
    return match[1] if match else text.strip()


def keyed_source(table: Table, questionnaire: Questionnaire, name: str) -> Source:
    """Canonical cells of a filled template.

    Raises
    ------
    ResponseError : a column of the template is missing or comes twice
    """
    refuse_reserved(questionnaire, set(TITLES))
    places = match_headings(table, questionnaire, name)
    raw = table.cells.select(
        "ligne", *(pl.col(f"c{at}").str.strip_chars().alias(code) for code, at in places.items())
    )
    date = pl.col(DATE) if DATE in places else pl.lit("")
    token = pl.col(TOKEN) if TOKEN in places else pl.lit("")
    technical = raw.select(
        "ligne",
        id=pl.col(NUMBER),
        token=pl.when(token != "").then(token),
        submitted=read_date(date),
        complete=pl.lit(True),
        duration_seconds=pl.lit(None, pl.Float64),
        datestamp=pl.lit(None, pl.Datetime("us")),
        unread_date=pl.when((date != "") & read_date(date).is_null()).then(date),
    ).match_to_schema(TECHNICAL)
    known = set(places)
    return Source(
        file=name,
        tool="Saisie de questionnaires papier",
        rows=technical.with_columns(keyed_cells(raw, questionnaire)),
        misfits=table.misfits,
        width=len(table.headings),
        encoding=table.encoding,
        separator=table.separator,
        unknown=tuple(h for h in table.headings if heading_code(h) not in known),
        id_column=NUMBER,
        date_column=DATE,
        ticks="1, ou vide",
    )


def match_headings(table: Table, questionnaire: Questionnaire, name: str) -> dict[str, int]:
    """Code of each column that is known -> its position."""
    expected = [NUMBER, *(field.name for field in questionnaire_fields(questionnaire))]
    known = {*expected, *TITLES}
    found: dict[str, list[int]] = {}
    for position, text in enumerate(table.headings):
        if (code := heading_code(text)) in known:
            found.setdefault(code, []).append(position)
    refuse_twice(found.values(), table.headings, name)
    missing = [code for code in expected if code not in found]
    remedy = "Repartez du modèle de saisie de ce questionnaire et de cette édition."
    refuse_missing(missing, name, remedy)
    return {code: places[0] for code, places in found.items()}


def keyed_cells(raw: pl.DataFrame, questionnaire: Questionnaire) -> list[pl.Series]:
    """`cell:<field>` of every field."""
    columns = []
    for question in questionnaire.questions:
        codes = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
        for field in question_fields(question):
            keyed = raw[field.name]
            if field.role == "choice":
                labels = holds_labels(question, keyed.unique(), codes)
                keyed = translated(question, keyed, {code: code for code in codes}, labels=labels)
            elif field.role in ("tick", "dont_know"):
                keyed = raw.select(tick(pl.col(field.name))).to_series()
            columns.append(keyed.alias(cell(field.name)))
    return columns


def tick(keyed: pl.Expr) -> pl.Expr:
    """A box as it may be keyed in; what is no mark is left as it is."""
    mark = keyed.str.to_lowercase()
    ticked = pl.when(mark.is_in(YES)).then(pl.lit(TICKED))
    return ticked.when(mark.is_in(NO)).then(pl.lit(UNTICKED)).otherwise(keyed)
