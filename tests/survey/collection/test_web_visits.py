"""People answer over HTTP: every page kept, resumed, corrected, sent once, taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from respondents import NOON, answer_all, fields_for, visitors
from web_forms import ALL, SHAPES

from survey.collection.contacts import Person
from survey.collection.export import collected_responses
from survey.collection.pages import asked_questions, make_form
from survey.collection.security import hash_token, new_token
from survey.collection.settings import open_stores
from survey.columns import questionnaire_columns
from survey.generation import generate_responses
from survey.schema import check_responses

FORM = make_form(SHAPES)
FIRST, SECOND = {"taille": "10+"}, {"statut": "prive", "effectif": "12"}


def invited(stores, unit="unité 1") -> tuple[Person, str]:
    token = new_token()
    person = Person(f"nom {unit}", hash_token(token), unit, {"nom": "Dupont"})
    stores.contacts.add([person])
    return person, token


def begun(visitor):
    return visitor().open("/").send()


def only(stores):
    (answered,) = stores.responses.all()
    return answered


@pytest.mark.parametrize("questionnaire", ALL, ids=lambda each: each.code)
def test_answers_over_http_arrive_unchanged(questionnaire, local_settings):
    """A sample of people fills the real forms; what is shown and what is kept is what is routed."""
    stores = open_stores(local_settings, questionnaire)
    visitor, form = visitors(local_settings, questionnaire, stores), make_form(questionnaire)
    sent = generate_responses(questionnaire, 12, seed=21)
    for person in sent.to_dicts():
        respondent = visitor().open("/").send()
        while respondent.path.startswith("/page/"):
            page = form.page(respondent.path.removeprefix("/page/"))
            asked = {question.code for question in asked_questions(page, form, person)}
            assert {name.split("__")[0] for name in respondent.names()} == asked
            respondent.send(fields_for(person, form, respondent.names()), action="continuer")
        assert respondent.path == "/verification"
        assert respondent.send().path == "/merci"
    received = collected_responses(stores.responses, questionnaire)
    check_responses(received, questionnaire)
    names = [column.name for column in questionnaire_columns(questionnaire)]
    assert sorted(map(repr, received.select(names).rows())) == sorted(
        map(repr, sent.select(names).rows())
    )
    assert (
        received["complete"].all()
        and received["submitted"].to_list() == [NOON.replace(tzinfo=None)] * 12
    )
    stores.close()


def test_each_page_is_kept_and_the_person_comes_back_where_they_stopped(visitor, stores):
    respondent = begun(visitor).send(FIRST)
    assert respondent.path == "/page/profil-2"
    assert only(stores).answers == FIRST
    token = respondent.client.cookies["reponse"]
    elsewhere = visitor().open(f"/r/{token}")
    assert elsewhere.path == "/" and "Reprendre le questionnaire" in elsewhere.text
    assert elsewhere.send().path == "/page/profil-2"
    elsewhere.send({"statut": "NSP"}, action="plus-tard")
    assert elsewhere.path == "/pause"
    assert only(stores).answers == FIRST | {"statut": "NSP"}  # effectif is not « left blank »
    assert elsewhere.open("/").send().shown() == {"statut": ["NSP"]}


def test_what_is_typed_is_kept_on_error_and_each_error_is_said_beside_and_above(visitor, stores):
    respondent = begun(visitor).send(FIRST)
    typed = {"statut": "prive", "statut__autre__texte": "coopérative", "effectif": "douze"}
    respondent.send(typed, action="continuer")
    assert respondent.path == "/page/profil-2"
    shown = respondent.shown()
    assert shown == {name: [value] for name, value in typed.items()}
    assert len(respondent.errors()) == 2
    assert respondent.document.findtext(".//title").startswith("Erreur\u202f: ")
    for link in respondent.document.xpath("//*[@id='erreurs']//a"):
        target = respondent.document.get_element_by_id(link.get("href")[1:])
        assert target.get("name") in typed
    number = respondent.document.get_element_by_id("effectif")
    assert number.get("aria-invalid") == "true"
    said = [
        respondent.document.get_element_by_id(i) for i in number.get("aria-describedby").split()
    ]
    assert "« douze » n’est pas un nombre" in " ".join(
        each.text_content() for each in said
    ).replace("\u202f", " ")
    assert only(stores).answers == FIRST  # nothing wrong is taken for an answer
    respondent.open("/page/profil-2")  # reloaded: nothing is sent again, nothing is lost
    assert respondent.shown() == shown and len(respondent.errors()) == 2
    respondent.send(SECOND, action="continuer")
    assert respondent.path == "/page/usages"
    assert only(stores).drafts == {}


def test_a_valid_answer_beside_a_wrong_one_is_kept(visitor, stores):
    respondent = begun(visitor).send(FIRST)
    respondent.send({"statut": "groupe", "effectif": "3"}, action="continuer")
    assert respondent.errors() == ["Effectif\u202f: Écrivez un nombre entre 10 et 250\u202f000."]
    assert only(stores).answers == FIRST | {"statut": "groupe"}


def test_going_back_loses_nothing_typed(visitor, stores):
    respondent = begun(visitor).send(FIRST)
    respondent.send({"statut": "groupe", "effectif": "presque vingt"}, action="precedent")
    assert respondent.path == "/page/profil"
    assert respondent.shown() == {"taille": ["10+"]}
    assert respondent.send(FIRST, action="continuer").path == "/page/profil-2"
    assert respondent.shown() == {"statut": ["groupe"], "effectif": ["presque vingt"]}
    assert visitor().open("/").send().send({}, action="precedent").path == "/"


def test_the_back_button_and_a_second_click_duplicate_nothing(visitor, stores):
    respondent = begun(visitor)
    key = respondent.key()
    for _ in range(2):
        sent = respondent.post("/page/profil", {"_cle": key, "_action": "continuer", **FIRST})
        assert sent.url.path == "/page/profil-2"
    respondent.open("/page/profil-2").send(SECOND, action="continuer")
    old = respondent.post("/page/profil", {"_cle": key, "_action": "continuer", "taille": "0"})
    assert old.url.path == "/page/usages"
    kept = only(stores).answers
    assert kept == {"taille": "0", "statut": "prive"}  # what is not asked any more is erased


def test_a_page_ahead_or_not_asked_leads_where_the_person_stopped(visitor):
    respondent = begun(visitor)
    assert respondent.open("/page/avis").path == "/page/profil"
    respondent.send({"taille": "0"}, action="continuer")
    assert respondent.open("/page/usages-2").path == "/page/profil-2"
    assert respondent.open("/page/rien").page.status_code == 404
    assert respondent.open("/verification").path == "/verification"
    assert "Il reste des questions" in respondent.text
    assert respondent.open("/merci").path == "/"


def complete_person() -> dict:
    return generate_responses(SHAPES, 1, seed=4).to_dicts()[0]


def test_answers_are_sent_once_and_can_no_longer_be_changed(visitor, stores):
    respondent = answer_all(visitor(), complete_person(), FORM)
    key = respondent.key()
    assert respondent.send().path == "/merci"
    before = only(stores)
    assert before.submitted == NOON.replace(tzinfo=None) and before.counted is None
    assert respondent.post("/verification", {"_cle": key}).url.path == "/merci"
    changed = respondent.post("/page/profil", {"_cle": key, "taille": "0"})
    assert changed.url.path == "/merci"
    for path in ("/", "/page/profil", "/verification", "/pause"):
        assert respondent.open(path).path == "/merci"
    assert only(stores) == before


def test_nothing_is_sent_before_every_page_is_filled(visitor, stores):
    respondent = begun(visitor)
    sent = respondent.post("/verification", {"_cle": respondent.key()})
    assert sent.url.path == "/verification" and only(stores).submitted is None


@pytest.mark.parametrize("is_sent", [False, True])
def test_who_was_invited_takes_their_answers_back(visitor, stores, is_sent):
    person, token = invited(stores)
    respondent = answer_all(visitor().open(f"/r/{token}"), complete_person(), FORM)
    if is_sent:
        respondent.send()
    assert only(stores).identifier == person.identifier and only(stores).invited
    respondent.open("/retrait")
    assert "définitif" in respondent.text and stores.responses.all()
    assert respondent.send().path == "/retrait/fait"
    assert stores.responses.all() == []
    assert stores.contacts.invited() == [replace(person, withdrawn=True, details={})]
    again = visitor().open(f"/r/{token}")
    assert "ont été retirées" in again.text
    again.post("/debut", {"_cle": visitor().open("/").key()})
    assert stores.responses.all() == []


def test_a_visitor_takes_their_answers_back_with_their_code(visitor, stores):
    respondent = answer_all(visitor(), complete_person(), FORM).send()
    code = respondent.document.xpath("//*[@class='code']")[0].text_content()
    link = respondent.document.xpath("//main//a")[0].get("href")
    assert link.endswith(f"/r/{code.replace('-', '')}")
    other = visitor().open("/retrait")
    assert other.send({"code": "aaaaa"}).page.status_code == 404
    field = other.document.get_element_by_id("code")
    assert field.get("aria-invalid") == "true" and "autofocus" in field.attrib
    assert field.value == "aaaaa"  # nothing to type anew but what is wrong
    other.send({"code": f" {code.upper()} "})
    assert other.path == "/retrait"
    assert other.send().path == "/retrait/fait"
    assert stores.responses.all() == [] and stores.contacts.count() == 0


def test_a_personal_link_leaves_the_address_and_opens_one_answer(visitor, stores, settings):
    person, token = invited(stores)
    client = visitor().client
    first = client.get(f"/r/{token}")
    assert first.status_code == 303 and first.headers["location"] == "/"
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=lax" in first.headers["set-cookie"]
    assert "Max-Age" not in first.headers["set-cookie"] and "expires" not in first.headers
    for _ in range(2):
        visitor().open(f"/r/{token}").send()
    assert [answered.identifier for answered in stores.responses.all()] == [person.identifier]
    assert token not in visitor().open(f"/r/{token}").page.text
    unknown = visitor().open(f"/r/{new_token()}")
    assert unknown.page.status_code == 404 and "n’est pas reconnu" in unknown.text


def test_without_a_link_nothing_is_opened_unless_the_mode_is_open(settings, stores):
    visitor = visitors(replace(settings, is_open=False), SHAPES, stores)
    respondent = visitor().open("/")
    assert respondent.names() == {"code"}
    sent = respondent.post("/debut", {"_cle": respondent.key()})
    assert sent.url.path == "/code"
    assert stores.contacts.count() == 0 and stores.responses.all() == []
    _, token = invited(stores)
    assert respondent.open("/").send({"code": token}).send().path == "/page/profil"


def test_the_open_mode_is_limited(local_settings, local_stores):
    visitor = visitors(replace(local_settings, starts_an_hour=2), SHAPES, local_stores)
    assert [begun(visitor).page.status_code for _ in range(3)] == [200, 200, 429]
    refused = begun(visitor)
    assert "Réessayez dans une heure" in refused.text and refused.path == "/debut"
    assert len(local_stores.responses.all()) == 2


def test_leaving_closes_the_session(visitor):
    respondent = begun(visitor).send({"taille": "0"}, action="plus-tard")
    token = respondent.client.cookies["reponse"]
    respondent.send(rank=1)
    assert respondent.client.cookies["reponse"] != token
    assert respondent.open("/page/profil").path == "/"
    assert respondent.open("/code").send({"code": token}).send().path == "/page/profil-2"


def test_the_collection_opens_and_closes_at_midnight_in_france(local_settings, local_stores):
    days = replace(local_settings, opens=date(2026, 3, 9), closes=date(2026, 3, 10))
    now = [datetime(2026, 3, 8, 22, 59, tzinfo=UTC)]
    visitor = visitors(days, SHAPES, local_stores, lambda: now[0])
    early = visitor().open("/")
    assert "n’est pas encore ouverte" in early.text
    assert "du 09/03/2026 au 10/03/2026 inclus" in early.text
    now[0] = datetime(2026, 3, 8, 23, 1, tzinfo=UTC)
    respondent = begun(visitor)
    now[0] = datetime(2026, 3, 10, 22, 59, tzinfo=UTC)
    late = respondent.open("/page/profil").key()
    now[0] = datetime(2026, 3, 10, 23, 1, tzinfo=UTC)
    respondent.send(FIRST, action="continuer")  # what was being typed is not lost
    assert "Ce que vous avez enregistré est gardé" in respondent.text
    assert only(local_stores).answers == FIRST
    assert "terminée" in respondent.text and "jusqu’au 10/03/2026 inclus" in respondent.text
    now[0] += timedelta(hours=12)
    for path in ("/page/profil", "/verification"):
        sent = respondent.post(path, {"_cle": late, "taille": "0"})
        assert "est terminée" in sent.text
    assert only(local_stores).answers == FIRST and only(local_stores).submitted is None
    assert respondent.open("/retrait").send().path == "/retrait/fait"


def test_a_form_shown_after_the_end_is_not_taken(local_settings, local_stores):
    now = [NOON]
    days = replace(local_settings, closes=date(2026, 3, 9))
    visitor = visitors(days, SHAPES, local_stores, lambda: now[0])
    respondent = answer_all(visitor(), complete_person(), FORM)
    now[0] += timedelta(hours=12)
    key = respondent.open("/retrait").key()
    assert "est terminée" in respondent.open("/verification").text
    respondent.post("/verification", {"_cle": key})
    assert only(local_stores).submitted is None


def test_two_tabs_at_once_mix_nothing(visitor, stores):
    """Each page sent is kept whole, whatever the order in which two tabs are served."""
    respondent = begun(visitor).send({"taille": "10+"}, action="continuer")
    token, key = respondent.client.cookies["reponse"], respondent.key()
    pages = [{"statut": "prive", "effectif": "20"}, {"statut": "NSP", "effectif": "3000"}]

    def tab(fields: dict) -> int:
        client = visitor().client
        sent = {"_cle": key, "_action": "continuer"} | fields
        headers = {"cookie": f"reponse={token}"}
        return client.post("/page/profil-2", data=sent, headers=headers).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(tab, pages * 10)) == {303}
    kept = only(stores).answers
    assert (kept["statut"], kept["effectif"]) in {("prive", 20), ("NSP", 3000)}


def test_sans_reponse_takes_an_answer_back_with_what_was_written_beside(visitor, stores):
    respondent = begun(visitor).send({"taille": "0"}, action="continuer")
    assert "Sans réponse" not in respondent.text
    respondent.send({"statut": "autre", "statut__autre__texte": "coopérative"}, action="continuer")
    respondent.open("/page/profil-2")
    assert "Sans réponse" in respondent.text
    taken_back = respondent.shown() | {"statut": ["NR"]}
    respondent.send(taken_back, action="continuer")
    assert only(stores).answers == {"taille": "0", "statut": "NR"}


def test_time_is_counted_by_page_and_never_twice(local_settings, local_stores):
    now = [NOON]
    visitor = visitors(local_settings, SHAPES, local_stores, lambda: now[0])
    respondent = begun(visitor)
    key = respondent.key()
    now[0] += timedelta(seconds=10)
    for _ in range(2):  # a double click
        respondent.post("/page/profil", {"_cle": key, **FIRST})
    respondent.open("/page/profil-2")
    now[0] += timedelta(hours=3)  # gone for lunch
    respondent.send({"effectif": "x"}, action="continuer")
    now[0] += timedelta(seconds=5)
    respondent.send(SECOND, action="continuer")
    assert only(local_stores).seconds == {"profil": 10, "profil-2": 1805}
    frame = collected_responses(local_stores.responses, SHAPES)
    assert frame["duration_seconds"].to_list() == [1815]


def test_the_review_says_every_answer_in_words(local_visitor):
    person = complete_person() | {"remarque": "<b>Bonjour</b>", "remarque__etat": "repondu"}
    respondent = answer_all(local_visitor(), person, FORM)
    words = [each.text_content() for each in respondent.document.xpath("//dd")]
    assert "<b>Bonjour</b>" in words
    asked = [q for page in FORM.pages for q in asked_questions(page, FORM, person)]
    assert [each.text_content() for each in respondent.document.xpath("//dt")] == [
        question.text for question in asked
    ]
