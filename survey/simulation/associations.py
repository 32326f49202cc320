"""Cells of the employing structures of the social economy (ESS).

Official: how many there are, and how many are associations. Assumed: their legal form in detail,
their activity by form, their size by activity, and their spread over the départements, which is
that of all employing establishments (`repartition_departement`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from survey.reference import Reference
from survey.simulation.crossing import margin_totals, round_along, shares
from survey.territories import Territories

FORMS = {"asso": ("asso",), "autre": ("coop", "mutu", "fond", "soc")}
ACTIVITIES = ("sport", "cult", "lois", "socia", "sante", "educ", "empl", "env", "cause")
ACTIVITIES += ("human", "eco", "fin", "autre")
SIZES = ("0", "1-9", "10-49", "50-249", "250+")


def association_cells(reference: Reference, territories: Territories) -> pl.DataFrame:
    """Number of structures (`effectif`) of each form, activity, size and département.

    Columns: `forme`, `famille` (as in the margins), `activite`, `taille`, `departement`,
    `effectif`. Their communes are drawn afterwards.
    """
    departements = reference.region.departement_codes
    spread = shares(reference, "repartition_departement", "ensemble", departements)
    totals = margin_totals(reference, "famille", tuple(FORMS))
    rows = []
    for (family, forms), total in zip(FORMS.items(), totals, strict=True):
        crossed = [
            (departement, form, family, activity, size, weight)
            for departement, place in zip(departements, spread, strict=True)
            for form, activity, size, inside in detailed(reference, family, forms)
            for weight in [total * place * inside]
        ]
        counts = round_along(np.array([row[-1] for row in crossed]))
        rows += [(*row[:-1], int(count)) for row, count in zip(crossed, counts, strict=True)]
    names = ("departement", "forme", "famille", "activite", "taille", "effectif")
    return pl.DataFrame(rows, schema=names, orient="row")


def detailed(
    reference: Reference, family: str, forms: tuple[str, ...]
) -> list[tuple[str, str, str, float]]:
    """Form, activity, size and assumed share of each crossing within a family."""
    split = np.ones(1)
    if len(forms) > 1:
        split = shares(reference, "forme_dans_famille", family, forms)
    return [
        (form, activity, size, of_form * of_activity * of_size)
        for form, of_form in zip(forms, split, strict=True)
        for activity, of_activity in zip(
            ACTIVITIES, shares(reference, "activite_par_forme", form, ACTIVITIES), strict=True
        )
        for size, of_size in zip(
            SIZES, shares(reference, "taille_par_activite", activity, SIZES), strict=True
        )
    ]
