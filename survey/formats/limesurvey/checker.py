"""Strict check of a LimeSurvey survey structure (tab-separated), before it is imported.

LimeSurvey says little: it drops a row of an unknown class, an attribute that a type does not have,
a condition on a name that does not exist. Each is a fault here, told in French with its line.

Checked: columns; width and class of rows, their order and nesting; settings and texts; codes
(form, length, unique); types, their subquestions and answers; « other », mandatory; attributes,
their types and values; conditions (`limesurvey.expressions`); HTML; the same codes in every
language. What LimeSurvey takes is in `limesurvey.vocabulary`. Not checked: quotas, assessments and
conditions of the old kind beyond the class of their rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from survey.errors import Fault, QuestionnaireError
from survey.formats.limesurvey.codes import OTHER
from survey.formats.limesurvey.expressions import expression_faults
from survey.formats.limesurvey.rows import Asked, Line, Structure, read_structure
from survey.formats.limesurvey.vocabulary import (
    ANSWER,
    CLASSES,
    GROUP,
    KINDS,
    LANGUAGE_TEXT,
    LANGUAGE_TEXTS,
    LONGEST_ANSWER_CODE,
    LONGEST_QUESTION_CODE,
    QUESTION,
    RESERVED_QUESTIONS,
    RESERVED_SUBQUESTIONS,
    SETTING_VALUES,
    SETTINGS,
    SUBQUESTION,
    WITH_LANGUAGE,
    Kind,
    attributes,
)
from survey.suggestions import suggestion

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9-]+)?")
# `other` attributes that stand on other rows than questions.
ELSEWHERE = {"random_group": (GROUP,), "assessment_value": (ANSWER,)}
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "source",
    "track",
    "wbr",
}


def structure_faults(source: Path | str) -> list[Fault]:
    """Faults of a structure, in the order of its lines; none when LimeSurvey can take it as it is.

    Parameters
    ----------
    source : the file, or the text of a structure

    Raises
    ------
    QuestionnaireError : the file cannot be read, or is not UTF-8
    """
    name = source.name if isinstance(source, Path) else "structure"
    text = read_text(source) if isinstance(source, Path) else source
    structure, faults = read_structure(text, name)
    if structure is not None:
        faults += content_faults(structure)
    return sorted(dict.fromkeys(faults), key=lambda fault: fault.line)


def read_text(path: Path) -> str:
    """Text of a structure, UTF-8 with or without mark."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise QuestionnaireError(f"{path.name} : fichier introuvable ou illisible.") from None
    except UnicodeDecodeError:
        raise QuestionnaireError(
            f"{path.name} : ce n’est pas de l’UTF-8. Enregistrer le fichier en UTF-8."
        ) from None


def content_faults(structure: Structure) -> list[Fault]:
    """Faults of what the rows say."""
    languages = survey_languages(structure)
    faults = [*setting_faults(structure), *language_faults(structure, languages)]
    for line in structure.lines:
        faults += [*attribute_faults(structure, line), *html_faults(structure, line)]
    for asked in structure.questions:
        faults += [*question_faults(structure, asked), *item_faults(structure, asked)]
        faults += [*reference_faults(structure, asked), *bound_faults(structure, asked.head)]
    for language in languages:
        faults += duplicate_questions(structure, language)
        faults += expression_faults(structure, language)
    return faults


def survey_languages(structure: Structure) -> list[str]:
    """Languages that the settings announce, the main one first."""
    values = {line["name"]: line["text"] for line in structure.settings}
    named = [values.get("language", ""), *values.get("additional_languages", "").split()]
    return list(dict.fromkeys(filter(None, named)))


