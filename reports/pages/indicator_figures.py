"""The figures of the page of an indicator: its main one, by domain, since before, beside others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from analysis.cells import FEW, SECRET, SHOWN, by_value, value_text
from analysis.comparison import compare_editions
from analysis.definitions import DomainDefinition
from analysis.findings import (
    finding_change,
    finding_extremes,
    finding_moves,
    finding_trend,
)
from analysis.marks import TINTS, Reference
from analysis.matrix import Totals
from analysis.wording import Noun, change_sentence
from reports.addresses import indicator_page, slug
from reports.edition import WHOLE, Edition
from reports.figure import Caption, Figure
from reports.figures import (
    bar_figure,
    change_figure,
    distribution_figure,
    dot_figure,
    matrix_figure,
)
from reports.pages.measures import Measure
from survey.french import counted, filled, lowered, typography

REGION = "Région"
MANY = 20  # rows beyond which those without a figure are only counted
GROUP, ANSWER = Noun("groupe", "groupes"), Noun("réponse", "réponses", feminine=True)


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of the page: its heading, its figure, and what it does not show and why."""

    heading: str
    figure: Figure | None = None
    note: str = ""


def main_figure(measure: Measure) -> Figure | None:
    """The rows of a family over the whole population; None for a single figure or none shown."""
    frame = measure.whole
    if not measure.is_family or not shown(frame).height:
        return None
    base = address(measure)
    read = measure.read(frame)
    caption = _caption(measure, base, measure.finding, "", read, measure.statement, {}, "Réponse")
    caption = replace(caption, level=2)  # it comes right under the title of the page
    if measure.kind == "grid":
        answers = frame["answer"].unique(maintain_order=True).to_list()
        if len(answers) <= len(TINTS):
            return distribution_figure(frame, answers, caption)
        frame = read
    order = "given" if measure.kind == "answers" else "value"
    return bar_figure(frame, caption, order=order)


def breakdown(measure: Measure, cut: DomainDefinition) -> Shown:
    """One indicator by domain; the answers of a choice stacked, other families as a matrix."""
    heading = f"Par {lowered(cut.label)}"
    frame = measure.by(cut.type)
    if not shown(frame).height:
        return Shown(heading, note=nothing_shown(frame))
    kept, note = _readable(frame)
    if measure.is_family:
        answers = measure.whole["answer"].unique(maintain_order=True).to_list()
        stacked = measure.kind == "answers" and len(answers) <= len(TINTS)
        draw = _answers_by if stacked else _matrix_by
        return Shown(heading, draw(measure, cut, kept), note)
    whole = measure.whole
    estimate = whole["estimate"][0] if whole.height else None
    reference = None
    if estimate is not None and measure.kind != "total":
        reference = Reference(REGION, estimate, measure.statistic)
    caption = _caption(
        measure,
        f"{address(measure)}-{slug(cut.type)}",
        breakdown_title(measure, cut, frame),
        f", par {lowered(cut.label)}",
        kept,
        *measure.reading_by(cut),
        cut.label,
    )
    order = "given" if cut.role in ("size", "profile") else "value"
    return Shown(heading, dot_figure(kept, caption, reference=reference, order=order), note)


def breakdown_title(measure: Measure, cut: DomainDefinition, frame: pl.DataFrame) -> str:
    """What the domains of a cut allow to state: a trend along sizes, else the extremes."""
    by = f"par {lowered(cut.label)}"
    if shown(frame).height < 2:
        return typography(f"{measure.title}, {by}")
    neutral = typography(f"{by}, des écarts non établis")
    if cut.role == "size" and cut.label.lower().startswith("taille"):
        trend = finding_trend(frame, measure.subject, f"la {lowered(cut.label)}", neutral)
        if trend != finding_trend(frame.clear(), "", "", neutral):
            return trend
    return finding_extremes(frame, _places(measure, cut), neutral)


