"""Reading a questionnaire: YAML to frozen models, every fault reported at once.

The models are in `survey.questions`, what is checked beyond the form of each question in
`survey.questionnaire_checks` and `survey.routing_checks`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from survey.assembly import Assembly
from survey.draft import Draft
from survey.editions import in_edition
from survey.errors import Fault, QuestionnaireError
from survey.form_faults import BOUNDED, TEXT, WRONG_FORM
from survey.french import counted, typography
from survey.official_items import identity_faults, official_items_of, read_blocks
from survey.questionnaire_checks import content_faults
from survey.questions import (
    FIRST_EDITION,
    FIRST_YEAR,
    LAST_YEAR,
    NO_LABEL,
    Base,
    Before,
    Change,
    Comparable,
    Option,
    Question,
    QuestionCode,
    Questionnaire,
    Row,
    Text,
    Year,
)
from survey.routing_checks import routing_faults
from survey.source import Source, quoted
from survey.suggestions import suggestion
from survey.yaml_lines import DuplicateKeyError, KeyPath, TangledYamlError, read_yaml

__all__ = [
    "Base",
    "Change",
    "Comparable",
    "Option",
    "Question",
    "Questionnaire",
    "Row",
    "in_edition",
    "load_questionnaire",
    "read_questionnaire",
]

Model = TypeVar("Model", bound=BaseModel)
MOST_FAULTS = 100  # shown at once


class Introduction(BaseModel):
    """What a respondent is told first, a paragraph each: nothing of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    who: Text
    why: Text
    length: Text
    confidentiality: Text
    rights: Text
    contact: Text
    retention: Text

    def text(self) -> str:
        """The paragraphs, one a line."""
        return "\n".join(dict(self).values())


class _Document(BaseModel):
    """The top of the file; lists, bases and questions are read one by one."""

    model_config = ConfigDict(extra="forbid")

    code: QuestionCode
    title: Text
    population: Text
    since: Year = FIRST_EDITION
    introduction: Text
    themes: dict[str, Text]
    lists: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    bases: list[Any] = []
    questions: list[Any]


def load_questionnaire(path: Path, edition: int | None = None) -> Questionnaire:
    """Read and check a questionnaire; `edition` keeps the questions of that year only.

    Raises
    ------
    QuestionnaireError : every fault found, one a line: file, line, question, what, remedy
    """
    questionnaire, faults = read_questionnaire(path)
    if questionnaire is None:
        lines = [f"{Path(path).name} : {counted(len(faults), 'erreur')}."]
        lines += map(str, faults[:MOST_FAULTS])
        if len(faults) > MOST_FAULTS:
            lines.append("Les autres se liront quand celles-ci seront corrigées.")
        raise QuestionnaireError("\n".join(lines))
    return questionnaire if edition is None else in_edition(questionnaire, edition)


def read_questionnaire(path: Path) -> tuple[Questionnaire | None, list[Fault]]:
    """The questionnaire, or None and every fault of its file in the order of its lines."""
    path = Path(path)
    raw, lines, unreadable = _read_file(path, path.name)
    if unreadable:
        return None, unreadable
    if not isinstance(raw, dict):
        what = "le fichier est vide ou n’est pas une suite de clés."
        return None, [Fault(f"{path.name}, ligne 1", what, "Voir l’exemple.")]
    assembly = Assembly(path, raw, lines, _read_file)
    source = assembly.source()
    draft = _draft(assembly, source)
    faults = [*assembly.faults, *draft.faults, *content_faults(draft), *routing_faults(draft)]
    faults += identity_faults(draft, read_blocks(official_items_of(path)))
    if faults:  # a question taken twice from a module has its faults twice, at the same line
        once = {(source.order(fault), fault.remedy): fault for fault in reversed(faults)}
        return None, sorted(once.values(), key=source.order)
    return draft.questionnaire(), []


def _read_file(path: Path, name: str) -> tuple[Any, dict[KeyPath, int], list[Fault]]:
    """Values of a YAML file and their lines, or why it cannot be read."""
    try:
        if path.exists() and not path.is_file():
            what = "ce n’est pas un fichier ordinaire."
            return None, {}, [Fault(name, what, "Vérifier le chemin du fichier.")]
        return *read_yaml(path.read_text(encoding="utf-8-sig")), []
    except OSError:
        what = "lecture refusée." if path.exists() else "fichier introuvable."
        fault = Fault(name, what, "Vérifier le chemin du fichier.")
    except UnicodeDecodeError:
        fault = Fault(name, "ce n’est pas de l’UTF-8.", "Réenregistrer en UTF-8.")
    except DuplicateKeyError as error:
        key, line, first = error.args
        what = f"la clé « {key} » est déjà écrite ligne {first}."
        fault = Fault(f"{name}, ligne {line}", what, "N’en garder qu’une.")
    except yaml.YAMLError as error:
        fault = _yaml_fault(name, error)
    return None, {}, [fault]


def _yaml_fault(name: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}, ligne {mark.line + 1}, colonne {mark.column + 1}" if mark else name
    line = mark.line + 1 if mark else 0
    if isinstance(error, TangledYamlError):
        return Fault(where, typography(f"{error.problem}."), "Simplifier le fichier.", line)
    remedy = "Vérifier l’alignement ; mettre entre guillemets un texte qui contient « : » ou « # »."
    what = "le fichier cesse ici d’être du YAML lisible."
    return Fault(where, what, typography(remedy), line)


