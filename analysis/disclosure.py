"""Nothing leaves without passing here: which cells may be shown, and which numbers are withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import linalg

from analysis.checks import Floats, fault, named, require_columns
from analysis.estimation import Domain, Target, partition
from analysis.outsider import Protection
from analysis.protection import cell_ties, domain_relations, withhold
from analysis.targets import target_values

STATUSES = ("ok", "fragile", "nd", "secret")
WITHHELD = STATUSES[2:]
NUMBERS = (
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "cv",
    "deff",
    "df",
    "n_respondents",
    "n_domain",
    "population_size",
)
CELL = ("indicator", "population", "edition", "domain_type", "domain")
RANK = {status: rank for rank, status in enumerate(STATUSES)}
STATED = Protection()
DOMINATED = pl.Schema(
    {
        **dict.fromkeys(("indicator", "statistic", "domain_type", "domain"), pl.String),
        "largest": pl.Float64,
    }
)


@dataclass(frozen=True, slots=True)
class GateSpec:
    """What a cell must be to be shown.

    secret_below : respondents under which a cell is `secret` (French rule: no cell under 3 units).
    min_respondents : respondents under which it is `nd`.
    max_half_width : half width of a share's interval (0.15 = 15 points) above which it is `nd`.
    max_cv : coefficient of variation of a mean or total above which it is `nd`.
    fragile_* : the same limits for `fragile`, shown and marked.
    fragile_relative_width : width of a share's interval, over the share or its complement, the
        rarer, above which it is `fragile` (« 8 % [4 ; 17] »: 1.6), unless the width is at most
        `precise_width`. The rule of the NCHS for proportions, that does not publish such a figure
        (Parker et al., 2017, Vital and Health Statistics 2(175)).
    protection : width that the interval of a withheld share must keep for an outsider.
    dominance : part of a total above which its largest unit, unweighted, makes it `secret`; rule of
        Insee for enterprises, read in its column `largest` where the estimates have one.
    """

    secret_below: int = 3
    min_respondents: int = 30
    max_half_width: float = 0.15
    max_cv: float = 0.35
    fragile_respondents: int = 50
    fragile_half_width: float = 0.10
    fragile_cv: float = 0.20
    fragile_relative_width: float = 1.30
    precise_width: float = 0.05
    protection: Protection = STATED
    dominance: float = 0.85

    def __post_init__(self) -> None:
        ordered = (
            1 <= self.secret_below <= self.min_respondents <= self.fragile_respondents,
            0 < self.fragile_half_width <= self.max_half_width,
            0 < self.fragile_cv <= self.max_cv,
            self.fragile_relative_width > 0 <= self.precise_width,
            0 < self.dominance <= 1,
        )
        if not all(ordered):
            raise fault(
                "Règles de diffusion : les seuils doivent aller du plus sévère au plus souple "
                f"(secret_below ≤ min_respondents ≤ fragile_respondents…) ; reçu {self}."
            )


def apply_gate(
    estimates: pl.DataFrame,
    spec: GateSpec = GateSpec(),
    *,
    membership: pl.DataFrame | None = None,
    exclusive: Sequence[Sequence[str]] = (),
) -> pl.DataFrame:
    """The estimates as they may be published: each with its status, the withheld ones empty.

    A cell is `secret`, `nd`, `fragile` or `ok` by `spec`; statistics of one indicator in one domain
    share the most severe status, since each gives the others. A total beside the share it counts
    is judged by the share alone: the CV of a small count says little of its precision. Then, while
    a withheld cell can be computed from shown ones by adding and subtracting (population sizes
    being public), one more domain is withheld among those that give it, as `nd`: the one with
    fewest respondents among those that end the matter alone, or else among those that weigh most in
    giving it. Domains `secret` for every indicator are protected once for all, so that no indicator
    tells another's.

    Not done: what the bounds of shares tell, which is left to `bounds.withhold_told`.

    Parameters
    ----------
    estimates : in the result vocabulary, any number of indicators, populations and editions; a
        column `largest`, where there is one, gives the largest unit of each total, unweighted.
    membership : from `domain_membership`, which respondents the domains share. Without it, each
        type of domain is taken to cut the "ensemble" domain completely.
    exclusive : groups of indicators whose shares add up to 1 in every domain (the options of a
        single-choice question): a withheld one must not follow from the others.

    Returns
    -------
    `estimates`, same rows and order; in `nd` and `secret` rows every number is null, counts too.
    """
    require_columns(estimates, (*CELL, "statistic", "status", *NUMBERS), "Règles de diffusion")
    worst = pl.col("rank").max().over(CELL)
    counted = (pl.col("statistic") == "total") & (pl.col("statistic") == "share").any().over(CELL)
    judged = pl.when(~counted).then(primary_rank(spec))
    ranked = estimates.with_columns(rank=judged)
    if "largest" in estimates.columns:
        dominated = pl.col("largest") > spec.dominance * pl.col("estimate")
        secret = pl.when(dominated).then(RANK["secret"]).otherwise("rank")
        ranked = ranked.with_columns(rank=secret)
    ranked = ranked.with_columns(rank=worst)
    parts = [
        protected(part, spec, membership, exclusive)
        for part in ranked.with_row_index("row").partition_by(
            "population", "edition", maintain_order=True
        )
    ]
    if parts:
        ranked = pl.concat(parts).sort("row")
    withheld = pl.col("rank") >= RANK["nd"]
    return ranked.with_columns(
        pl.when(~withheld).then(pl.col(NUMBERS)).name.keep(),
        status=pl.col("rank").replace_strict(dict(enumerate(STATUSES)), return_dtype=pl.String),
    ).select(estimates.columns)


def without_numbers(estimates: pl.DataFrame, status: str) -> pl.DataFrame:
    """The same rows with `status` and no number."""
    return estimates.with_columns(
        *(pl.lit(None, dtype=estimates.schema[name]).alias(name) for name in NUMBERS),
        status=pl.lit(status),
    )


def domain_membership(responses: pl.DataFrame, domains: Sequence[Domain]) -> pl.DataFrame:
    """Which respondents the domains share: one row per domain x atom it contains.

    An atom is a set of respondents who belong to exactly the same domains. Columns: `domain_type`,
    `domain`, `atom` (number, from 0) and `n` respondents of the atom; a domain of nobody has one
    row, of null atom. Give every domain published.
    """
    parts = [partition(responses, domain) for domain in domains]
    patterns = np.column_stack([part.codes for part in parts])
    atoms, counts = np.unique(patterns, axis=0, return_counts=True)
    rows = [
        (part.domain_type, part.labels[code], atom, int(counts[atom]))
        for part, codes in zip(parts, atoms.T, strict=True)
        for atom, code in enumerate(codes)
        if code >= 0
    ]
    rows += [
        (part.domain_type, label, None, 0)
        for part in parts
        for code, label in enumerate(part.labels)
        if not (part.codes == code).any()
    ]
    columns = {"domain_type": pl.String, "domain": pl.String, "atom": pl.Int64, "n": pl.Int64}
    return pl.DataFrame(rows, schema=columns, orient="row")


def assert_gated(published: pl.DataFrame) -> None:
    """Raise unless every cell has a known status and withheld cells carry no number.

    The last check before anything is written. A shown cell without an estimate is refused too.
    """
    columns = [column for column in NUMBERS if column in published.columns]
    require_columns(published, ("status", "estimate"), "Contrôle de diffusion")
    withheld = pl.col("status").is_in(WITHHELD)
    faults = {
        "de statut inconnu": ~pl.col("status").is_in(STATUSES) | pl.col("status").is_null(),
        "non diffusée qui porte un nombre": withheld
        & pl.any_horizontal(pl.col(columns).is_not_null()),
        "diffusée sans estimation": ~withheld & pl.col("estimate").is_null(),
    }
    for what, wrong in faults.items():
        cells = published.filter(wrong)
        if cells.height:
            names = [" / ".join(map(str, row)) for row in cells.select(*CELL).rows()]
            raise fault(
                f"Contrôle de diffusion : cellule {what} : {named(names)}. Passer toutes les "
                "estimations par apply_gate avant de publier."
            )


def primary_rank(spec: GateSpec) -> pl.Expr:
    """Rank in `STATUSES` of a cell by itself; `nd` if the engine says so, or without its width."""
    half_width = (pl.col("conf_high") - pl.col("conf_low")) / 2
    share = pl.col("statistic") == "share"
    n = pl.col("n_respondents")
    rarer = pl.min_horizontal("estimate", 1 - pl.col("estimate"))
    vague = share & (2 * half_width > spec.precise_width)
    vague &= 2 * half_width > spec.fragile_relative_width * rarer

    def too_wide(width: float, cv: float) -> pl.Expr:
        wide = pl.when(share).then(half_width > width).otherwise(pl.col("cv") > cv)
        return wide.fill_null(True) | (pl.col("status") == "nd")

    return (
        pl.when(n.fill_null(0) < spec.secret_below)
        .then(RANK["secret"])
        .when((n < spec.min_respondents) | too_wide(spec.max_half_width, spec.max_cv))
        .then(RANK["nd"])
        .when(
            (n < spec.fragile_respondents)
            | too_wide(spec.fragile_half_width, spec.fragile_cv)
            | vague
        )
        .then(RANK["fragile"])
        .otherwise(RANK["ok"])
    )


def protected(
    ranked: pl.DataFrame,
    spec: GateSpec,
    membership: pl.DataFrame | None,
    exclusive: Sequence[Sequence[str]],
) -> pl.DataFrame:
    """Raise the rank of cells that would give a withheld one, for one population and edition."""
    cells = ranked.unique(CELL, keep="first", maintain_order=True).select(*CELL, "rank", "n_domain")
    domains = cells.group_by("domain_type", "domain", maintain_order=True).agg(
        pl.col("n_domain").max().fill_null(0), least=pl.col("rank").min()
    )
    vectors = domain_vectors(domains, membership)
    relations, real = domain_relations(vectors), vectors.any(axis=1)
    never = domains["n_domain"].to_numpy() < spec.secret_below
    rank = np.where(never, RANK["secret"], domains["least"].to_numpy())
    places = np.arange(len(vectors))
    ties = cell_ties(relations, places, np.zeros_like(places), real, complete=False)
    everywhere = withhold(ties, rank, domains["n_domain"].to_numpy(), RANK["secret"])
    domains = domains.with_row_index("place").with_columns(everywhere=pl.Series(everywhere))
    floor = pl.when(pl.col("everywhere") >= RANK["nd"]).then("everywhere").otherwise(0)
    cells = (
        cells.drop("n_domain")
        .join(domains, on=["domain_type", "domain"], maintain_order="left")
        .with_columns(rank=pl.max_horizontal("rank", floor))
    )
    families = {name: tuple(group) for group in exclusive for name in group}
    first = {name: group[0] for name, group in families.items()}
    seen: dict[bytes, NDArray[np.int64]] = {}
    done = [
        part.with_columns(rank=pl.Series(family_rank(part, relations, real, families, seen)))
        for part in cells.with_columns(family=pl.col("indicator").replace(first)).partition_by(
            "family", maintain_order=True
        )
    ]
    raised = pl.concat(done).select(*CELL, "rank")
    return ranked.drop("rank").join(raised, on=CELL, how="left", maintain_order="left")


def family_rank(
    cells: pl.DataFrame,
    relations: Floats,
    real: NDArray[np.bool_],
    families: dict[str, tuple[str, ...]],
    seen: dict[bytes, NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Ranks of the cells of one indicator, or of indicators whose shares add up to 1."""
    levels = cells["indicator"].unique(maintain_order=True).to_list()
    level = cells["indicator"].replace_strict({name: i for i, name in enumerate(levels)}).to_numpy()
    place = cells["place"].to_numpy().astype(np.int64)
    rank = cells["rank"].to_numpy().astype(np.int64)
    complete = len(levels) > 1 and set(levels) == set(families[levels[0]])
    key = np.concatenate([level, place, rank, [complete]]).tobytes()
    if key not in seen:
        ties = cell_ties(relations, place, level, real, complete=complete)
        seen[key] = withhold(ties, rank, cells["n_domain"].to_numpy())
    return seen[key]