def _places(measure: Measure, cut: DomainDefinition) -> dict[str, str]:
    """Where a figure stands, after it: « dans la construction », « (10 à 49 salariés) »."""
    if cut.role != "size":
        return measure.leads(cut)
    domains = measure.by(cut.type).select("domain", "label").unique(maintain_order=True)
    return {code: f"({lowered(typography(label))})" for code, label in domains.rows()}


def change(measure: Measure, before: Edition | None) -> Shown:
    """What moved since the edition before, tested; or why nothing can be said."""
    year = measure.edition.year
    if before is None:
        return Shown("Évolution", note=_first(year))
    heading = f"Ce qui a changé depuis {before.year}"
    if measure.code not in before.definitions:
        return Shown(heading, note=f"Cet indicateur n’était pas mesuré en {before.year}.")
    former = Measure(before, before.definitions[measure.code])
    if measure.is_family:
        return _family_change(measure, former, heading)
    cuts = [WHOLE, *(cut.type for cut in measure.breakdowns[:1])]
    after, earlier = (pl.concat([each.by(cut) for cut in cuts]) for each in (measure, former))
    changes = pl.concat([compare_editions(former.by(cut), measure.by(cut)) for cut in cuts])
    if not changes["verdict"].drop_nulls().len():
        return Shown(heading, note=why_not_compared(changes))
    groups = changes.filter(pl.col("domain_type") != WHOLE)
    tested = groups if groups["verdict"].drop_nulls().len() else changes
    title = finding_change(tested, measure.subject, {}, GROUP)
    return Shown(heading, _change_figure(measure, earlier, after, changes, title))


def _family_change(measure: Measure, former: Measure, heading: str) -> Shown:
    after, earlier = (each.read(each.whole) for each in (measure, former))
    if measure.kind == "grid" and not measure.definition.read_answer:
        return Shown(heading, note="Le détail de chaque réponse est dans le fichier de données.")
    family = ("population", "statistic")
    changes = compare_editions(earlier, after, family=family)
    if not changes["verdict"].drop_nulls().len():
        return Shown(heading, note=why_not_compared(changes))
    labels = dict(after.select("indicator", "label").rows())
    if measure.kind != "answers":
        after = by_value(after)
    title = finding_moves(changes, labels, ANSWER)
    return Shown(heading, _change_figure(measure, earlier, after, changes, title))


def _change_figure(
    measure: Measure,
    earlier: pl.DataFrame,
    after: pl.DataFrame,
    changes: pl.DataFrame,
    title: str,
) -> Figure:
    years = earlier["edition"][0], measure.edition.year
    edition = measure.edition
    caption = edition.caption(
        f"{address(measure)}-evolution",
        title,
        measure.read_subtitle,
        after,
        "",
        "Réponse" if measure.is_family else "Ensemble ou groupe",
        period=f"{years[0]} (cercle) et {years[1]} (point)",
        reading=_change_reading(measure, changes, after),
    )
    return change_figure(earlier, after, changes, caption)


def _change_reading(measure: Measure, changes: pl.DataFrame, after: pl.DataFrame) -> str:
    """Both figures of the whole, or of the row that moved most, and what the test says."""
    tested = changes.filter(pl.col("verdict").is_not_null())
    if not measure.is_family and (tested["domain_type"] == WHOLE).any():
        tested = tested.filter(pl.col("domain_type") == WHOLE)
    row = tested.sort(pl.col("difference").abs(), descending=True).row(0, named=True)
    label = typography(after.filter(indicator=row["indicator"], domain=row["domain"])["label"][0])
    before, now = (
        value_text(row[name], row["statistic"]) for name in ("estimate_before", "estimate_after")
    )
    said = filled(measure.statement, value=now, label=lowered(label), name=label)
    where = "" if measure.is_family or row["domain_type"] == WHOLE else f"« {label} » : "
    words = f" : {change_sentence(row)}" if row["statistic"] == "share" else ""
    after_, before_ = row["edition_after"], row["edition_before"]
    return typography(f"{where}en {after_}, {said}, contre {before} en {before_}{words}")


