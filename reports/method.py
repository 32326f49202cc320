"""The tables of the method page and of the quality reports, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from reports.edition import Edition, markdown_table
from reports.pages.page import escaped
from reports.quality import (
    PopulationQuality,
    named_variable,
    precision_by_domain,
    precision_of,
    response_of,
)
from survey import prose
from survey.campaign import Thresholds
from survey.french import counted, decimal, integer, lowered, percent, typography
from survey.reference import read_margins

STEPS = {
    "design_weight": "Poids de sondage",
    "nonresponse_weight": "Après correction de la non-réponse",
    "calibrated_weight": "Poids final, après calage",
}
METHODS = {
    "lineaire": "méthode linéaire",
    "raking": "*raking ratio*",
    "logit": "méthode logit, poids bornés",
    "tronque": "méthode linéaire tronquée, poids bornés",
}
OUTCOMES = {
    "partial": ("réponse incomplète", "réponses incomplètes"),
    "refusal": ("refus", "refus"),
    "no_answer": ("unité sans nouvelle", "unités sans nouvelle"),
    "out_of_scope": ("unité hors champ", "unités hors champ"),
}
MOST_ITEMS = 8


def response_table(edition: Edition, declared: PopulationQuality) -> str:
    """Units drawn and answers by category of the variable that the fieldwork is followed by."""
    table = edition.table("collecte")
    variable = table.columns[0]
    labels = declared.categories.get(variable) or category_labels(edition, variable)
    order = {code: rank for rank, code in enumerate(labels)}
    rows = [
        [
            typography(labels.get(str(row[variable]), str(row[variable]))),
            integer(row["n_sampled"]),
            integer(row["n_complete"]),
            percent(row["response_rate"]) if row["response_rate"] is not None else "–",
        ]
        for row in sorted(
            table.to_dicts(), key=lambda row: order.get(str(row[variable]), len(order))
        )
    ]
    whole = response_of(edition)
    rows.append(
        ["**Ensemble**", integer(whole.drawn), integer(whole.complete), percent(whole.rate)]
    )
    header = (
        named_variable(declared, variable),
        "Unités tirées",
        "Réponses complètes",
        "Taux de réponse",
    )
    return markdown_table(header, rows, numbers=3)


def category_labels(edition: Edition, variable: str) -> dict[str, str]:
    """Label by code of the categories of a variable, in order: of a breakdown, else of a margin.

    Empty when neither knows the variable: its codes are then shown as they are.
    """
    cuts = [each.type for each in edition.file.domains if variable in (each.type, each.by)]
    found = edition.cells.filter(pl.col("domain_type").is_in(cuts[:1])).sort("domain_order")
    if not found.is_empty():
        return dict(found.select("domain", "label").unique(maintain_order=True).rows())
    campaign = edition.campaign
    margins = read_margins(campaign.resolve(campaign.decisions.redressement.marges))
    return dict(margins.filter(variable=variable).select("modalite", "libelle").rows())


def response_overview(editions: Mapping[str, Edition]) -> str:
    """Drawn, answered, rate and fieldwork of each population."""
    rows = []
    for edition in editions.values():
        found = response_of(edition)
        rows.append(
            [
                escaped(edition.file.name),
                integer(found.drawn),
                integer(found.complete),
                percent(found.rate),
            ]
        )
    header = ("Population", "Unités tirées", "Réponses complètes", "Taux de réponse")
    return markdown_table(header, rows, numbers=3)


def precision_overview(editions: Mapping[str, Edition]) -> str:
    """Typical margin of error and what is shown, by population."""
    rows = []
    for edition in editions.values():
        found = precision_of(edition)
        rows.append(
            [
                escaped(edition.file.name),
                f"± {decimal(100 * found.half_width)}",
                percent(found.shown / found.cells),
                percent(found.fragile / found.cells),
                percent(found.withheld / found.cells),
            ]
        )
    header = ("Population", "Marge (points)", "Sans réserve", "Fragiles", "Non diffusés")
    return markdown_table(header, rows, numbers=4)


def domains_table(edition: Edition) -> str:
    """What can be shown of each breakdown."""
    rows = [
        [
            escaped(row["label"]),
            integer(row["domains"]),
            integer(row["cells"]),
            percent(row["ok"]),
            percent(row["fragile"]),
            percent(row["withheld"]),
            f"± {decimal(100 * row['half_width'])}" if row["half_width"] is not None else "–",
        ]
        for row in precision_by_domain(edition).to_dicts()
    ]
    header = (
        *("Découpage", "Groupes", "Chiffres", "Sans réserve", "Fragiles", "Non diffusés"),
        "Marge (points)",
    )
    return markdown_table(header, rows, numbers=6)


def weights_table(edition: Edition) -> str:
    """What each weighting step did."""
    rows = [
        [
            STEPS.get(row["step"], row["step"]),
            integer(row["n"]),
            integer(row["sum"]),
            decimal(row["min"]),
            decimal(row["max"]),
            decimal(row["kish_deff"], 2),
        ]
        for row in edition.table("poids").to_dicts()
    ]
    header = ("Étape", "Unités", "Somme", "Minimum", "Maximum", "Effet de la dispersion")
    return markdown_table(header, rows, numbers=5)


def margins_table(edition: Edition, declared: PopulationQuality) -> str:
    """Largest gaps to the official totals before and after calibration, by margin variable."""
    gaps = (
        edition.table("marges")
        .group_by("variable", maintain_order=True)
        .agg(
            pl.len().alias("categories"),
            pl.col("total").sum(),
            pl.col("nonresponse_weight_gap").abs().max(),
            pl.col("calibrated_weight_gap").abs().max(),
        )
    )
    rows = [
        [
            named_variable(declared, row["variable"]),
            integer(row["categories"]),
            integer(row["total"]),
            *(
                percent(row[f"{step}_gap"], 1) if row[f"{step}_gap"] is not None else "–"
                for step in ("nonresponse_weight", "calibrated_weight")
            ),
        ]
        for row in gaps.to_dicts()
    ]
    header = ("Marge", "Catégories", "Total officiel", "Plus grand écart avant", "Après")
    return markdown_table(header, rows, numbers=4)


def items_table(edition: Edition) -> str:
    """The questions most often left blank, then how often « Ne sait pas » was said."""
    rows = [
        [
            typography(row["libelle"]),
            integer(row["n_asked"]),
            percent(row["nonresponse_share"], 1),
            percent(row["dont_know_share"], 1),
        ]
        for row in edition.table("non_reponse")
        .drop_nulls("nonresponse_share")
        .head(MOST_ITEMS)
        .to_dicts()
    ]
    header = ("Question", "Posée à", "Sans réponse", "Ne sait pas")
    return markdown_table(header, rows, numbers=3)


def items_summary(edition: Edition) -> str:
    """How often questions are left blank, in two sentences."""
    shares = edition.table("non_reponse")["nonresponse_share"].drop_nulls()
    if not shares.len():
        return (
            "Aucune question n’a été posée à assez de monde pour mesurer ce qui reste sans réponse."
        )
    return (
        f"Sur {integer(shares.len())} questions ou lignes de tableau, la moitié restent sans "
        f"réponse dans {percent(shares.median(), 1)} des cas ou moins ; la plus délaissée, dans "
        f"{percent(shares.max(), 1)} des cas. Les plus délaissées :"
    )


def outcomes_sentence(edition: Edition) -> str:
    """What became of the units that gave no complete answer: « 12 refus, 1 unité hors champ »."""
    found = response_of(edition)
    counts = [(getattr(found, name), words) for name, words in OUTCOMES.items()]
    return ", ".join(f"{integer(count)} {words[count > 1]}" for count, words in counts if count)


def thresholds_table(thresholds: Thresholds) -> str:
    """When an estimate is shown, marked or withheld."""
    wide = "points de part et d’autre"
    rows = [
        [
            "secret",
            f"moins de {thresholds.secret} répondants, ou une unité à elle seule au-delà de "
            f"{percent(thresholds.dominance)} d’un total",
            "rien",
        ],
        [
            "non diffusé",
            f"moins de {thresholds.repondants} répondants, ou plus de "
            f"{integer(100 * thresholds.demi_intervalle)} {wide}, ou parce qu’il en ferait "
            "connaître un autre",
            "rien",
        ],
        [
            "fragile",
            f"moins de {thresholds.repondants_fragile} répondants, ou plus de "
            f"{integer(100 * thresholds.demi_intervalle_fragile)} {wide}",
            "le chiffre, marqué",
        ],
    ]
    return markdown_table(("Mention", "Quand", "Ce qui est montré"), rows, numbers=0)


def thresholds_by_population(editions: Mapping[str, Edition]) -> list[dict[str, str]]:
    """The rules of publication, once for the populations that share them."""
    groups: dict[Thresholds, list[str]] = {}
    for edition in editions.values():
        groups.setdefault(edition.campaign.decisions.seuils, []).append(edition.file.name)
    return [
        {
            "names": listed(names),
            "table": thresholds_table(rules),
            "cv": percent(rules.cv),
            "cv_fragile": percent(rules.cv_fragile),
            "relative": percent(rules.largeur_relative_fragile),
            "sure": integer(100 * rules.largeur_sure),
            "protection": integer(100 * rules.protection),
        }
        for rules, names in groups.items()
    ]


def listed(names: Sequence[str]) -> str:
    """« Les entreprises, les associations et les habitants »: one capital, at the front."""
    return prose.listed([names[0], *map(lowered, names[1:])], " et")


def breaks_sentence(edition: Edition) -> str:
    """What can be compared with former editions, and which series are broken this year."""
    first = edition.campaign.edition
    series = edition.cells.select("family", "title", "comparable_since", "series_break").unique(
        "family", keep="first", maintain_order=True
    )
    since = series.filter(pl.col("comparable_since") < first).height
    broken = series.filter(pl.col("series_break").is_not_null())
    if not since:
        return "C’est la première édition de ces indicateurs : aucune évolution n’est calculée."
    said = (
        f"{counted(since, 'indicateur')} sur {integer(series.height)} se comparent à une édition "
        "antérieure."
    )
    if broken.is_empty():
        return f"{said} Aucune série n’est rompue."
    names = " ; ".join(f"« {title} »" for title in broken["title"])
    return f"{said} Séries rompues, que rien ne relie à l’édition précédente : {names}."
