"""A page that was acknowledged is in the store, even when the server is killed at any moment."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import httpx
from respondents import Respondent
from served import PATIENCE, Served, settings_of
from web_forms import HERE

from survey.collection.security import hash_token
from survey.collection.settings import open_stores
from survey.questionnaire import load_questionnaire

FILE = HERE / "formes.yml"
KILLS, WRITERS = 6, 8


def write_until(
    stop: Event, begun: Event, address: str, seed: int
) -> list[tuple[str, str, str | None]]:
    """Answer the first page again and again; by session, the last answer acknowledged and the one
    that was being sent when the server died. `begun` is set once an answer is acknowledged."""
    chance, sessions = random.Random(seed), []
    while not stop.is_set():
        acknowledged = trying = token = ""
        try:
            with httpx.Client(base_url=address) as client:
                respondent = Respondent(client).open("/")
                token = client.cookies["reponse"]
                key = respondent.send().key()
                for _ in range(chance.randint(1, 30)):
                    trying = chance.choice(["0", "1-9", "10+"])
                    fields = {"_cle": key, "_action": "continuer", "taille": trying}
                    sent = client.post("/page/profil", data=fields)
                    assert sent.status_code == 303, sent.status_code
                    acknowledged, trying = trying, ""
                    begun.set()
        except httpx.TransportError:
            stop.wait(0.05)
        if acknowledged:
            sessions.append((token, acknowledged, trying or None))
    return sessions


def test_an_acknowledged_page_survives_kill_9(settings):
    server = Served(FILE, settings.name, settings.base)
    stores = open_stores(
        settings_of(settings.name, settings.base, server.port), load_questionnaire(FILE)
    )
    chance, checked = random.Random(3), 0
    for round_ in range(KILLS):
        server.start()
        stop, begun = Event(), [Event() for _ in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [
                pool.submit(write_until, stop, begun[rank], server.address, 100 * round_ + rank)
                for rank in range(WRITERS)
            ]
            try:
                assert all(each.wait(PATIENCE) for each in begun)
                sleep(chance.random() / 2)
                server.kill()
            finally:
                stop.set()
            sessions = [each for writer in writers for each in writer.result()]
        for token, acknowledged, trying in sessions:
            person = stores.contacts.find(token)
            assert person.token_hash == hash_token(token)
            kept = stores.responses.find(person.identifier).answers["taille"]
            # what was being sent when the server died may be in the store too, nothing else
            assert kept in {acknowledged, trying}
            checked += 1
    assert checked >= KILLS * WRITERS
    assert all(answered.answers.keys() <= {"taille"} for answered in stores.responses.all())
    stores.close()


def test_the_server_ends_when_asked_and_goes_on_where_it_was(settings):
    server = Served(FILE, settings.name, settings.base)
    server.start()
    with httpx.Client(base_url=server.address) as client:
        respondent = Respondent(client).open("/").send()
        assert respondent.send({"taille": "10+"}, action="continuer").path == "/page/profil-2"
        server.stop()
        server.start()
        respondent.send({"statut": "groupe", "effectif": "12"}, action="continuer")
        assert respondent.path == "/page/usages"  # same session, same form: nothing to begin again
    server.stop()
