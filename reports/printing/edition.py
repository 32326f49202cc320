"""The report of an edition: its chapters as decided, made again when what it is made from changed.

What the generated pages draw is kept when they are made (`keeping`): the report is set from that
and from the pages themselves. What sets it is imported when there is something to set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reports.printing.facts import HERE, TYPOGRAPHY, Facts
from reports.provenance import Provenance, read_provenance
from reports.publisher import read_publisher
from reports.rendering.project import FOLDER_FILE
from reports.rendering.source import Source, read_source
from reports.settings import REPORT, edition_years, report_chapters
from reports.steps import Step, code_files, run_step
from survey.errors import SurveyError
from survey.files import replace_file, write_text
from survey.french import NNBSP, long_date

WORK = Path("_build/render")


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
    shown = json.loads(drawn.read_text(encoding="utf-8"))
    sources = existing(root, year, chosen, shown["absent"])
    chapters = [read_source(root, source) for source in sources]
    facts = facts_of(root, shown, year)
    said = root / WORK / f"rapport-{year}-mentions.json"
    text = json.dumps([facts.title, facts.publisher, facts.colophon], ensure_ascii=False)
    if not said.is_file() or said.read_text(encoding="utf-8") != text:
        write_text(said, text)

    def action() -> None:
        from reports.printing.report import report_pdf

        content = report_pdf(chapters, shown["figures"], facts)
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
    yield from sorted((*HERE.glob("*.typ"), *HERE.glob("*.lua"), TYPOGRAPHY))
    yield from code_files(root, ("reports/printing",))


def existing(root: Path, year: int, chosen: Iterable[str], absent: Sequence[str]) -> list[str]:
    """The sources of the chapters but the absent ones: the populations that were not measured."""
    found = []
    for name in chosen:
        path = f"reports/{year}/{name}.qmd"
        if (root / path).is_file():
            found.append(path)
        elif name not in absent:
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
