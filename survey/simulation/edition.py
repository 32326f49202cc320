"""One simulated edition, from the frame to the answers received, and its files. Données simulées.

Same questionnaire, reference, plan and seed: same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import textwrap
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from survey.fieldwork import OUTCOMES
from survey.files import replace_file, write_parquet, write_text
from survey.formats.limesurvey.reading import write_export
from survey.french import typography
from survey.questionnaire import Questionnaire
from survey.reference import Reference
from survey.sampling import SamplingPlan, add_tokens, draw_by_plan
from survey.simulation.answers import draw_answers
from survey.simulation.fieldwork import collect, draw_outcomes
from survey.simulation.frames import COUNT, build_cells, draw_witnesses, list_units
from survey.simulation.model import SimulationModel, load_model, maturity, stream
from survey.territories import LEVELS, Territories, territory_columns

EXPORT = "export-limesurvey-donnees-simulees.csv"
WRONG_CODES = 3
WARNING = """{personne} La base de sondage respecte les totaux officiels ; leur croisement et
toutes les réponses viennent d’un modèle (survey/simulation/models/{population}.yml,
data/reference/hypotheses_simulation.csv). Ne rien en conclure sur la région."""
NOTICE = """DONNÉES SIMULÉES

{avis}

base.parquet                             {base}
echantillon.parquet                      l’échantillon tiré, avec jetons et poids de sondage
export-limesurvey-donnees-simulees.csv   les réponses, dans la forme d’un export LimeSurvey
verite.parquet                           {verite}
"""


@dataclass(frozen=True, slots=True)
class SimulatedEdition:
    """One simulated edition.

    frame : one row per unit; or cells with their number of units, `effectif`, where the model has
        `temoins` (see `survey.simulation.frames`).
    sample : units drawn, with the columns of the frame, `stratum`, `stratum_size`,
        `design_weight`, `token`.
    outcomes : `unite`, `token` and what became of each unit (`survey.fieldwork.OUTCOMES`).
    responses : what the collecting tool received, duplicates and unfinished answers included.
    truth : every unit of the frame, or the witnesses who stand for them, each for as many, with
        the true answer to each question it would be asked; never `NSP` nor `NR`, null where it
        would not be asked. A question hides the column of the frame that bears its name.
    """

    model: SimulationModel
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
    territories: Territories,
    edition: int,
    seed: int,
    plan: SamplingPlan,
    model: SimulationModel | None = None,
) -> SimulatedEdition:
    """Simulate one edition of the population of the questionnaire.

    Two editions with the same seed share the units of a frame that lists them and their randomness;
    their samples are independent. `questionnaire` is that of the edition, `reference` holds the
    margins of its population; what the model does not name gets defaults.
    """
    model = model or load_model(questionnaire.population)
    fieldwork_seed = int(stream(seed, f"édition {edition}").integers(2**32))
    frame = build_cells(model.population, reference, territories)
    if model.temoins is None:
        frame = list_units(frame, territories, seed)
    sample = simulate_sample(frame, plan, fieldwork_seed)
    own = [name for name in sample.columns if name == "unite" or name in frame.columns]
    units = frame
    if model.temoins is not None:
        witnesses = draw_witnesses(frame, model.temoins, seed)
        units = pl.concat([witnesses.select(own), sample.select(own)])
    placed = with_territories(units, territories)
    score = maturity(placed, model, edition, seed)
    potential, truth = draw_answers(placed, questionnaire, model, score, seed)
    outcomes = draw_outcomes(with_territories(sample, territories), model, fieldwork_seed)
    responses = collect(outcomes, potential, questionnaire, model, edition, fieldwork_seed)
    known = [name for name in placed.columns if name not in truth.columns]
    return SimulatedEdition(
        model=model,
        questionnaire=questionnaire,
        edition=edition,
        seed=fieldwork_seed,
        frame=frame,
        sample=sample,
        outcomes=outcomes.select("unite", "token", pl.col("outcome").cast(OUTCOMES)),
        responses=responses,
        truth=placed.select("unite", *known)
        .hstack(truth.drop("unite"))
        .head(model.temoins or units.height),
    )


def with_territories(units: pl.DataFrame, territories: Territories) -> pl.DataFrame:
    """Units plus the places of their commune that they do not carry yet."""
    levels = [level for level in LEVELS if level not in units.columns]
    return territory_columns(units, territories.communes, levels=levels)


def simulate_sample(frame: pl.DataFrame, plan: SamplingPlan, seed: int) -> pl.DataFrame:
    """The sample of a plan, with tokens."""
    counts = COUNT if COUNT in frame.columns else None
    key = hashlib.sha256(f"données simulées {seed}".encode()).digest()
    return add_tokens(draw_by_plan(frame, plan, seed, counts=counts), key)


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
    write_text(paths["lisezmoi"], notice(simulated.model))
    return paths


def notice(model: SimulationModel) -> str:
    """What the files are, and that nobody in them answered."""
    words = model.notice.model_dump()
    warning = typography(WARNING.format(population=model.population, **words))
    return NOTICE.format(avis=textwrap.fill(warning, 100, break_on_hyphens=False), **words)


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
