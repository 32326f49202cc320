"""From the cells of one question to typed answers, with a note for each cell not taken as is."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from survey.columns import (
    BLANK,
    DONT_KNOW,
    GIVEN,
    Column,
    other_text_column,
    question_columns,
    tick_column,
)
from survey.errors import ResponseError
from survey.formats.limesurvey_codes import (
    OTHER,
    OTHER_ANSWER,
    answer_meanings,
    other_option,
    question_fields,
)
from survey.french import decimal
from survey.questionnaire import Option, Question, Questionnaire, Row
from survey.routing import effective_base, to_polars

TICKED, UNTICKED = ["Y", "1"], ["", "N", "0", "2"]
NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$"

UNKNOWN_CODE = "code inconnu"
UNREADABLE_NUMBER = "nombre illisible"
OUT_OF_BOUNDS = "nombre hors bornes"
REQUIRED_BLANK = "question obligatoire sans réponse"
NOT_ASKED = "question non posée à ce répondant"
NOT_OFFERED = "réponse non proposée à ce répondant"
CONTRADICTION = "réponses qui s’excluent"
STRAY_TEXT = "précision donnée sans avoir choisi « Autre »"

NOTES = pl.Schema(
    {
        "row": pl.Int64,
        "cause": pl.String,
        "detail": pl.String,
        "colonne": pl.String,
        "valeur": pl.String,
        "fatal": pl.Boolean,
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Typed columns of a question, and notes (`NOTES`); `row` is the position of a row of cells."""

    columns: list[pl.Series]
    notes: list[pl.DataFrame]


def read_question(
    question: Question, questionnaire: Questionnaire, cells: pl.DataFrame, answers: pl.DataFrame
) -> Reading:
    """Typed columns of `question` from its cells.

    Parameters
    ----------
    cells : one row per row of the file, one text column `cell:<field>` per field; "" = empty
    answers : same rows, typed columns of the questions before this one

    A value that routing excludes is emptied and noted; a value that cannot be read is noted as
    fatal (the whole row is to be set aside). Blank and asked is `NR`, fatal where the question is
    required.
    """
    fields = [cell(field.name) for field in question_fields(question)]
    masks = answers.select("row", **asked_masks(question, questionnaire))
    frame = pl.concat([masks, cells.select(fields)], how="horizontal")
    match question.type:
        case "single":
            return read_single(question, frame)
        case "grid":
            return read_grid(question, frame)
        case "multiple":
            return read_multiple(question, frame)
        case _:
            return read_value(question, frame)


def cell(field: str) -> str:
    """Column of the cells of a field."""
    return f"cell:{field}"


def asked_masks(question: Question, questionnaire: Questionnaire) -> dict[str, pl.Expr]:
    """`asked`, and one more mask for each option or row that has its own condition."""
    conditional = [item for item in (*question.options, *question.rows) if item.only_if]
    conditions = {"asked": effective_base(question)} | {
        mask_of(item): effective_base(question, item) for item in conditional
    }
    return {name: to_polars(condition, questionnaire) for name, condition in conditions.items()}


def mask_of(item: Option | Row) -> str:
    """Name of the mask saying who was shown this option or row."""
    return f"asked:{item.code}" if item.only_if else "asked"


def read_single(question: Question, frame: pl.DataFrame) -> Reading:
    """A single choice; a text beside « Autre » alone is enough to choose it."""
    other, column = other_option(question), question_columns(question)[0]
    if other is None:
        return read_choice(question, frame, question.code, column, "asked")
    field = f"{question.code}[{OTHER}]"
    answer, text = pl.col(cell(question.code)), pl.col(cell(field))
    only_text = (answer == "") & (text != "")
    frame = frame.with_columns(
        pl.when(only_text).then(pl.lit(OTHER_ANSWER)).otherwise(answer).alias(cell(question.code))
    )
    choice = read_choice(question, frame, question.code, column, "asked")
    frame = frame.with_columns(choice.columns[0].alias("chosen"))
    chosen, given = pl.col("chosen") == other.code, ~text.is_in(["", OTHER_ANSWER])
    name = other_text_column(question, other.code)
    texts = frame.select(pl.when(chosen & given).then(text).alias(name)).to_series()
    stray = pl.col("asked") & given & chosen.not_().fill_null(True)
    notes = noted(frame, stray, field, STRAY_TEXT, text, is_text=True)
    return Reading([choice.columns[0], texts], choice.notes + notes)


def read_grid(question: Question, frame: pl.DataFrame) -> Reading:
    """A grid: one choice per row."""
    readings = [
        read_choice(question, frame, f"{question.code}[{row.code}]", column, mask_of(row))
        for row, column in zip(question.rows, question_columns(question), strict=True)
    ]
    return Reading(
        [column for reading in readings for column in reading.columns],
        [note for reading in readings for note in reading.notes],
    )


