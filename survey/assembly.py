"""A questionnaire and its shared modules put together, each value with its file and line.

A question shared by several questionnaires is written once, in `modules/<module>.yml` beside them:

    module: environnement
    lists: {echelle: [...]}
    questions: [{code: sobriete, text: "{Structure} tient-{elle} compte …", ...}]

A questionnaire takes it with `- from: environnement.sobriete` among its questions; other keys of
the entry replace those of the module. `- from: environnement` takes all, with `theme` and `base` at
most beside. A list of a module is named `environnement.echelle`. `{structure}` in a text is a word
of the questionnaire (`words`), `{Structure}` the same with a capital. With `from: region` among its
words, the questionnaire also has those of the module, unless it gives its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from survey.errors import Fault
from survey.french import capitalised
from survey.modules import Module
from survey.source import Place, Source, quoted
from survey.suggestions import suggestion
from survey.typed import REMEDY, command_in
from survey.yaml_lines import KeyPath

SHARED_BY_ALL = {"from", "theme", "base"}
MOST_QUESTIONS = 500
MINUTES = "minutes"  # a word of the introduction, computed
WORD = re.compile(r"\{([^{}]*)\}")
MODULE_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)?")
# What no file carries or no one sees: controls, halves of characters, private use, direction.
UNWRITABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
    "\ud800-\uf8ff\ufffe\uffff\U000f0000-\U0010ffff]"
)

Reader = Callable[[Path, str], tuple[Any, dict[KeyPath, int], list[Fault]]]


@dataclass
class Assembly:
    """A questionnaire being put together; `faults` fills up as it goes.

    `lost` holds the codes of the questions that could not be taken (None: codes unknown), and
    `lost_lists` the names of lists, so that what names them is not a fault once more.
    """

    path: Path
    raw: dict
    lines: dict[KeyPath, int]
    read: Reader
    faults: list[Fault] = field(default_factory=list)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    modules: dict[str, Module | None] = field(default_factory=dict)
    lost: set[str | None] = field(default_factory=set)
    lost_lists: set[str] = field(default_factory=set)

    @cached_property
    def own(self) -> Source:
        """The questionnaire's file alone, for faults of what is asked of modules."""
        return Source.of_file(self.path.name, self.lines, self.raw)

    def source(self) -> Source:
        """The whole, as if it had been written in one file."""
        places = self.own.places.items()
        self.places |= {p: place for p, place in places if p[:1] != ("questions",) or len(p) == 1}
        whole = dict(self.raw)
        if isinstance(self.raw.get("questions"), list):
            lists = self.raw.get("lists") or {}
            whole["lists"] = dict(lists) if isinstance(lists, dict) else lists
            whole["questions"] = []
            for i, entry in enumerate(self.raw["questions"]):
                self._take(i, entry, whole)
            self._refuse_too_many(whole["questions"])
        else:
            self.lost.add(None)
        words = whole.pop("words", None)
        return self._with_words(Source(self.path.name, self.places, whole), self._words(words))

    def _refuse_too_many(self, questions: list) -> None:
        """No more questions than can be checked in a moment."""
        if len(questions) > MOST_QUESTIONS:
            what = f"{len(questions)} questions."
            remedy = f"Un questionnaire en a {MOST_QUESTIONS} au plus : en faire plusieurs."
            self.faults.append(self.own.fault(("questions",), what, remedy))
            del questions[MOST_QUESTIONS:]
            self.lost.add(None)

    def _take(self, i: int, entry: Any, whole: dict) -> None:
        """Add one entry, or the questions it stands for."""
        if isinstance(entry, dict) and (wrong := _misspelt_from(entry)):
            what, remedy = f"clé « {wrong} » inconnue.", "Vouliez-vous écrire « from » ?"
            self.faults.append(self.own.fault(("questions", i, wrong), what, remedy))
            self.lost.add(None)
            return
        if not isinstance(entry, dict) or "from" not in entry:
            self._named_list(("questions", i, "options"), entry, whole)
            self._add(entry, ("questions", i), whole, {})
            return
        for module, j in self._asked_for(i, entry):
            question = module.raw["questions"][j]
            path = ("questions", j)
            places = dict(module.source.under(path))
            if not isinstance(question, dict):
                self._add(question, ("questions", i), whole, places)
                continue
            kept = {key: value for key, value in entry.items() if key != "from"}
            if "." not in entry["from"]:
                kept = {key: kept[key] for key in kept.keys() & SHARED_BY_ALL}
            if "options" in kept:
                self._named_list(("questions", i, "options"), kept, whole)
            elif isinstance(question.get("options"), str):
                question = question | {"options": self._borrowed(module, question, whole, path)}
            places = {p: place for p, place in places.items() if not p or p[0] not in kept}
            self._add(question | kept, ("questions", i), whole, places)

    def _add(self, question: Any, origin: KeyPath, whole: dict, places: dict) -> None:
        target = ("questions", len(whole["questions"]))
        whole["questions"].append(question)
        both = dict(self.own.under(origin)) | places
        self.places |= {(*target, *path): place for path, place in both.items()}

    def _asked_for(self, i: int, entry: dict) -> Iterator[tuple[Module, int]]:
        """The questions an entry names, with their module."""
        path = ("questions", i, "from")
        asked = entry["from"]
        if not isinstance(asked, str) or not MODULE_NAME.fullmatch(asked):
            remedy = "Écrire « from: module » ou « from: module.question »."
            self.faults.append(self.own.fault(path, "« from » ne nomme pas un module.", remedy))
            self.lost.add(None)
            return
        name, _, code = asked.partition(".")
        module = self._module(name, path)
        if module is None:
            self.lost.add(code or None)
        elif not code:
            self._refuse_particular(i, entry, name)
            self.lost |= {None} if module.borrows else set()
            yield from ((module, j) for j in module.usable)
        elif code not in module.codes:
            what = f"question « {code} » absente du module « {name} »."
            self.faults.append(self.own.fault(path, what, suggestion(code, module.codes)))
            self.lost |= {code, *module.codes}
        elif module.codes[code] in module.usable:
            yield module, module.codes[code]
        else:
            self.lost.add(code)

    def _refuse_particular(self, i: int, entry: dict, name: str) -> None:
        """Faults of what an entry says of all the questions of a module."""
        for key in entry.keys() - SHARED_BY_ALL:
            what = f"« {key} » ne peut pas valoir pour toutes les questions du module « {name} »."
            remedy = f"Reprendre les questions une à une : « from: {name}.code »."
            self.faults.append(self.own.fault(("questions", i, key), what, remedy))

    def _named_list(self, path: KeyPath, entry: Any, whole: dict) -> None:
        """Make room for a list of a module that an entry of the questionnaire names."""
        name = entry.get("options") if isinstance(entry, dict) else None
        if isinstance(name, str) and "." in name and name not in whole["lists"]:
            module_name, _, listed = name.partition(".")
            module = self._module(module_name, path)
            if module is None:
                self.lost_lists.add(name)
            else:
                self._lend(module, listed, whole, self.own, path)

    def _borrowed(self, module: Module, question: dict, whole: dict, path: KeyPath) -> str:
        """Name of the list that a question of a module takes, from its module or another."""
        other, dot, name = question["options"].partition(".")
        if not dot:
            return self._lend(module, question["options"], whole, module.source, path)
        lender = self._module(other, (*path, "options"), module.source)
        if lender is None:
            self.lost_lists.add(question["options"])
            return question["options"]
        return self._lend(lender, name, whole, module.source, path)

    def _lend(self, module: Module, name: str, whole: dict, source: Source, path: KeyPath) -> str:
        """Put a list of a module among those of the questionnaire; its name there."""
        full = f"{module.name}.{name}"
        lists = module.raw.get("lists")
        lists = lists if isinstance(lists, dict) else {}
        if name not in lists:
            what = f"liste de modalités « {name} » absente du module « {module.name} »."
            remedy = suggestion(name, lists, "Listes")
            self.faults.append(source.fault((*path, "options"), what, remedy))
            self.lost_lists.add(full)
        elif isinstance(whole["lists"], dict):
            whole["lists"][full] = lists[name]
            inner = module.source.under(("lists", name))
            self.places |= {("lists", full, *path): place for path, place in inner}
        return full

    def _module(self, name: str, path: KeyPath, source: Source | None = None) -> Module | None:
        if name not in self.modules:
            self.modules[name] = self._read_module(name, path, source or self.own)
        return self.modules[name]

    def _read_module(self, name: str, path: KeyPath, source: Source) -> Module | None:
        folder = self.path.parent / "modules"
        known = sorted(file.stem for file in folder.glob("*.yml"))
        if name not in known:
            what = f"module « {name} » introuvable dans « modules »."
            self.faults.append(source.fault(path, what, suggestion(name, known, "Modules")))
            return None
        file = f"modules/{name}.yml"
        raw, lines, faults = self.read(folder / f"{name}.yml", file)
        if not faults and not isinstance(raw, dict):
            what = "le fichier est vide ou n’est pas une suite de clés."
            faults = [Fault(f"{file}, ligne 1", what, f"Commencer par « module: {name} ».", 1)]
        if faults:
            self.faults += faults
            return None
        module = Module(name, Source.of_file(file, lines, raw))
        for what, remedy, at in module.faults():
            self.faults.append(module.source.fault(at, what, remedy))
        return module

    def _words(self, words: Any) -> dict[str, str | None]:
        """The words of the questionnaire; None for one that cannot be used."""
        if not isinstance(words, dict | None):
            what, remedy = "« words » doit être une suite de clés.", "Écrire « mot: texte »."
            self.faults.append(self.own.fault(("words",), what, remedy))
        given = dict(words) if isinstance(words, dict) else {}
        found = self._words_of_module(given.pop("from")) if "from" in given else {}
        return found | self._checked_words(given, self.own)

    def _words_of_module(self, name: Any) -> dict[str, str | None]:
        """The words of the module that those of the questionnaire start from."""
        module = self._module(str(name), ("words", "from"))
        if module is None:
            return {}
        words = module.raw.get("words")
        if not isinstance(words, dict):
            what = f"le module « {name} » n’a pas de mots."
            remedy = "Lui donner une clé « words », ou retirer « from »."
            self.faults.append(self.own.fault(("words", "from"), what, remedy))
            return {}
        return self._checked_words(words, module.source)

    def _checked_words(self, words: dict, source: Source) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name, text in words.items():
            found[name] = None
            if name == MINUTES:
                what, remedy = f"mot « {MINUTES} » réservé.", "Lui donner un autre nom."
            elif not isinstance(text, str) or not text.strip():
                what, remedy = f"« {name} » est vide ou n’est pas un texte.", "Compléter le texte."
            elif "{" in text or "}" in text:
                what, remedy = f"« {name} » contient une accolade.", "Écrire le texte en entier."
            else:
                found[name] = text
                continue
            self.faults.append(source.fault(("words", name), what, remedy))
        return found

    def _with_words(self, source: Source, words: dict[str, str | None]) -> Source:
        """Every text with the words of the questionnaire in place of their names."""

        def put(value: Any, path: KeyPath) -> Any:
            if isinstance(value, dict):
                return {key: put(inner, (*path, key)) for key, inner in value.items()}
            if isinstance(value, list):
                return [put(inner, (*path, i)) for i, inner in enumerate(value)]
            if not isinstance(value, str):
                return value
            for what, remedy in _text_faults(value):
                self.faults.append(source.fault(path, what, remedy))
            return WORD.sub(lambda m: word(m, path), value)

        def word(found: re.Match[str], path: KeyPath) -> str:
            name = found[1]
            lower = name[:1].lower() + name[1:]
            if path[0] == "introduction" and name == MINUTES:
                return found[0]
            if name in words:
                return words[name] or found[0]
            if lower in words:
                text = words[lower] or found[0]
                return capitalised(text)
            what = f"mot {quoted(found[0])} inconnu."
            self.faults.append(source.fault(path, what, suggestion(lower, words, "Mots")))
            return found[0]

        return Source(source.name, source.places, put(source.raw, ()))


def _misspelt_from(entry: dict) -> str | None:
    """The key that was meant to be `from`, in an entry that is no question of its own."""
    near = get_close_matches("from", entry)
    return near[0] if near and not entry.keys() & {"from", "code", "type", "text"} else None


def _text_faults(text: str) -> Iterator[tuple[str, str]]:
    """What no text may hold: a lone brace, a character that cannot be written everywhere."""
    if found := UNWRITABLE.search(text):
        code = f"U+{ord(found[0]):04X}"
        what = f"le caractère n° {found.start() + 1}, {code}, ne s’écrit pas partout."
        yield what, "L’effacer et le retaper."
    if found := command_in(text):
        yield f"{quoted(found)} ne peut figurer dans un texte.", REMEDY
    elif re.search(r"[{}]", WORD.sub("", text)):
        what = f"accolade seule ou en trop dans {quoted(text)}."
        yield what, "Écrire un mot de « words » entre deux accolades : « {mot} »."
