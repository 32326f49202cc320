"""LimeSurvey's export of responses, read into the frame of answers: nothing lost, nothing guessed.

Reading goes: text -> cells (`delimited`), headings -> fields (`limesurvey_codes`), cells -> typed
answers question after question, in the order of routing (`limesurvey_answers`), then here:
unfinished answers, duplicates, rejects and report. Writing is `limesurvey_writing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from survey.formats.delimited import Table, read_delimited
from survey.formats.limesurvey_answers import NOTES, cell, read_question
from survey.formats.limesurvey_codes import (
    OTHER,
    TECHNICAL,
    Layout,
    match_headings,
    question_fields,
)
from survey.formats.limesurvey_writing import write_export
from survey.questionnaire import Questionnaire

__all__ = ["REJECTS", "Import", "ImportReport", "read_export", "write_export"]

ROW_REJECTED, VALUE_ERASED = "ligne écartée", "valeur effacée"

EMPTY_ROW = "ligne vide"
WRONG_WIDTH = "nombre de cellules différent de l’en-tête"
NO_ID = "identifiant absent"
UNREADABLE_DATE = "date d’envoi illisible"
UNFINISHED = "réponse non terminée"
DUPLICATE_TOKEN = "doublon du jeton"
DUPLICATE_ID = "doublon de l’identifiant"

NOT_SHOWN = ["{question_not_shown}", "N/A"]
VV_CODES = {"{newline}": "\n", "{cr}": "\n", "{tab}": "\t", "{quote}": '"', "{lbrace}": "{"}
# A code, a number, a date, or what `limesurvey_answers` says of a free text.
SHOWABLE = (
    r"^([\w+.,-]{1,12}|[\w+-]{1,12}(, [\w+-]{1,12})*|\d{4}-\d{2}-\d{2}[ \d:]*"
    r"|\(texte de .* caractères\))$"
)
UNDATED = "1980-01-01"  # LimeSurvey's date of a complete answer whose date is not recorded
DATE_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")

REJECTS = pl.Schema(
    {
        "ligne": pl.Int64,
        "id": pl.String,
        "motif": pl.String,
        "colonne": pl.String,
        "valeur": pl.String,
        "decision": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; all counts are rows of the file.

    `rows_read` = `accepted` + `rejected`; `causes` counts rejected rows by their first cause;
    `unfinished` counts rows without date of submission, kept or not.
    """

    file: str
    encoding: str
    separator: str
    vv: bool
    rows_read: int
    accepted: int
    rejected: int
    unfinished: int
    duplicates: int
    causes: dict[str, int]
    unknown_columns: tuple[str, ...]
    contact_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """Answers taken in, cells and rows that were not, and counts.

    `responses`: one row per accepted answer, file order: `id`, `token` (null when the file has
    none), `submitted` (null: unfinished or undated), `complete`, `duration_seconds`, then the
    columns of `survey.columns`. `rejects`: `REJECTS`, by line; holds neither token nor contact
    data nor free text.
    """

    responses: pl.DataFrame
    rejects: pl.DataFrame
    report: ImportReport


def read_export(
    path: Path, questionnaire: Questionnaire, *, keep_incomplete: bool = False
) -> Import:
    """Read a LimeSurvey export of responses (CSV or VV, question codes as headings, answer codes).

    What becomes of a row or a cell:

    - row with a wrong number of cells, empty, without id, with an unreadable date: set aside;
    - unfinished (`submitdate` empty): set aside, unless `keep_incomplete`; blanks are then `NR`;
    - unknown code, unreadable or out-of-bounds number, required question left blank: row set aside;
    - answer to a question routing does not ask, to an option not offered, text beside an « Autre »
      not chosen: value erased, row kept;
    - exclusive option ticked with others: answer erased (`NR`), row kept; set aside when required;
    - same token (then same id) twice: the complete one, then the latest submitted (`submitdate`,
      else `datestamp`), then the last line is kept, among rows that are valid.

    A text `N/A` is LimeSurvey's « not shown », hence empty; texts lose spaces at both ends.

    Raises
    ------
    ResponseError : the file is not such an export, or lacks columns; French, with the remedy
    """
    table = read_delimited(Path(path))
    layout = match_headings(table.headings, questionnaire, Path(path).name)
    cells = clean_cells(table, layout, questionnaire)
    filled = cells.filter(pl.any_horizontal(pl.all().exclude("ligne") != ""))
    rows = read_technical(filled.with_row_index("row").cast({"row": pl.Int64}))
    unfinished = rows["complete"].not_().sum()
    notes = technical_notes(rows, keep_incomplete=keep_incomplete)
    rows = rows.join(notes, on="row", how="anti")
    answers, answer_notes = read_answers(rows, questionnaire)
    notes = pl.concat([notes, answer_notes])
    valid = answers.join(notes.filter("fatal"), on="row", how="anti", maintain_order="left")
    accepted, duplicates = drop_duplicates(valid)
    notes = pl.concat([notes, duplicates])
    rejects = build_rejects(notes, filled, cells, table)
    report = summarise(table, layout, path, accepted, rejects, notes, unfinished)
    responses = accepted.drop("row", "ligne", "datestamp")
    return Import(responses, rejects.drop("cause"), report)


