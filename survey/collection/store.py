"""The answers: one row a person, replaced whole in one transaction.

`identifier` is random and says nothing of the person; who it belongs to stands in
`survey.collection.contacts`, in another file. There is no address of a machine, no browser, no
secret and no hash of one here: with the answers alone, not even the owner of a personal link can be
found. The only paradata is the number of seconds spent on each page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    MetaData,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from survey.collection.databases import Database, StorageError

TABLES = MetaData()
RESPONSES = Table(
    "responses",
    TABLES,
    Column("identifier", String(64), primary_key=True),
    Column("invited", Boolean, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("drafts", JSON, nullable=False),
    Column("seconds", JSON, nullable=False),
    Column("counted", DateTime),
    Column("submitted", DateTime),
)
ABOUT = Table("about", TABLES, Column("questionnaire", String(80), primary_key=True))


@dataclass(frozen=True, slots=True)
class Response:
    """What one person has said so far.

    `answers`: columns of `survey.columns` reached so far. `drafts`: by page, the fields typed that
    could not all be taken (`fields`), and whether the page was saved for later (`partial`).
    `seconds`: by page. `counted`: until when time is counted (UTC, without zone), None once
    submitted. `submitted`: when the answers were sent (UTC, without zone).
    """

    identifier: str
    invited: bool
    answers: dict[str, Any] = field(default_factory=dict)
    drafts: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    counted: datetime | None = None
    submitted: datetime | None = None


class ResponseStore:
    """Answers in one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self, questionnaire: str) -> None:
        """Create the tables where they are missing, for this questionnaire alone.

        Raises
        ------
        StorageError : the base already holds the answers to another questionnaire
        """
        self.database.create(TABLES)
        with self.database.writing() as connection:
            found = connection.execute(select(ABOUT.c.questionnaire)).scalar()
            if found is None:
                connection.execute(insert(ABOUT).values(questionnaire=questionnaire))
            elif found != questionnaire:
                raise StorageError(
                    f"base : elle contient les réponses au questionnaire « {found} », et non à "
                    f"« {questionnaire} ». Donnez une autre base à cette campagne."
                )

    def begin(self, identifier: str, *, invited: bool) -> None:
        """Open the answers of a person; nothing happens when they are open already."""
        row = Response(identifier, invited)
        try:
            with self.database.writing() as connection:
                if _find(connection, identifier) is None:
                    connection.execute(insert(RESPONSES).values(_values(row)))
        except IntegrityError:
            return  # opened meanwhile by another request

    def find(self, identifier: str) -> Response | None:
        """The answers of a person, None when they have not begun or have withdrawn."""
        with self.database.reading() as connection:
            return _find(connection, identifier)

    def change(self, identifier: str, change: Callable[[Response], Response]) -> Response | None:
        """Replace the answers of a person by `change(answers)`; the result is durable.

        Two changes at once are made one after the other. None when there is nothing to change.
        """
        with self.database.writing() as connection:
            found = _find(connection, identifier, locked=True)
            if found is None:
                return None
            changed = change(found)
            if changed != found:
                this = RESPONSES.c.identifier == identifier
                connection.execute(update(RESPONSES).where(this).values(_values(changed)))
        return changed

    def delete(self, identifier: str) -> bool:
        """Erase the answers of a person; False when there were none."""
        with self.database.writing() as connection:
            this = RESPONSES.c.identifier == identifier
            return connection.execute(delete(RESPONSES).where(this)).rowcount > 0

    def delete_all(self) -> int:
        """Erase every answer; how many there were."""
        with self.database.writing() as connection:
            return connection.execute(delete(RESPONSES)).rowcount

    def all(self) -> list[Response]:
        """Every person's answers, by identifier: the order tells nothing of who answered when."""
        with self.database.reading() as connection:
            rows = connection.execute(select(RESPONSES).order_by(RESPONSES.c.identifier))
            return [_response(row) for row in rows]


def _find(connection: Connection, identifier: str, *, locked: bool = False) -> Response | None:
    query = select(RESPONSES).where(RESPONSES.c.identifier == identifier)
    row = connection.execute(query.with_for_update() if locked else query).first()
    return None if row is None else _response(row)


def _response(row: Row) -> Response:
    return Response(**row._mapping)


def _values(response: Response) -> dict[str, Any]:
    return {column.name: getattr(response, column.name) for column in RESPONSES.columns}
