"""One page an indicator: what it measures, its figures, how they are cut, where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import polars as pl

from analysis.cells import REASONS, display, value_text
from analysis.comparison import STABLE, UNSETTLED, UP, compare_editions
from analysis.wording import change_interval, change_words
from reports.addresses import questionnaire_page, slug
from reports.edition import Edition
from reports.figure import text_html
from reports.figures import KeyFigure, key_figures
from reports.pages import indicator_files, indicator_hub
from reports.pages.indicator_beside import comparisons
from reports.pages.indicator_figures import (
    Shown,
    address,
    breakdown,
    change,
    main_figure,
    nothing_shown,
)
from reports.pages.indicator_files import FOLDER
from reports.pages.measures import Measure, by_theme, measures
from reports.pages.page import Draft, Page, document, escaped, parents
from survey.files import SIMULATED
from survey.french import NNBSP, capitalised, filled, integer, lowered, points, typography
from survey.prose import listed
from survey.recommendations import Recommendations, load_recommendations

RECOMMENDATIONS = "data/reference/preconisations.yml"
READ = {"primaire": "lu à la source", "secondaire": "lu dans un compte rendu"}
DRAWN = {True: 2, False: 8}  # breakdowns drawn of a family, of a single figure: for its weight
OVERALL = "Dans l’ensemble"
FIRST_ROWS = 3  # key figures of a family


@dataclass(frozen=True, slots=True)
class Placed:
    """An indicator among those of its theme: the one before, the one after, all of them."""

    measure: Measure
    theme: Sequence[Measure]
    rank: int


def pages(editions: Mapping[str, Edition]) -> Iterator[Draft]:
    """The page of each indicator of each population, then the page that leads to them."""
    listed = {name: measures(edition) for name, edition in editions.items()}
    for name, edition in editions.items():
        known = load_recommendations(edition.campaign.root / RECOMMENDATIONS)
        before = edition.previous()
        for placed in placed_by_theme(listed[name]):
            yield partial(indicator_page_of, placed, before, known)
    if listed:
        yield partial(indicator_hub.page, listed)


def placed_by_theme(listed: Sequence[Measure]) -> Iterator[Placed]:
    """Each indicator with those of its theme, in the order of the registry."""
    for _, group in groupby(by_theme(listed), key=lambda each: each.definition.theme):
        theme = list(group)
        for rank, measure in enumerate(theme):
            yield Placed(measure, theme, rank)


def indicator_page_of(placed: Placed, before: Edition | None, known: Recommendations) -> Page:
    """The page of one indicator, with its files."""
    measure = placed.measure
    edition = measure.edition
    main = main_figure(measure)
    cuts = [breakdown(measure, cut) for cut in measure.breakdowns[: DRAWN[measure.is_family]]]
    moved = change(measure, before)
    beside = comparisons(measure)
    drawn = [main, *(part.figure for part in (*cuts, moved, *beside))]
    drawn = [figure for figure in drawn if figure]
    body = "\n\n".join(
        [
            _opening(measure, before),
            *([f"## {OVERALL}\n\n{main.to_markdown('.')}"] if main else []),
            *map(_section, cuts),
            _not_drawn(measure),
            _section(moved),
            _beside(beside, measure),
            _definition(measure, known),
            _reuse(measure, bool(drawn)),
            _neighbours(placed),
        ]
    )
    text = document(
        typography(f"{measure.title} : {lowered(edition.file.name)}"),
        summary(measure),
        body,
        parents=parents(
            ("Indicateurs", "index.html"),
            (edition.file.name, f"index.html#{slug(edition.campaign.population)}"),
            (measure.cells["theme"][0], f"index.html#{theme_anchor(measure)}"),
        ),
    )
    return Page(f"{FOLDER}/{address(measure)}", text, indicator_files.files(measure, drawn, known))


def theme_anchor(measure: Measure) -> str:
    """The anchor of its theme in the list of indicators."""
    return f"{slug(measure.edition.campaign.population)}-{slug(measure.definition.theme)}"


# What comes first ------------------------------------------------------------------------------


def summary(measure: Measure) -> str:
    """One sentence for lists and searches: the finding and its figure, or why there is none."""
    edition = measure.edition
    mark = f" ({SIMULATED})" if edition.campaign.decisions.simulee else ""
    where = f"{edition.reference.region.territory.locative} en {edition.year}"
    cell = measure.headline
    if cell is None or cell["estimate"] is None:
        return typography(f"{measure.title} : {measure.units}, {where}{mark}.")
    fragile = " (estimation fragile)" if cell["status"] == "fragile" else ""
    return typography(f"{_stated(measure, cell)} {where}{fragile}{mark}.")


def _stated(measure: Measure, cell: Mapping) -> str:
    """The *Lecture* of a figure, as the start of a sentence."""
    label = typography(cell["label"])
    value = value_text(cell["estimate"], cell["statistic"])
    said = filled(measure.statement, value=value, label=lowered(label), name=label)
    return capitalised(said)


def _opening(measure: Measure, before: Edition | None) -> str:
    sentences = escaped(" ".join([_finding(measure), *_move(measure, before)]))
    parts = [f"::: {{.chapo}}\n{sentences}\n:::"]
    if figures := _key_figures(measure):
        parts.append(key_figures(figures))
    return "\n\n".join(parts)


def _finding(measure: Measure) -> str:
    """The finding as a sentence; where there is none, what can be said of the figures."""
    edition, said = measure.edition, measure.finding
    place = edition.reference.region.territory.locative
    when = f"{place} en {edition.year}"
    if said != measure.neutral:
        if " : " in said or f"{NNBSP}: " in said:
            return typography(f"{capitalised(place)}, en {edition.year}, {lowered(said)}.")
        return typography(f"{said} {when}.")
    if measure.is_family:
        if measure.highest.is_empty():
            return nothing_shown(measure.read(measure.whole))
        if measure.kind == "grid" and not measure.definition.read_answer:
            return typography(f"{measure.title}, ligne par ligne, {when}.")
        return typography(f"Aucune réponse ne vient nettement en tête {when}.")
    cell = measure.headline
    if cell is None or cell["estimate"] is None:
        reason = REASONS[cell["status"]] if cell else REASONS["nd"]
        return typography(f"Ce chiffre ne peut pas être donné {when} : {reason}.")
    fragile = " (estimation fragile)" if cell["status"] == "fragile" else ""
    return typography(f"{_stated(measure, cell)} {when}{fragile}.")


def _move(measure: Measure, before: Edition | None) -> list[str]:
    """What the test says of the single figure since the edition before."""
    if measure.is_family or before is None or measure.code not in before.definitions:
        return []
    former = Measure(before, before.definitions[measure.code])
    changes = compare_editions(former.whole, measure.whole)
    if not changes.height or not changes["verdict"][0]:
        return []
    row = changes.row(0, named=True)
    then = value_text(row["estimate_before"], row["statistic"])
    if row["verdict"] in (STABLE, UNSETTLED):
        said = capitalised(change_words(row["difference"], row["verdict"]))
        span = change_interval(row["conf_low"], row["conf_high"], row["statistic"])
        unit = " points" if row["statistic"] == "share" else ""
        return [
            typography(
                f"{said} depuis {before.year} ({then}) : intervalle de l’évolution {span}{unit}."
            )
        ]
    words = "plus" if row["verdict"] == UP else "moins"
    if row["statistic"] != "share":
        return [typography(f"C’est {words} qu’en {before.year} ({then}).")]
    gap = change_words(row["difference"], row["verdict"])
    rounded = round(100 * row["estimate_after"]) - round(100 * row["estimate_before"])
    before_rounding = " (écart calculé avant l’arrondi)" if points(rounded / 100) != gap else ""
    return [typography(f"C’est {words} qu’en {before.year} ({then}) : {gap}{before_rounding}.")]


def _key_figures(measure: Measure) -> list[KeyFigure]:
    cells = display(measure.read(measure.whole))
    if not measure.is_family:
        figures = [KeyFigure(cell, _said_of(measure, cell)) for cell in cells.to_dicts()]
        if measure.total:
            figures.append(KeyFigure(measure.total, lowered(measure.total["title"])))
        return figures
    first = measure.highest.head(FIRST_ROWS).to_dicts()
    return [KeyFigure(cell, _said_of(measure, cell)) for cell in first]


def _said_of(measure: Measure, cell: Mapping) -> str:
    """What follows a key figure: its *Lecture* without the figure, when it opens on it."""
    label = typography(cell["label"])
    opening, _, rest = measure.statement.partition("{value}")
    if not opening:
        return filled(rest.strip(), label=lowered(label), name=label)
    if measure.is_family:
        return f"des {measure.units} : « {lowered(label)} »"
    return f"{measure.title}, parmi les {measure.units}"


# Figures ---------------------------------------------------------------------------------------


def _section(part: Shown) -> str:
    """A heading, its figure or why there is none, and what the figure leaves out."""
    if part.figure is None and not part.note:
        return ""
    parts = [f"## {escaped(part.heading)}"]
    if part.figure:
        parts.append(part.figure.to_markdown("."))
    if part.note:
        parts.append(escaped(part.note))
    return "\n\n".join(parts)


def _not_drawn(measure: Measure) -> str:
    """Where the breakdowns are that the page does not draw."""
    left = [lowered(cut.label) for cut in measure.breakdowns[DRAWN[measure.is_family] :]]
    if not left:
        return ""
    file = f"[fichier de données]({address(measure)}.csv)"
    named = listed([f"par {name}" for name in left], " et")
    return typography(f"Le détail {named} est dans le {file}.")


def _beside(parts: Sequence[Shown], measure: Measure) -> str:
    """Other sources, each figure with what differs from ours, then where they were read."""
    if not parts:
        return ""
    said, last = ["## À côté d’autres sources"], ""
    for part in parts:
        said.append(part.figure.to_markdown("."))
        if part.note and part.note != last:
            said.append(f"**Différences de définition.** {escaped(part.note)}")
        last = part.note
    ids = [name for wanted in measure.definition.compare for name in wanted.with_]
    known = measure.edition.reference.comparators.filter(pl.col("id").is_in(ids))
    sources = known.unique(["source", "lecture"], keep="first", maintain_order=True)
    lines = [
        f"- {f'[{escaped(name)}]({url})' if url else escaped(name)}, {READ[how]}"
        for name, url, how in sources.select("source", "source_url", "lecture").rows()
    ]
    return "\n\n".join([*said, "Sources de ces chiffres :", "\n".join(lines)])


# What it is ------------------------------------------------------------------------------------


def _definition(measure: Measure, known: Recommendations) -> str:
    edition = measure.edition
    base = f"{escaped(capitalised(measure.cells['base_label'][0]))}, {edition.region}."
    entries = [_asked(measure), ("Champ", base)]
    if measure.definition.note:
        entries.append(("À savoir", escaped(measure.definition.note.strip())))
    entries.append(("Calcul", escaped(capitalised(indicator_files.calculation(measure)))))
    count = indicator_files.respondents(measure)
    if count is not None:
        entries.append(("Réponses", f"{integer(count)} dans la région."))
    since = indicator_files.since(measure)
    if since is not None:
        told = "Première mesure." if since == edition.year else f"Comparable depuis {since}."
        broken = " ".join(indicator_files.breaks(measure))
        entries.append(("Série", escaped(f"{told} {broken}".strip())))
    better = indicator_files.BETTER[measure.definition.better]
    entries.append(("Sens souhaité", f"{capitalised(better)}."))
    followed = indicator_files.followed(measure, known)
    if followed:
        lines = [f"« {escaped(each.title)} » ({role})" for each, role in followed]
        entries.append(("Préconisation du CESER suivie", " ; ".join(lines) + "."))
    listed = "\n\n".join(f"{term}\n\n:   {text}" for term, text in entries)
    return typography(
        f"## Ce qui est mesuré\n\n{listed}\n\n[Comment ces chiffres sont obtenus](../methode.qmd)"
    )


def _asked(measure: Measure) -> tuple[str, str]:
    """Its questions, each linked to where the questionnaire asks it."""
    page = questionnaire_page(measure.edition.campaign.population)
    asked = indicator_files.questions(measure)
    said = [f"[« {escaped(each.text)} »](../{page}.qmd#question-{each.code})" for each in asked]
    return "Question posée" if len(asked) == 1 else "Questions posées", "\n\n    ".join(said)


def _reuse(measure: Measure, image: bool) -> str:
    base = address(measure)
    images = f" · [image (SVG)]({base}.svg) · [image (PNG)]({base}.png)" if image else ""
    return typography(
        "## Réutiliser\n\n"
        f"- Fichiers : [toutes les données (CSV)]({base}.csv) · [description (JSON)]({base}.json)"
        f"{images}\n"
        f"- Adresse permanente : [{FOLDER}/{base}.html]({base}.html)\n"
        f"- À citer ainsi : {escaped(indicator_files.citation(measure))}\n"
        f"- {indicator_files.LICENCE} : réutilisation libre, source à citer\n"
    )


def _neighbours(placed: Placed) -> str:
    """The other indicators of the theme, then the one before and the one after."""
    measure = placed.measure
    others = [each for each in placed.theme if each is not measure]
    if not others:
        return ""
    links = "\n".join(f"- [{escaped(each.title)}]({address(each)}.qmd)" for each in others)
    turns = []
    if placed.rank:
        turns.append(_turn("Précédent", "prev", placed.theme[placed.rank - 1]))
    if placed.rank + 1 < len(placed.theme):
        turns.append(_turn("Suivant", "next", placed.theme[placed.rank + 1]))
    nav = f'<nav class="tourner" aria-label="Indicateurs du même thème">{"".join(turns)}</nav>'
    theme = escaped(measure.cells["theme"][0])
    return f"## Dans le même thème : {theme}\n\n{links}\n\n```{{=html}}\n{nav}\n```"


def _turn(word: str, kind: str, measure: Measure) -> str:
    return (
        f'<a rel="{kind}" href="{address(measure)}.html"><span>{text_html(word + " :")}</span> '
        f"{text_html(measure.title)}</a>"
    )
