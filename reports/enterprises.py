"""The figures of the enterprise pages: each a function, an edition in, a figure out.

Titles are findings computed from the cells; a title the cells do not support cannot be produced.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from analysis.findings import (
    finding_change,
    finding_gap,
    finding_share,
    finding_top,
    finding_trend,
)
from analysis.marks import Reference
from analysis.wording import Noun, change_words
from reports.edition import Edition
from reports.figures import (
    Figure,
    bar_figure,
    change_figure,
    distribution_figure,
    dot_figure,
)
from reports.territory_figures import departement_figure
from survey.french import percent

USER = Noun("entreprise utilisatrice", "entreprises utilisatrices", feminine=True)
USES = ("utilise l’IA", "utilisent l’IA")
USES_AI = "utilisent au moins une technologie d’IA"
MEASURE = "Part des entreprises utilisant au moins une technologie d’IA"

Builder = Callable[[Edition], Figure | None]
Title = Callable[[Edition, pl.DataFrame], str]


def by_size(identifier: str, indicator: str, use: str, measure: str, verb: str) -> Builder:
    """Dots by size, in the order of sizes, titled by the trend."""

    def build(edition: Edition) -> Figure:
        frame = edition.by(indicator, "taille")
        subject = f"L’usage de {use}"
        neutral = f"{subject} selon la taille"
        caption = edition.caption(
            identifier,
            finding_trend(frame, subject, "la taille de l’entreprise", neutral),
            f"{measure}, par taille",
            frame,
            f"{{value}} des entreprises {{named}} {verb}",
            "Taille",
            named=edition.words["taille"],
        )
        return dot_figure(frame, caption, reference=region(edition, indicator), order="given")

    return build


def by_sector(edition: Edition) -> Figure:
    """Use of AI by sector."""
    frame = edition.by("usage_ia", "secteur")
    caption = edition.caption(
        "usage-secteur",
        finding_gap(frame, edition.words["secteur"], USES, "L’usage de l’IA selon le secteur"),
        f"{MEASURE}, par secteur",
        frame,
        f"{{value}} des entreprises du secteur « {{label}} » {USES_AI}",
        "Secteur",
    )
    return dot_figure(frame, caption, reference=region(edition, "usage_ia"))


def by_departement(edition: Edition) -> Figure | None:
    """Use of AI by département, on a map."""
    return departement_figure(edition, "usage_ia")


def change_by(cut: str, rows: str, noun: Noun) -> Builder:
    """Change of use since the former edition: the whole population, then each domain of `cut`.

    No figure when there is no former edition to compare with.

    The whole is tested apart from the domains, whose tests are corrected for their number.
    """

    def build(edition: Edition) -> Figure | None:
        before = edition.previous()
        if before is None:
            return None
        cuts = ("ensemble", cut)
        frame, earlier = (
            pl.concat([each.by("usage_ia", name) for name in cuts]) for each in (edition, before)
        )
        whole, changes = (edition.changes(before, "usage_ia", name) for name in cuts)
        exceptions = {
            code: f"dans les entreprises {words}" for code, words in edition.words["taille"].items()
        }
        caption = edition.caption(
            f"evolution-{cut}",
            finding_change(changes, "L’usage de l’IA", exceptions, noun),
            f"{MEASURE}, par {cut}",
            frame,
            "",
            rows,
            period=f"{before.year} (cercle) et {edition.year} (point)",
            reading=_change_reading(whole.row(0, named=True)),
        )
        return change_figure(earlier, frame, pl.concat([whole, changes]), caption)

    return build


def bars(
    identifier: str, family: str, rows: str, subtitle: str, statement: str, title: Title
) -> Builder:
    """The indicators of a family as bars, the largest first."""

    def build(edition: Edition) -> Figure:
        frame = edition.family(family)
        said = title(edition, frame)
        return bar_figure(
            frame, edition.caption(identifier, said, subtitle, frame, statement, rows)
        )

    return build


def answers(
    identifier: str, family: str, rows: str, subtitle: str, read: str, statement: str, title: Title
) -> Builder:
    """The answers of each row of a grid, stacked; *Lecture* and title rest on the answer `read`."""

    def build(edition: Edition) -> Figure:
        frame = edition.answers(family)
        chosen = frame.filter(pl.col("indicator").str.ends_with(f"__{read}"))
        said = title(edition, chosen)
        caption = edition.caption(identifier, said, subtitle, chosen, statement, rows)
        return distribution_figure(frame, in_order(frame), caption)

    return build


def hidden_use(edition: Edition) -> Figure:
    """Official, tolerated or hidden use, by size."""
    frame = edition.answers_by("statut", "taille")
    hidden = frame.filter(pl.col("indicator") == "statut__cache")
    verb = ("connaît un usage discret, sans le dire", "connaissent un usage discret, sans le dire")
    caption = edition.caption(
        "usage-cache",
        share("statut__cache", verb, "Un usage organisé, toléré ou discret")(edition, frame),
        "Façon dont se passe l’usage de l’IA par les salariés, par taille",
        hidden,
        "{value} des entreprises utilisatrices {named} disent que des salariés se servent de l’IA "
        "sans le dire",
        "Taille",
        named=edition.words["taille"],
    )
    return distribution_figure(frame, in_order(frame), caption)


def _change_reading(change: dict) -> str:
    """*Lecture* of a change: both shares, and what the test says of their difference."""
    before, after = change["edition_before"], change["edition_after"]
    if change["series_break"] is not None:
        return f"l’ensemble ne se compare pas entre {before} et {after} : {_why(change)}"
    if change["verdict"] is None:
        return f"l’évolution de l’ensemble entre {before} et {after} n’est pas mesurable"
    was, now = percent(change["estimate_before"]), percent(change["estimate_after"])
    moved = change_words(change["difference"], change["verdict"])
    return (
        f"{was} des entreprises utilisaient au moins une technologie d’IA en {before}, {now} en "
        f"{after} : {moved}"
    )


def _why(change: dict) -> str:
    return change["series_break"].rstrip(".").replace("Rupture", "rupture", 1)


def top(superlative: str, heading: str) -> Title:
    """« Le manque de compétences, premier frein », when it is clear of the next."""
    return lambda _, frame: finding_top(frame, superlative, heading)


def share(indicator: str, verb: tuple[str, str], neutral: str) -> Title:
    """« Trois entreprises utilisatrices sur quatre ont … », from one indicator."""
    return lambda edition, _: finding_share(edition.cell(indicator), USER, verb, neutral)


def region(edition: Edition, indicator: str) -> Reference | None:
    """The region as the line all domains are read against; none when it is withheld."""
    estimate = edition.cell(indicator)["estimate"]
    return None if estimate is None else Reference("Région", estimate)


def in_order(frame: pl.DataFrame) -> list[str]:
    """The answers, in the order of the questionnaire."""
    return frame["answer"].unique(maintain_order=True).to_list()


use_by_size = by_size("usage-taille", "usage_ia", "l’IA", MEASURE, USES_AI)
generative_by_size = by_size(
    "generative-taille",
    "usage_generative",
    "l’IA générative",
    "Part des entreprises utilisant l’IA générative, de façon régulière ou occasionnelle",
    "utilisent l’IA générative",
)
change_by_size = change_by("taille", "Taille", Noun("taille", "tailles", feminine=True))
change_by_sector = change_by("secteur", "Secteur", Noun("secteur", "secteurs"))
technologies = bars(
    "technologies",
    "technologies",
    "Technologie",
    "Part des entreprises utilisant chaque technologie d’IA",
    "{value} des entreprises utilisent une IA pour « {label} »",
    top("premier usage de l’IA", "Les usages les plus répandus"),
)
functions = bars(
    "fonctions",
    "fonctions",
    "Fonction",
    "Part des entreprises utilisatrices se servant de l’IA dans chaque fonction",
    "{value} des entreprises utilisatrices se servent de l’IA pour « {label} »",
    top("première fonction servie par l’IA", "Les fonctions les plus servies par l’IA"),
)
rules = bars(
    "cadre",
    "cadre",
    "Règle",
    "Part des entreprises utilisatrices ayant fixé chaque règle",
    "{value} des entreprises utilisatrices répondent « {label} »",
    share(
        "cadre_fixe",
        ("a fixé une règle d’usage", "ont fixé une règle d’usage"),
        "Les règles fixées pour l’usage de l’IA",
    ),
)
gains = answers(
    "gains",
    "gains",
    "Résultat",
    "Résultats de l’IA constatés ou non par les entreprises utilisatrices",
    "observe",
    "« {name} » : {value} des entreprises utilisatrices constatent ce résultat",
    top("premier résultat constaté", "Les résultats les plus constatés"),
)
work_effects = answers(
    "travail",
    "travail",
    "Effet",
    "Évolution du travail depuis l’arrivée de l’IA, selon les entreprises utilisatrices",
    "moins",
    "« {name} » : {value} des entreprises utilisatrices constatent une baisse",
    share(
        "travail__temps__moins",
        ("voit reculer les tâches répétitives", "voient reculer les tâches répétitives"),
        "Ce que l’IA change dans le travail",
    ),
)
barriers = bars(
    "freins",
    "freins",
    "Frein",
    "Part des entreprises citant chaque frein, parmi celles qui ont envisagé l’IA sans l’utiliser",
    "parmi ces entreprises, {value} citent « {label} »",
    top("premier frein", "Les freins les plus cités"),
)
needs = bars(
    "besoins",
    "besoins",
    "Besoin",
    "Part des entreprises citant chaque besoin d’accompagnement",
    "{value} des entreprises citent « {label} »",
    top("premier besoin", "Les besoins les plus cités"),
)
schemes = answers(
    "dispositifs",
    "dispositifs",
    "Dispositif",
    "Recours aux dispositifs régionaux et notoriété",
    "inconnu",
    "{value} des entreprises ne connaissent pas « {name} »",
    top("dispositif le moins connu", "Les dispositifs les moins connus"),
)
