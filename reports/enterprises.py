"""The figures of the enterprise pages: each one function, an edition in, a figure out.

Titles are findings computed from the cells; a title the cells do not support cannot be produced.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from analysis.comparison import compare_with_reference
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
from survey.french import percent, typography

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
    neutral = "L’usage de l’IA par les entreprises"
    return finding_share(
        edition.cell("usage_ia"), ENTERPRISE, ("utilise l’IA", "utilisent l’IA"), neutral
    )


def summary(edition: Edition) -> str:
    """The two sentences under the headline: the change, then who leads and who is far behind."""
    before = open_edition(edition.year - 1, edition.campaign.population)
    whole = edition.changes(before, "usage_ia", "ensemble").row(0, named=True)
    was, now = whole["estimate_before"], whole["estimate_after"]
    move = {
        "hausse": f"L’usage progresse : {percent(now)} en {edition.year}, contre {percent(was)} "
        f"en {before.year}.",
        "baisse": f"L’usage recule : {percent(now)} en {edition.year}, contre {percent(was)} "
        f"en {before.year}.",
        "stable": f"L’usage n’évolue pas nettement depuis {before.year}.",
    }
    gap = finding_gap(
        edition.by("usage_ia", "secteur"),
        edition.words["secteur"],
        ("utilise l’IA", "utilisent l’IA"),
        "les écarts entre secteurs sont trop faibles pour être affirmés",
    )
    return typography(f"{move[whole['verdict']]} {gap}.")


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
        f"dans le département « {{name}} », {{value}} des entreprises {USES_AI}",
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
    return dot_figure(frame, caption, reference=_region(edition, "usage_generative"), order="given")


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
    verb = ("connaît un usage caché", "connaissent un usage caché")
    title = finding_share(
        edition.cell("statut__cache"), USER, verb, "Un usage organisé, toléré ou caché"
    )
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
    return _change(edition, "taille", "Taille")


def change_by_sector(edition: Edition) -> Figure:
    """Change of use since the former edition, by sector, tested."""
    return _change(edition, "secteur", "Secteur")


def _change(edition: Edition, cut: str, rows: str) -> Figure:
    """Whole population first, then each domain; the whole is tested apart from the domains."""
    before = open_edition(edition.year - 1, edition.campaign.population)
    cuts = ("ensemble", cut)
    frame, earlier = (
        pl.concat([each.by("usage_ia", name) for name in cuts]) for each in (edition, before)
    )
    whole, changes = (edition.changes(before, "usage_ia", name) for name in cuts)
    exceptions = edition.words["taille"] if cut == "taille" else {}
    caption = edition.caption(
        f"evolution-{cut}",
        finding_change(changes, "L’usage de l’IA", exceptions),
        f"{MEASURE}, par {cut}",
        frame,
        f"{{value}} des entreprises {USES_AI} en {edition.year}",
        rows,
        period=f"{before.year} (cercle) et {edition.year} (point)",
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
    title = finding_share(
        edition.cell("travail__temps__moins"),
        USER,
        ("voit reculer les tâches répétitives", "voient reculer les tâches répétitives"),
        "Ce que l’IA change dans le travail",
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
    title = finding_share(
        edition.cell("cadre_fixe"),
        USER,
        ("a fixé une règle d’usage", "ont fixé une règle d’usage"),
        "Les règles fixées pour l’usage de l’IA",
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
    others = comparators(edition).select(
        indicator=pl.lit("usage_ia"),
        statistic=pl.lit("share"),
        status=pl.lit("ok"),
        domain_type=pl.lit("comparateur"),
        domain="territoire_code",
        edition="annee_reference",
        estimate=pl.col("valeur") / 100,
        label=pl.format("{}, {}", "territoire", "annee_reference"),
        nature=pl.format("publié : {}", "source"),
    )
    frame = pl.concat([*own, others], how="diagonal_relaxed")
    caption = edition.caption(
        "comparaison",
        _beside_union(edition, others),
        "Part des entreprises de 10 personnes ou plus utilisant au moins une technologie d’IA",
        own[0],
        "{value} des entreprises de 10 salariés ou plus des secteurs suivis par Eurostat "
        + USES_AI,
        "Territoire et année",
        field="entreprises de 10 salariés ou plus, secteurs marchands hors agriculture, finance et "
        "assurance",
        source="Insee et Eurostat pour la France et l’Union européenne ; " + edition.source,
        period=f"{others['edition'].min()} à {edition.year}",
    )
    return dot_figure(frame, caption)


def comparators(edition: Edition) -> pl.DataFrame:
    """The latest published use of AI of each territory, on Eurostat's base."""
    return edition.reference.comparators.filter(
        pl.col("indicateur") == "utilise au moins une technologie d’IA",
        pl.col("ventilation") == "ensemble",
        pl.col("annee_reference") == pl.col("annee_reference").max().over("territoire"),
    )


def comparators_sources(edition: Edition) -> str:
    """Where each point of comparison was read, and how."""
    return typography(
        " ; ".join(
            f"{row['territoire']} {row['annee_reference']} : {row['source']}, lu dans : "
            f"{row['lecture']}"
            for row in comparators(edition).to_dicts()
        )
        + "."
    )


def _beside_union(edition: Edition, others: pl.DataFrame) -> str:
    """How the region stands beside the European Union, from the interval of the region alone."""
    union = others.filter(pl.col("domain").str.starts_with("EU"))
    place = edition.reference.region.territory.locative
    if union.is_empty():
        return "La région et la France, sur le même champ"
    cell = edition.by("usage_ia", "champ_eurostat")
    position = compare_with_reference(cell, union["estimate"][0])["position"][0]
    year = union["edition"][0]
    return {
        "au-dessus": f"Un usage plus répandu {place} en {edition.year} que dans l’Union européenne "
        f"en {year}",
        "au-dessous": f"Un usage moins répandu {place} en {edition.year} que dans l’Union "
        f"européenne en {year}",
    }.get(
        position, f"Un usage proche {place} en {edition.year} et dans l’Union européenne en {year}"
    )


FIGURES: tuple[Callable[[Edition], Figure], ...] = (
    comparison,
    use_by_size,
    use_by_sector,
    use_by_departement,
    change_by_size,
    change_by_sector,
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
