"""The registry of indicators as written: what is published, on whom, cut how, and told how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from survey.conditions import EVERYONE
from survey.errors import Fault, SurveyError
from survey.form_faults import form_error
from survey.questionnaire import Questionnaire
from survey.source import Source


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DomainDefinition(_Definition):
    """A way to cut the population: by a question (`by`) or by a column of the sampling frame
    (`frame`: a level of territory, or a column with a code list), inside a condition, or by the
    condition alone; from the edition `since` on.

    `role` says what pages make of it: the whole population; a size, a sector or a profile of its
    units; a territory; a field, which serves comparisons and is no breakdown.
    """

    type: str
    label: str
    by: str | None = None
    frame: str | None = None
    condition: str = EVERYONE
    since: int | None = None
    role: Literal["whole", "size", "sector", "profile", "territory", "field"] = "profile"

    @model_validator(mode="after")
    def _one_cut(self) -> DomainDefinition:
        if self.by and self.frame:
            raise ValueError(f"le domaine « {self.type} » a « by » et « frame » : gardez l’un")
        return self


class ScopeDefinition(_Definition):
    """What a population is; all that is published of it says so from here.

    `short` counts its units in a few words; `field` is its *Champ* in full, `within` what a *Champ*
    says of it after the name of a part of it (`field` when not given); `unit` says in a sentence
    what counts for one; `covers`, who is in and who is out.
    """

    short: str
    field: str
    within: str | None = None
    unit: str
    covers: str


class NounDefinition(_Definition):
    """How prose counts the units of a base: « entreprise », « entreprises », feminine.

    `field` is the *Champ* of the base, where the name that the questionnaire gives it does not
    suit the population.
    """

    one: str
    many: str
    feminine: bool = False
    field: str | None = None


class Following(_Definition):
    """A recommendation that an indicator follows, and as what.

    `among` : the domains whose figures follow it (codes, by domain type); the whole population
    when empty.
    """

    recommendation: str
    as_: Literal["moyens", "resultat", "impact"] = Field(alias="as")
    among: dict[str, tuple[str, ...]] = {}


class Comparison(_Definition):
    """Published figures (ids of the comparators) to set beside the domain type `on`.

    Written `domain`, since YAML reads `on` as true. `differs` says in French what differs between
    the two definitions; None when nothing does.
    """

    on: str = Field(alias="domain")
    with_: tuple[str, ...] = Field(alias="with")
    differs: str | None = None


class IndicatorDefinition(_Definition):
    """One entry of the registry; `each` makes one indicator per row or option of a question.

    On a grid, `answer` is the answer counted on each row, or `*` for every answer of every row.

    What pages say of it: `verb` (singular, plural) follows the noun of the base; `reads` is the
    *Lecture* of a family, with `{value}`, `{nouns}` and `{label}`; `superlative` and `heading` make
    its title; `read_answer` is the answer that both read. `headline` is its rank among the key
    figures of the edition; `breakdowns` are the domain types shown on its page, in order (all
    that are breakdowns when empty); `note` is what a reader must know not to misread it.
    """

    code: str
    title: str
    theme: str
    short: str | None = None
    base: str = EVERYONE
    condition: str = EVERYONE
    each: str | None = None
    answer: str | None = None
    mean: str | None = None
    total: str | None = None
    dont_know: Literal["answer", "missing"] = "answer"
    complement: str | None = None
    verb: tuple[str, str] | None = None
    reads: str | None = None
    superlative: str | None = None
    heading: str | None = None
    read_answer: str | None = None
    better: Literal["higher", "lower", "neither"] = "neither"
    headline: Annotated[int, Field(ge=1)] | None = None
    follows: tuple[Following, ...] = ()
    compare: tuple[Comparison, ...] = ()
    breakdowns: tuple[str, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _one_statistic(self) -> IndicatorDefinition:
        asked = [self.each, self.mean, self.total]
        chosen = sum(item is not None for item in asked)
        if chosen > 1 or (chosen == 0 and self.condition == EVERYONE):
            raise ValueError(
                f"l’indicateur « {self.code} » doit avoir une seule des clés "
                "« condition », « each », « mean », « total »"
            )
        return self


class RegistryFile(_Definition):
    """The content of a registry of indicators.

    `name` is the heading of the population, `scope` what it is; `nouns` counts the units of each
    base (its expression, or `ensemble`); `words` says a domain, by type and code, within a
    sentence; `themes`
    replaces the headings that the questionnaire addresses to respondents; `unpublished` says why a
    question has no indicator; `public_crossings` names types of domain whose crossings anyone can
    make, the list of units being public: what they tell together is protected too.
    """

    population: str
    name: str = ""
    scope: ScopeDefinition
    nouns: dict[str, NounDefinition] = {}
    domains: tuple[DomainDefinition, ...]
    public_crossings: tuple[tuple[str, ...], ...] = ()
    words: dict[str, dict[str, str]] = {}
    themes: dict[str, str] = {}
    indicators: tuple[IndicatorDefinition, ...]
    unpublished: dict[str, str] = {}

    def field(self, base: str, questionnaire: Questionnaire) -> str:
        """The *Champ* of a base: what the population is, and which part of it."""
        if base == EVERYONE:
            return self.scope.field
        if base in self.nouns and self.nouns[base].field:
            return self.nouns[base].field
        return f"{questionnaire.base_label(base)} ({self.scope.within or self.scope.field})"


def read_definitions(source: Source) -> RegistryFile:
    """The definitions of a registry, as written.

    Raises
    ------
    SurveyError : unknown or missing key, two statistics asked at once, or a code or a rank of
        headline written twice; each with its line
    """
    try:
        file = RegistryFile.model_validate(source.raw)
    except ValidationError as error:
        raise form_error(error, source, RegistryFile) from error
    if faults := list(_twice(file, source)):
        raise SurveyError("\n".join(map(str, faults)))
    return file


def _twice(file: RegistryFile, source: Source) -> Iterator[Fault]:
    """The indicators with the code of another of the same statistic, or the rank of another."""
    codes: dict[tuple[str, bool], int] = {}
    ranks: dict[int, int] = {}
    for position, each in enumerate(file.indicators):
        place = ("indicators", position)
        first = codes.setdefault((each.code, each.total is not None), position)
        if first != position:
            where = source.mention(("indicators", first, "code"), place)
            yield source.fault((*place, "code"), f"ce code est déjà {where}.", "Changez-en un.")
        if each.headline is None:
            continue
        first = ranks.setdefault(each.headline, position)
        if first != position:
            where = source.mention(("indicators", first, "headline"), place)
            what = f"le rang {each.headline} (« headline ») est déjà {where}."
            yield source.fault((*place, "headline"), what, "Un rang ne sert qu’une fois.")
