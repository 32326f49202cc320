"""What was withdrawn or erased is in no file of the campaign, at once, the server running."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event
from time import sleep

import httpx
import polars as pl
import pytest
from respondents import Respondent, visitors
from served import Served
from sqlalchemy import create_engine
from web_forms import HERE, SHAPES

from survey.collection import copies, databases
from survey.collection.contacts import Person
from survey.collection.databases import StorageError
from survey.collection.invitations import invite, reminders, write_links
from survey.collection.retention import purge, withdraw
from survey.collection.security import hash_token, new_token
from survey.collection.settings import default_settings, erase, open_stores, with_base
from survey.errors import SurveyError
from survey.files import SIMULATED, write_csv, write_parquet

ANSWER, KEPT = "motdepassesecret", "reponsequireste"
NAME, OTHER = "Quilleriet", "Bouffandeau"
LONG = 200 * " texte"  # an answer longer than a page of SQLite, and kept apart by PostgreSQL


def holding(folder: Path, word: str) -> set[str]:
    """The files of a folder that hold these bytes: the base, its journals, the files beside."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if word.encode() in readable(path)}


def readable(path: Path) -> bytes:
    """The bytes of a file; of a Parquet file, which is compressed, its cells too."""
    said = path.read_bytes()
    return said + repr(pl.read_parquet(path).rows()).encode() if path.suffix == ".parquet" else said


def answered(stores, identifier: str, word: str) -> None:
    """Answers that were changed many times, so that former states lie about."""
    stores.responses.begin(identifier, invited=True)
    for rank in range(8):
        text = f"{word}{rank}{LONG if rank % 2 else ''}{word}"
        stores.responses.change(identifier, lambda r, t=text: replace(r, answers={"remarque": t}))


@pytest.fixture
def campaign(tmp_path):
    """Two invited people who answered, the stores open, and every copy the campaign makes."""
    settings = default_settings("essai", tmp_path / "collecte", environment={})
    settings = replace(settings, private=tmp_path, is_open=True)
    stores = open_stores(settings, SHAPES)
    fill(settings, stores)
    yield settings, stores
    stores.close()


def fill(settings, stores) -> None:
    private = settings.private
    sample = pl.DataFrame(
        {
            "unite": ["u1", "u2"],
            "token": ["jeton1", "jeton2"],
            "nom": [NAME, OTHER],
            "commune": ["44109", "44109"],
        }
    )
    write_parquet(sample, private / "echantillon.parquet", simulated=True)
    sample.write_csv(private / "echantillon.csv")
    invite(sample, stores, settings, private / "liens.csv")
    write_links(reminders(stores, private / "liens.csv"), private / "relances.csv")
    for identifier, word in (("jeton1", ANSWER), ("jeton2", KEPT)):
        answered(stores, identifier, word)
    rows = pl.DataFrame(
        {"id": ["jeton1", "jeton2"], "token": ["jeton1", "jeton2"], "valeur": [ANSWER, KEPT]}
    )
    write_parquet(rows, private / "reponses-en-ligne.parquet", simulated=True, owner_only=True)
    write_parquet(rows, private / "reponses.parquet", simulated=True)
    write_csv(rows.drop("token"), private / "rejets.csv", simulated=True)


def test_a_withdrawal_leaves_no_byte_in_the_files_of_the_campaign(campaign):
    settings, stores = campaign
    assert len(holding(settings.private, ANSWER)) >= 4
    assert len(holding(settings.private, NAME)) >= 5
    assert erase(stores, stores.contacts.find_unit("u1"))
    assert holding(settings.private, ANSWER) == holding(settings.private, NAME) == set()
    # of another person nothing was lost
    assert {"reponses.sqlite", "reponses.parquet"} <= holding(settings.private, KEPT)
    assert {"contacts.sqlite", "liens.csv", "echantillon.csv"} <= holding(settings.private, OTHER)
    assert [each.identifier for each in stores.responses.all()] == ["jeton2"]
    sample = pl.read_parquet(settings.private / "echantillon.parquet")
    assert sample.rows() == [("u1", "jeton1", None, "44109"), ("u2", "jeton2", OTHER, "44109")]
    said = pl.read_parquet_metadata(settings.private / "echantillon.parquet")
    assert said["contenu"] == SIMULATED
    export = settings.private / "reponses-en-ligne.parquet"
    assert export.stat().st_mode & 0o077 == 0 and pl.read_parquet(export)["id"].to_list() == [
        "jeton2"
    ]


