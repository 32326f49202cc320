"""Answers written as LimeSurvey exports them: for the simulated region and for round-trip tests."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    answer_column,
    other_text_column,
    state_column,
    tick_column,
)
from survey.errors import ResponseError
from survey.files import replace_file
from survey.formats.limesurvey.codes import (
    OTHER,
    OTHER_ANSWER,
    Field,
    answer_codes,
    other_option,
    question_fields,
)
from survey.formats.limesurvey.headings import ELLIPSIS, KEPT_WHOLE, TITLES, item_texts
from survey.formats.wording import DONT_KNOW_LABELS
from survey.questions import Question, Questionnaire

Style = Literal["brackets", "underscores", "code_text", "text", "short_text"]

NOT_SHOWN = "{question_not_shown}"
VV_CODES = {"{": "{lbrace}", "\n": "{newline}", "\t": "{tab}"}
DATE_FORMAT = "%Y-%m-%d %H:%M:%S"
UNDATED = "1980-01-01 00:00:00"
ABBREVIATED = 15  # characters that LimeSurvey keeps of a text


def write_export(
    responses: pl.DataFrame,
    questionnaire: Questionnaire,
    path: Path,
    *,
    encoding: str = "utf-8-sig",
    separator: str = ";",
    style: Style = "brackets",
    labels: bool = False,
    vv: bool = False,
) -> None:
    """Write answers as a LimeSurvey export that `read_export` reads back unchanged.

    Parameters
    ----------
    responses : one row per answer
        `id`, `token`, `submitted`, `complete`, `duration_seconds` and the columns of
        `survey.columns`. Dates are written to the second; a complete answer without date gets
        LimeSurvey's 1980-01-01.
    style : what stands above the columns: codes, code and text, text, text cut at 15 characters
    labels : answers as their labels instead of their codes
    vv : the VV layout: two header rows, tabs, underscores, `{question_not_shown}` where null

    Writes no contact data, seed or group times. `Q[other]` holds the text of « Autre », `-oth-`
    where a multiple choice ticks it without text.

    Raises
    ------
    ResponseError : a character does not exist in `encoding`
    """
    path = Path(path)
    style, separator = ("underscores", "\t") if vv else (style, separator)
    fields = [(q, field) for q in questionnaire.questions for field in question_fields(q)]
    cells = [
        cell.alias(field.name)
        for question in questionnaire.questions
        for field, cell in question_cells(question, labels=labels)
    ]
    table = responses.select(*technical_cells(), *cells)
    technical = table.columns[: len(technical_cells())]
    titles = [TITLES.get(name, (name,))[0] if "text" in style else name for name in technical]
    titles += [heading(question, field, style) for question, field in fields]
    texts = pl.all()
    if vv:
        escaped = texts.str.replace_many(VV_CODES).str.replace('^"', "{quote}")
        table = table.select(escaped.fill_null(NOT_SHOWN))
        shorts = [question.short for question, _ in fields]
        head = "\n".join(["\t".join([*technical, *shorts]), "\t".join(titles)])
    else:
        table = table.select(texts.str.replace(r"^('*=)", "'$1").fill_null(""))
        head = separator.join(quoted(title) for title in titles)
    quotes = "never" if vv else "always"
    body = table.write_csv(separator=separator, quote_style=quotes, include_header=False)
    write_encoded(f"{head}\n{body}", path, encoding)


def quoted(text: str) -> str:
    """A cell between quotes."""
    return '"' + text.replace('"', '""') + '"'


def write_encoded(content: str, path: Path, encoding: str) -> None:
    """Write a text; refuse it where a character does not exist in `encoding`."""
    try:
        encoded = content.encode(encoding)
    except UnicodeEncodeError as error:
        raise ResponseError(
            f"{path.name} : le caractère « {content[error.start]} » n’existe pas en {encoding}. "
            "Écrivez l’export en UTF-8."
        ) from None
    replace_file(path, lambda file: file.write_bytes(encoded))


def heading(question: Question, field: Field, style: Style) -> str:
    """What LimeSurvey writes above a column."""
    if style in ("brackets", "underscores"):
        return field.heading(style)
    text, item = question.text, item_texts(question, field)[0]
    if style == "short_text":
        text, item = abbreviated(text), abbreviated(item)
    text = f"{text} [{item}]" if item else text
    return f"{field.heading()}. {text}" if style == "code_text" else text


def abbreviated(text: str) -> str:
    """A text as LimeSurvey cuts it."""
    whole = len(text) <= ABBREVIATED + KEPT_WHOLE
    return text if whole else f"{text[:ABBREVIATED]}{ELLIPSIS} "


def technical_cells() -> list[pl.Expr]:
    """Columns that LimeSurvey writes before the questions."""
    submitted, complete = pl.col("submitted"), pl.col("complete")
    duration = pl.col("duration_seconds")
    date = submitted.dt.strftime(DATE_FORMAT)
    started = submitted - pl.duration(milliseconds=(duration * 1000).cast(pl.Int64))
    return [
        pl.col("id").cast(pl.String),
        pl.when(complete).then(date.fill_null(UNDATED)).alias("submitdate"),
        pl.lit("1").alias("lastpage"),
        pl.lit("fr").alias("startlanguage"),
        started.dt.strftime(DATE_FORMAT).alias("startdate"),
        date.alias("datestamp"),
        pl.col("token").cast(pl.String),
        duration.cast(pl.String).alias("interviewtime"),
    ]


def question_cells(question: Question, *, labels: bool = False) -> list[tuple[Field, pl.Expr]]:
    """Fields of a question with what LimeSurvey writes in them; null where it was not shown."""
    fields = question_fields(question)
    match question.type:
        case "single":
            answer = choice_cell(question, answer_column(question), labels=labels)
            return list(zip(fields, [answer, *other_text_cells(question)], strict=True))
        case "grid":
            return [
                (field, choice_cell(question, answer_column(question, field.part), labels=labels))
                for field in fields
            ]
        case "multiple":
            return [(field, tick_cell(question, field.part, labels=labels)) for field in fields]
        case _:
            return [(fields[0], value_cell(question))]


def choice_cell(question: Question, column: str, *, labels: bool) -> pl.Expr:
    """The answer code, or its label; empty where left blank."""
    codes = answer_codes(question) | {DONT_KNOW: DONT_KNOW, BLANK: ""}
    if labels:
        codes |= {option.code: option.label for option in question.options}
        codes |= {DONT_KNOW: DONT_KNOW_LABELS[0]}
    return pl.col(column).cast(pl.String).replace_strict(codes, return_dtype=pl.String)


def other_text_cells(question: Question) -> list[pl.Expr]:
    """The text beside « Autre » of a single choice: empty where another option was chosen."""
    other = other_option(question)
    if other is None:
        return []
    shown = pl.col(answer_column(question)).is_not_null()
    return [pl.when(shown).then(pl.col(other_text_column(question, other.code)).fill_null(""))]


def tick_cell(question: Question, part: str, *, labels: bool) -> pl.Expr:
    """`Y` or empty (« Oui », « Non »); for « Autre » its text, or `-oth-` when it has none."""
    state, other = pl.col(state_column(question)), other_option(question)
    yes, no = ("Oui", "Non") if labels else ("Y", "")
    if part == DONT_KNOW:
        ticked, mark = state == DONT_KNOW, pl.lit(yes)
    elif part == OTHER:
        ticked = pl.col(tick_column(question, other.code))
        mark = pl.col(other_text_column(question, other.code)).fill_null(OTHER_ANSWER)
    else:
        ticked, mark = pl.col(tick_column(question, part)), pl.lit(yes)
    ticked = ticked.fill_null(False)
    no = "" if part == OTHER else no
    return pl.when(state.is_not_null()).then(pl.when(ticked).then(mark).otherwise(pl.lit(no)))


def value_cell(question: Question) -> pl.Expr:
    """The number or text; `NSP` for don't know, empty where left blank."""
    state = pl.col(state_column(question))
    return (
        pl.when(state == GIVEN)
        .then(pl.col(answer_column(question)).cast(pl.String))
        .when(state.cast(pl.String) == DONT_KNOW)
        .then(pl.lit(DONT_KNOW))
        .when(state.is_not_null())
        .then(pl.lit(""))
    )
