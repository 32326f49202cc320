"""What each address of the questionnaire answers, for one visit.

Every change ends by a redirection (POST, redirect, GET): a page that is shown can be reloaded, and
left by the back button, without anything being sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from survey.collection.contacts import Person
from survey.collection.form import Fields
from survey.collection.journey import shown_fields, submitted, with_page, with_seconds
from survey.collection.pages import (
    Form,
    Page,
    asked_questions,
    next_page,
    previous_page,
    visible_pages,
)
from survey.collection.security import (
    RateLimit,
    cookie_name,
    form_key,
    new_token,
    read_token,
    spaced_token,
)
from survey.collection.settings import Settings, Stores, erase
from survey.collection.store import Response as Answered
from survey.collection.views import answer_in_words, error_links, page_view

HOME, CODE, REVIEW, THANKS, PAUSE = "/", "/code", "/verification", "/merci", "/pause"
WITHDRAWAL, WITHDRAWN = "/retrait", "/retrait/fait"
LATER, PREVIOUS = "plus-tard", "precedent"
FRANCE = ZoneInfo("Europe/Paris")  # where days begin and end
LONGEST_CODE = 200  # characters, a whole link included
GRACE = timedelta(hours=12)  # for who was answering when the last day ended
NO_PAGE = "Cette page n’existe pas."
TOO_MANY = (
    "Trop de questionnaires ont été commencés depuis votre connexion. Réessayez dans une heure."
)


def now_utc() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Collection:
    """A questionnaire that is being answered: its form, its stores, its templates, its limit."""

    settings: Settings
    form: Form
    stores: Stores
    templates: Environment
    limit: RateLimit
    clock: Callable[[], datetime] = now_utc


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `token`: of the session. `shown`: when the form sent was shown."""

    collection: Collection
    token: str
    address: str
    path: Mapping[str, str]
    fields: Fields
    shown: datetime | None = None

    @property
    def now(self) -> datetime:
        """The time, in UTC, without zone: as it is stored."""
        return self.collection.clock().replace(tzinfo=None)

    @property
    def form(self) -> Form:
        """The questionnaire and its pages."""
        return self.collection.form

    def field(self, name: str) -> str:
        """A field of the form, empty when it is missing."""
        return next(iter(self.fields.get(name, ())), "")

    def person(self) -> Person | None:
        """Who is answering; None for a visitor without a known token."""
        return self.collection.stores.contacts.find(self.token)

    def is_collecting(self) -> bool:
        """Whether answers are taken today."""
        return self.collection.settings.is_collecting(self.today)

    @property
    def today(self) -> date:
        """The day it is in France."""
        return _day(self.collection.clock())

    def is_taken(self) -> bool:
        """Whether what is sent is taken: a form shown before the end may be, a while after it."""
        shown = max(self.shown, self.collection.clock() - GRACE)
        return self.is_collecting() or self.collection.settings.is_collecting(_day(shown))


def _day(moment: datetime) -> date:
    return moment.astimezone(FRANCE).date()


class ElsewhereError(Exception):
    """The visit goes on at another address."""


