"""A questionnaire and its shared modules put together, each value with its file and line.

A question shared by several questionnaires is written once, in `modules/<module>.yml` beside them:

    module: environnement
    lists: {echelle: [...]}
    questions: [{code: sobriete, text: "{Structure} tient-{elle} compte …", ...}]

A questionnaire takes it with `- from: environnement.sobriete` among its questions; other keys of
the entry replace those of the module. `- from: environnement` takes all, with `theme` and `base` at
most beside. A list of a module is named `environnement.echelle`. `{structure}` in a text is a word
of the questionnaire (`words`), `{Structure}` the same with a capital.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from survey.errors import Fault
from survey.french import typography
from survey.suggestions import suggestion
from survey.yaml_lines import KeyPath

MODULE_KEYS = ("module", "lists", "questions")
SHARED_BY_ALL = {"from", "theme", "base"}
WORD = re.compile(r"\{([^{}]*)\}")
MINUTES = "minutes"  # a word of the introduction, computed

Reader = Callable[[Path, str], tuple[Any, dict[KeyPath, int], list[Fault]]]


class Place(NamedTuple):
    """Where something is written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, ligne {self.line}"


@dataclass(frozen=True)
class Source:
    """What was read: name of the questionnaire's file, its values, and the place of each path."""

    name: str
    places: dict[KeyPath, Place]
    raw: Any

    @classmethod
    def of_file(cls, name: str, lines: dict[KeyPath, int], raw: Any) -> Source:
        """What one file holds, from `read_yaml`."""
        return cls(name, {path: Place(name, line) for path, line in lines.items()}, raw)

    def place(self, path: KeyPath) -> Place:
        """Place of a path, or of the nearest thing around it that is written."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.name, 1))

    def mention(self, path: KeyPath, seen_from: KeyPath) -> str:
        """« ligne 12 », with its file when that is another than the one of `seen_from`."""
        place = self.place(path)
        same = place.file == self.place(seen_from).file
        return f"ligne {place.line}" if same else f"ligne {place.line} de {place.file}"

    def fault(self, path: KeyPath, what: str, remedy: str) -> Fault:
        """A fault at that path: « entreprises.yml, ligne 12, question « taille » ».

        Lines shown as written, with a caret under them, keep their spaces.
        """
        owner, place = self._owner(path), self.place(path)
        where = f"{place}, {owner}" if owner else str(place)
        what = what if "\n" in what else typography(what)
        return Fault(where, what, typography(remedy), place.line)

    def order(self, fault: Fault) -> tuple[bool, str, int, str]:
        """Sorting key of faults: the questionnaire's own first, then by module, line and text."""
        file = fault.where.partition(",")[0]
        return file != self.name, file, fault.line, fault.what

    def _owner(self, path: KeyPath) -> str | None:
        if len(path) > 1 and path[0] == "lists":
            return f"liste « {path[1]} »"
        owners = {"questions": "question", "bases": "base"}
        if len(path) < 2 or path[0] not in owners:
            return None
        item = self.raw[path[0]][path[1]]
        code = item.get("code") or item.get("from") if isinstance(item, dict) else None
        return f"{owners[path[0]]} « {code} »" if code else f"{owners[path[0]]} n° {path[1] + 1}"


