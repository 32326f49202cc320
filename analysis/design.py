"""What a weight, a stratum and a cluster are: the sampling design behind every variance."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from analysis.checks import fault
from survey.french import counted
from survey.marked import option

Lonely = Literal["fail", "adjust", "average", "certainty", "remove"]
LONELY = get_args(Lonely)
PPS = ("brewer", "deville")


@dataclass(frozen=True, slots=True)
class Replicates:
    """Replicate weights: the variance is `scale` x sum of `rscales` x (replicate - centre)².

    columns : one column of weights a replicate.
    rscales : one factor a replicate; None = 1 for all.
    mse : the centre is the full-sample estimate (true) or the mean of the replicates, R's default.
    df : degrees of freedom; None = rank of the replicate weights minus 1, as R's `degf`.
    """

    columns: tuple[str, ...]
    scale: float
    rscales: tuple[float, ...] | None = None
    mse: bool = False
    df: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.columns, str):
            raise fault(
                "Répliques : donner la liste des colonnes de poids répliqués, par exemple "
                '("rep_1", "rep_2").'
            )
        if len(self.columns) < 2:
            raise fault("Répliques : il faut au moins deux colonnes de poids répliqués.")
        if self.rscales is not None and len(self.rscales) != len(self.columns):
            raise fault(
                f"Répliques : {len(self.columns)} colonnes pour "
                f"{counted(len(self.rscales), 'facteur')} (« {option('rscales')} ») ; en donner un "
                "par colonne, ou aucun."
            )
        numbers = (self.scale, *(self.rscales or ()))
        if not (self.scale > 0 and all(0 <= number < inf for number in numbers)):
            raise fault(
                "Répliques : l’échelle doit être positive, aucun facteur négatif, tous finis ; les "
                "corriger."
            )
        if self.df is not None and self.df < 1:
            raise fault(f"Répliques : {self.df} degré de liberté ; en donner au moins 1.")


@dataclass(frozen=True, slots=True)
class SurveyDesign:
    """Columns that say how the rows were drawn and weighted, and what to do with a lonely unit.

    weight : final weight, units of the population represented by the row (>= 0).
    stratum : stratum the row was drawn in, crossed when several columns; None = a single stratum.
    cluster : unit drawn at each stage, outermost first; the row itself when None.
    stratum_size : population size, one column a stage: units of that stage in the stratum (first
        stage) or in the unit they were drawn from. One more column than clusters when rows were
        drawn in the last clusters. None = drawn with replacement: first stage alone counts.
    nested : cluster labels are numbered within their stratum or parent cluster; if not, a label met
        in two of them is refused.
    lonely : a stratum with one unit is refused (`fail`); counted around zero of the linearised
        variable, hence around the overall mean for shares and means (`adjust`); given the mean
        variance of the other strata (`average`); or adds nothing (`certainty`, `remove`). As R's
        `survey.lonely.psu`. A stratum wholly taken adds nothing in any case.
    certainty : Boolean column, true in the strata that were wholly taken.
    inclusion, pps : first-stage inclusion probability of each primary unit, and the approximation
        of the variance of a draw of unequal probabilities without replacement: "brewer" (as R's
        `pps="brewer"`) or "deville" (Deville, 1999: centre weighted by 1 - inclusion).
    calibration, calibration_numbers : categorical and numeric columns the weight was calibrated on;
        the variance is then that of the residuals on them.
    design_weight : weight before calibration, needed with either.
    calibration_scale : column of the `q` of the calibration; None = 1.
    calibration_unit : level whose rows share one calibration factor; None = the row.
    unit_variables : calibration columns that describe the unit, counted once a unit.
    residual_weight : weight of the regression, as `w` of gustave's `res_cal`; None =
        `design_weight` x q, as R's `calibrate`.
    margin_errors : (column, category or None, standard error) of totals that are estimates of
        another, independent survey; `margin_errors.error_covariance` says how they are correlated.
    margin_slack : (column, category or None, variance granted) of totals held by penalty only.
    responded, response_group : second phase, of responding. The frame then holds the whole sample,
        silent units with weight 0; response is supposed independent and equally likely in a group.
    replicates : replicate weights, which then stand for all the rest but `weight`.

    Not done: strata of later stages (a unit is drawn in one go from the one before).
    """

    weight: str = "calibrated_weight"
    stratum: str | tuple[str, ...] | None = None
    stratum_size: str | tuple[str, ...] | None = None
    cluster: str | tuple[str, ...] | None = None
    calibration: tuple[str, ...] = ()
    design_weight: str | None = None
    lonely: Lonely = "adjust"
    nested: bool = True
    certainty: str | None = None
    inclusion: str | None = None
    pps: Literal["brewer", "deville"] | None = None
    calibration_numbers: tuple[str, ...] = ()
    calibration_scale: str | None = None
    calibration_unit: str | None = None
    unit_variables: tuple[str, ...] = ()
    residual_weight: str | None = None
    margin_errors: tuple[tuple[str, str | None, float], ...] = ()
    margin_slack: tuple[tuple[str, str | None, float], ...] = ()
    responded: str | None = None
    response_group: str | None = None
    replicates: Replicates | None = None

    def __post_init__(self) -> None:
        refuse_unknown(self)
        refuse_half_given(self)
        refuse_sizes(self)

    @property
    def strata(self) -> tuple[str, ...]:
        """Columns crossed to make the strata."""
        return as_tuple(self.stratum)

    @property
    def clusters(self) -> tuple[str, ...]:
        """Column of each stage but that of rows, outermost first."""
        return as_tuple(self.cluster)

    @property
    def sizes(self) -> tuple[str, ...]:
        """Population size of each stage."""
        return as_tuple(self.stratum_size)

    @property
    def margins(self) -> tuple[str, ...]:
        """Every column the weight was calibrated on."""
        return (*self.calibration, *self.calibration_numbers)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the design reads."""
        if self.replicates is not None:
            return (self.weight, *self.replicates.columns)
        single = (
            self.weight,
            self.certainty,
            self.inclusion,
            self.design_weight,
            self.calibration_scale,
            self.calibration_unit,
            self.residual_weight,
            self.responded,
            self.response_group,
        )
        named = tuple(name for name in single if name is not None)
        return tuple(
            dict.fromkeys((*named, *self.strata, *self.clusters, *self.sizes, *self.margins))
        )

    def describe(self) -> str:
        """The design in French, one sentence a part."""
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in description(self))