def clean_cells(table: Table, layout: Layout, questionnaire: Questionnaire) -> pl.DataFrame:
    """Cells by field name, with `ligne`; spaces at the ends, « not shown » and guards removed."""
    positions = layout.technical | {cell(name): at for name, at in layout.fields.items()}
    stripped = [pl.col(f"c{at}").str.strip_chars().alias(name) for name, at in positions.items()]
    cells = table.cells.select("ligne", *stripped)
    cells = cells.with_columns(
        pl.when(pl.col(name).is_in(NOT_SHOWN)).then(pl.lit("")).otherwise(pl.col(name)).alias(name)
        for name in positions
    )
    free = [
        cell(field.name)
        for question in questionnaire.questions
        for field in question_fields(question)
        if question.type == "text" or field.part == OTHER
    ]
    if table.vv:
        return cells.with_columns(pl.col(free).str.replace_many(VV_CODES))
    return cells.with_columns(pl.col(free).str.replace(r"^'('*=)", "$1"))


def read_technical(cells: pl.DataFrame) -> pl.DataFrame:
    """`cells` with technical columns typed; `dated` says that `submitdate` could be read."""
    absent = [pl.lit("").alias(name) for name in TECHNICAL if name not in cells.columns]
    submit = pl.col("submitdate").str.replace(r"^NULL$", "")
    duration = pl.col("interviewtime").str.replace(",", ".", literal=True)
    rows = cells.with_columns(absent).with_columns(
        complete=submit != "",
        undated=submit.str.starts_with(UNDATED),
        submitted=read_date(submit),
        started=read_date(pl.col("startdate")),
        datestamp=read_date(pl.col("datestamp")),
        duration_seconds=duration.cast(pl.Float64, strict=False),
        token=pl.when(pl.col("token") != "").then("token"),
    )
    elapsed = (pl.col("submitted") - pl.col("started")).dt.total_seconds().cast(pl.Float64)
    return rows.with_columns(
        dated=~pl.col("complete") | pl.col("submitted").is_not_null(),
        submitted=pl.when(~pl.col("undated")).then("submitted"),
        duration_seconds=pl.coalesce("duration_seconds", pl.when(~pl.col("undated")).then(elapsed)),
    ).with_columns(
        duration_seconds=pl.when(
            pl.col("duration_seconds").is_between(0, float("inf"), "left")
        ).then("duration_seconds")
    )


def read_date(text: pl.Expr) -> pl.Expr:
    """A date and time as LimeSurvey or a French spreadsheet writes it; null when it is neither."""
    formats = [text.str.to_datetime(form, strict=False, time_unit="us") for form in DATE_FORMATS]
    return pl.coalesce(formats)


def technical_notes(rows: pl.DataFrame, *, keep_incomplete: bool) -> pl.DataFrame:
    """Rows set aside before their answers are looked at, one note a row."""
    no_id, undated = pl.col("id") == "", ~pl.col("dated")
    unfinished = ~pl.col("complete") & (not keep_incomplete)
    cause = (
        pl.when(no_id)
        .then(pl.lit(NO_ID))
        .when(undated)
        .then(pl.lit(UNREADABLE_DATE))
        .when(unfinished)
        .then(pl.lit(UNFINISHED))
    )
    return (
        rows.select(
            "row",
            cause=cause,
            detail=pl.when(undated & ~no_id).then(pl.lit(" (attendu : 2026-03-15 10:30:00)")),
            colonne=pl.when(no_id).then(pl.lit("id")).otherwise(pl.lit("submitdate")),
            valeur=pl.when(undated & ~no_id).then("submitdate"),
            fatal=pl.lit(True),
        )
        .drop_nulls("cause")
        .with_columns(pl.col("detail").fill_null(""))
        .match_to_schema(NOTES)
    )


