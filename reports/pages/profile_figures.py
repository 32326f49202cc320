"""The figures of a page by sector or by territory, from its facts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.cells import SHOWN, by_value
from analysis.findings import finding_top
from analysis.marks import Reference
from analysis.profiles import ABOVE, BELOW
from analysis.prose import Fact, Setting, gap_points, points_apart, quoted
from analysis.telling import side_title
from analysis.wording import capital, reading
from reports.addresses import slug
from reports.beside import PageFigure, places_figure, region_figure
from reports.edition import Edition
from reports.figures import Caption
from reports.pages.profile import KEPT, Profile, Row, fact_of
from reports.value_chain import set_apart
from survey.french import typography, within

LEAST_SHOWN = 3  # answers that a figure needs
PREFERRED = ("usages", "freins", "accompagnement")  # themes drawn first: the uses, the barriers
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "difference", "effect", "p_adjusted")
NUMBERS += ("whole_estimate", "whole_low", "whole_high")
SCHEMA = dict.fromkeys(KEPT, pl.String) | dict.fromkeys(NUMBERS, pl.Float64)
SCHEMA |= {"n_respondents": pl.Int64, "edition": pl.Int64}
SCHEMA |= dict.fromkeys(
    ("difference", "effect", "p_adjusted", "whole_low", "whole_high"), pl.Float64
)
IN_TABLE = ", donnée dans le tableau"  # said on a screen, where the table is
LABELLED = {"region": pl.String, "gap": pl.String, "base": pl.String}


def indicators_figure(profile: Profile, identifier: str, data: str, most: int) -> PageFigure | None:
    """The indicators told one by one, beside the region; None when none can be shown."""
    facts = [fact for fact in profile.facts if fact.row["statistic"] == "share"][:most]
    if not profile.shown(facts):
        return None
    sides = [
        [fact.label for fact in facts if fact.row["verdict"] == verdict]
        for verdict in (ABOVE, BELOW)
    ]
    edition = profile.edition
    caption = _caption(
        edition,
        identifier,
        side_title(*sides, sum(fact.row["verdict"] is not None for fact in facts)),
        f"{edition.file.name} : principaux indicateurs {profile.place.locative} et dans l’ensemble "
        f"de la région, {edition.year}",
        figure_reading(profile.shown(facts), profile.place),
        f"{_field(edition.file.scope.field, profile.place)} ; chaque part a sa propre base"
        f"{IN_TABLE}",
        "Indicateur",
    )
    frame = by_value(_frame(facts))
    shares = {fact.row["indicator"]: fact.row["estimate"] for fact in facts}
    note = set_apart(edition.definitions, shares)
    return region_figure(frame, caption, name="ici", data=data, second=True, note=note)


def families(profile: Profile, most: int) -> list[str]:
    """The questions worth a figure: those of the preferred themes first, one a theme."""
    chosen: dict[str, str] = {}
    for family in profile.families:
        rows = profile.answers(family)
        shown = [row for row in rows if row["status"] in SHOWN]
        firm = any(row["status"] == "ok" for row in rows)
        if firm and len(shown) >= max(LEAST_SHOWN, len(rows) / 2):
            chosen.setdefault(profile.edition.definitions[family].theme, family)
    first = [chosen.pop(theme) for theme in PREFERRED if theme in chosen]
    return [*first, *chosen.values()][:most]


def answers_figure(profile: Profile, family: str, data: str) -> PageFigure:
    """The answers of a question, beside the region, titled by the first when it is clear."""
    edition, rows = profile.edition, profile.answers(family)
    definition = edition.definitions[family]
    facts = [fact_of(edition, row) for row in rows]
    frame = by_value(_frame(facts))
    title = definition.title
    if definition.superlative and definition.heading:
        title = finding_top(frame, definition.superlative, definition.heading)
    base = rows[0]["base_label"]
    caption = _caption(
        edition,
        f"reponses-{slug(edition.campaign.population)}-{slug(family)}",
        capital(title),
        f"{edition.file.name}, {within(definition.title)} : part de chaque réponse "
        f"{profile.place.locative} et dans l’ensemble de la région, {edition.year}",
        figure_reading(profile.shown(facts), profile.place),
        _field(within(base), profile.place),
        "Réponse",
    )
    return region_figure(frame, caption, name="ici", data=data)


def _field(base: str, place: Setting) -> str:
    """The *Champ* of a base in a place, or among units (« …, parmi les communes »)."""
    return f"{base}, {f'parmi les {place.units}' if place.units else place.locative}"


def others_figure(
    profile: Profile, others: Sequence[Row], title: str, by: str, data: str
) -> PageFigure:
    """The main indicator here and in other domains (their cells in `others`), this one in bold.

    `by` : « par secteur ».
    """
    edition, main = profile.edition, profile.main
    rows = {row["domain"]: row for row in (*others, main.row)}
    facts = [fact_of(edition, row) for row in rows.values()]
    frame = by_value(_frame(facts, name="label"))
    measure = edition.definitions[main.row["family"]].title
    if main.verb:
        measure = f"Part des {main.noun.plural} qui {main.verb[1]}"
    base = main.row["base_label"]
    caption = _caption(
        edition,
        f"comparaison-{slug(edition.campaign.population)}",
        capital(title),
        f"{measure}, {by}, {edition.year}",
        figure_reading(profile.shown([main]), profile.place) or _reading_of_other(facts),
        f"{within(base)}, {edition.region}",
        "Domaine",
    )
    region = main.row["whole_estimate"]
    reference = None if region is None else Reference("Région", region, main.row["statistic"])
    return places_figure(frame, caption, own=profile.domain, reference=reference, data=data)


def _frame(facts: Sequence[Fact], name: str | None = None) -> pl.DataFrame:
    """The cells of facts as the figures draw and tabulate them."""
    rows = [
        {column: fact.row[column] for column in SCHEMA}
        | {"label": fact.row[name] if name else fact.label}
        | {"region": "" if fact.row["whole_estimate"] is None else fact.region}
        | {"gap": gap_words(fact), "base": fact.row["base_label"]}
        for fact in facts
    ]
    return pl.DataFrame(rows, schema=SCHEMA | LABELLED, orient="row")


def gap_words(fact: Fact) -> str:
    """« 12 points de plus », « écart faible », « sans écart net », « non testé ».

    « Environ 12 » where the rounded figures say one more or less. Nothing for a withheld cell.
    """
    if fact.row["status"] not in SHOWN:
        return ""
    if fact.row["verdict"] is None:
        return "non testé"
    if fact.row["verdict"] not in (ABOVE, BELOW):
        return fact.row["verdict"]
    if said := points_apart(fact):
        return said
    gap = round(100 * fact.row["difference"])
    if fact.row["statistic"] == "share" and abs(gap) > 1:
        return f"environ {gap_points(gap)}"
    return "plus haut" if fact.is_above else "plus bas"


def figure_reading(facts: Sequence[Fact], place: Setting) -> str:
    """The first firm figure read aloud, else the first one; nothing when there is none."""
    if not facts:
        return ""
    fact = next((fact for fact in facts if fact.row["status"] == "ok"), facts[0])
    row, said = fact.row, _located(fact, place)
    if row["whole_estimate"] is not None:
        said += f" ({fact.region} dans l’ensemble de la région)"
    return reading(said, row["conf_low"], row["conf_high"], row["statistic"])


def _reading_of_other(facts: Sequence[Fact]) -> str:
    """The first firm figure of a figure that compares domains, by the label of its domain."""
    for fact in facts:
        if fact.row["status"] == "ok":
            ends = fact.row["conf_low"], fact.row["conf_high"], fact.row["statistic"]
            return reading(f"{fact.row['label']} : {_said(fact)}", *ends)
    return "aucune estimation de cette figure n’est assez précise pour être lue seule"


def _located(fact: Fact, place: Setting) -> str:
    """« dans le commerce, 31 % des entreprises … », « 65 % des intercommunalités … »."""
    said, counted = _said(fact), f"des {fact.noun.plural}"
    if fact.whole and place.units and counted in said:
        return said.replace(counted, f"des {place.units}", 1)
    return f"{place.locative}, {said}"


def _said(fact: Fact) -> str:
    """« 31 % des entreprises utilisent l’IA »."""
    if fact.verb:
        return f"{fact.value} des {fact.noun.plural} {fact.verb[1]}"
    return fact.reads or f"l’indicateur {quoted(fact.label)} s’établit à {fact.value}"


def _caption(
    edition: Edition,
    identifier: str,
    title: str,
    subtitle: str,
    read: str,
    field: str,
    rows: str,
) -> Caption:
    return Caption(
        id=identifier,
        title=title,
        subtitle=subtitle,
        reading=read,
        field=typography(field),
        source=edition.source,
        rows=rows,
        simulated=edition.campaign.decisions.simulee,
    )
