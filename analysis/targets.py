"""What is estimated and where: targets and domains, evaluated and checked on the responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.checks import (
    LARGEST,
    Floats,
    Integers,
    encode,
    fault,
    named,
    refuse_kind,
    require_columns,
    row_numbers,
)

STATISTICS = ("share", "mean", "total", "ratio", "quantile", "gini", "quantile_share")
INTERVALS = ("logit", "wilson", "beta", "arcsine", "likelihood", "normal", "capped")
ORDERED = ("quantile", "quantile_share")


@dataclass(frozen=True, slots=True)
class Target:
    """One quantity to estimate.

    `value` is Boolean (or 0/1) for a share, else numeric (Boolean counts units for a total); null =
    missing. Rows out of `base` are outside the target, like those of missing value. `denominator`
    goes with a ratio; `order`, in (0, 1), with a quantile and a quantile_share, the part of the
    total held by the units above that quantile. `interval` is that of a share, logit when None.
    """

    indicator: str
    value: pl.Expr
    statistic: Literal["share", "mean", "total", "ratio", "quantile", "gini", "quantile_share"] = (
        "share"
    )
    base: pl.Expr | None = None
    denominator: pl.Expr | None = None
    order: float | None = None
    interval: (
        Literal["logit", "wilson", "beta", "arcsine", "likelihood", "normal", "capped"] | None
    ) = None

    def __post_init__(self) -> None:
        name = f"Indicateur « {self.indicator} »"
        refuse_not_expressions(self, name)
        if self.statistic not in STATISTICS:
            raise fault(
                f"{name} : statistique {self.statistic!r} inconnue ; choisir parmi "
                f"{', '.join(STATISTICS)}."
            )
        if (self.denominator is not None) != (self.statistic == "ratio"):
            raise fault(f"{name} : « denominator » va avec la statistique ratio, et elle avec lui.")
        if (self.order is not None) != (self.statistic in ORDERED):
            raise fault(f"{name} : « order » va avec les statistiques {' et '.join(ORDERED)}.")
        if self.order is not None and not 0 < self.order < 1:
            raise fault(f"{name} : ordre {self.order} ; attendu entre 0 et 1, par exemple 0.5.")
        if self.interval is not None and (
            self.statistic != "share" or self.interval not in INTERVALS
        ):
            raise fault(
                f"{name} : intervalle {self.interval!r} refusé ; pour une part, choisir parmi "
                f"{', '.join(INTERVALS)}."
            )


def refuse_not_expressions(target: Target, name: str) -> None:
    """Raise on a part of a target that is the name of a column, or anything but an expression."""
    parts = {"value": target.value, "base": target.base, "denominator": target.denominator}
    for key, part in parts.items():
        if not (isinstance(part, pl.Expr) or (part is None and key != "value")):
            raise fault(f'{name} : « {key} » est une expression, par exemple pl.col("age").')


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
    """Targets as arrays, rows x targets; `value` is 0 where not `answered`.

    `denominator` holds those of the ratios by place of the target, 0 where not answered.
    """

    value: Floats
    answered: NDArray[np.bool_]
    in_base: NDArray[np.bool_]
    denominator: dict[int, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Disjoint domains: the code of each row (-1 = in none) and the label of each code."""

    domain_type: str
    labels: list[str]
    codes: Integers


def target_values(responses: pl.DataFrame, targets: Sequence[Target]) -> TargetValues:
    """Evaluate every target; raises on unknown columns and on what is not a finite number."""
    refuse_unknown_columns(responses, targets)
    value = numbers(responses, [target.value for target in targets], targets)
    ratios = [place for place, target in enumerate(targets) if target.denominator is not None]
    below = numbers(
        responses,
        [targets[place].denominator for place in ratios],
        [targets[place] for place in ratios],
    )
    bases = evaluated(responses, [in_base(target) for target in targets], named_targets(targets))
    conditions = [condition(*pair) for pair in zip(bases, targets, strict=True)]
    in_bases = pl.DataFrame(conditions).to_numpy()
    answered = in_bases & value.select(pl.all().is_not_null()).to_numpy()
    for column, place in enumerate(ratios):
        answered[:, place] &= below.to_series(column).is_not_null().to_numpy()
    values = np.where(answered, value.fill_null(0.0).to_numpy(), 0.0)
    refuse_not_finite(values, [target.value for target in targets], targets)
    denominator = {
        place: np.where(answered[:, place], below.to_series(column).fill_null(0.0).to_numpy(), 0.0)
        for column, place in enumerate(ratios)
    }
    for place, column in denominator.items():
        refuse_not_finite(column[:, None], [targets[place].denominator], [targets[place]])
    return TargetValues(values, answered, in_bases, denominator)


