"""Drawing the answers of simulated enterprises, whole frames at once. Données simulées.

Each question has its own random stream, made from the seed and its code: adding a question changes
no other, and two editions share their randomness. Numbers of the model: `models/<population>.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from survey.columns import (
    GIVEN,
    Column,
    answer_column,
    choice_codes,
    other_text_column,
    question_columns,
    special_codes,
    state_column,
    tick_column,
)
from survey.conditions import Condition
from survey.errors import SurveyError
from survey.questionnaire import Question, Questionnaire
from survey.routing import effective_base, parse, references, to_polars
from survey.simulation.model import (
    Case,
    Effect,
    Known,
    QuestionModel,
    SimulationModel,
    stream,
)

DEFAULT_TICK = 25.0  # % of a box the model does not name
TEXT_GIVEN = 0.6  # share of « Autre » completed with a text
NEXT_TO_NOTHING = 0.01  # % of an option said to be at 0
OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Draw:
    """What drawing one question needs: its model, the scores, the cases and effects that hold.

    `hidden` says, for options shown to some units only, to whom they are not.
    """

    question: Question
    behaviour: QuestionModel
    score: np.ndarray
    cases: tuple[tuple[Case, np.ndarray], ...]
    effects: tuple[tuple[Effect, np.ndarray], ...]
    hidden: dict[str, np.ndarray]
    seed: int
    other_texts: tuple[str, ...]

    def stream(self, item: str = "") -> np.random.Generator:
        """Random numbers of the question, or of one row of it."""
        return stream(self.seed, f"{self.question.code} {item}")

    def log_odds(
        self, option: str, starts: Sequence[float], slope: float, row: str | None = None
    ) -> np.ndarray:
        """Start + `slope` x (score - reference) + effects; minus infinity where hidden.

        `starts` : log-odds at the reference score, those of the question then of each case.
        """
        start, *others = starts
        total = start + slope * (self.score - self.behaviour.reference)
        for other, (case, holding) in zip(others, self.cases if others else (), strict=True):
            total = np.where(holding, other + slope * (self.score - case.reference), total)
        for effect, holding in self.effects:
            if option in effect.ajoute and effect.ligne in (None, row):
                total = total + effect.ajoute[option] * holding
        if option in self.hidden:
            total = np.where(self.hidden[option], -np.inf, total)
        return total


def draw_answers(
    units: pl.DataFrame,
    questionnaire: Questionnaire,
    model: SimulationModel,
    score: np.ndarray,
    seed: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Answers of every unit to every question, before and after routing; rows of `units`.

    Returns
    -------
    potential : what the unit would say to each question, asked or not; never `NSP` nor `NR`
    truth : the same, null where the questionnaire does not ask

    A question that the frame answers (`connues` of the model) gets its value. A question the model
    does not name gets defaults.
    """
    potential = truth = units.select("unite")
    for question in questionnaire.questions:
        if question.code in model.connues:
            columns = known_answer(units, question, model.connues[question.code])
        else:
            draw = prepare(question, questionnaire, model, truth, score, seed)
            columns = DRAWING[question.type](draw)
        answers = pl.DataFrame(columns)
        potential = potential.hstack(answers)
        truth = truth.hstack(asked_answers(question, questionnaire, truth, answers))
    return potential, truth