@dataclass
class Assembly:
    """A questionnaire being put together; `faults` fills up as it goes."""

    path: Path
    raw: dict
    lines: dict[KeyPath, int]
    read: Reader
    faults: list[Fault] = field(default_factory=list)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    modules: dict[str, Module | None] = field(default_factory=dict)

    @cached_property
    def own(self) -> Source:
        """The questionnaire's file alone, for faults of what is asked of modules."""
        return Source.of_file(self.path.name, self.lines, self.raw)

    def source(self) -> Source:
        """The whole, as if it had been written in one file."""
        self.places |= {p: place for p, place in self.own.places.items() if p[:1] != ("questions",)}
        whole = dict(self.raw)
        if isinstance(self.raw.get("questions"), list):
            lists = self.raw.get("lists") or {}
            whole["lists"] = dict(lists) if isinstance(lists, dict) else lists
            whole["questions"] = []
            for i, entry in enumerate(self.raw["questions"]):
                self._take(i, entry, whole)
        source = Source(self.path.name, self.places, whole)
        words = whole.pop("words", {})
        return self._with_words(source, words if isinstance(words, dict) else {})

    def _take(self, i: int, entry: Any, whole: dict) -> None:
        """Add one entry, or the questions it stands for."""
        if not isinstance(entry, dict) or "from" not in entry:
            self._named_list(("questions", i, "options"), entry, whole)
            self._add(entry, ("questions", i), whole, {})
            return
        for module, j in self._asked_for(i, entry):
            question = dict(module.raw["questions"][j])
            if isinstance(question.get("options"), str):
                question["options"] = self._lend(module, question["options"], whole)
            kept = {key: value for key, value in entry.items() if key != "from"}
            self._named_list(("questions", i, "options"), kept, whole)
            places = {path[2:]: place for path, place in module.under(("questions", j))}
            places = {p: place for p, place in places.items() if not p or p[0] not in kept}
            self._add(question | kept, ("questions", i), whole, places)

    def _add(self, question: Any, origin: KeyPath, whole: dict, places: dict) -> None:
        target = ("questions", len(whole["questions"]))
        whole["questions"].append(question)
        own = {p[2:]: place for p, place in self.own.places.items() if p[:2] == origin}
        self.places |= {(*target, *path): place for path, place in (own | places).items()}

    def _asked_for(self, i: int, entry: dict) -> Iterator[tuple[Module, int]]:
        """The questions an entry names, with their module."""
        path = ("questions", i, "from")
        name, _, code = str(entry["from"] or "").partition(".")
        module = self._module(name, path)
        if module is None:
            return
        if code:
            if code not in module.codes:
                what = f"question « {code} » absente du module « {name} »."
                self.faults.append(self.own.fault(path, what, suggestion(code, module.codes)))
            else:
                yield module, module.codes[code]
            return
        for key in entry.keys() - SHARED_BY_ALL:
            what = f"« {key} » ne peut pas valoir pour toutes les questions du module « {name} »."
            remedy = f"Reprendre les questions une à une : « from: {name}.code »."
            self.faults.append(self.own.fault((*path[:2], key), what, remedy))
        yield from ((module, j) for j in module.codes.values())

    def _named_list(self, path: KeyPath, entry: Any, whole: dict) -> None:
        """Make room for a list of a module that an entry of the questionnaire names."""
        name = entry.get("options") if isinstance(entry, dict) else None
        if isinstance(name, str) and "." in name and name not in whole["lists"]:
            module_name, _, listed = name.partition(".")
            if module := self._module(module_name, path):
                self._lend(module, listed, whole)

    def _lend(self, module: Module, name: str, whole: dict) -> str:
        """Put a list of a module among those of the questionnaire; its name there."""
        full = f"{module.name}.{name}"
        lists = module.raw.get("lists")
        if isinstance(lists, dict) and name in lists and isinstance(whole["lists"], dict):
            whole["lists"][full] = lists[name]
            inner = module.under(("lists", name))
            self.places |= {("lists", full, *path[2:]): place for path, place in inner}
        return full

    def _module(self, name: str, path: KeyPath) -> Module | None:
        if name not in self.modules:
            self.modules[name] = self._read_module(name, path)
        return self.modules[name]

    def _read_module(self, name: str, path: KeyPath) -> Module | None:
        folder = self.path.parent / "modules"
        known = sorted(file.stem for file in folder.glob("*.yml"))
        if name not in known:
            what = f"module « {name} » introuvable dans « modules »."
            self.faults.append(self.own.fault(path, what, suggestion(name, known)))
            return None
        file = f"modules/{name}.yml"
        raw, lines, faults = self.read(folder / f"{name}.yml", file)
        if faults:
            self.faults += faults
            return None
        source = Source.of_file(file, lines, raw if isinstance(raw, dict) else {})
        for what, remedy, at in _module_faults(source.raw, name):
            self.faults.append(source.fault(at, what, remedy))
        return Module(name, source)

    def _with_words(self, source: Source, words: dict[str, Any]) -> Source:
        """Every text with the words of the questionnaire in place of their names."""

        def put(value: Any, path: KeyPath) -> Any:
            if isinstance(value, dict):
                return {key: put(inner, (*path, key)) for key, inner in value.items()}
            if isinstance(value, list):
                return [put(inner, (*path, i)) for i, inner in enumerate(value)]
            return WORD.sub(lambda m: word(m, path), value) if isinstance(value, str) else value

        def word(found: re.Match[str], path: KeyPath) -> str:
            name = found[1]
            if path[0] == "introduction" and name == MINUTES:
                return found[0]
            if isinstance(words.get(name), str):
                return words[name]
            lower = name[:1].lower() + name[1:]
            if isinstance(words.get(lower), str):
                return words[lower][:1].upper() + words[lower][1:]
            what = f"mot « {{{name}}} » inconnu."
            self.faults.append(source.fault(path, what, suggestion(lower, words, "Mots")))
            return found[0]

        return Source(source.name, source.places, put(source.raw, ()))


@dataclass(frozen=True)
class Module:
    """A file of shared questions."""

    name: str
    source: Source

    @property
    def raw(self) -> dict:
        """Its values."""
        return self.source.raw

    @cached_property
    def codes(self) -> dict[str, int]:
        """Position of each question by its code."""
        questions = self.raw.get("questions")
        listed = enumerate(questions) if isinstance(questions, list) else ()
        return {str(q.get("code")): j for j, q in listed if isinstance(q, dict)}

    def under(self, path: KeyPath) -> list[tuple[KeyPath, Place]]:
        """Every place at or under a path."""
        places = self.source.places.items()
        return [(each, place) for each, place in places if each[: len(path)] == path]


def _module_faults(raw: dict, name: str) -> Iterator[tuple[str, str, KeyPath]]:
    """What, remedy and path of what is wrong at the top of a module."""
    for key in raw.keys() - set(MODULE_KEYS):
        yield f"clé « {key} » inconnue.", suggestion(key, MODULE_KEYS, "Clés"), (key,)
    if raw.get("module") != name:
        yield "le nom du module n’est pas celui du fichier.", f"Écrire « module: {name} ».", ()
    if not isinstance(raw.get("questions"), list):
        yield "le module n’a pas de questions.", "Ajouter la clé « questions ».", ()
