"""A part of the rows of a survey, checked and turned into numbers: draw, domains, targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.arrays import checked_weight
from analysis.checks import LARGEST, Floats, Integers, numeric_column
from analysis.design import SurveyDesign
from analysis.stages import certain_strata, sampled_fraction, stage_units, stratum_codes
from analysis.targets import (
    Domain,
    Partition,
    Target,
    condition,
    evaluated,
    named_targets,
    partition,
    refuse_text,
    target_values,
)

DENSE = 1 << 20  # codes counted in a table up to that, or to the number of rows; sorted beyond

Mask = NDArray[np.bool_] | None  # None = every row


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One stage of drawing: rows in strata, or primary units in strata.

    strata : the design's columns, one row a stratum; `drawn` is how many rows or units it has.
    units, stratum_of_unit : the primary units, one row each; None when rows are drawn.
    """

    strata: pl.DataFrame
    drawn: Integers
    units: pl.DataFrame | None = None
    stratum_of_unit: Integers | None = None


def part_weight(frame: pl.DataFrame, column: str) -> Floats:
    """The weights, none negative; unlike a whole survey, a part may weigh nothing."""
    weight = numeric_column(frame, column, "Poids")
    refused = frame.is_empty() or (weight < 0).any()
    return checked_weight(frame, column) if refused else weight


def read_draw(frame: pl.DataFrame, design: SurveyDesign) -> tuple[Draw, Integers]:
    """The draw of the rows of a part, checked; and the code of the stratum or unit of each row."""
    stratum, names = stratum_codes(frame, design)
    # Without any column the one stratum is a row all the same: any column will do.
    columns = stratum_columns(design) or [design.weight]
    strata = frame.select(columns)[first_rows(stratum, len(names))]
    if not design.clusters:
        rows = np.bincount(stratum, minlength=len(names))
        sampling_rate(frame, design, stratum, names, rows)
        return Draw(strata, rows), stratum
    cluster = design.clusters[0]
    unit, labels = stage_units(frame, design, cluster, stratum)
    first = first_rows(unit, len(labels))
    units = np.bincount(stratum[first], minlength=len(names))
    sampling_rate(frame, design, stratum, names, units)
    return Draw(strata, units, frame.select(cluster)[first], stratum[first]), unit


def stratum_columns(design: SurveyDesign) -> list[str]:
    """Columns of the design that are constant in a stratum."""
    certainty = () if design.certainty is None else (design.certainty,)
    return list(dict.fromkeys((*design.strata, *design.sizes[:1], *certainty)))


def sampling_rate(
    frame: pl.DataFrame, design: SurveyDesign, stratum: Integers, names: pl.Series, drawn: Integers
) -> Floats:
    """Part of the population drawn in each stratum; refuses a size that varies in a stratum."""
    size = design.sizes[0] if design.sizes else None
    rate = sampled_fraction(frame, size, stratum, names, drawn)
    return np.where(certain_strata(frame, design, stratum, names), 1.0, rate)


