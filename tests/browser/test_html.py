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
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pages import HERE, HTML_VALIDATE, name, pages, require_node_tool

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


def inventory(page: Path) -> Inventory:
    found = Inventory()
    found.feed(page.read_text("utf-8"))
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
    assert faults == []


def test_identifiers_are_unique_and_known(path):
    found = inventory(path)
    assert sorted(found.ids) == sorted(set(found.ids))
    assert set(found.references) <= set(found.ids)


def test_links_lead_somewhere(path, site):
    known = {path: set(inventory(path).ids)}
    broken = []
    for address in inventory(path).addresses:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "mailto"):
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not (target.is_file() and target.is_relative_to(site)):
            broken.append(address)
        elif parts.fragment and target.suffix == ".html":
            if target not in known:
                known[target] = set(inventory(target).ids)
            if unquote(parts.fragment) not in known[target]:
                broken.append(address)
    assert broken == []
