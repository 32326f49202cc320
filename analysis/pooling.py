"""Sums of several parts added, and turned into the cells of an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.arrays import checked_weight
from analysis.checks import Floats, Integers, encode, fault
from analysis.design import SurveyDesign
from analysis.forms import summing
from analysis.moments import Moments, added, pooled, shifted, single, stacked
from analysis.parts import Draw, compact, first_rows, sampling_rate
from analysis.stages import stage_units, stratum_codes, stratum_scale
from analysis.sums import CutSums, PartialSums, ratio
from analysis.targets import Partition


def merge_sums(parts: Sequence[PartialSums]) -> PartialSums:
    """Sums of the rows of all the parts, those of `partial_sums` up to rounding.

    Parts may have different strata, units and domains, matched by their values; a primary unit may
    be spread over several parts.

    Raises
    ------
    SurveyError : no part; parts of different requests, or whose columns differ in type; size or
        certainty of a stratum that differs between parts; cluster label in two strata when the
        design is not nested.
    """
    refuse_unlike(parts)
    first = parts[0]
    if len(parts) == 1:
        return first
    draw, member = merge_draws([part.draw for part in parts], first.design)
    totals = np.array([target.statistic == "total" for target in first.targets])
    cuts = zip(*(part.cuts for part in parts), strict=True)
    return PartialSums(
        design=first.design,
        targets=first.targets,
        domains=first.domains,
        weight=sum(part.weight for part in parts),
        draw=draw,
        cuts=tuple(merge_cuts(cut, member, totals, bool(first.design.clusters)) for cut in cuts),
    )


def refuse_unlike(parts: Sequence[PartialSums]) -> None:
    """Raise when parts cannot be added."""
    if not parts:
        raise fault("Estimation par lots : aucun lot de lignes.")
    asked = {
        (
            part.design,
            tuple((target.indicator, target.statistic) for target in part.targets),
            tuple(domain.domain_type for domain in part.domains),
        )
        for part in parts
    }
    if len(asked) > 1:
        raise fault(
            "Estimation par lots : les lots n’ont pas le même plan, les mêmes indicateurs ou les "
            "mêmes domaines ; refaire les sommes avec une seule demande."
        )


def joined(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Tables one below the other; raises when a column changes its type."""
    for table in tables[1:]:
        for column, dtype in table.schema.items():
            if dtype != tables[0].schema[column]:
                raise fault(
                    f"Estimation par lots : la colonne « {column} » est de type "
                    f"{tables[0].schema[column]} dans un lot et {dtype} dans un autre ; lire tous "
                    "les lots avec le même schéma."
                )
    return pl.concat(tables)


def merge_draws(draws: Sequence[Draw], design: SurveyDesign) -> tuple[Draw, list[Integers]]:
    """The draw of all the parts, and the new code of each stratum or unit of each part."""
    strata = joined([draw.strata for draw in draws])
    stratum, names = stratum_codes(strata, design)
    drawn = np.concatenate([draw.drawn for draw in draws])
    by_part = split(stratum, [draw.strata.height for draw in draws])
    table = strata[first_rows(stratum, len(names))]
    if not design.clusters:
        rows = np.bincount(stratum, drawn, len(names)).astype(np.int64)
        sampling_rate(strata, design, stratum, names, rows)
        return Draw(table, rows), by_part
    units = joined([draw.units for draw in draws])
    pairs = zip(by_part, draws, strict=True)
    parent = np.concatenate([codes[draw.stratum_of_unit] for codes, draw in pairs])
    unit, labels = stage_units(units, design, design.clusters[0], parent)
    first = first_rows(unit, len(labels))
    rows = np.bincount(parent[first], minlength=len(names))
    sampling_rate(strata, design, stratum, names, rows)
    by_part = split(unit, [draw.units.height for draw in draws])
    return Draw(table, rows, units[first], parent[first]), by_part


def split(codes: Integers, heights: Sequence[int]) -> list[Integers]:
    """Cut an array in consecutive pieces."""
    return np.split(codes, np.cumsum(heights)[:-1])


def merge_cuts(
    cuts: Sequence[CutSums], member: Sequence[Integers], totals: Floats, by_unit: bool
) -> CutSums:
    """The sums of all the parts for one `Domain`; `member` gives the codes of `merge_draws`."""
    keys = joined([cut.keys for cut in cuts])
    code, ordered = encode(keys)
    labels = dict(zip(code.tolist(), (label for cut in cuts for label in cut.labels), strict=True))
    by_domain, shift = merge_domains(cuts, code, ordered.height)
    offsets = np.cumsum([0, *(len(cut.labels) for cut in cuts[:-1])])
    old = np.concatenate([cut.domain + at for cut, at in zip(cuts, offsets, strict=True)])
    new = np.concatenate([codes[cut.member] for codes, cut in zip(member, cuts, strict=True)])
    width = max(int(codes.max()) for codes in member) + 1
    pair, values = compact(code[old] * width + new, ordered.height * width)
    moments = shifted(stacked([cut.moments for cut in cuts]), np.where(totals, 0.0, shift)[old])
    domain, members = np.divmod(values, width)
    return CutSums(
        keys=ordered,
        labels=[labels[place] for place in range(ordered.height)],
        domain=domain,
        member=members,
        moments=(added if by_unit else pooled)(moments, pair, len(values)),
        by_domain=by_domain,
    )


