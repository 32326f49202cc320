"""The server of the questionnaire: one process, which writes nothing about who visits."""

from __future__ import annotations

import signal
import sys

import uvicorn

from survey.collection.app import create_app
from survey.collection.settings import Settings, Stores
from survey.questions import Questionnaire

PATIENCE = 10  # seconds left to requests under way when the server is stopped


def serve(
    settings: Settings,
    questionnaire: Questionnaire,
    stores: Stores,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    behind_proxy: bool = False,
) -> None:
    """Serve the questionnaire until it is stopped (Ctrl+C, SIGTERM: requests under way end first).

    One process: the limit of the open mode is counted in its memory, and SQLite has one writer
    anyway. `behind_proxy`: a proxy on this machine ends https and gives the address of the visitor
    (`X-Forwarded-For`), which serves the limit of the open mode only. No access log: an address of
    a page may hold a token.

    Once its requests are over, uvicorn raises SIGTERM again: this then ends as any program does, so
    that the caller closes the stores, which empties their journals.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        create_app(settings, questionnaire, stores),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips="127.0.0.1" if behind_proxy else None,
        timeout_graceful_shutdown=PATIENCE,
        lifespan="off",
        ws="none",
    )
    uvicorn.Server(config).run()
