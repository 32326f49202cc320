"""What is estimated and where: targets and domains, evaluated and checked on the responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.checks import Floats, Integers, encode, fault, named, require_columns, row_numbers

STATISTICS = ("share", "mean", "total")


@dataclass(frozen=True, slots=True)
class Target:
    """One quantity to estimate.

    `value` is Boolean (or 0/1) for a share, numeric for a mean or a total (Boolean counts units);
    null = missing. Rows out of `base` are outside the target, like those of missing value.
    """

    indicator: str
    value: pl.Expr
    statistic: Literal["share", "mean", "total"] = "share"
    base: pl.Expr | None = None

    def __post_init__(self) -> None:
        if self.statistic not in STATISTICS:
            raise fault(
                f"Indicateur « {self.indicator} » : statistique {self.statistic!r} inconnue ; "
                f"choisir parmi {', '.join(STATISTICS)}."
            )


@dataclass(frozen=True, slots=True)
class Domain:
    """A way of cutting the population.

    `by` is a tuple of columns, crossed when several (« 10-49 x AZ »); an expression, Boolean for a
    subgroup named as `domain_type`, else giving categories; or None, the whole population. A row
    where a column is null, or a Boolean not true, belongs to none of its domains.
    """

    domain_type: str
    by: pl.Expr | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.by, str) or (isinstance(self.by, tuple) and not self.by):
            raise fault(
                f"Domaine « {self.domain_type} » : donner une liste de colonnes, par exemple "
                '("taille",), une expression, ou rien pour l’ensemble.'
            )


WHOLE = Domain("ensemble")


@dataclass(frozen=True, slots=True, eq=False)
class TargetValues:
    """Targets as arrays, rows x targets; `value` is 0 where not `answered`."""

    value: Floats
    answered: NDArray[np.bool_]
    in_base: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Disjoint domains: the code of each row (-1 = in none) and the label of each code."""

    domain_type: str
    labels: list[str]
    codes: Integers


def target_values(responses: pl.DataFrame, targets: Sequence[Target]) -> TargetValues:
    """Evaluate every target; raises on unknown columns and on what is not a finite number."""
    names = [str(index) for index in range(len(targets))]
    present = set(responses.columns)
    for target in targets:
        used = target.value.meta.root_names() + in_base(target).meta.root_names()
        if not present.issuperset(used):
            require_columns(responses, used, f"Indicateur « {target.indicator} »")
    # The row number gives every constant expression the height of the frame.
    rows = pl.int_range(pl.len()).alias("row")
    raw = responses.select(
        rows, *(target.value.alias(name) for name, target in zip(names, targets, strict=True))
    )
    for name, target in zip(names, targets, strict=True):
        refuse_text(raw[name], target)
    bases = responses.select(
        rows,
        *(
            in_base(target).cast(pl.Boolean).alias(name)
            for name, target in zip(names, targets, strict=True)
        ),
    ).drop("row")
    based = raw.select(
        pl.when(bases[name].fill_null(False)).then(pl.col(name).cast(pl.Float64)).alias(name)
        for name in names
    )
    value = np.ascontiguousarray(based.fill_null(0.0).to_numpy())
    refuse_not_finite(value, targets)
    answered = np.ascontiguousarray(based.select(pl.all().is_not_null()).to_numpy())
    return TargetValues(value, answered, bases.fill_null(False).to_numpy())


def in_base(target: Target) -> pl.Expr:
    """Whether a row is concerned by the target."""
    return pl.lit(True) if target.base is None else target.base


def refuse_text(series: pl.Series, target: Target) -> None:
    """Raise when a target is not made of numbers or Booleans."""
    if series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null):
        return
    text = series.cast(pl.String)
    wrong = text.is_not_null() & text.cast(pl.Float64, strict=False).is_null()
    where = row_numbers(wrong if wrong.any() else text.is_not_null())
    columns = named([f"« {name} »" for name in target.value.meta.root_names()])
    raise fault(
        f"Indicateur « {target.indicator} » : la colonne {columns} contient du texte ({where}) ; "
        "la convertir en nombres, ou comparer à un code pour obtenir une part."
    )


def refuse_not_finite(value: Floats, targets: Sequence[Target]) -> None:
    """Raise on NaN or infinite values, and on shares that are not 0 or 1."""
    shares = np.array([target.statistic == "share" for target in targets])
    wrong = ~np.isfinite(value)
    what = "une valeur infinie ou non numérique (NaN)"
    if not wrong.any():
        wrong = shares & (value != 0) & (value != 1)
        what = "une valeur autre que 0 et 1 pour une part"
    if wrong.any():
        index = int(wrong.any(axis=0).argmax())
        target = targets[index]
        columns = named([f"« {name} »" for name in target.value.meta.root_names()])
        raise fault(
            f"Indicateur « {target.indicator} » : la colonne {columns} porte {what} "
            f"({row_numbers(pl.Series(wrong[:, index]))}) ; la corriger ou la laisser vide."
        )


def partition(responses: pl.DataFrame, domain: Domain) -> Partition:
    """Cut the rows as `domain` says."""
    if domain.by is None:
        return Partition(domain.domain_type, ["ensemble"], np.zeros(responses.height, np.int64))
    use = f"Domaine « {domain.domain_type} »"
    if isinstance(domain.by, tuple):
        require_columns(responses, domain.by, use)
        codes, keys = encode(responses.select(domain.by))
        label = pl.concat_str(pl.all().cast(pl.String), separator=" x ")
        return Partition(domain.domain_type, keys.select(label).to_series().to_list(), codes)
    require_columns(responses, domain.by.meta.root_names(), use)
    category = responses.select(pl.int_range(pl.len()).alias("row"), by=domain.by).select("by")
    if category.schema["by"] == pl.Boolean:
        codes = category["by"].cast(pl.Int64).fill_null(0).to_numpy() - 1
        return Partition(domain.domain_type, [domain.domain_type], codes)
    codes, keys = encode(category)
    return Partition(domain.domain_type, keys["by"].cast(pl.String).to_list(), codes)
