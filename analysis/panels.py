"""Changes between two editions that share units: the covariance a panel brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from analysis.checks import (
    Floats,
    Integers,
    fault,
    named,
    refuse_missing,
    require_columns,
    row_numbers,
)
from analysis.comparison import CELL, FAMILY, compare_editions
from analysis.design import SurveyDesign
from analysis.estimation import Influences
from analysis.forms import DesignArrays, summing
from analysis.variance import weighted_residuals
from survey.french import counted

WAVE = "wave"


def compare_panel(
    before: Influences,
    after: Influences,
    units_before: pl.Series,
    units_after: pl.Series,
    *,
    adjust: str | None = "holm",
    family: Sequence[str] = FAMILY,
    level: float = 0.95,
) -> pl.DataFrame:
    """What changed between two editions that share some units; columns of `compare_editions`.

    The error of each edition is the one it was published with; `panel_correlations` says how the
    covariance comes from the common units, and what is supposed.
    """
    found = panel_correlations(before, after, units_before, units_after)
    cells = after.cells.join(found, on=CELL, how="left", maintain_order="left")
    options = {"adjust": adjust, "family": family, "level": level}
    return compare_editions(before.cells, cells, correlation=pl.col("correlation"), **options)


def panel_correlations(
    before: Influences, after: Influences, units_before: pl.Series, units_after: pl.Series
) -> pl.DataFrame:
    """Correlation of the estimates of two editions, from the units surveyed in both.

    With z, t the weighted linearised variables (residuals, of a calibrated edition) of one cell in
    each, summed by unit, the covariance is the sum over strata of

        (1 - f) c / (c - 1) x sum over the c common units of (z - mean z) (t - mean t),

    the means being those of common units. That of Tam (1984) for simple random samples of n and n'
    units that share c: f = n n' / (c N), the sampled fraction when all are common. Units that
    changed stratum make a stratum of their own with those that moved likewise; f is then kept in
    [0, 1], as elsewhere, so that it never turns the sign of a covariance.

    Supposed: common units are a random part of each stratum, n, n', c fixed; N has hardly moved.
    Not counted: later stages of a draw, a second phase of responding, probabilities that are
    unequal within a stratum.

    Parameters
    ----------
    before, after : of the same indicators and domains, one edition each.
    units_before, units_after : identifier of the primary unit of each row of the frames that they
        were made from (of the cluster, when clusters were drawn); stable across editions.

    Returns
    -------
    One row per cell of both: `indicator, population, domain_type, domain, statistic, correlation,
    n_common`. `correlation` is null where one edition has no error.

    Raises
    ------
    SurveyError : identifiers missing or not one a row; one unit in two strata.

    References
    ----------
    Tam (1984), The American Statistician 38(4), 288-289; Qualité and Tillé (2008), Survey
    Methodology 34(2), 173-181.
    """
    pairs = after.cells.with_row_index("now").join(
        before.cells.with_row_index("then"), on=CELL, suffix="_then", maintain_order="left"
    )
    rows = [
        unit_rows(found, units, what)
        for found, units, what in ((before, units_before, "avant"), (after, units_after, "après"))
    ]
    common = rows[0].join(rows[1], on="unit", suffix="_now").with_row_index("place")
    then = unit_sums(before, units_before, common["unit"], pairs["then"])
    now = unit_sums(after, units_after, common["unit"], pairs["now"])
    shared = shared_covariance(before, after, common, then, now)
    errors = pairs.select(pl.col("std_error").cast(pl.Float64) * pl.col("std_error_then"))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = shared / errors.to_series().fill_null(np.nan).to_numpy()
    correlation = np.where(np.isfinite(correlation), np.clip(correlation, -1, 1), np.nan)
    return pairs.select(
        *CELL,
        correlation=pl.Series(correlation, dtype=pl.Float64).fill_nan(None),
        n_common=pl.lit(common.height, dtype=pl.Int64),
    )


def unit_rows(found: Influences, units: pl.Series, what: str) -> pl.DataFrame:
    """`unit` and `stratum` of each unit of positive weight."""
    arrays = found.arrays
    if len(units) != len(arrays.weight):
        raise fault(
            f"Panel ({what}) : {counted(len(units), 'identifiant')} pour "
            f"{counted(len(arrays.weight), 'ligne')} ; donner celui de chaque ligne du tableau "
            "estimé."
        )
    frame = pl.DataFrame({"unit": units.cast(pl.String), "stratum": arrays.stratum})
    if units.null_count():
        raise fault(
            f"Panel ({what}) : identifiant vide ({row_numbers(units.is_null())}) ; compléter ou "
            "écarter ces lignes."
        )
    held = frame.filter(pl.Series(arrays.weight > 0)).unique().sort("unit")
    twice = held.filter(held["unit"].is_duplicated())["unit"].unique().sort().to_list()
    if twice:
        raise fault(
            f"Panel ({what}) : l’identifiant {named(twice)} figure dans plusieurs strates ; donner "
            "celui de l’unité tirée, propre à chacune."
        )
    return held


def unit_sums(found: Influences, units: pl.Series, common: pl.Series, cells: pl.Series) -> Floats:
    """Weighted residuals of some cells summed by common unit, units x cells."""
    scores = np.nan_to_num(found.scores[:, cells.to_numpy()])
    place = pl.DataFrame({"unit": common, "place": np.arange(len(common))})
    own = pl.DataFrame({"unit": units.cast(pl.String)})
    code = own.join(place, on="unit", how="left", maintain_order="left")["place"]
    kept = np.flatnonzero(code.is_not_null().to_numpy())
    codes = code.drop_nulls().to_numpy()
    return summing(codes, len(common)) @ weighted_residuals(scores, found.arrays)[0][kept]


def shared_covariance(
    before: Influences, after: Influences, common: pl.DataFrame, then: Floats, now: Floats
) -> Floats:
    """The formula of `panel_correlations`, for each column of `then` and `now`."""
    strata = common.select("stratum", "stratum_now").to_numpy()
    keys, code = np.unique(strata, axis=0, return_inverse=True)
    count = np.bincount(code, minlength=len(keys)).astype(float)
    sums = summing(code, len(keys))
    safe = np.maximum(count, 1)[:, None]
    first, second = (z - ((sums @ z) / safe)[code] for z in (then, now))
    drawn_then, rate_then = drawn(before.arrays, keys[:, 0])
    drawn_now, rate_now = drawn(after.arrays, keys[:, 1])
    # n n' / (c N), N being the geometric mean of n / f and n' / f'.
    taken = np.sqrt(drawn_then * drawn_now * rate_then * rate_now) / np.maximum(count, 1)
    factor = np.where(count > 1, count / np.maximum(count - 1, 1), 0.0) * np.clip(1 - taken, 0, 1)
    return factor @ (sums @ (first * second))


def drawn(arrays: DesignArrays, strata: Integers) -> tuple[Floats, Floats]:
    """Primary units drawn in each of `strata`, and the fraction they are of the population."""
    stage = arrays.stages[0]
    count, scale = stage.unit_count[strata], stage.scale[strata]
    return count, 1 - scale * np.maximum(count - 1, 1) / count


def stack_waves(
    before: pl.DataFrame, after: pl.DataFrame, design: SurveyDesign, unit: str, names: Sequence[str]
) -> tuple[pl.DataFrame, SurveyDesign]:
    """Two editions as one survey whose primary units span both: the other way to compare a panel.

    Estimated by domains of the column `wave`, the result gives `contrasts.compare_domains` the
    difference of both editions with all covariances. The linearised variance is that of a single
    draw of all units met in either edition: entering and leaving is taken as random, as
    are the sizes of the editions. Weights calibrated in each edition stay so, margin by margin.

    Parameters
    ----------
    before, after : one edition each, with the columns of `design` and `unit`.
    design : of both; a design with clusters keeps them, else `unit` becomes the cluster.
    unit : identifier of the primary unit, stable across editions.
    names : of both editions, the values of `wave`.

    Raises
    ------
    SurveyError : a unit whose stratum changed, which would lose its covariance; a numeric margin,
        or a unit of calibration, that this does not handle.
    """
    if design.calibration_numbers or design.calibration_unit or design.margin_errors:
        raise fault(
            "Empilement des éditions : seules les marges de calage en modalités sont prises en "
            "compte ; comparer avec compare_panel."
        )
    if isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
        raise fault(
            "Empilement des éditions : il faut deux noms d’édition différents, par exemple "
            '("2025", "2026").'
        )
    columns = tuple(dict.fromkeys((*design.columns, unit)))
    frames = []
    for frame, name in zip((before, after), names, strict=True):
        require_columns(frame, columns, f"Édition {name}")
        refuse_missing(frame, unit, f"Édition {name}")
        margins = [
            pl.concat_str(pl.lit(f"{name} "), pl.col(column).cast(pl.String)).alias(
                f"{column}@{WAVE}"
            )
            for column in design.calibration
        ]
        frames.append(frame.with_columns(*margins, pl.lit(name).alias(WAVE)))
    stacked = pl.concat(frames, how="diagonal_relaxed")
    if design.strata:
        moved = stacked.select(unit, *design.strata).unique()
        moved = moved.filter(pl.col(unit).is_duplicated())[unit].unique().sort()
        if len(moved):
            raise fault(
                f"Empilement des éditions : l’unité {named(moved.to_list())} a changé de strate ; "
                "donner aux deux éditions la strate de son tirage, ou comparer avec compare_panel."
            )
    margins = tuple(f"{column}@{WAVE}" for column in design.calibration)
    return stacked, replace(design, cluster=design.cluster or unit, calibration=margins)
