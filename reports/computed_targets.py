"""The targets and domains of a SPEC.yml as those of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from analysis.checks import fault, named
from analysis.targets import Domain, Target
from reports.specification import WHOLE, Described, TargetPart
from reports.specified_rows import SurveyRows, as_names
from survey.marked import twin
from survey.suggestions import suggestion

STATISTICS = {
    "moyenne": "mean",
    "total": "total",
    "proportion": "share",
    "ratio": "ratio",
    "quantile": "quantile",
    "gini": "gini",
    "part_quantile": "quantile_share",
}
TWICE = {  # what is said of one asked twice
    "moyenne": "la moyenne de {} est demandée",
    "total": "le total de {} est demandé",
    "proportion": "la proportion de {} est demandée",
    "ratio": "le ratio {} est demandé",
    "quantile": "un quantile de {} est demandé",
    "gini": "l’indice de Gini de {} est demandé",
    "part_quantile": "une part de {} est demandée",
}
INTERVALS = {"arcsinus": "arcsine", "vraisemblance": "likelihood", "plafonne": "capped"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One target: the first columns of its rows in the results, and what the engine estimates."""

    statistic: str
    variable: str
    level: str | None
    target: Target


def asked_targets(described: Described, rows: SurveyRows) -> list[Asked]:
    """Every target, a share a level and a quantile an order; raises on what is asked twice."""
    found: list[Asked] = []
    known: set[tuple[str, str, str | None]] = set()
    for index, part in enumerate(described.wanted.cibles):
        place = described.place("cibles", index)
        refuse_empty(part, rows, place)
        made = shares(part, rows, place) if part.statistique == "proportion" else numbers(part)
        for each in made:
            name = (each.statistic, each.variable, each.level)
            if name in known:
                what = TWICE[each.statistic].format(f"« {each.variable} »")
                raise fault(f"{place} : {what} deux fois. N’en gardez qu’une demande.")
            known.add(name)
            # two names may look the same: `a` at the level « b = c », `a = b` at the level « c »
            unique = twin(each.target.indicator, str(len(found)))
            found.append(replace(each, target=replace(each.target, indicator=unique)))
    return found


def refuse_empty(part: TargetPart, rows: SurveyRows, place: str) -> None:
    """Raise when a column of a target has no value at all."""
    for name in part.columns:
        column = rows.codes[name] if part.statistique == "proportion" else name
        if rows.table[column].null_count() == rows.table.height:
            raise fault(f"{place} : la colonne « {name} » est vide. Retirez cette cible.")


def numbers(part: TargetPart) -> list[Asked]:
    """The targets of a statistic of numbers; one an order for quantiles."""
    statistic = STATISTICS[part.statistique]
    made = []
    for order in part.p or (None,):
        level = None if order is None else repr(order)
        target = Target(
            part.label if order is None else f"{part.label} (p = {level})",
            pl.col(part.columns[0]),
            statistic,
            denominator=pl.col(part.columns[1]) if statistic == "ratio" else None,
            order=order,
        )
        made.append(Asked(part.statistique, part.label, level, target))
    return made


def shares(part: TargetPart, rows: SurveyRows, place: str) -> list[Asked]:
    """One target a level of the variable, in order; the one of `modalite` when it is given."""
    column = rows.codes[part.variable]
    levels = rows.table[column].drop_nulls().unique().sort()
    texts = levels.cast(pl.String).to_list()
    if part.modalite is not None and part.modalite not in texts:
        remedy = suggestion(part.modalite, texts, "Modalités")
        raise fault(
            f"{place} : « {part.variable} » n’a pas de modalité « {part.modalite} ». {remedy}"
        )
    interval = INTERVALS.get(part.intervalle, part.intervalle)
    return [
        Asked(
            part.statistique,
            part.variable,
            text,
            Target(f"{part.variable} = {text}", pl.col(column) == level, interval=interval),
        )
        for level, text in zip(levels, texts, strict=True)
        if part.modalite in (None, text)
    ]


def asked_domains(described: Described, rows: SurveyRows) -> list[Domain]:
    """Every way of cutting; raises where two would bear the same name in the results."""
    found: list[Domain] = []
    for index, cut in enumerate(described.wanted.domaines):
        place = described.place("domaines", index)
        domain = domain_of(as_names(cut), place, rows)
        if domain.domain_type in [other.domain_type for other in found]:
            raise fault(
                f"{place} : deux découpages porteraient le nom « {domain.domain_type} ». Renommez "
                f"la colonne de ce nom, ou {listed(as_names(cut))}."
            )
        found.append(domain)
    return found


def domain_of(names: Sequence[str], place: str, rows: SurveyRows) -> Domain:
    """`ensemble`, a column, or several columns crossed."""
    if tuple(names) == (WHOLE,):
        return Domain(WHOLE)
    columns = tuple(rows.codes[name] for name in names)
    held = rows.table.select(columns).drop_nulls().unique()
    if held.is_empty():
        raise fault(
            f"{place} : aucune ligne n’a de valeur pour {' x '.join(names)}. Retirez ce découpage."
        )
    labels = held.select(pl.concat_str(pl.all().cast(pl.String), separator=" x ")).to_series()
    alike = labels.filter(labels.is_duplicated()).unique().sort()
    if len(alike):
        raise fault(
            f"{place} : deux combinaisons de modalités portent le même nom, {listed(alike)}. "
            f"Recodez {listed(names)} sans « x » entre deux espaces."
        )
    return Domain(" x ".join(names), columns)


def listed(names: Sequence[str]) -> str:
    """« a », « b »."""
    return named([f"« {name} »" for name in names])