def setting_faults(structure: Structure) -> Iterator[Fault]:
    """Settings and texts unknown, twice, missing or of a wrong value."""
    for lines, names, kind in (
        (structure.settings, SETTINGS, "Réglages"),
        (structure.texts, LANGUAGE_TEXTS, "Textes"),
    ):
        counts = Counter((line["name"], line["language"]) for line in lines)
        for line in lines:
            if line["name"] not in names:
                yield structure.fault(
                    line, "réglage inconnu.", suggestion(line["name"], names, kind)
                )
            elif counts[line["name"], line["language"]] > 1:
                yield structure.fault(line, "réglage en double.", "N’en garder qu’un.")
    for line in structure.settings:
        allowed = SETTING_VALUES.get(line["name"])
        if allowed and line["text"] not in allowed:
            what = f"valeur « {line['text']} » refusée."
            yield structure.fault(line, what, f"Valeurs admises : {', '.join(sorted(allowed))}.")
    values = {line["name"]: line for line in structure.settings}
    for name, form in (("sid", re.compile(r"[1-9][0-9]*")), ("language", LANGUAGE)):
        line = values.get(name)
        if structure.settings and (line is None or not form.fullmatch(line["text"])):
            what = f"réglage « {name} » absent ou mal formé."
            yield structure.fault(line or structure.settings[0], what, "Le compléter.")


def language_faults(structure: Structure, languages: list[str]) -> Iterator[Fault]:
    """Rows of no announced language; languages that lack a title, a group, a code."""
    kinds = {LANGUAGE_TEXT: "textes", GROUP: "groupes", QUESTION: "questions"}
    kinds |= {SUBQUESTION: "sous-questions", ANSWER: "réponses"}
    held: dict[tuple[str, str], dict[tuple, Line]] = {}
    for line, key in keyed(structure):
        if line["language"] not in languages:
            what = f"langue « {line['language']} » non annoncée."
            yield structure.fault(line, what, f"Langues du questionnaire : {', '.join(languages)}.")
        held.setdefault((line["class"], line["language"]), {})[key] = line
    for language in languages:
        texts = held.get((LANGUAGE_TEXT, language), {})
        if structure.settings and ("surveyls_title",) not in texts:
            what = f"pas de titre en « {language} »."
            yield structure.fault(structure.settings[0], what, "Ajouter « surveyls_title ».")
        for kind, words in list(kinds.items())[1:]:
            main, here = held.get((kind, languages[0]), {}), held.get((kind, language), {})
            for one, other in ((main, here), (here, main)):
                for key in one.keys() - other.keys():
                    missing = language if one is main else languages[0]
                    what = f"{words} : rien n’y répond en « {missing} »."
                    yield structure.fault(
                        one[key], what, "Donner les mêmes lignes à chaque langue."
                    )


def keyed(structure: Structure) -> Iterator[tuple[Line, tuple]]:
    """Rows that have a language, each with what it is the translation of."""
    question, groups = "", Counter()
    for line in structure.lines:
        match line["class"]:
            case "G":
                groups[line["language"]] += 1
                yield line, (line["type/scale"] or groups[line["language"]],)
            case "Q":
                question = line["name"]
                yield line, (question,)
            case "SQ" | "A":
                yield line, (question, line["type/scale"] or "0", line["name"])
            case kind if kind in WITH_LANGUAGE:
                yield line, (line["name"],)


def question_faults(structure: Structure, asked: Asked) -> Iterator[Fault]:
    """Type, code, mandatory, « other », and whether the type has the rows it needs."""
    head = asked.head
    kind = KINDS.get(head["type/scale"])
    if not re.fullmatch("[A-Za-z][A-Za-z0-9]*", head["name"]):
        what = f"code de question « {head['name']} » mal formé."
        yield structure.fault(head, what, "Lettres sans accent et chiffres, une lettre d’abord.")
    if len(head["name"]) > LONGEST_QUESTION_CODE:
        what = f"code de question de {len(head['name'])} caractères."
        yield structure.fault(head, what, f"En garder {LONGEST_QUESTION_CODE} au plus.")
    if head["name"] in RESERVED_QUESTIONS or head["name"].lower() in ("and", "or"):
        yield structure.fault(head, "code réservé par LimeSurvey.", "Choisir un autre code.")
    if not head["text"].strip() and not asked.subquestions:
        yield structure.fault(head, "question sans texte.", "Écrire le texte de la question.")
    for column, allowed in (("mandatory", ("", "Y", "N", "S")), ("other", ("", "Y", "N"))):
        if head[column] not in allowed:
            what = f"« {column} » vaut « {head[column]} »."
            yield structure.fault(head, what, f"Valeurs admises : {', '.join(allowed[1:])}.")
    if kind is None:
        what = f"type de question « {head['type/scale']} » inconnu."
        yield structure.fault(head, what, f"Types admis : {' '.join(KINDS)}.")
        return
    if head["other"] == "Y" and not kind.other:
        what = f"une question de type {kind.letter} n’a pas de réponse « Autre »."
        yield structure.fault(head, what, "Mettre N dans la colonne « other ».")
    yield from shape_faults(structure, asked, kind)
    yield from pattern_faults(structure, head)


