"""What was decided for the collection of one campaign, and the stores it opens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from survey.collection.contacts import ContactStore, Person
from survey.collection.databases import Database, StorageError, file_address
from survey.collection.store import ResponseStore
from survey.questions import Questionnaire

BASE = "OBSERVATOIRE_BASE"
LOCAL_ADDRESS = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Settings:
    """Decisions of one collection.

    `name` names the schemas of PostgreSQL. `base` and `contacts_base` are SQLAlchemy addresses.
    `address` is the public address: « https » there makes cookies and headers those of https, its
    host is the only one answered to. `is_open`: anyone may answer, without a link. `opens` and
    `closes`: first and last day of answers. `contacts_until` and `answers_until`: last day they are
    kept. Limits of the open mode: new answers an hour from one address, and in all.
    """

    name: str
    base: str
    contacts_base: str
    address: str = LOCAL_ADDRESS
    is_open: bool = False
    opens: date | None = None
    closes: date | None = None
    contacts_until: date | None = None
    answers_until: date | None = None
    is_simulated: bool = False
    starts_an_hour: int = 30
    starts_an_hour_overall: int = 3000

    @property
    def is_https(self) -> bool:
        """Whether the public address is in https."""
        return urlsplit(self.address).scheme == "https"

    @property
    def host(self) -> str:
        """Host of the public address, without port."""
        return urlsplit(self.address).hostname or ""

    def link(self, token: str) -> str:
        """The personal link of a token."""
        return f"{self.address.rstrip('/')}/r/{token}"

    def is_collecting(self, day: date) -> bool:
        """Whether answers are taken on that day."""
        return (self.opens or day) <= day <= (self.closes or day)


@dataclass(frozen=True, slots=True)
class Stores:
    """Answers on one side, who may answer on the other."""

    responses: ResponseStore
    contacts: ContactStore

    def close(self) -> None:
        """Close both."""
        self.responses.database.close()
        self.contacts.database.close()


def erase(stores: Stores, person: Person) -> bool:
    """Erase the answers of a person and close their link; False when they had no answers.

    The link is closed first: nothing more comes in. Can be done again after a failure.
    """
    stores.contacts.withdraw(person)
    return stores.responses.delete(person.identifier)


def default_settings(
    name: str, folder: Path, environment: Mapping[str, str] | None = None
) -> Settings:
    """Settings of a collection kept in `folder`, or in the base that OBSERVATOIRE_BASE names."""
    base = (os.environ if environment is None else environment).get(BASE)
    settings = Settings(
        name, file_address(folder / "reponses.sqlite"), file_address(folder / "contacts.sqlite")
    )
    return with_base(settings, base) if base else settings


def with_base(settings: Settings, base: str) -> Settings:
    """The settings with answers in `base`, contacts beside: a second file, or a second schema."""
    try:
        url = make_url(base)
    except ArgumentError:
        return replace(settings, base=base, contacts_base=base)  # refused when it is opened
    if url.get_backend_name() != "sqlite":
        return replace(settings, base=base, contacts_base=base)
    path = Path(url.database or "reponses.sqlite")
    contacts = path.with_name(f"{path.stem}-contacts{path.suffix}")
    return replace(settings, base=base, contacts_base=file_address(contacts))


def open_stores(settings: Settings, questionnaire: Questionnaire) -> Stores:
    """Open both stores, created where they are missing.

    Raises
    ------
    StorageError : a base that cannot be opened, or that holds another questionnaire
    """
    if settings.base == settings.contacts_base and settings.base.startswith("sqlite"):
        raise StorageError("base : réponses et contacts doivent être dans deux fichiers.")
    schema = settings.name.replace("-", "_")
    responses = ResponseStore(Database(settings.base, schema))
    contacts = ContactStore(Database(settings.contacts_base, f"{schema}_contacts"))
    stores = Stores(responses, contacts)
    edition = questionnaire.edition or "toutes éditions"
    try:
        responses.create(f"{questionnaire.code} ({edition})")
        contacts.create()
    except StorageError:
        stores.close()
        raise
    return stores
