"""The data of the explorer: every published cell, as it reads elsewhere, and nothing withheld."""

import json
import re
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.cells import SHOWN, display, interval_text, value_text
from analysis.disclosure import NUMBERS
from analysis.wording import change_words
from reports import explorer
from reports.edition import Edition, open_edition
from reports.pages.explorer import SCRIPTS, pages
from reports.rendering.source import read_source
from reports.rendering.subset import source_faults

SCRIPT = re.compile(r'\(globalThis\.explorerData\?\?=\{\}\)\["(?P<name>[^"]+)"\]=(?P<json>.*);\n')
LARGEST = 300_000  # bytes


@pytest.fixture
def editions(estimated, monkeypatch):
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    yield explorer.waves(open_edition(2026))
    open_edition.cache_clear()


def read(files: dict[str, bytes]) -> dict[str, object]:
    """The content of each script, by the name it registers."""
    found = {}
    for address, content in files.items():
        script = SCRIPT.fullmatch(content.decode())
        assert address == f"explorer/{script['name']}.js"
        found[script["name"]] = json.loads(script["json"])
    return found


def unpacked(catalogue: dict, kind: str, packed: dict) -> dict[tuple, tuple]:
    """What each cell of a script reads: status, value, interval, respondents."""
    domains = next(cut["domains"] for cut in catalogue["breakdowns"] if cut["type"] == kind)
    found = {}
    for key, (letters, numbers) in packed.items():
        indicator, _, statistic = key.partition(":")
        statistic = statistic or "share"
        scale, rest = catalogue["scales"][statistic], iter(numbers)
        for domain, letter in zip(domains, letters, strict=True):
            if letter == explorer.ABSENT:
                continue
            status = catalogue["statuses"][letter][0]
            said = (None, None, None)
            if status in SHOWN:
                value, low, high, n = (next(rest) for _ in range(4))
                said = (
                    value_text(value / scale, statistic),
                    interval_text(low / scale, high / scale, statistic),
                    n,
                )
            found[indicator, statistic, domain[0]] = (status, *said)
        assert list(rest) == []
    return found


def test_every_published_cell_is_there_and_reads_as_elsewhere(editions):
    files = read(explorer.data_files(editions))
    catalogue = files["entreprises"]
    kinds = [cut["type"] for cut in catalogue["breakdowns"]]
    assert kinds[0] == "ensemble" and {"taille", "secteur", "departement"} <= set(kinds)
    for edition in editions:
        for kind in kinds:
            cells = display(edition.cells.filter(pl.col("domain_type") == kind))
            names = ("indicator", "statistic", "domain")
            said = ("status", "value", "interval", "n_respondents")
            expected = {row[:3]: row[3:] for row in cells.select(*names, *said).iter_rows()}
            packed = files[f"entreprises-{edition.year}-{kind}"]
            assert unpacked(catalogue, kind, packed) == expected


def test_fields_of_comparison_are_no_breakdowns(editions):
    fields = {cut.type for cut in editions[-1].file.domains if cut.role == "field"}
    assert fields
    names = " ".join(explorer.data_files(editions))
    assert not [field for field in fields if field in names]


def test_a_script_is_small(editions):
    files = explorer.data_files(editions)
    assert max(map(len, files.values())) < LARGEST
    assert sum(map(len, files.values())) > 100_000


def test_nothing_withheld_carries_a_number(editions):
    def emptied(edition: Edition) -> Edition:
        hidden = [pl.lit(None, dtype=edition.cells.schema[name]).alias(name) for name in NUMBERS]
        return replace(edition, cells=edition.cells.with_columns(*hidden, status=pl.lit("secret")))

    files = read(explorer.data_files([emptied(each) for each in editions]))
    for name, content in files.items():
        if re.fullmatch(r"entreprises-\d{4}-[a-z_]+", name):
            assert all(numbers == [] for _, numbers in content.values())
            assert {letter for letters, _ in content.values() for letter in letters} <= {"s", "-"}
        elif name != "entreprises":
            assert content["words"] == ["non comparé"]
    assert all(
        entry["shown"] == {"2025": [], "2026": []} for entry in files["entreprises"]["indicators"]
    )


def test_a_withheld_cell_takes_no_place_among_the_numbers(editions):
    cells = editions[-1].by("usage_ia", "taille")
    codes = cells["domain"].to_list()
    hidden = pl.col("domain") == codes[1]
    gated = cells.with_columns(
        *(pl.when(~hidden).then(pl.col(name)).alias(name) for name in NUMBERS),
        status=pl.when(hidden).then(pl.lit("nd")).otherwise(pl.lit("ok")),
    )
    letters, numbers = explorer.packed_cells(gated, ["absent", *codes])["usage_ia"]
    assert letters == "-on" + "o" * (len(codes) - 2)
    assert len(numbers) == 4 * (len(codes) - 1)


@given(
    numbers=st.lists(st.integers(0, 10**9), min_size=3, max_size=3).map(
        lambda found: [number / 10**9 for number in sorted(found)]
    ),
    statistic=st.sampled_from(["share", "mean", "total"]),
    size=st.sampled_from([1, 10, 10_000]),
)
@example(numbers=[0.00499999, 0.13496, 0.99996], statistic="share", size=1)
@example(numbers=[0.125, 0.125, 0.125], statistic="share", size=1)
@example(numbers=[0.0, 1e-30, 1e-20], statistic="share", size=1)
@example(numbers=[0.0449999, 0.04500001, 0.05], statistic="mean", size=10)
def test_a_rounded_cell_reads_as_the_full_one(numbers, statistic, size):
    if statistic != "share":
        numbers = [size * number for number in numbers]
    low, estimate, high = numbers
    kept = explorer.rounded((estimate, low, high), statistic)
    value, first, last = (number / explorer.SCALES[statistic] for number in kept)
    assert value_text(value, statistic) == value_text(estimate, statistic)
    assert interval_text(first, last, statistic) == interval_text(low, high, statistic)


