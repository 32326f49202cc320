"""What keeps the questionnaire safe: tokens, the session, keys of forms, limits, headers.

The session cookie is the token itself, or a random one for a visitor who has none yet: nothing
about sessions is stored, a server that restarts closes none, and no key has to be kept. The cookie
ends with the browser, no script can read it, and it stands in no address. The key of a form is a
time signed with that token (HMAC-SHA256): no one else can make a form that we would accept, and the
time tells how long the page was in view.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
import textwrap
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

TOKEN_BYTES = 16  # 128 bits
TOKEN = re.compile(r"[a-z2-7]{26}")
MILLISECONDS = re.compile(r"[0-9]{1,13}")  # since 1970, until the year 2286
PUBLIC_COOKIE = "__Host-reponse"  # over https: this host alone, Secure, whole site
LOCAL_COOKIE = "reponse"  # over http, on one's own machine

POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}


def new_token() -> str:
    """A random token: 26 lower-case letters and digits 2 to 7, so that none looks like another."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()


def read_token(typed: str) -> str | None:
    """The token as typed from a letter (capitals, spaces and hyphens do not matter), else None.

    A whole link, pasted where the code is asked for, is read too.
    """
    token = re.sub(r"[\s-]", "", typed).lower().rstrip("/").rpartition("/")[2]
    return token if TOKEN.fullmatch(token) else None


def spaced_token(token: str) -> str:
    """The token as a person copies it: groups of five, the last of six."""
    return "-".join([*textwrap.wrap(token[:20], 5), token[20:]])


def hash_token(token: str) -> str:
    """SHA-256 of a token, in hexadecimal: what is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def cookie_name(*, https: bool) -> str:
    """Name of the session cookie; browsers hold the one of https to its prefix `__Host-`."""
    return PUBLIC_COOKIE if https else LOCAL_COOKIE


def form_key(token: str, now: datetime) -> str:
    """What a form of this session carries: when it was shown, signed."""
    shown = str(round(now.timestamp() * 1000))
    return f"{shown}.{_signature(token, shown)}"


def form_shown_at(token: str, key: str) -> datetime | None:
    """When the form was shown, None when the key is not one of this session."""
    shown, _, signature = key.partition(".")
    if not hmac.compare_digest(_signature(token, shown).encode(), signature.encode()):
        return None
    if not MILLISECONDS.fullmatch(shown):  # signed, as its owner can, but not by us
        return None
    return datetime.fromtimestamp(int(shown) / 1000, UTC)


def _signature(token: str, shown: str) -> str:
    return hmac.new(token.encode(), f"formulaire {shown}".encode(), hashlib.sha256).hexdigest()


class RateLimit:
    """At most `most` events an address and `most_overall` in all, per `window`.

    An address (of an IPv6, its network of 64 bits) is never kept: what is counted is its HMAC under
    a key that stands in memory only, is drawn anew at each window, and dies with the process.
    """

    def __init__(
        self,
        most: int,
        most_overall: int,
        window: timedelta,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._most_overall = most, most_overall
        self._window, self._clock = window.total_seconds(), clock
        self._turn = Lock()
        self._renew()

    def _renew(self) -> None:
        self._key, self._counts, self._since = secrets.token_bytes(32), Counter(), self._clock()

    def allows(self, address: str) -> bool:
        """Whether one more event is let through; it is counted if so."""
        with self._turn:
            if self._clock() - self._since >= self._window:
                self._renew()
            who = hmac.digest(self._key, _network(address).encode(), "sha256")
            if self._counts[who] >= self._most or self._counts.total() >= self._most_overall:
                return False
            self._counts[who] += 1
            return True


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:  # how a server that listens on both sees an IPv4 visitor
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
