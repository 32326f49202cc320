"""What a SPEC.yml asks: a file, how it was drawn, its margins, what to estimate and where.

One description of any survey file, for `observatoire calculer` and `observatoire caler`; its keys
are French.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from survey.yaml_lines import KeyPath, line_of

WHOLE = "ensemble"
HIGHEST_LEVEL = 1 - 1e-9
MOST_DF = 1_000_000_000
COMMON = {"statistique"}
NEEDED = {  # keys of each statistic
    "moyenne": {"variable"},
    "total": {"variable"},
    "proportion": {"variable"},
    "ratio": {"numerateur", "denominateur"},
    "quantile": {"variable", "p"},
    "gini": {"variable"},
    "part_quantile": {"variable", "p"},
}
OPTIONAL = {"proportion": {"modalite", "intervalle"}}


def columns(value: Any) -> tuple[str, ...]:
    """A column, or a list of columns, as a tuple; nothing written is no column."""
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not (isinstance(listed, list) and listed and all(is_name(item) for item in listed)):
        raise ValueError("doit être le nom d’une colonne, ou une liste de noms : [a, b]")
    if len(set(listed)) < len(listed):
        raise ValueError("nomme deux fois la même colonne")
    return tuple(listed)


def is_name(value: Any) -> bool:
    """Whether a value may be the name of a column."""
    return isinstance(value, str) and value != ""


def orders(value: Any) -> tuple[float, ...]:
    """One order of quantile, or several, each strictly between 0 and 1."""
    try:
        numbers = tuple(float(item) for item in (value if isinstance(value, list) else [value]))
    except (TypeError, ValueError):
        numbers = ()
    if not numbers or not all(0 < number < 1 for number in numbers):
        raise ValueError("doit être un nombre entre 0 et 1, ou une liste : [0.1, 0.5, 0.9]")
    return numbers


def cuts(value: Any) -> tuple[str | tuple[str, ...], ...]:
    """The domains: « ensemble », a column, or a list of columns to cross."""
    if not isinstance(value, list) or not value:
        raise ValueError("doit être une liste : [ensemble, region, [region, sexe]]")
    listed = [columns(item or []) for item in value]
    if any(WHOLE in names and len(names) > 1 for names in listed):
        raise ValueError(
            f"croise « {WHOLE} », qui désigne toute la population ; une colonne de ce nom ne peut "
            "pas servir de découpage : renommez-la"
        )
    found = tuple(names[0] if len(names) == 1 else names for names in listed)
    if len(set(found)) < len(found):
        raise ValueError("demande deux fois le même découpage")
    return found


def replicate_columns(value: Any) -> str | tuple[str, ...]:
    """A list of columns, or the text with which their names begin."""
    return value if is_name(value) else columns(value or [])


def yes_no(value: Any) -> Any:
    """French words of a Boolean, in any case; anything else is left to pydantic."""
    if not isinstance(value, str):
        return value
    return {"oui": True, "vrai": True, "non": False, "faux": False}.get(value.lower(), value)


def level(value: Any) -> float:
    """A level of confidence, below 1 by more than what doubles can tell from it."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < 1:
        raise ValueError("doit être un nombre entre 0 et 1 : 0.95 pour 95 %")
    if number > HIGHEST_LEVEL:
        raise ValueError("est trop près de 1 pour être calculé : 0.99, par exemple")
    return number


def file_name(value: str) -> str:
    """The name of a file; no operating system takes a control character in one."""
    if not value.isprintable():
        raise ValueError("contient un caractère interdit dans un nom de fichier")
    return value


Name = Annotated[str, Field(min_length=1)]
FileName = Annotated[Name, AfterValidator(file_name)]
Columns = Annotated[tuple[str, ...], PlainValidator(columns)]
Boolean = Annotated[bool, BeforeValidator(yes_no)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Replicates(_Part):
    """Replicate weights of the file: variance = `echelle` x sum of `facteurs` x squared gaps."""

    colonnes: Annotated[str | tuple[str, ...], PlainValidator(replicate_columns)]
    echelle: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    facteurs: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...] | None = None
    mse: Boolean = False
    ddl: Annotated[int, Field(ge=1, le=MOST_DF)] | None = None


