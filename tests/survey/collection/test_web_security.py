"""Tokens, sessions, forms of others, limits, headers, hosts: what must be refused is refused."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from respondents import visitors
from web_forms import SHAPES

from survey.collection import app as application
from survey.collection.security import (
    RateLimit,
    _signature,
    form_key,
    form_shown_at,
    hash_token,
    new_token,
    read_token,
    spaced_token,
)

NOW = datetime(2026, 3, 9, 12, 0, 0, 123000, tzinfo=UTC)
FOLDER = Path(application.__file__).parent


def test_a_token_holds_128_bits_and_is_read_as_copied():
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    for token in tokens:
        assert len(token) == 26 and 5 * 25 < 128 <= 5 * 26
        assert read_token(f" {spaced_token(token).upper()} ") == token
        assert read_token(f"https://enquete.exemple.fr/r/{token}/") == token
    letters = {letter for token in tokens for letter in token}
    assert letters == set("abcdefghijklmnopqrstuvwxyz234567")
    assert len(hash_token("a")) == 64


@given(st.text(max_size=60))
def test_anything_else_is_not_a_token(typed):
    token = read_token(typed)
    assert token is None or re.fullmatch("[a-z2-7]{26}", token)


@given(st.text(max_size=80))
def test_a_form_key_is_good_for_its_session_only(other):
    token = new_token()
    key = form_key(token, NOW)
    assert form_shown_at(token, key) == NOW
    assert form_shown_at(new_token(), key) is None
    if other != key:
        assert form_shown_at(token, other) is None
    later = form_key(token, NOW + timedelta(seconds=1))
    for forged in ("", "hier", "１２", "-1", "9" * 20, "1e5"):  # as its owner can sign
        signed = f"{forged}.{_signature(token, forged)}"
        assert form_shown_at(token, signed) is None
    mixed = later.split(".")[0] + "." + key.split(".")[1]
    assert form_shown_at(token, mixed) is None


def test_a_limit_counts_by_address_and_in_all_and_forgets():
    now = [0.0]
    limit = RateLimit(2, 4, timedelta(hours=1), lambda: now[0])
    assert [limit.allows("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [limit.allows("2001:db8::1"), limit.allows("2001:db8::ffff")] == [True, True]
    assert not limit.allows("198.51.100.7")  # four in all
    held = repr(vars(limit))
    assert "192.0.2.1" not in held and "2001:db8" not in held
    before = limit._key
    now[0] = 3600.0
    assert limit.allows("192.0.2.1") and limit._key != before
    assert len(limit._counts) == 1


def test_a_network_of_64_bits_counts_as_one_address():
    limit = RateLimit(1, 100, timedelta(hours=1))
    assert limit.allows("2001:db8::1") and not limit.allows("2001:db8::2")
    assert limit.allows("2001:db8:0:1::1") and limit.allows("192.0.2.1")
    assert limit.allows("::ffff:198.51.100.7") and limit.allows("::ffff:198.51.100.8")
    assert not limit.allows("198.51.100.7")  # the same visitor, seen by another socket
    assert limit.allows("illisible") and not limit.allows("illisible")


def test_a_form_of_another_session_is_refused_and_changes_nothing(local_visitor, local_stores):
    respondent, other = local_visitor().open("/").send(), local_visitor().open("/")
    for key in ("", "x", other.key(), f"{respondent.key()}0"):
        sent = respondent.post("/page/profil", {"_cle": key, "taille": "0"})
        assert sent.status_code == 403 and "session s’est fermée" in sent.text
    without = local_visitor()
    assert without.post("/page/profil", {"_cle": respondent.key()}).status_code == 403
    assert [answered.answers for answered in local_stores.responses.all()] == [{}]


def test_every_form_carries_a_key(local_visitor):
    for template in FOLDER.glob("templates/*.html"):
        text = template.read_text(encoding="utf-8")
        assert text.count('method="post"') == text.count("{{ key_field(key) }}"), template.name


def test_nothing_changes_by_a_link(local_visitor, local_stores):
    respondent = local_visitor().open("/").send().send({"taille": "0"})
    before = local_stores.responses.all()
    for path in ("/debut", "/quitter", "/retrait", "/verification", "/page/profil?taille=1-9"):
        respondent.open(path)
    assert local_stores.responses.all() == before
    assert respondent.open("/debut").page.status_code == 405


@pytest.mark.parametrize("address", ["http://localhost:8000", "https://enquete.exemple.fr"])
def test_every_answer_carries_its_headers(local_settings, local_stores, address):
    visitor = visitors(replace(local_settings, address=address), SHAPES, local_stores)
    client = visitor().client
    is_https = address.startswith("https")
    for path in ("/", "/page/profil", "/rien", "/code", "/retrait", f"/r/{new_token()}"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "script" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "geolocation=()" in answer.headers["permissions-policy"]
        assert ("strict-transport-security" in answer.headers) is is_https
        assert "<script" not in answer.text and " style=" not in answer.text
    cookie = visitor().client.get("/").headers["set-cookie"]
    assert cookie.startswith("__Host-reponse=" if is_https else "reponse=")
    assert ("; Secure" in cookie) is is_https and "Domain" not in cookie and "Path=/" in cookie
    style = client.get("/static/style.css")
    assert style.status_code == 200 and "max-age" in style.headers["cache-control"]
    assert client.get("/static/../app.py").status_code == 404


def test_the_host_may_be_written_in_capitals(local_visitor):
    assert local_visitor().client.get("/", headers={"host": "LocalHost:8000"}).status_code == 200


OTHERS = ["exemple.fr", "localhost.exemple.fr", "", "evil@localhost.x", "localhost:8000/autre"]


@pytest.mark.parametrize("host", OTHERS)
def test_another_host_is_refused(local_visitor, host):
    answer = local_visitor().client.get("/", headers={"host": host})
    assert answer.status_code == 400 and "set-cookie" not in answer.headers


def test_a_body_too_large_is_refused_and_the_page_before_is_kept(local_visitor, local_stores):
    respondent = local_visitor().open("/").send().send({"taille": "0"})
    key, before = respondent.key(), local_stores.responses.all()
    large = respondent.post("/page/profil-2", {"_cle": key, "statut": "x" * 600_000})
    assert large.status_code == 413 and "trop volumineuse" in large.text
    many = respondent.post("/page/profil-2", {"_cle": key} | {f"c{i}": "x" for i in range(3000)})
    assert many.status_code == 413
    assert local_stores.responses.all() == before


def test_a_failure_is_said_in_french_and_says_nothing_else(local_visitor, local_stores, caplog):
    respondent = local_visitor().open("/").send()
    kept = local_stores.responses.database.engine
    local_stores.responses.database.engine = None
    with caplog.at_level(logging.DEBUG):
        respondent.send({"taille": "0"})
    local_stores.responses.database.engine = kept
    assert respondent.page.status_code == 500
    assert "Les pages déjà enregistrées le restent" in respondent.text
    assert respondent.page.headers["cache-control"] == "no-store"
    assert "NoneType" not in respondent.page.text
    assert respondent.client.cookies["reponse"] not in caplog.text
    again = respondent.client.send(respondent.page.request, follow_redirects=True)  # reloaded
    assert again.url.path == "/page/profil-2"


def test_a_failure_is_logged_by_its_kind_and_place_only(
    local_settings, local_stores, monkeypatch, caplog
):
    def fail(visit):
        raise ValueError(visit.token)

    monkeypatch.setitem(application.SHOWN, "/pause", fail)
    respondent = visitors(local_settings, SHAPES, local_stores)().open("/")
    assert respondent.open("/pause").page.status_code == 500
    assert "ValueError" in caplog.text and "test_web_security.py" in caplog.text
    assert respondent.client.cookies["reponse"] not in caplog.text


def test_an_answer_written_with_tags_is_shown_as_text(local_visitor):
    respondent = local_visitor().open("/").send().send({"taille": "10+"})
    respondent.send({"statut__autre__texte": '"><script>x</script>', "effectif": "<b>"})
    assert "<script" not in respondent.page.text and "<b>" not in respondent.page.text
    assert respondent.shown()["statut__autre__texte"] == ['"><script>x</script>']