def make_templates(styles: str) -> Environment:
    """The templates; `styles` is the address of the style sheet."""
    environment = Environment(
        loader=PackageLoader("survey.collection"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["styles"] = styles
    return environment


def render(visit: Visit, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; every template knows the form, the settings and the key of its own forms."""
    known = {
        "form": visit.form,
        "settings": visit.collection.settings,
        "key": form_key(visit.token, visit.collection.clock()),
    }
    text = visit.collection.templates.get_template(template).render(known | values)
    return HTMLResponse(text, status_code=status)


def goto(address: str) -> RedirectResponse:
    """Another page, asked for anew (303): reloading it sends nothing again."""
    return RedirectResponse(address, status_code=303)


def with_session(response: Response, token: str, settings: Settings) -> Response:
    """The response, with the session cookie: it ends with the browser, no script reads it."""
    response.set_cookie(
        cookie_name(https=settings.is_https),
        token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.is_https,
    )
    return response


def home(visit: Visit) -> Response:
    """The introduction; who has answered already is told so."""
    person = visit.person()
    if person and person.withdrawn:
        return render(visit, "withdrawn.html")
    answered = person and visit.collection.stores.responses.find(person.identifier)
    if answered and answered.submitted:
        return goto(THANKS)
    if not visit.is_collecting():
        return _closed(visit, is_saved=bool(answered))
    return render(visit, "home.html", person=person, is_begun=bool(answered))


def enter_by_link(visit: Visit) -> Response:
    """A personal link: its token becomes the session, and leaves the address."""
    return _enter(visit, visit.path["token"], HOME)


def enter_by_code(visit: Visit) -> Response:
    """A token typed from a letter, or kept by who answers without invitation."""
    return _enter(visit, visit.field("code"), WITHDRAWAL if visit.field("_suite") else HOME)


def _enter(visit: Visit, typed: str, target: str) -> Response:
    token = read_token(typed)
    if token is None or visit.collection.stores.contacts.find(token) is None:
        error = (
            "Ce code n’est pas reconnu. Vérifiez qu’il est complet\u202f: vingt-six caractères, "
            "des lettres et des chiffres de 2 à 7, jamais 0 ni 1."
        )
        return _ask_code(visit, to_withdraw=target != HOME, typed=typed, error=error)
    return with_session(goto(target), token, visit.collection.settings)


def ask_code(visit: Visit) -> Response:
    """Where a code is typed."""
    return _ask_code(visit, to_withdraw=False)


def start(visit: Visit) -> Response:
    """Open the answers of a person, and show the first page or the one where they stopped."""
    collection, person = visit.collection, visit.person()
    if not visit.is_collecting() or (person and person.withdrawn):
        return goto(HOME)
    if person is None:
        if not collection.settings.is_open:
            return goto(CODE)
        if not collection.limit.allows(visit.address):
            raise HTTPException(429, TOO_MANY)
        person = collection.stores.contacts.open_to(visit.token)
    collection.stores.responses.begin(person.identifier, invited=person.invited)
    return goto(_resume(visit, _answered(visit)))


def show_page(visit: Visit) -> Response:
    """A page as last typed; who asks for one that is not theirs to see goes where they stopped."""
    answered, page, form = _answered(visit), _page(visit), visit.form
    if not visit.is_collecting():
        return _closed(visit, is_saved=True)
    first = next_page(form, answered.answers, answered.drafts)
    is_ahead = first is not None and form.pages.index(page) > form.pages.index(first)
    if is_ahead or not asked_questions(page, form, answered.answers):
        return goto(_resume(visit, answered))
    fields, reading = shown_fields(page, form, answered)
    views = page_view(page, form, answered.answers, fields, reading.errors)
    links = error_links(views, reading.errors)
    return render(visit, "page.html", page=page, views=views, errors=links)


def save_page(visit: Visit) -> Response:
    """Take in a page, then show the next one, the one before, or how to come back later."""
    person, page, form = _person(visit), _page(visit), visit.form
    if not visit.is_taken():
        return goto(HOME)
    action = visit.field("_action")
    shown = visit.shown.replace(tzinfo=None)

    def change(answered: Answered) -> Answered:
        taken = with_page(answered, form, page, visit.fields, partial=action in (LATER, PREVIOUS))
        return with_seconds(taken, page, shown, visit.now)

    answered = visit.collection.stores.responses.change(person.identifier, change)
    if answered is None or answered.submitted:
        return goto(HOME)
    if action == LATER:
        return goto(PAUSE)
    if action == PREVIOUS:
        before = previous_page(form, answered.answers, page)
        return goto(_address(before) if before else HOME)
    if page.code in answered.drafts:
        return goto(f"{_address(page)}#erreurs")
    return goto(_resume(visit, answered, after=page))


def review(visit: Visit) -> Response:
    """What was answered, page by page, before it is sent."""
    answered, form = _answered(visit), visit.form
    if not visit.is_collecting():
        return _closed(visit, is_saved=True)
    left = next_page(form, answered.answers, answered.drafts)
    pages = visible_pages(form, answered.answers)
    if left:  # what comes after it may still change
        pages = pages[: pages.index(left) + 1]
    parts = [(page, page == left, _in_words(page, form, answered)) for page in pages]
    return render(visit, "review.html", parts=parts, left=left)


def send(visit: Visit) -> Response:
    """Send the answers, once; what is not filled is asked for first."""
    person = _person(visit)
    if not visit.is_taken():
        return goto(HOME)

    def change(answered: Answered) -> Answered:
        return submitted(answered, visit.form, visit.now)

    answered = visit.collection.stores.responses.change(person.identifier, change)
    if answered is None:
        return goto(HOME)
    return goto(THANKS if answered.submitted else REVIEW)


def thanks(visit: Visit) -> Response:
    """The answers have been sent."""
    person = _person(visit)
    answered = visit.collection.stores.responses.find(person.identifier)
    if answered is None or not answered.submitted:
        return goto(HOME)
    return render(visit, "thanks.html", **_way_back(visit, person))


def pause(visit: Visit) -> Response:
    """The answers are saved; how to come back."""
    _answered(visit)
    return render(visit, "pause.html", **_way_back(visit, _person(visit)))


def leave(visit: Visit) -> Response:
    """Close the session, on a computer that others use."""
    return with_session(goto(HOME), new_token(), visit.collection.settings)


def ask_withdrawal(visit: Visit) -> Response:
    """Ask for a confirmation before answers are erased, for a code when there is no session."""
    person = visit.person()
    if person is None:
        return _ask_code(visit, to_withdraw=True)
    if person.withdrawn:
        return render(visit, "withdrawn.html")
    answered = visit.collection.stores.responses.find(person.identifier)
    return render(visit, "withdrawal.html", has_answers=answered is not None)


def withdraw(visit: Visit) -> Response:
    """Erase the answers of the person and close their link."""
    person = visit.person()
    if person is None:
        return goto(WITHDRAWAL)
    erase(visit.collection.stores, person)
    return with_session(goto(WITHDRAWN), new_token(), visit.collection.settings)


def say_withdrawn(visit: Visit) -> Response:
    """The answers have been erased."""
    return render(visit, "withdrawn.html")


def _ask_code(
    visit: Visit, *, to_withdraw: bool, typed: str = "", error: str | None = None
) -> Response:
    status = 404 if error else 200
    return render(
        visit, "code.html", status, to_withdraw=to_withdraw, typed=typed[:LONGEST_CODE], error=error
    )


def _closed(visit: Visit, *, is_saved: bool) -> Response:
    closes = visit.collection.settings.closes
    is_over = closes is not None and visit.today > closes
    return render(visit, "closed.html", is_saved=is_saved, is_over=is_over)


def _person(visit: Visit) -> Person:
    person = visit.person()
    if person is None or person.withdrawn:
        raise ElsewhereError(HOME)
    return person


def _answered(visit: Visit) -> Answered:
    """What the person said so far, when they may go on."""
    answered = visit.collection.stores.responses.find(_person(visit).identifier)
    if answered is None:
        raise ElsewhereError(HOME)
    if answered.submitted:
        raise ElsewhereError(THANKS)
    return answered


def _page(visit: Visit) -> Page:
    page = visit.form.page(visit.path["code"])
    if page is None:
        raise HTTPException(404, NO_PAGE)
    return page


def _address(page: Page) -> str:
    return f"/page/{page.code}"


def _resume(visit: Visit, answered: Answered, after: Page | None = None) -> str:
    """Address of the next page to be filled, of the review when there is none."""
    page = next_page(visit.form, answered.answers, answered.drafts, after)
    return REVIEW if page is None else _address(page)


def _in_words(page: Page, form: Form, answered: Answered) -> list[tuple[str, list[str]]]:
    return [
        (question.text, answer_in_words(question, form, answered.answers))
        for question in asked_questions(page, form, answered.answers)
    ]


def _way_back(visit: Visit, person: Person) -> dict[str, Any]:
    """How to come back: who was invited has a link, others are given theirs here only."""
    settings = visit.collection.settings
    own = None if person.invited else spaced_token(visit.token)
    return {"code": own, "link": None if person.invited else settings.link(visit.token)}