def read_answers(
    rows: pl.DataFrame, questionnaire: Questionnaire
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Technical and typed columns of every row, and the notes of all questions."""
    answers = rows.select(
        "row", "ligne", "id", "token", "submitted", "complete", "duration_seconds", "datestamp"
    )
    notes = [pl.DataFrame(schema=NOTES)]
    for question in questionnaire.questions:
        reading = read_question(question, questionnaire, rows, answers)
        answers = answers.with_columns(reading.columns)
        notes += reading.notes
    return answers, pl.concat(notes)


def drop_duplicates(answers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per token, then one per id; notes name the line that is kept, never the token."""
    ranked = answers.sort(
        "complete",
        pl.coalesce("submitted", "datestamp"),
        "ligne",
        descending=True,
        nulls_last=True,
    ).select("row", "ligne", "id", "token")
    notes = []
    for key, cause in (("token", DUPLICATE_TOKEN), ("id", DUPLICATE_ID)):
        kept_line = pl.col("ligne").first().over(key)
        extra = ranked.filter(pl.col(key).is_not_null()).with_columns(kept=kept_line)
        extra = extra.filter(pl.col("ligne") != pl.col("kept"))
        ranked = ranked.join(extra, on="row", how="anti", maintain_order="left")
        notes.append(
            extra.select(
                "row",
                cause=pl.lit(cause),
                detail=pl.format(" (la réponse gardée est celle de la ligne {})", "kept"),
                colonne=pl.lit(key),
                valeur=pl.lit(None, pl.String),
                fatal=pl.lit(True),
            )
        )
    kept = answers.join(ranked, on="row", how="semi", maintain_order="left")
    return kept, pl.concat(notes)


def build_rejects(
    notes: pl.DataFrame, filled: pl.DataFrame, cells: pl.DataFrame, table: Table
) -> pl.DataFrame:
    """`REJECTS` and `cause`, by line; a row set aside keeps only the reasons for it."""
    set_aside = notes.filter("fatal").select("row").unique()
    erased = notes.filter(~pl.col("fatal")).join(set_aside, on="row", how="anti")
    token = pl.col("token") if "token" in filled.columns else pl.lit(None, pl.String)
    rows = filled.with_row_index("row").select(
        pl.col("row").cast(pl.Int64), "ligne", "id", token=token
    )
    # A shifted row puts names, addresses or telephone numbers under any heading.
    private = (
        ~pl.col("valeur").str.contains(SHOWABLE)
        | pl.col("valeur").str.contains(r"\d{8}")
        | (pl.col("valeur") == pl.col("token"))
    )
    of_cells = (
        pl.concat([notes.filter("fatal"), erased])
        .join(rows, on="row", how="left")
        .with_columns(
            motif=pl.col("cause") + pl.col("detail"),
            valeur=pl.when(private).then(pl.lit("(valeur masquée)")).otherwise("valeur"),
            decision=pl.when("fatal").then(pl.lit(ROW_REJECTED)).otherwise(pl.lit(VALUE_ERASED)),
        )
    )
    empty = cells.join(filled, on="ligne", how="anti").select("ligne", cellules=pl.lit(0, pl.Int64))
    found = pl.col("cellules")
    of_rows = pl.concat([empty, table.misfits]).with_columns(
        cause=pl.when(found == 0).then(pl.lit(EMPTY_ROW)).otherwise(pl.lit(WRONG_WIDTH)),
        motif=pl.when(found == 0)
        .then(pl.lit(EMPTY_ROW))
        .otherwise(pl.format(f"{WRONG_WIDTH} ({{}} au lieu de {len(table.headings)})", found)),
        decision=pl.lit(ROW_REJECTED),
    )
    return (
        pl.concat([of_cells, of_rows], how="diagonal")
        .select(*REJECTS, "cause")
        .sort("ligne", maintain_order=True)
    )


def summarise(
    table: Table,
    layout: Layout,
    path: Path,
    accepted: pl.DataFrame,
    rejects: pl.DataFrame,
    notes: pl.DataFrame,
    unfinished: int,
) -> ImportReport:
    """Counts of an import."""
    rejected = rejects.filter(pl.col("decision") == ROW_REJECTED).unique("ligne", keep="first")
    causes = rejected.group_by("cause").len().sort("len", "cause", descending=[True, False])
    duplicates = notes.filter(pl.col("cause").is_in([DUPLICATE_TOKEN, DUPLICATE_ID]))
    return ImportReport(
        file=Path(path).name,
        encoding=table.encoding,
        separator=table.separator,
        vv=table.vv,
        rows_read=table.cells.height + table.misfits.height,
        accepted=accepted.height,
        rejected=rejected.height,
        unfinished=int(unfinished),
        duplicates=duplicates.height,
        causes=dict(causes.iter_rows()),
        unknown_columns=layout.unknown,
        contact_columns=layout.contact,
    )