def test_most_shares_take_four_decimals(editions):
    packed = read(explorer.data_files(editions))["entreprises-2026-secteur"]
    numbers = [number for _, numbers in packed.values() for number in numbers]
    whole = [number for number in numbers if isinstance(number, int)]
    assert len(whole) > 0.98 * len(numbers)


@pytest.mark.parametrize("kind", ["taille", "secteur"])
def test_changes_are_those_of_the_edition(editions, kind):
    before, after = editions
    files = read(explorer.data_files(editions))
    tested = files[f"entreprises-2025-2026-{kind}"]
    domains = next(
        cut["domains"] for cut in files["entreprises"]["breakdowns"] if cut["type"] == kind
    )
    for indicator in ("usage_ia", "freins__bcst", "gains__temps__observe"):
        rows = after.changes(before, indicator, kind).to_dicts()
        expected = {
            row["domain"]: change_words(row["difference"], row["verdict"], row["series_break"])
            for row in rows
        }
        words = [tested["words"][rank].partition(" [")[0] for rank in tested["changes"][indicator]]
        found = dict(zip([domain[0] for domain in domains], words, strict=True))
        assert {code: found[code] for code in expected} == expected


@pytest.mark.parametrize(
    ("difference", "verdict", "words"),
    [
        (500.0, "hausse", "en hausse"),
        (-500.0, "baisse", "en baisse"),
        (20.0, "stable", "stable"),
        (200.0, "non établie", "pas d’évolution établie [+100\u202f; +300]"),
        (None, None, "non comparé"),
    ],
)
def test_a_total_moves_without_points(difference, verdict, words):
    row = {"statistic": "total", "difference": difference, "verdict": verdict}
    row |= {"series_break": None, "conf_low": 100.0, "conf_high": 300.0}
    assert explorer.change_text(row) == words


def test_a_broken_series_is_said_and_not_compared(editions):
    before, after = editions
    why = "Rupture de série en 2026 : question changée."
    broken = pl.col("indicator") == "usage_ia"
    cells = after.cells.with_columns(
        comparable_since=pl.when(broken).then(2026).otherwise("comparable_since"),
        series_break=pl.when(broken).then(pl.lit(why)).otherwise("series_break"),
    )
    files = read(explorer.data_files([before, replace(after, cells=cells)]))
    tested = files["entreprises-2025-2026-taille"]
    assert set(tested["breaks"].values()) == {why}
    words = {tested["words"][rank] for rank in tested["changes"]["usage_ia"]}
    assert words == {"rupture de série"}


def test_the_catalogue_says_that_data_are_simulated(editions):
    catalogue = read(explorer.data_files(editions))["entreprises"]
    assert catalogue["simulated"] is True
    assert set(catalogue["sources"]) == {"2025", "2026", "2025-2026"}
    assert all(source.endswith(", données simulées") for source in catalogue["sources"].values())
    assert "éditions 2025 et 2026" in catalogue["sources"]["2025-2026"]


def test_an_edition_alone_has_no_comparison(editions):
    files = read(explorer.data_files(editions[-1:]))
    assert set(files["entreprises"]["sources"]) == {"2026"}
    assert not [name for name in files if "2025" in name]


def test_indicators_are_told_in_words(editions):
    found = {
        each["code"]: each
        for each in read(explorer.data_files(editions))["entreprises"]["indicators"]
    }
    assert len(found) == len(editions[-1].definitions) + 1  # usage_ia is a share and a total
    assert found["usage_ia"]["reads"] == [
        "{value} des entreprises employeuses utilisent au moins une technologie d’IA"
    ]
    assert found["usage_ia-total"]["statistic"] == "total"
    assert "{label}" in found["freins"]["reads"][0] and "{nouns}" not in found["freins"]["reads"][0]
    gains = found["gains"]
    assert gains["answers"][gains["answer"]] == "Constaté"
    assert len(gains["members"]) == len(gains["lines"]) * len(gains["answers"])
    assert found["posture"]["ordered"] and not found["freins"]["ordered"]
    said = json.dumps(found, ensure_ascii=False)
    assert " :" not in said and "'" not in said


def test_territories_open_a_sentence(editions):
    places = explorer.domain_codes(editions)
    assert ("85", "Vendée", "En Vendée") in places["departement"]
    assert all(len(domain) == 2 for domain in places["secteur"])


def test_the_page_links_every_indicator_and_keeps_to_the_subset(editions, tmp_path):
    (page,) = pages({"entreprises": editions[-1]})
    links = re.findall(r"\]\((indicateurs/[^)]+)\.html\)", page.text)
    assert len(links) == len(set(links)) == len(editions[-1].definitions)
    assert "engine: markdown" in page.text and "```{python" not in page.text
    assert page.files.keys() == explorer.data_files(editions).keys()
    (tmp_path / "_quarto.yml").write_text("project: {type: website}\n")
    (tmp_path / "explorer.qmd").write_text(page.text, encoding="utf-8")
    source = read_source(tmp_path, "explorer.qmd")
    assert list(source_faults(source)) == []
    assert source.front_matter["scripts"] == SCRIPTS
    assert not source.needs_kernel


def test_no_edition_no_page():
    assert list(pages({})) == []
