"""What a page or an image could run: only the scripts that the project writes may be there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

from reports.pages.writing import LIST, read_list

ASSETS = Path(__file__).parents[1] / "assets"
DATA = ("application/json", "application/ld+json")  # a script of these kinds is not run
RUNNING = re.compile(
    r"^[\x00-\x20]*(?:j[\x00-\x20]*a|v[\x00-\x20]*b)[a-z\s]*script\s*:|^\s*data:", re.I
)
ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "poster", "srcset"}
FOREIGN = {"iframe", "object", "embed", "base", "frame", "applet"}
GIVEN = re.compile(rb"const \w+ = (.+);")
SUSPECT = re.compile(
    r"(?i)<(?:script|foreignObject|iframe|object|embed)|\bon\w+\s*=|script\s*:|data:"
)
IMAGE = re.compile(r"^\s*data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.I)
QUARTO_SCRIPTS = re.compile(r"quarto-")  # identifiers of what Quarto writes in a page
QUARTO_LIBRARIES = "site_libs"  # Quarto's own are there, by folder; ours is `observatoire`
OWN_LIBRARY = "observatoire"

Attributes = Sequence[tuple[str, str | None]]


def tag_faults(tag: str, attrs: Attributes) -> Iterator[str]:
    """What an element could run, or take from elsewhere."""
    values = {name: value or "" for name, value in attrs}
    for name, value in values.items():
        if name.startswith("on"):
            yield f"l’élément « {tag} » porte un gestionnaire ({name})"
        elif name == "srcdoc":
            yield f"l’élément « {tag} » porte une page ({name})"
        elif name in ADDRESSES and RUNNING.match(value) and not IMAGE.match(value):
            yield f"l’élément « {tag} » a une adresse qui exécute ({value[:20]}…)"
    if tag in FOREIGN:
        yield f"un élément « {tag} » n’a rien à faire dans une page"
    if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
        yield "la page renvoie ailleurs d’elle-même"
    is_run = tag == "script" and "src" not in values and values.get("type") not in DATA
    if is_run and not QUARTO_SCRIPTS.match(values.get("id", "")):
        yield "un programme est écrit dans la page"


def own_scripts(root: Path) -> frozenset[str]:
    """Digests of every script that the project writes: its assets, and what its pages engender."""
    assets = [*ASSETS.glob("*.js"), *root.glob("_build/vega.js")]
    own = {_digest(path.read_bytes()) for path in assets}
    lists = (read_list(path.parent) for path in root.glob(f"reports/**/{LIST}"))
    engendered = (digest for each in lists for name, digest in each.items() if name.endswith(".js"))
    return frozenset(own | set(engendered))


def script_faults(site: Path, own: frozenset[str]) -> Iterator[str]:
    """The files of scripts that the project did not write."""
    for path in sorted(site.rglob("*.js")):
        where = path.relative_to(site)
        if where.parts[0] == QUARTO_LIBRARIES and where.parts[1] != OWN_LIBRARY:
            continue
        content = path.read_bytes()
        if _digest(content) not in own and _digest(_without_data(content)) not in own:
            yield f"{where} : ce programme n’est pas de ceux que le projet écrit."


def _without_data(content: bytes) -> bytes:
    """A script without its first line, where that only gives it data: the index of the search."""
    first, _, rest = content.partition(b"\n")
    data = GIVEN.fullmatch(first)
    try:
        json.loads(data[1] if data else b"")
    except ValueError:
        return content
    return rest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def image_faults(where: Path, text: str) -> Iterator[str]:
    """What an SVG could run; one that may is read tag by tag, since its texts may say anything."""
    if SUSPECT.search(text):
        image = _Tags()
        image.feed(text)
        yield from (f"{where} : {fault}." for fault in dict.fromkeys(image.faults))


class _Tags(HTMLParser):
    """The faults of the tags of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Note what the tag could run."""
        self.faults += tag_faults(tag, attrs)
        if tag in {"foreignobject", "script"}:
            self.faults.append(f"un élément « {tag} » n’a rien à faire dans une image")
