"""LimeSurvey's export of responses, CSV or VV, turned into canonical cells.

Headings in every style (`limesurvey.headings`); answers as codes or as labels. What becomes of rows
is in `survey.formats.intake`. Writing is `limesurvey.writing`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from survey.formats.dates import read_date
from survey.formats.delimited import Table, read_delimited
from survey.formats.fields import TICKED, UNTICKED, cell, other_field
from survey.formats.intake import (
    BARE,
    Import,
    Source,
    bare_technical,
    refuse_reserved,
    take_in,
)
from survey.formats.limesurvey.codes import (
    OTHER,
    OTHER_ANSWER,
    REQUIRED,
    RESERVED,
    TECHNICAL,
    answer_meanings,
    other_option,
    question_fields,
)
from survey.formats.limesurvey.headings import Layout, match_headings
from survey.formats.limesurvey.writing import write_export
from survey.formats.wording import holds_labels, translated
from survey.questions import Question, Questionnaire

__all__ = ["limesurvey_source", "read_export", "write_export"]

NOT_SHOWN = ["{question_not_shown}", "N/A"]
VV_CODES = {"{newline}": "\n", "{cr}": "\n", "{tab}": "\t", "{quote}": '"', "{lbrace}": "{"}
YES, NO = ["Y", "1"], ["N", "0", "2"]
YES_LABELS, NO_LABELS = ["Oui", "Yes"], ["Non", "No"]
UNDATED = "1980-01-01"  # LimeSurvey's date of a complete answer whose date is not recorded


def read_export(
    path: Path, questionnaire: Questionnaire, *, keep_incomplete: bool = False, bare: bool = False
) -> Import:
    """Read a LimeSurvey export of responses (CSV or VV).

    A text `N/A` is LimeSurvey's « not shown », hence empty; texts lose spaces at both ends.
    `bare`: the file was cleaned and has neither `id` nor `submitdate`; every row is then complete,
    its line its identifier.

    Raises
    ------
    ResponseError : the file is not such an export, or lacks columns; French, with the remedy
    """
    path = Path(path)
    table = read_delimited(path, salvage=True)
    source = limesurvey_source(table, questionnaire, path.name, bare=bare)
    return take_in(source, questionnaire, keep_incomplete=keep_incomplete)


def limesurvey_source(
    table: Table, questionnaire: Questionnaire, name: str, *, bare: bool = False
) -> Source:
    """Canonical cells of a table with LimeSurvey's headings."""
    refuse_reserved(questionnaire, RESERVED)
    layout = match_headings(table.headings, questionnaire, name, bare=bare)
    cells = clean_cells(table, layout)
    bare = bare and not set(REQUIRED) <= layout.technical.keys()
    technical = bare_technical(cells) if bare else read_technical(cells)
    return Source(
        file=name,
        tool="LimeSurvey, VV" if table.vv else "LimeSurvey",
        rows=technical.with_columns(canonical_columns(cells, questionnaire, vv=table.vv)),
        misfits=table.misfits,
        width=len(table.headings),
        encoding=table.encoding,
        separator=table.separator,
        unknown=layout.unknown,
        contact=layout.contact,
        date_column="submitdate",
        ticks="Y ou vide, 1 ou 0, 1 ou 2",
        remarks=(BARE,) if bare else (),
    )


def clean_cells(table: Table, layout: Layout) -> pl.DataFrame:
    """Cells by technical name or field, with `ligne`; « not shown » is empty."""
    positions = layout.technical | {cell(name): at for name, at in layout.fields.items()}
    stripped = [pl.col(f"c{at}").str.strip_chars().alias(name) for name, at in positions.items()]
    cells = table.cells.select("ligne", *stripped)
    return cells.with_columns(
        pl.when(pl.col(name).is_in(NOT_SHOWN)).then(pl.lit("")).otherwise(pl.col(name)).alias(name)
        for name in positions
    )


