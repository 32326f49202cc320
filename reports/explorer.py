"""The published cells as the explorer reads them: scripts that register themselves, loaded one by
one, so that the page works from a folder, without a server.

Three kinds of file, all of one population: its catalogue, the cells of one edition by one
breakdown, and the tested changes between two editions by one breakdown. A withheld cell is one
letter, never a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from analysis.cells import FRAGILE_LEGEND, REASONS, SHOWN, interval_text, value_text
from analysis.comparison import FAMILY, compare_editions
from analysis.definitions import DomainDefinition
from analysis.ranking import COUNTS, range_allowed
from analysis.wording import NOT_COMPARED, NOT_ESTABLISHED, UNMOVED, change_interval, change_words
from reports.edition import Edition
from reports.explorer_words import indicators
from survey.french import capitalised, typography
from survey.territories import load_territories

FOLDER = "explorer"
LETTERS = {"ok": "o", "fragile": "f", "nd": "n", "secret": "s"}
ABSENT = "-"
# A number is kept in ten-thousandths, thousandths or ones: whole, unless it would read otherwise.
SCALES = {"share": 10_000, "mean": 1000, "total": 1}
STATUSES = {"ok": "diffusé", "fragile": "fragile", **REASONS}
CELL = ("indicator", "statistic", "domain_type", "domain")


def waves(edition: Edition) -> list[Edition]:
    """The editions of a population that this one may be compared with, and itself, in order."""
    found = [edition]
    while (before := found[0].previous()) is not None:
        found.insert(0, before)
    return found


def breakdowns(edition: Edition) -> list[DomainDefinition]:
    """The whole population, then every way to cut it that is not a field of comparison."""
    published = set(edition.cells["domain_type"].unique())
    return [
        each for each in edition.file.domains if each.role != "field" and each.type in published
    ]


def data_files(editions: Sequence[Edition]) -> dict[str, bytes]:
    """Every script of one population, by address from the folder of the edition.

    `editions` : those of `waves`, the last being the one published.
    """
    last = editions[-1]
    population = last.campaign.population
    places = domain_codes(editions)
    files = {population: catalogue(editions)}
    for cut in breakdowns(last):
        codes = [domain[0] for domain in places[cut.type]]
        for each in editions:
            found = each.cells.filter(pl.col("domain_type") == cut.type)
            files[f"{population}-{each.year}-{cut.type}"] = packed_cells(found, codes)
        for before in editions[:-1]:
            name = f"{population}-{before.year}-{last.year}-{cut.type}"
            files[name] = packed_changes(before, last, cut.type, codes)
    return {f"{FOLDER}/{name}.js": script(name, content) for name, content in files.items()}


def script(name: str, content: Any) -> bytes:
    """A script that registers its content under its name."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"(globalThis.explorerData??={{}})[{json.dumps(name)}]={text};\n".encode()


def catalogue(editions: Sequence[Edition]) -> dict[str, Any]:
    """What can be chosen in one population, and the words to say it."""
    last = editions[-1]
    places = domain_codes(editions)
    return {
        "name": last.file.name,
        "population": last.campaign.population,
        "region": last.region,
        "simulated": last.campaign.decisions.simulee,
        "scales": SCALES,
        "statuses": {LETTERS[status]: [status, said] for status, said in STATUSES.items()},
        "fragile": FRAGILE_LEGEND,
        "unmoved": UNMOVED,
        "ranges": {count: round(range_allowed(count), 5) for count in COUNTS},
        "start": start(last),
        "sources": sources(editions),
        "breakdowns": [
            {
                "type": cut.type,
                "label": typography(cut.label),
                "sorted": cut.role in ("sector", "territory"),
                "domains": places[cut.type],
            }
            for cut in breakdowns(last)
        ],
        "indicators": indicators(editions, [cut.type for cut in breakdowns(last)]),
    }


def start(edition: Edition) -> str:
    """The indicator shown first: the first of the key figures, else of the registry."""
    ranked = edition.definitions.values()
    return min(ranked, key=lambda each: each.headline or len(ranked)).code


def sources(editions: Sequence[Edition]) -> dict[str, str]:
    """The *Source* of each edition, and of the last with each of those before it."""
    last = editions[-1]
    year = f"édition {last.year}"
    found = {str(each.year): each.full_source for each in editions}
    for before in editions[:-1]:
        both = last.full_source.replace(year, f"éditions {before.year} et {last.year}")
        found[f"{before.year}-{last.year}"] = both
    return found


