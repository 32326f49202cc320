"""What each verb of the command line says once it is done."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from analysis.tables import csv_frame
from reports.pipeline import STRANGERS
from survey.campaign import Campaign
from survey.files import write_csv
from survey.formats.intake import ROW_REJECTED
from survey.french import counted, decimal, integer


def import_summary(campaign: Campaign) -> str:
    """Answers taken in, rows set aside by reason, and where to look."""
    responses = pl.read_parquet(campaign.private / "reponses.parquet")
    rejects = pl.read_csv(campaign.private / "rejets.csv", infer_schema=False)
    aside = rejects.filter(decision=ROW_REJECTED).unique("ligne", keep="first", maintain_order=True)
    motive = pl.col("motif").str.split(" (").list.first()
    causes = aside.group_by(motive).len().sort("len", "motif", descending=[True, False])
    lines = [f"{counted(responses.height, 'réponse acceptée')}."]
    lines += [f"  lignes écartées, {cause} : {integer(count)}" for cause, count in causes.rows()]
    lines.append(f"Page de contrôle : {campaign.private / 'controle.html'}")
    lines.append(f"Rejets, avec leur motif : {campaign.private / 'rejets.csv'}")
    return "\n".join(lines)


def weighting_summary(campaign: Campaign) -> str:
    """What each weighting step did, and the largest gap left to a margin."""
    names = {
        "design_weight": "sondage",
        "nonresponse_weight": "non-réponse",
        "calibrated_weight": "calage",
    }
    steps = pl.read_csv(campaign.build / "poids.csv")
    margins = pl.read_csv(campaign.build / "marges.csv", schema_overrides={"category": pl.String})
    lines = [
        f"{names[row['step']]} : {integer(row['n'])} unités, somme {integer(row['sum'])}, poids de "
        f"{decimal(row['min'])} à {decimal(row['max'])}, effet de dispersion "
        f"{decimal(row['kish_deff'], 2)}"
        for row in steps.to_dicts()
    ]
    gaps = (
        margins["nonresponse_weight_gap"].abs().max(),
        margins["calibrated_weight_gap"].abs().max(),
    )
    strangers = pl.read_csv(campaign.private / STRANGERS, infer_schema=False).height
    if strangers:
        lines.append(
            f"Attention : {integer(strangers)} réponses dont le jeton n’est pas dans l’échantillon "
            f"n’ont reçu aucun poids. Leurs numéros : {campaign.private / STRANGERS}"
        )
    lines.append(
        f"Plus grand écart à une marge : {decimal(100 * gaps[0])} % avant calage, "
        f"{decimal(100 * gaps[1], 4)} % après."
    )
    return "\n".join(lines)


def estimation_summary(campaign: Campaign, output: Path | None) -> str:
    """How many cells may be shown; writes them as CSV to `output` when it is given."""
    cells = pl.read_parquet(campaign.build / "published.parquet")
    counts = dict(cells["status"].value_counts().rows())
    words = {
        "ok": "diffusables",
        "fragile": "fragiles, diffusables avec une marque",
        "nd": "non diffusables : trop peu de réponses, intervalle trop large ou secret d’autres",
        "secret": "couvertes par le secret statistique",
    }
    lines = [f"{integer(cells.height)} estimations :"]
    lines += [f"  {integer(counts[key])} {text}" for key, text in words.items() if key in counts]
    if output:
        data = csv_frame(cells, simulated=campaign.decisions.simulee)
        write_csv(data, output, simulated=campaign.decisions.simulee)
        lines.append(f"Résultats écrits : {output}")
    return "\n".join(lines)
