"""The one way a figure reaches a page: Markdown, and its files beside it.

A figure is always a title that is a finding, a subtitle, the chart in two forms, *Lecture / Champ /
Source*, and the means to check it: data, image, permanent link, table. Without JavaScript and in
print the static SVG is what is seen; `charts.js` draws the interactive chart over it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl

from analysis.cells import FRAGILE_LEGEND, REASONS, by_value, display
from analysis.charts import KEY, Order, dot_interval, dumbbell, share_bars
from analysis.distribution import distribution
from analysis.maps import departement_map
from analysis.marks import PALETTE, Reference
from analysis.tables import csv_frame, html_table
from analysis.wording import BROKEN, NOT_COMPARED, alt_text, change_words, interval_words
from reports.svg import draw, inline, png, standalone
from survey.errors import SurveyError
from survey.files import SIMULATED, replace_file
from survey.french import NNBSP, typography

BEFORE_ROUNDING = "Les évolutions sont calculées avant arrondi."
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
    chart_wide: alt.LayerChart
    chart_narrow: alt.LayerChart
    alt: str
    frame: pl.DataFrame
    table: pl.DataFrame
    second: tuple[str, str] | None = None
    extra: tuple[tuple[str, str], ...] = ()
    note: str = ""
    interactive: bool = True

    def to_markdown(self, assets: str = "figures") -> str:
        """A raw HTML block, as Quarto and pandoc read it; `assets` is the address of the files."""
        said, wide = self.caption, inline(self._wide, self.alt)
        narrow = inline(draw(self.chart_narrow), self.alt, NARROW_STYLE)
        parts = (
            f'<figure class="chart" id="{said.id}">',
            f"<h{said.level}>{_text(said.title)}</h{said.level}>",
            f'<p class="sous">{_text(said.subtitle)}</p>',
            f'<div class="chart-wide">{wide}</div>',
            f'<div class="chart-narrow">{narrow}</div>',
            self._script(),
            f'<p class="lire"><b>{_text("Lecture :")}</b> {_text(self._reading())}<br/>'
            f"<b>{_text('Champ :')}</b> {_text(said.field)}. "
            f"<b>{_text('Source :')}</b> {_text(said.full_source)}.</p>",
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

    def _reading(self) -> str:
        return f"{_ended(self.caption.reading)} {self.note}".strip()

    def _script(self) -> str:
        if not self.interactive:
            return ""
        spec = compact_spec(self.chart_wide).replace("</", "<\\/")
        return f'<script type="application/json" class="vega-spec">{spec}</script>'

    def _tools(self, assets: str) -> str:
        said, base = self.caption, f"{assets.rstrip('/')}/{self.caption.id}"
        table = html_table(
            self.table,
            caption=said.subtitle,
            scope=said.field,
            row_header=said.rows,
            second=self.second,
            extra=self.extra,
        )
        return (
            f'<div class="outils"><a href="{base}.csv" download="">Données (CSV)</a>'
            f'<a href="{base}.png">Image (PNG)</a><a href="{base}.svg">Image (SVG)</a>'
            f'<a href="#{said.id}">Lien permanent</a>'
            f"<details><summary>Voir le tableau</summary>{table}</details></div>"
        )


def compact_spec(chart: alt.LayerChart) -> str:
    """The Vega-Lite specification as short JSON: data in place, colours as the page's tokens."""
    spec = chart.to_dict()
    datasets = spec.pop("datasets", {})
    spec.pop("$schema")
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


def dot_figure(
    frame: pl.DataFrame,
    caption: Caption,
    *,
    reference: Reference | None = None,
    order: Order = "value",
) -> Figure:
    """Shares (or means, totals) by row as dots with their intervals."""
    return _row_figure("dots", frame, caption, reference, order)


def bar_figure(
    frame: pl.DataFrame,
    caption: Caption,
    *,
    reference: Reference | None = None,
    order: Order = "value",
) -> Figure:
    """Several indicators of one population as bars with their intervals."""
    return _row_figure("bars", frame, caption, reference, order)


def _row_figure(
    kind: str, frame: pl.DataFrame, caption: Caption, reference: Reference | None, order: Order
) -> Figure:
    chart = {"dots": dot_interval, "bars": share_bars}[kind]
    forms = [chart(frame, reference=reference, order=order, form=f) for f in ("wide", "narrow")]
    table = by_value(frame) if order == "value" else frame
    said = alt_text(frame, kind, caption.subtitle, reference)
    return Figure(caption, *forms, said, frame, table, note=_fragile_note(frame, kind))