def read_choice(
    question: Question, frame: pl.DataFrame, field: str, column: Column, mask: str
) -> Reading:
    """One cell holding the code of one option."""
    meanings = answer_meanings(question)
    raw, asked, code = pl.col(cell(field)), pl.col(mask), pl.col("code")
    frame = frame.with_columns(
        code=raw.replace_strict(meanings, default=None, return_dtype=pl.String)
    )
    given = raw != ""
    unknown = asked & given & code.is_null()
    hidden = [option for option in question.options if option.only_if]
    withheld = asked & pl.any_horizontal(
        pl.lit(False), *[(code == option.code) & ~pl.col(mask_of(option)) for option in hidden]
    )
    blank = asked & (~given | withheld)
    notes = noted(frame, given & ~asked, field, NOT_ASKED, raw)
    if wrong := noted(frame, unknown, field, UNKNOWN_CODE, raw, allowed(question), fatal=True):
        refuse_labels(question, frame, wrong[0]["valeur"])
        notes += wrong
    if hidden:
        notes += noted(frame, withheld, field, NOT_OFFERED, raw)
    if question.required:
        notes += noted(frame, blank, field, REQUIRED_BLANK, None, fatal=True)
    value = pl.when(withheld).then(None).otherwise(code)
    if not question.required:
        value = value.fill_null(BLANK)
    typed = pl.when(asked).then(value).cast(column.dtype).alias(column.name)
    return Reading([frame.select(typed).to_series()], notes)


def allowed(question: Question) -> str:
    """« (admis : oui, non, NSP) »."""
    codes = [option.code for option in question.options] + [DONT_KNOW] * question.dont_know
    return f" (admis : {', '.join(codes)})"


def refuse_labels(question: Question, frame: pl.DataFrame, wrong: pl.Series) -> None:
    """Refuse an export of labels: no code is right, every wrong one is a label."""
    labels = {text for option in question.options for text in (option.label, option.short)}
    if frame["code"].null_count() == frame.height and set(wrong) <= labels:
        raise ResponseError(
            f"{question.code} : les cellules contiennent des libellés (« {wrong[0]} »), non des "
            "codes. Refaites l’export en choisissant « Codes de réponse » pour les réponses."
        )


def read_multiple(question: Question, frame: pl.DataFrame) -> Reading:
    """A multiple choice; an exclusive option (or `NSP`) beside others empties the answer."""
    frame, notes = read_ticks(question, frame)
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
    return Reading(frame.select(multiple_columns(question)).get_columns(), notes)


def state_of(question: Question, answered: pl.Expr, dont_know: pl.Expr) -> pl.Expr:
    """`repondu`, `NSP` or `NR` where asked; null elsewhere, and where required but blank."""
    blank = pl.lit(None if question.required else BLANK, pl.String)
    state = pl.when(answered).then(pl.lit(GIVEN)).when(dont_know).then(pl.lit(DONT_KNOW))
    return pl.when(pl.col("asked")).then(state.otherwise(blank))


def multiple_columns(question: Question) -> list[pl.Expr]:
    """Typed columns of a multiple choice, from its `state` and its ticks."""
    other, state = other_option(question), question_columns(question)[0]
    answered = pl.col("state") == GIVEN
    columns = [pl.col("state").cast(state.dtype).alias(state.name)]
    for option in question.options:
        shown = answered & pl.col(mask_of(option))
        tick = pl.when(shown).then(pl.col(f"tick:{option.code}"))
        columns.append(tick.alias(tick_column(question, option.code)))
    if other:
        text = pl.col(cell(f"{question.code}[{OTHER}]"))
        written = ~text.is_in([*TICKED, *UNTICKED, OTHER_ANSWER])
        shown = answered & pl.col(f"tick:{other.code}") & written
        columns.append(pl.when(shown).then(text).alias(other_text_column(question, other.code)))
    return columns


def read_ticks(question: Question, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """`frame` with a Boolean `tick:<option>` per option and `tick:NSP`, never null.

    Also `ticked` (number of ticks) and `contradictory` (one of them should have stood alone).
    """
    other, asked = other_option(question), pl.col("asked")
    notes, ticks = [], {DONT_KNOW: pl.lit(False)}
    for option in question.options:
        field = f"{question.code}[{OTHER if option is other else option.code}]"
        ticks[option.code] = ~pl.col(cell(field)).is_in(UNTICKED)
    if question.dont_know:
        ticks[DONT_KNOW] = pl.col(cell(f"{question.code}[{DONT_KNOW}]")).is_in(TICKED)
    for field in question_fields(question):
        if field.part != OTHER:
            raw = pl.col(cell(field.name))
            wrong = asked & ~raw.is_in(TICKED + UNTICKED)
            detail = " (admis : Y ou vide, 1 ou 0, 1 ou 2)"
            notes += noted(frame, wrong, field.name, UNKNOWN_CODE, raw, detail, fatal=True)
    frame = frame.with_columns(tick.alias(f"tick:{code}") for code, tick in ticks.items())
    for option in question.options:
        if option.only_if:
            tick, shown = f"tick:{option.code}", pl.col(mask_of(option))
            hidden, field = asked & pl.col(tick) & ~shown, f"{question.code}[{option.code}]"
            notes += noted(frame, hidden, field, NOT_OFFERED, pl.lit(option.code))
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
    frame = frame.with_columns(value=raw if is_text else number(raw, question))
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


def number(raw: pl.Expr, question: Question) -> pl.Expr:
    """The number written in a cell; null when it is not one (or not a whole one where asked)."""
    digits = raw.str.replace_all(r"[\s\u{a0}\u{202f}]", "")
    if question.integer:
        return digits.str.replace(r"[.,]0*$", "").str.strip_prefix("+").cast(pl.Int64, strict=False)
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
            "row",
            cause=pl.lit(cause),
            detail=pl.lit(detail),
            colonne=pl.lit(field),
            valeur=pl.lit(None, pl.String) if value is None else value,
            fatal=pl.lit(fatal),
        )
    ]
