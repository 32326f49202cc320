"""What is checked on a built site before anyone sees it: nothing withheld, nothing missing.

What no file may hold, whatever its kind, is looked for by `reports.inspection`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import polars as pl

from analysis.disclosure import NUMBERS, WITHHELD, assert_gated
from reports.archive import rebuilt_faults
from reports.audit import audit_site
from reports.inspection.scripts import tag_faults
from reports.inspection.site import inspected
from survey.campaign import Campaign
from survey.errors import SurveyError
from survey.french import counted, integer

TEXT_FILES = (".html", ".csv", ".json", ".jsonld", ".svg", ".xml", ".yml", ".js")
PUBLISHED = (*TEXT_FILES, ".css", ".parquet", ".pdf", ".png", ".txt", ".woff2", ".xlsx")
DIGITS = 12  # by which a withheld number is recognised; fewer would meet by chance
MOST_TOLD = 20  # faults listed; the others are counted
MOST_SHARED = 100  # denominator of the fractions that tell nothing of a cell
WORD = re.compile(r"[\w-]{6,}")
RUN = re.compile(rf"[\d.,]{{{DIGITS},}}")
LOADING = {"src", "data", "poster"}
RAW_VALUES = re.compile(r"\b(?:nan|NaN|None|undefined|null)\b")


def check_site(site: Path, campaigns: Sequence[Campaign]) -> str:
    """Say in French what was checked; raise with every fault found.

    Raises
    ------
    SurveyError : no site, or a page that shows what it should not or lacks what it must have
    """
    pages = sorted(site.rglob("*.html"))
    if not pages:
        raise SurveyError(f"{site} : aucun site ici. Lancez d’abord observatoire publier.")
    campaigns = [each for each in campaigns if (each.build / "published.parquet").is_file()]
    if not campaigns:
        raise SurveyError("Aucune campagne n’est estimée. Lancez d’abord observatoire estimer.")
    faults, last = [], last_edition(site, campaigns)
    for page in pages:
        shown = [each for each in campaigns if shows(page.relative_to(site), each, last)]
        simulated = any(each.decisions.simulee for each in shown)
        faults += page_faults(page, site, simulated=simulated)
    faults += [fault for path in site.rglob("*.csv") for fault in table_faults(path, site)]
    secrets, known = withheld_numbers(campaigns), tokens(campaigns)
    for path in text_files(site):
        text, where = path.read_text(encoding="utf-8"), path.relative_to(site)
        faults += [*leaks(text, where, secrets), *token_leaks(text, where, known)]
    faults += [fault for path in site.rglob("*") for fault in file_faults(path, site)]
    faults += inspected(site, campaigns)
    faults += [fault for campaign in campaigns for fault in rebuilt_faults(campaign)]
    audited = audit_site(site, campaigns)
    faults += audited.faults
    if faults:
        listed = "\n  ".join(faults[:MOST_TOLD])
        more = len(faults) - MOST_TOLD
        rest = f"\n  … et {counted(more, 'autre défaut')}." if more > 0 else ""
        told = counted(len(faults), "défaut")
        raise SurveyError(f"Le site ne peut pas être publié ({told}) :\n  {listed}{rest}")
    count = f"{integer(len(pages))} pages contrôlées" if len(pages) > 1 else "1 page contrôlée"
    told = (
        f"{count} : langue, titre, liens, mention, aucun appel à un "
        f"autre site. {integer(len(secrets))} nombres non diffusés et {integer(len(known))} jetons "
        "cherchés : aucun n’apparaît. Ni réponse libre, ni coordonnée, ni programme, ni formule."
    )
    return "\n".join([told, *audited.summary])


def shows(page: Path, campaign: Campaign, last: int) -> bool:
    """Whether a page shows figures of a campaign: its own edition's, or outside one the last's."""
    inside = page.parts[0] == "reports" and len(page.parts) > 2
    return str(campaign.edition) == (page.parts[1] if inside else str(last))


def last_edition(site: Path, campaigns: Sequence[Campaign]) -> int:
    """The last edition that has pages, of which the front page speaks."""
    editions = {each.edition for each in campaigns}
    with_pages = {each for each in editions if (site / "reports" / str(each)).is_dir()}
    return max(with_pages or editions)


def file_faults(path: Path, site: Path) -> Iterator[str]:
    """A file whose kind is never published, or a Parquet file that shows a withheld number."""
    if path.is_file() and path.suffix not in PUBLISHED:
        yield f"{path.relative_to(site)} : ce genre de fichier n’a rien à faire dans le site."
    if path.suffix == ".parquet":
        try:
            assert_gated(pl.read_parquet(path))
        except SurveyError as error:
            yield f"{path.relative_to(site)} : {error}"


def tokens(campaigns: Iterable[Campaign]) -> set[str]:
    """The tokens of every sample: none may appear anywhere."""
    samples = [campaign.private / "echantillon.parquet" for campaign in campaigns]
    return {
        token
        for path in samples
        if path.is_file()
        for token in pl.read_parquet(path, columns=["token"])["token"].drop_nulls()
    }


def token_leaks(text: str, where: Path, known: set[str]) -> Iterator[str]:
    """Whether a text holds the token of a sampled unit."""
    if not known.isdisjoint(WORD.findall(text)):
        yield f"{where} : le jeton d’une unité de l’échantillon apparaît."


def withheld_numbers(campaigns: Iterable[Campaign]) -> dict[str, str]:
    """Leading digits of every number the gate withheld -> the cell it belongs to.

    Numbers that a shown cell also carries, and simple fractions, are left out: they tell nothing.
    """
    key = ["indicator", "domain_type", "domain", "statistic"]
    real = ["estimate", "std_error", "conf_low", "conf_high", "cv", "deff", "population_size"]
    secrets: dict[str, str] = {}
    public: set[str] = set()
    for campaign in campaigns:
        files = campaign.build / "published.parquet", campaign.private / "estimations.parquet"
        for path in files:
            if not path.is_file():
                raise SurveyError(
                    f"{path} : fichier introuvable ; sans lui, rien ne peut être contrôlé. Lancez "
                    "d’abord observatoire estimer, pour chaque campagne."
                )
        published, estimates = map(pl.read_parquet, files)
        assert_gated(published)
        hidden = estimates.join(
            published.filter(pl.col("status").is_in(WITHHELD)), on=key, how="semi"
        )
        for row in hidden.select(*key, *real).to_dicts():
            cell = f"{campaign.edition} {row['indicator']}, {row['domain_type']} {row['domain']}"
            secrets |= {
                digits: cell
                for name in real
                if (digits := leading_digits(row[name])) and not is_common(row[name])
            }
        public |= {
            digits
            for name in real
            for value in published[name].drop_nulls().unique()
            if (digits := leading_digits(value))
        }
    return {digits: cell for digits, cell in secrets.items() if digits not in public}


def leading_digits(value: float | None) -> str | None:
    """The number as written with `DIGITS` significant digits, cut and not rounded.

    None for a number with so few digits of its own that others share it (0, 1, 0.5, 12).
    """
    if value is None:
        return None
    digits = repr(abs(value)).partition("e")[0].replace(".", "").lstrip("0")
    return digits[:DIGITS] if len(digits) > DIGITS else None


def leaks(text: str, where: Path, secrets: dict[str, str]) -> Iterator[str]:
    """Withheld numbers found in a text, wherever their decimal mark stands."""
    found = {
        digits
        for number in long_numbers(text)
        if (digits := number.replace(".", "").lstrip("0")[:DIGITS]) in secrets
        and not is_common(float(number))
    }
    for digits in sorted(found):
        yield f"{where} : un nombre non diffusé apparaît ({secrets[digits]})."


def long_numbers(text: str) -> set[str]:
    """The numbers of a text that have about `DIGITS` digits or more, with a point."""
    found: set[str] = set()
    for run in RUN.findall(text):
        parts = run.split(",")
        found.update(part for part in parts if len(part) >= DIGITS and part.count(".") < 2)
        # A comma is a decimal mark in French and parts the cells of a CSV: each reading is tried.
        found.update(
            f"{whole}.{decimals}"
            for whole, decimals in pairwise(parts)
            if len(decimals) > DIGITS / 2 and whole.isdigit() and decimals.isdigit()
        )
    return found


def is_common(number: float) -> bool:
    """Whether a number is a simple fraction but for rounding, which many cells may share: 1/30."""
    return abs(float(Fraction(number).limit_denominator(MOST_SHARED)) - number) < 1e-11


def text_files(site: Path) -> Iterator[Path]:
    """Files of the site that are read as text, but for the libraries."""
    libraries = site / "site_libs"
    for path in sorted(site.rglob("*")):
        if path.suffix in TEXT_FILES and not path.is_relative_to(libraries):
            yield path


def table_faults(path: Path, site: Path) -> Iterator[str]:
    """Rows of a CSV of results whose status withholds numbers, and that carry one."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if "status" not in header:
            return
        status = header.index("status")
        numbers = [place for place, name in enumerate(header) if name in NUMBERS]
        for line, row in enumerate(rows, start=2):
            if len(row) > status and row[status] in WITHHELD:
                shown = next(
                    (header[place] for place in numbers if row[place : place + 1] > [""]), None
                )
                if shown:
                    yield f"{path.relative_to(site)}, ligne {line} : {row[status]} avec {shown}."


