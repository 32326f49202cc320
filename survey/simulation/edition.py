"""A synthetic region with a known truth, for the demonstration and for tests. Données simulées.

    frame       official totals, crossed by assumption         survey/simulation_frame.py
    truth       answers of every enterprise of the frame       survey/simulation_answers.py
    sample      stratified, drawn as a real one                survey/sampling.py
    responses   non-response, blanks, haste, accidents         survey/simulation_fieldwork.py

Same questionnaire, reference and seed: same bytes. The numbers of the model stand in
`simulation_model.yml`, to be read by a statistician.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from survey.fieldwork import OUTCOMES
from survey.files import replace_file, write_parquet, write_text
from survey.formats.limesurvey.reading import write_export
from survey.questionnaire import Questionnaire
from survey.reference import Reference
from survey.sampling import add_tokens, allocate, draw_sample, stratify, stratum_totals
from survey.simulation_answers import draw_answers
from survey.simulation_fieldwork import collect, draw_outcomes
from survey.simulation_frame import build_frame
from survey.simulation_model import SimulationModel, load_model, maturity, stream

EXPORT = "export-limesurvey-donnees-simulees.csv"
STRATA = (("departement", "secteur", "taille"), ("secteur", "taille"), ("taille",))
SMALLEST_STRATUM = 25
MINIMUM = 6
POWER = 0.5
WRONG_CODES = 3
NOTICE = """DONNÉES SIMULÉES

Aucune entreprise de ce dossier n’existe, aucune n’a répondu. La base de sondage respecte les totaux
officiels ; leur croisement et toutes les réponses viennent d’un modèle
(survey/simulation_model.yml, data/reference/hypotheses_simulation.csv). Ne rien en conclure sur la
région.

base.parquet                             la base de sondage simulée
echantillon.parquet                      l’échantillon tiré, avec jetons et poids de sondage
export-limesurvey-donnees-simulees.csv   les réponses, dans la forme d’un export LimeSurvey
verite.parquet                           les vraies valeurs de toutes les entreprises simulées
"""


@dataclass(frozen=True, slots=True)
class SimulatedEdition:
    """One simulated edition.

    frame : one row per enterprise (see `build_frame`).
    sample : drawn rows of the frame with `stratum`, `stratum_size`, `design_weight`, `token`.
    outcomes : `sample` with what became of each unit (`survey.fieldwork.OUTCOMES`).
    responses : what the collecting tool received, duplicates and unfinished answers included.
    truth : `frame` with the true answer of each enterprise to each question it would be asked;
        never `NSP` nor `NR`, null where it would not be asked.
    """

    questionnaire: Questionnaire
    edition: int
    seed: int
    frame: pl.DataFrame
    sample: pl.DataFrame
    outcomes: pl.DataFrame
    responses: pl.DataFrame
    truth: pl.DataFrame


def simulate_edition(
    questionnaire: Questionnaire,
    reference: Reference,
    edition: int,
    seed: int,
    sample_size: int,
    model: SimulationModel | None = None,
) -> SimulatedEdition:
    """Simulate one edition from the frame to the answers received.

    Two editions with the same seed share the enterprises and their randomness; their samples are
    independent. `questionnaire` is that of the edition; what the model does not name gets defaults.
    """
    model = model or load_model()
    frame = build_frame(reference, seed)
    score = maturity(frame, model, edition, seed)
    potential, truth = draw_answers(frame, questionnaire, model, score, seed)
    fieldwork_seed = int(stream(seed, f"édition {edition}").integers(2**32))
    sample = simulate_sample(frame, reference, sample_size, fieldwork_seed)
    outcomes = draw_outcomes(sample, model, fieldwork_seed)
    responses = collect(outcomes, potential, questionnaire, model, edition, fieldwork_seed)
    known = [name for name in frame.columns if name not in truth.columns]
    return SimulatedEdition(
        questionnaire=questionnaire,
        edition=edition,
        seed=fieldwork_seed,
        frame=frame,
        sample=sample,
        outcomes=outcomes.select("unite", "token", pl.col("outcome").cast(OUTCOMES)),
        responses=responses,
        truth=frame.select("unite", *known).hstack(truth.drop("unite")),
    )


def simulate_sample(
    frame: pl.DataFrame, reference: Reference, sample_size: int, seed: int
) -> pl.DataFrame:
    """A stratified sample with tokens; the largest enterprises are all taken."""
    stratified = stratify(frame, STRATA, smallest=SMALLEST_STRATUM)
    largest = stratified.filter(pl.col("taille") == reference.sizes["code"][-1])
    allocation = allocate(
        stratum_totals(stratified),
        sample_size,
        minimum=MINIMUM,
        certainty=set(largest["stratum"]),
        power=POWER,
    )
    key = hashlib.sha256(f"données simulées {seed}".encode()).digest()
    return add_tokens(draw_sample(stratified, allocation, seed), key)


def true_share(truth: pl.DataFrame, value: pl.Expr, base: pl.Expr | None = None) -> float:
    """Exact share of `value` (Boolean, null = not concerned) in the population, or in a `base`."""
    concerned = truth if base is None else truth.filter(base)
    return concerned.select(value.mean()).item()


def write_simulation(simulated: SimulatedEdition, directory: Path) -> dict[str, Path]:
    """Write the files of a simulated campaign and return their paths by name.

    `base.parquet`, `echantillon.parquet`, `verite.parquet`, the LimeSurvey export (`EXPORT`) with a
    few spoilt cells that an import must set aside, and `LISEZMOI.txt`. Each file is written under a
    temporary name, then renamed.
    """
    frames = {"base": simulated.frame, "echantillon": simulated.sample, "verite": simulated.truth}
    paths = {name: directory / f"{name}.parquet" for name in frames}
    for name, frame in frames.items():
        write_parquet(frame, paths[name], simulated=True)
    paths |= {"export": directory / EXPORT, "lisezmoi": directory / "LISEZMOI.txt"}
    replace_file(paths["export"], lambda path: write_spoilt_export(simulated, path))
    write_text(paths["lisezmoi"], NOTICE)
    return paths


def write_spoilt_export(simulated: SimulatedEdition, path: Path) -> None:
    """Write the LimeSurvey export, then put codes that do not exist in a few cells."""
    write_export(simulated.responses, simulated.questionnaire, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    complete = [row for row in rows if row[header.index("submitdate")]]
    first = next(each for each in simulated.questionnaire.questions if each.type == "single")
    order = stream(simulated.seed, "code faux").permutation(len(complete))
    for rank in order[:WRONG_CODES]:
        complete[rank][header.index(first.code)] = "?"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([header, *rows])
