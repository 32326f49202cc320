"""What the gate withholds stays unknown, whoever the base leaves in the domains."""

import numpy as np
import polars as pl

from analysis.disclosure import GateSpec
from analysis.estimation import Domain
from analysis.indicators import domains, exclusive_groups, read_registry
from analysis.publication import published_cells
from reports import pipeline
from reports.samples import with_places
from survey.campaign import load_campaign
from survey.routing import parse, to_polars
from survey.source import Source
from survey.territories import LEVELS

WITHHELD = ("nd", "secret")
SIZES = {"type": "taille", "label": "Taille", "by": "taille"}


def belongs(rows: pl.DataFrame, cut: Domain, name: str) -> np.ndarray:
    """1 for each row in the domain, 0 elsewhere."""
    if cut.by is None:
        return np.ones(rows.height)
    value = rows.select(domain=cut.by)["domain"]
    inside = value if value.dtype == pl.Boolean else value.cast(pl.String) == name
    return inside.fill_null(False).cast(pl.Float64).to_numpy()


def test_a_base_that_empties_a_domain_gives_nothing_away(estimated):
    """Two sizes shown and one withheld, the fourth being out of the base: their sum would tell."""
    campaign = load_campaign(estimated / "campaigns" / "2026" / "entreprises", estimated)
    published = pl.read_parquet(campaign.build / "published.parquet")
    answers = pl.read_parquet(campaign.private / "reponses.parquet")
    weights = pl.read_parquet(campaign.private / "poids.parquet")
    rows = answers.join(with_places(weights, LEVELS[1:], estimated), on="token")
    questionnaire = pipeline.questionnaire_of(campaign)
    registry = pipeline.registry_of(campaign, questionnaire)
    cuts = domains(registry, questionnaire)
    checked = 0
    places = {}  # by base, who is in each domain
    for indicator in registry.indicators:
        inside = rows.filter(to_polars(parse(indicator.base), questionnaire))
        cells = published.filter(indicator=indicator.code, statistic=indicator.statistic).sort(
            "domain_order"
        )
        vectors = places.get(indicator.base) or {
            (cut.domain_type, name): belongs(inside, cut, name)
            for cut in cuts
            for name in cells.filter(domain_type=cut.domain_type)["domain"]
        }
        places[indicator.base] = vectors
        shown = cells.filter(~pl.col("status").is_in(WITHHELD)).select("domain_type", "domain")
        hidden = cells.filter(pl.col("status").is_in(WITHHELD)).select("domain_type", "domain")
        if shown.is_empty():
            continue
        basis = np.array([vectors[key] for key in shown.rows()]).T
        secrets = [key for key in hidden.rows() if vectors[key].any()]  # else nobody is there
        if not secrets:
            continue
        told = np.array([vectors[key] for key in secrets]).T
        part = np.linalg.lstsq(basis, told, rcond=None)[0]
        gap = np.abs(basis @ part - told).max(axis=0)
        assert (gap > 0.01).all(), (indicator.code, secrets[gap.argmin()])
        checked += len(secrets)
    assert checked > 100


def test_a_share_and_its_total_are_withheld_together(estimated):
    published = pl.read_parquet(estimated / "_build" / "2026" / "entreprises" / "published.parquet")
    both = published.filter(indicator="usage_ia").pivot(
        on="statistic", index=["domain_type", "domain"], values="status"
    )
    assert both.height > 20
    hidden = both.select(pl.col("share", "total").is_in(WITHHELD))
    assert hidden["share"].to_list() == hidden["total"].to_list()
    assert hidden["share"].any()


def test_complements_are_protected_together(estimated):
    campaign = load_campaign(estimated / "campaigns" / "2026" / "entreprises", estimated)
    questionnaire = pipeline.questionnaire_of(campaign)
    registry = pipeline.registry_of(campaign, questionnaire)
    assert ["cadre_fixe", "cadre__aucune"] in exclusive_groups(registry)
    published = pl.read_parquet(campaign.build / "published.parquet")
    pair = published.filter(
        pl.col("indicator").is_in(["cadre_fixe", "cadre__aucune"]),
        ~pl.col("status").is_in(WITHHELD),
    )
    sums = pair.group_by("domain_type", "domain").agg(pl.col("estimate").sum(), pl.len())
    assert sums["len"].unique().to_list() == [2]  # one is never shown without the other
    assert (sums["estimate"] - 1).abs().max() < 1e-9


def test_cells_outside_the_base_are_not_published(estimated):
    campaign = load_campaign(estimated / "campaigns" / "2026" / "entreprises", estimated)
    questionnaire = pipeline.questionnaire_of(campaign)
    content = {
        "population": "entreprises",
        "scope": {
            "short": "entreprises",
            "field": "entreprises",
            "unit": "L’une.",
            "covers": "Toutes.",
        },
        "domains": [{"type": "ensemble", "label": "Ensemble"}, SIZES],
        "indicators": [
            {
                "code": "a",
                "title": "A",
                "theme": "usages",
                "base": "employeuses",
                "condition": "internet = oui",
            }
        ],
    }
    registry = read_registry(Source("essai.yml", {}, content), questionnaire, questionnaire)
    answers = pl.read_parquet(campaign.private / "reponses.parquet")
    rows = answers.join(pl.read_parquet(campaign.private / "poids.parquet"), on="token")
    design = pipeline.SurveyDesign(stratum="stratum", stratum_size="stratum_size")
    estimates, published = published_cells(rows, design, registry, questionnaire, GateSpec(), 2026)
    assert "0" in estimates["domain"].to_list()
    assert "0" not in published["domain"].to_list()
