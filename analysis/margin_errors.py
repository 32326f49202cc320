"""The covariance of calibration totals that are estimates of another survey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from analysis.checks import Floats, fault, named
from analysis.design import SurveyDesign
from survey.french import decimal
from survey.marked import option

USE = "Marges de calage"
EXPLAINED = 1e-18  # of the sum of squares: under it a count follows from other margins
SAME = 1e-9  # of the errors: under it a variance is none


def error_covariance(
    design: SurveyDesign,
    names: list[tuple[str, str | None]],
    errors: Floats,
    exact: NDArray[np.bool_],
    margins: sparse.csr_array,
    regression: Floats,
) -> Floats:
    """Covariance of the totals, margins x margins, from the standard error of each.

    Totals are independent, but for the categories of a variable whose sum is known from margins
    without error: what one gains, others lose. Their covariance is then that of a composition,
    `cov = v_i (i = j) - v_i v_j / sum(v)`, which for a simple sample is the multinomial's; the
    v are such that each total has the error told.

    Parameters
    ----------
    names : (variable, category) of each column of `margins`; `errors` follow it, and `exact`,
        false for the margins held by penalty only.
    regression : weight of each row in the regression on the margins.

    Raises
    ------
    SurveyError : errors that no such covariance has, or that margins which determine one another
        contradict.
    """
    matrix = np.diag(errors**2)
    if not errors.any():
        return matrix
    scaled = sparse.diags_array(np.sqrt(regression)) @ margins
    known = scaled[:, np.flatnonzero(exact & (errors == 0))].toarray()
    for column in design.calibration:
        places = np.array([at for at, (name, _) in enumerate(names) if name == column])
        if errors[places].any() and explained(scaled[:, places].sum(axis=1), known):
            matrix[np.ix_(places, places)] = composition(errors[places], column)
    refuse_contradiction(matrix[np.ix_(exact, exact)], scaled[:, np.flatnonzero(exact)], design)
    return matrix


def explained(count: Floats, known: Floats) -> bool:
    """Whether a column is a combination of others."""
    if not known.shape[1]:
        return False
    left = count - known @ np.linalg.lstsq(known, count, rcond=1e-12)[0]
    return bool(left @ left <= EXPLAINED * (count @ count))


def composition(errors: Floats, column: str) -> Floats:
    """Covariance of totals of a known sum, each of the error told."""
    own = errors**2
    largest = int(own.argmax())
    others = np.arange(len(own)) != largest

    def parts(share: float) -> Floats:
        """The v of which the largest is that share of their sum, if they had that sum."""
        total = own[largest] / (share * (1 - share))
        found = (total - np.sqrt(np.maximum(total**2 - 4 * total * own, 0))) / 2
        found[largest] = share * total
        return found

    def excess(share: float) -> float:
        found = parts(share)
        return float(found[others].sum() / found[largest] - (1 - share) / share)

    ends = (SAME, 0.5) if excess(0.5) > 0 else (0.5, 1 - SAME)
    if abs(excess(0.5)) <= SAME:
        share = 0.5
    elif excess(ends[1]) <= 0:
        told = named([decimal(error, 3) for error in errors])
        raise fault(
            f"{USE} : la somme des modalités de « {column} » est connue par d'autres marges, donc "
            f"leurs erreurs se compensent ; celles-ci ({told}) ne le peuvent pas, la plus grande "
            f"dépasse ce que les autres compensent. Revoir « {option('std_error')} », à donner "
            "pour toutes les modalités."
        )
    else:
        share = optimize.brentq(excess, *ends, xtol=1e-15, rtol=1e-14)
    found = parts(share)
    return np.diag(found) - np.outer(found, found) / found.sum()


def refuse_contradiction(matrix: Floats, scaled: sparse.csr_array, design: SurveyDesign) -> None:
    """Raise when a combination of margins that is always 0 would have an error."""
    gram = (scaled.T @ scaled).toarray()
    size = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(gram / np.outer(size, size))
    none = vectors[:, values <= 1e-12 * values.max()] / size[:, None]
    own = np.sqrt(np.diag(matrix)) @ np.abs(none)
    if (np.einsum("im,ij,jm->m", none, matrix, none) > SAME * own**2).any():
        columns = dict.fromkeys(name for name, _, error in design.margin_errors if error)
        raise fault(
            f"{USE} : les erreurs de {named([f'« {name} »' for name in columns])} se contredisent, "
            "car ces marges se déduisent les unes des autres ; n'en donner qu'à une variable."
        )
