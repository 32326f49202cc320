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

LITTLE = 1e-3  # of a sum: a rest under it is not taken by subtraction
EPSILON = np.finfo(float).eps
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
class Answers:
    """What the targets answered by the same rows have in common in a cut.

    weight : of each row that answers, else 0. count, size, squares : by pair, and `by_domain`, as
    in `CutSums`.
    """

    weight: Floats
    count: Floats
    size: Floats
    squares: Floats
    by_domain: dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The column of one target in `CutSums`: `moments` by pair, and `by_domain`."""

    moments: Moments
    by_domain: dict[str, Floats]


def block_sums(columns: TargetColumns, cut: Cut, by_unit: bool) -> list[Sums]:
    """The sums of each target in the domains of a cut."""
    answers = [answer_sums(answered, base, cut) for answered, base in columns.patterns]
    found = []
    for place, target in enumerate(columns.targets):
        shared, value = answers[columns.pattern[place]], columns.value[place][cut.rows]
        if target.statistic == "share":
            moments, own = share_sums(value, shared, cut, by_unit)
        else:
            divisor = columns.divisor[place]
            z = shared.weight if divisor is None else cut.weight * divisor[cut.rows]
            moments, own = target_sums(value, z, cut, by_unit, target.statistic == "total")
        found.append(Sums(replace(moments, answered=shared.count), shared.by_domain | own))
    return found


def answer_sums(answered: Mask, base: Mask, cut: Cut) -> Answers:
    """Sums that depend on who answers only."""
    weight, count = cut.weight, cut.count
    if answered is not None:
        here = answered[cut.rows].astype(float)
        weight, count = weight * here, cut.by_pair(here)
    size, squares = cut.by_pair(weight), cut.by_pair(weight**2)
    in_base = size
    if answered is not base:
        in_base = cut.by_pair(cut.weight if base is None else cut.weight * base[cut.rows])
    by_pair = {
        "rows": cut.count,
        "count": count,
        "size": size,
        "squares": squares,
        "base": in_base,
    }
    by_domain = {name: cut.by_domain(sums) for name, sums in by_pair.items()}
    return Answers(weight, count, size, squares, by_domain)


def share_sums(
    value: Floats, answers: Answers, cut: Cut, by_unit: bool
) -> tuple[Moments, dict[str, Floats]]:
    """Sums of a share: being 0 or 1, sums of its yes and no rows give all the products.

    Less the mean of the pair, a product under the rounding of a sum of as many terms is 0.
    """
    weighted = cut.weight * value
    yes, yes_squares = cut.by_pair(weighted), cut.by_pair(cut.weight * weighted)
    size, squares, count = answers.size, answers.squares, cut.count
    no, no_squares = size - yes, squares - yes_squares
    if (no < LITTLE * size).any() or (no_squares < LITTLE * squares).any():
        # Summed, not subtracted: a few small weights among large ones would be lost.
        rest = answers.weight * (1 - value)
        no, no_squares = cut.by_pair(rest), cut.by_pair(cut.weight * rest)
    amount, below = cut.by_domain(yes), cut.by_domain(size)
    share, other = (ratio(sums, below)[cut.domain] for sums in (amount, cut.by_domain(no)))
    x = other * yes - share * no
    by_domain = {
        "amount": amount,
        "below": below,
        "ee": cut.by_domain(other**2 * yes + share**2 * no),
        "ed": cut.by_domain(x),
        "dd": below,
    }
    if by_unit:
        return single(x, size, count), by_domain
    raw = other**2 * yes_squares + share**2 * no_squares

    def central(product: Floats, means: Floats, scale: Floats) -> Floats:
        left = product - means / count
        return np.where(np.abs(left) > count * EPSILON * scale, left, 0.0)

    xx, zz = central(raw, x * x, raw), central(squares, size * size, squares)
    xz = central(other * yes_squares - share * no_squares, x * size, np.sqrt(raw * squares))
    return Moments(count, count, x, size, xx, xz, zz), by_domain


def target_sums(
    value: Floats, z: Floats, cut: Cut, by_unit: bool, total: bool
) -> tuple[Moments, dict[str, Floats]]:
    """Sums of one target: its ratio first, then those of the deviations from it."""
    weighted = cut.weight * value
    amounts, size = cut.by_pair(weighted), cut.by_pair(z)
    amount, below = cut.by_domain(amounts), cut.by_domain(size)
    apart = weighted - ratio(amount, below)[cut.domain][cut.pair] * z
    by_domain = {
        "amount": amount,
        "below": below,
        "ee": cut.by_domain(cut.by_pair(apart**2 / cut.weight)),
        "ed": cut.by_domain(cut.by_pair(apart * z / cut.weight)),
        "dd": cut.by_domain(cut.by_pair(z**2 / cut.weight)),
    }
    x, sums = (weighted, amounts) if total else (apart, cut.by_pair(apart))
    if by_unit:
        return single(sums, size, cut.count), by_domain
    x = x - (sums / cut.count)[cut.pair]
    z = z - (size / cut.count)[cut.pair]
    xx, xz, zz = (cut.by_pair(product) for product in (x * x, x * z, z * z))
    return Moments(cut.count, cut.count, sums, size, xx, xz, zz), by_domain


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
