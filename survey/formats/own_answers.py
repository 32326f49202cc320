"""Our own files of answers (Parquet or CSV with the columns of `survey.columns`), taken in again.

They come from our web form, from generated answers, from an earlier import. The questionnaire
judges each row (`survey.schema`): one that breaks a rule is set aside, the others are kept as they
are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import polars as pl

from survey.columns import NOT_OFFERED, Column, questionnaire_columns
from survey.errors import ResponseError
from survey.formats.answers import (
    DATED,
    DATED_CODE,
    NOTES,
    UNKNOWN_CODE,
    UNREADABLE_NUMBER,
    number,
)
from survey.formats.dates import read_date
from survey.formats.delimited import Table
from survey.formats.found_columns import refuse_missing
from survey.formats.intake import (
    BARE,
    INCONSISTENT,
    KEPT,
    RESERVED,
    TECHNICAL,
    Import,
    Source,
    conclude,
    refuse_reserved,
    technical_notes,
)
from survey.questions import Questionnaire
from survey.schema import violations

TRUE, FALSE = ("true", "vrai", "1"), ("false", "faux", "0")


def is_own(headings: tuple[str, ...], questionnaire: Questionnaire) -> bool:
    """Whether a table has the columns of answers: most of those only we name so."""
    own = {column.name for column in questionnaire_columns(questionnaire)}
    ours = {name for name in own if "__" in name} or own
    return 2 * len(ours & set(headings)) > len(ours)


def own_frame(table: Table, name: str) -> pl.DataFrame:
    """A table as a frame with its headings as names.

    Raises
    ------
    ResponseError : a column comes twice
    """
    twice = sorted(text for text, count in Counter(table.headings).items() if count > 1)
    if twice or "ligne" in table.headings:
        listed = ", ".join(text or "(sans titre)" for text in twice) or "ligne"
        raise ResponseError(
            f"{name} : colonnes en double ou réservées : {listed}. Gardez une seule colonne par "
            "titre."
        )
    return table.cells.rename({f"c{at}": text for at, text in enumerate(table.headings)})


def read_own(
    frame: pl.DataFrame,
    questionnaire: Questionnaire,
    source: Source,
    *,
    keep_incomplete: bool = False,
) -> Import:
    """Take in a frame with a column `ligne` and those of answers, typed or as text.

    `source` describes the file; its rows are not read.

    Raises
    ------
    ResponseError : a column of answers is missing
    """
    refuse_reserved(questionnaire, RESERVED)
    columns = questionnaire_columns(questionnaire)
    missing = [column.name for column in columns if column.name not in frame.columns]
    remedy = "Vérifiez que le questionnaire est celui de cette édition."
    refuse_missing(missing, source.file, remedy)
    technical = own_technical(frame)
    names = {*KEPT, NOT_OFFERED, *(column.name for column in columns)}
    remarks = () if "id" in frame.columns else (BARE,)
    rows = technical.match_to_schema(TECHNICAL)
    unknown = tuple(name for name in frame.columns if name not in names)
    source = replace(source, rows=rows, unknown=unknown, remarks=remarks)
    notes = technical_notes(rows, source, keep_incomplete=keep_incomplete)
    answers, unread = typed(frame, columns)
    answers = technical.select(KEPT).hstack(answers)
    broken = rule_notes(answers, questionnaire)
    return conclude(source, rows, answers, pl.concat([notes, unread, broken]))


def own_technical(frame: pl.DataFrame) -> pl.DataFrame:
    """Technical columns, typed; those a file may lack are empty, every answer then complete."""
    text = {
        name: pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, pl.String)
        for name in KEPT
    }
    sent = pl.when(text["submitted"] != "").then(text["submitted"])
    seconds = text["duration_seconds"].str.replace(",", ".", literal=True)
    complete = text["complete"].str.to_lowercase()
    known = text["id"] if "id" in frame.columns else pl.col("ligne").cast(pl.String)
    return frame.select(
        "ligne",
        id=known.fill_null(""),
        token=pl.when(text["token"] != "").then(text["token"]),
        submitted=read_date(sent),
        complete=~complete.is_in(FALSE).fill_null(False),
        duration_seconds=seconds.cast(pl.Float64, strict=False),
        datestamp=pl.lit(None, pl.Datetime("us")),
        unread_date=pl.when(sent.is_not_null() & read_date(sent).is_null()).then(sent),
    )


def typed(frame: pl.DataFrame, columns: list[Column]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Columns of answers with their types, and a note for each cell that has none of them."""
    series, notes = [], [pl.DataFrame(schema=NOTES)]
    for column in columns:
        raw = frame[column.name]
        if raw.dtype == column.dtype != pl.String:
            series.append(raw)
            continue
        text = raw.cast(pl.String)
        text = text.to_frame().select(pl.when(pl.col(column.name) != "").then(column.name))[:, 0]
        cast = cast_text(text, column)
        series.append(cast.alias(column.name))
        wrong = text.is_not_null() & cast.is_null()
        notes.append(
            pl.DataFrame({"ligne": frame["ligne"], "valeur": text})
            .filter(wrong)
            .select(
                "ligne",
                cause=unread_cause(column),
                detail=pl.lit(""),
                colonne=pl.lit(column.name),
                valeur="valeur",
                fatal=pl.lit(True),
            )
        )
    answers = pl.DataFrame(series)
    if NOT_OFFERED in frame.columns:
        answers = answers.with_columns(withheld_list(frame[NOT_OFFERED]))
    return answers, pl.concat(notes)


def unread_cause(column: Column) -> pl.Expr:
    """Why a text `valeur` is no value of a column."""
    if column.dtype.is_numeric():
        return pl.lit(UNREADABLE_NUMBER)
    dated = pl.col("valeur").str.contains(DATED)
    return pl.when(dated).then(pl.lit(DATED_CODE)).otherwise(pl.lit(UNKNOWN_CODE))


def cast_text(text: pl.Series, column: Column) -> pl.Series:
    """Texts as a type of `survey.columns`; null where they are not."""
    if column.dtype == pl.Boolean:
        mark = text.str.to_lowercase()
        meanings = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
        return mark.replace_strict(meanings, default=None, return_dtype=pl.Boolean)
    if column.dtype.is_numeric():
        value = number(pl.col(text.name), integer=column.dtype.is_integer())
        return text.to_frame().select(value.alias(text.name)).to_series()
    return text.cast(column.dtype, strict=False)


def withheld_list(series: pl.Series) -> pl.Series:
    """`not_offered` as a list, which a CSV holds as names with spaces between."""
    if isinstance(series.dtype, pl.List):
        return series.cast(pl.List(pl.String))
    return series.str.extract_all(r"\S+").alias(NOT_OFFERED)


def rule_notes(answers: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """A fatal note for each value that the questionnaire does not allow."""
    found, _ = violations(answers, questionnaire)
    lines = answers["ligne"]
    texts = {c.name for c in questionnaire_columns(questionnaire) if c.dtype == pl.String}
    return pl.DataFrame(
        [
            (
                lines[each.row - 1],
                INCONSISTENT,
                f" ({each.rule})",
                each.column,
                None if each.column in texts else each.value,
                True,
            )
            for each in found
        ],
        schema=NOTES,
        orient="row",
    )
