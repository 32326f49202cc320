"""What an edition published, kept so that rebuilding it later is checked against it.

The record stands beside the decisions, in git: a digest an indicator of its cells as they are read
on a page (value, interval, respondents, status). It carries no number, and is not moved by the last
digits of another processor.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from analysis.cells import display
from survey.campaign import Campaign
from survey.errors import SurveyError
from survey.files import write_text
from survey.french import counted

NAME = "parution.json"
READ = ("indicator", "statistic", "domain_type", "domain", "status")


def record(campaign: Campaign) -> str:
    """Keep what the edition publishes now; what was done, in French.

    Raises
    ------
    SurveyError : not estimated yet, or published before with other figures: an edition that has
        come out is not published again in silence
    """
    found = digests(campaign)
    path = campaign.folder / NAME
    if path.is_file() and (changed := differences(read_record(path), found)):
        raise SurveyError(
            f"{path} : cette édition est parue avec d’autres chiffres ({', '.join(changed[:5])}). "
            "S’il s’agit d’une correction, dites-la dans data/errata.yml, effacez ce fichier, puis "
            "relancez la commande."
        )
    write_text(path, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return f"{path} : {counted(len(found), 'indicateur')} de l’édition {campaign.edition}."


def digests(campaign: Campaign) -> dict[str, str]:
    """The digest of each indicator of a campaign, from its published cells."""
    path = campaign.build / "published.parquet"
    if not path.is_file():
        raise SurveyError(f"{path} : édition non estimée. Lancez d’abord observatoire estimer.")
    cells = display(pl.read_parquet(path)).sort(READ)
    columns = [pl.col(*READ, "value", "interval", "n_respondents").cast(pl.String).fill_null("")]
    written = cells.select("family", text=pl.concat_str(*columns, separator="\t"))
    parts = written.group_by("family", maintain_order=True).agg("text").sort("family")
    return {code: _digest(lines) for code, lines in parts.iter_rows()}


def rebuilt_faults(campaign: Campaign) -> list[str]:
    """Indicators whose figures are not those of the record; none where nothing was recorded."""
    path = campaign.folder / NAME
    if not path.is_file():
        return []
    return [
        f"{campaign.edition}, {campaign.population}, « {code} » : les chiffres refaits ne sont pas "
        f"ceux qui sont parus ({path.name})."
        for code in differences(read_record(path), digests(campaign))
    ]


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Codes of the indicators that changed, appeared or went."""
    return sorted(code for code in before.keys() | now.keys() if before.get(code) != now.get(code))


def read_record(path: Path) -> dict[str, str]:
    """The digests of a record.

    Raises
    ------
    SurveyError : the file is not what `record` writes
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SurveyError(f"{path} : ce fichier est abîmé. Reprenez-le dans git.") from error
    if not isinstance(content, dict) or not all(isinstance(each, str) for each in content.values()):
        raise SurveyError(f"{path} : ce fichier est abîmé. Reprenez-le dans git.")
    return content


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