def canonical_columns(
    cells: pl.DataFrame, questionnaire: Questionnaire, *, vv: bool
) -> list[pl.Series]:
    """`cell:<field>` of every canonical field."""
    choices = [
        (question, cells[cell(field.name)])
        for question in questionnaire.questions
        for field in question_fields(question)
        if question.type in ("single", "grid") and field.part != OTHER
    ]
    labels = any(
        holds_labels(question, column.unique(), answer_meanings(question))
        for question, column in choices
    )
    columns = [
        translated(question, column, answer_meanings(question), labels=labels)
        for question, column in choices
    ]
    for question in questionnaire.questions:
        match question.type:
            case "multiple":
                columns += tick_columns(question, cells, vv=vv)
            case "text":
                columns.append(cells.select(free_text(question.code, vv=vv)).to_series())
            case "number":
                columns.append(cells[cell(question.code)])
        if question.type == "single":
            columns += other_texts(question, cells, vv=vv)
    return columns


def free_text(field: str, *, vv: bool) -> pl.Expr:
    """A text as it was typed: VV's codes, or the guard against formulas, undone."""
    text = pl.col(cell(field))
    if vv:
        return text.str.replace_many(VV_CODES).alias(cell(field))
    return text.str.replace(r"^'('*=)", "$1").alias(cell(field))


def other_texts(question: Question, cells: pl.DataFrame, *, vv: bool) -> list[pl.Series]:
    """Text beside « Autre » of a single choice; empty for options LimeSurvey has no text for."""
    columns = []
    for option in question.options:
        if option.other:
            text = pl.lit("")
            if option is other_option(question):
                text = free_text(f"{question.code}[{OTHER}]", vv=vv)
                text = pl.when(text == OTHER_ANSWER).then(pl.lit("")).otherwise(text)
            columns.append(
                cells.select(text.alias(cell(other_field(question, option)))).to_series()
            )
    return columns


def tick_columns(question: Question, cells: pl.DataFrame, *, vv: bool) -> list[pl.Series]:
    """Ticks as `1`, `0` or empty; `Q[other]` is a text, `-oth-` or a mark when it has none."""
    columns, other = [], other_option(question)
    marks = dict.fromkeys([*YES, *YES_LABELS], TICKED) | dict.fromkeys([*NO, *NO_LABELS], UNTICKED)
    for field in question_fields(question):
        if field.part != OTHER:
            columns.append(cells[cell(field.name)].replace(marks))
            continue
        raw, text = pl.col(cell(field.name)), free_text(field.name, vv=vv)
        tick = pl.when(raw.is_in(NO)).then(pl.lit(UNTICKED)).otherwise(pl.lit(TICKED))
        tick = pl.when(raw == "").then(raw).otherwise(tick)
        typed = pl.when(raw.is_in([*YES, *NO, OTHER_ANSWER])).then(pl.lit("")).otherwise(text)
        columns += cells.select(
            tick.alias(cell(f"{question.code}[{other.code}]")),
            typed.alias(cell(other_field(question, other))),
        ).get_columns()
    columns += [
        pl.repeat("", cells.height, eager=True).alias(cell(other_field(question, option)))
        for option in question.options
        if option.other and option is not other
    ]
    return columns


def read_technical(cells: pl.DataFrame) -> pl.DataFrame:
    """Technical columns of `survey.formats.intake`."""
    absent = [pl.lit("").alias(name) for name in TECHNICAL if name not in cells.columns]
    submit = pl.col("submitdate").str.replace(r"^NULL$", "")
    duration = pl.col("interviewtime").str.replace(",", ".", literal=True)
    rows = cells.with_columns(absent).select(
        "ligne",
        "id",
        raw=submit,
        complete=submit != "",
        undated=submit.str.starts_with(UNDATED),
        date=read_date(submit),
        started=read_date(pl.col("startdate")),
        datestamp=read_date(pl.col("datestamp")),
        timed=duration.cast(pl.Float64, strict=False),
        token=pl.when(pl.col("token") != "").then("token"),
    )
    elapsed = (pl.col("date") - pl.col("started")).dt.total_seconds().cast(pl.Float64)
    seconds = pl.coalesce("timed", pl.when(~pl.col("undated")).then(elapsed))
    return rows.select(
        "ligne",
        "id",
        "token",
        submitted=pl.when(~pl.col("undated")).then("date"),
        complete="complete",
        duration_seconds=pl.when(seconds.is_between(0, float("inf"), "left")).then(seconds),
        datestamp="datestamp",
        unread_date=pl.when(pl.col("complete") & pl.col("date").is_null()).then("raw"),
    )