def first_rows(codes: Integers, n_codes: int) -> Integers:
    """Place of the first row of each code."""
    first = np.zeros(n_codes, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The rows counted for a `Domain`: those of positive weight in one of its domains.

    keys : one row a domain, the values that define it; `labels` name them.
    pair : code, for each of `rows`, of its domain x stratum (or x unit, when units are drawn).
    domain, member, count : domain, stratum (or unit) and number of rows of each pair.
    """

    keys: pl.DataFrame
    labels: list[str]
    rows: Integers | slice
    weight: Floats
    pair: Integers
    domain: Integers
    member: Integers
    count: Floats

    def by_pair(self, values: Floats) -> Floats:
        """Sums of values of rows."""
        return sums_by(self.pair, values, len(self.domain))

    def by_domain(self, sums: Floats) -> Floats:
        """Sums of values of pairs."""
        return sums_by(self.domain, sums, len(self.labels))


def sums_by(codes: Integers, values: Floats, n_codes: int) -> Floats:
    """Sums by code; NumPy gives integers when there is nothing to sum."""
    return np.bincount(codes, values, n_codes).astype(float, copy=False)


def cut_rows(frame: pl.DataFrame, domain: Domain, weight: Floats, member: Integers) -> Cut:
    """Cut the rows of a part as `domain` says."""
    part = partition(frame, domain)
    counted = (part.codes >= 0) & (weight > 0)
    rows = slice(None) if counted.all() else np.flatnonzero(counted)
    width = int(member.max()) + 1
    pair, values = compact(part.codes[rows] * width + member[rows], len(part.labels) * width)
    domain_code, member_code = np.divmod(values, width)
    return Cut(
        keys=domain_keys(frame, domain, part),
        labels=part.labels,
        rows=rows,
        weight=weight[rows],
        pair=pair,
        domain=domain_code,
        member=member_code,
        count=np.bincount(pair, minlength=len(values)).astype(float),
    )


def domain_keys(frame: pl.DataFrame, domain: Domain, part: Partition) -> pl.DataFrame:
    """The values that define each domain, one row a domain, in their own types."""
    if domain.by is not None:
        by = [pl.col(domain.by)] if isinstance(domain.by, tuple) else [domain.by]
        keys = frame.select(pl.int_range(pl.len()).alias(""), *by).drop("")
        if isinstance(domain.by, tuple) or keys.dtypes != [pl.Boolean]:
            inside = np.flatnonzero(part.codes >= 0)
            return keys[inside[first_rows(part.codes[inside], len(part.labels))]]
    return pl.DataFrame({"": part.labels}, schema={"": pl.String})


def compact(key: Integers, size: int) -> tuple[Integers, Integers]:
    """Codes 0, 1, 2… of the values of `key`, all below `size`, and these values in order."""
    if size <= max(DENSE, len(key)):
        present = np.bincount(key, minlength=size) > 0
        return (np.cumsum(present) - 1)[key], np.flatnonzero(present)
    values, codes = np.unique(key, return_inverse=True)
    return codes, values


@dataclass(frozen=True, slots=True, eq=False)
class TargetColumns:
    """Some targets as columns of numbers, 0 where not answered.

    `divisor` is that of a ratio, else None. `pattern` gives each target its place in `patterns`,
    the distinct pairs (answered, in base) of rows.
    """

    targets: Sequence[Target]
    value: list[Floats]
    divisor: list[Floats | None]
    pattern: list[int]
    patterns: list[tuple[Mask, Mask]]


def target_columns(frame: pl.DataFrame, targets: Sequence[Target]) -> TargetColumns:
    """Evaluate targets on the rows of a part; raises as `target_values`."""
    parts = [(each.value, each.denominator, each.base) for each in targets]
    asked = [
        (part, name)
        for each, name in zip(parts, named_targets(targets), strict=True)
        for part in each
        if part is not None
    ]
    series = iter(evaluated(frame, *zip(*asked, strict=True)))
    found = TargetColumns(targets, [], [], [], [])
    places: dict[tuple[bytes | None, ...], int] = {}
    for target, each in zip(targets, parts, strict=True):
        value, divisor, base = (None if part is None else next(series) for part in each)
        in_base = None if base is None else condition(base, target).to_numpy()
        answered = known(known(in_base, value), divisor)
        found.value.append(target_numbers(frame, target, value, target.value, answered))
        found.divisor.append(
            None
            if divisor is None
            else target_numbers(frame, target, divisor, target.denominator, answered)
        )
        pattern = (packed(answered), packed(in_base))
        if pattern not in places:
            places[pattern] = len(found.patterns)
            found.patterns.append((answered, in_base))
        found.pattern.append(places[pattern])
    return found


def known(mask: Mask, series: pl.Series | None) -> Mask:
    """The rows of `mask` where `series` is not null."""
    if series is None or not series.null_count():
        return mask
    here = series.is_not_null().to_numpy()
    return here if mask is None else mask & here


def target_numbers(
    frame: pl.DataFrame, target: Target, series: pl.Series, expression: pl.Expr, answered: Mask
) -> Floats:
    """A column of a target as numbers, 0 where not answered."""
    refuse_text(series, expression, target)
    value = series.cast(pl.Float64).fill_null(0.0).to_numpy()
    if answered is not None:
        value = np.where(answered, value, 0.0)
    share = target.statistic == "share" and series.dtype != pl.Boolean
    beyond = len(value) > 0 and not max(value.max(), -value.min()) <= LARGEST
    if beyond or (share and (value * (1 - value)).any()):
        target_values(frame, [target])  # says which rows are not numbers, or not 0 or 1
    return value


def packed(mask: Mask) -> bytes | None:
    """A short key of a mask."""
    return None if mask is None else np.packbits(mask).tobytes()
