"""Which version of a form each answer was given to, and what that version did not offer.

An export that mixes versions fills the columns of all: an option that did not exist yet is empty,
but one withdrawn since may be `0`. Neither is a « non ». Two ways to know, the sure one first:

- versions are described (`FormVersion`, oldest first): an answer's version is the one its version
  column names; else those whose options explain which of its columns are filled. A box is a « non »
  only where every version the answer may come from offered it.
- else, question by question: an empty box beside filled ones was not offered. Where that shows that
  the options changed, answers with the same boxes filled form a group; a box never ticked in a
  group but ticked in another counts as not offered to that group.

A box ticked was offered, unless its described version says otherwise: that is noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from survey.columns import question_columns, tick_column
from survey.errors import ResponseError
from survey.formats.delimited import Table, file_bytes
from survey.formats.fields import TICKED, Field, cell, question_fields
from survey.formats.odk.names import form_nodes
from survey.formats.workbook_reading import read_workbook
from survey.questions import Question, Questionnaire


@dataclass(frozen=True, slots=True)
class FormVersion:
    """One version of a form: its `id` in the version column, and the columns of answers it had.

    `columns`: names of `survey.columns`: states, choices, ticks.
    """

    id: str
    columns: frozenset[str]


def read_form_version(
    path: Path, questionnaire: Questionnaire, version: str | None = None
) -> FormVersion:
    """What an XLSForm offered of the questionnaire; its own version unless `version` is given.

    KoboToolbox gives its versions names of its own (`__version__`), which the form does not hold.

    Raises
    ------
    ResponseError : the file is no XLSForm
    """
    path = Path(path)
    sheets = {sheet.name: sheet.table for sheet in read_workbook(file_bytes(path), path.name)}
    if not {"survey", "choices"} <= sheets.keys():
        raise ResponseError(
            f"{path.name} : ce n’est pas un XLSForm (feuilles survey et choices). "
            "Téléchargez le formulaire de cette version au format XLS."
        )
    survey, choices = records(sheets["survey"]), records(sheets["choices"])
    settings = records(sheets["settings"]) if "settings" in sheets else []
    lists: dict[str, set[str]] = {}
    for choice in choices:
        lists.setdefault(choice.get("list_name") or choice.get("list name", ""), set()).add(
            choice.get("name", "")
        )
    offered = {
        line["name"]: lists.get(line.get("type", "").split()[-1], set())
        for line in survey
        if line.get("name") and line.get("type")
    }
    own = settings[0].get("version", "") if settings else ""
    return form_version(version or own, offered, questionnaire)


def records(table: Table) -> list[dict[str, str]]:
    """Rows of a sheet as heading -> text."""
    rows = table.cells.drop("ligne").iter_rows()
    return [dict(zip(table.headings, row, strict=True)) for row in rows]


def form_version(
    version: str, offered: dict[str, set[str]], questionnaire: Questionnaire
) -> FormVersion:
    """A version from its nodes: name of each node -> choices it offered."""
    columns: set[str] = set()
    for node in form_nodes(questionnaire):
        question = questionnaire.question(node.question)
        if node.name not in offered or node.role in ("other_text", "dont_know"):
            continue
        columns |= {
            column.name
            for column in question_columns(question)
            if (column.role == "choice" and column.item == node.item)
            or column.role in ("state", "value")
        }
        if node.role == "ticks":
            columns |= {
                tick_column(question, option.code)
                for option in question.options
                if option.code in offered[node.name]
            }
    return FormVersion(version, frozenset(columns))


def described(
    rows: pl.DataFrame,
    ids: pl.Series | None,
    boxes: set[str],
    versions: Sequence[FormVersion],
    questionnaire: Questionnaire,
) -> pl.Series:
    """Columns not offered to each row, a list; null where no version explains the row.

    Parameters
    ----------
    rows : `cell:<field>`; the tick of a box whose column is empty is empty
    ids : the version each row names, if any
    boxes : ticks that have a column of their own in the file
    """
    known = {version.id: {at} for at, version in enumerate(versions)}
    named = [None] * rows.height if ids is None else ids.to_list()
    patterns = filled_patterns(rows, boxes, questionnaire).to_list()
    possible = pattern_versions(set(patterns), versions)
    filled = filled_columns(rows, questionnaire)
    found: list[list[str] | None] = []
    for at, (name, pattern) in enumerate(zip(named, patterns, strict=True)):
        candidates = known.get(name) or (possible[pattern] if not name else set())
        if not candidates:
            found.append(None)
            continue
        sets = [versions[place].columns for place in sorted(candidates)]
        sure, some = frozenset.intersection(*sets), frozenset.union(*sets)
        found.append(
            [name for name, series in filled.items()
             if name not in sure and (name not in some or not series[at])]
        )  # fmt: skip
    return pl.Series("not_offered", found, dtype=pl.List(pl.String))


def multiples(questionnaire: Questionnaire) -> list[Question]:
    """Multiple choices, whose boxes tell versions apart."""
    return [question for question in questionnaire.questions if question.type == "multiple"]


def ticks_of(question: Question) -> dict[str, str]:
    """Column of answers of each box -> its cell."""
    return {
        tick_column(question, field.item): cell(field.name)
        for field in question_fields(question)
        if field.role == "tick"
    }


def filled_patterns(rows: pl.DataFrame, boxes: set[str], questionnaire: Questionnaire) -> pl.Series:
    """For each row, the boxes filled (with 0 or 1) of the multiple choices it answers."""
    parts = []
    for question in multiples(questionnaire):
        cells = ticks_of(question)
        answered = pl.any_horizontal(pl.col(name) == TICKED for name in cells.values())
        parts += [
            pl.when(answered).then(
                pl.when(pl.col(at) != "").then(pl.lit(f"+{name} ")).otherwise(pl.lit(f"-{name} "))
            )
            for name, at in cells.items()
            if name in boxes
        ]
    if not parts:
        return pl.repeat("", rows.height, eager=True)
    return rows.select(pl.concat_str(parts, ignore_nulls=True).alias("pattern")).to_series()


def pattern_versions(patterns: set[str], versions: Sequence[FormVersion]) -> dict[str, set[int]]:
    """For each pattern, the versions that explain it, by position.

    A box is filled where its version offered it, or (KoboToolbox) where that version or one before
    did.
    """
    until: list[frozenset[str]] = []
    for version in versions:
        until.append(version.columns | (until[-1] if until else frozenset()))
    found = {}
    for pattern in patterns:
        boxes = {part[1:]: part[0] == "+" for part in pattern.split()}
        found[pattern] = {
            at
            for at, version in enumerate(versions)
            if any(
                all((name in columns) == filled for name, filled in boxes.items())
                for columns in (version.columns, until[at])
            )
        }
    return found


def filled_columns(rows: pl.DataFrame, questionnaire: Questionnaire) -> dict[str, pl.Series]:
    """Column of answers (choice, state, tick) -> whether each row holds something for it."""
    found: dict[str, pl.Series] = {}
    for question in questionnaire.questions:
        fields = question_fields(question)
        for column in question_columns(question):
            if column.role == "tick":
                name = cell(Field(question.code, "tick", column.item).name)
                found[column.name] = rows[name] == TICKED
            elif column.role in ("choice", "state"):
                own = [cell(field.name) for field in fields if column.item in (None, field.item)]
                given = pl.any_horizontal(pl.col(name).is_in(["", "0"]).not_() for name in own)
                found[column.name] = rows.select(given.alias("given")).to_series()
    return found


def inferred(rows: pl.DataFrame, sound: pl.Series, questionnaire: Questionnaire) -> pl.Series:
    """Boxes not offered to each `sound` row, a list, by what is empty beside what is filled."""
    rows = rows.with_columns(sound=sound)
    lists = [pl.lit(None, pl.String)]
    for question in multiples(questionnaire):
        cells = ticks_of(question)
        ticked = pl.any_horizontal(pl.col(name) == TICKED for name in cells.values())
        answered = pl.col("sound") & ticked
        empty = {name: answered & (pl.col(at) == "") for name, at in cells.items()}
        if not rows.select(pl.any_horizontal(*empty.values()).any()).item():
            continue
        group = pl.concat_str([(pl.col(at) == "").cast(pl.Int8) for at in cells.values()])
        for name, at in cells.items():
            ticked = answered & (pl.col(at) == TICKED)
            never = answered & ~ticked.any().over(group) & ticked.any()
            lists.append(pl.when(empty[name] | never).then(pl.lit(name)))
    return rows.with_columns(not_offered=pl.concat_list(lists).list.drop_nulls())["not_offered"]
