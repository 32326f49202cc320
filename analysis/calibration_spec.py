"""How weights are calibrated: what may be asked of `analysis.calibration`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Literal, get_args

from analysis.checks import fault, named
from survey.french import short_number
from survey.marked import option, setting

Method = Literal["linear", "raking", "logit", "truncated"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, slots=True)
class CalibrationSpec:
    """How weights are calibrated (*calage sur marges*).

    `method` is the distance to the weights before: `linear` (chi-square), `raking` (entropy),
    `logit` (bounded) or `truncated` (linear, bounded). `bounds` are those of the g-weights, below
    and above 1: required by `logit` and `truncated`; `linear` with bounds is `truncated`;
    `raking` with bounds is the exponential clipped at them.

    `scale` is the column of q > 0: the greater, the freer the weight (R's `variance` is 1 / q).
    `unit` names the rows that share one g-weight (the establishments of an enterprise): the margin
    variables are averaged over the rows of the unit, as Lemaître and Dufour (1987) and R's
    `aggregate.stage` do; with q = rows of the unit, it is CALMAR's calibration of units on their
    sums. Margins of `unit_variables` count units, the others count rows.

    `tolerance` is the relative gap to the margins that is let stand, without unit.
    """

    method: Method = "raking"
    bounds: tuple[float, float] | None = None
    weight: str = "nonresponse_weight"
    scale: str | None = None
    unit: str | None = None
    unit_variables: tuple[str, ...] = ()
    tolerance: float = 1e-9
    max_steps: int = 100

    def __post_init__(self) -> None:
        if not (0 < self.tolerance < 1 and self.max_steps >= 1):
            raise fault(
                "Calage : il faut une tolérance entre 0 et 1 et au moins une étape ; reçu "
                f"tolerance={self.tolerance}, max_steps={self.max_steps}."
            )
        if self.method not in METHODS:
            raise fault(
                f"Calage : méthode « {self.method} » inconnue ; choisir parmi {named(METHODS)}."
            )
        if isinstance(self.unit_variables, str):
            raise fault(
                "Calage : « unit_variables » est une liste de colonnes, par exemple "
                f"({self.unit_variables!r},)."
            )
        if self.unit_variables and self.unit is None:
            raise fault(
                f"Calage : {named(self.unit_variables)} décrirait l'unité, mais aucune unité n'est "
                "donnée (unit) ; nommer la colonne de l'unité."
            )
        check_bounds(self)


def check_bounds(spec: CalibrationSpec) -> None:
    """Raise when bounds are missing, are not around 1, or do not suit the method."""
    if spec.bounds is None:
        if spec.method in ("logit", "truncated"):
            raise fault(
                f"Calage : la méthode « {option(spec.method)} » demande des bornes des rapports de "
                f"poids, par exemple {setting('bounds', (0.5, 2.0))}."
            )
        return
    try:
        lower, upper = (float(bound) for bound in spec.bounds)
    except (TypeError, ValueError):
        raise fault(
            f"Calage : bornes {spec.bounds!r} ; donner deux nombres, par exemple (0.5, 2.0)."
        ) from None
    if not lower < 1 < upper:
        raise fault(
            f"Calage : les bornes {told(spec.bounds)} doivent encadrer 1 strictement, par exemple "
            f"{setting('bounds', (0.5, 2.0))} : ce sont celles du rapport entre poids calé et "
            "poids de départ."
        )
    if spec.method == "logit" and not (isfinite(lower) and isfinite(upper)):
        raise fault(
            f"Calage : la méthode « logit » demande deux bornes finies ; reçu {told(spec.bounds)}."
        )
    if spec.method in ("raking", "logit") and lower < 0:
        raise fault(
            f"Calage : la borne basse {short_number(lower)} est négative ; la méthode "
            f"« {spec.method} » ne donne que des poids positifs : la mettre à 0 ou plus."
        )


def told(bounds: tuple[float, float]) -> str:
    """« (0,5 ; 2) »."""
    return f"({short_number(bounds[0])} ; {short_number(bounds[1])})"


def factor_limits(spec: CalibrationSpec) -> tuple[float, float]:
    """Where the g-weights may lie: the bounds, else what the method itself allows."""
    if spec.bounds is not None:
        return spec.bounds
    return (-inf, inf) if spec.method == "linear" else (0.0, inf)


def unbounded(spec: CalibrationSpec) -> CalibrationSpec:
    """The calibration without bounds that is closest to the one asked for."""
    method = "raking" if spec.method in ("raking", "logit") else "linear"
    return replace(spec, method=method, bounds=None)
