"""The figures of the enterprise pages: each one function, an edition in, a figure out.

Titles are findings computed from the cells; a title the cells do not support cannot be produced.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from analysis.findings import (
    finding_change,
    finding_gap,
    finding_share,
    finding_top,
    finding_trend,
)
from analysis.marks import Reference
from analysis.wording import Noun
from reports.edition import Edition, open_edition
from reports.figures import (
    Figure,
    KeyFigure,
    bar_figure,
    change_figure,
    distribution_figure,
    dot_figure,
    map_figure,
)

ENTERPRISE = Noun("entreprise", "entreprises", feminine=True)
USER = Noun("entreprise utilisatrice", "entreprises utilisatrices", feminine=True)
USES_AI = "utilisent au moins une technologie d’IA"
MEASURE = "Part des entreprises utilisant au moins une technologie d’IA"
OUTLINES = Path("data/reference/departements.geojson")


def key_figures_of(edition: Edition) -> list[KeyFigure]:
    """The six figures of the first screen."""
    sentences = {
        "usage_ia": "des entreprises utilisent au moins une technologie d’IA",
        "usage_generative": "utilisent l’IA générative",
        "gains__temps__observe": "des utilisatrices constatent du temps gagné",
        "cadre_fixe": "des utilisatrices ont fixé une règle d’usage",
        "usage_tu": "des utilisatrices ayant des salariés disent que l’usage est rarement ou "
        "jamais dit au responsable",
        "formation_suivie": "des entreprises ont formé une personne à l’IA depuis un an",
    }
    return [KeyFigure(edition.cell(code), words) for code, words in sentences.items()]


def headline(edition: Edition) -> str:
    """The finding of the edition: « Près d’une entreprise sur cinq utilise l’IA »."""
    share = edition.cell("usage_ia")["estimate"]
    return finding_share(share, ENTERPRISE, ("utilise l’IA", "utilisent l’IA"))


def use_by_size(edition: Edition) -> Figure:
    """Use of AI by size."""
    frame = edition.by("usage_ia", "taille")
    title = finding_trend(
        frame, "L’usage de l’IA", "la taille de l’entreprise", "L’usage de l’IA selon la taille"
    )
    caption = edition.caption(
        "usage-taille",
        title,
        f"{MEASURE}, par taille",
        frame,
        f"{{value}} des entreprises ({{label}}) {USES_AI}",
        "Taille",
    )
    return dot_figure(frame, caption, reference=_region(edition), order="given")


def use_by_sector(edition: Edition) -> Figure:
    """Use of AI by sector."""
    frame = edition.by("usage_ia", "secteur")
    title = finding_gap(
        frame,
        edition.words["secteur"],
        ("utilise l’IA", "utilisent l’IA"),
        "L’usage de l’IA selon le secteur",
    )
    caption = edition.caption(
        "usage-secteur",
        title,
        f"{MEASURE}, par secteur",
        frame,
        f"{{value}} des entreprises du secteur « {{label}} » {USES_AI}",
        "Secteur",
    )
    return dot_figure(frame, caption, reference=_region(edition))


def use_by_departement(edition: Edition) -> Figure:
    """Use of AI by département, on a map."""
    frame = edition.by("usage_ia", "departement")
    places = edition.reference.region.departements
    title = finding_gap(
        frame,
        {place.code: f"les entreprises {place.genitive}" for place in places},
        ("utilise l’IA", "utilisent l’IA"),
        "Entre départements, des écarts trop faibles pour être affirmés",
    )
    caption = edition.caption(
        "usage-departement",
        title,
        f"{MEASURE}, par département",
        frame,
        f"en {{label}}, {{value}} des entreprises {USES_AI}",
        "Département",
    )
    outlines = json.loads((edition.campaign.root / OUTLINES).read_text(encoding="utf-8"))
    return map_figure(frame, outlines, caption)


def technologies(edition: Edition) -> Figure:
    """The eight technologies."""
    frame = edition.family("technologies")
    caption = edition.caption(
        "technologies",
        finding_top(frame, "premier usage de l’IA", "Les usages les plus répandus"),
        "Part des entreprises utilisant chaque technologie d’IA",
        frame,
        "{value} des entreprises utilisent une IA pour « {label} »",
        "Technologie",
    )
    return bar_figure(frame, caption)


def generative_by_size(edition: Edition) -> Figure:
    """Use of generative AI by size."""
    frame = edition.by("usage_generative", "taille")
    caption = edition.caption(
        "generative-taille",
        finding_trend(
            frame,
            "L’usage de l’IA générative",
            "la taille de l’entreprise",
            "L’usage de l’IA générative selon la taille",
        ),
        "Part des entreprises utilisant l’IA générative, de façon régulière ou occasionnelle, "
        "par taille",
        frame,
        "{value} des entreprises ({label}) utilisent l’IA générative",
        "Taille",
    )
    return dot_figure(
        frame, caption, reference=_region(edition, "usage_generative"), order="given"
    )


def functions(edition: Edition) -> Figure:
    """What AI serves, among users."""
    frame = edition.family("fonctions")
    caption = edition.caption(
        "fonctions",
        finding_top(frame, "première fonction servie par l’IA", "Ce que l’IA sert d’abord"),
        "Part des entreprises utilisatrices se servant de l’IA dans chaque fonction",
        frame,
        "{value} des entreprises utilisatrices se servent de l’IA pour « {label} »",
        "Fonction",
    )
    return bar_figure(frame, caption)


def hidden_use(edition: Edition) -> Figure:
    """Official, tolerated or hidden use, by size."""
    frame = edition.answers_by("statut", "taille")
    hidden = edition.cell("statut__cache")
    verb = ("connaît un usage caché", "connaissent un usage caché")
    title = "Un usage organisé, toléré ou caché"
    if hidden["estimate"]:
        title = finding_share(hidden["estimate"], USER, verb)
    caption = edition.caption(
        "usage-cache",
        title,
        "Façon dont se passe l’usage de l’IA par les salariés, par taille",
        frame,
        "parmi les entreprises utilisatrices ({label}), {value} disent que l’usage est organisé "
        "par l’entreprise",
        "Taille",
    )
    return distribution_figure(frame, _answers(frame), caption)


def change_by_size(edition: Edition) -> Figure:
    """Change of use since the former edition, by size, tested."""
    before = open_edition(edition.year - 1, edition.campaign.population)
    frame = pl.concat([edition.by("usage_ia", "ensemble"), edition.by("usage_ia", "taille")])
    earlier = pl.concat([before.by("usage_ia", "ensemble"), before.by("usage_ia", "taille")])
    changes = edition.changes(before, "usage_ia", "taille")
    whole = edition.changes(before, "usage_ia", "ensemble")
    caption = edition.caption(
        "evolution-taille",
        finding_change(changes, "L’usage de l’IA", edition.words["taille"]),
        f"{MEASURE}, par taille, {before.year} (cercle) et {edition.year} (point)",
        frame,
        f"{{value}} des entreprises {USES_AI} en {edition.year}",
        "Taille",
    )
    return change_figure(earlier, frame, pl.concat([whole, changes]), caption)


def barriers(edition: Edition) -> Figure:
    """Why enterprises that considered AI do not use it: Eurostat's base."""
    frame = edition.family("freins")
    caption = edition.caption(
        "freins",
        finding_top(frame, "premier frein", "Les freins les plus cités"),
        "Part des entreprises citant chaque frein, parmi celles qui ont envisagé l’IA sans "
        "l’utiliser",
        frame,
        "parmi ces entreprises, {value} citent « {label} »",
        "Frein",
    )
    return bar_figure(frame, caption)


