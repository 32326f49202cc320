"""Where answers and contacts are kept: SQLite by default, PostgreSQL by one address.

An address is an SQLAlchemy URL. In SQLite each store is a file; in PostgreSQL each is a schema.
A transaction that is committed survives `kill -9` and a power cut: SQLite runs in WAL mode with
`synchronous=FULL` (each commit is flushed to the disk), PostgreSQL with its own default.

What is deleted stays in the files until `Database.compact`. In SQLite, the journal keeps former
states of a page until it is truncated, and a page that was rearranged may keep shreds of its former
rows: the file is written anew and the journal emptied, with the server running. In PostgreSQL a
plain `VACUUM` only lets the room be used again; `VACUUM FULL` writes the table, its long values and
its indexes anew. What it cannot reach: the write-ahead log (`pg_wal`) until its segments are used
again, log archives, replicas, backups. Nor does anything here reach copies of the files, or the
blocks that a file system or a disk has freed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from survey.errors import SurveyError

PATIENCE = 30  # seconds before a write gives up, when another process is writing
PAUSE = 0.2  # seconds between two attempts, while an older transaction is under way
KEPT_CONNECTIONS = 10
NOT_ERASED = (
    "base : ce qui est effacé n’a pas encore quitté les fichiers, parce qu’une autre commande lit "
    "la base ou que le disque est plein. Attendez qu’elle finisse, puis recommencez l’effacement."
)
# A table written anew keeps no row deleted before the oldest transaction under way, and says which.
ERASED = text(
    "SELECT age(relfrozenxid) <= age(CAST(:moment AS xid)) FROM pg_class "
    "WHERE oid = CAST(:name AS regclass)"
)


class StorageError(SurveyError):
    """The base of answers or of contacts cannot be used; the message holds no secret."""


class Database:
    """One store: a connection pool, and its transactions."""

    def __init__(self, address: str, schema: str) -> None:
        """`schema` is used by PostgreSQL only; the address carries no schema."""
        self.engine = _engine(address, schema)
        self._writer = self.engine.execution_options(writes=True)
        self._schema = schema
        self._tables: list[str] = []
        self._is_file = self.engine.dialect.name == "sqlite"
        self._file = Path(self.engine.url.database).absolute() if self._is_file else None
        self._inode = self._file.stat().st_ino if self._is_file else None
        # SQLite has one writer: threads wait for their turn here rather than by retrying.
        self._turn = Lock() if self._is_file else nullcontext()

    def create(self, tables: MetaData) -> None:
        """Create what is missing; what exists is left as it is."""
        self._tables = list(tables.tables)
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
        """Write anew what is left, so that no byte of what was deleted is in the base's files.

        Other transactions are waited for; see the top of this module for what is out of reach.

        Raises
        ------
        StorageError : not done, because of a reader that does not end or of a full disk; the
            deletion itself is done, and this may be called again
        """
        try:
            is_done = self._compact_file() if self._is_file else self._compact_tables()
        except (OperationalError, sqlite3.OperationalError) as error:
            raise StorageError(NOT_ERASED) from error
        if not is_done:
            raise StorageError(NOT_ERASED)

    def _compact_file(self) -> bool:
        with self._turn, self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            raw.execute("VACUUM")
            return raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0

    def _compact_tables(self) -> bool:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"SET lock_timeout = '{PATIENCE}s'"))
            moment = connection.execute(text("SELECT CAST(txid_current() % 4294967296 AS text)"))
            moment = moment.scalar_one()
            quote = self.engine.dialect.identifier_preparer.quote
            names = [f"{quote(self._schema)}.{quote(name)}" for name in self._tables]
            is_done = all(_written_anew(connection, name, moment) for name in names)
            connection.execute(text("RESET lock_timeout"))
        return is_done

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


# Temporary files of a compaction would hold answers too: they are kept in memory.
SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY")


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
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    """A writer takes its lock at once: a lock asked for later could not be waited for."""
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _written_anew(connection: Connection, name: str, moment: str) -> bool:
    """Write a table of PostgreSQL anew until no row deleted before `moment` is left in it."""
    until = monotonic() + PATIENCE
    while True:
        connection.execute(text(f"VACUUM (FULL) {name}"))
        if connection.execute(ERASED, {"moment": moment, "name": name}).scalar_one():
            return True
        if monotonic() > until:
            return False
        sleep(PAUSE)


@contextmanager
def _said_in_french() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError(
            "base : impossible de l’ouvrir. Vérifiez l’adresse, que le serveur est démarré et que "
            "vous avez le droit d’y créer des tables."
        ) from error