def page_faults(path: Path, site: Path, *, simulated: bool) -> Iterator[str]:
    """What a page lacks, or asks of another host."""
    where = path.relative_to(site)
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    if page.language != "fr":
        yield f"{where} : la langue de la page n’est pas le français."
    if not page.title.strip():
        yield f"{where} : la page n’a pas de titre."
    if not simulated and "Données simulées" in page.title:
        yield f"{where} : la page dit « données simulées » d’une campagne réelle."
    if simulated and ("Données simulées" not in page.title or "Données simulées" not in page.text):
        yield f"{where} : la mention « données simulées » manque."
    if raw := RAW_VALUES.search(page.text):
        yield f"{where} : une valeur brute apparaît (« {raw[0]} »)."
    yield from (f"{where} : {fault}." for fault in dict.fromkeys(page.running))
    for address in page.loaded:
        if urlsplit(address).netloc:
            yield f"{where} : la page demande un fichier à un autre site ({address})."
    for address in page.links:
        target = urlsplit(address)
        if not target.scheme and target.path:
            file = (path.parent / unquote(target.path)).resolve()
            if not (file / "index.html" if file.is_dir() else file).is_file():
                yield f"{where} : lien sans cible ({address})."


class _Page(HTMLParser):
    """Language, title, visible text, links and loaded files of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.language, self.title, self.text = "", "", ""
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.running: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag points to."""
        self.text += " "  # the words of two cells of a table are apart
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang", "")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and "href" in values:
            self.loaded.append(values["href"])
        self.running += tag_faults(tag, attrs)
        self.loaded += [value for name, value in values.items() if name in LOADING]
        if tag in {"title", "script", "style"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave the tag."""
        self.text += " "
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Keep visible text and the title."""
        if self._inside[-1:] == ["title"]:
            self.title += data
        elif not self._inside:
            self.text += data
