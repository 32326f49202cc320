"""Both stores on both bases: nothing lost, nothing mixed, nothing that identifies."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from web_forms import ROUTING, SHAPES

from survey.collection.contacts import Person
from survey.collection.databases import Database, StorageError
from survey.collection.security import hash_token, new_token
from survey.collection.settings import default_settings, erase, open_stores, with_base

ANSWERS = {
    "taille": "10+",
    "effectif": 12,
    "part": 12.5,
    "services__trad": True,
    "remarque": "é\n🙂",
}


def test_answers_come_back_as_they_went_in(stores):
    stores.responses.begin("a", invited=True)
    stores.responses.begin("a", invited=False)  # a second time: nothing happens
    kept = stores.responses.change(
        "a",
        lambda r: replace(
            r,
            answers=ANSWERS,
            drafts={"profil": {"fields": {"taille": ["x"]}, "partial": True}},
            seconds={"profil": 3.5},
            counted=datetime(2026, 3, 1, 10, 0, 1, 500),
            submitted=datetime(2026, 3, 2),
        ),
    )
    assert stores.responses.find("a") == kept
    assert kept.invited and kept.answers == ANSWERS
    assert stores.responses.all() == [kept]
    assert stores.responses.find("b") is None
    assert stores.responses.change("b", lambda r: r) is None
    assert stores.responses.delete("a") and not stores.responses.delete("a")
    assert stores.responses.all() == []


def test_a_change_that_fails_changes_nothing(stores):
    stores.responses.begin("a", invited=False)

    def fail(response):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stores.responses.change("a", fail)
    assert stores.responses.find("a").answers == {}


def test_changes_at_once_are_all_kept(stores):
    stores.responses.begin("a", invited=False)

    def add(rank: int) -> None:
        def change(response):
            return replace(response, answers=response.answers | {f"q{rank}": rank})

        stores.responses.change("a", change)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(100)))
    assert stores.responses.find("a").answers == {f"q{rank}": rank for rank in range(100)}


def test_two_requests_at_once_open_one_answer(stores):
    token = new_token()
    with ThreadPoolExecutor(16) as pool:
        people = list(pool.map(lambda _: stores.contacts.open_to(token), range(32)))
        list(pool.map(lambda p: stores.responses.begin(p.identifier, invited=False), people))
    assert len({person.identifier for person in people}) == 1
    assert stores.contacts.count() == len(stores.responses.all()) == 1


def test_people_are_found_by_token_or_by_unit_only(stores):
    token = new_token()
    person = Person("i", hash_token(token), "unité 1", {"nom": "Dupont"})
    stores.contacts.add([person])
    assert stores.contacts.find(token) == person == stores.contacts.find_unit("unité 1")
    assert stores.contacts.find(new_token()) is None
    assert stores.contacts.find(hash_token(token)) is None
    assert stores.contacts.find_unit("unité 2") is None
    assert stores.contacts.invited() == [person] and person.invited
    with pytest.raises(IntegrityError):
        stores.contacts.add([replace(person, identifier="j", token_hash="h")])
    assert stores.contacts.count() == 1
    assert stores.contacts.delete_all() == 1
    assert stores.contacts.find(token) is None


def test_answers_alone_lead_to_no_one(settings, stores):
    """No column of the answers could hold a contact, a token, its hash, a machine or a browser."""
    engine = stores.responses.database.engine
    schema = None if engine.dialect.name == "sqlite" else settings.name
    columns = [c["name"] for c in inspect(engine).get_columns("responses", schema=schema)]
    assert columns == [
        "identifier",
        "invited",
        "answers",
        "drafts",
        "seconds",
        "counted",
        "submitted",
    ]
    assert "people" not in inspect(engine).get_table_names(schema=schema)
    token = new_token()
    person = stores.contacts.open_to(token)
    stores.responses.begin(person.identifier, invited=False)
    kept = repr(stores.responses.all())
    assert token not in kept and hash_token(token) not in kept
    with stores.contacts.database.reading() as connection:
        people = repr(connection.exec_driver_sql(f"SELECT * FROM {_people(settings)}").all())
    assert token not in people and hash_token(token) in people


def _people(settings) -> str:
    return "people" if settings.base.startswith("sqlite") else f"{settings.name}_contacts.people"


def test_withdrawal_erases_answers_and_contact_data(stores):
    invited = Person("i", hash_token("t"), "unité 1", {"nom": "Dupont"})
    stores.contacts.add([invited])
    visitor = stores.contacts.open_to(new_token())
    for person in (invited, visitor):
        stores.responses.begin(person.identifier, invited=person.invited)
        assert erase(stores, person)
        assert not erase(stores, person)
    assert stores.responses.all() == []
    assert stores.contacts.invited() == [replace(invited, withdrawn=True, details={})]
    assert stores.contacts.count() == 1


def test_a_base_serves_one_questionnaire(settings, stores):
    again = open_stores(settings, SHAPES)
    again.close()
    with pytest.raises(StorageError, match="contient les réponses au questionnaire « formes"):
        open_stores(settings, ROUTING)


def test_what_is_deleted_leaves_no_trace_in_the_file(tmp_path):
    settings = default_settings("essai", tmp_path, environment={})
    stores = open_stores(settings, SHAPES)
    stores.responses.begin("a", invited=False)
    secret = "un secret à effacer"
    stores.responses.change("a", lambda r: replace(r, answers={"remarque": secret}))
    assert any(secret.encode("unicode_escape")[:9] in f.read_bytes() for f in tmp_path.iterdir())
    stores.responses.delete("a")
    stores.responses.database.compact()
    assert not any(b"un secret" in file.read_bytes() for file in tmp_path.iterdir())
    stores.close()


def test_a_commit_is_on_the_disk_and_files_are_their_owners_alone(tmp_path):
    settings = default_settings("essai", tmp_path, environment={})
    stores = open_stores(settings, SHAPES)
    with stores.responses.database.writing() as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
        assert modes == ["wal", 2, 1]
        assert {oct(file.stat().st_mode)[-3:] for file in tmp_path.iterdir()} == {"600"}
    stores.close()
    assert {file.name for file in tmp_path.iterdir()} == {"reponses.sqlite", "contacts.sqlite"}
    with sqlite3.connect(tmp_path / "reponses.sqlite") as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
    connection.close()
    assert sorted(tables) == [("about",), ("responses",)]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("n’importe quoi", "ne désigne pas une base"),
        ("inconnu://base", "ne désigne pas une base"),
        ("sqlite://", "doit être un fichier"),
        (
            "postgresql+psycopg://personne@127.0.0.1:1/rien?connect_timeout=2",
            "impossible de l’ouvrir",
        ),
    ],
)
def test_a_base_that_cannot_be_used_is_said_in_french(tmp_path, address, said):
    settings = with_base(default_settings("essai", tmp_path, environment={}), address)
    with pytest.raises(StorageError, match=said) as raised:
        open_stores(settings, SHAPES)
    assert "personne" not in str(raised.value)


def test_one_setting_moves_everything(tmp_path):
    base = "postgresql://u@h/b"
    settings = default_settings("essai", tmp_path, environment={"OBSERVATOIRE_BASE": base})
    assert settings.base == settings.contacts_base == base
    moved = with_base(settings, f"sqlite:///{tmp_path}/autre.db")
    assert moved.contacts_base == f"sqlite:///{tmp_path}/autre-contacts.db"
    same = replace(moved, contacts_base=moved.base)
    with pytest.raises(StorageError, match="deux fichiers"):
        open_stores(same, SHAPES)


def test_a_write_waits_for_the_one_before(tmp_path):
    """Another process writing in SQLite is waited for, not stumbled upon."""
    database = Database(f"sqlite:///{tmp_path}/a.sqlite", "a")
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    other = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:

        def write() -> None:
            with database.writing() as connection:
                connection.exec_driver_sql("INSERT INTO t VALUES (1)")

        waiting = pool.submit(write)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        other.execute("COMMIT")
        waiting.result(timeout=20)
    other.close()
    database.close()


@pytest.mark.parametrize("is_replaced", [False, True])
def test_nothing_is_acknowledged_once_the_file_is_gone(local_settings, is_replaced):
    """A file that is removed can be written to as long as it is open: the answers would be lost."""
    stores = open_stores(local_settings, SHAPES)
    file = Path(stores.responses.database.engine.url.database)
    away = file.rename(file.with_name("ailleurs.sqlite"))
    if is_replaced:
        file.touch()
    with pytest.raises(StorageError, match=r"reponses\.sqlite a été retiré ou remplacé"):
        stores.responses.begin("a", invited=False)
    away.replace(file)
    assert stores.responses.all() == []
    stores.responses.begin("a", invited=False)
    stores.close()


def test_files_are_their_owners_alone_even_put_back_from_a_copy(local_settings):
    open_stores(local_settings, SHAPES).close()
    file = Path(local_settings.base.removeprefix("sqlite:///"))
    file.chmod(0o644)
    stores = open_stores(local_settings, SHAPES)
    stores.responses.begin("a", invited=False)
    assert file.parent.stat().st_mode & 0o77 == 0
    assert {each.name for each in file.parent.iterdir()} >= {file.name, f"{file.name}-wal"}
    assert [each.name for each in file.parent.iterdir() if each.stat().st_mode & 0o77] == []
    stores.close()


def test_a_folder_that_cannot_be_made_is_said_in_french(tmp_path):
    (tmp_path / "collecte").write_text("un fichier")
    settings = default_settings("essai", tmp_path / "collecte", environment={})
    with pytest.raises(StorageError, match="impossible de créer ou d’ouvrir"):
        open_stores(settings, SHAPES)


def test_a_server_of_postgresql_that_was_restarted_is_found_again(postgresql, local_settings):
    """Its restart closes every connection, those that are kept included."""
    stores = open_stores(with_base(local_settings, postgresql), SHAPES)
    stores.responses.begin("a", invited=False)
    with stores.contacts.database.reading() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        )
    assert stores.responses.find("a") is not None
    stores.responses.delete_all()
    stores.close()
