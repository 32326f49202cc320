"""The web application: addresses, the reading of requests, what surrounds every answer.

Nothing here or below writes an address, a token or an answer to a log: of a failure, the log says
its kind and its place in the code, never its message.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from survey.collection import visits
from survey.collection.databases import StorageError
from survey.collection.pages import make_form
from survey.collection.security import (
    HEADERS,
    HTTPS_HEADERS,
    RateLimit,
    cookie_name,
    form_shown_at,
    new_token,
    read_token,
)
from survey.collection.settings import Settings, Stores
from survey.collection.visits import Collection, ElsewhereError, Visit, now_utc
from survey.questions import Questionnaire

STATIC = Path(__file__).parent / "static"
LARGEST_BODY = 128 * 1024  # bytes of a page sent
MOST_FIELDS = 2000
THREADS = 8  # answering at once; beyond, requests wait in turn
HOUR = timedelta(hours=1)
STALE = (
    "Votre session s’est fermée et cette page n’a pas pu être enregistrée. Les pages précédentes "
    "le sont. Rouvrez le questionnaire par votre lien ou votre code. Votre navigateur doit "
    "accepter le cookie de session."
)
TOO_LARGE = "Cette page est trop volumineuse pour être enregistrée. Raccourcissez vos textes."
MESSAGES = {
    404: visits.NO_PAGE,
    405: "Cette page ne s’ouvre pas ainsi. Revenez au début du questionnaire.",
    500: "Le serveur a rencontré une erreur. Les pages déjà enregistrées le restent. Actualisez "
    "cette page dans quelques minutes\u202f: ce que vous veniez d’écrire sera envoyé de nouveau.",
}

LOG = logging.getLogger("uvicorn.error")

Handler = Callable[[Visit], Response]


def create_app(
    settings: Settings,
    questionnaire: Questionnaire,
    stores: Stores,
    clock: Callable[[], datetime] = now_utc,
) -> ASGIApp:
    """The questionnaire as a web application (ASGI)."""
    version = hashlib.sha256((STATIC / "style.css").read_bytes()).hexdigest()[:12]
    templates = visits.make_templates(f"/static/style.css?v={version}")
    limit = RateLimit(settings.starts_an_hour, settings.starts_an_hour_overall, HOUR)
    collection = Collection(settings, make_form(questionnaire), stores, templates, limit, clock)

    async def fail(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = error.detail if isinstance(error, HTTPException) and status in OWN_WORDS else None
        visit = Visit(collection, _session(request, settings), "", {}, {})
        message = said or MESSAGES.get(status, MESSAGES[404])
        response = visits.render(visit, "message.html", status=status, message=message)
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    threads = CapacityLimiter(THREADS)
    app = Starlette(
        routes=[
            *(Route(path, _run(handler, collection, threads)) for path, handler in SHOWN.items()),
            *(
                Route(path, _run(handler, collection, threads), methods=["POST"])
                for path, handler in SENT.items()
            ),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={HTTPException: fail, Exception: fail},
    )
    return Shield(app, settings)


SHOWN: dict[str, Handler] = {
    visits.HOME: visits.home,
    "/r/{token}": visits.enter_by_link,
    visits.CODE: visits.ask_code,
    "/page/{code}": visits.show_page,
    visits.REVIEW: visits.review,
    visits.THANKS: visits.thanks,
    visits.PAUSE: visits.pause,
    visits.WITHDRAWAL: visits.ask_withdrawal,
    visits.WITHDRAWN: visits.say_withdrawn,
}
SENT: dict[str, Handler] = {
    visits.CODE: visits.enter_by_code,
    "/debut": visits.start,
    "/page/{code}": visits.save_page,
    visits.REVIEW: visits.send,
    visits.WITHDRAWAL: visits.withdraw,
    "/quitter": visits.leave,
}
OWN_WORDS = {403, 413, 429}


def _run(
    handler: Handler, collection: Collection, threads: CapacityLimiter
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint: reads the request here, answers it in a thread (stores and templates wait)."""

    async def endpoint(request: Request) -> Response:
        settings = collection.settings
        token = _session(request, settings)
        fields = await _fields(request) if request.method == "POST" else {}
        shown = form_shown_at(token, next(iter(fields.get("_cle", ())), ""))
        if request.method == "POST" and shown is None:
            raise HTTPException(403, STALE)
        address = request.client.host if request.client else ""
        visit = Visit(collection, token, address, request.path_params, fields, shown)
        try:
            response = await to_thread.run_sync(handler, visit, limiter=threads)
        except ElsewhereError as elsewhere:
            response = visits.goto(str(elsewhere))
        if "set-cookie" not in response.headers and not _has_session(request, settings):
            visits.with_session(response, token, settings)
        return response

    return endpoint


def _session(request: Request, settings: Settings) -> str:
    """The token of the session cookie, a new one for a visitor without."""
    found = request.cookies.get(cookie_name(https=settings.is_https), "")
    return read_token(found) or new_token()


def _has_session(request: Request, settings: Settings) -> bool:
    return read_token(request.cookies.get(cookie_name(https=settings.is_https), "")) is not None


async def _fields(request: Request) -> dict[str, list[str]]:
    """The fields of a form sent as forms are by default (`application/x-www-form-urlencoded`)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, TOO_LARGE)
    try:
        return parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(413, TOO_LARGE) from None


class Shield:
    """What surrounds every answer, errors included: the host asked for, and the headers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = {settings.host, "localhost", "127.0.0.1"}
        self._headers = HEADERS | (HTTPS_HEADERS if settings.is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse its host."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                is_static = scope["path"].startswith("/static/") and message["status"] in KEPT
                headers["Cache-Control"] = "public, max-age=86400" if is_static else "no-store"
            await send(message)

        host, _, port = Headers(scope=scope).get("host", "").partition(":")
        if host.lower() not in self._hosts or not (port.isdigit() or port == ""):
            refused = PlainTextResponse("Cette adresse n’est pas celle du questionnaire.", 400)
            await refused(scope, receive, send_shielded)
            return
        try:
            await self._app(scope, receive, send_shielded)
        except ClientDisconnect:  # left before the end of what they were sending
            return
        except Exception as error:  # the visitor was answered (500); the server must go on
            LOG.error("%s", _place(error))


KEPT = (200, 206, 304)  # a file that browsers may keep


def _place(error: BaseException) -> str:
    """The kind of a failure and the lines it went through; its message may hold an answer.

    What a base says when it cannot be used (full, locked, unreachable) holds none.
    """
    lines = "".join(traceback.format_tb(error.__traceback__))
    if isinstance(error, OperationalError):
        error = error.orig
    said = f" ({error})" if isinstance(error, StorageError | sqlite3.OperationalError) else ""
    return f"{type(error).__name__}{said}\n{lines}"