def _draft(assembly: Assembly, source: Source) -> Draft:
    """Read every part that can be read; faults of form are kept in the draft."""
    draft = Draft(source, assembly.lost, lists=dict.fromkeys(assembly.lost_lists))
    raw = source.raw
    draft.head = _read(draft, _Document, raw | _introduction(draft), ())
    first = {"since": raw["since"]} if _is_year(raw.get("since")) else {}
    parts = {name: raw.get(name) for name in ("lists", "bases", "questions")}
    for name, items in _items(parts["lists"]):
        options = [
            _read(draft, Option, item, ("lists", name, i))
            for i, item in _items(items, sequence=True)
        ]
        usable = bool(options) and None not in options
        draft.lists[name] = tuple(options) if usable else None
    if not isinstance(raw.get("bases", []), list):
        draft.misnamed.add(None)
    for i, item in _items(parts["bases"], sequence=True):
        draft.add_base(_read(draft, Base, item, ("bases", i)), i)
    for i, item in _items(parts["questions"], sequence=True):
        if not isinstance(item, dict):
            draft.add_question(_read(draft, Question, item, ("questions", i)), i)
            continue
        named = isinstance(item.get("options"), str)
        listed = _list_named(draft, item["options"], i) if named else None
        options = {"options": listed or ()} if named else {}
        question = _read(draft, Question, first | item | options, ("questions", i))
        draft.add_question(None if named and listed is None else question, i)
    return draft


def _is_year(value: Any) -> bool:
    found = re.fullmatch(r"[0-9]{4}", str(value))
    return found is not None and FIRST_YEAR <= int(found[0]) <= LAST_YEAR


def _introduction(draft: Draft) -> dict[str, str]:
    """The introduction as one text, where it is written part by part."""
    written = draft.source.raw.get("introduction")
    if not isinstance(written, dict):
        return {}
    read = _read(draft, Introduction, written, ("introduction",))
    return {"introduction": NO_LABEL if read is None else read.text()}


def _items(part: Any, *, sequence: bool = False) -> list[tuple[Any, Any]]:
    """Pairs of key (or position) and value; nothing where the part has the wrong shape."""
    if sequence:
        return list(enumerate(part)) if isinstance(part, list) else []
    return list(part.items()) if isinstance(part, dict) else []


def _list_named(draft: Draft, name: str, i: int) -> tuple[Option, ...] | None:
    """The list that a question names; None when it is unusable."""
    if name not in draft.lists and isinstance(draft.source.raw.get("lists", {}), dict):
        path, remedy = ("questions", i, "options"), suggestion(name, draft.lists, "Listes")
        draft.faults.append(
            draft.source.fault(path, f"liste de modalités « {name} » inconnue.", remedy)
        )
    return draft.lists.get(name)


def _read(draft: Draft, model: type[Model], raw: Any, path: tuple) -> Model | None:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        found = error.errors()
        unknown = [each["loc"] for each in found if each["type"] == "extra_forbidden"]
        draft.faults += [
            _form_fault(draft.source, model, each, path)
            for each in found
            if each["type"] != "missing" or not _is_misspelt(each["loc"], unknown)
        ]
        return None


def _is_misspelt(missing: tuple, unknown: list[tuple]) -> bool:
    """Whether a key that is missing stands beside, under a name so near that it is told there."""
    return any(
        place[:-1] == missing[:-1] and get_close_matches(str(place[-1]), [missing[-1]])
        for place in unknown
    )


MODELS_AT = {
    "options": Option,
    "rows": Row,
    "comparable": Comparable,
    "changed": Change,
    "before": Before,
}
YEAR = (
    "n’est pas une année plausible",
    f"Écrire une année, de {FIRST_YEAR} à {LAST_YEAR}.",
)
CODE_RULES = {
    Option: "Une modalité a 12 caractères au plus : lettres sans accent, chiffres, + ou -.",
    Row: "Une ligne a 12 caractères au plus : lettres sans accent et chiffres.",
}


def _form_fault(source: Source, model: type[BaseModel], error: dict, path: tuple) -> Fault:
    """One fault of pydantic, in French."""
    place = (*path, *error["loc"])
    for part in error["loc"][:-1]:
        model = MODELS_AT.get(part, model)
    key = next((part for part in reversed(place) if isinstance(part, str)), "fichier")
    match error["type"]:
        case "extra_forbidden":
            remedy = suggestion(key, model.model_fields, "Clés")
            return source.fault(place, f"clé « {key} » inconnue.", remedy)
        case "missing":
            return source.fault(place, f"« {key} » manque.", f"Ajouter la clé « {key} ».")
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            given = isinstance(error["input"], str)
            value = f"vaut {quoted(error['input'])}, qui n’existe pas"
            what = f"« {key} » {value if given else TEXT[0]}."
            return source.fault(place, what, f"Valeurs possibles : {allowed}.")
        case "string_pattern_mismatch":
            rule = CODE_RULES.get(
                model,
                "20 caractères au plus : minuscules sans accent et chiffres, une lettre d’abord.",
            )
            return source.fault(place, f"code {quoted(error['input'])} mal formé.", rule)
        case "greater_than_equal" | "less_than_equal":
            what, remedy = YEAR if key in ("since", "until", "edition") else BOUNDED
            return source.fault(place, f"« {key} » {what}.", remedy)
        case kind:
            what, remedy = WRONG_FORM.get(kind, ("est mal écrit", "Corriger la valeur."))
            return source.fault(place, f"« {key} » {what}.", remedy)
