"""The questionnaire as a DDI-Codebook 2.5 document, for data archives (Dataverse, Nesstar, CESSDA).

One `var` per column of `survey.columns`, with its question, its codes and what an empty cell means;
one `varGrp` per theme, per multiple choice and per grid. What the questionnaire does not know (who
produces, who was asked, when) comes from `StudyFacts`. Texts are French; the document carries no
date of its own, so that the same questionnaire gives the same bytes.

Not written: statistics of the answers (`sumStat`, `catStat`), which need the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from survey.canonical import plain_number
from survey.columns import BLANK, DONT_KNOW, SPECIAL_LABELS
from survey.files import SIMULATED, replace_file
from survey.formats.documents.dictionary import (
    INSTRUCTIONS,
    Described,
    changes,
    comparability,
    describe,
    editions,
)
from survey.french import typography
from survey.questions import Question, Questionnaire
from survey.routing import asked_if, effective_base

NAMESPACE = "ddi:codebook:2_5"
SCHEMA = "http://www.ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"
FILE = "F1"
RESPONSES = {
    "single": "category",
    "grid": "category",
    "multiple": "multiple",
    "number": "numeric",
    "text": "text",
}
GROUPS = {"multiple": "multipleResp", "grid": "grid"}
EMPTY_CELLS = (
    f"Une colonne absente : question non posée dans cette édition. Une cellule vide : question "
    f"non posée à cette personne (filtre), sauf mention contraire de la variable. « {BLANK} » : "
    f"{SPECIAL_LABELS[BLANK].lower()}, la question posée est restée sans réponse. "
    f"« {DONT_KNOW} » : {SPECIAL_LABELS[DONT_KNOW].lower()}."
)


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What is said of the study beside its questionnaire; what is None is left out.

    `cases` is the number of rows of the data file `file_name`. Dates are written as ISO dates.
    """

    producer: str | None = None
    contact: str | None = None
    series: str | None = None
    universe: str | None = None
    nation: str | None = None
    territory: str | None = None
    modes: tuple[str, ...] = ()
    sampling: str | None = None
    weighting: str | None = None
    starts: date | None = None
    ends: date | None = None
    published: date | None = None
    confidentiality: str | None = None
    file_name: str | None = None
    file_format: str | None = None
    cases: int | None = None
    simulated: bool = False


NO_FACTS = StudyFacts()


def export_ddi(questionnaire: Questionnaire, path: Path, facts: StudyFacts = NO_FACTS) -> None:
    """Write the document, whole or not at all."""
    tree = ElementTree(ddi_document(questionnaire, facts))
    indent(tree)

    def write(file: Path) -> None:
        tree.write(file, encoding="utf-8", xml_declaration=True)

    replace_file(Path(path), write)


def ddi_document(questionnaire: Questionnaire, facts: StudyFacts = NO_FACTS) -> Element:
    """The root element `codeBook`."""
    root = Element(
        "codeBook",
        {
            "xmlns": NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
            "version": "2.5",
            "xml:lang": "fr",
        },
    )
    described = describe(questionnaire)
    _document(root, questionnaire, facts)
    _study(root, questionnaire, facts)
    _file(root, described, facts)
    _data(root, questionnaire, described)
    return root


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    element = SubElement(parent, tag, attributes)
    element.text = text
    return element


def _add_if(parent: Element, tag: str, text: str | None, **attributes: str) -> None:
    if text:
        _add(parent, tag, text, **attributes)


def _title(questionnaire: Questionnaire) -> str:
    return f"{questionnaire.title}, {_edition(questionnaire)}"


def _edition(questionnaire: Questionnaire) -> str:
    return f"édition {questionnaire.edition}" if questionnaire.edition else "toutes éditions"


def _identifier(questionnaire: Questionnaire) -> str:
    return f"{questionnaire.code}-{questionnaire.edition or 'toutes'}"


def _citation(parent: Element, title: str, questionnaire: Questionnaire, facts: StudyFacts) -> None:
    citation = _add(parent, "citation")
    titles = _add(citation, "titlStmt")
    _add(titles, "titl", title)
    _add(titles, "IDNo", _identifier(questionnaire))
    if facts.producer:
        _add(_add(citation, "rspStmt"), "AuthEnty", facts.producer)
    if facts.producer or facts.published:
        production = _add(citation, "prodStmt")
        _add_if(production, "producer", facts.producer)
        if facts.published:
            day = facts.published.isoformat()
            _add(production, "prodDate", day, date=day)
    if facts.series:
        _add(_add(citation, "serStmt"), "serName", facts.series)
    _add(_add(citation, "verStmt"), "version", _edition(questionnaire).capitalize())


