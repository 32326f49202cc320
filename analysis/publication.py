"""From answers to published cells: every indicator estimated, gated and named."""

from __future__ import annotations

import polars as pl

from analysis.bounds import withhold_told
from analysis.design import SurveyDesign
from analysis.disclosure import (
    RANK,
    WITHHELD,
    GateSpec,
    apply_gate,
    assert_gated,
    domain_membership,
    largest_units,
    without_numbers,
)
from analysis.estimation import Domain, estimate
from analysis.indicators import (
    Registry,
    domains,
    exclusive_groups,
    impossible_cells,
    labelled,
    targets,
)
from analysis.relations import asked_to_counted, domain_blocks, families
from survey.questionnaire import Questionnaire
from survey.routing import parse, to_polars

PLACE = ("domain_type", "domain")


def published_cells(
    rows: pl.DataFrame,
    design: SurveyDesign,
    registry: Registry,
    questionnaire: Questionnaire,
    spec: GateSpec,
    edition: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every estimate, and what of it may be published.

    Returns
    -------
    The estimates in the result vocabulary; the same cells after the gate, with their labels, less
    those that the base of the indicator excludes. The second alone may leave.
    """
    cuts = domains(registry, questionnaire)
    estimates = estimate(
        rows,
        design,
        targets(registry, questionnaire),
        cuts,
        population=registry.population,
        edition=edition,
    )
    possible = estimates.join(
        impossible_cells(registry, questionnaire),
        on=["indicator", *PLACE],
        how="anti",
        maintain_order="left",
    )
    totals = [each for each in targets(registry, questionnaire) if each.statistic == "total"]
    if totals:
        largest = largest_units(rows, totals, cuts)
        keys = largest.columns[:-1]
        possible = possible.join(largest, on=keys, how="left", maintain_order="left")
    linear = gate_by_base(possible, rows, registry, questionnaire, cuts, spec)
    linear = linear.select(estimates.columns)
    gated = gate_by_bounds(linear, rows, design, registry, questionnaire, cuts, spec)
    assert_gated(gated)
    return estimates, labelled(gated, registry, questionnaire)


def gate_by_base(
    estimates: pl.DataFrame,
    rows: pl.DataFrame,
    registry: Registry,
    questionnaire: Questionnaire,
    cuts: list[Domain],
    spec: GateSpec,
) -> pl.DataFrame:
    """The gate, base by base: what domains give by difference depends on who is in the base.

    A domain without any respondent of the base has nothing to give away; it is withheld. Same rows
    and order as `estimates`. What indicators of different bases tell together is left to
    `gate_by_bounds`.
    """
    numbered = estimates.with_row_index("_row")
    parts, wholes = [], exclusive_groups(registry)
    for base in dict.fromkeys(indicator.base for indicator in registry.indicators):
        codes = [each.code for each in registry.indicators if each.base == base]
        part = numbered.filter(pl.col("indicator").is_in(codes))
        inside = rows.filter(to_polars(parse(base), questionnaire))
        membership = domain_membership(inside, cuts)
        empty = part.join(membership, on=PLACE, how="anti")
        held = part.join(membership, on=PLACE, how="semi", maintain_order="left")
        places = held.select("_row")
        groups = [group for group in wholes if set(group) <= set(codes)]
        gated = apply_gate(held.drop("_row"), spec, membership=membership, exclusive=groups)
        parts += [places.hstack(gated), without_numbers(empty, "secret")]
    return pl.concat(parts).sort("_row").drop("_row")


def gate_by_bounds(
    gated: pl.DataFrame,
    rows: pl.DataFrame,
    design: SurveyDesign,
    registry: Registry,
    questionnaire: Questionnaire,
    cuts: list[Domain],
    spec: GateSpec,
) -> pl.DataFrame:
    """The gate, last pass: what the bounds of shares tell is withheld too, as « nd ».

    A share lies in [0, 1]; those of one question add up; who uses AI is who is asked how. Same rows
    and order as `gated`. Not done: bounds of means and totals other than those of their share.
    """
    shares = [each for each in targets(registry, questionnaire) if each.statistic == "share"]
    cell = ["indicator", *PLACE]
    ranked = gated.filter(pl.col("statistic") == "share").select(
        *cell, rank=pl.col("status").replace_strict(RANK, return_dtype=pl.Int64)
    )
    told = withhold_told(
        ranked,
        rows,
        design.weight,
        shares,
        cuts,
        blocks=domain_blocks(registry, questionnaire),
        families=families(registry.indicators, questionnaire),
        counters=asked_to_counted(registry, questionnaire),
        protection=spec.protection,
    ).filter(pl.col("rank") >= RANK["nd"])
    numbered = gated.with_row_index("_row")
    shown = ~pl.col("status").is_in(WITHHELD)
    withheld = numbered.filter(shown).join(told, on=cell, how="semi")
    kept = numbered.join(withheld, on="_row", how="anti")
    return pl.concat([kept, without_numbers(withheld, "nd")]).sort("_row").drop("_row")
