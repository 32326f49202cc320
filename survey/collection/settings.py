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
from survey.collection.copies import forget_person
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
    kept. Limits of the open mode: new answers an hour from one address, and in all. `private`: the
    folder of the campaign whose files copy answers and contacts (`survey.collection.copies`).
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
    private: Path | None = None

    @property
    def is_https(self) -> bool:
        """Whether the public address is in https."""
        return urlsplit(self.address).scheme == "https"

    @property
    def is_file(self) -> bool:
        """Whether answers are in a file of ours: else the server of the base keeps a log too."""
        return self.base.startswith("sqlite")

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
    """Answers on one side, who may answer on the other; `private` as in `Settings`."""

    responses: ResponseStore
    contacts: ContactStore
    private: Path | None = None

    def close(self) -> None:
        """Close both."""
        self.responses.database.close()
        self.contacts.database.close()


def erase(stores: Stores, person: Person) -> bool:
    """Erase the answers and the contact data of a person; False when they had no answers.

    When it returns, no byte of them is in the base (`Database.compact` says what is out of reach)
    nor in the copies of the campaign's folder. Of who was invited there remain the unit, the hash
    of the link and that it is closed: nobody writes to them again. The link is closed first, so
    that nothing more comes in, and who came without invitation is forgotten last: after a failure
    all may be done again.
    """
    stores.contacts.withdraw(person)
    had_answers = stores.responses.delete(person.identifier)
    stores.responses.database.compact()
    if stores.private:
        forget_person(stores.private, person.identifier, person.unit)
    if not person.invited:
        stores.contacts.forget(person)
    stores.contacts.database.compact()
    return had_answers


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
    stores = Stores(responses, contacts, settings.private)
    edition = questionnaire.edition or "toutes éditions"
    try:
        responses.create(f"{questionnaire.code} ({edition})")
        contacts.create()
    except StorageError:
        stores.close()
        raise
    return stores
