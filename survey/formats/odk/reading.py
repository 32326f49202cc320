"""Answers of KoboToolbox and ODK Central (CSV, zip of CSV, workbook) turned into canonical cells.

A multiple choice comes as one column (`q`: codes, spaces between), as one per option
(`q/<option>`: 1, 0, True, False, empty), or both; where both speak and disagree, the answer is
erased and noted. Versions of a form that did not offer the same: `survey.formats.odk.versions`.
Our questionnaires have no repeat: rows of repeat tables are listed among the rejects, never taken.
Dates with a zone are brought to UTC. An answer rejected in the tool (`ReviewState`,
`_validation_status`) is set aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from survey.columns import DONT_KNOW, NOT_OFFERED, answer_column, tick_column
from survey.errors import ResponseError
from survey.formats.answers import CONTRADICTION, NOTES, TWO_WRITINGS, UNKNOWN_CODE, noted
from survey.formats.dates import read_date
from survey.formats.delimited import Table
from survey.formats.fields import TICKED, UNTICKED, cell, other_field, others, question_fields
from survey.formats.intake import (
    BARE,
    NOT_TAKEN,
    REJECTS,
    REVIEWED,
    TECHNICAL,
    Source,
    bare_technical,
    refuse_reserved,
)
from survey.formats.odk.headings import (
    CENTRAL_MARKS,
    DATES,
    IDS,
    PARENTS,
    REPEAT_MARKS,
    REVIEWS,
    VERSIONS,
    Layout,
    match_headings,
)
from survey.formats.odk.names import (
    END,
    RESERVED,
    START,
    TOKEN,
    dont_know_node,
    other_text_node,
)
from survey.formats.odk.versions import FormVersion, described, inferred
from survey.questions import Question, Questionnaire

# As the tools write them, then as a French spreadsheet does after them.
YES = ("1", "1.0", "True", "TRUE", "true", "VRAI")
NO = ("0", "0.0", "False", "FALSE", "false", "FAUX")
REJECTED = ("rejected", "Not Approved", "validation_status_not_approved")
UNDESCRIBED = (
    "Ce fichier mêle {} versions du formulaire. Une case vide à côté de cases remplies compte "
    "comme non proposée ; une modalité retirée mais exportée à 0 ne se voit pas toujours. Donnez "
    "le formulaire de chaque version si une modalité a changé."
)
NOT_SEEN = (
    "Modalités que certaines versions du formulaire ne proposaient pas (case laissée vide, et non "
    "« non ») : {}."
)


def is_repeat(table: Table) -> bool:
    """Whether a table holds the rows of a repeat, not those of the answers."""
    return bool(REPEAT_MARKS & {heading.strip() for heading in table.headings})


def odk_source(
    tables: dict[str, Table],
    questionnaire: Questionnaire,
    name: str,
    *,
    versions: Sequence[FormVersion] = (),
    bare: bool = False,
) -> Source:
    """Canonical cells of an export: its tables by name, one of which holds the answers.

    `versions`: the versions of the form, oldest first. `bare`: the file has no identifier; a row's
    line is then its own.

    Raises
    ------
    ResponseError : no table of answers or several, columns missing or double
    """
    refuse_reserved(questionnaire, RESERVED)
    table = main_table(tables, name)
    layout = match_headings(table.headings, questionnaire, name, bare=bare)
    raw = table.cells.select(
        "ligne",
        *(pl.col(f"c{at}").str.strip_chars().alias(code)
          for code, at in (layout.nodes | layout.technical).items()),
    )  # fmt: skip
    readings = [read_nodes(question, raw) for question in questionnaire.questions]
    cells = raw.select("ligne", *(column for reading in readings for column in reading.cells))
    boxes = {name for reading in readings for name in reading.boxes}
    bare = bare and layout.first(IDS) is None
    technical = bare_technical(cells) if bare else read_technical(raw, layout)
    sound = technical.select((pl.col("id") != "") & pl.col("unread_date").is_null()).to_series()
    withheld, remarks = not_offered(cells, raw, sound, layout, boxes, versions, questionnaire)
    notes = [note for reading in readings for note in reading.notes]
    notes += review_notes(raw, layout)
    return Source(
        file=name,
        tool="ODK Central" if CENTRAL_MARKS & set(table.headings) else "KoboToolbox",
        rows=technical.hstack(cells.drop("ligne")).with_columns(withheld),
        misfits=table.misfits,
        width=len(table.headings),
        encoding=table.encoding,
        separator=table.separator,
        unknown=layout.unknown,
        contact=layout.contact,
        id_column=layout.first(IDS) or "ligne",
        date_column=layout.first(DATES) or "date",
        ticks="1, 0 ou vide",
        notes=pl.concat([pl.DataFrame(schema=NOTES), *notes]),
        tables=repeat_rows(tables, table),
        remarks=(*remarks, *((BARE,) if bare else ())),
    )


def main_table(tables: dict[str, Table], name: str) -> Table:
    """The table of answers among those of an export."""
    main = [table for table in tables.values() if not is_repeat(table)]
    if len(main) == 1:
        return main[0]
    listed = ", ".join(tables)
    if main:
        raise ResponseError(
            f"{name} : plusieurs tables pourraient être celle des réponses ({listed}). "
            "N’en gardez qu’une, avec ses tables de répétition."
        )
    rows = sum(table.cells.height for table in tables.values())
    raise ResponseError(
        f"{name} : c’est une table de répétition ({listed}, {rows} lignes), non celle des "
        "réponses. Donnez la table principale, ou le zip qui contient les deux."
    )


@dataclass(frozen=True, slots=True)
class NodeReading:
    """Canonical cells of a question, the boxes that have their own column, and notes."""

    cells: list[pl.Series]
    boxes: set[str]
    notes: list[pl.DataFrame]


def read_nodes(question: Question, raw: pl.DataFrame) -> NodeReading:
    """Canonical cells of one question from the columns of its nodes."""
    texts = [
        pl.col(other_text_node(question, option)).alias(cell(other_field(question, option)))
        if other_text_node(question, option) in raw.columns
        else pl.lit("").alias(cell(other_field(question, option)))
        for option in others(question)
    ]
    extra = raw.select(texts).get_columns() if texts else []
    match question.type:
        case "grid":
            rows = [
                raw[answer_column(question, field.item)].alias(cell(field.name))
                for field in question_fields(question)
            ]
            return NodeReading(rows, set(), [])
        case "multiple":
            reading = read_ticks(question, raw)
            return NodeReading([*reading.cells, *extra], reading.boxes, reading.notes)
        case "number" if question.dont_know:
            return read_number(question, raw)
        case _:
            return NodeReading([raw[question.code].alias(cell(question.code)), *extra], set(), [])


def read_number(question: Question, raw: pl.DataFrame) -> NodeReading:
    """A number and the box « Ne sait pas » beside it, which should not both be filled."""
    value, unknown = pl.col(question.code), pl.col(dont_know_node(question))
    both = (value != "") & (unknown == DONT_KNOW)
    notes = noted(raw, both, question.code, CONTRADICTION, value, fatal=question.required)
    text = pl.when(both).then(pl.lit("")).when(unknown == DONT_KNOW).then(unknown).otherwise(value)
    return NodeReading([raw.select(text.alias(cell(question.code))).to_series()], set(), notes)


def read_ticks(question: Question, raw: pl.DataFrame) -> NodeReading:
    """Ticks of a multiple choice, from its column of codes, its columns of boxes, or both."""
    code = question.code
    options = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
    split = {option: f"{code}/{option}" for option in options if f"{code}/{option}" in raw.columns}
    marks = dict.fromkeys(YES, TICKED) | dict.fromkeys(NO, UNTICKED)
    boxes = {option: pl.col(node).replace(marks) for option, node in split.items()}
    joined = pl.col(code).str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    notes, cells = [], {}
    disagree = pl.lit(False)
    for option in options:
        if code not in raw.columns:
            cells[option] = boxes[option]
            continue
        listed = joined.list.contains(option)
        tick = pl.when(listed).then(pl.lit(TICKED)).otherwise(boxes.get(option, pl.lit(UNTICKED)))
        cells[option] = tick
        if option in boxes:
            box = boxes[option]
            disagree |= (box == TICKED) & ~listed | (box == UNTICKED) & listed
    if code in raw.columns:
        strange = joined.list.eval(pl.element().filter(~pl.element().is_in(options))).list.join(" ")
        allowed = f" (admis : {', '.join(options)})"
        notes += noted(raw, strange != "", code, UNKNOWN_CODE, strange, allowed, fatal=True)
        notes += noted(raw, disagree, code, TWO_WRITINGS, pl.col(code), fatal=question.required)
        cells = {
            option: pl.when(disagree).then(pl.lit("")).otherwise(tick)
            for option, tick in cells.items()
        }
    series = raw.select(
        tick.alias(cell(f"{code}[{option}]")) for option, tick in cells.items()
    ).get_columns()
    return NodeReading(series, {tick_column(question, o) for o in split if o != DONT_KNOW}, notes)


def not_offered(
    cells: pl.DataFrame,
    raw: pl.DataFrame,
    sound: pl.Series,
    layout: Layout,
    boxes: set[str],
    versions: Sequence[FormVersion],
    questionnaire: Questionnaire,
) -> tuple[pl.Series, list[str]]:
    """Column `not_offered`, and what to tell about versions.

    `sound`: rows that have an identifier and a date; others (a total, a row typed by hand) say
    nothing of a version.
    """
    column = layout.first(VERSIONS)
    ids = raw[column].replace("", None) if column else None
    withheld, remarks = inferred(cells, sound, questionnaire), []
    if versions:
        sure = described(cells, ids, boxes, versions, questionnaire)
        unexplained = sure.null_count()
        withheld = pl.select(pl.coalesce(sure, withheld).alias(NOT_OFFERED)).to_series()
        if unexplained:
            remarks.append(
                f"{unexplained} réponse(s) d’une version du formulaire qui n’est pas décrite."
            )
    elif ids is not None and (several := ids.filter(sound).drop_nulls().n_unique()) > 1:
        remarks.append(UNDESCRIBED.format(several))
    if named := sorted(set(withheld.explode(empty_as_null=True).drop_nulls())):
        remarks.append(NOT_SEEN.format(", ".join(named)))
    return withheld, remarks


def read_technical(raw: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Technical columns of `survey.formats.intake`; every answer sent is complete."""

    def column(name: str | None) -> pl.Expr:
        return pl.col(name) if name in layout.technical else pl.lit("")

    sent = column(layout.first(DATES))
    ids = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in IDS if name in raw.columns]
    seconds = (read_date(column(END)) - read_date(column(START))).dt.total_milliseconds() / 1000
    return raw.select(
        "ligne",
        id=pl.coalesce(*ids, pl.lit("")),
        token=pl.when(column(TOKEN) != "").then(column(TOKEN)),
        submitted=read_date(sent),
        complete=pl.lit(True),
        duration_seconds=pl.when(seconds >= 0).then(seconds),
        datestamp=pl.lit(None, pl.Datetime("us")),
        unread_date=pl.when((sent != "") & read_date(sent).is_null()).then(sent),
    ).match_to_schema(TECHNICAL)


def review_notes(raw: pl.DataFrame, layout: Layout) -> list[pl.DataFrame]:
    """Rows that the team rejected in the tool."""
    column = layout.first(REVIEWS)
    if column is None:
        return []
    return noted(raw, pl.col(column).is_in(REJECTED), column, REVIEWED, None, fatal=True)


def repeat_rows(tables: dict[str, Table], main: Table) -> pl.DataFrame:
    """`REJECTS` of the rows of repeat tables, listed so that none is lost unseen."""
    listed, nothing = [pl.DataFrame(schema=REJECTS)], pl.lit(None, pl.String)
    for name, table in tables.items():
        if table is main:
            continue
        parent = next((place for place in PARENTS if place in table.headings), None)
        known = pl.col(f"c{table.headings.index(parent)}") if parent else pl.lit(None, pl.String)
        rows = [table.cells.select("ligne", id=known), table.misfits.select("ligne", id=nothing)]
        what = f"ligne de la table de répétition « {name} », que le questionnaire n’a pas"
        listed.append(
            pl.concat(rows)
            .sort("ligne")
            .with_columns(
                motif=pl.lit(what), colonne=nothing, valeur=nothing, decision=pl.lit(NOT_TAKEN)
            )
        )
    return pl.concat(listed)
