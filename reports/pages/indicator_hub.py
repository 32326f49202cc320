"""The page that leads to every indicator: by population and theme, each with its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from analysis.cells import REASONS, interval_text, value_text
from reports.addresses import slug
from reports.edition import row_label
from reports.figure import text_html
from reports.pages.indicator_figures import address
from reports.pages.indicator_files import FOLDER
from reports.pages.measures import Measure, by_theme
from reports.pages.page import Page, document, escaped
from survey.files import SIMULATED
from survey.french import integer, lowered, typography


def page(listed: Mapping[str, Sequence[Measure]]) -> Page:
    """`indicateurs/index`: works without its script, which adds a field that filters the lists."""
    parts = [part for group in listed.values() if group for part in _population(group)]
    edition = next(iter(listed.values()))[0].edition
    count = sum(map(len, listed.values()))
    mark = f" ({SIMULATED})" if edition.campaign.decisions.simulee else ""
    intro = typography(
        f"{integer(count)} indicateurs, avec leur valeur dans la région en {edition.year} et, "
        "entre crochets, leur intervalle de confiance à 95 %. Pour une liste, une réponse est "
        "donnée, celle dont l’estimation est la plus forte : une autre peut l’égaler."
    )
    body = "\n\n".join([f"::: {{.chapo}}\n{intro}\n:::", *parts])
    text = document(
        "Tous les indicateurs",
        typography(f"Les {integer(count)} indicateurs de l’édition {edition.year}{mark}."),
        body,
        scripts=["filtre.js"],
    )
    return Page(f"{FOLDER}/index", text)


def _population(group: Sequence[Measure]) -> list[str]:
    edition = group[0].edition
    name = slug(edition.campaign.population)
    parts = [f"## {escaped(edition.file.name)} {{#{name}}}"]
    for code, measures in groupby(by_theme(group), key=lambda each: each.definition.theme):
        theme = list(measures)
        items = "\n".join(map(_item, theme))
        parts.append(
            f"### {escaped(theme[0].cells['theme'][0])} {{#{name}-{slug(code)}}}\n\n"
            f'```{{=html}}\n<ul class="indicateurs">\n{items}\n</ul>\n```'
        )
    return parts


def _item(measure: Measure) -> str:
    link = f'<a href="{address(measure)}.html">{text_html(measure.title)}</a>'
    return f"<li>{link} {_figure(measure)}</li>"


def _figure(measure: Measure) -> str:
    """The value and its interval; what it is of for a family; why there is none."""
    cell = measure.headline
    if cell is None or cell["estimate"] is None:
        reason = REASONS[cell["status"]] if cell else "aucune réponse assez précise"
        return f"<span>{text_html(reason)}</span>"
    value = value_text(cell["estimate"], cell["statistic"])
    words = []
    if cell["conf_low"] is not None and cell["conf_high"] is not None:
        words.append(interval_text(cell["conf_low"], cell["conf_high"], cell["statistic"]))
    if measure.is_family:
        words.append(f"« {lowered(typography(row_label(cell)))} »")
    if cell["status"] == "fragile":
        words.append("fragile")
    said = f"{' '.join(words)}{measure.among}"
    return f"<b>{text_html(value)}</b> <span>{text_html(said)}</span>"
