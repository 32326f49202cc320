"""The stages of a draw as numbers: units, strata and factors of the form of a variance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.checks import (
    Floats,
    Integers,
    encode,
    fault,
    named,
    numeric_column,
    refuse_missing,
    require_columns,
    row_numbers,
)
from analysis.design import SurveyDesign
from survey.french import counted, short_number
from survey.marked import setting

TAKEN = 1e-7  # under this remaining fraction a stratum is wholly taken, as R's `onestrat`


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage of a draw: in each stratum, scale x sum of factor x (unit total - centre)².

    unit : code of the unit of each row; `by_row` when each row is one.
    stratum_of_unit : code of the stratum of each unit; from the second stage on, the unit it was
        drawn from.
    unit_count, scale, centred, lonely : by stratum; `scale` is (1 - f) n/(n - 1) times the sampling
        fractions of the stages before. A stratum not `centred` counts around zero; one `lonely`
        takes the mean variance of the others.
    factor : by unit, 1 - inclusion probability; None = 1.
    weighted_centre : the centre is the mean weighted by `factor`, else the plain one.
    factor_sum : by stratum, sum of `factor` over all its units, those that score 0 included.
    """

    unit: Integers
    by_row: bool
    stratum_of_unit: Integers
    unit_count: Floats
    scale: Floats
    centred: NDArray[np.bool_]
    lonely: NDArray[np.bool_]
    factor: Floats | None = None
    weighted_centre: bool = False
    factor_sum: Floats | None = None

    @property
    def stratum(self) -> Integers:
        """Code of the stratum of each row."""
        return self.stratum_of_unit[self.unit]


def draw_stages(frame: pl.DataFrame, design: SurveyDesign) -> tuple[Stage, ...]:
    """Every stage that adds variance, outermost first.

    As R's `svydesign`: without population sizes the draw is with replacement, and the first stage
    carries all the variance; with them, each later stage adds its own times the fractions before.

    Raises
    ------
    SurveyError : unknown column; stratum or cluster null; cluster label in two strata when not
        `nested`; population size varying or below the units drawn; certainty not constant in a
        stratum; inclusion probability not in (0, 1] or varying in a primary unit; lonely stratum
        under `lonely="fail"`.
    """
    require_columns(frame, design.columns, "Plan de sondage")
    parent, names = stratum_codes(frame, design)
    fraction = np.ones(frame.height)
    rows_drawn = not design.clusters or len(design.sizes) > len(design.clusters)
    stages: list[Stage] = []
    for depth, cluster in enumerate((*design.clusters, *([None] if rows_drawn else []))):
        unit, unit_names = stage_units(frame, design, cluster, parent)
        stage, taken = one_stage(frame, design, depth, unit, parent, names, fraction)
        stages.append(replace(stage, by_row=cluster is None))
        fraction = fraction * taken
        if not fraction.any():
            break
        parent, names = unit, unit_names
    return tuple(stages)


def stratum_codes(frame: pl.DataFrame, design: SurveyDesign) -> tuple[Integers, pl.Series]:
    """Stratum of each row as a code, and the names of the strata; null for the only one."""
    if not design.strata:
        return np.zeros(frame.height, dtype=np.int64), pl.Series([None], dtype=pl.String)
    for column in design.strata:
        refuse_missing(frame, column, "Strates")
    codes, keys = encode(frame.select(design.strata))
    label = pl.concat_str(pl.all().cast(pl.String), separator=" x ")
    return codes, keys.select(label).to_series()


def stage_units(
    frame: pl.DataFrame, design: SurveyDesign, cluster: str | None, parent: Integers
) -> tuple[Integers, pl.Series]:
    """Unit of each row at a stage as a code, and the names of the units."""
    if cluster is None:
        return np.arange(frame.height), pl.Series([], dtype=pl.String)
    refuse_missing(frame, cluster, "Grappes")
    codes, keys = encode(pl.DataFrame({"parent": parent, "cluster": frame[cluster]}))
    if not design.nested and keys["cluster"].is_duplicated().any():
        wrong = keys["cluster"].filter(keys["cluster"].is_duplicated()).unique().sort()
        raise fault(
            f"Grappes : « {cluster} » = {named(wrong.to_list())} figure dans plusieurs strates ou "
            "plusieurs grappes du degré supérieur ; donner des identifiants uniques, ou garder "
            f"{setting('nested', True)} si la numérotation reprend dans chacune."
        )
    return codes, keys["cluster"].cast(pl.String)


def one_stage(
    frame: pl.DataFrame,
    design: SurveyDesign,
    depth: int,
    unit: Integers,
    parent: Integers,
    names: pl.Series,
    fraction: Floats,
) -> tuple[Stage, Floats]:
    """A stage, and the fraction drawn at it, row by row."""
    stratum_of_unit = np.zeros(unit.max() + 1, dtype=np.int64)
    stratum_of_unit[unit] = parent
    n_strata = int(parent.max()) + 1
    count = np.bincount(stratum_of_unit, minlength=n_strata).astype(float)
    size = design.sizes[depth] if depth < len(design.sizes) else None
    rate = sampled_fraction(frame, size, parent, names, count, depth)
    factor = total = None
    if depth == 0:
        rate = np.where(certain_strata(frame, design, parent, names), 1.0, rate)
        factor = inclusion_factor(frame, design, unit)
    if factor is not None:
        total = np.bincount(stratum_of_unit, factor, n_strata)
        rate = np.where(total < TAKEN, 1.0, rate)
    scale, lonely = stratum_scale(design, names, depth, count, rate)
    before = np.ones(n_strata)
    before[parent] = fraction
    scale *= before
    stage = Stage(
        unit=unit,
        by_row=False,
        stratum_of_unit=stratum_of_unit,
        unit_count=count,
        scale=scale,
        centred=~lonely,
        lonely=lonely & (design.lonely == "average"),
        factor=factor,
        weighted_centre=design.pps == "deville",
        factor_sum=total,
    )
    return stage, rate[parent] if factor is None else 1 - factor[unit]


