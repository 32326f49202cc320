"""The report of an edition: its chapters as decided, made again when what it is made from changed.

What the generated pages draw is kept when they are made (`keep_figures`): the report is set from
that and from the pages themselves, without any estimate being read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reports.addresses import population_page
from reports.edition import POPULATIONS, Edition
from reports.pages.page import Page
from reports.printing.report import FILTERS, TEMPLATE, read_chapters, report_pdf
from reports.printing.setting import HOUSE, Facts, printed
from reports.provenance import Provenance, read_provenance
from reports.publisher import read_publisher
from reports.rendering.project import FOLDER_FILE
from reports.rendering.source import Source
from reports.settings import REPORT, edition_years, report_chapters
from reports.steps import Step, code_files, run_step
from survey.errors import SurveyError
from survey.files import replace_file, write_text
from survey.french import NNBSP, long_date

WORK = Path("_build/render")


def keep_figures(pages: Iterable[Page], editions: Mapping[str, Edition], root: Path) -> None:
    """Keep what the report of these editions shows of the pages: its figures, its words."""
    edition = next(iter(editions.values()))
    place = edition.reference.region.territory.locative
    content = {
        "title": f"L’intelligence artificielle {place}",
        "subtitle": "Qui l’utilise, comment, avec quels effets : le rapport de l’édition "
        f"{edition.year}",
        "source": edition.full_source,
        "figures": {
            figure.caption.id: printed(figure) for page in pages for figure in page.figures
        },
    }
    write_text(kept(root, edition.year), json.dumps(content, ensure_ascii=False))


def kept(root: Path, year: int) -> Path:
    """Where what the report shows is kept, between the making of the pages and its own."""
    return root / WORK / f"rapport-{year}.json"


def write_reports(root: Path) -> list[Path]:
    """Write `rapport.pdf` of each edition that decided its chapters; those made again.

    Raises
    ------
    SurveyError : a chapter is no page of the edition, or has cells, or a figure without its text
    """
    return [path for year in edition_years(root) for path in _write_report(root, year)]


def _write_report(root: Path, year: int) -> Iterator[Path]:
    chosen, drawn = report_chapters(root, year), kept(root, year)
    if not chosen or not drawn.is_file():
        return
    path = root / "reports" / str(year) / REPORT
    chapters = read_chapters(root, existing(root, year, chosen))
    facts = facts_of(root, json.loads(drawn.read_text(encoding="utf-8")), year)
    said = root / WORK / f"rapport-{year}-mentions.json"
    text = json.dumps([facts.title, facts.publisher, facts.colophon], ensure_ascii=False)
    if not said.is_file() or said.read_text(encoding="utf-8") != text:
        write_text(said, text)

    def action() -> None:
        figures = json.loads(drawn.read_text(encoding="utf-8"))["figures"]
        content = report_pdf(chapters, figures, facts)
        replace_file(path, lambda file: file.write_bytes(content))

    step = Step(
        stamp=root / WORK / f"rapport-{year}-etape.json",
        inputs=(drawn, said, path.parent / FOLDER_FILE, *made_from(root, chapters)),
        outputs=(path,),
    )
    if run_step(step, root, action):
        yield path


def made_from(root: Path, chapters: Iterable[Source]) -> Iterator[Path]:
    """The pages, what they take in, the templates and the code that set them."""
    for chapter in chapters:
        yield root / chapter.path
        yield from (root / each for each in chapter.included)
    yield from (HOUSE, TEMPLATE, *FILTERS)
    yield from code_files(root, ("reports/printing",))


def existing(root: Path, year: int, chosen: Iterable[str]) -> list[str]:
    """The sources of the chapters; the page of a population that was not measured is left out."""
    optional = {population_page(population) for population in POPULATIONS}
    found = []
    for name in chosen:
        path = f"reports/{year}/{name}.qmd"
        if (root / path).is_file():
            found.append(path)
        elif name not in optional:
            raise SurveyError(
                f"reports/{year}/{FOLDER_FILE}{NNBSP}: « rapport » nomme « {name} », mais "
                f"{path} n’existe pas. Retirez ce chapitre ou corrigez son nom."
            )
    return found


def facts_of(root: Path, words: Mapping[str, str], year: int) -> Facts:
    """What the cover and the foot of the report say."""
    provenance = read_provenance(root, year)
    return Facts(
        title=words["title"],
        subtitle=words["subtitle"],
        publisher=read_publisher(root).nom,
        source=words["source"],
        colophon=colophon(provenance),
        simulated=provenance.simulated,
    )


def colophon(provenance: Provenance) -> str:
    """Edition, day, version of the code, digest of the data."""
    changed = ", modifié depuis" if provenance.changed else ""
    data = f" Données : {provenance.data}." if provenance.data else ""
    return (
        f"Édition {provenance.year}, parue le {long_date(provenance.published)}. "
        f"Code : {provenance.code}{changed}.{data}"
    )