def route_answers(potential: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """`unite` and the columns of the questionnaire, null where these answers do not lead."""
    answers = potential.select("unite")
    for question in questionnaire.questions:
        names = [column.name for column in question_columns(question)]
        own = potential.select(names)
        answers = answers.hstack(asked_answers(question, questionnaire, answers, own))
    return answers


def asked_answers(
    question: Question, questionnaire: Questionnaire, answers: pl.DataFrame, own: pl.DataFrame
) -> pl.DataFrame:
    """The columns of one question, null where `answers` so far do not lead to them."""
    items = [item for item in (*question.rows, *question.options) if item.only_if]
    base = effective_base(question)
    shown = {None: holds(base, questionnaire, answers)} | {
        item.code: holds(effective_base(question, item), questionnaire, answers) for item in items
    }
    kept = []
    for column in question_columns(question):
        is_shown = shown[None] if column.item is None else shown.get(column.item, shown[None])
        kept.append(
            pl.when(pl.lit(is_shown) & is_given(question, column))
            .then(column.name)
            .alias(column.name)
        )
    return own.select(kept)


def is_given(question: Question, column: Column) -> pl.Expr:
    """Whether a value was given: the state allows it, and « Autre » was chosen for its text."""
    if column.role == "other_text":
        if question.type == "single":
            return pl.col(question.code) == column.item
        return pl.col(tick_column(question, column.item)) & (
            pl.col(state_column(question)) == GIVEN
        )
    if column.role in ("tick", "value"):
        return pl.col(state_column(question)) == GIVEN
    return pl.lit(True)


def holds(condition: Condition, questionnaire: Questionnaire, answers: pl.DataFrame) -> pl.Series:
    """Whether a condition holds, for each row of `answers`."""
    expression = to_polars(condition, questionnaire)
    return answers.select(answers.columns[0], holds=expression)["holds"]


def known_answer(units: pl.DataFrame, question: Question, known: Known) -> list[pl.Series]:
    """Columns of a single choice answered by the frame; no text for « Autre ».

    Raises
    ------
    SurveyError : the question does not offer a code of the frame
    """
    codes = choice_codes(question)
    value = units[known.colonne].cast(pl.String)
    if known.sinon is not None:
        offered = value.is_in([option.code for option in question.options])
        value = value.set(~offered.fill_null(False), known.sinon)
    unknown = sorted(set(value.drop_nulls()) - set(codes))
    if unknown:
        raise SurveyError(
            f"question « {question.code} » : la base simulée porte {unknown}, que le questionnaire "
            f"ne propose pas (options {codes}). Accorder les deux."
        )
    texts = [
        pl.Series(other_text_column(question, option.code), [None] * units.height, pl.String)
        for option in question.options
        if option.other
    ]
    return [value.cast(pl.Enum(codes)).alias(question.code), *texts]


def prepare(
    question: Question,
    questionnaire: Questionnaire,
    model: SimulationModel,
    truth: pl.DataFrame,
    score: np.ndarray,
    seed: int,
) -> Draw:
    """Evaluate the effects and the options hidden, on the answers given so far.

    A case or an effect that names a question absent from this edition is left out.
    """
    behaviour = model.question(question.code)
    known = {each.code for each in (*questionnaire.questions, *questionnaire.bases)}
    cases, effects = (
        tuple(
            (each, holds(parse(each.si), questionnaire, truth).to_numpy())
            for each in conditional
            if references(parse(each.si)) <= known
        )
        for conditional in (behaviour.cas, behaviour.effets)
    )
    hidden = {
        option.code: ~holds(parse(option.only_if), questionnaire, truth).to_numpy()
        for option in question.options
        if option.only_if
    }
    return Draw(question, behaviour, score, cases, effects, hidden, seed, model.autres_textes)


def option_parts(parts: Mapping[str, float], options: list[str]) -> dict[str, float]:
    """Share (%) of each option; those without one divide what is left to 100 equally."""
    given = {option: parts[option] for option in options if option in parts}
    others = [option for option in options if option not in given]
    left = max(100 - sum(given.values()), NEXT_TO_NOTHING)
    return given | {option: left / len(others) for option in others}


def draw_choice(draw: Draw, row: str | None = None) -> pl.Series:
    """One option per unit, from a multinomial logit (largest of log-odds plus Gumbel noise)."""
    behaviour = draw.behaviour.row(row)
    codes = [option.code for option in draw.question.options]
    cases = [case.parts for case, _ in draw.cases] if row is None else []
    shares = [option_parts(parts, codes) for parts in (behaviour.parts, *cases)]
    noise = draw.stream(row or "").random((len(codes), len(draw.score)))
    utility = np.stack(
        [
            draw.log_odds(
                code,
                [np.log(max(parts[code], NEXT_TO_NOTHING)) for parts in shares],
                behaviour.pente.get(code, 0.0),
                row,
            )
            for code in codes
        ]
    )
    chosen = (utility - np.log(-np.log(noise))).argmax(axis=0)
    name, answers = answer_column(draw.question, row), pl.Enum(choice_codes(draw.question))
    return pl.Series(name, codes, dtype=answers).gather(chosen)


def draw_single(draw: Draw) -> list[pl.Series]:
    """Columns of a single choice."""
    chosen = draw_choice(draw)
    return [chosen, *draw_other_texts(draw, {option: chosen == option for option in others(draw)})]


def draw_grid(draw: Draw) -> list[pl.Series]:
    """Columns of a grid, one draw per row; rows are linked through the score only."""
    return [draw_choice(draw, row.code) for row in draw.question.rows]


def draw_multiple(draw: Draw) -> list[pl.Series]:
    """Columns of a multiple choice: each box by its own logit, then the exclusive option.

    Nobody is left without a box: the exclusive option, else the most likely of the others.
    """
    options = draw.question.options
    free = [option.code for option in options if not option.exclusive]
    slopes = draw.behaviour.pente
    shares = [draw.behaviour.parts, *(case.parts for case, _ in draw.cases)]
    noise = draw.stream().random((len(free), len(draw.score)))
    latent = np.stack(
        [
            draw.log_odds(
                code,
                [log_odds_of(parts.get(code, DEFAULT_TICK)) for parts in shares],
                slopes.get(code, slopes.get(OTHERS, 0.0)),
            )
            for code in free
        ]
    ) + np.log(noise / (1 - noise))
    ticked = latent > 0
    none = ~ticked.any(axis=0)
    exclusive = [option.code for option in options if option.exclusive]
    if not exclusive:
        ticked[latent.argmax(axis=0)[none], np.flatnonzero(none)] = True
    boxes = dict(zip(free, ticked, strict=True)) | dict.fromkeys(exclusive, np.zeros_like(none))
    if exclusive:
        boxes[exclusive[0]] = none
    columns = [
        pl.Series(tick_column(draw.question, option.code), boxes[option.code]) for option in options
    ]
    chosen = {code: pl.Series(boxes[code]) for code in others(draw)}
    return [given_state(draw), *columns, *draw_other_texts(draw, chosen)]


def draw_number(draw: Draw) -> list[pl.Series]:
    """Columns of a number: a logistic curve between its bounds (0 and 100 when it has none)."""
    question, behaviour = draw.question, draw.behaviour
    low = 0.0 if question.minimum is None else question.minimum
    high = low + 100 if question.maximum is None else question.maximum
    start = log_odds_of(100 * behaviour.centre)
    latent = draw.log_odds("valeur", [start], behaviour.pente.get("valeur", 0.0))
    latent = latent + behaviour.dispersion * draw.stream().standard_normal(len(draw.score))
    value = low + (high - low) / (1 + np.exp(-latent))
    number = value.round().astype(np.int64) if question.integer else value.round(1)
    return [given_state(draw), pl.Series(question.code, number)]


def log_odds_of(percentage: float) -> float:
    """Log-odds of a percentage; one of 0 becomes next to nothing."""
    share = np.clip(percentage, NEXT_TO_NOTHING, 100 - NEXT_TO_NOTHING) / 100
    return float(np.log(share / (1 - share)))


def draw_text(draw: Draw) -> list[pl.Series]:
    """Columns of a free text, from the short list of the model."""
    texts = draw.behaviour.textes
    picked = draw.stream().integers(0, len(texts), len(draw.score))
    return [given_state(draw), pl.Series(draw.question.code, texts).gather(picked)]


def given_state(draw: Draw) -> pl.Series:
    """The state « repondu » for every unit."""
    states = pl.Enum([GIVEN, *special_codes(draw.question)])
    name = state_column(draw.question)
    return pl.select(pl.repeat(GIVEN, len(draw.score), dtype=states).alias(name)).to_series()


def others(draw: Draw) -> list[str]:
    """Options that open a free text."""
    return [option.code for option in draw.question.options if option.other]


def draw_other_texts(draw: Draw, chosen: dict[str, pl.Series]) -> list[pl.Series]:
    """Free texts of « Autre », given by some of those who chose it."""
    columns = []
    for option, is_chosen in chosen.items():
        numbers = draw.stream(f"{option} texte")
        picked = numbers.integers(0, len(draw.other_texts), len(draw.score))
        given = is_chosen & pl.Series(numbers.random(len(draw.score)) < TEXT_GIVEN)
        text = pl.Series(draw.other_texts).gather(picked)
        name = other_text_column(draw.question, option)
        columns.append(pl.select(pl.when(given).then(text).alias(name)).to_series())
    return columns


DRAWING = {
    "single": draw_single,
    "grid": draw_grid,
    "multiple": draw_multiple,
    "number": draw_number,
    "text": draw_text,
}