def as_tuple(columns: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """A column, several or none, as a tuple."""
    return (columns,) if isinstance(columns, str) else tuple(columns or ())


def refuse_unknown(design: SurveyDesign) -> None:
    """Raise on an option that is not in its list."""
    if design.lonely not in LONELY:
        raise fault(
            f"Plan de sondage : option « {option('lonely')} » {design.lonely!r} inconnue ; choisir "
            f"parmi {', '.join(LONELY)}."
        )
    if design.pps not in (None, *PPS):
        raise fault(
            f"Plan de sondage : option « pps » {design.pps!r} inconnue ; choisir parmi "
            f"{', '.join(PPS)}, ou rien."
        )
    for name in ("calibration", "calibration_numbers", "unit_variables"):
        if isinstance(getattr(design, name), str):
            raise fault(
                f"Plan de sondage : « {name} » est une liste de colonnes, par exemple "
                f"({getattr(design, name)!r},)."
            )


def refuse_half_given(design: SurveyDesign) -> None:
    """Raise when of two options that go together only one is given."""
    pairs = (
        ("calibration", bool(design.margins), "design_weight", design.design_weight is not None),
        ("inclusion", design.inclusion is not None, "pps", design.pps is not None),
        (
            "responded",
            design.responded is not None,
            "response_group",
            design.response_group is not None,
        ),
    )
    meaning = {
        "design_weight": "« design_weight » (poids avant calage)",
        "pps": "« pps » (approximation de la variance)",
        "response_group": f"« {option('response_group')} » (groupe de réponse)",
    }
    for first, has_first, second, has_second in pairs:
        if has_first != has_second:
            raise fault(
                f"Plan de sondage : « {option(first)} » et {meaning[second]} vont ensemble ; "
                "donner les deux ou aucun."
            )
    alone = {
        "calibration_scale": design.calibration_scale is not None,
        "calibration_unit": design.calibration_unit is not None,
        "unit_variables": bool(design.unit_variables),
        "residual_weight": design.residual_weight is not None,
        "margin_errors": bool(design.margin_errors),
        "margin_slack": bool(design.margin_slack),
    }
    for name, given in alone.items():
        if given and not design.margins:
            raise fault(
                f"Plan de sondage : « {name} » suppose des colonnes de calage ; les donner, ou "
                "retirer cette option."
            )


def refuse_sizes(design: SurveyDesign) -> None:
    """Raise when population sizes do not follow the stages."""
    stages, sizes = len(design.clusters), len(design.sizes)
    if sizes > stages + 1:
        raise fault(
            f"Plan de sondage : {counted(sizes, 'effectif')} de population pour "
            f"{counted(stages, 'degré')} de grappes ; en donner un par degré, plus un au besoin "
            "pour le tirage des lignes."
        )
    if design.pps and sizes:
        raise fault(
            f"Plan de sondage : donner « {option('inclusion')} » (probabilités inégales) ou "
            f"« {option('stratum_size')} » (effectif de population), pas les deux."
        )
    repeated = len(set(design.clusters)) < stages
    if repeated:
        raise fault(
            "Plan de sondage : la même colonne de grappes figure à deux degrés ; n’en garder qu’un."
        )


def description(design: SurveyDesign) -> list[str]:
    """Parts of `SurveyDesign.describe`."""
    if design.replicates is not None:
        count = counted(len(design.replicates.columns), "poids répliqué")
        return [f"poids « {design.weight} »", f"variance par {count}"]

    def quoted(columns: tuple[str, ...]) -> str:
        return " x ".join(f"« {column} »" for column in columns)

    parts = [f"poids « {design.weight} »"]
    parts.append(f"strates {quoted(design.strata)}" if design.strata else "aucune strate")
    stages = len(design.clusters)
    if stages:
        degrees = "un degré" if stages == 1 else f"{stages} degrés"
        listed = ", puis ".join(f"« {column} »" for column in design.clusters)
        parts.append(f"grappes à {degrees} : {listed}")
    if design.pps:
        parts.append(f"probabilités inégales « {design.inclusion} », approximation {design.pps}")
    elif design.sizes:
        listed = ", ".join(f"« {column} »" for column in design.sizes)
        parts.append(f"tirage sans remise, effectifs de population {listed}")
    else:
        parts.append("tirage avec remise, ou taux de sondage négligé")
    if design.certainty:
        parts.append(f"strates exhaustives « {design.certainty} »")
    if design.margins:
        listed = ", ".join(f"« {column} »" for column in design.margins)
        parts.append(f"variance des résidus du calage sur {listed}")
    if design.responded:
        parts.append(f"non-réponse en seconde phase, groupes « {design.response_group} »")
    parts.append(f"strate à une seule unité : {LONELY_FRENCH[design.lonely]}")
    return parts


LONELY_FRENCH = {
    "fail": "refusée",
    "adjust": "comptée autour de la moyenne d’ensemble",
    "average": "prend la variance moyenne des autres strates",
    "certainty": "supposée exhaustive",
    "remove": "laissée hors de la variance",
}
