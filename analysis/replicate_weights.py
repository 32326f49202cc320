"""Replicate weights: jackknife, balanced half-samples, bootstraps, successive differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.arrays import checked_weight
from analysis.checks import Floats, Integers, fault, named, refuse_missing, require_columns
from analysis.design import SurveyDesign
from analysis.hadamard import hadamard
from analysis.stages import Stage, draw_stages
from survey.errors import SurveyError
from survey.french import counted, integer
from survey.marked import setting

Method = Literal["jk1", "jkn", "brr", "fay", "rao_wu", "preston", "successive_difference"]
METHODS: tuple[Method, ...] = get_args(Method)
JACKKNIVES = ("jk1", "jkn")
LARGEST = 1 << 28  # numbers of the matrix of weights: 2 GB
USE = "Répliques"


@dataclass(frozen=True, slots=True)
class ReplicationSpec:
    """How replicate weights are made.

    method : `jk1` (no strata) and `jkn` leave out one primary unit at a time; `brr` keeps one of
        the two units of each stratum, `fay` weighs them 2 - `fay` and `fay`; `rao_wu` draws n - 1
        units of each stratum (Rao, Wu and Yue, 1992); `preston` half of the units at every stage
        (Preston, 2009); `successive_difference` contrasts neighbours (Fay and Train, 1995).
    n_replicates : number wanted; None = what the jackknife or the balance needs, 500 for a
        bootstrap, 160 at most for successive differences. A balance needs a Hadamard order.
    fay : share kept by the half-sample left out, in [0, 1[, for `fay` alone.
    seed : of the bootstraps.
    order : column the draw was sorted by, for successive differences; None = order of the rows.
    """

    method: Method
    n_replicates: int | None = None
    fay: float = 0.5
    seed: int = 0
    order: str | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise fault(
                f"{USE} : méthode {self.method!r} inconnue ; choisir parmi {', '.join(METHODS)}."
            )
        if not 0 <= self.fay < 1:
            raise fault(f"{USE} : coefficient de Fay {self.fay} ; attendu dans [0 ; 1[.")
        if self.n_replicates is not None and self.method in JACKKNIVES:
            raise fault(
                f"{USE} : le jackknife fait une réplique par unité primaire ; ne pas donner "
                "« n_replicates »."
            )
        if self.n_replicates is not None and self.n_replicates < 2:
            raise fault(f"{USE} : {self.n_replicates} demandée ; il en faut au moins 2.")
        if self.seed < 0:
            raise fault(f"{USE} : la graine {self.seed} est négative ; donner 0 ou plus.")
        if self.order is not None and self.method != "successive_difference":
            raise fault(f"{USE} : « order » ne sert qu’aux différences successives.")


@dataclass(frozen=True, slots=True, eq=False)
class ReplicateSet:
    """Weights of the sample and of its replicates, row by row.

    The variance of an estimate is `scale` x sum of `rscales` x (replicate - centre)², the centre
    being the estimate itself (`mse`) or the mean of its replicates. `weights` is rows x replicates.
    df None = rank of the weights minus 1.
    """

    weight: Floats
    weights: Floats
    scale: float
    rscales: Floats
    mse: bool = False
    df: int | None = None


def check_height(replicates: ReplicateSet, frame: pl.DataFrame) -> None:
    """Raise when weights and rows are not those of one another."""
    if len(replicates.weight) != frame.height:
        raise fault(
            f"{USE} : {counted(len(replicates.weight), 'ligne')} de poids pour "
            f"{counted(frame.height, 'ligne')} de réponses ; garder le tableau qui les a faits."
        )


def make_replicates(
    frame: pl.DataFrame, design: SurveyDesign, spec: ReplicationSpec
) -> ReplicateSet:
    """Replicates of `design.weight`, which should be the weight before any adjustment.

    `preston` replicates every stage, the others the first alone. Population sizes enter each
    method: jackknife by `rscales` as R's `as.svrepdesign`, the others by shrinking the factors
    towards 1 (R drops them for half-samples). A stratum wholly taken keeps its weights.

    A stratum of one unit, under `adjust`: as R for `jkn` (the stratum is left out, those kept weigh
    H/(H - 1)), counted around zero by bootstraps and successive differences, refused by
    half-samples. Under `average` the scale is raised as if it varied as the others do.

    Not done: calibration and non-response, which `readjust` and `recalibrate` replicate; unequal
    probabilities without replacement.

    Raises
    ------
    SurveyError : a fault of the design; one the method cannot follow; too large a matrix.
    """
    refuse_design(design)
    weight = checked_weight(frame, design.weight)
    stages = draw_stages(frame, design)
    if spec.method == "jk1" and len(stages[0].unit_count) > 1:
        raise fault(f"{USE} : le jackknife « jk1 » suppose un plan sans strates ; choisir « jkn ».")
    replicated = stages if spec.method == "preston" else stages[:1]
    if not any((stage.scale > 0).any() for stage in replicated):
        raise nothing_to_replicate(replicated[0])
    refuse_size(frame.height, stages[0], spec)
    factor, scale, rscales, mse = MAKERS[spec.method](stages, frame, spec)
    if stages[0].lonely.any() and spec.method != "jkn":
        scale *= len(stages[0].lonely) / (~stages[0].lonely).sum()
    weights = factor if replicated[-1].by_row else factor[replicated[-1].unit]
    weights *= weight[:, None]
    return ReplicateSet(weight, weights, scale, rscales, mse)


def nothing_to_replicate(stage: Stage) -> SurveyError:
    """The error of strata that all add no variance: wholly taken, or lonely and left out."""
    if stage.centred.all():
        return fault(f"{USE} : toutes les strates sont exhaustives ; il n’y a rien à répliquer.")
    which = "exhaustives ou réduites" if stage.centred.any() else "réduites"
    return fault(
        f"{USE} : toutes les strates sont {which} à une seule unité primaire, sans variance ; les "
        f"regrouper, ou choisir {setting('lonely', 'adjust')}."
    )


def refuse_design(design: SurveyDesign) -> None:
    """Raise on a design whose variance the replicates would not show."""
    what = {
        "des poids répliqués (« replicates »)": design.replicates,
        "un tirage à probabilités inégales (« pps »)": design.pps,
        "un calage (donner le poids d’avant, puis « recalibrate »)": design.margins,
        "une seconde phase (donner le poids d’avant, puis « readjust »)": design.responded,
    }
    for part, given in what.items():
        if given:
            raise fault(f"{USE} : le plan porte déjà {part}.")


def refuse_size(n_rows: int, stage: Stage, spec: ReplicationSpec) -> None:
    """Raise before a matrix that memory would not hold."""
    units = len(stage.stratum_of_unit)
    columns = units if spec.method in JACKKNIVES else spec.n_replicates or 500
    if n_rows * columns > LARGEST:
        raise fault(
            f"{USE} : {integer(n_rows)} lignes x {integer(columns)} répliques dépassent la "
            "mémoire prévue (2 Go) ; choisir « rao_wu » ou moins de répliques."
        )


Stages = tuple[Stage, ...]
Made = tuple[Floats, float, Floats, bool]  # factor (units x replicates), scale, rscales, mse


def remaining(stage: Stage) -> Floats:
    """Of each stratum, 1 - f times the fractions before; 0 when it adds no variance."""
    return stage.scale * np.maximum(stage.unit_count - 1, 1) / stage.unit_count


def jackknife(stages: Stages, frame: pl.DataFrame, spec: ReplicationSpec) -> Made:
    """One primary unit left out at a time, its stratum raised; as R's `jknweights`."""
    stage = stages[0]
    n_strata, n_units = len(stage.unit_count), len(stage.stratum_of_unit)
    stratum = stage.stratum_of_unit
    out = np.flatnonzero(stage.scale[stratum] > 0)
    count = stage.unit_count[stratum[out]]
    alone = count == 1
    if alone.any() and n_strata == 1:
        raise fault(f"{USE} : une seule unité primaire ; le jackknife en demande au moins deux.")
    raised = np.where(alone, 1.0, count / np.maximum(count - 1, 1))
    elsewhere = np.where(alone, n_strata / max(n_strata - 1, 1), 1.0)
    factor = np.where(stratum[:, None] == stratum[out], raised, elsewhere)
    factor[out, np.arange(len(out))] = 0.0
    rscales = (remaining(stage)[stratum[out]] * (count - 1) / count) * ~alone
    rscales += alone * (n_strata - 1) / n_strata
    lonely = stage.lonely.sum()
    return factor, n_units / (n_units - lonely), rscales, False


def half_samples(stages: Stages, frame: pl.DataFrame, spec: ReplicationSpec) -> Made:
    """Balanced half-samples: in each pair the weights move apart as a row of a Hadamard matrix."""
    stage = stages[0]
    drawn = stage.scale > 0
    wrong = drawn & (stage.unit_count != 2)
    if wrong.any():
        sizes = np.unique(stage.unit_count[wrong]).astype(int).tolist()
        raise fault(
            f"{USE} : les demi-échantillons demandent deux unités primaires par strate ; "
            f"{counted(wrong.sum(), 'strate')} sur {integer(len(wrong))} en "
            f"{'ont' if wrong.sum() > 1 else 'a'} {named(sizes)}. "
            "Former des paires, ou choisir « jkn » ou « rao_wu »."
        )
    pairs = np.cumsum(drawn)
    rows = balanced_rows(int(pairs[-1]), spec.n_replicates)
    if len(rows) < pairs[-1]:
        raise fault(
            f"{USE} : {spec.n_replicates} demi-échantillons pour {pairs[-1]} strates ; il en faut "
            "plus que de strates pour les équilibrer."
        )
    kept = 0.0 if spec.method == "brr" else spec.fay
    stratum = stage.stratum_of_unit
    side = np.full(len(stratum), -1.0)
    side[np.unique(stratum, return_index=True)[1]] = 1.0
    reach = np.sqrt(remaining(stage)) * (1 - kept)
    signs = np.where(drawn[stratum, None], rows[np.maximum(pairs[stratum] - 1, 0)], 0)
    factor = 1 + (side * reach[stratum])[:, None] * signs
    n_replicates = rows.shape[1]
    return factor, 1 / (n_replicates * (1 - kept) ** 2), np.ones(n_replicates), False


def rao_wu(stages: Stages, frame: pl.DataFrame, spec: ReplicationSpec) -> Made:
    """n - 1 units of each stratum drawn with replacement, their counts rescaled to n/(n - 1)."""
    rng = np.random.default_rng(spec.seed)
    n_replicates = spec.n_replicates or 500
    stage = stages[0]
    left = np.sqrt(remaining(stage))
    factor = np.ones((len(stage.stratum_of_unit), n_replicates))
    for size, units in units_by_size(stage):
        shrunk = left[stage.stratum_of_unit[units[:, 0]]][:, None, None]
        shape = (len(units), 1, n_replicates)
        if size == 1:
            drawn = 1 + shrunk * rng.choice([-1.0, 1.0], shape)
        else:
            counts = drawn_counts(rng, len(units), size, n_replicates)
            drawn = counts * (shrunk * size / (size - 1)) + (1 - shrunk)
        factor[units.ravel()] = drawn.reshape(-1, n_replicates)
    return bootstrap_set(factor)


def drawn_counts(rng: np.random.Generator, n_strata: int, size: int, n_replicates: int) -> Integers:
    """How often each of `size` units comes in `size` - 1 draws, strata x units x replicates."""
    drawn = rng.integers(0, size, (n_strata, size - 1, n_replicates), dtype=np.int32)
    drawn *= n_replicates
    drawn += np.arange(n_replicates, dtype=np.int32)
    width = size * n_replicates
    counts = np.empty((n_strata, width), np.int64)
    for stratum in range(n_strata):
        counts[stratum] = np.bincount(drawn[stratum].ravel(), minlength=width)
    return counts.reshape(n_strata, size, n_replicates)


def units_by_size(stage: Stage) -> list[tuple[int, Integers]]:
    """Units of the strata that vary: for each number of units, an array strata x units."""
    order = np.argsort(stage.stratum_of_unit, kind="stable")
    count = stage.unit_count[stage.stratum_of_unit[order]].astype(np.int64)
    varies = stage.scale[stage.stratum_of_unit[order]] > 0
    return [
        (int(size), order[varies & (count == size)].reshape(-1, size))
        for size in np.unique(count[varies])
    ]


def bootstrap_set(factor: Floats) -> Made:
    """A bootstrap is centred on the mean of its replicates, as R's."""
    return factor, 1 / (factor.shape[1] - 1), np.ones(factor.shape[1]), False


def preston(stages: Stages, frame: pl.DataFrame, spec: ReplicationSpec) -> Made:
    """Half of the units of each stage drawn without replacement; one row a unit of the last.

    With m of n units drawn, a stage adds ± `reach` times the factors sqrt(n/m) of the units drawn
    above it, `reach`² being m (1 - f)/(n - m) times the fractions of the stages before.
    """
    rng = np.random.default_rng(spec.seed)
    n_replicates = spec.n_replicates or 500
    factor = passed = np.ones((len(stages[0].unit_count), n_replicates))
    for depth, stage in enumerate(stages):
        if depth and stage.lonely.any():
            raise fault(
                f"{USE} : {setting('lonely', 'average')} ne vaut qu’au premier degré ; choisir "
                f"{setting('', 'adjust')} ou {setting('', 'certainty')} (une grappe du degré "
                f"{depth + 1} n’a qu’une unité)."
            )
        parent, left = stage.stratum_of_unit, remaining(stage)
        count = stage.unit_count
        half = np.where((left > 0) & (count > 1), count // 2, count)
        reach = np.sqrt(left * half / np.maximum(count - half, 1))
        alone = (left > 0) & (count == 1)
        kept = halves(rng, stage, n_replicates)
        ratio = (count / half)[parent, None]
        move = reach[parent, None] * (ratio * kept - 1)
        if alone.any():
            rows = alone[parent]
            signs = rng.choice([-1.0, 1.0], (int(rows.sum()), n_replicates))
            move[rows] = np.sqrt(left[parent[rows]])[:, None] * signs
        factor = factor[parent] + passed[parent] * move
        passed = passed[parent] * np.sqrt(ratio) * kept
    return bootstrap_set(factor)


def halves(rng: np.random.Generator, stage: Stage, n_replicates: int) -> NDArray[np.bool_]:
    """Half of the units of each stratum that varies, rounded down, and all other units."""
    kept = np.ones((len(stage.stratum_of_unit), n_replicates), dtype=bool)
    for size, units in units_by_size(stage):
        if size > 1:
            key = rng.random((len(units), n_replicates, size))
            last = np.partition(key, size // 2 - 1, axis=2)[..., size // 2 - 1, None]
            kept[units] = (key <= last).transpose(0, 2, 1)
    return kept


def successive_differences(stages: Stages, frame: pl.DataFrame, spec: ReplicationSpec) -> Made:
    """Each unit moves with a row of a Hadamard matrix and against that of its next neighbour.

    Neighbours follow one another in their stratum, the last before the first. With an order beyond
    the number of units the variance is (1 - f)/2 x sum of squared differences of neighbours, as
    SD2 of Ash (2014); with fewer replicates rows serve several times and it is so in expectation.
    """
    stage, position = stages[0], np.arange(frame.height)
    if spec.order is not None:
        require_columns(frame, [spec.order], "Différences successives")
        refuse_missing(frame, spec.order, "Différences successives")
        position = frame[spec.order].rank("ordinal").to_numpy().astype(np.int64)
    first = np.full(len(stage.stratum_of_unit), np.iinfo(np.int64).max)
    np.minimum.at(first, stage.unit, position)
    order = np.lexsort((first, stage.stratum_of_unit))
    stratum = stage.stratum_of_unit[order]
    rows = balanced_rows(min(len(order), 159), spec.n_replicates)
    start = np.searchsorted(stratum, stratum)
    count = stage.unit_count[stratum].astype(np.int64)
    place = np.arange(len(order))
    follower = start + (place - start + 1) % count
    one, other = rows[place % len(rows)], rows[follower % len(rows)]
    alone = (count == 1)[:, None]
    reach = np.sqrt(remaining(stage))[stratum, None]
    factor = np.empty((len(order), rows.shape[1]))
    factor[order] = 1 + reach * np.where(alone, one / 2, (one - other) / np.sqrt(8))
    return factor, 4 / rows.shape[1], np.ones(rows.shape[1]), True


MAKERS = {
    "jk1": jackknife,
    "jkn": jackknife,
    "brr": half_samples,
    "fay": half_samples,
    "rao_wu": rao_wu,
    "preston": preston,
    "successive_difference": successive_differences,
}


def balanced_rows(needed: int, order: int | None) -> NDArray[np.int8]:
    """Rows of a Hadamard matrix but the constant one: `needed` or a few more, or as asked."""
    order, asked = order or needed + 1, order
    while (matrix := hadamard(order)) is None:
        order += 1
    if asked not in (None, order):
        raise fault(
            f"{USE} : aucune matrice de Hadamard d’ordre {asked} n’est connue ici ; choisir par "
            f"exemple n_replicates={order}."
        )
    return matrix[1:]
