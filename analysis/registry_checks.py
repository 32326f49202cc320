"""What a registry of indicators says that its questionnaire does not know."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from analysis.definitions import DomainDefinition, IndicatorDefinition, RegistryFile
from survey.condition_faults import atom_faults
from survey.conditions import RoutingError, atoms, parse
from survey.errors import Fault
from survey.questions import Question, Questionnaire
from survey.source import Source
from survey.suggestions import suggestion
from survey.yaml_lines import KeyPath

EACH_ANSWER = "*"
KINDS = {"each": ("single", "multiple", "grid"), "mean": ("number",)}


def registry_faults(
    file: RegistryFile, source: Source, known: Questionnaire, columns: Collection[str]
) -> Iterator[Fault]:
    """Every fault, with its line.

    `known` holds the questions of every edition; `columns` are those of the frame that may cut the
    population.
    """
    questions = {each.code: each for each in known.questions}
    for position, cut in enumerate(file.domains):
        place = ("domains", position)
        yield from condition_faults(cut, place, source, known, ("condition",))
        for key, among in (("by", questions), ("frame", columns)):
            yield from _unknown(getattr(cut, key), among, (*place, key), source)
    types = [cut.type for cut in file.domains]
    for position, names in enumerate(file.public_crossings):
        for rank, name in enumerate(names):
            yield from _unknown(name, types, ("public_crossings", position, rank), source)
    for position, each in enumerate(file.indicators):
        place = ("indicators", position)
        yield from condition_faults(each, place, source, known, ("base", "condition", "total"))
        for key, kinds in KINDS.items():
            asked = {code for code, question in questions.items() if question.type in kinds}
            yield from _unknown(getattr(each, key), asked, (*place, key), source)
        yield from answer_faults(each, place, source, questions)
        yield from cut_faults(each, place, source, file, known)


def condition_faults(
    definition: DomainDefinition | IndicatorDefinition,
    place: KeyPath,
    source: Source,
    known: Questionnaire,
    keys: Collection[str],
) -> Iterator[Fault]:
    """What is wrong in the conditions that a definition holds under `keys`."""
    questions = {each.code: each for each in known.questions}
    bases = [each.code for each in known.bases]
    for key in keys:
        text = getattr(definition, key)
        if text is None:
            continue
        try:
            found = atoms(parse(text))
        except RoutingError as error:
            yield source.fault((*place, key), str(error), "")
            continue
        for atom in found:
            for what, remedy in atom_faults(atom, questions, bases):
                yield source.fault((*place, key), what, remedy)


def answer_faults(
    each: IndicatorDefinition, place: KeyPath, source: Source, questions: dict[str, Question]
) -> Iterator[Fault]:
    """Answers of a grid that it does not offer."""
    question = questions.get(each.each or "")
    if question is None or question.type != "grid":
        return
    codes = [option.code for option in question.options]
    yield from _unknown(each.answer, [*codes, EACH_ANSWER], (*place, "answer"), source)
    yield from _unknown(each.read_answer, codes, (*place, "read_answer"), source)


def cut_faults(
    each: IndicatorDefinition,
    place: KeyPath,
    source: Source,
    file: RegistryFile,
    known: Questionnaire,
) -> Iterator[Fault]:
    """Themes, breakdowns, and domains of comparisons or recommendations that are not there."""
    yield from _unknown(each.theme, {**known.themes, **file.themes}, (*place, "theme"), source)
    types = [cut.type for cut in file.domains]
    for rank, name in enumerate(each.breakdowns):
        yield from _unknown(name, types, (*place, "breakdowns", rank), source)
    for rank, wanted in enumerate(each.compare):
        yield from _unknown(wanted.on, types, (*place, "compare", rank, "domain"), source)
    answers = {
        cut.type: [option.code for option in question.options]
        for cut in file.domains
        for question in known.questions
        if question.code == cut.by
    }
    for rank, follows in enumerate(each.follows):
        inside = (*place, "follows", rank, "among")
        for name, codes in follows.among.items():
            yield from _unknown(name, types, inside, source)
            for code in codes if name in answers else ():
                yield from _unknown(code, answers[name], (*inside, name), source)


def _unknown(
    code: str | None, known: Collection[str], place: KeyPath, source: Source
) -> Iterator[Fault]:
    if code is not None and code not in known:
        key = next(part for part in reversed(place) if isinstance(part, str))
        yield source.fault(place, f"« {key} » : {code} est inconnu.", suggestion(code, known))
