"""Why margins cannot be met, and what would work: each remedy named has been tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from math import ceil, floor

import numpy as np

from analysis.calibration_bounds import (
    attainable,
    held_exactly,
    merged,
    nearest,
    restricted,
    tightest,
    unbounded,
)
from analysis.calibration_margins import counted, label, listed, quantity
from analysis.calibration_problem import Problem
from analysis.calibration_solver import Solution
from analysis.calibration_spec import CalibrationSpec, factor_limits
from analysis.checks import fault
from survey.errors import ConvergenceError
from survey.french import decimal

Limits = tuple[float, float]

# Linear programmes tried for a diagnosis: cells x margins x programmes stays about this.
EFFORT = 30_000_000
# Room asked inside limits that a method comes near but never reaches (raking: g > 0; logit:
# L < g < U), as a share of their distance to 1.
ROOM = 1e-6
STOPPED = (
    "Des poids qui tiennent ces marges existent pourtant : augmenter max_steps, ou ramener les "
    "variables numériques à des ordres de grandeur voisins."
)
LINEAR = CalibrationSpec("linear")
COST = "donner un coût (colonne cost) aux marges en cause, qui seront alors approchées"


def not_converged(problem: Problem, solution: Solution, spec: CalibrationSpec) -> ConvergenceError:
    """The error that says how far the margins are, why, and what would work."""
    relative = np.abs(solution.gap) / problem.size
    worst = int(relative.argmax())
    variable, category, total = problem.margins.select("variable", "category", "total").row(worst)
    opening = (
        f"Calage : marges non atteintes en {counted(solution.steps, 'étape')}. Plus grand écart : "
        f"{decimal(100 * relative[worst], 4)} % pour {label(variable, category)} (visé "
        f"{quantity(total)}, obtenu {quantity(total + solution.gap[worst])})."
    )
    exact = held_exactly(problem)
    if len(exact.totals) == 0:
        return fault(f"{opening} {STOPPED}", ConvergenceError)
    return fault(f"{opening} {reason(exact, spec)}", ConvergenceError)


def impossible(problem: Problem, spec: CalibrationSpec) -> ConvergenceError:
    """The error of margins that no weights meet; `spec` has no bounds."""
    return fault(f"Calage impossible. {reason(problem, spec)}", ConvergenceError)


def reason(problem: Problem, spec: CalibrationSpec) -> str:
    """Why the margins, all held exactly, cannot be met under `spec`, and what would work."""
    limits = factor_limits(spec)
    if possible(problem, limits, spec):
        return STOPPED
    free = replace(spec, method=unbounded(spec), bounds=None)
    if spec.bounds is not None and possible(problem, factor_limits(free), free):
        why = f"{too_tight(problem, spec)} {conflict_told(problem, spec, limits)}"
    else:
        spec = free
        limits = factor_limits(free)
        why = f"Ces marges se contredisent. {conflict_told(problem, spec, limits)}"
        if spec.method == "raking" and possible(problem, (-np.inf, np.inf), LINEAR):
            why += " Seuls des poids négatifs ou nuls les tiendraient."
    return f"{why} {remedies_told(problem, spec)}"


def possible(problem: Problem, limits: Limits, spec: CalibrationSpec) -> bool:
    """Whether g-weights between limits (strictly, if the method asks for it) meet the margins."""
    if spec.method == "logit" or (spec.method == "raking" and spec.bounds is None):
        limits = (limits[0] + ROOM * (1 - limits[0]), limits[1] - ROOM * min(limits[1] - 1, 1e6))
    return nearest(problem, limits).met


def programmes(problem: Problem) -> int:
    """How many linear programmes a diagnosis may try on a problem of this size."""
    return max(3, EFFORT // (len(problem.weight) * len(problem.totals)))


def too_tight(problem: Problem, spec: CalibrationSpec) -> str:
    """Says that bounds are too tight and which would do, rounded outwards."""
    lower, upper = spec.bounds
    said = f"Les bornes ({decimal(lower, 2)} ; {decimal(upper, 2)}) sont trop serrées"
    if programmes(problem) < 20:
        return f"{said} : les élargir (tightest_bounds cherche les plus étroites)."
    lowest = factor_limits(replace(spec, method=unbounded(spec), bounds=None))[0]
    least = tightest(problem, lowest)
    if least is None:
        return f"{said}."
    low, high = floor(round(100 * least[0], 6)) / 100, ceil(round(100 * least[1], 6)) / 100
    more = " (la méthode « logit » en demande un peu plus)" if spec.method == "logit" else ""
    return (
        f"{said} : les plus étroites qui tiennent ces marges sont ({decimal(low, 2)} ; "
        f"{decimal(high, 2)}){more}."
    )


def conflict_told(problem: Problem, spec: CalibrationSpec, limits: Limits) -> str:
    """Names margins that no weights meet together, and what one could be if the others are met."""
    rows, minimal = conflict(problem, spec, limits)
    kept = np.zeros(len(problem.totals), bool)
    kept[rows] = True
    few = restricted(problem, kept)
    cannot = "Ne peuvent être tenues ensemble" if len(rows) > 1 else "Ne peut être tenue"
    told = f"{cannot} par ces répondants : {listed(few.margins)}."
    if not minimal:
        return told
    low, high = attainable(few, 0, limits)
    total = few.totals[0]
    if not (low > total or high < total):
        return told
    what = label(*few.margins.select("variable", "category").row(0))
    bound = f"au moins {quantity(low)}" if low > total else f"au plus {quantity(high)}"
    rest = "Le reste tenu, " if len(rows) > 1 else "À elle seule, "
    return f"{told} {rest}{what} vaut {bound} (visé {quantity(total)})."


def conflict(problem: Problem, spec: CalibrationSpec, limits: Limits) -> tuple[list[int], bool]:
    """Rows of margins that cannot be met together, and whether each of them is needed for that.

    Starts from the margins of the proof (Farkas) and leaves out, one by one, those without which
    the others still cannot be met.
    """

    def unmet(rows: list[int]) -> bool:
        kept = np.zeros(len(problem.totals), bool)
        kept[rows] = True
        return bool(rows) and not possible(restricted(problem, kept), limits, spec)

    proof = nearest(problem, limits)
    rows = np.flatnonzero(proof.involved).tolist() if not proof.met else []
    if not unmet(rows):
        rows = list(range(len(problem.totals)))
    if len(rows) > programmes(problem):
        return rows, False
    for row in tuple(rows):
        without = [other for other in rows if other != row]
        if unmet(without):
            rows = without
    return rows, True


def remedies_told(problem: Problem, spec: CalibrationSpec) -> str:
    """Names changes of the margins under which weights exist; each has been tried."""
    limits = factor_limits(spec)
    suspects = conflict(problem, spec, limits)[0]
    tries = programmes(problem)
    worked = []
    for candidates in (merges(problem, suspects), removals(problem, suspects)):
        for told, changed in islice(candidates, tries):
            if possible(changed, limits, spec):
                worked.append(told)
                break
    if not worked:
        return (
            "Regrouper deux modalités, ou retirer une seule de ces variables, ne suffirait pas : "
            f"il faut revoir plusieurs marges, ou {COST}."
        )
    return (
        f"Essayé, le calage devient possible si l'on veut bien {' ; ou '.join(worked)} ; ou {COST}."
    )


def merges(problem: Problem, suspects: list[int]) -> Iterator[tuple[str, Problem]]:
    """Each suspect category made one with another of its variable, neighbours first."""
    rows = problem.margins.select("variable", "category").rows()
    for row in suspects:
        variable, category = rows[row]
        others = [i for i, (name, _) in enumerate(rows) if name == variable and i != row]
        if category is None or len(others) < 2:
            continue
        for other in sorted(others, key=lambda i: (abs(i - row), i)):
            told = f"regrouper {label(variable, category)} et {rows[other][1]}"
            yield told, merged(problem, row, other)


def removals(problem: Problem, suspects: list[int]) -> Iterator[tuple[str, Problem]]:
    """The problem without one of the suspect variables."""
    variables = problem.margins["variable"].to_numpy()
    for variable in dict.fromkeys(variables[suspects]):
        kept = variables != variable
        if kept.any():
            yield f"retirer la marge « {variable} »", restricted(problem, kept)