def stratum_scale(
    design: SurveyDesign, names: pl.Series, depth: int, count: Floats, rate: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """(1 - f) n/(n - 1) of each stratum, as its lonely unit is to count; and which are lonely."""
    taken = 1 - rate < TAKEN
    lonely = (count == 1) & ~taken
    if lonely.any() and design.lonely == "fail":
        refuse_lonely(names, lonely, depth)
    scale = np.where(taken, 0.0, (1 - rate) * count / np.maximum(count - 1, 1))
    if design.lonely != "adjust":
        scale[lonely] = 0.0
    return scale, lonely


def sampled_fraction(
    frame: pl.DataFrame,
    size: str | None,
    parent: Integers,
    names: pl.Series,
    count: Floats,
    depth: int = 0,
) -> Floats:
    """n/N of each stratum (of each unit drawn before, from `depth` 1 on); 0 without a size."""
    if size is None:
        return np.zeros(len(count))
    by_row = numeric_column(frame, size, "Taille de strate")
    total = np.ones(len(count))
    total[parent] = by_row
    uneven = total[parent] != by_row
    if uneven.any():
        wrong = np.unique(parent[uneven]).tolist()
        place = strata_told(names, wrong, depth)
        raise fault(
            f"Taille de strate : la colonne « {size} » varie dans {place} ; elle doit y "
            "donner un seul effectif de la base de sondage."
        )
    short = np.flatnonzero(total < count)
    if short.size:
        first = int(short[0])
        rate = ", qui doit être un effectif, pas un taux" if total[first] < 1 else ""
        raise fault(
            f"Taille de strate : {strata_told(names, [first], depth)} compte "
            f"{counted(count[first], 'unité enquêtée')} pour {short_number(total[first])} dans la "
            f"population ; corriger « {size} »{rate}."
        )
    return count / total


def certain_strata(
    frame: pl.DataFrame, design: SurveyDesign, stratum: Integers, names: pl.Series
) -> NDArray[np.bool_]:
    """Whether each stratum was wholly taken, as `certainty` says."""
    n_strata = int(stratum.max()) + 1
    if design.certainty is None:
        return np.zeros(n_strata, dtype=bool)
    column = frame[design.certainty]
    refuse_missing(frame, design.certainty, "Strates exhaustives")
    if column.dtype != pl.Boolean:
        raise fault(
            f"Strates exhaustives : la colonne « {design.certainty} » doit être booléenne (vrai ou "
            "faux)."
        )
    certain = column.to_numpy()
    by_stratum = np.zeros(n_strata, dtype=bool)
    by_stratum[stratum] = certain
    mixed = np.unique(stratum[by_stratum[stratum] != certain]).tolist()
    if mixed:
        place = strata_told(names, mixed)
        raise fault(
            f"Strates exhaustives : « {design.certainty} » varie dans {place} ; ranger "
            "les unités prises d’office dans une strate à elles."
        )
    return by_stratum


def inclusion_factor(frame: pl.DataFrame, design: SurveyDesign, unit: Integers) -> Floats | None:
    """1 - inclusion probability of each primary unit; None when all are alike."""
    if design.inclusion is None:
        return None
    use = "Probabilité d’inclusion"
    by_row = numeric_column(frame, design.inclusion, use)
    outside = (by_row <= 0) | (by_row > 1)
    by_unit = np.ones(unit.max() + 1)
    by_unit[unit] = by_row
    for what, wrong in (
        ("hors de ]0 ; 1]", outside),
        ("variable dans une même unité primaire", by_unit[unit] != by_row),
    ):
        if wrong.any():
            raise fault(
                f"{use} : la colonne « {design.inclusion} » est {what} "
                f"({row_numbers(pl.Series(wrong))})."
            )
    return 1 - by_unit


def refuse_lonely(names: pl.Series, lonely: NDArray[np.bool_], depth: int) -> None:
    """Raise on strata with a single unit."""
    wrong = np.flatnonzero(lonely).tolist()
    unit, gather = "unité", "la regrouper avec une voisine"
    if names.has_nulls():
        unit, gather = "unité primaire", "vérifier le fichier"
    elif len(wrong) > 1:
        gather = "les regrouper avec des voisines"
    raise fault(
        f"Plan de sondage : une seule {unit} dans {strata_told(names, wrong, depth)} ; {gather}, "
        f"ou choisir {setting('lonely', 'adjust')} (autour de la moyenne d’ensemble), "
        f"{setting('', 'average')} (variance moyenne des autres) ou {setting('', 'certainty')} "
        "(exhaustive)."
    )


def strata_told(names: pl.Series, codes: list[int], depth: int = 0) -> str:
    """« la strate A », « les strates A, B », « la grappe 1 (degré 2) », « tout le fichier »."""
    if names.has_nulls():
        return "tout le fichier"
    what = "grappe" if depth else "strate"
    the = f"les {what}s" if len(codes) > 1 else f"la {what}"
    listed = named(names.gather(codes).to_list())
    return f"{the} {listed}" + (f" (degré {depth + 1})" if depth else "")
