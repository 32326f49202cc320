"""What is published: each indicator as a definition in the questionnaire's own routing language.

A definition becomes a `Target` of the estimator; nothing about an indicator is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from analysis.definitions import (
    DomainDefinition,
    IndicatorDefinition,
    RegistryFile,
    read_definitions,
)
from analysis.estimation import Domain, Target
from analysis.registry_checks import EACH_ANSWER, registry_faults
from survey.columns import DONT_KNOW, SPECIAL_LABELS
from survey.conditions import EVERYONE
from survey.errors import SurveyError
from survey.questionnaire import Question, Questionnaire
from survey.reach import Reach
from survey.routing import parse, to_polars
from survey.source import Source

Categories = Sequence[tuple[str, str]]
PUBLISHED = "capped"  # interval of every published share
INDICATOR_LABELS = ("indicator_label", "answer_label", "family", "title", "theme", "base_label")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One published number by domain; `condition` is a routing expression, or a number's code."""

    code: str
    family: str
    title: str
    short: str
    answer_label: str | None
    theme: str
    base: str
    base_label: str
    statistic: Literal["share", "mean", "total"]
    condition: str
    dont_know: Literal["answer", "missing"]
    complement: str | None


@dataclass(frozen=True, slots=True)
class Registry:
    """The indicators and domains of one population that one edition can measure.

    `places` : code and label of each category of the columns of the frame that cut the population.
    `public_crossings` : types of domain that an outsider can cross, the list of units being public.
    """

    population: str
    domains: tuple[DomainDefinition, ...]
    indicators: tuple[Indicator, ...]
    places: Mapping[str, Categories]
    public_crossings: tuple[tuple[str, ...], ...] = ()

    def categories(self, cut: DomainDefinition, questionnaire: Questionnaire) -> Categories:
        """Code and label of each domain of a cut, in their own order."""
        if cut.frame:
            return self.places[cut.frame]
        if cut.by:
            return [(each.code, each.short) for each in questionnaire.question(cut.by).options]
        return [(cut.type, cut.label)]


def read_registry(
    source: Source,
    questionnaire: Questionnaire,
    known: Questionnaire,
    places: Mapping[str, Categories] | None = None,
    edition: int | None = None,
) -> Registry:
    """Expand the definitions against a questionnaire.

    `known` is the instrument with the questions of every edition: an indicator on a question that
    this edition does not ask is left out; one on a question no edition knows is an error.
    `places` gives the categories of the columns of the frame named by domains; `edition` leaves out
    the domains that begin after it.

    Raises
    ------
    SurveyError : unknown key, question, answer, base, theme, domain or column of the frame, or a
        condition that cannot be read; every fault with its line
    """
    file = read_definitions(source)
    places = places or {}
    if faults := list(registry_faults(file, source, known, places)):
        raise SurveyError("\n".join(str(fault).rstrip() for fault in faults))
    asked = {question.code for question in questionnaire.questions}
    indicators = []
    for definition in file.indicators:
        if _needed(definition, known) <= asked:
            indicators += _expand(definition, questionnaire, file)
    cuts = tuple(cut for cut in file.domains if edition is None or (cut.since or 0) <= edition)
    return Registry(file.population, cuts, tuple(indicators), places, file.public_crossings)


def targets(registry: Registry, questionnaire: Questionnaire) -> list[Target]:
    """One target of the estimator per indicator.

    A share's value is true, false or null (the answers it needs are missing); its base is never
    null. « NSP » counts as missing when the definition says so. Its interval is `capped`.
    """
    return [
        Target(
            indicator=indicator.code,
            value=pl.col(indicator.condition)
            if indicator.statistic == "mean"
            else to_polars(
                parse(indicator.condition),
                questionnaire,
                missing="unknown",
                dont_know=indicator.dont_know,
            ),
            statistic=indicator.statistic,
            base=to_polars(parse(indicator.base), questionnaire),
            interval=PUBLISHED if indicator.statistic == "share" else None,
        )
        for indicator in registry.indicators
    ]


def domains(registry: Registry, questionnaire: Questionnaire) -> list[Domain]:
    """The domains of the estimator; a row outside the condition of a cut is in none of them.

    A cut by a condition alone has one domain, named as its type.
    """
    cuts = []
    for domain in registry.domains:
        inside = to_polars(parse(domain.condition), questionnaire)
        if column := domain.by or domain.frame:
            cuts.append(Domain(domain.type, pl.when(inside).then(pl.col(column))))
        else:
            cuts.append(Domain(domain.type, None if domain.condition == EVERYONE else inside))
    return cuts


