"""A generated page, as its source and the files that go with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import yaml

from reports.figure import Figure

Draft = Callable[[], "Page"]  # a page still to be made, by any process (see `making`)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an edition.

    `address` : from the folder of the edition, without suffix (see `reports.addresses`).
    `text` : the whole `.qmd`, without cells (see `document`), or what one includes (`fragment`).
    `files` : what stands beside it, content by name from the folder of the edition.
    `figures` : the figures it shows, for whoever sets them on paper.
    `late` : gives further files, which take long: only who writes the page asks for them (`made`).
    """

    address: str
    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    late: Callable[[], Mapping[str, bytes]] | None = None


def made(page: Page) -> Page:
    """A page with all its files."""
    return replace(page, files={**page.files, **page.late()}, late=None) if page.late else page


def document(title: str, description: str, body: str, **metadata: object) -> str:
    """A `.qmd` that runs nothing: `engine: markdown` keeps Quarto from starting a kernel.

    Title, subtitle and description are plain text, whatever signs they hold; `body` is Markdown.
    """
    if "subtitle" in metadata:
        metadata["subtitle"] = escaped(str(metadata["subtitle"]))
    header = {"title": escaped(title), "description": description, "engine": "markdown", **metadata}
    front = yaml.safe_dump(header, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{front}---\n\n{body.strip()}\n"


def fragment(name: str, parts: Iterable[str], figures: Iterable[Figure] = ()) -> Page:
    """What a hand-written page takes in: `{{< include _fragments/name.qmd >}}`."""
    shown = tuple(figures)
    files = {name: content for figure in shown for name, content in figure.files().items()}
    return Page(f"_fragments/{name}", "\n\n".join(parts) + "\n", files, shown)


def escaped(text: str) -> str:
    """A text whose signs are not Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|~^$@])", r"\\\1", text)


def parents(*links: tuple[str, str]) -> list[dict[str, str]]:
    """The way back from a page, from the farthest: name and address of each, for `document`."""
    return [{"text": escaped(text), "href": address} for text, address in links]
