"""The one way a figure reaches a page: Markdown, and its files beside it.

A figure is always a title that is a finding, a subtitle, the chart in two forms, *Lecture / Champ /
Source*, and the means to check it: data, image, permanent link, table. Without JavaScript and in
print the static SVG is what is seen; `charts.js` draws the interactive chart over it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from analysis.marks import PALETTE, Chart
from analysis.tables import csv_frame, html_table
from reports.svg import draw, inline, png, standalone
from survey.errors import SurveyError
from survey.files import SIMULATED, replace_file
from survey.french import NNBSP, typography

SPEC_TOKENS = {colour: f"var(--{name})" for name, colour in PALETTE.items()}
NARROW_STYLE = "max-width:480px"  # a narrow chart is not blown up on a tablet


@dataclass(frozen=True, slots=True)
class Caption:
    """The words of a figure, in French.

    `id` names its address and its files (letters, digits, hyphens); `title` is a finding;
    `subtitle` says measure, population, year; `reading` reads one figure aloud; `field` is the
    *Champ*; `source` needs no « données simulées »: `simulated` adds it. `rows` heads the first
    column of the table (« Secteur »), `level` is that of the heading.
    """

    id: str
    title: str
    subtitle: str
    reading: str
    field: str
    source: str
    rows: str
    simulated: bool
    level: int = 3

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.id):
            raise SurveyError(
                f"figure « {self.id} »{NNBSP}: identifiant attendu en minuscules sans accent, "
                "chiffres et tirets."
            )

    @property
    def full_source(self) -> str:
        """The source, with « données simulées » when it applies."""
        return f"{self.source}, {SIMULATED}" if self.simulated else self.source


@dataclass(frozen=True)
class Figure:
    """A figure ready to be emitted; `frame` is its data, `table` what its table shows.

    `second` and `extra` are further columns of the table (see `html_table`); `note` explains a
    sign of the chart; `interactive` is False when hovering would tell nothing that is not written.
    """

    caption: Caption
    chart_wide: Chart
    chart_narrow: Chart
    alt: str
    frame: pl.DataFrame
    table: pl.DataFrame
    second: tuple[str, str] | None = None
    extra: tuple[tuple[str, str], ...] = ()
    note: str = ""
    interactive: bool = True

    def to_markdown(self, assets: str = "figures", *, interactive: bool = True) -> str:
        """A raw HTML block, as Quarto and pandoc read it; `assets` is the address of the files.

        Without `interactive` the page is spared the specification of the chart, a third of the
        figure: for pages that have many, where hovering would add the count of respondents only.
        """
        said, wide = self.caption, inline(self._wide, self.alt)
        narrow = inline(draw(self.chart_narrow), self.alt, NARROW_STYLE)
        parts = (
            f'<figure class="chart" id="{said.id}">',
            f"<h{said.level}>{text_html(said.title)}</h{said.level}>",
            f'<p class="sous">{text_html(said.subtitle)}</p>',
            f'<div class="chart-wide">{wide}</div>',
            f'<div class="chart-narrow">{narrow}</div>',
            self._script() if interactive else "",
            f'<p class="lire"><b>{text_html("Lecture :")}</b> {text_html(self.reading)}<br/>'
            f"<b>{text_html('Champ :')}</b> {text_html(said.field)}. "
            f"<b>{text_html('Source :')}</b> {text_html(said.full_source)}.</p>",
            self._tools(assets),
            "</figure>",
        )
        return "```{=html}\n" + "\n".join(part for part in parts if part) + "\n```\n"

    def files(self, folder: str = "figures") -> dict[str, bytes]:
        """`<id>.csv`, `.svg` and `.png` under `folder`; the same figure gives the same bytes."""
        svg = self._file()
        data = csv_frame(self.frame, simulated=self.caption.simulated).write_csv()
        contents = {
            "csv": f"\ufeff{data}".encode(),  # the mark lets Excel read accents
            "svg": svg.encode(),
            "png": png(svg),
        }
        return {f"{folder}/{self.caption.id}.{kind}": data for kind, data in contents.items()}

    def write(self, directory: Path) -> list[Path]:
        """Write the files of the figure into `directory`, each renamed once complete."""
        written = []
        for name, content in self.files(str(directory)).items():
            replace_file(Path(name), lambda file, content=content: file.write_bytes(content))
            written.append(Path(name))
        return written

    @cached_property
    def _wide(self):
        return draw(self.chart_wide)

    def _file(self) -> str:
        said = self.caption
        notes = [note for note in (self.note,) if note]
        notes += [f"Champ : {said.field}.", f"Source : {said.full_source}."]
        notes = [typography(note) for note in notes]
        return standalone(self._wide, typography(said.title), typography(said.subtitle), notes)

    @property
    def reading(self) -> str:
        """The *Lecture*, with what the signs of the chart mean."""
        return f"{_ended(self.caption.reading)} {self.note}".strip()

    def _script(self) -> str:
        if not self.interactive:
            return ""
        spec = compact_spec(self.chart_wide).replace("</", "<\\/")
        return f'<script type="application/json" class="vega-spec">{spec}</script>'

    def _tools(self, assets: str) -> str:
        said = self.caption
        table = html_table(
            self.table,
            caption=said.subtitle,
            scope=said.field,
            row_header=said.rows,
            second=self.second,
            extra=self.extra,
        )
        return (
            f'<div class="outils">{self._links(assets)}<a href="#{said.id}">Lien permanent</a>'
            f"<details><summary>Voir le tableau</summary>{table}</details></div>"
        )

    def _links(self, assets: str) -> str:
        """The files of the figure."""
        base = f"{assets.rstrip('/')}/{self.caption.id}"
        return (
            f'<a href="{base}.csv" download="">Données (CSV)</a>'
            f'<a href="{base}.png">Image (PNG)</a><a href="{base}.svg">Image (SVG)</a>'
        )


def compact_spec(chart: Chart) -> str:
    """The Vega-Lite specification as short JSON: data in place, colours as the page's tokens."""
    spec = chart.to_dict()
    datasets = spec.pop("datasets", {})
    spec.pop("$schema", None)
    spec["config"] = {"view": {"strokeWidth": 0}}
    for layer in spec["layer"]:
        if "name" in layer["data"]:
            layer["data"] = {"values": datasets[layer["data"]["name"]]}
    text = json.dumps(_rounded(spec), ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: SPEC_TOKENS.get(found[0], found[0]), text)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 4)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return value


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def text_html(text: str) -> str:
    """A text of a page: French typography, safe in HTML."""
    return escape(typography(text), quote=False)
