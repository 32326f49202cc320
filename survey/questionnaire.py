"""Reading a questionnaire: YAML to frozen models, every fault reported at once.

The models are in `survey.questions`, what is checked beyond the form of each question in
`survey.questionnaire_checks` and `survey.routing_checks`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from survey.assembly import Assembly, Source
from survey.draft import Draft
from survey.editions import in_edition
from survey.errors import Fault, QuestionnaireError
from survey.french import typography
from survey.official_items import identity_faults, read_blocks
from survey.questionnaire_checks import content_faults
from survey.questions import (
    FIRST_EDITION,
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
)
from survey.routing_checks import routing_faults
from survey.suggestions import suggestion
from survey.yaml_lines import DuplicateKeyError, KeyPath, read_yaml

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
    since: int = FIRST_EDITION
    introduction: Text
    themes: dict[str, Text]
    lists: dict[str, list[Any]] = {}
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
        count = f"{len(faults)} erreurs" if len(faults) > 1 else "1 erreur"
        raise QuestionnaireError("\n".join([f"{Path(path).name} : {count}.", *map(str, faults)]))
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
    draft = _draft(source, incomplete=bool(assembly.faults))
    faults = [*assembly.faults, *draft.faults, *content_faults(draft), *routing_faults(draft)]
    faults += identity_faults(draft, read_blocks())
    if faults:
        return None, sorted(set(faults), key=draft.source.order)
    return draft.questionnaire(), []


def _read_file(path: Path, name: str) -> tuple[Any, dict[KeyPath, int], list[Fault]]:
    """Values of a YAML file and their lines, or why it cannot be read."""
    try:
        return *read_yaml(path.read_text(encoding="utf-8-sig")), []
    except OSError:
        what = "lecture refusée." if path.is_file() else "fichier introuvable."
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
    remedy = "Vérifier l’alignement ; mettre entre guillemets un texte qui contient « : » ou « # »."
    what = "le fichier cesse ici d’être du YAML lisible."
    return Fault(where, what, typography(remedy))


def _draft(source: Source, *, incomplete: bool) -> Draft:
    """Read every part that can be read; faults of form are kept in the draft."""
    draft = Draft(source, incomplete)
    raw = source.raw
    draft.head = _read(draft, _Document, raw | _introduction(draft), ())
    first = {"since": raw["since"]} if "since" in raw else {}
    parts = {name: raw.get(name) for name in ("lists", "bases", "questions")}
    for name, items in _items(parts["lists"]):
        options = [
            _read(draft, Option, item, ("lists", name, i))
            for i, item in _items(items, sequence=True)
        ]
        draft.lists[name] = None if None in options else tuple(options)
    for i, item in _items(parts["bases"], sequence=True):
        draft.add_base(_read(draft, Base, item, ("bases", i)), i)
    for i, item in _items(parts["questions"], sequence=True):
        listed = _listed_options(draft, item, i)
        complete = first | item if isinstance(item, dict) else item
        complete = complete if listed == () else complete | {"options": listed or ()}
        question = _read(draft, Question, complete, ("questions", i))
        draft.add_question(None if listed is None else question, i)
    return draft


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


def _listed_options(draft: Draft, item: Any, i: int) -> tuple[Option, ...] | None:
    """Options of the list a question names: empty when it names none, None when it is unusable."""
    name = item.get("options") if isinstance(item, dict) else None
    if not isinstance(name, str):
        return ()
    if name not in draft.lists and not (draft.incomplete and "." in name):
        path, remedy = ("questions", i, "options"), suggestion(name, draft.lists)
        draft.faults.append(
            draft.source.fault(path, f"liste de modalités « {name} » inconnue.", remedy)
        )
    return draft.lists.get(name)


def _read(draft: Draft, model: type[Model], raw: Any, path: tuple) -> Model | None:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        draft.faults += [_form_fault(draft.source, model, each, path) for each in error.errors()]
        return None


MODELS_AT = {
    "options": Option,
    "rows": Row,
    "comparable": Comparable,
    "changed": Change,
    "before": Before,
}
YES_NO = ("doit être « true » ou « false »", "Écrire « true » ou « false ».")
WHOLE = ("doit être un nombre entier", "Écrire un nombre entier.")
NUMBER = ("doit être un nombre", "Écrire un nombre, avec un point pour la décimale.")
TEXT = ("est vide ou n’est pas un texte", "Compléter le texte.")
LIST = ("doit être une liste", "Écrire une ligne par élément, avec un tiret.")
KEYS = ("doit être une suite de clés", "Écrire « clé: valeur », une par ligne.")
WRONG_FORM = {
    "bool_parsing": YES_NO,
    "bool_type": YES_NO,
    "int_parsing": WHOLE,
    "int_type": WHOLE,
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "string_too_short": ("est vide", "Compléter le texte."),
    "string_type": TEXT,
    "list_type": LIST,
    "tuple_type": LIST,
    "dict_type": KEYS,
    "model_type": KEYS,
}
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
            what = f"« {key} » vaut « {error['input']} », qui n’existe pas."
            return source.fault(place, what, f"Valeurs possibles : {allowed}.")
        case "string_pattern_mismatch":
            rule = CODE_RULES.get(
                model,
                "20 caractères au plus : minuscules sans accent et chiffres, une lettre d’abord.",
            )
            return source.fault(place, f"code « {error['input']} » mal formé.", rule)
        case kind:
            what, remedy = WRONG_FORM.get(kind, ("est mal écrit", "Corriger la valeur."))
            return source.fault(place, f"« {key} » {what}.", remedy)
