"""The explorer writes each number as the rest of the site: its script against Python's words."""

from __future__ import annotations

import random

import polars as pl
from pages import SITE, require

from analysis.alternatives import extremes
from analysis.cells import display, interval_text, value_text
from analysis.ranking import COUNTS, range_allowed
from reports.edition import open_edition
from survey.french import decimal, integer, typography
from tests.published import cells

ASSETS = SITE.parent / "reports" / "assets"
PAGE = SITE / "reports" / "2026" / "explorer.html"
DATA = PAGE.with_suffix("")
STATISTICS = ("share", "mean", "total")

FORMATS = """values => values.map(([low, high, statistic]) => {
  const { valueText, intervalText, integer, decimal } = explorer.format;
  const texts = [valueText(low, statistic), intervalText(low, high, statistic)];
  return [...texts, integer(low), decimal(low)];
})"""
# Each cell of each view that the page can show, as its model reads it.
CELLS = """() => Object.values(explorerData).filter(one => one.indicators).flatMap(catalogue =>
  catalogue.breakdowns.flatMap(breakdown => catalogue.indicators.flatMap(indicator => {
    const whole = catalogue.breakdowns[0], by = breakdown.type, domain = null;
    const { lines, answers } = explorer.model.choices(indicator, by);
    const each = list => list.length ? list.map(([code]) => code) : [null];
    const years = Object.keys(catalogue.sources).filter(name => !name.includes('-'));
    return years.flatMap(year => each(lines.filter(([code]) => code !== explorer.model.ALL))
      .flatMap(line => each(answers).flatMap(answer => {
        const view = { catalogue, indicator, by, breakdown, whole, domain, line, answer,
          years: [year], edition: year };
        const loaded = explorer.model.scripts(view).map(name => explorerData[name]);
        return explorer.model.model(view, loaded).rows.map(row => [
          catalogue.population, year, by, row.code, indicator.statistic, row.domain,
          row.status, row.text, row.interval, row.n, row.value]);
      })));
  })))"""


EXTREMES = """([sets, ranges]) => sets.map((rows, turn) => {
  const named = ([label, value, low, high, text, status]) =>
    ({ label, value, low, high, text, status });
  return explorer.model.extremes({ ranges }, rows.map(named), turn % 2).join('. ');
})"""


def test_numbers_are_written_as_in_python(browser):
    draw = random.Random(20261125)
    values = [(0.5 * n, 0.5 * n, kind) for n in range(-60, 60) for kind in STATISTICS[1:]]
    values += [(n / 800, n / 800 + 0.0004, "share") for n in range(800)]
    for _ in range(6000):
        low, size = draw.random(), draw.choice([1e-3, 1, 1e2, 1e6])
        high = min(1.0, low + draw.choice([0.0, 1e-5, 1e-3, 0.1]))
        values += [(low, high, "share"), (size * low, size * high, "mean")]
        values += [(round(size * low, 2), size * high + 0.1, "total"), (-size * low, size, "mean")]
    expected = [
        [value_text(low, kind), interval_text(low, high, kind), integer(low), decimal(low)]
        for low, high, kind in values
    ]
    page = browser.new_page()
    page.add_script_tag(path=ASSETS / "explorer-format.js")
    found = page.evaluate(FORMATS, values)
    page.close()
    wrong = [
        triple for triple in zip(values, expected, found, strict=True) if triple[1] != triple[2]
    ]
    assert wrong == []


def test_extremes_are_named_as_in_python(browser):
    draw = random.Random(20261201)
    sets = []
    for _ in range(400):
        rows = []
        for number in range(draw.choice([2, 3, 5, 9, 14])):
            value, half = draw.randint(5, 900) / 1000, draw.choice([2, 40, 250]) / 1000
            ends = (max(0.0, value - half), min(1.0, value + half))
            status = draw.choice(["ok", "ok", "fragile"])
            rows.append((str(number), f"Ligne {number:02}", value, *ends, status))
        sets.append(cells(*rows).sort("estimate", "label", descending=[True, False]))
    expected = [
        typography(". ".join(extremes(display(frame).to_dicts(), None, turn % 2)))
        for turn, frame in enumerate(sets)
    ]
    kept = ("label", "estimate", "conf_low", "conf_high", "value", "status")
    given = [display(frame).select(kept).rows() for frame in sets]
    page = browser.new_page()
    for name in ("explorer-format.js", "explorer-model.js"):
        page.add_script_tag(path=ASSETS / name)
    found = page.evaluate(EXTREMES, [given, {count: range_allowed(count) for count in COUNTS}])
    page.close()
    assert found == expected
    for words in ("écarts non établis", "Le plus élevé", "Le plus bas", "Les autres"):
        assert sum(words in said for said in found) > 10


def test_every_cell_reads_as_published(visit, monkeypatch):
    require(found=PAGE.is_file(), missing="L’explorateur est absent : lancez « make site ».")
    monkeypatch.chdir(SITE.parent)
    open_edition.cache_clear()
    page = visit(PAGE).page
    for file in sorted(DATA.glob("*.js")):
        page.add_script_tag(path=file)
    found = {tuple(row[:6]): row[6:] for row in page.evaluate(CELLS)}
    seen = 0
    for population, year in sorted({key[:2] for key in found}):
        edition = open_edition(int(year), population)
        fields = [cut.type for cut in edition.file.domains if cut.role == "field"]
        cells = display(edition.cells.filter(~pl.col("domain_type").is_in(fields)))
        seen += cells.height
        for cell in cells.iter_rows(named=True):
            names = ("domain_type", "indicator", "statistic", "domain")
            status, text, interval, n, value = found[population, year, *(cell[k] for k in names)]
            shown = (cell["value"] or "", cell["interval"] or "", cell["n_respondents"])
            assert (status, text, interval, n) == (cell["status"], *shown)
            assert (value is None) == (cell["estimate"] is None)
    assert seen == len(found) > 5000
    open_edition.cache_clear()