def merge_domains(
    cuts: Sequence[CutSums], code: Integers, n_domains: int
) -> tuple[dict[str, Floats], Floats]:
    """Sums by domain of all the parts, and by how much the ratio of each part's domain falls."""
    names = list(cuts[0].by_domain)
    tables = {name: np.concatenate([cut.by_domain[name] for cut in cuts]) for name in names}
    sums = summing(code, n_domains)
    own = ratio(tables["amount"], tables["below"])
    overall = ratio(sums @ tables["amount"], sums @ tables["below"])
    shift = own - overall[code]
    tables["ee"] = tables["ee"] + shift * (2 * tables["ed"] + shift * tables["dd"])
    tables["ed"] = tables["ed"] + shift * tables["dd"]
    return {name: sums @ table for name, table in tables.items()}, shift


def summed_cells(sums: PartialSums) -> tuple[list[dict[str, Floats]], list[Partition]]:
    """The cells of each domain type, domains x targets, and their domains, as `estimate` has them.

    Raises
    ------
    SurveyError : weights all zero; lonely stratum under `lonely="fail"`.
    """
    design = sums.design
    checked_weight(pl.DataFrame({design.weight: [sums.weight]}), design.weight)
    factors = stratum_factors(sums.draw, design)
    totals = np.array([target.statistic == "total" for target in sums.targets])
    cells = [cut_cells(cut, sums.draw, factors, totals) for cut in sums.cuts]
    none = np.zeros(0, dtype=np.int64)
    partitions = [
        Partition(domain.domain_type, cut.labels, none)
        for domain, cut in zip(sums.domains, sums.cuts, strict=True)
    ]
    return cells, partitions


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """By stratum, as in `stages.Stage`: units drawn, `scale`, `centred`, `lonely` (averaged)."""

    drawn: Floats
    scale: Floats
    centred: NDArray[np.bool_]
    lonely: NDArray[np.bool_]


def stratum_factors(draw: Draw, design: SurveyDesign) -> Factors:
    """What the variance of each stratum is multiplied by."""
    stratum, names = stratum_codes(draw.strata, design)
    drawn = draw.drawn.astype(float)
    rate = sampling_rate(draw.strata, design, stratum, names, drawn)
    scale, alone = stratum_scale(design, names, 0, drawn, rate)
    return Factors(drawn, scale, ~alone, alone & (design.lonely == "average"))


def cut_cells(cut: CutSums, draw: Draw, factors: Factors, totals: Floats) -> dict[str, Floats]:
    """Everything about each domain x each target, as `taylor.partition_cells`."""
    sums = cut.by_domain
    size, count = sums["size"], sums["count"]
    moments, domain, stratum = by_stratum(cut, draw, len(factors.drawn))
    to_domain = summing(domain, len(cut.labels))
    form = stratum_forms(moments, stratum, factors)
    variance = to_domain @ form
    answered = (moments.answered > 0).astype(float)
    if factors.lonely.any():
        known = answered * ~factors.lonely[stratum, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = variance * (to_domain @ answered) / (to_domain @ known)
    sampled = to_domain @ (factors.scale[stratum] > 0).astype(float)
    alone = to_domain @ (~factors.centred[stratum]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(sums["below"] != 0, sums["amount"] / sums["below"], np.nan)
        slope = np.where(totals, 1.0, np.nan_to_num(1 / sums["below"], posinf=0.0, neginf=0.0))
        left = (size - count) / (size * count)
        simple = slope**2 * sums["ee"] * size * count / (count - 1)
        simple = simple * np.where(left > 0, left, np.nan)
        variance = variance * slope**2
        effective = size**2 / sums["squares"]
    missing = np.full_like(size, np.nan)
    return {
        "estimate": np.where(totals, sums["amount"], means),
        "variance": variance,
        "simple": simple,
        "df": to_domain @ (moments.answered - answered),
        "n_respondents": count,
        "n_domain": sums["rows"],
        "population_size": sums["base"],
        "effective": effective,
        "sampled": (sampled > 0)[:, None] * np.ones_like(size),
        "taken": ((sampled == 0) & (alone == 0))[:, None] * (count > 0),
        "low": missing,
        "high": missing,
    }


def by_stratum(cut: CutSums, draw: Draw, n_strata: int) -> tuple[Moments, Integers, Integers]:
    """Moments by domain x stratum, with the domain and the stratum of each."""
    if draw.units is None:
        return cut.moments, cut.domain, cut.member
    key = cut.domain * n_strata + draw.stratum_of_unit[cut.member]
    pair, values = compact(key, len(cut.labels) * n_strata)
    units = cut.moments
    units = single(units.x, units.z, (units.answered > 0).astype(float))
    return pooled(units, pair, len(values)), *np.divmod(values, n_strata)


def stratum_forms(moments: Moments, stratum: Integers, factors: Factors) -> Floats:
    """Scaled squares around the mean of the stratum, units that score 0 or are absent included."""
    mean = np.where(factors.centred, 1 / factors.drawn, 0.0)[stratum, None]
    squares = moments.xx + moments.x**2 * (1 / moments.count - mean)
    return factors.scale[stratum, None] * np.maximum(squares, 0.0)
