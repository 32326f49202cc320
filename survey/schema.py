"""What a file of answers must be: columns, types, routing, options, bounds.

The table of columns is in `survey.columns`, which alone knows their names; it is re-exported here.

`NSP` exists where `dont_know: true`, `NR` where the question is not required. An option or a row
hidden by its `only_if` is not asked: a row or a tick is then null, a single choice cannot take the
option. A multiple choice is `repondu` when at least one option is ticked. Other columns (`id`,
`token`, weights…) are let through unread, but one: `not_offered`, a list of the columns that the
version of the form this person answered did not offer; those, and no others, are then null.

Rules are Polars expressions, true on a row in the wrong. `check_responses` evaluates them all in
one pass; `response_schema` hands the same rules to pandera.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

import pandera.polars as pa
import polars as pl

from survey.columns import (
    GIVEN,
    NOT_OFFERED,
    Column,
    answer_column,
    empty_responses,
    other_text_column,
    question_columns,
    questionnaire_columns,
    state_column,
    tick_column,
)
from survey.conditions import Everyone, parse
from survey.errors import ResponseError
from survey.french import integer, short_number, typography
from survey.questions import Option, Question, Questionnaire, Row
from survey.routing import asked_if, effective_base, to_french, to_polars
from survey.suggestions import suggestion

__all__ = [
    "Column",
    "Rule",
    "Violation",
    "check_responses",
    "empty_responses",
    "question_columns",
    "questionnaire_columns",
    "response_rules",
    "response_schema",
    "violations",
]

LISTED = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on one column; `broken` is true on a row in the wrong, never null."""

    column: str
    name: str
    what: str
    broken: pl.Expr


@dataclass(frozen=True, slots=True)
class Violation:
    """One value in the wrong; `row` counts from 1, `value` is text, None when empty."""

    row: int
    column: str
    value: str | None
    rule: str


def response_rules(questionnaire: Questionnaire, *, versions: bool = False) -> list[Rule]:
    """Every rule of a questionnaire beyond types, in the order of its questions.

    `versions`: the frame has a column `not_offered`.
    """
    return [
        rule
        for question in questionnaire.questions
        for rule in _rules(question, questionnaire, versions=versions)
    ]


def response_schema(questionnaire: Questionnaire, *, versions: bool = False) -> pa.DataFrameSchema:
    """The same requirements as a pandera schema: typed columns, one check of the column per rule.

    A failure case of pandera so names row, column, value and rule; routing checks read other
    columns. `versions`: the frame has a column `not_offered`.
    """
    checks: dict[str, list[pa.Check]] = {}
    for rule in response_rules(questionnaire, versions=versions):
        checks.setdefault(rule.column, []).append(_pandera_check(rule))
    columns = {
        column.name: pa.Column(column.dtype, checks.get(column.name), nullable=True)
        for column in questionnaire_columns(questionnaire)
    }
    return pa.DataFrameSchema(columns, name=questionnaire.code, strict=False)


def check_responses(frame: pl.DataFrame, questionnaire: Questionnaire) -> None:
    """Refuse a frame of answers that is not what the questionnaire allows.

    Raises
    ------
    ResponseError : columns missing or of the wrong type, else the first violations and their
        number,
        each with row (and `id` when the frame has one), column, value and rule
    """
    faults = _column_faults(frame, questionnaire)
    if faults:
        raise ResponseError("\n".join(["Colonnes de réponses refusées.", *faults]))
    found, total = violations(frame, questionnaire, limit=LISTED)
    if not total:
        return
    ids = frame["id"] if "id" in frame.columns else None
    lines = [_violation_text(violation, ids) for violation in found]
    count = f"{integer(total)} réponses refusées" if total > 1 else "1 réponse refusée"
    shown = f" (les {len(found)} premières sont listées)" if total > len(found) else ""
    raise ResponseError("\n".join([f"{count}{shown}.", *lines]))


