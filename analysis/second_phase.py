"""Responding as a second phase of the draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from analysis.checks import Floats, Integers, encode, fault, named, refuse_missing, row_numbers
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays, averaging, centre_share, factors
from analysis.stages import Stage

LONE_GROUP = ("le", "groupe", "un voisin")


def with_second_phase(
    arrays: DesignArrays, frame: pl.DataFrame, design: SurveyDesign
) -> DesignArrays:
    """Add the variance of responding, a second phase of simple random draws in response groups.

    Two-phase estimator of Särndal, Swensson and Wretman (1992, result 9.3.1), as R's
    `twophase(method="full")`. Silent rows score 0, respondents carry 1/p more, p = r/n being the
    response rate of their group: the form of the first phase counts squares 1/p times too much,
    and pairs of a group p²/P(both respond) times too little. The second phase adds its own form.
    """
    use = "Non-réponse (seconde phase)"
    responded, group, _ = response_columns(frame, design, arrays.weight, use)
    n_groups = int(group.max()) + 1
    size = np.bincount(group, minlength=n_groups).astype(float)
    heard = np.bincount(group[responded], minlength=n_groups).astype(float)
    rate = heard / size
    spread = np.where(heard > 1, heard / np.maximum(heard - 1, 1), 1.0)
    second = Stage(
        unit=np.arange(frame.height),
        by_row=True,
        stratum_of_unit=group,
        unit_count=heard,
        scale=(1 - rate) * spread,
        centred=heard > 1,
        lonely=np.zeros(n_groups, dtype=bool),
    )
    # p_k p_l over the probability that both respond, less 1, for two units of a group.
    pairs = np.where(heard > 1, (size - heard) / (size * np.maximum(heard - 1, 1)), 0.0)
    own = sum(own_factor(stage) for stage in arrays.stages)
    diagonal = -own * (1 - rate + pairs)[group]
    refined = tuple(within_groups(stage, group, pairs) for stage in arrays.stages)
    return replace(arrays, stages=(*arrays.stages, second, *refined), diagonal=diagonal)


def response_columns(
    frame: pl.DataFrame, design: SurveyDesign, weight: Floats, use: str
) -> tuple[np.ndarray, Integers, pl.Series]:
    """Who responded, the code of each response group, and its name."""
    for column in (design.responded, design.response_group):
        refuse_missing(frame, column, use)
    if frame.schema[design.responded] != pl.Boolean:
        raise fault(
            f"{use} : la colonne « {design.responded} » doit être booléenne (vrai ou faux)."
        )
    responded = frame[design.responded].to_numpy()
    wrong = ~responded & (weight > 0)
    if wrong.any():
        raise fault(
            f"{use} : poids « {design.weight} » positif pour une unité qui n’a pas répondu "
            f"({row_numbers(pl.Series(wrong))}) ; il doit y être nul."
        )
    group, keys = encode(frame.select(design.response_group))
    names = keys.to_series().cast(pl.String)
    silent = np.flatnonzero(np.bincount(group[responded], minlength=len(names)) == 0)
    if silent.size:
        the, groups, one = ("les", "groupes", "d’autres") if silent.size > 1 else LONE_GROUP
        raise fault(
            f"{use} : aucun répondant dans {the} {groups} "
            f"{named(names.gather(silent.tolist()).to_list())} ; {the} regrouper avec {one}."
        )
    return responded, group, names


def own_factor(stage: Stage) -> Floats:
    """Factor of the square of each row in the form of a stage."""
    strata = stage.stratum_of_unit
    share = centre_share(stage) * stage.centred[strata]
    factor, total = factors(stage)
    own = factor * (1 - 2 * share) + share**2 * total[strata]
    return (stage.scale[strata] * averaging(stage) * own)[stage.unit]


def within_groups(stage: Stage, group: Integers, pairs: Floats) -> Stage:
    """The form of a stage between rows of one response group only, times `pairs` of the group."""
    n_groups = int(group.max()) + 1
    key = stage.unit * n_groups + group
    values, unit = np.unique(key, return_inverse=True)
    old_unit, unit_group = values // n_groups, values % n_groups
    old_stratum = stage.stratum_of_unit[old_unit]
    strata, stratum_of_unit = np.unique(old_stratum * n_groups + unit_group, return_inverse=True)
    source = strata // n_groups
    return Stage(
        unit=unit,
        by_row=stage.by_row and len(values) == len(unit),
        stratum_of_unit=stratum_of_unit,
        unit_count=stage.unit_count[source],
        scale=stage.scale[source] * averaging(stage) * pairs[strata % n_groups],
        centred=stage.centred[source],
        lonely=np.zeros(len(strata), dtype=bool),
        factor=None if stage.factor is None else stage.factor[old_unit],
        weighted_centre=stage.weighted_centre,
        factor_sum=None if stage.factor_sum is None else stage.factor_sum[source],
    )