def refuse_unknown_columns(responses: pl.DataFrame, targets: Sequence[Target]) -> None:
    """Raise on a target that reads a column `responses` lacks."""
    present = set(responses.columns)
    for target in targets:
        parts = (target.value, in_base(target), target.denominator)
        used = [name for part in parts if part is not None for name in part.meta.root_names()]
        if not present.issuperset(used):
            require_columns(responses, used, f"Indicateur « {target.indicator} »")


def evaluated(
    responses: pl.DataFrame, expressions: Sequence[pl.Expr], names: Sequence[str]
) -> pl.DataFrame:
    """The expressions as columns named 0, 1, 2…, constant ones repeated on every row.

    Raises on the first that Polars cannot compute, by its name.
    """
    columns = [part.alias(str(place)) for place, part in enumerate(expressions)]
    try:
        return responses.select(pl.int_range(pl.len()).alias("row"), *columns).drop("row")
    except pl.exceptions.PolarsError as error:
        if len(columns) > 1:
            for part, name in zip(expressions, names, strict=True):
                evaluated(responses, [part], [name])
        raise fault(
            f"{names[0]} : cette expression ne donne pas une valeur par ligne ; vérifier le type "
            "de ses colonnes, et qu’elle ne retire aucune ligne."
        ) from error


def named_targets(targets: Sequence[Target]) -> list[str]:
    """« Indicateur « âge » » for each."""
    return [f"Indicateur « {target.indicator} »" for target in targets]


def condition(series: pl.Series, target: Target) -> pl.Series:
    """A base as a Boolean, null being false."""
    if not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null)):
        raise fault(
            f"Indicateur « {target.indicator} » : « base » n’est pas une condition, vraie ou "
            'fausse sur chaque ligne ; comparer à un code, par exemple pl.col("sexe") == "F".'
        )
    return series.cast(pl.Boolean).fill_null(False)


def numbers(
    responses: pl.DataFrame, expressions: Sequence[pl.Expr], targets: Sequence[Target]
) -> pl.DataFrame:
    """The expressions as columns of numbers; raises on text."""
    raw = evaluated(responses, expressions, named_targets(targets))
    for series, part, target in zip(raw, expressions, targets, strict=True):
        refuse_text(series, part, target)
    return raw.cast(pl.Float64)


def in_base(target: Target) -> pl.Expr:
    """Whether a row is concerned by the target."""
    return pl.lit(True) if target.base is None else target.base


def refuse_text(series: pl.Series, expression: pl.Expr, target: Target) -> None:
    """Raise when a target is not made of numbers or Booleans."""
    if series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null):
        return
    refuse_kind(series, f"Indicateur « {target.indicator} » : la colonne {columns_of(expression)}")
    text = series.cast(pl.String)
    wrong = text.is_not_null() & text.cast(pl.Float64, strict=False).is_null()
    where = row_numbers(wrong if wrong.any() else text.is_not_null())
    raise fault(
        f"Indicateur « {target.indicator} » : la colonne {columns_of(expression)} contient du "
        f"texte ({where}) ; la convertir en nombres, ou comparer à un code pour obtenir une part."
    )


def refuse_not_finite(
    value: Floats, expressions: Sequence[pl.Expr], targets: Sequence[Target]
) -> None:
    """Raise on NaN or infinite values, and on shares that are not 0 or 1."""
    shares = np.array([target.statistic == "share" for target in targets], dtype=bool)
    wrong = ~(np.abs(value) <= LARGEST)
    what = "une valeur infinie, démesurée ou non numérique (NaN)"
    if not wrong.any():
        wrong = shares & (value != 0) & (value != 1)
        what = "une valeur autre que 0 et 1 pour une part"
    if wrong.any():
        place = int(wrong.any(axis=0).argmax())
        raise fault(
            f"Indicateur « {targets[place].indicator} » : la colonne "
            f"{columns_of(expressions[place])} porte {what} "
            f"({row_numbers(pl.Series(wrong[:, place]))}) ; la corriger ou la laisser vide."
        )


def columns_of(expression: pl.Expr) -> str:
    """The columns an expression reads, quoted."""
    return named([f"« {name} »" for name in expression.meta.root_names()])


def levels(responses: pl.DataFrame, column: str, **options: object) -> list[Target]:
    """The share of every level of a category: one target each, named `<column>__<level>`.

    In the order of an Enum, else alphabetical; only levels present. `options` are those of
    `Target` (base, interval). A null is missing, outside the shares.
    """
    require_columns(responses, [column], "Modalités")
    present = responses[column].drop_nulls().unique().sort()
    if present.dtype.is_float():
        present = present.drop_nans()
    return [
        Target(f"{column}__{level}", pl.col(column) == level, **options)
        for level in present.to_list()
    ]


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
    category = evaluated(responses, [domain.by], [use])
    if category.schema["0"] == pl.Boolean:
        codes = category["0"].cast(pl.Int64).fill_null(0).to_numpy() - 1
        return Partition(domain.domain_type, [domain.domain_type], codes)
    codes, keys = encode(category)
    return Partition(domain.domain_type, keys["0"].cast(pl.String).to_list(), codes)
