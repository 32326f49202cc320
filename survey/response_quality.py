"""How well a set of answers was given: item non-response, speed, straight-lining, erased values.

Pure functions on the frame of answers, unweighted: they judge a file, not a population.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from survey.columns import (
    BLANK,
    DONT_KNOW,
    SPECIAL_LABELS,
    answer_column,
    choice_codes,
    question_columns,
)
from survey.formats.intake import VALUE_ERASED
from survey.questionnaire import Question, Questionnaire

SPEEDER_SHARE = 1 / 3  # of the median duration
GRID_ROWS = 4  # fewer rows say nothing about straight-lining


@dataclass(frozen=True, slots=True)
class Speed:
    """How long answering took: `median` in seconds (None: no duration), and who went too fast."""

    timed: int
    median: float | None
    speeders: tuple[str, ...]


def item_nonresponse(responses: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """One row per question (per row for a grid), most left blank first.

    `colonne`, `libelle`, `n_asked` (complete answers asked), `nonresponse_share` and
    `dont_know_share` among them. Leaves out items asked of nobody, and free texts, which many
    rightly leave blank.
    """
    complete = responses.filter("complete")
    items = [
        nonresponse_of(complete, question, column.name, column.item)
        for question in questionnaire.questions
        if question.type != "text"
        for column in question_columns(question)
        if column.role in ("choice", "state")
    ]
    return (
        pl.DataFrame(
            items,
            schema={
                "colonne": pl.String,
                "libelle": pl.String,
                "n_asked": pl.Int64,
                "nonresponse_share": pl.Float64,
                "dont_know_share": pl.Float64,
            },
            orient="row",
        )
        .filter(pl.col("n_asked") > 0)
        .sort("nonresponse_share", "dont_know_share", descending=True, maintain_order=True)
    )


def nonresponse_of(
    complete: pl.DataFrame, question: Question, column: str, row: str | None
) -> tuple[str, str, int, float, float]:
    """One row of `item_nonresponse`."""
    answers = complete[column].drop_nulls().cast(pl.String)
    asked = len(answers)
    label = question.short if row is None else f"{question.short} – {question.row(row).short}"
    name = question.code if row is None else f"{question.code}[{row}]"
    blank, dont_know = ((answers == code).sum() / max(asked, 1) for code in (BLANK, DONT_KNOW))
    return name, label, asked, blank, dont_know


def speed(responses: pl.DataFrame) -> Speed:
    """Median duration of complete answers, and ids of those under a third of it, fastest first."""
    timed = responses.filter(pl.col("complete") & pl.col("duration_seconds").is_not_null())
    median = timed["duration_seconds"].median()
    if median is None:
        return Speed(0, None, ())
    fast = timed.filter(pl.col("duration_seconds") < SPEEDER_SHARE * median)
    ids = fast.sort("duration_seconds", "id")["id"].cast(pl.String).to_list()
    return Speed(timed.height, median, tuple(ids))


def shown_quality(
    responses: pl.DataFrame, questionnaire: Questionnaire, smallest: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What may be published of it: `item_nonresponse`, its shares null for questions asked of fewer
    than `smallest` people, and one row `n_timed`, `median_seconds` (null: no duration).
    """
    items = item_nonresponse(responses, questionnaire)
    shares = pl.col("nonresponse_share", "dont_know_share")
    few = pl.col("n_asked") < smallest
    took = speed(responses)
    times = {"n_timed": [took.timed], "median_seconds": [took.median]}
    return (
        items.with_columns(pl.when(~few).then(shares).name.keep()),
        pl.DataFrame(times, schema={"n_timed": pl.Int64, "median_seconds": pl.Float64}),
    )


def straight_lining(responses: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """One row per grid of four rows or more: share of people giving the same answer everywhere.

    `libelle`, `n_answered` (shown at least four rows, all answered), `share`, highest first.
    """
    rows = []
    for question in questionnaire.questions:
        if question.type != "grid" or len(question.rows) < GRID_ROWS:
            continue
        answers = responses.select(
            pl.col(answer_column(question, row.code)).cast(pl.String) for row in question.rows
        )
        answered = answers.filter(
            pl.sum_horizontal(pl.all().is_not_null()) >= GRID_ROWS,
            ~pl.any_horizontal((pl.all() == BLANK).fill_null(False)),
        )
        same = answered.select(pl.min_horizontal(pl.all()) == pl.max_horizontal(pl.all()))
        if answered.height:
            rows.append((question.short, answered.height, same.to_series().mean()))
    schema = {"libelle": pl.String, "n_answered": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("share", descending=True)


def distribution(responses: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Answers by option of a single choice, in its order: `libelle`, `n`, `share`."""
    labels = {option.code: option.short for option in question.options} | SPECIAL_LABELS
    answers = responses[question.code].cast(pl.String).drop_nulls()
    rows = [
        (labels[code], n, n / max(len(answers), 1))
        for code in choice_codes(question)
        if (n := int((answers == code).sum())) or code not in SPECIAL_LABELS
    ]
    schema = {"libelle": pl.String, "n": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def erased_values(rejects: pl.DataFrame) -> pl.DataFrame:
    """Values emptied while their row was kept: `colonne`, `motif`, `n`, most frequent first."""
    return (
        rejects.filter(pl.col("decision") == VALUE_ERASED)
        .group_by("colonne", "motif")
        .agg(n=pl.len())
        .sort("n", "colonne", descending=[True, False])
    )
