"""Who may answer: tokens (hashed) and contact data, apart from the answers.

One row a person: the SHA-256 of their token, the random `identifier` of their answers, and, for who
was invited, the unit of the sampling frame and its contact data.

Why the hash stands here and not with the answers. Whoever held the answers and the hashes could try
a link found in a mailbox or a letter and read what its owner said; here, the answers alone lead to
nobody, whatever else is known, and the contacts alone say nothing. Both files are needed, and that
is what the server has. A token holds 128 random bits: it cannot be found from its hash by trying,
so a fast hash without salt is enough.

When the contacts are deleted (`delete_all`), so are the hashes: links open nothing any more, and
nothing ties an answer to a person, in our files at least: a sampling file that keeps `token` beside
the name of the unit must be cut too.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from survey.collection.databases import Database
from survey.collection.security import hash_token

TABLES = MetaData()
PEOPLE = Table(
    "people",
    TABLES,
    Column("identifier", String(64), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("unit", String(200), unique=True),
    Column("details", JSON, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may answer; `unit` is None for who came without invitation.

    `withdrawn`: they took their answers back; their link opens nothing any more.
    """

    identifier: str
    token_hash: str
    unit: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def invited(self) -> bool:
        """Whether the person was drawn and received a link."""
        return self.unit is not None


class ContactStore:
    """People in one database, apart from the answers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self) -> None:
        """Create the table where it is missing."""
        self.database.create(TABLES)

    def add(self, people: Sequence[Person]) -> None:
        """Add people, all or none."""
        if people:
            with self.database.writing() as connection:
                connection.execute(insert(PEOPLE), [_values(person) for person in people])

    def open_to(self, token: str) -> Person:
        """The person holding this token, added when unknown: whoever comes without invitation."""
        known = self.find(token)
        if known is not None:
            return known
        newcomer = Person(secrets.token_hex(16), hash_token(token))
        try:
            self.add([newcomer])
        except IntegrityError:  # added meanwhile by another request of the same person
            return self.find(token) or newcomer
        return newcomer

    def find(self, token: str) -> Person | None:
        """The person holding this token."""
        return self._first(PEOPLE.c.token_hash == hash_token(token))

    def find_unit(self, unit: str) -> Person | None:
        """The person invited for this unit of the sampling frame."""
        return self._first(PEOPLE.c.unit == unit)

    def withdraw(self, person: Person) -> None:
        """Close the link of a person, contact data erased."""
        this = PEOPLE.c.identifier == person.identifier
        with self.database.writing() as connection:
            connection.execute(update(PEOPLE).where(this).values(withdrawn=True, details={}))

    def forget(self, person: Person) -> None:
        """Erase a person, the hash of their link included."""
        with self.database.writing() as connection:
            connection.execute(delete(PEOPLE).where(PEOPLE.c.identifier == person.identifier))

    def invited(self) -> list[Person]:
        """Everyone who was invited, by unit."""
        with self.database.reading() as connection:
            query = select(PEOPLE).where(PEOPLE.c.unit.is_not(None)).order_by(PEOPLE.c.unit)
            return [Person(**row._mapping) for row in connection.execute(query)]

    def count(self) -> int:
        """How many people there are."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(PEOPLE)).scalar_one()

    def delete_all(self) -> int:
        """Erase everyone, tokens included; how many there were."""
        with self.database.writing() as connection:
            return connection.execute(delete(PEOPLE)).rowcount

    def _first(self, condition: Any) -> Person | None:
        with self.database.reading() as connection:
            row = connection.execute(select(PEOPLE).where(condition)).first()
            return None if row is None else Person(**row._mapping)


def _values(person: Person) -> dict[str, Any]:
    return {column.name: getattr(person, column.name) for column in PEOPLE.columns}