def shape_faults(structure: Structure, asked: Asked, kind: Kind) -> Iterator[Fault]:
    """Subquestions and answers that the type needs, or cannot have."""
    head = asked.head
    real = [line for line in asked.subquestions if line["name"] != OTHER]
    scales = {line["type/scale"] or "0" for line in asked.answers}
    for wanted, lines, words in (
        (kind.subquestions, real, "sous-question (ligne SQ)"),
        (kind.scales > 0, asked.answers, "réponse (ligne A)"),
    ):
        if wanted and not lines:
            what = f"une question de type {kind.letter} a au moins une {words}."
            yield structure.fault(head, what, "Ajouter les lignes qui manquent.")
        elif lines and not wanted and kind.letter not in "O|":
            what = f"une question de type {kind.letter} n’a pas de {words}."
            yield structure.fault(lines[0], what, "Retirer ces lignes, ou changer le type.")
    if kind.scales and scales - {str(scale) for scale in range(kind.scales)}:
        what = f"échelle de réponses {', '.join(sorted(scales))}."
        yield structure.fault(head, what, f"Le type {kind.letter} en a {kind.scales}, dès 0.")


def pattern_faults(structure: Structure, head: Line) -> Iterator[Fault]:
    """A regular expression between slashes, that can be read."""
    pattern = head["validation"]
    if not pattern:
        return
    inner = re.fullmatch(r"/(.*)/[imsxu]*", pattern)
    try:
        re.compile(inner[1] if inner else "(")
    except re.error:
        what = f"expression régulière « {pattern} » illisible."
        yield structure.fault(head, what, "L’écrire entre barres obliques, par exemple /^[0-9]+$/.")


def item_faults(structure: Structure, asked: Asked) -> Iterator[Fault]:
    """Codes of subquestions and answers, and the text of each."""
    for lines, longest, words in (
        (asked.subquestions, LONGEST_QUESTION_CODE, "sous-question"),
        (asked.answers, LONGEST_ANSWER_CODE, "réponse"),
    ):
        fold = str.lower if words == "sous-question" else str
        counts = Counter((line["type/scale"] or "0", fold(line["name"])) for line in lines)
        for line in lines:
            code = line["name"]
            if not re.fullmatch("[A-Za-z0-9]+", code):
                what = f"code de {words} « {code} » mal formé."
                yield structure.fault(line, what, "Lettres sans accent et chiffres seulement.")
            if len(code) > longest:
                what = f"code de {words} de {len(code)} caractères."
                yield structure.fault(line, what, f"En garder {longest} au plus.")
            if counts[line["type/scale"] or "0", fold(code)] > 1:
                what = f"code de {words} en double sous « {asked.head['name']} »."
                yield structure.fault(line, what, "Donner un code à chacune.")
            if words == "réponse" and not line["text"].strip():
                yield structure.fault(line, "réponse sans libellé.", "Écrire le libellé.")
            if words == "sous-question":
                yield from reserved_faults(structure, asked.head, line)