def _document(root: Element, questionnaire: Questionnaire, facts: StudyFacts) -> None:
    title = typography(f"Description des données : {_title(questionnaire)}")
    _citation(_add(root, "docDscr"), title, questionnaire, facts)


def _study(root: Element, questionnaire: Questionnaire, facts: StudyFacts) -> None:
    study = _add(root, "stdyDscr")
    _citation(study, _title(questionnaire), questionnaire, facts)
    information = _add(study, "stdyInfo")
    subject = _add(information, "subject")
    for label in questionnaire.themes.values():
        _add(subject, "keyword", label)
    _add(information, "abstract", questionnaire.introduction.strip())
    _summary(_add(information, "sumDscr"), questionnaire, facts)
    collection = _add(_add(study, "method"), "dataColl")
    _add(collection, "timeMeth", "Enquête répétée chaque année")
    _add_if(collection, "dataCollector", facts.producer)
    _add(collection, "frequenc", "Annuelle")
    _add_if(collection, "sampProc", facts.sampling)
    for mode in facts.modes:
        _add(collection, "collMode", mode)
    _add(collection, "resInstru", "Questionnaire structuré")
    _add_if(collection, "weight", facts.weighting)
    if facts.confidentiality or facts.contact:
        statement = _add(_add(study, "dataAccs"), "useStmt")
        _add_if(statement, "confDec", facts.confidentiality)
        _add_if(statement, "contact", facts.contact)


def _summary(summary: Element, questionnaire: Questionnaire, facts: StudyFacts) -> None:
    if questionnaire.edition:
        year = str(questionnaire.edition)
        _add(summary, "timePrd", year, date=year, event="single")
    for day, event in ((facts.starts, "start"), (facts.ends, "end")):
        if day:
            _add(summary, "collDate", day.isoformat(), date=day.isoformat(), event=event)
    _add_if(summary, "nation", facts.nation)
    _add_if(summary, "geogCover", facts.territory)
    _add(summary, "anlyUnit", questionnaire.population)
    _add(summary, "universe", facts.universe or questionnaire.population)
    _add(summary, "dataKind", "Données d’enquête")


def _file(root: Element, described: list[Described], facts: StudyFacts) -> None:
    description = _add(root, "fileDscr", ID=FILE)
    text = _add(description, "fileTxt")
    _add_if(text, "fileName", facts.file_name)
    _add(text, "fileCont", "Une ligne par réponse, une colonne par variable.")
    dimensions = _add(text, "dimensns")
    if facts.cases is not None:
        _add(dimensions, "caseQnty", str(facts.cases))
    _add(dimensions, "varQnty", str(len(described)))
    _add_if(text, "format", facts.file_format)
    _add(text, "dataMsng", typography(EMPTY_CELLS))
    if facts.simulated:
        _add(description, "notes", SIMULATED.capitalize(), type="nature des données")


def _data(root: Element, questionnaire: Questionnaire, described: list[Described]) -> None:
    data = _add(root, "dataDscr")
    numbers = {each.column.name: f"V{i}" for i, each in enumerate(described, start=1)}
    of_question = {
        code: [numbers[each.column.name] for each in columns]
        for code, columns in groupby(described, lambda each: each.question.code)
    }
    grouped = [q for q in questionnaire.questions if q.type in GROUPS]
    group_ids = {question.code: f"G{i}" for i, question in enumerate(grouped, start=1)}
    for i, (theme, label) in enumerate(questionnaire.themes.items(), start=1):
        questions = [question for question in questionnaire.questions if question.theme == theme]
        columns = [number for question in questions for number in of_question[question.code]]
        inside = [group_ids[q.code] for q in questions if q.code in group_ids]
        attributes = {"ID": f"T{i}", "type": "section", "name": theme, "var": " ".join(columns)}
        if inside:
            attributes["varGrp"] = " ".join(inside)
        _add(_add(data, "varGrp", **attributes), "labl", label)
    for question in grouped:
        _question_group(data, question, questionnaire, group_ids, of_question)
    for each in described:
        _variable(data, each, questionnaire, numbers[each.column.name])


