"""From canonical cells to typed answers, with a note for each cell not taken as it is.

Questions are read in the order of the questionnaire: the answers that routing needs are typed
before those it decides upon. Cells are those of `survey.formats.fields`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    NOT_OFFERED,
    Column,
    other_text_column,
    question_columns,
    tick_column,
)
from survey.formats.fields import (
    TICKED,
    UNTICKED,
    Field,
    cell,
    other_field,
    others,
    question_fields,
)
from survey.french import decimal
from survey.questions import Option, Question, Questionnaire, Row
from survey.routing import effective_base, to_polars

# What Excel makes of `1-9` or `10-49`: 01-sept, sept-01, 01/09/2026, 2026-09-01, 10/49.
MONTH = (
    "(janv?|févr?|fev|feb|mars?|avr|apr|mai|may|juin|jun|juil|jul|ao[uû]t|aug|sept?|oct|nov|d[ée]c)"
)
DATED = (
    rf"(?i)^(\d{{1,2}}-{MONTH}\.?(-\d{{2,4}})?|{MONTH}\.?-\d{{2,4}}|\d{{1,2}}/\d{{1,4}}(/\d{{2,4}})?"
    r"|\d{4}-\d{2}-\d{2}( [\d:]*)?)$"
)
WHOLE, THOUSANDS = r"^\+?(-?\d+)(?:[.,]0*)?$", r"^[+-]?\d{1,3}[.,]0{3}$"
NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$"

UNKNOWN_CODE = "code inconnu"
DATED_CODE = "code changé en date par un tableur"
UNREADABLE_NUMBER = "nombre illisible"
OUT_OF_BOUNDS = "nombre hors bornes"
REQUIRED_BLANK = "question obligatoire sans réponse"
NOT_ASKED = "question non posée à ce répondant"
WITHHELD = "réponse non proposée à ce répondant"
CONTRADICTION = "réponses qui s’excluent"
TWO_WRITINGS = "deux écritures de la réponse qui se contredisent"
STRAY_TEXT = "précision donnée sans avoir choisi « Autre »"

NOTES = pl.Schema(
    {
        "ligne": pl.Int64,
        "cause": pl.String,
        "detail": pl.String,
        "colonne": pl.String,
        "valeur": pl.String,
        "fatal": pl.Boolean,
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Typed columns of a question, and notes (`NOTES`)."""

    columns: list[pl.Series]
    notes: list[pl.DataFrame]


