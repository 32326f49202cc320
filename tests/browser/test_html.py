"""The HTML is valid and no link leads nowhere.

`htmlvalidate.json` follows the recommended rules but for: the writing of void elements (pandoc
closes them, the template does not), of the doctype and of empty attributes (figures are also read
as XML); lengths that are data (`left`, `width`) as inline styles; titles over 70 characters, which
end with « Données simulées » and the name of the site; `role="region"` on a table that scrolls.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from os.path import normpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pages import HERE, HTML_VALIDATE, fail_for, name, pages, require_node_tool

ADDRESSES = ("href", "src", "xlink:href")
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")


class Inventory(HTMLParser):
    """The identifiers of a page, the addresses it names and the identifiers it refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag, attrs):
        for attribute, value in attrs:
            if attribute == "id":
                self.ids.append(value)
            elif attribute in ADDRESSES and value:
                self.addresses.append(value)
            elif attribute in REFERENCES and value:
                self.references += value.split()


@pytest.fixture(scope="module")
def inventories(site) -> dict[Path, Inventory]:
    """What each page names, by its file."""
    found = {}
    for page in pages():
        found[page] = Inventory()
        found[page].feed(page.read_text("utf-8"))
    return found


def test_html_is_valid(site, tmp_path):
    require_node_tool(HTML_VALIDATE)
    command = [shutil.which("node"), HTML_VALIDATE, "--config", HERE / "htmlvalidate.json"]
    report = tmp_path / "report.json"
    done = subprocess.run(
        [*command, "--formatter", f"json={report}", *pages()], capture_output=True, text=True
    )
    assert report.exists(), done.stderr
    faults = [
        f"{name(Path(checked['filePath']))}:{fault['line']} {fault['ruleId']}: {fault['message']}"
        for checked in json.loads(report.read_text("utf-8"))
        for fault in checked["messages"]
    ]
    fail_for(dict.fromkeys(faults, "invalid"))


def test_identifiers_are_unique_and_known(inventories):
    faults = {}
    for page, found in inventories.items():
        twice = [each for each, count in Counter(found.ids).items() if count > 1]
        faults[name(page)] = twice + sorted(set(found.references) - set(found.ids))
    fail_for(faults)


def test_links_lead_somewhere(inventories, site):
    known = {page: set(found.ids) for page, found in inventories.items()}
    files = set(site.rglob("*"))

    def leads(page: Path, address: str) -> bool:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "mailto"):
            return True
        target = Path(normpath(page.parent / unquote(parts.path))) if parts.path else page
        if target not in files or target.is_dir():
            return False
        return not (parts.fragment and target in known) or unquote(parts.fragment) in known[target]

    assert sum(len(found.addresses) for found in inventories.values()) > 1000
    fail_for(
        {
            name(page): sorted({each for each in found.addresses if not leads(page, each)})
            for page, found in inventories.items()
        }
    )


def test_every_page_is_reached_from_the_first(inventories, site):
    reached, queue = set(), [site / "index.html"]
    while queue:
        page = queue.pop()
        if page in reached or page not in inventories:
            continue
        reached.add(page)
        parts = [urlsplit(each) for each in inventories[page].addresses]
        queue += [
            Path(normpath(page.parent / unquote(each.path)))
            for each in parts
            if each.path and not each.scheme
        ]
    assert sorted(map(name, set(inventories) - reached)) == []