def domain_codes(editions: Sequence[Edition]) -> dict[str, list[tuple[str, ...]]]:
    """Code and label of the domains of each type, in their order, those of all editions together.

    The label is that of the last edition where the domain stands. A territory has a third word,
    that opens a sentence: « En Vendée ».
    """
    last = editions[-1]
    said = locatives(last)
    level = {cut.type: cut.frame or cut.by for cut in last.file.domains if cut.role == "territory"}
    columns = ("domain_type", "domain", "label", "domain_order")
    rows = pl.concat(
        [each.cells.select(columns).unique(maintain_order=True) for each in reversed(editions)]
    ).unique(["domain_type", "domain"], keep="first", maintain_order=True)
    found: dict[str, list[tuple[str, ...]]] = {}
    for kind, code, label, _ in rows.sort("domain_order", maintain_order=True).iter_rows():
        place = said.get((level.get(kind), code))
        words = (typography(label), *([typography(capitalised(place))] if place else []))
        found.setdefault(kind, []).append((code, *words))
    return found


def locatives(edition: Edition) -> dict[tuple[str, str], str]:
    """« en Vendée » by level and code of territory."""
    places = load_territories(edition.campaign.root / "data" / "reference").places
    return {row[:2]: row[2] for row in places.select("niveau", "code", "locatif").iter_rows()}


def packed_cells(cells: pl.DataFrame, codes: Sequence[str]) -> dict[str, list[Any]]:
    """Each indicator as one letter a domain, in the order of `codes`, and the numbers of the shown.

    Numbers come by four: estimate, both ends of the interval, respondents; the first three in units
    of `SCALES`.
    """
    rank = {code: index for index, code in enumerate(codes)}
    columns = ("indicator", "statistic", "domain", "status")
    numbers = ("estimate", "conf_low", "conf_high", "n_respondents")
    found: dict[str, dict[int, tuple]] = {}
    for indicator, statistic, domain, status, *figures in cells.select(
        *columns, *numbers
    ).iter_rows():
        shown = (*rounded(figures[:3], statistic), figures[3]) if status in SHOWN else ()
        place = found.setdefault(key(indicator, statistic), {})
        place[rank[domain]] = (LETTERS[status], shown)
    return {
        name: [
            "".join(row[index][0] if index in row else ABSENT for index in range(len(codes))),
            [number for index in sorted(row) for number in row[index][1]],
        ]
        for name, row in found.items()
    }


def key(indicator: str, statistic: str) -> str:
    """`usage_ia` for a share, `usage_ia:total` for another statistic of the same code."""
    return indicator if statistic == "share" else f"{indicator}:{statistic}"


def rounded(figures: Sequence[float | None], statistic: str) -> list[float | None]:
    """Estimate and interval in units of `SCALES`, as short as what is read of them allows.

    Read back, they are printed as the full numbers are.
    """
    scale = SCALES[statistic]
    said = _said(figures, statistic)
    for digits in range(10):
        kept = [None if each is None else round(each * scale, digits) + 0.0 for each in figures]
        if _said([None if each is None else each / scale for each in kept], statistic) == said:
            break
    else:
        kept = [None if each is None else each * scale for each in figures]
    return [int(each) if each is not None and each.is_integer() else each for each in kept]


def _said(figures: Sequence[float | None], statistic: str) -> tuple[str, str]:
    estimate, low, high = figures
    interval = "" if low is None or high is None else interval_text(low, high, statistic)
    return value_text(estimate, statistic), interval


def packed_changes(
    before: Edition, after: Edition, domain_type: str, codes: Sequence[str]
) -> dict[str, Any]:
    """The change of each cell in words, tested as `Edition.changes` does.

    `words` lists them once; `changes` gives, by indicator, the rank of the word of each domain;
    `breaks` says what parts two series.
    """
    cut = pl.col("domain_type") == domain_type
    tested = compare_editions(
        before.cells.filter(cut), after.cells.filter(cut), family=(*FAMILY, "domain_type")
    )
    rank = {code: index for index, code in enumerate(codes)}
    words: dict[str, int] = {NOT_COMPARED: 0}
    changes: dict[str, list[int]] = {}
    breaks: dict[str, str] = {}
    for row in tested.iter_rows(named=True):
        name = key(row["indicator"], row["statistic"])
        said = change_text(row)
        changes.setdefault(name, [0] * len(codes))
        changes[name][rank[row["domain"]]] = words.setdefault(said, len(words))
        if row["series_break"]:
            breaks[name] = row["series_break"]
    return {"words": list(words), "changes": changes, "breaks": breaks}


def change_text(change: Mapping[str, Any]) -> str:
    """The words of one row of `compare_editions`, then the interval where none is established.

    Those of `change_words`, but that a mean or a total moves without a number.
    """
    words = change_words(change["difference"], change["verdict"], change["series_break"])
    if words == NOT_ESTABLISHED:
        span = change_interval(change["conf_low"], change["conf_high"], change["statistic"])
        return f"{words} {span}"
    moved = words not in UNMOVED and change["statistic"] != "share"
    return f"en {change['verdict']}" if moved else words


def all_files(editions: Mapping[str, Edition]) -> Iterator[tuple[str, bytes]]:
    """The scripts of every population of an edition."""
    for edition in editions.values():
        yield from data_files(waves(edition)).items()