def impossible_cells(registry: Registry, questionnaire: Questionnaire) -> pl.DataFrame:
    """`indicator, domain_type, domain` where the base of an indicator excludes the whole domain.

    « Entreprises ayant au moins une personne salariée » has no cell for « aucun salarié »: there is
    nothing to estimate nor to protect there.
    """
    reach = Reach(questionnaire)
    bases = {indicator.base for indicator in registry.indicators}
    places = [
        (cut.type, domain, condition)
        for cut in registry.domains
        for domain, condition in _domain_conditions(cut, registry, questionnaire)
    ]
    reachable = {
        pair: reach.is_reachable(*map(parse, pair))
        for pair in {(base, condition) for base in bases for _, _, condition in places}
    }
    excluded = {
        (base, cut, domain)
        for base in bases
        for cut, domain, condition in places
        if not reachable[base, condition]
    }
    rows = [
        (indicator.code, cut, domain)
        for indicator in registry.indicators
        for base, cut, domain in sorted(excluded)
        if base == indicator.base
    ]
    schema = dict.fromkeys(("indicator", "domain_type", "domain"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _domain_conditions(
    cut: DomainDefinition, registry: Registry, questionnaire: Questionnaire
) -> Iterator[tuple[str, str]]:
    """Each domain of a cut with its condition in the routing language, which knows no frame."""
    for code, _ in registry.categories(cut, questionnaire):
        yield code, f'({cut.condition}) and {cut.by} = "{code}"' if cut.by else cut.condition


def exclusive_groups(registry: Registry) -> list[list[str]]:
    """Indicators whose shares add up to 1: answers of a choice, of a grid row, complements."""
    groups: dict[str, list[str]] = {}
    for indicator in registry.indicators:
        if indicator.complement:
            groups[indicator.code] = [indicator.code, indicator.complement]
        if indicator.answer_label is not None:
            groups.setdefault(indicator.code.rpartition("__")[0], []).append(indicator.code)
    return list(groups.values())


def labelled(cells: pl.DataFrame, registry: Registry, questionnaire: Questionnaire) -> pl.DataFrame:
    """Cells with what a reader needs to name them, same rows and order.

    Adds `label` (domain), `domain_order` (the questionnaire's own) and `INDICATOR_LABELS`;
    `answer_label` is null except where the indicators of a family share a whole.
    """
    names = pl.DataFrame(
        [
            (i.code, i.statistic, i.short, i.answer_label, i.family, i.title, i.theme, i.base_label)
            for i in registry.indicators
        ],
        schema=["indicator", "statistic", *INDICATOR_LABELS],
        orient="row",
    )
    rows = [
        (cut.type, code, label)
        for cut in registry.domains
        for code, label in (
            *registry.categories(cut, questionnaire),
            # who did not answer the question of a cut makes a domain too
            *(SPECIAL_LABELS.items() if cut.by else ()),
        )
    ]
    places = pl.DataFrame(
        rows, schema=["domain_type", "domain", "label"], orient="row"
    ).with_row_index("domain_order")
    return cells.join(places, on=["domain_type", "domain"], how="left", maintain_order="left").join(
        names, on=["indicator", "statistic"], how="left", maintain_order="left"
    )


def _needed(definition: IndicatorDefinition, known: Questionnaire) -> set[str]:
    """Codes of the questions a definition rests on, those behind named bases included."""
    conditions = [definition.base, definition.condition, definition.total or EVERYONE]
    codes = {code for code in (definition.each, definition.mean) if code}
    return codes.union(*(known.questions_behind(parse(text)) for text in conditions))


def _expand(
    definition: IndicatorDefinition, questionnaire: Questionnaire, file: RegistryFile
) -> Iterator[Indicator]:
    """The indicators of one definition of a registry."""
    themes = {**questionnaire.themes, **file.themes}
    base_label = file.field(definition.base, questionnaire)

    def indicator(code: str, short: str, statistic: str, condition: str, answer: str | None = None):
        return Indicator(
            code=code,
            family=definition.code,
            title=definition.title,
            short=short,
            answer_label=answer,
            theme=themes.get(definition.theme, definition.theme),
            base=definition.base,
            base_label=base_label,
            statistic=statistic,
            condition=condition,
            dont_know=definition.dont_know,
            complement=definition.complement,
        )

    short = definition.short or definition.title
    if definition.mean:
        yield indicator(definition.code, short, "mean", definition.mean)
    elif definition.total:
        yield indicator(definition.code, short, "total", definition.total)
    elif definition.each:
        for suffix, label, answer, condition in _each(questionnaire, definition):
            if definition.condition != EVERYONE:
                condition = f"({definition.condition}) and {condition}"
            yield indicator(f"{definition.code}__{suffix}", label, "share", condition, answer)
    else:
        yield indicator(definition.code, short, "share", definition.condition)


def _each(
    questionnaire: Questionnaire, definition: IndicatorDefinition
) -> Iterator[tuple[str, str, str | None, str]]:
    """Suffix, label, label of the answer when answers add up to 1, and condition of each part."""
    question = questionnaire.question(definition.each)
    if question.type == "multiple":
        for option in question.options:
            yield option.code, option.short, None, f'{question.code} has "{option.code}"'
    elif question.type == "single":
        for code, label in _answers(question, definition):
            yield code, label, label, f'{question.code} = "{code}"'
    elif definition.answer == EACH_ANSWER:
        for row in question.rows:
            for code, label in _answers(question, definition):
                condition = f'{question.code}.{row.code} = "{code}"'
                yield f"{row.code}__{code}", row.short, label, condition
    else:
        for row in question.rows:
            condition = f'{question.code}.{row.code} = "{definition.answer}"'
            yield row.code, row.short, None, condition


def _answers(question: Question, definition: IndicatorDefinition) -> list[tuple[str, str]]:
    """Codes and labels of the answers; « Ne sait pas » last, unless it counts as missing."""
    answers = [(option.code, option.short) for option in question.options]
    if question.dont_know and definition.dont_know == "answer":
        answers.append((DONT_KNOW, SPECIAL_LABELS[DONT_KNOW]))
    return answers
