"""Where answers and contacts are kept: SQLite by default, PostgreSQL by one address.

An address is an SQLAlchemy URL. In SQLite each store is a file; in PostgreSQL each is a schema.
A transaction that is committed survives `kill -9` and a power cut: SQLite runs in WAL mode with
`synchronous=FULL` (each commit is flushed to the disk), PostgreSQL with its own default. What is
deleted is overwritten (`secure_delete`), not only forgotten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from survey.errors import SurveyError

PATIENCE = 30  # seconds before a write gives up, when another process is writing
KEPT_CONNECTIONS = 10


class StorageError(SurveyError):
    """The base of answers or of contacts cannot be used; the message holds no secret."""


class Database:
    """One store: a connection pool, and its transactions."""

    def __init__(self, address: str, schema: str) -> None:
        """`schema` is used by PostgreSQL only; the address carries no schema."""
        self.engine = _engine(address, schema)
        self._writer = self.engine.execution_options(writes=True)
        self._schema = schema
        self._is_file = self.engine.dialect.name == "sqlite"
        self._file = Path(self.engine.url.database).absolute() if self._is_file else None
        self._inode = self._file.stat().st_ino if self._is_file else None
        # SQLite has one writer: threads wait for their turn here rather than by retrying.
        self._turn = Lock() if self._is_file else nullcontext()

    def create(self, tables: MetaData) -> None:
        """Create what is missing; what exists is left as it is."""
        with _said_in_french(), self.writing() as connection:
            if not self._is_file:
                connection.execute(CreateSchema(self._schema, if_not_exists=True))
            tables.create_all(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """What only reads: one statement, since SQLite gives no transaction here."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: durable when the block ends, undone when it raises.

        Raises
        ------
        StorageError : the file was removed or replaced: what is written would be lost
        """
        with self._turn, self._writer.begin() as connection:
            yield connection
            self._check_in_place()

    def compact(self) -> None:
        """Give back the room of what was deleted, journal included (SQLite; PostgreSQL does)."""
        if self._is_file:
            with self._turn, self.engine.connect() as connection:
                raw = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raw.execute("VACUUM")
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _check_in_place(self) -> None:
        """A file that was removed can be written to as long as it is open: all would be lost."""
        if self._is_file and not (self._file.exists() and self._file.stat().st_ino == self._inode):
            raise StorageError(
                f"base : le fichier {self._file.name} a été retiré ou remplacé pendant que le "
                "questionnaire est en ligne. Remettez-le, puis relancez le serveur."
            )


def file_address(path: Path) -> str:
    """Address of an SQLite file."""
    return f"sqlite:///{path.absolute()}"


def _engine(address: str, schema: str) -> Engine:
    try:
        url = make_url(address)
        options = {"pool_size": KEPT_CONNECTIONS, "hide_parameters": True}
        if url.get_backend_name() == "sqlite":
            if not url.database or url.database == ":memory:":
                raise StorageError("base : une base SQLite doit être un fichier.")
            _prepare_file(Path(url.database))
            options["connect_args"] = {"timeout": PATIENCE, "check_same_thread": False}
        else:
            options["execution_options"] = {"schema_translate_map": {None: schema}}
            options["pool_pre_ping"] = True  # the server may have been restarted meanwhile
        engine = create_engine(url, pool_timeout=PATIENCE, max_overflow=KEPT_CONNECTIONS, **options)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StorageError(
            "base : cette adresse ne désigne pas une base que l’on sait ouvrir. Écrivez "
            "« sqlite:////chemin/reponses.sqlite » ou « postgresql://utilisateur@serveur/base » "
            "(pour PostgreSQL, installez l’option « postgresql » du projet)."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_file)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare_file(path: Path) -> None:
    """Answers are read by their owner alone; SQLite gives its journal the rights of the file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)  # put back from a copy, it may have had other rights
    except OSError as error:
        raise StorageError(
            f"base : impossible de créer ou d’ouvrir {path}. Vérifiez que ce dossier vous "
            "appartient et que le disque n’est pas plein."
        ) from error


def _open_file(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    """A writer takes its lock at once: a lock asked for later could not be waited for."""
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _said_in_french() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError(
            "base : impossible de l’ouvrir. Vérifiez l’adresse, que le serveur est démarré et que "
            "vous avez le droit d’y créer des tables."
        ) from error
