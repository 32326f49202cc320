"""A page of Markdown made into HTML by pandoc, with the site's template and filters.

Both renderers run the filters of `_quarto.yml`; `filters/quarto.lua` stands in for Quarto's own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from reports.rendering.project import MenuItem, Project, page_address, relative_address
from survey.errors import SurveyError
from survey.french import typography

ASSETS = Path(__file__).parents[1] / "assets"
TEMPLATE = ASSETS / "template.html"
STAND_IN = ASSETS / "filters" / "quarto.lua"
# Signs typed in a label stay signs: pages write HTML as whole raw blocks, and none of the rest.
UNUSED = ("raw_html", "raw_tex", "latex_macros", "subscript", "superscript", "strikeout")
UNUSED += ("inline_notes", "example_lists", "link_attributes", "inline_code_attributes")
READER = "-".join(("markdown", *UNUSED))
LIBRARY = "site_libs/observatoire"  # where style, fonts and scripts stand in the site
RAW_BLOCK = re.compile(r"^```\{=html\}\n(.+?)\n```$", re.DOTALL | re.MULTILINE)
LONG_FENCE = "````"
MARK = "<!-- observatoire:bloc {} -->"
MARKED = re.compile(MARK.format(r"(\d+)").encode())
DEFAULTS: dict[str, Any] = {"lang": "fr", "toc-title": "Sur cette page"}  # Quarto's French words


def page_html(
    project: Project, source: str, markdown: str, metadata: dict[str, Any], folder: Path
) -> Path:
    """Write the page made of `markdown` under `folder`, at its address; returns the file.

    Raises SurveyError with pandoc's or the filter's message.
    """
    target = folder / page_address(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    variables = target.with_suffix(".json")
    variables.write_text(
        json.dumps(template_metadata(project, source, metadata), ensure_ascii=False, default=str),
        encoding="utf-8",
    )
    filters = [*(project.root / path for path in project.filters), STAND_IN]
    command = [
        pandoc_program(),
        f"--from={READER}",
        "--to=html5",
        "--standalone",
        "--section-divs",
        "--mathml",
        "--wrap=none",
        "--syntax-highlighting=none",
        f"--template={TEMPLATE}",
        f"--metadata-file={variables}",
        *(f"--lua-filter={path}" for path in filters),
        *(("--toc", f"--toc-depth={metadata.get('toc-depth', 3)}") if metadata.get("toc") else ()),
    ]
    text, raw = without_raw(markdown)
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    variables.unlink()
    if done.returncode:
        raise SurveyError(f"{source}\u202f: {_message(done.stderr.decode(errors='replace'))}")
    target.write_bytes(with_raw(done.stdout, raw))
    return target


def without_raw(markdown: str) -> tuple[str, list[bytes]]:
    """The Markdown with a mark in the place of each raw block, and the blocks.

    pandoc gives a raw block back as it is, but reads it sign by sign: charts are most of a page.
    A page that shows fences inside a longer fence is left whole.
    """
    if LONG_FENCE in markdown:
        return markdown, []
    raw: list[bytes] = []

    def mark(block: re.Match[str]) -> str:
        raw.append(block[1].encode())
        return block[0].replace(block[1], MARK.format(len(raw) - 1), 1)

    return RAW_BLOCK.sub(mark, markdown), raw


def with_raw(html: bytes, raw: Sequence[bytes]) -> bytes:
    """The HTML with each raw block in the place of its mark."""
    return MARKED.sub(lambda mark: raw[int(mark[1])], html) if raw else html


def pandoc_program() -> str:
    """The pandoc that comes with `pypandoc_binary`, whatever else the machine has.

    `pypandoc.get_pandoc_path` may return an older system pandoc, and not the same one when two
    threads ask at once.
    """
    import pypandoc

    name = "pandoc.exe" if os.name == "nt" else "pandoc"
    bundled = Path(pypandoc.__file__).parent / "files" / name
    return str(bundled) if bundled.is_file() else pypandoc.get_pandoc_path()


def template_metadata(project: Project, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata of a page completed with its menu, addresses and site title for the template."""
    page = page_address(source)
    # A metadata `toc` would take the place of the contents that pandoc makes.
    described = {key: value for key, value in metadata.items() if key != "toc"}
    return {
        **DEFAULTS,
        **described,
        **_description(metadata),
        "page-address": page,
        "site-title": project.title,
        "site-home": _raw(relative_address("index.html", page)),
        "library": _raw(relative_address(f"{LIBRARY}/x", page).removesuffix("/x")),
        "footer": project.footer,
        "menu": _items(project.menu, page),
        "footer-menu": _items(project.footer_menu, page),
        **_search_page(metadata, page),
    }


def _items(menu: Iterable[MenuItem], page: str) -> list[dict[str, Any]]:
    return [
        {
            "text": item.text,
            "href": _raw(relative_address(item.target, page)),
            "current": item.target == page,
        }
        for item in menu
    ]


def _description(metadata: dict[str, Any]) -> dict[str, str]:
    """What search engines show of a page: plain text within an attribute."""
    text = metadata.get("description")
    return {"description": _raw(escape(typography(text)))} if text else {}


def _search_page(metadata: dict[str, Any], page: str) -> dict[str, str]:
    """The address of `search-page`, as written in a page."""
    source = metadata.get("search-page")
    return {"search-page": _raw(relative_address(page_address(source), page))} if source else {}


def _raw(text: str) -> str:
    """An address, or HTML, kept as it is by pandoc, which reads metadata as Markdown."""
    return f"`{text.replace('`', '&#96;')}`{{=html}}"


def _message(stderr: str) -> str:
    """What the filter said, else the last words of pandoc."""
    mark = "observatoire: "
    if mark in stderr:
        return stderr.split(mark, 1)[1].splitlines()[0]
    return f"pandoc n’a pas pu faire cette page.\n  {stderr.strip()}"