def gains(edition: Edition) -> Figure:
    """Gains observed, expected in vain, or not looked for."""
    frame = edition.answers("gains")
    observed = frame.filter(pl.col("indicator").str.ends_with("__observe"))
    caption = edition.caption(
        "gains",
        finding_top(observed, "premier résultat constaté", "Les résultats les plus constatés"),
        "Résultats de l’IA constatés ou non par les entreprises utilisatrices",
        observed,
        "{value} des entreprises utilisatrices constatent ce résultat : {label}",
        "Résultat",
    )
    return distribution_figure(frame, _answers(frame), caption)


def work_effects(edition: Edition) -> Figure:
    """Effects on work, seen by enterprises that use AI and have employees."""
    frame = edition.answers("travail")
    less = edition.cell("travail__temps__moins")
    title = "Ce que l’IA change dans le travail"
    if less["estimate"]:
        verb = ("voit reculer", "voient reculer")
        title = finding_share(
            less["estimate"], USER, tuple(f"{words} les tâches répétitives" for words in verb)
        )
    caption = edition.caption(
        "travail",
        title,
        "Évolution du travail depuis l’arrivée de l’IA, selon les entreprises utilisatrices",
        frame.filter(pl.col("indicator") == "travail__temps__moins"),
        "{value} de ces entreprises disent que le temps de tâches répétitives a diminué",
        "Effet",
    )
    return distribution_figure(frame, _answers(frame), caption)


