"""What a SPEC.yml asks: a file, how it was drawn, its margins, what to estimate and where.

One description of any survey file, for `observatoire calculer` and `observatoire caler`; its keys
are French. Reading it finds every fault of form, each with its line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from survey.draft import Source
from survey.errors import Fault, SurveyError
from survey.questionnaire import WRONG_FORM
from survey.suggestions import suggestion
from survey.yaml_lines import DuplicateKeyError, KeyPath, line_of, read_yaml

WHOLE = "ensemble"
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
        raise ValueError(f"croise « {WHOLE} », qui est toute la population")
    found = tuple(names[0] if len(names) == 1 else names for names in listed)
    if len(set(found)) < len(found):
        raise ValueError("demande deux fois le même découpage")
    return found


def replicate_columns(value: Any) -> str | tuple[str, ...]:
    """A list of columns, or the text with which their names begin."""
    return value if is_name(value) else columns(value or [])


def yes_no(value: Any) -> Any:
    """French words of a Boolean; anything else is left to pydantic."""
    return {"oui": True, "vrai": True, "non": False, "faux": False}.get(value, value)


Name = Annotated[str, Field(min_length=1)]
Columns = Annotated[tuple[str, ...], PlainValidator(columns)]
Boolean = Annotated[bool, BeforeValidator(yes_no)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Replicates(_Part):
    """Replicate weights of the file: variance = `echelle` x sum of `facteurs` x squared gaps."""

    colonnes: Annotated[str | tuple[str, ...], PlainValidator(replicate_columns)]
    echelle: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    facteurs: tuple[float, ...] | None = None
    mse: Boolean = False
    ddl: Annotated[int, Field(ge=1)] | None = None


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
    marges: Name
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
    intervalle: Literal["logit", "wilson", "beta", "arcsinus", "vraisemblance", "normal"] | None = (
        None
    )

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

    donnees: Name
    plan: Plan
    calage: CalibrationPart | None = None
    cibles: tuple[TargetPart, ...] = ()
    domaines: Annotated[tuple[str | tuple[str, ...], ...], PlainValidator(cuts)] = (WHOLE,)
    niveau: Annotated[float, Field(gt=0, lt=1)] = 0.95
    manquants: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Specification:
        if self.calage and self.plan.repliques:
            raise ValueError(
                "« calage » et « repliques » ne vont pas ensemble : chaque réplique devrait être "
                "calée aussi. Donnez un fichier dont poids et répliques sont déjà calés"
            )
        return self


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


def read_specification(path: Path) -> Described:
    """Read a SPEC.yml and check its form.

    Scalars are taken as written, so that a code « 01 » keeps its zero.

    Raises
    ------
    SurveyError : no such file, not YAML, a key written twice, unknown, missing, or of a wrong kind;
        every fault of form is told, one a line
    """
    try:
        raw, lines = read_yaml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SurveyError(f"{path} : fichier introuvable. Vérifiez le nom et le dossier.") from None
    except IsADirectoryError:
        raise SurveyError(f"{path} : c’est un dossier. Donnez le fichier qui décrit.") from None
    except UnicodeDecodeError:
        raise SurveyError(f"{path} : ce n’est pas de l’UTF-8. Réenregistrez-le en UTF-8.") from None
    except DuplicateKeyError as error:
        key, line, first = error.args
        raise SurveyError(
            f"{path.name}, ligne {line} : la clé « {key} » est déjà écrite ligne {first}. "
            "N’en gardez qu’une."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", ligne {mark.line + 1}" if mark else ""
        raise SurveyError(
            f"{path.name}{where} : ce fichier n’est pas un YAML lisible. Vérifiez les retraits, "
            "les deux-points et les accolades."
        ) from None
    source = Source(path.name, lines, raw)
    try:
        wanted = Specification.model_validate(raw)
    except ValidationError as error:
        faults = sorted({form_fault(source, each) for each in error.errors()}, key=source.order)
        raise SurveyError("\n".join(str(each).rstrip() for each in faults)) from None
    return Described(wanted, path, lines)


PARTS: dict[str, type[BaseModel]] = {
    "plan": Plan,
    "repliques": Replicates,
    "calage": CalibrationPart,
    "cibles": TargetPart,
}
FORMS: dict[str, Callable[[dict], str]] = {
    "greater_than": lambda error: f"doit dépasser {error['ctx']['gt']:g}",
    "greater_than_equal": lambda error: f"doit valoir au moins {error['ctx']['ge']:g}",
    "less_than": lambda error: f"doit être inférieur à {error['ctx']['lt']:g}",
    "finite_number": lambda _: "doit être un nombre fini",
}


def form_fault(source: Source, error: dict) -> Fault:
    """One fault of pydantic in French, at its line."""
    place = error["loc"]
    key = next((part for part in reversed(place) if isinstance(part, str)), "fichier")
    model: type[BaseModel] = Specification
    for part in place[:-1]:
        model = PARTS.get(part, model)
    match error["type"]:
        case "extra_forbidden":
            remedy = suggestion(key, model.model_fields, "Clés")
            return source.fault(place, f"clé « {key} » inconnue.", remedy)
        case "missing" if isinstance(place[-1], int):
            what = f"« {key} » n’a pas assez d’éléments."
            return source.fault(place, what, "Complétez la liste.")
        case "missing":
            return source.fault(place, f"la clé « {key} » manque.", f"Ajoutez « {key}: … ».")
        case "too_long":
            what = f"« {key} » a trop d’éléments."
            return source.fault(place, what, "Une décimale s’écrit avec un point : [0.5, 2.0].")
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            found = error["input"] if isinstance(error["input"], str) else "…"
            what = f"« {key} » vaut « {found} », qui n’existe pas."
            return source.fault(place, what, f"Valeurs possibles : {allowed}.")
        case "value_error":
            said = str(error["ctx"]["error"])
            own = said.startswith(("«", "avec", "la méthode"))
            return source.fault(place, f"{said if own else f'« {key} » {said}'}.", "")
        case kind if kind in FORMS:
            return source.fault(place, f"« {key} » {FORMS[kind](error)}.", "Corrigez la valeur.")
        case kind:
            what, remedy = WRONG_FORM.get(kind, ("est mal écrit", "Corriger la valeur."))
            return source.fault(place, f"« {key} » {what}.", remedy)


def quoted(name: str) -> str:
    """« name »."""
    return f"« {name} »"