def test_a_visitor_withdraws_on_the_page_and_nothing_is_left(campaign):
    settings, stores = campaign
    visitor = visitors(settings, SHAPES, stores)().open("/").send()
    token = visitor.client.cookies["reponse"]
    person = stores.contacts.find(token)
    answered(stores, person.identifier, "visiteursecret")
    page = visitor.open("/retrait")
    assert "aussitôt" in page.text and "journal du serveur" not in page.text
    visitor.send()
    for trace in ("visiteursecret", person.identifier, hash_token(token)):
        assert holding(settings.private, trace) == set()
    assert stores.contacts.find(token) is None


@pytest.mark.parametrize("rows", [1, 300])
def test_what_the_time_erases_leaves_no_byte_either(campaign, rows):
    settings, stores = campaign
    stores.contacts.add([Person(f"p{i}", f"h{i}", f"x{i}", {"nom": NAME}) for i in range(rows)])
    for rank in range(rows):
        stores.responses.begin(f"p{rank}", invited=True)
        change = {"remarque": f"{ANSWER}{LONG}"}
        stores.responses.change(f"p{rank}", lambda r, c=change: replace(r, answers=c))
    days = replace(settings, contacts_until=date(2026, 12, 31), answers_until=date(2031, 5, 31))
    purge(stores, days, date(2027, 1, 1))
    assert holding(settings.private, NAME) == holding(settings.private, OTHER) == set()
    assert "reponses.parquet" in holding(settings.private, ANSWER)
    purge(stores, days, date(2031, 6, 1))
    assert holding(settings.private, ANSWER) == holding(settings.private, KEPT) == set()


def test_a_reader_of_another_program_is_waited_for(campaign):
    """It may read the former state of the base as long as it likes: the journal serves it."""
    settings, stores = campaign
    file = settings.private / "collecte" / "reponses.sqlite"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM responses").fetchone()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(withdraw, stores, "u1")
        sleep(0.5)
        assert not waiting.done() and ANSWER in str(
            other.execute("SELECT answers FROM responses").fetchall()
        )
        other.execute("COMMIT")
        assert waiting.result(timeout=20)
    other.close()
    assert holding(settings.private, ANSWER) == set()


def test_an_erasure_that_could_not_end_is_said_and_done_again(campaign, monkeypatch):
    settings, stores = campaign
    stores.close()
    monkeypatch.setattr(databases, "PATIENCE", 0.2)
    stores = open_stores(settings, SHAPES)
    visitor = visitors(settings, SHAPES, stores)().open("/").send()
    answered(stores, stores.contacts.find(visitor.client.cookies["reponse"]).identifier, "perdu")
    key = {"_cle": visitor.open("/retrait").key()}
    with sqlite3.connect(settings.private / "collecte" / "reponses.sqlite") as other:
        other.isolation_level = None
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM responses").fetchone()
        assert visitor.post("/retrait", key).status_code == 500
        assert holding(settings.private, "perdu")
        with pytest.raises(StorageError, match="recommencez l’effacement"):
            withdraw(stores, "u1")
        other.execute("COMMIT")
    other.close()
    assert visitor.post("/retrait", key).url.path == "/retrait/fait"  # the page reloaded
    assert holding(settings.private, "perdu") == set()
    stores.close()


def test_a_damaged_copy_stops_the_withdrawal_and_says_which(campaign):
    settings, stores = campaign
    (settings.private / "reponses.parquet").write_bytes(b"PAR1")
    with pytest.raises(SurveyError, match=r"reponses\.parquet : ce fichier est abîmé"):
        withdraw(stores, "u1")
    (settings.private / "reponses.parquet").unlink()
    withdraw(stores, "u1")
    assert holding(settings.private, NAME) == set()


def test_withdrawals_at_once_cut_the_same_files(campaign):
    settings, stores = campaign
    people = [stores.contacts.find_unit(unit) for unit in ("u1", "u2")]
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda person: erase(stores, person), people))
    for word in (ANSWER, KEPT, NAME, OTHER):
        assert holding(settings.private, word) == set()


