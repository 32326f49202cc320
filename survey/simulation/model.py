"""The model behind the simulated answers: its table, read, and the score of each unit.

`models/<population>.yml` is the documentation of a model, to be read by a statistician;
`survey.simulation.answers` draws from it. Données simulées.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from survey.errors import SurveyError

MODELS = Path(__file__).with_name("models")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


ByCode = dict[str, dict[str, float]]  # column of the frame -> code -> number; 0 for other codes


class Notice(_Part):
    """How the notice of the files speaks of the population.

    `personne` says that nobody in them answered; `base` and `verite` what these files hold.
    """

    personne: str
    base: str = "la base de sondage simulée"
    verite: str


class Known(_Part):
    """A question answered by a `colonne` of the frame; `sinon` for codes it does not offer."""

    colonne: str
    sinon: str | None = None


class Evolution(_Part):
    """Change of the score since the first edition: sums of `ajoute`, times each `facteur`."""

    ajoute: ByCode
    facteur: ByCode = {}


class Score(_Part):
    """Digital maturity, in points of log-odds; `individuel` is a standard deviation."""

    selon: ByCode
    individuel: float
    evolution: dict[int, Evolution] = {}


class Answering(_Part):
    """Who answers: logit of a complete answer, then what happens to the others."""

    constante: float
    selon: ByCode
    incomplet: float
    refus: float
    reponses_monotones: float
    duree_mediane_minutes: float


class Rates(_Part):
    """Shares of answers replaced by « ne sait pas » and left blank."""

    nsp: float
    nr: float


class Behaviour(_Part):
    """Shares (%) of options at the reference score, slopes of their log-odds; `*` = any other."""

    parts: dict[str, float] = {}
    pente: dict[str, float] = {}


class Effect(_Part):
    """Points of log-odds added to options (of one row, or of all) where a condition holds."""

    si: str
    ajoute: dict[str, float]
    ligne: str | None = None


class Case(_Part):
    """Shares (%) that stand for those of the question where a condition holds.

    `reference` is the score of the unit whose shares these are.
    """

    si: str
    parts: dict[str, float]
    reference: float = 0.0


class QuestionModel(Behaviour):
    """How one question is answered; `centre` and `dispersion` serve numbers.

    `reference` is the score of the unit whose shares are written. The last of the cases that holds
    gives the shares; rows of a grid have none.
    """

    reference: float = 0.0
    cas: tuple[Case, ...] = ()
    lignes: dict[str, Behaviour] = {}
    effets: tuple[Effect, ...] = ()
    centre: float = 0.5
    dispersion: float = 1.0
    textes: tuple[str, ...] = ("Remarque simulée.",)
    nsp: float | None = None
    nr: float | None = None

    def row(self, code: str | None) -> Behaviour:
        """Behaviour of a row: its own parts and slopes where given, else those of the question."""
        own = self.lignes.get(code, Behaviour())
        return Behaviour(parts=own.parts or self.parts, pente=own.pente or self.pente)


class SimulationModel(_Part):
    """The whole of `models/<population>.yml`.

    `temoins` : where the frame only counts units, how many are drawn apart to tell the truth;
    without it the frame lists its units and each has its true answers.
    `connues` : questions that the frame answers; a question named as its column may be written
    `question: column`.
    """

    population: str
    notice: Notice
    temoins: int | None = None
    connues: dict[str, Known]
    score: Score
    reponse: Answering
    non_reponse_partielle: Rates
    questions: dict[str, QuestionModel]
    autres_textes: tuple[str, ...]

    @field_validator("connues", mode="before")
    @classmethod
    def _columns(cls, value: dict[str, str | dict]) -> dict:
        return {
            question: {"colonne": known} if isinstance(known, str) else known
            for question, known in value.items()
        }

    def question(self, code: str) -> QuestionModel:
        """Behaviour of a question; the defaults when the table does not name it."""
        return self.questions.get(code, QuestionModel())


def load_model(population: str, directory: Path = MODELS) -> SimulationModel:
    """Read the table of the model of a population.

    Raises
    ------
    SurveyError : no model, unknown or missing key, or a value that is not a number
    """
    path = directory / f"{population}.yml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in directory.glob("*.yml")))
        raise SurveyError(
            f"{path} : aucun modèle de simulation pour la population « {population} ». "
            f"Populations simulées : {known}."
        )
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return SimulationModel.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))} ({fault['type']})" for fault in error.errors()
        )
        raise SurveyError(f"{path} : modèle de simulation illisible : {faults}.") from error


def maturity(units: pl.DataFrame, model: SimulationModel, edition: int, seed: int) -> np.ndarray:
    """Score of each unit in an edition, in points of log-odds.

    An edition between two known changes keeps the last one; before the first, nothing changes.
    """
    score = model.score
    individual = stream(seed, "score").standard_normal(units.height)
    known = [year for year in score.evolution if year <= edition]
    change = score.evolution[max(known)] if known else Evolution(ajoute={})
    grown = points(units, change.ajoute)
    for name, values in change.facteur.items():
        grown = grown * by_code(units[name], values, 1.0)
    return points(units, score.selon) + grown + score.individuel * individual


def points(units: pl.DataFrame, values: ByCode) -> np.ndarray:
    """Sum of what each column adds to each unit."""
    start = np.zeros(units.height)
    return sum((by_code(units[name], codes) for name, codes in values.items()), start)


def by_code(codes: pl.Series, values: dict[str, float], default: float = 0.0) -> np.ndarray:
    """Value of each code; `default` for a code without value."""
    return codes.replace_strict(values, default=default, return_dtype=pl.Float64).to_numpy()


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers that depend on the seed and on a name only."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
