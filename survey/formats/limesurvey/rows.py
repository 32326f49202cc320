"""The rows of a LimeSurvey structure: from tab-separated text to questions with what they hold."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from survey.errors import Fault
from survey.formats.limesurvey.vocabulary import (
    ANSWER,
    CLASSES,
    GROUP,
    LANGUAGE_TEXT,
    OTHER_COLUMNS,
    QUESTION,
    REQUIRED_COLUMNS,
    SETTING,
    SUBQUESTION,
    UNDER_QUESTION,
    attributes,
)
from survey.french import typography
from survey.suggestions import suggestion

# LimeSurvey ends a line at each of these, inside a cell or not.
LINE_ENDS = re.compile("[\v\f\x85\u2028\u2029]")
SWALLOWED = re.compile(rf"\n({'|'.join(CLASSES)})\t")


@dataclass(frozen=True, slots=True)
class Line:
    """One row; `number` is the line of the file where it begins."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one language, with its subquestions and its answers."""

    head: Line
    group: Line
    subquestions: list[Line] = field(default_factory=list)
    answers: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Structure:
    """The rows of a structure by class, in the order of the file."""

    name: str
    lines: tuple[Line, ...]
    settings: tuple[Line, ...]
    texts: tuple[Line, ...]
    groups: tuple[Line, ...]
    questions: tuple[Asked, ...]

    def fault(self, line: Line, what: str, remedy: str) -> Fault:
        """A fault of one row; names the question or setting it is about."""
        return fault(self.name, line.number, what, remedy, line["name"])


def fault(name: str, number: int, what: str, remedy: str, item: str = "") -> Fault:
    """A fault at a line of the file, in French typography."""
    where = f"{name}, ligne {number}" + (f", « {item} »" if item else "")
    return Fault(typography(where), typography(what), typography(remedy), number)


def read_structure(text: str, name: str) -> tuple[Structure | None, list[Fault]]:
    """The rows, and the faults of the table and of its order; no rows when it is no structure."""
    header, records, faults = read_table(text, name)
    if not set(REQUIRED_COLUMNS) <= set(header):
        return None, faults
    lines = []
    for number, cells in records:
        line = Line(number, dict(zip(header, cells, strict=False)))
        faults += cell_faults(line, len(cells), len(header), name)
        if line["class"] in CLASSES:
            lines.append(line)
    structure = arranged(lines, name)
    return structure, faults + list(order_faults(structure))


def read_table(text: str, name: str) -> tuple[list[str], list[tuple[int, list[str]]], list[Fault]]:
    """Header, records with the line where each begins, and faults of the header."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter="\t")
    records, start = [], 1
    try:
        for cells in reader:
            records.append((start, cells))
            start = reader.line_num + 1
    except csv.Error:
        what = "la suite du fichier n’est pas un tableau lisible."
        return [], [], [fault(name, start, what, "Refaire l’export de la structure.")]
    header = [cell.strip() for cell in records[0][1]] if records else []
    return header, records[1:], list(header_faults(header, name))


def header_faults(header: list[str], name: str) -> Iterator[Fault]:
    """Columns missing, unknown or twice."""
    if missing := [column for column in REQUIRED_COLUMNS if column not in header]:
        what = f"colonnes absentes : {', '.join(missing)}."
        yield fault(name, 1, what, "Garder les colonnes d’un export de LimeSurvey.")
    known = [*REQUIRED_COLUMNS, *OTHER_COLUMNS, *attributes()]
    for column, count in Counter(header).items():
        if column not in known:
            what = f"colonne « {column} » inconnue de LimeSurvey."
            yield fault(name, 1, what, suggestion(column, known, "Colonnes"))
        elif count > 1:
            yield fault(name, 1, f"colonne « {column} » en double.", "N’en garder qu’une.")


def cell_faults(line: Line, count: int, expected: int, name: str) -> Iterator[Fault]:
    """A row of another width, of no class, or whose cells hold the end of a line."""
    if count != expected:
        what = f"{count} cellules au lieu de {expected}."
        remedy = (
            "Une tabulation ou une fin de ligne coupe une cellule : la remplacer par une espace."
        )
        yield fault(name, line.number, what, remedy)
    if line["class"] not in CLASSES:
        what = f"classe de ligne « {line['class'][:20]} » inconnue."
        yield fault(name, line.number, what, f"Classes admises : {', '.join(CLASSES)}.")
    for column, cell in line.cells.items():
        if SWALLOWED.search(cell):
            what = f"le guillemet qui ouvre la cellule « {column} » n’est pas fermé."
            yield fault(name, line.number, what, "Fermer le guillemet, ou doubler ceux du texte.")
        elif LINE_ENDS.search(cell):
            what = f"la cellule « {column} » contient une fin de ligne invisible."
            yield fault(name, line.number, what, "La remplacer par une espace.")


def arranged(lines: list[Line], name: str) -> Structure:
    """Rows by class; each question with the rows that follow it."""
    questions: list[Asked] = []
    group = Line(0, {})
    for line in lines:
        match line["class"]:
            case "G":
                group = line
            case "Q":
                questions.append(Asked(line, group))
            case "SQ" if questions:
                questions[-1].subquestions.append(line)
            case "A" if questions:
                questions[-1].answers.append(line)

    def of_class(wanted: str) -> tuple[Line, ...]:
        return tuple(line for line in lines if line["class"] == wanted)

    return Structure(
        name,
        tuple(lines),
        of_class(SETTING),
        of_class(LANGUAGE_TEXT),
        of_class(GROUP),
        tuple(questions),
    )


RANKS = {SETTING: 0, LANGUAGE_TEXT: 1}


def order_faults(structure: Structure) -> Iterator[Fault]:
    """Settings, then texts, then groups; questions in a group; subquestions, then answers."""
    group = question = None
    rank, answered = 0, False
    for line in structure.lines:
        kind = line["class"]
        if RANKS.get(kind, 2) < rank:
            what = f"ligne {kind} après des lignes d’une autre classe."
            yield structure.fault(line, what, "Ordre : S, puis SL, puis G, Q, SQ et A.")
        rank = max(rank, RANKS.get(kind, 2))
        if kind == GROUP:
            if group and not question:
                yield structure.fault(group, "groupe sans question.", "Retirer le groupe.")
            group, question = line, None
        elif kind == QUESTION:
            if not group:
                yield structure.fault(line, "question hors d’un groupe.", "Ajouter une ligne G.")
            question, answered = line, False
        elif kind in UNDER_QUESTION and not question:
            yield structure.fault(
                line, f"ligne {kind} sans question.", "La mettre sous sa ligne Q."
            )
        elif kind == SUBQUESTION and answered:
            what = "sous-question après les réponses de sa question."
            yield structure.fault(line, what, "Mettre les lignes SQ avant les lignes A.")
        answered = answered or kind == ANSWER
    for kind, rows in (
        ("S", structure.settings),
        ("SL", structure.texts),
        ("Q", structure.questions),
    ):
        if not rows:
            what = f"aucune ligne {kind}."
            yield fault(structure.name, 1, what, "Refaire l’export de la structure.")
    if group and not question:
        yield structure.fault(group, "groupe sans question.", "Retirer le groupe.")
