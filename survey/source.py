"""What was read of a file, with the file and line of each value, for messages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from survey.errors import Fault
from survey.french import typography
from survey.yaml_lines import KeyPath

LONGEST_SHOWN = 60  # characters of what a message quotes
OWNERS = {  # lists whose items messages name
    "questions": "question",
    "bases": "base",
    "domains": "découpage",
    "indicators": "indicateur",
}


def quoted(found: Any) -> str:
    """What stands in a file, between French quotation marks and on one short line."""
    line = " ".join(str(found).split())
    return f"« {line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + '…'} »"


class Place(NamedTuple):
    """Where something is written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, ligne {self.line}"


@dataclass(frozen=True)
class Source:
    """What was read: name of the file, its values, and the place of each path."""

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

    def under(self, path: KeyPath) -> list[tuple[KeyPath, Place]]:
        """Places at or under a path of two steps, each with the steps below it."""
        return self._by_part.get(path, [])

    @cached_property
    def _by_part(self) -> dict[KeyPath, list[tuple[KeyPath, Place]]]:
        found: dict[KeyPath, list[tuple[KeyPath, Place]]] = {}
        for path, place in self.places.items():
            found.setdefault(path[:2], []).append((path[2:], place))
        return found

    def order(self, fault: Fault) -> tuple[bool, str, int, str]:
        """Sorting key of faults: the questionnaire's own first, then by module, line and text."""
        file = fault.where.partition(",")[0]
        return file != self.name, file, fault.line, fault.what

    def _owner(self, path: KeyPath) -> str | None:
        if len(path) > 1 and path[0] == "lists":
            return f"liste « {path[1]} »"
        if len(path) < 2 or path[0] not in OWNERS:
            return None
        item = self.raw[path[0]][path[1]]
        names = ("type",) if path[0] == "domains" else ("code", "from")
        found = [item[name] for name in names if item.get(name)] if isinstance(item, dict) else []
        code = found[0] if found else None
        named = isinstance(code, str)
        return f"{OWNERS[path[0]]} {quoted(code) if named else f'n° {path[1] + 1}'}"
