"""An indicator beside figures published elsewhere: what they are, and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.cells import display
from analysis.definitions import Comparison
from analysis.findings import finding_beside
from reports.addresses import slug
from reports.edition import WHOLE, row_label
from reports.figures import dot_figure
from reports.pages.indicator_figures import ANSWER, GROUP, Shown, address, shown
from reports.pages.measures import Measure
from reports.value_chain import source_name
from survey.errors import SurveyError
from survey.french import lowered, typography


def comparisons(measure: Measure) -> list[Shown]:
    """The indicator beside each of the points of comparison that its definition names."""
    found = (comparison(measure, wanted) for wanted in measure.definition.compare)
    return [each for each in found if each]


def comparison(measure: Measure, wanted: Comparison) -> Shown | None:
    """The indicator beside published figures on the same base; None when ours are withheld."""
    edition = measure.edition
    others = _published(measure, wanted)
    own = measure.cells.filter(
        pl.col("domain_type") == wanted.on, pl.col("statistic") == measure.statistic
    )
    single = own["domain"].n_unique() == 1
    if single:
        others = others.with_columns(place=pl.lit(own["domain"][0]))
    keys = others.select("indicator", "place").unique(maintain_order=True)
    rows, pairs = [], []
    for indicator, place in keys.rows():
        mine = own.filter(pl.col("indicator") == indicator, pl.col("domain") == place)
        if not shown(mine).height:
            continue
        theirs = others.filter(pl.col("indicator") == indicator, pl.col("place") == place)
        prefix = [] if not measure.is_family else [mine["indicator_label"][0]]
        prefix += [] if single else [mine["label"][0]]
        names = [f"{edition.region}, {edition.year}", *theirs["name"]]
        labels = [" : ".join([*prefix, name]) for name in names]
        rows.append(mine.with_columns(label=pl.lit(labels[0])))
        rows.append(theirs.drop("place", "name").with_columns(label=pl.Series(labels[1:])))
        cell = display(mine).row(0, named=True)
        pairs.append((cell, names[0], theirs.select("estimate", "name").rows()))
    if not rows:
        return None
    frame = pl.concat(rows, how="diagonal_relaxed").with_columns(
        status=pl.col("status").fill_null("ok"), statistic=pl.lit(measure.statistic)
    )
    elsewhere = sorted({year for each in rows[1::2] for year in each["edition"]})
    years = sorted({*elsewhere, edition.year})
    own_rows = pl.concat(rows[::2])
    cut = next(cut for cut in edition.file.domains if cut.type == wanted.on)
    what, _, among = cut.label.partition(", ")
    parts = [own["base_label"][0]]
    if wanted.on != WHOLE and (single or among):
        parts.append(lowered(cut.label if single else among))
    field = ", ".join(parts)
    by = f", par {lowered(what)}"
    if single:
        by = "" if wanted.on == WHOLE else f", {lowered(cut.label)}"
    subject = measure.title
    if measure.is_family and len(pairs) == 1:
        subject = f"« {row_label(own_rows.row(0, named=True))} »"
    caption = edition.caption(
        f"{address(measure)}-comparaison-{slug(wanted.on)}",
        _beside_title(pairs, f"{subject}{by}", measure, wanted, elsewhere),
        f"{measure.subtitle}{by}",
        own_rows,
        "{name} : " + ("{value}" if measure.is_family else measure.statement),
        "Territoire et année",
        field=f"pour l’observatoire, {lowered(field)} ; chaque autre source a le sien",
        source=f"{_sources(others)} ; {edition.source}",
        period=f"{years[0]} à {years[-1]}" if years[0] != years[-1] else str(years[0]),
    )
    note = typography(wanted.differs.strip()) if wanted.differs else ""
    return Shown("", dot_figure(frame, caption, order="given"), note)


def _beside_title(
    pairs: Sequence[tuple],
    subject: str,
    measure: Measure,
    wanted: Comparison,
    years: Sequence[int],
) -> str:
    """What the figures side by side allow to state, those published elsewhere being of `years`.

    Figures of another year, or measured otherwise, are named without being opposed.
    """
    if wanted.differs is None and list(years) == [measure.edition.year]:
        return finding_beside(pairs, subject, ANSWER if measure.is_family else GROUP)
    told = f"en {years[0]}" if len(years) == 1 else f"de {years[0]} à {years[-1]}"
    here = f"la région en {measure.edition.year}"
    return typography(f"{subject} : {here}, d’autres sources {told}")


def _published(measure: Measure, wanted: Comparison) -> pl.DataFrame:
    known = measure.edition.reference.comparators
    found = known.filter(pl.col("id").is_in(wanted.with_))
    if lost := sorted(set(wanted.with_) - set(found["id"])):
        raise SurveyError(
            f"{measure.edition.campaign.decisions.indicateurs}, indicateur « {measure.code} » : "
            f"point de comparaison inconnu {lost[0]}. Corrigez « with » ou complétez "
            "data/reference/comparators.csv."
        )
    codes = measure.cells["indicator"].unique().to_list()
    return found.filter(pl.col("unite") == "%", pl.col("indicateur_code").is_in(codes)).select(
        indicator="indicateur_code",
        domain_type=pl.lit("comparateur"),
        domain="territoire_code",
        edition="annee_reference",
        estimate=pl.col("valeur") / 100,
        place="modalite_code",
        name=pl.format(
            "{}, {} ({})",
            "territoire",
            "annee_reference",
            pl.col("source").map_elements(source_name, return_dtype=pl.String),
        ),
        nature=pl.format("publié : {}", "source"),
    )


def _sources(others: pl.DataFrame) -> str:
    names = others["nature"].str.strip_prefix("publié : ").unique(maintain_order=True)
    return " ; ".join(names)
