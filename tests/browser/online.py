"""The web questionnaire, served for the browser: every shape of question, open mode and links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from time import sleep

import uvicorn

from survey.collection.app import create_app
from survey.collection.contacts import Person
from survey.collection.security import hash_token, new_token
from survey.collection.settings import Settings, Stores, default_settings, open_stores
from survey.questionnaire import load_questionnaire

ROOT = Path(__file__).parents[2]
SHAPES = ROOT / "tests" / "survey" / "collection" / "formes.yml"
INSTRUMENTS = sorted((ROOT / "survey" / "instruments").glob("*.yml"))


@dataclass(frozen=True, slots=True)
class Site:
    """A served questionnaire: its address and what it keeps."""

    address: str
    settings: Settings
    stores: Stores

    def invite(self) -> str:
        """A new personal link."""
        token = new_token()
        person = Person(f"nom {token[:6]}", hash_token(token), f"unité {token[:6]}")
        self.stores.contacts.add([person])
        return f"{self.address}/r/{token}"

    def answers(self) -> list[dict]:
        """What each person said so far."""
        return [answered.answers for answered in self.stores.responses.all()]


@contextmanager
def served(questionnaire: Path, folder: Path) -> Iterator[Site]:
    """Serve a questionnaire from this process, on SQLite, until the end of the block."""
    read = load_questionnaire(questionnaire)
    made = default_settings("essai", folder, environment={})
    settings = replace(made, is_open=True, is_simulated=True, starts_an_hour=10**6)
    stores = open_stores(settings, read)
    app = create_app(settings, read, stores)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", access_log=False, log_level="warning")
    )
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Site(f"http://localhost:{port}", settings, stores)
    finally:
        server.should_exit = True
        thread.join()
        stores.close()
