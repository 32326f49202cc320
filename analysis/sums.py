"""Sums by domain and stratum: all that linear statistics and their variance need of the rows.

They are made part by part (`partial_sums`), added (`pooling.merge_sums`), turned into estimates
(`pooling.summed_cells`): a survey never has to be in one memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from analysis.checks import Floats, Integers, require_columns
from analysis.design import SurveyDesign
from analysis.linearisation import LINEAR
from analysis.moments import Moments, single
from analysis.parts import (
    Cut,
    Draw,
    Mask,
    TargetColumns,
    cut_rows,
    part_weight,
    read_draw,
    target_columns,
)
from analysis.targets import WHOLE, Domain, Target, refuse_unknown_columns

AT_ONCE = 1 << 23  # values of targets held together, rows x targets


@dataclass(frozen=True, slots=True, eq=False)
class CutSums:
    """Sums of the rows counted (of positive weight, in one of its domains) for a `Domain`.

    keys, labels : the values that define each domain, and its name, in order.
    domain, member : domain and stratum (or primary unit, when units are drawn) of each pair that
        has rows.
    moments : by pair, of x = w (value - ratio x divisor) and z = w divisor, the ratio being that of
        the domain, 0 for a total. The divisor of a share or mean is 1 where answered.
    by_domain : domains x targets, sums of: `rows`; `count`, `size`, `squares`: answered times 1, w,
        w²; `base`: w in the base; `amount`, `below`: w value, w divisor; `ee`, `ed`, `dd`: w times
        products of e = value - ratio x divisor and d = divisor.
    """

    keys: pl.DataFrame
    labels: list[str]
    domain: Integers
    member: Integers
    moments: Moments
    by_domain: dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class PartialSums:
    """All that `estimate` needs of the rows of a part; `weight` is the sum of theirs."""

    design: SurveyDesign
    targets: tuple[Target, ...]
    domains: tuple[Domain, ...]
    weight: float
    draw: Draw
    cuts: tuple[CutSums, ...]


def can_sum(design: SurveyDesign, targets: Sequence[Target]) -> bool:
    """Whether sums by stratum are enough.

    They are for totals, means, shares and ratios under one stage of drawing with equal
    probabilities; not with calibration residuals, a second phase or replicates.
    """
    fractions = bool(design.sizes or design.certainty)
    one_stage = not fractions or max(len(design.clusters), len(design.sizes)) < 2
    beyond = (design.pps, design.margins, design.responded, design.replicates)
    return one_stage and not any(beyond) and all(each.statistic in LINEAR for each in targets)


def partial_sums(
    frame: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    domains: Sequence[Domain] = (WHOLE,),
) -> PartialSums:
    """Sums of a part of the rows, or of all of them, for a request that passes `can_sum`.

    Targets and domains are evaluated on the part alone: an expression that looks at other rows (a
    rank, a comparison with the median) means something else there.

    Raises
    ------
    SurveyError : as `estimate`, but for what all the rows only can tell (lonely stratum, weights
        all zero, repeated domain); row numbers are those of the part. A part without rows.
    """
    require_columns(frame, design.columns, "Plan de sondage")
    weight = part_weight(frame, design.weight)
    draw, member = read_draw(frame, design)
    cuts = [cut_rows(frame, domain, weight, member) for domain in domains]
    refuse_unknown_columns(frame, targets)
    found: list[list[Sums]] = [[] for _ in cuts]
    width = max(1, AT_ONCE // frame.height)
    for at in range(0, len(targets), width):
        columns = target_columns(frame, targets[at : at + width])
        for cut, sums in zip(cuts, found, strict=True):
            sums += block_sums(columns, cut, by_unit=bool(design.clusters))
    return PartialSums(
        design=design,
        targets=tuple(targets),
        domains=tuple(domains),
        weight=float(weight.sum()),
        draw=draw,
        cuts=tuple(cut_sums(cut, sums) for cut, sums in zip(cuts, found, strict=True)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Divisor:
    """What targets of one divisor have in common in a cut.

    z : weight x divisor of each row, and `sums` of it by pair.
    squares : weight x divisor², by domain.
    spread : deviations of z from the mean of its pair, and the sums of their squares; None when
        units are drawn.
    plain : the divisor is 1 where answered, as for all but ratios.
    """

    z: Floats
    sums: Floats
    squares: Floats
    spread: tuple[Floats, Floats] | None
    plain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The column of one target in `CutSums`: `moments` by pair, and `by_domain`."""

    moments: Moments
    by_domain: dict[str, Floats]


