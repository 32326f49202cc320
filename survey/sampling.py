"""From a sampling frame to a sample: strata, allocation, draw, tokens.

A frame has one row per unit, with a unique `unite`. A stratum is drawn from, a domain reported on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from survey.errors import SurveyError
from survey.french import integer

TOKEN_LENGTH = 16  # base32 characters, 80 bits: cannot be guessed by trying
UNITS = pl.len()  # each row is a unit


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """How a stratified sample is drawn.

    strata : crossings of columns, from the finest to the coarsest (see `stratify`)
    smallest : units a stratum should hold
    minimum, power : see `allocate`
    certainty : codes, by column, whose units are all drawn
    """

    sample_size: int
    strata: tuple[tuple[str, ...], ...]
    smallest: int = 1
    minimum: int = 2
    power: float = 1.0
    certainty: Mapping[str, Collection[str]] = field(default_factory=dict)


def draw_by_plan(
    frame: pl.DataFrame, plan: SamplingPlan, seed: int, *, counts: str | None = None
) -> pl.DataFrame:
    """The sample of a plan, from a frame that lists its units or, with `counts`, counts them.

    Returns the columns of `draw_sample`, or of `draw_from_counts`.

    Raises
    ------
    SurveyError : a column of the plan is not in the frame, or the plan cannot be met
    """
    named = {name for level in plan.strata for name in level} | set(plan.certainty)
    missing = sorted(named - set(frame.columns))
    if missing:
        raise SurveyError(
            f"plan de sondage : colonnes absentes de la base : {', '.join(missing)} ; colonnes "
            f"de la base : {', '.join(frame.columns)}."
        )
    units = UNITS if counts is None else pl.col(counts).sum()
    stratified = stratify(frame, plan.strata, smallest=plan.smallest, units=units)
    is_certain = [pl.col(name).is_in(list(codes)) for name, codes in plan.certainty.items()]
    certain = stratified.filter(pl.any_horizontal(pl.lit(False), *is_certain))
    allocation = allocate(
        stratum_totals(stratified, units=units),
        plan.sample_size,
        minimum=plan.minimum,
        certainty=set(certain["stratum"]),
        power=plan.power,
    )
    if counts is None:
        return draw_sample(stratified, allocation, seed)
    return draw_from_counts(stratified, allocation, seed, counts=counts)


def stratify(
    frame: pl.DataFrame,
    levels: tuple[tuple[str, ...], ...],
    *,
    smallest: int,
    units: pl.Expr = UNITS,
) -> pl.DataFrame:
    """Frame plus `stratum`, the finest of `levels` whose cells hold enough units.

    Parameters
    ----------
    frame : one row per unit, with every column named in `levels`
    levels : crossings from the finest to the coarsest, e.g. (departement, secteur, taille) then
        (secteur, taille). A unit whose finest cell has fewer than `smallest` units goes to the next
        level, where it is grouped with the other units that could not be kept apart.
    smallest : units a stratum should hold; the last level is kept whatever its size.
    units : number of units of a group of rows; each row is one unless said otherwise

    Returns
    -------
    `frame`, same rows and order, plus `stratum`: category codes joined by a space.
    """
    stratified = frame.with_columns(stratum=pl.lit(None, dtype=pl.String))
    for rank, columns in enumerate(levels):
        is_free = pl.col("stratum").is_null()
        cell = pl.when(is_free).then(pl.concat_str(columns, separator=" "))
        is_large = units.over(cell) >= smallest if rank < len(levels) - 1 else pl.lit(True)
        stratified = stratified.with_columns(
            stratum=pl.when(is_free & is_large).then(cell).otherwise("stratum")
        )
    return stratified


def stratum_totals(frame: pl.DataFrame, *, units: pl.Expr = UNITS) -> pl.DataFrame:
    """Strata sorted by name: `stratum`, `stratum_size` (units of the frame)."""
    return frame.group_by("stratum").agg(stratum_size=units.cast(pl.Int64)).sort("stratum")


def allocate(
    strata: pl.DataFrame,
    sample_size: int,
    *,
    minimum: int = 2,
    certainty: Collection[str] = (),
    power: float = 1.0,
) -> pl.DataFrame:
    """Share `sample_size` between strata, in proportion to size**power x spread.

    With `power=1` this is the allocation of Neyman (proportional when every spread is equal);
    below 1 it gives more to small strata, so that each can be reported on (power allocation).

    Parameters
    ----------
    strata : `stratum`, `stratum_size` and, optionally, `spread` (standard deviation within the
        stratum of what is measured, > 0; 1 everywhere when absent)
    sample_size : units to draw, all strata together
    minimum : least units of a stratum, or all of them when it has fewer
    certainty : strata taken whole

    Returns
    -------
    `strata`, same rows and order, plus `n_allocated` (Int64): sums to `sample_size`, never above
    `stratum_size`. Does not foresee non-response: give the number of questionnaires to send.

    Raises
    ------
    SurveyError : unknown certainty stratum, or bounds that `sample_size` cannot meet

    References
    ----------
    Neyman (1934), JRSS 97(4); Bankier (1988), The American Statistician 42(3), 174-177.
    """
    unknown = sorted(set(certainty) - set(strata["stratum"]))
    if unknown:
        raise SurveyError(f"strates exhaustives inconnues {unknown} ; reprendre un nom de strate.")
    size = strata["stratum_size"].to_numpy().astype(float)
    spread = strata["spread"].to_numpy() if "spread" in strata.columns else np.ones_like(size)
    is_certain = strata["stratum"].is_in(list(certainty)).to_numpy()
    lower = np.where(is_certain, size, np.minimum(minimum, size))
    if not lower.sum() <= sample_size <= size.sum():
        raise SurveyError(
            f"échantillon de {integer(sample_size)} unités impossible : il en faut au moins "
            f"{integer(lower.sum())} (minimum par strate et strates exhaustives) et au plus "
            f"{integer(size.sum())} (base de sondage)."
        )
    wanted = bounded_shares(size**power * spread, lower, size, sample_size)
    return strata.with_columns(n_allocated=pl.Series(round_to_total(wanted, sample_size)))


def bounded_shares(
    importance: np.ndarray, lower: np.ndarray, upper: np.ndarray, total: float
) -> np.ndarray:
    """Numbers proportional to `importance` within their bounds, summing to `total`.

    Finds by bisection the factor f such that clip(f x importance, lower, upper) sums to `total`;
    needs sum(lower) <= total <= sum(upper) and importance > 0.
    """
    low, high = 0.0, float((upper / importance).max())
    for _ in range(200):
        middle = (low + high) / 2
        if np.clip(middle * importance, lower, upper).sum() < total:
            low = middle
        else:
            high = middle
    return np.clip(high * importance, lower, upper)


def round_to_total(wanted: np.ndarray, total: int) -> np.ndarray:
    """Integers next to `wanted` that sum to `total` (largest remainders; ties to the first)."""
    floor = np.floor(wanted + 1e-9).astype(np.int64)
    missing = total - int(floor.sum())
    first = np.argsort(-(wanted - floor), kind="stable")[:missing]
    floor[first] += 1
    return floor


def draw_sample(frame: pl.DataFrame, allocation: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Draw a stratified simple random sample without replacement.

    Parameters
    ----------
    frame : one row per unit, with unique `unite` and `stratum`
    allocation : `stratum`, `stratum_size`, `n_allocated`
    seed : same seed and same units give the same sample, whatever the order of the rows

    Returns
    -------
    The drawn rows of `frame`, sorted by `unite`, plus `stratum_size` (units of the frame in the
    stratum) and `design_weight` = stratum_size / n_allocated (units represented).

    Raises
    ------
    SurveyError : `unite` is not unique, or the allocation was made for other strata
    """
    if frame["unite"].is_duplicated().any():
        raise SurveyError("base de sondage : une unité figure deux fois ; dédoublonner `unite`.")
    counted = stratum_totals(frame)
    asked = allocation.select("stratum", pl.col("stratum_size").cast(pl.Int64)).sort("stratum")
    if not counted.equals(asked):
        raise SurveyError(
            "l’allocation ne correspond pas aux strates de la base de sondage ; la recalculer."
        )
    ordered = frame.sort("unite")
    rank = pl.Series(np.random.default_rng(seed).permutation(ordered.height))
    drawn = ordered.with_columns(rank=rank).join(
        allocation.select("stratum", "stratum_size", "n_allocated"), on="stratum", how="left"
    )
    return (
        drawn.filter(pl.col("rank").rank("ordinal").over("stratum") <= pl.col("n_allocated"))
        .with_columns(design_weight=pl.col("stratum_size") / pl.col("n_allocated"))
        .sort("unite")
        .drop("rank", "n_allocated")
    )