def domain_vectors(domains: pl.DataFrame, membership: pl.DataFrame | None) -> Floats:
    """One vector per domain, such that domains add and subtract as the vectors do."""
    names = domains.select("domain_type", "domain").rows()
    if membership is None:
        return vectors_of_partitions(names)
    known = membership.group_by("domain_type", "domain").agg(pl.col("atom").drop_nulls())
    atoms = {(kind, label): list(atom) for kind, label, atom in known.rows()}
    missing = [" / ".join(name) for name in names if name not in atoms]
    if missing:
        raise fault(
            f"Règles de diffusion : domaine absent de « membership » : {named(missing)} ; le "
            "calculer par domain_membership sur tous les domaines estimés."
        )
    vectors = np.zeros((len(names), membership["atom"].max() + 1))
    for index, name in enumerate(names):
        vectors[index, atoms[name]] = 1.0
    return vectors


def vectors_of_partitions(names: Sequence[tuple[str, str]]) -> Floats:
    """Vectors of domains when each type of several domains adds up to the whole."""
    whole = names.index(("ensemble", "ensemble")) if ("ensemble", "ensemble") in names else -1
    size = len(names) + (whole < 0)
    kinds = [kind for kind, _ in names]
    relations = [
        [float(kind == other) for other in kinds] + [0.0] * (whole < 0)
        for kind in dict.fromkeys(kinds)
        if kinds.count(kind) > 1
    ]
    for relation in relations:
        relation[whole] -= 1.0
    if not relations:
        return np.eye(len(names))
    return linalg.null_space(np.array(relations).reshape(-1, size))[: len(names)]


def largest_units(
    rows: pl.DataFrame, totals: Sequence[Target], domains: Sequence[Domain]
) -> pl.DataFrame:
    """The largest unit of each total, unweighted, in each domain: `DOMINATED`, one row a cell.

    A unit counted is 1. Domains of nobody have no row.
    """
    values = target_values(rows, totals)
    counted = np.where(values.answered, np.nan_to_num(values.value.astype(float)), 0.0)
    found = []
    for part in (partition(rows, domain) for domain in domains):
        for code, label in enumerate(part.labels):
            inside = part.codes == code
            if inside.any():
                most = np.abs(counted[inside]).max(axis=0)
                found += [
                    (total.indicator, "total", part.domain_type, label, float(number))
                    for total, number in zip(totals, most, strict=True)
                ]
    return pl.DataFrame(found, schema=DOMINATED, orient="row")