def change_figure(
    before: pl.DataFrame,
    after: pl.DataFrame,
    changes: pl.DataFrame,
    caption: Caption,
    *,
    order: Order = "given",
) -> Figure:
    """Two editions as dumbbells; `changes` from `comparison.compare_editions`."""
    forms = [
        dumbbell(before, after, changes, order=order, form=form) for form in ("wide", "narrow")
    ]
    earlier = display(before).select(*KEY, was="value")
    table = (
        (by_value(after) if order == "value" else after)
        .drop("series_break", strict=False)
        .join(earlier, on=KEY, how="left", maintain_order="left")
        .join(
            changes.select(*KEY, "difference", "verdict", "series_break"),
            on=KEY,
            how="left",
            maintain_order="left",
        )
    )
    words = [
        change_words(row["difference"], row["verdict"], row["series_break"])
        if row["was"] and row["estimate"] is not None
        else NOT_COMPARED
        for row in table.to_dicts()
    ]
    table = table.with_columns(pl.col("was").fill_null("nd"), pl.Series("change", words))
    extra = (("was", str(before["edition"][0])), ("change", "Évolution"))
    details = [
        f"{row['label']} : {row['was']} puis {row['value']}, {row['change']}"
        for row in display(table).to_dicts()
        if row["change"] not in (NOT_COMPARED, BROKEN)
    ]
    said = alt_text(after, "dumbbell", caption.subtitle, details=details)
    frame = pl.concat([before.select(after.columns), after], how="vertical_relaxed")
    broken = dict.fromkeys(changes["series_break"].drop_nulls())
    notes = [BEFORE_ROUNDING, *broken, _fragile_note(after, "dumbbell")]
    note = " ".join(filter(None, notes))
    return Figure(caption, *forms, said, frame, table, extra=extra, note=note)


def distribution_figure(frame: pl.DataFrame, answers: Sequence[str], caption: Caption) -> Figure:
    """Ordered answers as stacked bars; `frame` has a column `answer`."""
    forms = [distribution(frame, answers, form=form) for form in ("wide", "narrow")]
    said = alt_text(frame, "distribution", caption.subtitle)
    return Figure(caption, *forms, said, frame, frame, second=("answer", "Réponse"))


def _fragile_note(frame: pl.DataFrame, kind: str) -> str:
    """What the grey of a chart means, when there is some."""
    if not (frame["status"] == "fragile").any():
        return ""
    sign = {"dots": "Cercle gris", "bars": "Barre grise", "dumbbell": "Point gris"}[kind]
    return f"{sign} : {FRAGILE_LEGEND}."


def map_figure(frame: pl.DataFrame, geojson: Mapping[str, Any], caption: Caption) -> Figure:
    """Territories in tints, their list beside; every number is written, so nothing to hover."""
    forms = [departement_map(frame, geojson, form=form) for form in ("wide", "narrow")]
    said = alt_text(frame, "map", caption.subtitle)
    return Figure(caption, *forms, said, frame, by_value(frame), interactive=False)


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One published cell (a row of the result vocabulary) and the sentence that says it."""

    cell: Mapping[str, Any]
    sentence: str


def key_figures(figures: Sequence[KeyFigure]) -> str:
    """The list of key figures: number, interval as a mark and as words, sentence."""
    items = "\n".join(_key(figure) for figure in figures)
    return "```{=html}\n" + f'<ul class="key">\n{items}\n</ul>' + "\n```\n"


def _key(figure: KeyFigure) -> str:
    frame = pl.DataFrame([{"label": "", **figure.cell}])
    row = display(frame).row(0, named=True)
    sentence = f"<p>{_text(figure.sentence)}</p>"
    if row["reason"]:
        status = row["status"]
        return f'<li><b>{status}</b><span class="ic">{_text(REASONS[status])}</span>{sentence}</li>'
    low, high, bar, words = row["conf_low"], row["conf_high"], "", ""
    if low is not None and high is not None:
        words = interval_words(low, high, row["statistic"])
        words += ", fragile" if row["status"] == "fragile" else ""
        bar = _bar(row) if row["statistic"] == "share" else ""
    value, said = escape(row["value"]), f'<span class="ic">{_text(words)}</span>'
    return f"<li><b>{value}</b>{bar}{said}{sentence}</li>"


def _bar(row: Mapping[str, Any]) -> str:
    left, right = 100 * row["conf_low"], 100 * row["conf_high"]
    span = f'<i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
    mark = f'<u style="left:{100 * row["estimate"]:.1f}%"></u>'
    return f'<span class="bar" aria-hidden="true">{span}{mark}</span>'


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _text(text: str) -> str:
    return escape(typography(text), quote=False)
