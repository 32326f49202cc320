"""What `observatoire collecter` does for one campaign; each returns what is to be said, in French.

A campaign's answers stand in `private/collecte/` (SQLite), or where OBSERVATOIRE_BASE or `base:` of
`campaign.yml` says (PostgreSQL).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl
from rich.console import Group

from survey.campaign import Campaign, OnlineForm
from survey.collection.copies import COLLECTED, LINKS, REMINDERS
from survey.collection.export import collected_responses
from survey.collection.invitations import invite, reminders, write_links
from survey.collection.monitoring import collection_status, show_status
from survey.collection.pages import make_form
from survey.collection.retention import purge, withdraw
from survey.collection.server import serve
from survey.collection.settings import (
    BASE,
    Settings,
    Stores,
    default_settings,
    open_stores,
    with_base,
)
from survey.errors import SurveyError
from survey.files import write_parquet
from survey.french import counted, typography
from survey.questionnaire import load_questionnaire
from survey.questions import Questionnaire

FOLDER = "collecte"


@dataclass(frozen=True, slots=True)
class Collecting:
    """The questionnaire of a campaign, its settings, its open stores."""

    questionnaire: Questionnaire
    settings: Settings
    stores: Stores


def collection_settings(campaign: Campaign) -> Settings:
    """The settings of a campaign, from `collecte:` and `collecteur:` of its `campaign.yml`."""
    decisions = campaign.decisions
    online, dates = decisions.collecteur or OnlineForm(), decisions.collecte
    name = f"{campaign.population}_{campaign.edition}"
    settings = default_settings(name, campaign.private / FOLDER)
    if online.base and not os.environ.get(BASE):
        settings = with_base(settings, online.base)
    return replace(
        settings,
        address=online.adresse,
        is_open=online.acces == "ouvert",
        opens=dates.debut if dates else None,
        closes=dates.fin if dates else None,
        contacts_until=online.contacts_jusqu_au,
        answers_until=online.reponses_jusqu_au,
        is_simulated=decisions.simulee,
        private=campaign.private,
    )


@contextmanager
def open_collection(campaign: Campaign) -> Iterator[Collecting]:
    """The collection of a campaign, created where it is missing, closed at the end.

    Raises
    ------
    SurveyError : the campaign has no questionnaire, or its base cannot be opened
    """
    if campaign.decisions.questionnaire is None:
        raise SurveyError(
            f"{campaign.folder} : cette campagne n’a pas de questionnaire ; rien n’est à collecter."
        )
    path = campaign.resolve(campaign.decisions.questionnaire)
    questionnaire = load_questionnaire(path, campaign.edition)
    settings = collection_settings(campaign)
    stores = open_stores(settings, questionnaire)
    try:
        yield Collecting(questionnaire, settings, stores)
    finally:
        stores.close()


def prepare(campaign: Campaign) -> str:
    """Create the stores; say where they are."""
    with open_collection(campaign) as collecting:
        pages = len(make_form(collecting.questionnaire).pages)
        where = "PostgreSQL" if "postgresql" in collecting.settings.base else FOLDER_SAID
        return typography(
            f"Le questionnaire est prêt : {counted(pages, 'page')}, réponses gardées dans {where}."
        )


FOLDER_SAID = f"private/{FOLDER}/"


def invite_units(campaign: Campaign, sample: pl.DataFrame) -> str:
    """Give a personal link to each unit of the sample that has none; write `private/liens.csv`."""
    with open_collection(campaign) as collecting:
        given = invite(sample, collecting.stores, collecting.settings, _links(campaign))
    return typography(
        f"{counted(given, 'lien personnel donné')}, dans private/{LINKS}. Ce fichier ouvre les "
        "questionnaires : ne l’envoyez à personne, effacez-le après l’envoi des relances."
    )


def write_reminders(campaign: Campaign) -> str:
    """Write to `private/relances.csv` the links of who has neither sent nor withdrawn answers."""
    with open_collection(campaign) as collecting:
        waiting = reminders(collecting.stores, _links(campaign))
    write_links(waiting, campaign.private / REMINDERS)
    return typography(f"{counted(waiting.height, 'relance')} à envoyer, dans private/{REMINDERS}.")


def serve_collection(
    campaign: Campaign, *, host: str = "127.0.0.1", port: int = 8000, behind_proxy: bool = False
) -> None:
    """Serve the questionnaire until it is stopped; see `survey.collection.server.serve`."""
    with open_collection(campaign) as collecting:
        serve(
            collecting.settings,
            collecting.questionnaire,
            collecting.stores,
            host=host,
            port=port,
            behind_proxy=behind_proxy,
        )


def show_collection(
    campaign: Campaign, sample: pl.DataFrame | None, targets: pl.DataFrame | None = None
) -> Group:
    """The monitoring page; see `survey.collection.monitoring.collection_status`."""
    with open_collection(campaign) as collecting:
        form = make_form(collecting.questionnaire)
        return show_status(collection_status(collecting.stores, form, sample, targets))


def withdraw_answers(campaign: Campaign, who: str) -> str:
    """Erase the answers of who has this code, this link or this unit."""
    with open_collection(campaign) as collecting:
        had_answers = withdraw(collecting.stores, who)
        is_file = collecting.settings.is_file
    done = "Les réponses sont effacées" if had_answers else "Cette personne n’avait rien répondu"
    where = "de la base et des fichiers de private/" if is_file else POSTGRESQL_KEEPS
    return typography(
        f"{done}, le lien est fermé. Rien n’en reste dans les fichiers {where}. Effacez vous-même "
        "les copies faites ailleurs ; si les réponses étaient déjà redressées, relancez "
        "observatoire redresser, puis estimer."
    )


POSTGRESQL_KEEPS = (
    "de private/ ni dans les tables ; le journal de PostgreSQL (pg_wal), ses archives et ses "
    "sauvegardes en gardent trace jusqu’à leur renouvellement"
)


def purge_collection(campaign: Campaign, today: date) -> str:
    """Erase what the dates decided say; to be run every day."""
    with open_collection(campaign) as collecting:
        return str(purge(collecting.stores, collecting.settings, today))


def export_collected(campaign: Campaign) -> tuple[pl.DataFrame, Path]:
    """Write every answer to `private/reponses-en-ligne.parquet`; the frame and the file.

    Its owner alone can read it.
    Keep `complete` rows alone for the pipeline: an unfinished answer is null where not reached.
    """
    path = campaign.private / COLLECTED
    with open_collection(campaign) as collecting:
        frame = collected_responses(collecting.stores.responses, collecting.questionnaire)
    write_parquet(frame, path, simulated=campaign.decisions.simulee, owner_only=True)
    return frame, path


def _links(campaign: Campaign) -> Path:
    return campaign.private / LINKS
