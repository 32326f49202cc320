"""Why margins cannot be met, and what would work: each remedy named has been tried."""

from __future__ import annotations

from itertools import islice
from math import ceil, floor

import numpy as np

from analysis.calibration_bounds import attainable, held_exactly, restricted, tightest
from analysis.calibration_conflict import (
    Limits,
    conflict,
    mask,
    merges,
    open_limits,
    possible,
    removals,
    trials,
    widened,
)
from analysis.calibration_margins import label, listed, quantity
from analysis.calibration_problem import Problem
from analysis.calibration_solver import Solution
from analysis.calibration_spec import CalibrationSpec, factor_limits, unbounded
from analysis.checks import fault
from survey.errors import ConvergenceError
from survey.french import counted, decimal
from survey.marked import advice, option

LARGE = 20_000  # cells beyond which the tightest bounds take too long for a message
STOPPED = (
    "Des poids qui tiennent ces marges existent pourtant : "
    f"{advice('max_steps', 'augmenter max_steps, ou ')}ramener les variables numériques à des "
    "ordres de grandeur voisins."
)
COST = f"donner un coût (colonne « {option('cost')} ») aux marges en cause, alors approchées"


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
    if possible(problem, open_limits(spec)):
        return STOPPED
    free = unbounded(spec)
    if spec.bounds is not None and possible(problem, open_limits(free)):
        why = too_tight(problem, spec)
    else:
        spec = free
        why = "Ces marges se contredisent."
        if spec.method == "raking" and possible(problem, (-np.inf, np.inf)):
            why += " Seuls des poids négatifs ou nuls les tiendraient."
    rows, minimal = conflict(problem, open_limits(spec))
    few = restricted(problem, mask(problem, rows))
    told = conflict_told(few, factor_limits(spec), minimal)
    return f"{why} {told} {remedies_told(problem, rows, open_limits(spec))}"


def too_tight(problem: Problem, spec: CalibrationSpec) -> str:
    """Says that bounds are too tight and which would do, rounded outwards."""
    lowest = factor_limits(unbounded(spec))[0]
    least = tightest(problem, lowest) if len(problem.weight) <= LARGE else None
    if least is None:
        found = widened(problem, spec.bounds, lowest)
        which = "élargies dans le même rapport, celles-ci suffisent :"
    else:
        found = floor(round(100 * least[0], 6)) / 100, ceil(round(100 * least[1], 6)) / 100
        which = "les plus étroites qui tiennent ces marges sont"
    more = " (la méthode « logit » en demande un peu plus)" if spec.method == "logit" else ""
    return (
        f"Les bornes {interval(spec.bounds)} sont trop serrées : {which} {interval(found)}{more}."
    )


def interval(bounds: Limits) -> str:
    """« (0,50 ; 2,00) »."""
    return f"({decimal(bounds[0], 2)} ; {decimal(bounds[1], 2)})"


def conflict_told(few: Problem, limits: Limits, minimal: bool) -> str:
    """Names margins that no weights meet together, and what one can be if the others are met."""
    alone = len(few.totals) == 1
    cannot = "Ne peut être tenue" if alone else "Ne peuvent être tenues ensemble"
    told = f"{cannot} par ces répondants : {listed(few.margins)}."
    if not minimal:
        return told
    low, high = attainable(few, 0, limits)
    total = few.totals[0]
    if low <= total <= high:
        return told
    what = label(*few.margins.select("variable", "category").row(0))
    bound = f"au moins {quantity(low)}" if low > total else f"au plus {quantity(high)}"
    rest = "À elle seule" if alone else "Le reste tenu"
    return f"{told} {rest}, {what} vaut {bound} (visé {quantity(total)})."


def remedies_told(problem: Problem, suspects: list[int], limits: Limits) -> str:
    """Names changes of the margins under which weights exist; each has been tried."""
    worked = []
    for candidates in (merges(problem, suspects), removals(problem, suspects)):
        for told, changed in islice(candidates, trials(problem)):
            if possible(changed, limits):
                worked.append(told)
                break
    if not worked:
        return f"Une issue : {COST}."
    return (
        f"Essayé, le calage devient possible si l'on veut bien {' ; ou '.join(worked)} ; ou {COST}."
    )
