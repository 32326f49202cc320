"""Do groups differ? Design-based t, analysis of variance, rank tests and trend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy import special

from analysis.checks import Floats, Integers, fault, named
from analysis.design import SurveyDesign
from analysis.forms import DesignArrays
from analysis.inference import (
    CONSTANT,
    NO_ERROR,
    NO_FREEDOM,
    NO_ROW,
    OK,
    ONE_GROUP,
    SINGULAR,
    as_tests,
    check_level,
    degrees_of_freedom,
    student,
    tested_arrays,
)
from analysis.targets import WHOLE, Domain, Partition, Target, partition, target_values
from analysis.variance import covariance_of_totals

FAMILY = ("test", "variable", "domain_type")
RankScore = Callable[[Floats, float], Floats]
RANK_SCORES: dict[str, RankScore] = {
    "wilcoxon": lambda rank, size: rank / size,
    "kruskal_wallis": lambda rank, size: rank / size,
    "van_der_waerden": lambda rank, size: special.ndtri(rank / size),
    # A rank of exactly half the population is not above it, whatever the rounding of the sums.
    "median": lambda rank, size: (rank > size / 2 * (1 + 1e-12)).astype(float),
}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The rows where one target is known in one domain, and the group of each.

    `rows` are places in the frame; `group` codes 0, 1, 2… follow `names`, the groups present, and
    `place` is the rank of each of them among all the groups.
    """

    about: dict[str, Any]
    rows: Integers
    value: Floats
    weight: Floats
    group: Integers
    names: list[str]
    place: Integers
    freedom: int


def t_tests(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    group: Domain | None = None,
    domains: Sequence[Domain] = (WHOLE,),
    *,
    against: float = 0.0,
    adjust: str | None = "holm",
    level: float = 0.95,
) -> pl.DataFrame:
    """Design-based t tests of means and shares, as R's `svyttest`: one row a target x domain.

    With a `group` of two categories, the difference between the second and the first, that should
    be `against`; without, one mean against it. For pairs, give the difference of both measures as
    the value of a target. Degrees of freedom are primary units minus strata, minus one more, in
    both cases, as R does. Groups of a cluster sample share clusters: their covariance is counted.

    Parameters
    ----------
    targets : their `statistic` is not read: a Boolean value gives a share, a number a mean.
    adjust : correction of p-values for the targets' domains of one type (`inference.ADJUSTMENTS`).

    Returns
    -------
    `inference.TEST`: `statistic` is t, `ddf` its degrees of freedom, `estimate` the difference or
    the mean, `n` rows counted. A test that cannot be done is null; `status` says why.

    Raises
    ------
    SurveyError : more than two groups; a fault of the design, of a target or of a domain.
    """
    check_level(level)
    arrays = tested_arrays(responses, design)
    tests = []
    for sample in samples(responses, arrays, targets, group, domains):
        if len(sample.names) > 2:
            raise fault(
                f"Test t : « {group.domain_type} » a {len(sample.names)} groupes "
                f"({named(sample.names)}) ; en garder deux, ou prendre anova_tests."
            )
        if len(sample.names) < (1 if group is None else 2):
            tests.append(sample.about | {"status": NO_ROW if group is None else ONE_GROUP})
            continue
        means, covariance = group_means(sample.value, sample, arrays)
        signs = np.array([1.0]) if group is None else np.array([-1.0, 1.0])
        variance = signs @ covariance @ signs
        freedom = sample.freedom - 1
        span = float(np.ptp(sample.value))
        tests.append(t_row(sample, signs @ means, variance, freedom, level, span, against))
    return as_tests([{"test": "t"} | row for row in tests], FAMILY, adjust)


def anova_tests(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    group: Domain,
    domains: Sequence[Domain] = (WHOLE,),
    *,
    adjust: str | None = "holm",
) -> pl.DataFrame:
    """Wald tests that all groups have the same mean, as R's `regTermTest` of `svyglm` on a factor.

    Same parameters, errors and columns as `t_tests`; `statistic` is F on `ndf` = groups - 1 and
    `ddf` = primary units - strata - `ndf`.
    """
    arrays = tested_arrays(responses, design)
    tests = [
        wald_row(sample, sample.value, arrays)
        for sample in samples(responses, arrays, targets, group, domains)
    ]
    return as_tests([{"test": "anova"} | row for row in tests], FAMILY, adjust)


