"""Estimates of a survey read, or summed, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from analysis.checks import fault
from analysis.design import SurveyDesign
from analysis.pooling import merge_sums, summed_cells
from analysis.results import check_request, finished, refuse_domains
from analysis.sums import PartialSums, can_sum, partial_sums
from analysis.targets import WHOLE, Domain, Target
from survey.errors import SurveyError

HELD = 8  # parts whose sums wait to be added together


def estimate_sums(
    sums: PartialSums, *, population: str, edition: int, level: float = 0.95
) -> pl.DataFrame:
    """`estimation.estimate` from the sums of all the rows: same rows, numbers, nulls and errors."""
    check_request(sums.targets, sums.domains, level)
    cells, partitions = summed_cells(sums)
    refuse_domains(sums.targets, partitions)
    return finished(cells, sums.targets, partitions, population, edition, level)


def estimate_parts(
    parts: Iterable[pl.DataFrame],
    design: SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
    *,
    population: str,
    edition: int,
    level: float = 0.95,
) -> pl.DataFrame:
    """`estimation.estimate` of the rows of all `parts`, of which one at a time is in memory.

    Parts may be cut anywhere and come in any order (row groups of a Parquet file, a folder of
    files); parts without rows are passed over. Memory is that of one part and of the sums: strata x
    domains x targets numbers, or primary units x domains x targets when units are drawn.

    Raises
    ------
    SurveyError : as `estimate`, row numbers being those of the part, itself numbered from 1; a
        request that sums cannot serve (see `sums.can_sum`).
    """
    check_request(targets, domains, level)
    refuse_beyond(design, targets)
    waiting: list[PartialSums] = []
    for number, part in enumerate(parts, start=1):
        if part.is_empty():
            continue
        try:
            waiting.append(partial_sums(part, design, targets, domains))
        except SurveyError as error:
            raise fault(f"Lot {number} : {error}", type(error)) from error
        if len(waiting) == HELD:
            waiting = [merge_sums(waiting)]
    return estimate_sums(merge_sums(waiting), population=population, edition=edition, level=level)


def refuse_beyond(design: SurveyDesign, targets: Sequence[Target]) -> None:
    """Raise on what needs all the rows at once."""
    if not can_sum(design, targets):
        raise fault(
            "Estimation par lots : possible pour les parts, moyennes, totaux et ratios, avec un "
            "seul degré de tirage à probabilités égales, sans résidus de calage, seconde phase ni "
            "répliques ; pour le reste, estimer sur le tableau entier."
        )
