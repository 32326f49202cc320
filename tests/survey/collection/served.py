"""Serves a questionnaire from a process of its own: `python served.py QUESTIONNAIRE BASE PORT`.

Prints « prêt » once it listens. `Served` starts it, kills it and starts it again.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import httpx

from survey.collection.server import serve
from survey.collection.settings import Settings, default_settings, open_stores, with_base
from survey.questionnaire import load_questionnaire

PROJECT = Path(__file__).parents[3]
PATIENCE = 60  # seconds for a process to answer


def settings_of(name: str, base: str, port: int) -> Settings:
    """Open mode, without limit."""
    made = with_base(default_settings(name, Path(), environment={}), base)
    address = f"http://localhost:{port}"
    return replace(
        made, is_open=True, address=address, starts_an_hour=10**9, starts_an_hour_overall=10**9
    )


class Served:
    """A server process, at `address`; `stop` asks it to end, `kill` gives it no time."""

    def __init__(self, questionnaire: Path, name: str, base: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self._command = [sys.executable, __file__, str(questionnaire), name, base, str(self.port)]
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        environment = os.environ | {"PYTHONPATH": str(PROJECT)}
        self._process = subprocess.Popen(self._command, env=environment, cwd=PROJECT)
        until = monotonic() + PATIENCE
        while monotonic() < until:
            assert self._process.poll() is None, "the server ended by itself"
            try:
                httpx.get(f"{self.address}/code")
            except httpx.TransportError:
                sleep(0.05)
            else:
                return
        raise TimeoutError

    def kill(self) -> None:
        """`kill -9`."""
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait(PATIENCE) == -signal.SIGKILL

    def stop(self) -> int:
        """SIGTERM; the code of exit."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)


def main(questionnaire: str, name: str, base: str, port: str) -> None:
    """Serve until killed."""
    read = load_questionnaire(Path(questionnaire))
    settings = settings_of(name, base, int(port))
    with closing(open_stores(settings, read)) as stores:
        serve(settings, read, stores, port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