class Plan(_Part):
    """How the rows were drawn; every name is that of a column."""

    poids: Name
    strates: Columns = ()
    grappes: Columns = ()
    fpc: Columns = ()
    upe_seule: Literal["fail", "adjust", "average", "certainty", "remove"] = "fail"
    emboitees: Boolean = True
    certitude: Name | None = None
    probabilite: Name | None = None
    pps: Literal["brewer", "deville"] | None = None
    repondant: Name | None = None
    groupe_reponse: Name | None = None
    repliques: Replicates | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Plan:
        for one, other in (("probabilite", "pps"), ("repondant", "groupe_reponse")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"« {one} » et « {other} » vont ensemble")
        if self.repliques and self.model_fields_set - {"poids", "repliques"}:
            extra = sorted(self.model_fields_set - {"poids", "repliques"})
            raise ValueError(
                f"avec « repliques », seul « poids » a un sens : retirez {', '.join(extra)}"
            )
        return self


class CalibrationPart(_Part):
    """How the weight is calibrated before anything is estimated."""

    methode: Literal["lineaire", "raking", "logit", "tronque"] = "raking"
    marges: FileName
    bornes: tuple[float, float] | None = None
    echelle: Name | None = None
    unite: Name | None = None
    variables_unite: Columns = ()
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-9

    @model_validator(mode="after")
    def _bounded(self) -> CalibrationPart:
        if self.bornes is None and self.methode in ("logit", "tronque"):
            raise ValueError(f"la méthode « {self.methode} » demande « bornes: [0.5, 2.0] »")
        if self.bornes is not None and not self.bornes[0] < 1 < self.bornes[1]:
            raise ValueError("« bornes » doit encadrer 1, par exemple [0.5, 2.0]")
        if self.variables_unite and self.unite is None:
            raise ValueError("« variables_unite » va avec « unite »")
        return self


class TargetPart(_Part):
    """One statistic; which keys go with it is in `NEEDED` and `OPTIONAL`."""

    statistique: Literal[
        "moyenne", "total", "proportion", "ratio", "quantile", "gini", "part_quantile"
    ]
    variable: Name | None = None
    numerateur: Name | None = None
    denominateur: Name | None = None
    p: Annotated[tuple[float, ...], PlainValidator(orders)] = ()
    modalite: Name | None = None
    intervalle: (
        Literal["logit", "wilson", "beta", "arcsinus", "vraisemblance", "normal", "plafonne"] | None
    ) = None

    @model_validator(mode="after")
    def _complete(self) -> TargetPart:
        needed = NEEDED[self.statistique]
        known = needed | OPTIONAL.get(self.statistique, set())
        absent = sorted(needed - self.model_fields_set, reverse=True)
        if absent:
            raise ValueError(f"« {self.statistique} » demande {' et '.join(map(quoted, absent))}")
        extra = sorted(self.model_fields_set - known - COMMON)
        if extra:
            allowed = ", ".join(sorted(known, reverse=True))
            raise ValueError(
                f"« {extra[0]} » ne va pas avec « {self.statistique} », qui prend : {allowed}"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the file that the target reads."""
        names = (self.variable, self.numerateur, self.denominateur)
        return tuple(name for name in names if name is not None)

    @property
    def label(self) -> str:
        """The column `variable` of the results: « api.stu/enroll » for a ratio."""
        return "/".join(self.columns)


class Specification(_Part):
    """The content of a SPEC.yml."""

    donnees: FileName
    plan: Plan
    calage: CalibrationPart | None = None
    cibles: tuple[TargetPart, ...] = ()
    domaines: Annotated[tuple[str | tuple[str, ...], ...], PlainValidator(cuts)] = (WHOLE,)
    niveau: Annotated[float, PlainValidator(level)] = 0.95
    manquants: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """A specification, its file, and the line of each of its keys."""

    wanted: Specification
    path: Path
    lines: dict[KeyPath, int]

    def place(self, *keys: str | int) -> str:
        """« spec.yml, ligne 4, plan » for the path of a key."""
        part = next((str(key) for key in reversed(keys) if isinstance(key, str)), "")
        return f"{self.path.name}, ligne {line_of(self.lines, keys)}, {part}"

    def beside(self, name: str) -> Path:
        """Path of a file named in the specification, relative to it."""
        return self.path.parent / name


def quoted(name: str) -> str:
    """« name »."""
    return f"« {name} »"
