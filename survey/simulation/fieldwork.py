"""What the fieldwork does to simulated answers: silence, blanks, haste. Données simulées."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from survey.columns import BLANK, DONT_KNOW, question_columns
from survey.fieldwork import COMPLETE, NO_ANSWER, OUTCOMES, PARTIAL, REFUSAL
from survey.questionnaire import Question, Questionnaire
from survey.routing import effective_base
from survey.simulation.answers import holds, route_answers
from survey.simulation.model import SimulationModel, points, stream

FIRST_LEFT = 6  # nobody leaves before this question: the profile is always known
ROW_DONT_KNOW = 0.6  # rows of a grid that a hesitant person does not answer
MONOTONE_OPTIONS = 3  # grids with at least as many options may be answered in a straight line
SPREAD = 0.4  # standard deviation of the logarithm of durations
OPENING = (3, 9)  # month and day
OPEN_DAYS = 60
DUPLICATES = 6
OUT_OF_ROUTING = 4


def draw_outcomes(sample: pl.DataFrame, model: SimulationModel, seed: int) -> pl.DataFrame:
    """Sample plus `outcome`; who answers depends on the columns of the frame the model names."""
    rule = model.reponse
    log_odds = rule.constante + points(sample, rule.selon)
    numbers = stream(seed, "issue").random((2, sample.height))
    completes = numbers[0] < 1 / (1 + np.exp(-log_odds))
    outcome = np.select(
        [completes, numbers[1] < rule.incomplet, numbers[1] < rule.incomplet + rule.refus],
        [COMPLETE, PARTIAL, REFUSAL],
        NO_ANSWER,
    )
    return sample.with_columns(outcome=pl.Series(outcome).cast(OUTCOMES))


def collect(
    outcomes: pl.DataFrame,
    potential: pl.DataFrame,
    questionnaire: Questionnaire,
    model: SimulationModel,
    edition: int,
    seed: int,
) -> pl.DataFrame:
    """The answers received, as `write_export` wants them, in the order of arrival.

    Complete and unfinished answers, with item non-response, straight-lining, a few tokens answering
    twice and a few answers given out of routing.
    """
    units = outcomes.filter(pl.col("outcome").cast(pl.String).is_in([COMPLETE, PARTIAL]))
    said = units.select("unite", "token", complete=pl.col("outcome") == COMPLETE).join(
        potential, on="unite", how="left", maintain_order="left"
    )
    monotone = stream(seed, "monotone").random(said.height) < model.reponse.reponses_monotones
    said = say_the_same(said, questionnaire, monotone & said["complete"].to_numpy())
    said = leave_blanks(said, questionnaire, model, seed)
    answers = said.select("token", "complete").hstack(
        route_answers(said, questionnaire).drop("unite")
    )
    answers, share = leave_early(answers, questionnaire, seed)
    answers = break_routing(answers, questionnaire, seed)
    answers = date_answers(answers, model, edition, share * np.where(monotone, 0.3, 1.0), seed)
    return number_answers(answer_twice(answers, seed))


def say_the_same(said: pl.DataFrame, questionnaire: Questionnaire, who: np.ndarray) -> pl.DataFrame:
    """In grids of three options or more, `who` repeat the answer to the first row.

    Yes/no grids are left as they are: « non » everywhere is an ordinary answer there.
    """
    columns = []
    for question in questionnaire.questions:
        if question.type == "grid" and len(question.options) >= MONOTONE_OPTIONS:
            first, *rows = [column.name for column in question_columns(question)]
            columns += [
                pl.when(pl.lit(pl.Series(who))).then(first).otherwise(row).alias(row)
                for row in rows
            ]
    return said.with_columns(columns)


def leave_blanks(
    said: pl.DataFrame, questionnaire: Questionnaire, model: SimulationModel, seed: int
) -> pl.DataFrame:
    """Replace some answers by `NSP` (where offered) and `NR` (where not required), at random."""
    columns = []
    for question in questionnaire.questions:
        own, default = model.question(question.code), model.non_reponse_partielle
        numbers = stream(seed, f"blanc {question.code}")
        blank = numbers.random(said.height) < (default.nr if own.nr is None else own.nr)
        hesitant = numbers.random(said.height) < (default.nsp if own.nsp is None else own.nsp)
        for column in question_columns(question):
            if column.role not in ("choice", "state"):
                continue
            value = pl.col(column.name)
            if question.dont_know:
                silent = hesitant
                if question.type == "grid":
                    silent = hesitant & (numbers.random(said.height) < ROW_DONT_KNOW)
                value = replaced(value, silent, DONT_KNOW, column.dtype)
            if not question.required:
                value = replaced(value, blank, BLANK, column.dtype)
            columns.append(value.alias(column.name))
    return said.with_columns(columns)


def replaced(value: pl.Expr, where: np.ndarray, code: str, dtype: pl.DataType) -> pl.Expr:
    """`value`, with `code` instead `where` it was given."""
    is_changed = pl.lit(pl.Series(where)) & value.is_not_null()
    return pl.when(is_changed).then(pl.lit(code, dtype=dtype)).otherwise(value)


def leave_early(
    answers: pl.DataFrame, questionnaire: Questionnaire, seed: int
) -> tuple[pl.DataFrame, np.ndarray]:
    """Empty what comes after the last question of unfinished answers; share of the way done."""
    count = len(questionnaire.questions)
    last = stream(seed, "abandon").integers(min(FIRST_LEFT, count - 1), count, answers.height)
    last = np.where(answers["complete"].to_numpy(), count, last)
    columns = [
        pl.when(pl.lit(pl.Series(last > rank))).then(column.name).alias(column.name)
        for rank, question in enumerate(questionnaire.questions)
        for column in question_columns(question)
    ]
    return answers.with_columns(columns), last / count


def break_routing(answers: pl.DataFrame, questionnaire: Questionnaire, seed: int) -> pl.DataFrame:
    """A few complete answers to the first filtered single choice, by people who were not asked."""
    question = first_filtered(questionnaire)
    if question is None:
        return answers
    asked = holds(effective_base(question), questionnaire, answers)
    candidates = np.flatnonzero((~asked & answers["complete"]).to_numpy())
    picked = np.zeros(answers.height, dtype=bool)
    picked[stream(seed, "hors filtre").permutation(candidates)[:OUT_OF_ROUTING]] = True
    value = pl.lit(question.options[0].code, dtype=answers.schema[question.code])
    return answers.with_columns(
        pl.when(pl.lit(pl.Series(picked))).then(value).otherwise(question.code).alias(question.code)
    )


def first_filtered(questionnaire: Questionnaire) -> Question | None:
    """The first single choice that is not asked of everyone and on which nothing depends."""
    used = " ".join(question.base for question in questionnaire.questions) + " ".join(
        base.condition for base in questionnaire.bases
    )
    return next(
        (
            question
            for question in questionnaire.questions
            if question.type == "single"
            and question.base != "ensemble"
            and question.code not in used
        ),
        None,
    )


def date_answers(
    answers: pl.DataFrame, model: SimulationModel, edition: int, share: np.ndarray, seed: int
) -> pl.DataFrame:
    """Add `duration_seconds` (log-normal, times the share of the way done) and `submitted`."""
    numbers = stream(seed, "calendrier")
    median = 60 * model.reponse.duree_mediane_minutes
    seconds = median * share * np.exp(SPREAD * numbers.standard_normal(answers.height))
    # three answers out of four come in the first third of the fieldwork
    moment = OPEN_DAYS * numbers.beta(1, 3, answers.height) * 86_400
    opening = datetime.combine(date(edition, *OPENING), datetime.min.time()) + timedelta(hours=8)
    return answers.with_columns(
        duration_seconds=pl.Series(seconds.round(2)),
        submitted=pl.lit(opening) + pl.duration(seconds=pl.Series(moment.astype(np.int64))),
    )


def answer_twice(answers: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add a second, later row for a few tokens of complete answers."""
    complete = np.flatnonzero(answers["complete"].to_numpy())
    picked = stream(seed, "doublon").permutation(complete)[:DUPLICATES]
    later = pl.col("submitted") + pl.duration(days=1)
    return pl.concat([answers, answers[np.sort(picked)].with_columns(submitted=later)])


def number_answers(answers: pl.DataFrame) -> pl.DataFrame:
    """Rows by date, with an `id` counting from 1; technical columns first."""
    technical = ["id", "token", "submitted", "complete", "duration_seconds"]
    return (
        answers.sort("submitted", "token")
        .with_columns(id=pl.int_range(1, pl.len() + 1))
        .select(*technical, pl.exclude(technical))
    )
