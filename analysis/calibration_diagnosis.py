"""Why margins cannot be met, and what would work: each remedy named has been tried."""

from __future__ import annotations

from itertools import islice

import numpy as np

from analysis.calibration_bounds import (
    attainable,
    held_exactly,
    restricted,
    shortfalls,
    tightest,
)
from analysis.calibration_conflict import (
    Limits,
    conflict,
    mask,
    merges,
    open_limits,
    outwards,
    possible,
    removals,
    trials,
    widened,
)
from analysis.calibration_margins import label, listed, told_apart
from analysis.calibration_problem import Problem
from analysis.calibration_solver import Solution
from analysis.calibration_spec import CalibrationSpec, factor_limits, unbounded
from analysis.checks import fault
from survey.errors import ConvergenceError
from survey.french import counted, decimal
from survey.marked import advice, option

LARGE = 20_000  # cells beyond which the tightest bounds take too long for a message
STOPPED = (
    "Des poids qui tiennent ces marges à un dix-millionième près existent pourtant : relever la "
    f"tolérance, {advice('max_steps', 'augmenter max_steps, ')}ou ramener les variables "
    "numériques à des ordres de grandeur voisins."
)
TOO_DEAR = (
    f"Baisser les coûts les plus hauts (colonne « {option('cost')} »)"
    f"{advice('max_steps', ', ou augmenter max_steps')}."
)
COST = f"donner un coût (colonne « {option('cost')} ») à {{}}, alors approchées"


def not_converged(problem: Problem, solution: Solution, spec: CalibrationSpec) -> ConvergenceError:
    """The error that says how far the margins are, why, and what would work."""
    opening = f"Calage : marges non atteintes en {counted(solution.steps, 'étape')}."
    exact = held_exactly(problem)
    if len(exact.totals) == 0:
        return fault(f"{opening} {TOO_DEAR}", ConvergenceError)
    obtained = exact.matrix.T @ (exact.weight * solution.factor)
    relative = np.abs(obtained - exact.totals) / exact.size
    worst = int(relative.argmax())
    variable, category, total = exact.margins.select("variable", "category", "total").row(worst)
    wanted, found = told_apart(total, obtained[worst])
    opening += (
        f" Plus grand écart : {decimal(100 * relative[worst], 4)} % pour "
        f"{label(variable, category)} (visé {wanted}, obtenu {found})."
    )
    if problem.slack.any() and possible(exact, open_limits(spec, exact)):
        return fault(f"{opening} {TOO_DEAR}", ConvergenceError)
    return fault(f"{opening} {reason(exact, spec)}", ConvergenceError)


def impossible(problem: Problem, spec: CalibrationSpec) -> ConvergenceError:
    """The error of margins that no weights meet; `spec` has no bounds."""
    return fault(f"Calage impossible. {reason(problem, spec)}", ConvergenceError)


def reason(problem: Problem, spec: CalibrationSpec) -> str:
    """Why the margins, all held exactly, cannot be met under `spec`, and what would work."""
    limits = open_limits(spec, problem)
    if possible(problem, limits):
        return STOPPED
    free = unbounded(spec)
    within = spec
    if spec.bounds is not None and possible(problem, open_limits(free, problem)):
        why = too_tight(problem, spec)
    else:
        within = free
        why = "Ces marges se contredisent."
        if free.method == "raking" and possible(problem, (-np.inf, np.inf)):
            why += " Seuls des poids négatifs ou nuls les tiendraient."
    rows, minimal = conflict(problem, open_limits(within, problem))
    few = restricted(problem, mask(problem, rows))
    told = conflict_told(few, factor_limits(within), minimal)
    return f"{why} {told} {remedies_told(problem, rows, limits)}"


def too_tight(problem: Problem, spec: CalibrationSpec) -> str:
    """Says that bounds are too tight and which would do, rounded outwards."""
    lowest = factor_limits(unbounded(spec))[0]
    if spec.bounds[0] >= 0 and possible(problem, (0.0, np.inf)):
        lowest = 0.0
    least = tightest(problem, lowest) if len(problem.weight) <= LARGE else None
    if least is None:
        found = widened(problem, spec.bounds, lowest)
        which = "élargies dans le même rapport, celles-ci suffisent :"
    else:
        found = least
        which = "les plus étroites qui tiennent ces marges sont"
    more = " (la méthode « logit » en demande un peu plus)" if spec.method == "logit" else ""
    digits = next((d for d in range(2, 9) if wider(found, spec.bounds, d)), 9)
    asked, found = interval(spec.bounds, digits), interval(outwards(found, digits), digits)
    return f"Les bornes {asked} sont trop serrées : {which} {found}{more}."


def wider(found: Limits, asked: Limits, digits: int) -> bool:
    """Whether rounded bounds show to be wider than those asked for, on one side at least."""
    low, high = outwards(found, digits)
    return low < round(asked[0], digits) or high > round(asked[1], digits)


def interval(bounds: Limits, digits: int) -> str:
    """« (0,50 ; 2,00) »."""
    return f"({decimal(bounds[0], digits)} ; {decimal(bounds[1], digits)})"


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
    sign, limit = ("au moins", low) if low > total else ("au plus", high)
    bound, wanted = told_apart(limit, total)
    rest = "À elle seule" if alone else "Le reste tenu"
    return f"{told} {rest}, {what} vaut {sign} {bound} (visé {wanted})."


def remedies_told(problem: Problem, suspects: list[int], limits: Limits) -> str:
    """Names changes of the margins under which weights exist within `limits`; all were tried."""
    worked = []
    for candidates in (merges(problem, suspects), removals(problem, suspects)):
        for told, changed in islice(candidates, trials(problem)):
            if possible(changed, limits):
                worked.append(told)
                break
    priced = approached(problem, suspects, limits)
    if priced is not None:
        which = (
            "ces marges"
            if priced == suspects
            else listed(restricted(problem, mask(problem, priced)).margins)
        )
        worked.append(COST.format(which))
    if not worked:
        return (
            "Aucun regroupement de deux modalités ni retrait d'une marge n'y suffit : revoir "
            "ces totaux, élargir les bornes s'il y en a, ou caler sur moins de variables."
        )
    return f"Essayé, le calage devient possible si l'on veut bien {' ; ou '.join(worked)}."


def approached(problem: Problem, suspects: list[int], limits: Limits) -> list[int] | None:
    """Margins such that the others can be met: the suspects, or those of an elastic programme."""
    if possible_without(problem, suspects, limits):
        return suspects
    if len(problem.weight) > LARGE:
        return None
    short = np.flatnonzero(shortfalls(problem, limits)).tolist()
    return short if short and possible_without(problem, short, limits) else None


def possible_without(problem: Problem, rows: list[int], limits: Limits) -> bool:
    """Whether the other margins can be met."""
    kept = ~mask(problem, rows)
    return not kept.any() or possible(restricted(problem, kept), limits)