def rank_tests(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    group: Domain,
    domains: Sequence[Domain] = (WHOLE,),
    *,
    score: str | RankScore = "wilcoxon",
    adjust: str | None = "holm",
    level: float = 0.95,
) -> pl.DataFrame:
    """Design-based rank tests, as R's `svyranktest`: ranks are estimated in the population.

    The rank of a row is the weight before it plus half its own; the test compares the mean score of
    the groups. Two groups give t, more give F (Kruskal-Wallis). Ties share the plain mean of their
    ranks, as R: when their weights differ, that mean depends a little on the order of the rows.

    Parameters
    ----------
    score : "wilcoxon" (or "kruskal_wallis": the same), "van_der_waerden", "median", or a function
        of the ranks and of the population size.

    Returns
    -------
    `inference.TEST`. With two groups `estimate` is the difference of mean scores (second - first)
    and `ddf` = primary units - strata - 1; else `statistic` is F on `ndf`, `ddf`.

    References
    ----------
    Lumley and Scott (2013), Biometrika 100(4), 831-842.
    """
    check_level(level)
    name = score if isinstance(score, str) else "rank"
    if isinstance(score, str) and score not in RANK_SCORES:
        raise fault(
            f"Test de rang : score {score!r} inconnu ; choisir parmi {', '.join(RANK_SCORES)}, "
            "ou donner une fonction du rang et de l’effectif."
        )
    scored = RANK_SCORES[score] if isinstance(score, str) else score
    arrays = tested_arrays(responses, design)
    tests = []
    for sample in samples(responses, arrays, targets, group, domains):
        values = rank_scores(sample, scored)
        if len(sample.names) != 2:
            tests.append(wald_row(sample, values, arrays))
            continue
        means, covariance = group_means(values, sample, arrays)
        signs = np.array([-1.0, 1.0])
        variance = signs @ covariance @ signs
        freedom, span = sample.freedom - 1, float(np.ptp(values))
        tests.append(t_row(sample, signs @ means, variance, freedom, level, span))
    return as_tests([{"test": name} | row for row in tests], FAMILY, adjust)


def trend_tests(
    responses: pl.DataFrame,
    design: SurveyDesign,
    targets: Sequence[Target],
    group: Domain,
    domains: Sequence[Domain] = (WHOLE,),
    *,
    scores: Sequence[float] | None = None,
    method: Literal["slope", "score"] = "slope",
    adjust: str | None = "holm",
    level: float = 0.95,
) -> pl.DataFrame:
    """Linear trend of a mean or a share over ordered categories.

    "slope" is the regression on the scores, as R's `svyglm`, with primary units - strata - 1
    degrees of freedom. "score" is the test of Cochran and Armitage with the correction of Rao and
    Scott: the covariance of value and score over its error had there been no trend.

    Parameters
    ----------
    group : ordered as its Enum, else alphabetically.
    scores : one number a category of `group`, in order; 1, 2, 3… when None.

    Returns
    -------
    `inference.TEST`: `statistic` is t; `estimate` the slope by unit of score ("slope" only).
    """
    check_level(level)
    if method not in ("slope", "score"):
        raise fault(f"Tendance : méthode {method!r} inconnue ; choisir slope ou score.")
    arrays = tested_arrays(responses, design)
    labels = partition(responses, group).labels
    given = np.arange(1.0, len(labels) + 1) if scores is None else np.asarray(scores, float)
    if given.shape != (len(labels),) or not np.isfinite(given).all():
        raise fault(
            f"Tendance : {len(given)} scores pour les {len(labels)} modalités de "
            f"« {group.domain_type} » ({named(labels)}) ; donner un nombre par modalité."
        )
    tests = []
    for sample in samples(responses, arrays, targets, group, domains):
        position = given[sample.place][sample.group]
        if len(np.unique(position)) < 2:
            tests.append(sample.about | {"status": ONE_GROUP})
            continue
        estimate, variance = trend(sample, position, arrays, method == "score")
        freedom = sample.freedom - (method == "slope")
        span = float(np.ptp(sample.value) / np.ptp(position))
        row = t_row(sample, estimate, variance, freedom, level, span)
        hidden = ("estimate", "std_error", "conf_low", "conf_high") if method == "score" else ()
        tests.append(row | dict.fromkeys(hidden))
    return as_tests([{"test": f"trend_{method}"} | row for row in tests], FAMILY, adjust)


def samples(
    responses: pl.DataFrame,
    arrays: DesignArrays,
    targets: Sequence[Target],
    group: Domain | None,
    domains: Sequence[Domain],
) -> Iterator[Sample]:
    """The rows of each target in each domain, targets first."""
    if not targets or not domains:
        raise fault("Tests : il faut au moins une variable et un domaine.")
    values = target_values(responses, targets)
    groups = partition(responses, group or WHOLE)
    parts = [partition(responses, domain) for domain in domains]
    for index, target in enumerate(targets):
        known = values.answered[:, index] & (groups.codes >= 0) & (arrays.weight > 0)
        about = {"variable": target.indicator, "group": group and group.domain_type}
        for part in parts:
            for code, label in enumerate(part.labels):
                rows = np.flatnonzero(known & (part.codes == code))
                where = {"domain_type": part.domain_type, "domain": label, "n": len(rows)}
                value = values.value[rows, index]
                yield one_sample(about | where, rows, value, groups, arrays)


