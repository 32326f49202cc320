"""Reading a SPEC.yml: every fault of its form, in French, with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from reports.specification import (
    NEEDED,
    CalibrationPart,
    Described,
    Plan,
    Replicates,
    Specification,
    TargetPart,
    quoted,
)
from survey.errors import Fault, SurveyError
from survey.form_faults import WRONG_FORM as QUESTIONNAIRE
from survey.french import integer, typography
from survey.source import Source
from survey.suggestions import suggestion
from survey.yaml_lines import DuplicateKeyError, KeyPath, TangledYamlError, read_yaml

PARTS: dict[str, type[BaseModel]] = {
    "plan": Plan,
    "repliques": Replicates,
    "calage": CalibrationPart,
    "cibles": TargetPart,
}
NEEDED_KEYS = set().union(*NEEDED.values())  # by some statistic, and read by no other
COLUMNS = {  # keys whose value names columns
    *("poids", "strates", "grappes", "fpc", "certitude", "probabilite", "repondant"),
    *("groupe_reponse", "echelle", "unite", "variables_unite", "variable", "numerateur"),
    *("denominateur", "colonnes", "domaines"),
}


def read_specification(path: Path) -> Described:
    """Read a SPEC.yml and check its form.

    Scalars are taken as written, so that a code « 01 » keeps its zero.

    Raises
    ------
    SurveyError : no such file, not YAML, a key written twice, empty, unknown, missing, or of a
        wrong kind; every fault of form is told, one a line
    """
    raw, lines = parsed(path)
    source = Source.of_file(path.name, lines, raw)
    empty = set(empty_paths(raw))
    faults = [source.fault(path, *empty_told(path)) for path in empty]
    wanted = None
    try:
        wanted = Specification.model_validate(raw)
    except ValidationError as error:
        found = [each for each in error.errors() if not told_already(each, empty)]
        faults += [form_fault(source, each) for each in found]
    if wanted is not None and wanted.calage and wanted.plan.repliques:
        what = "« calage » et « repliques » ne vont pas ensemble : chaque réplique devrait être"
        remedy = "Donnez un fichier dont poids et répliques sont déjà calés."
        faults.append(source.fault(("calage",), f"{what} calée aussi.", remedy))
    if faults:
        told = sorted(set(faults), key=source.order)
        raise SurveyError("\n".join(str(each).rstrip() for each in told))
    return Described(wanted, path, lines)


def parsed(path: Path) -> tuple[Any, dict[KeyPath, int]]:
    """The values of the file and their lines."""
    try:
        return read_yaml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SurveyError(f"{path} : fichier introuvable. Vérifiez le nom et le dossier.") from None
    except IsADirectoryError:
        raise SurveyError(f"{path} : c’est un dossier. Donnez le fichier SPEC.yml.") from None
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
        where = f"{path.name}, ligne {mark.line + 1}" if mark else path.name
        if isinstance(error, TangledYamlError):
            what = f"{error.problem}. Une description tient en quelques lignes."
        else:
            what = "ce fichier n’est pas un YAML lisible. Vérifiez les retraits, les deux-points "
            what += "et les accolades."
        raise SurveyError(typography(f"{where} : {what}")) from None


def empty_paths(raw: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The keys and the elements written without a value."""
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw or ())
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from empty_paths(value, (*path, key))
        elif value is None:
            yield (*path, key)


def empty_told(path: KeyPath) -> tuple[str, str]:
    """What is said of an empty value, and what to do."""
    key, model = key_and_model(path)
    if isinstance(path[-1], int):
        return f"{quoted(key)} a un élément vide.", "Complétez-le, ou retirez-le."
    given = "une colonne" if key in COLUMNS else "une valeur"
    known = model.model_fields.get(key)
    needed = known is not None and (known.is_required() or key in NEEDED_KEYS)
    remedy = f"Donnez {given}." if needed else f"Donnez {given}, ou retirez la clé."
    return f"{quoted(key)} est vide.", remedy


def told_already(error: dict, empty: set[KeyPath]) -> bool:
    """Whether a fault of pydantic comes from an empty value."""
    place = error["loc"]
    around = {path[:-1] for path in empty} if error["type"] == "value_error" else set()
    return place in empty or place in around


def key_and_model(path: KeyPath) -> tuple[str, type[BaseModel]]:
    """The last key of a path, and the part of the specification it belongs to."""
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    model: type[BaseModel] = Specification
    for part in path[:-1]:
        model = PARTS.get(part, model)
    return key, model


FORMS: dict[str, Callable[[dict], str]] = {
    "greater_than": lambda error: f"doit dépasser {error['ctx']['gt']:g}",
    "greater_than_equal": lambda error: f"doit valoir au moins {error['ctx']['ge']:g}",
    "less_than": lambda error: f"doit être inférieur à {error['ctx']['lt']:g}",
    "less_than_equal": lambda error: f"ne peut dépasser {integer(error['ctx']['le'])}",
    "finite_number": lambda _: "doit être un nombre fini",
    "string_too_short": lambda _: "est vide",
}
WRONG_FORM = {  # those of a questionnaire, told as the rest of a description is
    kind: (what, remedy.replace("Écrire", "Écrivez"))
    for kind, (what, remedy) in QUESTIONNAIRE.items()
}
WRONG_FORM["int_parsing_size"] = WRONG_FORM["int_parsing"]
WHOLE_FILE = "le fichier doit contenir « donnees: », « plan: » et « cibles: »."
EXAMPLE = "docs/calculer.md en donne un exemple."


def form_fault(source: Source, error: dict) -> Fault:
    """One fault of pydantic in French, at its line."""
    place, kind = error["loc"], error["type"]
    if not place:
        return source.fault(place, WHOLE_FILE, EXAMPLE)
    key, model = key_and_model(place)
    if kind == "extra_forbidden":
        remedy = suggestion(key, model.model_fields, "Clés")
        return source.fault(place, f"clé « {key} » inconnue.", remedy)
    if kind == "value_error":
        said = str(error["ctx"]["error"])
        own = said.startswith(("«", "avec", "la méthode"))
        return source.fault(place, f"{said if own else f'« {key} » {said}'}.", "")
    what, remedy = value_told(place, key, error)
    return source.fault(place, f"{what}.", remedy)


def value_told(place: KeyPath, key: str, error: dict) -> tuple[str, str]:
    """What is wrong with a value, and what to do."""
    kind, name = error["type"], quoted(key)
    if kind == "missing":
        if isinstance(place[-1], int):
            return f"{name} n’a pas assez d’éléments", "Complétez la liste."
        return f"la clé {name} manque", f"Ajoutez « {key}: … »."
    if kind == "too_long":
        return f"{name} a trop d’éléments", "Une décimale s’écrit avec un point : [0.5, 2.0]."
    if kind == "literal_error":
        allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        found = error["input"]
        what = f"vaut « {found} », qui n’existe pas" if found else "est vide"
        what = what if isinstance(found, str) else "attend une seule valeur"
        return f"{name} {what}", f"Valeurs possibles : {allowed}."
    if kind == "string_type":
        what = "doit être le nom d’une seule colonne" if key in COLUMNS else "doit être un texte"
        return f"{name} {what}", "Écrivez-le sans crochets ni accolades."
    if kind == "model_type" and place[0] == "cibles":
        return "chaque cible s’écrit « - {statistique: …, variable: …} »", EXAMPLE
    if kind in FORMS:
        return f"{name} {FORMS[kind](error)}", "Corrigez la valeur."
    what, remedy = WRONG_FORM.get(kind, ("est mal écrit", "Corrigez la valeur."))
    return f"{name} {what}", remedy