def test_a_served_questionnaire_forgets_at_once_and_closes_its_files(tmp_path):
    """Another process withdraws while the server runs; SIGTERM then leaves no journal behind."""
    base = f"sqlite:///{tmp_path}/reponses.sqlite"
    server = Served(HERE / "formes.yml", "essai", base)
    server.start()
    with httpx.Client(base_url=server.address) as client:
        respondent = Respondent(client).open("/").send().send({"taille": "10+"}, action="continuer")
        assert respondent.path == "/page/profil-2"
        settings = with_base(default_settings("essai", tmp_path, environment={}), base)
        stores = open_stores(settings, SHAPES)
        stores.contacts.add([Person("jeton1", "h", "u1", {"nom": NAME})])
        answered(stores, "jeton1", ANSWER)
        assert holding(tmp_path, ANSWER) and holding(tmp_path, NAME)
        assert withdraw(stores, "u1")
        assert holding(tmp_path, ANSWER) == holding(tmp_path, NAME) == set()
        stores.close()
        assert holding(tmp_path, "10+") == {"reponses.sqlite"}
        respondent.open("/retrait").send()
        assert respondent.path == "/retrait/fait" and holding(tmp_path, "10+") == set()
    assert server.stop() == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "reponses.sqlite",
        "reponses-contacts.sqlite",
    }


def test_postgresql_writes_its_tables_anew(postgresql, tmp_path):
    """No byte in a table, its long values or its indexes; its log of writes is its server's own."""
    settings = with_base(default_settings("essai_retrait", tmp_path, environment={}), postgresql)
    settings = replace(settings, is_open=True)
    data = Path(postgresql.partition("host=")[2]) / "data"
    stores = open_stores(settings, SHAPES)
    stores.contacts.add([Person("jeton1", "h1", "u1", {"nom": NAME})])
    # random digits: PostgreSQL would compress a text that repeats itself
    secret = ANSWER + os.urandom(9000).hex() + ANSWER
    stores.responses.begin("jeton1", invited=True)
    stores.responses.change("jeton1", lambda r: replace(r, answers={"remarque": secret}))
    checkpoint(postgresql)
    assert holding(data / "base", ANSWER) and holding(data / "base", NAME)
    stores.responses.delete("jeton1")
    checkpoint(postgresql)
    assert holding(data / "base", ANSWER), "a deletion alone leaves everything"
    page = visitors(settings, SHAPES, stores)().open("/").send().open("/retrait")
    assert "journal du serveur" in page.text
    withdraw(stores, "u1")
    checkpoint(postgresql)
    assert holding(data / "base", ANSWER) == holding(data / "base", NAME) == set()
    assert holding(data / "pg_wal", ANSWER), "what the documentation says of pg_wal"
    stores.close()


def test_postgresql_waits_for_older_transactions(postgresql, tmp_path):
    """A table written anew keeps what an older transaction may still read."""
    settings = with_base(default_settings("essai_attente", tmp_path, environment={}), postgresql)
    data = Path(postgresql.partition("host=")[2]) / "data"
    stores = open_stores(settings, SHAPES)
    stores.contacts.add([Person("jeton1", "h1", "u1", {"nom": "Patientevaillant"})])
    engine, begun, end = create_engine(postgresql), Event(), Event()

    def read() -> None:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            connection.exec_driver_sql("SELECT 1").scalar()
            begun.set()
            end.wait(20)

    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(read)
        assert begun.wait(20)
        waiting = pool.submit(withdraw, stores, "u1")
        sleep(1)
        assert not waiting.done()
        end.set()
        reading.result(timeout=20)
        assert not waiting.result(timeout=20)
    engine.dispose()
    checkpoint(postgresql)
    assert holding(data / "base", "Patientevaillant") == set()
    stores.close()


def checkpoint(address: str) -> None:
    """Have PostgreSQL write its tables to the disk, and remove those it replaced."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def test_a_file_without_the_person_is_left_as_it_is(tmp_path):
    path = tmp_path / "reponses.parquet"
    pl.DataFrame({"id": ["a"], "token": ["b"]}).write_parquet(path)
    before = path.stat().st_mtime_ns
    copies.forget_person(tmp_path, new_token(), None)
    assert path.stat().st_mtime_ns == before and not (tmp_path / "liens.csv").exists()