def violations(
    frame: pl.DataFrame, questionnaire: Questionnaire, *, limit: int | None = None
) -> tuple[list[Violation], int]:
    """Values in the wrong (the first `limit` by row, then by column), and how many there are.

    The frame must have the columns and types of the questionnaire.
    """
    rules = response_rules(questionnaire, versions=NOT_OFFERED in frame.columns)
    counts = (
        frame.lazy()
        .select(rule.broken.sum().alias(str(i)) for i, rule in enumerate(rules))
        .collect()
        .row(0)
        if rules
        else ()
    )
    broken = [rule for rule, count in zip(rules, counts, strict=True) if count]
    found = [violation for rule in broken for violation in _of_rule(frame, rule, limit)]
    return sorted(found, key=lambda violation: violation.row)[:limit], sum(counts)


def _of_rule(frame: pl.DataFrame, rule: Rule, limit: int | None) -> Iterator[Violation]:
    value = pl.col(rule.column).cast(pl.String)
    rows = frame.lazy().select(
        pl.int_range(1, pl.len() + 1).alias("row"), value, broken=rule.broken
    )
    rows = rows.filter("broken")
    kept = (rows if limit is None else rows.head(limit)).collect()
    for row, found, _ in kept.iter_rows():
        yield Violation(row, rule.column, found, rule.what)


def _violation_text(violation: Violation, ids: pl.Series | None) -> str:
    known = "" if ids is None else f" (id {ids[violation.row - 1]})"
    value = "vide" if violation.value is None else f"« {violation.value} »"
    where = f"ligne {violation.row}{known}, colonne « {violation.column} », valeur {value}"
    return typography(f"{where} : {violation.rule}")


def _column_faults(frame: pl.DataFrame, questionnaire: Questionnaire) -> list[str]:
    """Columns that are missing or have another type."""
    schema = frame.schema
    faults = []
    for column in questionnaire_columns(questionnaire):
        if column.name not in schema:
            faults.append(f"colonne « {column.name} » absente. {suggestion(column.name, schema)}")
        elif schema[column.name] != column.dtype:
            wanted, found = _type_name(column.dtype), _type_name(schema[column.name])
            faults.append(f"colonne « {column.name} » : type {found} au lieu de {wanted}.")
    return [typography(fault) for fault in faults]


def _type_name(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Enum):
        return f"Enum({', '.join(dtype.categories)})"
    return str(dtype)


