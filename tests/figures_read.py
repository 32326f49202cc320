"""The figures of a page as a reader finds them: their words, and the data beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from math import hypot, inf, sqrt
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
from scipy.stats import studentized_range

from analysis.cells import interval_ends, value_text
from analysis.ranking import COUNTS

SHOWN = ("ok", "fragile")
HALF = 0.0051  # of the last digit of a share as printed, and a rounding


@dataclass(frozen=True)
class Row:
    """A row of the data of a figure; numbers of what is withheld are None."""

    label: str
    second: str
    edition: str
    statistic: str
    estimate: float | None
    low: float | None
    high: float | None
    status: str
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    verdict: str | None = None
    rough: bool = False  # read from a table, rounded
    gap: str = ""  # with the region, in words

    @property
    def value(self) -> str:
        """The estimate as printed."""
        return plain(value_text(self.estimate, self.statistic))

    @property
    def ends(self) -> tuple[str, ...]:
        """Both ends of the interval as printed."""
        if self.low is None or self.high is None:
            return ()
        return tuple(map(plain, interval_ends(self.low, self.high, self.statistic)))


@dataclass(frozen=True)
class Drawn:
    """A figure of a page: its words and its data."""

    title: str
    alt: str
    reading: str
    rows: tuple[Row, ...]

    @property
    def shown(self) -> list[Row]:
        """The rows that its alternative speaks of and that have a number, the largest first."""
        return sorted((row for row in self.told if row.status in SHOWN), key=lambda r: -r.estimate)

    @property
    def told(self) -> list[Row]:
        """The rows that its alternative speaks of."""
        rows = list(self.rows)
        if self.alt.startswith("Tableau en teintes"):
            return [row for row in rows if row.label != "Région"]
        if self.alt.startswith("Barres de part et d’autre"):
            return [row for row in rows if row.second.startswith("Total")]
        if self.alt.startswith("Évolution entre deux éditions"):
            last = max(row.edition for row in rows)
            return [row for row in rows if row.edition == last]
        return rows


def plain(text: str) -> str:
    """With plain spaces."""
    return re.sub(r"[\u202f\u00a0\s]+", " ", text).strip()


def text_of(html: str) -> str:
    """The words of some HTML."""
    return plain(unescape(re.sub(r"<[^>]+>", " ", html)))


def figures_of(html: str, page: Path) -> Iterator[Drawn]:
    """The figures of a page with their data: their CSV, or their table where they have none."""
    for block in re.findall(r'<figure class="chart".*?</figure>', html, re.DOTALL):
        root = ElementTree.fromstring(re.sub(r"<script.*?</script>", "", block, flags=re.DOTALL))
        reading = plain("".join(root.find("p[@class='lire']").itertext()))
        data = root.find(".//a[@download]").get("href")
        # The file of the main figure of an indicator is that of the whole indicator.
        own = Path(data).stem == root.get("id") and Path(data).stem != page.stem
        title = next(plain("".join(each.itertext())) for each in root if each.tag[0] == "h")
        alt = plain(root.find(".//svg").get("aria-label"))
        rows = csv_rows(page.parent / data) if own else table_rows(root.find(".//table"))
        yield Drawn(title, alt, reading.removeprefix("Lecture :").strip(), tuple(rows))


def csv_rows(path: Path) -> Iterator[Row]:
    """The rows of the CSV of a figure."""
    texts = dict.fromkeys(("label", "answer", "domain", "series_break", "verdict"), pl.String)
    for cell in pl.read_csv(path, schema_overrides=texts, infer_schema_length=None).to_dicts():
        numbers = [cell.get(name) for name in ("estimate", "conf_low", "conf_high")]
        moves = [cell.get(f"difference{end}") for end in ("", "_low", "_high")]
        yield Row(
            *(plain(str(cell.get(name) or "")) for name in ("label", "answer", "edition")),
            cell["statistic"],
            *(None if each is None else float(each) for each in numbers),
            cell["status"],
            *(None if each is None else float(each) for each in moves),
            cell.get("verdict"),
        )


def table_rows(table: ElementTree.Element) -> Iterator[Row]:
    """The rows of the table of a figure, numbers as printed."""
    for line in table.findall(".//tbody/tr"):
        heads = [plain("".join(each.itertext())) for each in line.findall("th")]
        texts = [plain("".join(each.itertext())) for each in line.findall("td")]
        value, interval = texts[-3:-1]
        gap = texts[-4] if len(texts) > 3 else ""
        value, fragile = value.removesuffix(" f"), value.endswith(" f")
        if value in ("nd", "secret"):
            numbers, status, kind = (None,) * 3, value, "share"
        else:
            status = "fragile" if fragile else "ok"
            kind = "share" if value.endswith("%") else "mean"
            ends = re.findall(r"[\d,]+", interval) if interval != "–" else (None, None)
            numbers = [each and number(each, kind) for each in (value, *ends)]
        yield Row(
            heads[0], heads[-1] * (len(heads) > 1), "", kind, *numbers, status, rough=True, gap=gap
        )


def number(text: str, kind: str) -> float:
    """« 24 % » -> 0.24, « < 1 % » -> 0.004, « 3,2 » -> 3.2."""
    value = float(re.sub(r"[^\d,]", "", text).replace(",", "."))
    if text.startswith(("<", ">")):
        value += 0.6 if text[0] == ">" else -0.6
    return value / 100 if kind == "share" else value


@cache
def allowed(count: int) -> float:
    """Errors of a difference that part the extremes of `count` equal rows, 19 times in 20."""
    known = next(each for each in COUNTS if each >= count)
    return float(studentized_range.ppf(0.95, known, inf)) / sqrt(2)


def is_above(high: Row, low: Row, count: int, *, doubt: int = 1) -> bool:
    """Whether intervals and the studentised range part two rows among `count`.

    What rounding leaves in doubt is granted, or refused when `doubt` is -1.
    """
    if None in (high.low, low.high):
        return False
    slack = doubt * (2 * HALF * (1 if high.statistic == "share" else 10) if high.rough else 1e-9)
    errors = [(row.high - row.low - slack) / 3.919928 for row in (high, low)]
    gap = high.estimate - low.estimate + slack
    return high.low + slack > low.high and gap > allowed(count) * hypot(*errors)


def stands_out(row: Row, rows: Sequence[Row], side: int) -> bool:
    """Whether a row is above (1) or below (-1) all others."""
    others = [other for other in rows if other is not row]
    pairs = [(row, other) if side > 0 else (other, row) for other in others]
    return bool(pairs) and all(is_above(*pair, len(rows)) for pair in pairs)