def reserved_faults(structure: Structure, head: Line, line: Line) -> Iterator[Fault]:
    """`time`, and `other` where LimeSurvey does not write that row itself."""
    native = line["name"].lower() == OTHER
    if line["name"] in RESERVED_SUBQUESTIONS or (native and head["other"] != "Y"):
        what = "code de sous-question réservé par LimeSurvey."
        yield structure.fault(line, what, "Choisir un autre code.")


def duplicate_questions(structure: Structure, language: str) -> Iterator[Fault]:
    """Two questions of one code."""
    heads = [each.head for each in structure.questions if each.head["language"] == language]
    counts = Counter(head["name"] for head in heads)
    for head in heads:
        if counts[head["name"]] > 1:
            yield structure.fault(head, "code de question en double.", "Choisir un autre code.")


def attribute_faults(structure: Structure, line: Line) -> Iterator[Fault]:
    """Attributes on rows or types that do not have them, or of a wrong value."""
    for name, attribute in attributes().items():
        value = line[name]
        if not value:
            continue
        if line["class"] not in (QUESTION, *ELSEWHERE.get(name, ())):
            if line["class"] in CLASSES[:6]:
                what = f"attribut « {name} » sur une ligne {line['class']}."
                yield structure.fault(line, what, "Le mettre sur la ligne Q.")
            continue
        kind = line["type/scale"]
        if line["class"] == QUESTION and attribute.rule and kind not in attribute.types:
            what = (
                f"la règle « {name} » ne s’applique pas au type {kind} : LimeSurvey l’ignorerait."
            )
            yield structure.fault(line, what, f"Types qui l’ont : {' '.join(attribute.types)}.")
        if not attribute.takes(value):
            what = f"attribut « {name} » : valeur « {value} » refusée."
            yield structure.fault(line, what, f"Valeurs admises : {', '.join(attribute.values)}.")


def reference_faults(structure: Structure, asked: Asked) -> Iterator[Fault]:
    """Attributes that name a subquestion, an answer or an earlier question which is not there."""
    head, questions = asked.head, []
    for each in structure.questions:
        if each is asked:
            break
        questions += [each.head["name"]] if each.head["language"] == head["language"] else []
    rows = [line["name"] for line in asked.subquestions] + [OTHER] * (head["other"] == "Y")
    own = rows if KINDS.get(head["type/scale"], Kind("")).subquestions else []
    own = own or [line["name"] for line in asked.answers]
    for name, codes, words in (
        ("exclude_all_others", rows, f"une sous-question de « {head['name']} »"),
        ("other_position_code", own, f"un code de « {head['name']} »"),
        ("array_filter", questions, "une question posée avant"),
        ("array_filter_exclude", questions, "une question posée avant"),
    ):
        for code in filter(None, map(str.strip, head[name].split(";"))):
            if code not in codes:
                what = f"« {name} » : « {code} » n’est pas {words}."
                yield structure.fault(head, what, suggestion(code, codes))


def bound_faults(structure: Structure, head: Line) -> Iterator[Fault]:
    """A least number above the greatest; bounds that are expressions are not compared."""
    try:
        least, most = float(head["min_num_value_n"]), float(head["max_num_value_n"])
    except ValueError:
        return
    if least > most:
        what = f"minimum {head['min_num_value_n']} au-dessus du maximum {head['max_num_value_n']}."
        yield structure.fault(head, what, "Corriger les bornes.")


class _Tags(HTMLParser):
    """Tags opened and not closed, or closed and not opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.stray: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.opened and self.opened[-1] == tag:
            self.opened.pop()
        else:
            self.stray.append(f"/{tag}")


def html_faults(structure: Structure, line: Line) -> Iterator[Fault]:
    """Texts whose tags do not close in order."""
    for column in ("text", "help", "em_validation_q_tip", "other_replace_text"):
        if "<" not in line[column]:
            continue
        tags = _Tags()
        tags.feed(line[column])
        if wrong := [f"<{tag}>" for tag in (*tags.stray, *tags.opened)]:
            what = f"« {column} » : balises mal fermées : {', '.join(wrong)}."
            yield structure.fault(line, what, "Fermer chaque balise dans l’ordre.")