def _pandera_check(rule: Rule) -> pa.Check:
    def is_right(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(~rule.broken)

    return pa.Check(is_right, name=rule.name, error=rule.what, ignore_na=False)


def _rules(question: Question, questionnaire: Questionnaire, *, versions: bool) -> Iterator[Rule]:
    match question.type:
        case "single":
            yield from _asked_rules(question, questionnaire, answer_column(question), versions)
            yield from _option_rules(question, questionnaire, answer_column(question))
            yield from _other_text_rules(question)
        case "grid":
            for row in question.rows:
                name = answer_column(question, row.code)
                yield from _asked_rules(question, questionnaire, name, versions, row)
                yield from _option_rules(question, questionnaire, name)
        case "multiple":
            yield from _asked_rules(question, questionnaire, state_column(question), versions)
            yield from _tick_rules(question, questionnaire, versions)
            yield from _other_text_rules(question)
        case "number" | "text":
            yield from _asked_rules(question, questionnaire, state_column(question), versions)
            yield from _value_rules(question)


def _offered(column: str, versions: bool) -> pl.Expr:
    """Where the version of the form had this column."""
    if not versions:
        return pl.lit(True)
    return ~pl.col(NOT_OFFERED).list.contains(column).fill_null(False)


def _asked_rules(
    question: Question,
    questionnaire: Questionnaire,
    name: str,
    versions: bool,
    row: Row | None = None,
) -> Iterator[Rule]:
    """A column is null exactly where the question, or its row, is not asked."""
    condition = effective_base(question, row)
    sentence = asked_if(condition, questionnaire)
    is_empty, offered = pl.col(name).is_null(), _offered(name, versions)
    is_asked = to_polars(condition, questionnaire) & offered
    blank = "un code était attendu" if question.required else "une non-réponse se code « NR »"
    yield Rule(name, "posée", f"{sentence} Case vide ici, {blank}.", is_empty & is_asked)
    if versions:
        what = "cette version du formulaire ne posait pas la question. La case devrait être vide."
        yield Rule(name, "absente", what, ~is_empty & ~offered)
    if not isinstance(condition, Everyone):
        what = f"{sentence} La case devrait être vide."
        yield Rule(name, "non posée", what, ~is_empty & ~is_asked & offered)


def _option_rules(question: Question, questionnaire: Questionnaire, name: str) -> Iterator[Rule]:
    """A conditional option is chosen only where it is shown."""
    for option in question.options:
        if option.only_if:
            shown, prose = _shown(option, questionnaire)
            chosen = (pl.col(name) == option.code).fill_null(False)
            what = f"« {option.short} » n’est proposé que si {prose}."
            yield Rule(name, f"modalité {option.code}", what, chosen & ~shown)


def _shown(option: Option, questionnaire: Questionnaire) -> tuple[pl.Expr, str]:
    """Where an option is shown, as an expression and in French."""
    condition = parse(option.only_if)
    return to_polars(condition, questionnaire), to_french(condition, questionnaire)


def _tick_rules(question: Question, questionnaire: Questionnaire, versions: bool) -> Iterator[Rule]:
    """Boxes are filled exactly where the question is answered and the option shown."""
    state = state_column(question)
    given = _is_given(state)
    ticked = {
        option.code: pl.col(tick_column(question, option.code)).fill_null(False)
        for option in question.options
    }
    for option in question.options:
        name = tick_column(question, option.code)
        empty = pl.col(name).is_null()
        offered = _offered(name, versions)
        what = f"la case n’est vide que si « {state} » n’est pas « {GIVEN} »"
        if option.only_if:
            shown, prose = _shown(option, questionnaire)
            what = f"{what} ; elle n’est proposée que si {prose}."
            yield Rule(name, "case", what, empty == (given & shown & offered))
        else:
            yield Rule(name, "case", f"{what}.", empty == (given & offered))
        if option.exclusive:
            others = [tick for code, tick in ticked.items() if code != option.code]
            what = f"« {option.short} » exclut les autres réponses, une autre est cochée."
            yield Rule(name, "exclusive", what, ticked[option.code] & reduce(or_, others))
    what = "aucune case n’est cochée : une non-réponse se code « NR »."
    yield Rule(state, "au moins une case", what, given & ~reduce(or_, ticked.values()))


def _value_rules(question: Question) -> Iterator[Rule]:
    """A number or a text stands exactly where the state is `repondu`, and within bounds."""
    name, state = answer_column(question), state_column(question)
    value = pl.col(name)
    what = f"la case n’est remplie que si « {state} » est « {GIVEN} »."
    yield Rule(name, "valeur", what, value.is_null() == _is_given(state))
    if question.type == "text":
        blank = (value.str.strip_chars() == "").fill_null(False)
        yield Rule(name, "texte vide", "texte vide : une non-réponse se code « NR ».", blank)
        return
    if not question.integer:
        what = "ce n’est pas un nombre fini."
        yield Rule(name, "nombre fini", what, ~value.is_finite().fill_null(True))
    low, high = question.minimum, question.maximum
    if low is not None:
        below = (value < low).fill_null(False)
        yield Rule(name, "minimum", f"{short_number(low)} au moins.", below)
    if high is not None:
        yield Rule(
            name, "maximum", f"{short_number(high)} au plus.", (value > high).fill_null(False)
        )


def _other_text_rules(question: Question) -> Iterator[Rule]:
    """The free text of an option comes only with that option."""
    for option in question.options:
        if option.other:
            name = other_text_column(question, option.code)
            if question.type == "single":
                chosen = pl.col(answer_column(question)) == option.code
            else:
                chosen = pl.col(tick_column(question, option.code))
            what = f"texte sans que « {option.short} » soit choisi."
            broken = pl.col(name).is_not_null() & ~chosen.fill_null(False)
            yield Rule(name, "texte libre", what, broken)


def _is_given(state: str) -> pl.Expr:
    return (pl.col(state) == GIVEN).fill_null(False)