def block_sums(columns: TargetColumns, cut: Cut, by_unit: bool) -> list[Sums]:
    """The sums of each target in the domains of a cut."""
    answers = [answer_sums(answered, base, cut) for answered, base in columns.patterns]
    plain = [divisor_sums(weight, cut, by_unit, True) for weight, _, _ in answers]
    found = []
    for place, target in enumerate(columns.targets):
        _, answered, by_domain = answers[columns.pattern[place]]
        divisor = plain[columns.pattern[place]]
        if columns.divisor[place] is not None:
            z = cut.weight * columns.divisor[place][cut.rows]
            divisor = divisor_sums(z, cut, by_unit, False)
        total = target.statistic == "total"
        moments, own = target_sums(columns.value[place][cut.rows], divisor, cut, total)
        found.append(Sums(replace(moments, answered=answered), by_domain | own))
    return found


def answer_sums(answered: Mask, base: Mask, cut: Cut) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Weight of each row that answers, answers by pair, and what depends on them, by domain."""
    weight, count = cut.weight, cut.count
    if answered is not None:
        here = answered[cut.rows].astype(float)
        weight, count = weight * here, cut.by_pair(here)
    size = cut.by_pair(weight)
    in_base = cut.weight if base is None else cut.weight * base[cut.rows]
    by_pair = {
        "rows": cut.count,
        "count": count,
        "size": size,
        "squares": cut.by_pair(weight**2),
        "base": size if answered is base else cut.by_pair(in_base),
    }
    return weight, count, {name: cut.by_domain(sums) for name, sums in by_pair.items()}


def divisor_sums(z: Floats, cut: Cut, by_unit: bool, plain: bool) -> Divisor:
    """Sums of a divisor."""
    sums, spread = cut.by_pair(z), None
    squares = sums if plain else cut.by_pair(z**2 / cut.weight)
    if not by_unit:
        apart = z - (sums / cut.count)[cut.pair]
        spread = apart, cut.by_pair(apart**2)
    return Divisor(z, sums, cut.by_domain(squares), spread, plain)


def target_sums(
    value: Floats, divisor: Divisor, cut: Cut, total: bool
) -> tuple[Moments, dict[str, Floats]]:
    """Sums of one target: its ratio first, then those of the deviations from it."""
    weighted = cut.weight * value
    amounts = cut.by_pair(weighted)
    amount, below = cut.by_domain(amounts), cut.by_domain(divisor.sums)
    apart = weighted - ratio(amount, below)[cut.domain][cut.pair] * divisor.z
    sums = cut.by_pair(apart)
    cross = sums if divisor.plain else cut.by_pair(apart * divisor.z / cut.weight)
    by_domain = {
        "amount": amount,
        "below": below,
        "ee": cut.by_domain(cut.by_pair(apart**2 / cut.weight)),
        "ed": cut.by_domain(cross),
        "dd": divisor.squares,
    }
    x, sums = (weighted, amounts) if total else (apart, sums)
    if divisor.spread is None:
        return single(sums, divisor.sums, cut.count), by_domain
    x, (z, zz) = x - (sums / cut.count)[cut.pair], divisor.spread
    xx, xz = cut.by_pair(x**2), cut.by_pair(x * z)
    return Moments(cut.count, cut.count, sums, divisor.sums, xx, xz, zz), by_domain


def ratio(amount: Floats, below: Floats) -> Floats:
    """Quotient of two sums, 0 where it does not exist."""
    return np.divide(amount, below, out=np.zeros_like(amount), where=below != 0)


def cut_sums(cut: Cut, found: Sequence[Sums]) -> CutSums:
    """The sums of all the targets side by side."""
    names = [field.name for field in fields(Moments)]
    return CutSums(
        keys=cut.keys,
        labels=cut.labels,
        domain=cut.domain,
        member=cut.member,
        moments=Moments(
            *(np.column_stack([getattr(each.moments, name) for each in found]) for name in names)
        ),
        by_domain={
            name: np.column_stack([each.by_domain[name] for each in found])
            for name in found[0].by_domain
        },
    )