def rules(edition: Edition) -> Figure:
    """Rules of use, among users."""
    frame = edition.family("cadre")
    fixed = edition.cell("cadre_fixe")
    title = "Les règles fixées pour l’usage de l’IA"
    if fixed["estimate"]:
        title = finding_share(
            fixed["estimate"], USER, ("a fixé une règle d’usage", "ont fixé une règle d’usage")
        )
    caption = edition.caption(
        "cadre",
        title,
        "Part des entreprises utilisatrices ayant fixé chaque règle",
        frame,
        "{value} des entreprises utilisatrices répondent « {label} »",
        "Règle",
    )
    return bar_figure(frame, caption)


def needs(edition: Edition) -> Figure:
    """Needs for support, of every enterprise."""
    frame = edition.family("besoins")
    caption = edition.caption(
        "besoins",
        finding_top(frame, "premier besoin", "Les besoins les plus cités"),
        "Part des entreprises citant chaque besoin d’accompagnement",
        frame,
        "{value} des entreprises citent « {label} »",
        "Besoin",
    )
    return bar_figure(frame, caption)


def schemes(edition: Edition) -> Figure:
    """Knowledge and use of the regional schemes."""
    frame = edition.answers("dispositifs")
    known = frame.filter(~pl.col("indicator").str.ends_with("__inconnu"))
    caption = edition.caption(
        "dispositifs",
        "Les dispositifs régionaux : utilisés, connus ou inconnus",
        "Recours aux dispositifs régionaux et notoriété",
        known,
        "{value} des entreprises ont eu recours à ce dispositif : {label}",
        "Dispositif",
    )
    return distribution_figure(frame, _answers(frame), caption)


def comparison(edition: Edition) -> Figure:
    """The region beside France and the European Union, on the same base: 10 employees or more."""
    before = open_edition(edition.year - 1, edition.campaign.population)
    own = [
        each.by("usage_ia", "champ_eurostat").with_columns(
            label=pl.lit(f"{edition.region}, {each.year}")
        )
        for each in (edition, before)
    ]
    published = edition.reference.comparators.filter(
        pl.col("indicateur") == "utilise au moins une technologie d’IA",
        pl.col("ventilation") == "ensemble",
        pl.col("annee_reference") == pl.col("annee_reference").max().over("territoire"),
    )
    others = pl.DataFrame(
        {
            "indicator": "usage_ia",
            "statistic": "share",
            "status": "ok",
            "domain_type": "comparateur",
            "domain": published["territoire_code"],
            "estimate": published["valeur"] / 100,
            "label": published["territoire"]
            + ", "
            + published["annee_reference"].cast(pl.String),
        }
    )
    frame = pl.concat([*own, others], how="diagonal_relaxed")
    caption = edition.caption(
        "comparaison",
        "La région, la France et l’Union européenne, sur le même champ",
        "Part des entreprises de 10 personnes ou plus utilisant au moins une technologie d’IA",
        own[0],
        f"{{value}} des entreprises de 10 salariés ou plus des secteurs suivis par Eurostat {USES_AI}",
        "Territoire et année",
        field="entreprises de 10 salariés ou plus, secteurs marchands hors agriculture, finance et "
        "assurance",
    )
    return dot_figure(frame, caption)


FIGURES: tuple[Callable[[Edition], Figure], ...] = (
    comparison,
    use_by_size,
    use_by_sector,
    use_by_departement,
    change_by_size,
    technologies,
    generative_by_size,
    functions,
    hidden_use,
    rules,
    gains,
    work_effects,
    barriers,
    needs,
    schemes,
)


def _region(edition: Edition, indicator: str = "usage_ia") -> Reference | None:
    share = edition.cell(indicator)["estimate"]
    return None if share is None else Reference("Région", share)


def _answers(frame: pl.DataFrame) -> list[str]:
    return frame["answer"].unique(maintain_order=True).to_list()
