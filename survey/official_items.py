"""What an official survey asks, and whether a question that claims to be identical is.

The list, `data/reference/official_items.csv`, has one row per item, survey and wave:

| column | |
|---|---|
| `enquete`, `vague` | survey and year |
| `bloc`, `ordre`, `item` | group of items asked together, rank in it from 1, code of the item |
| `base` | who is asked: `ensemble`, or the code of a condition (`E_AI_TANY=1`) |
| `reponse` | `oui_non` one yes or no a line, `une` tick one, `plusieurs` tick all |
| `modalites` | codes of the item's own options, separated by a vertical bar |
| `population`, `obligatoire`, `libelle`, `libelle_francais`, `source`, `note` | as published |
| `lecture` | V read in the primary text, V2 in a text that quotes it, D deduced, NV not seen |
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from survey.conditions import EVERYONE, Named, parse
from survey.draft import Draft
from survey.errors import Fault
from survey.questions import Comparable, Option, Question, Row
from survey.suggestions import suggestion

LIST = Path("data", "reference", "official_items.csv")  # from the root of a project
OFFICIAL_ITEMS = Path(__file__).parents[1] / LIST
READ = {"V", "V2"}  # the wording was seen
YES_NO = ("oui", "non")


@dataclass(frozen=True, slots=True)
class Item:
    """One official item in one wave."""

    code: str
    options: tuple[str, ...]
    was_read: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Items asked together in one wave, in their order."""

    code: str
    survey: str
    wave: str
    base: str
    response: str
    items: tuple[Item, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of its items."""
        return tuple(item.code for item in self.items)


def official_items_of(questionnaire: Path) -> Path:
    """The list of the project that a questionnaire stands in; ours for a file that is in none."""
    lists = (folder / LIST for folder in Path(questionnaire).absolute().parents)
    return next(filter(Path.is_file, lists), OFFICIAL_ITEMS)


@lru_cache
def read_blocks(path: Path = OFFICIAL_ITEMS) -> tuple[Block, ...]:
    """Blocks of the list, in the order of the file; their items by rank."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    def block(row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row[key] for key in ("bloc", "enquete", "vague", "base", "reponse"))

    found = []
    for key, items in groupby(sorted(rows, key=block), key=block):
        ranked = sorted(items, key=lambda row: int(row["ordre"]))
        found.append(Block(*key, tuple(map(_item, ranked))))
    return tuple(found)


def _item(row: dict[str, str]) -> Item:
    options = tuple(filter(None, row["modalites"].split("|")))
    return Item(row["item"], options, row["lecture"] in READ)


def identity_faults(draft: Draft, blocks: tuple[Block, ...]) -> Iterator[Fault]:
    """Questions, rows and options that say `identical` and are not.

    A whole question is held to the block: same base, same kind of answer, every item in the same
    order (an item of ours may follow the last). A row or an option of another question is held to
    the base and the kind of answer of its item. « Ne sait pas » may always be added.
    """
    bases = {code: base.official for code, base in draft.base_by_code.items()}
    for i, question in draft.questions:
        if question.code in draft.unread:  # its condition cannot be read
            continue
        path = ("questions", i, "comparable")
        if question.comparable.status == "identical":
            if official_code(question.comparable):  # else told with the form
                for what, remedy in _question_faults(question, bases, blocks):
                    yield draft.source.fault(path, what, remedy)
            continue
        for place, item in draft.items(i, question):
            claims = item.comparable is not None and item.comparable.status == "identical"
            if claims and official_code(item.comparable):
                for what, remedy in _line_faults(item, question, bases, blocks):
                    yield draft.source.fault(place, what, remedy)


def official_code(comparable: Comparable) -> str:
    """The code of the official item, or the reference when it stands for it."""
    return comparable.item or comparable.reference or ""


def _question_faults(
    question: Question, bases: dict[str, str | None], blocks: tuple[Block, ...]
) -> Iterator[tuple[str, str]]:
    code = official_code(question.comparable)
    found = [block for block in blocks if block.code == code]
    if not found:
        yield _unknown(code, [block.code for block in blocks])
        return
    # several waves may have asked it each in its way: to be as one of them is enough
    yield from min((list(_departures(question, bases, block)) for block in found), key=len)


def _departures(
    question: Question, bases: dict[str, str | None], block: Block
) -> Iterator[tuple[str, str]]:
    """How a question differs from a block."""
    if any(not item.was_read for item in block.items):
        what = f"le libellé officiel de « {block.code} » n’a pas été lu."
        yield what, "Écrire « status: adapted » tant qu’il ne l’est pas."
    yield from _base_departure(question, bases, block)
    yield from _response_departure(question, block)
    ours, theirs = _lines(question, block)
    if ours[: len(theirs)] != theirs:
        what = f"ni les mêmes éléments ni le même ordre que « {block.code} » ({block.wave})."
        shown = ", ".join(theirs)
        yield what, f"Attendu : {shown}. Trouvé : {', '.join(ours) or 'aucun code officiel'}."


def _lines(question: Question, block: Block) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Official codes of our lines (or options) and those of the block, in order."""
    if len(block.items) == 1 and not question.rows:
        item = block.items[0]
        if not item.options:
            return (item.code,), (item.code,)
        return tuple(option.code for option in question.options), item.options
    ours = [item for item in (question.rows or question.options) if item.until is None]
    codes = [official_code(item.comparable) if item.comparable else item.code for item in ours]
    return tuple(codes), block.codes


def _base_departure(
    question: Question, bases: dict[str, str | None], block: Block
) -> Iterator[tuple[str, str]]:
    match parse(question.base):
        case Named(code) if code not in bases:
            return  # told with the conditions
        case Named(code):
            ours = bases.get(code)
        case _:
            ours = EVERYONE if question.base == EVERYONE else None
    if ours != block.base:
        what = f"« {block.code} » est posée à « {block.base} », pas à « {question.base} »."
        remedy = f"Nommer une base avec « official: {block.base} », ou écrire « status: adapted »."
        yield what, remedy


def _response_departure(question: Question, block: Block) -> Iterator[tuple[str, str]]:
    codes = tuple(option.code for option in question.options if option.until is None)
    kind = {
        "oui_non": question.type in ("single", "grid") and codes == YES_NO,
        "une": question.type == "single",
        "plusieurs": question.type == "multiple",
    }[block.response]
    if not kind:
        wanted = {
            "oui_non": "par oui ou non, ligne par ligne",
            "une": "par une seule réponse",
            "plusieurs": "en cochant tout ce qui convient",
        }[block.response]
        yield f"on répond à « {block.code} » {wanted}.", "Changer « type » ou « options »."


def _line_faults(
    line: Row | Option,
    question: Question,
    bases: dict[str, str | None],
    blocks: tuple[Block, ...],
) -> Iterator[tuple[str, str]]:
    code = official_code(line.comparable)
    found = [block for block in blocks if code in block.codes]
    if not found:
        yield _unknown(code, [code for block in blocks for code in block.codes])
        return
    yield from min(
        (
            [*_base_departure(question, bases, block), *_response_departure(question, block)]
            for block in found
        ),
        key=len,
    )


def _unknown(code: str, known: list[str]) -> tuple[str, str]:
    what = f"« {code} » n’est pas dans la liste des questions officielles."
    return what, f"{suggestion(code, known)} Ou écrire « status: adapted »."