def _answers_by(measure: Measure, cut: DomainDefinition, frame: pl.DataFrame) -> Figure:
    """The answers of a choice by domain, stacked."""
    answers = measure.whole["answer"].unique(maintain_order=True).to_list()
    return distribution_figure(frame, answers, _family_caption(measure, cut, frame))


def _matrix_by(measure: Measure, cut: DomainDefinition, frame: pl.DataFrame) -> Figure:
    """The rows of a family by domain, every share written, the region apart."""
    own = measure.read(frame).with_columns(answer="indicator_label")
    region = measure.read(measure.whole).with_columns(
        answer="indicator_label", label=pl.lit(REGION)
    )
    order = "given" if cut.role in ("size", "profile") else "value"
    rows = pl.concat([own, region.select(own.columns)])
    caption = _family_caption(measure, cut, frame)
    totals = Totals(row=REGION)
    return matrix_figure(rows, caption, columns="Réponse", totals=totals, order=order)


def _family_caption(measure: Measure, cut: DomainDefinition, frame: pl.DataFrame) -> Caption:
    """The words of a family by domain; title and *Lecture* rest on its highest row."""
    read = measure.headline or measure.whole.row(0, named=True)
    chosen = frame.filter(pl.col("indicator") == read["indicator"])
    neutral = typography(f"{measure.title}, par {lowered(cut.label)}")
    title = finding_extremes(chosen, _places(measure, cut), neutral)
    label = typography(read["label"])
    return _caption(
        measure,
        f"{address(measure)}-{slug(cut.type)}",
        title if title == neutral else typography(f"« {label} » : {lowered(title)}"),
        f", par {lowered(cut.label)}",
        chosen,
        *measure.reading_by(cut, label),
        cut.label,
    )


def _caption(
    measure: Measure,
    identifier: str,
    title: str,
    suffix: str,
    frame: pl.DataFrame,
    statement: str,
    named: dict[str, str],
    rows: str,
) -> Caption:
    """The words of one figure."""
    stated = measure.read_subtitle if suffix else measure.subtitle
    subtitle = f"{stated}{suffix}"
    return measure.edition.caption(identifier, title, subtitle, frame, statement, rows, named=named)


def address(measure: Measure) -> str:
    """The name of its page and of its files."""
    return indicator_page(measure.edition.campaign.population, measure.code).partition("/")[2]


def figures_of(parts: Sequence[Shown]) -> Iterator[Figure]:
    """The figures that are shown, in order."""
    return (part.figure for part in parts if part.figure)


def nothing_shown(frame: pl.DataFrame) -> str:
    """Why no domain of a cut has a figure."""
    few = f"{FEW} dans chaque groupe"
    secret = (frame["status"] == "secret").all()
    return typography(f"Aucun chiffre ne peut être publié : {SECRET if secret else few}.")


def why_not_compared(changes: pl.DataFrame) -> str:
    """Why two editions are not compared: a break, or too few answers."""
    broken = changes["series_break"].drop_nulls()
    if broken.len():
        return broken[0]
    return typography("L’évolution n’est pas mesurable : trop peu de réponses.")


def _first(year: int) -> str:
    return f"Première mesure en {year} : l’évolution sera donnée à partir de l’édition suivante."


def _readable(frame: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The rows drawn, and how many have no figure where they are too many to be listed."""
    hidden = frame.height - shown(frame).height
    if frame["domain"].n_unique() <= MANY or not hidden:
        return frame, ""
    kept = shown(frame)
    count = counted(frame["domain"].n_unique() - kept["domain"].n_unique(), "groupe")
    return kept, typography(f"{count} sans chiffre publiable, faute de réponses assez nombreuses.")


def shown(frame: pl.DataFrame) -> pl.DataFrame:
    """The cells that carry a number."""
    return frame.filter(pl.col("status").is_in(SHOWN))