def _question_group(
    data: Element,
    question: Question,
    questionnaire: Questionnaire,
    group_ids: dict[str, str],
    of_question: dict[str, list[str]],
) -> None:
    group = _add(
        data,
        "varGrp",
        ID=group_ids[question.code],
        type=GROUPS[question.type],
        name=question.code,
        var=" ".join(of_question[question.code]),
    )
    _add(group, "labl", question.short)
    _add(group, "txt", question.text)
    _add(group, "universe", questionnaire.base_label(question.base))


def _variable(data: Element, each: Described, questionnaire: Questionnaire, number: str) -> None:
    question, column = each.question, each.column
    is_number = column.role == "value" and question.type == "number"
    kind = "code" if each.codes else ("numeric" if is_number else "text")
    attributes = {
        "ID": number,
        "name": column.name,
        "files": FILE,
        "intrvl": "contin" if is_number else "discrete",
        "representationType": kind,
    }
    if is_number and question.unit:
        attributes["measUnit"] = question.unit
    variable = _add(data, "var", **attributes)
    _add(variable, "labl", each.label)
    _asked(variable, each, questionnaire)
    _ranges(variable, each, is_number)
    _add(variable, "universe", each.population)
    _add_if(variable, "txt", getattr(each.item, "help", None))
    for code in each.codes:
        missing = {"missing": "Y", "missType": code.missing} if code.missing else {}
        category = _add(variable, "catgry", **missing)
        _add(category, "catValu", code.value)
        _add(category, "labl", code.label)
    if each.codes:
        category = _add(variable, "catgry", missing="Y", missType="not asked")
        _add(category, "labl", typography(f"Cellule vide : {each.empty}"))
    _concepts(variable, each, questionnaire)
    _add(
        variable,
        "varFormat",
        type="numeric" if is_number else "character",
        schema="other",
        formatname=str(column.dtype.base_type()),
    )
    _notes(variable, each, questionnaire)


def _asked(variable: Element, each: Described, questionnaire: Questionnaire) -> None:
    question = each.question
    numbers = {q.code: str(i) for i, q in enumerate(questionnaire.questions, start=1)}
    asked = _add(
        variable,
        "qstn",
        seqNo=numbers[question.code],
        responseDomainType=RESPONSES[question.type],
    )
    _add(asked, "preQTxt", asked_if(effective_base(question, each.item), questionnaire))
    _add(asked, "qstnLit", each.literal)
    _add(asked, "postQTxt", question.help)
    _add(asked, "ivuInstr", INSTRUCTIONS[question.type])


def _ranges(variable: Element, each: Described, is_number: bool) -> None:
    """Bounds of a number, then the codes that are no answer."""
    question = each.question
    bounds = {"min": question.minimum, "max": question.maximum} if is_number else {}
    given = {key: plain_number(bound) for key, bound in bounds.items() if bound is not None}
    if given:
        units = "INT" if question.integer else "REAL"
        _add(_add(variable, "valrng"), "range", UNITS=units, **given)
    missing = [code for code in each.codes if code.missing]
    if missing:
        invalid = _add(variable, "invalrng")
        for code in missing:
            _add(invalid, "item", VALUE=code.value)
        key = " ; ".join(f"{code.value} : {code.label}" for code in missing)
        _add(invalid, "key", typography(key))


def _concepts(variable: Element, each: Described, questionnaire: Questionnaire) -> None:
    _add(variable, "concept", questionnaire.themes[each.question.theme], vocab="Thème")
    comparable = each.comparable
    if comparable.status != "own":
        source = comparable.reference or comparable.item
        _add_if(variable, "concept", comparable.item or source, vocab=source)


def _notes(variable: Element, each: Described, questionnaire: Questionnaire) -> None:
    _add(variable, "notes", typography(f"Cellule vide : {each.empty}."), type="cellules vides")
    _add(variable, "notes", comparability(each.comparable), type="comparabilité")
    asked = typography(f"Posée {editions(each.since, each.until)}.")
    _add(variable, "notes", asked, type="éditions")
    for edition, what in changes(each.question, questionnaire):
        _add(variable, "notes", what, type="changement", subject=str(edition))