def draw_from_counts(
    cells: pl.DataFrame, allocation: pl.DataFrame, seed: int, *, counts: str
) -> pl.DataFrame:
    """Draw a stratified simple random sample from a frame that only counts its units.

    Parameters
    ----------
    cells : one row per kind of unit, `counts` its number of units (whole, >= 0), and `stratum`
    allocation, seed : as in `draw_sample`; here the order of the rows matters

    Returns
    -------
    One row per unit drawn, with the columns of `cells` but `counts`, plus `unite` (its stratum and
    its rank among the units of the stratum: no unit comes twice), `stratum_size` and
    `design_weight`.
    """
    parts = []
    numbers = np.random.default_rng(seed)
    for stratum, size, drawn in allocation.select(
        "stratum", "stratum_size", "n_allocated"
    ).iter_rows():
        rows = cells.filter(pl.col("stratum") == stratum)
        ranks = np.sort(numbers.choice(size, drawn, replace=False))
        owner = np.searchsorted(rows[counts].cum_sum().to_numpy(), ranks, side="right")
        parts.append(
            rows[owner].with_columns(
                unite=pl.format("{} {}", "stratum", pl.Series(ranks)),
                stratum_size=pl.lit(size, pl.Int64),
                design_weight=pl.lit(size / drawn),
            )
        )
    return pl.concat(parts).drop(counts)


def add_tokens(sample: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Sample plus `token`, the word that opens the questionnaire of one unit.

    A token is the HMAC-SHA256 of `unite` under `key`, cut to 80 bits: without the key it can be
    neither guessed nor traced back to the unit. Keep the key with the microdata, out of git; a key
    made from a published seed is good for simulations only.

    Raises
    ------
    SurveyError : the key is shorter than 16 bytes
    """
    if len(key) < 16:
        raise SurveyError("la clé des jetons doit compter au moins 16 octets ; en tirer une autre.")
    tokens = [token(unit, key) for unit in sample["unite"]]
    return sample.with_columns(token=pl.Series(tokens, dtype=pl.String))


def token(unit: str, key: bytes) -> str:
    """Token of one unit: 16 lower-case letters and digits."""
    digest = hmac.new(key, unit.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:TOKEN_LENGTH]
