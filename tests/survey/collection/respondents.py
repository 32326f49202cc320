"""A person who fills the form: reads the HTML that is sent and sends back what its fields allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
import httpx
from lxml import html

from survey.collection.app import create_app
from survey.collection.form import written_fields
from survey.collection.pages import Answers, Form
from survey.collection.settings import Settings, Stores
from survey.questions import Questionnaire

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


@dataclass(slots=True)
class Respondent:
    """A browser without JavaScript; `client` keeps the session cookie."""

    client: httpx.Client
    page: httpx.Response | None = None
    history: list[str] = field(default_factory=list)

    def open(self, path: str) -> Respondent:
        """Follow a link, and its redirections."""
        self.page = self.client.get(path, follow_redirects=True)
        self.history.append(self.path)
        return self

    @property
    def path(self) -> str:
        return self.page.url.path

    @property
    def document(self) -> html.HtmlElement:
        return html.fromstring(self.page.text)

    @property
    def text(self) -> str:
        return " ".join(self.document.text_content().split())

    def form(self, rank: int = 0) -> html.FormElement:
        return self.document.forms[rank]

    def names(self) -> set[str]:
        """Names of the fields shown, hidden ones and buttons left out."""
        return {name for name in self.form().fields if not name.startswith("_")}

    def shown(self) -> dict[str, list[str]]:
        """What the fields hold as shown."""
        values: dict[str, list[str]] = {}
        for name, value in self.form().form_values():
            if not name.startswith("_"):
                values.setdefault(name, []).append(value)
        return {name: kept for name, given in values.items() if (kept := [v for v in given if v])}

    def errors(self) -> list[str]:
        return [each.text_content() for each in self.document.xpath("//*[@id='erreurs']//li")]

    def send(
        self, fields: Mapping[str, Sequence[str]] | None = None, *, rank: int = 0, action: str = ""
    ) -> Respondent:
        """Send a form, its hidden fields kept, the others replaced by `fields`."""
        form = self.form(rank)
        hidden = {each.name: each.value for each in form.xpath(".//input[@type='hidden']")}
        self.page = self.post(form.action, hidden | dict(fields or {}) | {"_action": action})
        self.history.append(self.path)
        return self

    def post(self, path: str, data: Mapping) -> httpx.Response:
        return self.client.post(path, data=data, follow_redirects=True)

    def key(self) -> str:
        """The key of the form shown."""
        return self.document.xpath("//input[@name='_cle']")[0].value


def fields_for(person: Answers, form: Form, names: set[str]) -> dict[str, list[str]]:
    """What a person types in the fields shown."""
    typed: dict[str, list[str]] = {}
    for question in form.questionnaire.questions:
        typed |= written_fields(question, person)
    return {name: values for name, values in typed.items() if name in names}


def answer_all(respondent: Respondent, person: Answers, form: Form) -> Respondent:
    """From the introduction to the review."""
    respondent.open("/").send()
    while respondent.path.startswith("/page/"):
        before = respondent.path
        respondent.send(fields_for(person, form, respondent.names()), action="continuer")
        assert respondent.path != before, respondent.errors()
    return respondent


class InProcess(httpx.BaseTransport):
    """Hands each request to the application, in a thread: a browser test may leave a loop here."""

    def __init__(self, app: Callable) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            response = await self._transport.handle_async_request(request)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(anyio.run, answer).result()


def visitors(
    settings: Settings,
    questionnaire: Questionnaire,
    stores: Stores,
    clock: Callable[[], datetime] = lambda: NOON,
) -> Callable[[], Respondent]:
    """Makes respondents of one site, without a network between."""
    app = create_app(settings, questionnaire, stores, clock)

    def make() -> Respondent:
        return Respondent(httpx.Client(transport=InProcess(app), base_url=settings.address))

    return make
