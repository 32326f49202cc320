"""Where weights are trimmed, and how the excess is shared."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from analysis.calibration_spec import CalibrationSpec
from analysis.checks import fault, named

Rule = Literal["weight", "quantile", "median", "iqr"]
Sharing = Literal["raking", "linear", "equal"]
USE = "Écrêtage"


@dataclass(frozen=True, slots=True)
class TrimSpec:
    """Where weights are trimmed and how the excess is shared.

    `lower` and `upper` (None = no limit) are, as `rule` says: weights; orders in (0, 1) of
    `quantile`s of the weights (R's type 7, unweighted); multiples of their `median`; or, for `iqr`,
    multiples k of their interquartile range: Q1 - k IQR and Q3 + k IQR (Potter 1990). They are
    computed in each group of `by`, columns crossed.

    Among weights within the limits that hold the margins, those taken are the nearest to the
    weights before: by the distance of the raking ratio (`raking`: rows of equal margin variables
    are multiplied by one factor) or chi-square (`linear`), or by least squares of the weights
    themselves (`equal`: such rows are given one quantity, as R's `trimWeights`).

    `unit` names the rows whose weights move by one factor (establishments of an enterprise), and
    `unit_variables` the margins that describe it, as in `CalibrationSpec`; `tolerance` is the
    relative gap to the margins that is let stand.
    """

    weight: str = "calibrated_weight"
    lower: float | None = None
    upper: float | None = None
    rule: Rule = "weight"
    by: tuple[str, ...] = ()
    sharing: Sharing = "raking"
    unit: str | None = None
    unit_variables: tuple[str, ...] = ()
    tolerance: float = 1e-9
    max_steps: int = 100

    def __post_init__(self) -> None:
        for name, kinds in (("rule", get_args(Rule)), ("sharing", get_args(Sharing))):
            if getattr(self, name) not in kinds:
                raise fault(
                    f"{USE} : {name}={getattr(self, name)!r} inconnu ; choisir parmi "
                    f"{named(kinds)}."
                )
        if isinstance(self.by, str):
            raise fault(f"{USE} : « by » est une liste de colonnes, par exemple ({self.by!r},).")
        self.calibration()  # checks what it shares with a calibration
        check_limits(self)

    def calibration(self) -> CalibrationSpec:
        """The calibration of the same rows and margins, without limits."""
        return CalibrationSpec(
            "raking" if self.sharing == "raking" else "linear",
            weight=self.weight,
            unit=self.unit,
            unit_variables=self.unit_variables,
            tolerance=self.tolerance,
            max_steps=self.max_steps,
        )


def check_limits(spec: TrimSpec) -> None:
    """Raise when the limits are missing, out of what their rule allows, or cross."""
    given = [limit for limit in (spec.lower, spec.upper) if limit is not None]
    if not all(isinstance(limit, int | float) for limit in given):
        raise fault(f"{USE} : limites {named(given)} ; donner des nombres.")
    if not given:
        raise fault(f"{USE} : aucune limite ; donner « upper », « lower » ou les deux.")
    top = 1 if spec.rule == "quantile" else inf
    if not all(0 <= limit < top for limit in given):
        allowed = "un ordre entre 0 et 1" if spec.rule == "quantile" else "un nombre positif"
        raise fault(
            f"{USE} : limites {named(given)} refusées ; pour la règle « {spec.rule} », chacune est "
            f"{allowed}."
        )
    if len(given) == 2 and spec.rule != "iqr" and spec.lower >= spec.upper:
        raise fault(
            f"{USE} : les limites se croisent : « lower » {spec.lower} n'est pas inférieur à "
            f"« upper » {spec.upper}."
        )
