"""What is published: each indicator as a definition in the questionnaire's own routing language.

A definition becomes a `Target` of the estimator; nothing about an indicator is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from analysis.estimation import Domain, Target
from survey.errors import SurveyError
from survey.questionnaire import Question, Questionnaire
from survey.routing import parse, references, to_polars

WHOLE = "ensemble"


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DomainDefinition(_Definition):
    """A way to cut the population: by a question, inside a condition, or both."""

    type: str
    label: str
    by: str | None = None
    condition: str = WHOLE


class IndicatorDefinition(_Definition):
    """One entry of the registry; `each` makes one indicator per row or option of a question."""

    code: str
    title: str
    theme: str
    short: str | None = None
    base: str = WHOLE
    condition: str = WHOLE
    each: str | None = None
    answer: str | None = None
    mean: str | None = None
    total: str | None = None
    dont_know: Literal["answer", "missing"] = "answer"
    reference: str | None = None

    @model_validator(mode="after")
    def _one_statistic(self) -> IndicatorDefinition:
        asked = [self.each, self.mean, self.total]
        chosen = sum(item is not None for item in asked)
        if chosen > 1 or (chosen == 0 and self.condition == WHOLE):
            raise ValueError(
                f"l’indicateur « {self.code} » doit avoir une seule des clés "
                "« condition », « each », « mean », « total »"
            )
        return self


class RegistryFile(_Definition):
    """The content of a registry of indicators."""

    population: str
    domains: tuple[DomainDefinition, ...]
    indicators: tuple[IndicatorDefinition, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One published number by domain; `condition` is a routing expression, or a number's code."""

    code: str
    family: str
    title: str
    short: str
    theme: str
    base: str
    base_label: str
    statistic: Literal["share", "mean", "total"]
    condition: str
    dont_know: Literal["answer", "missing"]
    reference: str | None


@dataclass(frozen=True, slots=True)
class Registry:
    """The indicators and domains of one population that one edition can measure."""

    population: str
    domains: tuple[DomainDefinition, ...]
    indicators: tuple[Indicator, ...]


def read_registry(
    content: Mapping[str, Any], questionnaire: Questionnaire, known: Questionnaire
) -> Registry:
    """Expand the definitions against a questionnaire.

    `known` is the instrument with the questions of every edition: an indicator on a question that
    this edition does not ask is left out; one on a question no edition knows is an error.

    Raises
    ------
    SurveyError : unknown key, question, option or base
    """
    try:
        file = RegistryFile.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"« {'.'.join(map(str, fault['loc']))} » : "
            + str(fault.get("ctx", {}).get("error", "clé inconnue ou manquante"))
            for fault in error.errors()
        )
        raise SurveyError(f"Registre des indicateurs : {faults}.") from error
    asked = {question.code for question in questionnaire.questions}
    everything = {question.code for question in known.questions}
    indicators = []
    for definition in file.indicators:
        needed = _needed(definition, known)
        if unknown := sorted(needed - everything):
            raise SurveyError(
                f"Registre des indicateurs, « {definition.code} » : question inconnue "
                f"{', '.join(unknown)}. Corrigez le code ou ajoutez la question."
            )
        if needed <= asked:
            indicators += _expand(definition, questionnaire)
    return Registry(file.population, file.domains, tuple(indicators))


def targets(registry: Registry, questionnaire: Questionnaire) -> list[Target]:
    """One target of the estimator per indicator.

    A share's value is true, false or null (the answers it needs are missing); its base is never
    null. « NSP » counts as missing when the definition says so.
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
        )
        for indicator in registry.indicators
    ]


def domains(registry: Registry, questionnaire: Questionnaire) -> list[Domain]:
    """The domains of the estimator; outside the condition of a cut the domain is null."""
    cuts = []
    for domain in registry.domains:
        inside = to_polars(parse(domain.condition), questionnaire)
        if domain.by:
            by: pl.Expr | None = pl.when(inside).then(pl.col(domain.by).cast(pl.String))
        elif domain.condition != WHOLE:
            by = pl.when(inside).then(pl.lit("oui"))
        else:
            by = None
        cuts.append(Domain(domain.type, by))
    return cuts


def domain_labels(registry: Registry, questionnaire: Questionnaire) -> pl.DataFrame:
    """`domain_type, domain, label, order`: how each domain is named, in the questionnaire's order."""
    rows = []
    for cut in registry.domains:
        if cut.by:
            options = questionnaire.question(cut.by).options
            rows += [(cut.type, option.code, option.short) for option in options]
        else:
            rows.append((cut.type, WHOLE if cut.condition == WHOLE else "oui", cut.label))
    return pl.DataFrame(
        rows, schema={"domain_type": pl.String, "domain": pl.String, "label": pl.String}, orient="row"
    ).with_row_index("order")


def _needed(definition: IndicatorDefinition, known: Questionnaire) -> set[str]:
    """Codes of the questions a definition rests on, those of named bases included."""
    conditions = [definition.base, definition.condition, definition.total or WHOLE]
    codes = {code for code in (definition.each, definition.mean) if code}
    bases = {base.code: base.condition for base in known.bases}
    while conditions:
        for code in references(parse(conditions.pop())):
            if code in bases:
                conditions.append(bases[code])
            elif code != WHOLE:
                codes.add(code)
    return codes


def _expand(definition: IndicatorDefinition, questionnaire: Questionnaire) -> Iterator[Indicator]:
    """The indicators of one definition."""

    def indicator(suffix: str, short: str, statistic: str, condition: str) -> Indicator:
        return Indicator(
            code=definition.code + suffix,
            family=definition.code,
            title=definition.title,
            short=short,
            theme=questionnaire.themes.get(definition.theme, definition.theme),
            base=definition.base,
            base_label=base_label(definition.base, questionnaire),
            statistic=statistic,
            condition=condition,
            dont_know=definition.dont_know,
            reference=definition.reference,
        )

    short = definition.short or definition.title
    if definition.mean:
        yield indicator("", short, "mean", definition.mean)
    elif definition.total:
        yield indicator("", short, "total", definition.total)
    elif definition.each:
        question = questionnaire.question(definition.each)
        for code, label, condition in _each(question, definition):
            if definition.condition != WHOLE:
                condition = f"({definition.condition}) and {condition}"
            yield indicator(f"__{code}", label, "share", condition)
    else:
        yield indicator("", short, "share", definition.condition)


def _each(question: Question, definition: IndicatorDefinition) -> Iterator[tuple[str, str, str]]:
    """Code, label and condition of each row or option of a question, « Ne sait pas » last."""
    if question.type == "grid":
        for row in question.rows:
            yield row.code, row.short, f'{question.code}.{row.code} = "{definition.answer}"'
        return
    verb = "has" if question.type == "multiple" else "="
    for option in question.options:
        yield option.code, option.short, f'{question.code} {verb} "{option.code}"'
    if question.type == "single" and question.dont_know and definition.dont_know == "answer":
        yield "NSP", "Ne sait pas", f"{question.code} = NSP"


def base_label(base: str, questionnaire: Questionnaire) -> str:
    """The base in words, for « Champ »: named bases by their label, else the routing's prose."""
    from survey.routing import to_french

    if base == WHOLE:
        return "ensemble des entreprises"
    return to_french(parse(base), questionnaire)
