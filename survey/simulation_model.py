"""The model behind the simulated answers: its table, read, and the score of each unit.

`simulation_model.yml` is the documentation of the model; `survey.simulation_answers` draws from it.
Données simulées.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from survey.errors import SurveyError

MODEL = Path(__file__).with_name("simulation_model.yml")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evolution(_Part):
    """Change of the score since the first edition: by size, times a factor by sector."""

    taille: dict[str, float]
    secteur: dict[str, float] = {}


class Score(_Part):
    """Digital maturity, in points of log-odds; `individuel` is a standard deviation."""

    taille: dict[str, float]
    secteur: dict[str, float]
    departement: dict[str, float]
    individuel: float
    evolution: dict[int, Evolution] = {}


class Answering(_Part):
    """Who answers: logit of a complete answer, then what happens to the others."""

    constante: float
    taille: dict[str, float]
    secteur_marge: dict[str, float]
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


class QuestionModel(Behaviour):
    """How one question is answered; `centre` and `dispersion` serve numbers.

    `reference` is the score of the enterprise whose shares are written.
    """

    reference: float = 0.0
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
    """The whole of `simulation_model.yml`."""

    score: Score
    reponse: Answering
    non_reponse_partielle: Rates
    questions: dict[str, QuestionModel]
    autres_textes: tuple[str, ...]

    def question(self, code: str) -> QuestionModel:
        """Behaviour of a question; the defaults when the table does not name it."""
        return self.questions.get(code, QuestionModel())


def load_model(path: Path = MODEL) -> SimulationModel:
    """Read the table of the model.

    Raises
    ------
    SurveyError : unknown or missing key, or a value that is not a number
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return SimulationModel.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))} ({fault['type']})" for fault in error.errors()
        )
        raise SurveyError(f"{path} : modèle de simulation illisible : {faults}.") from error


def maturity(frame: pl.DataFrame, model: SimulationModel, edition: int, seed: int) -> np.ndarray:
    """Score of each unit in an edition, in points of log-odds.

    An edition between two known changes keeps the last one; before the first, nothing changes.
    """
    score = model.score
    individual = stream(seed, "score").standard_normal(frame.height)
    fixed = sum(
        by_code(frame[name], getattr(score, name)) for name in ("taille", "secteur", "departement")
    )
    known = [year for year in score.evolution if year <= edition]
    change = score.evolution[max(known)] if known else Evolution(taille={})
    grown = by_code(frame["taille"], change.taille) * by_code(frame["secteur"], change.secteur, 1.0)
    return fixed + grown + score.individuel * individual


def by_code(codes: pl.Series, values: dict[str, float], default: float = 0.0) -> np.ndarray:
    """Value of each code; `default` for a code without value."""
    return codes.replace_strict(values, default=default, return_dtype=pl.Float64).to_numpy()


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers that depend on the seed and on a name only."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