def read_questions(
    rows: pl.DataFrame, questionnaire: Questionnaire, ticks: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Typed answers of every row, with the columns of `rows` that are no cells, and all notes.

    Parameters
    ----------
    rows : one row per answer
        `ligne`, technical columns, one text column `cell:<field>` per field ("" = empty) and, where
        the file mixes versions of a form, `not_offered` (columns the form did not offer)
    ticks : what a box may hold, for messages: « Y ou vide »
    """
    fields = [cell(field.name) for q in questionnaire.questions for field in question_fields(q)]
    answers = rows.drop(fields)
    notes = [pl.DataFrame(schema=NOTES)]
    for question in questionnaire.questions:
        reading = read_question(question, questionnaire, rows, answers, ticks)
        answers = answers.with_columns(reading.columns)
        notes += reading.notes
    return answers, pl.concat(notes)


def read_question(
    question: Question,
    questionnaire: Questionnaire,
    cells: pl.DataFrame,
    answers: pl.DataFrame,
    ticks: str,
) -> Reading:
    """Typed columns of `question` from its cells; `answers` holds those of the questions before.

    A value that routing excludes is emptied and noted; a value that cannot be read is noted as
    fatal (the whole row is to be set aside). Blank and asked is `NR`, fatal where the question is
    required.
    """
    fields = [cell(field.name) for field in question_fields(question)]
    masks = answers.select("ligne", **asked_masks(question, questionnaire, answers))
    frame = pl.concat([masks, cells.select(fields)], how="horizontal")
    match question.type:
        case "single":
            return read_single(question, frame)
        case "grid":
            return read_grid(question, frame)
        case "multiple":
            return read_multiple(question, frame, ticks)
        case _:
            return read_value(question, frame)


def asked_masks(
    question: Question, questionnaire: Questionnaire, answers: pl.DataFrame
) -> dict[str, pl.Expr]:
    """`asked`, and one more mask for each option or row that not all who are asked are shown."""
    conditional = [item for item in (*question.options, *question.rows) if item.only_if]
    masks = {"asked": to_polars(effective_base(question), questionnaire)} | {
        mask(item): to_polars(effective_base(question, item), questionnaire) for item in conditional
    }
    if NOT_OFFERED not in answers.columns:
        return masks
    named = set(answers[NOT_OFFERED].explode(empty_as_null=True).drop_nulls())
    items = {item.code: item for item in (question.rows or question.options)}
    for column in question_columns(question):
        if column.name in named and column.role != "other_text":
            name = mask(items[column.item]) if column.item else "asked"
            offered = ~pl.col(NOT_OFFERED).list.contains(column.name).fill_null(False)
            masks[name] = masks.get(name, masks["asked"]) & offered
    return masks


def mask(item: Option | Row) -> str:
    """Name of the mask saying who was shown an option or row, when not all who were asked."""
    return f"{'option' if isinstance(item, Option) else 'row'}:{item.code}"


def mask_of(item: Option | Row, frame: pl.DataFrame) -> str:
    """Name of the mask of an option or row."""
    return mask(item) if mask(item) in frame.columns else "asked"


def read_single(question: Question, frame: pl.DataFrame) -> Reading:
    """A single choice; a text beside one « Autre » alone is enough to choose it."""
    column, answer = question_columns(question)[0], cell(question.code)
    texts = {option.code: cell(other_field(question, option)) for option in others(question)}
    alone = pl.sum_horizontal(pl.col(text) != "" for text in texts.values()) == 1 if texts else None
    for code, text in texts.items():
        only_text = (pl.col(answer) == "") & (pl.col(text) != "") & alone
        frame = frame.with_columns(
            pl.when(only_text).then(pl.lit(code)).otherwise(answer).alias(answer)
        )
    choice = read_choice(question, frame, Field(question.code, "choice"), column, "asked")
    frame = frame.with_columns(choice.columns[0].alias("chosen"))
    columns, notes = [choice.columns[0]], choice.notes
    for option in others(question):
        name, text = other_field(question, option), pl.col(texts[option.code])
        chosen = (pl.col("chosen") == option.code).fill_null(False)
        kept = pl.when(chosen & (text != "")).then(text)
        columns.append(frame.select(kept.alias(other_text_column(question, option.code)))[:, 0])
        stray = pl.col("asked") & (text != "") & ~chosen
        notes = notes + noted(frame, stray, name, STRAY_TEXT, text, is_text=True)
    return Reading(columns, notes)


def read_grid(question: Question, frame: pl.DataFrame) -> Reading:
    """A grid: one choice per row."""
    parts = zip(question_fields(question), question.rows, question_columns(question), strict=True)
    readings = [
        read_choice(question, frame, field, column, mask_of(row, frame))
        for field, row, column in parts
    ]
    return Reading(
        [column for reading in readings for column in reading.columns],
        [note for reading in readings for note in reading.notes],
    )


def read_choice(
    question: Question, frame: pl.DataFrame, field: Field, column: Column, shown: str
) -> Reading:
    """One cell holding the code of one option."""
    codes = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
    raw, asked = pl.col(cell(field.name)), pl.col(shown)
    given, known = raw != "", raw.is_in(codes)
    hidden = [option for option in question.options if mask(option) in frame.columns]
    withheld = asked & pl.any_horizontal(
        pl.lit(False), *[(raw == option.code) & ~pl.col(mask(option)) for option in hidden]
    )
    blank = asked & (~given | withheld)
    allowed = f" (admis : {', '.join(codes)})"
    notes = noted(frame, given & ~asked, field.name, NOT_ASKED, raw)
    wrong, dated = asked & given & ~known, raw.str.contains(DATED)
    notes += noted(frame, wrong & dated, field.name, DATED_CODE, raw, allowed, fatal=True)
    notes += noted(frame, wrong & ~dated, field.name, UNKNOWN_CODE, raw, allowed, fatal=True)
    if hidden:
        notes += noted(frame, withheld, field.name, WITHHELD, raw)
    if question.required:
        notes += noted(frame, blank, field.name, REQUIRED_BLANK, None, fatal=True)
    value = pl.when(known & ~withheld).then(raw)
    if not question.required:
        value = value.otherwise(pl.lit(BLANK))
    typed = pl.when(asked).then(value).cast(column.dtype).alias(column.name)
    return Reading([frame.select(typed).to_series()], notes)


def read_multiple(question: Question, frame: pl.DataFrame, allowed: str) -> Reading:
    """A multiple choice; an exclusive option (or `NSP`) beside others empties the answer."""
    frame, notes = read_ticks(question, frame, allowed)
    asked, given, contradictory = pl.col("asked"), pl.col("ticked") > 0, pl.col("contradictory")
    codes = [option.code for option in question.options] + [DONT_KNOW]
    listed = pl.concat_str(
        [pl.when(pl.col(f"tick:{code}")).then(pl.lit(code)) for code in codes],
        separator=", ",
        ignore_nulls=True,
    )
    field, required = question.code, question.required
    notes += noted(frame, given & ~asked, field, NOT_ASKED, listed)
    notes += noted(frame, asked & contradictory, field, CONTRADICTION, listed, fatal=required)
    if required:
        notes += noted(frame, asked & ~given, field, REQUIRED_BLANK, None, fatal=True)
    answered, dont_know = given & ~contradictory, pl.col(f"tick:{DONT_KNOW}")
    frame = frame.with_columns(
        state=state_of(question, answered & ~dont_know, dont_know & answered)
    )
    for option in others(question):
        text, name = pl.col(cell(other_field(question, option))), other_field(question, option)
        stray = asked & (text != "") & ~pl.col(f"tick:{option.code}")
        notes += noted(frame, stray, name, STRAY_TEXT, text, is_text=True)
    return Reading(frame.select(multiple_columns(question, frame)).get_columns(), notes)


def state_of(question: Question, answered: pl.Expr, dont_know: pl.Expr) -> pl.Expr:
    """`repondu`, `NSP` or `NR` where asked; null elsewhere, and where required but blank."""
    blank = pl.lit(None if question.required else BLANK, pl.String)
    state = pl.when(answered).then(pl.lit(GIVEN)).when(dont_know).then(pl.lit(DONT_KNOW))
    return pl.when(pl.col("asked")).then(state.otherwise(blank))


def multiple_columns(question: Question, frame: pl.DataFrame) -> list[pl.Expr]:
    """Typed columns of a multiple choice, from its `state` and its ticks."""
    state = question_columns(question)[0]
    answered = pl.col("state") == GIVEN
    columns = [pl.col("state").cast(state.dtype).alias(state.name)]
    for option in question.options:
        shown = answered & pl.col(mask_of(option, frame))
        tick = pl.when(shown).then(pl.col(f"tick:{option.code}"))
        columns.append(tick.alias(tick_column(question, option.code)))
    for option in others(question):
        text = pl.col(cell(other_field(question, option)))
        kept = answered & pl.col(f"tick:{option.code}") & (text != "")
        columns.append(pl.when(kept).then(text).alias(other_text_column(question, option.code)))
    return columns


def read_ticks(
    question: Question, frame: pl.DataFrame, allowed: str
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """`frame` with a Boolean `tick:<option>` per option and `tick:NSP`, never null.

    Also `ticked` (number of ticks) and `contradictory` (one of them should have stood alone). A
    text beside an « Autre » left empty ticks it.
    """
    asked, notes = pl.col("asked"), []
    ticks = {option.code: pl.lit(False) for option in question.options} | {DONT_KNOW: pl.lit(False)}
    for field in question_fields(question):
        raw = pl.col(cell(field.name))
        if field.role == "other_text":
            empty = pl.col(cell(Field(question.code, "tick", field.item).name)) == ""
            ticks[field.item] |= empty & (raw != "")
            continue
        ticks[field.item] = raw == TICKED
        wrong = asked & ~raw.is_in([TICKED, UNTICKED, ""])
        detail = f" (admis : {allowed})"
        notes += noted(frame, wrong, field.name, UNKNOWN_CODE, raw, detail, fatal=True)
    frame = frame.with_columns(tick.alias(f"tick:{code}") for code, tick in ticks.items())
    for option in question.options:
        if mask(option) in frame.columns:
            tick, shown = f"tick:{option.code}", pl.col(mask(option))
            hidden, field = asked & pl.col(tick) & ~shown, f"{question.code}[{option.code}]"
            notes += noted(frame, hidden, field, WITHHELD, pl.lit(option.code))
            frame = frame.with_columns(pl.col(tick) & (shown | ~asked))
    alone = [f"tick:{option.code}" for option in question.options if option.exclusive]
    ticked = pl.sum_horizontal(f"tick:{code}" for code in ticks)
    alone_ticked = pl.any_horizontal(*alone, f"tick:{DONT_KNOW}")
    return frame.with_columns(ticked=ticked, contradictory=alone_ticked & (ticked > 1)), notes


def read_value(question: Question, frame: pl.DataFrame) -> Reading:
    """A number (decimal comma or point, spaces between thousands) or a text."""
    field = question.code
    raw, asked, value = pl.col(cell(field)), pl.col("asked"), pl.col("value")
    state, column = question_columns(question)
    is_text = question.type == "text"
    given = raw != ""
    dont_know = (raw == DONT_KNOW) & question.dont_know
    frame = frame.with_columns(value=raw if is_text else number(raw, integer=question.integer))
    notes = noted(frame, given & ~asked, field, NOT_ASKED, raw, is_text=is_text)
    if not is_text:
        unreadable = asked & given & ~dont_know & value.is_null()
        outside = asked & ~value.is_between(
            pl.lit(-float("inf") if question.minimum is None else question.minimum),
            pl.lit(float("inf") if question.maximum is None else question.maximum),
        )
        expected = expected_number(question)
        notes += noted(frame, unreadable, field, UNREADABLE_NUMBER, raw, expected, fatal=True)
        notes += noted(frame, outside, field, OUT_OF_BOUNDS, raw, expected, fatal=True)
    if question.required:
        notes += noted(frame, asked & ~given, field, REQUIRED_BLANK, None, fatal=True)
    frame = frame.with_columns(state=state_of(question, given & ~dont_know, dont_know))
    typed = frame.select(
        pl.col("state").cast(state.dtype).alias(state.name),
        pl.when(pl.col("state") == GIVEN).then(value).cast(column.dtype).alias(column.name),
    )
    return Reading(typed.get_columns(), notes)


def number(text: pl.Expr, *, integer: bool) -> pl.Expr:
    """The number written in a cell; null when it is not one (or not a whole one where asked).

    A whole number may have decimals that are zeros, but not three of them: `1.000` may be one or a
    thousand.
    """
    digits = text.str.replace_all(r"[\s\u{a0}\u{202f}]", "")
    if integer:
        whole = digits.str.extract(WHOLE).cast(pl.Int64, strict=False)
        return pl.when(~digits.str.contains(THOUSANDS)).then(whole)
    value = digits.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return pl.when(digits.str.contains(NUMBER) & value.is_finite()).then(value)


def expected_number(question: Question) -> str:
    """« (attendu : nombre entier, au moins 0, au plus 10) »."""
    bounds = [
        f"{word} {decimal(bound, 0 if bound == int(bound) else 2)}"
        for word, bound in (("au moins", question.minimum), ("au plus", question.maximum))
        if bound is not None
    ]
    kind = "nombre entier" if question.integer else "nombre"
    return f" (attendu : {', '.join([kind, *bounds])})"


def noted(
    frame: pl.DataFrame,
    where: pl.Expr,
    field: str,
    cause: str,
    value: pl.Expr | None,
    detail: str = "",
    *,
    fatal: bool = False,
    is_text: bool = False,
) -> list[pl.DataFrame]:
    """`NOTES` of the rows `where` holds; no frame when there is none. Hides a free text."""
    rows = frame.filter(where)
    if rows.is_empty():
        return []
    if is_text:
        length = value.str.len_chars()
        value = pl.format("(texte de {} caractères)", length)
    return [
        rows.select(
            "ligne",
            cause=pl.lit(cause),
            detail=pl.lit(detail),
            colonne=pl.lit(field),
            valeur=pl.lit(None, pl.String) if value is None else value,
            fatal=pl.lit(fatal),
        )
    ]
