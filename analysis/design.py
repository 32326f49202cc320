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
NAMES = (  # options that name columns
    *("weight", "stratum", "stratum_size", "cluster", "calibration", "design_weight", "certainty"),
    *("inclusion", "calibration_numbers", "calibration_scale", "calibration_unit"),
    *("unit_variables", "residual_weight", "responded", "response_group"),
)


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
        for name in ("stratum", "stratum_size", "cluster"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        refuse_names(self)
        refuse_unknown(self)
        refuse_half_given(self)
        refuse_sizes(self)
        refuse_numbers(self)

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


def refuse_names(design: SurveyDesign) -> None:
    """Raise on what is no name of a column, and on a column crossed with itself."""
    for name in ("calibration", "calibration_numbers", "unit_variables"):
        if isinstance(getattr(design, name), str):
            raise fault(
                f"Plan de sondage : « {name} » est une liste de colonnes, par exemple "
                f"({getattr(design, name)!r},)."
            )
    for name in NAMES:
        given = getattr(design, name)
        names = given if isinstance(given, tuple) else (given,)
        optional = given is None and name != "weight"
        if not optional and not all(isinstance(each, str) and each for each in names):
            raise fault(
                f"Plan de sondage : « {option(name)} » vaut {given!r} ; il faut le nom d’une "
                "colonne du tableau."
            )
    for name, columns in (("stratum", design.strata), ("cluster", design.clusters)):
        if len(set(columns)) < len(columns):
            raise fault(
                f"Plan de sondage : « {option(name)} » nomme deux fois une même colonne "
                f"({', '.join(columns)}) ; n’en garder qu’une."
            )


def refuse_numbers(design: SurveyDesign) -> None:
    """Raise on an error or a room of a margin that is none, and on a variable of no unit."""
    for name in ("margin_errors", "margin_slack"):
        if not all(0 <= number < float("inf") for _, _, number in getattr(design, name)):
            raise fault(
                f"Plan de sondage : « {name} » porte un nombre négatif, infini ou absent ; donner "
                "un nombre positif ou nul par marge."
            )
    if set(design.unit_variables) - set(design.margins) or (
        design.unit_variables and design.calibration_unit is None
    ):
        raise fault(
            "Plan de sondage : « unit_variables » nomme des colonnes de calage et va avec "
            "« calibration_unit » ; les accorder."
        )


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
        unique = "" if design.nested else ", d’identifiants uniques"
        parts.append(f"grappes à {degrees} : {listed}{unique}")
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
        parts += calibration_parts(design)
    if design.responded:
        parts.append(f"non-réponse en seconde phase, groupes « {design.response_group} »")
    parts.append(f"strate à une seule unité : {LONELY_FRENCH[design.lonely]}")
    return parts


def calibration_parts(design: SurveyDesign) -> list[str]:
    """What is particular to the calibration."""
    parts = []
    if design.calibration_unit:
        parts.append(f"un rapport de poids par unité « {design.calibration_unit} »")
    if design.calibration_scale:
        parts.append(f"poids plus ou moins libres selon « {design.calibration_scale} »")
    if design.residual_weight:
        parts.append(f"résidus d’une régression pondérée par « {design.residual_weight} »")
    if design.margin_errors:
        parts.append(f"erreur propre de {counted(len(design.margin_errors), 'marge')} comptée")
    if design.margin_slack:
        parts.append(f"{counted(len(design.margin_slack), 'marge')} à coût, non tenues")
    return parts


LONELY_FRENCH = {
    "fail": "refusée",
    "adjust": "comptée autour de la moyenne d’ensemble",
    "average": "prend la variance moyenne des autres strates",
    "certainty": "supposée exhaustive",
    "remove": "laissée hors de la variance",
}