def one_sample(
    about: dict[str, Any], rows: Integers, value: Floats, groups: Partition, arrays: DesignArrays
) -> Sample:
    """The rows of one cell, their groups coded anew among those present."""
    place, code = np.unique(groups.codes[rows], return_inverse=True)
    counted = np.zeros(len(arrays.weight), dtype=bool)
    counted[rows] = True
    return Sample(
        about=about,
        rows=rows,
        value=value,
        weight=arrays.weight[rows],
        group=code,
        names=[groups.labels[index] for index in place],
        place=place,
        freedom=degrees_of_freedom(arrays, counted),
    )


def group_means(value: Floats, sample: Sample, arrays: DesignArrays) -> tuple[Floats, Floats]:
    """Mean of each group, and their covariance."""
    n_groups = len(sample.names)
    size = np.bincount(sample.group, sample.weight, n_groups)
    means = np.bincount(sample.group, sample.weight * value, n_groups) / size
    scores = np.zeros((len(arrays.weight), n_groups))
    scores[sample.rows, sample.group] = (value - means[sample.group]) / size[sample.group]
    return means, covariance_of_totals(scores, arrays)


def rank_scores(sample: Sample, score: RankScore) -> Floats:
    """Score of the estimated rank of each row; rows of the same value share their mean rank."""
    order = np.argsort(sample.value, kind="stable")
    weight = sample.weight[order]
    middle = np.cumsum(weight) - weight / 2
    tie = np.unique(sample.value[order], return_inverse=True)[1]
    rank = np.empty(len(order))
    rank[order] = (np.bincount(tie, middle) / np.bincount(tie))[tie] if len(order) else middle
    return np.asarray(score(rank, float(sample.weight.sum())), dtype=float)


def trend(
    sample: Sample, position: Floats, arrays: DesignArrays, under_null: bool
) -> tuple[float, float]:
    """Slope of the values on `position` and its variance, that had there been none `under_null`."""
    weight, size = sample.weight, sample.weight.sum()
    x = position - weight @ position / size
    y = sample.value - weight @ sample.value / size
    spread = weight @ x**2
    slope = weight @ (x * y) / spread
    # Under no trend the residual is y, and the mean of x y the slope to take away.
    own = x * y - weight @ (x * y) / size if under_null else x * (y - slope * x)
    scores = np.zeros((len(arrays.weight), 1))
    scores[sample.rows, 0] = own / spread
    return float(slope), float(covariance_of_totals(scores, arrays)[0, 0])


def t_row(
    sample: Sample,
    estimate: float,
    variance: float,
    freedom: int,
    level: float,
    span: float,
    null: float = 0.0,
) -> dict[str, Any]:
    """One t test as a row of `TEST`, or why there is none; `span`: the range of what is tested."""
    if span == 0:
        return sample.about | {"status": CONSTANT}
    # An error ten orders under the range of the values is rounding: nothing is random here.
    error = float(np.sqrt(variance)) if variance > (1e-10 * span) ** 2 else 0.0
    row = sample.about | {"estimate": float(estimate), "std_error": error}
    if error == 0 or freedom < 1:
        return row | {"status": NO_ERROR if error == 0 else NO_FREEDOM}
    found = student(np.array([estimate]), np.array([error]), np.array([freedom]), level, null)
    numbers = {name: float(found[name][0]) for name in ("conf_low", "conf_high", "p_value")}
    numbers |= {"statistic": float((estimate - null) / error), "ddf": freedom}
    return row | numbers | {"status": OK}


def wald_row(sample: Sample, value: Floats, arrays: DesignArrays) -> dict[str, Any]:
    """The test that all groups have one mean of `value`, as a row of `TEST`."""
    n_more = len(sample.names) - 1
    freedom = sample.freedom - n_more
    if n_more < 1:
        return sample.about | {"status": ONE_GROUP}
    if np.ptp(value) == 0:
        return sample.about | {"status": CONSTANT}
    if freedom < 1:
        return sample.about | {"status": NO_FREEDOM}
    means, covariance = group_means(value, sample, arrays)
    contrast = np.hstack([-np.ones((n_more, 1)), np.eye(n_more)])
    statistic = wald_form(contrast @ means, contrast @ covariance @ contrast.T)
    if statistic is None:
        return sample.about | {"status": SINGULAR}
    f = statistic / n_more
    p_value = float(special.fdtrc(n_more, freedom, f))
    numbers = {"statistic": f, "ndf": n_more, "ddf": freedom, "p_value": p_value}
    return sample.about | numbers | {"status": OK}


def wald_form(gap: Floats, covariance: Floats) -> float | None:
    """`gap' covariance⁻¹ gap`; None when the covariance cannot be inverted."""
    variance = np.diag(covariance)
    # Under that fraction of the greatest, or of the gap itself, a variance is rounding.
    if not (variance > 1e-18 * max(variance.max(), (gap**2).max())).all():
        return None
    scale = np.sqrt(variance)
    correlation = covariance / np.outer(scale, scale)
    # Beyond this condition number fewer than four digits of the statistic would be left.
    if np.linalg.cond(correlation) > 1e12:
        return None
    return float((gap / scale) @ np.linalg.solve(correlation, gap / scale))
